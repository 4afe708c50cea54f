/* Data keys under RSA and AES keys: what is locked, by which method, and what is refused. */
#include "support/check.h"
#include "support/keys.h"
#include "support/proxy_key.h"
#include "support/softhsm.h"

#include "token/evp.h"
#include "token/wrap_token.h"

#define PIN     "1234"
#define AES_URI "pkcs11:token=gw;object=aes256"

static struct err err;
static struct secret data_key;
static struct buf locked = BUF_INIT(LOCK_MAX);

static void setup(void)
{
    ck_ok(wrap_token_data_key(&data_key, &err));
}

static void teardown(void)
{
    secret_fini(&data_key);
    buf_fini(&locked);
}

static int is_back(int result, struct secret *back)
{
    ck_assert_int_eq(result == 0, back->ptr != NULL);
    if (result == 0) {
        ck_assert_uint_eq(back->len, data_key.len);
        ck_assert_mem_eq(back->ptr, data_key.ptr, back->len);
    }
    secret_fini(back);
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
static enum lock_method best;
static bool undoes;

static int decrypt_poorly(struct key *key, enum wrap_padding padding, enum digest oaep, struct span wrapped,
                          struct secret *out, struct err *e)
{
    bool has = padding == WRAP_PKCS1 || (oaep == DIGEST_SHA1 && best != LOCK_RSA_PKCS1) ||
               best == LOCK_RSA_OAEP_SHA256;
    memset(out, 0, sizeof *out);
    if (!has)
        return err_set(e, ERR_UNSUPPORTED, "not this padding");
    if (proxy_decrypt(key, padding, oaep, wrapped, out, e) < 0)
        return -1;
    out->ptr[0] ^= !undoes;
    return 0;
}

static struct key *poor_key(enum lock_method method, bool undoes_it)
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
    struct secret back;
    struct key *key = poor_key((enum lock_method)_i, true);
    ck_ok(lock_rsa(key, &data_key, &locked, &err));
    ck_assert_int_eq(locked.ptr[LOCK_NAME_SIZE], _i);
    ck_assert_ptr_null(memmem(locked.ptr, locked.len, data_key.ptr, 8));
    ck_ok(is_back(unlock_rsa(key, buf_span(&locked), &back, &err), &back));
    key_free(&key);
}
END_TEST

START_TEST(token_that_does_not_undo_what_it_did_locks_nothing)
{
    struct key *key = poor_key(LOCK_RSA_OAEP_SHA256, false);
    ck_fails(lock_rsa(key, &data_key, &locked, &err), ERR_KEY_UNUSABLE);
    ck_assert_uint_eq(locked.len, 0);
    proxy_fail(key, ERR_BUSY);
    ck_fails(lock_rsa(key, &data_key, &locked, &err), ERR_BUSY);
    key_free(&key);
}
END_TEST

START_TEST(rsa_unlocks_nothing_of_another_key_or_method)
{
    struct secret back;
    struct key *key = load("rsa2048-1"), *other = load("rsa2048-2");
    ck_ok(lock_rsa(key, &data_key, &locked, &err));
    ck_assert_int_lt(unlock_rsa(other, buf_span(&locked), &back, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.msg, "under another token's key"));
    err_clear(&err);
    locked.ptr[LOCK_NAME_SIZE] = LOCK_AES_CBC;
    ck_fails(unlock_rsa(key, buf_span(&locked), &back, &err), ERR_UNSUPPORTED);
    for (size_t n = 0; n < locked.len; n++) {
        ck_assert_int_lt(unlock_rsa(key, (struct span){locked.ptr, n}, &back, &err), 0);
        err_clear(&err);
    }
    key_free(&other);
    key_free(&key);
}
END_TEST

