#include "directory/directory.h"

#include "asking.h"
#include "support/check.h"
#include "support/people.h"

#include <stdio.h>
#include <string.h>

#define MANY 1300 /* groups of one person: several pages */

static const char ldif[] = PEOPLE_BASE PEOPLE_PERSON("alice", "alice@our.example", "") PEOPLE_PERSON(
    "bob", "bob@our.example", "") PEOPLE_PERSON("carol", "carol@our.example",
                                                "") PEOPLE_GROUP("team", PEOPLE_MEMBER("alice"))
    PEOPLE_GROUP("department", PEOPLE_MEMBER_GROUP("team")) PEOPLE_GROUP(
        "house", PEOPLE_MEMBER_GROUP("department") PEOPLE_MEMBER(
                     "bob")) PEOPLE_GROUP("ring1", PEOPLE_MEMBER_GROUP("ring2") PEOPLE_MEMBER("bob"))
        PEOPLE_GROUP("ring2", PEOPLE_MEMBER_GROUP("ring1")) PEOPLE_GROUP(
            "others",
            PEOPLE_MEMBER(
                "carol")) "dn: cn=unique,ou=groups,dc=example\nobjectClass: groupOfUniqueNames\ncn: unique\n"
                          "uniqueMember: CN=House, OU=Groups, DC=Example\n\n";

static struct slapd *slapd;

/* A chain of this many groups above bob, and carol in a great many. */
static void start_with(unsigned chain, const char *global, const char *database)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(4u << 20);
    buf_add_str(&text, ldif);
    for (unsigned i = 0; i < chain; i++) {
        buf_printf(&text, "dn: cn=chain%u,ou=groups,dc=example\nobjectClass: groupOfNames\ncn: chain%u\n", i,
                   i);
        if (i == 0)
            buf_add_str(&text, PEOPLE_MEMBER("bob"));
        else
            buf_printf(&text, "member: cn=chain%u,ou=groups,dc=example\n", i - 1);
        buf_add_char(&text, '\n');
    }
    for (unsigned i = 0; chain > 0 && i < MANY; i++)
        buf_printf(
            &text,
            "dn: cn=many%u,ou=groups,dc=example\nobjectClass: groupOfNames\ncn: many%u\n" PEOPLE_MEMBER(
                "carol") "\n",
            i, i);
    slapd = slapd_new(&(struct slapd_spec){.ldif = buf_str(&text), .global = global, .database = database});
}

static void open_nested(const char *nested)
{
    asking_open("directory = %s\ndirectory-starttls = no\ndirectory-nested = %s\n", slapd->uri, nested);
}

static void stop(void)
{
    asking_close();
    slapd_free(&slapd);
}

static const struct {
    const char *addr, *group;
    enum answer nested, direct;
} cases[] = {
    {"alice@our.example", "team", ANSWER_YES, ANSWER_YES},
    {"alice@our.example", "department", ANSWER_YES, ANSWER_NO},
    {"alice@our.example", "house", ANSWER_YES, ANSWER_NO},
    {"alice@our.example", "unique", ANSWER_YES, ANSWER_NO},
    {"alice@our.example", "ring1", ANSWER_NO, ANSWER_NO},
    {"bob@our.example", "house", ANSWER_YES, ANSWER_YES},
    {"bob@our.example", "team", ANSWER_NO, ANSWER_NO},
    {"bob@our.example", "ring2", ANSWER_YES, ANSWER_NO},
    {"carol@our.example", "house", ANSWER_NO, ANSWER_NO},
    {"carol@our.example", "others", ANSWER_YES, ANSWER_YES},
};

static void check_cases(const char *nested)
{
    bool direct = strcmp(nested, "no") == 0;
    open_nested(nested);
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        ck_assert_msg(asking_group(cases[i].addr, cases[i].group) ==
                          (direct ? cases[i].direct : cases[i].nested),
                      "%s: %s in %s", nested, cases[i].addr, cases[i].group);
    ck_assert_ptr_null(asking_note);
}

START_TEST(groups_in_groups_are_walked_up)
{
    start_with(0, NULL, NULL);
    check_cases("walk");
    check_cases("no");
}
END_TEST

