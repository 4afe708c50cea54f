#include "support/check.h"
#include "support/keys.h"
#include "support/pki.h"

#include "smime/cert_x509.h"

#include <openssl/core_names.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <string.h>

static struct pki *pki;
static struct err err;

static void setup(void)
{
    err_clear(&err);
    pki = pki_new();
}

static void teardown(void)
{
    pki_free(&pki);
}

#define SPEC(...) (&(struct pki_spec){__VA_ARGS__})

static const struct cert_info *self(const struct pki_spec *spec)
{
    return cert_info(pki_self(pki, spec)->cert);
}

START_TEST(everything_selection_needs_is_read)
{
    struct pki_entity *root = pki_root(pki, SPEC(.name = "Root"));
    struct pki_entity *bob = pki_leaf(pki, root, SPEC(.email = "Bob@B.example", .type = PKI_RSA2048));
    const struct cert_info *info = cert_info(bob->cert);
    ck_assert_str_eq(info->subject, "CN=Bob@B.example");
    ck_assert_str_eq(info->issuer, "CN=Root");
    ck_assert_int_eq(info->not_before, PKI_NOW - 365 * PKI_DAY);
    ck_assert_int_eq(info->not_after, PKI_NOW + 3650 * PKI_DAY);
    ck_assert(info->supported && info->key_type == KEY_RSA);
    ck_assert_uint_eq(info->key_bits, 2048);
    ck_assert_uint_eq(info->nemails, 1);
    ck_assert_str_eq(info->emails[0], "Bob@B.example");
    ck_assert(!info->self_signed && !info->weak_signature);
    ck_assert(span_eq(cert_der(bob->cert), bob->der));
    ck_assert(span_eq(cert_public(bob->cert), key_public(bob->key)));
    ck_assert(cert_info(root->cert)->self_signed);
}
END_TEST

START_TEST(fingerprint_is_sha256_of_the_der)
{
    struct pki_entity *bob = pki_self(pki, SPEC(.email = "bob@b.example"));
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[HASH_HEX_SIZE];
    unsigned n;
    ck_assert_int_eq(X509_digest(bob->x509, EVP_sha256(), digest, &n), 1);
    hash_hex(digest, hex);
    ck_assert_str_eq(cert_info(bob->cert)->fingerprint, hex);
}
END_TEST

/* ---- usage, RFC 8550 4.4 ---- */

#define BOTH (CERT_SIGN | CERT_ENCRYPT)

static const struct {
    const char *key_usage, *eku;
    unsigned rsa, ec;
} usages[] = {
    {"none", "none", BOTH, BOTH},
    {"none", "emailProtection", BOTH, BOTH},
    {"none", "anyExtendedKeyUsage", BOTH, BOTH},
    {"none", "serverAuth,emailProtection", BOTH, BOTH},
    {"none", "serverAuth", 0, 0},
    {"none", "clientAuth,codeSigning,timeStamping", 0, 0},
    {"none", "1.2.3.4.5", 0, 0},
    {"digitalSignature", "emailProtection", CERT_SIGN, CERT_SIGN},
    {"nonRepudiation", "emailProtection", CERT_SIGN, CERT_SIGN},
    {"keyEncipherment", "emailProtection", CERT_ENCRYPT, 0},
    {"keyAgreement", "emailProtection", 0, CERT_ENCRYPT},
    {"digitalSignature,keyEncipherment", "none", BOTH, CERT_SIGN},
    {"digitalSignature,keyAgreement", "none", CERT_SIGN, BOTH},
    {"dataEncipherment", "emailProtection", 0, 0},
    {"keyCertSign,cRLSign", "emailProtection", 0, 0},
    {"digitalSignature,keyEncipherment,keyAgreement", "serverAuth", 0, 0},
};

