/* policy_source - a policy as its administrator keeps it: the file of rules, and the files of addresses that it names. */
#ifndef CLI_POLICY_SOURCE_H
#define CLI_POLICY_SOURCE_H

#include "cli/cli.h"
#include "policy/policy.h"

struct policy_source {
    const char *path;
    const char *text;
    struct policy_file *files;
    size_t nfiles;
};

/* policy_source_read - all of it, in cli->arena; as who calls. ERR_CONFIG for a file of addresses that is no regular file. */
int policy_source_read(struct cli *cli, const char *path, struct policy_source *out,
                       struct err *err) SEAL_CHECKED;
/* policy_source_check_regular - before a file is opened: ERR_ABSENT, ERR_CONFIG for one that is no regular file. */
int policy_source_check_regular(const char *path, struct err *err) SEAL_CHECKED;
/* policy_source_is - whether a version in the store is the same, lists included. */
bool policy_source_is(const struct policy_source *source, const struct policy_record *record);
/* policy_source_put - becomes the newest version; its number in version_out. */
int policy_source_put(struct cli *cli, const struct policy_source *source, uint64_t *version_out,
                      struct err *err) SEAL_CHECKED;

#endif
