#include "support/check.h"
#include "support/pki.h"

#include "smime/request.h"
#include "token/soft.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

static struct err err;

static const struct {
    enum key_type type;
    unsigned bits;
} kinds[] = {{KEY_RSA, 2048}, {KEY_EC_P256, 0}, {KEY_EC_P384, 0}};

static struct key *new_key(size_t kind)
{
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    ck_ok(soft_generate(kinds[kind].type, kinds[kind].bits, &pkcs8, &err));
    return pki_soft_key((struct span){(char *)pkcs8.ptr, pkcs8.len});
}

static X509_REQ *read_request(const struct buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->ptr, (int)pem->len);
    X509_REQ *request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ck_assert_ptr_nonnull(request);
    return request;
}

static void check_address(X509_REQ *request, const char *addr)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    ck_assert_ptr_nonnull(names);
    ck_assert_int_eq(sk_GENERAL_NAME_num(names), 1);
    ASN1_STRING *text = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), NULL);
    ck_assert_uint_eq((size_t)ASN1_STRING_length(text), strlen(addr));
    ck_assert_mem_eq(ASN1_STRING_get0_data(text), addr, strlen(addr));
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

START_TEST(a_request_is_signed_by_its_key_and_names_the_address)
{
    struct buf pem = BUF_INIT(65536);
    struct key *key = new_key((size_t)_i);
    char cn[100];
    ck_ok(request_create(key, "alice@a.example", "Älice", &pem, &err));
    X509_REQ *request = read_request(&pem);
    EVP_PKEY *public = X509_REQ_get0_pubkey(request);
    ck_assert_int_eq(X509_REQ_verify(request, public), 1);
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(public, &spki);
    ck_assert_int_gt(len, 0);
    ck_assert(span_eq(key_public(key), (struct span){(char *)spki, (size_t)len}));
    OPENSSL_free(spki);
    check_address(request, "alice@a.example");
    ck_assert_int_gt(
        X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(request), NID_commonName, cn, sizeof cn), 0);
    ck_assert_str_eq(cn, "Älice");
    X509_REQ_free(request);
    key_free(&key);
    buf_fini(&pem);
}
END_TEST

START_TEST(an_address_or_name_that_no_certificate_holds_is_refused)
{
    static const struct {
        const char *addr, *name;
        enum err_code code;
    } cases[] = {{"alice", NULL, ERR_USAGE},
                 {"alice@a.example ", NULL, ERR_USAGE},
                 {"alice@a.example", "", ERR_USAGE},
                 {"alice@a.example", "\xff", ERR_USAGE},
                 {"alice@ä.example", NULL, ERR_UNSUPPORTED}};
    struct buf pem = BUF_INIT(65536);
    struct key *key = new_key(1);
    ck_fails(request_create(key, cases[_i].addr, cases[_i].name, &pem, &err), cases[_i].code);
    ck_assert_uint_eq(pem.len, 0);
    key_free(&key);
    buf_fini(&pem);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("smime/request");
    TCase *tcase = tcase_create("request");
    tcase_add_loop_test(tcase, a_request_is_signed_by_its_key_and_names_the_address, 0,
                        (int)SEAL_COUNT(kinds));
    tcase_add_loop_test(tcase, an_address_or_name_that_no_certificate_holds_is_refused, 0, 5);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
