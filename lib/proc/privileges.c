/* privileges - another user, no core, no reader, no set-user-id program. */
#include "proc/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int privileges_become(const char *name, const char *setting, struct err *err)
{
    if (name[0] == '\0' || geteuid() != 0)
        return 0;
    const struct passwd *user = getpwnam(name);
    if (user == NULL)
        return err_set(err, ERR_CONFIG, "user %s is not known here (%s =)", name, setting);
    uid_t uid = user->pw_uid;
    gid_t gid = user->pw_gid;
    if (uid == 0)
        return err_set(err, ERR_CONFIG, "user %s is root (%s =)", name, setting);
    if (initgroups(name, gid) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return err_set(err, ERR_IO, "cannot become %s: %s", name, strerror(errno));
    if (setuid(0) == 0)
        return err_set(err, ERR_BUG, "root can be had back");
    return 0;
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

int privileges_seal(struct err *err)
{
    static const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    if (setrlimit(RLIMIT_CORE, &none) < 0 || refuse_readers() < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_set(err, ERR_IO, "cannot give up core dumps and privileges: %s", strerror(errno));
    return 0;
}
