/* The manual page names every word of the language, and its examples are policies that can be read. */
#include "policy/policy.h"

#include "base/io.h"
#include "policy/parser.h"
#include "support/check.h"

#include <string.h>

static char *read_page(void)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf page = BUF_INIT(1u << 20);
    ck_ok(io_read_file(TESTS_DIR "/../policy/seal-policy.5", &page, &err));
    return xstrdup(buf_str(&page));
}

/* Whether a line of the page has the word behind Ic or Cm (which may be followed by several words). */
static bool is_named(const char *page, const char *word)
{
    char *copy = xstrdup(page), *lines = copy;
    bool named = false;
    for (char *line; !named && (line = strsep(&lines, "\n")) != NULL;) {
        if (*line != '.')
            continue;
        const char *macro = "";
        for (char *token; !named && (token = strsep(&line, " ")) != NULL;) {
            if (strlen(token) >= 2 && strchr("ICAXO.", token[0]) != NULL && strlen(token) <= 3)
                macro = token[0] == '.' ? token + 1 : token;
            else if (strcmp(macro, "Ic") == 0 || strcmp(macro, "Cm") == 0)
                named = strcmp(token, word) == 0;
        }
    }
    free(copy);
    return named;
}

START_TEST(every_word_of_the_language_is_named)
{
    static const struct vocabulary *const vocabularies[] = {&statement_vocabulary, &condition_vocabulary,
                                                            &step_vocabulary};
    static const char *const others[] = {
        "domains",    "alias",       "subject",     "is",        "may",
        "sign",       "for",         "verbatim",    "when",      "or",
        "not",        "with",        "opaque",      "detached",  "if",
        "possible",   "else",        "clear",       "over",      "under",
        "contains",   "like",        "sender",      "recipient", "smime",
        "openpgp",    "pdf",         "portal",      "using",     "aes256-cbc",
        "aes256-gcm", "domain",      "address",     "group",     "file",
        "attribute",  "directory",   "name",        "type",      "high",
        "normal",     "low",         "personal",    "private",   "company-confidential",
        "none",       "good",        "weak",        "bad",       "partial",
        "mismatch",   "untrusted",   "unsupported", "refuse",    "return",
        "keys",       "certificate", "opened",      "invalid",   "unauthenticated",
        "header"};
    char *page = read_page();
    for (size_t v = 0; v < SEAL_COUNT(vocabularies); v++)
        for (size_t i = 0; i < vocabularies[v]->n; i++)
            ck_assert_msg(is_named(page, vocabularies[v]->words[i].text), "%s",
                          vocabularies[v]->words[i].text);
    for (size_t i = 0; i < SEAL_COUNT(others); i++)
        ck_assert_msg(is_named(page, others[i]), "%s", others[i]);
    ck_assert(!is_named(page, "frobnicate"));
    free(page);
}
END_TEST

/* The files of addresses that an example names are empty here. */
static int parse_example(struct span example, struct policy **out, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(1u << 20);
    const char **paths;
    size_t n;
    if (policy_files("example", example, arena, &paths, &n, err) < 0)
        return -1;
    struct policy_file *files = arena_array(arena, n, sizeof *files);
    for (size_t i = 0; i < n; i++)
        files[i] = (struct policy_file){paths[i], SPAN_LIT("")};
    return policy_parse("example", example, files, n, out, err);
}

START_TEST(every_example_can_be_read)
{
    char *page = read_page(), *at = page;
    size_t n = 0;
    while ((at = strstr(at, "\n.Bd -literal")) != NULL) {
        struct err err = ERR_INIT;
        struct policy *policy = NULL;
        at = strchr(at + 1, '\n') + 1;
        struct span example = {at, (size_t)(strstr(at, ".Ed\n") - at)};
        ck_assert_msg(parse_example(example, &policy, &err) == 0, "%s\n%.*s", err.msg, SPAN_ARG(example));
        policy_free(&policy);
        n++;
    }
    ck_assert_uint_ge(n, 4);
    free(page);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/manual");
    TCase *t = tcase_create("manual");
    tcase_add_test(t, every_word_of_the_language_is_named);
    tcase_add_test(t, every_example_can_be_read);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
