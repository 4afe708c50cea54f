/* test_sealkeyd - the program as the daemon sees it, by way of the remote holder. */
#include "support/check.h"
#include "support/sealkeyd.h"
#include "token/evp.h"
#include "token/ossl.h"
#include "token/remote.h"
#include "token/soft.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ALICE   "alice@a.example"
#define IDLE_MS 5 /* of half a second */

static struct sealkeyd keyd;
static struct holder *holder;

static void setup(void)
{
    struct err err = ERR_INIT;
    sealkeyd_start(&keyd, "");
    ck_ok(remote_new(keyd.socket, 130000, &holder, &err));
}

static void teardown(void)
{
    holder_free(&holder);
    sealkeyd_stop(&keyd);
}

struct made {
    struct buf public, wrapped;
};

static void make(struct made *made, const char *owner, enum key_type type)
{
    struct err err = ERR_INIT;
    *made = (struct made){BUF_INIT(WIRE_PUBLIC_MAX), BUF_INIT(WIRE_MAX)};
    ck_ok(holder_generate(holder, owner, type, type == KEY_RSA ? 2048 : 0, &made->public, &made->wrapped,
                          &err));
}

static void unmake(struct made *made)
{
    buf_fini(&made->public);
    buf_fini(&made->wrapped);
}

static struct key *opened(const struct made *made, const char *owner, const char *addr)
{
    struct err err = ERR_INIT;
    struct key *key = NULL;
    const struct sealed_key sealed = {owner, buf_span(&made->public), buf_span(&made->wrapped)};
    ck_ok(holder_open_key(holder, &sealed, addr, &key, &err));
    return key;
}

static const unsigned char hash[32] = "thirty-two octets that were hash";

static int sign(struct key *key, enum sign_padding padding, unsigned char sig[2048], size_t *len,
                struct err *err)
{
    *len = 2048;
    return key_sign(key, DIGEST_SHA256, padding, (struct span){(const char *)hash, sizeof hash}, sig, len,
                    err);
}

/* By OpenSSL, with nothing but the public key. */
static bool verifies(struct span public, enum sign_padding padding, const unsigned char *sig, size_t len)
{
    const unsigned char *p = (const unsigned char *)public.ptr;
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)public.len);
    SEAL_CLEANUP(ossl_free_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    ck_assert_int_eq(EVP_PKEY_verify_init(ctx), 1);
    if (padding == SIGN_PSS)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, 6 /* PSS */), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
    return EVP_PKEY_verify(ctx, sig, len, hash, sizeof hash) == 1;
}

static const struct {
    enum key_type type;
    enum sign_padding padding;
} kinds[] = {
    {KEY_RSA, SIGN_PKCS1}, {KEY_RSA, SIGN_PSS}, {KEY_EC_P256, SIGN_ECDSA}, {KEY_EC_P521, SIGN_ECDSA}};

START_TEST(what_it_signs_is_verified_with_the_public_key)
{
    struct err err = ERR_INIT;
    struct made made;
    unsigned char sig[2048];
    size_t len;
    make(&made, ALICE, kinds[_i].type);
    struct key *key = opened(&made, ALICE, ALICE);
    ck_assert_int_eq(key_type_of(key), kinds[_i].type);
    ck_ok(sign(key, kinds[_i].padding, sig, &len, &err));
    ck_assert(verifies(buf_span(&made.public), kinds[_i].padding, sig, len));
    sig[len / 2] ^= 1;
    ck_assert(!verifies(buf_span(&made.public), kinds[_i].padding, sig, len));
    key_free(&key);
    unmake(&made);
}
END_TEST

START_TEST(key_is_opened_again_by_a_worker_that_was_started_again)
{
    struct err err = ERR_INIT;
    struct made made;
    unsigned char sig[2048];
    size_t len;
    make(&made, ALICE, KEY_EC_P256);
    struct key *key = opened(&made, ALICE, ALICE);
    for (pid_t worker = 0, i = 0; i < 3; i++) {
        ck_ok(sign(key, SIGN_ECDSA, sig, &len, &err));
        worker = sealkeyd_worker(&keyd, worker);
        kill(worker, SIGKILL);
        ck_ok(sign(key, SIGN_ECDSA, sig, &len, &err));
    }
    ck_assert(verifies(buf_span(&made.public), SIGN_ECDSA, sig, len));
    key_free(&key);
    unmake(&made);
}
END_TEST

