/* vault - the master key of a file, in locked memory. */
#include "keyd/vault.h"

#include "token/wrap.h"

#include <stdlib.h>

struct vault {
    struct secret master;
};

int vault_open(const char *master_path, struct vault **out, struct err *err)
{
    struct vault *vault = xcalloc(1, sizeof *vault);
    if (secret_read_file(&vault->master, master_path, secret_mode_of(master_path), err) < 0) {
        free(vault);
        return err_wrap(err, "master key");
    }
    *out = vault;
    if (vault->master.len == MASTER_KEY_SIZE)
        return 0;
    err_set(err, ERR_CONFIG, "master key: %s: %zu octets instead of %d", master_path, vault->master.len,
            MASTER_KEY_SIZE);
    vault_free(out);
    return -1;
}

void vault_free(struct vault **vault)
{
    if (*vault == NULL)
        return;
    secret_fini(&(*vault)->master);
    free(*vault);
    *vault = NULL;
}

int vault_unwrap(const struct vault *vault, const char *owner, struct span subject, struct span wrapped,
                 struct secret *out, struct err *err)
{
    return wrap_open(&vault->master, owner, subject, wrapped, out, err);
}

int vault_wrap(const struct vault *vault, const char *owner, struct span subject, const struct secret *secret,
               struct buf *out, struct err *err)
{
    return wrap_seal(&vault->master, owner, subject, secret, out, err);
}
