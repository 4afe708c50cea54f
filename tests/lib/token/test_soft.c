#include "support/check.h"
#include "support/keys.h"

#include "token/evp.h"

#include <string.h>

#define OWNER "alice@example.org"

static struct err err;
static struct secret master, pkcs8;
static struct buf public = BUF_INIT(8192), wrapped = BUF_INIT(65536);

static void setup(void)
{
    ck_ok(soft_master_generate(&master, &err));
    ck_ok(soft_generate(KEY_EC_P256, 0, &pkcs8, &err));
    ck_ok(soft_public(&pkcs8, &public, &err));
    ck_ok(soft_wrap(&master, OWNER, &pkcs8, &wrapped, &err));
}

static void teardown(void)
{
    secret_fini(&master);
    secret_fini(&pkcs8);
    buf_fini(&public);
    buf_fini(&wrapped);
}

static int unwrap(const char *owner, struct span bytes)
{
    struct secret back;
    int result = soft_unwrap(&master, owner, buf_span(&public), bytes, &back, &err);
    ck_assert_int_eq(result == 0, back.ptr != NULL);
    secret_fini(&back);
    return result;
}

START_TEST(what_was_wrapped_comes_back)
{
    struct secret back;
    ck_ok(soft_unwrap(&master, OWNER, buf_span(&public), buf_span(&wrapped), &back, &err));
    ck_assert_uint_eq(back.len, pkcs8.len);
    ck_assert_mem_eq(back.ptr, pkcs8.ptr, pkcs8.len);
    secret_fini(&back);
}
END_TEST

START_TEST(private_key_does_not_show_in_the_wrapping)
{
    ck_assert_uint_eq(wrapped.len, WRAPPED_HEAD_SIZE + 28 + pkcs8.len);
    ck_assert_int_eq(wrapped.ptr[0], 1);
    ck_assert_ptr_null(memmem(wrapped.ptr, wrapped.len, pkcs8.ptr, 8));
}
END_TEST

START_TEST(wrapped_key_cannot_be_moved_to_another_owner)
{
    struct key *key;
    ck_fails(unwrap("bob@example.org", buf_span(&wrapped)), ERR_CRYPTO);
    ck_fails(unwrap("", buf_span(&wrapped)), ERR_CRYPTO);
    ck_fails(soft_open(&master, "bob@example.org", buf_span(&public), buf_span(&wrapped), &key, &err),
             ERR_CRYPTO);
    ck_assert_ptr_null(key);
}
END_TEST

START_TEST(wrapped_key_is_bound_to_its_public_key)
{
    struct secret other, back;
    struct buf other_public = BUF_INIT(8192);
    ck_ok(soft_generate(KEY_EC_P256, 0, &other, &err));
    ck_ok(soft_public(&other, &other_public, &err));
    ck_fails(soft_unwrap(&master, OWNER, buf_span(&other_public), buf_span(&wrapped), &back, &err),
             ERR_CRYPTO);
    secret_fini(&other);
    buf_fini(&other_public);
}
END_TEST

START_TEST(master_key_of_a_wrong_size_is_a_configuration_error)
{
    struct buf out = BUF_INIT(65536);
    master.len = 31;
    ck_fails(unwrap(OWNER, buf_span(&wrapped)), ERR_CONFIG);
    ck_fails(soft_wrap(&master, OWNER, &pkcs8, &out, &err), ERR_CONFIG);
    buf_fini(&out);
}
END_TEST

START_TEST(garbage_is_not_wrapped)
{
    struct secret garbage;
    struct buf out = BUF_INIT(65536);
    ck_ok(secret_copy(&garbage, "garbage", 7, &err));
    ck_fails(soft_wrap(&master, OWNER, &garbage, &out, &err), ERR_SYNTAX);
    ck_assert_uint_eq(out.len, 0);
    secret_fini(&garbage);
    buf_fini(&out);
}
END_TEST

static const struct {
    enum key_type type;
    unsigned asked, bits;
} kinds[] = {{KEY_RSA, 2048, 2048}, {KEY_EC_P256, 0, 256}, {KEY_EC_P384, 0, 384}, {KEY_EC_P521, 0, 521}};

START_TEST(generated_keys_open)
{
    struct secret made;
    ck_ok(soft_generate(kinds[_i].type, kinds[_i].asked, &made, &err));
    struct key *key = keys_soft(&made);
    ck_assert_int_eq(key_type_of(key), kinds[_i].type);
    ck_assert_uint_eq(key_bits(key), kinds[_i].bits);
    ck_assert_str_eq(key_backend(key), "soft");
    key_free(&key);
    secret_fini(&made);
}
END_TEST

START_TEST(rsa_keys_of_other_sizes_are_not_made)
{
    struct secret made;
    static const unsigned bits[] = {0, 512, 1024, 2047, 8192};
    for (size_t i = 0; i < SEAL_COUNT(bits); i++)
        ck_fails(soft_generate(KEY_RSA, bits[i], &made, &err), ERR_USAGE);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/soft");
    TCase *c = tcase_create("soft");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, what_was_wrapped_comes_back);
    tcase_add_test(c, private_key_does_not_show_in_the_wrapping);
    tcase_add_test(c, wrapped_key_cannot_be_moved_to_another_owner);
    tcase_add_test(c, wrapped_key_is_bound_to_its_public_key);
    tcase_add_test(c, master_key_of_a_wrong_size_is_a_configuration_error);
    tcase_add_test(c, garbage_is_not_wrapped);
    tcase_add_loop_test(c, generated_keys_open, 0, SEAL_COUNT(kinds));
    tcase_add_test(c, rsa_keys_of_other_sizes_are_not_made);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
