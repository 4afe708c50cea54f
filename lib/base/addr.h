/*
 * addr - mail addresses as the envelope writes them, and the one canonical form that everybody compares.
 *
 * Policy, key look-up, tags and the store all compare what addr_canonical() gives (R40): without angle brackets and source
 * route, a quoted local part unquoted where it need not be quoted, domain in lower case (ASCII and A-labels are kept as
 * they are; a U-label stays UTF-8, lower-cased in ASCII only), local part in lower case too for *our* comparison: nobody runs
 * two people whose addresses differ in case, and a look-up that misses a key for that reason would send clear text.
 * What goes to the MTA is always the string as it came.
 *
 * source  RFC 5321 4.1.2, 4.1.1.3 (source routes); RFC 6531 (UTF-8)
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/err.h"
#include "base/mem.h"

#define ADDR_MAX 320 /* octets of an address: 64 + 1 + 255 */

/*
 * addr_canonical - the canonical form of an envelope or header address ("<a@B.example>", "a@b.example").
 *
 * out     ADDR_MAX + 1 bytes. The null sender "<>" gives "".
 * return  0, or -1 with ERR_SYNTAX (control characters, no domain, empty parts, several @ outside quotes), ERR_LIMIT
 */
int addr_canonical(struct span text, char out[ADDR_MAX + 1], struct err *err) SEAL_CHECKED;

/* addr_exact - the same, but the local part keeps its case: for "is From the certificate's address" (RFC 8550 3). */
int addr_exact(struct span text, char out[ADDR_MAX + 1], struct err *err) SEAL_CHECKED;

/* addr_domain - what stands behind the last @ of a canonical address; "" when there is none. */
const char *addr_domain(const char *canonical);

/*
 * addr_matches - whether a canonical address fits a pattern: an address, a domain ("example.org"), "*.example.org" (any
 * sub-domain, not example.org itself), or an address with * and ? in it ("*@example.org", "sales-*@example.org").
 * Pattern in canonical case already (lower).
 */
bool addr_matches(const char *canonical, const char *pattern);

#endif