START_TEST(usage_is_what_the_extensions_allow)
{
    unsigned rsa =
        self(SPEC(.type = PKI_RSA2048, .key_usage = usages[_i].key_usage, .eku = usages[_i].eku))->usage;
    unsigned ec =
        self(SPEC(.type = PKI_P256, .key_usage = usages[_i].key_usage, .eku = usages[_i].eku))->usage;
    ck_assert_msg(rsa == usages[_i].rsa, "%s / %s: RSA %u", usages[_i].key_usage, usages[_i].eku, rsa);
    ck_assert_msg(ec == usages[_i].ec, "%s / %s: EC %u", usages[_i].key_usage, usages[_i].eku, ec);
}
END_TEST

START_TEST(only_basic_constraints_make_a_ca)
{
    ck_assert_uint_eq(cert_info(pki_root(pki, SPEC(.name = "R"))->cert)->usage & CERT_CA, CERT_CA);
    ck_assert_uint_eq(self(SPEC(.basic = "none", .key_usage = "keyCertSign"))->usage & CERT_CA, 0);
    ck_assert_uint_eq(self(SPEC(.basic = "CA:FALSE"))->usage & CERT_CA, 0);
    ck_assert_uint_eq(self(SPEC(.basic = "CA:TRUE", .key_usage = "digitalSignature"))->usage & CERT_CA, 0);
}
END_TEST

/* ---- names, R8 ---- */

static const struct {
    struct span octets;
    bool kept;
} raw[] = {
    {SPAN_LIT("a@b.example"), true},
    {SPAN_LIT("A.B+c@B.Example"), true},
    {SPAN_LIT("\"a.b\"@b.example"), true},
    {SPAN_LIT("a@b.example "), false},
    {SPAN_LIT(" a@b.example"), false},
    {SPAN_LIT("a @b.example"), false},
    {SPAN_LIT("\"a b\"@b.example"), false},
    {SPAN_LIT("a@b.example\0"), false},
    {SPAN_LIT("a@b.example\0.evil.example"), false},
    {SPAN_LIT("\0a@b.example"), false},
    {SPAN_LIT("a@b.example\r\nX: y"), false},
    {SPAN_LIT("a\t@b.example"), false},
    {SPAN_LIT("a\x7f@b.example"), false},
    {SPAN_LIT("<a@b.example>"), false},
    {SPAN_LIT("Bob <a@b.example>"), false},
    {SPAN_LIT("@c.example:a@b.example"), false},
    {SPAN_LIT("a@b.example,c@d.example"), false},
    {SPAN_LIT("a@b.example@c.example"), false},
    {SPAN_LIT("b\xc3\xb6sse@b.example"), false}, /* IA5String is ASCII */
    {SPAN_LIT("a\x80@b.example"), false},
    {SPAN_LIT("b.example"), false},
    {SPAN_LIT("@b.example"), false},
    {SPAN_LIT("a@"), false},
    {SPAN_LIT(""), false},
};

START_TEST(names_that_are_no_plain_mailbox_are_left_out)
{
    const struct cert_info *info = self(SPEC(.name = "x", .raw_email = raw[_i].octets));
    ck_assert_msg(info->nemails == raw[_i].kept, "%.*s", SPAN_ARG(raw[_i].octets));
    if (raw[_i].kept)
        ck_assert(span_is(raw[_i].octets, info->emails[0]));
}
END_TEST

START_TEST(addresses_come_from_subject_alt_name_alone)
{
    ck_assert_uint_eq(self(SPEC(.name = "a@b.example", .san = "none"))->nemails, 0);
    ck_assert_uint_eq(self(SPEC(.name = "a@b.example", .san = "DNS:b.example"))->nemails, 0);
    const struct cert_info *dn = self(SPEC(.name = "x", .dn_email = "a@b.example", .email = "c@d.example"));
    ck_assert_uint_eq(dn->nemails, 1);
    ck_assert_str_eq(dn->emails[0], "c@d.example");
    ck_assert_uint_eq(dn->ndn_emails, 1);
    ck_assert_str_eq(dn->dn_emails[0], "a@b.example");
}
END_TEST

