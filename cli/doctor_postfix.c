/*
 * doctor_postfix - what main.cf and master.cf say, asked of postconf(1) so that defaults and $names count as Postfix reads them.
 *
 * source  postconf(5), MILTER_README
 */
#include "cli/doctor.h"
#include "cli/run.h"

#include "conf/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX (16u << 20)

struct postfix {
    struct doctor *doctor;
    const char *dir;
    struct span main;     /* main.cf: "name = value" lines, defaults too, $names expanded */
    struct span services; /* master.cf: "service type ..." lines */
    struct span options;  /* master.cf: "service/type/name = value" lines, of -o */
};

static bool next_line(struct span text, size_t *at, struct span *out)
{
    if (*at >= text.len)
        return false;
    size_t end = span_find(text, "\n", 1, *at);
    *out = span_sub(text, *at, (end == SIZE_MAX ? text.len : end) - *at);
    *at += out->len + 1;
    return true;
}

/* The value in a "name = value" line; NULL when there is none of this name. */
static const char *value_of(struct postfix *postfix, struct span text, const char *name)
{
    struct span line;
    size_t n = strlen(name);
    for (size_t at = 0; next_line(text, &at, &line);)
        if (span_starts(line, name) && span_starts(span_sub(line, n, 2), " ="))
            return arena_spandup(postfix->doctor->arena, span_trim(span_sub(line, n + 2, line.len)));
    return NULL;
}

static const char *parameter(struct postfix *postfix, const char *name)
{
    const char *value = value_of(postfix, postfix->main, name);
    return value == NULL ? "" : value;
}

/* A milter of a list: its socket, and the default_action that stands with it in braces. */
struct milter {
    const char *socket;
    const char *action; /* NULL: none of its own */
};

static const char *attribute(struct arena *arena, struct span braces, const char *name)
{
    size_t at = span_find(braces, name, strlen(name), 0);
    if (at == SIZE_MAX)
        return NULL;
    struct span value = span_trim(span_sub(braces, at + strlen(name), braces.len));
    if (value.len == 0 || value.ptr[0] != '=')
        return NULL;
    value = span_trim(span_sub(value, 1, value.len));
    size_t n = 0;
    while (n < value.len && strchr(" ,\t\r\n}", value.ptr[n]) == NULL)
        n++;
    return arena_spandup(arena, span_sub(value, 0, n));
}

/* "a, { b, default_action=tempfail } c": the next milter at *at. */
static bool next_milter(struct arena *arena, struct span list, size_t *at, struct milter *out)
{
    while (*at < list.len && strchr(" ,\t\r\n", list.ptr[*at]) != NULL)
        (*at)++;
    if (*at >= list.len)
        return false;
    bool braces = list.ptr[*at] == '{';
    size_t end = *at;
    while (end < list.len && (braces ? list.ptr[end] != '}' : strchr(" ,\t\r\n", list.ptr[end]) == NULL))
        end++;
    struct span item = span_sub(list, *at + braces, end - *at - braces);
    *at = end + braces;
    item = span_trim(item);
    size_t n = 0;
    while (n < item.len && strchr(" ,\t\r\n", item.ptr[n]) == NULL)
        n++;
    out->socket = arena_spandup(arena, span_sub(item, 0, n));
    out->action = braces ? attribute(arena, item, "default_action") : NULL;
    return true;
}

/* Postfix writes inet:host:port and inet:[host6]:port where libmilter writes inet:port@host and inet6:port@host6. */
static bool is_same_socket(const char *postfix, const char *libmilter)
{
    unsigned port;
    char host[256], text[300];
    if (sscanf(libmilter, "inet:%u@%255s", &port, host) == 2)
        snprintf(text, sizeof text, "inet:%s:%u", host, port);
    else if (sscanf(libmilter, "inet6:%u@%255s", &port, host) == 2)
        snprintf(text, sizeof text, "inet:[%s]:%u", host, port);
    else
        return strcmp(postfix, libmilter) == 0;
    return strcmp(postfix, text) == 0;
}

