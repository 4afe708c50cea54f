/* cmd_policy_test - the policy on messages that are only described: the site's table of expectations, or one message on the command line. */
#include "cli/cli.h"

#include "base/json.h"
#include "cli/policy_source.h"
#include "cli/policy_tests.h"
#include "conf/lex.h"
#include "policy/expect.h"
#include "policy/trace.h"

#include <string.h>

struct request {
    const char *policy;
    const char *from, *sender, *subject, *size, *client, *client_name, *listener, *login, *tls, *verified;
    struct string_list to, headers, attachments, keywords, possible, facts;
    struct string_list from_groups, to_groups, registered;
    bool local, is_signed, encrypted;
};

/* ---- one message: options become a table with one test ---- */

static void add_line(struct buf *table, const char *words, const char *value)
{
    if (value == NULL)
        return;
    buf_printf(table, "    %s ", words);
    lex_quote(value, table);
    buf_add_char(table, '\n');
}

static void add_lines(struct buf *table, const char *words, const struct string_list *values)
{
    for (size_t i = 0; i < values->n; i++)
        add_line(table, words, values->items[i]);
}

/* What is a word of the language, and not a text. */
static void add_word(struct buf *table, const char *words, const char *value)
{
    if (value != NULL)
        buf_printf(table, "    %s %s\n", words, value);
}

static int add_header(struct cli *cli, struct buf *table, const char *field, struct err *err)
{
    const char *colon = strchr(field, ':');
    if (colon == NULL)
        return err_set(err, ERR_USAGE, "--header '%s': write 'Name: value'", field);
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    buf_add_str(table, "    header ");
    lex_quote(arena_spandup(cli->arena, (struct span){field, (size_t)(colon - field)}), table);
    buf_add_str(table, " is ");
    lex_quote(value, table);
    buf_add_char(table, '\n');
    return 0;
}

static void add_attachment(struct cli *cli, struct buf *table, const char *text)
{
    const char *colon = strrchr(text, ':');
    struct span name = {text, colon != NULL ? (size_t)(colon - text) : strlen(text)};
    buf_add_str(table, "    attachment");
    if (name.len > 0) {
        buf_add_str(table, " name ");
        lex_quote(arena_spandup(cli->arena, name), table);
    }
    if (colon != NULL) {
        buf_add_str(table, " type ");
        lex_quote(colon + 1, table);
    }
    buf_add_char(table, '\n');
}

static void add_rcpt(struct buf *table, const struct request *r, const char *addr)
{
    add_line(table, "to", addr);
    for (size_t i = 0; i < r->possible.n; i++)
        add_word(table, "possible", r->possible.items[i]);
    add_lines(table, "to group", &r->to_groups);
    add_word(table, "verified", r->verified);
    for (size_t i = 0; i < r->facts.n; i++)
        buf_printf(table, "    %s\n", r->facts.items[i]);
}

static int make_table(struct cli *cli, const struct request *r, struct buf *table, struct err *err)
{
    buf_add_str(table, "test \"the message\"\n");
    add_line(table, "from", r->from);
    add_line(table, "sender", r->sender);
    add_line(table, "subject", r->subject);
    add_word(table, "size", r->size);
    add_line(table, "client", r->client);
    add_line(table, "client name", r->client_name);
    add_line(table, "listener", r->listener);
    add_line(table, "login", r->login);
    add_line(table, "tls", r->tls);
    add_lines(table, "keyword", &r->keywords);
    add_lines(table, "from group", &r->from_groups);
    buf_add_str(table, r->local ? "    local\n" : "");
    buf_add_str(table, r->is_signed ? "    signed\n" : "");
    buf_add_str(table, r->encrypted ? "    encrypted\n" : "");
    for (size_t i = 0; i < r->headers.n; i++)
        if (add_header(cli, table, r->headers.items[i], err) < 0)
            return -1;
    for (size_t i = 0; i < r->attachments.n; i++)
        add_attachment(cli, table, r->attachments.items[i]);
    for (size_t i = 0; i < r->to.n; i++)
        add_rcpt(table, r, r->to.items[i]);
    for (size_t i = 0; i < r->registered.n; i++)
        add_word(table, "registered", r->registered.items[i]);
    return buf_check(table, err);
}

