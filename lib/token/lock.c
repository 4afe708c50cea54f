/* lock - head of a locked data key. */
#include "token/lock.h"

#include "base/hash.h"

#include <openssl/crypto.h>
#include <string.h>

void lock_name(struct span what, char out[LOCK_NAME_SIZE])
{
    unsigned char digest[HASH_SIZE];
    hash_bytes(what, digest);
    memcpy(out, digest, LOCK_NAME_SIZE);
}

void lock_head(const char name[LOCK_NAME_SIZE], enum lock_method method, struct buf *out)
{
    buf_add(out, name, LOCK_NAME_SIZE);
    buf_add_char(out, (char)method);
}

int lock_check(const char name[LOCK_NAME_SIZE], struct span locked, struct err *err)
{
    if (locked.len <= LOCK_HEAD_SIZE || locked.len > LOCK_MAX)
        return err_set(err, ERR_CRYPTO, "locked data key of %zu octets", locked.len);
    return memcmp(name, locked.ptr, LOCK_NAME_SIZE) == 0
               ? 0
               : err_set(err, ERR_CRYPTO, "it is wrapped under another token's key (master-key-token =)");
}

int lock_check_back(const struct secret *data_key, const struct secret *back, struct err *err)
{
    return back->len == data_key->len && CRYPTO_memcmp(back->ptr, data_key->ptr, back->len) == 0
               ? 0
               : err_set(err, ERR_KEY_UNUSABLE, "the token's key does not undo what it did");
}
