/*
 * key - private keys behind a table of functions: sign this digest, decrypt this key; never "give me the key".
 *
 * The questions are asked in full (digest and padding; wrapped key and algorithm), so that any token can answer them. A
 * backend fills struct key_ops; today's is the soft key (token/soft.h). Keys are counted, immutable, usable from any thread.
 */
#ifndef TOKEN_KEY_H
#define TOKEN_KEY_H

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"

enum key_type {
    KEY_RSA,
    KEY_EC_P256,
    KEY_EC_P384,
    KEY_EC_P521,
};

enum digest {
    DIGEST_SHA256,
    DIGEST_SHA384,
    DIGEST_SHA512,
    DIGEST_SHA1, /* for reading only */
};

enum sign_padding {
    SIGN_PKCS1,
    SIGN_PSS, /* MGF1 with the same digest, salt as long as the digest */
    SIGN_ECDSA,
};

enum wrap_padding {
    WRAP_PKCS1,
    WRAP_OAEP,           /* MGF1 with the same digest, no label */
    WRAP_OAEP_MGF1_SHA1, /* MGF1 with SHA-1 whatever the digest, as Java does when it is not told */
};

size_t digest_size(enum digest digest); /* octets */

#define KEY_REJECT_SIZE 32

struct key;

struct key_ops {
    const char *name; /* "soft", "pkcs11" */
    /* sign - *len_inout: room in sig_out, then the signature's length. ECDSA: DER (RFC 3279). */
    int (*sign)(struct key *key, enum digest digest, enum sign_padding padding, struct span hash,
                unsigned char *sig_out, size_t *len_inout, struct err *err);
    /*
     * decrypt - unwrap a content-encryption key. With PKCS1 a wrong padding must look like success: out is then
     * KEY_REJECT_SIZE octets that depend on key and ciphertext alone (the same question has the same answer).
     */
    int (*decrypt)(struct key *key, enum wrap_padding padding, enum digest oaep, struct span wrapped,
                   struct secret *out, struct err *err);
    /* derive - the ECDH shared secret with a peer's public point (uncompressed). */
    int (*derive)(struct key *key, struct span peer_point, struct secret *out, struct err *err);
    void (*free)(struct key *key);
};

struct key *key_ref(struct key *key);
void key_free(struct key **key); /* drops one reference */
enum key_type key_type_of(const struct key *key);
unsigned key_bits(const struct key *key);
/* key_public - the SubjectPublicKeyInfo, DER; borrowed. */
struct span key_public(const struct key *key);
const char *key_backend(const struct key *key);

/*
 * key_sign, key_decrypt, key_derive - ask the key; parameters as in struct key_ops.
 *
 * return  0, or -1 with ERR_KEY_UNUSABLE (the question does not fit the type of the key), ERR_UNSUPPORTED, ERR_CRYPTO, ERR_IO
 */
int key_sign(struct key *key, enum digest digest, enum sign_padding padding, struct span hash,
             unsigned char *sig_out, size_t *len_inout, struct err *err) SEAL_CHECKED;
int key_decrypt(struct key *key, enum wrap_padding padding, enum digest oaep, struct span wrapped,
                struct secret *out, struct err *err) SEAL_CHECKED;
int key_derive(struct key *key, struct span peer_point, struct secret *out, struct err *err) SEAL_CHECKED;

#endif