START_TEST(key_of_another_is_not_opened_for_him)
{
    struct err err = ERR_INIT;
    struct made made;
    struct key *key = NULL;
    make(&made, ALICE, KEY_EC_P256);
    const struct sealed_key stolen = {"mallory@a.example", buf_span(&made.public), buf_span(&made.wrapped)};
    ck_fails(holder_open_key(holder, &stolen, "mallory@a.example", &key, &err), ERR_CRYPTO);
    unmake(&made);
}
END_TEST

START_TEST(passphrase_that_it_keeps_is_opened_for_its_owner_alone)
{
    static const char fingerprint[] = "00112233445566778899aabbccddeeff00112233";
    struct err err = ERR_INIT;
    struct secret passphrase = {.ptr = NULL}, back = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WIRE_MAX);
    ck_ok(secret_copy(&passphrase, "a passphrase", 12, &err));
    ck_ok(holder_keep_secret(holder, ALICE, fingerprint, &passphrase, &wrapped, &err));
    ck_ok(holder_open_secret(holder, ALICE, fingerprint, buf_span(&wrapped), &back, &err));
    ck_assert_uint_eq(back.len, 12);
    ck_assert_mem_eq(back.ptr, "a passphrase", 12);
    secret_fini(&back);
    ck_fails(holder_open_secret(holder, "mallory@a.example", fingerprint, buf_span(&wrapped), &back, &err),
             ERR_CRYPTO);
    secret_fini(&passphrase);
}
END_TEST

START_TEST(private_key_that_is_kept_as_a_passphrase_is_not_opened)
{
    static const char fingerprint[] = "00112233445566778899aabbccddeeff00112233";
    struct err err = ERR_INIT;
    struct secret pkcs8 = {.ptr = NULL};
    struct key *key = NULL;
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WIRE_MAX);
    ck_ok(soft_generate(KEY_EC_P256, 0, &pkcs8, &err));
    ck_ok(holder_keep_secret(holder, ALICE, fingerprint, &pkcs8, &wrapped, &err));
    const struct sealed_key kept = {ALICE, span_of(fingerprint), buf_span(&wrapped)};
    ck_fails(holder_open_key(holder, &kept, ALICE, &key, &err), ERR_CRYPTO);
    secret_fini(&pkcs8);
}
END_TEST

START_TEST(key_signs_in_one_way_and_another_in_turn)
{
    struct err err = ERR_INIT;
    struct made made;
    unsigned char sig[2048];
    size_t len;
    make(&made, ALICE, KEY_RSA);
    struct key *key = opened(&made, ALICE, ALICE);
    for (int i = 0; i < 8; i++) {
        enum sign_padding padding = i % 3 == 0 ? SIGN_PSS : SIGN_PKCS1;
        ck_ok(sign(key, padding, sig, &len, &err));
        ck_assert(verifies(buf_span(&made.public), padding, sig, len));
        ck_assert(!verifies(buf_span(&made.public), padding == SIGN_PSS ? SIGN_PKCS1 : SIGN_PSS, sig, len));
        len = sizeof sig;
        ck_fails(key_sign(key, DIGEST_SHA1, padding, (struct span){(const char *)hash, 20}, sig, &len, &err),
                 ERR_UNSUPPORTED);
    }
    key_free(&key);
    unmake(&made);
}
END_TEST

/* The octets themselves, and as hex digits. */
static void is_not_in(const struct buf *log, const void *secret, size_t n)
{
    SEAL_CLEANUP(buf_fini) struct buf hex = BUF_INIT(10000);
    for (size_t i = 0; i < n; i++)
        buf_printf(&hex, "%02x", ((const unsigned char *)secret)[i]);
    ck_assert_uint_eq(span_find(buf_span(log), secret, n, 0), SIZE_MAX);
    ck_assert_uint_eq(span_find(buf_span(log), hex.ptr, hex.len, 0), SIZE_MAX);
}

