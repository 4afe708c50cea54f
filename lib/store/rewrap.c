/* rewrap - private keys and passphrases of both methods, in one transaction. */
#include "store/pgp.h"
#include "store/store_private.h"

#define REWRAP_ARENA_MAX ((size_t)1 << 30)
#define WRAPPED_MAX      ((size_t)64 << 10)

struct rewrapping {
    struct store_read read; /* its transaction writes */
    store_rewrapper *rewrap;
    void *arg;
    size_t n;
};

static int again(struct rewrapping *r, const char *owner, struct span subject, struct span *wrapped,
                 struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(WRAPPED_MAX);
    if (r->rewrap(r->arg, owner, subject, *wrapped, &out, err) < 0 || buf_check(&out, err) < 0)
        return -1;
    *wrapped = (struct span){arena_memdup(r->read.arena, out.ptr, out.len), out.len};
    r->n++;
    return 0;
}

static int rewrap_keys(struct rewrapping *r, struct err *err)
{
    struct key_record *keys;
    size_t n;
    if (store_keys(&r->read, &keys, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct kv_key key = store_key(KV_KEY, keys[i].fingerprint);
        if (again(r, keys[i].owner, keys[i].public_key, &keys[i].wrapped, err) < 0)
            return err_wrap(err, "private key %.16s", keys[i].fingerprint);
        store_save(&r->read.txn, &store_key_kind, &key, &keys[i], err);
    }
    return 0;
}

static int rewrap_passphrases(struct rewrapping *r, struct err *err)
{
    struct pgp_own_record *owns;
    size_t n;
    if (store_pgp_owns(&r->read, &owns, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct kv_key key = store_key(KV_PGP_OWN, owns[i].fingerprint);
        if (again(r, owns[i].owner, span_of(owns[i].fingerprint), &owns[i].wrapped, err) < 0)
            return err_wrap(err, "OpenPGP secret key %.16s", owns[i].fingerprint);
        store_save(&r->read.txn, &store_pgp_own_kind, &key, &owns[i], err);
    }
    return 0;
}

int store_rewrap(struct store *store, struct span name, store_rewrapper *rewrap, void *arg, size_t *n_out,
                 struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(REWRAP_ARENA_MAX);
    struct rewrapping r = {.read = {.arena = arena}, .rewrap = rewrap, .arg = arg};
    if (kv_begin(store->kv, KV_WRITE, &r.read.txn, err) < 0)
        return -1;
    if (rewrap_keys(&r, err) < 0 || rewrap_passphrases(&r, err) < 0) {
        kv_abort(&r.read.txn);
        return -1;
    }
    store_save_master_name(&r.read.txn, name, err);
    *n_out = r.n;
    return store_commit(&r.read.txn, err);
}
