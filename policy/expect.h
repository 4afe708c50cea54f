/*
 * expect - a site's own table of expectations: messages as facts, and what the policy is to make of them. Pure.
 *
 * The format is that of seal-policy(5), TESTING. A table is read against a policy, since groups, keywords and directions are its.
 */
#ifndef POLICY_EXPECT_H
#define POLICY_EXPECT_H

#include "policy/decide.h"

struct expect_test;

struct expect_table {
    const char *path;
    struct expect_test *tests;
    size_t n;
};

/* expect_parse - everything in arena. ERR_CONFIG "file:line:column: found .., expected ..". */
int expect_parse(const char *path, struct span text, const struct policy *policy,
                 const struct settings *settings, struct arena *arena, struct expect_table *out,
                 struct err *err) SEAL_CHECKED;

/* expect_run - appends a line "error: file:line:column: .." for each expectation that fails; *failed_out is how many. */
int expect_run(const struct expect_table *table, const struct policy *policy, const struct settings *settings,
               struct buf *out, size_t *failed_out, struct err *err) SEAL_CHECKED;

/* What became of a message: for showing it. */
struct expect_result {
    const struct facts *facts;
    const struct decision *decisions;
};
/* expect_decide - the decisions of one test, in arena. trace may be NULL. */
int expect_decide(const struct expect_table *table, size_t test, const struct policy *policy,
                  const struct settings *settings, struct arena *arena, struct trace *trace,
                  struct expect_result *out, struct err *err) SEAL_CHECKED;

#endif
