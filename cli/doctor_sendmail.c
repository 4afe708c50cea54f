/*
 * doctor_sendmail - what a sendmail.cf says: X lines (milters), InputMailFilters, DaemonPortOptions, MaxMessageSize, aliases.
 *
 * source  Sendmail Installation and Operation Guide 5.12 (X), libmilter's documentation
 */
#include "cli/doctor.h"

#include "base/io.h"
#include "conf/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sendmail {
    struct doctor *doctor;
    struct span cf;
};

/* The next line of the file that begins with prefix, from *at; its rest behind the prefix. */
static bool next_line(const struct sendmail *sendmail, const char *prefix, size_t *at, struct span *out)
{
    while (*at < sendmail->cf.len) {
        size_t end = span_find(sendmail->cf, "\n", 1, *at);
        struct span line = span_sub(sendmail->cf, *at, (end == SIZE_MAX ? sendmail->cf.len : end) - *at);
        *at = end == SIZE_MAX ? sendmail->cf.len : end + 1;
        if (span_starts(line, prefix)) {
            *out = span_trim(span_sub(line, strlen(prefix), line.len));
            return true;
        }
    }
    return false;
}

static struct span option(const struct sendmail *sendmail, const char *name)
{
    char prefix[100];
    struct span value;
    size_t at = 0;
    snprintf(prefix, sizeof prefix, "O %s=", name);
    return next_line(sendmail, prefix, &at, &value) ? value : SPAN_LIT("");
}

/* "Name, K=value, K=value": the value of K; empty when there is none. */
static struct span equate(struct span line, const char *key)
{
    for (struct span rest = line; rest.len > 0;) {
        size_t n = span_find(rest, ",", 1, 0);
        struct span one = span_trim(span_sub(rest, 0, n == SIZE_MAX ? rest.len : n));
        rest = n == SIZE_MAX ? SPAN_LIT("") : span_sub(rest, n + 1, rest.len);
        size_t key_len = strlen(key);
        if (span_starts_nocase(one, key) && one.len > key_len && one.ptr[key_len] == '=')
            return span_trim(span_sub(one, key_len + 1, one.len));
    }
    return SPAN_LIT("");
}

static struct span name_of(struct span line)
{
    size_t n = span_find(line, ",", 1, 0);
    return span_trim(span_sub(line, 0, n == SIZE_MAX ? line.len : n));
}

static void read_names(const struct sendmail *sendmail, struct span text, struct doctor_list *list)
{
    while (text.len > 0) {
        size_t n = 0;
        while (n < text.len && strchr(",; \t\r\n", text.ptr[n]) == NULL)
            n++;
        if (n > 0)
            doctor_list_add(sendmail->doctor, list, span_sub(text, 0, n));
        text = span_sub(text, n + 1, text.len);
    }
}

static bool is_our_socket(const struct sendmail *sendmail, struct span socket)
{
    const char *ours = sendmail->doctor->settings->socket;
    if (span_is(socket, ours))
        return true;
    const char *path = strchr(ours, ':');
    return (span_starts(socket, "local:") || span_starts(socket, "unix:")) && strncmp(ours, "inet", 4) != 0 &&
           path != NULL && span_is(span_sub(socket, span_find(socket, ":", 1, 0) + 1, socket.len), path + 1);
}

/* Our X line; its filter's name, empty when there is none. */
static struct span our_filter(const struct sendmail *sendmail)
{
    struct span line;
    for (size_t at = 0; next_line(sendmail, "X", &at, &line);)
        if (is_our_socket(sendmail, equate(line, "S")))
            return line;
    return SPAN_LIT("");
}

static void check_flags(struct sendmail *sendmail, struct span filter)
{
    struct span flags = equate(filter, "F");
    if (!span_is(flags, "T") && !span_is(flags, "4"))
        doctor_add(
            sendmail->doctor, FINDING_ERROR,
            "write F=T: without it Sendmail skips a filter that does not answer, and mail leaves in clear",
            "sendmail.cf: the filter %.*s has F=%.*s", SPAN_ARG(name_of(filter)), SPAN_ARG(flags));
}

