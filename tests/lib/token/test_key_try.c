#include "support/check.h"
#include "support/keys.h"
#include "support/proxy_key.h"

#include "token/evp.h"
#include "token/key_try.h"
#include "token/soft.h"

static struct err err;

static const enum key_type types[] = {KEY_RSA, KEY_EC_P256, KEY_EC_P384};

/* RSA keys take long to make. */
static struct key *make(enum key_type type, const char *rsa)
{
    struct secret pkcs8;
    EVP_PKEY *pkey = type == KEY_RSA ? keys_load(rsa) : NULL;
    ck_ok(pkey != NULL ? evp_write_pkcs8(pkey, &pkcs8, &err) : soft_generate(type, 0, &pkcs8, &err));
    struct key *key = keys_soft(&pkcs8);
    secret_fini(&pkcs8);
    EVP_PKEY_free(pkey);
    return key;
}

static struct key *make_whole(enum key_type type)
{
    return proxy_key(make(type, "rsa2048-1"));
}

/* A key that shows one public half, and operates another's private one. */
static struct key *make_mixed(enum key_type type)
{
    struct key *key = make_whole(type);
    struct proxy_key *proxy = (struct proxy_key *)key;
    key_free(&proxy->inner);
    proxy->inner = make(type, "rsa2048-2");
    return key;
}

START_TEST(key_that_is_whole_works_both_ways)
{
    struct key *key = make_whole(types[_i]);
    ck_ok(key_try_sign(key, &err));
    ck_ok(key_try_open(key, &err));
    ck_assert_uint_eq(proxy_asked(key), 2);
    key_free(&key);
}
END_TEST

START_TEST(halves_of_two_keys_are_told_apart)
{
    struct key *key = make_mixed(types[_i]);
    ck_fails(key_try_sign(key, &err), ERR_KEY_UNUSABLE);
    ck_assert_int_lt(key_try_open(key, &err), 0);
    ck_assert_int_ne(err.code, ERR_UNSUPPORTED); /* which would be: a key for signatures alone */
    key_free(&key);
}
END_TEST

START_TEST(what_the_key_says_is_handed_on)
{
    static const enum err_code codes[] = {ERR_UNSUPPORTED, ERR_BUSY};
    struct key *key = make_whole(types[_i]);
    for (size_t i = 0; i < SEAL_COUNT(codes); i++) {
        proxy_fail(key, codes[i]);
        ck_fails(key_try_sign(key, &err), codes[i]);
        ck_fails(key_try_open(key, &err), codes[i]);
    }
    key_free(&key);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("token/key_try");
    TCase *tc = tcase_create("try");
    tcase_add_loop_test(tc, key_that_is_whole_works_both_ways, 0, SEAL_COUNT(types));
    tcase_add_loop_test(tc, halves_of_two_keys_are_told_apart, 0, SEAL_COUNT(types));
    tcase_add_loop_test(tc, what_the_key_says_is_handed_on, 0, SEAL_COUNT(types));
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