START_TEST(ec_key_is_no_master_key)
{
    struct secret pkcs8;
    ck_ok(soft_generate(KEY_EC_P256, 0, &pkcs8, &err));
    struct key *key = keys_soft(&pkcs8);
    ck_fails(lock_rsa(key, &data_key, &locked, &err), ERR_KEY_UNUSABLE);
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

static int unlock(const char *uri, struct span what)
{
    struct secret back;
    return is_back(unlock_aes(p11, uri, what, &back, &err), &back);
}

START_TEST(aes_locks_and_unlocks)
{
    static const char *const uris[] = {AES_URI, "pkcs11:token=gw;id=%02;type=secret-key"};
    for (size_t i = 0; i < SEAL_COUNT(uris); i++) {
        struct buf again = BUF_INIT(LOCK_MAX);
        buf_clear(&locked);
        ck_ok(lock_aes(p11, uris[i], &data_key, &locked, &err));
        ck_ok(lock_aes(p11, uris[i], &data_key, &again, &err));
        ck_assert_int_eq(locked.ptr[LOCK_NAME_SIZE], LOCK_AES_CBC);
        ck_assert_ptr_null(memmem(locked.ptr, locked.len, data_key.ptr, 8));
        ck_assert_mem_eq(locked.ptr, again.ptr, LOCK_HEAD_SIZE); /* a name is always the same, */
        ck_assert_mem_ne(locked.ptr + LOCK_HEAD_SIZE, again.ptr + LOCK_HEAD_SIZE, 48); /* and nothing else */
        ck_ok(unlock(uris[i], buf_span(&locked)));
        ck_ok(unlock(uris[i], buf_span(&again)));
        buf_fini(&again);
    }
}
END_TEST

START_TEST(aes_unlocks_nothing_of_another_key_method_or_length)
{
    ck_ok(lock_aes(p11, AES_URI, &data_key, &locked, &err));
    ck_assert_int_lt(unlock("pkcs11:token=gw;object=aes128", buf_span(&locked)), 0);
    ck_assert_ptr_nonnull(strstr(err.msg, "under another token's key"));
    err_clear(&err);
    for (size_t n = 0; n < locked.len; n++)
        ck_fails(unlock(AES_URI, (struct span){locked.ptr, n}), ERR_CRYPTO);
    locked.ptr[LOCK_NAME_SIZE] = LOCK_RSA_PKCS1;
    ck_fails(unlock(AES_URI, buf_span(&locked)), ERR_UNSUPPORTED);
    locked.ptr[LOCK_NAME_SIZE] = LOCK_AES_CBC;
    buf_add_char(&locked, 0);
    ck_fails(unlock(AES_URI, buf_span(&locked)), ERR_CRYPTO);
}
END_TEST

static const struct {
    const char *object;
    enum err_code code;
    const char *says;
} refused[] = {
    {"open", ERR_KEY_UNUSABLE, "can be read in clear"},
    {"generic", ERR_KEY_UNUSABLE, "is no AES key"},
    {"rsa", ERR_ABSENT, "no such key"},
    {"none", ERR_ABSENT, "no such key"},
};

START_TEST(what_is_no_key_for_this_locks_nothing)
{
    char uri[100];
    snprintf(uri, sizeof uri, "pkcs11:token=gw;object=%s", refused[_i].object);
    ck_assert_int_lt(lock_aes(p11, uri, &data_key, &locked, &err), 0);
    ck_assert_int_eq(err.code, refused[_i].code);
    ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s", err.msg);
    ck_assert_uint_eq(locked.len, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/lock");
    TCase *rsa = tcase_create("rsa"), *aes = tcase_create("aes");
    tcase_add_checked_fixture(rsa, setup, teardown);
    tcase_add_loop_test(rsa, rsa_locks_by_the_best_padding_that_the_token_has, LOCK_RSA_PKCS1, LOCK_AES_CBC);
    tcase_add_test(rsa, token_that_does_not_undo_what_it_did_locks_nothing);
    tcase_add_test(rsa, rsa_unlocks_nothing_of_another_key_or_method);
    tcase_add_test(rsa, ec_key_is_no_master_key);
    suite_add_tcase(s, rsa);
    tcase_add_unchecked_fixture(aes, make_token, remove_token);
    tcase_add_checked_fixture(aes, setup_token, teardown_token);
    tcase_add_test(aes, aes_locks_and_unlocks);
    tcase_add_test(aes, aes_unlocks_nothing_of_another_key_method_or_length);
    tcase_add_loop_test(aes, what_is_no_key_for_this_locks_nothing, 0, SEAL_COUNT(refused));
    suite_add_tcase(s, aes);
    return s;
}

TEST_MAIN(suite)
