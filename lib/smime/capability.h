/* capability - SMIMECapabilities (RFC 8551 2.5.2): what a peer says that it can open, and what we say. */
#ifndef SMIME_CAPABILITY_H
#define SMIME_CAPABILITY_H

#include "base/mem.h"

/* capability_ours - the attribute's value, DER: aes256-gcm, aes128-gcm, aes256-cbc, aes128-cbc, in order of preference. */
struct span capability_ours(void);

/* capability_names - the ciphers in an attribute's value that we know, "aes256-gcm aes256-cbc"; others are left out. */
void capability_names(struct span value, char *out, size_t size);

#endif
