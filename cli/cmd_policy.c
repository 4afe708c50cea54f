/* cmd_policy - the rules: checked, put into use, shown, taken back. The store keeps every version. */
#include "cli/cli.h"

#include "base/json.h"
#include "cli/directory.h"
#include "cli/policy_source.h"
#include "cli/policy_tests.h"
#include "cli/policy_version.h"
#include "fetch/lookup.h"
#include "gate/snapshot.h"

#include <stdlib.h>
#include <string.h>

/* ---- check and load ---- */

/* Copies and notices go out by injection. */
static void warn_of_inject(struct cli *cli, const char *path, const struct policy *policy)
{
    const char *rule = policy_sends(policy);
    if (rule != NULL && *cli->settings->inject == '\0')
        buf_printf(&cli->out,
                   "warning: %s: rule \"%s\" sends messages of its own, and the settings have no 'inject': "
                   "what it is about is deferred\n",
                   path, rule);
}

static void warn_of_lookup(struct cli *cli)
{
    const struct openpgp_settings *openpgp = &cli->settings->openpgp;
    if (*openpgp->gpg != '\0' && lookup_asks_any_domain(&openpgp->lookup))
        buf_printf(&cli->out,
                   "warning: %s: openpgp-lookup: 'wkd' without address patterns asks the web server of every "
                   "domain: while one fails, mail there that a rule wants to encrypt is deferred; name the "
                   "domains\n",
                   cli->settings->path);
}

/* Says what is wrong with it. */
static int check(struct cli *cli, const char *path, const struct policy *policy, struct err *err)
{
    size_t errors = policy_check(policy, &cli->out);
    cli_check_groups(cli, policy);
    warn_of_inject(cli, path, policy);
    warn_of_lookup(cli);
    return errors == 0 ? 0 : err_set(err, ERR_CONFIG, "%s: %zu errors, see above", path, errors);
}

/* What an expectation that fails does. */
enum check_mode {
    CHECK_ALONE,
    CHECK_FOR_USE, /* it hinders, and how it would not is said */
    CHECK_FORCED,  /* it is told, and does not hinder */
};

/* The table beside a policy. */
struct tests {
    const char *path;
    struct span text; /* ptr NULL: there is none */
};

static int failed(struct cli *cli, enum check_mode mode, struct err *err)
{
    switch (mode) {
    case CHECK_ALONE:
        break;
    case CHECK_FOR_USE:
        buf_add_str(&cli->out, "with --force it is put into use all the same\n");
        break;
    case CHECK_FORCED:
        buf_printf(&cli->out, "warning: %s; put into use by force\n", err->msg);
        err_clear(err);
        return 0;
    }
    return -1;
}

static int read_tests(struct cli *cli, const char *policy_path, enum check_mode mode, struct tests *out,
                      struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(0);
    *out = (struct tests){.path = policy_tests_path(cli, policy_path)};
    if (policy_tests_read(out->path, &text, err) == 0) {
        out->text = (struct span){arena_spandup(cli->arena, buf_span(&text)), text.len};
        return 0;
    }
    if (err->code != ERR_ABSENT)
        return failed(cli, mode, err);
    err_clear(err);
    return 0;
}

static int run_tests(struct cli *cli, const struct tests *tests, const struct policy *policy,
                     enum check_mode mode, struct err *err)
{
    size_t n;
    if (tests->text.ptr == NULL)
        return 0;
    if (policy_tests_run(cli, policy, tests->path, tests->text, &n, err) < 0)
        return failed(cli, mode, err);
    buf_printf(&cli->out, "%s: %zu tests, all as expected\n", tests->path, n);
    return 0;
}

/* The file of the only operand, else that of the settings. */
static int read_and_check(struct cli *cli, int argc, char **argv, enum check_mode mode,
                          struct policy_source *out, struct err *err)
{
    SEAL_CLEANUP(policy_free) struct policy *policy = NULL;
    struct tests tests;
    const char *path = argc == 1 ? argv[0] : cli->settings->policy_file;
    if (policy_source_read(cli, path, out, err) < 0 ||
        policy_parse(path, span_of(out->text), out->files, out->nfiles, &policy, err) < 0 ||
        check(cli, path, policy, err) < 0 || read_tests(cli, path, mode, &tests, err) < 0)
        return -1;
    return run_tests(cli, &tests, policy, mode, err);
}

