/* Tests of FACTS_DIRECTORY: asked once, remembered, used when old only while nobody answers; "could not find out" defers. */
#include "support/check.h"
#include "support/people.h"
#include "support/site.h"
#include "support/slapd.h"

#include <stdio.h>
#include <string.h>

static const char policy[] = "our domains our.example\n"
                             "group staff is directory \"cn=staff,ou=groups,dc=example\"\n"
                             "rule \"staff\"\n"
                             "    when inbound, to group staff\n"
                             "    pass\n"
                             "rule \"guests\"\n"
                             "    when inbound, to attribute employeeType is guest\n"
                             "    pass\n"
                             "rule \"others\"\n"
                             "    when inbound\n"
                             "    pass\n"
                             "rule \"rest\"\n"
                             "    when outbound or internal\n"
                             "    pass\n";

static const char ldif[] = PEOPLE_BASE PEOPLE_PERSON("alice", "alice@our.example", "")
    PEOPLE_PERSON("bob", "bob@our.example", "employeeType: boss of\nemployeeType: Guest\n")
        PEOPLE_PERSON("carol", "carol@our.example", "") PEOPLE_GROUP("staff", PEOPLE_MEMBER("alice"));

static struct slapd *slapd;
static struct site *site;

static void setup(void)
{
    char settings[512];
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif});
    snprintf(
        settings, sizeof settings,
        "directory = %s\ndirectory-starttls = no\ndirectory-base = dc=example\ndirectory-timeout = 30s\n",
        slapd->uri);
    site = site_new_with(policy, settings);
}

static void teardown(void)
{
    site_free(&site);
    slapd_free(&slapd);
}

/* As the daemon does after the verdict. */
static void commit(void)
{
    struct err err = ERR_INIT;
    for (size_t i = 0; i < site->outcome->neffects; i++)
        ck_ok(store_put_remembered(site->store, site->outcome->effects[i].remembered,
                                   site->outcome->effects[i].nremembered, PKI_NOW, &err));
}

static void arrive_at(const char *to, int64_t now)
{
    site_answers(site, &(struct site_mail){.from = "eve@far.example",
                                           .to = {to},
                                           .now = now,
                                           .text = "From: eve@far.example\nSubject: x\n\nx\n"});
    commit();
}

static const char *rule(void)
{
    const struct decision *decision = &site->outcome->decisions[0];
    return decision->disposition == DISPOSITION_SERVE ? decision->rules[decision->nrules - 1]
                                                      : disposition_name(decision->disposition);
}

#define ck_rule(to, now, expected)                                                                           \
    do {                                                                                                     \
        arrive_at(to, now);                                                                                  \
        ck_assert_str_eq(rule(), expected);                                                                  \
    } while (0)

static bool is_noted(const char *text)
{
    const struct decision *decision = &site->outcome->decisions[0];
    for (size_t i = 0; i < decision->nwhy; i++)
        if (strstr(decision->why[i], text) != NULL)
            return true;
    return false;
}

START_TEST(groups_and_attributes_of_the_directory_decide)
{
    ck_rule("alice@our.example", PKI_NOW, "staff");
    ck_rule("bob@our.example", PKI_NOW, "guests");
    ck_rule("carol@our.example", PKI_NOW, "others");
    ck_rule("nobody@our.example", PKI_NOW, "others");
}
END_TEST

START_TEST(one_question_is_asked_for_all_recipients_and_the_sender)
{
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "eve@far.example",
                                                        .to = {"alice@our.example", "bob@our.example",
                                                               "alice@our.example", "nobody@our.example"},
                                                        .text = "From: eve@far.example\n\nx\n"}),
                     0);
    ck_assert_uint_eq(site->outcome->neffects, 1);
    ck_assert_int_eq(site->outcome->effects[0].kind, EFFECT_DIRECTORY);
    ck_assert_uint_eq(site->outcome->effects[0].nremembered, 4);
    ck_assert_str_eq(site->outcome->decisions[2].rules[0], "staff");
    ck_assert_str_eq(site->outcome->decisions[3].rules[0], "others");
}
END_TEST

