/* authorities - the store's certification authorities and revocation lists, made into the anchors of trust. */
#ifndef GATE_AUTHORITIES_H
#define GATE_AUTHORITIES_H

#include "conf/settings.h"
#include "smime/chain.h"
#include "store/store.h"

/* authorities_load - revocation lists are read unless the settings say off. */
int authorities_load(struct store_read *read, const struct settings *settings, struct anchors **out,
                     struct err *err) SEAL_CHECKED;

#endif
