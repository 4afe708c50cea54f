/* pattern - addresses and domains, perhaps with wildcards, in canonical form. Private to policy/. */
#ifndef POLICY_PATTERN_H
#define POLICY_PATTERN_H

#include "base/addr.h"

/* pattern_canonical - what addr_matches() takes. ERR_SYNTAX "found '..', expected an address or a domain". */
int pattern_canonical(const char *text, char out[ADDR_MAX + 1], struct err *err) SEAL_CHECKED;

#endif
