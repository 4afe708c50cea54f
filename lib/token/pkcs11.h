/*
 * pkcs11 - private keys on tokens: an HSM performs the operation.
 *
 * The modules are called directly (Cryptoki 2.40): libp11 and OpenSSL's engine on top of it wait for ever for a session of a token that is
 * away, log in again by themselves with a PIN that may be wrong by now, and do not tell a token's failure from a wrong padding.
 * One process owns a token (two that start at once disturb each other in some modules), and it does not get a token back that was
 * away: ERR_IO from any call means that this process is to end and be started anew. Only sealkeyd's token child opens this. Any thread.
 */
#ifndef TOKEN_PKCS11_H
#define TOKEN_PKCS11_H

#include "base/buf.h"
#include "token/key.h"

#include <time.h>

struct pkcs11;

/*
 * A PIN that a token refused is not tried again: three of them lock most tokens. The mark lies in memory that the next process of this kind
 * inherits (MAP_SHARED), zeroed at first; it is void once the file is another one.
 */
struct pkcs11_refused {
    bool is_set;
    uint64_t device, inode, size;
    struct timespec modified, changed;
};

struct pkcs11_pin {
    const char *token;          /* its label */
    const char *path;           /* of a file that its owner alone may read (one line); NULL: asked says it */
    const struct secret *asked; /* typed at the terminal; NULL: path */
    struct pkcs11_refused *refused;
};

struct pkcs11_conf {
    const char *const *modules; /* the PKCS#11 libraries' files */
    size_t nmodules;
    unsigned start_ms; /* in which a module that is well has started */
    const struct pkcs11_pin *pins;
    size_t npins;
};

/*
 * pkcs11_open - load the modules; conf is borrowed. ERR_CONFIG, ERR_IO (none can be started). No PIN is tried before a key is asked for.
 *
 * A module that cannot be started now, or not in time, is nothing to the tokens of others; one that is late is used when it is ready.
 * pkcs11_away() says what is wrong with the first such module; ERR_NONE: all were started.
 */
int pkcs11_open(const struct pkcs11_conf *conf, struct pkcs11 **out, struct err *err) SEAL_CHECKED;
struct err pkcs11_away(struct pkcs11 *p11);
/* pkcs11_is_starting - a module is late and not given up: another process would have to begin with it anew. */
bool pkcs11_is_starting(struct pkcs11 *p11);
void pkcs11_close(struct pkcs11 **p11); /* after every key of it was freed; waits for a module that is late */

/* pkcs11_report - lines "name value" for doctor, appended: modules with their versions, or why one is away; tokens, what each can do. */
void pkcs11_report(struct pkcs11 *p11, struct buf *out);

/*
 * pkcs11_key - a key by its URI (RFC 7512: token and object or id; no PIN in it).
 *
 * public_key  what the token's key must have; empty: take what the token says
 * errors  ERR_IO (token away: temporary for the message), ERR_BUSY (it may be of a module that is not started), ERR_ABSENT (no such key), ERR_KEY_UNUSABLE (another key, or an object that is no
 *         private key), ERR_CONFIG (no PIN, wrong PIN), ERR_SYNTAX (URI), ERR_UNSUPPORTED
 */
int pkcs11_key(struct pkcs11 *p11, const char *uri, struct span public_key, struct key **out,
               struct err *err) SEAL_CHECKED;

/*
 * pkcs11_generate - a new key pair on the token, not extractable; its SubjectPublicKeyInfo appended. The URI names token and object.
 * ERR_EXISTS when the token has any object of that name or id.
 */
int pkcs11_generate(struct pkcs11 *p11, const char *uri, enum key_type type, unsigned bits,
                    struct buf *public_out, struct err *err) SEAL_CHECKED;

/*
 * pkcs11_import - a key pair from a PKCS#8, as objects of the token that it does not give out; its SubjectPublicKeyInfo appended. It has
 * signed once then. One that was begun before is completed.
 *
 * errors  ERR_UNSUPPORTED (the token takes none in), ERR_EXISTS, ERR_KEY_UNUSABLE (another key is called so); and those of pkcs11_key()
 */
int pkcs11_import(struct pkcs11 *p11, const char *uri, const struct secret *pkcs8, struct buf *public_out,
                  struct err *err) SEAL_CHECKED;

#endif
