/*
 * pkcs11 - private keys on a token: an HSM performs the operation.
 *
 * One process owns a token (two that start at once disturb each other in some modules), and libp11 keeps a dead handle after a token was
 * away: ERR_IO from any call means that this process is to end and be started anew. Only sealkeyd's token child opens this.
 */
#ifndef TOKEN_PKCS11_H
#define TOKEN_PKCS11_H

#include "base/buf.h"
#include "token/key.h"

struct pkcs11;

struct pkcs11_pin {
    const char *token; /* its label */
    const char *path;  /* of a file that its owner alone may read */
};

struct pkcs11_conf {
    const char *module; /* the PKCS#11 library's file */
    const struct pkcs11_pin *pins;
    size_t npins;
};

/* pkcs11_open - load the module. A wrong PIN is tried once and never again by this process: it could lock the token. */
int pkcs11_open(const struct pkcs11_conf *conf, struct pkcs11 **out, struct err *err) SEAL_CHECKED;
void pkcs11_close(struct pkcs11 **p11);

/*
 * pkcs11_key - a key by its URI (RFC 7512: token and object or id; no PIN in it).
 *
 * public_key  what the token's key must have; empty: take what the token says
 * errors  ERR_IO (token away: temporary for the message), ERR_ABSENT (no such key), ERR_KEY_UNUSABLE (another key, or not usable for what it is
 *         there for), ERR_CONFIG (no PIN, wrong PIN), ERR_SYNTAX (URI)
 */
int pkcs11_key(struct pkcs11 *p11, const char *uri, struct span public_key, struct key **out,
               struct err *err) SEAL_CHECKED;

/* pkcs11_generate - a new key pair on the token, not extractable; its SubjectPublicKeyInfo appended. The URI names token and object. */
int pkcs11_generate(struct pkcs11 *p11, const char *uri, enum key_type type, unsigned bits,
                    struct buf *public_out, struct err *err) SEAL_CHECKED;

#endif
