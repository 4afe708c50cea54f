/* vault - which master key a record is under says its version. */
#include "keyd/vault.h"

#include "token/remote.h"
#include "token/wrap_origin.h"
#include "token/wrap_token.h"

#include <pthread.h>
#include <stdlib.h>

struct vault {
    struct secret master;
    const char *token_uri; /* "": none */
    struct holder *token;
    pthread_mutex_t lock; /* of what follows: opened when it is needed first */
    struct key *key;
    enum wrap_token_padding padding;
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
    key_free(&(*vault)->key);
    pthread_mutex_destroy(&(*vault)->lock);
    free(*vault);
    *vault = NULL;
}

void vault_use(struct vault *vault, struct holder *token)
{
    vault->token = token;
}

static int open_key_locked(struct vault *vault, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(WIRE_PUBLIC_MAX);
    SEAL_CLEANUP(buf_fini) struct buf unused = BUF_INIT(WIRE_MAX);
    SEAL_CLEANUP(key_free) struct key *key = NULL;
    if (vault->key != NULL)
        return 0;
    if (remote_seal(vault->token, "", (struct span){NULL, 0}, vault->token_uri, &public, &unused, err) < 0)
        return -1;
    const struct sealed_key sealed = {"", buf_span(&public), span_of(vault->token_uri)};
    if (holder_open_key(vault->token, &sealed, "", &key, err) < 0 ||
        wrap_token_choose(key, &vault->padding, err) < 0)
        return -1;
    vault->key = key;
    key = NULL;
    return 0;
}

static int open_key(struct vault *vault, struct err *err)
{
    if (vault->token == NULL || *vault->token_uri == '\0')
        return err_set(err, ERR_CONFIG,
                       "this is wrapped under a token's key, and none is set (master-key-token =)");
    pthread_mutex_lock(&vault->lock);
    int result = open_key_locked(vault, err);
    pthread_mutex_unlock(&vault->lock);
    return result < 0 ? err_wrap(err, "master key") : 0;
}

int vault_refuse_master(struct vault *vault, struct span public_key, struct err *err)
{
    if (*vault->token_uri == '\0')
        return 0;
    if (open_key(vault, err) < 0)
        return -1;
    return span_eq(public_key, key_public(vault->key))
               ? err_set(err, ERR_KEY_UNUSABLE, "the master key (master-key-token =) is nobody's own key")
               : 0;
}

int vault_unwrap(struct vault *vault, const char *owner, struct span subject, struct span wrapped,
                 struct secret *out, struct err *err)
{
    struct span record;
    *out = (struct secret){.ptr = NULL};
    if (wrapped.len == 0 || wrapped.ptr[0] != WRAP_ORIGIN_VERSION)
        return wrap_open(&vault->master, owner, subject, wrapped, out, err);
    if (wrap_origin_open(&vault->master, owner, subject, wrapped, &record, err) < 0 ||
        open_key(vault, err) < 0)
        return -1;
    return wrap_token_open(vault->key, owner, subject, record, out, err);
}

int vault_wrap(struct vault *vault, const char *owner, struct span subject, const struct secret *secret,
               struct buf *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf record = BUF_INIT(WRAP_MAX);
    if (*vault->token_uri == '\0')
        return wrap_seal(&vault->master, owner, subject, secret, out, err);
    if (open_key(vault, err) < 0 ||
        wrap_token_seal(key_public(vault->key), vault->padding, owner, subject, secret, &record, err) < 0)
        return -1;
    return wrap_origin_seal(&vault->master, owner, subject, buf_span(&record), out, err);
}
