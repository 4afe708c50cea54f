/* agent - gpg-agent as a process of its own. */
#include "openpgp/agent.h"

#include "base/io.h"
#include "openpgp/assuan.h"
#include "openpgp/socketdir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MS 3000

/*
 * Passphrases are ours and random, so a derivation that is costly would cost us alone. Nothing is cached: each operation brings its
 * key's passphrase, and without it the key file is shut.
 */
static const char settings[] = "allow-loopback-pinentry\n"
                               "default-cache-ttl 0\n"
                               "max-cache-ttl 0\n"
                               "s2k-count 65536\n"
                               "disable-scdaemon\n"
                               "extra-socket none\n"
                               "browser-socket none\n"
                               "auto-expand-secmem 0x30000\n";

static int check_home(const char *home, struct err *err)
{
    struct stat st;
    if (strlen(home) > AGENT_HOME_MAX)
        return err_set(err, ERR_CONFIG, "%s: longer than %d octets, and sockets have to fit in", home,
                       AGENT_HOME_MAX);
    if (mkdir(home, 0700) < 0 && errno != EEXIST)
        return err_set(err, ERR_CONFIG, "%s: %s", home, strerror(errno));
    if (lstat(home, &st) < 0)
        return err_set(err, ERR_CONFIG, "%s: %s", home, strerror(errno));
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return err_set(err, ERR_CONFIG,
                       "%s: must be a folder of uid %u that nobody else can enter (mode 0700)", home,
                       (unsigned)geteuid());
    return 0;
}

static int write_settings(const char *home, struct err *err)
{
    char path[AGENT_HOME_MAX + 32];
    char now[sizeof settings];
    snprintf(path, sizeof path, "%s/gpg-agent.conf", home);
    SEAL_CLEANUP(mem_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, now, sizeof now) == (ssize_t)sizeof settings - 1 &&
        memcmp(now, settings, sizeof settings - 1) == 0)
        return 0;
    return io_write_file(path, (struct span){settings, sizeof settings - 1}, 0600, err);
}

int agent_init(struct agent *agent, const char *program, const char *home, struct err *err)
{
    char path[AGENT_HOME_MAX + 32];
    memset(agent, 0, sizeof *agent);
    agent->pidfd = -1;
    if (access(program, X_OK) < 0)
        return err_set(err, ERR_CONFIG, "%s: %s", program, strerror(errno));
    if (check_home(home, err) < 0 || write_settings(home, err) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/S.gpg-agent", home);
    agent->program = xstrdup(program);
    agent->home = xstrdup(home);
    agent->socket = xstrdup(path);
    if (pthread_mutex_init(&agent->lock, NULL) != 0)
        abort();
    return 0;
}

/* ---- its life ---- */

/* The process that answers on the socket; 0: nobody does. */
static pid_t pid_of(const struct agent *agent)
{
    char data[ASSUAN_LINE_MAX];
    unsigned code;
    SEAL_CLEANUP(mem_close) int fd = assuan_open(agent->socket);
    if (fd < 0 || assuan_call(fd, "GETINFO pid", NULL, 0, data, &code) != ASSUAN_OK)
        return 0;
    return (pid_t)strtol(data, NULL, 10);
}

static bool ended(int pidfd, int wait_ms)
{
    struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
    int n;
    do {
        n = poll(&poll_fd, 1, wait_ms);
    } while (n < 0 && errno == EINTR);
    return n != 0;
}

/* It returns when its sockets are there. Descriptors of ours stay behind: the pipes of other threads' operations have no close-on-exec. */
static int start(const struct agent *agent, struct err *err)
{
    const char *const argv[] = {agent->program, "--homedir", agent->home, "--daemon", NULL};
    const char *const environment[] = {"LC_ALL=C", "HOME=/", "PATH=/usr/bin:/bin", NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;
    socketdir_shun(agent->home);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions, 0, 1);
    posix_spawn_file_actions_adddup2(&actions, 0, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    int code =
        posix_spawn(&pid, agent->program, &actions, NULL, (char *const *)argv, (char *const *)environment);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0)
        return err_set(err, ERR_BUSY, "cannot start %s: %s", agent->program, strerror(code));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return 0;
}

/* Somebody else's agent may have taken the home in the meantime: then that one serves. */
static int find_or_start(struct agent *agent, struct err *err)
{
    pid_t pid = pid_of(agent);
    bool ours = pid == 0;
    if (ours && start(agent, err) < 0)
        return -1;
    if (ours)
        pid = pid_of(agent);
    int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    if (pidfd < 0)
        return err_set(err, ERR_BUSY, "gpg-agent in %s does not answer", agent->home);
    agent->pidfd = pidfd;
    agent->pid = pid;
    agent->ours = ours;
    agent->generation++;
    return 0;
}

int agent_ensure(struct agent *agent, unsigned *generation_out, struct err *err)
{
    int rc = 0;
    pthread_mutex_lock(&agent->lock);
    if (agent->pidfd >= 0 && ended(agent->pidfd, 0))
        mem_close(&agent->pidfd);
    if (agent->pidfd < 0)
        rc = find_or_start(agent, err);
    *generation_out = agent->generation;
    pthread_mutex_unlock(&agent->lock);
    return rc;
}

bool agent_survived(struct agent *agent, unsigned generation)
{
    pthread_mutex_lock(&agent->lock);
    bool is_last = agent->generation == generation;
    bool survived = is_last && agent->pidfd >= 0 && !ended(agent->pidfd, 0) && pid_of(agent) == agent->pid;
    if (is_last && !survived)
        mem_close(&agent->pidfd);
    pthread_mutex_unlock(&agent->lock);
    return survived;
}

static void end(struct agent *agent)
{
    unsigned code;
    SEAL_CLEANUP(mem_close) int fd = assuan_open(agent->socket);
    if (fd >= 0 && assuan_call(fd, "KILLAGENT", NULL, 0, NULL, &code) == ASSUAN_OK)
        (void)ended(agent->pidfd, END_MS);
}

void agent_fini(struct agent *agent)
{
    if (agent->home == NULL)
        return;
    if (agent->pidfd >= 0 && agent->ours)
        end(agent);
    mem_close(&agent->pidfd);
    if (agent->ours)
        socketdir_forget(agent->home);
    pthread_mutex_destroy(&agent->lock);
    free(agent->program);
    free(agent->home);
    free(agent->socket);
    agent->home = NULL;
}
