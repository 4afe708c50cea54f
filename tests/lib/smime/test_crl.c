#include "support/check.h"
#include "support/crls.h"

#include "smime/crl.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

static struct pki *pki;
static struct err err;
static struct pki_entity *root, *bob, *carol;
static struct buf der;
static struct crl *crl;
static char signer[HASH_HEX_SIZE];

static void setup(void)
{
    err_clear(&err);
    pki = pki_new();
    root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    bob = pki_leaf(pki, root, &(struct pki_spec){.email = "bob@b.example"});
    carol = pki_leaf(pki, root, &(struct pki_spec){.email = "carol@b.example"});
    der = (struct buf)BUF_INIT(CRL_DER_MAX);
}

static void teardown(void)
{
    crl_free(&crl);
    buf_fini(&der);
    pki_free(&pki);
}

static int read_crl(const struct crls_spec *spec, const struct pki_entity *authority)
{
    buf_clear(&der);
    crl_free(&crl);
    crls_make(spec, &der);
    if (crl_find_signer(buf_span(&der), (struct cert *const *)&authority->cert, 1, signer, &err) < 0)
        return -1;
    return crl_parse(buf_span(&der), signer, &crl, &err);
}

START_TEST(names_what_it_lists_and_nothing_else)
{
    int64_t since = 0;
    ck_ok(read_crl(&(struct crls_spec){.issuer = root, .revoked = {bob}, .many = 100}, root));
    ck_assert(crl_lists(crl, bob->cert, &since));
    ck_assert_int_eq(since, CRLS_SINCE);
    ck_assert(!crl_lists(crl, carol->cert, &since));
    ck_assert_uint_eq(crl_info(crl)->entries, 101);
    ck_assert_str_eq(crl_info(crl)->issuer, "CN=Root");
    ck_assert_int_eq(crl_info(crl)->next_update, PKI_NOW + 7 * PKI_DAY);
    ck_assert(crl_covers(crl, carol->cert, root->cert));
}
END_TEST

START_TEST(says_nothing_of_another_issuers_certificate_with_the_same_serial)
{
    int64_t since;
    struct pki_entity *other = pki_root(pki, &(struct pki_spec){.name = "Other"});
    ck_ok(read_crl(&(struct crls_spec){.issuer = other, .revoked = {bob}}, other));
    ck_assert(!crl_lists(crl, bob->cert, &since));
    ck_assert(!crl_covers(crl, bob->cert, root->cert));
}
END_TEST

START_TEST(an_empty_list_is_a_list)
{
    int64_t since;
    ck_ok(read_crl(&(struct crls_spec){.issuer = root}, root));
    ck_assert(!crl_lists(crl, bob->cert, &since));
    ck_assert(crl_covers(crl, bob->cert, root->cert));
}
END_TEST

START_TEST(only_its_issuer_may_sign_it)
{
    struct pki_entity *other = pki_root(pki, &(struct pki_spec){.name = "Other"});
    struct pki_entity *twin = pki_root(pki, &(struct pki_spec){.name = "Root"});
    struct pki_entity *no_crls =
        pki_root(pki, &(struct pki_spec){.name = "No lists", .key_usage = "critical,keyCertSign"});
    ck_fails(read_crl(&(struct crls_spec){.issuer = root}, other), ERR_UNTRUSTED);
    ck_fails(read_crl(&(struct crls_spec){.issuer = root}, twin), ERR_UNTRUSTED);
    ck_fails(read_crl(&(struct crls_spec){.issuer = no_crls}, no_crls), ERR_UNTRUSTED);
    ck_fails(read_crl(&(struct crls_spec){.issuer = bob}, bob), ERR_UNTRUSTED);
}
END_TEST

START_TEST(one_changed_octet_breaks_the_signature)
{
    ck_ok(read_crl(&(struct crls_spec){.issuer = root, .revoked = {bob}}, root));
    der.ptr[der.len - 1] ^= 1;
    ck_fails(crl_find_signer(buf_span(&der), &root->cert, 1, signer, &err), ERR_UNTRUSTED);
}
END_TEST

