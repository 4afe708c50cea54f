#include "support/check.h"
#include "support/pki.h"

#include "smime/ca.h"
#include "smime/chain.h"
#include "token/soft.h"

#include <openssl/x509v3.h>
#include <string.h>

static struct err err;
static struct secret ca_pkcs8;
static struct cert *ca;
static struct key *ca_key;
static struct pki *pki;

static void setup(void)
{
    err_clear(&err);
    pki = pki_new();
    ck_ok(soft_generate(KEY_EC_P384, 0, &ca_pkcs8, &err));
    ck_ok(ca_create("Example GmbH, Köln", &ca_pkcs8, PKI_NOW, &ca, &err));
    ca_key = pki_soft_key((struct span){(char *)ca_pkcs8.ptr, ca_pkcs8.len});
}

static void teardown(void)
{
    cert_free(&ca);
    key_free(&ca_key);
    secret_fini(&ca_pkcs8);
    pki_free(&pki);
}

static struct ca_request request(const char *addr)
{
    struct pki_entity *user = pki_self(pki, &(struct pki_spec){.email = "x@x.example"});
    return (struct ca_request){.addr = addr,
                               .public_key = cert_public(user->cert),
                               .not_before = PKI_NOW,
                               .not_after = PKI_NOW + 365 * PKI_DAY};
}

static enum chain_answer chain(struct cert *leaf, enum chain_purpose purpose)
{
    struct anchors *anchors;
    struct chain_result result;
    ck_ok(anchors_new(&ca, 1, NULL, 0, &anchors, &err));
    ck_ok(chain_check(
        anchors, leaf, NULL, 0,
        &(struct chain_terms){
            .purpose = purpose, .when = PKI_NOW + PKI_DAY, .now = PKI_NOW + PKI_DAY, .min_rsa_bits = 2048},
        &result, &err));
    enum chain_answer answer = result.answer;
    chain_result_fini(&result);
    anchors_free(&anchors);
    return answer;
}

START_TEST(root_is_a_ca_and_nothing_else)
{
    const struct cert_info *info = cert_info(ca);
    ck_assert_uint_eq(info->usage, CERT_CA);
    ck_assert(info->self_signed && info->supported);
    ck_assert_str_eq(info->subject, "O=Example GmbH\\, Köln, CN=S/MIME CA");
    ck_assert_int_eq(info->not_before, PKI_NOW);
    ck_assert_int_eq(info->not_after, PKI_NOW + CA_DAYS * PKI_DAY);
}
END_TEST

START_TEST(issued_certificate_signs_and_encrypts_under_its_root)
{
    static const enum pki_key types[] = {PKI_P256, PKI_P384, PKI_P521, PKI_RSA2048, PKI_RSA4096};
    for (size_t i = 0; i < SEAL_COUNT(types); i++) {
        struct pki_entity *user = pki_self(pki, &(struct pki_spec){.email = "x@x.example", .type = types[i]});
        struct ca_request r = request("bob@example.org");
        r.public_key = cert_public(user->cert);
        struct cert *cert;
        ck_ok(ca_issue(ca, ca_key, &r, &cert, &err));
        ck_assert_uint_eq(cert_info(cert)->usage, CERT_SIGN | CERT_ENCRYPT);
        ck_assert(cert_has_address(cert, "bob@example.org", ADDR_CASE_EXACT));
        ck_assert(span_eq(cert_public(cert), key_public(user->key)));
        ck_assert_int_eq(chain(cert, CHAIN_SIGN), CHAIN_OK);
        ck_assert_int_eq(chain(cert, CHAIN_ENCRYPT), CHAIN_OK);
        cert_free(&cert);
    }
}
END_TEST

START_TEST(issued_certificate_issues_nothing)
{
    struct pki_entity *user = pki_self(pki, &(struct pki_spec){.email = "x@x.example"});
    struct ca_request r = request("bob@example.org"), more = request("eve@example.org");
    struct cert *cert, *next;
    r.public_key = cert_public(user->cert);
    ck_ok(ca_issue(ca, ca_key, &r, &cert, &err));
    ck_fails(ca_issue(cert, user->key, &more, &next, &err), ERR_KEY_UNUSABLE);
    cert_free(&cert);
}
END_TEST

START_TEST(serial_numbers_are_random_and_positive)
{
    struct ca_request r = request("bob@example.org");
    struct cert *one, *two;
    ck_ok(ca_issue(ca, ca_key, &r, &one, &err));
    ck_ok(ca_issue(ca, ca_key, &r, &two, &err));
    ck_assert_str_ne(cert_info(one)->serial, cert_info(two)->serial);
    ck_assert_uint_eq(strlen(cert_info(one)->serial), 32);
    ck_assert_int_ne(cert_info(one)->serial[0], '-');
    cert_free(&one);
    cert_free(&two);
}
END_TEST

START_TEST(local_part_beyond_ascii_becomes_a_utf8_mailbox)
{
    struct ca_request r = request("börse@example.org");
    struct cert *cert;
    ck_ok(ca_issue(ca, ca_key, &r, &cert, &err));
    ck_assert_uint_eq(cert_info(cert)->nemails, 1);
    ck_assert_str_eq(cert_info(cert)->emails[0], "börse@example.org");
    ck_assert_int_eq(chain(cert, CHAIN_SIGN), CHAIN_OK);
    cert_free(&cert);
}
END_TEST

