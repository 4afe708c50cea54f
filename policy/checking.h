/* checking - a policy while it is being checked: shared by check*.c. Private to policy/. */
#ifndef POLICY_CHECKING_H
#define POLICY_CHECKING_H

#include "policy/implies.h"

struct finding {
    unsigned line; /* 0: of the policy as a whole */
    size_t number;
    const char *what; /* "error", "warning" */
    const char *text;
};

struct checking {
    const struct policy *policy;
    struct arena *arena;
    struct finding *findings; /* printed in the order of their lines */
    size_t n, cap;
    size_t errors;
};

void check_error(struct checking *c, unsigned line, const char *fmt, ...) SEAL_PRINTF(3, 4);
void check_warning(struct checking *c, unsigned line, const char *fmt, ...) SEAL_PRINTF(3, 4);

/* check_words - keywords and groups: every one that is used is defined, and the other way round. */
void check_words(struct checking *c);
/* check_rule - what is wrong with a rule whatever stands beside it. */
void check_rule(struct checking *c, const struct rule *rule);
/* check_directions - what a rule asks for or does that mail of its directions never has. */
void check_directions(struct checking *c, const struct rule *rule);
/* check_rules - rules among each other: which one takes mail away from another. */
void check_rules(struct checking *c);

/* check_oracle - no rule answers outward on what is inside ciphertext. */
void check_oracle(struct checking *c);
/* check_leaks - what must be protected, or was, leaves in clear by a copy, or is held. */
void check_leaks(struct checking *c);

/* check_condition_text, check_step_text - as it is written, cut where it is long. */
const char *check_condition_text(struct checking *c, const struct condition *condition);
const char *check_step_text(struct checking *c, const struct step *step);

bool check_requires_encryption(const struct rule *rule);

#endif
