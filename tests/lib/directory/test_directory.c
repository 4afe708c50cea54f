#include "directory/directory.h"

#include "asking.h"
#include "support/check.h"
#include "support/people.h"

#include <stdio.h>
#include <string.h>

static const char ldif[] = PEOPLE_BASE
    "dn: ou=elsewhere,dc=example\nobjectClass: organizationalUnit\nou: elsewhere\n\n" PEOPLE_PERSON(
        "alice", "Alice@Our.Example",
        "mail: alice.a@our.example\nemployeeType: staff\nemployeeType: boss\nou: Sales\n")
        PEOPLE_PERSON("bob", "bob@our.example", "") PEOPLE_PERSON("carol", "carol@our.example",
                                                                  "employeeType: guest\n")
            PEOPLE_PERSON("twin1", "twin@our.example", "") PEOPLE_PERSON("twin2", "twin@our.example",
                                                                         "employeeType: x\n")
                PEOPLE_PERSON("star", "\"*)(mail=*\"@our.example", "employeeType: odd\n")
                    PEOPLE_PERSON("mark", "mark@our.example", "")
                        PEOPLE_GROUP("staff", PEOPLE_MEMBER("alice") PEOPLE_MEMBER("star"))
                            PEOPLE_GROUP("guests", PEOPLE_MEMBER("carol")) PEOPLE_GROUP(
                                "Two words and (more)*",
                                PEOPLE_MEMBER("bob")) "dn: cn=guests,ou=elsewhere,dc=example\nobjectClass: "
                                                      "groupOfNames\ncn: guests\n" PEOPLE_MEMBER("bob") "\n";

static struct slapd *slapd;

static void start(void)
{
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif});
    asking_open("directory = %s\ndirectory-starttls = no\n", slapd->uri);
}

static void stop(void)
{
    asking_close();
    slapd_free(&slapd);
}

START_TEST(an_address_is_in_a_group_or_not)
{
    ck_assert_int_eq(asking_group("alice@our.example", "staff"), ANSWER_YES);
    ck_assert_int_eq(asking_group("bob@our.example", "staff"), ANSWER_NO);
    ck_assert_int_eq(asking_group("nobody@our.example", "staff"), ANSWER_NO);
    ck_assert_int_eq(asking_group("alice.a@our.example", "CN=Staff, OU=Groups, DC=Example"), ANSWER_YES);
    ck_assert_int_eq(asking_group("bob@our.example", "Two words and (more)*"), ANSWER_YES);
    ck_assert_ptr_null(asking_note);
}
END_TEST

START_TEST(all_addresses_are_answered_in_one_question)
{
    const struct directory_answer *answers =
        asking(&(struct asked){.addrs = {"bob@our.example", "nobody@our.example", "alice@our.example"},
                               .groups = {"staff", "cn=guests,ou=groups,dc=example"},
                               .attributes = {"employeeType", "OU"}});
    ck_assert_msg(answers != NULL, "%s", asking_err.msg);
    static const enum answer found[] = {ANSWER_YES, ANSWER_NO, ANSWER_YES};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(answers[i].found, found[i]);
        ck_assert_int_eq(answers[i].groups[0], i == 2 ? ANSWER_YES : ANSWER_NO);
        ck_assert_int_eq(answers[i].groups[1], ANSWER_NO);
        ck_assert_int_eq(answers[i].attributes[0].known, i == 2 ? ANSWER_YES : ANSWER_NO);
    }
    ck_assert_uint_eq(answers[2].attributes[0].n, 2);
    ck_assert_str_eq(answers[2].attributes[0].values[0], "staff");
    ck_assert_str_eq(answers[2].attributes[0].values[1], "boss");
    ck_assert_str_eq(answers[2].attributes[1].values[0], "Sales");
}
END_TEST

