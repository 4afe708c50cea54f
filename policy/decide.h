/*
 * decide - rules x facts, for each recipient; no I/O, no clock: step 4.
 *
 * First match wins for each recipient; `continue` goes on. A condition or step that needs a class of facts which was not gathered
 * stops the whole: the caller gathers that class for all recipients and calls again. Same facts, same decisions.
 * A condition whose answer is "could not find out" makes the recipient tempfail.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "conf/settings.h"
#include "model/decision.h"
#include "policy/policy.h"

/* One line of "which rules were tried": for explain. */
struct trace_line {
    size_t rcpt;
    const char *rule;
    enum answer matched;
    const char *condition; /* the one that failed or could not be found out; NULL when it matched */
};
struct trace {
    struct trace_line *lines;
    size_t n, cap;
};

/*
 * decide - a decision for every recipient, in arena.
 *
 * trace   NULL, or filled for every rule tried
 * return  0: decisions_out holds facts->nrcpts decisions; > 0: the classes of facts (bits) that are needed first;
 *         -1 with ERR_LIMIT, ERR_BUG
 */
int decide(const struct policy *policy, const struct settings *settings, const struct facts *facts,
           struct arena *arena, struct trace *trace, struct decision **decisions_out,
           struct err *err) SEAL_CHECKED;

#endif
