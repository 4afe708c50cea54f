/* inside - the table of them. */
#include "fetch/inside.h"

#include "base/mem.h"
#include "conf/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const char *const networks[] = {
    "0.0.0.0/8",      "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/3",  "::/96",          "100::/64",       "2001::/23",      "2001:db8::/32",
    "2002::/16",      "fc00::/7",     "fe80::/10",      "fec0::/10",      "ff00::/8",
};

static const unsigned char translated[12] = {0x00, 0x64, 0xff, 0x9b};

static bool is_listed(const char *text)
{
    for (size_t i = 0; i < SEAL_COUNT(networks); i++)
        if (network_has(networks[i], text))
            return true;
    return false;
}

bool inside_has(const struct sockaddr *addr)
{
    char text[INET6_ADDRSTRLEN];
    if (addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)addr;
        return inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text) == NULL || is_listed(text);
    }
    if (addr->sa_family != AF_INET6)
        return true;
    const unsigned char *octets = ((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr.s6_addr;
    bool holds_v4 = memcmp(octets, translated, sizeof translated) == 0;
    const char *shown = holds_v4 ? inet_ntop(AF_INET, octets + 12, text, sizeof text)
                                 : inet_ntop(AF_INET6, octets, text, sizeof text);
    return shown == NULL || is_listed(shown);
}
