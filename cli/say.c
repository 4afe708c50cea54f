/* say - dates and strangers' strings, as sealadm prints them. */
#include "cli/cli.h"

#include "base/text.h"

#include <time.h>

#define TEXT_MAX (64u << 10)

const char *cli_time(struct cli *cli, int64_t when)
{
    time_t t = (time_t)when;
    struct tm tm;
    char text[40];
    if (gmtime_r(&t, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return "?";
    return arena_strdup(cli->arena, text);
}

const char *cli_date(struct cli *cli, int64_t when)
{
    return arena_printf(cli->arena, "%.10s", cli_time(cli, when));
}

const char *cli_clean(struct cli *cli, const char *text)
{
    return cli_join(cli, &text, 1);
}

const char *cli_join(struct cli *cli, const char *const *items, size_t n)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(TEXT_MAX);
    for (size_t i = 0; i < n; i++) {
        buf_add_str(&out, i == 0 ? "" : ", ");
        text_clean(span_of(items[i]), &out);
    }
    return arena_spandup(cli->arena, buf_span(&out));
}
