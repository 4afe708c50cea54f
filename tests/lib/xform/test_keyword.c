/* Tests of keywords: found in every Subject and header, and nothing of them stays. */
#include "xform/keyword.h"

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

static const struct xform_keyword keywords[] = {
    {.name = "sign", .subject = "sign"},
    {.name = "sign", .subject = "[sign]"},
    {.name = "plain", .subject = "[plain]"},
    {.name = "plain", .header = "X-Plain"},
    {.name = "plain", .header = "Sensitivity", .header_value = "Personal"},
};

static const struct {
    const char *subject, *clean; /* NULL: nothing to remove */
} removals[] = {
    {"", NULL},
    {"Hi", NULL},
    {"[plain", NULL},
    {"[plain]", ""},
    {"[PLAIN] Hi", "Hi"},
    {"Hi [plain]", "Hi"},
    {"Re: [plain] Hi", "Re: Hi"},
    {"Re:[plain]Hi", "Re:Hi"},
    {"Re: [plain]Hi", "Re: Hi"},
    {"a \t[plain]\t b", "a b"},
    {"[plain][sign] Hi [plain]", "Hi"},
    {"[pl[plain]ain] Hi", "Hi"},
    {"[pl[pl[plain]ain]ain]", ""},
    {"[pla [plain] in] Hi", "[pla in] Hi"},
    {"[[sign]plain] Hi", "Hi"},
    {"[sign] unsigned", "uned"},
};

START_TEST(removed_keyword_leaves_one_blank_and_no_new_keyword)
{
    const char *clean = keyword_remove(arena, removals[_i].subject, keywords, SEAL_COUNT(keywords));
    if (removals[_i].clean == NULL)
        ck_assert_msg(clean == NULL, "%s: '%s'", removals[_i].subject, clean);
    else
        ck_assert_msg(clean != NULL && strcmp(clean, removals[_i].clean) == 0, "%s: '%s'",
                      removals[_i].subject, clean);
}
END_TEST

/* Random splinters of keywords: what is left holds none, however they were nested. */
START_TEST(nothing_that_is_a_keyword_stays)
{
    static const char *const splinters[] = {"[pl",    "ain]",    "[", "]",  "sign",
                                            "[sign]", "[plain]", " ", "si", "gn"};
    unsigned seed = 11, removed = 0;
    for (int round = 0; round < 5000; round++) {
        char text[400] = "";
        for (int i = rand_r(&seed) % 20; i >= 0; i--)
            strcat(text, splinters[(unsigned)rand_r(&seed) % SEAL_COUNT(splinters)]);
        const char *clean = keyword_remove(arena, text, keywords, SEAL_COUNT(keywords));
        removed += clean != NULL;
        for (size_t k = 0; k < SEAL_COUNT(keywords); k++)
            if (keywords[k].subject != NULL)
                ck_assert_msg(strcasestr(clean != NULL ? clean : text, keywords[k].subject) == NULL,
                              "%s: '%s'", text, clean);
    }
    ck_assert_uint_gt(removed, 1000);
}
END_TEST

static const struct {
    const char *name, *value;
    size_t keyword;
    bool found;
} headers[] = {
    {"Subject", "Re: [PLAIN] Hi", 2, true},
    {"sUBJECT", "[plain]", 2, true},
    {"Subject", "plain", 2, false},
    {"Comments", "[plain]", 2, false},
    {"x-plain", "", 3, true},
    {"X-Plainer", "", 3, false},
    {"Sensitivity", "personal", 4, true},
    {"Sensitivity", "Personal data", 4, false},
    {"X-Sensitivity", "Personal", 4, false},
};

START_TEST(keyword_is_found_where_it_was_said_and_nowhere_else)
{
    const struct header_fact facts[] = {{"From", "[plain] Personal"}, {headers[_i].name, headers[_i].value}};
    ck_assert_int_eq(keyword_find(facts, SEAL_COUNT(facts), &keywords[headers[_i].keyword]),
                     headers[_i].found);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("xform/keyword");
    TCase *tcase = tcase_create("keyword");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, removed_keyword_leaves_one_blank_and_no_new_keyword, 0, SEAL_COUNT(removals));
    tcase_add_test(tcase, nothing_that_is_a_keyword_stays);
    tcase_add_loop_test(tcase, keyword_is_found_where_it_was_said_and_nowhere_else, 0, SEAL_COUNT(headers));
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
