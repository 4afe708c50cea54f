/* holder_impl - what kinds of holders know of a struct holder. For lib/token alone. */
#ifndef TOKEN_HOLDER_IMPL_H
#define TOKEN_HOLDER_IMPL_H

#include "token/holder.h"

struct holder_ops {
    const char *name; /* "local", "sealkeyd" */
    int (*open_key)(struct holder *holder, const struct sealed_key *sealed, const char *addr,
                    struct key **out, struct err *err);
    int (*open_secret)(struct holder *holder, const char *owner, const char *fingerprint, struct span wrapped,
                       struct secret *out, struct err *err);
    int (*keep_secret)(struct holder *holder, const char *owner, const char *fingerprint,
                       const struct secret *secret, struct buf *wrapped_out, struct err *err);
    int (*generate)(struct holder *holder, const char *owner, enum key_type type, unsigned bits,
                    struct buf *public_out, struct buf *wrapped_out, struct err *err);
    void (*free)(struct holder *holder);
};

/* The first member of each kind's own struct. */
struct holder {
    const struct holder_ops *ops;
};

#endif
