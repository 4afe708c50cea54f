/*
 * features - what a key says that its owner's programs read. By packets alone, no signature is checked: for keys that gpg has seen (pgp_key_read).
 *
 * source  RFC 9580 5.2.3.32; packet 20 of GnuPG 2.3: draft-koch-librepgp 5.2.3.32
 */
#ifndef OPENPGP_FEATURES_H
#define OPENPGP_FEATURES_H

#include "base/mem.h"

/* pgp_key_asks_for_aead - whether others may encrypt to it in OCB or another AEAD mode, by its newest word. */
bool pgp_key_asks_for_aead(struct span key);

#endif
