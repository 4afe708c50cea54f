#include "support/check.h"
#include "support/pki.h"
#include "support/tool.h"

#include "base/io.h"
#include "smime/import.h"
#include "smime/import_job.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>

static struct pki *pki;
static struct secret secret; /* the passphrase of the files in data/ */
static struct err err;

static void setup(void)
{
    pki = pki_new();
    err_clear(&err);
    ck_ok(secret_copy(&secret, "secret", 6, &err));
}

static void teardown(void)
{
    pki_free(&pki);
    secret_fini(&secret);
}

static void read_data(const char *name, struct buf *out)
{
    char path[500];
    snprintf(path, sizeof path, "%s/lib/smime/data/%s", TESTS_DIR, name);
    ck_ok(io_read_file(path, out, &err));
}

enum what {
    CERTS = 1,
    KEY = 2
};

static const struct {
    const char *file;
    const char *passphrase; /* NULL: none */
    int what;
    size_t ncerts;
} good[] = {
    {"aes.p12", "secret", CERTS | KEY, 2},
    {"ec.p12", "secret", CERTS | KEY, 2},
    {"rc2.p12", "secret", CERTS | KEY, 2},
    {"3des.p12", "secret", CERTS | KEY, 2},
    {"plain.p12", NULL, CERTS | KEY, 2},
    {"empty.p12", NULL, CERTS | KEY, 2},
    {"empty.p12", "", CERTS | KEY, 2},
    {"certs.p12", "secret", CERTS, 1},
    {"nss.p12", "secret", CERTS | KEY, 2},
    {"java.p12", "secret", CERTS | KEY, 2},
    {"gpgsm.p12", "secret", CERTS | KEY, 1},
    {"ec.pem", NULL, KEY, 0},
    {"ec-aes.pem", "secret", KEY, 0},
    {"rsa.pem", NULL, KEY, 0},
    {"rsa-3des.pem", "secret", KEY, 0},
    {"pkcs8.pem", "secret", KEY, 0},
    {"scrypt.pem", "secret", KEY, 0},
    {"pkcs8-rc2.pem", "secret", KEY, 0},
    {"pkcs8.der", NULL, KEY, 0},
    {"bundle.p7b", NULL, CERTS, 2},
    {"bundle.pem", NULL, CERTS, 2},
    {"cert.der", NULL, CERTS, 1},
    {"all.pem", NULL, CERTS | KEY, 2},
    {"bags.pem", NULL, CERTS | KEY, 2},
};

START_TEST(files_of_all_forms_and_programs_are_read)
{
    struct buf bytes = BUF_INIT(1u << 20);
    struct secret passphrase = {0};
    struct imported in;
    if (good[_i].passphrase != NULL)
        ck_ok(secret_copy(&passphrase, good[_i].passphrase, strlen(good[_i].passphrase), &err));
    read_data(good[_i].file, &bytes);
    ck_ok(import_bytes(buf_span(&bytes), good[_i].passphrase == NULL ? NULL : &passphrase, &in, &err));
    ck_assert_msg(in.ncerts == good[_i].ncerts, "%s: %zu certificates", good[_i].file, in.ncerts);
    ck_assert_msg((in.pkcs8.len > 0) == ((good[_i].what & KEY) != 0), "%s: key", good[_i].file);
    if (good[_i].what == (CERTS | KEY)) {
        struct key *key = pki_soft_key((struct span){(char *)in.pkcs8.ptr, in.pkcs8.len});
        ck_assert_msg(span_eq(key_public(key), cert_public(in.certs[0])), "%s: order", good[_i].file);
        ck_assert_str_eq(cert_info(in.certs[0])->emails[0], "bob@b.example");
        key_free(&key);
    }
    imported_fini(&in);
    secret_fini(&passphrase);
    buf_fini(&bytes);
}
END_TEST

static const char *const locked[] = {"aes.p12",      "rc2.p12",   "java.p12",   "ec-aes.pem",
                                     "rsa-3des.pem", "pkcs8.pem", "scrypt.pem", "pkcs8-rc2.pem"};

START_TEST(missing_and_wrong_passphrases_are_said_so)
{
    struct buf bytes = BUF_INIT(1u << 20);
    struct secret wrong;
    struct imported in;
    ck_ok(secret_copy(&wrong, "secreT", 6, &err));
    read_data(locked[_i], &bytes);
    ck_fails(import_bytes(buf_span(&bytes), NULL, &in, &err), ERR_PASSPHRASE);
    ck_fails(import_bytes(buf_span(&bytes), &wrong, &in, &err), ERR_PASSPHRASE);
    ck_assert(in.ncerts == 0 && in.certs == NULL && in.pkcs8.ptr == NULL);
    secret_fini(&wrong);
    buf_fini(&bytes);
}
END_TEST

