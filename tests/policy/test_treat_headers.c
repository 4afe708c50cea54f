/* Which header fields travel inside, for whom, and whose Subject comes back (RFC 9788, R21, R26). */
#include "site.h"

#include "support/check.h"

#include <stdio.h>

enum peer {
    PEER_UNKNOWN,
    PEER_READS, /* his own mail showed that he understands */
    PEER_NONE,  /* no certificate */
};

#define CLOSED "sign smime, encrypt smime aes256-cbc rsa"

static const struct {
    const char *mode;
    bool signed_too;
    const char *steps;
    enum peer peer;
    const char *ops;
} out[] = {
    {"no", false, "sign\n  encrypt", PEER_READS, CLOSED},
    {"plain", false, "sign\n  encrypt", PEER_READS, "protect headers plain, " CLOSED},
    {"baseline", false, "sign\n  encrypt", PEER_UNKNOWN, "protect headers baseline, " CLOSED},
    {"learned", false, "sign\n  encrypt", PEER_UNKNOWN, "protect headers plain, " CLOSED},
    {"learned", false, "sign\n  encrypt", PEER_READS, "protect headers baseline, " CLOSED},
    {"learned", false, "encrypt", PEER_READS, "protect headers baseline, encrypt smime aes256-cbc rsa"},
    /* by rule, whatever the settings say, and wherever the line stands */
    {"no", false, "protect headers plain\n  sign\n  encrypt", PEER_READS, "protect headers plain, " CLOSED},
    {"no", false, "sign\n  encrypt\n  protect headers baseline", PEER_UNKNOWN,
     "protect headers baseline, " CLOSED},
    {"baseline", false, "sign\n  encrypt\n  protect headers no", PEER_READS, CLOSED},
    {"learned", false, "protect headers plain\n  continue\nrule \"s\"\n  protect headers baseline\n  encrypt",
     PEER_READS, "protect headers plain, encrypt smime aes256-cbc rsa"},
    /* signed only */
    {"baseline", false, "sign\n  encrypt if possible", PEER_NONE, "sign smime"},
    {"no", true, "sign", PEER_READS, "protect headers clear, sign smime"},
    {"no", true, "sign\n  encrypt", PEER_READS, CLOSED},
    {"no", false, "sign\n  protect headers baseline", PEER_NONE, "protect headers clear, sign smime"},
    {"no", true, "sign\n  protect headers no", PEER_NONE, "sign smime"},
    {"baseline", true, "protect headers baseline\n  add header X-A \"1\"", PEER_NONE, "header add X-A: 1"},
    /* fields that the policy writes are there before they are protected; a copy has what is right for it */
    {"plain", false, "sign\n  encrypt\n  delete header X-A", PEER_READS,
     "header delete X-A, protect headers plain, " CLOSED},
    {"plain", true, "sign\n  copy to d@x.example\n  encrypt", PEER_READS,
     "protect headers plain, " CLOSED " + d@x.example: protect headers clear, sign smime"},
};

START_TEST(level_is_that_of_rule_setting_and_peer)
{
    char policy[400];
    snprintf(policy, sizeof policy, "rule \"r\"\n  %s\n", out[_i].steps);
    struct site *site = site_new(policy);
    site->settings->header_protection = out[_i].mode;
    site->settings->header_protection_signed = out[_i].signed_too;
    struct rcpt_facts *rcpt = site_rcpt_of_kind(site, "kurt@bank.example", DIRECTION_OUTBOUND,
                                                out[_i].peer == PEER_NONE ? NULL : "rsa");
    rcpt->encrypt[METHOD_SMIME].reads_protected = out[_i].peer == PEER_READS;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), out[_i].ops);
    site_free(site);
}
END_TEST

