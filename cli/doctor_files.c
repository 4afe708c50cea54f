/* doctor_files - modes and owners of what is secret, folders that must be there, room for spooled mail. */
#include "cli/doctor.h"

#include "base/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static void check_private(struct doctor *doctor, const char *path, mode_t forbidden, const char *todo)
{
    struct stat st;
    if (stat(path, &st) < 0)
        doctor_add(doctor, FINDING_ERROR, "run sealadm init, or correct the settings", "%s: %s", path,
                   strerror(errno));
    else if ((st.st_mode & forbidden) != 0)
        doctor_add(doctor, FINDING_ERROR, todo, "%s has mode %04o", path, (unsigned)(st.st_mode & 07777));
    else
        doctor_add(doctor, FINDING_GOOD, NULL, "%s is private", path);
}

static void check_owner(struct doctor *doctor)
{
    struct stat state, key;
    if (stat(doctor->settings->state_dir, &state) == 0 && stat(doctor->settings->master_key, &key) == 0 &&
        key.st_uid != state.st_uid && key.st_uid != 0)
        doctor_add(doctor, FINDING_ERROR, "chown it to the daemon's user",
                   "%s belongs to another user than %s", doctor->settings->master_key,
                   doctor->settings->state_dir);
}

/* A few messages of the largest size at once, each in its stages. */
static void check_room(struct doctor *doctor)
{
    const char *dir = doctor->settings->spool_dir;
    struct statvfs fs;
    if (statvfs(dir, &fs) < 0) {
        doctor_add(doctor, FINDING_WARNING,
                   "it is made when the daemon starts; make sure that the daemon's user may",
                   "spool folder %s: %s", dir, strerror(errno));
        return;
    }
    unsigned long long room = (unsigned long long)fs.f_bavail * fs.f_frsize;
    unsigned long long wanted = 20ull * doctor->settings->message_size_limit;
    if (room < wanted)
        doctor_add(doctor, FINDING_WARNING, "make room, or set spool to a larger folder",
                   "spool folder %s has %llu octets free; %llu are wanted for a few large messages at once",
                   dir, room, wanted);
    else
        doctor_add(doctor, FINDING_GOOD, NULL, "spool folder %s has room", dir);
}

void doctor_files(struct doctor *doctor)
{
    check_private(doctor, doctor->settings->state_dir, S_IRWXG | S_IRWXO, "chmod 0700 it");
    bool group = secret_mode_of(doctor->settings->master_key) == SECRET_GROUP_MAY_READ;
    check_private(doctor, doctor->settings->master_key, group ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO,
                  "chmod 0600 it");
    check_owner(doctor);
    check_room(doctor);
}
