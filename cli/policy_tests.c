/* policy_tests - a table of expectations is read and held against a policy. */
#include "cli/policy_tests.h"

#include "base/io.h"
#include "cli/policy_source.h"
#include "policy/expect.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TABLE_MAX    ((size_t)4 << 20)
#define TABLE_MEMORY ((size_t)256 << 20)

const char *policy_tests_path(struct cli *cli, const char *policy_path)
{
    size_t n = strlen(policy_path);
    if (n > 5 && strcmp(policy_path + n - 5, ".conf") == 0)
        n -= 5;
    return arena_printf(cli->arena, "%.*s.tests", (int)n, policy_path);
}

int policy_tests_read(const char *path, struct buf *out, struct err *err)
{
    out->max = TABLE_MAX;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return err_set(err, ERR_ABSENT, "%s: there is no table of expectations", path);
    if (policy_source_check_regular(path, err) < 0 || io_read_file(path, out, err) < 0)
        return -1;
    if (out->len > 0 && memchr(out->ptr, '\0', out->len) != NULL)
        return err_set(err, ERR_CONFIG, "%s: a NUL octet", path);
    return 0;
}

int policy_tests_run(struct cli *cli, const struct policy *policy, const char *path, struct span text,
                     size_t *n_out, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(TABLE_MEMORY);
    struct expect_table table;
    size_t failed;
    if (expect_parse(path, text, policy, cli->settings, arena, &table, err) < 0 ||
        expect_run(&table, policy, cli->settings, &cli->out, &failed, err) < 0)
        return -1;
    *n_out = table.n;
    return failed == 0 ? 0
                       : err_set(err, ERR_CONFIG, "%s: %zu expectations of %zu tests fail, see above", path,
                                 failed, table.n);
}