/* ---- what becomes of it ---- */

static void print_list(const char *label, const char *const *items, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "    %-9s%s\n", label, items[i]);
}

static void print_ops(const struct decision *decision, struct buf *out)
{
    buf_printf(out, "    %-9s", "decided");
    for (size_t i = 0; i < decision->nops; i++) {
        buf_add_str(out, i == 0 ? "" : ", ");
        op_print(&decision->ops[i], out);
    }
    if (decision->disposition != DISPOSITION_SERVE)
        buf_printf(out, "%s%s%s", disposition_name(decision->disposition),
                   decision->reply_text != NULL ? ": " : "",
                   decision->reply_text != NULL ? decision->reply_text : "");
    else if (decision->nops == 0)
        buf_add_str(out, "pass unchanged");
    buf_add_str(out, decision->harvest ? "; harvest\n" : "\n");
}

static void print_rcpt(struct cli *cli, const struct expect_result *result, const struct trace *trace,
                       size_t i)
{
    const struct decision *decision = &result->decisions[i];
    const struct rcpt_facts *rcpt = &result->facts->rcpts[i];
    buf_printf(&cli->out, "%s  (%s)  %s\n", rcpt->addr, direction_name(rcpt->direction),
               disposition_name(decision->disposition));
    trace_print(trace, i, &cli->out);
    for (enum method method = METHOD_NONE; method < METHODS; method++)
        if ((decision->generate & 1u << method) != 0)
            buf_printf(&cli->out, "    %-9san %s key of the sender would be generated\n", "first",
                       method_name(method));
    print_ops(decision, &cli->out);
    if (decision->redirect != NULL)
        buf_printf(&cli->out, "    %-9s%s\n", "goes to", decision->redirect);
    for (size_t e = 0; e < decision->nextras; e++)
        buf_printf(&cli->out, "    %-9s%s\n", "copy to", decision->extras[e].to);
    for (size_t n = 0; n < decision->nnotices; n++)
        print_list(notice_kind_name(decision->notices[n].kind), decision->notices[n].to,
                   decision->notices[n].nto, &cli->out);
    print_list("because", decision->why, decision->nwhy, &cli->out);
}

static void write_strings(struct json *json, const char *key, const char *const *items, size_t n)
{
    json_array_begin(json, key);
    for (size_t i = 0; i < n; i++)
        json_string(json, NULL, items[i]);
    json_array_end(json);
}

