/*
 * kv - LMDB behind a small interface: keys with a leading class byte, transactions that remember a failure.
 *
 * One file "PATH" and its lock file "PATH-lock". One large sparse map for every process, so that it need never be resized while threads
 * read. Read transactions take no lock; there is one writer at a time over all processes; a commit is on the disk when it returns.
 *
 * A write transaction that saw a failure (also one that its caller ignored) never commits.
 *
 * Truncated file  LMDB reads through a memory map, and a page behind the end of the file would end the process with SIGBUS. Therefore the
 *                 size of the file is compared with what its meta page says when it is opened and at the begin of every transaction;
 *                 a file that is too short gives ERR_STORE_DAMAGED. What remains is a file cut *during* a transaction: the process dies by
 *                 SIGBUS, which the MTA answers with its default action (tempfail).
 *                 For the comparison to be exact, a writer first extends the file (sparsely) beyond all that it may allocate: LMDB
 *                 leaves pages unwritten that were taken and freed again in one transaction, also at the end.
 * threads         struct kv is shared by all threads; a transaction belongs to one at a time.
 */
#ifndef STORE_KV_H
#define STORE_KV_H

#include "base/err.h"
#include "base/mem.h"
#include "model/answer.h"

#define KV_MAP_SIZE ((size_t)16 << 30)
#define KV_READERS  1100 /* a thousand sessions, and some companions */
#define KV_KEY_MAX  511  /* LMDB's */

/* What kind of thing a key leads to: its first byte. */
enum kv_class {
    KV_META = 'm',             /* name */
    KV_CERT = 'c',             /* fingerprint */
    KV_CERT_ADDR = 'C',        /* address, fingerprint */
    KV_KEY = 'k',              /* fingerprint of its certificate */
    KV_KEY_OWNER = 'K',        /* address, fingerprint */
    KV_PGP = 'g',              /* fingerprint */
    KV_PGP_ADDR = 'G',         /* address, fingerprint */
    KV_PGP_KEYID = 'i',        /* key id, fingerprint */
    KV_PGP_OWN = 'o',          /* fingerprint */
    KV_PGP_OWN_OWNER = 'O',    /* address, fingerprint */
    KV_USER = 'u',             /* address */
    KV_USER_MORE = 'U',        /* further address; the value is the user's address */
    KV_CA = 'a',               /* fingerprint */
    KV_CRL = 'r',              /* id */
    KV_CRL_PIECE = 'R',        /* id, number */
    KV_POLICY = 'p',           /* number */
    KV_POLICY_FROM = 'P',      /* number */
    KV_LIST = 'l',             /* hash of its text */
    KV_JOURNAL = 'j',          /* hash */
    KV_JOURNAL_EXPIRY = 'J',   /* time, hash */
    KV_REMEMBERED = 'd',       /* address */
    KV_REMEMBERED_EXPIRY = 'D' /* time, address */
};

struct kv_key {
    unsigned char bytes[KV_KEY_MAX];
    size_t len; /* above KV_KEY_MAX: too long; using it gives ERR_LIMIT */
};

struct kv_key kv_key(enum kv_class class);
void kv_key_text(struct kv_key *key, const char *text); /* with its NUL: no key is the beginning of another */
void kv_key_number(struct kv_key *key, uint64_t number);
void kv_key_bytes(struct kv_key *key, const void *p, size_t n);
struct span kv_key_span(const struct kv_key *key);
/* kv_key_tail - the last n bytes of a stored key; empty when it is shorter. */
struct span kv_key_tail(struct span key, size_t n);
/* kv_key_tail_number - what kv_key_number() put last; 0 when the key is shorter. */
uint64_t kv_key_tail_number(struct span key);

struct kv;

/* kv_create - a new file, with one record in it; nothing when the file is there. It appears whole or not at all. */
int kv_create(const char *path, const struct kv_key *key, struct span value, struct err *err) SEAL_CHECKED;
/* kv_open - ERR_CONFIG when it is not there or others may read it, ERR_STORE_DAMAGED. */
int kv_open(const char *path, size_t map_size, struct kv **out, struct err *err) SEAL_CHECKED;
void kv_close(struct kv **kv);

enum kv_access {
    KV_READ,
    KV_WRITE
};

struct kv_txn {
    struct kv *kv;
    struct MDB_txn *handle;
    bool failed;
};

/* kv_begin - the caller ends it by kv_commit (write) or kv_abort (either). */
int kv_begin(struct kv *kv, enum kv_access access, struct kv_txn *out, struct err *err) SEAL_CHECKED;
/* kv_commit - passes io_point("store-commit"). -1 with nothing changed when this or an earlier step failed. */
int kv_commit(struct kv_txn *txn, struct err *err) SEAL_CHECKED;
void kv_abort(struct kv_txn *txn);

/* kv_check_room - whether the map and the disk have room for further transactions: ERR_STORE_FULL. Changes nothing, takes no lock. */
int kv_check_room(struct kv *kv, struct err *err) SEAL_CHECKED;

/* kv_get - the value stays where it is until the transaction ends or writes. */
enum find kv_get(struct kv_txn *txn, const struct kv_key *key, struct span *out, struct err *err);
/* kv_put, kv_delete - do nothing after a failure; kv_commit tells. An absent key is deleted already. */
void kv_put(struct kv_txn *txn, const struct kv_key *key, struct span value, struct err *err);
void kv_delete(struct kv_txn *txn, const struct kv_key *key, struct err *err);

/* The entries whose keys begin with prefix, in the order of their bytes. */
struct kv_iter {
    struct kv_txn *txn;
    struct MDB_cursor *cursor;
    struct kv_key prefix;
    bool started;
    struct span key;
    struct span value;
};
void kv_iter_init(struct kv_iter *iter, struct kv_txn *txn, const struct kv_key *prefix);
/* kv_iter_next - FIND_FOUND with key and value set, FIND_ABSENT at the end. */
enum find kv_iter_next(struct kv_iter *iter, struct err *err);
/* kv_iter_last - to the last entry of all. */
enum find kv_iter_last(struct kv_iter *iter, struct err *err);
void kv_iter_fini(struct kv_iter *iter);

struct kv_stat {
    size_t map_size;
    size_t used; /* octets; up to half of the map, freed pages count as well */
    unsigned readers;
};
void kv_stat(struct kv *kv, struct kv_stat *out);
/* kv_clear_stale - give back the reader slots of processes that died: such a slot keeps old pages from being used again. */
int kv_clear_stale(struct kv *kv, unsigned *cleared_out, struct err *err) SEAL_CHECKED;

/* kv_copy - a compact copy of one moment, while others read and write. Never replaces a file. */
int kv_copy(struct kv *kv, const char *path, struct err *err) SEAL_CHECKED;
/* kv_replace - put the file `from` in the place of `path`; ERR_STORE when any process has it open. */
int kv_replace(const char *path, const char *from, struct err *err) SEAL_CHECKED;

#endif
