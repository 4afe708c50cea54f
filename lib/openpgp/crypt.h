/*
 * crypt - the four verbs, on bytes: what is signed or encrypted is a MIME entity; armour and MIME around it are xform's.
 *
 * source  RFC 3156, RFC 9580
 */
#ifndef OPENPGP_CRYPT_H
#define OPENPGP_CRYPT_H

#include "model/facts.h"
#include "openpgp/engine.h"
#include "openpgp/key.h"
#include "openpgp/packet.h"

/* A key of ours. */
struct pgp_own {
    const char *fingerprint;         /* of the primary key */
    struct span key;                 /* its public part */
    const struct secret *passphrase; /* of the agent's key file; NULL: none */
};

enum pgp_visibility {
    PGP_NAMED,  /* session keys name their recipients' subkeys */
    PGP_HIDDEN, /* none is named (throw-keyids) */
};

#define PGP_MICALG_SIZE 32

/*
 * pgp_sign - a detached signature in binary mode over the entity, SHA-256 or longer.
 *
 * micalg_out  "pgp-sha256" ..
 * return      0, or -1 with ERR_KEY_UNUSABLE, ERR_CRYPTO, ERR_BUSY, ERR_IO, ERR_LIMIT
 */
int pgp_sign(struct pgp_engine *engine, struct span entity, const struct pgp_own *own, struct spool *out,
             char micalg_out[PGP_MICALG_SIZE], struct err *err) SEAL_CHECKED;

/*
 * pgp_encrypt - to keys (public, binary), and signed by own in the same run when own is not NULL. AES-256, with integrity protection, no
 * compression.
 *
 * out     open spool; sealed when it comes back with 0
 * return  0, or -1 as pgp_sign, and with ERR_CONFIG: gpg encrypted to a key that it was not given
 */
int pgp_encrypt(struct pgp_engine *engine, struct span entity, const struct span *keys, size_t nkeys,
                enum pgp_visibility visibility, const struct pgp_own *own, struct spool *out,
                struct err *err) SEAL_CHECKED;

struct pgp_verified {
    /* NONE, GOOD, WEAK (digest or key below the floors), BAD, UNTRUSTED (made by a key that is not among the signers'), UNSUPPORTED;
     * of several signatures the worst. Whether the signer is who From says is the gate's judgement. */
    enum signature signature;
    char why[256];
    char fingerprint[PGP_FPR_SIZE]; /* of the signer's primary key; "": not among the signers' */
    char keyid[PGP_KEYID_SIZE];     /* of whoever signed, as the signature says */
    int64_t signing_time;
};

struct pgp_floors {
    unsigned min_rsa_bits; /* 2048 */
};

/* pgp_verify - a detached signature over content, by one of the signers' keys (public, binary). return 0, or -1: could not be found out. */
int pgp_verify(struct pgp_engine *engine, struct span signature, struct span content,
               const struct span *signers, size_t nsigners, const struct pgp_floors *floors,
               struct pgp_verified *out, struct err *err) SEAL_CHECKED;

enum pgp_opened {
    PGP_OPENED,        /* content is in out; gpg ended well, integrity was checked */
    PGP_OPENED_WEAKLY, /* likewise, and the cipher is below our floor: neither AES, Twofish nor Camellia */
    PGP_NOT_OPENED,    /* any failure that depends on key or ciphertext: one answer for all */
};
/*
 * pgp_decrypt - with keys of ours and nothing else, and verify the signature inside by the signers' keys: one run of gpg.
 *
 * message  binary packets that pgp_look calls encrypted and supported
 * out      open spool; content is in it only when it was opened: the caller frees it unread otherwise (R15)
 * return   0 with *result_out and *verified_out, or -1 when it could not be tried (ERR_BUSY, ERR_IO, ERR_DISK_FULL)
 */
int pgp_decrypt(struct pgp_engine *engine, struct span message, const struct pgp_own *own, size_t nown,
                const struct span *signers, size_t nsigners, const struct pgp_floors *floors,
                struct spool *out, enum pgp_opened *result_out, struct pgp_verified *verified_out,
                struct err *err) SEAL_CHECKED;

#endif
