/*
 * remote - the holder that is sealkeyd, over its socket.
 *
 * Connections are made when needed, kept, and shared by all threads. What sealkeyd forgot (it was started again) is opened again without
 * the caller noticing; a sealkeyd that is away or too slow is ERR_BUSY. Keys die before their holder.
 */
#ifndef TOKEN_REMOTE_H
#define TOKEN_REMOTE_H

#include "token/holder.h"
#include "token/lines.h"

/* remote_new - no connection is made yet. timeout_ms: for one question with its answer. */
int remote_new(const char *socket_path, unsigned timeout_ms, struct holder **out,
               struct err *err) SEAL_CHECKED;

/* remote_new_on - over connections that somebody else looks after; takes the lines. */
struct holder *remote_new_on(struct lines *lines);

/* remote_generate_on_token - as holder_generate(), for a key on a token; what is wrapped then is its URI. Root and sealkeyd's own user only. */
int remote_generate_on_token(struct holder *remote, const char *owner, enum key_type type, unsigned bits,
                             const char *uri, struct buf *public_out, struct buf *wrapped_out,
                             struct err *err) SEAL_CHECKED;
/* remote_seal - the same for a key that is on a token already; public_key may be empty: what the token says. */
int remote_seal(struct holder *remote, const char *owner, struct span public_key, const char *uri,
                struct buf *public_out, struct buf *wrapped_out, struct err *err) SEAL_CHECKED;
/* remote_import - the same for a soft key, which the token takes in. ERR_UNSUPPORTED: it does not. */
int remote_import(struct holder *remote, const struct sealed_key *sealed, const char *uri,
                  struct buf *public_out, struct buf *wrapped_out, struct err *err) SEAL_CHECKED;
/*
 * remote_lock - a data key under a master key on a token (token/kek.h), appended.
 *
 * uri         sealkeyd locks by the one of its settings alone (master-key-token =)
 * public_out  what it has of a public half, appended: none of an AES key; may be NULL
 */
int remote_lock(struct holder *remote, const char *uri, const struct secret *data_key, struct buf *locked_out,
                struct buf *public_out, struct err *err) SEAL_CHECKED;
/* remote_unlock - it again. Of the token child alone. */
int remote_unlock(struct holder *remote, const char *uri, struct span locked, struct secret *out,
                  struct err *err) SEAL_CHECKED;
/* remote_status - lines "name value", appended. */
int remote_status(struct holder *remote, struct buf *out, struct err *err) SEAL_CHECKED;
/* remote_reload - returns when a worker serves that has read the master key again. Root and sealkeyd's own user only. */
int remote_reload(struct holder *remote, struct err *err) SEAL_CHECKED;

#endif
