/* token_lock - a secret key of this name locks; where there is none, the RSA key, which stays open. */
#include "keyd/token_lock.h"

#include "token/lock.h"

#include <string.h>

static void id_of(const char *uri, unsigned char id[WIRE_ID_SIZE])
{
    wire_key_id(SPAN_LIT("master"), SPAN_LIT(""), span_of(uri), id);
}

static struct opened *find_open(struct token_desk *desk, const char *uri)
{
    unsigned char id[WIRE_ID_SIZE];
    id_of(uri, id);
    return cache_find(desk->cache, id);
}

static struct opened *open_rsa(struct token_desk *desk, const char *uri, struct err *err)
{
    unsigned char id[WIRE_ID_SIZE];
    struct key *key = NULL;
    if (pkcs11_key(desk->p11, uri, SPAN_LIT(""), &key, err) < 0)
        return NULL;
    id_of(uri, id);
    cache_add(desk->cache, id, "", key);
    struct opened *opened = cache_find(desk->cache, id);
    if (opened == NULL)
        err_set(err, ERR_BUSY, "too many keys are opened at once");
    return opened;
}

/* Whether to go on with an RSA key. */
static bool is_absent(struct err *err)
{
    if (err->code != ERR_ABSENT)
        return false;
    err_clear(err);
    return true;
}

int token_lock(struct token_desk *desk, const char *uri, const struct secret *data_key,
               struct buf *locked_out, struct buf *public_out, struct err *err)
{
    SEAL_CLEANUP(opened_release) struct opened *rsa = find_open(desk, uri);
    if (rsa == NULL) {
        if (lock_aes(desk->p11, uri, data_key, locked_out, err) == 0)
            return 0;
        if (!is_absent(err) || (rsa = open_rsa(desk, uri, err)) == NULL)
            return -1;
    }
    buf_add_span(public_out, key_public(rsa->key));
    return lock_rsa(rsa->key, data_key, locked_out, err);
}

int token_unlock(struct token_desk *desk, const char *uri, struct span locked, struct secret *out,
                 struct err *err)
{
    SEAL_CLEANUP(opened_release) struct opened *rsa = find_open(desk, uri);
    if (rsa == NULL) {
        if (unlock_aes(desk->p11, uri, locked, out, err) == 0)
            return 0;
        if (!is_absent(err) || (rsa = open_rsa(desk, uri, err)) == NULL)
            return -1;
    }
    return unlock_rsa(rsa->key, locked, out, err);
}
