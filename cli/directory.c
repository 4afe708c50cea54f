/* directory - whether the directory has the groups that a policy names. */
#include "cli/directory.h"

#include "directory/directory.h"

#include <time.h>

int64_t cli_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Those that no file lists. */
static size_t list_groups(struct cli *cli, const struct policy *policy, struct directory_group **out)
{
    size_t n, found = 0;
    const struct policy_group *groups = policy_groups(policy, &n);
    *out = arena_array(cli->arena, n, sizeof **out);
    for (size_t i = 0; i < n; i++)
        if (groups[i].path == NULL)
            (*out)[found++] = (struct directory_group){.dn = groups[i].dn, .name = groups[i].name};
    return found;
}

static void tell(struct cli *cli, const struct directory_group *group, enum answer known)
{
    switch (known) {
    case ANSWER_NO:
        buf_printf(&cli->out,
                   "warning: group %s: the directory has no %s: mail that asks for it is deferred\n",
                   group->name, group->dn != NULL ? group->dn : "group of this name");
        break;
    case ANSWER_UNKNOWN:
        buf_printf(&cli->out,
                   "warning: group %s: the directory has several of this name: mail that asks for it is "
                   "deferred; name one: group %s is directory \"DN\"\n",
                   group->name, group->name);
        break;
    case ANSWER_YES:
    case ANSWER_UNASKED:
        break;
    }
}

static int ask(struct cli *cli, const struct directory_group *groups, size_t n, struct err *err)
{
    struct directory *directory = directory_new(&cli->settings->directory, cli_clock_ms);
    enum answer *known = arena_array(cli->arena, n, sizeof *known);
    int status = cli_be_owner(cli, CLI_DROP, err);
    if (status == 0)
        status = directory_find_groups(directory, cli->arena, groups, n, known, err);
    for (size_t i = 0; status == 0 && i < n; i++)
        tell(cli, &groups[i], known[i]);
    directory_free(&directory);
    return status;
}

void cli_check_groups(struct cli *cli, const struct policy *policy)
{
    struct directory_group *groups;
    struct err err = ERR_INIT;
    size_t nattributes, n = list_groups(cli, policy, &groups);
    policy_attributes(policy, &nattributes);
    bool is_set = cli->settings->directory.uris.n > 0;
    if (n + nattributes > 0 && !is_set)
        buf_add_str(&cli->out,
                    "warning: the policy asks a directory, and the settings name none (directory =): "
                    "mail that asks for it is deferred\n");
    else if (n > 0 && ask(cli, groups, n, &err) < 0)
        buf_printf(&cli->out, "warning: whether the directory has the groups could not be found out: %s\n",
                   err.msg);
}