static const struct {
    struct crls_spec spec;
    enum err_code code;
} refused[] = {
    {{.digest = "SHA1"}, ERR_UNSUPPORTED},
    {{.digest = "MD5"}, ERR_UNSUPPORTED},
    {{.no_next = true}, ERR_SYNTAX},
    {{.more = "2.5.29.27=critical,DER:02:01:01"}, ERR_UNSUPPORTED},
    {{.more = "1.2.3.4.5=critical,ASN1:NULL"}, ERR_UNSUPPORTED},
    {{.scope = "critical,indirectCRL:TRUE"}, ERR_UNSUPPORTED},
    {{.scope = "critical,onlyAA:TRUE"}, ERR_UNSUPPORTED},
    {{.scope = "critical,onlysomereasons:keyCompromise"}, ERR_UNSUPPORTED},
};

START_TEST(lists_that_would_need_more_rules_are_refused)
{
    struct pki_entity *rsa = pki_root(pki, &(struct pki_spec){.name = "RSA", .type = PKI_RSA2048});
    struct crls_spec spec = refused[_i].spec;
    spec.issuer = rsa;
    ck_fails(read_crl(&spec, rsa), refused[_i].code);
}
END_TEST

START_TEST(beyond_its_scope_a_list_proves_nothing_but_names_what_it_names)
{
    int64_t since;
    struct pki_entity *ca = pki_ca(pki, root, &(struct pki_spec){.name = "CA"});
    ck_ok(read_crl(&(struct crls_spec){.issuer = root, .revoked = {ca}, .scope = "critical,onlyuser:TRUE"},
                   root));
    ck_assert(crl_covers(crl, bob->cert, root->cert));
    ck_assert(!crl_covers(crl, ca->cert, root->cert));
    ck_assert(crl_lists(crl, ca->cert, &since));
    ck_ok(read_crl(&(struct crls_spec){.issuer = root, .scope = "critical,onlyCA:TRUE"}, root));
    ck_assert(!crl_covers(crl, bob->cert, root->cert));
    ck_assert(crl_covers(crl, ca->cert, root->cert));
}
END_TEST

START_TEST(a_list_of_one_distribution_point_is_for_certificates_that_name_it)
{
    struct pki_entity *dave =
        pki_leaf(pki, root,
                 &(struct pki_spec){.email = "dave@b.example",
                                    .more = "crlDistributionPoints=URI:http://b.example/2.crl"});
    ck_ok(read_crl(
        &(struct crls_spec){.issuer = root, .scope = "critical,fullname:URI:http://b.example/2.crl"}, root));
    ck_assert(crl_covers(crl, dave->cert, root->cert));
    ck_assert(!crl_covers(crl, bob->cert, root->cert));
    ck_ok(read_crl(
        &(struct crls_spec){.issuer = root, .scope = "critical,fullname:URI:http://b.example/1.crl"}, root));
    ck_assert(!crl_covers(crl, dave->cert, root->cert));
}
END_TEST

START_TEST(a_successor_has_the_same_id_and_another_scope_has_not)
{
    char id[HASH_HEX_SIZE], fingerprint[HASH_HEX_SIZE];
    ck_ok(read_crl(&(struct crls_spec){.issuer = root}, root));
    strcpy(id, crl_info(crl)->id);
    strcpy(fingerprint, crl_info(crl)->fingerprint);
    ck_ok(read_crl(&(struct crls_spec){.issuer = root, .this_update = PKI_NOW, .revoked = {bob}}, root));
    ck_assert_str_eq(crl_info(crl)->id, id);
    ck_assert_str_ne(crl_info(crl)->fingerprint, fingerprint);
    ck_ok(read_crl(&(struct crls_spec){.issuer = root, .scope = "critical,onlyuser:TRUE"}, root));
    ck_assert_str_ne(crl_info(crl)->id, id);
}
END_TEST

