/* directory - what commands ask of the directory: for policy check whether it has the groups, for doctor whether it answers. */
#ifndef CLI_DIRECTORY_H
#define CLI_DIRECTORY_H

#include "cli/cli.h"
#include "policy/policy.h"

/* cli_check_groups - one "warning: .." a line for groups that the directory does not have. From here on the command is the state folder's owner. */
void cli_check_groups(struct cli *cli, const struct policy *policy);

/* cli_clock_ms - only goes forward. */
int64_t cli_clock_ms(void);

#endif
