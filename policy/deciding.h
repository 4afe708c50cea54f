/* deciding - one recipient's decision while it is being made: shared by decide.c and treat*.c. Private to policy/. */
#ifndef POLICY_DECIDING_H
#define POLICY_DECIDING_H

#include "policy/decide.h"
#include "policy/policy_internal.h"

/* A step of a rule that matched, of a kind of which all count. */
struct taken {
    const struct step *step;
    const struct rule *rule;
    size_t at;   /* position among all steps of the rules that matched */
    bool inside; /* the rule was reached only after what is inside ciphertext was asked for */
};

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
    size_t at[STEPS];                /* position of the first of the kind */
    size_t nsteps;                   /* of the rules that matched, so far */
    struct taken *taken;
    size_t ntaken, taken_cap;
};

/* deciding_settle - not served, unless something heavier is settled already. */
void deciding_settle(struct deciding *d, enum disposition disposition, const char *status, const char *text);
/* deciding_note - a reason for explain and the log; each is kept once. */
void deciding_note(struct deciding *d, const char *fmt, ...) SEAL_PRINTF(2, 3);

/* ---- treat.c ---- */

/* treat - the steps that count become operations, a refusal or a deferral. */
void treat(struct deciding *d);
/* treat_as_it_came - served with nothing but hygiene, as are the further copies. */
void treat_as_it_came(struct deciding *d);
/* treat_others - who gets it instead, and who is told. */
void treat_others(struct deciding *d);

#endif