static bool is_injection_daemon(const struct sendmail *sendmail, struct span daemon)
{
    char host[256];
    unsigned port;
    struct err ignored = ERR_INIT;
    if (endpoint_split(sendmail->doctor->settings->inject, host, sizeof host, &port, &ignored) < 0)
        return false;
    struct span written = equate(daemon, "Port").len > 0 ? equate(daemon, "Port") : equate(daemon, "P");
    char text[20];
    snprintf(text, sizeof text, "%u", port);
    return span_is(written, text);
}

static void check_injection(struct sendmail *sendmail, const struct doctor_list *all, size_t ours)
{
    struct doctor *doctor = sendmail->doctor;
    struct span daemon;
    if (*doctor->settings->inject == '\0') {
        doctor_add(
            doctor, FINDING_WARNING, "set inject and add a daemon (see contrib/sendmail)",
            "no re-injection listener: a message whose recipients need different treatment is deferred");
        return;
    }
    for (size_t at = 0; next_line(sendmail, "O DaemonPortOptions=", &at, &daemon);) {
        if (!is_injection_daemon(sendmail, daemon))
            continue;
        struct doctor_list list = {.n = 0};
        bool own = span_find(daemon, "InputMailFilters=", 17, 0) != SIZE_MAX;
        read_names(sendmail, own ? equate(daemon, "InputMailFilters") : option(sendmail, "InputMailFilters"),
                   &list);
        doctor_compare_milters(
            doctor, arena_printf(doctor->arena, "sendmail.cf daemon %.*s", SPAN_ARG(name_of(daemon))), all,
            ours, &list);
        return;
    }
    doctor_add(doctor, FINDING_ERROR, "add it to sendmail.mc (see contrib/sendmail)",
               "sendmail.cf has no daemon on %s, where copies are handed back", doctor->settings->inject);
}

/* Daemons with a list of filters of their own, and not us in it. */
static void check_daemons(struct sendmail *sendmail, struct span filter)
{
    struct span daemon;
    for (size_t at = 0; next_line(sendmail, "O DaemonPortOptions=", &at, &daemon);) {
        if (is_injection_daemon(sendmail, daemon) ||
            span_find(daemon, "InputMailFilters=", 17, 0) == SIZE_MAX)
            continue;
        struct doctor_list list = {.n = 0};
        bool named = false;
        read_names(sendmail, equate(daemon, "InputMailFilters"), &list);
        for (size_t i = 0; i < list.n; i++)
            named = named || span_is(name_of(filter), list.items[i]);
        if (!named)
            doctor_add(
                sendmail->doctor, FINDING_WARNING,
                "add sealmilter there, unless all that comes in by it has been handled before",
                "sendmail.cf daemon %.*s has InputMailFilters without sealmilter: its mail passes unhandled",
                SPAN_ARG(name_of(daemon)));
    }
}

static void check_order(struct sendmail *sendmail, struct span filter)
{
    struct doctor_list all = {.n = 0};
    read_names(sendmail, option(sendmail, "InputMailFilters"), &all);
    for (size_t i = 0; i < all.n; i++) {
        if (!span_is(name_of(filter), all.items[i]))
            continue;
        check_injection(sendmail, &all, i);
        return;
    }
    doctor_add(sendmail->doctor, FINDING_ERROR, "use INPUT_MAIL_FILTER, not MAIL_FILTER alone",
               "sendmail.cf: InputMailFilters does not name %.*s", SPAN_ARG(name_of(filter)));
}

static void check_size(struct sendmail *sendmail)
{
    struct span text = option(sendmail, "MaxMessageSize");
    unsigned long long limit =
        text.len == 0 ? 0 : strtoull(arena_spandup(sendmail->doctor->arena, text), NULL, 10);
    size_t ours = sendmail->doctor->settings->message_size_limit;
    if (limit != 0 && ours > limit)
        doctor_add(sendmail->doctor, FINDING_ERROR,
                   "set message-size-limit to Sendmail's limit or less, or raise Sendmail's",
                   "message-size-limit is %zu, but Sendmail's MaxMessageSize %llu: a copy between them is "
                   "refused late",
                   ours, limit);
}

