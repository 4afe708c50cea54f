/* Tests of lib/xform/results.c: forged Authentication-Results leave, those of our neighbours stay. */
#include "support/check.h"

#include "xform/internal.h"

#include <string.h>

static const struct {
    const char *name;
    const char *value;
    const char *want; /* NULL: left as it is; "": the field goes */
} rows[] = {
    {"another host's results stay", " mx.other.example; smime=pass", NULL},
    {"our neighbours' results stay", " gw.example; dkim=pass header.d=a.example; spf=pass", NULL},
    {"a forged smime result goes with its field",
     " gw.example; smime=pass body.smime-identifier=ceo@example.org", ""},
    {"a forged smime result goes, dkim stays", " gw.example; dkim=pass; smime=pass; spf=fail",
     " gw.example; dkim=pass; spf=fail"},
    {"x-openpgp too", " gw.example; x-openpgp=pass", ""},
    {"any case", " GW.Example; SMIME=pass; dkim=none", " GW.Example; dkim=none"},
    {"folded", " gw.example;\r\n\tsmime=pass;\r\n\tdkim=pass", " gw.example;\r\n\tdkim=pass"},
    {"with a version", " gw.example 1; smime/1=pass", ""},
    {"comment before the id", " (hi) gw.example; smime=pass", ""},
    {"comment before the method", " gw.example; (x) smime (y) = pass", ""},
    {"quoted id", " \"gw.example\"; smime=pass", ""},
    {"quoted id with a quoted letter", " \"gw.exa\\mple\"; smime=pass", ""},
    {"another quoted id", " \"gw.exa\\mple.com\"; smime=pass", NULL},
    {"no line of blanks stays", " gw.example; dkim=pass\r\n ; smime=pass", " gw.example; dkim=pass"},
    {"comment without end after the id", " gw.example(.example.com; smime=pass", ""},
    {"quoted string without end", " gw.example; dkim=pass reason=\"x; smime=pass", ""},
    {"semicolon in a quoted string splits nothing", " gw.example; dkim=pass reason=\"a; smime=pass\"", NULL},
    {"semicolon in a comment splits nothing", " gw.example; dkim=pass (a; smime=pass)", NULL},
    {"an id that begins like ours is another", " gw.example.com; smime=pass", NULL},
    {"no results at all", " gw.example; none", NULL},
    {"empty", "", NULL},
};

START_TEST(results_are_filtered)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(1u << 20);
    const char *got = results_filter(arena, span_of(rows[_i].value), "gw.example");
    if (rows[_i].want == NULL)
        ck_assert_msg(got == NULL, "%s: got '%s'", rows[_i].name, got);
    else
        ck_assert_msg(got != NULL && strcmp(got, rows[_i].want) == 0, "%s: got '%s'", rows[_i].name, got);
}
END_TEST

START_TEST(results_cut_at_every_length_never_keep_a_forged_pass)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(1u << 20);
    const char *value = " gw.example; dkim=pass (c) reason=\"q;\"; smime=pass; spf=pass";
    for (size_t n = 0; n <= strlen(value); n++) {
        const char *got = results_filter(arena, (struct span){value, n}, "gw.example");
        const char *stays = got == NULL ? arena_spandup(arena, (struct span){value, n}) : got;
        ck_assert_msg(strstr(stays, "smime=") == NULL || strstr(stays, "gw.example;") == NULL, "%zu: %s", n,
                      stays);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/xform/results");
    TCase *t = tcase_create("filter");
    tcase_add_loop_test(t, results_are_filtered, 0, (int)SEAL_COUNT(rows));
    tcase_add_test(t, results_cut_at_every_length_never_keep_a_forged_pass);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