START_TEST(email_of_the_subject_is_read_as_strictly)
{
    ck_assert_uint_eq(self(SPEC(.name = "x", .dn_email = "a@b.example "))->ndn_emails, 0);
    ck_assert_uint_eq(self(SPEC(.name = "x", .dn_email = "<a@b.example>"))->ndn_emails, 0);
}
END_TEST

static const struct {
    struct span mailbox;
    bool kept;
} utf8[] = {
    {SPAN_LIT("b\xc3\xb6rse@b.example"), true},   {SPAN_LIT("bob@b.example"), true},
    {SPAN_LIT("b\xc3\xb6rse@b.example "), false}, {SPAN_LIT("b\xc3\xb6rse@b.example\0"), false},
    {SPAN_LIT("b\xf6rse@b.example"), false},     /* Latin-1 */
    {SPAN_LIT("b\xc0\xafrse@b.example"), false}, /* an overlong form */
    {SPAN_LIT("\xed\xa0\x80@b.example"), false}, /* a surrogate */
};

START_TEST(utf8_mailbox_is_an_address_when_it_is_utf8)
{
    const struct cert_info *info = self(SPEC(.name = "x", .utf8_email = utf8[_i].mailbox));
    ck_assert_uint_eq(info->nemails, utf8[_i].kept);
    if (utf8[_i].kept)
        ck_assert(span_is(utf8[_i].mailbox, info->emails[0]));
}
END_TEST

START_TEST(other_names_are_no_addresses)
{
    static const char *const names[] = {
        "otherName:1.3.6.1.5.5.7.8.9;IA5:a@b.example",
        "otherName:1.3.6.1.5.5.7.8.9;OCT:a@b.example",
        "otherName:1.3.6.1.5.5.7.8.9;INT:5",
        "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a@b.example", /* Microsoft's UPN */
        "URI:mailto:a@b.example",
    };
    for (size_t i = 0; i < SEAL_COUNT(names); i++)
        ck_assert_uint_eq(self(SPEC(.name = "x", .san = names[i]))->nemails, 0);
}
END_TEST

static const struct {
    const char *have, *asked;
    bool exact, fold;
} addresses[] = {
    {"bob@b.example", "bob@b.example", true, true},
    {"bob@b.example", "bob@B.EXAMPLE", true, true},
    {"bob@B.Example", "<bob@b.example>", true, true},
    {"Bob@b.example", "bob@b.example", false, true},
    {"bob@b.example", "BOB@b.example", false, true},
    {"bob@b.example", "\"bob\"@b.example", true, true},
    {"bob@b.example", "bob@b.example.", true, true},
    {"bob@b.example", "bob@c.example", false, false},
    {"bob@b.example", "bo@b.example", false, false},
    {"bob@b.example", "bobb@b.example", false, false},
    {"bob@b.example", "b.example", false, false},
    {"bob@b.example", "", false, false},
    {"bob@b.example", "<>", false, false},
    {"bob@b.example", "bob@b.example, eve@e.example", false, false},
    {"bob@b.example", "*@b.example", false, false},
};

START_TEST(address_is_compared_as_the_envelope_is_read)
{
    struct pki_entity *bob = pki_self(pki, SPEC(.email = "x@x.example", .email2 = addresses[_i].have));
    ck_assert_int_eq(cert_has_address(bob->cert, addresses[_i].asked, ADDR_CASE_EXACT), addresses[_i].exact);
    ck_assert_int_eq(cert_has_address(bob->cert, addresses[_i].asked, ADDR_CASE_FOLD), addresses[_i].fold);
}
END_TEST

START_TEST(certificate_without_address_has_none)
{
    struct pki_entity *bob =
        pki_self(pki, SPEC(.name = "bob@b.example", .dn_email = "bob@b.example", .san = "none"));
    ck_assert(!cert_has_address(bob->cert, "bob@b.example", ADDR_CASE_FOLD));
    ck_assert(!cert_has_address(bob->cert, "", ADDR_CASE_FOLD));
}
END_TEST

/* ---- keys ---- */

