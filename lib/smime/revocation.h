/* revocation - what a site's lists say of one certificate. For lib/smime alone; others ask chain.h. */
#ifndef SMIME_REVOCATION_H
#define SMIME_REVOCATION_H

#include "smime/chain.h"

struct revocation {
    enum revocation_mode mode;
    struct crl **crls; /* owned */
    size_t n;
    struct cert *own; /* owned; NULL */
};
void revocation_fini(struct revocation *revocation);

enum revocation_answer {
    REVOCATION_NO,     /* a current list does not name it; or nobody asks */
    REVOCATION_YES,    /* a list names it */
    REVOCATION_UNKNOWN /* no list, or none that is current */
};

struct revocation_finding {
    enum revocation_answer answer;
    int64_t until; /* REVOCATION_NO: when the list is to be replaced; 0: no list was asked */
    char why[200]; /* "" with REVOCATION_NO; escaped but for a cut end */
};

/* revocation_named - whether any list names it, whoever may have signed the certificate. */
bool revocation_named(const struct revocation *revocation, const struct cert *cert,
                      struct revocation_finding *out);
void revocation_check(const struct revocation *revocation, const struct cert *cert, const struct cert *issuer,
                      int64_t now, struct revocation_finding *out);

#endif
