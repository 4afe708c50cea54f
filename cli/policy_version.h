/* policy_version - earlier policies, by the numbers that the store gave them. */
#ifndef CLI_POLICY_VERSION_H
#define CLI_POLICY_VERSION_H

#include "cli/cli.h"

/* policy_version_parse - an operand; ERR_USAGE. */
int policy_version_parse(const char *text, uint64_t *out, struct err *err) SEAL_CHECKED;
/* policy_version_get - 0: the newest. ERR_ABSENT says what to do. */
int policy_version_get(struct cli *cli, uint64_t version, struct policy_record *out,
                       struct err *err) SEAL_CHECKED;
/* policy_version_text - the version whose text this one is, when it was put into use again. */
int policy_version_text(struct cli *cli, uint64_t version, struct policy_record *out,
                        struct err *err) SEAL_CHECKED;

/*
 * policy_version_put - into the store. A large policy is in force a moment later (STORE_POLICY_LEAD_MS), so that the daemon can read it before
 * that: this returns when it is.
 *
 * octets  of the policy and the files that it names
 */
int policy_version_put(struct cli *cli, struct policy_record *record, size_t octets, uint64_t *version_out,
                       struct err *err) SEAL_CHECKED;

#endif
