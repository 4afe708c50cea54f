/* vault - which master key a record is under says its version. */
#include "keyd/vault.h"

#include "base/text.h"
#include "token/remote.h"
#include "token/wrap_origin.h"
#include "token/wrap_token.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPORT_S 10 /* so often a key that failed is tried for a report */

struct vault {
    struct secret master;
    const char *token_uri; /* "": none */
    struct holder *token;
    pthread_mutex_t lock; /* of what follows: asked for when it is needed first */
    bool is_known;
    struct buf public_key; /* empty: AES */
    char name[KEK_NAME_SIZE];
    struct err failure; /* the last time that the token's key was asked */
    time_t failed;
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

static time_t now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/*
 * How the token's key answered, which is kept for the report. What it fails in is the fault of the token or of the settings, never of the
 * message: the record was proven to be ours. So mail waits.
 */
static int judge_token(struct vault *vault, int result, struct err *err)
{
    if (result < 0 && err->code != ERR_BUSY && err->code != ERR_IO)
        err->code = ERR_CONFIG;
    pthread_mutex_lock(&vault->lock);
    vault->failure = result < 0 ? *err : (struct err)ERR_INIT;
    vault->failed = now_s();
    pthread_mutex_unlock(&vault->lock);
    return result < 0 ? err_wrap(err, "master-key-token") : 0;
}

/* By a data key that is used for nothing. */
static int ask_key(const struct vault *vault, struct buf *locked_out, struct buf *public_out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    return check_token(vault, err) < 0 || wrap_token_data_key(&data_key, err) < 0
               ? -1
               : remote_lock(vault->token, vault->token_uri, &data_key, locked_out, public_out, err);
}

static int try_token(struct vault *vault, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf locked = BUF_INIT(KEK_MAX), public_key = BUF_INIT(WIRE_PUBLIC_MAX);
    if (judge_token(vault, ask_key(vault, &locked, &public_key, err), err) < 0)
        return -1;
    pthread_mutex_lock(&vault->lock);
    buf_clear(&vault->public_key);
    buf_add_span(&vault->public_key, buf_span(&public_key));
    memcpy(vault->name, locked.ptr, KEK_NAME_SIZE);
    vault->is_known = true;
    pthread_mutex_unlock(&vault->lock);
    return 0;
}

int vault_ready(struct vault *vault, struct err *err)
{
    return *vault->token_uri == '\0' ? 0 : try_token(vault, err);
}

static bool is_known(struct vault *vault)
{
    pthread_mutex_lock(&vault->lock);
    bool known = vault->is_known;
    pthread_mutex_unlock(&vault->lock);
    return known;
}

static bool is_master(struct vault *vault, struct span public_key)
{
    pthread_mutex_lock(&vault->lock);
    bool same = span_eq(public_key, buf_span(&vault->public_key));
    pthread_mutex_unlock(&vault->lock);
    return same;
}

int vault_refuse_master(struct vault *vault, struct span public_key, struct err *err)
{
    if (*vault->token_uri == '\0')
        return 0;
    if (!is_known(vault) && try_token(vault, err) < 0)
        return -1;
    return is_master(vault, public_key)
               ? err_set(err, ERR_KEY_UNUSABLE, "the master key (master-key-token =) is nobody's own key")
               : 0;
}

static int unlock_and_open(const struct vault *vault, const char *owner, struct span subject,
                           struct span record, struct secret *out, struct err *err)
{
    struct span locked;
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    if (check_token(vault, err) < 0 || wrap_token_locked(record, &locked, err) < 0 ||
        remote_unlock(vault->token, vault->token_uri, locked, &data_key, err) < 0)
        return -1;
    return wrap_token_open(&data_key, owner, subject, record, out, err);
}

int vault_unwrap(struct vault *vault, const char *owner, struct span subject, struct span wrapped,
                 struct secret *out, struct err *err)
{
    struct span record;
    *out = (struct secret){.ptr = NULL};
    if (wrapped.len == 0 || wrapped.ptr[0] != WRAP_ORIGIN_VERSION)
        return wrap_open(&vault->master, owner, subject, wrapped, out, err);
    if (wrap_origin_open(&vault->master, owner, subject, wrapped, &record, err) < 0)
        return -1;
    return judge_token(vault, unlock_and_open(vault, owner, subject, record, out, err), err);
}

int vault_wrap(struct vault *vault, const char *owner, struct span subject, const struct secret *secret,
               struct buf *out, struct err *err)
{
    const struct wrap_token token = {vault->token, vault->token_uri, &vault->master};
    if (*vault->token_uri == '\0')
        return wrap_seal(&vault->master, owner, subject, secret, out, err);
    if (check_token(vault, err) < 0)
        return -1;
    return judge_token(vault, wrap_token_seal_whole(&token, owner, subject, secret, out, err), err);
}

int vault_lock(struct vault *vault, struct span uri, const struct secret *data_key, struct buf *locked_out,
               struct err *err)
{
    if (!span_is(uri, vault->token_uri))
        return err_set(
            err, ERR_CONFIG,
            "sealkeyd runs with another master-key-token: restart it, or sealmilter that starts it");
    if (check_token(vault, err) < 0)
        return -1;
    return judge_token(vault, remote_lock(vault->token, vault->token_uri, data_key, locked_out, NULL, err),
                       err);
}

/* Whether it is worth asking: who asks for reports operates the key hardly ever so. */
static bool is_worth_trying(struct vault *vault)
{
    pthread_mutex_lock(&vault->lock);
    bool failed = vault->failure.code != ERR_NONE;
    bool worth = failed ? now_s() - vault->failed >= REPORT_S : !vault->is_known;
    pthread_mutex_unlock(&vault->lock);
    return worth;
}

void vault_report(struct vault *vault, bool may_ask, struct buf *out)
{
    struct err unused = ERR_INIT;
    if (*vault->token_uri == '\0')
        return;
    if (may_ask && is_worth_trying(vault))
        (void)!try_token(vault, &unused);
    pthread_mutex_lock(&vault->lock);
    struct err failure = vault->failure;
    const char *kind = vault->public_key.len > 0 ? "RSA" : "AES";
    if (failure.code == ERR_NONE && !vault->is_known)
        err_set(&failure, ERR_BUSY, "the process that has the token does not answer");
    pthread_mutex_unlock(&vault->lock);
    if (failure.code == ERR_NONE) {
        buf_printf(out, "master-key %s, an %s key called ", vault->token_uri, kind);
        for (size_t i = 0; i < KEK_NAME_SIZE; i++)
            buf_printf(out, "%02x", (unsigned char)vault->name[i]);
        buf_add_char(out, '\n');
        return;
    }
    buf_printf(out, "master-key-away %s: ", vault->token_uri);
    text_clean(span_of(failure.msg), out);
    buf_add_char(out, '\n');
}
