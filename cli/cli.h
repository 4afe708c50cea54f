/*
 * cli - what the commands of sealadm share: the table's row, and the context that a command gets.
 *
 * A command appends what it says to cli->out, which main prints when it is done; it returns 0, or -1 with *err. Exit status: 0 done, 1 not
 * done, 2 usage (ERR_USAGE). Errors say what, where, and what to do; a command that another must follow says "next: ..".
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/buf.h"
#include "base/secret.h"
#include "conf/settings.h"
#include "store/store.h"

#include <sys/types.h>

enum cli_format {
    CLI_TEXT,
    CLI_JSON
};

struct cli {
    struct arena *arena; /* lives as long as the command */
    struct settings *settings;
    enum cli_format format; /* CLI_JSON with --json */
    struct store *store;    /* open when the command's row says so */
    int64_t now;            /* seconds since 1970 */
    struct buf out;
};

/* What main does before the command runs. As root it becomes the state folder's owner for both of the last. */
enum cli_needs {
    CLI_NEEDS_SETTINGS, /* stays who it is */
    CLI_NEEDS_OWNER,
    CLI_NEEDS_STORE,
};

struct cli_command {
    const char *name; /* "user add"; one or two words */
    int (*run)(struct cli *cli, int argc, char **argv,
               struct err *err); /* argv[0]: the first word behind the name */
    enum cli_needs needs;
    const char *args; /* "ADDRESS [--name NAME]" */
    const char *help; /* one line */
};

extern const struct cli_command cli_commands[];
extern const size_t cli_ncommands;

/* cli_become - as root: the user and group from now on, for good. Nothing when we are no root. */
int cli_become(uid_t uid, gid_t gid, struct err *err) SEAL_CHECKED;

/* Options of a command, "--name VALUE" or "--name"; what is none of them stays in argv as operand. */
struct cli_option {
    const char *name;   /* "--to" */
    const char **value; /* set to the word behind it; NULL for a flag */
    bool *flag;
    struct string_list *many; /* or: collects the word behind it; the option may come again */
};
/* cli_options - takes options out of argv. argc_inout: operands that are left. ERR_USAGE for an unknown option or a missing value. */
int cli_options(struct cli *cli, const struct cli_option *options, size_t n, int *argc_inout, char **argv,
                struct err *err) SEAL_CHECKED;

/* One function a command. */
int cmd_explain(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_doctor(struct cli *cli, int argc, char **argv, struct err *err);

#endif
