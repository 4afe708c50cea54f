/* conformance - claims on keys: sign, unwrap, agree, refuse. */
#include "conformance.h"

#include "support/keys.h"
#include "support/signing.h"
#include "token/evp.h"

#include <openssl/rsa.h>
#include <pthread.h>
#include <string.h>

#define RSA_MAX 512 /* octets of the largest modulus here */

const struct backend *conformance_backend;
static struct err err;

static const struct {
    const char *file, *curve;
    enum key_type type;
    unsigned bits;
} kinds[KINDS] = {
    [KIND_RSA2048] = {"rsa2048-1", NULL, KEY_RSA, 2048}, [KIND_RSA3072] = {"rsa3072", NULL, KEY_RSA, 3072},
    [KIND_RSA4096] = {"rsa4096", NULL, KEY_RSA, 4096},   [KIND_P256] = {NULL, "P-256", KEY_EC_P256, 256},
    [KIND_P384] = {NULL, "P-384", KEY_EC_P384, 384},     [KIND_P521] = {NULL, "P-521", KEY_EC_P521, 521},
};

static struct {
    const char *owner;
    enum kind kind;
    struct buf public, wrapped;
} sealed[KINDS + 2];

void conformance_pkcs8(enum kind kind, struct secret *out)
{
    EVP_PKEY *pkey = kinds[kind].file != NULL ? keys_load(kinds[kind].file) : EVP_EC_gen(kinds[kind].curve);
    ck_ok(evp_write_pkcs8(pkey, out, &err));
    EVP_PKEY_free(pkey);
}

static void start(void)
{
    conformance_backend->start();
    for (size_t i = 0; i < SEAL_COUNT(sealed); i++) {
        sealed[i].owner = i < KINDS ? ALICE : i == KINDS ? DOMAIN : ROOT;
        sealed[i].kind = i < KINDS ? (enum kind)i : KIND_P256;
        sealed[i].public = (struct buf)BUF_INIT(8192);
        sealed[i].wrapped = (struct buf)BUF_INIT(WRAP_MAX);
        conformance_backend->seal(sealed[i].owner, sealed[i].kind, &sealed[i].public, &sealed[i].wrapped);
    }
}

static void stop(void)
{
    conformance_backend->stop();
    for (size_t i = 0; i < SEAL_COUNT(sealed); i++) {
        buf_fini(&sealed[i].public);
        buf_fini(&sealed[i].wrapped);
    }
}

void conformance_fixture(TCase *tcase)
{
    tcase_add_unchecked_fixture(tcase, start, stop);
}

struct sealed_key conformance_sealed(const char *owner, enum kind kind)
{
    for (size_t i = 0; i < SEAL_COUNT(sealed); i++)
        if (strcmp(sealed[i].owner, owner) == 0 && sealed[i].kind == kind)
            return (struct sealed_key){owner, buf_span(&sealed[i].public), buf_span(&sealed[i].wrapped)};
    ck_abort_msg("no key of %s", owner);
    return (struct sealed_key){NULL, {NULL, 0}, {NULL, 0}};
}

static int open_for(const struct sealed_key *key, const char *addr, struct key **out)
{
    return conformance_backend->open(key, addr, out, &err);
}

struct key *conformance_open(enum kind kind)
{
    struct sealed_key alices = conformance_sealed(ALICE, kind);
    struct key *key;
    ck_ok(open_for(&alices, ALICE, &key));
    return key;
}

EVP_PKEY *conformance_public(enum kind kind)
{
    struct sealed_key alices = conformance_sealed(ALICE, kind);
    return signing_public(alices.public_key);
}

static struct span octets(const void *p, size_t n)
{
    return (struct span){p, n};
}

START_TEST(key_is_what_was_sealed)
{
    struct sealed_key alices = conformance_sealed(ALICE, (enum kind)_i);
    struct key *key = conformance_open((enum kind)_i);
    ck_assert(span_eq(key_public(key), alices.public_key));
    ck_assert_int_eq(key_type_of(key), kinds[_i].type);
    ck_assert_uint_eq(key_bits(key), kinds[_i].bits);
    key_free(&key);
}
END_TEST

