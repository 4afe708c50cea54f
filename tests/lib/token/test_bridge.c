/* What OpenSSL may do with a key of the bridge, and what not. The judge is OpenSSL's own implementation with the same key. */
#include "support/check.h"
#include "support/keys.h"
#include "support/proxy_key.h"

#include "token/bridge.h"
#include "token/evp.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <string.h>

static struct err err;
static struct key *rsa, *ec;
static EVP_PKEY *rsa_own, *ec_own; /* the same keys as OpenSSL has them */

static struct key *proxied(EVP_PKEY *pkey)
{
    struct secret pkcs8;
    ck_ok(evp_write_pkcs8(pkey, &pkcs8, &err));
    struct key *key = keys_soft(&pkcs8);
    secret_fini(&pkcs8);
    return proxy_key(key);
}

static void setup(void)
{
    rsa_own = keys_load("rsa2048-1");
    ec_own = EVP_EC_gen("P-256");
    rsa = proxied(rsa_own);
    ec = proxied(ec_own);
}

static void teardown(void)
{
    key_free(&rsa);
    key_free(&ec);
    EVP_PKEY_free(rsa_own);
    EVP_PKEY_free(ec_own);
}

static EVP_PKEY *bridged(struct key *key)
{
    EVP_PKEY *pkey = token_evp(key, &err);
    ck_assert_msg(pkey != NULL, "%s", err.msg);
    return pkey;
}

/* ---- the key ---- */

START_TEST(key_shows_its_public_half)
{
    char group[20];
    BIGNUM *n = NULL, *same = NULL;
    ck_assert_int_eq(EVP_PKEY_eq(bridged(rsa), rsa_own), 1);
    ck_assert_int_eq(EVP_PKEY_eq(ec_own, bridged(ec)), 1);
    ck_assert_int_ne(EVP_PKEY_eq(bridged(rsa), ec_own), 1);
    ck_assert_int_eq(EVP_PKEY_get_size(bridged(rsa)), 256);
    ck_assert_int_eq(EVP_PKEY_get_bits(bridged(ec)), 256);
    ck_assert_int_eq(EVP_PKEY_get_id(bridged(ec)), EVP_PKEY_EC);
    ck_assert_int_eq(EVP_PKEY_get_group_name(bridged(ec), group, sizeof group, NULL), 1);
    ck_assert_str_eq(group, "prime256v1");
    ck_assert_int_eq(EVP_PKEY_get_bn_param(bridged(rsa), OSSL_PKEY_PARAM_RSA_N, &n), 1);
    ck_assert_int_eq(EVP_PKEY_get_bn_param(rsa_own, OSSL_PKEY_PARAM_RSA_N, &same), 1);
    ck_assert_int_eq(BN_cmp(n, same), 0);
    BN_free(n);
    BN_free(same);
}
END_TEST

START_TEST(other_keys_are_not_equal)
{
    EVP_PKEY *other_rsa = keys_load("rsa2048-2"), *other_ec = EVP_EC_gen("P-256");
    ck_assert_int_eq(EVP_PKEY_eq(bridged(rsa), other_rsa), 0);
    ck_assert_int_eq(EVP_PKEY_eq(bridged(ec), other_ec), 0);
    EVP_PKEY_free(other_rsa);
    EVP_PKEY_free(other_ec);
}
END_TEST

START_TEST(private_half_is_not_given_out)
{
    EVP_PKEY *const keys[] = {bridged(rsa), bridged(ec)};
    for (size_t i = 0; i < SEAL_COUNT(keys); i++) {
        OSSL_PARAM *params = NULL;
        BIGNUM *d = NULL;
        ck_assert_int_ne(EVP_PKEY_todata(keys[i], EVP_PKEY_KEYPAIR, &params), 1);
        ck_assert_int_eq(EVP_PKEY_todata(keys[i], EVP_PKEY_PUBLIC_KEY, &params), 1);
        ck_assert_ptr_null(OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_RSA_D));
        ck_assert_ptr_null(OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_PRIV_KEY));
        OSSL_PARAM_free(params);
        ck_assert_ptr_null(EVP_PKEY2PKCS8(keys[i]));
        ck_assert_int_ne(EVP_PKEY_get_bn_param(keys[i], OSSL_PKEY_PARAM_RSA_D, &d), 1);
        ck_assert_int_ne(EVP_PKEY_get_bn_param(keys[i], OSSL_PKEY_PARAM_PRIV_KEY, &d), 1);
    }
}
END_TEST

