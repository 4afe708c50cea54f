/* planning - a plan while it is being made: shared by make_plan.c, plan_groups.c and plan_reply.c. Private to policy/. */
#ifndef POLICY_PLANNING_H
#define POLICY_PLANNING_H

#include "policy/make_plan.h"

/* Recipients who share a copy, in the envelope's order. */
struct group {
    const char *key; /* the operations as text, and for a hidden recipient's copy who it is for */
    size_t first;    /* recipient */
    size_t n;
    bool only_hygiene;
    bool encrypted;
};

/* What is done for a recipient. */
struct op_list {
    const struct op *ops;
    size_t n;
};

struct planning {
    const struct settings *settings;
    const struct facts *facts;
    const struct decision *decisions;
    struct arena *arena;
    struct plan *plan;
    struct op_list *lists; /* each recipient's */
    size_t hidden;         /* recipients of encrypted copies who are hidden */
    struct group *groups;
    size_t ngroups, groups_cap;
    size_t *group_of; /* each recipient's; SIZE_MAX: none */
};

bool op_list_has(const struct op_list *list, enum op_kind kind);

/* plan_group - everybody who is served into groups; false when there are more than max-copies. */
bool plan_group(struct planning *p);
/* plan_reply - status and text for the disposition that the plan has, naming whom it is about. */
void plan_reply(struct planning *p);

#endif
