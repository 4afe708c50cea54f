/* key_process - the socket, and the keeper: a loop of start, wait, pause. */
#include "milter/key_process.h"

#include "log/log.h"
#include "proc/privileges.h"
#include "token/remote.h"
#include "token/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG      128
#define LISTENER_FD  3 /* sd_listen_fds(3) */
#define LEASH_FD     4
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 5000
#define PROVEN_MS    10000 /* who ran so long starts with the shortest pause again */
#define END_MS       10000 /* what sealkeyd gets to end by itself */
#define START_MS     60000 /* a loaded machine is slow */
#define STEP_MS      20

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the socket ---- */

static bool somebody_listens(const struct sockaddr_un *name)
{
    SEAL_CLEANUP(mem_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof *name) == 0;
}

/* The sealkeyd of a daemon that was killed just now still ends; only what nobody listens at any more is taken away. */
static int remove_stale(const struct sockaddr_un *name, struct err *err)
{
    struct stat st;
    int64_t until = now_ms() + END_MS + PAUSE_MAX_MS;
    while (somebody_listens(name)) {
        if (now_ms() >= until)
            return err_set(err, ERR_EXISTS, "somebody listens at %s already (key-socket =)", name->sun_path);
        poll(NULL, 0, STEP_MS);
    }
    if (lstat(name->sun_path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode) || unlink(name->sun_path) < 0)
        return err_set(err, ERR_CONFIG, "%s: in the way of the key socket (key-socket =)", name->sun_path);
    return 0;
}

static int bind_socket(const char *path, int *out, struct err *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path)
        return err_set(err, ERR_CONFIG, "%s: too long for the name of a socket (key-socket =)", path);
    memcpy(name.sun_path, path, strlen(path));
    if (remove_stale(&name, err) < 0)
        return -1;
    SEAL_CLEANUP(mem_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177);
    int bound = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&name, sizeof name);
    umask(before);
    if (bound < 0 || listen(fd, BACKLOG) < 0)
        return err_set(err, ERR_IO, "%s: %s (key-socket =)", path, strerror(errno));
    *out = fd;
    fd = -1;
    return 0;
}

/* Made as the daemon's user, who owns the folder and will connect: root changes nothing there that he could have put in the way. */
static int listen_as_user(const struct settings *settings, int *out, struct err *err)
{
    if (geteuid() != 0 || settings->user[0] == '\0')
        return bind_socket(settings->keys.socket, out, err);
    const struct passwd *user = getpwnam(settings->user);
    if (user == NULL)
        return err_set(err, ERR_CONFIG, "user %s is not known here (user =)", settings->user);
    gid_t group = getegid();
    if (setegid(user->pw_gid) < 0 || seteuid(user->pw_uid) < 0)
        return err_set(err, ERR_IO, "cannot become %s: %s", settings->user, strerror(errno));
    int status = bind_socket(settings->keys.socket, out, err);
    if (seteuid(0) < 0 || setegid(group) < 0)
        abort();
    return status;
}

/* ---- the keeper ---- */

struct keeper {
    const struct settings *settings;
    pid_t sealkeyd; /* 0: it does not run */
};

static void on_child(int signal)
{
    (void)signal; /* ppoll() returns, that is all */
}

/* Descriptors 3 and 4, and no other one above standard error. */
static void arrange(int listener, int leash)
{
    listener = fcntl(listener, F_DUPFD, LEASH_FD + 1);
    leash = fcntl(leash, F_DUPFD, LEASH_FD + 1);
    closelog(); /* it would take one of ours for its own */
    if (listener < 0 || leash < 0 || dup2(listener, LISTENER_FD) < 0 || dup2(leash, LEASH_FD) < 0 ||
        close_range(LEASH_FD + 1, ~0u, 0) < 0 || fcntl(LEASH_FD, F_SETFD, FD_CLOEXEC) < 0)
        _exit(EXIT_FAILURE);
}

static _Noreturn void run_sealkeyd(const struct settings *settings)
{
    char pid[24];
    const char *const argv[] = {settings->keys.program, "-f", "-c", settings->path, NULL};
    sigset_t none;
    sigemptyset(&none);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    signal(SIGPIPE, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (setenv("LISTEN_FDS", "1", 1) == 0 && setenv("LISTEN_PID", pid, 1) == 0)
        execv(settings->keys.program, (char *const *)argv);
    log_event(LEVEL_ERROR, NULL, "sealkeyd-start", "program", settings->keys.program, "why", strerror(errno),
              NULL);
    _exit(EXIT_FAILURE);
}

/* Until this time, the end of sealkeyd or that of the daemon; whether the daemon has ended. */
static bool wait_for_end(int64_t until_ms, const struct keeper *keeper)
{
    struct pollfd leash = {.fd = LEASH_FD, .events = POLLIN};
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigdelset(&mask, SIGCHLD);
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        if (keeper->sealkeyd != 0 &&
            waitid(P_PID, (id_t)keeper->sealkeyd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid != 0)
            return false;
        int64_t left = until_ms - now_ms();
        if (until_ms != INT64_MAX && left <= 0)
            return false;
        const struct timespec time = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
        if (ppoll(&leash, 1, until_ms == INT64_MAX ? NULL : &time, &mask) > 0)
            return true;
    }
}

static void end_sealkeyd(struct keeper *keeper)
{
    if (keeper->sealkeyd == 0)
        return;
    kill(keeper->sealkeyd, SIGTERM);
    for (int64_t until = now_ms() + END_MS; now_ms() < until; poll(NULL, 0, 10))
        if (waitpid(keeper->sealkeyd, NULL, WNOHANG) == keeper->sealkeyd)
            return;
    kill(keeper->sealkeyd, SIGKILL);
}

static void log_end(int status)
{
    char how[40];
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "signal %d", WTERMSIG(status));
    else
        snprintf(how, sizeof how, "status %d", WEXITSTATUS(status));
    log_event(LEVEL_ERROR, NULL, "sealkeyd-ended", "by", how, "result", "started again", NULL);
}

