/*
 * recipients - whom gpg encrypts to. By fingerprint out of the keyring, where its notes (openpgp/notes.h) spare it to check the keys again; by
 * files where a fingerprint could mean two keys, since anybody can put another's key into his own as a subkey. Private to lib/openpgp.
 */
#ifndef OPENPGP_RECIPIENTS_H
#define OPENPGP_RECIPIENTS_H

#include "openpgp/job.h"

/*
 * recipients_write - the keyring and key files of a job that may have a signer.
 *
 * list_out  what GPGME takes for recipients
 */
int recipients_write(struct job *job, const struct span *keys, size_t nkeys, struct buf *list_out,
                     struct err *err) SEAL_CHECKED;
/* Octets that a list of so many may have. */
size_t recipients_list_max(size_t nkeys);

#endif
