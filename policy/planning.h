/* planning - a plan while it is being made: shared by make_plan.c, plan_*.c. Private to policy/. */
#ifndef POLICY_PLANNING_H
#define POLICY_PLANNING_H

#include "policy/make_plan.h"

/* What is done for a recipient. */
struct op_list {
    const struct op *ops;
    size_t n;
};

/* One that is to be given out: to a recipient, or on a recipient's account to somebody else besides. */
struct share {
    size_t rcpt;
    const char *to; /* NULL: the recipient himself */
    bool extra;
    const struct op *ops;
    size_t nops;
    struct op_list list; /* of them, what is done in the end */
    size_t group;        /* NO_GROUP: nothing goes out on this account */
};
#define NO_GROUP SIZE_MAX

/* Those who share a copy, in the envelope's order. */
struct group {
    const char
        *key;     /* where it goes, the operations as text, and for a hidden recipient's copy who it is for */
    size_t first; /* share */
    size_t n;
    bool only_hygiene;
    bool encrypted;
    bool hidden;
};

struct planning {
    const struct settings *settings;
    const struct facts *facts;
    const struct decision *decisions;
    struct arena *arena;
    struct plan *plan;
    struct share *shares;
    size_t nshares;
    size_t hidden; /* recipients of encrypted copies who are hidden */
    struct group *groups;
    size_t ngroups, groups_cap, notices_cap;
};

bool op_list_has(const struct op_list *list, enum op_kind kind);

/* plan_group - everybody who gets something into groups; false when there are more than max-copies. */
bool plan_group(struct planning *p);
/*
 * plan_leaves_undone - whether this recipient gets the message as it came, in place, and nobody hears of it: his rules asked about the inside of
 * ciphertext, and without an injection listener a deferral would tell the sender what they found.
 */
bool plan_leaves_undone(const struct planning *p, size_t rcpt);
/* plan_reply - status and text for the disposition that the plan has, naming whom it is about. */
void plan_reply(struct planning *p);
/* plan_notices - who is told of what: one for all recipients that a rule says it of. */
void plan_notices(struct planning *p);

#endif