START_TEST(nobody_else_finds_the_provider)
{
    ck_assert_ptr_nonnull(bridged(rsa));
    ck_assert_int_eq(OSSL_PROVIDER_available(NULL, "sealmilter"), 0);
    ck_assert_ptr_null(EVP_SIGNATURE_fetch(NULL, "RSA", "provider=sealmilter"));
}
END_TEST

START_TEST(key_of_another_type_than_its_public_half_is_refused)
{
    EVP_PKEY *out;
    ck_fails(bridge_pkey(rsa, ec_own, &out, &err), ERR_UNSUPPORTED);
    ck_assert_ptr_null(out);
    ck_fails(bridge_pkey(ec, rsa_own, &out, &err), ERR_UNSUPPORTED);
    ck_assert_ptr_null(out);
}
END_TEST

/* ---- signing ---- */

static const struct {
    bool is_ec;
    const char *digest;
    int padding, salt;
    bool signs;
} signing[] = {
    {false, "SHA256", RSA_PKCS1_PADDING, 0, true},
    {false, "SHA384", RSA_PKCS1_PADDING, 0, true},
    {false, "SHA512", RSA_PKCS1_PADDING, 0, true},
    {false, "SHA1", RSA_PKCS1_PADDING, 0, false},
    {false, "SHA224", RSA_PKCS1_PADDING, 0, false},
    {false, "SHA256", RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST, true},
    {false, "SHA384", RSA_PKCS1_PSS_PADDING, 48, true},
    {false, "SHA512", RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_AUTO, true},
    {false, "SHA256", RSA_PKCS1_PSS_PADDING, 20, false},
    {false, "SHA256", RSA_PKCS1_PSS_PADDING, 0, false},
    {false, "SHA256", RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_MAX, false},
    {true, "SHA256", 0, 0, true},
    {true, "SHA384", 0, 0, true},
    {true, "SHA512", 0, 0, true},
    {true, "SHA1", 0, 0, false},
};

static size_t sign_text(int i, unsigned char *sig, size_t room)
{
    EVP_PKEY_CTX *pctx;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = room;
    EVP_PKEY *pkey = bridged(signing[i].is_ec ? ec : rsa);
    ck_assert_int_eq(EVP_DigestSignInit_ex(ctx, &pctx, signing[i].digest, NULL, NULL, pkey, NULL), 1);
    if (signing[i].padding != 0)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(pctx, signing[i].padding), 1);
    if (signing[i].padding == RSA_PKCS1_PSS_PADDING)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, signing[i].salt), 1);
    ck_assert_int_eq(EVP_DigestSignUpdate(ctx, "te", 2), 1);
    ck_assert_int_eq(EVP_DigestSignUpdate(ctx, "xt", 2), 1);
    int done = EVP_DigestSignFinal(ctx, sig, &len);
    EVP_MD_CTX_free(ctx);
    return done == 1 ? len : 0;
}

START_TEST(signatures_verify_by_openssl_or_are_refused)
{
    unsigned char sig[512];
    EVP_PKEY_CTX *pctx;
    size_t len = sign_text(_i, sig, sizeof sig);
    ck_assert_int_eq(len != 0, signing[_i].signs);
    if (len == 0)
        return;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY *own = signing[_i].is_ec ? ec_own : rsa_own;
    ck_assert_int_eq(EVP_DigestVerifyInit_ex(ctx, &pctx, signing[_i].digest, NULL, NULL, own, NULL), 1);
    if (signing[_i].padding != 0)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(pctx, signing[_i].padding), 1);
    if (signing[_i].padding == RSA_PKCS1_PSS_PADDING)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST), 1);
    ck_assert_int_eq(EVP_DigestVerify(ctx, sig, len, (const unsigned char *)"text", 4), 1);
    EVP_MD_CTX_free(ctx);
}
END_TEST

