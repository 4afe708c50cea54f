/* sealkeyd - start, wait, look, stop. */
#include "support/sealkeyd.h"

#include "base/io.h"
#include "support/check.h"
#include "token/soft.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_MAX (64u << 20)
#define STEP_MS 10
#define STEPS   5500 /* below Check's own limit */
#define PROGRAM BUILD_DIR "/keyd/sealkeyd"

void sealkeyd_prepare(struct sealkeyd *k, const char *more)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf conf = BUF_INIT(1u << 16);
    *k = (struct sealkeyd){.dir = "/tmp/sealkeyd-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(k->dir));
    snprintf(k->conf, sizeof k->conf, "%s/conf", k->dir);
    snprintf(k->master_file, sizeof k->master_file, "%s/master.key", k->dir);
    snprintf(k->socket, sizeof k->socket, "%s/sealkeyd.sock", k->dir);
    snprintf(k->log, sizeof k->log, "%s/log", k->dir);
    ck_ok(soft_master_generate(&k->master, &err));
    ck_ok(
        io_write_file(k->master_file, (struct span){(const char *)k->master.ptr, k->master.len}, 0600, &err));
    buf_printf(&conf, "state = %s\nlog = stderr\n%s\n", k->dir, more);
    if (strstr(more, "key-user") == NULL)
        buf_add_str(&conf, "key-user = \"\"\n");
    if (strstr(more, "\nuser") == NULL && strncmp(more, "user", 4) != 0)
        buf_add_str(&conf, "user = \"\"\n");
    ck_ok(io_write_file(k->conf, buf_span(&conf), 0644, &err));
}

/* Whether a connection is taken; or the process has ended, which ends the test. */
static bool serves(const struct sealkeyd *k)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int status;
    memcpy(name.sun_path, k->socket, strlen(k->socket));
    SEAL_CLEANUP(mem_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(waitpid(k->pid, &status, WNOHANG), 0);
    return connect(fd, (struct sockaddr *)&name, sizeof name) == 0;
}

void sealkeyd_launch(struct sealkeyd *k)
{
    k->pid = fork();
    ck_assert_int_ge(k->pid, 0);
    if (k->pid == 0) {
        signal(SIGTERM, SIG_DFL); /* not Check's */
        int log = open(k->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(log, STDERR_FILENO);
        execl(PROGRAM, "sealkeyd", "-f", "-c", k->conf, (char *)NULL);
        _exit(127);
    }
    int steps = 0;
    for (; steps < STEPS && !serves(k); steps++)
        (void)poll(NULL, 0, STEP_MS);
    ck_assert_int_lt(steps, STEPS);
}

void sealkeyd_start(struct sealkeyd *k, const char *more)
{
    sealkeyd_prepare(k, more);
    sealkeyd_launch(k);
}

void sealkeyd_stop(struct sealkeyd *k)
{
    int status;
    const char *const files[] = {k->conf, k->master_file, k->log, k->socket};
    kill(k->pid, SIGTERM);
    ck_assert_int_eq(waitpid(k->pid, &status, 0), k->pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "sealkeyd: status %x", (unsigned)status);
    ck_assert_int_ne(access(k->socket, F_OK), 0); /* it takes its socket away */
    secret_fini(&k->master);
    for (size_t i = 0; i < SEAL_COUNT(files); i++)
        unlink(files[i]);
    rmdir(k->dir);
}

void sealkeyd_read_log(const struct sealkeyd *k, struct buf *out)
{
    struct err err = ERR_INIT;
    ck_ok(io_read_file(k->log, out, &err));
}

static unsigned count_in_log(const struct sealkeyd *k, const char *text)
{
    SEAL_CLEANUP(buf_fini) struct buf log = BUF_INIT(LOG_MAX);
    unsigned n = 0;
    sealkeyd_read_log(k, &log);
    for (const char *at = buf_str(&log); (at = strstr(at, text)) != NULL; at++)
        n++;
    return n;
}

void sealkeyd_logged(const struct sealkeyd *k, const char *text, unsigned times)
{
    int steps = 0;
    for (; steps < STEPS && count_in_log(k, text) < times; steps++)
        (void)poll(NULL, 0, STEP_MS);
    ck_assert_msg(steps < STEPS, "not logged %u times: %s", times, text);
}

/* The log says who the worker is, once it serves. */
pid_t sealkeyd_worker(const struct sealkeyd *k, pid_t not )
{
    for (int steps = 0; steps < STEPS; steps++) {
        SEAL_CLEANUP(buf_fini) struct buf log = BUF_INIT(LOG_MAX);
        long pid = 0;
        sealkeyd_read_log(k, &log);
        for (const char *at = buf_str(&log); (at = strstr(at, "event=started who=worker pid=")) != NULL; at++)
            pid = strtol(strstr(at, "pid=") + 4, NULL, 10);
        if (pid != 0 && pid != (long)not )
            return (pid_t)pid;
        (void)poll(NULL, 0, STEP_MS);
    }
    ck_abort_msg("no worker");
    return -1;
}
