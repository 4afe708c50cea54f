/* hex - fingerprints as text. Private to lib/openpgp. */
#ifndef OPENPGP_HEX_H
#define OPENPGP_HEX_H

#include "base/hash.h"

#define HEX_FINGERPRINT_SIZE (2 * HASH_SHA1_SIZE + 1)

void hex_fingerprint(const unsigned char octets[HASH_SHA1_SIZE], char out[HEX_FINGERPRINT_SIZE]);

#endif
