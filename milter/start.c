/* start - the steps of becoming a daemon. */
#include "milter/start.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPORT_MAX 512

/* The child's word is its first line; nothing at all means that it died. */
static _Noreturn void wait_for_report(int fd)
{
    char text[REPORT_MAX];
    size_t n = 0;
    for (ssize_t got; n < sizeof text - 1 && (got = read(fd, text + n, sizeof text - 1 - n)) != 0;) {
        if (got < 0 && errno != EINTR)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    text[n] = '\0';
    if (strcmp(text, "ok") == 0)
        _exit(EXIT_SUCCESS);
    fprintf(stderr, "sealmilter: %s\n", n > 0 ? text : "ended while starting");
    _exit(EXIT_FAILURE);
}

static int detach(struct err *err)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || setsid() < 0 || chdir("/") < 0)
        return err_set(err, ERR_IO, "cannot go into the background: %s", strerror(errno));
    if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        return err_set(err, ERR_IO, "/dev/null: %s", strerror(errno));
    mem_close(&null);
    return 0;
}

int start_background(int *report_fd, struct err *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        return err_set(err, ERR_IO, "fork: %s", strerror(errno));
    if (pid > 0) {
        close(fds[1]);
        wait_for_report(fds[0]);
    }
    close(fds[0]);
    *report_fd = fds[1];
    return detach(err);
}

void start_report(int *report_fd, const char *text)
{
    if (*report_fd < 0)
        return;
    const char *word = text != NULL ? text : "ok";
    (void)!write(*report_fd, word, strlen(word));
    mem_close(report_fd);
}

int start_spool_folder(const struct settings *settings, struct err *err)
{
    if (mkdir(settings->spool_dir, 0700) < 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "%s: %s (spool =)", settings->spool_dir, strerror(errno));
    if (access(settings->spool_dir, R_OK | W_OK | X_OK) < 0)
        return err_set(err, ERR_CONFIG, "%s: %s (spool =)", settings->spool_dir, strerror(errno));
    return 0;
}

int start_pid_file(const struct settings *settings, struct err *err)
{
    char text[24];
    if (settings->pid_file[0] == '\0')
        return 0;
    snprintf(text, sizeof text, "%ld\n", (long)getpid());
    return io_write_file(settings->pid_file, span_of(text), 0644, err);
}

/* What reads a process from outside reads mail and keys. A leak checker is no stranger. */
static int refuse_readers(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return 0;
#else
    return prctl(PR_SET_DUMPABLE, 0);
#endif
}

static int become(const struct settings *settings, struct err *err)
{
    const struct passwd *user = getpwnam(settings->user);
    if (user == NULL)
        return err_set(err, ERR_CONFIG, "user %s is not known here (user =)", settings->user);
    uid_t uid = user->pw_uid;
    gid_t gid = user->pw_gid;
    if (uid == 0)
        return err_set(err, ERR_CONFIG, "user %s is root (user =)", settings->user);
    if (initgroups(settings->user, gid) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return err_set(err, ERR_IO, "cannot become %s: %s", settings->user, strerror(errno));
    if (setuid(0) == 0)
        return err_set(err, ERR_BUG, "root can be had back");
    return 0;
}

/* A connection of the MTA, a spool and an injection each want a descriptor; libmilter gives up when there are none left. */
static int allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -1;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

int start_drop_privileges(const struct settings *settings, struct err *err)
{
    static const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    if (settings->user[0] != '\0' && geteuid() == 0 && become(settings, err) < 0)
        return -1;
    if (allow_descriptors() < 0)
        return err_set(err, ERR_IO, "cannot raise the number of open files: %s", strerror(errno));
    if (setrlimit(RLIMIT_CORE, &none) < 0 || refuse_readers() < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_set(err, ERR_IO, "cannot give up core dumps and privileges: %s", strerror(errno));
    return 0;
}

int start_check_libcrypto(unsigned long version, const struct settings *settings, struct err *err)
{
    unsigned major = (unsigned)(version >> 28), minor = (unsigned)(version >> 20) & 0xff;
    unsigned patch = (unsigned)(version >> 4) & 0xffff;
    bool old = major < 3 || (major == 3 && minor == 0 && patch < 22);
    bool bad = major == 3 && (minor == 1 || minor == 2);
    if ((!old && !bad) || settings->allow_old_libcrypto)
        return 0;
    return err_set(err, ERR_CONFIG,
                   "libcrypto %u.%u.%u has known holes; update it (3.0.22, or 3.5 and later), or, when your "
                   "distribution "
                   "has patched it, set allow-old-libcrypto = yes",
                   major, minor, patch);
}
