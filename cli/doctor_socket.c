/* doctor_socket - whether the MTA's processes reach our socket. */
#include "cli/doctor.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#define GROUPS_MAX 256

struct who {
    uid_t uid;
    gid_t groups[GROUPS_MAX];
    int ngroups;
};

static bool find_user(const char *name, struct who *out)
{
    const struct passwd *user = getpwnam(name);
    if (user == NULL)
        return false;
    *out = (struct who){.uid = user->pw_uid, .ngroups = GROUPS_MAX};
    return getgrouplist(name, user->pw_gid, out->groups, &out->ngroups) >= 0;
}

/* bits as in the last digit of a mode: 1 to enter a folder, 2 to connect to a socket. */
static bool may(const struct who *who, const struct stat *st, mode_t bits)
{
    if (who->uid == st->st_uid)
        return (st->st_mode >> 6 & bits) == bits;
    for (int i = 0; i < who->ngroups; i++)
        if (who->groups[i] == st->st_gid)
            return (st->st_mode >> 3 & bits) == bits;
    return (st->st_mode & bits) == bits;
}

static const char *group_name(struct arena *arena, gid_t gid)
{
    const struct group *group = getgrgid(gid);
    return group != NULL ? arena_strdup(arena, group->gr_name) : arena_printf(arena, "%u", (unsigned)gid);
}

static void check_rights(struct doctor *doctor, const char *user, const char *path)
{
    struct who who;
    struct stat folder, file;
    if (stat(path, &file) < 0 || stat(dirname(arena_strdup(doctor->arena, path)), &folder) < 0)
        doctor_add(doctor, FINDING_WARNING, "start the daemon", "socket %s: %s", path, strerror(errno));
    else if (!find_user(user, &who))
        doctor_add(doctor, FINDING_WARNING, "see that it reaches the socket", "there is no user %s", user);
    else if (may(&who, &folder, 1) && may(&who, &file, 2))
        doctor_add(doctor, FINDING_GOOD, NULL, "%s reaches the socket %s", user, path);
    else
        doctor_add(doctor, FINDING_ERROR,
                   arena_printf(doctor->arena, "adduser %s %s, and restart the MTA", user,
                                group_name(doctor->arena, file.st_gid)),
                   "%s does not reach the socket %s: all mail is deferred", user, path);
}

void doctor_socket(struct doctor *doctor, const char *user, const char *chroot)
{
    if (strncmp(doctor->settings->socket, "unix:", 5) != 0)
        return;
    const char *path = doctor->settings->socket + 5;
    size_t n = chroot == NULL ? 0 : strlen(chroot);
    if (n > 0 && (strncmp(path, chroot, n) != 0 || path[n] != '/'))
        doctor_add(doctor, FINDING_ERROR, "put the socket into a folder below it (see contrib/postfix)",
                   "%s is locked into %s and cannot see the socket %s: all mail is deferred", user, chroot,
                   path);
    else
        check_rights(doctor, user, path);
}
