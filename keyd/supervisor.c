/* supervisor - one loop over signals, the worker's words, the audit, and children that are due. */
#include "keyd/supervisor.h"

#include "keyd/audit.h"
#include "keyd/child.h"
#include "keyd/control.h"
#include "keyd/token_child.h"
#include "keyd/worker.h"
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AUDIT_STEP_MS 20   /* while there is something to write, it is written this often */
#define AUDIT_BATCH   8192 /* then signals are looked at again */
#define END_MS        5000 /* for the worker to finish what it does */

struct supervisor {
    const struct settings *settings;
    const struct token_pins *pins;
    struct audit *audit;
    struct child worker, token;
    int listener, signals;
    int control; /* -1: no worker */
    uid_t allowed;
    pid_t last_token;
    bool serving;     /* the worker said so */
    bool audit_awake; /* we look without being woken */
    bool hung_up;     /* the worker was told to end */
    bool stopping;
};

static struct supervisor the_supervisor = {.control = -1};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void log_pid(const char *event, const char *who, pid_t pid)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", (long)pid);
    log_event(LEVEL_INFO, NULL, event, "who", who, "pid", text, NULL);
}

static void write_entry(const struct audit_entry *entry)
{
    char pid[24];
    snprintf(pid, sizeof pid, "%ld", (long)entry->pid);
    bool odd = strcmp(entry->event, "nonsense") == 0 || strcmp(entry->event, "refuse") == 0;
    log_event(odd ? LEVEL_WARNING : LEVEL_INFO, NULL, entry->event, "key",
              entry->fpr[0] != '\0' ? entry->fpr : NULL, "for", odd ? NULL : entry->addr, "pid", pid,
              "result", entry->code == ERR_NONE ? "ok" : err_name(entry->code), "why",
              entry->code == ERR_NONE ? NULL : entry->why, NULL);
}

static void write_audit(struct supervisor *s)
{
    struct audit_entry entry;
    unsigned n = 0;
    log_hold();
    while (n < AUDIT_BATCH && audit_take(s->audit, &entry)) {
        write_entry(&entry);
        n++;
    }
    log_release();
    s->audit_awake = n > 0 || !audit_sleep(s->audit);
}

static int start_worker(struct supervisor *s, struct err *err)
{
    int end;
    if (control_new(&s->control, &end, err) < 0)
        return -1;
    const int keep[] = {s->listener, end, audit_fd(s->audit)};
    int forked = child_fork(&s->worker, keep, SEAL_COUNT(keep), now_ms(), err);
    if (forked == 0) {
        token_pins_wipe(s->pins);
        const struct worker_conf conf = {s->settings, s->allowed, s->listener, end, s->last_token, s->audit};
        worker_run(&conf);
    }
    close(end);
    s->serving = s->hung_up = false;
    return forked < 0 ? -1 : 0;
}

static void close_all(int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mem_close(&fds[i]);
}

/* ours_out: what the worker gets. */
static int make_lanes(int ours_out[TOKEN_LANES], int theirs_out[TOKEN_LANES], struct err *err)
{
    for (size_t i = 0; i < TOKEN_LANES; i++) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
            err_set(err, ERR_IO, "socketpair: %s", strerror(errno));
            close_all(ours_out, i);
            close_all(theirs_out, i);
            return -1;
        }
        ours_out[i] = ends[0];
        theirs_out[i] = ends[1];
    }
    return 0;
}

static int fork_token(struct supervisor *s, const int lanes[TOKEN_LANES], int begin, struct err *err)
{
    int keep[TOKEN_LANES + 1];
    memcpy(keep, lanes, sizeof(int[TOKEN_LANES]));
    keep[TOKEN_LANES] = begin;
    int forked = child_fork(&s->token, keep, SEAL_COUNT(keep), now_ms(), err);
    if (forked == 0)
        token_child_run(s->settings, s->pins, lanes, begin);
    return forked;
}

