/*
 * chain - path validation to the site's trust anchors (R45). Anchors come from the store alone, never from a message.
 *
 * OpenSSL's strict validation does the path: signatures, times, basic constraints, path length, key usage, name constraints. Beyond
 * it: every certificate of the path may be used for e-mail, has a key that we use, and is not signed with SHA-1 or MD5 (the anchor's
 * own signature counts for nothing). What RFC 5280 wants of a certificate's form and its section 6 does not ask for is forgiven,
 * since CAs of sites lack it: key identifiers anywhere, and for an anchor the criticality of basicConstraints and a key usage.
 *
 * Revocation is not looked at.
 *
 * source  RFC 5280 6, RFC 8550 4
 */
#ifndef SMIME_CHAIN_H
#define SMIME_CHAIN_H

#include "smime/cert.h"

struct anchors; /* immutable after anchors_new; usable from any thread */

/*
 * anchors_new - trusted: roots, or intermediates that are trusted without their root. What stands here vouches for others: a
 * correspondent's own certificate does not belong here. others: known intermediates. Takes references.
 */
int anchors_new(struct cert *const *trusted, size_t ntrusted, struct cert *const *others, size_t nothers,
                struct anchors **out, struct err *err) SEAL_CHECKED;
void anchors_free(struct anchors **anchors);

enum chain_purpose {
    CHAIN_SIGN,
    CHAIN_ENCRYPT
};

enum chain_answer {
    CHAIN_OK,
    CHAIN_UNTRUSTED, /* no path to an anchor */
    CHAIN_EXPIRED,   /* a certificate of the path is outside its validity at `when` */
    CHAIN_INVALID,   /* constraints, usage, signature, weak digest or key in the path */
};

#define CHAIN_PATH_MAX 10

struct chain_result {
    enum chain_answer answer;
    char why[200]; /* escaped; "" when CHAIN_OK */
    struct cert *path
        [CHAIN_PATH_MAX]; /* leaf first, anchor last when CHAIN_OK, else empty; owned: chain_result_fini */
    size_t npath;
};
void chain_result_fini(struct chain_result *result);

#define CHAIN_EXTRA_MAX 100

/*
 * chain_check - leaf is one certificate; extra are candidates from the message (never trusted; those that are no CA, and those behind
 * the first CHAIN_EXTRA_MAX, are not looked at). when: seconds since 1970. min_rsa_bits holds for every key of the path; 0: no floor.
 *
 * return  0 with *out, or -1 when it could not be found out (ERR_IO, ERR_CRYPTO)
 */
int chain_check(const struct anchors *anchors, struct cert *leaf, struct cert *const *extra, size_t nextra,
                enum chain_purpose purpose, int64_t when, unsigned min_rsa_bits, struct chain_result *out,
                struct err *err) SEAL_CHECKED;

#endif
