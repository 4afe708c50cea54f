/* Who is given a key by a rule, and what becomes of steps that need it. */
#include "site.h"

#include "support/check.h"

#include <string.h>

#define SIGNED "rule \"r\"\n  generate key\n  sign\n"

/* Alice may sign and has no key. */
static struct site *without_key(const char *policy)
{
    struct site *site = site_new(policy);
    site->facts.may_sign = true;
    site_no_key(&site->facts.sign[METHOD_SMIME]);
    site_no_key(&site->facts.sign[METHOD_OPENPGP]);
    site_rcpt_of_kind(site, "kurt@bank.example", DIRECTION_OUTBOUND, NULL);
    return site;
}

static const struct {
    const char *policy;
    unsigned generate; /* 1 << enum method */
    const char *ops;
} wanted[] = {
    {SIGNED, 1u << METHOD_SMIME, "sign smime"},
    {"rule \"r\"\n  sign\n  generate key smime\n", 1u << METHOD_SMIME, "sign smime"},
    {"rule \"r\"\n  generate key openpgp\n  sign\n", 1u << METHOD_OPENPGP, "sign openpgp"},
    {"rule \"r\"\n  generate key\n  generate key openpgp\n  sign with openpgp\n  attach keys\n",
     1u << METHOD_SMIME | 1u << METHOD_OPENPGP, "attach keys smime, attach keys openpgp, sign openpgp"},
    {"rule \"r\"\n  generate key\n  continue\nrule \"s\"\n  sign if possible\n", 1u << METHOD_SMIME,
     "sign smime"},
    {"rule \"r\"\n  generate key\n  continue\nrule \"s\"\n  pass\n", 1u << METHOD_SMIME, ""},
    {"rule \"r\"\n  generate key\n  sign with openpgp\n", 0, "refuse 5.7.4"},
    {"rule \"r\"\n  sign if possible\n", 0, ""},
};

START_TEST(key_is_wanted_first_and_planned_with)
{
    struct site *site = without_key(wanted[_i].policy);
    site_plan(site);
    ck_assert_uint_eq(site->plan->generate, wanted[_i].generate);
    ck_assert_str_eq(site_ops(site, 0), wanted[_i].ops);
    site_free(site);
}
END_TEST

static void from_outside(struct site *site)
{
    site->facts.submitter = SUBMITTER_NONE;
    site->facts.may_sign = false;
}
static void of_a_stranger(struct site *site)
{
    site->facts.sender_registered = ANSWER_NO;
}
static void in_a_name_of_others(struct site *site)
{
    site->facts.may_sign = false;
}
static void of_nobody(struct site *site)
{
    site->facts.sender = "";
    site->facts.is_report = true;
}
static void signed_already(struct site *site)
{
    site->facts.signed_by = METHOD_SMIME;
}
static void with_a_key(struct site *site)
{
    site_key(&site->facts.sign[METHOD_SMIME], 0, "rsa");
}
static void unknown(struct site *site)
{
    site->facts.sign[METHOD_SMIME].usable = ANSWER_UNKNOWN;
}
static void unknown_sender(struct site *site)
{
    site->facts.sender_registered = ANSWER_UNKNOWN;
}

static const struct {
    void (*is)(struct site *site);
    const char *ops;
} others[] = {
    {from_outside, ""},
    {of_a_stranger, ""},
    {in_a_name_of_others, "refuse 5.7.4"},
    {of_nobody, ""},
    {signed_already, ""},
    {with_a_key, "sign smime"},
    {unknown, "tempfail 4.3.0"},
    {unknown_sender, "tempfail 4.3.0"},
};

START_TEST(nobody_else_is_given_a_key)
{
    struct site *site = without_key(SIGNED);
    others[_i].is(site);
    site_plan(site);
    ck_assert_uint_eq(site->plan->generate, 0);
    ck_assert_uint_eq(site->decisions[0].generate, 0);
    ck_assert_str_eq(site_ops(site, 0), others[_i].ops);
    site_free(site);
}
END_TEST

START_TEST(refused_and_deferred_mail_generates_nothing)
{
    struct site *site = without_key("rule \"a\"\n  when to kurt@bank.example\n  generate key\n  sign\n"
                                    "rule \"b\"\n  refuse\n");
    site_rcpt(site, "eve@far.example", DIRECTION_OUTBOUND);
    site_plan(site);
    ck_assert_uint_eq(site->decisions[0].generate, 1u << METHOD_SMIME);
    ck_assert_uint_eq(site->plan->generate, 0);
    site_free(site);
}
END_TEST

static const struct {
    const char *policy;
    const char *ops;
} tried[] = {
    {SIGNED, "tempfail 4.3.0"},
    {"rule \"r\"\n  generate key\n  sign, else return\n", "tempfail 4.3.0"},
    {"rule \"r\"\n  generate key\n  sign if possible\n  encrypt if possible\n", ""},
    {"rule \"r\"\n  generate key\n  attach keys\n", ""},
    {"rule \"r\"\n  generate key openpgp\n  sign with smime\n", "refuse 5.7.4"},
};

START_TEST(what_could_not_be_generated_defers_who_needs_it_and_is_not_wanted_again)
{
    struct site *site = without_key(tried[_i].policy);
    site->facts.generated = true;
    site->facts.ungenerated[METHOD_SMIME] = "there is no own CA";
    site_plan(site);
    ck_assert_uint_eq(site->plan->generate, 0);
    ck_assert_str_eq(site_ops(site, 0), tried[_i].ops);
    ck_assert(site_noted(&site->decisions[0], "key could be generated"));
    site_free(site);
}
END_TEST

START_TEST(key_tells_nothing_of_what_is_inside)
{
    struct site *site = without_key("rule \"r\"\n  when verified\n  generate key\n  sign if possible\n");
    site->facts.encrypted_by = METHOD_SMIME;
    site->facts.rcpts[0].direction = DIRECTION_INTERNAL;
    site->facts.rcpts[0].view = 1;
    site->facts.nviews = 2;
    site->views[1] = (struct view){.decryption = DECRYPTION_OPENED, .signature = SIGNATURE_GOOD};
    site_plan(site);
    ck_assert_uint_eq(site->plan->generate, 0);
    ck_assert(site_noted(&site->decisions[0], "it would show what is inside"));
    site_free(site);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("treat_generate");
    TCase *t = tcase_create("generate key");
    tcase_add_loop_test(t, key_is_wanted_first_and_planned_with, 0, SEAL_COUNT(wanted));
    tcase_add_loop_test(t, nobody_else_is_given_a_key, 0, SEAL_COUNT(others));
    tcase_add_test(t, refused_and_deferred_mail_generates_nothing);
    tcase_add_loop_test(t, what_could_not_be_generated_defers_who_needs_it_and_is_not_wanted_again, 0,
                        SEAL_COUNT(tried));
    tcase_add_test(t, key_tells_nothing_of_what_is_inside);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
