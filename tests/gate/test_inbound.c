/* Tests of the gate on mail that arrives: opening, verifying, layers, marks, harvest. Attacks have a file of their own. */
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <openssl/cms.h>
#include <string.h>

static const char policy[] = OUR_DOMAIN IN_OPENED_AND_HARVESTED OUT_PASSES HOUSE_PASSES;

#define FROM_BOB "From: Bob <bob@their.example>\nTo: alice@our.example\nSubject: Hi\n"
#define TO_ALICE .from = "bob@their.example", .to = {"alice@our.example"}

static const char text_entity[] = "Content-Type: text/plain\n\nThe plaintext token is ORCHID.\n";

static struct site *site;
static struct pki_entity *alice, *bob;

static void setup(void)
{
    site = site_new(policy);
    alice = site_user(site, "alice@our.example", PKI_RSA2048);
    bob = pki_leaf(site->pki, site->root,
                   &(struct pki_spec){.email = "bob@their.example", .type = PKI_RSA2048});
}

static void teardown(void)
{
    site_free(&site);
}

static struct span copy_for_alice(void)
{
    return site_copy_for(site, "alice@our.example");
}

static void expect(const char *subject, const char *status_begins)
{
    struct span copy = copy_for_alice();
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), subject);
    const char *status = site_field(site, copy, "X-Sealmilter-Status", 0);
    ck_assert_ptr_nonnull(status);
    ck_assert_msg(strncmp(status, status_begins, strlen(status_begins)) == 0, "%s", status);
}

START_TEST(encrypted_and_signed_mail_is_opened_and_verified)
{
    struct span inner = site_signed_entity(site, text_entity, bob, PKI_NOW);
    site_accepts(site, &(struct site_mail){TO_ALICE, .bytes = site_enveloped(site, FROM_BOB, inner, alice)});
    expect("[secure] [signed OK] Hi",
           arena_printf(site->arena,
                        "encryption=opened; auth=signature; signature=good; signer=\"bob@their.example\"; "
                        "fingerprint=%s",
                        cert_info(bob->cert)->fingerprint));
    struct span copy = copy_for_alice();
    ck_assert(has(copy, "ORCHID"));
    ck_assert(has(copy, inner.ptr + (span_find(inner, "--sig", 5, 0)))); /* the signature unchanged */
    const char *results = site_field(site, copy, "Authentication-Results", 0);
    ck_assert_ptr_nonnull(strstr(results, "gw.our.example; smime=pass"));
}
END_TEST

START_TEST(encrypted_mail_without_signature_is_said_to_be_unauthenticated)
{
    site_accepts(site,
                 &(struct site_mail){
                     TO_ALICE, .bytes = site_enveloped(site, FROM_BOB, site_crlf(site, text_entity), alice)});
    expect("[not authenticated] Hi", "encryption=unauthenticated; auth=none; signature=none");
    ck_assert(has(copy_for_alice(), "ORCHID"));
}
END_TEST

static struct span by_3des(struct span entity)
{
    unsigned char *der = NULL;
    STACK_OF(X509) *to = sk_X509_new_null();
    BIO *in = BIO_new_mem_buf(entity.ptr, (int)entity.len);
    ck_assert_int_gt(sk_X509_push(to, alice->x509), 0);
    CMS_ContentInfo *cms = CMS_encrypt(to, in, EVP_des_ede3_cbc(), CMS_BINARY);
    int len = i2d_CMS_ContentInfo(cms, &der);
    ck_assert_int_gt(len, 0);
    struct span message = site_pkcs7(site, FROM_BOB, (struct span){(const char *)der, (size_t)len});
    OPENSSL_free(der);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    sk_X509_free(to);
    return message;
}

START_TEST(weak_cipher_is_called_weak)
{
    site_accepts(site, &(struct site_mail){TO_ALICE, .bytes = by_3des(site_crlf(site, text_entity))});
    expect("[not authenticated] Hi",
           "encryption=unauthenticated; auth=none; cipher=weak; signature=none; reason=\"the cipher is weak");
    struct span inner = site_signed_entity(site, text_entity, bob, PKI_NOW);
    site_accepts(site, &(struct site_mail){TO_ALICE, .bytes = by_3des(inner)});
    expect("[secure] [signed OK] Hi", "encryption=opened; auth=signature; cipher=weak; signature=good");
}
END_TEST