static const struct {
    enum pki_key type;
    bool supported;
    enum key_type key_type;
    unsigned bits;
} types[] = {
    {PKI_P256, true, KEY_EC_P256, 256}, {PKI_P384, true, KEY_EC_P384, 384},
    {PKI_P521, true, KEY_EC_P521, 521}, {PKI_RSA1024, true, KEY_RSA, 1024},
    {PKI_RSA2048, true, KEY_RSA, 2048}, {PKI_RSA3072, true, KEY_RSA, 3072},
    {PKI_RSA4096, true, KEY_RSA, 4096}, {PKI_ED25519, false, 0, 0},
    {PKI_RSA_PSS, false, 0, 0},
};

START_TEST(types_of_keys_are_told_apart)
{
    struct pki_entity *bob = pki_self(pki, SPEC(.email = "bob@b.example", .type = types[_i].type));
    const struct cert_info *info = cert_info(bob->cert);
    ck_assert_int_eq(info->supported, types[_i].supported);
    ck_assert_int_eq(cert_public(bob->cert).len > 0, types[_i].supported);
    if (types[_i].supported) {
        ck_assert_int_eq(info->key_type, types[_i].key_type);
        ck_assert_uint_eq(info->key_bits, types[_i].bits);
    }
}
END_TEST

START_TEST(keys_that_would_cost_minutes_are_not_supported)
{
    struct pki_entity *root = pki_root(pki, SPEC(.name = "Root"));
    static const struct {
        int bits;
        const char *exponent;
        bool supported;
    } cases[] = {{2048, "010001", true},
                 {32768, "010001", false},
                 {2048, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", false}};
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        EVP_PKEY *pkey = keys_rsa_public(cases[i].bits, cases[i].exponent);
        struct pki_entity *eve = pki_leaf(pki, root, SPEC(.email = "eve@e.example", .public = pkey));
        ck_assert_int_eq(cert_info(eve->cert)->supported, cases[i].supported);
        EVP_PKEY_free(pkey);
    }
}
END_TEST

START_TEST(compressed_point_gives_the_same_public_key)
{
    struct pki_entity *root = pki_root(pki, SPEC(.name = "Root"));
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    struct pki_entity *plain = pki_leaf(pki, root, SPEC(.email = "bob@b.example", .public = pkey));
    ck_assert_int_eq(
        EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"), 1);
    struct pki_entity *small = pki_leaf(pki, root, SPEC(.email = "bob@b.example", .public = pkey));
    ck_assert_uint_lt(small->der.len, plain->der.len);
    ck_assert(span_eq(cert_public(plain->cert), cert_public(small->cert)));
    EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(weak_signatures_are_noticed_but_not_of_oneself)
{
    struct pki_entity *root = pki_root(pki, SPEC(.name = "Root", .type = PKI_RSA2048, .digest = "SHA1"));
    ck_assert(!cert_info(root->cert)->weak_signature);
    ck_assert(cert_info(pki_leaf(pki, root, SPEC(.digest = "SHA1"))->cert)->weak_signature);
    ck_assert(cert_info(pki_leaf(pki, root, SPEC(.digest = "MD5"))->cert)->weak_signature);
    ck_assert(!cert_info(pki_leaf(pki, root, SPEC(.digest = "SHA512"))->cert)->weak_signature);
}
END_TEST

START_TEST(same_name_does_not_make_it_self_signed)
{
    struct pki_entity *root = pki_root(pki, SPEC(.name = "Root"));
    struct pki_entity *twin = pki_leaf(pki, root, SPEC(.name = "Root", .digest = "SHA1", .no_key_ids = true));
    ck_assert(!cert_info(twin->cert)->self_signed);
    ck_assert(cert_info(twin->cert)->weak_signature);
}
END_TEST

/* ---- hostile octets ---- */

START_TEST(der_is_read_to_the_last_octet)
{
    struct pki_entity *bob = pki_self(pki, SPEC(.email = "bob@b.example"));
    struct cert *cert;
    for (size_t n = 1; n < bob->der.len; n++)
        ck_fails(cert_parse(span_sub(bob->der, 0, n), &cert, &err), ERR_SYNTAX);
    struct buf longer = BUF_INIT(CERT_DER_MAX);
    buf_add_span(&longer, bob->der);
    buf_add_char(&longer, '\0');
    ck_fails(cert_parse(buf_span(&longer), &cert, &err), ERR_SYNTAX);
    ck_assert_ptr_null(cert);
    buf_fini(&longer);
}
END_TEST

START_TEST(size_is_limited)
{
    struct cert *cert;
    struct span huge = {xcalloc(1, CERT_DER_MAX + 1), CERT_DER_MAX + 1};
    ck_fails(cert_parse(huge, &cert, &err), ERR_LIMIT);
    ck_fails(cert_parse(span_sub(huge, 0, 0), &cert, &err), ERR_LIMIT);
    ck_fails(cert_parse(span_sub(huge, 0, CERT_DER_MAX), &cert, &err), ERR_SYNTAX);
    free((void *)huge.ptr);
}
END_TEST

/* The same certificate in BER: the length of the outer SEQUENCE in three octets instead of two. */
START_TEST(second_encoding_of_a_certificate_is_refused)
{
    struct pki_entity *bob = pki_self(pki, SPEC(.email = "bob@b.example"));
    struct buf ber = BUF_INIT(CERT_DER_MAX);
    struct cert *cert;
    ck_assert(span_starts(bob->der, "\x30\x82"));
    buf_add_str(&ber, "\x30\x83");
    buf_add_char(&ber, '\0');
    buf_add_span(&ber, span_sub(bob->der, 2, bob->der.len));
    const unsigned char *p = (const unsigned char *)ber.ptr;
    X509 *x509 = d2i_X509(NULL, &p, (long)ber.len);
    ck_assert_ptr_nonnull(x509); /* OpenSSL reads it */
    ck_fails(cert_parse(buf_span(&ber), &cert, &err), ERR_SYNTAX);
    X509_free(x509);
    buf_fini(&ber);
}
END_TEST

/* What a certificate of bob becomes after a change and a new signature. */
static struct span again(struct pki_entity *bob, void (*change)(X509 *x509))
{
    unsigned char *der = NULL;
    change(bob->x509);
    ck_assert_int_gt(X509_sign(bob->x509, bob->pkey, EVP_sha256()), 0);
    int len = i2d_X509(bob->x509, &der);
    OPENSSL_free((void *)bob->der.ptr);
    bob->der = (struct span){(const char *)der, (size_t)len};
    return bob->der;
}

static void add_second_san(X509 *x509)
{
    X509_EXTENSION *ext = X509V3_EXT_nconf_nid(NULL, NULL, NID_subject_alt_name, "email:eve@e.example");
    X509_add_ext(x509, ext, -1);
    X509_EXTENSION_free(ext);
}

static void add_broken_san(X509 *x509)
{
    X509_EXTENSION *ext = X509V3_EXT_nconf(NULL, NULL, "2.5.29.17", "DER:30:05:81:01");
    X509_add_ext(x509, ext, -1);
    X509_EXTENSION_free(ext);
}

static void add_broken_usage(X509 *x509)
{
    X509_EXTENSION *ext = X509V3_EXT_nconf(NULL, NULL, "2.5.29.15", "DER:05:00");
    X509_add_ext(x509, ext, -1);
    X509_EXTENSION_free(ext);
}

static void break_time(X509 *x509)
{
    ASN1_STRING_set(X509_getm_notAfter(x509), "999999999999Z", -1);
}

static void set_long_serial(X509 *x509)
{
    unsigned char octets[65] = {1};
    ASN1_STRING_set(X509_get_serialNumber(x509), octets, sizeof octets);
}

static void add_many_addresses(X509 *x509)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    for (int i = 0; i <= CERT_EMAILS_MAX; i++) {
        char text[40];
        snprintf(text, sizeof text, "bob%d@b.example", i);
        sk_GENERAL_NAME_push(names, a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_EMAIL, text, 0));
    }
    X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0);
    GENERAL_NAMES_free(names);
}