START_TEST(each_operation_has_one_line_and_none_has_key_material)
{
    static const char fingerprint[] = "00112233445566778899aabbccddeeff00112233";
    struct err err = ERR_INIT;
    struct made rsa, ec;
    struct secret shared, content, passphrase;
    unsigned char sig[2048], blob[256] = {[255] = 1}; /* padded wrongly with every key */
    size_t len;
    SEAL_CLEANUP(buf_fini) struct buf log = BUF_INIT(1u << 20), kept = BUF_INIT(WIRE_MAX);
    make(&rsa, ALICE, KEY_RSA);
    make(&ec, "", KEY_EC_P256);
    struct key *alice = opened(&rsa, ALICE, ALICE), *ca = opened(&ec, "", "");
    ck_ok(sign(alice, SIGN_PSS, sig, &len, &err));
    ck_ok(key_decrypt(alice, WRAP_PKCS1, DIGEST_SHA1, (struct span){(const char *)blob, sizeof blob},
                      &content, &err));
    ck_ok(key_derive(ca, span_sub(buf_span(&ec.public), ec.public.len - 65, 65), &shared, &err));
    ck_ok(secret_copy(&passphrase, "correct horse battery staple", 28, &err));
    ck_ok(holder_keep_secret(holder, ALICE, fingerprint, &passphrase, &kept, &err));
    sealkeyd_logged(&keyd, "event=keep", 1);
    sealkeyd_read_log(&keyd, &log);
    static const char *const lines[] = {"event=generate key=", "event=open key=",   "event=sign key=",
                                        "event=decrypt key=",  "event=derive key=", "for=\"\" pid="};
    for (size_t i = 0; i < SEAL_COUNT(lines); i++)
        ck_assert_msg(strstr(buf_str(&log), lines[i]) != NULL, "%s", lines[i]);
    const char *at = strstr(buf_str(&log), "event=sign");
    ck_assert_ptr_null(strstr(at + 1, "event=sign"));
    ck_assert_ptr_nonnull(strstr(at, "for=" ALICE " pid="));
    ck_assert_ptr_nonnull(strstr(at, "result=ok\n"));
    is_not_in(&log, sig, 16);
    is_not_in(&log, hash, 16);
    is_not_in(&log, content.ptr, 16);
    is_not_in(&log, shared.ptr, 16);
    is_not_in(&log, passphrase.ptr, passphrase.len);
    is_not_in(&log, keyd.master.ptr, 16);
    secret_fini(&content);
    secret_fini(&shared);
    secret_fini(&passphrase);
    key_free(&alice);
    key_free(&ca);
    unmake(&rsa);
    unmake(&ec);
}
END_TEST

#if !defined(                                                                                                \
    __SANITIZE_THREAD__) /* its BackgroundThread sleeps by nanosleep(), which the sandbox refuses, and so spins */
static int64_t cpu_ms(clockid_t clock)
{
    struct timespec t;
    ck_assert_int_eq(clock_gettime(clock, &t), 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Questions that follow closely are what it looks for awake. */
START_TEST(worker_that_is_asked_nothing_uses_no_processor)
{
    struct err err = ERR_INIT;
    unsigned char sig[2048];
    size_t len;
    struct made made;
    clockid_t clock;
    make(&made, ALICE, KEY_EC_P256);
    struct key *key = opened(&made, ALICE, ALICE);
    ck_assert_int_eq(clock_getcpuclockid(sealkeyd_worker(&keyd, 0), &clock), 0);
    for (int i = 0; i < 1000; i++)
        ck_ok(sign(key, SIGN_ECDSA, sig, &len, &err));
    int64_t used = IDLE_MS; /* once: a host that takes the processor away counts that as use */
    for (int i = 0; i < 20 && used >= IDLE_MS; i++) {
        int64_t before = cpu_ms(clock);
        (void)poll(NULL, 0, 500);
        used = cpu_ms(clock) - before;
    }
    ck_assert_int_lt(used, IDLE_MS);
    key_free(&key);
    unmake(&made);
}
END_TEST
#endif

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/sealkeyd");
    TCase *tc = tcase_create("sealkeyd");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, what_it_signs_is_verified_with_the_public_key, 0, SEAL_COUNT(kinds));
    tcase_add_test(tc, private_key_that_is_kept_as_a_passphrase_is_not_opened);
    tcase_add_test(tc, passphrase_that_it_keeps_is_opened_for_its_owner_alone);
    tcase_add_test(tc, key_is_opened_again_by_a_worker_that_was_started_again);
    tcase_add_test(tc, key_of_another_is_not_opened_for_him);
    tcase_add_test(tc, key_signs_in_one_way_and_another_in_turn);
#if !defined(__SANITIZE_THREAD__)
    tcase_add_test(tc, worker_that_is_asked_nothing_uses_no_processor);
#endif
    tcase_add_test(tc, each_operation_has_one_line_and_none_has_key_material);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
