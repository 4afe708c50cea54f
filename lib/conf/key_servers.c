/* key_servers - which word is what. */
#include "conf/key_servers.h"

#include "conf/network.h"

#include <stdio.h>
#include <string.h>

#define SERVERS_MAX 8 /* of one address: each takes its share of the time */
#define HOST_SIZE   256

struct scheme {
    const char *prefix;
    enum key_server_kind kind;
    const char *http;
    unsigned port;
};
static const struct scheme schemes[] = {
    {"wkd://", KEY_SERVER_WKD, "https", 443},
    {"hkps://", KEY_SERVER_HKP, "https", 443},
    {"hkp://", KEY_SERVER_HKP, "http", 11371},
};

static const struct scheme *scheme_of(const char *word)
{
    for (size_t i = 0; i < SEAL_COUNT(schemes); i++)
        if (strncmp(word, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return &schemes[i];
    return NULL;
}

/* HOST, HOST:PORT or [IPV6]:PORT behind the scheme: host_out without brackets. */
static int split(const struct scheme *scheme, const char *word, char host_out[HOST_SIZE], unsigned *port_out,
                 struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";
    const char *host = word + strlen(scheme->prefix);
    if (*host == '\0' || strlen(host) >= HOST_SIZE || strspn(host, allowed) != strlen(host))
        return err_set(err, ERR_CONFIG, "expected HOST or HOST:PORT behind %s", scheme->prefix);
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
        return err_set(err, ERR_CONFIG,
                       "expected wkd, wkd://HOST, hkps://HOST, hkp://HOST or a pattern of addresses "
                       "(example.org, *.example.org, *@example.org)");
    return 0;
}

int key_servers_check(const char *word, struct err *err)
{
    char host[HOST_SIZE];
    unsigned port;
    const struct scheme *scheme = scheme_of(word);
    if (scheme != NULL)
        return split(scheme, word, host, &port, err);
    return strcmp(word, "wkd") == 0 ? 0 : check_pattern(word, err);
}

static int take_server(const char *word, struct arena *arena, struct key_server *out, struct err *err)
{
    char host[HOST_SIZE];
    unsigned port;
    const struct scheme *scheme = scheme_of(word);
    *out = (struct key_server){.kind = KEY_SERVER_WKD, .name = word};
    if (scheme == NULL)
        return 0;
    if (split(scheme, word, host, &port, err) < 0)
        return -1;
    bool v6 = strchr(host, ':') != NULL;
    out->kind = scheme->kind;
    out->base = arena_printf(arena, "%s://%s%s%s:%u", scheme->http, v6 ? "[" : "", host, v6 ? "]" : "", port);
    return 0;
}

int key_servers_settle(struct settings *settings, struct arena *arena, struct err *err)
{
    struct lookup_settings *lookup = &settings->openpgp.lookup;
    lookup->servers = arena_array(arena, SERVERS_MAX, sizeof *lookup->servers);
    for (size_t i = 0; i < lookup->words.n; i++) {
        const char *word = lookup->words.items[i];
        bool server = strcmp(word, "wkd") == 0 || scheme_of(word) != NULL;
        if (!server && lookup->nservers == 0)
            return err_set(err, ERR_CONFIG, "%s: openpgp-lookup: expected a server before '%s'",
                           settings->path, word);
        if (server && lookup->nservers == SERVERS_MAX)
            return err_set(err, ERR_CONFIG, "%s: openpgp-lookup: at most %d servers", settings->path,
                           SERVERS_MAX);
        if (server && take_server(word, arena, &lookup->servers[lookup->nservers++], err) < 0)
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
