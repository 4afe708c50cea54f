/* main - sealmilter: options, the steps of a start in their order, the end. */
#include "base/hash.h"
#include "log/log.h"
#include "milter/callbacks.h"
#include "milter/key_process.h"
#include "milter/listener.h"
#include "milter/signals.h"
#include "milter/start.h"
#include "proc/background.h"
#include "proc/command_line.h"

#include <libmilter/mfapi.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTINGS_DEFAULT SEAL_SYSCONFDIR "/sealmilter/sealmilter.conf"
#define STOP_SECONDS     60 /* how long messages at their end may take when we are told to stop */
#define HEAP_KEEP                                                                                            \
    (1 << 20) /* octets: what messages of usual size need is not asked of the system again for each */

static struct daemon the_daemon;
static struct key_process key_process;
static sem_t over;              /* posted when the daemon is to end */
static atomic_int serve_status; /* of smfi_main() */
static atomic_bool lost_keys;

static const char usage[] = "usage: sealmilter [-c FILE] [-f]   run, in the background unless -f\n"
                            "       sealmilter [-c FILE] -t     check the settings and end\n"
                            "       sealmilter --version | --help\n"
                            "\n  -c FILE   settings instead of " SETTINGS_DEFAULT "\n";

static enum log_target log_target_of(const struct settings *settings)
{
    return strcmp(settings->log, "syslog") == 0 ? LOG_TO_SYSLOG : LOG_TO_STDERR;
}

static void on_reload(void)
{
    reload_settings(the_daemon.reload);
    struct err err = ERR_INIT;
    struct snapshot *snapshot = reload_snapshot(the_daemon.reload, &err);
    if (snapshot == NULL)
        return;
    log_open(log_target_of(the_daemon.settings), log_parse_level(snapshot->settings->log_level));
    snapshot_free(&snapshot);
}

/* Libmilter takes some seconds to close its socket and to end; who connects meanwhile waits for our end: see daemon_begin_session(). */
static void on_stop(void)
{
    sem_post(&over);
    smfi_stop();
}

/* Whoever starts us again starts the keys again. */
static void on_lost_keys(void)
{
    log_event(LEVEL_ERROR, NULL, "stop", "why", "who starts sealkeyd has ended", NULL);
    atomic_store(&lost_keys, true);
    kill(getpid(), SIGTERM);
}

static void *serve(void *arg)
{
    (void)arg;
    atomic_store(&serve_status, smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE);
    sem_post(&over);
    return NULL;
}

/* What root must do comes first; the store is opened by the process and the user that will use it. */
static int start(const struct settings *settings, struct err *err)
{
    if (start_check_libcrypto(hash_library_version(), settings, err) < 0 ||
        listener_check_free(settings, err) < 0 || start_pid_file(settings, err) < 0 ||
        key_process_start(settings, &key_process, err) < 0 || start_drop_privileges(settings, err) < 0 ||
        start_spool_folder(settings, err) < 0 || daemon_open(settings, &the_daemon, err) < 0 ||
        key_process_wait(&key_process, the_daemon.holder, err) < 0)
        return -1;
    signals_handle(on_reload, on_stop);
    if (callbacks_register(&the_daemon) < 0)
        return err_set(err, ERR_BUG, "libmilter does not take our callbacks");
    return listener_open(settings, err);
}

static int serve_until_stopped(const struct settings *settings)
{
    pthread_t thread;
    sem_init(&over, 0, 0);
    key_process_watch(&key_process, on_lost_keys);
    if (pthread_create(&thread, NULL, serve, NULL) != 0)
        return EXIT_FAILURE;
    sem_wait(&over);
    bool unused = daemon_stop(&the_daemon, STOP_SECONDS);
    if (settings->pid_file[0] != '\0')
        unlink(settings->pid_file);
    key_process_stop(&key_process);
    log_event(LEVEL_INFO, NULL, "stop", NULL);
    int status = atomic_load(&lost_keys) ? EXIT_FAILURE : atomic_load(&serve_status);
    if (!unused)
        _exit(status); /* threads of connections that the MTA keeps open may still look at the daemon */
    daemon_close(&the_daemon);
    return status;
}

/* By itself glibc keeps as much in each thread's heap as the largest message that it ever held. */
static void keep_heaps_small(void)
{
    mallopt(M_MMAP_THRESHOLD, HEAP_KEEP);
    mallopt(M_TRIM_THRESHOLD, HEAP_KEEP);
}

static int run(const struct settings *settings, const struct command_line *line)
{
    struct err err = ERR_INIT;
    int report_fd = -1;
    enum log_target target = log_target_of(settings);
    if (!line->foreground && background_start("sealmilter", &report_fd, &err) < 0) {
        fprintf(stderr, "sealmilter: %s\n", err.msg);
        return EXIT_FAILURE;
    }
    keep_heaps_small();
    signals_block();
    log_open(target, log_parse_level(settings->log_level));
    if (start(settings, &err) < 0) {
        log_error(NULL, "start", &err);
        if (line->foreground && target == LOG_TO_SYSLOG)
            fprintf(stderr, "sealmilter: %s\n", err.msg);
        background_report(&report_fd, err.msg);
        return EXIT_FAILURE;
    }
    if (!line->foreground && target == LOG_TO_SYSLOG)
        background_close_stderr();
    background_report(&report_fd, NULL);
    log_event(LEVEL_INFO, NULL, "start", "version", SEAL_VERSION, "socket", settings->socket, NULL);
    return serve_until_stopped(settings);
}

int main(int argc, char **argv)
{
    struct command_line line = {
        .usage = usage, .version = "sealmilter " SEAL_VERSION, .settings = SETTINGS_DEFAULT};
    struct err err = ERR_INIT;
    struct settings *settings = NULL;
    int status = command_line_read(&line, argc, argv);
    if (status >= 0)
        return status;
    /* In the background "." is another folder, and SIGHUP reads the file again. */
    char *path = realpath(line.settings, NULL);
    struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    if (settings_load(arena, path != NULL ? path : line.settings, &settings, &err) < 0) {
        fprintf(stderr, "sealmilter: %s\n", err.msg);
        status = EXIT_FAILURE;
    } else if (line.test) {
        printf("%s: no mistake found\n", line.settings);
        status = EXIT_SUCCESS;
    } else {
        status = run(settings, &line);
    }
    arena_free(&arena);
    free(path);
    return status;
}