/* ---- hostile and mistaken files, made here ---- */

static int import(struct span bytes, struct imported *in)
{
    return import_bytes(bytes, &secret, in, &err);
}

static struct span pem_of(BIO *bio)
{
    char *text;
    long len = BIO_get_mem_data(bio, &text);
    return (struct span){text, (size_t)len};
}

static void add_key(BIO *bio, const EVP_PKEY *pkey)
{
    ck_assert_int_eq(PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
}

START_TEST(key_comes_first_with_its_own_certificate_that_lasts_longest)
{
    struct imported in;
    BIO *bio = BIO_new(BIO_s_mem());
    struct pki_entity *root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    struct pki_entity *old =
        pki_leaf(pki, root, &(struct pki_spec){.email = "bob@b.example", .not_after = PKI_NOW});
    struct pki_entity *new =
        pki_leaf(pki, root, &(struct pki_spec){.email = "bob@b.example", .same_key = old});
    PEM_write_bio_X509(bio, root->x509);
    PEM_write_bio_X509(bio, old->x509);
    add_key(bio, old->pkey);
    PEM_write_bio_X509(bio, new->x509);
    ck_ok(import(pem_of(bio), &in));
    ck_assert_uint_eq(in.ncerts, 3);
    ck_assert(cert_same(in.certs[0], new->cert));
    imported_fini(&in);
    BIO_free(bio);
}
END_TEST

START_TEST(key_among_certificates_of_others_is_refused)
{
    struct imported in;
    BIO *bio = BIO_new(BIO_s_mem());
    struct pki_entity *bob = pki_self(pki, &(struct pki_spec){.email = "bob@b.example"});
    struct pki_entity *eve = pki_self(pki, &(struct pki_spec){.email = "eve@e.example"});
    PEM_write_bio_X509(bio, bob->x509);
    add_key(bio, eve->pkey);
    ck_fails(import(pem_of(bio), &in), ERR_KEY_UNUSABLE);
    BIO_free(bio);
}
END_TEST

START_TEST(two_keys_in_one_file_are_refused)
{
    struct imported in;
    BIO *bio = BIO_new(BIO_s_mem());
    struct pki_entity *bob = pki_self(pki, &(struct pki_spec){.email = "bob@b.example"});
    struct pki_entity *eve = pki_self(pki, &(struct pki_spec){.email = "eve@e.example"});
    add_key(bio, bob->pkey);
    add_key(bio, eve->pkey);
    ck_fails(import(pem_of(bio), &in), ERR_UNSUPPORTED);
    BIO_free(bio);
}
END_TEST

START_TEST(types_of_keys_that_are_not_used_are_refused)
{
    static const char *const names[] = {"ED25519", "X25519"};
    struct imported in;
    for (size_t i = 0; i < SEAL_COUNT(names); i++) {
        BIO *bio = BIO_new(BIO_s_mem());
        EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, names[i]);
        add_key(bio, pkey);
        ck_fails(import(pem_of(bio), &in), ERR_UNSUPPORTED);
        EVP_PKEY_free(pkey);
        BIO_free(bio);
    }
    EVP_PKEY *k1 = EVP_EC_gen("secp256k1");
    BIO *bio = BIO_new(BIO_s_mem());
    add_key(bio, k1);
    ck_fails(import(pem_of(bio), &in), ERR_UNSUPPORTED);
    EVP_PKEY_free(k1);
    BIO_free(bio);
}
END_TEST

/* PKCS#8 of an EC key whose public half is another key's. */
START_TEST(private_half_that_does_not_fit_the_public_one_is_refused)
{
    struct imported in;
    struct pki_entity *bob = pki_self(pki, &(struct pki_spec){.email = "bob@b.example"});
    struct pki_entity *eve = pki_self(pki, &(struct pki_spec){.email = "eve@e.example"});
    unsigned char *mine, *hers;
    size_t n = EVP_PKEY_get1_encoded_public_key(bob->pkey, &mine);
    ck_assert_uint_eq(EVP_PKEY_get1_encoded_public_key(eve->pkey, &hers), n);
    char *at = memmem(bob->pkcs8.ptr, bob->pkcs8.len, mine, n);
    ck_assert_ptr_nonnull(at);
    memcpy(at, hers, n);
    ck_fails(import(bob->pkcs8, &in), ERR_KEY_UNUSABLE);
    OPENSSL_free(mine);
    OPENSSL_free(hers);
}
END_TEST

