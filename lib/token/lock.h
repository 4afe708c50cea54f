/*
 * lock - data keys under a master key on a token, which is an RSA or an AES key: the token child's part of token/wrap_token.h.
 *
 * Locked data key: name(8) method(1) octets. The name is the master key's, so that one under another is told without trying: the beginning of
 * the SHA-256 of its SubjectPublicKeyInfo; of an AES key, of what it makes of a constant.
 * What was locked has been unlocked once before it is given back: a token that does not undo what it did locks nothing.
 */
#ifndef TOKEN_LOCK_H
#define TOKEN_LOCK_H

#include "base/buf.h"
#include "token/key.h"

struct pkcs11;

#define LOCK_KEY_SIZE  32 /* of a data key */
#define LOCK_NAME_SIZE 8
#define LOCK_HEAD_SIZE (LOCK_NAME_SIZE + 1)
#define LOCK_MAX       (LOCK_HEAD_SIZE + 2048)

enum lock_method {
    LOCK_RSA_PKCS1 = 0,
    LOCK_RSA_OAEP_SHA256 = 1,
    LOCK_RSA_OAEP_SHA1 = 2,
    LOCK_AES_CBC =
        3, /* IV(16), two blocks; that nobody changed them proves the record (token/wrap_origin.h) */
};

/*
 * lock_rsa, lock_aes - appended to out, by the best padding that the token has: OAEP before PKCS#1 v1.5.
 *
 * errors  ERR_KEY_UNUSABLE (neither RSA nor AES; it may not be used so), ERR_UNSUPPORTED, ERR_BUSY, ERR_IO; lock_aes: those of pkcs11_key();
 *         ERR_ABSENT when the URI is not that of a secret key
 */
int lock_rsa(struct key *master, const struct secret *data_key, struct buf *out,
             struct err *err) SEAL_CHECKED;
int lock_aes(struct pkcs11 *p11, const char *uri, const struct secret *data_key, struct buf *out,
             struct err *err) SEAL_CHECKED;

/*
 * unlock_rsa, unlock_aes - the data key again.
 *
 * RSA: with PKCS#1 v1.5 whatever somebody encrypted comes out, in any length (struct key_ops, decrypt).
 * errors  those of above; ERR_CRYPTO (under another key, changed), ERR_UNSUPPORTED (another method)
 */
int unlock_rsa(struct key *master, struct span locked, struct secret *out, struct err *err) SEAL_CHECKED;
int unlock_aes(struct pkcs11 *p11, const char *uri, struct span locked, struct secret *out,
               struct err *err) SEAL_CHECKED;

/* ---- what both share ---- */

void lock_name(struct span what, char out[LOCK_NAME_SIZE]);
/* lock_head - appended. */
void lock_head(const char name[LOCK_NAME_SIZE], enum lock_method method, struct buf *out);
/* lock_check - that it is under the key of this name; ERR_CRYPTO. */
int lock_check(const char name[LOCK_NAME_SIZE], struct span locked, struct err *err) SEAL_CHECKED;
/* lock_check_back - that this is what was locked; ERR_KEY_UNUSABLE. */
int lock_check_back(const struct secret *data_key, const struct secret *back, struct err *err) SEAL_CHECKED;

#endif