static const struct {
    void (*change)(X509 *x509);
    const char *san, *usage;
    enum err_code code;
} broken[] = {
    {add_second_san, "email:bob@b.example", NULL, ERR_SYNTAX},
    {add_broken_san, "none", NULL, ERR_SYNTAX},
    {add_broken_usage, "none", "none", ERR_SYNTAX},
    {break_time, "none", NULL, ERR_SYNTAX},
    {set_long_serial, "none", NULL, ERR_LIMIT},
    {add_many_addresses, "none", NULL, ERR_LIMIT},
};

START_TEST(broken_fields_and_excess_are_refused)
{
    struct pki_entity *bob =
        pki_self(pki, SPEC(.name = "Bob", .san = broken[_i].san, .key_usage = broken[_i].usage));
    struct cert *cert;
    ck_fails(cert_parse(again(bob, broken[_i].change), &cert, &err), broken[_i].code);
}
END_TEST

/* Any octet changed in any of these ways: it is read or refused, and ASan and UBSan find nothing. */
START_TEST(mutated_certificates_are_read_or_refused)
{
    struct pki_entity *bob =
        pki_self(pki, SPEC(.name = "Bob", .email = "bob@b.example", .dn_email = "b@b.example"));
    struct buf copy = BUF_INIT(CERT_DER_MAX);
    unsigned refused = 0;
    for (size_t i = 0; i < bob->der.len; i++) {
        for (unsigned way = 0; way < 3; way++) {
            struct cert *cert;
            buf_clear(&copy);
            buf_add_span(&copy, bob->der);
            copy.ptr[i] = (char)(way == 0 ? copy.ptr[i] ^ 1 : way == 1 ? 0xff : copy.ptr[i] + 1);
            if (cert_parse(buf_span(&copy), &cert, &err) < 0) {
                refused++;
                err_clear(&err);
            } else {
                struct buf text = BUF_INIT(1u << 20);
                cert_print(cert, &text);
                buf_fini(&text);
            }
            cert_free(&cert);
        }
    }
    ck_assert_uint_gt(refused, 50);
    buf_fini(&copy);
}
END_TEST

