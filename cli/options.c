/* options - "--name VALUE" out of a command's words. */
#include "cli/cli.h"

#include <string.h>

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

int cli_options(struct cli *cli, const struct cli_option *options, size_t n, int *argc_inout, char **argv,
                struct err *err)
{
    int kept = 0;
    for (int i = 0; i < *argc_inout; i++) {
        if (!is_option(argv[i])) {
            argv[kept++] = argv[i];
            continue;
        }
        const struct cli_option *option = find_option(options, n, argv[i]);
        if (option == NULL)
            return err_set(err, ERR_USAGE, "unknown option '%s'", argv[i]);
        if (option->flag != NULL) {
            *option->flag = true;
            continue;
        }
        if (i + 1 >= *argc_inout)
            return err_set(err, ERR_USAGE, "%s wants a value", argv[i]);
        i++;
        if (option->value != NULL)
            *option->value = argv[i];
        else
            append(cli, option->many, argv[i]);
    }
    *argc_inout = kept;
    return 0;
}
