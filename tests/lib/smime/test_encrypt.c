/* What smime_encrypt writes is opened by smime_decrypt and by another implementation, and hides what it must. */
#include "smime/encrypt.h"

#include "base/io.h"
#include "smime/ber.h"
#include "smime/outline.h"
#include "support/check.h"
#include "support/sealing.h"
#include "support/tool.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

static struct pki *pki;
static struct pki_entity *root;

static void make_pki(void)
{
    pki = pki_new();
    root = pki_root(pki, &(struct pki_spec){.name = "Root"});
}

static void drop_pki(void)
{
    pki_free(&pki);
}

static struct pki_entity *leaf(enum pki_key type)
{
    return pki_leaf(pki, root, &(struct pki_spec){.email = "bob@b.example", .type = type});
}

static const enum pki_key key_types[] = {PKI_RSA2048, PKI_RSA3072, PKI_RSA4096, PKI_P256, PKI_P384, PKI_P521};
static const enum smime_cipher ciphers[] = {SMIME_AES256_CBC, SMIME_AES128_CBC, SMIME_AES256_GCM};

START_TEST(every_key_type_opens_every_cipher)
{
    struct pki_entity *bob = leaf(key_types[_i]);
    struct span text = sealing_text(1000);
    for (size_t i = 0; i < SEAL_COUNT(ciphers); i++) {
        SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, &bob, 1, ciphers[i]);
        ck_assert(sealing_opens(spool_all(cms), bob, text));
    }
    free((char *)text.ptr);
}
END_TEST

START_TEST(content_of_every_length_comes_back)
{
    struct pki_entity *bob = leaf(PKI_P256);
    struct span text = sealing_text(200);
    for (size_t n = 0; n <= text.len; n++) {
        struct span part = span_sub(text, 0, n);
        SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(part, &bob, 1, ciphers[_i]);
        ck_assert_msg(sealing_opens(spool_all(cms), bob, part), "%zu octets", n);
    }
    free((char *)text.ptr);
}
END_TEST

START_TEST(large_content_comes_back)
{
    static const size_t sizes[] = {65535, 65536, 65537, 1 << 20, (10 << 20) + 1};
    struct pki_entity *bob = leaf(PKI_RSA2048);
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++) {
        struct span text = sealing_text(sizes[i]);
        SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, &bob, 1, ciphers[_i]);
        ck_assert_msg(sealing_opens(spool_all(cms), bob, text), "%zu octets", sizes[i]);
        free((char *)text.ptr);
    }
}
END_TEST

START_TEST(openssl_opens_what_we_encrypt)
{
    static const size_t sizes[] = {0, 1, 16, 100, 70000};
    struct pki_entity *bob = leaf(key_types[_i]);
    struct tool *tool = tool_new();
    tool_entity(tool, "bob", bob);
    for (size_t c = 0; c < SEAL_COUNT(ciphers); c++) {
        struct span text = sealing_text(sizes[(size_t)_i % SEAL_COUNT(sizes)]);
        SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, &bob, 1, ciphers[c]);
        tool_write(tool, "cms", spool_all(cms));
        ck_assert_msg(tool_run(tool, "openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "cms",
                               "-out", "plain", "-recip", "bob.pem", "-inkey", "bob.key", NULL) == 0,
                      "%s", tool_read(tool, "said").ptr);
        ck_assert(span_eq(tool_read(tool, "plain"), text));
        free((char *)text.ptr);
    }
    tool_free(&tool);
}
END_TEST

START_TEST(each_of_many_recipients_opens_it)
{
    enum {
        N = 20
    };
    struct pki_entity *to[N];
    struct span text = sealing_text(300);
    for (size_t i = 0; i < N; i++)
        to[i] = leaf(_i == 0 ? PKI_RSA2048 : i % 2 == 0 ? PKI_P256 : PKI_P384);
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, to, N, SMIME_AES256_CBC);
    for (size_t i = 0; i < N; i++)
        ck_assert(sealing_opens(spool_all(cms), to[i], text));
    struct pki_entity *eve = leaf(_i == 0 ? PKI_RSA2048 : PKI_P256);
    ck_assert(!sealing_opens(spool_all(cms), eve, text));
    free((char *)text.ptr);
}
END_TEST

