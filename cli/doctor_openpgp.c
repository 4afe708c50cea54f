/* doctor_openpgp - gpg, the agent's home, and whether it and the store have the same secret keys. */
#include "cli/doctor.h"

#include "cli/own_pgp.h"
#include "cli/run.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOME_MAX   90 /* octets: a socket lies in it */
#define SAID_MAX   (64u << 10)
#define KEY_SUFFIX ".key"

/* ---- programs ---- */

/* What lacks is grave where secret keys of ours are. */
static void check_program(struct doctor *doctor, enum severity severity, const char *path,
                          const char *setting)
{
    if (access(path, X_OK) < 0)
        doctor_add(doctor, severity,
                   arena_printf(doctor->arena,
                                "install it, or correct %s; openpgp-gpg = \"\" without OpenPGP", setting),
                   "%s: %s", path, strerror(errno));
}

/* "gpg (GnuPG) 2.2.40" */
static bool is_new_enough(const char *said)
{
    const char *version = strstr(said, ") ");
    char *rest = NULL;
    unsigned long major = version == NULL ? 0 : strtoul(version + 2, &rest, 10);
    unsigned long minor = rest == NULL || *rest != '.' ? 0 : strtoul(rest + 1, NULL, 10);
    return major > 2 || (major == 2 && minor >= 2);
}

static void check_gpg(struct doctor *doctor, enum severity severity, const char *gpg)
{
    SEAL_CLEANUP(buf_fini) struct buf said = BUF_INIT(SAID_MAX);
    struct err err = ERR_INIT;
    const char *const argv[] = {gpg, "--version", NULL};
    if (run_capture(argv, &said, &err) < 0) {
        doctor_add(doctor, severity, "install gpg, or set openpgp-gpg = \"\"", "gpg: %s", err.msg);
        return;
    }
    const char *line =
        arena_spandup(doctor->arena, span_sub(buf_span(&said), 0, strcspn(buf_str(&said), "\n")));
    if (is_new_enough(line))
        doctor_add(doctor, FINDING_GOOD, NULL, "OpenPGP by %s", line);
    else
        doctor_add(doctor, severity, "install GnuPG 2.2 or newer", "%s is too old: %s", gpg, line);
}

/* Both read these before the files in their home, and no option keeps them from it. */
static void check_global(struct doctor *doctor)
{
    static const char *const paths[] = {"/etc/gnupg/gpg.conf", "/etc/gnupg/gpg-agent.conf"};
    for (size_t i = 0; i < SEAL_COUNT(paths); i++)
        if (access(paths[i], F_OK) == 0)
            doctor_add(doctor, FINDING_WARNING,
                       "see that it names no recipient, signer or key ring, or move it to the homes of those "
                       "who want it",
                       "%s is read by every gpg of this host, by ours too", paths[i]);
}

/* ---- the agent's home ---- */

static bool check_home(struct doctor *doctor, const char *home)
{
    struct stat st;
    const char *init = "sealadm init, which makes it and gives the store's secret keys back to it";
    if (strlen(home) > HOME_MAX)
        doctor_add(doctor, FINDING_ERROR, "set openpgp-home to a shorter path",
                   "%s has more than %d octets: no socket fits into it", home, HOME_MAX);
    if (stat(home, &st) < 0) {
        doctor_add(doctor, FINDING_WARNING, init, "OpenPGP folder %s: %s", home, strerror(errno));
        return false;
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        doctor_add(doctor, FINDING_ERROR, "chmod 0700 it", "OpenPGP folder %s has mode %04o", home,
                   (unsigned)(st.st_mode & 07777));
    else if (st.st_uid != geteuid())
        doctor_add(doctor, FINDING_ERROR, "chown it to the daemon's user",
                   "OpenPGP folder %s belongs to another user", home);
    else
        doctor_add(doctor, FINDING_GOOD, NULL, "OpenPGP folder %s is private", home);
    return true;
}

static void check_missing(struct doctor *doctor, const struct pgp_own_record *owns, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (own_pgp_is_missing(doctor->settings, &owns[i]))
            doctor_add(doctor, FINDING_ERROR, "sealadm init gives it back to the agent",
                       "the OpenPGP secret key %s of %s is not in %s", owns[i].fingerprint, owns[i].owner,
                       doctor->settings->openpgp.home);
}

static bool is_known(const struct pgp_own_record *owns, size_t n, const char *grip)
{
    for (size_t i = 0; i < n; i++)
        if (own_pgp_names_part(&owns[i], grip))
            return true;
    return false;
}

/* A key that no record names opens nothing; whose is it? */
static void check_strays(struct doctor *doctor, const struct pgp_own_record *owns, size_t n)
{
    const char *folder = arena_printf(doctor->arena, "%s/private-keys-v1.d", doctor->settings->openpgp.home);
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *suffix = strstr(entry->d_name, KEY_SUFFIX);
        if (suffix == NULL || suffix[strlen(KEY_SUFFIX)] != '\0' ||
            is_known(owns, n,
                     arena_printf(doctor->arena, "%.*s", (int)(suffix - entry->d_name), entry->d_name)))
            continue;
        doctor_add(doctor, FINDING_WARNING, "remove the file, if no sealadm is at work with it now",
                   "%s/%s is an OpenPGP secret key that the store does not know", folder, entry->d_name);
    }
    if (dir != NULL)
        closedir(dir);
}

static void check_keys(struct doctor *doctor, const struct pgp_own_record *owns, size_t n)
{
    if (!check_home(doctor, doctor->settings->openpgp.home))
        return;
    check_missing(doctor, owns, n);
    check_strays(doctor, owns, n);
}

static void check_programs(struct doctor *doctor, enum severity severity)
{
    const struct openpgp_settings *settings = &doctor->settings->openpgp;
    check_gpg(doctor, severity, settings->gpg);
    check_global(doctor);
    check_program(doctor, severity, settings->agent, "openpgp-agent");
    check_program(doctor, severity, settings->limiter, "openpgp-limiter");
}

void doctor_openpgp(struct doctor *doctor)
{
    struct err err = ERR_INIT;
    struct store_read *read = NULL;
    struct pgp_own_record *owns;
    size_t n = 0;
    if (*doctor->settings->openpgp.gpg == '\0') {
        doctor_add(doctor, FINDING_GOOD, NULL, "OpenPGP is switched off: openpgp-gpg");
        return;
    }
    if (store_read_begin(doctor->store, doctor->arena, &read, &err) < 0 ||
        store_pgp_owns(read, &owns, &n, &err) < 0)
        doctor_add(doctor, FINDING_ERROR, "see sealadm(8), restore", "store: %s", err.msg);
    else
        check_keys(doctor, owns, n);
    check_programs(doctor, n > 0 ? FINDING_ERROR : FINDING_WARNING);
    store_read_end(&read);
}
