/* Tests of revoked certificates at the gate: never encrypted to, never signed with, no signature good, nothing learned (R27, R28). */
#include "support/check.h"
#include "support/crls.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <string.h>

static const char policy[] =
    OUR_DOMAIN KEYWORD_CONFIDENTIAL IN_OPENED_AND_HARVESTED "rule \"secret\"\n"
                                                            "    when outbound, keyword confidential\n"
                                                            "    encrypt\n"
                                                            "rule \"out\"\n"
                                                            "    when outbound\n"
                                                            "    sign\n" HOUSE_PASSES;

#define BOB      "bob@their.example"
#define FROM_BOB "From: bob@their.example\nTo: alice@our.example\nSubject: Hi\n"

static const char entity[] = "Content-Type: text/plain\n\nHello\n";

static struct site *site;
static struct pki_entity *alice, *bob;

static void begin(const char *settings)
{
    site = site_new_with(policy, settings);
    alice = site_user(site, "alice@our.example", PKI_P256);
    bob = site_partner(site, BOB, PKI_P256);
}

static void setup(void)
{
    begin("");
}

static void setup_hard(void)
{
    begin("revocation = hard\n");
}

static void setup_off(void)
{
    begin("revocation = off\n");
}

static void teardown(void)
{
    site_free(&site);
}

/* As sealadm does; the daemon sees it with the next message. */
static void publish(const struct crls_spec *spec)
{
    struct err err = ERR_INIT;
    char signer[HASH_HEX_SIZE];
    SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(CRL_DER_MAX);
    SEAL_CLEANUP(crl_free) struct crl *crl = NULL;
    crls_make(spec, &der);
    ck_ok(crl_find_signer(buf_span(&der), (struct cert *const *)&spec->issuer->cert, 1, signer, &err));
    ck_ok(crl_parse(buf_span(&der), signer, &crl, &err));
    const struct crl_info *info = crl_info(crl);
    const struct crl_record record = {.id = info->id,
                                      .fingerprint = info->fingerprint,
                                      .signer = info->signer,
                                      .issuer = info->issuer,
                                      .this_update = info->this_update,
                                      .next_update = info->next_update,
                                      .entries = info->entries,
                                      .imported = PKI_NOW};
    ck_ok(store_put_crl(site->store, &record, buf_span(&der), &err));
    site_policy(site, policy);
}

static void revoke(const struct pki_entity *who)
{
    publish(&(struct crls_spec){.issuer = site->root, .revoked = {who}});
}

static void send_at(const char *subject, int64_t now)
{
    const char *text = arena_printf(site->arena, "From: alice@our.example\nSubject: %s\n\nORCHID\n", subject);
    site_answers(site, &(struct site_mail){.from = "alice@our.example",
                                           .login = "alice@our.example",
                                           .to = {BOB},
                                           .text = text,
                                           .now = now});
}

static bool is_noted(const char *text)
{
    const struct decision *decision = &site->outcome->decisions[0];
    for (size_t i = 0; i < decision->nwhy; i++)
        if (strstr(decision->why[i], text) != NULL)
            return true;
    return false;
}

/* Required encryption at this moment goes to this certificate; NULL: it is refused, and this is why. */
static void expect_at(int64_t now, const struct pki_entity *chosen, const char *why)
{
    send_at("[confidential] Hi", now);
    if (chosen == NULL) {
        ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
        ck_assert_int_eq(strncmp(site->outcome->reply, "550 5.7.4", 9), 0);
        ck_assert_msg(is_noted(why), "%s", site->outcome->decisions[0].why[0]);
        return;
    }
    ck_assert_msg(site->outcome->verdict == VERDICT_ACCEPT, "%s", site->outcome->decisions[0].why[0]);
    struct span copy = site_copy(site, 0);
    ck_assert(!has(copy, "ORCHID"));
    const struct copy *plan = &site->outcome->plan->copies[0];
    ck_assert_str_eq(plan->ops[plan->nops - 1].fp[0], cert_info(chosen->cert)->fingerprint);
}

static void arrive_from(const struct pki_entity *signer)
{
    site_accepts(site, &(struct site_mail){.from = BOB,
                                           .to = {"alice@our.example"},
                                           .bytes = site_signed(site, FROM_BOB, entity, signer)});
}

/* What the recipient reads of the signature. */
static bool is_called_good(void)
{
    struct span copy = site_copy(site, 0);
    return has(copy, "[signed OK]");
}

/* ---- encryption ---- */

