/* listen - one socket, ours or given; not blocking: who has looked at it with poll() never waits in accept4(). */
#include "keyd/listen.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GIVEN_FD 3 /* SD_LISTEN_FDS_START */
#define BACKLOG  128

static bool is_given(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    return pid != NULL && fds != NULL && strtol(pid, NULL, 10) == (long)getpid() && strcmp(fds, "1") == 0;
}

static int check_given(int fd, struct err *err)
{
    int type = 0, listens = 0;
    socklen_t len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || type != SOCK_SEQPACKET ||
        listens == 0)
        return err_set(err, ERR_CONFIG,
                       "what we were given to listen at is no listening SOCK_SEQPACKET socket");
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        return err_set(err, ERR_IO, "%s", strerror(errno));
    return 0;
}

/* Only what nobody listens at any more is taken away. */
static int remove_stale(const struct sockaddr_un *name, struct err *err)
{
    SEAL_CLEANUP(mem_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ERR_IO, "socket: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)name, sizeof *name) == 0)
        return err_set(err, ERR_EXISTS, "somebody listens at %s already", name->sun_path);
    struct stat st;
    if (lstat(name->sun_path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode) || unlink(name->sun_path) < 0)
        return err_set(err, ERR_CONFIG, "%s: in the way of the key socket (key-socket =)", name->sun_path);
    return 0;
}

/* The folder may be the daemon's user's: what has the name is looked at before anything is changed, and cannot be swapped after that. */
int listen_give(const char *path, uid_t owner, gid_t group, struct err *err)
{
    struct stat st;
    SEAL_CLEANUP(mem_close) int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
        return err_set(err, ERR_CONFIG, "%s: is not the socket any more that we made (key-socket =)", path);
    if (fchownat(fd, "", owner, group, AT_EMPTY_PATH) < 0)
        return err_set(err, ERR_CONFIG, "%s: %s: our user must be in the group of user", path,
                       strerror(errno));
    return 0;
}

/* Who may connect is checked again for each connection. */
static int give_away(const struct settings *settings, struct err *err)
{
    uid_t owner = (uid_t)-1;
    gid_t group = (gid_t)-1;
    const struct passwd *user = settings->user[0] == '\0' ? NULL : getpwnam(settings->user);
    if (user != NULL)
        group = user->pw_gid;
    else if (settings->user[0] != '\0')
        return err_set(err, ERR_CONFIG, "user %s is not known here (user =)", settings->user);
    if (settings->keys.user[0] != '\0' && geteuid() == 0) {
        user = getpwnam(settings->keys.user);
        if (user == NULL)
            return err_set(err, ERR_CONFIG, "user %s is not known here (key-user =)", settings->keys.user);
        owner = user->pw_uid;
    }
    return listen_give(settings->keys.socket, owner, group, err);
}

static int make(const struct settings *settings, int *fd_out, struct err *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const char *path = settings->keys.socket;
    if (strlen(path) >= sizeof name.sun_path)
        return err_set(err, ERR_CONFIG, "%s: too long for the name of a socket (key-socket =)", path);
    memcpy(name.sun_path, path, strlen(path));
    if (remove_stale(&name, err) < 0)
        return -1;
    SEAL_CLEANUP(mem_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(settings->user[0] == '\0' ? 0177 : 0117);
    int bound = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&name, sizeof name);
    umask(before);
    if (bound < 0)
        return err_set(err, ERR_IO, "%s: %s (key-socket =)", path, strerror(errno));
    if (give_away(settings, err) < 0)
        return -1;
    if (listen(fd, BACKLOG) < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    *fd_out = fd;
    fd = -1;
    return 0;
}

int listen_open(const struct settings *settings, int *fd_out, bool *made_out, struct err *err)
{
    *made_out = !is_given();
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    if (*made_out)
        return make(settings, fd_out, err);
    *fd_out = GIVEN_FD;
    return check_given(GIVEN_FD, err);
}

void listen_remove(const struct settings *settings)
{
    unlink(settings->keys.socket);
}