START_TEST(output_is_definite_length_der_that_says_what_was_asked)
{
    static const struct {
        enum smime_cipher cipher;
        enum smime_kind kind;
        const char *name;
    } cases[] = {{SMIME_AES256_CBC, SMIME_KIND_ENVELOPED, "aes256-cbc"},
                 {SMIME_AES128_CBC, SMIME_KIND_ENVELOPED, "aes128-cbc"},
                 {SMIME_AES256_GCM, SMIME_KIND_AUTH_ENVELOPED, "aes256-gcm"}};
    struct err err = ERR_INIT;
    struct pki_entity *bob = leaf(PKI_P384);
    struct span text = sealing_text(1000);
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, &bob, 1, cases[_i].cipher);
    struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct smime_outside outside;
    ck_ok(smime_look(arena, spool_all(cms), &sealing_limits, &outside, &err));
    ck_assert_int_eq(outside.kind, cases[_i].kind);
    ck_assert_str_eq(outside.cipher, cases[_i].name);
    ck_assert_int_eq(outside.authenticated, cases[_i].cipher == SMIME_AES256_GCM);
    ck_assert(outside.supported && !outside.weak);
    ck_assert_uint_eq(outside.nrecipients, 1);
    struct span rest = spool_all(cms);
    struct ber e;
    for (int depth = 0; depth < 3; depth++) {
        ck_assert(ber_next(&rest, &e) && !e.indefinite);
        rest = e.body;
        if (depth == 0)
            ck_assert(ber_take(&rest, BER_OID, &e));
    }
    arena_free(&arena);
    free((char *)text.ptr);
}
END_TEST

START_TEST(agreement_uses_sha256_and_a_key_of_its_own_for_each_recipient)
{
    static const char std_dh_sha256[] =
        "\x06\x06\x2b\x81\x04\x01\x0b\x01"; /* dhSinglePass-stdDH-sha256kdf-scheme */
    struct err err = ERR_INIT;
    struct pki_entity *to[] = {leaf(PKI_P256), leaf(PKI_P256)};
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(SPAN_LIT("x"), to, 2, SMIME_AES256_CBC);
    struct outline outline;
    struct outline_sealed sealed;
    ck_ok(outline_parse(spool_all(cms), &sealing_limits, &outline, &err));
    ck_ok(outline_sealed(&outline, &sealing_limits, &sealed, &err));
    struct span rest = sealed.recipients.body;
    struct ber one, version, originator[2];
    for (size_t i = 0; i < 2; i++) {
        ck_assert(ber_take(&rest, OUTLINE_AGREEMENT, &one));
        ck_assert(span_find(one.all, std_dh_sha256, sizeof std_dh_sha256 - 1, 0) != SIZE_MAX);
        ck_assert(ber_next(&one.body, &version) && ber_next(&one.body, &originator[i]));
    }
    ck_assert(!span_eq(originator[0].all, originator[1].all));
}
END_TEST

START_TEST(same_text_twice_looks_different)
{
    struct pki_entity *bob = leaf(PKI_RSA2048);
    struct span text = sealing_text(64);
    SEAL_CLEANUP(spool_free) struct spool *a = sealing_encrypt(text, &bob, 1, ciphers[_i]);
    SEAL_CLEANUP(spool_free) struct spool *b = sealing_encrypt(text, &bob, 1, ciphers[_i]);
    struct span x = spool_all(a), y = spool_all(b);
    ck_assert(!span_eq(span_sub(x, x.len - 90, 60), span_sub(y, y.len - 90, 60)));
    ck_assert(span_find(x, text.ptr + 40, 16, 0) == SIZE_MAX);
    free((char *)text.ptr);
}
END_TEST

static int encrypt_to(struct pki_entity *const *to, size_t n, struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
    struct cert *certs[2000];
    for (size_t i = 0; i < n; i++)
        certs[i] = to[0]->cert;
    return smime_encrypt(SPAN_LIT("x"), certs, n, SMIME_AES256_CBC, out, err);
}

START_TEST(recipients_are_limited)
{
    struct err err = ERR_INIT;
    struct pki_entity *bob = leaf(PKI_RSA2048);
    ck_fails(encrypt_to(&bob, 0, &err), ERR_LIMIT);
    ck_fails(encrypt_to(&bob, SMIME_RCPT_MAX + 1, &err), ERR_LIMIT);
    ck_ok(encrypt_to(&bob, SMIME_RCPT_MAX, &err));
}
END_TEST

