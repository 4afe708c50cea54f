/* main - sealadm: finds the command in the table, prepares what it needs, prints what it says. */
#include "cli/cli.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef SEAL_SYSCONFDIR
#define SEAL_SYSCONFDIR "/etc"
#endif
#define SETTINGS_DEFAULT SEAL_SYSCONFDIR "/sealmilter/sealmilter.conf"
#define OUT_MAX          (256u << 20)

enum {
    EXIT_NOT_DONE = 1,
    EXIT_USAGE = 2
};

static void print_help(FILE *to)
{
    fputs(
        "sealadm [-c FILE] COMMAND ..    users, certificates, keys and policy of sealmilter; sealadm(8)\n\n",
        to);
    for (size_t i = 0; i < cli_ncommands; i++)
        fprintf(to, "  %-14s %-44s %s\n", cli_commands[i].name, cli_commands[i].args, cli_commands[i].help);
    fputs("\n  -c FILE        settings instead of " SETTINGS_DEFAULT "\n"
          "  --json         say it as JSON\n",
          to);
}

/* The words of name at the start of argv: how many, or 0. */
static int words_of(const char *name, int argc, char **argv)
{
    const char *blank = strchr(name, ' ');
    size_t first = blank == NULL ? strlen(name) : (size_t)(blank - name);
    if (argc < 1 || strncmp(argv[0], name, first) != 0 || argv[0][first] != '\0')
        return 0;
    if (blank == NULL)
        return 1;
    return argc >= 2 && strcmp(argv[1], blank + 1) == 0 ? 2 : 0;
}

static const struct cli_command *find_command(int argc, char **argv, int *words_out)
{
    for (size_t i = 0; i < cli_ncommands; i++) {
        *words_out = words_of(cli_commands[i].name, argc, argv);
        if (*words_out > 0)
            return &cli_commands[i];
    }
    return NULL;
}

int cli_become(uid_t uid, gid_t gid, struct err *err)
{
    if (geteuid() != 0 || uid == 0)
        return 0;
    if (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
        return err_set(err, ERR_IO, "cannot become user %u", (unsigned)uid);
    return 0;
}

static int become_owner(const char *state_dir, struct err *err)
{
    struct stat st;
    if (stat(state_dir, &st) < 0)
        return err_set(err, ERR_ABSENT, "there is no %s; run: sealadm init", state_dir);
    return cli_become(st.st_uid, st.st_gid, err);
}

static int prepare(struct cli *cli, const struct cli_command *command, const char *settings_path,
                   struct err *err)
{
    if (settings_load(cli->arena, settings_path, &cli->settings, err) < 0)
        return -1;
    if (command->needs == CLI_NEEDS_SETTINGS)
        return 0;
    if (become_owner(cli->settings->state_dir, err) < 0)
        return -1;
    if (command->needs == CLI_NEEDS_OWNER)
        return 0;
    return store_open(cli->settings->state_dir, STORE_READ_WRITE, &cli->store, err);
}

static int run(const struct cli_command *command, struct cli *cli, const char *settings_path, int argc,
               char **argv)
{
    struct err err = ERR_INIT;
    int status = prepare(cli, command, settings_path, &err);
    if (status == 0)
        status = command->run(cli, argc, argv, &err);
    if (status == 0)
        status = buf_check(&cli->out, &err);
    fwrite(buf_str(&cli->out), 1, cli->out.len, stdout);
    if (fflush(stdout) != 0 && status == 0)
        status = err_set(&err, ERR_IO, "standard output: write failed");
    store_close(&cli->store);
    if (status == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "sealadm: %s: %s\n", command->name, err.msg);
    if (err.code != ERR_USAGE)
        return EXIT_NOT_DONE;
    fprintf(stderr, "usage: sealadm %s %s\n", command->name, command->args);
    return EXIT_USAGE;
}

/* Takes --json out of the arguments, wherever it stands before "--". */
static enum cli_format take_format(int *argc, char **argv)
{
    enum cli_format format = CLI_TEXT;
    int kept = 0;
    for (int i = 0; i < *argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            format = CLI_JSON;
        else
            argv[kept++] = argv[i];
    }
    *argc = kept;
    return format;
}

int main(int argc, char **argv)
{
    const char *settings_path = SETTINGS_DEFAULT;
    argc--;
    argv++;
    if (argc >= 2 && strcmp(argv[0], "-c") == 0) {
        settings_path = argv[1];
        argc -= 2;
        argv += 2;
    }
    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "help") == 0) {
        print_help(argc == 0 ? stderr : stdout);
        return argc == 0 ? EXIT_USAGE : EXIT_SUCCESS;
    }
    int words;
    const struct cli_command *command = find_command(argc, argv, &words);
    if (command == NULL) {
        fprintf(stderr, "sealadm: unknown command '%s%s%s'; sealadm --help lists them\n", argv[0],
                argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
        return EXIT_USAGE;
    }
    argc -= words;
    argv += words;
    struct cli cli = {.arena = arena_new(ARENA_MAX_DEFAULT), .now = time(NULL), .out = BUF_INIT(OUT_MAX)};
    cli.format = take_format(&argc, argv);
    int status = run(command, &cli, settings_path, argc, argv);
    buf_fini(&cli.out);
    arena_free(&cli.arena);
    return status;
}
