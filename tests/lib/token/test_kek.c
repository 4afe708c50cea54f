/* Key-encryption keys, RSA and AES: what is locked, by which method, and what is refused. */
#include "support/check.h"
#include "support/keys.h"
#include "support/proxy_key.h"
#include "support/softhsm.h"

#include "token/evp.h"
#include "token/pkcs11.h"
#include "token/soft.h"
#include "token/wrap_token.h"

#define PIN     "1234"
#define AES_URI "pkcs11:token=gw;object=aes256"

static struct err err;
static struct secret data_key;
static struct buf locked = BUF_INIT(KEK_MAX);

static void setup(void)
{
    ck_ok(kek_data_key(&data_key, &err));
}

static void teardown(void)
{
    secret_fini(&data_key);
    buf_fini(&locked);
}

static int unlock(struct kek *kek, struct span what)
{
    struct secret back;
    int result = kek_unlock(kek, what, &back, &err);
    ck_assert_int_eq(result == 0, back.ptr != NULL);
    if (result == 0) {
        ck_assert_uint_eq(back.len, data_key.len);
        ck_assert_mem_eq(back.ptr, data_key.ptr, back.len);
    }
    secret_fini(&back);
    return result;
}

/* ---- RSA ---- */

static struct key *load(const char *name)
{
    struct secret pkcs8;
    EVP_PKEY *pkey = keys_load(name);
    ck_ok(evp_write_pkcs8(pkey, &pkcs8, &err));
    struct key *key = keys_soft(&pkcs8);
    secret_fini(&pkcs8);
    EVP_PKEY_free(pkey);
    return key;
}

/* The best padding that a token has, of three. */
static enum kek_method best;
static bool undoes;

static int decrypt_poorly(struct key *key, enum wrap_padding padding, enum digest oaep, struct span wrapped,
                          struct secret *out, struct err *e)
{
    bool has = padding == WRAP_PKCS1 || (oaep == DIGEST_SHA1 && best != KEK_RSA_PKCS1) ||
               best == KEK_RSA_OAEP_SHA256;
    memset(out, 0, sizeof *out);
    if (!has)
        return err_set(e, ERR_UNSUPPORTED, "not this padding");
    if (proxy_decrypt(key, padding, oaep, wrapped, out, e) < 0)
        return -1;
    out->ptr[0] ^= !undoes;
    return 0;
}

static struct key *poor_key(enum kek_method method, bool undoes_it)
{
    static const struct key_ops ops = {"poor", proxy_sign, decrypt_poorly, proxy_derive, proxy_free};
    struct key *key = proxy_key(load("rsa2048-1"));
    key->ops = &ops;
    best = method;
    undoes = undoes_it;
    return key;
}

START_TEST(rsa_locks_by_the_best_padding_that_the_token_has)
{
    struct kek *kek;
    struct key *key = poor_key((enum kek_method)_i, true);
    ck_ok(kek_of_key(key, &kek, &err));
    unsigned asked = proxy_asked(key);
    ck_ok(kek_lock(kek, &data_key, &locked, &err));
    ck_assert_uint_eq(proxy_asked(key), asked); /* the public half does it */
    ck_assert_int_eq(locked.ptr[KEK_NAME_SIZE], _i);
    ck_assert(span_eq(kek_public(kek), key_public(key)));
    ck_assert_ptr_null(memmem(locked.ptr, locked.len, data_key.ptr, 8));
    ck_ok(unlock(kek, buf_span(&locked)));
    kek_free(&kek);
    key_free(&key);
}
END_TEST

START_TEST(token_that_does_not_undo_what_it_did_is_not_used)
{
    struct kek *kek;
    struct key *key = poor_key(KEK_RSA_OAEP_SHA256, false);
    ck_fails(kek_of_key(key, &kek, &err), ERR_KEY_UNUSABLE);
    ck_assert_ptr_null(kek);
    proxy_fail(key, ERR_BUSY);
    ck_fails(kek_of_key(key, &kek, &err), ERR_BUSY);
    key_free(&key);
}
END_TEST