static size_t algorithm_of(EVP_PKEY *pkey, int i, unsigned char *out, size_t room)
{
    EVP_PKEY_CTX *pctx;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, out, room),
                           OSSL_PARAM_construct_end()};
    ck_assert_int_eq(EVP_DigestSignInit_ex(ctx, &pctx, signing[i].digest, NULL, NULL, pkey, NULL), 1);
    if (signing[i].padding != 0)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(pctx, signing[i].padding), 1);
    if (signing[i].padding == RSA_PKCS1_PSS_PADDING)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_get_params(pctx, params), 1);
    EVP_MD_CTX_free(ctx);
    return params[0].return_size;
}

/* OpenSSL's own leaves the NULL behind a hash out, which RFC 4055 2.1 allows; decoded both mean the same. */
START_TEST(algorithm_identifiers_are_those_of_openssl)
{
    unsigned char ours[200], theirs[200];
    const unsigned char *p = ours, *q = theirs;
    if (!signing[_i].signs)
        return;
    size_t n = algorithm_of(bridged(signing[_i].is_ec ? ec : rsa), _i, ours, sizeof ours);
    size_t m = algorithm_of(signing[_i].is_ec ? ec_own : rsa_own, _i, theirs, sizeof theirs);
    X509_ALGOR *one = d2i_X509_ALGOR(NULL, &p, (long)n), *two = d2i_X509_ALGOR(NULL, &q, (long)m);
    ck_assert(one != NULL && two != NULL && p == ours + n);
    ck_assert_int_eq(OBJ_obj2nid(one->algorithm), OBJ_obj2nid(two->algorithm));
    if (signing[_i].padding == RSA_PKCS1_PSS_PADDING) {
        RSA_PSS_PARAMS *pss = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), one->parameter);
        const EVP_MD *md = EVP_get_digestbyname(signing[_i].digest);
        ck_assert_int_eq(OBJ_obj2nid(pss->hashAlgorithm->algorithm), EVP_MD_get_type(md));
        ck_assert_int_eq(OBJ_obj2nid(pss->maskGenAlgorithm->algorithm), NID_mgf1);
        ck_assert_int_eq(ASN1_INTEGER_get(pss->saltLength), EVP_MD_get_size(md));
        RSA_PSS_PARAMS_free(pss);
    } else {
        ck_assert_uint_eq(n, m);
        ck_assert_mem_eq(ours, theirs, n);
    }
    X509_ALGOR_free(one);
    X509_ALGOR_free(two);
}
END_TEST

START_TEST(a_hash_is_signed_too)
{
    unsigned char hash[32] = {1, 2, 3}, sig[512];
    size_t len = sizeof sig;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bridged(rsa), NULL), *judge = EVP_PKEY_CTX_new(rsa_own, NULL);
    ck_assert_int_eq(EVP_PKEY_sign_init(ctx), 1);
    ck_assert_int_ne(EVP_PKEY_sign(ctx, sig, &len, hash, sizeof hash), 1); /* which digest? */
    ck_assert_int_eq(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
    ck_assert_int_ne(EVP_PKEY_sign(ctx, sig, &len, hash, 31), 1);
    len = sizeof sig;
    ck_assert_int_eq(EVP_PKEY_sign(ctx, sig, &len, hash, sizeof hash), 1);
    ck_assert_int_eq(EVP_PKEY_verify_init(judge), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_signature_md(judge, EVP_sha256()), 1);
    ck_assert_int_eq(EVP_PKEY_verify(judge, sig, len, hash, sizeof hash), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_CTX_free(judge);
}
END_TEST

START_TEST(there_is_no_raw_rsa)
{
    static const int paddings[] = {RSA_NO_PADDING, RSA_X931_PADDING};
    for (size_t i = 0; i < SEAL_COUNT(paddings); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bridged(rsa), NULL);
        ck_assert_int_eq(EVP_PKEY_sign_init(ctx), 1);
        ck_assert_int_ne(EVP_PKEY_CTX_set_rsa_padding(ctx, paddings[i]), 1);
        ck_assert_int_eq(EVP_PKEY_decrypt_init(ctx), 1);
        ck_assert_int_ne(EVP_PKEY_CTX_set_rsa_padding(ctx, paddings[i]), 1);
        EVP_PKEY_CTX_free(ctx);
    }
    ck_assert_uint_eq(proxy_asked(rsa), 0);
}
END_TEST

/* ---- decrypting ---- */

