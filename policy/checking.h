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

    /* check_pairs.c: of the rule that is being compared */
    const struct rule *comparing;
    size_t comparing_values, compare_left;
    const struct rule *first_cut, *last_cut; /* rules that were not compared with all others */
    size_t ncut;
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

#define COMPARED_MAX   2000000 /* pairs of rules, so far as it is shared out: in a second or so */
#define COMPARED_FLOOR 100     /* rules with which each is compared in any case */

/* check_share - with how many rules of a few values each is compared, of those that are looked for in one way. */
size_t check_share(const struct checking *c);
/* check_excludes - rule_excludes() for a rule and one after the other of the rest; also true where there are too many, which check_pairs_end() tells. */
bool check_excludes(struct checking *c, const struct rule *rule, const struct rule *other);
void check_pairs_end(struct checking *c);

/* check_oracle - no rule answers outward on what is inside ciphertext. */
void check_oracle(struct checking *c);
/* check_leaks - what must be protected, or was, leaves in clear by a copy, or is held. */
void check_leaks(struct checking *c);

/* check_condition_text, check_step_text - as it is written, cut where it is long. */
const char *check_condition_text(struct checking *c, const struct condition *condition);
const char *check_step_text(struct checking *c, const struct step *step);

bool check_requires_encryption(const struct rule *rule);

#endif
