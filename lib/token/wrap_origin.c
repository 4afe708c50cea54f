/* wrap_origin - HMAC in front of a record. */
#include "token/wrap_origin.h"

#include "base/hash.h"
#include "token/ossl.h"
#include "token/wrap_body.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#define HEAD_SIZE (WRAPPED_HEAD_SIZE + HASH_SIZE)

static int authenticate(const struct secret *master, const char *owner, struct span subject,
                        struct span record, unsigned char out[HASH_SIZE], struct err *err)
{
    const struct span fields[] = {SPAN_LIT("record under a token's key"), span_of(owner), subject, record};
    unsigned char digest[HASH_SIZE];
    if (wrap_check_master(master, err) < 0)
        return -1;
    struct hash *hash = hash_new();
    for (size_t i = 0; i < SEAL_COUNT(fields); i++)
        hash_add_field(hash, fields[i]);
    hash_end(hash, digest);
    hash_free(&hash);
    ossl_begin();
    if (HMAC(EVP_sha256(), master->ptr, (int)master->len, digest, sizeof digest, out, NULL) == NULL)
        return ossl_fail(err, ERR_CRYPTO, "HMAC");
    return 0;
}

int wrap_origin_seal(const struct secret *master, const char *owner, struct span subject, struct span record,
                     struct buf *out, struct err *err)
{
    char head[WRAPPED_HEAD_SIZE];
    unsigned char mac[HASH_SIZE];
    if (record.len > WRAP_MAX - HEAD_SIZE)
        return err_set(err, ERR_LIMIT, "a wrapped secret of %zu octets", record.len);
    if (authenticate(master, owner, subject, record, mac, err) < 0)
        return -1;
    wrap_head(WRAP_ORIGIN_VERSION, master, head);
    buf_add(out, head, sizeof head);
    buf_add(out, mac, sizeof mac);
    buf_add_span(out, record);
    return buf_check(out, err);
}

int wrap_origin_record(struct span wrapped, struct span *record_out, struct err *err)
{
    if (wrapped.len <= HEAD_SIZE)
        return err_set(err, ERR_CRYPTO, "wrapped secret of %zu octets", wrapped.len);
    if (wrapped.ptr[0] != WRAP_ORIGIN_VERSION)
        return err_set(err, ERR_UNSUPPORTED, "wrapped secret of version %d: not for a token", wrapped.ptr[0]);
    *record_out = span_sub(wrapped, HEAD_SIZE, wrapped.len);
    return 0;
}

int wrap_origin_open(const struct secret *master, const char *owner, struct span subject, struct span wrapped,
                     struct span *record_out, struct err *err)
{
    unsigned char mac[HASH_SIZE];
    if (wrap_head_check(WRAP_ORIGIN_VERSION, master, wrapped, err) < 0 ||
        wrap_origin_record(wrapped, record_out, err) < 0)
        return -1;
    if (authenticate(master, owner, subject, *record_out, mac, err) < 0)
        return -1;
    return CRYPTO_memcmp(mac, wrapped.ptr + WRAPPED_HEAD_SIZE, sizeof mac) == 0
               ? 0
               : err_set(err, ERR_CRYPTO, "master key, owner and wrapped secret do not fit together");
}