/* The overlay keeps it for what is written while it is there. */
START_TEST(member_of_is_walked_up_where_the_server_keeps_it)
{
    slapd = slapd_new(&(struct slapd_spec){
        .ldif =
            PEOPLE_BASE PEOPLE_PERSON("alice", "alice@our.example", "memberOf: cn=team,ou=groups,dc=example\n") "dn: cn=team,ou=groups,dc=example\nobjectClass: groupOfNames\ncn: team\n" PEOPLE_MEMBER(
                "alice") "memberOf: cn=department,ou=groups,dc=example\n\n" PEOPLE_GROUP("department",
                                                                                         PEOPLE_MEMBER_GROUP(
                                                                                             "team"))
                PEOPLE_GROUP("others", PEOPLE_MEMBER_GROUP("others")),
        .database = "overlay memberof\n"});
    open_nested("member-of");
    ck_assert_int_eq(asking_group("alice@our.example", "team"), ANSWER_YES);
    ck_assert_int_eq(asking_group("alice@our.example", "department"), ANSWER_YES);
    ck_assert_int_eq(asking_group("alice@our.example", "others"), ANSWER_NO);
    ck_assert_ptr_null(asking_note);
}
END_TEST

START_TEST(a_chain_that_is_too_long_is_not_no)
{
    start_with(20, NULL, "index member eq");
    open_nested("walk");
    ck_assert_int_eq(asking_group("bob@our.example", "chain10"), ANSWER_YES);
    ck_assert_int_eq(asking_group("bob@our.example", "chain19"), ANSWER_UNKNOWN);
    ck_assert_int_eq(asking_group("bob@our.example", "team"), ANSWER_UNKNOWN);
    ck_assert_str_eq(asking_note, "directory: groups are nested too deeply");
}
END_TEST

/* The server gives no more than 600 at once: without pages carol would be in less groups. */
START_TEST(many_groups_come_in_pages)
{
    char last[16];
    start_with(1, "sizelimit size.soft=600 size.hard=600 size.prtotal=unlimited", "index member eq");
    open_nested("walk");
    snprintf(last, sizeof last, "many%d", MANY - 1);
    ck_assert_int_eq(asking_group("carol@our.example", last), ANSWER_YES);
    ck_assert_int_eq(asking_group("carol@our.example", "many0"), ANSWER_YES);
    ck_assert_int_eq(asking_group("carol@our.example", "team"), ANSWER_NO);
}
END_TEST

START_TEST(a_limit_of_the_server_is_no_answer)
{
    start_with(1, "sizelimit size.soft=600 size.hard=600 size.prtotal=600", "index member eq");
    open_nested("walk");
    ck_assert_ptr_null(asking(&(struct asked){.addrs = {"carol@our.example"}, .groups = {"team"}}));
    ck_assert_int_eq(asking_err.code, ERR_LIMIT);
    ck_assert_int_eq(asking_group("alice@our.example", "team"), ANSWER_YES);
}
END_TEST

/* It finds the group by a member that it does not show: whose group that is cannot be said. */
START_TEST(members_that_are_hidden_are_not_no)
{
    start_with(0, NULL,
               "access to dn.sub=ou=groups,dc=example attrs=member,uniqueMember by * search\n"
               "access to * by * read\n");
    open_nested("walk");
    ck_assert_int_eq(asking_group("alice@our.example", "others"), ANSWER_UNKNOWN);
    ck_assert(strstr(asking_note, "does not show which of its members") != NULL);
}
END_TEST

START_TEST(an_address_that_is_hidden_is_not_no)
{
    start_with(0, NULL,
               "access to dn.sub=ou=people,dc=example attrs=mail by * search\n"
               "access to * by * read\n");
    open_nested("walk");
    ck_assert_int_eq(asking_group("alice@our.example", "team"), ANSWER_UNKNOWN);
    ck_assert(strstr(asking_note, "it does not show to us") != NULL);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("walk");
    TCase *t = tcase_create("walk");
    tcase_add_checked_fixture(t, NULL, stop);
    tcase_add_test(t, groups_in_groups_are_walked_up);
    tcase_add_test(t, member_of_is_walked_up_where_the_server_keeps_it);
    tcase_add_test(t, a_chain_that_is_too_long_is_not_no);
    tcase_add_test(t, many_groups_come_in_pages);
    tcase_add_test(t, a_limit_of_the_server_is_no_answer);
    tcase_add_test(t, members_that_are_hidden_are_not_no);
    tcase_add_test(t, an_address_that_is_hidden_is_not_no);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