START_TEST(long_names_are_cut_between_characters)
{
    struct ca_request r = request("bob@example.org");
    char name[201] = "";
    for (int i = 0; i < 100; i++)
        strcat(name, "ö");
    r.name = name;
    struct cert *cert;
    ck_ok(ca_issue(ca, ca_key, &r, &cert, &err));
    ck_assert_uint_eq(strlen(cert_info(cert)->subject), 3 + 128);
    cert_free(&cert);
}
END_TEST

static const struct {
    const char *addr;
    enum err_code code;
} refused[] = {
    {"", ERR_USAGE},
    {"bob", ERR_USAGE},
    {"bob@", ERR_USAGE},
    {"<bob@example.org>", ERR_USAGE},
    {"bob@Example.org", ERR_USAGE}, /* not canonical: the caller shall know what he asks for */
    {"\"a b\"@example.org", ERR_USAGE},
    {"bob@example.org\n", ERR_USAGE},
    {"b\xf6rse@example.org", ERR_USAGE},
    {"bob@k\xc3\xb6ln.example", ERR_UNSUPPORTED},
};

START_TEST(addresses_that_no_reader_would_match_are_refused)
{
    struct ca_request r = request(refused[_i].addr);
    struct cert *cert = NULL;
    ck_fails(ca_issue(ca, ca_key, &r, &cert, &err), refused[_i].code);
    ck_assert_ptr_null(cert);
}
END_TEST

START_TEST(key_of_another_ca_is_refused)
{
    struct pki_entity *other = pki_root(pki, &(struct pki_spec){.name = "Other"});
    struct ca_request r = request("bob@example.org");
    struct cert *cert;
    ck_fails(ca_issue(ca, other->key, &r, &cert, &err), ERR_KEY_UNUSABLE);
    ck_fails(ca_issue(other->cert, ca_key, &r, &cert, &err), ERR_KEY_UNUSABLE);
}
END_TEST

START_TEST(nothing_is_issued_outside_the_validity_of_the_ca)
{
    struct ca_request r = request("bob@example.org");
    struct cert *cert;
    r.not_before = PKI_NOW - 1;
    ck_fails(ca_issue(ca, ca_key, &r, &cert, &err), ERR_KEY_EXPIRED);
    r.not_before = PKI_NOW + CA_DAYS * PKI_DAY;
    ck_fails(ca_issue(ca, ca_key, &r, &cert, &err), ERR_KEY_EXPIRED);
    r.not_before = PKI_NOW;
    r.not_after = PKI_NOW + 2 * CA_DAYS * PKI_DAY;
    ck_ok(ca_issue(ca, ca_key, &r, &cert, &err));
    ck_assert_int_eq(cert_info(cert)->not_after, cert_info(ca)->not_after);
    cert_free(&cert);
}
END_TEST

START_TEST(unsupported_public_keys_are_refused)
{
    struct pki_entity *user = pki_self(pki, &(struct pki_spec){.email = "x@x.example", .type = PKI_ED25519});
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(user->pkey, &der);
    struct ca_request r = request("bob@example.org");
    struct cert *cert;
    r.public_key = (struct span){(char *)der, (size_t)len};
    ck_fails(ca_issue(ca, ca_key, &r, &cert, &err), ERR_UNSUPPORTED);
    r.public_key = SPAN_LIT("\x30\x03\x02\x01\x01");
    ck_fails(ca_issue(ca, ca_key, &r, &cert, &err), ERR_UNSUPPORTED);
    OPENSSL_free(der);
}
END_TEST

START_TEST(organisation_must_fit_a_name)
{
    struct cert *cert;
    ck_fails(ca_create("", &ca_pkcs8, PKI_NOW, &cert, &err), ERR_USAGE);
    ck_fails(ca_create("1234567890123456789012345678901234567890123456789012345678901234+", &ca_pkcs8,
                       PKI_NOW, &cert, &err),
             ERR_USAGE);
    ck_fails(ca_create("K\xf6ln", &ca_pkcs8, PKI_NOW, &cert, &err), ERR_USAGE);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/smime/ca");
    TCase *c = tcase_create("ca");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, root_is_a_ca_and_nothing_else);
    tcase_add_test(c, issued_certificate_signs_and_encrypts_under_its_root);
    tcase_add_test(c, issued_certificate_issues_nothing);
    tcase_add_test(c, serial_numbers_are_random_and_positive);
    tcase_add_test(c, local_part_beyond_ascii_becomes_a_utf8_mailbox);
    tcase_add_test(c, long_names_are_cut_between_characters);
    tcase_add_loop_test(c, addresses_that_no_reader_would_match_are_refused, 0, SEAL_COUNT(refused));
    tcase_add_test(c, key_of_another_ca_is_refused);
    tcase_add_test(c, nothing_is_issued_outside_the_validity_of_the_ca);
    tcase_add_test(c, unsupported_public_keys_are_refused);
    tcase_add_test(c, organisation_must_fit_a_name);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
