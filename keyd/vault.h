/*
 * vault - the master key, and what is wrapped under it. Of the key worker alone. Any thread.
 *
 * The master key is that of a file, in locked memory, or an RSA or AES key on a token (token/wrap_token.h). With a token's, the file's is what proves
 * that a record was made here (token/wrap_origin.h), and still opens what was wrapped under it.
 */
#ifndef KEYD_VAULT_H
#define KEYD_VAULT_H

#include "base/buf.h"
#include "base/secret.h"
#include "token/holder.h"

struct vault;

/* vault_open - token_uri: "" for the file alone. ERR_CONFIG when the file is not there or others may read it. */
int vault_open(const char *master_path, const char *token_uri, struct vault **out,
               struct err *err) SEAL_CHECKED;
void vault_free(struct vault **vault);
/* vault_use - who is asked for the token's key; borrowed. */
void vault_use(struct vault *vault, struct holder *token);

/* vault_ready - that it can wrap now, before something is made that is lost otherwise. ERR_BUSY: the token is away. */
int vault_ready(struct vault *vault, struct err *err) SEAL_CHECKED;

/* vault_refuse_master - ERR_KEY_UNUSABLE when a token's key, by its public half, is the master key; ERR_BUSY: the token is away. */
int vault_refuse_master(struct vault *vault, struct span public_key, struct err *err) SEAL_CHECKED;

/*
 * vault_unwrap, vault_wrap - bound to owner and subject, see token/wrap.h.
 *
 * errors  those of the token's key (keyd/vault_token.h); ERR_CRYPTO (a record that does not fit owner and subject, or that somebody else
 *         made), ERR_UNSUPPORTED (of another version), ERR_LIMIT
 */
int vault_unwrap(struct vault *vault, const char *owner, struct span subject, struct span wrapped,
                 struct secret *out, struct err *err) SEAL_CHECKED;
int vault_wrap(struct vault *vault, const char *owner, struct span subject, const struct secret *secret,
               struct buf *out, struct err *err) SEAL_CHECKED;
/* vault_lock - a data key under the token's key of this URI, for who wraps by himself; appended. ERR_CONFIG: another is set, or none. */
int vault_lock(struct vault *vault, struct span uri, const struct secret *data_key, struct buf *locked_out,
               struct err *err) SEAL_CHECKED;

/*
 * vault_report - a line "name value" for doctor, appended: the token's key and what it is, or how it failed last; none without one.
 *
 * may_ask  it is tried when it was never asked, and again some seconds after it failed
 */
void vault_report(struct vault *vault, bool may_ask, struct buf *out);

#endif
