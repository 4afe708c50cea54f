/*
 * addressed - whether a message that gpg wrote is for the keys that it was given, and for nobody else. A configuration file that gpg reads
 * beside ours (/etc/gnupg/gpg.conf; no option keeps it from that) can name recipients of its own. Private to lib/openpgp.
 *
 * source  RFC 9580 5.1 (PKESK)
 */
#ifndef OPENPGP_ADDRESSED_H
#define OPENPGP_ADDRESSED_H

#include "openpgp/crypt.h"

/*
 * addressed_check - named: each session key is for a subkey of one of the keys, and each of the keys has one. Hidden: nobody is named, and
 * there are no more of them than keys.
 *
 * return  0, or -1 with ERR_CONFIG
 */
int addressed_check(struct span message, const struct span *keys, size_t nkeys,
                    enum pgp_visibility visibility, struct err *err) SEAL_CHECKED;

#endif
