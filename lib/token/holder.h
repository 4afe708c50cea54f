/*
 * holder - who holds the private keys and the master key: this process (sealadm, tests), or sealkeyd (the daemon).
 *
 * Keys come sealed from the store and are used through struct key; what is wrapped never leaves the holder in clear but for the
 * passphrases of OpenPGP keys, which gpg-agent needs. Any thread.
 *
 * errors  ERR_BUSY (sealkeyd or the token cannot be reached now, or a key is over its rate: temporary), ERR_CRYPTO (owner, public key,
 *         master key and what is wrapped do not fit together), ERR_UNSUPPORTED, ERR_CONFIG (the master key's file)
 */
#ifndef TOKEN_HOLDER_H
#define TOKEN_HOLDER_H

#include "base/buf.h"
#include "token/key.h"

struct holder;

/* A private key as the store keeps it. */
struct sealed_key {
    const char *owner;      /* canonical address, "@domain", or "" for the own CA */
    struct span public_key; /* SubjectPublicKeyInfo, DER */
    struct span wrapped;    /* bound to both */
};

/* holder_new_local - the master key is read from this file into this process. */
int holder_new_local(const char *master_path, struct holder **out, struct err *err) SEAL_CHECKED;
/* holder_new_of - the same with a copy of a master key that was read already. */
int holder_new_of(const struct secret *master, struct holder **out, struct err *err) SEAL_CHECKED;
void holder_free(struct holder **holder);

/*
 * holder_open_key - a key to be used for an address.
 *
 * addr  the From address when it signs, the envelope recipient when it decrypts; "" for the own CA. ERR_KEY_UNUSABLE when the key is
 *       another's: its owner is neither addr nor "@" and its domain
 */
int holder_open_key(struct holder *holder, const struct sealed_key *sealed, const char *addr,
                    struct key **out, struct err *err) SEAL_CHECKED;

/* holder_owns - whether a key of this owner is used for this address. */
bool holder_owns(const char *owner, const char *addr);

/* holder_is_fingerprint - of an OpenPGP key, in hex: no private key's subject looks like this. */
bool holder_is_fingerprint(const char *text);

/* holder_open_secret - the passphrase of an OpenPGP key; subject is its fingerprint in hex, and nothing else is opened by this. */
int holder_open_secret(struct holder *holder, const char *owner, const char *fingerprint, struct span wrapped,
                       struct secret *out, struct err *err) SEAL_CHECKED;

/* holder_keep_secret - such a passphrase is wrapped, for holder_open_secret() again; appended. */
int holder_keep_secret(struct holder *holder, const char *owner, const char *fingerprint,
                       const struct secret *secret, struct buf *wrapped_out, struct err *err) SEAL_CHECKED;

/* holder_generate - a new private key of an owner: its SubjectPublicKeyInfo and the wrapped key, both appended. bits: RSA. */
int holder_generate(struct holder *holder, const char *owner, enum key_type type, unsigned bits,
                    struct buf *public_out, struct buf *wrapped_out, struct err *err) SEAL_CHECKED;

#endif