/* ---- signing ---- */

static const struct {
    enum kind kind;
    enum sign_padding padding;
} signing[] = {
    {KIND_RSA2048, SIGN_PKCS1}, {KIND_RSA2048, SIGN_PSS},   {KIND_RSA3072, SIGN_PKCS1},
    {KIND_RSA3072, SIGN_PSS},   {KIND_RSA4096, SIGN_PKCS1}, {KIND_RSA4096, SIGN_PSS},
    {KIND_P256, SIGN_ECDSA},    {KIND_P384, SIGN_ECDSA},    {KIND_P521, SIGN_ECDSA},
};

START_TEST(signatures_verify)
{
    struct key *key = conformance_open(signing[_i].kind);
    signing_check(key, signing[_i].padding);
    key_free(&key);
}
END_TEST

static struct span hash_text(unsigned char out[EVP_MAX_MD_SIZE])
{
    unsigned n;
    EVP_Digest("text", 4, out, &n, EVP_sha256(), NULL);
    return octets(out, n);
}

START_TEST(signature_without_room_is_refused)
{
    struct key *key = conformance_open(KIND_RSA2048);
    unsigned char hash[EVP_MAX_MD_SIZE], sig[255];
    size_t len = sizeof sig;
    ck_fails(key_sign(key, DIGEST_SHA256, SIGN_PKCS1, hash_text(hash), sig, &len, &err), ERR_CRYPTO);
    key_free(&key);
}
END_TEST

START_TEST(questions_that_do_not_fit_the_key_are_refused)
{
    struct key *rsa = conformance_open(KIND_RSA2048), *ec = conformance_open(KIND_P256);
    unsigned char hash[64] = {0}, sig[RSA_MAX];
    size_t len = sizeof sig;
    struct secret out;
    struct span h = octets(hash, 32);
    ck_fails(key_sign(rsa, DIGEST_SHA256, SIGN_ECDSA, h, sig, &len, &err), ERR_KEY_UNUSABLE);
    ck_fails(key_sign(ec, DIGEST_SHA256, SIGN_PKCS1, h, sig, &len, &err), ERR_KEY_UNUSABLE);
    ck_fails(key_sign(ec, DIGEST_SHA256, SIGN_PSS, h, sig, &len, &err), ERR_KEY_UNUSABLE);
    ck_fails(key_sign(rsa, DIGEST_SHA384, SIGN_PKCS1, h, sig, &len, &err), ERR_BUG);
    ck_fails(key_sign(rsa, DIGEST_SHA1, SIGN_PKCS1, octets(hash, 20), sig, &len, &err), ERR_UNSUPPORTED);
    ck_fails(key_decrypt(ec, WRAP_PKCS1, DIGEST_SHA1, h, &out, &err), ERR_KEY_UNUSABLE);
    ck_fails(key_derive(rsa, h, &out, &err), ERR_KEY_UNUSABLE);
    key_free(&rsa);
    key_free(&ec);
}
END_TEST

/* ---- unwrapping ---- */

static const unsigned char content_key[] = "a content key of thirty-two octets";

static struct span wrap(EVP_PKEY *public, int padding, const char *digest, const char *mask, const void *text,
                        size_t n, unsigned char out[RSA_MAX])
{
    size_t len = RSA_MAX;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(public, NULL);
    ck_assert_int_eq(EVP_PKEY_encrypt_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
    if (digest != NULL) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_get_digestbyname(digest)), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_get_digestbyname(mask)), 1);
    }
    ck_assert_int_eq(EVP_PKEY_encrypt(ctx, out, &len, text, n), 1);
    EVP_PKEY_CTX_free(ctx);
    return octets(out, len);
}

START_TEST(pkcs1_unwraps_keys_of_every_length)
{
    struct key *key = conformance_open((enum kind)_i);
    EVP_PKEY *public = conformance_public((enum kind)_i);
    static const size_t lengths[] = {5, 16, 24, 32};
    for (size_t i = 0; i < SEAL_COUNT(lengths); i++) {
        unsigned char room[RSA_MAX];
        struct secret out;
        struct span wrapped = wrap(public, RSA_PKCS1_PADDING, NULL, NULL, content_key, lengths[i], room);
        ck_ok(key_decrypt(key, WRAP_PKCS1, DIGEST_SHA1, wrapped, &out, &err));
        ck_assert_uint_eq(out.len, lengths[i]);
        ck_assert_mem_eq(out.ptr, content_key, lengths[i]);
        secret_fini(&out);
    }
    EVP_PKEY_free(public);
    key_free(&key);
}
END_TEST

