/* parse - statements and rules; conditions and steps are read by files of their own. The grammar stands in seal-policy(5). */
#include "policy/index.h"
#include "policy/parser.h"

#include "conf/network.h"

#include <stdlib.h>
#include <string.h>

#define POLICY_MEMORY_MAX (256u << 20)

/* ---- statements ---- */

/* Patterns with commas between, to the end of the line. */
static int read_patterns(struct parser *p, enum pattern_form form, const char ***list, size_t *n, size_t *cap,
                         struct err *err)
{
    do {
        const char *pattern = parser_pattern(p, form, err);
        if (pattern == NULL)
            return -1;
        *list = arena_grow(p->policy->arena, *list, *n, cap, sizeof **list);
        (*list)[(*n)++] = pattern;
    } while (parser_take(p, ","));
    return parser_need_end(p, err);
}

static int read_our(struct parser *p, struct err *err)
{
    if (parser_need(p, "domains", err) < 0)
        return -1;
    return read_patterns(p, PATTERN_DOMAIN, &p->policy->domains, &p->policy->ndomains, &p->domains_cap, err);
}

static int read_external(struct parser *p, struct err *err)
{
    if (parser_need(p, "alias", err) < 0)
        return -1;
    return read_patterns(p, PATTERN_ADDRESS, &p->policy->aliases, &p->policy->naliases, &p->aliases_cap, err);
}

static int read_way_to_say(struct parser *p, struct keyword *keyword, struct err *err)
{
    if (parser_take(p, "subject")) {
        keyword->subject = parser_text(p, "the text in the Subject", err);
        return keyword->subject == NULL ? -1 : 0;
    }
    if (!parser_take(p, "header"))
        return parser_expected(p, err, "subject or header");
    keyword->header = parser_field_name(p, err);
    if (keyword->header == NULL || parser_need(p, "is", err) < 0)
        return -1;
    keyword->header_value = parser_text(p, "the value of the header field", err);
    return keyword->header_value == NULL ? -1 : 0;
}

static int read_keyword(struct parser *p, struct err *err)
{
    struct policy *policy = p->policy;
    struct keyword keyword = {0};
    unsigned line = p->at->line;
    keyword.name = parser_text(p, "the keyword's name", err);
    if (keyword.name == NULL || read_way_to_say(p, &keyword, err) < 0 || parser_need_end(p, err) < 0)
        return -1;
    size_t n = policy->nkeywords++;
    policy->keywords = arena_grow(policy->arena, policy->keywords, n, &p->keywords_cap, sizeof keyword);
    policy->keyword_lines =
        arena_grow(policy->arena, policy->keyword_lines, n, &p->keyword_lines_cap, sizeof line);
    policy->keywords[n] = keyword;
    policy->keyword_lines[n] = line;
    return 0;
}

static int read_grant(struct parser *p, struct sign_grant grant, struct err *err)
{
    size_t cap = 0;
    if (parser_need(p, "may", err) < 0 || parser_need(p, "sign", err) < 0 || parser_need(p, "for", err) < 0 ||
        read_patterns(p, PATTERN_ANY, &grant.for_addrs, &grant.nfor, &cap, err) < 0)
        return -1;
    struct policy *policy = p->policy;
    policy->grants = arena_grow(policy->arena, policy->grants, policy->ngrants, &p->grants_cap, sizeof grant);
    policy->grants[policy->ngrants++] = grant;
    return 0;
}

static int read_login(struct parser *p, struct err *err)
{
    const char *who = parser_text(p, "the name that the client logs in with", err);
    return who == NULL ? -1
                       : read_grant(p, (struct sign_grant){.submitter = SUBMITTER_LOGIN, .who = who}, err);
}

static int read_tls(struct parser *p, struct err *err)
{
    const char *who = parser_text(p, "the subject of the client's certificate", err);
    return who == NULL ? -1 : read_grant(p, (struct sign_grant){.submitter = SUBMITTER_TLS, .who = who}, err);
}

static int read_network(struct parser *p, struct err *err)
{
    struct err why = ERR_INIT;
    const char *who = parser_text(p, "a network such as 192.0.2.0/24", err);
    if (who == NULL)
        return -1;
    if (network_check(who, &why) < 0)
        return lex_error(&p->lex, p->at - 1, err, "found '%s': %s", who, why.msg);
    return read_grant(p, (struct sign_grant){.submitter = SUBMITTER_NETWORK, .who = who}, err);
}

static int read_local(struct parser *p, struct err *err)
{
    return read_grant(p, (struct sign_grant){.submitter = SUBMITTER_LOCAL}, err);
}

static int read_any(struct parser *p, struct err *err)
{
    if (parser_take(p, "login"))
        return read_grant(p, (struct sign_grant){.submitter = SUBMITTER_LOGIN}, err);
    if (parser_take(p, "network"))
        return read_grant(p, (struct sign_grant){.submitter = SUBMITTER_NETWORK}, err);
    return parser_expected(p, err, "login or network");
}

/* ---- rules ---- */

static int read_when(struct parser *p, struct err *err)
{
    if (p->rule->nsteps > 0)
        return lex_error(&p->lex, p->at - 1, err,
                         "found 'when' behind a step, expected it before the first one");
    do {
        if (parser_condition(p, err) < 0)
            return -1;
    } while (parser_take(p, ","));
    if (parser_next_is(p, "or"))
        return lex_error(
            &p->lex, p->at, err,
            "found 'or', expected a comma or the end of the line: conditions are not joined by 'or'; "
            "write a second rule with the same steps");
    return parser_need_end(p, err);
}

