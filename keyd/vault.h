/* vault - the master key, and what is wrapped under it. Of the key worker alone. */
#ifndef KEYD_VAULT_H
#define KEYD_VAULT_H

#include "base/buf.h"
#include "base/secret.h"

struct vault;

/* vault_open - ERR_CONFIG when the file is not there or others may read it. */
int vault_open(const char *master_path, struct vault **out, struct err *err) SEAL_CHECKED;
void vault_free(struct vault **vault);

/* vault_unwrap, vault_wrap - bound to owner and subject, see token/wrap.h. */
int vault_unwrap(const struct vault *vault, const char *owner, struct span subject, struct span wrapped,
                 struct secret *out, struct err *err) SEAL_CHECKED;
int vault_wrap(const struct vault *vault, const char *owner, struct span subject, const struct secret *secret,
               struct buf *out, struct err *err) SEAL_CHECKED;

#endif
