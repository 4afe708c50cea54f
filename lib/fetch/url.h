/*
 * url - where key servers have the key of an address.
 *
 * source  draft-koch-openpgp-webkey-service 3.1 (key discovery), draft-gallagher-openpgp-hkp 3.1 (get)
 */
#ifndef FETCH_URL_H
#define FETCH_URL_H

#include "base/arena.h"

#define URL_WKD_HASH_SIZE 33 /* 32 characters and a NUL */

/* url_wkd_hash - of a local part; upper and lower case of ASCII are one. */
void url_wkd_hash(struct span local, char out[URL_WKD_HASH_SIZE]);

/*
 * url_wkd_advanced, url_wkd_direct - in the key directory of the address's own domain, on the host that belongs to it, or on the domain itself
 * when there is no such host.
 *
 * base      url_wkd_advanced: "https://host:port" in the place of that host; NULL
 * host_out  NULL, or the host's name
 * return    NULL: such an address has no key directory
 */
const char *url_wkd_advanced(struct arena *arena, const char *base, const char *addr, const char **host_out);
const char *url_wkd_direct(struct arena *arena, const char *addr, const char **host_out);

/* url_hkp - of the server at "https://host:port". */
const char *url_hkp(struct arena *arena, const char *base, const char *addr);

#endif