START_TEST(who_understands_and_who_does_not_get_different_copies)
{
    struct site *site = site_new("rule \"r\"\n  sign\n  encrypt\n");
    site->settings->header_protection = "learned";
    site_rcpt(site, "a@x.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "b@x.example", DIRECTION_OUTBOUND)->encrypt[METHOD_SMIME].reads_protected = true;
    site_rcpt(site, "c@x.example", DIRECTION_OUTBOUND);
    site_plan(site);
    ck_assert_str_eq(site_plan_text(site), "serve; a@x.example c@x.example: protect headers plain, " CLOSED
                                           "; b@x.example: protect headers baseline, " CLOSED);
    site_free(site);
}
END_TEST

START_TEST(fixed_certificate_says_itself_what_its_owner_understands)
{
    static const char policy[] = "rule \"r\"\n  encrypt with smime to certificate "
                                 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
    struct site *site = site_new(policy);
    struct key_fact fixed;
    site->settings->header_protection = "learned";
    site_key(&fixed, 3, "rsa");
    site->facts.fixed = &fixed;
    site_rcpt(site, "a@x.example", DIRECTION_OUTBOUND)->encrypt[METHOD_SMIME].reads_protected = true;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "protect headers plain, encrypt smime aes256-cbc rsa");
    fixed.reads_protected = true;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "protect headers baseline, encrypt smime aes256-cbc rsa");
    site_free(site);
}
END_TEST

static const struct {
    const char *mode, *steps, *ops, *note;
} signed_already[] = {
    {"no", "encrypt\n  protect headers baseline", "protect headers baseline, encrypt smime aes256-cbc rsa",
     "what is signed already becomes a part"},
    {"baseline", "sign\n  encrypt", "protect headers baseline, encrypt smime aes256-cbc rsa",
     "what is signed already becomes a part"},
    {"learned", "encrypt", "encrypt smime aes256-cbc rsa",
     "no header fields are put inside: a signature covers"},
    {"baseline", "encrypt\n  protect headers plain", "encrypt smime aes256-cbc rsa",
     "no header fields are put inside: a signature covers"},
};

/* What was asked to be hidden is hidden, whatever that costs the place of the signature; nothing else is. */
START_TEST(what_the_users_own_program_signed_is_wrapped_where_hiding_was_asked_for)
{
    char policy[200];
    snprintf(policy, sizeof policy, "rule \"r\"\n  %s\n", signed_already[_i].steps);
    struct site *site = site_new(policy);
    site->settings->header_protection = signed_already[_i].mode;
    site_rcpt(site, "a@x.example", DIRECTION_OUTBOUND)->encrypt[METHOD_SMIME].reads_protected = true;
    site->facts.signed_by = METHOD_SMIME;
    const struct decision *decision = site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), signed_already[_i].ops);
    ck_assert(site_noted(decision, signed_already[_i].note));
    site_free(site);
}
END_TEST

/* ---- in ---- */

static const struct {
    const char *steps;
    enum decryption decryption;
    enum signature signature;
    bool marked;
    const char *subject;
    const char *ops;
} in[] = {
    {"decrypt", DECRYPTION_OPENED, SIGNATURE_GOOD, true, "x",
     "hygiene, open view 1, subject view 1, status view 1"},
    {"decrypt\n  tag", DECRYPTION_OPENED, SIGNATURE_NONE, true, "x",
     "hygiene, open view 1, subject view 1, tag \"[secure]\", status view 1"},
    {"decrypt", DECRYPTION_UNAUTHENTICATED, SIGNATURE_BAD, true, "x",
     "hygiene, open view 1, subject view 1, status view 1"},
    {"decrypt", DECRYPTION_OPENED, SIGNATURE_GOOD, true, NULL, "hygiene, open view 1, status view 1"},
    {"decrypt", DECRYPTION_FAILED, SIGNATURE_NONE, false, NULL, "hygiene, status view 1"},
    {"tag", DECRYPTION_OPENED, SIGNATURE_GOOD, true, "x", "hygiene, status view 0"},
    /* closed again: the Subject stays inside, where its sender has put it */
    {"decrypt\n  encrypt\n  protect headers baseline", DECRYPTION_OPENED, SIGNATURE_NONE, true, "x",
     "hygiene, open view 1, encrypt smime aes256-cbc rsa, status view 1"},
    {"decrypt\n  encrypt\n  protect headers baseline", DECRYPTION_OPENED, SIGNATURE_GOOD, false, NULL,
     "hygiene, open view 1, encrypt smime aes256-cbc rsa, status view 1"},
    {"decrypt\n  encrypt\n  protect headers baseline", DECRYPTION_OPENED, SIGNATURE_NONE, false, NULL,
     "hygiene, open view 1, protect headers baseline, encrypt smime aes256-cbc rsa, status view 1"},
    {"decrypt\n  copy to d@x.example\n  encrypt", DECRYPTION_OPENED, SIGNATURE_NONE, true, "x",
     "hygiene, open view 1, encrypt smime aes256-cbc rsa, status view 1 + d@x.example: hygiene, open view 1, "
     "subject view 1, status view 1"},
};