static void write_rcpt(struct json *json, const struct expect_result *result, const struct trace *trace,
                       size_t i)
{
    const struct decision *decision = &result->decisions[i];
    json_object_begin(json, NULL);
    json_string(json, "address", result->facts->rcpts[i].addr);
    json_string(json, "direction", direction_name(result->facts->rcpts[i].direction));
    json_string(json, "disposition", disposition_name(decision->disposition));
    json_string(json, "reply", decision->reply_text);
    write_strings(json, "rules", decision->rules, decision->nrules);
    json_array_begin(json, "generate");
    for (enum method method = METHOD_NONE; method < METHODS; method++)
        if ((decision->generate & 1u << method) != 0)
            json_string(json, NULL, method_name(method));
    json_array_end(json);
    json_array_begin(json, "decision");
    for (size_t o = 0; o < decision->nops; o++) {
        SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 16);
        op_print(&decision->ops[o], &text);
        json_string(json, NULL, buf_str(&text));
    }
    json_array_end(json);
    write_strings(json, "why", decision->why, decision->nwhy);
    json_array_begin(json, "tried");
    for (size_t t = 0; t < trace->n; t++) {
        if (trace->lines[t].rcpt != i)
            continue;
        json_object_begin(json, NULL);
        json_string(json, "rule", trace->lines[t].rule);
        json_string(json, "matched", answer_name(trace->lines[t].matched));
        json_string(json, "condition", trace->lines[t].condition);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static void show(struct cli *cli, const struct expect_result *result, const struct trace *trace)
{
    if (!cli->json) {
        for (size_t i = 0; i < result->facts->nrcpts; i++)
            print_rcpt(cli, result, trace, i);
        return;
    }
    struct json json = JSON_INIT(&cli->out);
    json_object_begin(&json, NULL);
    json_string(&json, "submitter", submitter_name(result->facts->submitter));
    json_array_begin(&json, "recipients");
    for (size_t i = 0; i < result->facts->nrcpts; i++)
        write_rcpt(&json, result, trace, i);
    json_array_end(&json);
    json_object_end(&json);
}

static int test_message(struct cli *cli, const struct policy *policy, const struct request *request,
                        struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    struct expect_table table;
    struct expect_result result;
    struct trace trace = {.n = 0};
    if (make_table(cli, request, &text, err) < 0 ||
        expect_parse("the message's table", buf_span(&text), policy, cli->settings, cli->arena, &table, err) <
            0 ||
        expect_decide(&table, 0, policy, cli->settings, cli->arena, &trace, &result, err) < 0)
        return -1;
    show(cli, &result, &trace);
    return 0;
}

/* ---- the table ---- */

static int test_table(struct cli *cli, const struct policy *policy, const char *path, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(0);
    size_t n;
    if (policy_tests_read(path, &text, err) < 0 ||
        policy_tests_run(cli, policy, path, buf_span(&text), &n, err) < 0)
        return -1;
    buf_printf(&cli->out, "%s: %zu tests, all as expected\n", path, n);
    return 0;
}

int cmd_policy_test(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct request r = {.policy = cli->settings->policy_file};
    const struct cli_option options[] = {
        {.name = "--policy", .value = &r.policy},     {.name = "--from", .value = &r.from},
        {.name = "--sender", .value = &r.sender},     {.name = "--to", .many = &r.to},
        {.name = "--subject", .value = &r.subject},   {.name = "--header", .many = &r.headers},
        {.name = "--size", .value = &r.size},         {.name = "--attachment", .many = &r.attachments},
        {.name = "--client", .value = &r.client},     {.name = "--client-name", .value = &r.client_name},
        {.name = "--listener", .value = &r.listener}, {.name = "--login", .value = &r.login},
        {.name = "--tls", .value = &r.tls},           {.name = "--local", .flag = &r.local},
        {.name = "--keyword", .many = &r.keywords},   {.name = "--from-group", .many = &r.from_groups},
        {.name = "--to-group", .many = &r.to_groups}, {.name = "--registered", .many = &r.registered},
        {.name = "--possible", .many = &r.possible},  {.name = "--verified", .value = &r.verified},
        {.name = "--signed", .flag = &r.is_signed},   {.name = "--encrypted", .flag = &r.encrypted},
        {.name = "--fact", .many = &r.facts},         CLI_JSON_OPTION(cli),
    };
    SEAL_CLEANUP(policy_free) struct policy *policy = NULL;
    struct policy_source source;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 1, err) < 0)
        return -1;
    bool message = r.from != NULL || r.to.n > 0;
    if (message && (r.from == NULL || r.to.n == 0 || argc > 0))
        return err_set(err, ERR_USAGE, "a message wants --from ADDRESS and --to ADDRESS, and no table");
    if (policy_source_read(cli, r.policy, &source, err) < 0 ||
        policy_parse(r.policy, span_of(source.text), source.files, source.nfiles, &policy, err) < 0)
        return -1;
    if (message)
        return test_message(cli, policy, &r, err);
    return test_table(cli, policy, argc == 1 ? argv[0] : policy_tests_path(cli, r.policy), err);
}
