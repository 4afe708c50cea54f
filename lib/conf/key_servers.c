/* key_servers - which word is what. */
#include "conf/key_servers.h"

#include "conf/network.h"

#include <stdio.h>
#include <string.h>

#define SERVERS_MAX 8 /* of one address: each takes its share of the time */
#define HOST_SIZE   256
#define DIRECTORY   "directory" /* the word: that of the other settings */

struct scheme {
    const char *prefix;
    enum key_server_kind kind;
    const char *spoken;
    unsigned port;
};
static const struct scheme schemes[] = {
    {"wkd://", KEY_SERVER_WKD, "https", 443},  {"hkps://", KEY_SERVER_HKP, "https", 443},
    {"hkp://", KEY_SERVER_HKP, "http", 11371}, {"ldaps://", KEY_SERVER_LDAP, "ldaps", 636},
    {"ldap://", KEY_SERVER_LDAP, "ldap", 389},
};

static const struct scheme *scheme_of(const char *word)
{
    for (size_t i = 0; i < SEAL_COUNT(schemes); i++)
        if (strncmp(word, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return &schemes[i];
    return NULL;
}

/* ---- distinguished names behind a host (RFC 4516) ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* "dc=example" of "/dc=example"; out has room for what stands there. */
static int decode_base(const char *path, char *out, struct err *err)
{
    for (const char *p = *path == '/' ? path + 1 : path; *p != '\0'; p++) {
        int octet = (unsigned char)*p;
        if (*p == '%') {
            int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);
            octet = low < 0 ? 0 : high << 4 | low;
            p += low < 0 ? 0 : 2;
        }
        if (octet < ' ' || *p == '?')
            return err_set(err, ERR_CONFIG,
                           "expected a distinguished name behind the host, with %%25 for %%");
        *out++ = (char)octet;
    }
    *out = '\0';
    return 0;
}

/* ---- words ---- */

/* Where the host of a word ends: a key server of LDAP may have its base behind it. */
static size_t host_length(const struct scheme *scheme, const char *host)
{
    return scheme->kind == KEY_SERVER_LDAP ? strcspn(host, "/") : strlen(host);
}

/* HOST, HOST:PORT or [IPV6]:PORT behind the scheme: host_out without brackets. */
static int split(const struct scheme *scheme, const char *word, char host_out[HOST_SIZE], unsigned *port_out,
                 struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";
    char host[HOST_SIZE];
    const char *at = word + strlen(scheme->prefix);
    size_t n = host_length(scheme, at);
    if (n == 0 || n >= HOST_SIZE || strspn(at, allowed) < n)
        return err_set(err, ERR_CONFIG, "expected HOST or HOST:PORT behind %s", scheme->prefix);
    memcpy(host, at, n);
    host[n] = '\0';
    if (strchr(host, ':') != NULL)
        return endpoint_split(host, host_out, HOST_SIZE, port_out, err);
    snprintf(host_out, HOST_SIZE, "%s", host);
    *port_out = scheme->port;
    return 0;
}

static int check_pattern(const char *word, struct err *err)
{
    for (const char *p = word; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            return err_set(err, ERR_CONFIG, "expected lower case in an address pattern");
    if (strpbrk(word, ":/ ") != NULL || strchr(word, '.') == NULL)
        return err_set(
            err, ERR_CONFIG,
            "expected wkd, wkd://HOST, hkps://HOST, hkp://HOST, ldaps://HOST, ldap://HOST, directory or a "
            "pattern of addresses (example.org, *.example.org, *@example.org)");
    return 0;
}

static bool is_server(const char *word)
{
    return strcmp(word, "wkd") == 0 || strcmp(word, DIRECTORY) == 0 || scheme_of(word) != NULL;
}

int key_servers_check(const char *word, struct err *err)
{
    char host[HOST_SIZE];
    unsigned port;
    const struct scheme *scheme = scheme_of(word);
    if (scheme != NULL)
        return split(scheme, word, host, &port, err);
    return is_server(word) ? 0 : check_pattern(word, err);
}

/* ---- servers ---- */

/* As lib/directory wants to be told: nobody in particular asks, and for keys alone. */
static int take_ldap(const struct lookup_settings *lookup, const char *path, struct arena *arena,
                     struct key_server *out, struct err *err)
{
    char *base = arena_alloc(arena, strlen(path) + 1);
    const char **lists = arena_array(arena, 2, sizeof *lists);
    struct directory_settings *directory = arena_alloc(arena, sizeof *directory);
    if (decode_base(path, base, err) < 0)
        return -1;
    lists[0] = out->base;
    lists[1] = "mail";
    *directory = (struct directory_settings){.uris = {lists, 1},
                                             .starttls = lookup->starttls,
                                             .ca_file = lookup->ca_file,
                                             .cert = "",
                                             .key = "",
                                             .bind_dn = "",
                                             .password_file = "",
                                             .base = base,
                                             .filter = "",
                                             .addresses = {lists + 1, 1},
                                             .group_base = base,
                                             .nested = "no",
                                             .timeout = lookup->timeout,
                                             .connections = 1};
    out->directory = directory;
    return 0;
}

static int take_directory(const struct settings *settings, struct key_server *out, struct err *err)
{
    if (settings->directory.uris.n == 0)
        return err_set(err, ERR_CONFIG, "%s: openpgp-lookup = directory wants directory", settings->path);
    *out = (struct key_server){.kind = KEY_SERVER_LDAP,
                               .name = DIRECTORY,
                               .base = settings->directory.uris.items[0],
                               .directory = &settings->directory};
    return 0;
}

static int take_server(const struct settings *settings, const char *word, struct arena *arena,
                       struct key_server *out, struct err *err)
{
    char host[HOST_SIZE];
    unsigned port;
    const struct scheme *scheme = scheme_of(word);
    *out = (struct key_server){.kind = KEY_SERVER_WKD, .name = word};
    if (strcmp(word, DIRECTORY) == 0)
        return take_directory(settings, out, err);
    if (scheme == NULL)
        return 0;
    if (split(scheme, word, host, &port, err) < 0)
        return -1;
    bool v6 = strchr(host, ':') != NULL;
    out->kind = scheme->kind;
    out->base =
        arena_printf(arena, "%s://%s%s%s:%u", scheme->spoken, v6 ? "[" : "", host, v6 ? "]" : "", port);
    if (scheme->kind != KEY_SERVER_LDAP)
        return 0;
    const char *at = word + strlen(scheme->prefix);
    if (take_ldap(&settings->openpgp.lookup, at + host_length(scheme, at), arena, out, err) == 0)
        return 0;
    return err_wrap(err, "%s: openpgp-lookup: %s", settings->path, word);
}

int key_servers_settle(struct settings *settings, struct arena *arena, struct err *err)
{
    struct lookup_settings *lookup = &settings->openpgp.lookup;
    lookup->servers = arena_array(arena, SERVERS_MAX, sizeof *lookup->servers);
    for (size_t i = 0; i < lookup->words.n; i++) {
        const char *word = lookup->words.items[i];
        bool server = is_server(word);
        if (!server && lookup->nservers == 0)
            return err_set(err, ERR_CONFIG, "%s: openpgp-lookup: expected a server before '%s'",
                           settings->path, word);
        if (server && lookup->nservers == SERVERS_MAX)
            return err_set(err, ERR_CONFIG, "%s: openpgp-lookup: at most %d servers", settings->path,
                           SERVERS_MAX);
        if (server && take_server(settings, word, arena, &lookup->servers[lookup->nservers++], err) < 0)
            return -1;
        if (server)
            continue;
        struct string_list *patterns = &lookup->servers[lookup->nservers - 1].patterns;
        if (patterns->items == NULL)
            patterns->items = arena_array(arena, lookup->words.n, sizeof *patterns->items);
        patterns->items[patterns->n++] = word;
    }
    return 0;
}
