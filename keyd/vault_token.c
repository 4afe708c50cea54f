/* vault_token - asked through the token child, and judged. */
#include "keyd/vault_token.h"

#include "base/text.h"
#include "token/remote.h"
#include "token/wrap_origin.h"

#include <string.h>

#define REPORT_S 10 /* so often it is tried for a report */
#define PROOF_S  1  /* so long it counts that it has unlocked */

void vault_token_init(struct vault_token *token, const char *uri)
{
    *token = (struct vault_token){.uri = uri, .public_key = BUF_INIT(WIRE_PUBLIC_MAX)};
    pthread_mutex_init(&token->lock, NULL);
}

void vault_token_fini(struct vault_token *token)
{
    buf_fini(&token->public_key);
    pthread_mutex_destroy(&token->lock);
}

static time_t now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static int check_set(const struct vault_token *token, struct err *err)
{
    return token->holder != NULL && *token->uri != '\0'
               ? 0
               : err_set(err, ERR_CONFIG,
                         "this is wrapped under a token's key, and none is set (master-key-token =)");
}

static void note(struct vault_token *token, struct err failure)
{
    pthread_mutex_lock(&token->lock);
    token->failure = failure;
    if (failure.code == ERR_NONE)
        token->proved = now_s();
    pthread_mutex_unlock(&token->lock);
}

static int fail(struct vault_token *token, struct err *err)
{
    if (err->code != ERR_BUSY && err->code != ERR_IO)
        err->code = ERR_CONFIG;
    note(token, *err);
    return err_wrap(err, "master-key-token");
}

/* ---- which key it is ---- */

/* The name that a key has first is kept. */
static int learn(struct vault_token *token, struct span locked, struct span public_key, struct err *err)
{
    pthread_mutex_lock(&token->lock);
    if (!token->is_known) {
        memcpy(token->name, locked.ptr, KEK_NAME_SIZE);
        buf_add_span(&token->public_key, public_key);
        token->is_known = true;
    }
    pthread_mutex_unlock(&token->lock);
    return memcmp(token->name, locked.ptr, KEK_NAME_SIZE) == 0
               ? 0
               : err_set(err, ERR_CONFIG,
                         "the token has another key of this name now: restart sealkeyd if it is to be used");
}

/* By a data key that is used for nothing. */
static int lock_and_unlock(struct vault_token *token, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    SEAL_CLEANUP(secret_fini) struct secret back = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf locked = BUF_INIT(KEK_MAX), public_key = BUF_INIT(WIRE_PUBLIC_MAX);
    if (check_set(token, err) < 0 || kek_data_key(&data_key, err) < 0 ||
        remote_lock(token->holder, token->uri, &data_key, &locked, &public_key, err) < 0 ||
        remote_unlock(token->holder, token->uri, buf_span(&locked), &back, err) < 0)
        return -1;
    if (back.len != data_key.len || memcmp(back.ptr, data_key.ptr, back.len) != 0)
        return err_set(err, ERR_CONFIG, "the token's key does not undo what it did");
    return learn(token, buf_span(&locked), buf_span(&public_key), err);
}

int vault_token_try(struct vault_token *token, struct err *err)
{
    if (lock_and_unlock(token, err) < 0)
        return fail(token, err);
    note(token, (struct err)ERR_INIT);
    return 0;
}

static bool is_known(struct vault_token *token)
{
    pthread_mutex_lock(&token->lock);
    bool known = token->is_known;
    pthread_mutex_unlock(&token->lock);
    return known;
}

int vault_token_need(struct vault_token *token, struct err *err)
{
    return is_known(token) ? 0 : vault_token_try(token, err);
}

/* ---- what it does ---- */

static bool is_proved(struct vault_token *token)
{
    pthread_mutex_lock(&token->lock);
    bool proved = token->is_known && token->failure.code == ERR_NONE && now_s() - token->proved <= PROOF_S;
    pthread_mutex_unlock(&token->lock);
    return proved;
}

int vault_token_lock(struct vault_token *token, const struct secret *data_key, struct buf *locked_out,
                     struct err *err)
{
    if (!is_proved(token) && vault_token_try(token, err) < 0)
        return -1;
    return remote_lock(token->holder, token->uri, data_key, locked_out, NULL, err) < 0 ||
                   learn(token, buf_span(locked_out), SPAN_LIT(""), err) < 0
               ? fail(token, err)
               : 0;
}

int vault_token_wrap(struct vault_token *token, const struct secret *origin, const char *owner,
                     struct span subject, const struct secret *secret, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf locked = BUF_INIT(KEK_MAX), record = BUF_INIT(WRAP_MAX);
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    if (kek_data_key(&data_key, err) < 0 || vault_token_lock(token, &data_key, &locked, err) < 0 ||
        wrap_token_seal(&data_key, buf_span(&locked), owner, subject, secret, &record, err) < 0)
        return -1;
    return wrap_origin_seal(origin, owner, subject, buf_span(&record), out, err);
}

int vault_token_unwrap(struct vault_token *token, const char *owner, struct span subject, struct span record,
                       struct secret *out, struct err *err)
{
    struct span locked;
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    if (check_set(token, err) < 0 || wrap_token_locked(record, &locked, err) < 0 ||
        remote_unlock(token->holder, token->uri, locked, &data_key, err) < 0 ||
        wrap_token_open(&data_key, owner, subject, record, out, err) < 0)
        return fail(token, err);
    note(token, (struct err)ERR_INIT);
    return 0;
}

/* ---- report ---- */

/* Whether this report is to try it: when it was never asked or has failed, one report at a time, and seldom. */
static bool begin_try(struct vault_token *token)
{
    pthread_mutex_lock(&token->lock);
    bool is_well = token->is_known && token->failure.code == ERR_NONE;
    bool begins = !is_well && !token->is_trying && (token->tried == 0 || now_s() - token->tried >= REPORT_S);
    if (begins) {
        token->is_trying = true;
        token->tried = now_s();
    }
    pthread_mutex_unlock(&token->lock);
    return begins;
}

static void end_try(struct vault_token *token)
{
    pthread_mutex_lock(&token->lock);
    token->is_trying = false;
    pthread_mutex_unlock(&token->lock);
}

static void say(const struct vault_token *token, const struct err *failure, struct buf *out)
{
    if (failure->code != ERR_NONE) {
        buf_printf(out, "master-key-away %s: ", token->uri);
        text_clean(span_of(failure->msg), out);
    } else {
        buf_printf(out, "master-key %s, an %s key called ", token->uri,
                   token->public_key.len > 0 ? "RSA" : "AES");
        for (size_t i = 0; i < KEK_NAME_SIZE; i++)
            buf_printf(out, "%02x", (unsigned char)token->name[i]);
    }
    buf_add_char(out, '\n');
}

void vault_token_report(struct vault_token *token, bool may_ask, struct buf *out)
{
    struct err unused = ERR_INIT;
    if (may_ask && begin_try(token)) {
        (void)!vault_token_try(token, &unused);
        end_try(token);
    }
    pthread_mutex_lock(&token->lock);
    struct err failure = token->failure;
    if (failure.code == ERR_NONE && !token->is_known)
        err_set(&failure, ERR_BUSY, "the process that has the token does not answer");
    pthread_mutex_unlock(&token->lock);
    say(token, &failure, out);
}
