/*
 * test_examples - each policy in contrib/policies is checked without complaint, its table of expectations holds, and each of its
 * rules has a test for which it matches, and one for which it does not.
 */
#include "policy/expect.h"
#include "support/check.h"

#include "base/io.h"

#include <glob.h>
#include <string.h>

#define FOLDER TESTS_DIR "/../contrib/policies"

static glob_t found;

struct example {
    struct arena *arena;
    const char *path;
    struct settings *settings;
    struct policy *policy;
    struct expect_table table;
};

static struct span read_text(struct arena *arena, const char *path)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(4u << 20);
    ck_ok(io_read_file(path, &text, &err));
    return (struct span){arena_spandup(arena, buf_span(&text)), text.len};
}

/* "/etc/sealmilter/partners" is lists/partners here. */
static struct policy_file *read_files(struct example *e, struct span text, size_t *n_out)
{
    struct err err = ERR_INIT;
    const char **paths;
    ck_ok(policy_files(e->path, text, e->arena, &paths, n_out, &err));
    struct policy_file *files = arena_array(e->arena, *n_out, sizeof *files);
    for (size_t i = 0; i < *n_out; i++) {
        const char *name = strrchr(paths[i], '/') + 1;
        files[i] = (struct policy_file){
            .path = paths[i], .text = read_text(e->arena, arena_printf(e->arena, FOLDER "/lists/%s", name))};
    }
    return files;
}

static void open_example(struct example *e, const char *path)
{
    struct err err = ERR_INIT;
    size_t nfiles;
    *e = (struct example){.arena = arena_new(ARENA_MAX_DEFAULT), .path = path};
    ck_ok(settings_parse(e->arena, "sealmilter.conf",
                         span_of("hostname = gw.example.org\ntrusted-networks = 192.0.2.0/24\n"),
                         &e->settings, &err));
    struct span text = read_text(e->arena, path);
    struct policy_file *files = read_files(e, text, &nfiles);
    ck_assert_msg(policy_parse(path, text, files, nfiles, &e->policy, &err) == 0, "%s", err.msg);
    const char *table = arena_printf(e->arena, "%.*s.tests", (int)(strrchr(path, '.') - path), path);
    ck_assert_msg(expect_parse(table, read_text(e->arena, table), e->policy, e->settings, e->arena, &e->table,
                               &err) == 0,
                  "%s", err.msg);
}

static void close_example(struct example *e)
{
    policy_free(&e->policy);
    arena_free(&e->arena);
}

START_TEST(a_careful_colleague_finds_nothing)
{
    struct example e;
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    open_example(&e, found.gl_pathv[_i]);
    ck_assert_msg(policy_check(e.policy, &out) == 0, "%s", buf_str(&out));
    for (const char *line = buf_str(&out); *line != '\0'; line = strchrnul(line, '\n') + 1)
        ck_assert_msg(strstr(line, "is not available in this build") != NULL, "%s",
                      line); /* methods to come */
    close_example(&e);
}
END_TEST

START_TEST(what_is_expected_happens)
{
    struct example e;
    struct err err = ERR_INIT;
    size_t failed;
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    open_example(&e, found.gl_pathv[_i]);
    ck_ok(expect_run(&e.table, e.policy, e.settings, &out, &failed, &err));
    ck_assert_msg(failed == 0, "%.2000s", buf_str(&out));
    close_example(&e);
}
END_TEST

static bool matched(const struct expect_result *result, const char *rule)
{
    for (size_t i = 0; i < result->facts->nrcpts; i++)
        for (size_t k = 0; k < result->decisions[i].nrules; k++)
            if (strcmp(result->decisions[i].rules[k], rule) == 0)
                return true;
    return false;
}

START_TEST(each_rule_is_shown_matching_and_not_matching)
{
    struct example e;
    struct err err = ERR_INIT;
    open_example(&e, found.gl_pathv[_i]);
    struct expect_result *results = arena_array(e.arena, e.table.n, sizeof *results);
    for (size_t i = 0; i < e.table.n; i++)
        ck_ok(expect_decide(&e.table, i, e.policy, e.settings, e.arena, NULL, &results[i], &err));
    SEAL_CLEANUP(buf_fini) struct buf printed = BUF_INIT(1u << 20);
    policy_print(e.policy, &printed);
    char *text = arena_strdup(e.arena, buf_str(&printed));
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strncmp(line, "rule \"", 6) != 0)
            continue;
        const char *rule = arena_spandup(e.arena, (struct span){line + 6, strlen(line) - 7});
        size_t n = 0;
        for (size_t i = 0; i < e.table.n; i++)
            n += matched(&results[i], rule);
        ck_assert_msg(n > 0 && n < e.table.n, "%s: rule \"%s\" matches %zu of %zu tests", e.path, rule, n,
                      e.table.n);
    }
    close_example(&e);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/examples");
    TCase *t = tcase_create("examples");
    glob(FOLDER "/*.conf", 0, NULL, &found);
    int n = (int)found.gl_pathc;
    tcase_add_loop_test(t, a_careful_colleague_finds_nothing, 0, n);
    tcase_add_loop_test(t, what_is_expected_happens, 0, n);
    tcase_add_loop_test(t, each_rule_is_shown_matching_and_not_matching, 0, n);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