int cmd_policy_check(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct policy_source source;
    if (cli_operands(cli, NULL, 0, &argc, argv, 0, 1, err) < 0 ||
        read_and_check(cli, argc, argv, CHECK_ALONE, &source, err) < 0)
        return -1;
    buf_printf(&cli->out, "%s: the policy can be used; next: sealadm policy load\n", source.path);
    return 0;
}

static void say_in_use(struct cli *cli, uint64_t version, const char *origin)
{
    buf_printf(&cli->out, "policy version %llu (%s) is in use from the next message on\n",
               (unsigned long long)version, origin);
}

int cmd_policy_load(struct cli *cli, int argc, char **argv, struct err *err)
{
    bool force = false;
    const struct cli_option options[] = {{.name = "--force", .flag = &force}};
    struct policy_source source;
    struct policy_record newest;
    uint64_t version;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 1, err) < 0 ||
        read_and_check(cli, argc, argv, force ? CHECK_FORCED : CHECK_FOR_USE, &source, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    switch (store_find_policy(cli->read, 0, &newest, err)) {
    case FIND_FAILED:
        return -1;
    case FIND_FOUND:
        if (!policy_source_is(&source, &newest))
            break;
        buf_printf(&cli->out, "policy version %llu in use is the same already\n",
                   (unsigned long long)newest.version);
        return 0;
    case FIND_ABSENT:
        break;
    }
    if (policy_source_put(cli, &source, &version, err) < 0)
        return -1;
    say_in_use(cli, version, source.path);
    return 0;
}

/* ---- show and log ---- */

/* 0 without an operand. */
static int parse_version(int argc, char **argv, uint64_t *out, struct err *err)
{
    *out = 0;
    return argc == 0 ? 0 : policy_version_parse(argv[0], out, err);
}

static void write_record(struct cli *cli, struct json *json, const struct policy_record *record)
{
    json_int(json, "version", (int64_t)record->version);
    json_string(json, "loaded", cli_time(cli, record->loaded));
    json_string(json, "by", record->by);
    if (record->again != 0)
        json_int(json, "again", (int64_t)record->again);
}

static void write_files(struct json *json, const struct policy_record *record)
{
    json_array_begin(json, "files");
    for (size_t i = 0; i < record->nfiles; i++) {
        json_object_begin(json, NULL);
        json_string(json, "path", record->files[i]);
        json_string(json, "sha256", record->digests[i]);
        json_object_end(json);
    }
    json_array_end(json);
}

/* A file of addresses as it was when the policy was loaded. */
static int show_file(struct cli *cli, const struct policy_record *record, const char *path, struct err *err)
{
    struct span text;
    for (size_t i = 0; i < record->nfiles; i++) {
        if (strcmp(record->files[i], path) != 0)
            continue;
        if (store_find_list(cli->read, record->digests[i], &text, err) != FIND_FOUND)
            return err_set(err, ERR_STORE_DAMAGED, "store: the list %s is missing", path);
        buf_add_span(&cli->out, text);
        return 0;
    }
    return err_set(err, ERR_ABSENT, "policy version %llu names no file %s",
                   (unsigned long long)record->version, path);
}

int cmd_policy_show(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *file = NULL;
    const struct cli_option options[] = {CLI_JSON_OPTION(cli), {.name = "--file", .value = &file}};
    struct policy_record record;
    uint64_t version;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 1, err) < 0 ||
        parse_version(argc, argv, &version, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0 ||
        policy_version_get(cli, version, &record, err) < 0)
        return -1;
    if (file != NULL)
        return show_file(cli, &record, file, err);
    if (!cli->json) {
        buf_add_str(&cli->out, record.text);
        return 0;
    }
    struct json json = JSON_INIT(&cli->out);
    json_object_begin(&json, NULL);
    write_record(cli, &json, &record);
    json_string(&json, "text", record.text);
    write_files(&json, &record);
    json_object_end(&json);
    return 0;
}

