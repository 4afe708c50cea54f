/*
 * encrypt - one CMS EnvelopedData or AuthEnvelopedData for a set of recipients.
 *
 * source  RFC 5652 6, RFC 5083, RFC 5753 (ECDH), RFC 8551 3.3
 */
#ifndef SMIME_ENCRYPT_H
#define SMIME_ENCRYPT_H

#include "smime/cert.h"
#include "spool/spool.h"

#define SMIME_RCPT_MAX 1000

enum smime_cipher {
    SMIME_AES256_CBC, /* EnvelopedData; what everybody opens */
    SMIME_AES128_CBC,
    SMIME_AES256_GCM, /* AuthEnvelopedData; for peers known to read it */
};
/* smime_cipher_find - by its name in policy and facts: "aes256-cbc", "aes128-cbc", "aes256-gcm". false: unknown. */
bool smime_cipher_find(const char *name, enum smime_cipher *out);

/*
 * smime_encrypt - RSA recipients by PKCS#1 v1.5, EC recipients by ephemeral-static ECDH with X9.63 KDF over SHA-256 and AES key wrap.
 *
 * entity  one MIME entity, CRLF lines, from its first header octet
 * to      1..SMIME_RCPT_MAX certificates, all RSA or all EC, each accepted by the caller
 * out     receives DER (not base64), appended
 * return  0, or -1 with ERR_LIMIT, ERR_CRYPTO, ERR_KEY_UNUSABLE, ERR_IO
 */
int smime_encrypt(struct span entity, struct cert *const *to, size_t nto, enum smime_cipher cipher,
                  struct spool *out, struct err *err) SEAL_CHECKED;

#endif
