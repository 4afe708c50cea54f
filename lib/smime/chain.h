/*
 * chain - path validation to the site's trust anchors (R45). Anchors come from the store alone, never from a message.
 *
 * source  RFC 5280 6, RFC 8550 4
 */
#ifndef SMIME_CHAIN_H
#define SMIME_CHAIN_H

#include "smime/cert.h"

struct anchors; /* immutable after anchors_new; usable from any thread */

/* anchors_new - trusted: roots (or pinned intermediates); others: known intermediates. Takes references. */
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

struct chain_result {
    enum chain_answer answer;
    char why[200];         /* escaped */
    struct cert *path[10]; /* leaf first, anchor last when CHAIN_OK; owned: chain_result_fini */
    size_t npath;
};
void chain_result_fini(struct chain_result *result);

/* chain_check - leaf is one certificate; extra are candidates from the message (never trusted). when: seconds since 1970. -1 only when
 * it could not be found out. */
int chain_check(const struct anchors *anchors, struct cert *leaf, struct cert *const *extra, size_t nextra,
                enum chain_purpose purpose, int64_t when, unsigned min_rsa_bits, struct chain_result *out,
                struct err *err) SEAL_CHECKED;

#endif
