#include "support/check.h"
#include "support/pki.h"

static struct pki *pki;

static void setup(void)
{
    pki = pki_new();
}

static void teardown(void)
{
    pki_free(&pki);
}


START_TEST(everything_selection_needs_is_read)
{
    struct pki_entity *root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    struct pki_entity *bob =
        pki_leaf(pki, root, &(struct pki_spec){.email = "Bob@B.example", .type = PKI_RSA2048});
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
    ck_assert_uint_eq(cert_info(root->cert)->usage & CERT_CA, CERT_CA);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/smime/cert");
    TCase *c = tcase_create("cert");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, everything_selection_needs_is_read);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