static const struct {
    int padding;
    const char *digest, *mask, *label; /* NULL: not said */
    bool opens;
} wrapping[] = {
    {RSA_PKCS1_PADDING, NULL, NULL, NULL, true},
    {RSA_PKCS1_OAEP_PADDING, NULL, NULL, NULL, true},
    {RSA_PKCS1_OAEP_PADDING, "SHA1", NULL, NULL, true},
    {RSA_PKCS1_OAEP_PADDING, "SHA256", NULL, NULL, true},
    {RSA_PKCS1_OAEP_PADDING, "SHA384", "SHA384", NULL, true},
    {RSA_PKCS1_OAEP_PADDING, "SHA512", NULL, NULL, true},
    {RSA_PKCS1_OAEP_PADDING, "SHA256", "SHA1", NULL, true},
    {RSA_PKCS1_OAEP_PADDING, "SHA512", "SHA1", NULL, true},
    {RSA_PKCS1_OAEP_PADDING, "SHA1", "SHA256", NULL, false},
    {RSA_PKCS1_OAEP_PADDING, "SHA224", NULL, NULL, false},
    {RSA_PKCS1_OAEP_PADDING, "SHA256", NULL, "label", false},
};

static EVP_PKEY_CTX *wrapping_ctx(EVP_PKEY *pkey, int i, int (*init)(EVP_PKEY_CTX *), int *said_out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    *said_out = init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, wrapping[i].padding) == 1;
    if (wrapping[i].digest != NULL)
        *said_out &= EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_get_digestbyname(wrapping[i].digest)) == 1;
    if (wrapping[i].mask != NULL)
        *said_out &= EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_get_digestbyname(wrapping[i].mask)) == 1;
    if (wrapping[i].label == NULL)
        return ctx;
    char *label = OPENSSL_strdup(wrapping[i].label);
    if (EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)strlen(label)) == 1)
        return ctx;
    OPENSSL_free(label);
    *said_out = 0;
    return ctx;
}

START_TEST(what_openssl_wraps_is_unwrapped_or_refused)
{
    unsigned char wrapped[256], out[256];
    size_t n = sizeof wrapped, len = sizeof out;
    int said;
    EVP_PKEY_CTX *ctx = wrapping_ctx(rsa_own, _i, EVP_PKEY_encrypt_init, &said);
    ck_assert(said);
    ck_assert_int_eq(EVP_PKEY_encrypt(ctx, wrapped, &n, (const unsigned char *)"a content key", 13), 1);
    EVP_PKEY_CTX_free(ctx);
    ctx = wrapping_ctx(bridged(rsa), _i, EVP_PKEY_decrypt_init, &said);
    bool opened = said && EVP_PKEY_decrypt(ctx, out, &len, wrapped, n) == 1;
    ck_assert_int_eq(opened, wrapping[_i].opens);
    if (opened) {
        ck_assert_uint_eq(len, 13);
        ck_assert_mem_eq(out, "a content key", 13);
        ck_assert_int_ne(EVP_PKEY_decrypt(ctx, out, &len, wrapped, n - 1), 1);
        len = 12;
        ck_assert_int_ne(EVP_PKEY_decrypt(ctx, out, &len, wrapped, n), 1); /* no room */
    }
    EVP_PKEY_CTX_free(ctx);
}
END_TEST

/* ---- agreeing ---- */

static const struct {
    const char *curve, *digest; /* NULL: the secret itself */
    int cofactor;
} agreeing[] = {
    {"P-256", NULL, 0},     {"P-384", NULL, 0},     {"P-521", NULL, 1},     {"P-256", "SHA1", 0},
    {"P-256", "SHA224", 1}, {"P-256", "SHA256", 0}, {"P-384", "SHA384", 1}, {"P-521", "SHA512", 0},
};

static size_t agree(EVP_PKEY *mine, EVP_PKEY *peer, int i, unsigned char *out, size_t room)
{
    size_t len = room;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(mine, NULL);
    ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_derive_set_peer(ctx, peer), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_ecdh_cofactor_mode(ctx, agreeing[i].cofactor), 1);
    if (agreeing[i].digest != NULL) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_ecdh_kdf_type(ctx, EVP_PKEY_ECDH_KDF_X9_63), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_get_digestbyname(agreeing[i].digest)), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_ecdh_kdf_outlen(ctx, 24), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set0_ecdh_kdf_ukm(ctx, OPENSSL_memdup("info", 4), 4), 1);
    }
    ck_assert_int_eq(EVP_PKEY_derive(ctx, out, &len), 1);
    EVP_PKEY_CTX_free(ctx);
    return len;
}

