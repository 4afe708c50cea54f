/* options - "--name VALUE" out of a command's words, and what operands must be. */
#include "cli/cli.h"

#include "base/addr.h"
#include "base/text.h"

#include <string.h>

#define NAME_OCTETS_MAX 200

static const struct cli_option *find_option(const struct cli_option *options, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static void append(struct cli *cli, struct string_list *list, const char *item)
{
    const char **items = arena_array(cli->arena, list->n + 1, sizeof *items);
    for (size_t i = 0; i < list->n; i++)
        items[i] = list->items[i];
    items[list->n] = item;
    list->items = items;
    list->n++;
}

/* "-" alone is an operand: standard input. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

static void take_value(struct cli *cli, const struct cli_option *option, const char *value)
{
    if (option->value != NULL)
        *option->value = value;
    else
        append(cli, option->many, value);
}

int cli_options(struct cli *cli, const struct cli_option *options, size_t n, int *argc_inout, char **argv,
                struct err *err)
{
    int kept = 0;
    bool ended = false; /* by "--" */
    for (int i = 0; i < *argc_inout; i++) {
        if (ended || !is_option(argv[i])) {
            argv[kept++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            ended = true;
            continue;
        }
        const struct cli_option *option = find_option(options, n, argv[i]);
        if (option == NULL)
            return err_set(err, ERR_USAGE, "unknown option '%s'", argv[i]);
        if (option->flag != NULL)
            *option->flag = true;
        else if (i + 1 >= *argc_inout)
            return err_set(err, ERR_USAGE, "%s wants a value", argv[i]);
        else
            take_value(cli, option, argv[++i]);
    }
    *argc_inout = kept;
    return 0;
}

int cli_operands(struct cli *cli, const struct cli_option *options, size_t n, int *argc_inout, char **argv,
                 int min, int max, struct err *err)
{
    if (cli_options(cli, options, n, argc_inout, argv, err) < 0)
        return -1;
    if (*argc_inout < min)
        return err_set(err, ERR_USAGE, "too few operands");
    if (*argc_inout > max)
        return err_set(err, ERR_USAGE, "too many operands: '%s'", argv[max]);
    return 0;
}

int cli_address(struct cli *cli, const char *text, const char **out, struct err *err)
{
    char canonical[ADDR_MAX + 1];
    struct err why = ERR_INIT;
    if (addr_canonical(span_of(text), canonical, &why) < 0)
        return err_set(err, ERR_USAGE, "'%s' is no address: %s", text, why.msg);
    if (*canonical == '\0')
        return err_set(err, ERR_USAGE, "the null sender is nobody's address");
    *out = arena_strdup(cli->arena, canonical);
    return 0;
}

int cli_address_or_domain(struct cli *cli, const char *text, const char **out, struct err *err)
{
    if (*text != '@')
        return cli_address(cli, text, out, err);
    const char *address; /* of anybody there: checks the domain and makes it canonical */
    if (cli_address(cli, arena_printf(cli->arena, "x%s", text), &address, err) < 0)
        return -1;
    *out = address + 1;
    return 0;
}

int cli_name(const char *name, struct err *err)
{
    if (!text_is_utf8(span_of(name)))
        return err_set(err, ERR_USAGE, "the name is not UTF-8");
    if (strlen(name) > NAME_OCTETS_MAX)
        return err_set(err, ERR_USAGE, "the name is longer than %d octets", NAME_OCTETS_MAX);
    for (const char *p = name; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return err_set(err, ERR_USAGE, "the name has control characters");
    return 0;
}
