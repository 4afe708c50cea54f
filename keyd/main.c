/* main - sealkeyd: options, the steps of a start in their order, the end. */
#include "conf/settings.h"
#include "keyd/listen.h"
#include "keyd/supervisor.h"
#include "log/log.h"
#include "proc/background.h"
#include "proc/command_line.h"
#include "proc/privileges.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SETTINGS_DEFAULT SEAL_SYSCONFDIR "/sealmilter/sealmilter.conf"

static const char usage[] =
    "usage: sealkeyd [-c FILE] [-f] [--ask-pin TOKEN]..   run, in the background unless -f\n"
    "       sealkeyd [-c FILE] -t     check the settings and end\n"
    "       sealkeyd --version | --help\n"
    "\n  -c FILE   settings instead of " SETTINGS_DEFAULT "\n"
    "  --ask-pin TOKEN   ask for the PIN of the token of this label, at the terminal\n";

/* Whose processes may ask. A daemon that was not started by root is the user that we are. */
static int find_daemon(const struct settings *settings, uid_t *out, struct err *err)
{
    *out = geteuid();
    const struct passwd *user = settings->user[0] == '\0' ? NULL : getpwnam(settings->user);
    if (user != NULL)
        *out = user->pw_uid;
    else if (settings->user[0] != '\0' && geteuid() == 0)
        return err_set(err, ERR_CONFIG, "user %s is not known here (user =)", settings->user);
    return 0;
}

/* The key worker's memory is locked; only root may say how much of it there may be. */
static void allow_locked_memory(void)
{
    static const struct rlimit all = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    if (geteuid() == 0)
        (void)setrlimit(RLIMIT_MEMLOCK, &all);
}

/* What root must do comes first; no process of ours that reads a key is root's unless the settings say so. */
static int start(const struct settings *settings, const struct token_pins *pins, bool *made_out,
                 struct err *err)
{
    int listener;
    uid_t daemon;
    if (find_daemon(settings, &daemon, err) < 0 || listen_open(settings, &listener, made_out, err) < 0)
        return -1;
    allow_locked_memory();
    if (privileges_become(settings->keys.user, "key-user", err) == 0 && privileges_seal(err) == 0 &&
        supervisor_start(settings, pins, listener, daemon, err) == 0)
        return 0;
    if (*made_out)
        listen_remove(settings);
    return -1;
}

static int run(const struct settings *settings, const struct command_line *line)
{
    struct err err = ERR_INIT;
    int report_fd = -1;
    bool made = false;
    struct token_pins *pins;
    enum log_target target = strcmp(settings->log, "syslog") == 0 ? LOG_TO_SYSLOG : LOG_TO_STDERR;
    if (token_pins_new(&settings->keys.pkcs11, line->values, line->nvalues, &pins, &err) < 0) {
        fprintf(stderr, "sealkeyd: %s\n", err.msg);
        return EXIT_FAILURE;
    }
    if (!line->foreground && background_start("sealkeyd", &report_fd, &err) < 0) {
        fprintf(stderr, "sealkeyd: %s\n", err.msg);
        return EXIT_FAILURE;
    }
    log_open(target, log_parse_level(settings->log_level));
    if (start(settings, pins, &made, &err) < 0) {
        log_error(NULL, "start", &err);
        if (line->foreground && target == LOG_TO_SYSLOG)
            fprintf(stderr, "sealkeyd: %s\n", err.msg);
        background_report(&report_fd, err.msg);
        return EXIT_FAILURE;
    }
    if (!line->foreground && target == LOG_TO_SYSLOG)
        background_close_stderr();
    log_event(LEVEL_INFO, NULL, "start", "version", SEAL_VERSION, "socket", settings->keys.socket, NULL);
    background_report(&report_fd, NULL);
    supervisor_run();
    if (made)
        listen_remove(settings);
    log_event(LEVEL_INFO, NULL, "stop", NULL);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct command_line line = {.usage = usage,
                                .version = "sealkeyd " SEAL_VERSION,
                                .repeated = "ask-pin",
                                .settings = SETTINGS_DEFAULT};
    struct err err = ERR_INIT;
    struct settings *settings = NULL;
    int status = command_line_read(&line, argc, argv);
    if (status >= 0)
        return status;
    struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    if (settings_load(arena, line.settings, &settings, &err) < 0) {
        fprintf(stderr, "sealkeyd: %s\n", err.msg);
        status = EXIT_FAILURE;
    } else if (line.test) {
        printf("%s: no mistake found\n", line.settings);
        status = EXIT_SUCCESS;
    } else {
        status = run(settings, &line);
    }
    arena_free(&arena);
    return status;
}
