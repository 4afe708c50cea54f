/*
 * chain - path validation to the site's trust anchors (R45). Anchors come from the store alone, never from a message.
 *
 * OpenSSL's strict validation does the path: signatures, times, basic constraints, path length, key usage, name constraints. Beyond
 * it: every certificate of the path may be used for e-mail, has a key that we use, and is not signed with SHA-1 or MD5 (the anchor's
 * own signature counts for nothing). What RFC 5280 wants of a certificate's form and its section 6 does not ask for is forgiven,
 * since CAs of sites lack it: key identifiers anywhere, and for an anchor the criticality of basicConstraints and a key usage.
 *
 * Revocation: by the lists that the site holds, after the path is found. A certificate that any list of its issuer names is revoked,
 * whenever that was and however old the list is; anchors are nobody's to revoke.
 *
 * source  RFC 5280 6, RFC 8550 4
 */
#ifndef SMIME_CHAIN_H
#define SMIME_CHAIN_H

#include "smime/crl.h"

struct anchors; /* immutable after anchors_new; usable from any thread */

/*
 * anchors_new - trusted: roots, or intermediates that are trusted without their root. What stands here vouches for others: a
 * correspondent's own certificate does not belong here. others: known intermediates. Takes references.
 */
int anchors_new(struct cert *const *trusted, size_t ntrusted, struct cert *const *others, size_t nothers,
                struct anchors **out, struct err *err) SEAL_CHECKED;
void anchors_free(struct anchors **anchors);

enum revocation_mode {
    REVOCATION_OFF,
    REVOCATION_SOFT, /* a list that is missing or outdated is noted */
    REVOCATION_HARD  /* .. and makes the certificate CHAIN_UNCHECKED */
};
/*
 * anchors_set_revocation - once, before other threads see the anchors; without it revocation is off. crls: the array (malloc) and the
 * lists are taken over. own: NULL, or the site's own authority, which issues no lists.
 */
void anchors_set_revocation(struct anchors *anchors, enum revocation_mode mode, struct crl **crls, size_t n,
                            struct cert *own);

enum chain_purpose {
    CHAIN_SIGN,
    CHAIN_ENCRYPT
};

enum chain_answer {
    CHAIN_OK,
    CHAIN_UNTRUSTED, /* no path to an anchor */
    CHAIN_EXPIRED,   /* a certificate of the path is outside its validity at `when` */
    CHAIN_INVALID,   /* constraints, usage, signature, weak digest or key in the path */
    CHAIN_REVOKED,   /* a list names a certificate of the path */
    CHAIN_UNCHECKED, /* REVOCATION_HARD, and no current list for a certificate of the path */
};

#define CHAIN_PATH_MAX 10

struct chain_result {
    enum chain_answer answer;
    char why[200];  /* escaped; "" when CHAIN_OK */
    char note[200]; /* with CHAIN_OK: which list is missing or outdated, where the site has lists; else "" */
    int64_t until;  /* when a list that the answer rests on is to be replaced; 0: it rests on none */
    struct cert *path
        [CHAIN_PATH_MAX]; /* leaf first, anchor last when CHAIN_OK, else empty; owned: chain_result_fini */
    size_t npath;
};
void chain_result_fini(struct chain_result *result);

#define CHAIN_EXTRA_MAX 100

/* What is asked of a path. */
struct chain_terms {
    enum chain_purpose purpose;
    int64_t when;          /* seconds since 1970: the path must be valid then */
    int64_t now;           /* lists must be current now */
    unsigned min_rsa_bits; /* of every key of the path; 0: no floor */
};

/*
 * chain_check - leaf is one certificate; extra are candidates from the message (never trusted; those that are no CA, and those behind
 * the first CHAIN_EXTRA_MAX, are not looked at).
 *
 * return  0 with *out, or -1 when it could not be found out (ERR_IO, ERR_CRYPTO)
 */
int chain_check(const struct anchors *anchors, struct cert *leaf, struct cert *const *extra, size_t nextra,
                const struct chain_terms *terms, struct chain_result *out, struct err *err) SEAL_CHECKED;

/* chain_is_revoked - for a certificate that is trusted without a path: whether a list names it. out: answer and why. */
bool chain_is_revoked(const struct anchors *anchors, const struct cert *cert, struct chain_result *out);

#endif
