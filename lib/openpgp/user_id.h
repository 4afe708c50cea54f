/* user_id - the address in a User-ID. Private to lib/openpgp. */
#ifndef OPENPGP_USER_ID_H
#define OPENPGP_USER_ID_H

#include "openpgp/key.h"

/* user_id_read - text and addr of a User-ID as written; valid is the caller's. */
void user_id_read(struct arena *arena, struct span written, struct pgp_uid *out);

#endif