START_TEST(rsa_unlocks_nothing_of_another_key_or_method)
{
    struct key *key = load("rsa2048-1"), *other = load("rsa2048-2");
    struct kek *kek, *another;
    ck_ok(kek_of_key(key, &kek, &err));
    ck_ok(kek_of_key(other, &another, &err));
    ck_ok(kek_lock(kek, &data_key, &locked, &err));
    ck_assert_int_lt(unlock(another, buf_span(&locked)), 0);
    ck_assert_ptr_nonnull(strstr(err.msg, "under another token's key"));
    err_clear(&err);
    locked.ptr[KEK_NAME_SIZE] = KEK_AES_CBC;
    ck_fails(unlock(kek, buf_span(&locked)), ERR_UNSUPPORTED);
    for (size_t n = 0; n < locked.len; n++) {
        ck_assert_int_lt(unlock(kek, (struct span){locked.ptr, n}), 0);
        err_clear(&err);
    }
    kek_free(&another);
    kek_free(&kek);
    key_free(&other);
    key_free(&key);
}
END_TEST

START_TEST(ec_key_is_no_master_key)
{
    struct secret pkcs8;
    struct kek *kek;
    ck_ok(soft_generate(KEY_EC_P256, 0, &pkcs8, &err));
    struct key *key = keys_soft(&pkcs8);
    ck_fails(kek_of_key(key, &kek, &err), ERR_KEY_UNUSABLE);
    key_free(&key);
    secret_fini(&pkcs8);
}
END_TEST

/* ---- AES ---- */

static struct softhsm hsm;
static struct pkcs11 *p11;

/* Once for all tests, each of which has a process of its own that loads the module. */
static void make_token(void)
{
    softhsm_init(&hsm);
    softhsm_token(&hsm, "gw", PIN);
    softhsm_generate(&hsm, "gw", PIN, "aes256", "01", "AES:32", "--sensitive");
    softhsm_generate(&hsm, "gw", PIN, "aes128", "02", "AES:16", "--sensitive");
    softhsm_generate(&hsm, "gw", PIN, "open", "03", "AES:32", NULL);
    softhsm_generate(&hsm, "gw", PIN, "generic", "04", "GENERIC:32", "--sensitive");
    EVP_PKEY *rsa = keys_load("rsa2048-1");
    softhsm_import(&hsm, "gw", PIN, "rsa", "05", rsa, SOFTHSM_SIGN);
    softhsm_import(&hsm, "gw", PIN, "both", "06", rsa, SOFTHSM_SIGN);
    softhsm_generate(&hsm, "gw", PIN, "both", "06", "AES:32", "--sensitive");
    EVP_PKEY_free(rsa);
}

static void remove_token(void)
{
    softhsm_fini(&hsm);
}

static void setup_token(void)
{
    setup();
    ck_ok(pkcs11_open(&hsm.conf, &p11, &err));
}

static void teardown_token(void)
{
    pkcs11_close(&p11);
    teardown();
}

START_TEST(aes_locks_and_unlocks)
{
    static const char *const uris[] = {AES_URI, "pkcs11:token=gw;id=%02;type=secret-key"};
    for (size_t i = 0; i < SEAL_COUNT(uris); i++) {
        struct kek *kek;
        struct buf again = BUF_INIT(KEK_MAX);
        buf_clear(&locked);
        ck_ok(kek_open(p11, uris[i], &kek, &err));
        ck_assert_uint_eq(kek_public(kek).len, 0);
        ck_ok(kek_lock(kek, &data_key, &locked, &err));
        ck_ok(kek_lock(kek, &data_key, &again, &err));
        ck_assert_int_eq(locked.ptr[KEK_NAME_SIZE], KEK_AES_CBC);
        ck_assert_ptr_null(memmem(locked.ptr, locked.len, data_key.ptr, 8));
        ck_assert_mem_eq(locked.ptr, again.ptr, KEK_HEAD_SIZE); /* a name is always the same, */
        ck_assert_mem_ne(locked.ptr + KEK_HEAD_SIZE, again.ptr + KEK_HEAD_SIZE, 48); /* and nothing else */
        ck_ok(unlock(kek, buf_span(&locked)));
        ck_ok(unlock(kek, buf_span(&again)));
        buf_fini(&again);
        kek_free(&kek);
    }
}
END_TEST

START_TEST(aes_unlocks_nothing_of_another_key_method_or_length)
{
    struct kek *kek, *other;
    ck_ok(kek_open(p11, AES_URI, &kek, &err));
    ck_ok(kek_open(p11, "pkcs11:token=gw;object=aes128", &other, &err));
    ck_ok(kek_lock(kek, &data_key, &locked, &err));
    ck_assert_int_lt(unlock(other, buf_span(&locked)), 0);
    ck_assert_ptr_nonnull(strstr(err.msg, "under another token's key"));
    err_clear(&err);
    for (size_t n = 0; n < locked.len; n++)
        ck_fails(unlock(kek, (struct span){locked.ptr, n}), ERR_CRYPTO);
    locked.ptr[KEK_NAME_SIZE] = KEK_RSA_PKCS1;
    ck_fails(unlock(kek, buf_span(&locked)), ERR_UNSUPPORTED);
    locked.ptr[KEK_NAME_SIZE] = KEK_AES_CBC;
    buf_add_char(&locked, 0);
    ck_fails(unlock(kek, buf_span(&locked)), ERR_CRYPTO);
    kek_free(&other);
    kek_free(&kek);
}
END_TEST