START_TEST(a_revoked_certificate_is_not_encrypted_to)
{
    expect_at(PKI_NOW, bob, NULL);
    revoke(bob);
    expect_at(PKI_NOW, NULL, "revoked since 2025-12-22");
}
END_TEST

START_TEST(trust_by_hand_does_not_help_a_revoked_certificate)
{
    site_add_cert(site, BOB, bob, TRUST_TRUSTED, true);
    expect_at(PKI_NOW, bob, NULL);
    revoke(bob);
    expect_at(PKI_NOW, NULL, "revoked since 2025-12-22");
}
END_TEST

START_TEST(another_certificate_takes_the_place_of_a_revoked_one)
{
    struct pki_entity *older = pki_leaf(
        site->pki, site->root, &(struct pki_spec){.email = BOB, .not_before = PKI_NOW - 500 * PKI_DAY});
    site_add_cert(site, BOB, older, TRUST_TRUSTED, false);
    expect_at(PKI_NOW, bob, NULL);
    revoke(bob);
    expect_at(PKI_NOW, older, NULL);
}
END_TEST

START_TEST(soft_encrypts_without_a_current_list)
{
    publish(&(struct crls_spec){.issuer = site->root, .next_update = PKI_NOW + PKI_DAY});
    expect_at(PKI_NOW + 2 * PKI_DAY, bob, NULL);
}
END_TEST

START_TEST(hard_encrypts_with_a_current_list_only)
{
    expect_at(PKI_NOW, NULL, "no revocation list of CN=Trusted Root");
    publish(&(struct crls_spec){.issuer = site->root, .next_update = PKI_NOW + 100});
    expect_at(PKI_NOW, bob, NULL);
    expect_at(PKI_NOW + 99, bob, NULL);
    expect_at(PKI_NOW + 100, NULL,
              "revocation list outdated since"); /* within the life of a remembered verdict */
}
END_TEST

START_TEST(off_does_not_look)
{
    revoke(bob);
    expect_at(PKI_NOW, bob, NULL);
}
END_TEST

/* ---- signing ---- */

START_TEST(a_revoked_key_of_ours_signs_nothing)
{
    send_at("Hi", 0);
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    revoke(alice);
    send_at("Hi", 0);
    ck_assert_int_ne(site->outcome->verdict, VERDICT_ACCEPT);
    ck_assert(is_noted("revoked since 2025-12-22"));
}
END_TEST

/* ---- what arrives ---- */

START_TEST(a_revoked_signers_signature_is_not_good_and_teaches_nothing)
{
    arrive_from(bob);
    ck_assert(is_called_good());
    ck_assert_uint_eq(site->outcome->neffects, 1);
    revoke(bob);
    arrive_from(bob);
    ck_assert(!is_called_good());
    ck_assert_uint_eq(site->outcome->neffects, 0);
    const struct view *view = &site->outcome->facts->views[0];
    ck_assert_int_eq(view->signature, SIGNATURE_UNTRUSTED);
    ck_assert_str_eq(view->signature_why, "revoked since 2025-12-22: CN=bob@their.example");
}
END_TEST

START_TEST(hard_calls_no_signature_good_without_a_list)
{
    arrive_from(bob);
    ck_assert(!is_called_good());
    publish(&(struct crls_spec){.issuer = site->root});
    arrive_from(bob);
    ck_assert(is_called_good());
}
END_TEST

static TCase *make_case(const char *name, void (*begins)(void))
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, begins, teardown);
    return tcase;
}

static Suite *make_suite(void)
{
    Suite *suite = suite_create("gate/revocation");
    TCase *soft = make_case("soft", setup), *hard = make_case("hard", setup_hard),
          *off = make_case("off", setup_off);
    tcase_add_test(soft, a_revoked_certificate_is_not_encrypted_to);
    tcase_add_test(soft, trust_by_hand_does_not_help_a_revoked_certificate);
    tcase_add_test(soft, another_certificate_takes_the_place_of_a_revoked_one);
    tcase_add_test(soft, soft_encrypts_without_a_current_list);
    tcase_add_test(soft, a_revoked_key_of_ours_signs_nothing);
    tcase_add_test(soft, a_revoked_signers_signature_is_not_good_and_teaches_nothing);
    tcase_add_test(hard, hard_encrypts_with_a_current_list_only);
    tcase_add_test(hard, hard_calls_no_signature_good_without_a_list);
    tcase_add_test(off, off_does_not_look);
    suite_add_tcase(suite, soft);
    suite_add_tcase(suite, hard);
    suite_add_tcase(suite, off);
    return suite;
}

TEST_MAIN(make_suite)
