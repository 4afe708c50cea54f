/* main - sealadm: finds the command in the table, prepares what it needs, prints what it says. */
#include "cli/cli.h"

#include "base/text.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#ifndef SEAL_SYSCONFDIR
#define SEAL_SYSCONFDIR "/etc"
#endif
#define SETTINGS_DEFAULT SEAL_SYSCONFDIR "/sealmilter/sealmilter.conf"
#define OUT_MAX          (256u << 20)
#define MEMORY_MAX       (1u << 30)

enum {
    EXIT_NOT_DONE = 1,
    EXIT_USAGE = 2
};

static void print_usage(const struct cli_command *command, FILE *to)
{
    fprintf(to, "usage: sealadm [-c FILE] %s %s\n       %s\n", command->name, command->args, command->help);
}

static void print_help(FILE *to)
{
    fputs(
        "sealadm [-c FILE] COMMAND ..    users, certificates, keys and policy of sealmilter; sealadm(8)\n\n",
        to);
    for (size_t i = 0; i < cli_ncommands; i++)
        fprintf(to, "  %-16s %s\n", cli_commands[i].name, cli_commands[i].help);
    fputs("\n  -c FILE           settings instead of " SETTINGS_DEFAULT "\n"
          "  COMMAND --help    how it is used\n",
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

static bool is_in_group(const struct cli_command *command, const char *word)
{
    size_t n = strlen(word);
    return strncmp(command->name, word, n) == 0 && command->name[n] == ' ';
}

static size_t print_group(const char *word, const char *heading, FILE *to)
{
    size_t n = 0;
    for (size_t i = 0; i < cli_ncommands; i++)
        if (is_in_group(&cli_commands[i], word))
            fprintf(to, "%s  %-16s %s\n", n++ == 0 ? heading : "", cli_commands[i].name,
                    cli_commands[i].help);
    return n;
}

/* The first word of a group gets the group's commands for an answer. */
static int unknown_command(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0 && print_group(argv[0], "", stdout) > 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "sealadm: unknown command; sealadm --help lists all\n");
    print_group(argv[0], "with this beginning:\n", stderr);
    return EXIT_USAGE;
}

/* A terminal obeys what a stranger wrote into a file that is only shown: then it gets lines of clean text (R38). A pipe gets all as it is. */
static void write_out(const struct buf *out)
{
    SEAL_CLEANUP(buf_fini) struct buf clean = BUF_INIT(OUT_MAX);
    struct span rest = buf_span(out);
    if (!isatty(STDOUT_FILENO)) {
        fwrite(rest.ptr, 1, rest.len, stdout);
        return;
    }
    while (rest.len > 0) {
        size_t n = 0;
        while (n < rest.len && rest.ptr[n] != '\t' && rest.ptr[n] != '\r' && rest.ptr[n] != '\n')
            n++;
        text_clean(span_sub(rest, 0, n), &clean);
        if (n < rest.len && rest.ptr[n] != '\r')
            buf_add_char(&clean, rest.ptr[n]);
        rest = span_sub(rest, n + 1, SIZE_MAX);
    }
    fwrite(buf_str(&clean), 1, clean.len, stdout);
}

static int run(const struct cli_command *command, struct cli *cli, const char *settings_path, int argc,
               char **argv)
{
    struct err err = ERR_INIT;
    int status = settings_load(cli->arena, settings_path, &cli->settings, &err);
    if (status == 0)
        status = command->run(cli, argc, argv, &err);
    if (status == 0 && (buf_check(&cli->out, &err) < 0 || arena_check(cli->arena, &err) < 0))
        status = -1;
    write_out(&cli->out);
    if (fflush(stdout) != 0 && status == 0)
        status = err_set(&err, ERR_IO, "standard output: write failed");
    store_read_end(&cli->read);
    store_close(&cli->store);
    if (status == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "sealadm: %s: %s\n", command->name, err.msg);
    if (err.code != ERR_USAGE)
        return EXIT_NOT_DONE;
    print_usage(command, stderr);
    return EXIT_USAGE;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

static const char *caller_name(struct arena *arena)
{
    const struct passwd *user = getpwuid(getuid());
    const char *sudo = getenv("SUDO_USER");
    const char *name = user == NULL ? "?" : user->pw_name;
    if (getuid() != 0 || sudo == NULL)
        return arena_strdup(arena, name);
    return arena_printf(arena, "%s by %.100s", name, sudo);
}

static int run_command(const struct cli_command *command, const char *settings_path, int argc, char **argv)
{
    if (wants_help(argc, argv)) {
        print_usage(command, stdout);
        return EXIT_SUCCESS;
    }
    static const struct rlimit no_core = {.rlim_cur = 0,
                                          .rlim_max = 0}; /* keys and passphrases pass through (R41) */
    if (setrlimit(RLIMIT_CORE, &no_core) < 0) {
        fprintf(stderr, "sealadm: cannot give up core dumps: %s\n", strerror(errno));
        return EXIT_NOT_DONE;
    }
    struct cli cli = {
        .arena = arena_new(MEMORY_MAX), .now = time(NULL), .no_master = ERR_INIT, .out = BUF_INIT(OUT_MAX)};
    cli.caller = caller_name(cli.arena);
    int status = run(command, &cli, settings_path, argc, argv);
    secret_fini(&cli.master);
    buf_fini(&cli.out);
    arena_free(&cli.arena);
    return status;
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
    if (command == NULL)
        return unknown_command(argc, argv);
    return run_command(command, settings_path, argc - words, argv + words);
}