/* ---- for people ---- */

START_TEST(print_escapes_hostile_names)
{
    struct pki_entity *eve = pki_self(pki, SPEC(.name = "Eve\r\nuse: sign \x1b[2J\xe2\x80\xae"
                                                        "elgoog <img>",
                                                .email = "eve@e.example"));
    struct buf text = BUF_INIT(1u << 20);
    cert_print(eve->cert, &text);
    unsigned lines = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        ck_assert_msg(c == '\n' || (c >= 0x20 && c != 0x7f), "octet %u", c);
        lines += c == '\n';
    }
    ck_assert_uint_eq(lines, 9);
    ck_assert_ptr_null(strstr(buf_str(&text), "\xe2\x80\xae"));
    ck_assert_ptr_nonnull(
        strstr(buf_str(&text), "subject: CN=Eve\\0D\\0Ause: sign \\1B[2Jelgoog \\<img\\>\n"));
    buf_fini(&text);
}
END_TEST

START_TEST(print_says_what_matters)
{
    struct pki_entity *root = pki_root(pki, SPEC(.name = "Root", .type = PKI_RSA2048));
    struct pki_entity *bob =
        pki_leaf(pki, root, SPEC(.email = "bob@b.example", .type = PKI_RSA3072, .digest = "SHA1"));
    struct buf text = BUF_INIT(1u << 20);
    cert_print(bob->cert, &text);
    static const char *const expected[] = {
        "subject: CN=bob@b.example\n",           "issuer: CN=Root\n", "address: bob@b.example\n",
        "valid from: 2025-01-01 00:00:00 UTC\n", "key: RSA 3072\n",   "use: sign encrypt\n",
        "warning: signed with MD5 or SHA-1\n",
    };
    for (size_t i = 0; i < SEAL_COUNT(expected); i++)
        ck_assert_msg(strstr(buf_str(&text), expected[i]) != NULL, "%s in %s", expected[i], buf_str(&text));
    buf_fini(&text);
}
END_TEST

