/* vault - which master key a record is under says its version. */
#include "keyd/vault.h"

#include "keyd/vault_token.h"
#include "token/wrap_origin.h"

#include <stdlib.h>

struct vault {
    struct secret master;
    struct vault_token token;
};

static bool has_token(const struct vault *vault)
{
    return *vault->token.uri != '\0';
}

static int read_master(struct vault *vault, const char *path, struct err *err)
{
    if (secret_read_file(&vault->master, path, secret_mode_of(path), err) < 0)
        return err_wrap(err, "master key");
    return wrap_check_master(&vault->master, err) < 0 ? err_wrap(err, "%s", path) : 0;
}

int vault_open(const char *master_path, const char *token_uri, struct vault **out, struct err *err)
{
    *out = xcalloc(1, sizeof **out);
    vault_token_init(&(*out)->token, token_uri);
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
    vault_token_fini(&(*vault)->token);
    free(*vault);
    *vault = NULL;
}

void vault_use(struct vault *vault, struct holder *token)
{
    vault->token.holder = token;
}

int vault_ready(struct vault *vault, struct err *err)
{
    return has_token(vault) ? vault_token_try(&vault->token, err) : 0;
}

int vault_refuse_master(struct vault *vault, struct span public_key, struct err *err)
{
    if (!has_token(vault))
        return 0;
    if (vault_token_need(&vault->token, err) < 0)
        return -1;
    return span_eq(public_key, buf_span(&vault->token.public_key))
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
    return wrap_origin_open(&vault->master, owner, subject, wrapped, &record, err) < 0
               ? -1
               : vault_token_unwrap(&vault->token, owner, subject, record, out, err);
}

int vault_wrap(struct vault *vault, const char *owner, struct span subject, const struct secret *secret,
               struct buf *out, struct err *err)
{
    return has_token(vault)
               ? vault_token_wrap(&vault->token, &vault->master, owner, subject, secret, out, err)
               : wrap_seal(&vault->master, owner, subject, secret, out, err);
}

int vault_lock(struct vault *vault, struct span uri, const struct secret *data_key, struct buf *locked_out,
               struct err *err)
{
    if (!span_is(uri, vault->token.uri))
        return err_set(
            err, ERR_CONFIG,
            "sealkeyd runs with another master-key-token: restart it, or sealmilter that starts it");
    return vault_token_lock(&vault->token, data_key, locked_out, err);
}

void vault_report(struct vault *vault, bool may_ask, struct buf *out)
{
    if (has_token(vault))
        vault_token_report(&vault->token, may_ask, out);
}