START_TEST(unsupported_key_is_refused)
{
    struct err err = ERR_INIT;
    struct pki_entity *bob = leaf(_i == 0 ? PKI_ED25519 : PKI_RSA_PSS);
    ck_fails(encrypt_to(&bob, 1, &err), ERR_KEY_UNUSABLE);
}
END_TEST

START_TEST(kinds_of_keys_never_share_an_envelope)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
    struct cert *certs[] = {leaf(PKI_RSA2048)->cert, leaf(PKI_P256)->cert};
    ck_fails(smime_encrypt(SPAN_LIT("x"), certs, 2, SMIME_AES256_CBC, out, &err), ERR_BUG);
}
END_TEST

START_TEST(cipher_names_are_found)
{
    enum smime_cipher cipher;
    ck_assert(smime_cipher_find("aes256-cbc", &cipher) && cipher == SMIME_AES256_CBC);
    ck_assert(smime_cipher_find("aes128-cbc", &cipher) && cipher == SMIME_AES128_CBC);
    ck_assert(smime_cipher_find("aes256-gcm", &cipher) && cipher == SMIME_AES256_GCM);
    ck_assert(!smime_cipher_find("3des-cbc", &cipher));
    ck_assert(!smime_cipher_find("", &cipher));
}
END_TEST

static void *seal_and_open(void *who)
{
    struct span text = sealing_text(3000);
    long failures = 0;
    for (int i = 0; i < 30; i++) {
        struct pki_entity *bob = who;
        SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, &bob, 1, SMIME_AES256_GCM);
        failures += !sealing_opens(spool_all(cms), bob, text);
    }
    free((char *)text.ptr);
    return (void *)failures;
}

START_TEST(certificates_and_keys_serve_several_threads)
{
    pthread_t threads[4];
    struct pki_entity *bob = leaf(_i == 0 ? PKI_RSA2048 : PKI_P256);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, seal_and_open, bob), 0);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++) {
        void *failures = NULL;
        pthread_join(threads[i], &failures);
        ck_assert_ptr_null(failures);
    }
}
END_TEST

/* A spool that goes to a file at once, so that each write can fail. */
static const struct spool_conf on_disk = {"/tmp", 0, SIZE_MAX};

START_TEST(failing_spool_is_reported)
{
    struct pki_entity *bob = leaf(PKI_P256);
    struct span text = sealing_text(200000);
    unsigned n = 1;
    for (;; n++) {
        struct err err = ERR_INIT;
        SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&on_disk);
        io_fault_at(n, _i == 0 ? ENOSPC : EIO);
        int status = smime_encrypt(text, &bob->cert, 1, SMIME_AES256_GCM, out, &err);
        bool hit = io_fault_count() >= n;
        io_fault_at(0, 0);
        if (!hit)
            break;
        ck_assert_int_eq(status, -1);
        ck_assert_msg(err.code == ERR_IO || (_i == 0 && err.code == ERR_DISK_FULL), "%s", err.msg);
    }
    ck_assert_uint_gt(n, 4);
    free((char *)text.ptr);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smime/encrypt");
    TCase *t = tcase_create("encrypt");
    tcase_add_checked_fixture(t, make_pki, drop_pki);
    tcase_add_loop_test(t, every_key_type_opens_every_cipher, 0, SEAL_COUNT(key_types));
    tcase_add_loop_test(t, content_of_every_length_comes_back, 0, SEAL_COUNT(ciphers));
    tcase_add_loop_test(t, large_content_comes_back, 0, SEAL_COUNT(ciphers));
    tcase_add_loop_test(t, openssl_opens_what_we_encrypt, 0, SEAL_COUNT(key_types));
    tcase_add_loop_test(t, each_of_many_recipients_opens_it, 0, 2);
    tcase_add_loop_test(t, output_is_definite_length_der_that_says_what_was_asked, 0, 3);
    tcase_add_test(t, agreement_uses_sha256_and_a_key_of_its_own_for_each_recipient);
    tcase_add_loop_test(t, same_text_twice_looks_different, 0, SEAL_COUNT(ciphers));
    tcase_add_test(t, recipients_are_limited);
    tcase_add_loop_test(t, unsupported_key_is_refused, 0, 2);
    tcase_add_test(t, kinds_of_keys_never_share_an_envelope);
    tcase_add_test(t, cipher_names_are_found);
    tcase_add_loop_test(t, certificates_and_keys_serve_several_threads, 0, 2);
    tcase_add_loop_test(t, failing_spool_is_reported, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
