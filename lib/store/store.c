/* store - open, close, generation, and the steps that every kind of record shares. */
#include "store/store.h"

#include "store/schema.h"
#include "store/store_private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- open and close ---- */

int store_folder_check(const char *dir, struct err *err)
{
    struct stat st;
    if (stat(dir, &st) < 0 && errno == ENOENT)
        return err_set(err, ERR_CONFIG, "%s: there is no state folder yet: run sealadm init", dir);
    if (stat(dir, &st) < 0)
        return err_set(err, ERR_CONFIG, "%s: %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_CONFIG, "%s: not a folder", dir);
    if (st.st_uid != geteuid())
        return err_set(err, ERR_CONFIG,
                       "%s: belongs to user id %u, this process runs as %u: start it as that user", dir,
                       (unsigned)st.st_uid, (unsigned)geteuid());
    if ((st.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0)
        return err_set(err, ERR_CONFIG, "%s: mode %04o lets others in: chmod 711, or 700", dir,
                       (unsigned)st.st_mode & 07777);
    return 0;
}

int store_path(const char *dir, char out[PATH_MAX], struct err *err)
{
    if (snprintf(out, PATH_MAX, "%s/%s", dir, STORE_FILE) >= PATH_MAX)
        return err_set(err, ERR_LIMIT, "path too long: %s", dir);
    return 0;
}

int store_open(const char *dir, enum store_mode mode, struct store **out, struct err *err)
{
    return store_open_sized(dir, mode, KV_MAP_SIZE, out, err);
}

int store_open_sized(const char *dir, enum store_mode mode, size_t map_size, struct store **out,
                     struct err *err)
{
    char path[PATH_MAX];
    if (mode == STORE_CREATE && mkdir(dir, S_IRWXU) < 0 && errno != EEXIST)
        return err_set(err, ERR_CONFIG, "%s: %s", dir, strerror(errno));
    if (store_folder_check(dir, err) < 0 || store_path(dir, path, err) < 0 ||
        (mode == STORE_CREATE && schema_create(path, err) < 0))
        return -1;
    struct store *store = xcalloc(1, sizeof *store);
    if (kv_open(path, map_size, &store->kv, err) < 0 || schema_migrate(store->kv, NULL, 0, err) < 0) {
        store_close(&store);
        return -1;
    }
    *out = store;
    return 0;
}

void store_close(struct store **store)
{
    if (*store == NULL)
        return;
    kv_close(&(*store)->kv);
    free(*store);
    *store = NULL;
}

uint64_t store_generation(struct store *store, struct err *err)
{
    struct kv_txn txn;
    uint64_t generation = 0;
    if (kv_begin(store->kv, KV_READ, &txn, err) < 0)
        return 0;
    int status = schema_generation(&txn, &generation, err);
    kv_abort(&txn);
    return status < 0 ? 0 : generation;
}

int store_read_begin(struct store *store, struct arena *arena, struct store_read **out, struct err *err)
{
    struct store_read *read = xcalloc(1, sizeof *read);
    read->arena = arena;
    if (kv_begin(store->kv, KV_READ, &read->txn, err) < 0) {
        free(read);
        return -1;
    }
    *out = read;
    return 0;
}

void store_read_end(struct store_read **read)
{
    if (*read == NULL)
        return;
    kv_abort(&(*read)->txn);
    free(*read);
    *read = NULL;
}

int store_commit(struct kv_txn *txn, struct err *err)
{
    schema_count(txn, err);
    return kv_commit(txn, err);
}

/* ---- records ---- */

struct kv_key store_key(enum kv_class class, const char *text)
{
    struct kv_key key = kv_key(class);
    kv_key_text(&key, text);
    return key;
}

struct kv_key store_pair(enum kv_class class, const char *text, const char *fingerprint)
{
    struct kv_key key = store_key(class, text);
    kv_key_text(&key, fingerprint);
    return key;
}

enum find store_load(struct kv_txn *txn, const struct record_kind *kind, const struct kv_key *key,
                     struct arena *arena, void *out, struct err *err)
{
    struct span value;
    enum find answer = kv_get(txn, key, &value, err);
    if (answer != FIND_FOUND)
        return answer;
    if (record_decode(kind, kv_key_span(key), value, arena, out, err) < 0) {
        txn->failed = true;
        return FIND_FAILED;
    }
    return FIND_FOUND;
}

void store_save(struct kv_txn *txn, const struct record_kind *kind, const struct kv_key *key, const void *in,
                struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf buf = BUF_INIT(RECORD_MAX);
    record_encode(kind, key, in, &buf);
    if (buf_check(&buf, err) < 0)
        txn->failed = true;
    else
        kv_put(txn, key, buf_span(&buf), err);
}

/* An array of structs of one kind that grows in an arena. */
struct list {
    char *items;
    size_t n, cap, size;
};

static void *list_add(struct list *list, struct arena *arena)
{
    list->items = arena_grow(arena, list->items, list->n, &list->cap, list->size);
    char *item = list->items + list->n++ * list->size;
    memset(item, 0, list->size);
    return item;
}

/* What an iteration came to: everything in *array_out, or -1. */
static int list_end(struct list *list, enum find last, struct arena *arena, void *array_out, size_t *n_out,
                    struct err *err)
{
    if (last == FIND_FAILED || arena_check(arena, err) < 0)
        return -1;
    *(void **)array_out = list->items;
    *n_out = list->n;
    return 0;
}

int store_list(struct store_read *read, const struct record_kind *kind, enum kv_class class, size_t size,
               void *array_out, size_t *n_out, struct err *err)
{
    struct list list = {.size = size};
    struct kv_key prefix = kv_key(class);
    SEAL_CLEANUP(kv_iter_fini) struct kv_iter iter;
    kv_iter_init(&iter, &read->txn, &prefix);
    enum find answer;
    while ((answer = kv_iter_next(&iter, err)) == FIND_FOUND && arena_check(read->arena, err) == 0)
        if (record_decode(kind, iter.key, iter.value, read->arena, list_add(&list, read->arena), err) < 0)
            return -1;
    return list_end(&list, answer, read->arena, array_out, n_out, err);
}

/* One entry of an index: the record that it leads to must be there. */
static enum find load_joined(struct kv_txn *txn, const struct record_kind *kind, enum kv_class class,
                             struct span fingerprint, struct arena *arena, void *out, struct err *err)
{
    struct kv_key key = kv_key(class);
    kv_key_bytes(&key, fingerprint.ptr, fingerprint.len);
    enum find answer = store_load(txn, kind, &key, arena, out, err);
    if (answer != FIND_ABSENT)
        return answer;
    err_set(err, ERR_STORE_DAMAGED, "store: an index leads to no %s: restore it from a backup", kind->name);
    return FIND_FAILED;
}

int store_joined(struct kv_txn *txn, const struct record_kind *kind, enum kv_class index, const char *text,
                 enum kv_class class, size_t size, struct arena *arena, void *array_out, size_t *n_out,
                 struct err *err)
{
    struct list list = {.size = size};
    struct kv_key prefix = store_key(index, text);
    SEAL_CLEANUP(kv_iter_fini) struct kv_iter iter;
    kv_iter_init(&iter, txn, &prefix);
    enum find answer;
    while ((answer = kv_iter_next(&iter, err)) == FIND_FOUND && arena_check(arena, err) == 0) {
        struct span fingerprint = span_sub(iter.key, prefix.len, SIZE_MAX); /* with its NUL */
        answer = load_joined(txn, kind, class, fingerprint, arena, list_add(&list, arena), err);
        if (answer == FIND_FAILED)
            break;
    }
    return list_end(&list, answer, arena, array_out, n_out, err);
}
