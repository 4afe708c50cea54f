/* vault - which master key a record is under says its version. */
#include "keyd/vault.h"

#include "base/text.h"
#include "token/remote.h"
#include "token/wrap_origin.h"
#include "token/wrap_token.h"

#include <pthread.h>
#include <stdlib.h>

struct vault {
    struct secret master;
    const char *token_uri; /* "": none */
    struct holder *token;
    pthread_mutex_t lock; /* of what follows: asked for when it is needed first */
    bool is_known;
    struct buf public_key; /* empty: AES */
};

static int read_master(struct vault *vault, const char *path, struct err *err)
{
    if (secret_read_file(&vault->master, path, secret_mode_of(path), err) < 0)
        return err_wrap(err, "master key");
    return wrap_check_master(&vault->master, err) < 0 ? err_wrap(err, "%s", path) : 0;
}

int vault_open(const char *master_path, const char *token_uri, struct vault **out, struct err *err)
{
    *out = xcalloc(1, sizeof **out);
    (*out)->token_uri = token_uri;
    (*out)->public_key = (struct buf)BUF_INIT(WIRE_PUBLIC_MAX);
    pthread_mutex_init(&(*out)->lock, NULL);
    if (read_master(*out, master_path, err) == 0)
        return 0;
    vault_free(out);
    return -1;
}

void vault_free(struct vault **vault)
{
    if (*vault == NULL)
        return;
    secret_fini(&(*vault)->master);
    buf_fini(&(*vault)->public_key);
    pthread_mutex_destroy(&(*vault)->lock);
    free(*vault);
    *vault = NULL;
}

void vault_use(struct vault *vault, struct holder *token)
{
    vault->token = token;
}

static int check_token(const struct vault *vault, struct err *err)
{
    return vault->token != NULL && *vault->token_uri != '\0'
               ? 0
               : err_set(err, ERR_CONFIG,
                         "this is wrapped under a token's key, and none is set (master-key-token =)");
}

/* By a data key that is used for nothing. */
static int try_token(const struct vault *vault, struct buf *public_out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf unused = BUF_INIT(LOCK_MAX);
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    return wrap_token_data_key(&data_key, err) < 0
               ? -1
               : remote_lock(vault->token, vault->token_uri, &data_key, &unused, public_out, err);
}

static int learn_public_locked(struct vault *vault, struct err *err)
{
    if (vault->is_known)
        return 0;
    buf_clear(&vault->public_key);
    if (try_token(vault, &vault->public_key, err) < 0)
        return -1;
    vault->is_known = true;
    return 0;
}

static int learn_public(struct vault *vault, struct err *err)
{
    if (check_token(vault, err) < 0)
        return -1;
    pthread_mutex_lock(&vault->lock);
    int result = learn_public_locked(vault, err);
    pthread_mutex_unlock(&vault->lock);
    return result < 0 ? err_wrap(err, "master key") : 0;
}

int vault_ready(const struct vault *vault, struct err *err)
{
    if (*vault->token_uri == '\0')
        return 0;
    return check_token(vault, err) < 0 || try_token(vault, NULL, err) < 0 ? err_wrap(err, "master key") : 0;
}

int vault_refuse_master(struct vault *vault, struct span public_key, struct err *err)
{
    if (*vault->token_uri == '\0')
        return 0;
    if (learn_public(vault, err) < 0)
        return -1;
    return span_eq(public_key, buf_span(&vault->public_key))
               ? err_set(err, ERR_KEY_UNUSABLE, "the master key (master-key-token =) is nobody's own key")
               : 0;
}

static int unwrap_by_token(struct vault *vault, const char *owner, struct span subject, struct span wrapped,
                           struct secret *out, struct err *err)
{
    struct span record, locked;
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    if (wrap_origin_open(&vault->master, owner, subject, wrapped, &record, err) < 0 ||
        wrap_token_locked(record, &locked, err) < 0 || check_token(vault, err) < 0)
        return -1;
    if (remote_unlock(vault->token, vault->token_uri, locked, &data_key, err) < 0)
        return err_wrap(err, "master key");
    return wrap_token_open(&data_key, owner, subject, record, out, err);
}

int vault_unwrap(struct vault *vault, const char *owner, struct span subject, struct span wrapped,
                 struct secret *out, struct err *err)
{
    *out = (struct secret){.ptr = NULL};
    return wrapped.len > 0 && wrapped.ptr[0] == WRAP_ORIGIN_VERSION
               ? unwrap_by_token(vault, owner, subject, wrapped, out, err)
               : wrap_open(&vault->master, owner, subject, wrapped, out, err);
}

int vault_wrap(struct vault *vault, const char *owner, struct span subject, const struct secret *secret,
               struct buf *out, struct err *err)
{
    const struct wrap_token token = {vault->token, vault->token_uri, &vault->master};
    if (*vault->token_uri == '\0')
        return wrap_seal(&vault->master, owner, subject, secret, out, err);
    return check_token(vault, err) < 0 ? -1 : wrap_token_seal_whole(&token, owner, subject, secret, out, err);
}

int vault_lock(const struct vault *vault, struct span uri, const struct secret *data_key,
               struct buf *locked_out, struct err *err)
{
    if (!span_is(uri, vault->token_uri))
        return err_set(
            err, ERR_CONFIG,
            "sealkeyd runs with another master-key-token: restart it, or sealmilter that starts it");
    if (check_token(vault, err) < 0)
        return -1;
    return remote_lock(vault->token, vault->token_uri, data_key, locked_out, NULL, err) < 0
               ? err_wrap(err, "master key")
               : 0;
}

void vault_report(const struct vault *vault, struct buf *out)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf public_key = BUF_INIT(WIRE_PUBLIC_MAX);
    if (*vault->token_uri == '\0')
        return;
    if (check_token(vault, &err) == 0 && try_token(vault, &public_key, &err) == 0) {
        buf_printf(out, "master-key %s, an %s key\n", vault->token_uri, public_key.len > 0 ? "RSA" : "AES");
        return;
    }
    buf_printf(out, "master-key-away %s: ", vault->token_uri);
    text_clean(span_of(err.msg), out);
    buf_add_char(out, '\n');
}