/* A path of a daemon in its chroot, or a relative one, begins in the queue folder. */
static bool is_our_socket(struct postfix *postfix, const char *socket)
{
    const char *ours = postfix->doctor->settings->socket;
    if (is_same_socket(socket, ours))
        return true;
    if (strncmp(socket, "unix:", 5) != 0)
        return false;
    const char *path = socket + 5 + strspn(socket + 5, "/");
    return strcmp(ours, arena_printf(postfix->doctor->arena, "unix:%s/%s",
                                     parameter(postfix, "queue_directory"), path)) == 0;
}

/* Reads a list; ours_out is our place in it, or SIZE_MAX. */
static void read_list(struct postfix *postfix, const char *text, struct doctor_list *list, size_t *ours_out,
                      const char **action_out)
{
    struct arena *arena = postfix->doctor->arena;
    struct milter milter;
    *ours_out = SIZE_MAX;
    for (size_t at = 0; next_milter(arena, span_of(text), &at, &milter);) {
        if (is_our_socket(postfix, milter.socket)) {
            *ours_out = list->n;
            *action_out = milter.action;
        }
        doctor_list_add(postfix->doctor, list, span_of(milter.socket));
    }
}

static void check_action(struct postfix *postfix, const char *where, const char *action)
{
    if (action == NULL)
        action = parameter(postfix, "milter_default_action");
    if (strcmp(action, "tempfail") == 0 || strcmp(action, "shutdown") == 0)
        return;
    doctor_add(postfix->doctor, FINDING_ERROR,
               "set default_action=tempfail for it: while it is down, accept lets mail out in clear, and "
               "reject loses it",
               "%s: the default action for sealmilter is %s", where, action);
}

/* A "-o name=value" of a master.cf service; NULL: it has none, main.cf's counts. */
static const char *service_option(struct postfix *postfix, const char *service, const char *name)
{
    return value_of(postfix, postfix->options,
                    arena_printf(postfix->doctor->arena, "%s/inet/%s", service, name));
}

static bool service_exists(struct postfix *postfix, const char *service)
{
    struct span line;
    size_t n = strlen(service);
    for (size_t at = 0; next_line(postfix->services, &at, &line);)
        if (span_starts(line, service) && span_starts(span_sub(line, n, 1), " ") &&
            span_starts(span_trim(span_sub(line, n, line.len)), "inet "))
            return true;
    return false;
}

/* master.cf writes the listener as "127.0.0.1:10026", "[::1]:10026", "localhost:10026" or "10026". */
static const char *injection_service(struct postfix *postfix)
{
    struct arena *arena = postfix->doctor->arena;
    struct err ignored = ERR_INIT;
    char host[256];
    unsigned port;
    if (endpoint_split(postfix->doctor->settings->inject, host, sizeof host, &port, &ignored) < 0)
        return NULL;
    const char *const names[] = {arena_printf(arena, "%s:%u", host, port),
                                 arena_printf(arena, "[%s]:%u", host, port),
                                 arena_printf(arena, "localhost:%u", port), arena_printf(arena, "%u", port)};
    for (size_t i = 0; i < SEAL_COUNT(names); i++)
        if (service_exists(postfix, names[i]))
            return names[i];
    return NULL;
}

static void check_injection(struct postfix *postfix, const struct doctor_list *all, size_t ours)
{
    struct doctor *doctor = postfix->doctor;
    if (*doctor->settings->inject == '\0') {
        doctor_add(
            doctor, FINDING_WARNING, "set inject and add a listener to master.cf (see contrib/postfix)",
            "no re-injection listener: a message whose recipients need different treatment is deferred");
        return;
    }
    const char *service = injection_service(postfix);
    if (service == NULL) {
        doctor_add(doctor, FINDING_ERROR, "add it to master.cf (see contrib/postfix)",
                   "master.cf has no listener on %s, where copies are handed back", doctor->settings->inject);
        return;
    }
    const char *where = arena_printf(doctor->arena, "master.cf %s", service);
    const char *milters = service_option(postfix, service, "smtpd_milters");
    const char *overrides = service_option(postfix, service, "receive_override_options");
    if (overrides == NULL)
        overrides = parameter(postfix, "receive_override_options");
    struct doctor_list list = {.n = 0};
    size_t place;
    const char *action = NULL;
    if (strstr(overrides, "no_milters") == NULL)
        read_list(postfix, milters != NULL ? milters : parameter(postfix, "smtpd_milters"), &list, &place,
                  &action);
    doctor_compare_milters(doctor, where, all, ours, &list);
    if (strstr(overrides, "no_address_mappings") != NULL)
        doctor_add(doctor, FINDING_ERROR, "remove no_address_mappings: copies to an alias would bounce",
                   "%s has receive_override_options=%s", where, overrides);
}

