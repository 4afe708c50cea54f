/* cipher - the content ciphers that we read, write and know the names of. */
#ifndef SMIME_CIPHER_H
#define SMIME_CIPHER_H

#include "smime/outline.h"

struct cipher {
    const char *name;   /* "aes256-cbc", as in policy and facts */
    int nid;            /* OpenSSL's number of its object identifier */
    size_t iv_size;     /* octets; GCM: the usual, others are read too */
    bool authenticated; /* GCM: only in AuthEnvelopedData, the others only in EnvelopedData */
    bool weak;
    bool legacy; /* in OpenSSL's legacy provider */
};

/* cipher_by_nid - NULL when it is none of ours. */
const struct cipher *cipher_by_nid(int nid);

/*
 * cipher_of_sealed - by its AlgorithmIdentifier; NULL when it is unknown, its parameters are not of the one form, or it stands in the wrong
 * type: a cipher without a tag in AuthEnvelopedData would pass for authenticated, GCM in EnvelopedData has nobody's tag, and a short tag
 * can be guessed (RFC 5084: 12 to 16 octets).
 */
const struct cipher *cipher_of_sealed(const struct outline *cms, const struct outline_sealed *sealed);

#endif
