/*
 * cli - what the commands of sealadm share: the table's row, and the context that a command gets.
 *
 * A command reads the options and the files that its caller names, then calls cli_open_store(): from there on it is the state folder's
 * owner. It appends what it says to cli->out, which main prints when it is done, and returns 0, or -1 with *err. Exit status: 0 done, 1 not
 * done, 2 usage (ERR_USAGE). Errors say what, where, and what to do; a command that another must follow says "next: ..".
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/buf.h"
#include "base/secret.h"
#include "conf/settings.h"
#include "store/store.h"

#include <sys/types.h>

struct cli {
    struct arena *arena; /* lives as long as the command */
    struct settings *settings;
    const char *caller;      /* name of who called, for the policy's log */
    bool json;               /* CLI_JSON_OPTION was given */
    int64_t now;             /* seconds since 1970 */
    struct secret master;    /* secrets_keep_master(); empty: not read */
    struct err no_master;    /* why not */
    struct store *store;     /* NULL before cli_open_store() */
    struct store_read *read; /* of the moment when the store was opened, or of cli_read_again() */
    struct buf out;
};

struct cli_command {
    const char *name; /* "user add"; one or two words */
    int (*run)(struct cli *cli, int argc, char **argv,
               struct err *err); /* argv[0]: the first word behind the name */
    const char *args;            /* "ADDRESS [--name NAME]" */
    const char *help;            /* one line */
};

extern const struct cli_command cli_commands[];
extern const size_t cli_ncommands;

/* ---- options.c ---- */

/* Options of a command, "--name VALUE" or "--name"; what is none of them stays in argv as operand. */
struct cli_option {
    const char *name;   /* "--to" */
    const char **value; /* set to the word behind it */
    bool *flag;
    struct string_list *many; /* or: collects the word behind it; the option may come again */
};
#define CLI_JSON_OPTION(cli)                                                                                 \
    {                                                                                                        \
        .name = "--json", .flag = &(cli)->json                                                               \
    }

/* cli_options - takes options out of argv. argc_inout: operands that are left. ERR_USAGE for an unknown option or a missing value. */
int cli_options(struct cli *cli, const struct cli_option *options, size_t n, int *argc_inout, char **argv,
                struct err *err) SEAL_CHECKED;
/* cli_operands - the same, and ERR_USAGE unless between min and max operands are left. */
int cli_operands(struct cli *cli, const struct cli_option *options, size_t n, int *argc_inout, char **argv,
                 int min, int max, struct err *err) SEAL_CHECKED;
/* cli_address - an operand or option that is an address, in canonical form. ERR_USAGE. */
int cli_address(struct cli *cli, const char *text, const char **out, struct err *err) SEAL_CHECKED;
/* cli_address_or_domain - or "@domain". */
int cli_address_or_domain(struct cli *cli, const char *text, const char **out, struct err *err) SEAL_CHECKED;

/* cli_name - whether it can be a person's name: UTF-8, one line, not too long. ERR_USAGE. */
int cli_name(const char *name, struct err *err) SEAL_CHECKED;

/* ---- owner.c ---- */

enum cli_rights {
    CLI_DROP, /* for good */
    CLI_LEND /* until cli_be_caller(): to write a file where the caller may. Nothing of strangers is read in between. */
};

/* cli_find_user - of a setting; "": who we are. ERR_CONFIG when there is none. */
int cli_find_user(const char *name, uid_t *uid, gid_t *gid, struct err *err) SEAL_CHECKED;

/* cli_become - as root: the user and group from now on. Nothing when we are no root. */
int cli_become(uid_t uid, gid_t gid, enum cli_rights rights, struct err *err) SEAL_CHECKED;
int cli_be_caller(struct err *err) SEAL_CHECKED;
/* cli_be_owner - become the state folder's owner. ERR_ABSENT when there is none yet. Before it: secrets_keep_master(). */
int cli_be_owner(struct cli *cli, enum cli_rights rights, struct err *err) SEAL_CHECKED;
/* cli_open_store - cli_be_owner(), then cli->store and cli->read. */
int cli_open_store(struct cli *cli, enum cli_rights rights, struct err *err) SEAL_CHECKED;
/* cli_deliver - what a command made, into a new file of the caller's (the rights were lent), or with path NULL to standard output. ERR_EXISTS. */
int cli_deliver(struct cli *cli, const struct buf *file, const char *path, mode_t mode,
                struct err *err) SEAL_CHECKED;
/* cli_read_again - cli->read sees what was written meanwhile. */
int cli_read_again(struct cli *cli, struct err *err) SEAL_CHECKED;

/* ---- say.c ---- */

/* cli_date - "2026-11-23"; cli_time - "2026-11-23T07:30:00Z". */
const char *cli_date(struct cli *cli, int64_t when);
const char *cli_time(struct cli *cli, int64_t when);
/* cli_clean - a string of strangers, safe for a terminal. */
const char *cli_clean(struct cli *cli, const char *text);
/* cli_join - "a, b, c", clean. */
const char *cli_join(struct cli *cli, const char *const *items, size_t n);

/* One function a command. */
int cmd_init(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_user_add(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_user_change(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_user_list(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_user_show(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_user_disable(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_user_enable(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_user_import(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_cert_import(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_cert_lookup(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_cert_certify(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_cert_list(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_cert_show(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_cert_trust(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_cert_reject(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_cert_export(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_cert_delete(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_key_import(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_key_generate(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_key_request(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_key_rewrap(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_key_move(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_key_list(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_key_delete(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_key_export(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_ca_add(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_ca_list(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_ca_export(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_ca_remove(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_crl_import(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_crl_list(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_crl_remove(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_policy_check(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_policy_load(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_policy_show(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_policy_log(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_policy_diff(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_policy_test(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_policy_rollback(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_explain(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_doctor(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_backup(struct cli *cli, int argc, char **argv, struct err *err);
int cmd_restore(struct cli *cli, int argc, char **argv, struct err *err);

#endif
