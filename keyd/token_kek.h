/* token_kek - the master key on a token (token/kek.h), open from its first question on. Of the token child alone. Any thread. */
#ifndef KEYD_TOKEN_KEK_H
#define KEYD_TOKEN_KEK_H

#include "token/kek.h"

#include <pthread.h>

/* One, as the settings name one. */
struct token_kek {
    pthread_mutex_t lock;
    struct kek *kek;
    char *uri;
};

void token_kek_init(struct token_kek *token);
/* token_kek_get - borrowed, for as long as the process lives. Errors as of kek_open(). */
int token_kek_get(struct token_kek *token, struct pkcs11 *p11, const char *uri, struct kek **out,
                  struct err *err) SEAL_CHECKED;

#endif
