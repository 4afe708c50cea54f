/* url - key directories and key servers. */
#include "fetch/url.h"

#include "base/addr.h"
#include "base/buf.h"
#include "base/hash.h"

#include <ctype.h>
#include <string.h>

#define WELL_KNOWN "/.well-known/openpgpkey"
#define URL_MAX    2048

/* Z-Base-32 (RFC 6189 5.1.6): 160 bits make 32 characters without a rest. */
static void encode(const unsigned char digest[HASH_SHA1_SIZE], char out[URL_WKD_HASH_SIZE])
{
    static const char alphabet[] = "ybndrfg8ejkmcpqxot1uwisza345h769";
    unsigned bits = 0, n = 0;
    for (size_t i = 0; i < HASH_SHA1_SIZE; i++) {
        bits = bits << 8 | digest[i];
        for (n += 8; n >= 5; n -= 5)
            *out++ = alphabet[bits >> (n - 5) & 31];
    }
    *out = '\0';
}

void url_wkd_hash(struct span local, char out[URL_WKD_HASH_SIZE])
{
    unsigned char digest[HASH_SHA1_SIZE];
    SEAL_CLEANUP(buf_fini) struct buf lower = BUF_INIT(ADDR_MAX);
    for (size_t i = 0; i < local.len; i++)
        buf_add_char(&lower,
                     (char)(local.ptr[i] >= 'A' && local.ptr[i] <= 'Z' ? local.ptr[i] + 32 : local.ptr[i]));
    hash_sha1(buf_span(&lower), digest);
    encode(digest, out);
}

/* Everything that is not unreserved (RFC 3986 2.3). */
static void add_escaped(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = c < 128 && (isalnum(c) || strchr("-._~", c) != NULL);
        if (plain && c != '\0')
            buf_add_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

static struct span local_of(const char *addr)
{
    const char *domain = addr_domain(addr);
    return (struct span){addr, *domain == '\0' ? 0 : (size_t)(domain - 1 - addr)};
}

/* A name and nothing else: no literal, no port, no path. */
static bool is_host(const char *domain)
{
    for (const char *p = domain; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 128 && !isalnum(c) && c != '-' && c != '.' && c != '_')
            return false;
    }
    return *domain != '\0' && *domain != '.';
}

/* prefix, then the directory of the domain, or (NULL) that of the host. */
static const char *wkd(struct arena *arena, const char *prefix, const char *directory, const char *addr)
{
    char hash[URL_WKD_HASH_SIZE];
    struct span local = local_of(addr);
    SEAL_CLEANUP(buf_fini) struct buf url = BUF_INIT(URL_MAX);
    url_wkd_hash(local, hash);
    buf_printf(&url, "%s" WELL_KNOWN "/%s%shu/%s?l=", prefix, directory, *directory != '\0' ? "/" : "", hash);
    add_escaped(local, &url);
    return arena_strdup(arena, buf_str(&url));
}

const char *url_wkd_advanced(struct arena *arena, const char *base, const char *addr, const char **host_out)
{
    const char *domain = addr_domain(addr);
    if (!is_host(domain))
        return NULL;
    const char *host = arena_printf(arena, "openpgpkey.%s", domain);
    if (host_out != NULL)
        *host_out = host;
    return wkd(arena, base != NULL ? base : arena_printf(arena, "https://%s", host), domain, addr);
}

const char *url_wkd_direct(struct arena *arena, const char *addr, const char **host_out)
{
    const char *domain = addr_domain(addr);
    if (!is_host(domain))
        return NULL;
    *host_out = domain;
    return wkd(arena, arena_printf(arena, "https://%s", domain), "", addr);
}

const char *url_hkp(struct arena *arena, const char *base, const char *addr)
{
    SEAL_CLEANUP(buf_fini) struct buf url = BUF_INIT(URL_MAX);
    buf_printf(&url, "%s/pks/lookup?op=get&options=mr&search=", base);
    add_escaped(span_of(addr), &url);
    return arena_strdup(arena, buf_str(&url));
}
