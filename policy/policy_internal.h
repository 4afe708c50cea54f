/*
 * policy_internal - the parsed policy: what parse.c makes, and match.c, decide.c, check.c and print.c read. Private to policy/.
 *
 * A condition or step more is a row in its table in parse_condition.c or parse_step.c, a case in match.c or treat.c, and one in print.c:
 * -Wswitch-enum names them.
 */
#ifndef POLICY_POLICY_INTERNAL_H
#define POLICY_POLICY_INTERNAL_H

#include "model/op.h"
#include "policy/patterns.h"
#include "policy/policy.h"

/* Sets of directions and of methods. */
#define BIT(value) (1u << (value))

enum condition_kind {
    CONDITION_DIRECTION,
    CONDITION_FROM,
    CONDITION_TO,
    CONDITION_KEYWORD,
    CONDITION_SIGNED,
    CONDITION_ENCRYPTED,
    CONDITION_SIZE_OVER,
    CONDITION_SIZE_UNDER,
    CONDITION_HEADER,
    CONDITION_REGISTERED,
};

enum header_test {
    HEADER_PRESENT,
    HEADER_IS,
    HEADER_CONTAINS,
    HEADER_LIKE,
};

enum party {
    PARTY_SENDER,
    PARTY_RECIPIENT,
};

struct condition {
    enum condition_kind kind;
    bool negated;
    unsigned line;
    unsigned set; /* BIT() of directions, methods or parties */
    uint64_t size;
    const char *header;
    enum header_test test;
    const char **values; /* patterns, keywords, texts: any of them */
    size_t nvalues;
    struct patterns *hashed; /* FROM, TO with many values: their numbers; else NULL */
};

enum step_kind {
    STEP_PASS,
    STEP_VERBATIM,
    STEP_SIGN,
    STEP_ENCRYPT,
    STEP_DECRYPT,
    STEP_HARVEST,
    STEP_TAG,
    STEP_REFUSE,
    STEP_CONTINUE,
    STEPS
};

/* What happens when a step cannot be done. */
enum otherwise {
    OTHERWISE_REFUSE,
    OTHERWISE_SKIP,
};

struct step {
    enum step_kind kind;
    enum otherwise otherwise;
    const char *text;             /* of a refusal; NULL: ours */
    enum method methods[METHODS]; /* in order of preference; none: any */
    size_t nmethods;
    enum sign_form form;
    const char *cipher; /* NULL: what suits the recipient */
    unsigned line;
};

struct rule {
    const char *name;
    unsigned line;
    struct condition *conditions; /* all of them must match */
    size_t nconditions;
    struct step *steps;
    size_t nsteps;
};

struct policy {
    struct arena *arena; /* holds everything below */
    const char *path;
    const char **domains; /* patterns */
    size_t ndomains;
    const char **aliases; /* patterns */
    size_t naliases;
    struct keyword *keywords;
    unsigned *keyword_lines;
    size_t nkeywords;
    struct sign_grant *grants;
    size_t ngrants;
    struct rule *rules;
    size_t nrules;
    struct index *index; /* of the rules */
};

/* ---- rule.c ---- */

const struct step *rule_step(const struct rule *rule, enum step_kind kind); /* NULL: has none */
bool rule_continues(const struct rule *rule);
/* rule_directions - BIT()s of the directions in which its conditions can be true. */
unsigned rule_directions(const struct rule *rule);
bool rule_has_keyword(const struct rule *rule); /* some keyword is needed to match it */

/* What this build can do. */
bool method_is_available(enum method method);
/* step_has_method - whether some method that the step allows is available. */
bool step_has_method(const struct step *step);

/* ---- match.c ---- */

/* match_writer - who wrote it: the one mailbox in From; where From is not exactly one, the envelope's sender. */
const char *match_writer(const struct facts *facts);
/*
 * match_condition - whether it holds for a recipient: yes, no, unknown; unasked when *needs got the classes of facts to gather first.
 */
enum answer match_condition(const struct condition *condition, const struct facts *facts, size_t rcpt,
                            unsigned *needs);
/* match_rule - all its conditions. *failed_out is the one that settled an answer other than yes. One "no" outweighs the rest. */
enum answer match_rule(const struct rule *rule, const struct facts *facts, size_t rcpt, unsigned *needs,
                       const struct condition **failed_out);

/* ---- print.c, print_condition.c, print_step.c ---- */

/* print_word - quoted where it could be taken for a word of the language. print_list - with a text between them. */
void print_word(const char *text, struct buf *out);
void print_list(const char *const *values, size_t n, const char *between, struct buf *out);
void print_condition(const struct condition *condition, struct buf *out);
void print_step(const struct step *step, struct buf *out);

#endif