/* A listener whose -o options change what main.cf says of milters. */
static void check_listener(struct postfix *postfix, const char *service)
{
    struct doctor *doctor = postfix->doctor;
    const char *milters = service_option(postfix, service, "smtpd_milters");
    const char *overrides = service_option(postfix, service, "receive_override_options");
    const char *fallback = service_option(postfix, service, "milter_default_action");
    if (milters == NULL && overrides == NULL && fallback == NULL)
        return;
    struct doctor_list list = {.n = 0};
    size_t ours;
    const char *action = NULL;
    read_list(postfix, milters != NULL ? milters : parameter(postfix, "smtpd_milters"), &list, &ours,
              &action);
    bool none = overrides != NULL && strstr(overrides, "no_milters") != NULL;
    if (none || ours == SIZE_MAX)
        doctor_add(doctor, FINDING_WARNING,
                   "add sealmilter there, unless all that comes in by it has been handled before",
                   "master.cf %s has %s: its mail passes unhandled", service,
                   none ? "no_milters" : "smtpd_milters without sealmilter");
    else
        check_action(postfix, arena_printf(doctor->arena, "master.cf %s", service),
                     action != NULL ? action : fallback);
}

static void check_listeners(struct postfix *postfix)
{
    const char *inject = injection_service(postfix);
    struct span line;
    for (size_t at = 0; next_line(postfix->services, &at, &line);) {
        size_t n = span_find(line, " ", 1, 0);
        if (n == SIZE_MAX || !span_starts(span_trim(span_sub(line, n, line.len)), "inet "))
            continue;
        const char *service = arena_spandup(postfix->doctor->arena, span_sub(line, 0, n));
        if (inject == NULL || strcmp(inject, service) != 0)
            check_listener(postfix, service);
    }
}

/* What may take milters away from all listeners, or from some clients. */
static void check_exceptions(struct postfix *postfix)
{
    if (strstr(parameter(postfix, "receive_override_options"), "no_milters") != NULL)
        doctor_add(postfix->doctor, FINDING_ERROR, "remove no_milters",
                   "main.cf: receive_override_options has no_milters: mail passes unhandled");
    if (*parameter(postfix, "smtpd_milter_maps") != '\0')
        doctor_add(postfix->doctor, FINDING_WARNING,
                   "see that it takes sealmilter from no client whose mail must be handled",
                   "main.cf: smtpd_milter_maps gives some clients other milters");
}

static void check_milters(struct postfix *postfix)
{
    struct doctor *doctor = postfix->doctor;
    struct doctor_list smtpd = {.n = 0}, local = {.n = 0};
    size_t ours, ours_local;
    const char *action = NULL, *action_local = NULL;
    read_list(postfix, parameter(postfix, "smtpd_milters"), &smtpd, &ours, &action);
    read_list(postfix, parameter(postfix, "non_smtpd_milters"), &local, &ours_local, &action_local);
    if (ours == SIZE_MAX) {
        doctor_add(doctor, FINDING_ERROR, "add it (see contrib/postfix)",
                   "main.cf: smtpd_milters does not name %s", doctor->settings->socket);
    } else {
        check_action(postfix, "main.cf smtpd_milters", action);
        check_injection(postfix, &smtpd, ours);
        check_listeners(postfix);
    }
    check_exceptions(postfix);
    if (ours_local == SIZE_MAX)
        doctor_add(doctor, FINDING_ERROR,
                   "set non_smtpd_milters = $smtpd_milters: sendmail(1) mail leaves in clear otherwise",
                   "main.cf: non_smtpd_milters does not name %s", doctor->settings->socket);
    else
        check_action(postfix, "main.cf non_smtpd_milters", action_local);
}

