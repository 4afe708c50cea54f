/* pkcs11_session - opening a session costs a question to the token: they are kept. */
#include "token/pkcs11_token.h"

static int open_session(struct pkcs11_token *token, ck_flags_t also, ck_session_handle_t *out,
                        struct err *err)
{
    ck_rv_t rv = token->fn->C_OpenSession(token->slot, CKF_SERIAL_SESSION | also, NULL, NULL, out);
    return rv == CKR_OK ? 0 : cryptoki_fail(err, rv, "session with the token");
}

/* Under the lock: an idle session, or the right to open one. */
static bool take_idle(struct pkcs11_token *token, ck_session_handle_t *out)
{
    while (token->nidle == 0 && token->nopen == token->max)
        pthread_cond_wait(&token->returned, &token->lock);
    if (token->nidle == 0) {
        token->nopen++;
        return false;
    }
    *out = token->idle[--token->nidle];
    return true;
}

static void forget_one(struct pkcs11_token *token)
{
    pthread_mutex_lock(&token->lock);
    token->nopen--;
    pthread_cond_signal(&token->returned);
    pthread_mutex_unlock(&token->lock);
}

int pkcs11_session_take(struct pkcs11_token *token, ck_session_handle_t *out, struct err *err)
{
    pthread_mutex_lock(&token->lock);
    bool found = take_idle(token, out);
    pthread_mutex_unlock(&token->lock);
    if (found || open_session(token, 0, out, err) == 0)
        return 0;
    forget_one(token);
    return -1;
}

/* In the place of an idle one: a small token may have no room for both. */
int pkcs11_session_take_writing(struct pkcs11_token *token, ck_session_handle_t *out, struct err *err)
{
    pthread_mutex_lock(&token->lock);
    bool found = take_idle(token, out);
    pthread_mutex_unlock(&token->lock);
    if (found)
        token->fn->C_CloseSession(*out);
    if (open_session(token, CKF_RW_SESSION, out, err) == 0)
        return 0;
    forget_one(token);
    return -1;
}

void pkcs11_session_end(struct pkcs11_token *token, ck_session_handle_t session)
{
    token->fn->C_CloseSession(session);
    forget_one(token);
}

void pkcs11_session_give(struct pkcs11_token *token, ck_session_handle_t session, ck_rv_t rv)
{
    if (rv != CKR_OK) {
        pkcs11_session_end(token, session);
        return;
    }
    pthread_mutex_lock(&token->lock);
    token->idle[token->nidle++] = session;
    pthread_cond_signal(&token->returned);
    pthread_mutex_unlock(&token->lock);
}

unsigned long pkcs11_session_count(struct pkcs11_token *token)
{
    pthread_mutex_lock(&token->lock);
    unsigned long n = token->nopen + (token->anchor != 0 ? 1 : 0);
    pthread_mutex_unlock(&token->lock);
    return n;
}
