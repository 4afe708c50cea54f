/* doctor_files - modes and owners of what is secret, folders that must be there, room for spooled mail. */
#include "cli/doctor.h"

#include "base/secret.h"

#include <errno.h>
#include <pwd.h>
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

/* ---- who may read the master key: sealkeyd, and nobody who reads mail ---- */

static bool lies_in(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && path[n] == '/';
}

static void check_way(struct doctor *doctor, const struct stat *state)
{
    if (lies_in(doctor->settings->master_key, doctor->settings->state_dir) && (state->st_mode & S_IXOTH) == 0)
        doctor_add(doctor, FINDING_ERROR,
                   arena_printf(doctor->arena, "chmod 0711 %s", doctor->settings->state_dir),
                   "user %s (key-user) does not come to %s", doctor->settings->keys.user,
                   doctor->settings->master_key);
}

/* reader: sealkeyd's user. What systemd hands out is root's, and readable for the unit's user alone. */
static void check_reader(struct doctor *doctor, const struct stat *state, uid_t reader)
{
    const char *path = doctor->settings->master_key, *user = doctor->settings->keys.user;
    struct stat key;
    if (stat(path, &key) < 0 || key.st_uid == 0)
        return;
    if (key.st_uid != reader)
        doctor_add(doctor, FINDING_ERROR,
                   *user == '\0' ? "chown it to the daemon's user"
                                 : arena_printf(doctor->arena, "chown %s %s", user, path),
                   "%s belongs to another user than %s%s", path,
                   *user == '\0' ? doctor->settings->state_dir : "sealkeyd's: ", user);
    else if (reader != state->st_uid)
        check_way(doctor, state);
}

static void check_master(struct doctor *doctor)
{
    struct stat state;
    const char *name = doctor->settings->keys.user;
    const struct passwd *user = *name == '\0' ? NULL : getpwnam(name);
    if (stat(doctor->settings->state_dir, &state) < 0)
        return;
    if (*name != '\0' && user == NULL)
        doctor_add(doctor, FINDING_ERROR, arena_printf(doctor->arena, "adduser --system --group %s", name),
                   "user %s is not known here (key-user)", name);
    else
        check_reader(doctor, &state, user == NULL ? state.st_uid : user->pw_uid);
    if (state.st_uid != 0 && (user == NULL ? state.st_uid : user->pw_uid) == state.st_uid)
        doctor_add(doctor, FINDING_WARNING, "make sealkeyd a user of its own, and set key-user to it",
                   "the user of the daemon, which reads everybody's mail, may read %s",
                   doctor->settings->master_key);
}

/* A credential of systemd's lies in a folder of sealkeyd's alone; whether it can be read there, sealkeyd's answer shows. */
static void check_master_private(struct doctor *doctor)
{
    struct stat st;
    const char *path = doctor->settings->master_key;
    bool group = secret_mode_of(path) == SECRET_GROUP_MAY_READ;
    if (*doctor->settings->keys.user != '\0' && stat(path, &st) < 0 && errno == EACCES)
        doctor_add(doctor, FINDING_GOOD, NULL, "%s lies where the user of the daemon does not come", path);
    else
        check_private(doctor, path, group ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO, "chmod 0600 it");
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
    check_private(doctor, doctor->settings->state_dir, S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH,
                  "chmod 0711 it");
    check_master_private(doctor);
    check_master(doctor);
    check_room(doctor);
}
