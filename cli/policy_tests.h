/* policy_tests - the site's table of expectations, which lies beside the policy: policy.conf has policy.tests. */
#ifndef CLI_POLICY_TESTS_H
#define CLI_POLICY_TESTS_H

#include "cli/cli.h"
#include "policy/policy.h"

/* policy_tests_path - of a policy's file. */
const char *policy_tests_path(struct cli *cli, const char *policy_path);

/* policy_tests_read - ERR_ABSENT when there is no table, ERR_CONFIG when it is no regular file. */
int policy_tests_read(const char *path, struct buf *out, struct err *err) SEAL_CHECKED;

/* policy_tests_run - says what fails, in cli->out. ERR_CONFIG when something does, or the table cannot be read. n_out: tests that there are. */
int policy_tests_run(struct cli *cli, const struct policy *policy, const char *path, struct span text,
                     size_t *n_out, struct err *err) SEAL_CHECKED;

#endif