static int start_token(struct supervisor *s, struct err *err)
{
    struct control_token token;
    int theirs[TOKEN_LANES], begin[2];
    if (pipe2(begin, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    int result = make_lanes(token.lanes, theirs, err);
    if (result == 0) {
        result = fork_token(s, theirs, begin[0], err);
        s->last_token = token.pid = s->token.pid;
        token.begin = begin[1];
        if (result > 0)
            result = control_send(s->control, &token, err);
        close_all(token.lanes, TOKEN_LANES);
        close_all(theirs, TOKEN_LANES);
    }
    close_all(begin, 2);
    return result < 0 ? -1 : 0;
}

static void start_token_child(struct supervisor *s)
{
    struct err err = ERR_INIT;
    if (start_token(s, &err) < 0) {
        log_error(NULL, "token-start", &err);
        child_ended(&s->token, CHILD_FAILED, now_ms());
    } else {
        log_pid("started", "token", s->token.pid);
    }
}

static bool wants_token(const struct supervisor *s)
{
    return s->serving && s->token.pid == 0 && s->settings->keys.pkcs11.modules.n > 0;
}

static void start_what_is_due(struct supervisor *s)
{
    struct err err = ERR_INIT;
    if (s->stopping)
        return;
    if (s->worker.pid == 0 && s->worker.due_ms <= now_ms() && start_worker(s, &err) < 0) {
        log_error(NULL, "worker-start", &err);
        child_ended(&s->worker, CHILD_FAILED, now_ms());
    }
    if (wants_token(s) && s->token.due_ms <= now_ms())
        start_token_child(s);
}

static void kill_token(struct supervisor *s)
{
    if (s->token.pid > 0)
        kill(s->token.pid, SIGKILL);
}

/* Ends of file are how a worker is told to end: it finishes what it does. */
static void hang_up_worker(struct supervisor *s)
{
    s->hung_up = true;
    if (s->control >= 0)
        shutdown(s->control, SHUT_WR);
}

static void hear_worker(struct supervisor *s)
{
    struct err err = ERR_INIT;
    pid_t token;
    switch (control_hear(s->control, &token, &err)) {
    case CONTROL_STARTED:
        s->serving = true;
        log_pid("started", "worker", s->worker.pid);
        if (err.code != ERR_NONE)
            log_error(NULL, "worker", &err);
        break;
    case CONTROL_FAILED:
        log_error(NULL, "worker-start", &err);
        break;
    case CONTROL_HANGS:
        if (token != s->token.pid) /* it ended meanwhile; its successor is well */
            break;
        log_event(LEVEL_WARNING, NULL, "token-hangs", NULL);
        kill_token(s);
        break;
    case CONTROL_RELOAD: /* PINs that were refused stay refused: a worker does not decide that they are tried again */
        hang_up_worker(s);
        break;
    case CONTROL_GONE:
        mem_close(&s->control);
        break;
    }
}

static void log_end(const char *who, pid_t pid, int status)
{
    char text[24], why[40];
    snprintf(text, sizeof text, "%ld", (long)pid);
    snprintf(why, sizeof why, "%s %d", WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    log_event(LEVEL_WARNING, NULL, "ended", "who", who, "pid", text, "why", why, NULL);
}

static void on_worker_end(struct supervisor *s, int status)
{
    if (!s->hung_up)
        log_end("worker", s->worker.pid, status);
    mem_close(&s->control);
    write_audit(s);
    audit_reset(s->audit);
    s->serving = false;
    kill_token(s); /* its lanes lead nowhere now */
    child_ended(&s->worker, s->hung_up ? CHILD_WANTED : CHILD_FAILED, now_ms());
}

static void reap(struct supervisor *s)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == s->worker.pid) {
            on_worker_end(s, status);
        } else if (pid == s->token.pid) {
            if (s->serving)
                log_end("token", pid, status);
            bool wanted = !s->serving || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
            child_ended(&s->token, wanted ? CHILD_WANTED : CHILD_FAILED, now_ms());
        }
    }
}

static void hear_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;
    if (read(s->signals, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD) {
        reap(s);
        return;
    }
    s->stopping = info.ssi_signo != SIGHUP;
    token_pins_forget(s->pins);
    hang_up_worker(s);
}

static int wait_ms(const struct supervisor *s)
{
    int64_t now = now_ms(), until = INT64_MAX;
    if (s->worker.pid == 0)
        until = s->worker.due_ms;
    else if (wants_token(s))
        until = s->token.due_ms;
    if (s->audit_awake && until > now + AUDIT_STEP_MS)
        until = now + AUDIT_STEP_MS;
    if (until == INT64_MAX)
        return -1;
    return until > now ? (int)(until - now) : 0;
}

static void one_step(struct supervisor *s, int timeout_ms)
{
    struct pollfd wait[] = {
        {s->signals, POLLIN, 0}, {audit_fd(s->audit), POLLIN, 0}, {s->control, POLLIN, 0}};
    if (poll(wait, SEAL_COUNT(wait), timeout_ms) < 0)
        return;
    if (wait[2].revents != 0)
        hear_worker(s);
    if (wait[1].revents != 0)
        audit_woken(s->audit);
    if (wait[1].revents != 0 || s->audit_awake)
        write_audit(s);
    if (wait[0].revents != 0)
        hear_signal(s);
}

static int block_signals(struct supervisor *s, struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals >= 0 ? 0 : err_set(err, ERR_IO, "signalfd: %s", strerror(errno));
}

int supervisor_start(const struct settings *settings, const struct token_pins *pins, int listener,
                     uid_t allowed, struct err *err)
{
    struct supervisor *s = &the_supervisor;
    s->settings = settings;
    s->pins = pins;
    s->listener = listener;
    s->allowed = allowed;
    s->audit = audit_new(err);
    if (s->audit == NULL || block_signals(s, err) < 0 || start_worker(s, err) < 0)
        return -1;
    struct err why = ERR_INIT;
    pid_t none;
    if (control_hear(s->control, &none, &why) != CONTROL_STARTED)
        return err_set(err, why.code == ERR_NONE ? ERR_IO : why.code, "%s",
                       why.code == ERR_NONE ? "the key worker ended while starting" : why.msg);
    if (why.code != ERR_NONE)
        log_error(NULL, "worker", &why);
    s->serving = true;
    log_pid("started", "worker", s->worker.pid);
    return 0;
}

/* The worker ends by itself when it is done; the token child has nobody to ask it any more. */
static void end_children(struct supervisor *s)
{
    int64_t until = now_ms() + END_MS;
    while (s->worker.pid > 0 && now_ms() < until)
        one_step(s, (int)(until - now_ms()));
    if (s->worker.pid > 0)
        kill(s->worker.pid, SIGKILL);
    kill_token(s);
    while (s->worker.pid > 0 || s->token.pid > 0)
        one_step(s, -1);
    write_audit(s);
}

void supervisor_run(void)
{
    struct supervisor *s = &the_supervisor;
    while (!s->stopping) {
        start_what_is_due(s);
        one_step(s, wait_ms(s));
    }
    end_children(s);
}