/* "smtp inet n - y - - smtpd": whether one that asks milters is in its chroot. */
static bool is_locked_in(struct postfix *postfix)
{
    struct span line;
    for (size_t at = 0; next_line(postfix->services, &at, &line);) {
        char chroot[8], command[32];
        const char *text = arena_spandup(postfix->doctor->arena, line);
        if (sscanf(text, "%*s %*s %*s %*s %7s %*s %*s %31s", chroot, command) == 2 &&
            (strcmp(command, "smtpd") == 0 || strcmp(command, "cleanup") == 0) && strcmp(chroot, "y") == 0)
            return true;
    }
    return false;
}

/* Fixed in these: memory faults in the milter client, and a state that leaked to a second message. */
static void check_version(struct postfix *postfix)
{
    static const unsigned fixed[][3] = {{3, 7, 22}, {3, 8, 0}, {3, 9, 0}, {3, 10, 12}, {3, 11, 5}};
    unsigned v[3];
    const char *text = parameter(postfix, "mail_version");
    if (sscanf(text, "%u.%u.%u", &v[0], &v[1], &v[2]) != 3)
        return;
    bool old = v[0] < 3 || (v[0] == 3 && v[1] < 7);
    for (size_t i = 0; i < SEAL_COUNT(fixed); i++)
        if (v[0] == fixed[i][0] && v[1] == fixed[i][1])
            old = fixed[i][2] == 0 || v[2] < fixed[i][2];
    if (old)
        doctor_add(
            postfix->doctor, FINDING_WARNING,
            "update to 3.7.22, 3.10.12, 3.11.5 or later, or see that your distribution has these fixes",
            "Postfix %s has known faults in its milter client", text);
}

static void check_size(struct postfix *postfix)
{
    struct doctor *doctor = postfix->doctor;
    unsigned long long limit = strtoull(parameter(postfix, "message_size_limit"), NULL, 10);
    size_t ours = doctor->settings->message_size_limit;
    if (limit == 0)
        return;
    if (ours > limit)
        doctor_add(doctor, FINDING_ERROR,
                   "set message-size-limit to Postfix's limit or less, or raise Postfix's",
                   "message-size-limit is %zu, but Postfix's message_size_limit %llu: a result between them "
                   "is refused late",
                   ours, limit);
    if (limit < 20480000)
        doctor_add(
            doctor, FINDING_WARNING,
            "raise message_size_limit: signing and encrypting makes a message up to twice as large",
            "main.cf: message_size_limit is %llu: messages over %llu octets may not fit once protected",
            limit, limit / 2);
}

/* Where this parameter has a value, in main.cf or in the -o of a service; NULL: nowhere. */
static const char *find_set(struct postfix *postfix, const char *name)
{
    struct arena *arena = postfix->doctor->arena;
    struct span line;
    const char *option = arena_printf(arena, "/%s = ", name);
    if (*parameter(postfix, name) != '\0')
        return arena_printf(arena, "main.cf: %s", name);
    for (size_t at = 0; next_line(postfix->options, &at, &line);) {
        size_t n = span_find(line, option, strlen(option), 0);
        if (n != SIZE_MAX && span_trim(span_sub(line, n + strlen(option), line.len)).len > 0)
            return arena_printf(arena, "master.cf %.*s: %s", (int)n, line.ptr, name);
    }
    return NULL;
}

/*
 * cleanup(8) rewrites addresses (canonical_maps, masquerade_domains) and applies header_checks before milters see a message; these
 * come when it leaves.
 */
static void check_rewriting(struct postfix *postfix)
{
    static const char *const maps[] = {"smtp_generic_maps", "lmtp_generic_maps"};
    static const char *const checks[] = {"smtp_header_checks", "smtp_mime_header_checks",
                                         "smtp_nested_header_checks", "smtp_body_checks"};
    const char *where;
    for (size_t i = 0; i < SEAL_COUNT(maps); i++)
        if ((where = find_set(postfix, maps[i])) != NULL)
            doctor_rewriting(postfix->doctor, where);
    for (size_t i = 0; i < SEAL_COUNT(checks); i++)
        if ((where = find_set(postfix, checks[i])) != NULL)
            doctor_add(postfix->doctor, FINDING_WARNING,
                       "see that it changes nothing, or do it before: header_checks, body_checks",
                       "%s acts when a message leaves: what it changes breaks signatures, or is not what "
                       "the protected header fields say",
                       where);
}

