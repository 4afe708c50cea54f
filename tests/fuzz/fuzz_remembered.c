/* fuzz_remembered - any octets behind a right checksum as the store's record of what the directory said: refused, or the same when written again. */
#include "base/hash.h"
#include "model/remembered.h"
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

#define CHECKSUM_SIZE 8 /* as record.h has it */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void add_checksum(const struct kv_key *key, struct span map, struct buf *out)
{
    unsigned char digest[HASH_SIZE];
    struct hash *hash = hash_new();
    hash_add_field(hash, kv_key_span(key));
    hash_add_field(hash, map);
    hash_end(hash, digest);
    hash_free(&hash);
    buf_add(out, digest, CHECKSUM_SIZE);
}

static bool decode(const struct kv_key *key, const struct buf *value, struct arena *arena,
                   struct remembered *out)
{
    struct err err = ERR_INIT;
    if (record_decode(&store_remembered_kind, kv_key_span(key), buf_span(value), arena, out, &err) == 0)
        return true;
    must(err.code == ERR_STORE_DAMAGED);
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    SEAL_CLEANUP(buf_fini)
    struct buf value = BUF_INIT(RECORD_MAX), once = BUF_INIT(RECORD_MAX), twice = BUF_INIT(RECORD_MAX);
    struct kv_key key = store_key(KV_REMEMBERED, "a@b.example");
    struct span map = {(const char *)data, size};
    struct remembered out;
    if (size > 65536)
        return 0;
    add_checksum(&key, map, &value);
    buf_add_span(&value, map);
    if (!decode(&key, &value, arena, &out))
        return 0;
    record_encode(&store_remembered_kind, &key, &out, &once);
    must(decode(&key, &once, arena, &out));
    record_encode(&store_remembered_kind, &key, &out, &twice);
    must(span_eq(buf_span(&once), buf_span(&twice)));
    return 0;
}