/* An encrypted key whose parameters alone are made: nothing is derived before the limit is looked at. */
static struct span encrypted_with(X509_ALGOR *algorithm, struct buf *out)
{
    X509_SIG *sig = X509_SIG_new();
    X509_ALGOR *alg;
    ASN1_OCTET_STRING *octets;
    unsigned char *der = NULL;
    X509_SIG_getm(sig, &alg, &octets);
    X509_ALGOR_copy(alg, algorithm);
    ASN1_OCTET_STRING_set(octets, (const unsigned char *)"0123456789abcdef", 16);
    int len = i2d_X509_SIG(sig, &der);
    buf_add(out, der, (size_t)len);
    OPENSSL_free(der);
    X509_SIG_free(sig);
    X509_ALGOR_free(algorithm);
    return buf_span(out);
}

static X509_ALGOR *pbkdf2(void)
{
    return PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), IMPORT_ITERATIONS_MAX + 1, NULL, 0, NULL, NID_hmacWithSHA256);
}

static X509_ALGOR *pbes1(void)
{
    return PKCS5_pbe_set(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, IMPORT_ITERATIONS_MAX + 1, NULL, 0);
}

static X509_ALGOR *scrypt_parallel(void)
{
    return PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, 2, 1, 17);
}

START_TEST(key_derivation_that_takes_hours_is_refused_before_it_begins)
{
    static X509_ALGOR *(*const makers[])(void) = {pbkdf2, pbes1, scrypt_parallel};
    for (size_t i = 0; i < SEAL_COUNT(makers); i++) {
        struct buf bytes = BUF_INIT(10000);
        struct imported in;
        ck_fails(import(encrypted_with(makers[i](), &bytes), &in), ERR_LIMIT);
        buf_fini(&bytes);
    }
}
END_TEST

static struct span p12_bytes(PKCS12 *p12, struct buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_PKCS12(p12, &der);
    ck_assert_int_gt(len, 0);
    buf_add(out, der, (size_t)len);
    OPENSSL_free(der);
    PKCS12_free(p12);
    return buf_span(out);
}

START_TEST(integrity_check_that_takes_hours_is_refused_before_it_begins)
{
    struct buf bytes = BUF_INIT(10000);
    struct imported in;
    STACK_OF(PKCS7) *none = sk_PKCS7_new_null();
    PKCS12 *p12 = PKCS12_add_safes(none, 0);
    ck_assert_int_eq(PKCS12_setup_mac(p12, IMPORT_ITERATIONS_MAX + 1, NULL, 8, EVP_sha256()), 1);
    ck_fails(import(p12_bytes(p12, &bytes), &in), ERR_LIMIT);
    sk_PKCS7_free(none);
    buf_fini(&bytes);
}
END_TEST

/* content, wrapped into the headers and lengths of these tags, innermost first. */
static void wrap_der(struct buf *content, const unsigned char *tags, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct buf outer = BUF_INIT(1u << 20);
        ck_assert_uint_lt(content->len, 65536);
        buf_add_char(&outer, (char)tags[i]);
        buf_add_char(&outer, (char)0x82);
        buf_add_char(&outer, (char)(content->len >> 8));
        buf_add_char(&outer, (char)content->len);
        buf_add_span(&outer, buf_span(content));
        buf_fini(content);
        *content = outer;
    }
}

static void put_before(struct buf *content, struct span prefix)
{
    struct buf longer = BUF_INIT(1u << 20);
    buf_add_span(&longer, prefix);
    buf_add_span(&longer, buf_span(content));
    buf_fini(content);
    *content = longer;
}

#define OID_SAFE_CONTENTS_BAG "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x06"
#define OID_PKCS7_DATA        "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"