/* Maps in $mydestination are left out: whoever has such knows his domains. */
static void read_homes(struct postfix *postfix, struct doctor_list *homes)
{
    struct milter item; /* the lists of Postfix have one form */
    struct span list = span_of(parameter(postfix, "mydestination"));
    for (size_t at = 0; next_milter(postfix->doctor->arena, list, &at, &item);)
        if (strpbrk(item.socket, ":/") == NULL)
            doctor_list_add(postfix->doctor, homes, span_of(item.socket));
}

static void check_aliases(struct postfix *postfix, const char *name, const struct doctor_list *homes)
{
    struct milter map;
    struct span maps = span_of(parameter(postfix, name));
    for (size_t at = 0; next_milter(postfix->doctor->arena, maps, &at, &map);) {
        const char *const argv[] = {"postmap", "-c", postfix->dir, "-s", map.socket, NULL};
        SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(OUTPUT_MAX);
        struct err err = ERR_INIT;
        if (run_capture(argv, &out, &err) == 0)
            doctor_aliases(postfix->doctor, map.socket, homes, buf_span(&out));
        else
            doctor_add(
                postfix->doctor, FINDING_WARNING,
                "look yourself for addresses of ours that leave the site, and declare them as external alias",
                "%s: the map %s cannot be listed", name, map.socket);
    }
}

static void examine(struct postfix *postfix)
{
    struct doctor_list homes = {.n = 0};
    check_milters(postfix);
    doctor_socket(postfix->doctor, parameter(postfix, "mail_owner"),
                  is_locked_in(postfix) ? parameter(postfix, "queue_directory") : NULL);
    check_version(postfix);
    check_size(postfix);
    check_rewriting(postfix);
    if (postfix->doctor->policy == NULL)
        return;
    read_homes(postfix, &homes);
    check_aliases(postfix, "virtual_alias_maps", &homes);
    check_aliases(postfix, "alias_maps", &homes);
}

int doctor_postfix(struct doctor *doctor, const char *dir, struct err *err)
{
    const char *const ask_main[] = {"postconf",
                                    "-c",
                                    dir,
                                    "-x",
                                    "smtpd_milters",
                                    "non_smtpd_milters",
                                    "smtpd_milter_maps",
                                    "milter_default_action",
                                    "receive_override_options",
                                    "message_size_limit",
                                    "smtp_generic_maps",
                                    "lmtp_generic_maps",
                                    "smtp_header_checks",
                                    "smtp_mime_header_checks",
                                    "smtp_nested_header_checks",
                                    "smtp_body_checks",
                                    "mail_version",
                                    "queue_directory",
                                    "mail_owner",
                                    "mydestination",
                                    "virtual_alias_maps",
                                    "alias_maps",
                                    NULL};
    const char *const ask_services[] = {"postconf", "-c", dir, "-M", NULL};
    const char *const ask_options[] = {"postconf", "-c", dir, "-Px", NULL};
    SEAL_CLEANUP(buf_fini) struct buf main = BUF_INIT(OUTPUT_MAX);
    SEAL_CLEANUP(buf_fini) struct buf services = BUF_INIT(OUTPUT_MAX);
    SEAL_CLEANUP(buf_fini) struct buf options = BUF_INIT(OUTPUT_MAX);
    if (run_capture(ask_main, &main, err) < 0 || run_capture(ask_services, &services, err) < 0 ||
        run_capture(ask_options, &options, err) < 0)
        return -1;
    struct postfix postfix = {.doctor = doctor,
                              .dir = dir,
                              .main = buf_span(&main),
                              .services = buf_span(&services),
                              .options = buf_span(&options)};
    examine(&postfix);
    return 0;
}
