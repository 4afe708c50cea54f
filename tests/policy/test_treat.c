#include "site.h"
#include "support/check.h"

#include <string.h>

#define IN "rule \"in\"\n  when inbound\n  "

/* A message from outside for alice, who can see view 1. */
static struct site *arriving(const char *policy, enum method signed_by, enum method encrypted_by)
{
    struct site *site = site_new(policy);
    struct rcpt_facts *rcpt = site_rcpt(site, "alice@example.org", DIRECTION_INBOUND);
    site_arrives(site, signed_by, encrypted_by);
    rcpt->view = encrypted_by != METHOD_NONE ? 1 : 0;
    return site;
}

/* What is seen of the message, and the tag and operations that follow from it under decrypt, harvest, tag. */
static const struct {
    enum decryption decryption;
    enum signature signature;
    const char *ops;
} seen[] = {
    {DECRYPTION_OPENED, SIGNATURE_NONE, "hygiene, open view 1, tag \"[secure]\", status view 1"},
    {DECRYPTION_OPENED, SIGNATURE_GOOD, "hygiene, open view 1, tag \"[secure] [signed OK]\", status view 1"},
    {DECRYPTION_OPENED, SIGNATURE_BAD,
     "hygiene, open view 1, tag \"[secure] [signature invalid]\", status view 1"},
    {DECRYPTION_OPENED, SIGNATURE_WEAK,
     "hygiene, open view 1, tag \"[secure] [signature invalid]\", status view 1"},
    {DECRYPTION_OPENED, SIGNATURE_PARTIAL,
     "hygiene, open view 1, tag \"[secure] [signature invalid]\", status view 1"},
    {DECRYPTION_OPENED, SIGNATURE_MISMATCH,
     "hygiene, open view 1, tag \"[secure] [signature invalid]\", status view 1"},
    {DECRYPTION_OPENED, SIGNATURE_UNTRUSTED,
     "hygiene, open view 1, tag \"[secure] [signature invalid]\", status view 1"},
    {DECRYPTION_OPENED, SIGNATURE_UNSUPPORTED,
     "hygiene, open view 1, tag \"[secure] [signature invalid]\", status view 1"},
    {DECRYPTION_UNAUTHENTICATED, SIGNATURE_NONE,
     "hygiene, open view 1, tag \"[not authenticated]\", status view 1"},
    {DECRYPTION_NO_KEY, SIGNATURE_NONE, "hygiene, status view 1"},
    {DECRYPTION_UNSUPPORTED, SIGNATURE_NONE, "hygiene, status view 1"},
    {DECRYPTION_FAILED, SIGNATURE_NONE, "hygiene, status view 1"},
};

START_TEST(the_tag_says_what_was_seen_and_only_of_an_opened_copy_that_it_was_opened)
{
    struct site *site = arriving(IN "decrypt\n  harvest\n  tag\n", METHOD_NONE, METHOD_SMIME);
    site->views[1].decryption = seen[_i].decryption;
    site->views[1].signature = seen[_i].signature;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), seen[_i].ops);
    site_free(site);
}
END_TEST

START_TEST(signed_mail_is_tagged_by_the_view_as_it_came)
{
    struct site *site = arriving(IN "decrypt\n  tag\n", METHOD_SMIME, METHOD_NONE);
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "hygiene, tag \"[signed OK]\", status view 0");
    site->views[0].signature = SIGNATURE_MISMATCH;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "hygiene, tag \"[signature invalid]\", status view 0");
    site_free(site);
}
END_TEST

START_TEST(a_rule_that_does_not_open_claims_nothing_about_the_inside)
{
    struct site *site = arriving(IN "tag\n", METHOD_NONE, METHOD_SMIME);
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "hygiene, status view 0");
    site_free(site);
}
END_TEST

START_TEST(opening_without_a_tag_still_states_what_happened)
{
    struct site *site = arriving(IN "decrypt\n", METHOD_NONE, METHOD_SMIME);
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "hygiene, open view 1, status view 1");
    site_free(site);
}
END_TEST

START_TEST(empty_wordings_are_off)
{
    struct site *site = arriving(IN "decrypt\n  tag\n", METHOD_NONE, METHOD_SMIME);
    site->settings->tag_opened = "";
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "hygiene, open view 1, tag \"[signed OK]\", status view 1");
    site->settings->tag_signed = "";
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "hygiene, open view 1, status view 1");
    site_free(site);
}
END_TEST