/* PFX without MAC: bags in bags, so many deep. RFC 7292 4. */
static struct span nested_bags(int depth, struct buf *out)
{
    static const unsigned char explicit_0 = 0xa0, sequence = 0x30;
    static const unsigned char data[] = {0x04, 0xa0};
    *out = (struct buf)BUF_INIT(1u << 20);
    wrap_der(out, &sequence, 1); /* no bags */
    for (int i = 0; i < depth; i++) {
        wrap_der(out, &explicit_0, 1);
        put_before(out, SPAN_LIT(OID_SAFE_CONTENTS_BAG));
        wrap_der(out, &sequence, 1); /* SafeBag */
        wrap_der(out, &sequence, 1); /* SafeContents */
    }
    for (int i = 0; i < 2; i++) { /* the safe, and the AuthenticatedSafe that holds it */
        wrap_der(out, data, sizeof data);
        put_before(out, SPAN_LIT(OID_PKCS7_DATA));
        wrap_der(out, &sequence, 1); /* ContentInfo */
        if (i == 0)
            wrap_der(out, &sequence, 1);
    }
    put_before(out, SPAN_LIT("\x02\x01\x03"));
    wrap_der(out, &sequence, 1);
    return buf_span(out);
}

START_TEST(bags_in_bags_are_limited)
{
    struct buf bytes;
    struct imported in;
    ck_fails(import(nested_bags(4, &bytes), &in), ERR_SYNTAX); /* well, but nothing is in it */
    buf_fini(&bytes);
    ck_fails(import(nested_bags(5, &bytes), &in), ERR_LIMIT);
    buf_fini(&bytes);
}
END_TEST

START_TEST(sizes_and_counts_are_limited)
{
    struct imported in;
    struct buf bytes = BUF_INIT(IMPORT_MAX + 1);
    struct pki_entity *bob = pki_self(pki, &(struct pki_spec){.email = "bob@b.example"});
    struct buf pem = BUF_INIT(10000);
    ck_ok(export_pem(bob->cert, &pem, &err));
    for (int i = 0; i < IMPORT_CERTS_MAX; i++)
        buf_add_span(&bytes, buf_span(&pem));
    buf_add_span(&bytes, buf_span(&pem));
    ck_fails(import(buf_span(&bytes), &in), ERR_LIMIT);
    while (bytes.len <= IMPORT_MAX)
        buf_add_char(&bytes, '\n');
    ck_fails(import(buf_span(&bytes), &in), ERR_LIMIT);
    buf_fini(&pem);
    buf_fini(&bytes);
}
END_TEST

