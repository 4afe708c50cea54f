/* start - the steps of becoming this daemon. */
#include "milter/start.h"

#include "base/io.h"
#include "proc/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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
    if (privileges_become(settings->user, "user", err) < 0)
        return -1;
    if (allow_descriptors() < 0)
        return err_set(err, ERR_IO, "cannot raise the number of open files: %s", strerror(errno));
    return privileges_seal(err);
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
