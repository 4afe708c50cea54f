#include "mime/header.h"

#include "support/check.h"

#include <string.h>

static struct arena *arena;
static const struct mime_limits limits = MIME_LIMITS_DEFAULT;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void tear_down(void)
{
    arena_free(&arena);
}

static struct header parse(struct span text)
{
    struct err err = ERR_INIT;
    struct header header;
    ck_ok(header_parse(arena, text, &limits, &header, &err));
    return header;
}

START_TEST(fields_keep_their_bytes)
{
    struct header header =
        parse(span_of("Subject:  two\r\n\tfolded \r\nTo:a@b.example\nX-Empty:\r\n\r\nbody"));
    ck_assert_ptr_null(header.trouble);
    ck_assert_uint_eq(header.n, 3);
    ck_assert(span_is(header.fields[0].name, "Subject"));
    ck_assert(span_is(header.fields[0].value, "  two\r\n\tfolded "));
    ck_assert(span_is(header.fields[0].raw, "Subject:  two\r\n\tfolded \r\n"));
    ck_assert(span_is(header.fields[1].value, "a@b.example"));
    ck_assert(span_is(header.fields[1].raw, "To:a@b.example\n"));
    ck_assert(span_is(header.fields[2].value, ""));
    ck_assert_uint_eq(header.size, strlen("Subject:  two\r\n\tfolded \r\nTo:a@b.example\nX-Empty:\r\n\r\n"));
}
END_TEST

START_TEST(nth_field_is_found_in_any_case)
{
    struct header header = parse(span_of("a: 1\r\nB: 2\r\nA: 3\r\n\r\n"));
    ck_assert_uint_eq(header_count(&header, "A"), 2);
    ck_assert(span_is(header_find(&header, "a", 1)->value, " 3"));
    ck_assert_ptr_null(header_find(&header, "A", 2));
    ck_assert_ptr_null(header_find(&header, "C", 0));
}
END_TEST

static const struct {
    struct span text;
    size_t fields, size;
} trouble_cases[] = {
    {SPAN_LIT("A: 1\r\nno field\r\nB: 2\r\n\r\nx"), 3, 24},
    {SPAN_LIT("A: 1\r\nB : 2\r\n\r\n"), 2, 15},
    {SPAN_LIT("A: 1\r\n: 2\r\nB: 2\r\n\r\n"), 3, 19},
    {SPAN_LIT(" A: 1\r\nB: 2\r\n\r\n"), 2, 15},
    {SPAN_LIT("A: 1\r\n \t\r\nB: 2\r\n\r\n"), 2, 18},
    {SPAN_LIT("A: 1\rB: 2\r\n\r\n"), 2, 13},
    {SPAN_LIT("A: 1\r\r\nB: 2\r\n\r\n"), 2, 15},
    {SPAN_LIT("A: 1\r\r\r\nB: 2\r\n\r\n"), 2, 16},
    {SPAN_LIT("A: 1\0\r\nB: 2\r\n\r\n"), 2, 15},
    {SPAN_LIT("A\xc3\xa4: 1\r\nB: 2\r\n\r\n"), 2, 16},
    {SPAN_LIT("From a@b.example Mon Jan  1 00:00:00 2024\nA: 1\nB: 2\n\n"), 3, 53},
};

START_TEST(trouble_is_told_and_hides_nothing_behind_it)
{
    struct span text = trouble_cases[_i].text;
    struct header header = parse(text);
    ck_assert_ptr_nonnull(header.trouble);
    ck_assert_uint_eq(header.n, trouble_cases[_i].fields);
    ck_assert_uint_eq(header.size, trouble_cases[_i].size);
    const char *at = text.ptr;
    for (size_t i = 0; i < header.n; at += header.fields[i++].raw.len)
        ck_assert_ptr_eq(header.fields[i].raw.ptr, at);
    ck_assert(span_trim(span_sub(text, (size_t)(at - text.ptr), header.size - (size_t)(at - text.ptr))).len ==
              0);
    if (span_find(text, "B", 1, 0) != SIZE_MAX)
        ck_assert(span_is(header_find(&header, "B", 0)->value, " 2"));
}
END_TEST

START_TEST(mended_field_has_no_bare_cr)
{
    static const struct {
        struct span raw, want;
    } fields[] = {
        {SPAN_LIT("A: 1\r\n 2\r\n"), SPAN_LIT("A: 1\r\n 2\r\n")},
        {SPAN_LIT("A: 1\n"), SPAN_LIT("A: 1\n")},
        {SPAN_LIT("A: 1"), SPAN_LIT("A: 1")},
        {SPAN_LIT("A: 1\r"), SPAN_LIT("A: 1\r\n")},
        {SPAN_LIT("A: 1\r\r"), SPAN_LIT("A: 1\r\n")},
        {SPAN_LIT("A: 1\r\r\n"), SPAN_LIT("A: 1\r\n")},
        {SPAN_LIT("A: 1\r 2\r\n"), SPAN_LIT("A: 1 2\r\n")},
    };
    for (size_t i = 0; i < SEAL_COUNT(fields); i++)
        ck_assert_msg(span_eq(header_mend(arena, fields[i].raw), fields[i].want), "case %zu", i);
    ck_assert_ptr_eq(header_mend(arena, fields[0].raw).ptr, fields[0].raw.ptr);
}
END_TEST

START_TEST(limits_end_in_an_error)
{
    struct err err = ERR_INIT;
    struct header header;
    struct mime_limits small = {.header_max = 20, .fields_max = 2};
    ck_ok(
        header_parse(arena, span_of("A: 1\r\nB: 2\r\n\r\nbody that is long enough"), &small, &header, &err));
    ck_fails(header_parse(arena, span_of("A: 1\r\nB: 2\r\nC:\r\n\r\n"), &small, &header, &err), ERR_LIMIT);
    ck_fails(header_parse(arena, span_of("A: 1234567890123456789\r\n\r\n"), &small, &header, &err),
             ERR_LIMIT);
    ck_fails(header_parse(arena, span_of("no field\r\n1234567890123456789\r\n\r\n"), &small, &header, &err),
             ERR_LIMIT);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("header");
    TCase *tcase = tcase_create("header");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, fields_keep_their_bytes);
    tcase_add_test(tcase, nth_field_is_found_in_any_case);
    tcase_add_loop_test(tcase, trouble_is_told_and_hides_nothing_behind_it, 0, SEAL_COUNT(trouble_cases));
    tcase_add_test(tcase, mended_field_has_no_bare_cr);
    tcase_add_test(tcase, limits_end_in_an_error);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