static void print_record(struct cli *cli, const struct policy_record *record)
{
    buf_printf(&cli->out, "%6llu  %s  %s", (unsigned long long)record->version, cli_time(cli, record->loaded),
               cli_clean(cli, record->by));
    if (record->again != 0)
        buf_printf(&cli->out, "  (version %llu again)", (unsigned long long)record->again);
    buf_add_char(&cli->out, '\n');
}

int cmd_policy_log(struct cli *cli, int argc, char **argv, struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    struct policy_record *records;
    size_t n;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 0, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0 || store_policies(cli->read, &records, &n, err) < 0)
        return -1;
    if (!cli->json) {
        for (size_t i = 0; i < n; i++)
            print_record(cli, &records[i]);
        return 0;
    }
    struct json json = JSON_INIT(&cli->out);
    json_object_begin(&json, NULL);
    json_array_begin(&json, "policies");
    for (size_t i = 0; i < n; i++) {
        json_object_begin(&json, NULL);
        write_record(cli, &json, &records[i]);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
    return 0;
}

/* ---- rollback ---- */

/* What was in use before the text that is in use now was loaded: so that each rollback goes further back. */
static int get_earlier(struct cli *cli, struct policy_record *out, struct err *err)
{
    struct policy_record newest;
    if (policy_version_text(cli, 0, &newest, err) < 0)
        return -1;
    if (newest.version == 1)
        return err_set(err, ERR_ABSENT,
                       "version 1 is in use, and none was before it: there is nothing to go back to");
    return policy_version_text(cli, newest.version - 1, out, err);
}

static size_t count_octets(struct cli *cli, const struct policy_record *record)
{
    size_t octets = strlen(record->text);
    for (size_t i = 0; i < record->nfiles; i++) {
        struct err ignored = ERR_INIT; /* they were just read */
        struct span text;
        if (store_find_list(cli->read, record->digests[i], &text, &ignored) == FIND_FOUND)
            octets += text.len;
    }
    return octets;
}

/* The text of an earlier version becomes the newest; the log keeps what stood between. */
static int use_again(struct cli *cli, struct policy_record *earlier, struct err *err)
{
    uint64_t version;
    const char *origin =
        arena_printf(cli->arena, "version %llu again, loaded %s by %s", (unsigned long long)earlier->version,
                     cli_time(cli, earlier->loaded), cli_clean(cli, earlier->by));
    earlier->again = earlier->version;
    earlier->loaded = cli->now;
    earlier->by = cli->caller;
    if (policy_version_put(cli, earlier, count_octets(cli, earlier), &version, err) < 0)
        return -1;
    say_in_use(cli, version, origin);
    buf_printf(&cli->out, "next: correct %s, which sealadm policy load reads\n", cli->settings->policy_file);
    return 0;
}

/* The table is read as who calls, before the store is opened as its owner. */
int cmd_policy_rollback(struct cli *cli, int argc, char **argv, struct err *err)
{
    SEAL_CLEANUP(policy_free) struct policy *policy = NULL;
    bool force = false;
    const struct cli_option options[] = {{.name = "--force", .flag = &force}};
    struct policy_record earlier;
    struct tests tests;
    uint64_t version;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 1, err) < 0 ||
        parse_version(argc, argv, &version, err) < 0)
        return -1;
    enum check_mode mode = force ? CHECK_FORCED : CHECK_FOR_USE;
    if (read_tests(cli, cli->settings->policy_file, mode, &tests, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    int found =
        version == 0 ? get_earlier(cli, &earlier, err) : policy_version_text(cli, version, &earlier, err);
    if (found < 0)
        return -1;
    const char *name = arena_printf(cli->arena, "version %llu", (unsigned long long)earlier.version);
    if (snapshot_read_policy(cli->read, cli->arena, &earlier, name, &policy, err) < 0 ||
        check(cli, name, policy, err) < 0 || run_tests(cli, &tests, policy, mode, err) < 0)
        return -1;
    return use_again(cli, &earlier, err);
}