START_TEST(data_key_has_its_length)
{
    struct kek *kek;
    struct secret odd;
    ck_ok(kek_open(p11, AES_URI, &kek, &err));
    for (size_t n = KEK_DATA_SIZE - 1; n <= KEK_DATA_SIZE + 1; n += 2) {
        ck_ok(secret_init(&odd, n, &err));
        ck_fails(kek_lock(kek, &odd, &locked, &err), ERR_SYNTAX);
        secret_fini(&odd);
    }
    kek_free(&kek);
}
END_TEST

/* Both examples of the manual, under one name. */
START_TEST(keys_of_both_kinds_under_one_name_are_told_apart_by_their_type)
{
    struct kek *kek;
    ck_fails(kek_open(p11, "pkcs11:token=gw;object=both", &kek, &err), ERR_CONFIG);
    ck_fails(kek_open(p11, "pkcs11:token=gw;id=%06", &kek, &err), ERR_CONFIG);
    ck_ok(kek_open(p11, "pkcs11:token=gw;object=both;type=secret-key", &kek, &err));
    ck_assert_uint_eq(kek_public(kek).len, 0);
    kek_free(&kek);
    ck_ok(kek_open(p11, "pkcs11:token=gw;object=both;type=private", &kek, &err));
    ck_assert_uint_gt(kek_public(kek).len, 0);
    kek_free(&kek);
    ck_ok(kek_open(p11, "pkcs11:token=gw;object=rsa", &kek, &err));
    ck_assert_uint_gt(kek_public(kek).len, 0);
    kek_free(&kek);
}
END_TEST

static const struct {
    const char *object;
    enum err_code code;
    const char *says;
} refused[] = {
    {"open", ERR_KEY_UNUSABLE, "can be read in clear"},
    {"generic", ERR_KEY_UNUSABLE, "is no AES key"},
    {"rsa;type=secret-key", ERR_ABSENT, "no such key"},
    {"aes256;type=private", ERR_KEY_UNUSABLE, "is a secret key, no private key"},
    {"none", ERR_ABSENT, "no such key"},
    {"none;type=secret-key", ERR_ABSENT, "no such key"},
};

START_TEST(what_is_no_key_for_this_is_refused)
{
    char uri[100];
    struct kek *kek;
    snprintf(uri, sizeof uri, "pkcs11:token=gw;object=%s", refused[_i].object);
    ck_assert_int_lt(kek_open(p11, uri, &kek, &err), 0);
    ck_assert_int_eq(err.code, refused[_i].code);
    ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s", err.msg);
    ck_assert_ptr_null(kek);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/kek");
    TCase *rsa = tcase_create("rsa"), *aes = tcase_create("aes");
    tcase_add_checked_fixture(rsa, setup, teardown);
    tcase_add_loop_test(rsa, rsa_locks_by_the_best_padding_that_the_token_has, KEK_RSA_PKCS1, KEK_AES_CBC);
    tcase_add_test(rsa, token_that_does_not_undo_what_it_did_is_not_used);
    tcase_add_test(rsa, rsa_unlocks_nothing_of_another_key_or_method);
    tcase_add_test(rsa, ec_key_is_no_master_key);
    suite_add_tcase(s, rsa);
    tcase_add_unchecked_fixture(aes, make_token, remove_token);
    tcase_add_checked_fixture(aes, setup_token, teardown_token);
    tcase_add_test(aes, aes_locks_and_unlocks);
    tcase_add_test(aes, aes_unlocks_nothing_of_another_key_method_or_length);
    tcase_add_test(aes, data_key_has_its_length);
    tcase_add_test(aes, keys_of_both_kinds_under_one_name_are_told_apart_by_their_type);
    tcase_add_loop_test(aes, what_is_no_key_for_this_is_refused, 0, SEAL_COUNT(refused));
    suite_add_tcase(s, aes);
    return s;
}

TEST_MAIN(suite)
