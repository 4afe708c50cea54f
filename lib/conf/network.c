/* network - addresses, prefixes, listeners. */
#include "conf/network.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ADDR_TEXT_MAX 64

struct prefix {
    struct in6_addr addr; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;        /* of 128 */
};

static bool parse_addr(const char *text, struct in6_addr *out, unsigned *offset_out)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        memset(out, 0, sizeof *out);
        out->s6_addr[10] = out->s6_addr[11] = 0xff;
        memcpy(out->s6_addr + 12, &v4, sizeof v4);
        *offset_out = 96;
        return true;
    }
    *offset_out = 0;
    return inet_pton(AF_INET6, text, out) == 1;
}

/* A decimal number of 1 to 5 digits, or -1. */
static long parse_number(const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n > 5 || strspn(text, "0123456789") != n)
        return -1;
    return strtol(text, NULL, 10);
}

static bool bit_of(const struct in6_addr *addr, unsigned i)
{
    return (addr->s6_addr[i / 8] & (0x80 >> (i % 8))) != 0;
}

static int parse_prefix(const char *text, struct prefix *out, struct err *err)
{
    char addr[ADDR_TEXT_MAX];
    const char *slash = strchr(text, '/');
    size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
    unsigned offset;
    if (n >= sizeof addr)
        return err_set(err, ERR_SYNTAX, "not a network");
    memcpy(addr, text, n);
    addr[n] = '\0';
    if (!parse_addr(addr, &out->addr, &offset))
        return err_set(err, ERR_SYNTAX, "not a network: expected an address, or an address/bits");
    long bits = slash == NULL ? 128 - (long)offset : parse_number(slash + 1);
    if (bits < 0 || bits > 128 - (long)offset)
        return err_set(err, ERR_SYNTAX, "not a network: expected 0 to %u bits behind the /", 128 - offset);
    out->bits = offset + (unsigned)bits;
    for (unsigned i = out->bits; i < 128; i++)
        if (bit_of(&out->addr, i))
            return err_set(err, ERR_SYNTAX, "not a network: the address goes on behind its %ld bits", bits);
    return 0;
}

static bool begins_with(const struct in6_addr *addr, const struct prefix *prefix)
{
    for (unsigned i = 0; i < prefix->bits; i++)
        if (bit_of(&prefix->addr, i) != bit_of(addr, i))
            return false;
    return true;
}

int network_check(const char *network, struct err *err)
{
    struct prefix prefix;
    return parse_prefix(network, &prefix, err);
}

bool network_has(const char *network, const char *addr)
{
    struct err err = ERR_INIT;
    struct prefix prefix;
    struct in6_addr in;
    unsigned offset;
    return addr != NULL && parse_addr(addr, &in, &offset) && parse_prefix(network, &prefix, &err) == 0 &&
           begins_with(&in, &prefix);
}

bool network_within(const char *inner, const char *outer)
{
    struct err err = ERR_INIT;
    struct prefix in, out;
    return parse_prefix(inner, &in, &err) == 0 && parse_prefix(outer, &out, &err) == 0 &&
           in.bits >= out.bits && begins_with(&in.addr, &out);
}

int endpoint_split(const char *text, char *host_out, size_t size, unsigned *port_out, struct err *err)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return err_set(err, ERR_SYNTAX, "expected HOST:PORT");
    const char *host = text;
    size_t n = (size_t)(colon - text);
    bool bracketed = n >= 2 && host[0] == '[' && host[n - 1] == ']';
    if (bracketed) {
        host++;
        n -= 2;
    }
    long port = parse_number(colon + 1);
    if (port < 1 || port > 65535)
        return err_set(err, ERR_SYNTAX, "expected a port from 1 to 65535 behind the colon");
    if (n == 0 || n >= size || (!bracketed && memchr(host, ':', n) != NULL))
        return err_set(err, ERR_SYNTAX, "expected HOST:PORT or [IPV6]:PORT");
    memcpy(host_out, host, n);
    host_out[n] = '\0';
    *port_out = (unsigned)port;
    return 0;
}

static bool is_listener_name(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr("-_.", *p) == NULL)
            return false;
    return *text != '\0';
}

int listener_check(const char *listener, struct err *err)
{
    char host[ADDR_TEXT_MAX];
    struct in6_addr addr;
    unsigned port, offset;
    long number = parse_number(listener);
    if (strspn(listener, "0123456789") == strlen(listener)) {
        if (number < 1 || number > 65535)
            return err_set(err, ERR_SYNTAX, "not a listener: a port is from 1 to 65535");
        return 0;
    }
    if (strchr(listener, ':') == NULL) {
        if (!is_listener_name(listener))
            return err_set(err, ERR_SYNTAX,
                           "not a listener: expected PORT, ADDR:PORT or the listener's name");
        return 0;
    }
    if (endpoint_split(listener, host, sizeof host, &port, err) < 0)
        return -1;
    if (!parse_addr(host, &addr, &offset))
        return err_set(err, ERR_SYNTAX, "not a listener: %s is not an address", host);
    return 0;
}

bool listener_is(const char *listener, const char *addr, unsigned port, const char *name)
{
    struct err err = ERR_INIT;
    char host[ADDR_TEXT_MAX];
    unsigned wanted;
    if (listener_check(listener, &err) < 0)
        return false;
    if (strspn(listener, "0123456789") == strlen(listener))
        return port != 0 && (unsigned)parse_number(listener) == port;
    if (strchr(listener, ':') == NULL)
        return name != NULL && strcasecmp(listener, name) == 0;
    return endpoint_split(listener, host, sizeof host, &wanted, &err) == 0 && wanted == port &&
           network_has(host, addr);
}
