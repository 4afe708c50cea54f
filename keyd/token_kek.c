/* token_kek - opened when it is needed first. */
#include "keyd/token_kek.h"

#include <string.h>

void token_kek_init(struct token_kek *token)
{
    *token = (struct token_kek){.kek = NULL};
    pthread_mutex_init(&token->lock, NULL);
}

static int get_locked(struct token_kek *token, struct pkcs11 *p11, const char *uri, struct err *err)
{
    if (token->kek != NULL)
        return strcmp(token->uri, uri) == 0 ? 0 : err_set(err, ERR_BUG, "a second master key: %s", uri);
    if (kek_open(p11, uri, &token->kek, err) < 0)
        return -1;
    token->uri = xstrdup(uri);
    return 0;
}

int token_kek_get(struct token_kek *token, struct pkcs11 *p11, const char *uri, struct kek **out,
                  struct err *err)
{
    pthread_mutex_lock(&token->lock);
    int result = get_locked(token, p11, uri, err);
    *out = token->kek;
    pthread_mutex_unlock(&token->lock);
    return result;
}
