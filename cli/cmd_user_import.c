/*
 * cmd_user_import - many users from a file: lines "ADDR[,NAME]"; empty lines and those that begin with # count for nothing.
 *
 * The whole file is read before the first user is added: a mistake is answered with its line, and nothing is done.
 */
#include "cli/cli.h"

#include "base/io.h"

#include <string.h>

#define FILE_MAX   (64u << 20)
#define ERRORS_MAX 20 /* shown */

struct row {
    unsigned line;
    const char *addr, *name;
};

struct list {
    const char *path;
    struct row *rows;
    size_t n, cap, errors;
};

static int parse_row(struct cli *cli, struct span text, struct row *out, struct err *err)
{
    size_t comma = span_find(text, ",", 1, 0);
    struct span addr = span_trim(span_sub(text, 0, comma == SIZE_MAX ? text.len : comma));
    struct span name = comma == SIZE_MAX ? SPAN_LIT("") : span_trim(span_sub(text, comma + 1, text.len));
    if (memchr(text.ptr, '\0', text.len) != NULL)
        return err_set(err, ERR_SYNTAX, "a NUL octet");
    out->name = arena_spandup(cli->arena, name);
    if (cli_address(cli, arena_spandup(cli->arena, addr), &out->addr, err) < 0)
        return -1;
    return cli_name(out->name, err);
}

static void read_row(struct cli *cli, struct list *list, unsigned line, struct span text)
{
    struct err err = ERR_INIT;
    struct row row = {.line = line};
    if (text.len == 0 || *text.ptr == '#')
        return;
    if (parse_row(cli, text, &row, &err) == 0) {
        list->rows = arena_grow(cli->arena, list->rows, list->n, &list->cap, sizeof *list->rows);
        list->rows[list->n++] = row;
    } else if (list->errors++ < ERRORS_MAX) {
        buf_printf(&cli->out, "%s:%u: %s\n", list->path, line, err.msg);
    }
}

static int read_rows(struct cli *cli, struct span text, struct list *list, struct err *err)
{
    for (unsigned line = 1; text.len > 0; line++) {
        size_t end = span_find(text, "\n", 1, 0);
        read_row(cli, list, line, span_trim(span_sub(text, 0, end == SIZE_MAX ? text.len : end)));
        text = end == SIZE_MAX ? SPAN_LIT("") : span_sub(text, end + 1, text.len);
    }
    if (list->errors > 0)
        return err_set(err, ERR_SYNTAX, "%s: %zu lines are wrong, see above; nobody was added", list->path,
                       list->errors);
    return 0;
}

/* 1: added, 0: was a user already, -1. An old read session would keep the store from using its pages again. */
static int add_row(struct cli *cli, const struct row *row, struct err *err)
{
    struct user_record known;
    const struct user_record user = {
        .addr = row->addr, .name = row->name, .enabled = true, .created = cli->now};
    if (cli_read_again(cli, err) < 0)
        return -1;
    switch (store_find_user(cli->read, row->addr, &known, err)) {
    case FIND_ABSENT:
        return store_put_user(cli->store, &user, err) < 0 ? -1 : 1;
    case FIND_FOUND:
        return 0;
    case FIND_FAILED:
        break;
    }
    return -1;
}

int cmd_user_import(struct cli *cli, int argc, char **argv, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(FILE_MAX);
    if (cli_operands(cli, NULL, 0, &argc, argv, 1, 1, err) < 0 || io_read_file(argv[0], &text, err) < 0)
        return -1;
    struct list list = {.path = argv[0]};
    if (read_rows(cli, buf_span(&text), &list, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    size_t added = 0, known = 0;
    for (size_t i = 0; i < list.n; i++) {
        int result = add_row(cli, &list.rows[i], err);
        if (result < 0)
            return err_wrap(err, "%zu users added, then %s:%u", added, list.path, list.rows[i].line);
        *(result > 0 ? &added : &known) += 1;
    }
    buf_printf(&cli->out, "%zu users added, %zu were users already\n", added, known);
    return 0;
}
