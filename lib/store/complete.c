/* complete - a fingerprint from its beginning. */
#include "store/store_private.h"

#include <string.h>

static enum kv_class class_of(enum store_kind kind)
{
    switch (kind) {
    case STORE_CERT:
        return KV_CERT;
    case STORE_KEY:
        return KV_KEY;
    case STORE_CA:
        return KV_CA;
    case STORE_CRL:
        return KV_CRL;
    case STORE_PGP:
        return KV_PGP;
    case STORE_PGP_OWN:
        return KV_PGP_OWN;
    }
    return KV_META;
}

enum find store_complete(struct store_read *read, enum store_kind kind, const char *beginning,
                         char out[HASH_HEX_SIZE], struct err *err)
{
    struct kv_key prefix = kv_key(class_of(kind));
    SEAL_CLEANUP(kv_iter_fini) struct kv_iter iter;
    kv_key_bytes(&prefix, beginning, strlen(beginning));
    kv_iter_init(&iter, &read->txn, &prefix);
    enum find answer = kv_iter_next(&iter, err);
    if (answer != FIND_FOUND)
        return answer;
    struct span fingerprint = span_sub(iter.key, 1, HASH_HEX_SIZE - 1);
    memset(out, 0, HASH_HEX_SIZE);
    memcpy(out, fingerprint.ptr, fingerprint.len);
    answer = kv_iter_next(&iter, err);
    if (answer == FIND_FOUND) {
        err_set(err, ERR_AMBIGUOUS, "several fingerprints begin with %s: give more of it", beginning);
        return FIND_FAILED;
    }
    return answer == FIND_ABSENT ? FIND_FOUND : FIND_FAILED;
}
