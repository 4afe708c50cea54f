/*
 * wire - what sealkeyd is asked and what it answers: one packet each (SOCK_SEQPACKET), every field with its length, nothing behind.
 *
 * A question says what is meant (this digest, this padding, for this address); there is none for a raw RSA operation, none that gives a
 * private key out. Both sides and the fuzzer use this file; reading is strict: a field too long, an unknown value, an octet too many
 * is ERR_SYNTAX.
 */
#ifndef TOKEN_WIRE_H
#define TOKEN_WIRE_H

#include "base/buf.h"
#include "token/key.h"

#define WIRE_VERSION     1
#define WIRE_MAX         (96u << 10) /* octets of a packet */
#define WIRE_ANSWER_ROOM 8192        /* to be reserved for an answer: a secret in it is never moved then */
#define WIRE_ID_SIZE     32          /* of a key: SHA-256 over owner, public key and what is wrapped */
#define WIRE_DATA_MAX                                                                                        \
    4096 /* hash, wrapped content key, peer's point; signature, content key, shared secret */
#define WIRE_PUBLIC_MAX 8192
#define WIRE_URI_MAX    1024
#define WIRE_ADDR_MAX   320

enum wire_op {
    WIRE_OPEN = 1, /* owner, public_key, wrapped -> nothing: the key is in the cache */
    WIRE_SIGN,     /* id, addr, digest, sign_padding, data (the hash) -> data (the signature) */
    WIRE_DECRYPT,  /* id, addr, wrap_padding, digest (of OAEP), data -> data (the content key) */
    WIRE_DERIVE,   /* id, addr, data (the peer's point) -> data (the shared secret) */
    WIRE_SECRET,   /* owner, subject (a fingerprint in hex), wrapped -> data */
    WIRE_GENERATE, /* owner, type, bits, uri ("": a soft key; else a key on a token: privileged peers) -> public_key, wrapped */
    WIRE_SEAL, /* owner, public_key, uri: a key that is on a token already -> public_key, wrapped; privileged peers */
    WIRE_KEEP,   /* owner, subject (a fingerprint in hex), data (a passphrase) -> wrapped */
    WIRE_STATUS, /* -> data: lines "name value" */
    WIRE_RELOAD, /* -> nothing: who asks next is answered by a worker that has read the master key again; privileged peers */
    WIRE_LOCK, /* uri (of a master key; to the worker: the one of its settings), data (a data key) -> data, public_key (of AES: empty); privileged peers, the worker */
    WIRE_UNLOCK, /* uri, data (what was locked) -> data (the data key); the worker asks it of the token child */
    WIRE_IMPORT, /* owner, public_key, uri (to where a token takes it in), wrapped (a soft key) -> public_key, wrapped; privileged peers */
};

struct wire_question {
    enum wire_op op;
    unsigned char id[WIRE_ID_SIZE];
    struct span addr, owner, subject, public_key, wrapped, data, uri;
    enum digest digest;
    enum sign_padding sign_padding;
    enum wrap_padding wrap_padding;
    enum key_type type;
    unsigned bits;
};

struct wire_answer {
    enum err_code code;  /* 0: it worked; ERR_ABSENT to SIGN, DECRYPT, DERIVE: open the key first */
    struct span message; /* why not */
    struct span data, public_key, wrapped;
};

/* Spans point into the packet. ERR_SYNTAX, ERR_LIMIT. */
int wire_read_question(struct span packet, struct wire_question *out, struct err *err) SEAL_CHECKED;
int wire_read_answer(struct span packet, struct wire_answer *out, struct err *err) SEAL_CHECKED;
/* Appended; ERR_LIMIT when a field is longer than its maximum. */
int wire_write_question(const struct wire_question *question, struct buf *out, struct err *err) SEAL_CHECKED;
int wire_write_answer(const struct wire_answer *answer, struct buf *out, struct err *err) SEAL_CHECKED;

/* wire_key_id - of a sealed key. */
void wire_key_id(struct span owner, struct span public_key, struct span wrapped,
                 unsigned char out[WIRE_ID_SIZE]);

#endif
