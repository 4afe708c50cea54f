/* crls - revocation lists: a record that describes each, and its octets in pieces, since lists are larger than a record may be. */
#include "store/store_private.h"

#include <limits.h>
#include <string.h>

#define PIECE ((size_t)1 << 20)

#define FIELD(name, type, max)                                                                               \
    {                                                                                                        \
#name, type, offsetof(struct crl_record, name), max                                                  \
    }
static const struct field fields[] = {
    FIELD(id, FIELD_TEXT, 0),
    FIELD(fingerprint, FIELD_TEXT, 0),
    FIELD(signer, FIELD_TEXT, 0),
    FIELD(issuer, FIELD_TEXT, 0),
    FIELD(this_update, FIELD_TIME, 0),
    FIELD(next_update, FIELD_TIME, 0),
    FIELD(entries, FIELD_UINT, UINT_MAX),
    FIELD(size, FIELD_UINT, UINT_MAX),
    FIELD(imported, FIELD_TIME, 0),
};
#undef FIELD
const struct record_kind store_crl_kind = {"revocation list", 1, fields, SEAL_COUNT(fields)};

static const struct field piece_fields[] = {
    {"bytes", FIELD_BYTES, offsetof(struct crl_piece, bytes), 0},
};
const struct record_kind store_crl_piece_kind = {"revocation list's piece", 1, piece_fields,
                                                 SEAL_COUNT(piece_fields)};

static struct kv_key piece_key(const char *id, size_t number)
{
    struct kv_key key = store_key(KV_CRL_PIECE, id);
    kv_key_number(&key, number);
    return key;
}

static void delete_pieces(struct kv_txn *txn, const struct crl_record *record, struct err *err)
{
    for (size_t at = 0; at < record->size; at += PIECE) {
        struct kv_key key = piece_key(record->id, at / PIECE);
        kv_delete(txn, &key, err);
    }
}

static void save_pieces(struct kv_txn *txn, const char *id, struct span der, struct err *err)
{
    for (size_t at = 0; at < der.len; at += PIECE) {
        struct kv_key key = piece_key(id, at / PIECE);
        const struct crl_piece piece = {.bytes = span_sub(der, at, PIECE)};
        store_save(txn, &store_crl_piece_kind, &key, &piece, err);
    }
}

static int check_room(struct kv_txn *txn, struct err *err)
{
    struct kv_key prefix = kv_key(KV_CRL);
    SEAL_CLEANUP(kv_iter_fini) struct kv_iter iter;
    enum find answer;
    size_t n = 0;
    kv_iter_init(&iter, txn, &prefix);
    while ((answer = kv_iter_next(&iter, err)) == FIND_FOUND)
        n++;
    if (answer == FIND_FAILED)
        return -1;
    return n < STORE_CRLS_MAX
               ? 0
               : err_set(err, ERR_LIMIT, "store: %d revocation lists are enough", STORE_CRLS_MAX);
}

/* What the transaction finds in the place of the new list. */
static int make_place(struct kv_txn *txn, const struct crl_record *record, struct arena *arena,
                      struct err *err)
{
    struct kv_key key = store_key(KV_CRL, record->id);
    struct crl_record old;
    switch (store_load(txn, &store_crl_kind, &key, arena, &old, err)) {
    case FIND_FOUND:
        if (old.this_update > record->this_update)
            return err_set(err, ERR_EXISTS, "store: a newer revocation list of %s is here", old.issuer);
        delete_pieces(txn, &old, err);
        return 0;
    case FIND_ABSENT:
        return check_room(txn, err);
    case FIND_FAILED:
        break;
    }
    return -1;
}

int store_put_crl(struct store *store, const struct crl_record *record, struct span der, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct crl_record sized = *record;
    struct kv_key key = store_key(KV_CRL, record->id);
    struct kv_txn txn;
    sized.size = (unsigned)der.len;
    if (der.len > STORE_CRL_MAX)
        return err_set(err, ERR_LIMIT, "store: a revocation list of %zu octets", der.len);
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    if (make_place(&txn, record, arena, err) < 0) {
        kv_abort(&txn);
        return -1;
    }
    store_save(&txn, &store_crl_kind, &key, &sized, err);
    save_pieces(&txn, record->id, der, err);
    return store_commit(&txn, err);
}

int store_delete_crl(struct store *store, const char *id, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_key key = store_key(KV_CRL, id);
    struct crl_record old;
    struct kv_txn txn;
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    enum find found = store_load(&txn, &store_crl_kind, &key, arena, &old, err);
    if (found != FIND_FOUND) {
        kv_abort(&txn);
        return found == FIND_FAILED ? -1 : err_set(err, ERR_ABSENT, "no revocation list %s", id);
    }
    delete_pieces(&txn, &old, err);
    kv_delete(&txn, &key, err);
    return store_commit(&txn, err);
}

int store_crls(struct store_read *read, struct crl_record **out, size_t *n_out, struct err *err)
{
    return store_list(read, &store_crl_kind, KV_CRL, sizeof **out, out, n_out, err);
}

static int damaged(const struct crl_record *record, struct err *err)
{
    return err_set(err, ERR_STORE_DAMAGED, "store: the revocation list of %s is not whole: import it again",
                   record->issuer);
}

int store_read_crl(struct store_read *read, const struct crl_record *record, struct buf *out, struct err *err)
{
    buf_clear(out);
    for (size_t at = 0; at < record->size; at += PIECE) {
        SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
        struct kv_key key = piece_key(record->id, at / PIECE);
        struct crl_piece piece;
        enum find found = store_load(&read->txn, &store_crl_piece_kind, &key, arena, &piece, err);
        if (found != FIND_FOUND)
            return found == FIND_FAILED ? -1 : damaged(record, err);
        buf_add_span(out, piece.bytes);
    }
    if (buf_check(out, err) < 0)
        return -1;
    return out->len == record->size ? 0 : damaged(record, err);
}
