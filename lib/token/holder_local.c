/* holder_local - the master key in this process: for sealadm, which an administrator runs, and for tests. */
#include "token/holder.h"

#include "token/holder_impl.h"
#include "token/soft.h"

#include <stdlib.h>

struct local {
    struct holder holder;
    struct secret master;
};

static const struct secret *master_of(struct holder *holder)
{
    return &((struct local *)holder)->master;
}

static int open_key(struct holder *holder, const struct sealed_key *sealed, const char *addr,
                    struct key **out, struct err *err)
{
    (void)addr;
    return soft_open(master_of(holder), sealed->owner, sealed->public_key, sealed->wrapped, out, err);
}

static int open_secret(struct holder *holder, const char *owner, const char *fingerprint, struct span wrapped,
                       struct secret *out, struct err *err)
{
    return wrap_open(master_of(holder), owner, span_of(fingerprint), wrapped, out, err);
}

static int keep_secret(struct holder *holder, const char *owner, const char *fingerprint,
                       const struct secret *secret, struct buf *wrapped_out, struct err *err)
{
    return wrap_seal(master_of(holder), owner, span_of(fingerprint), secret, wrapped_out, err);
}

static int generate(struct holder *holder, const char *owner, enum key_type type, unsigned bits,
                    struct buf *public_out, struct buf *wrapped_out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    if (soft_generate(type, bits, &pkcs8, err) < 0 || soft_public(&pkcs8, public_out, err) < 0)
        return -1;
    return soft_wrap(master_of(holder), owner, &pkcs8, wrapped_out, err);
}

static void local_free(struct holder *holder)
{
    struct local *local = (struct local *)holder;
    secret_fini(&local->master);
    free(local);
}

static const struct holder_ops local_ops = {"local",     open_key, open_secret,
                                            keep_secret, generate, local_free};

int holder_new_of(const struct secret *master, struct holder **out, struct err *err)
{
    if (wrap_check_master(master, err) < 0)
        return -1;
    struct local *local = xcalloc(1, sizeof *local);
    local->holder.ops = &local_ops;
    if (secret_copy(&local->master, master->ptr, master->len, err) < 0) {
        free(local);
        return -1;
    }
    *out = &local->holder;
    return 0;
}

int holder_new_local(const char *master_path, struct holder **out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret master = {.ptr = NULL};
    if (secret_read_file(&master, master_path, secret_mode_of(master_path), err) < 0)
        return -1;
    return holder_new_of(&master, out, err);
}