START_TEST(an_answer_is_used_again_while_it_is_new)
{
    ck_rule("alice@our.example", PKI_NOW, "staff");
    ck_rule("nobody@our.example", PKI_NOW, "others");
    slapd_stop(slapd);
    ck_rule("alice@our.example", PKI_NOW + 59, "staff");
    ck_assert_uint_eq(site->outcome->neffects, 0);
    ck_rule("nobody@our.example", PKI_NOW + 59, "others");
    ck_assert_uint_eq(site->outcome->neffects, 0);
}
END_TEST

START_TEST(an_older_answer_is_used_only_while_nobody_answers)
{
    ck_rule("alice@our.example", PKI_NOW, "staff");
    ck_rule("nobody@our.example", PKI_NOW, "others");
    ck_rule("alice@our.example", PKI_NOW + 301, "staff");
    ck_assert_uint_eq(site->outcome->neffects, 1); /* was asked again */
    slapd_stop(slapd);
    ck_rule("alice@our.example", PKI_NOW + 700, "staff");
    ck_assert_uint_eq(site->outcome->effects[0].nremembered, 0);
    ck_assert(strstr(site->outcome->effects[0].why, "earlier answers are used") != NULL);
    ck_rule("nobody@our.example", PKI_NOW + 3599, "others");
    ck_rule("alice@our.example", PKI_NOW + 301 + 3600, "tempfail");
    ck_rule("nobody@our.example", PKI_NOW + 3600, "tempfail");
    ck_rule("carol@our.example", PKI_NOW, "tempfail");
    ck_assert(is_noted("Connection refused"));
    slapd_start(slapd);
    ck_rule("carol@our.example", PKI_NOW, "others");
}
END_TEST

START_TEST(an_answer_of_the_future_is_no_answer)
{
    ck_rule("alice@our.example", PKI_NOW, "staff");
    slapd_stop(slapd);
    ck_rule("alice@our.example", PKI_NOW - 1, "tempfail");
}
END_TEST

START_TEST(what_was_not_asked_before_is_asked)
{
    ck_rule("bob@our.example", PKI_NOW, "guests");
    site_policy(site, "our domains our.example\n"
                      "rule \"more\"\n    when to group staff or nothing\n    pass\n"
                      "rule \"all\"\n    pass\n");
    ck_rule("bob@our.example", PKI_NOW, "tempfail");
    ck_assert(is_noted("there is no group"));
    slapd_stop(slapd);
    ck_rule("bob@our.example", PKI_NOW, "tempfail");
}
END_TEST

START_TEST(a_hanging_directory_holds_a_message_no_longer_than_its_limit)
{
    slapd_hang(slapd);
    site->settings->directory.timeout = 1;
    int64_t now = slapd_clock_ms();
    ck_rule("alice@our.example", PKI_NOW, "tempfail");
    ck_assert_int_lt(slapd_clock_ms() - now, 20000);
    slapd_go_on(slapd);
    site->settings->directory.timeout = 30;
    ck_rule("alice@our.example", PKI_NOW, "staff");
}
END_TEST

START_TEST(without_a_directory_nothing_is_found_out)
{
    site_free(&site);
    site = site_new(policy);
    ck_rule("alice@our.example", PKI_NOW, "tempfail");
    ck_assert(is_noted("no directory is set"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/directory");
    TCase *t = tcase_create("directory");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, groups_and_attributes_of_the_directory_decide);
    tcase_add_test(t, one_question_is_asked_for_all_recipients_and_the_sender);
    tcase_add_test(t, an_answer_is_used_again_while_it_is_new);
    tcase_add_test(t, an_older_answer_is_used_only_while_nobody_answers);
    tcase_add_test(t, an_answer_of_the_future_is_no_answer);
    tcase_add_test(t, what_was_not_asked_before_is_asked);
    tcase_add_test(t, a_hanging_directory_holds_a_message_no_longer_than_its_limit);
    tcase_add_test(t, without_a_directory_nothing_is_found_out);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