/* R19 */
START_TEST(a_hostile_address_finds_nobody_else)
{
    static const char *const hostile[] = {
        "*@our.example",          "alice@our.example)(mail=*",  "*)(mail=*",
        "\\2a@our.example",       "\"alice\\\"*\"@our.example", "\"*)(mail=*)(|(a=\"@our.example",
        "alice@our.example\\00",  "\xc3\xa4lice@our.example",   "\xff@our.example",
        "a(b)|&!=~<>@our.example"};
    for (size_t i = 0; i < SEAL_COUNT(hostile); i++) {
        const struct directory_answer *answers = asking(&(struct asked){
            .addrs = {hostile[i], "bob@our.example"}, .groups = {"staff"}, .attributes = {"employeeType"}});
        ck_assert_msg(answers != NULL, "%s: %s", hostile[i], asking_err.msg);
        ck_assert_msg(answers[0].found == ANSWER_NO, "%s: %s", hostile[i], answer_name(answers[0].found));
        ck_assert_int_eq(answers[0].groups[0], ANSWER_NO);
        ck_assert_int_eq(answers[1].found, ANSWER_YES);
    }
    const struct directory_answer *answers =
        asking(&(struct asked){.addrs = {"\"*)(mail=*\"@our.example"}, .attributes = {"employeeType"}});
    ck_assert_int_eq(answers[0].found, ANSWER_YES);
    ck_assert_str_eq(answers[0].attributes[0].values[0], "odd");
}
END_TEST

START_TEST(an_address_of_two_entries_cannot_be_found_out)
{
    const struct directory_answer *answers =
        asking(&(struct asked){.addrs = {"twin@our.example", "bob@our.example"},
                               .groups = {"staff"},
                               .attributes = {"employeeType"}});
    ck_assert_int_eq(answers[0].found, ANSWER_UNKNOWN);
    ck_assert_int_eq(answers[0].groups[0], ANSWER_UNKNOWN);
    ck_assert_int_eq(answers[0].attributes[0].known, ANSWER_UNKNOWN);
    ck_assert_int_eq(answers[1].groups[0], ANSWER_NO);
    ck_assert(strstr(asking_note, "several entries have twin@our.example") != NULL);
    asking_open("directory = %s\ndirectory-starttls = no\ndirectory-filter = (uid=twin2)\n", slapd->uri);
    ck_assert_int_eq(asking_group("twin@our.example", "staff"), ANSWER_NO);
}
END_TEST

START_TEST(a_group_that_is_not_there_cannot_be_found_out)
{
    ck_assert_int_eq(asking_group("alice@our.example", "nothing"), ANSWER_UNKNOWN);
    ck_assert_str_eq(asking_note, "directory: there is no group nothing");
    ck_assert_int_eq(asking_group("alice@our.example", "cn=gone,ou=groups,dc=example"), ANSWER_UNKNOWN);
    ck_assert_int_eq(asking_group("alice@our.example", "cn=a,dc=elsewhere"), ANSWER_UNKNOWN);
    ck_assert_int_eq(asking_group("alice@our.example", "this=is=no,name"), ANSWER_UNKNOWN);
    /* a person is none */
    ck_assert_int_eq(asking_group("alice@our.example", "bob"), ANSWER_UNKNOWN);
    /* two of a name */
    ck_assert_int_eq(asking_group("carol@our.example", "guests"), ANSWER_UNKNOWN);
    ck_assert(strstr(asking_note, "2 groups are called guests") != NULL);
    asking_open("directory = %s\ndirectory-starttls = no\ndirectory-group-base = ou=groups,dc=example\n",
                slapd->uri);
    ck_assert_int_eq(asking_group("carol@our.example", "guests"), ANSWER_YES);
}
END_TEST

START_TEST(groups_that_the_directory_lacks_are_named)
{
    const struct directory_group groups[] = {{.name = "staff"},
                                             {.name = "nothing"},
                                             {.name = "guests"},
                                             {.dn = "cn=staff,ou=groups,dc=example"},
                                             {.dn = "cn=gone,dc=example"}};
    static const enum answer expected[] = {ANSWER_YES, ANSWER_NO, ANSWER_UNKNOWN, ANSWER_YES, ANSWER_NO};
    enum answer known[5];
    struct err err = ERR_INIT;
    ck_ok(directory_find_groups(asking_directory, asking_arena, groups, 5, known, &err));
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(known[i], expected[i]);
}
END_TEST

START_TEST(an_attribute_under_another_name_cannot_be_found_out)
{
    const struct directory_answer *answers =
        asking(&(struct asked){.addrs = {"alice@our.example"}, .attributes = {"surname", "title", "ou"}});
    ck_assert_int_eq(answers[0].attributes[0].known, ANSWER_UNKNOWN);
    ck_assert_int_eq(answers[0].attributes[2].known, ANSWER_YES);
    ck_assert(strstr(asking_note, "surname") != NULL);
}
END_TEST