START_TEST(what_is_no_key_file_is_said_so)
{
#define TEXT(literal)                                                                                        \
    {                                                                                                        \
        literal, sizeof(literal) - 1                                                                         \
    }
    static const struct span files[] = {
        TEXT(""),
        TEXT("hello"),
        TEXT("\x30\x80"),
        TEXT("\x30\x84\xff\xff\xff\xff"),
        TEXT("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"),
        TEXT("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
        TEXT("-----BEGIN CERTIFICATE-----\nMAA=\n"),
        TEXT("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"),
        TEXT("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"),
        TEXT("-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n"),
        TEXT("-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n"),
        TEXT("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"),
    };
    for (size_t i = 0; i < SEAL_COUNT(files); i++) {
        struct imported in;
        ck_fails(import(files[i], &in), ERR_SYNTAX);
    }
}
END_TEST

/* Cut anywhere, and with any octet changed: read or refused, and ASan and UBSan find nothing. */
START_TEST(damaged_files_are_read_or_refused)
{
    static const char *const names[] = {"plain.p12",  "rc2.p12",   "all.pem",
                                        "bundle.p7b", "pkcs8.der", "pkcs8.pem"};
    struct buf bytes = BUF_INIT(1u << 20);
    struct imported in;
    read_data(names[_i], &bytes);
    for (size_t i = 0; i < bytes.len; i += 53) {
        struct span cut = span_sub(buf_span(&bytes), 0, i);
        if (import(cut, &in) == 0)
            imported_fini(&in);
        err_clear(&err);
        bytes.ptr[i] = (char)(bytes.ptr[i] ^ (1 << (i % 7)));
        if (import(buf_span(&bytes), &in) == 0)
            imported_fini(&in);
        bytes.ptr[i] = (char)(bytes.ptr[i] ^ (1 << (i % 7)));
        err_clear(&err);
    }
    buf_fini(&bytes);
}
END_TEST

/* ---- export ---- */

START_TEST(exported_p12_is_read_by_others_and_by_us)
{
    static const enum pki_key types[] = {PKI_P256, PKI_RSA2048};
    struct pki_entity *root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    struct pki_entity *bob =
        pki_leaf(pki, root, &(struct pki_spec){.email = "bob@b.example", .type = types[_i]});
    struct secret pkcs8;
    struct buf p12 = BUF_INIT(1u << 16);
    struct imported in;
    ck_ok(secret_copy(&pkcs8, bob->pkcs8.ptr, bob->pkcs8.len, &err));
    ck_ok(export_p12(&pkcs8, bob->cert, &root->cert, 1, &secret, &p12, &err));
    ck_ok(import(buf_span(&p12), &in));
    ck_assert_uint_eq(in.ncerts, 2);
    ck_assert(cert_same(in.certs[0], bob->cert));
    ck_assert_uint_eq(in.pkcs8.len, bob->pkcs8.len);
    imported_fini(&in);

    struct tool *tool = tool_new();
    tool_write(tool, "bob.p12", buf_span(&p12));
    ck_assert_int_eq(
        tool_run(tool, "openssl", "pkcs12", "-in", "bob.p12", "-passin", "pass:secret", "-noout", NULL), 0);
    ck_assert_int_ne(
        tool_run(tool, "openssl", "pkcs12", "-in", "bob.p12", "-passin", "pass:x", "-noout", NULL), 0);
    ck_assert_int_eq(tool_run(tool, "pk12util", "-l", "bob.p12", "-W", "secret", NULL), 0);
    tool_free(&tool);
    secret_fini(&pkcs8);
    buf_fini(&p12);
}
END_TEST

START_TEST(export_needs_the_right_key_and_a_passphrase)
{
    struct pki_entity *bob = pki_self(pki, &(struct pki_spec){.email = "bob@b.example"});
    struct pki_entity *eve = pki_self(pki, &(struct pki_spec){.email = "eve@e.example"});
    struct secret pkcs8, empty = {0}, nul;
    struct buf p12 = BUF_INIT(1u << 16);
    ck_ok(secret_copy(&pkcs8, eve->pkcs8.ptr, eve->pkcs8.len, &err));
    ck_ok(secret_copy(&nul, "a\0b", 3, &err));
    ck_fails(export_p12(&pkcs8, bob->cert, NULL, 0, &secret, &p12, &err), ERR_KEY_UNUSABLE);
    ck_fails(export_p12(&pkcs8, eve->cert, NULL, 0, &empty, &p12, &err), ERR_PASSPHRASE);
    ck_fails(export_p12(&pkcs8, eve->cert, NULL, 0, &nul, &p12, &err), ERR_PASSPHRASE);
    ck_assert_uint_eq(p12.len, 0);
    p12.max = 100;
    ck_fails(export_p12(&pkcs8, eve->cert, NULL, 0, &secret, &p12, &err), ERR_LIMIT);
    secret_fini(&pkcs8);
    secret_fini(&nul);
    buf_fini(&p12);
}
END_TEST

START_TEST(exported_pem_is_the_same_certificate)
{
    struct pki_entity *bob = pki_self(pki, &(struct pki_spec){.email = "bob@b.example"});
    struct buf pem = BUF_INIT(10000);
    struct imported in;
    ck_ok(export_pem(bob->cert, &pem, &err));
    ck_assert(span_starts(buf_span(&pem), "-----BEGIN CERTIFICATE-----\n"));
    ck_ok(import(buf_span(&pem), &in));
    ck_assert(in.ncerts == 1 && cert_same(in.certs[0], bob->cert));
    imported_fini(&in);
    buf_fini(&pem);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/smime/import");
    TCase *c = tcase_create("import");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, files_of_all_forms_and_programs_are_read, 0, SEAL_COUNT(good));
    tcase_add_loop_test(c, missing_and_wrong_passphrases_are_said_so, 0, SEAL_COUNT(locked));
    tcase_add_test(c, key_comes_first_with_its_own_certificate_that_lasts_longest);
    tcase_add_test(c, key_among_certificates_of_others_is_refused);
    tcase_add_test(c, two_keys_in_one_file_are_refused);
    tcase_add_test(c, types_of_keys_that_are_not_used_are_refused);
    tcase_add_test(c, private_half_that_does_not_fit_the_public_one_is_refused);
    tcase_add_test(c, key_derivation_that_takes_hours_is_refused_before_it_begins);
    tcase_add_test(c, integrity_check_that_takes_hours_is_refused_before_it_begins);
    tcase_add_test(c, bags_in_bags_are_limited);
    tcase_add_test(c, sizes_and_counts_are_limited);
    tcase_add_test(c, what_is_no_key_file_is_said_so);
    tcase_add_loop_test(c, damaged_files_are_read_or_refused, 0, 6);
    tcase_add_loop_test(c, exported_p12_is_read_by_others_and_by_us, 0, 2);
    tcase_add_test(c, export_needs_the_right_key_and_a_passphrase);
    tcase_add_test(c, exported_pem_is_the_same_certificate);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