START_TEST(signed_mail_goes_on_with_its_signature_unchanged)
{
    struct span message = site_signed(site, FROM_BOB, text_entity, bob);
    site_accepts(site, &(struct site_mail){TO_ALICE, .bytes = message});
    expect("[signed OK] Hi", "encryption=none; signature=good");
    size_t body = span_find(message, "\r\n\r\n", 4, 0);
    struct span copy = copy_for_alice();
    size_t copied = span_find(copy, "\r\n\r\n", 4, 0);
    ck_assert(span_eq(span_sub(message, body, message.len), span_sub(copy, copied, copy.len)));
}
END_TEST

START_TEST(plain_mail_is_untouched_byte_for_byte)
{
    site_accepts(site, &(struct site_mail){TO_ALICE, .text = FROM_BOB "\nHello\n"});
    ck_assert_ptr_null(site->outcome->copies[0]);
}
END_TEST

START_TEST(mail_for_a_key_that_is_not_the_recipients_stays_closed)
{
    struct pki_entity *carol = site_user(site, "carol@our.example", PKI_RSA2048);
    struct span message = site_enveloped(site, FROM_BOB, site_crlf(site, text_entity), carol);
    site_accepts(site, &(struct site_mail){TO_ALICE, .bytes = message});
    expect("Hi", "encryption=no-key");
    ck_assert(!has(copy_for_alice(), "ORCHID"));
}
END_TEST

START_TEST(only_those_who_are_entitled_get_the_opened_copy)
{
    site_user(site, "carol@our.example", PKI_P256);
    struct span message = site_enveloped(site, FROM_BOB, site_crlf(site, text_entity), alice);
    site_accepts(site, &(struct site_mail){.from = "bob@their.example",
                                           .to = {"alice@our.example", "carol@our.example"},
                                           .bytes = message});
    ck_assert(has(site_copy_for(site, "alice@our.example"), "ORCHID"));
    ck_assert(!has(site_copy_for(site, "carol@our.example"), "ORCHID"));
}
END_TEST

START_TEST(opened_copies_ask_for_bounces_without_body)
{
    site_accepts(site,
                 &(struct site_mail){
                     TO_ALICE, .bytes = site_enveloped(site, FROM_BOB, site_crlf(site, text_entity), alice)});
    ck_assert(site->outcome->plan->copies[0].opened);
}
END_TEST

START_TEST(mail_for_an_unregistered_address_is_not_opened)
{
    struct pki_entity *dave =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "dave@our.example"});
    site_add_cert(site, "dave@our.example", dave, TRUST_TRUSTED, false);
    site_add_key(site, "dave@our.example", dave);
    site_accepts(site, &(struct site_mail){
                           .from = "bob@their.example",
                           .to = {"dave@our.example"},
                           .bytes = site_enveloped(site, FROM_BOB, site_crlf(site, text_entity), dave)});
    ck_assert(!has(site_copy_for(site, "dave@our.example"), "ORCHID"));
}
END_TEST

START_TEST(old_key_still_opens_after_rollover)
{
    struct pki_entity *old = pki_leaf(site->pki, site->root,
                                      &(struct pki_spec){.email = "alice@our.example",
                                                         .not_before = PKI_NOW - 900 * PKI_DAY,
                                                         .not_after = PKI_NOW - 100 * PKI_DAY});
    site_add_cert(site, "alice@our.example", old, TRUST_UNTRUSTED, false);
    site_add_key(site, "alice@our.example", old);
    site_accepts(site, &(struct site_mail){TO_ALICE, .bytes = site_enveloped(
                                                         site, FROM_BOB, site_crlf(site, text_entity), old)});
    ck_assert(has(copy_for_alice(), "ORCHID"));
}
END_TEST

