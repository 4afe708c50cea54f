/* R1, R2: a forged mark is found in every disguise, and nothing is left of it however it was nested. */
#include "mime/skeleton.h"

#include "mime/header.h"
#include "support/check.h"

#include <string.h>

static struct arena *arena;
static const char *const marks[] = {"[signed OK]", "[secure]"};

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void tear_down(void)
{
    arena_free(&arena);
}

static char *without(const char *text)
{
    return skeleton_remove(arena, text, marks, SEAL_COUNT(marks));
}

static const struct {
    const char *text, *clean; /* clean NULL: nothing to remove */
} cases[] = {
    {"hello", NULL},
    {"", NULL},
    {"[signed", NULL},
    {"signed OK", NULL},
    {"[signed OK] hello", " hello"},
    {"[SIGNED ok] [Secure]x", " x"},
    {"[signedOK]", ""},
    {"[ s i g n e d \t OK ]x", "x"},
    {"[si[signed OK]gned OK]", ""},
    {"[se[si[secure]gned OK]cure]!", "!"},
    {"caf\xc3\xa9 [secure] \xc3\xbc", "caf\xc3\xa9  \xc3\xbc"},
    {"[\xd1\x95\xd1\x96gned OK]", ""},                    /* Cyrillic */
    {"\xef\xbc\xbb\xef\xbd\x93igned OK\xef\xbc\xbd", ""}, /* full width */
    {"[sig\xe2\x80\x8bned OK]", ""},                      /* zero-width space */
    {"[sig\xe2\x80\xaened OK]", ""},                      /* bidi override */
    {"[s\xc3\xadgned OK]", ""},                           /* accent */
    {"[signed \xce\x9f\xce\x9a]", ""},                    /* Greek capitals */
    {"[SIG\xce\x9d\x45\x44 OK]", ""},                     /* Greek Nu, whose small letter looks like v */
    {"[\xe1\x8f\x9aIGNED OK]", ""},                       /* Cherokee */
    {"[\xea\x93\xa2igned \xea\x93\xb3K]", ""},            /* Lisu */
    {"[si\xc9\xa2\xc9\xb4"
     "ed OK]",
     ""},                              /* small capitals */
    {"[si\xe3\x8e\x8fgned OK]", NULL}, /* kg */
    {"[secure]\xe2\x80\x8b", "\xe2\x80\x8b"},
    {"\xff[secure]\xff", "\xff\xff"},
};

START_TEST(mark_is_removed_in_every_disguise)
{
    char *clean = without(cases[_i].text);
    if (cases[_i].clean == NULL)
        ck_assert_msg(clean == NULL, "%s", clean);
    else
        ck_assert_msg(clean != NULL && strcmp(clean, cases[_i].clean) == 0, "\"%s\" gives \"%s\"",
                      cases[_i].text, clean);
}
END_TEST

START_TEST(two_hundred_nested_marks_leave_nothing)
{
    char text[200 * 11 + 1] = "";
    for (int i = 0; i < 200; i++)
        strcat(text, i % 2 == 0 ? "[sig" : "[sec");
    for (int i = 199; i >= 0; i--)
        strcat(text, i % 2 == 0 ? "ned OK]" : "ure]");
    char *clean = without(text);
    ck_assert_ptr_nonnull(clean);
    ck_assert_str_eq(clean, "");
}
END_TEST

START_TEST(marks_in_encoded_words_are_seen_after_decoding)
{
    char *text = header_decode(arena, span_of(" =?utf-8?b?W3NlY3U=?=\r\n =?koi8-r?q?re=5D?= hello"));
    ck_assert_str_eq(without(text), " hello");
}
END_TEST

/* Random strings of splinters of marks: what is left is a part of the text, in order, without any mark. */
START_TEST(nothing_that_looks_like_a_mark_is_left)
{
    static const char *const splinters[] = {"[sec",     "ure]",         "[",           "]",        "secure",
                                            "[secure]", "\xe2\x80\x8b", " ",           "\xd1\x95", "e",
                                            "\xff",     "\xef\xbc\xbb", "cu",          "re",       "\xcc\x81",
                                            "[signed ", "OK]",          "\xef\xac\x81"};
    unsigned seed = 7, removed = 0;
    for (int round = 0; round < 3000; round++) {
        char text[400] = "";
        for (int i = rand_r(&seed) % 24; i >= 0; i--)
            strcat(text, splinters[(unsigned)rand_r(&seed) % SEAL_COUNT(splinters)]);
        const char *clean = without(text), *at = text;
        if (clean == NULL)
            continue;
        removed++;
        for (const char *c = clean; *c != '\0'; c++, at++)
            ck_assert_msg((at = strchr(at, *c)) != NULL, "\"%s\" is no part of \"%s\"", clean, text);
        for (size_t m = 0; m < SEAL_COUNT(marks); m++) {
            struct skeleton mark, rest;
            skeleton_of(arena, marks[m], &mark);
            skeleton_of(arena, clean, &rest);
            ck_assert_msg(strstr(rest.text, mark.text) == NULL, "\"%s\" of \"%s\"", clean, text);
        }
    }
    ck_assert_uint_gt(removed, 500);
}
END_TEST

START_TEST(work_grows_with_the_length_only)
{
    static const char *const units[] = {"[secure]", "[", "[secur", "\xe2\x80\x8b", "[se]cure"};
    size_t n = 200000;
    SEAL_CLEANUP(mem_free) char *text = xcalloc(n + 1, 1);
    for (size_t i = 0; i < n; i++)
        text[i] = units[_i][i % strlen(units[_i])];
    char *clean = without(text);
    ck_assert(_i == 0 ? clean != NULL && *clean == '\0' : clean == NULL);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("skeleton");
    TCase *tcase = tcase_create("skeleton");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, mark_is_removed_in_every_disguise, 0, SEAL_COUNT(cases));
    tcase_add_test(tcase, two_hundred_nested_marks_leave_nothing);
    tcase_add_test(tcase, marks_in_encoded_words_are_seen_after_decoding);
    tcase_add_test(tcase, nothing_that_looks_like_a_mark_is_left);
    tcase_add_loop_test(tcase, work_grows_with_the_length_only, 0, 5);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
