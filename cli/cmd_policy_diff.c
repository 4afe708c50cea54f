/* cmd_policy_diff - what differs between two policies: versions, or the one in use and the file that would be loaded. */
#include "cli/cli.h"

#include "cli/line_diff.h"
#include "cli/policy_source.h"
#include "cli/policy_version.h"

#include <string.h>

struct side {
    const char *name;
    const char *text;
};

static int get_side(struct cli *cli, uint64_t version, struct side *out, struct err *err)
{
    struct policy_record record, text;
    if (policy_version_get(cli, version, &record, err) < 0 ||
        policy_version_text(cli, version, &text, err) < 0)
        return -1;
    out->name = arena_printf(cli->arena, "version %llu, loaded %s by %s", (unsigned long long)record.version,
                             cli_time(cli, record.loaded), cli_clean(cli, record.by));
    out->text = text.text;
    return 0;
}

static void print(struct cli *cli, const struct side *before, const struct side *after)
{
    if (strcmp(before->text, after->text) == 0) {
        buf_printf(&cli->out, "%s and %s are the same\n", before->name, after->name);
        return;
    }
    buf_printf(&cli->out, "--- %s\n+++ %s\n", before->name, after->name);
    line_diff(span_of(before->text), span_of(after->text), cli->arena, &cli->out);
}

/* The file is read as who calls, before the store is opened as its owner. */
int cmd_policy_diff(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct policy_source source = {.path = cli->settings->policy_file};
    struct side before, after;
    uint64_t versions[2] = {0, 0};
    if (cli_operands(cli, NULL, 0, &argc, argv, 0, 2, err) < 0)
        return -1;
    for (int i = 0; i < argc; i++)
        if (policy_version_parse(argv[i], &versions[i], err) < 0)
            return -1;
    if ((argc == 0 && policy_source_read(cli, source.path, &source, err) < 0) ||
        cli_open_store(cli, CLI_DROP, err) < 0 || get_side(cli, versions[0], &before, err) < 0)
        return -1;
    after = (struct side){.name = source.path, .text = source.text};
    if (argc > 0 && get_side(cli, versions[1], &after, err) < 0)
        return -1;
    print(cli, &before, &after);
    return 0;
}
