/* The manual page names every word of the language, and its examples are policies that can be read. */
#include "policy/policy.h"

#include "base/io.h"
#include "policy/parser.h"
#include "policy/policy_internal.h"
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
        "header",     "key",         "headers",     "no",        "plain",
        "baseline"};
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

/* The next example behind at, which moves on; NULL: there is none. */
static struct policy *next_example(char **at)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    *at = strstr(*at, "\n.Bd -literal");
    if (*at == NULL)
        return NULL;
    *at = strchr(*at + 1, '\n') + 1;
    struct span example = {*at, (size_t)(strstr(*at, ".Ed\n") - *at)};
    ck_assert_msg(parse_example(example, &policy, &err) == 0, "%s\n%.*s", err.msg, SPAN_ARG(example));
    return policy;
}

/* What the examples show, as bits: of conditions by kind, of steps by kind. */
struct shown {
    unsigned sets[CONDITION_VERIFIED + 1], parties[CONDITION_VERIFIED + 1], tests[CONDITION_VERIFIED + 1];
    bool bare[CONDITION_VERIFIED + 1], valued[CONDITION_VERIFIED + 1], negated;
    bool steps[STEPS];
    unsigned otherwise[STEPS], actions, forms;
    bool cipher, certificate, wording, verbal;
};

static void note_condition(struct shown *shown, const struct condition *c)
{
    shown->sets[c->kind] |= c->set;
    shown->parties[c->kind] |= BIT(c->party);
    shown->tests[c->kind] |= BIT(c->test);
    *(c->nvalues + c->ntypes == 0 ? &shown->bare[c->kind] : &shown->valued[c->kind]) = true;
    shown->negated = shown->negated || c->negated;
}

static void note_step(struct shown *shown, const struct step *step)
{
    shown->steps[step->kind] = true;
    shown->otherwise[step->kind] |= BIT(step->otherwise);
    if (step->kind == STEP_HEADER)
        shown->actions |= BIT(step->action);
    if (step->kind == STEP_SIGN)
        shown->forms |= BIT(step->form);
    shown->cipher = shown->cipher || step->cipher != NULL;
    shown->certificate = shown->certificate || step->certificate != NULL;
    shown->wording = shown->wording || step->tags[TAG_OPENED] != NULL;
    shown->verbal = shown->verbal || (step->kind == STEP_NOTIFY && step->nlines > 0);
}

static void note_example(struct shown *shown, const struct policy *policy)
{
    for (size_t r = 0; r < policy->nrules; r++) {
        const struct rule *rule = &policy->rules[r];
        for (size_t i = 0; i < rule->nconditions; i++)
            note_condition(shown, &rule->conditions[i]);
        for (size_t i = 0; i < rule->nsteps; i++)
            note_step(shown, &rule->steps[i]);
    }
}

static void check_conditions_shown(const struct shown *shown)
{
    static const enum condition_kind of_a_party[] = {CONDITION_GROUP, CONDITION_FILE, CONDITION_ATTRIBUTE};
    static const enum condition_kind with_and_without[] = {CONDITION_LOGIN, CONDITION_TLS,
                                                           CONDITION_ATTACHMENT};
    const unsigned all_tests = BIT(TEXT_PRESENT) | BIT(TEXT_IS) | BIT(TEXT_CONTAINS) | BIT(TEXT_LIKE);
    for (enum condition_kind kind = 0; kind <= CONDITION_VERIFIED; kind++)
        ck_assert_msg(shown->bare[kind] || shown->valued[kind], "condition %d", (int)kind);
    for (size_t i = 0; i < SEAL_COUNT(of_a_party); i++)
        ck_assert_uint_eq(shown->parties[of_a_party[i]], BIT(PARTY_SENDER) | BIT(PARTY_RECIPIENT));
    for (size_t i = 0; i < SEAL_COUNT(with_and_without); i++)
        ck_assert_msg(shown->bare[with_and_without[i]] && shown->valued[with_and_without[i]], "condition %d",
                      (int)with_and_without[i]);
    ck_assert_uint_eq(shown->sets[CONDITION_DIRECTION], BIT(DIRECTION_INBOUND + 1) - 1);
    ck_assert_uint_eq(shown->sets[CONDITION_TRAIT], BIT(TRAITS) - 1);
    ck_assert_uint_eq(shown->tests[CONDITION_HEADER], all_tests);
    ck_assert_uint_eq(shown->tests[CONDITION_ATTRIBUTE], all_tests);
    ck_assert(shown->negated);
}

static void check_steps_shown(const struct shown *shown)
{
    const unsigned all = BIT(OTHERWISE_REFUSE) | BIT(OTHERWISE_RETURN) | BIT(OTHERWISE_SKIP);
    for (enum step_kind kind = 0; kind < STEPS; kind++)
        ck_assert_msg(shown->steps[kind], "step %d", (int)kind);
    ck_assert_uint_eq(shown->otherwise[STEP_ENCRYPT], all);
    ck_assert_uint_eq(shown->otherwise[STEP_SIGN] & ~BIT(OTHERWISE_RETURN),
                      BIT(OTHERWISE_REFUSE) | BIT(OTHERWISE_SKIP));
    ck_assert_uint_ne(shown->otherwise[STEP_DECRYPT] & BIT(OTHERWISE_RETURN), 0);
    ck_assert_uint_eq(shown->actions, BIT(FIELD_ADD) | BIT(FIELD_REPLACE) | BIT(FIELD_DELETE));
    ck_assert_uint_eq(shown->forms, BIT(SIGN_DETACHED) | BIT(SIGN_OPAQUE));
    ck_assert(shown->cipher && shown->certificate && shown->wording && shown->verbal);
}

START_TEST(every_example_can_be_read_and_each_condition_and_step_has_one)
{
    char *page = read_page(), *at = page;
    struct shown shown = {.negated = false};
    for (struct policy *policy; (policy = next_example(&at)) != NULL; policy_free(&policy))
        note_example(&shown, policy);
    check_conditions_shown(&shown);
    check_steps_shown(&shown);
    free(page);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/manual");
    TCase *t = tcase_create("manual");
    tcase_add_test(t, every_word_of_the_language_is_named);
    tcase_add_test(t, every_example_can_be_read_and_each_condition_and_step_has_one);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
