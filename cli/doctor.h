/*
 * doctor - what is unsafe here: findings, collected by one file for each thing examined, printed by cmd_doctor.c.
 *
 * A finding says what is wrong, where, and what to do. An "error" can let mail out in clear, lose it or stop it; a "warning" may become one.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "conf/settings.h"
#include "policy/policy.h"
#include "store/store.h"

enum severity {
    FINDING_ERROR,
    FINDING_WARNING,
    FINDING_GOOD
};

struct finding {
    enum severity severity;
    const char *what;
    const char *todo; /* NULL with FINDING_GOOD */
};

struct doctor {
    struct arena *arena;
    const struct settings *settings;
    struct policy *policy; /* NULL: none could be read */
    struct store *store;   /* NULL: could not be opened */
    int64_t now;
    const char *master_name; /* of the master key on a token, in hex; NULL: sealkeyd does not say it */
    struct finding *findings;
    size_t n, cap;
};

void doctor_add(struct doctor *doctor, enum severity severity, const char *todo, const char *what_fmt, ...)
    SEAL_PRINTF(4, 5);

/* doctor_files.c: modes and owners of what is secret; room in the spool folder. */
void doctor_files(struct doctor *doctor);
/* doctor_sealkeyd.c: whether sealkeyd can be started and answers; what it needs for tokens. */
void doctor_sealkeyd(struct doctor *doctor);
/* doctor_wrapped.c: private keys that another key of a token opens than the one that is set; after doctor_sealkeyd(). */
void doctor_wrapped(struct doctor *doctor);
/* doctor_daemon.c: whether somebody answers at our socket for the MTA. */
bool doctor_daemon_runs(const struct doctor *doctor);
/* doctor_keys.c: keys and certificates near expiry, users without a key. */
void doctor_keys(struct doctor *doctor);
/* doctor_openpgp.c: gpg and its agent's home; secret keys that only the store or only the home has. */
void doctor_openpgp(struct doctor *doctor);
/* doctor_revocation.c: revocation lists that are outdated or about to be, or missing where they must not. */
void doctor_revocation(struct doctor *doctor);
/* doctor_directory.c: the servers of the directory. */
void doctor_directory(struct doctor *doctor);
/* doctor_lookup.c: the key servers of openpgp-lookup. */
void doctor_lookup(struct doctor *doctor);
/* doctor_unit.c: whether the systemd unit lets the daemon reach servers that are not on this host. */
void doctor_unit(struct doctor *doctor);
/* doctor_socket.c: whether this user of the MTA reaches our unix socket; chroot: where it is locked in, NULL: nowhere. */
void doctor_socket(struct doctor *doctor, const char *user, const char *chroot);
/* doctor_inject.c: whether the injection listener answers, and offers what copies need. */
void doctor_inject(struct doctor *doctor);
/* doctor_postfix.c: main.cf and master.cf in dir, through postconf(1). ERR_ABSENT when there is no Postfix. */
int doctor_postfix(struct doctor *doctor, const char *dir, struct err *err) SEAL_CHECKED;
/* doctor_sendmail.c: a sendmail.cf. */
int doctor_sendmail(struct doctor *doctor, const char *cf, struct err *err) SEAL_CHECKED;

/* Names in the order in which they stand. */
struct doctor_list {
    const char **items;
    size_t n, cap;
};
void doctor_list_add(struct doctor *doctor, struct doctor_list *list, struct span item);

/*
 * doctor_compare_milters, in doctor_milters.c - names or sockets of milters in the order in which the MTA calls them: the injection
 * listener must run those that stand after ours, and never ours. where: "master.cf 127.0.0.1:10026" or the like.
 */
void doctor_compare_milters(struct doctor *doctor, const char *where, const struct doctor_list *all,
                            size_t ours, const struct doctor_list *inject);

/* doctor_rewriting, in doctor_milters.c - the MTA changes From when a message leaves, behind what we signed and put inside. */
void doctor_rewriting(struct doctor *doctor, const char *where);

/*
 * doctor_aliases, in doctor_aliases.c - lines "alias target, target" or "alias: target": from an address of ours to one outside, not
 * declared in the policy (R51). homes: the domains of aliases that have none.
 */
void doctor_aliases(struct doctor *doctor, const char *map, const struct doctor_list *homes,
                    struct span lines);

#endif