/* What settles the mail by itself leaves room only for telling others of it. */
static int check_beside(const struct parser *p, const struct step *alone, struct err *err)
{
    const struct rule *rule = p->rule;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    for (size_t i = 0; i < rule->nsteps; i++) {
        const struct step *step = &rule->steps[i];
        if (step == alone || step_stands_beside(step->kind))
            continue;
        buf_printf(&text, "%s:%u:1: rule \"%s\": '", p->policy->path, step->line, rule->name);
        print_step_name(step->kind, &text);
        buf_add_str(&text, "' cannot stand beside '");
        print_step_name(alone->kind, &text);
        return err_set(err, ERR_CONFIG, "%s'", buf_str(&text));
    }
    return 0;
}

static int check_rule(const struct parser *p, struct err *err)
{
    const struct rule *rule = p->rule;
    if (rule->nsteps == 0)
        return err_set(err, ERR_CONFIG, "%s:%u:1: rule \"%s\" has no step; 'pass' lets mail through",
                       p->policy->path, rule->line, rule->name);
    for (size_t i = 0; i < rule->nsteps; i++)
        if (step_ends_alone(rule->steps[i].kind) && check_beside(p, &rule->steps[i], err) < 0)
            return -1;
    return 0;
}

/* The rule was read into room that the next one uses again. */
static void keep_rule(struct parser *p, struct rule *rule)
{
    p->conditions = rule->conditions;
    p->steps = rule->steps;
    rule->conditions =
        arena_memdup(p->policy->arena, p->conditions, rule->nconditions * sizeof *rule->conditions);
    rule->steps = arena_memdup(p->policy->arena, p->steps, rule->nsteps * sizeof *rule->steps);
}

static int read_rule(struct parser *p, struct err *err)
{
    struct policy *policy = p->policy;
    struct rule rule = {.line = p->at->line};
    if (p->at->kind != TOKEN_STRING || *p->at->text == '\0')
        return parser_expected(p, err, "the rule's name in quotes");
    rule.name = parser_text(p, "the rule's name in quotes", err);
    if (rule.name == NULL || parser_need_end(p, err) < 0)
        return -1;
    p->rule = &rule;
    rule.conditions = p->conditions;
    rule.steps = p->steps;
    while (p->at->kind != TOKEN_END && p->at->indented)
        if ((parser_take(p, "when") ? read_when(p, err) : parser_step(p, err)) < 0)
            return -1;
    int status = check_rule(p, err);
    keep_rule(p, &rule);
    policy->rules = arena_grow(policy->arena, policy->rules, policy->nrules, &p->rules_cap, sizeof rule);
    policy->rules[policy->nrules++] = rule;
    p->rule = NULL;
    return status;
}

static const struct word statement_words[] = {
    {"our", read_our},       {"external", read_external}, {"keyword", read_keyword}, {"login", read_login},
    {"tls", read_tls},       {"network", read_network},   {"local", read_local},     {"any", read_any},
    {"group", parser_group}, {"rule", read_rule},
};
const struct vocabulary statement_vocabulary = {"a statement: our, external, keyword, group, login, rule, ..",
                                                statement_words, SEAL_COUNT(statement_words)};

static int read_all(struct parser *p, struct span text, struct err *err)
{
    if (lex_text(p->scratch, p->policy->path, text, ",", &p->lex, err) < 0)
        return -1;
    for (p->at = p->lex.tokens; p->at->kind != TOKEN_END;) {
        if (p->at->indented)
            return lex_error(&p->lex, p->at, err, "found an indented line that belongs to no rule");
        if (parser_read_word(p, &statement_vocabulary, err) < 0)
            return -1;
        if (arena_check(p->policy->arena, err) < 0)
            return err_wrap(err, "%s", p->policy->path);
    }
    return 0;
}

static int parse(struct parser *p, const char *path, struct span text, struct policy **out, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *scratch = arena_new(POLICY_MEMORY_MAX * 4ul);
    struct policy *policy = xcalloc(1, sizeof *policy);
    policy->arena = arena_new(POLICY_MEMORY_MAX);
    policy->path = arena_strdup(policy->arena, path);
    p->policy = policy;
    p->scratch = scratch;
    int status = read_all(p, text, err);
    if (status == 0) {
        index_policy(policy);
        status = arena_check(policy->arena, err);
    }
    if (status < 0)
        policy_free(&policy);
    *out = policy;
    return status;
}

int policy_parse(const char *path, struct span text, const struct policy_file *files, size_t nfiles,
                 struct policy **out, struct err *err)
{
    struct parser p = {.files = files, .nfiles = nfiles, .missing_files = FILES_NEEDED};
    size_t octets = 0;
    for (size_t i = 0; i < nfiles; i++)
        octets += files[i].text.len;
    if (octets > POLICY_FILES_MAX)
        return err_set(err, ERR_LIMIT, "%s: its files of addresses have more than %zu octets", path,
                       POLICY_FILES_MAX);
    return parse(&p, path, text, out, err);
}

int policy_files(const char *path, struct span text, struct arena *arena, const char ***paths_out,
                 size_t *n_out, struct err *err)
{
    struct parser p = {.missing_files = FILES_WANTED};
    struct policy *policy = NULL;
    if (parse(&p, path, text, &policy, err) < 0)
        return -1;
    *n_out = policy->nlists;
    *paths_out = arena_array(arena, policy->nlists, sizeof **paths_out);
    for (size_t i = 0; i < policy->nlists; i++)
        (*paths_out)[i] = arena_strdup(arena, policy->lists[i]->path);
    policy_free(&policy);
    return arena_check(arena, err);
}
