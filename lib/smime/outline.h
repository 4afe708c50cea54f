/*
 * outline - where the parts of a CMS object lie, as byte ranges of it. Nothing is copied, OpenSSL is not asked.
 *
 * Every limit on untrusted structure (R33) is checked here, before OpenSSL sees the object.
 *
 * source  RFC 5652 3, 5.1, 6.1; RFC 5083 2.1; RFC 3274 1.1
 */
#ifndef SMIME_OUTLINE_H
#define SMIME_OUTLINE_H

#include "smime/ber.h"
#include "smime/open.h"

/* ContentInfo. */
struct outline {
    enum smime_kind kind;
    struct span type; /* contentType, whole element */
    struct span body; /* contents of the SEQUENCE inside; empty with SMIME_KIND_OTHER */
};

/* outline_parse - ERR_SYNTAX: no CMS; ERR_LIMIT. */
int outline_parse(struct span cms, const struct smime_limits *limits, struct outline *out,
                  struct err *err) SEAL_CHECKED;

/* Identifier of a RecipientInfo that is a KeyAgreeRecipientInfo; key transport is a SEQUENCE. */
#define OUTLINE_AGREEMENT (BER_CONTEXT_CONSTRUCTED | 1)

/* EnvelopedData and AuthEnvelopedData. */
struct outline_sealed {
    struct span version;      /* whole element */
    struct ber recipients;    /* recipientInfos */
    size_t nrecipients;       /* every recipient of a key agreement is one */
    struct span content_type; /* whole element */
    struct span algorithm;    /* content cipher's AlgorithmIdentifier, whole element */
    bool has_content;
    struct ber content;     /* encryptedContent */
    struct span tail;       /* everything behind EncryptedContentInfo */
    struct span auth_attrs; /* AuthEnvelopedData: authAttrs, whole element; empty when there are none */
    struct span mac;        /* AuthEnvelopedData: contents */
};
int outline_sealed(const struct outline *cms, const struct smime_limits *limits, struct outline_sealed *out,
                   struct err *err) SEAL_CHECKED;

struct outline_signed {
    struct span head;         /* version and digestAlgorithms, whole elements */
    struct span content_type; /* whole element */
    bool has_content;
    struct ber content;  /* eContent's OCTET STRING */
    struct span tail;    /* everything behind encapContentInfo */
    struct span certs;   /* contents of certificates; empty when there are none */
    struct span signers; /* contents of signerInfos */
    size_t nsigners;
};
int outline_signed(const struct outline *cms, const struct smime_limits *limits, struct outline_signed *out,
                   struct err *err) SEAL_CHECKED;

/* One SignerInfo. */
struct outline_signer {
    struct span
        kept; /* whole elements up to the signature: without unsignedAttrs, which nobody vouches for */
    struct span digest_algorithm;
    struct span signature_algorithm;
    bool has_attrs;
};
/* outline_signer - takes the next one off the front of signers; ERR_SYNTAX, ERR_LIMIT. Not at the end of them. */
int outline_signer(struct span *signers, struct outline_signer *out, struct err *err) SEAL_CHECKED;

struct outline_compressed {
    struct span algorithm;    /* whole element */
    struct span content_type; /* whole element */
    struct ber content;
};
int outline_compressed(const struct outline *cms, struct outline_compressed *out,
                       struct err *err) SEAL_CHECKED;

#endif