START_TEST(a_hundred_recipients_are_asked_for_in_chunks)
{
    const char *addrs[120];
    char text[120][40];
    const struct directory_group group = {.name = "staff"};
    for (size_t i = 0; i < SEAL_COUNT(addrs); i++) {
        snprintf(text[i], sizeof text[i], i == 117 ? "alice@our.example" : "n%zu@our.example", i);
        addrs[i] = text[i];
    }
    const struct directory_question question = {
        .addrs = addrs, .naddrs = SEAL_COUNT(addrs), .groups = &group, .ngroups = 1};
    struct directory_answer *answers;
    struct err err = ERR_INIT;
    ck_ok(directory_ask(asking_directory, asking_arena, &question, &answers, &asking_note, &err));
    for (size_t i = 0; i < SEAL_COUNT(addrs); i++)
        ck_assert_int_eq(answers[i].groups[0], i == 117 ? ANSWER_YES : ANSWER_NO);
}
END_TEST

/* The server compares names by their rules, which are more than letters of either case. */
START_TEST(a_group_is_known_under_every_spelling_that_the_server_takes)
{
    static const char *const ways[] = {"walk", "no"};
    static const struct {
        const char *addr, *dn;
    } spellings[] = {
        {"bob@our.example", "cn=two   words and  (more)*,ou=groups,dc=example"},
        {"alice@our.example", "2.5.4.3=staff,ou=groups,dc=example"},
        {"alice@our.example", "commonName=St\\61ff,ou=groups,dc=example"},
    };
    for (size_t i = 0; i < 2 * SEAL_COUNT(spellings); i++) {
        asking_open("directory = %s\ndirectory-starttls = no\ndirectory-nested = %s\n", slapd->uri,
                    ways[i % 2]);
        ck_assert_msg(asking_group(spellings[i / 2].addr, spellings[i / 2].dn) == ANSWER_YES, "%s",
                      spellings[i / 2].dn);
        ck_assert_int_eq(asking_group("carol@our.example", spellings[i / 2].dn), ANSWER_NO);
    }
}
END_TEST

START_TEST(more_text_than_a_condition_can_need_cannot_be_found_out)
{
    static char more[100000], text[101000];
    memset(more, 'x', sizeof more - 1);
    snprintf(text, sizeof text, PEOPLE_BASE PEOPLE_PERSON("alice", "alice@our.example", "employeeType: %s\n"),
             more);
    slapd_free(&slapd);
    slapd = slapd_new(&(struct slapd_spec){.ldif = text});
    asking_open("directory = %s\ndirectory-starttls = no\n", slapd->uri);
    const struct directory_answer *answers =
        asking(&(struct asked){.addrs = {"alice@our.example"}, .attributes = {"employeeType", "ou"}});
    ck_assert_msg(answers != NULL, "%s", asking_err.msg);
    ck_assert_int_eq(answers[0].attributes[0].known, ANSWER_UNKNOWN);
    ck_assert_int_eq(answers[0].attributes[1].known, ANSWER_NO);
    ck_assert(strstr(asking_note, "too many values") != NULL);
}
END_TEST

START_TEST(a_base_that_is_not_there_is_no_answer)
{
    asking_open("directory = %s\ndirectory-starttls = no\ndirectory-base = ou=gone,dc=example\n", slapd->uri);
    ck_assert_ptr_null(asking(&(struct asked){.addrs = {"alice@our.example"}, .groups = {"staff"}}));
    ck_assert_int_eq(asking_err.code, ERR_CONFIG);
    ck_assert(strstr(asking_err.msg, "ou=gone,dc=example") != NULL);
    struct err err = ERR_INIT;
    ck_fails(directory_check(asking_directory, 0, &err), ERR_CONFIG);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("directory");
    TCase *t = tcase_create("directory");
    tcase_add_checked_fixture(t, start, stop);
    tcase_add_test(t, an_address_is_in_a_group_or_not);
    tcase_add_test(t, all_addresses_are_answered_in_one_question);
    tcase_add_test(t, a_hostile_address_finds_nobody_else);
    tcase_add_test(t, an_address_of_two_entries_cannot_be_found_out);
    tcase_add_test(t, a_group_that_is_not_there_cannot_be_found_out);
    tcase_add_test(t, groups_that_the_directory_lacks_are_named);
    tcase_add_test(t, an_attribute_under_another_name_cannot_be_found_out);
    tcase_add_test(t, a_hundred_recipients_are_asked_for_in_chunks);
    tcase_add_test(t, a_group_is_known_under_every_spelling_that_the_server_takes);
    tcase_add_test(t, more_text_than_a_condition_can_need_cannot_be_found_out);
    tcase_add_test(t, a_base_that_is_not_there_is_no_answer);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
