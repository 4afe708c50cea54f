/* kv - keys, transactions and cursors over LMDB. */
#include "store/kv.h"

#include "base/io.h"
#include "store/kv_private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* More than any transaction of ours takes; see "Truncated file" in kv.h. */
#define HEADROOM ((size_t)16 << 20)

int kv_fail(struct err *err, int code, const char *what)
{
    switch (code) {
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return err_set(err, ERR_STORE_FULL, "store: %s: %s", what, mdb_strerror(code));
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
        return err_set(err, ERR_STORE_DAMAGED, "store: %s: %s: restore it from a backup", what,
                       mdb_strerror(code));
    case MDB_MAP_RESIZED:
    case MDB_PANIC:
        return err_set(err, ERR_STORE, "store: %s: %s: start this process again", what, mdb_strerror(code));
    default:
        return err_set(err, ERR_STORE, "store: %s: %s", what, mdb_strerror(code));
    }
}

/* ---- keys ---- */

struct kv_key kv_key(enum kv_class class)
{
    struct kv_key key = {.len = 1};
    key.bytes[0] = (unsigned char)class;
    return key;
}

void kv_key_bytes(struct kv_key *key, const void *p, size_t n)
{
    if (key->len > KV_KEY_MAX || n > KV_KEY_MAX - key->len) {
        key->len = KV_KEY_MAX + 1;
        return;
    }
    if (n > 0)
        memcpy(key->bytes + key->len, p, n);
    key->len += n;
}

void kv_key_text(struct kv_key *key, const char *text)
{
    kv_key_bytes(key, text, strlen(text) + 1);
}

/* Big-endian, so that the order of keys is the order of numbers. */
void kv_key_number(struct kv_key *key, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 7; i >= 0; i--) {
        bytes[i] = (unsigned char)number;
        number >>= 8;
    }
    kv_key_bytes(key, bytes, sizeof bytes);
}

struct span kv_key_span(const struct kv_key *key)
{
    return (struct span){(const char *)key->bytes, key->len};
}

struct span kv_key_tail(struct span key, size_t n)
{
    return key.len < n ? (struct span){"", 0} : span_sub(key, key.len - n, n);
}

uint64_t kv_key_tail_number(struct span key)
{
    struct span tail = kv_key_tail(key, sizeof(uint64_t));
    uint64_t number = 0;
    for (size_t i = 0; i < tail.len; i++)
        number = number << 8 | (unsigned char)tail.ptr[i];
    return number;
}

static MDB_val val_of(struct span s)
{
    return (MDB_val){.mv_size = s.len, .mv_data = (void *)(uintptr_t)s.ptr};
}

static struct span span_of_val(const MDB_val *val)
{
    return (struct span){val->mv_data, val->mv_size};
}

static int make_key(struct kv_txn *txn, const struct kv_key *key, MDB_val *out, struct err *err)
{
    if (key->len > KV_KEY_MAX) {
        txn->failed = true;
        return err_set(err, ERR_LIMIT, "store: a key is longer than %d octets", KV_KEY_MAX);
    }
    *out = (MDB_val){.mv_size = key->len, .mv_data = (void *)(uintptr_t)key->bytes};
    return 0;
}

/* ---- transactions ---- */

/* The file grows before its meta page says so: a size read after the meta page is never too small by a race. */
int kv_check_size(struct kv *kv, struct err *err)
{
    struct stat st;
    if (fstat(kv->fd, &st) < 0)
        return kv_fail(err, errno, "size");
    if ((size_t)st.st_size >= 2 * kv->page_size) {
        MDB_envinfo info;
        mdb_env_info(kv->env, &info);
        size_t need = (info.me_last_pgno + 1) * kv->page_size;
        if ((size_t)st.st_size >= need || (fstat(kv->fd, &st) == 0 && (size_t)st.st_size >= need))
            return 0;
    }
    return err_set(err, ERR_STORE_DAMAGED, "store: the file was truncated: restore it from a backup");
}

/* Only the writer may: it holds the lock, and nobody else changes the size. */
static int extend(struct kv *kv)
{
    struct stat st;
    MDB_envinfo info;
    mdb_env_info(kv->env, &info);
    size_t used = (info.me_last_pgno + 1) * kv->page_size;
    if (fstat(kv->fd, &st) < 0)
        return errno;
    if ((size_t)st.st_size >= used + HEADROOM)
        return 0;
    return ftruncate(kv->fd, (off_t)(used + 2 * HEADROOM)) < 0 ? errno : 0;
}

int kv_check_room(struct kv *kv, struct err *err)
{
    struct statvfs disk;
    struct kv_stat stat;
    kv_stat(kv, &stat);
    if (fstatvfs(kv->fd, &disk) < 0)
        return kv_fail(err, errno, "room");
    if ((disk.f_flag & ST_RDONLY) != 0)
        return kv_fail(err, EROFS, "room");
    if ((uint64_t)disk.f_bavail * disk.f_frsize < HEADROOM)
        return kv_fail(err, ENOSPC, "room");
    if (stat.used + HEADROOM > stat.map_size)
        return kv_fail(err, MDB_MAP_FULL, "room");
    return 0;
}

static int begin_read(struct kv *kv, MDB_txn **out)
{
    int fault = io_point("store-read");
    if (fault != 0)
        return fault;
    int code = mdb_txn_begin(kv->env, NULL, MDB_RDONLY, out);
    if (code != MDB_READERS_FULL)
        return code;
    int cleared = 0;
    mdb_reader_check(kv->env, &cleared);
    return mdb_txn_begin(kv->env, NULL, MDB_RDONLY, out);
}

