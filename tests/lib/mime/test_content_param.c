/* One parameter changed, and everything else left as it was written. */
#include "mime/content_param.h"

#include "mime/part.h"
#include "support/check.h"

#include <string.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void tear_down(void)
{
    arena_free(&arena);
}

static const struct {
    const char *before, *value, *after;
} cases[] = {
    {" text/plain", "clear", " text/plain; hp=\"clear\""},
    {" text/plain;", "clear", " text/plain; hp=\"clear\""},
    {" text/plain ; charset=utf-8 ; ", "clear", " text/plain; charset=utf-8; hp=\"clear\""},
    {" text/plain; hp=cipher; charset=utf-8", "clear", " text/plain; charset=utf-8; hp=\"clear\""},
    {" text/plain; HP=\"cipher\"; hp*=utf-8''clear; hp*0=ci; hp*1=pher", "clear",
     " text/plain; hp=\"clear\""},
    {" text/plain; charset=utf-8;\r\n hp=\"cipher\"\r\n", NULL, " text/plain; charset=utf-8"},
    {" multipart/mixed; boundary=\"a;hp=b\"", "clear", " multipart/mixed; boundary=\"a;hp=b\"; hp=\"clear\""},
    {" text/plain; name=\"a\\\";hp=x\"", "clear", " text/plain; name=\"a\\\";hp=x\"; hp=\"clear\""},
    {" text/plain; xhp=1; hp2=2", "clear", " text/plain; xhp=1; hp2=2; hp=\"clear\""},
    {" multipart/mixed; boundary=\"0123456789012345678901234567890123456789\"", "clear",
     " multipart/mixed; boundary=\"0123456789012345678901234567890123456789\";\r\n hp=\"clear\""},
};

START_TEST(parameter_stands_once_and_at_the_end)
{
    char *got = content_param_set(arena, span_of(cases[_i].before), "hp", cases[_i].value);
    ck_assert_str_eq(got, cases[_i].after);
    struct content_type type;
    struct err err = ERR_INIT;
    ck_ok(content_type_parse(arena, span_of(got), &type, &err));
    const char *hp = params_find(type.params, type.nparams, "hp");
    if (cases[_i].value == NULL)
        ck_assert_ptr_null(hp);
    else
        ck_assert_str_eq(hp, cases[_i].value);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("content_param");
    TCase *tcase = tcase_create("content_param");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, parameter_stands_once_and_at_the_end, 0, (int)SEAL_COUNT(cases));
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
