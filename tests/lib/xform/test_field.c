/* Header fields of the administrator's: added, replaced, deleted, and never anything else with them (R37). */
#include "support/check.h"
#include "support/transform.h"

#include <string.h>

static struct transform *t;
static struct err err;

static void set_up(void)
{
    t = transform_new();
}

static void tear_down(void)
{
    transform_free(&t);
}

static const char text[] =
    "Received: by x\nX-Site: one\nFrom: a@b.example\nx-site: two\nSubject: Hi\n\nBody\n";

static struct op field(enum field_action action, const char *name, const char *value)
{
    return (struct op){.kind = OP_HEADER, .action = action, .field = name, .text = value};
}

static const struct {
    enum field_action action;
    const char *name, *value;
    const char *header;
} cases[] = {
    {FIELD_ADD, "X-New", "v",
     "X-New: v\r\nReceived: by x\r\nX-Site: one\r\nFrom: a@b.example\r\nx-site: two\r\n"},
    {FIELD_ADD, "X-Site", "3",
     "X-Site: 3\r\nReceived: by x\r\nX-Site: one\r\nFrom: a@b.example\r\nx-site: two\r\n"},
    {FIELD_REPLACE, "X-SITE", "3", "Received: by x\r\nX-SITE: 3\r\nFrom: a@b.example\r\nSubject: Hi\r\n"},
    {FIELD_REPLACE, "X-New", "v", "X-New: v\r\nReceived: by x\r\n"},
    {FIELD_DELETE, "x-Site", NULL, "Received: by x\r\nFrom: a@b.example\r\nSubject: Hi\r\n"},
};

START_TEST(field_stands_where_it_belongs)
{
    struct op op = field(cases[_i].action, cases[_i].name, cases[_i].value);
    ck_ok(transform_run(t, text, &op, 1, &err));
    ck_assert_msg(strncmp(t->out, cases[_i].header, strlen(cases[_i].header)) == 0, "%s", t->out);
    ck_assert_ptr_nonnull(strstr(t->out, "\r\n\r\nBody\r\n"));
}
END_TEST

START_TEST(deleting_what_is_not_there_changes_nothing)
{
    struct op op = field(FIELD_DELETE, "X-Other", NULL);
    ck_ok(transform_run(t, text, &op, 1, &err));
    ck_assert(!t->changed);
}
END_TEST

START_TEST(steps_see_what_earlier_ones_wrote)
{
    const struct op ops[] = {field(FIELD_ADD, "X-New", "1"),           field(FIELD_REPLACE, "X-New", "2"),
                             field(FIELD_ADD, "X-Gone", "1"),          field(FIELD_DELETE, "X-Gone", NULL),
                             field(FIELD_REPLACE, "Subject", "Other"), {.kind = OP_TAG, .text = "[secure]"}};
    ck_ok(transform_run(t, text, ops, SEAL_COUNT(ops), &err));
    ck_assert_int_eq(strncmp(t->out, "X-New: 2\r\nReceived:", 19), 0);
    ck_assert_ptr_null(strstr(t->out, "X-Gone"));
    ck_assert_ptr_nonnull(strstr(t->out, "\r\nSubject: [secure] Other\r\n"));
}
END_TEST

START_TEST(value_is_encoded_and_folded)
{
    struct op op = field(FIELD_ADD, "X-New",
                         "Gr\xc3\xbc\xc3\x9f"
                         "e aus einem langen Satz, der auf mehr als eine Zeile kommt, wenn er so weitergeht");
    ck_ok(transform_run(t, text, &op, 1, &err));
    ck_assert_int_eq(strncmp(t->out, "X-New: =?utf-8?B?", 17), 0);
    ck_assert(strstr(t->out, "\r\n ") < strstr(t->out, "Received"));
}
END_TEST

START_TEST(line_end_in_a_value_writes_nothing)
{
    struct op op = field(FIELD_ADD, "X-New", "a\r\nBcc: eve@evil.example");
    ck_fails(transform_run(t, text, &op, 1, &err), ERR_SYNTAX);
}
END_TEST

START_TEST(forged_wording_of_a_rule_leaves_with_those_of_the_settings)
{
    static const struct op op = {.kind = OP_HYGIENE};
    ck_ok(transform_run(t, "From: a@b.example\nSubject: [GEHEIM] [secure] Hi\n\nx\n", &op, 1, &err));
    ck_assert_ptr_nonnull(strstr(t->out, "\r\nSubject: Hi\r\n"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/xform/field");
    TCase *tc = tcase_create("field");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, field_stands_where_it_belongs, 0, SEAL_COUNT(cases));
    tcase_add_test(tc, deleting_what_is_not_there_changes_nothing);
    tcase_add_test(tc, steps_see_what_earlier_ones_wrote);
    tcase_add_test(tc, value_is_encoded_and_folded);
    tcase_add_test(tc, line_end_in_a_value_writes_nothing);
    tcase_add_test(tc, forged_wording_of_a_rule_leaves_with_those_of_the_settings);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