static int begin_write(struct kv *kv, MDB_txn **out)
{
    int code = mdb_txn_begin(kv->env, NULL, 0, out);
    if (code != 0)
        return code;
    code = extend(kv);
    if (code != 0)
        mdb_txn_abort(*out);
    return code;
}

int kv_begin(struct kv *kv, enum kv_access access, struct kv_txn *out, struct err *err)
{
    *out = (struct kv_txn){.kv = kv};
    if (kv_check_size(kv, err) < 0)
        return -1;
    int code = access == KV_WRITE ? begin_write(kv, &out->handle) : begin_read(kv, &out->handle);
    if (code != 0) {
        out->handle = NULL;
        return kv_fail(err, code, access == KV_WRITE ? "write" : "read");
    }
    return 0;
}

int kv_commit(struct kv_txn *txn, struct err *err)
{
    if (txn->failed) {
        kv_abort(txn);
        return err_set(err, ERR_STORE, "store: an earlier step of the transaction failed");
    }
    int code = io_point("store-commit");
    if (code != 0)
        kv_abort(txn);
    else
        code = mdb_txn_commit(txn->handle);
    txn->handle = NULL;
    io_done("store-committed");
    return code == 0 ? 0 : kv_fail(err, code, "commit");
}

void kv_abort(struct kv_txn *txn)
{
    mdb_txn_abort(txn->handle);
    txn->handle = NULL;
}

/* ---- records ---- */

/* What a look-up gave, as one of three answers. */
static enum find found(struct kv_txn *txn, int code, struct err *err)
{
    if (code == 0)
        return FIND_FOUND;
    if (code == MDB_NOTFOUND)
        return FIND_ABSENT;
    txn->failed = true;
    kv_fail(err, code, "look-up");
    return FIND_FAILED;
}

enum find kv_get(struct kv_txn *txn, const struct kv_key *key, struct span *out, struct err *err)
{
    MDB_val k, v = {0};
    if (make_key(txn, key, &k, err) < 0)
        return FIND_FAILED;
    enum find answer = found(txn, mdb_get(txn->handle, txn->kv->dbi, &k, &v), err);
    if (answer == FIND_FOUND)
        *out = span_of_val(&v);
    return answer;
}

void kv_put(struct kv_txn *txn, const struct kv_key *key, struct span value, struct err *err)
{
    MDB_val k, v = val_of(value);
    if (txn->failed || make_key(txn, key, &k, err) < 0)
        return;
    int code = mdb_put(txn->handle, txn->kv->dbi, &k, &v, 0);
    if (code != 0) {
        txn->failed = true;
        kv_fail(err, code, "write");
    }
}

void kv_delete(struct kv_txn *txn, const struct kv_key *key, struct err *err)
{
    MDB_val k;
    if (txn->failed || make_key(txn, key, &k, err) < 0)
        return;
    int code = mdb_del(txn->handle, txn->kv->dbi, &k, NULL);
    if (code != 0 && code != MDB_NOTFOUND) {
        txn->failed = true;
        kv_fail(err, code, "delete");
    }
}

/* ---- cursors ---- */

void kv_iter_init(struct kv_iter *iter, struct kv_txn *txn, const struct kv_key *prefix)
{
    *iter = (struct kv_iter){.txn = txn, .prefix = *prefix};
}

void kv_iter_fini(struct kv_iter *iter)
{
    if (iter->cursor != NULL)
        mdb_cursor_close(iter->cursor);
    iter->cursor = NULL;
}

static int open_cursor(struct kv_iter *iter)
{
    return iter->cursor != NULL ? 0 : mdb_cursor_open(iter->txn->handle, iter->txn->kv->dbi, &iter->cursor);
}

/* Take over where the cursor stands, when that still begins with the prefix. */
static enum find settle(struct kv_iter *iter, int code, const MDB_val *k, const MDB_val *v, struct err *err)
{
    enum find answer = found(iter->txn, code, err);
    if (answer != FIND_FOUND)
        return answer;
    iter->key = span_of_val(k);
    iter->value = span_of_val(v);
    bool inside =
        iter->key.len >= iter->prefix.len && memcmp(iter->key.ptr, iter->prefix.bytes, iter->prefix.len) == 0;
    return inside ? FIND_FOUND : FIND_ABSENT;
}

enum find kv_iter_next(struct kv_iter *iter, struct err *err)
{
    MDB_val k, v = {0};
    if (make_key(iter->txn, &iter->prefix, &k, err) < 0)
        return FIND_FAILED;
    int code = open_cursor(iter);
    if (code == 0)
        code = mdb_cursor_get(iter->cursor, &k, &v, iter->started ? MDB_NEXT : MDB_SET_RANGE);
    iter->started = true;
    return settle(iter, code, &k, &v, err);
}

/* The last entry stands before the first one that is greater than every key with this prefix. */
enum find kv_iter_last(struct kv_iter *iter, struct err *err)
{
    struct kv_key after = iter->prefix;
    MDB_val k, v = {0};
    after.bytes[after.len - 1]++; /* a class byte, or a text's NUL: never 0xff */
    if (make_key(iter->txn, &after, &k, err) < 0)
        return FIND_FAILED;
    int code = open_cursor(iter);
    if (code == 0)
        code = mdb_cursor_get(iter->cursor, &k, &v, MDB_SET_RANGE);
    if (code == 0)
        code = mdb_cursor_get(iter->cursor, &k, &v, MDB_PREV);
    else if (code == MDB_NOTFOUND)
        code = mdb_cursor_get(iter->cursor, &k, &v, MDB_LAST);
    iter->started = true;
    return settle(iter, code, &k, &v, err);
}
