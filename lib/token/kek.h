/*
 * kek - the master key on a token as a key-encryption key, RSA or AES: it locks and unlocks the data keys of records (token/wrap_token.h).
 *
 * Locked data key: name(8) method(1) octets. The name is the kek's, so that one under another is told without trying: the beginning of the
 * SHA-256 of its SubjectPublicKeyInfo; of an AES key, of what it makes of a constant.
 * A kek has undone once what it did, before it does anything. Of the token child. Any thread.
 *
 * source  RFC 8018 B.2 (CBC), RFC 8017 7
 */
#ifndef TOKEN_KEK_H
#define TOKEN_KEK_H

#include "base/buf.h"
#include "token/key.h"

#define KEK_DATA_SIZE 32 /* of a data key */
#define KEK_NAME_SIZE 8
#define KEK_HEAD_SIZE (KEK_NAME_SIZE + 1)
#define KEK_MAX       (KEK_HEAD_SIZE + 2048) /* of what is locked */

enum kek_method {
    KEK_RSA_PKCS1 = 0,
    KEK_RSA_OAEP_SHA256 = 1,
    KEK_RSA_OAEP_SHA1 = 2,
    KEK_AES_CBC =
        3, /* IV(16), two blocks; that nobody changed them proves the record (token/wrap_origin.h) */
};

/* kek_data_key - a new one. */
int kek_data_key(struct secret *out, struct err *err) SEAL_CHECKED;

struct kek;
struct pkcs11;

/*
 * kek_open - the key of a URI: a secret key, or a private one. RSA by the best padding that the token has, OAEP before PKCS#1 v1.5.
 *
 * errors  ERR_ABSENT, ERR_KEY_UNUSABLE (neither RSA nor AES; it may not be used so, can be read in clear, does not undo what it did),
 *         ERR_CONFIG (a key of either kind is called so, and type= does not tell), ERR_UNSUPPORTED, ERR_BUSY, ERR_IO
 */
int kek_open(struct pkcs11 *p11, const char *uri, struct kek **out, struct err *err) SEAL_CHECKED;
/* kek_of_key - the same with an RSA key, of which it takes a reference. */
int kek_of_key(struct key *key, struct kek **out, struct err *err) SEAL_CHECKED;
void kek_free(struct kek **kek);

/* kek_public - the SubjectPublicKeyInfo, DER; empty: AES. Borrowed. */
struct span kek_public(const struct kek *kek);

/* kek_lock - a data key of KEK_DATA_SIZE octets, appended. RSA: the token is not asked. ERR_IO, ERR_BUSY. */
int kek_lock(struct kek *kek, const struct secret *data_key, struct buf *out, struct err *err) SEAL_CHECKED;
/*
 * kek_unlock - it again. With PKCS#1 v1.5 whatever somebody encrypted comes out, in any length (struct key_ops, decrypt).
 *
 * errors  those of above; ERR_CRYPTO (under another kek, changed), ERR_UNSUPPORTED (another method)
 */
int kek_unlock(struct kek *kek, struct span locked, struct secret *out, struct err *err) SEAL_CHECKED;

/* kek_check - that it is locked by the kek of this name: the beginning of what that locked. ERR_CRYPTO. */
int kek_check(const char name[KEK_NAME_SIZE], struct span locked, struct err *err) SEAL_CHECKED;

#endif
