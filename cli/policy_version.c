/* policy_version - finding a policy that was loaded. */
#include "cli/policy_version.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define LARGE (100u << 10) /* octets: more take some milliseconds to be read */

int policy_version_parse(const char *text, uint64_t *out, struct err *err)
{
    char *end = NULL;
    *out = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || *out == 0)
        return err_set(err, ERR_USAGE, "'%s' is no version; see sealadm policy log", text);
    return 0;
}

int policy_version_get(struct cli *cli, uint64_t version, struct policy_record *out, struct err *err)
{
    switch (store_find_policy(cli->read, version, out, err)) {
    case FIND_FOUND:
        return 0;
    case FIND_ABSENT:
        if (version == 0)
            return err_set(err, ERR_ABSENT, "no policy is loaded; next: sealadm policy load");
        return err_set(err, ERR_ABSENT, "there is no policy version %llu; see sealadm policy log",
                       (unsigned long long)version);
    case FIND_FAILED:
        break;
    }
    return -1;
}

int policy_version_text(struct cli *cli, uint64_t version, struct policy_record *out, struct err *err)
{
    if (policy_version_get(cli, version, out, err) < 0)
        return -1;
    return out->again == 0 ? 0 : policy_version_get(cli, out->again, out, err);
}

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wait_ms(int64_t ms)
{
    struct timespec rest = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000 * 1000000)};
    while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
        continue;
}

int policy_version_put(struct cli *cli, struct policy_record *record, size_t octets, uint64_t *version_out,
                       struct err *err)
{
    record->from_ms = octets > LARGE ? wall_ms() + STORE_POLICY_LEAD_MS : 0;
    if (store_put_policy(cli->store, record, version_out, err) < 0)
        return -1;
    if (record->from_ms != 0)
        wait_ms(STORE_POLICY_LEAD_MS);
    return 0;
}