static void reject(struct key *key, struct span wrapped, unsigned char out[KEY_REJECT_SIZE])
{
    struct secret secret;
    ck_ok(key_decrypt(key, WRAP_PKCS1, DIGEST_SHA1, wrapped, &secret, &err));
    ck_assert_uint_eq(secret.len, KEY_REJECT_SIZE);
    memcpy(out, secret.ptr, secret.len);
    secret_fini(&secret);
}

/* Padded blocks that are wrong in one thing each; the octets that count: the first two, and one of the padding. */
static const struct {
    unsigned char first, second, eighth;
    bool separator;
} wrong[] = {{0, 1, 0xff, true}, {1, 2, 0xff, true}, {0, 2, 0x00, true}, {0, 2, 0xff, false}};

START_TEST(wrong_padding_looks_like_success_and_asking_twice_tells_nothing)
{
    struct key *key = conformance_open((enum kind)_i), *again = conformance_open((enum kind)_i);
    EVP_PKEY *public = conformance_public((enum kind)_i);
    size_t n = (size_t)EVP_PKEY_get_size(public);
    unsigned char last[KEY_REJECT_SIZE] = {0};
    for (size_t i = 0; i < SEAL_COUNT(wrong); i++) {
        unsigned char block[RSA_MAX], room[RSA_MAX], one[KEY_REJECT_SIZE], two[KEY_REJECT_SIZE];
        memset(block, 0xff, sizeof block);
        block[0] = wrong[i].first;
        block[1] = wrong[i].second;
        block[7] = wrong[i].eighth;
        if (wrong[i].separator)
            block[n - 33] = 0;
        if (wrong[i].first != 0)
            memset(block + 1, 0, 1); /* below the modulus */
        struct span wrapped = wrap(public, RSA_NO_PADDING, NULL, NULL, block, n, room);
        reject(key, wrapped, one);
        reject(again, wrapped, two);
        ck_assert_mem_eq(one, two, sizeof one);
        ck_assert_mem_ne(one, last, sizeof one);
        ck_assert_mem_ne(one, block + n - KEY_REJECT_SIZE, sizeof one);
        memcpy(last, one, sizeof last);
    }
    EVP_PKEY_free(public);
    key_free(&key);
    key_free(&again);
}
END_TEST

static const struct {
    enum digest digest;
    const char *name;
    bool sha1_mask;
} oaep[] = {
    {DIGEST_SHA1, "SHA1", false},     {DIGEST_SHA256, "SHA256", false}, {DIGEST_SHA384, "SHA384", false},
    {DIGEST_SHA512, "SHA512", false}, {DIGEST_SHA256, "SHA256", true},  {DIGEST_SHA512, "SHA512", true},
};

START_TEST(oaep_unwraps_with_the_digest_that_was_named)
{
    struct key *key = conformance_open((enum kind)_i);
    EVP_PKEY *public = conformance_public((enum kind)_i);
    for (size_t i = 0; i < SEAL_COUNT(oaep); i++) {
        unsigned char room[RSA_MAX];
        struct secret out;
        struct span wrapped = wrap(public, RSA_PKCS1_OAEP_PADDING, oaep[i].name,
                                   oaep[i].sha1_mask ? "SHA1" : oaep[i].name, content_key, 32, room);
        enum wrap_padding padding = oaep[i].sha1_mask ? WRAP_OAEP_MGF1_SHA1 : WRAP_OAEP;
        ck_ok(key_decrypt(key, padding, oaep[i].digest, wrapped, &out, &err));
        ck_assert_uint_eq(out.len, 32);
        ck_assert_mem_eq(out.ptr, content_key, 32);
        secret_fini(&out);
        enum digest other = oaep[(i + 1) % 4].digest;
        ck_fails(key_decrypt(key, WRAP_OAEP, other, wrapped, &out, &err), ERR_CRYPTO);
        ck_assert_ptr_null(out.ptr);
    }
    EVP_PKEY_free(public);
    key_free(&key);
}
END_TEST