/* ---- aliases ---- */

#define MAP_MAX (64u << 20)

/* The text from which a map is made: "-o /etc/mail/aliases", "hash:/etc/mail/aliases". */
static void check_aliases(struct sendmail *sendmail, const struct doctor_list *homes, struct span map)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(MAP_MAX);
    struct err err = ERR_INIT;
    size_t slash = span_find(map, "/", 1, 0);
    if (slash == SIZE_MAX)
        return;
    const char *path = arena_spandup(sendmail->doctor->arena, span_sub(map, slash, map.len));
    if (io_read_file(path, &text, &err) == 0)
        doctor_aliases(sendmail->doctor, path, homes, buf_span(&text));
    else if (err.code != ERR_ABSENT || span_find(map, "-o", 2, 0) == SIZE_MAX)
        doctor_add(
            sendmail->doctor, FINDING_WARNING,
            "look yourself for addresses of ours that leave the site, and declare them as external alias",
            "%s", err.msg);
}

/* Class w, of lines Cw and Fw: the domains of aliases that have none. */
static void read_homes(struct sendmail *sendmail, struct doctor_list *homes)
{
    struct span line;
    for (size_t at = 0; next_line(sendmail, "Cw", &at, &line);)
        read_names(sendmail, line, homes);
    for (size_t at = 0; next_line(sendmail, "Fw", &at, &line);) {
        SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(MAP_MAX);
        struct err ignored = ERR_INIT; /* "-o": it need not be there */
        size_t slash = span_find(line, "/", 1, 0);
        if (slash != SIZE_MAX &&
            io_read_file(arena_spandup(sendmail->doctor->arena, span_sub(line, slash, line.len)), &text,
                         &ignored) == 0)
            read_names(sendmail, buf_span(&text), homes);
    }
}

static void check_maps(struct sendmail *sendmail)
{
    struct doctor_list homes = {.n = 0}, files = {.n = 0};
    struct span line;
    read_homes(sendmail, &homes);
    read_names(sendmail, option(sendmail, "AliasFile"), &files);
    for (size_t i = 0; i < files.n; i++)
        check_aliases(sendmail, &homes, span_of(files.items[i]));
    for (size_t at = 0; next_line(sendmail, "Kvirtuser ", &at, &line);)
        check_aliases(sendmail, &homes, line);
}

/* MASQUERADE_AS and genericstable, which mailers apply when a message leaves. */
static void check_rewriting(struct sendmail *sendmail)
{
    struct span line;
    for (size_t at = 0; next_line(sendmail, "DM", &at, &line);)
        if (line.len > 0)
            doctor_rewriting(sendmail->doctor, "sendmail.cf: masquerading (DM)");
    size_t at = 0;
    if (next_line(sendmail, "Kgenerics ", &at, &line))
        doctor_rewriting(sendmail->doctor, "sendmail.cf: the generics table");
}

int doctor_sendmail(struct doctor *doctor, const char *cf, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(16u << 20);
    if (io_read_file(cf, &text, err) < 0)
        return -1;
    struct sendmail sendmail = {.doctor = doctor, .cf = buf_span(&text)};
    struct span filter = our_filter(&sendmail);
    check_size(&sendmail);
    if (filter.len == 0) {
        doctor_add(doctor, FINDING_ERROR, "add INPUT_MAIL_FILTER to sendmail.mc (see contrib/sendmail)",
                   "%s has no filter with the socket %s", cf, doctor->settings->socket);
    } else {
        check_flags(&sendmail, filter);
        check_order(&sendmail, filter);
        check_daemons(&sendmail, filter);
    }
    check_rewriting(&sendmail);
    if (doctor->policy != NULL)
        check_maps(&sendmail);
    return 0;
}
