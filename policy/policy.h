/*
 * policy - the rules, parsed: an immutable value that any number of threads may read.
 *
 * The language is that of seal-policy(5). Pure: no I/O, no clock, no foreign library. A policy that cannot be read whole is
 * refused whole; an administrator's typing error never disables encryption.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/facts.h"

struct policy;

/* A way in which a submitter can say a keyword. */
struct keyword {
    const char *name;         /* "plain" */
    const char *subject;      /* text in the Subject, or NULL */
    const char *header;       /* name of a header field, or NULL */
    const char *header_value; /* what it must be, any case */
};

/* Who may sign in whose name (R49). */
struct sign_grant {
    enum submitter submitter;
    const char *who;        /* login, certificate subject or network; NULL: every one of the class */
    const char **for_addrs; /* address patterns, see addr_matches() */
    size_t nfor;
};

/* policy_parse - ERR_CONFIG with "file:line:column: found .., expected ..". The policy owns a copy of everything. */
int policy_parse(const char *path, struct span text, struct policy **out, struct err *err) SEAL_CHECKED;
void policy_free(struct policy **policy);

/* policy_check - what a careful colleague would find in a policy that parses: appends one line each, "error: .." or
 * "warning: .."; returns the number of errors. policy_parse alone does not make a policy fit for use. */
size_t policy_check(const struct policy *policy, struct buf *out);

/* What the gate needs to know of it, borrowed. */
const char *const *policy_domains(const struct policy *policy, size_t *n_out);
bool policy_is_ours(const struct policy *policy,
                    const char *addr); /* "our domains", but not an external alias */
bool policy_is_external_alias(const struct policy *policy, const char *addr);
const struct keyword *policy_keywords(const struct policy *policy, size_t *n_out);
const struct sign_grant *policy_grants(const struct policy *policy, size_t *n_out);

/* policy_print - the policy again, in canonical layout. */
void policy_print(const struct policy *policy, struct buf *out);

#endif
