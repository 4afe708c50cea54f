#include "support/check.h"
#include "support/keys.h"

#include "token/evp.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <string.h>

static struct err err;

static const struct {
    int bits;
    const char *exponent;
    bool usable;
} rsa[] = {
    {1023, "010001", false},
    {1024, "010001", true},
    {2048, "03", true},
    {16384, "010001", true},
    {16385, "010001", false},
    {32768, "010001", false},
    {2048, "01", false},
    {2048, "010000", false},
    {2048, "FFFFFFFFFFFFFFFF", true},
    {2048, "010000000000000001", false},
};

START_TEST(rsa_keys_are_usable_within_bounds)
{
    enum key_type type;
    unsigned bits;
    EVP_PKEY *pkey = keys_rsa_public(rsa[_i].bits, rsa[_i].exponent);
    ck_assert_msg(evp_classify(pkey, &type, &bits) == rsa[_i].usable, "%d bits, exponent %s", rsa[_i].bits,
                  rsa[_i].exponent);
    ck_assert_uint_eq(bits, (unsigned)rsa[_i].bits);
    EVP_PKEY_free(pkey);
}
END_TEST

static const struct {
    const char *curve;
    bool usable;
    enum key_type type;
    unsigned bits;
} curves[] = {
    {"P-256", true, KEY_EC_P256, 256},
    {"P-384", true, KEY_EC_P384, 384},
    {"P-521", true, KEY_EC_P521, 521},
    {"secp256k1", false, 0, 0},
    {"P-224", false, 0, 0},
    {"brainpoolP256r1", false, 0, 0},
};

START_TEST(three_curves_are_usable)
{
    enum key_type type;
    unsigned bits;
    EVP_PKEY *pkey = EVP_EC_gen(curves[_i].curve);
    ck_assert_ptr_nonnull(pkey);
    ck_assert_int_eq(evp_classify(pkey, &type, &bits), curves[_i].usable);
    if (curves[_i].usable) {
        ck_assert_int_eq(type, curves[_i].type);
        ck_assert_uint_eq(bits, curves[_i].bits);
    }
    EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(other_types_are_not_usable)
{
    enum key_type type;
    unsigned bits;
    const char *const names[] = {"ED25519", "X25519", "ED448"};
    for (size_t i = 0; i < SEAL_COUNT(names); i++) {
        EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, names[i]);
        ck_assert(!evp_classify(pkey, &type, &bits));
        EVP_PKEY_free(pkey);
    }
}
END_TEST

/* The same key as it is read back from this encoding of its parameters and point. */
static EVP_PKEY *read_back(EVP_PKEY *pkey, const char *param, const char *value)
{
    unsigned char *der = NULL;
    ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(pkey, param, value), 1);
    int len = i2d_PUBKEY(pkey, &der);
    const unsigned char *p = der;
    EVP_PKEY *back = d2i_PUBKEY(NULL, &p, len);
    ck_assert_ptr_nonnull(back);
    OPENSSL_free(der);
    return back;
}

START_TEST(explicit_curve_parameters_are_not_usable)
{
    enum key_type type;
    unsigned bits;
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    EVP_PKEY *back = read_back(pkey, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT);
    ck_assert(!evp_classify(back, &type, &bits));
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(back);
}
END_TEST

START_TEST(one_key_has_one_public_form)
{
    struct buf plain = BUF_INIT(1000), compressed = BUF_INIT(1000);
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    ck_ok(evp_public(pkey, &plain, &err));
    EVP_PKEY *back = read_back(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed");
    ck_assert_int_lt(i2d_PUBKEY(back, NULL), (int)plain.len);
    ck_ok(evp_public(back, &compressed, &err));
    ck_assert(span_eq(buf_span(&plain), buf_span(&compressed)));
    ck_assert_int_lt(i2d_PUBKEY(back, NULL), (int)plain.len); /* the key itself stays as it is */
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(back);
    buf_fini(&plain);
    buf_fini(&compressed);
}
END_TEST

START_TEST(public_key_over_the_maximum_is_a_limit)
{
    struct buf small = BUF_INIT(50);
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    ck_fails(evp_public(pkey, &small, &err), ERR_LIMIT);
    EVP_PKEY_free(pkey);
    buf_fini(&small);
}
END_TEST

START_TEST(pkcs8_is_read_to_the_last_octet)
{
    struct secret pkcs8, longer;
    EVP_PKEY *pkey = EVP_EC_gen("P-256"), *back;
    ck_ok(evp_write_pkcs8(pkey, &pkcs8, &err));
    ck_ok(evp_read_pkcs8(&pkcs8, &back, &err));
    ck_assert_int_eq(EVP_PKEY_eq(pkey, back), 1);
    EVP_PKEY_free(back);
    for (size_t n = 0; n < pkcs8.len; n++) {
        struct secret cut = {.ptr = pkcs8.ptr, .len = n};
        ck_fails(evp_read_pkcs8(&cut, &back, &err), ERR_SYNTAX);
        ck_assert_ptr_null(back);
    }
    ck_ok(secret_init(&longer, pkcs8.len + 1, &err));
    memcpy(longer.ptr, pkcs8.ptr, pkcs8.len);
    ck_fails(evp_read_pkcs8(&longer, &back, &err), ERR_SYNTAX);
    secret_fini(&pkcs8);
    secret_fini(&longer);
    EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(unsupported_private_keys_are_said_so)
{
    struct secret pkcs8;
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), *back;
    ck_ok(evp_write_pkcs8(pkey, &pkcs8, &err));
    ck_fails(evp_read_pkcs8(&pkcs8, &back, &err), ERR_UNSUPPORTED);
    secret_fini(&pkcs8);
    EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(public_half_alone_is_no_private_key)
{
    struct secret pkcs8 = {0};
    EVP_PKEY *pkey = keys_rsa_public(2048, "010001");
    ck_fails(evp_write_pkcs8(pkey, &pkcs8, &err), ERR_CRYPTO);
    ck_assert_ptr_null(pkcs8.ptr);
    EVP_PKEY_free(pkey);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/evp");
    TCase *c = tcase_create("evp");
    tcase_add_loop_test(c, rsa_keys_are_usable_within_bounds, 0, SEAL_COUNT(rsa));
    tcase_add_loop_test(c, three_curves_are_usable, 0, SEAL_COUNT(curves));
    tcase_add_test(c, other_types_are_not_usable);
    tcase_add_test(c, explicit_curve_parameters_are_not_usable);
    tcase_add_test(c, one_key_has_one_public_form);
    tcase_add_test(c, public_key_over_the_maximum_is_a_limit);
    tcase_add_test(c, pkcs8_is_read_to_the_last_octet);
    tcase_add_test(c, unsupported_private_keys_are_said_so);
    tcase_add_test(c, public_half_alone_is_no_private_key);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