/* Whatever stands in a message: the answer is never one that says "try again", which would make it different from the others (R17). */
START_TEST(no_ciphertext_looks_like_a_temporary_failure)
{
    struct key *key = conformance_open(KIND_RSA2048);
    static const size_t lengths[] = {0, 1, 255, 256, 257, 512};
    static const unsigned char fill[] = {0x00, 0x01, 0x7f, 0xff};
    static const enum wrap_padding paddings[] = {WRAP_PKCS1, WRAP_OAEP, WRAP_OAEP_MGF1_SHA1};
    for (size_t i = 0; i < SEAL_COUNT(lengths) * SEAL_COUNT(fill) * SEAL_COUNT(paddings); i++) {
        unsigned char text[RSA_MAX];
        size_t n = lengths[i % SEAL_COUNT(lengths)];
        enum wrap_padding padding = paddings[i % SEAL_COUNT(paddings)];
        struct secret out;
        memset(text, fill[i / SEAL_COUNT(lengths) % SEAL_COUNT(fill)], sizeof text);
        int status = key_decrypt(key, padding, DIGEST_SHA256, octets(text, n), &out, &err);
        ck_assert_msg(status == 0 || err.code == ERR_CRYPTO, "%zu octets: %s", n, err.msg);
        ck_assert_msg(status < 0 || (padding == WRAP_PKCS1 && n == 256), "%zu octets", n);
        err_clear(&err);
        secret_fini(&out);
    }
    key_free(&key);
}
END_TEST

/* No content key is as short or as long; who sends it may see no other answer than to any other wrong one. */
START_TEST(keys_of_lengths_that_no_cipher_has_are_no_temporary_failure)
{
    static const size_t lengths[] = {0, 1, 65, 190};
    static const unsigned char text[200] = {0};
    struct key *key = conformance_open(KIND_RSA2048);
    EVP_PKEY *public = conformance_public(KIND_RSA2048);
    for (size_t i = 0; i < SEAL_COUNT(lengths); i++) {
        unsigned char room[RSA_MAX];
        struct secret out;
        struct span wrapped =
            wrap(public, RSA_PKCS1_OAEP_PADDING, "SHA256", "SHA256", text, lengths[i], room);
        int status = key_decrypt(key, WRAP_OAEP, DIGEST_SHA256, wrapped, &out, &err);
        ck_assert_msg(status == 0 ? out.len == lengths[i] : err.code == ERR_CRYPTO, "%s", err.msg);
        err_clear(&err);
        secret_fini(&out);
        wrapped = wrap(public, RSA_PKCS1_PADDING, NULL, NULL, text, lengths[i], room);
        ck_ok(key_decrypt(key, WRAP_PKCS1, DIGEST_SHA1, wrapped, &out, &err));
        ck_assert_uint_eq(out.len, lengths[i] == 1 ? 1 : KEY_REJECT_SIZE);
        secret_fini(&out);
    }
    EVP_PKEY_free(public);
    key_free(&key);
}
END_TEST

/* ---- agreeing ---- */

static EVP_PKEY *peer_of(enum kind kind, unsigned char **point_out, size_t *n_out)
{
    EVP_PKEY *peer = EVP_EC_gen(kinds[kind].curve);
    *n_out = EVP_PKEY_get1_encoded_public_key(peer, point_out);
    ck_assert_uint_gt(*n_out, 0);
    return peer;
}

START_TEST(both_sides_agree_on_the_same_secret)
{
    enum kind kind = (enum kind)_i;
    unsigned char *point, expected[66];
    size_t n, len = sizeof expected;
    struct secret got;
    struct key *key = conformance_open(kind);
    EVP_PKEY *public = conformance_public(kind), *peer = peer_of(kind, &point, &n);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(peer, NULL);
    ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_derive_set_peer(ctx, public), 1);
    ck_assert_int_eq(EVP_PKEY_derive(ctx, expected, &len), 1);
    ck_ok(key_derive(key, octets(point, n), &got, &err));
    ck_assert_uint_eq(got.len, len);
    ck_assert_mem_eq(got.ptr, expected, len);
    secret_fini(&got);
    OPENSSL_free(point);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(public);
    EVP_PKEY_free(peer);
    key_free(&key);
}
END_TEST

