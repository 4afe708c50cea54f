/*
 * secret - bytes that must not stay behind: private keys, passphrases, session keys.
 *
 * The memory is locked where the system allows it, left out of core dumps, and wiped when freed. A few wiped pages are kept for the next
 * secrets; in a child after fork() they are no longer locked.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/err.h"
#include "base/mem.h"

struct secret {
    unsigned char *ptr; /* owned */
    size_t len;
    size_t size; /* of the mapping */
};

#define SECRET_MAX (1u << 20)

/* secret_init - a secret of n zero bytes; ERR_LIMIT over SECRET_MAX, ERR_IO when memory cannot be had. */
int secret_init(struct secret *secret, size_t n, struct err *err) SEAL_CHECKED;
int secret_copy(struct secret *secret, const void *p, size_t n, struct err *err) SEAL_CHECKED;
enum secret_mode {
    SECRET_OWNER_ONLY,
    SECRET_GROUP_MAY_READ
};
/*
 * secret_mode_of - who may read a file in this place. systemd lets a service's user read a credential by an ACL, whose mask shows as the
 * group's bits (0440), in a folder below /run/credentials that nobody else can enter.
 */
enum secret_mode secret_mode_of(const char *path);
/* secret_read_file - the whole file; ERR_CONFIG when others may read it than mode says. */
int secret_read_file(struct secret *secret, const char *path, enum secret_mode mode,
                     struct err *err) SEAL_CHECKED;
/* secret_read_fd - the same of a file that was opened; path: for messages. */
int secret_read_fd(struct secret *secret, int fd, const char *path, enum secret_mode mode,
                   struct err *err) SEAL_CHECKED;
void secret_fini(struct secret *secret); /* wipes; for SEAL_CLEANUP */

#endif
