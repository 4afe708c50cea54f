/* care - health, backup and restore. */
#include "base/io.h"
#include "store/pgp.h"
#include "store/schema.h"
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    enum kv_class class;
    const struct record_kind *kind;
} records[] = {
    {KV_CERT, &store_cert_kind},
    {KV_KEY, &store_key_kind},
    {KV_USER, &store_user_kind},
    {KV_CA, &store_ca_kind},
    {KV_POLICY, &store_policy_kind},
    {KV_POLICY_FROM, &store_policy_from_kind},
    {KV_LIST, &store_list_kind},
    {KV_JOURNAL, &store_journal_kind},
    {KV_REMEMBERED, &store_remembered_kind},
    {KV_CRL, &store_crl_kind},
    {KV_CRL_PIECE, &store_crl_piece_kind},
    {KV_PGP, &store_pgp_kind},
    {KV_PGP_OWN, &store_pgp_own_kind},
};

/* Any record's struct fits in here; only whether it can be read matters. */
union any_record {
    struct cert_record cert;
    struct key_record key;
    struct pgp_record pgp;
    struct pgp_own_record pgp_own;
    struct user_record user;
    struct ca_record ca;
    struct policy_record policy;
    struct crl_record crl;
    struct crl_piece piece;
    const char *list;
    struct remembered remembered;
    int64_t expires, from_ms;
};

static int check_record(const struct record_kind *kind, const struct kv_iter *iter, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    union any_record record;
    return record_decode(kind, iter->key, iter->value, arena, &record, err);
}

static int check_class(struct kv_txn *txn, enum kv_class class, const struct record_kind *kind, size_t *count,
                       struct err *err)
{
    struct kv_key prefix = kv_key(class);
    SEAL_CLEANUP(kv_iter_fini) struct kv_iter iter;
    enum find answer;
    kv_iter_init(&iter, txn, &prefix);
    while ((answer = kv_iter_next(&iter, err)) == FIND_FOUND) {
        if (check_record(kind, &iter, err) < 0)
            return -1;
        (*count)++;
    }
    return answer == FIND_FAILED ? -1 : 0;
}

static int check_all(struct kv *kv, struct store_health *out, struct err *err)
{
    struct kv_txn txn;
    unsigned char secret[STORE_SITE_SECRET_SIZE];
    struct span name;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    if (kv_begin(kv, KV_READ, &txn, err) < 0)
        return -1;
    int status = schema_generation(&txn, &out->generation, err);
    if (status == 0 && store_load_site_secret(&txn, secret, err) == FIND_FAILED)
        status = -1;
    if (status == 0 && store_load_master_name(&txn, arena, &name, err) == FIND_FAILED)
        status = -1;
    for (size_t i = 0; i < SEAL_COUNT(records) && status == 0; i++)
        status = check_class(&txn, records[i].class, records[i].kind, &out->records, err);
    kv_abort(&txn);
    return status;
}

int store_check(struct store *store, struct store_health *out, struct err *err)
{
    struct kv_stat stat;
    *out = (struct store_health){0};
    if (kv_clear_stale(store->kv, &out->stale_cleared, err) < 0)
        return -1;
    kv_stat(store->kv, &stat);
    out->map_size = stat.map_size;
    out->used = stat.used;
    out->readers = stat.readers;
    return check_all(store->kv, out, err);
}

int store_backup(struct store *store, const char *path, struct err *err)
{
    return kv_copy(store->kv, path, err);
}

/* ---- restore ---- */

static int copy_bytes(int from, int to, struct err *err)
{
    char chunk[65536];
    for (;;) {
        ssize_t n = read(from, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_IO, "read: %s", strerror(errno));
        if (n == 0)
            break;
        if (io_write_full(to, chunk, (size_t)n, err) < 0)
            return -1;
    }
    return fsync(to) < 0 ? err_set(err, ERR_IO, "sync: %s", strerror(errno)) : 0;
}

static int copy_file(const char *from, const char *to, struct err *err)
{
    SEAL_CLEANUP(mem_close) int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return err_set(err, errno == ENOENT ? ERR_ABSENT : ERR_IO, "%s: %s", from, strerror(errno));
    SEAL_CLEANUP(mem_close)
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (out < 0)
        return err_set(err, ERR_IO, "%s: %s", to, strerror(errno));
    return copy_bytes(in, out, err) < 0 ? err_wrap(err, "%s", from) : 0;
}

static int check_copy(const char *path, struct err *err)
{
    struct kv *kv = NULL;
    struct store_health health = {0};
    if (kv_open(path, KV_MAP_SIZE, &kv, err) < 0)
        return -1;
    int status = schema_migrate(kv, NULL, 0, err);
    if (status == 0)
        status = check_all(kv, &health, err);
    kv_close(&kv);
    return status;
}

int store_restore(const char *dir, const char *path, struct err *err)
{
    char store[PATH_MAX], temp[PATH_MAX + 16], lock[PATH_MAX + 32];
    if (store_folder_check(dir, err) < 0 || store_path(dir, store, err) < 0)
        return -1;
    snprintf(temp, sizeof temp, "%s.restore", store);
    snprintf(lock, sizeof lock, "%s-lock", temp);
    unlink(lock);
    if (copy_file(path, temp, err) == 0 && check_copy(temp, err) == 0 && kv_replace(store, temp, err) == 0) {
        unlink(lock);
        return 0;
    }
    unlink(temp);
    unlink(lock);
    return err_wrap(err, "not restored");
}