START_TEST(signature_around_an_envelope_says_nothing_but_the_envelope_opens)
{
    struct span inner = site_enveloped(site, "", site_crlf(site, text_entity), alice);
    const char *entity = site_entity(site, inner);
    site_accepts(site, &(struct site_mail){TO_ALICE, .bytes = site_signed(site, FROM_BOB, entity, bob)});
    expect("[not authenticated] Hi", "encryption=unauthenticated; auth=none; signature=none");
    ck_assert(has(copy_for_alice(), "ORCHID"));
}
END_TEST

START_TEST(verified_signer_is_harvested_once_as_trusted)
{
    site_accepts(site, &(struct site_mail){TO_ALICE, .bytes = site_signed(site, FROM_BOB, text_entity, bob)});
    ck_assert_uint_eq(site->outcome->neffects, 1);
    ck_assert_str_eq(site->outcome->effects[0].addr, "bob@their.example");
    ck_assert(site->outcome->effects[0].trusted);
    ck_assert_str_eq(site->outcome->effects[0].fingerprint, cert_info(bob->cert)->fingerprint);
    ck_assert_ptr_nonnull(strstr(site->outcome->effects[0].capabilities, "aes256-gcm"));
}
END_TEST

START_TEST(signer_without_trusted_chain_is_harvested_as_untrusted)
{
    struct pki_entity *self = pki_self(site->pki, &(struct pki_spec){.email = "bob@their.example"});
    site_accepts(site,
                 &(struct site_mail){TO_ALICE, .bytes = site_signed(site, FROM_BOB, text_entity, self)});
    expect("[signature invalid] Hi", "encryption=none; signature=untrusted");
    ck_assert_uint_eq(site->outcome->neffects, 1);
    ck_assert(!site->outcome->effects[0].trusted);
}
END_TEST

START_TEST(signature_of_another_than_from_is_a_mismatch_and_teaches_nothing)
{
    struct pki_entity *mallory =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "mallory@their.example"});
    site_accepts(site,
                 &(struct site_mail){TO_ALICE, .bytes = site_signed(site, FROM_BOB, text_entity, mallory)});
    expect("[signature invalid] Hi", "encryption=none; signature=mismatch");
    ck_assert_uint_eq(site->outcome->neffects, 0);
}
END_TEST

START_TEST(changed_text_is_a_bad_signature)
{
    struct span message = site_signed(site, FROM_BOB, text_entity, bob);
    ((char *)message.ptr)[span_find(message, "ORCHID", 6, 0)] = 'X';
    site_accepts(site, &(struct site_mail){TO_ALICE, .bytes = message});
    expect("[signature invalid] Hi", "encryption=none; signature=bad");
    ck_assert_uint_eq(site->outcome->neffects, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/inbound");
    TCase *t = tcase_create("inbound");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, encrypted_and_signed_mail_is_opened_and_verified);
    tcase_add_test(t, encrypted_mail_without_signature_is_said_to_be_unauthenticated);
    tcase_add_test(t, weak_cipher_is_called_weak);
    tcase_add_test(t, signed_mail_goes_on_with_its_signature_unchanged);
    tcase_add_test(t, plain_mail_is_untouched_byte_for_byte);
    tcase_add_test(t, mail_for_a_key_that_is_not_the_recipients_stays_closed);
    tcase_add_test(t, only_those_who_are_entitled_get_the_opened_copy);
    tcase_add_test(t, opened_copies_ask_for_bounces_without_body);
    tcase_add_test(t, mail_for_an_unregistered_address_is_not_opened);
    tcase_add_test(t, old_key_still_opens_after_rollover);
    tcase_add_test(t, signature_around_an_envelope_says_nothing_but_the_envelope_opens);
    tcase_add_test(t, verified_signer_is_harvested_once_as_trusted);
    tcase_add_test(t, signer_without_trusted_chain_is_harvested_as_untrusted);
    tcase_add_test(t, signature_of_another_than_from_is_a_mismatch_and_teaches_nothing);
    tcase_add_test(t, changed_text_is_a_bad_signature);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