START_TEST(what_is_cut_or_goes_on_is_no_list)
{
    ck_ok(read_crl(&(struct crls_spec){.issuer = root, .revoked = {bob}}, root));
    for (size_t len = 1; len < der.len; len++) {
        crl_free(&crl);
        ck_fails(crl_parse(span_sub(buf_span(&der), 0, len), signer, &crl, &err), ERR_SYNTAX);
    }
    buf_add_char(&der, 'x');
    ck_fails(crl_parse(buf_span(&der), signer, &crl, &err), ERR_SYNTAX);
    ck_fails(crl_parse(SPAN_LIT(""), signer, &crl, &err), ERR_LIMIT);
}
END_TEST

/* ---- files ---- */

static void add_pem(struct buf *out)
{
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio(bio, PEM_STRING_X509_CRL, "", (unsigned char *)der.ptr, (long)der.len);
    long len = BIO_get_mem_data(bio, &text);
    buf_add(out, text, (size_t)len);
    BIO_free(bio);
}

START_TEST(a_file_is_one_der_list_or_any_number_of_pem_blocks)
{
    SEAL_CLEANUP(buf_fini) struct buf pem = BUF_INIT(CRL_FILE_MAX);
    SEAL_CLEANUP(crl_file_fini) struct crl_file file = {.n = 0};
    ck_ok(read_crl(&(struct crls_spec){.issuer = root, .revoked = {bob}}, root));
    ck_ok(crl_file_read(buf_span(&der), &file, &err));
    ck_assert_uint_eq(file.n, 1);
    crl_file_fini(&file);
    buf_add_str(&pem, "lists of today\n");
    add_pem(&pem);
    add_pem(&pem);
    ck_ok(crl_file_read(buf_span(&pem), &file, &err));
    ck_assert_uint_eq(file.n, 2);
    ck_assert(span_eq(buf_span(&file.lists[1]), buf_span(&der)));
}
END_TEST

START_TEST(a_pem_file_without_a_list_or_with_a_damaged_one_is_refused)
{
    SEAL_CLEANUP(crl_file_fini) struct crl_file file = {.n = 0};
    SEAL_CLEANUP(buf_fini) struct buf pem = BUF_INIT(CRL_FILE_MAX);
    ck_fails(crl_file_read(SPAN_LIT("-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----\n"), &file, &err),
             ERR_SYNTAX);
    ck_ok(read_crl(&(struct crls_spec){.issuer = root}, root));
    add_pem(&pem);
    add_pem(&pem);
    ck_fails(crl_file_read(span_sub(buf_span(&pem), 0, pem.len - 10), &file, &err), ERR_SYNTAX);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("smime/crl");
    TCase *tcase = tcase_create("crl");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, names_what_it_lists_and_nothing_else);
    tcase_add_test(tcase, says_nothing_of_another_issuers_certificate_with_the_same_serial);
    tcase_add_test(tcase, an_empty_list_is_a_list);
    tcase_add_test(tcase, only_its_issuer_may_sign_it);
    tcase_add_test(tcase, one_changed_octet_breaks_the_signature);
    tcase_add_loop_test(tcase, lists_that_would_need_more_rules_are_refused, 0, SEAL_COUNT(refused));
    tcase_add_test(tcase, beyond_its_scope_a_list_proves_nothing_but_names_what_it_names);
    tcase_add_test(tcase, a_list_of_one_distribution_point_is_for_certificates_that_name_it);
    tcase_add_test(tcase, a_successor_has_the_same_id_and_another_scope_has_not);
    tcase_add_test(tcase, what_is_cut_or_goes_on_is_no_list);
    tcase_add_test(tcase, a_file_is_one_der_list_or_any_number_of_pem_blocks);
    tcase_add_test(tcase, a_pem_file_without_a_list_or_with_a_damaged_one_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