/* ---- life ---- */

static void *use_cert(void *arg)
{
    struct cert *cert = cert_ref(arg);
    intptr_t failures = 0;
    for (int i = 0; i < 50; i++) {
        failures += !cert_has_address(cert, "bob@b.example", ADDR_CASE_EXACT);
        failures += X509_check_purpose(cert_x509(cert), X509_PURPOSE_SMIME_SIGN, 0) != 1;
        failures += EVP_PKEY_get_bits(X509_get0_pubkey(cert_x509(cert))) != 256;
    }
    cert_free(&cert);
    return (void *)failures;
}

START_TEST(certificate_is_used_by_threads_and_outlives_its_first_reference)
{
    struct pki_entity *bob = pki_self(pki, SPEC(.email = "bob@b.example"));
    pthread_t threads[4];
    void *failures;
    struct cert *mine;
    ck_ok(cert_parse(bob->der, &mine, &err));
    struct cert *again = cert_ref(mine);
    cert_free(&mine);
    ck_assert_ptr_null(mine);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_cert, again), 0);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++) {
        pthread_join(threads[i], &failures);
        ck_assert_ptr_null(failures);
    }
    ck_assert(cert_same(again, bob->cert));
    cert_free(&again);
}
END_TEST

START_TEST(certificates_differ_by_their_octets)
{
    struct pki_entity *bob = pki_self(pki, SPEC(.email = "bob@b.example"));
    struct pki_entity *renewed = pki_self(pki, SPEC(.email = "bob@b.example", .same_key = bob));
    ck_assert(!cert_same(bob->cert, renewed->cert));
    ck_assert(span_eq(cert_public(bob->cert), cert_public(renewed->cert)));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/smime/cert");
    TCase *c = tcase_create("cert");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, everything_selection_needs_is_read);
    tcase_add_test(c, fingerprint_is_sha256_of_the_der);
    tcase_add_loop_test(c, usage_is_what_the_extensions_allow, 0, SEAL_COUNT(usages));
    tcase_add_test(c, only_basic_constraints_make_a_ca);
    tcase_add_loop_test(c, names_that_are_no_plain_mailbox_are_left_out, 0, SEAL_COUNT(raw));
    tcase_add_test(c, addresses_come_from_subject_alt_name_alone);
    tcase_add_test(c, email_of_the_subject_is_read_as_strictly);
    tcase_add_loop_test(c, utf8_mailbox_is_an_address_when_it_is_utf8, 0, SEAL_COUNT(utf8));
    tcase_add_test(c, other_names_are_no_addresses);
    tcase_add_loop_test(c, address_is_compared_as_the_envelope_is_read, 0, SEAL_COUNT(addresses));
    tcase_add_test(c, certificate_without_address_has_none);
    tcase_add_loop_test(c, types_of_keys_are_told_apart, 0, SEAL_COUNT(types));
    tcase_add_test(c, keys_that_would_cost_minutes_are_not_supported);
    tcase_add_test(c, compressed_point_gives_the_same_public_key);
    tcase_add_test(c, weak_signatures_are_noticed_but_not_of_oneself);
    tcase_add_test(c, same_name_does_not_make_it_self_signed);
    tcase_add_test(c, der_is_read_to_the_last_octet);
    tcase_add_test(c, size_is_limited);
    tcase_add_test(c, second_encoding_of_a_certificate_is_refused);
    tcase_add_loop_test(c, broken_fields_and_excess_are_refused, 0, SEAL_COUNT(broken));
    tcase_add_test(c, mutated_certificates_are_read_or_refused);
    tcase_add_test(c, print_escapes_hostile_names);
    tcase_add_test(c, print_says_what_matters);
    tcase_add_test(c, certificate_is_used_by_threads_and_outlives_its_first_reference);
    tcase_add_test(c, certificates_differ_by_their_octets);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