START_TEST(agreed_keys_are_those_of_openssl)
{
    unsigned char one[100], two[100];
    EVP_PKEY *own = EVP_EC_gen(agreeing[_i].curve), *peer = EVP_EC_gen(agreeing[_i].curve);
    struct key *key = proxied(own);
    size_t n = agree(bridged(key), peer, _i, one, sizeof one);
    size_t m = agree(own, peer, _i, two, sizeof two);
    ck_assert_uint_eq(n, m);
    ck_assert_mem_eq(one, two, n);
    key_free(&key);
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
}
END_TEST

/* As CMS makes a peer whose curve is not named: our parameters, his point, in either form. */
static EVP_PKEY *peer_of(const unsigned char *point, size_t n)
{
    EVP_PKEY *peer = EVP_PKEY_new();
    ck_assert_int_eq(EVP_PKEY_copy_parameters(peer, bridged(ec)), 1);
    if (EVP_PKEY_set1_encoded_public_key(peer, point, n) == 1)
        return peer;
    EVP_PKEY_free(peer);
    return NULL;
}

START_TEST(point_of_a_message_becomes_a_peer)
{
    unsigned char *point, expected[32], got[32];
    EVP_PKEY *own = EVP_EC_gen("P-256");
    ck_assert_uint_eq(EVP_PKEY_get1_encoded_public_key(own, &point), 65);
    ck_assert_uint_eq(agree(own, ec_own, 0, expected, sizeof expected), 32);
    EVP_PKEY *peer = peer_of(point, 65);
    ck_assert_uint_eq(agree(bridged(ec), peer, 0, got, sizeof got), 32);
    ck_assert_mem_eq(got, expected, 32);
    EVP_PKEY_free(peer);
    point[64] ^= 1; /* off the curve */
    ck_assert_ptr_null(peer_of(point, 65));
    point[0] = (unsigned char)(2 + ((point[64] ^ 1) & 1)); /* compressed */
    peer = peer_of(point, 33);
    ck_assert_uint_eq(agree(bridged(ec), peer, 0, got, sizeof got), 32);
    ck_assert_mem_eq(got, expected, 32);
    EVP_PKEY_free(peer);
    OPENSSL_free(point);
    EVP_PKEY_free(own);
}
END_TEST

START_TEST(copy_of_parameters_is_no_peer_before_it_has_a_point)
{
    EVP_PKEY *peer = EVP_PKEY_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bridged(ec), NULL);
    ck_assert_int_eq(EVP_PKEY_copy_parameters(peer, bridged(ec)), 1);
    ck_assert_int_eq(EVP_PKEY_parameters_eq(peer, bridged(ec)), 1);
    ck_assert_int_ne(EVP_PKEY_eq(peer, ec_own), 1);
    ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
    ck_assert_int_ne(EVP_PKEY_derive_set_peer(ctx, peer), 1);
    ck_assert_ptr_null(EVP_PKEY_dup(bridged(ec))); /* the private half is not copied either */
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
}
END_TEST

START_TEST(peers_that_fit_no_agreement_are_refused)
{
    EVP_PKEY *const peers[] = {EVP_EC_gen("P-384"), peer_of((const unsigned char *)"", 1) /* infinity */};
    for (size_t i = 0; i < SEAL_COUNT(peers); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bridged(ec), NULL);
        ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
        ck_assert_int_ne(EVP_PKEY_derive_set_peer(ctx, peers[i]), 1);
        EVP_PKEY_CTX_free(ctx);
        EVP_PKEY_free(peers[i]);
    }
}
END_TEST

START_TEST(point_of_our_own_key_cannot_be_replaced)
{
    unsigned char *point;
    EVP_PKEY *other = EVP_EC_gen("P-256");
    size_t n = EVP_PKEY_get1_encoded_public_key(other, &point);
    ck_assert_int_ne(EVP_PKEY_set1_encoded_public_key(bridged(ec), point, n), 1);
    ck_assert_int_eq(EVP_PKEY_eq(bridged(ec), ec_own), 1);
    OPENSSL_free(point);
    EVP_PKEY_free(other);
}
END_TEST

