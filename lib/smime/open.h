/*
 * open - what a CMS object is, for whom it is encrypted, and opening it with one key.
 *
 * Reading the outside (smime_look) uses no private key, so policy may act on its result. Results of smime_decrypt must never
 * show outward (R17).
 *
 * source  RFC 5652 3, 6, RFC 5083, RFC 3274 (CompressedData)
 */
#ifndef SMIME_OPEN_H
#define SMIME_OPEN_H

#include "smime/cert.h"
#include "spool/spool.h"

enum smime_kind {
    SMIME_KIND_NONE, /* no CMS at all (also: empty, truncated, trailing octets) */
    SMIME_KIND_SIGNED,
    SMIME_KIND_ENVELOPED,
    SMIME_KIND_AUTH_ENVELOPED,
    SMIME_KIND_COMPRESSED,
    SMIME_KIND_OTHER, /* a ContentInfo of a type that we do not read */
};

struct smime_limits {
    size_t recipients_max; /* 1000 */
    size_t signers_max;    /* 20 */
    size_t certs_max;      /* 100 */
    size_t asn1_depth_max; /* 64 */
    size_t output_max;     /* octets of decrypted or decompressed content */
};
#define SMIME_LIMITS_DEFAULT                                                                                 \
    {                                                                                                        \
        1000, 20, 100, 64, 256u << 20                                                                        \
    }

struct smime_outside {
    enum smime_kind kind;
    bool supported;     /* the content cipher and at least one recipient's key management are readable */
    const char *cipher; /* "aes256-cbc", "3des-cbc", OID as text when unknown */
    bool authenticated; /* the content cipher authenticates (GCM) */
    bool weak;          /* 3DES, RC2, DES */
    size_t nrecipients;
    const char *why; /* with NONE and OTHER */
};

/*
 * smime_look - structure only; strict BER walk with limits before OpenSSL sees it. What is malformed is SMIME_KIND_NONE.
 *
 * return  0, or -1 with ERR_LIMIT
 */
int smime_look(struct arena *arena, struct span cms, const struct smime_limits *limits,
               struct smime_outside *out, struct err *err) SEAL_CHECKED;

/*
 * smime_names - which of these certificates the object is encrypted for; sets named_out[i]. A malformed object names nobody.
 *
 * return  0, or -1 with ERR_LIMIT, ERR_IO (no memory)
 */
int smime_names(struct span cms, const struct smime_limits *limits, struct cert *const *certs, size_t n,
                bool *named_out, struct err *err) SEAL_CHECKED;

enum smime_opened {
    SMIME_OPENED,     /* content is in out; trustworthy only if outside.authenticated */
    SMIME_NOT_OPENED, /* any failure that depends on key or ciphertext: one answer for all of them */
    SMIME_CANNOT,     /* algorithm or structure not supported; known without a key, and none was used */
};

/*
 * smime_decrypt - with one certificate and its key (always both: RFC 5652's "million message" defence, R18).
 *
 * Ciphertext longer than limits.output_max is refused before the key is used (ERR_LIMIT); an `out` that takes less than that ends in
 * SMIME_NOT_OPENED, as does a certificate that the object does not name.
 *
 * out     open spool. The content is in it only with SMIME_OPENED; with every other result it holds octets that nobody vouches
 *         for (GCM: decrypted before the tag could be checked), and the caller frees it unread.
 * return  0 with *result_out, or -1 when it could not be tried: ERR_IO, ERR_DISK_FULL; ERR_BUSY, ERR_CONFIG (who holds the key does not
 *         answer, whatever the message); ERR_LIMIT
 */
int smime_decrypt(struct span cms, const struct smime_limits *limits, struct cert *cert, struct key *key,
                  struct spool *out, enum smime_opened *result_out, struct err *err) SEAL_CHECKED;

/* smime_decompress - CompressedData, up to limits.output_max (R33). ERR_LIMIT, ERR_SYNTAX. */
int smime_decompress(struct span cms, const struct smime_limits *limits, struct spool *out,
                     struct err *err) SEAL_CHECKED;

#endif
