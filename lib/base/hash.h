/* hash - SHA-256, for fingerprints and the journal; SHA-1 where a protocol has it in a name. The only user of OpenSSL outside smime and token. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/mem.h"

#define HASH_SIZE     32
#define HASH_HEX_SIZE (2 * HASH_SIZE + 1)

struct hash; /* a running SHA-256 */

struct hash *hash_new(void);
void hash_add(struct hash *hash, struct span bytes);
/* hash_add_field - the length, then the bytes: fields hashed in turn cannot run into each other. */
void hash_add_field(struct hash *hash, struct span bytes);
void hash_end(struct hash *hash, unsigned char digest_out[HASH_SIZE]);
void hash_free(struct hash **hash);

void hash_bytes(struct span bytes, unsigned char digest_out[HASH_SIZE]);
void hash_hex(const unsigned char digest[HASH_SIZE], char hex_out[HASH_HEX_SIZE]); /* lower case */

/* hash_sha1 - for names that a protocol fixes (OpenPGP's fingerprints, RFC 9580 5.5.4.2); never where two texts of one digest would harm. */
#define HASH_SHA1_SIZE 20
void hash_sha1(struct span bytes, unsigned char digest_out[HASH_SHA1_SIZE]);

/* hash_library_version - of libcrypto as it is loaded: 0xMNN00PP0 for M.NN.PP (R34). */
unsigned long hash_library_version(void);

#endif
