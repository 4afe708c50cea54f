/* pkcs11_token - tokens: found by name, logged in to once, their sessions lent to whoever operates. For lib/token alone. */
#ifndef TOKEN_PKCS11_TOKEN_H
#define TOKEN_PKCS11_TOKEN_H

#include "token/pkcs11_module.h"
#include "token/pkcs11_uri.h"

#include <pthread.h>

#define PKCS11_SESSIONS_MAX 64

struct pkcs11_token {
    struct ck_function_list *fn;
    ck_slot_id_t slot;
    char label[33], serial[17];
    bool is_open;               /* logged in, or needs no login */
    ck_session_handle_t anchor; /* stays open, so that the login stays; operates nothing */
    pthread_mutex_t lock;       /* of what follows */
    pthread_cond_t returned;
    ck_session_handle_t idle[PKCS11_SESSIONS_MAX];
    size_t nidle, nopen, max;
};

struct pkcs11 {
    const struct pkcs11_conf *conf;
    struct pkcs11_module *modules;
    size_t nmodules;
    struct timespec opened; /* when modules were waited for no longer */
    pthread_mutex_t lock;   /* of what follows: tokens and their logins */
    pthread_cond_t started; /* a module was, or failed to be */
    size_t nstarting;
    struct pkcs11_token **tokens;
    size_t ntokens;
};

/* pkcs11_token_open - the token that a URI names, logged in to; borrowed, lives as long as p11. Errors as of pkcs11_key(). */
int pkcs11_token_open(struct pkcs11 *p11, const struct pkcs11_uri *uri, struct pkcs11_token **out,
                      struct err *err) SEAL_CHECKED;
void pkcs11_token_free(struct pkcs11_token **token);

/* pkcs11_session_take - a session for one operation; waits while all are in use, so that who has one takes no other. ERR_IO. */
int pkcs11_session_take(struct pkcs11_token *token, ck_session_handle_t *out, struct err *err) SEAL_CHECKED;
/* pkcs11_session_give - take it back; after a failure it is closed: an operation may still be under way in it. */
void pkcs11_session_give(struct pkcs11_token *token, ck_session_handle_t session, ck_rv_t rv);
/* pkcs11_session_take_writing - one that may make objects; pkcs11_session_end() closes it. ERR_IO. */
int pkcs11_session_take_writing(struct pkcs11_token *token, ck_session_handle_t *out,
                                struct err *err) SEAL_CHECKED;
void pkcs11_session_end(struct pkcs11_token *token, ck_session_handle_t session);

/* pkcs11_session_count - of ours, open now, in use or not. */
unsigned long pkcs11_session_count(struct pkcs11_token *token);

/* pkcs11_token_can - whether the token offers a mechanism for this (CKF_SIGN, CKF_DECRYPT, ..). */
bool pkcs11_token_can(const struct pkcs11_token *token, ck_mechanism_type_t mechanism, ck_flags_t flag);

#endif
