/* listener - smfi_opensocket() with mode and group. */
#include "milter/listener.h"

#include "base/mem.h"

#include <errno.h>
#include <grp.h>
#include <libmilter/mfapi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The path of "unix:/path" and "local:/path"; NULL for a network socket. */
static const char *unix_path(const char *socket)
{
    if (strncmp(socket, "unix:", 5) == 0)
        return socket + 5;
    return strncmp(socket, "local:", 6) == 0 ? socket + 6 : NULL;
}

int listener_check_free(const struct settings *settings, struct err *err)
{
    const char *path = unix_path(settings->socket);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (path == NULL || strlen(path) >= sizeof name.sun_path)
        return 0;
    memcpy(name.sun_path, path, strlen(path));
    SEAL_CLEANUP(mem_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return err_set(err, ERR_EXISTS, "somebody listens at %s already", settings->socket);
    return 0;
}

static int set_group(const char *path, const char *name, struct err *err)
{
    if (name[0] == '\0')
        return 0;
    const struct group *group = getgrnam(name);
    if (group == NULL)
        return err_set(err, ERR_CONFIG, "group %s is not known here (socket-group =)", name);
    if (chown(path, (uid_t)-1, group->gr_gid) < 0)
        return err_set(err, ERR_CONFIG, "%s: group %s: %s: our user must be in it", path, name,
                       strerror(errno));
    return 0;
}

int listener_open(const struct settings *settings, struct err *err)
{
    const char *path = unix_path(settings->socket);
    mode_t mode = (mode_t)strtoul(settings->socket_mode, NULL, 8);
    if (smfi_setconn((char *)settings->socket) != MI_SUCCESS)
        return err_set(err, ERR_CONFIG, "%s is no socket (socket =)", settings->socket);
    mode_t before = umask(0777 & ~mode);
    int opened = smfi_opensocket(true);
    umask(before);
    if (opened != MI_SUCCESS)
        return err_set(err, ERR_IO, "cannot listen at %s: %s", settings->socket, strerror(errno));
    if (path == NULL)
        return 0;
    if (set_group(path, settings->socket_group, err) < 0)
        return -1;
    if (chmod(path, mode) < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    return 0;
}