START_TEST(points_that_are_none_of_the_curve_are_refused)
{
    unsigned char *point, *foreign;
    size_t n, nforeign;
    struct secret out;
    struct key *key = conformance_open(KIND_P256);
    EVP_PKEY *peer = peer_of(KIND_P256, &point, &n), *other = peer_of(KIND_P384, &foreign, &nforeign);
    ck_fails(key_derive(key, octets(foreign, nforeign), &out, &err), ERR_CRYPTO);
    ck_fails(key_derive(key, octets("\0", 1), &out, &err), ERR_CRYPTO); /* infinity */
    ck_fails(key_derive(key, octets("", 0), &out, &err), ERR_CRYPTO);
    ck_fails(key_derive(key, octets(point, n - 1), &out, &err), ERR_CRYPTO);
    point[n - 1] ^= 1; /* off the curve */
    ck_fails(key_derive(key, octets(point, n), &out, &err), ERR_CRYPTO);
    ck_assert_ptr_null(out.ptr);
    OPENSSL_free(point);
    OPENSSL_free(foreign);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(other);
    key_free(&key);
}
END_TEST

/* ---- owners ---- */

START_TEST(key_serves_its_owner_alone)
{
    struct sealed_key alices = conformance_sealed(ALICE, KIND_P256);
    struct key *key;
    if (conformance_backend->has_no_owners)
        return;
    ck_fails(open_for(&alices, "bob@a.example", &key), ERR_KEY_UNUSABLE);
    ck_fails(open_for(&alices, "", &key), ERR_KEY_UNUSABLE);
    alices.owner = "bob@a.example"; /* stolen from the store */
    ck_fails(open_for(&alices, "bob@a.example", &key), ERR_CRYPTO);
    alices.owner = DOMAIN;
    ck_fails(open_for(&alices, ALICE, &key), ERR_CRYPTO);
}
END_TEST

START_TEST(key_is_bound_to_its_public_half)
{
    struct sealed_key one = conformance_sealed(ALICE, KIND_P256),
                      two = conformance_sealed(ALICE, KIND_RSA2048);
    struct key *key;
    if (conformance_backend->has_no_owners)
        return;
    one.public_key = two.public_key;
    ck_fails(open_for(&one, ALICE, &key), ERR_CRYPTO);
}
END_TEST

START_TEST(key_of_a_domain_serves_its_addresses_alone)
{
    struct sealed_key domains = conformance_sealed(DOMAIN, KIND_P256);
    unsigned char hash[EVP_MAX_MD_SIZE], sig[RSA_MAX];
    size_t len = sizeof sig;
    struct key *key;
    if (conformance_backend->has_no_owners)
        return;
    ck_ok(open_for(&domains, ALICE, &key));
    ck_ok(key_sign(key, DIGEST_SHA256, SIGN_ECDSA, hash_text(hash), sig, &len, &err));
    key_free(&key);
    ck_fails(open_for(&domains, "alice@sub.a.example", &key), ERR_KEY_UNUSABLE);
    ck_fails(open_for(&domains, "", &key), ERR_KEY_UNUSABLE);
}
END_TEST

START_TEST(key_of_the_authority_serves_no_address)
{
    struct sealed_key roots = conformance_sealed(ROOT, KIND_P256);
    unsigned char hash[EVP_MAX_MD_SIZE], sig[RSA_MAX];
    size_t len = sizeof sig;
    struct key *key;
    if (conformance_backend->has_no_owners)
        return;
    ck_fails(open_for(&roots, ALICE, &key), ERR_KEY_UNUSABLE);
    ck_ok(open_for(&roots, "", &key));
    ck_ok(key_sign(key, DIGEST_SHA256, SIGN_ECDSA, hash_text(hash), sig, &len, &err));
    key_free(&key);
}
END_TEST