START_TEST(a_recipient_who_is_not_registered_gets_mail_as_it_came)
{
    struct site *site =
        arriving(IN "decrypt, else refuse \"no\"\n  harvest\n  tag\n", METHOD_NONE, METHOD_SMIME);
    site->facts.rcpts[0].registered = ANSWER_NO;
    ck_assert(site_noted(site_decide(site), "recipient is not a registered user"));
    ck_assert_str_eq(site_ops(site, 0), "hygiene");
    ck_assert(!site->decisions[0].harvest);
    site->facts.rcpts[0].registered = ANSWER_UNKNOWN;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "tempfail 4.3.0");
    site_free(site);
}
END_TEST

START_TEST(ambiguous_structure_is_not_looked_into)
{
    struct site *site =
        arriving(IN "decrypt, else refuse \"no\"\n  harvest\n  tag\n", METHOD_NONE, METHOD_SMIME);
    site->facts.opaque_why = "two boundaries";
    site->facts.have = FACTS_BASE;
    ck_assert(site_noted(site_decide(site), "two boundaries"));
    ck_assert_str_eq(site_ops(site, 0), "hygiene");
    site_free(site);
}
END_TEST

START_TEST(only_what_is_known_without_a_private_key_may_refuse)
{
    static const struct {
        enum decryption decryption;
        const char *ops;
    } table[] = {
        {DECRYPTION_NO_KEY, "refuse 5.7.5"},
        {DECRYPTION_UNSUPPORTED, "refuse 5.7.5"},
        {DECRYPTION_NONE, "refuse 5.7.5"}, /* encrypted with a method that this build does not open */
        {DECRYPTION_FAILED, "hygiene, status view 1"},
        {DECRYPTION_UNAUTHENTICATED, "hygiene, open view 1, status view 1"},
        {DECRYPTION_OPENED, "hygiene, open view 1, status view 1"},
    };
    for (size_t i = 0; i < SEAL_COUNT(table); i++) {
        struct site *site = arriving(IN "decrypt, else refuse \"Not for us\"\n", METHOD_NONE, METHOD_SMIME);
        site->views[1].decryption = table[i].decryption;
        const struct decision *decision = site_decide(site);
        ck_assert_str_eq(site_ops(site, 0), table[i].ops);
        if (decision->disposition == DISPOSITION_REFUSE)
            ck_assert_str_eq(decision->reply_text, "Not for us");
        site_free(site);
    }
}
END_TEST

START_TEST(encrypting_again_refuses_alike_whatever_opening_showed)
{
    static const enum decryption shown[] = {DECRYPTION_OPENED, DECRYPTION_UNAUTHENTICATED, DECRYPTION_FAILED};
    for (size_t i = 0; i < SEAL_COUNT(shown); i++) {
        struct site *site = arriving(IN "decrypt\n  encrypt\n", METHOD_NONE, METHOD_SMIME);
        site->views[1].decryption = shown[i];
        site_no_key(&site->facts.rcpts[0].encrypt[METHOD_SMIME]);
        site_decide(site);
        ck_assert_str_eq(site_ops(site, 0), "refuse 5.7.4");
        site_key(&site->facts.rcpts[0].encrypt[METHOD_SMIME], 1, "rsa");
        site_decide(site);
        bool opened = shown[i] != DECRYPTION_FAILED;
        ck_assert_str_eq(site_ops(site, 0),
                         opened ? "hygiene, open view 1, encrypt smime aes256-cbc rsa, status view 1"
                                : "hygiene, status view 1");
        ck_assert_int_eq(site->decisions[0].protect, opened);
        site_free(site);
    }
}
END_TEST

START_TEST(harvest_takes_only_what_may_be_harvested)
{
    struct site *site = arriving(IN "harvest\n", METHOD_SMIME, METHOD_NONE);
    ck_assert(site_decide(site)->harvest);
    ck_assert_str_eq(site_ops(site, 0), "hygiene");
    site->views[0].may_harvest = false;
    ck_assert(!site_decide(site)->harvest);
    ck_assert(site_noted(site->decisions, "nothing to harvest"));
    site_free(site);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/treat");
    TCase *t = tcase_create("treat");
    tcase_add_loop_test(t, the_tag_says_what_was_seen_and_only_of_an_opened_copy_that_it_was_opened, 0,
                        SEAL_COUNT(seen));
    tcase_add_test(t, signed_mail_is_tagged_by_the_view_as_it_came);
    tcase_add_test(t, a_rule_that_does_not_open_claims_nothing_about_the_inside);
    tcase_add_test(t, opening_without_a_tag_still_states_what_happened);
    tcase_add_test(t, empty_wordings_are_off);
    tcase_add_test(t, a_recipient_who_is_not_registered_gets_mail_as_it_came);
    tcase_add_test(t, ambiguous_structure_is_not_looked_into);
    tcase_add_test(t, only_what_is_known_without_a_private_key_may_refuse);
    tcase_add_test(t, encrypting_again_refuses_alike_whatever_opening_showed);
    tcase_add_test(t, harvest_takes_only_what_may_be_harvested);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
