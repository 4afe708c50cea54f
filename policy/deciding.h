/* deciding - one recipient's decision while it is being made: shared by decide.c and treat*.c. Private to policy/. */
#ifndef POLICY_DECIDING_H
#define POLICY_DECIDING_H

#include "policy/decide.h"
#include "policy/policy_internal.h"

struct deciding {
    const struct policy *policy;
    const struct settings *settings;
    const struct facts *facts;
    struct arena *arena;
    struct trace *trace; /* may be NULL */
    size_t rcpt;
    unsigned needs;            /* classes of facts to gather first; what was decided so far is void then */
    struct decision *decision; /* in the making */
    size_t rules_cap, why_cap;
    const struct step *steps[STEPS]; /* those of the rules that matched which count */
};

/* deciding_take_steps - of a rule that matched: the first of a kind counts, but an encryption that is required outweighs one that is not. */
void deciding_take_steps(struct deciding *d, const struct rule *rule);
/* deciding_settle - not served, unless something heavier is settled already. */
void deciding_settle(struct deciding *d, enum disposition disposition, const char *status, const char *text);
/* deciding_note - a reason for explain and the log; each is kept once. */
void deciding_note(struct deciding *d, const char *fmt, ...) SEAL_PRINTF(2, 3);

/* ---- treat.c ---- */

/* treat - the steps that count become operations, a refusal or a deferral. */
void treat(struct deciding *d);

#endif