/* ---- threads ---- */

static struct key *shared_rsa, *shared_ec;
static EVP_PKEY *shared_public;
static unsigned char *shared_point;
static size_t shared_point_len;

static int use_once(struct err *mine)
{
    unsigned char hash[EVP_MAX_MD_SIZE], sig[RSA_MAX], room[RSA_MAX];
    SEAL_CLEANUP(secret_fini) struct secret text = {0};
    SEAL_CLEANUP(secret_fini) struct secret agreed = {0};
    size_t len = sizeof sig, ec_len = sizeof sig;
    struct span wrapped = wrap(shared_public, RSA_PKCS1_PADDING, NULL, NULL, content_key, 32, room);
    return key_sign(shared_rsa, DIGEST_SHA256, SIGN_PKCS1, hash_text(hash), sig, &len, mine) < 0 ||
                   key_sign(shared_ec, DIGEST_SHA256, SIGN_ECDSA, hash_text(hash), sig, &ec_len, mine) < 0 ||
                   key_decrypt(shared_rsa, WRAP_PKCS1, DIGEST_SHA1, wrapped, &text, mine) < 0 ||
                   text.len != 32 || memcmp(text.ptr, content_key, 32) != 0 ||
                   key_derive(shared_ec, octets(shared_point, shared_point_len), &agreed, mine) < 0 ||
                   agreed.len != 32
               ? -1
               : 0;
}

static void *use_keys(void *failure)
{
    for (int i = 0; i < 10; i++)
        if (use_once(failure) < 0)
            return failure;
    return NULL;
}

START_TEST(keys_are_used_by_eight_threads_at_once)
{
    pthread_t threads[8];
    struct err failures[8] = {ERR_INIT};
    void *failed;
    shared_rsa = conformance_open(KIND_RSA2048);
    shared_ec = conformance_open(KIND_P256);
    shared_public = conformance_public(KIND_RSA2048);
    EVP_PKEY *peer = peer_of(KIND_P256, &shared_point, &shared_point_len);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_keys, &failures[i]), 0);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++) {
        pthread_join(threads[i], &failed);
        ck_assert_msg(failed == NULL, "%s", failures[i].msg);
    }
    OPENSSL_free(shared_point);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(shared_public);
    key_free(&shared_rsa);
    key_free(&shared_ec);
}
END_TEST

void conformance_add_keys(Suite *suite)
{
    TCase *c = tcase_create("keys");
    conformance_fixture(c);
    tcase_add_loop_test(c, key_is_what_was_sealed, 0, KINDS);
    tcase_add_loop_test(c, signatures_verify, 0, SEAL_COUNT(signing));
    tcase_add_test(c, signature_without_room_is_refused);
    tcase_add_test(c, questions_that_do_not_fit_the_key_are_refused);
    tcase_add_loop_test(c, pkcs1_unwraps_keys_of_every_length, KIND_RSA2048, KIND_RSA4096 + 1);
    tcase_add_loop_test(c, wrong_padding_looks_like_success_and_asking_twice_tells_nothing, KIND_RSA2048,
                        KIND_RSA4096 + 1);
    tcase_add_loop_test(c, oaep_unwraps_with_the_digest_that_was_named, KIND_RSA2048, KIND_RSA4096 + 1);
    tcase_add_test(c, no_ciphertext_looks_like_a_temporary_failure);
    tcase_add_test(c, keys_of_lengths_that_no_cipher_has_are_no_temporary_failure);
    tcase_add_loop_test(c, both_sides_agree_on_the_same_secret, KIND_P256, KIND_P521 + 1);
    tcase_add_test(c, points_that_are_none_of_the_curve_are_refused);
    tcase_add_test(c, key_serves_its_owner_alone);
    tcase_add_test(c, key_is_bound_to_its_public_half);
    tcase_add_test(c, key_of_a_domain_serves_its_addresses_alone);
    tcase_add_test(c, key_of_the_authority_serves_no_address);
    tcase_add_test(c, keys_are_used_by_eight_threads_at_once);
    suite_add_tcase(suite, c);
}