START_TEST(subject_comes_back_where_the_message_stays_open)
{
    char policy[400];
    snprintf(policy, sizeof policy, "our domains example.org\nrule \"r\"\n  %s\n", in[_i].steps);
    struct site *site = site_new(policy);
    site_arrives(site, METHOD_NONE, METHOD_SMIME);
    site->views[1].decryption = in[_i].decryption;
    site->views[1].signature = in[_i].signature;
    site->views[1].protects_header = in[_i].marked;
    site->views[1].subject = in[_i].subject;
    site->views[1].opened = in[_i].decryption == DECRYPTION_FAILED ? -1 : 0;
    site_rcpt(site, "bob@example.org", DIRECTION_INBOUND)->view = 1;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), in[_i].ops);
    site_free(site);
}
END_TEST

static const struct {
    const char *steps;
    enum signature signature;
    const char *ops;
} verified[] = {
    {"tag", SIGNATURE_GOOD, "hygiene, subject view 0, tag \"[signed OK]\", status view 0"},
    {"tag", SIGNATURE_BAD, "hygiene, tag \"[signature invalid]\", status view 0"},
    {"tag", SIGNATURE_MISMATCH, "hygiene, tag \"[signature invalid]\", status view 0"},
    {"tag", SIGNATURE_UNTRUSTED, "hygiene, tag \"[signature invalid]\", status view 0"},
    {"decrypt", SIGNATURE_GOOD, "hygiene"},
    {"pass", SIGNATURE_GOOD, "hygiene"},
};

START_TEST(of_signed_mail_only_a_good_signature_brings_the_subject)
{
    char policy[400];
    snprintf(policy, sizeof policy, "our domains example.org\nrule \"r\"\n  %s\n", verified[_i].steps);
    struct site *site = site_new(policy);
    site_arrives(site, METHOD_SMIME, METHOD_NONE);
    site->views[0].signature = verified[_i].signature;
    site->views[0].protects_header = true;
    site->views[0].subject = "x";
    site_rcpt(site, "bob@example.org", DIRECTION_INBOUND);
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), verified[_i].ops);
    site_free(site);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("treat_headers");
    TCase *tcase = tcase_create("treat_headers");
    tcase_add_loop_test(tcase, level_is_that_of_rule_setting_and_peer, 0, (int)SEAL_COUNT(out));
    tcase_add_test(tcase, who_understands_and_who_does_not_get_different_copies);
    tcase_add_test(tcase, fixed_certificate_says_itself_what_its_owner_understands);
    tcase_add_loop_test(tcase, what_the_users_own_program_signed_is_wrapped_where_hiding_was_asked_for, 0,
                        (int)SEAL_COUNT(signed_already));
    tcase_add_loop_test(tcase, subject_comes_back_where_the_message_stays_open, 0, (int)SEAL_COUNT(in));
    tcase_add_loop_test(tcase, of_signed_mail_only_a_good_signature_brings_the_subject, 0,
                        (int)SEAL_COUNT(verified));
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