/* ---- failures ---- */

static const struct {
    enum err_code code;
    bool is_fault;
} failures[] = {{ERR_BUSY, true},         {ERR_IO, true},      {ERR_CONFIG, true},
                {ERR_CRYPTO, false},      {ERR_SYNTAX, false}, {ERR_LIMIT, false},
                {ERR_UNSUPPORTED, false}, {ERR_ABSENT, false}, {ERR_KEY_UNUSABLE, false}};

START_TEST(backend_failures_are_kept_and_told_apart)
{
    unsigned char sig[512];
    bridge_begin();
    ck_ok(bridge_failure(&err));
    proxy_fail(rsa, failures[_i].code);
    ck_assert_uint_eq(sign_text(0, sig, sizeof sig), 0);
    if (failures[_i].is_fault)
        ck_fails(bridge_fault(&err), failures[_i].code);
    else
        ck_ok(bridge_fault(&err));
    ck_fails(bridge_failure(&err), failures[_i].code);
    bridge_begin();
    ck_ok(bridge_failure(&err));
    proxy_fail(rsa, ERR_NONE);
    ck_assert_uint_ne(sign_text(0, sig, sizeof sig), 0);
    ck_ok(bridge_failure(&err));
}
END_TEST

START_TEST(temporary_failure_is_not_hidden_by_an_earlier_one)
{
    unsigned char sig[512];
    bridge_begin();
    proxy_fail(rsa, ERR_CRYPTO);
    ck_assert_uint_eq(sign_text(0, sig, sizeof sig), 0);
    proxy_fail(rsa, ERR_BUSY);
    ck_assert_uint_eq(sign_text(0, sig, sizeof sig), 0);
    ck_fails(bridge_fault(&err), ERR_BUSY);
}
END_TEST

/* ---- threads ---- */

static void *sign_much(void *arg)
{
    (void)arg;
    unsigned char sig[512];
    intptr_t failed = 0;
    struct err mine = ERR_INIT;
    bridge_begin();
    for (int i = 0; i < 20; i++) {
        failed += token_evp(rsa, &mine) == NULL || sign_text(0, sig, sizeof sig) == 0;
        failed += token_evp(ec, &mine) == NULL || sign_text(11, sig, sizeof sig) == 0;
    }
    return (void *)(failed + (bridge_failure(&mine) < 0));
}

START_TEST(one_key_is_operated_by_eight_threads)
{
    pthread_t threads[8];
    void *failed;
    for (size_t i = 0; i < SEAL_COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_much, NULL), 0);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++) {
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/bridge");
    TCase *c = tcase_create("bridge");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, key_shows_its_public_half);
    tcase_add_test(c, other_keys_are_not_equal);
    tcase_add_test(c, private_half_is_not_given_out);
    tcase_add_test(c, nobody_else_finds_the_provider);
    tcase_add_test(c, key_of_another_type_than_its_public_half_is_refused);
    tcase_add_loop_test(c, signatures_verify_by_openssl_or_are_refused, 0, SEAL_COUNT(signing));
    tcase_add_loop_test(c, algorithm_identifiers_are_those_of_openssl, 0, SEAL_COUNT(signing));
    tcase_add_test(c, a_hash_is_signed_too);
    tcase_add_test(c, there_is_no_raw_rsa);
    tcase_add_loop_test(c, what_openssl_wraps_is_unwrapped_or_refused, 0, SEAL_COUNT(wrapping));
    tcase_add_loop_test(c, agreed_keys_are_those_of_openssl, 0, SEAL_COUNT(agreeing));
    tcase_add_test(c, copy_of_parameters_is_no_peer_before_it_has_a_point);
    tcase_add_test(c, peers_that_fit_no_agreement_are_refused);
    tcase_add_test(c, point_of_a_message_becomes_a_peer);
    tcase_add_test(c, point_of_our_own_key_cannot_be_replaced);
    tcase_add_loop_test(c, backend_failures_are_kept_and_told_apart, 0, SEAL_COUNT(failures));
    tcase_add_test(c, temporary_failure_is_not_hidden_by_an_earlier_one);
    tcase_add_test(c, one_key_is_operated_by_eight_threads);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