static _Noreturn void keep(struct keeper *keeper)
{
    int pause = PAUSE_MIN_MS, status;
    for (bool first = true;; first = false) {
        int64_t begin = now_ms();
        keeper->sealkeyd = fork();
        if (keeper->sealkeyd == 0)
            run_sealkeyd(keeper->settings);
        if (keeper->sealkeyd < 0)
            keeper->sealkeyd = 0;
        if (wait_for_end(keeper->sealkeyd == 0 ? begin : INT64_MAX, keeper))
            break;
        if (keeper->sealkeyd != 0 && waitpid(keeper->sealkeyd, &status, 0) == keeper->sealkeyd) {
            /* A first start that fails is a mistake of the settings, for who starts the daemon to see. */
            if (first && WIFEXITED(status) && WEXITSTATUS(status) != EXIT_SUCCESS)
                _exit(EXIT_FAILURE);
            log_end(status);
        }
        keeper->sealkeyd = 0;
        pause = now_ms() - begin >= PROVEN_MS ? PAUSE_MIN_MS : pause;
        if (wait_for_end(now_ms() + pause, keeper))
            break;
        pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
    }
    end_sealkeyd(keeper);
    _exit(EXIT_SUCCESS);
}

/* The memory of who has the keys is locked; only root may say how much of it there may be. */
static void allow_locked_memory(void)
{
    static const struct rlimit all = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    if (geteuid() == 0)
        (void)setrlimit(RLIMIT_MEMLOCK, &all);
}

static _Noreturn void be_keeper(const struct settings *settings, int listener, int leash)
{
    struct err err = ERR_INIT;
    struct keeper keeper = {.settings = settings};
    sigset_t child;
    arrange(listener, leash);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    signal(SIGCHLD, on_child);
    allow_locked_memory();
    if (privileges_become(settings->keys.user, "key-user", &err) < 0 || privileges_seal(&err) < 0) {
        log_error(NULL, "sealkeyd-start", &err);
        _exit(EXIT_FAILURE);
    }
    keep(&keeper);
}

int key_process_start(const struct settings *settings, struct key_process *out, struct err *err)
{
    int ends[2];
    *out = (struct key_process){.leash = -1};
    if (strcmp(settings->keys.process, "running") == 0)
        return 0;
    SEAL_CLEANUP(mem_close) int listener = -1;
    if (listen_as_user(settings, &listener, err) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return err_set(err, ERR_IO, "socketpair: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        be_keeper(settings, listener, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return err_set(err, ERR_IO, "fork: %s", strerror(errno));
    }
    *out = (struct key_process){.keeper = pid, .leash = ends[0]};
    return 0;
}

/* ---- the daemon's side ---- */

static bool has_ended(const struct key_process *process)
{
    struct pollfd leash = {.fd = process->leash, .events = POLLIN};
    return poll(&leash, 1, 0) > 0;
}

int key_process_wait(const struct key_process *process, struct holder *sealkeyd, struct err *err)
{
    if (process->keeper == 0)
        return 0;
    for (int64_t until = now_ms() + START_MS;;) {
        SEAL_CLEANUP(buf_fini) struct buf said = BUF_INIT(WIRE_MAX);
        if (has_ended(process))
            return err_set(err, ERR_CONFIG, "sealkeyd does not start; the log says why");
        if (remote_status(sealkeyd, &said, err) == 0)
            return 0;
        if (now_ms() >= until)
            return -1;
        err_clear(err);
        poll(NULL, 0, STEP_MS);
    }
}

static struct {
    int leash;
    atomic_bool stopping;
    void (*lost)(void);
} watched; /* by one thread, until the process ends */

static void *watch(void *arg)
{
    (void)arg;
    struct pollfd leash = {.fd = watched.leash, .events = POLLIN};
    while (poll(&leash, 1, -1) < 0 && errno == EINTR)
        continue;
    if (!atomic_load(&watched.stopping))
        watched.lost();
    return NULL;
}

void key_process_watch(const struct key_process *process, void (*lost)(void))
{
    pthread_t thread;
    watched.leash = process->leash;
    watched.lost = lost;
    if (process->keeper != 0 && pthread_create(&thread, NULL, watch, NULL) == 0)
        pthread_detach(thread);
}

/* The descriptor stays: the other thread may look at it. */
void key_process_stop(struct key_process *process)
{
    atomic_store(&watched.stopping, true);
    if (process->keeper == 0)
        return;
    shutdown(process->leash, SHUT_RDWR);
    waitpid(process->keeper, NULL, 0);
    process->keeper = 0;
}
