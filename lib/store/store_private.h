/* store_private - what the files of one kind each share. */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "store/kv.h"
#include "store/record.h"
#include "store/store.h"

#include <limits.h>

struct store {
    struct kv *kv;
};

struct store_read {
    struct kv_txn txn;
    struct arena *arena;
};

extern const struct record_kind store_cert_kind, store_key_kind, store_user_kind, store_ca_kind,
    store_pgp_kind, store_pgp_own_kind, store_policy_kind, store_policy_from_kind, store_list_kind,
    store_journal_kind, store_remembered_kind, store_crl_kind, store_crl_piece_kind;

/* store_load_site_secret - FIND_ABSENT: nobody asked for it yet. */
enum find store_load_site_secret(struct kv_txn *txn, unsigned char out[STORE_SITE_SECRET_SIZE],
                                 struct err *err);

/* store_load_master_name - FIND_ABSENT: nothing was wrapped anew yet. */
enum find store_load_master_name(struct kv_txn *txn, struct arena *arena, struct span *out, struct err *err);
void store_save_master_name(struct kv_txn *txn, struct span name, struct err *err);
/* store_check_wrapped - ERR_BUSY when it is not under that one. */
int store_check_wrapped(struct kv_txn *txn, struct arena *arena, struct span wrapped,
                        struct err *err) SEAL_CHECKED;

struct crl_piece {
    struct span bytes;
};

/* store_folder_check - ERR_CONFIG unless the folder is ours alone. */
int store_folder_check(const char *dir, struct err *err) SEAL_CHECKED;
int store_path(const char *dir, char out[PATH_MAX], struct err *err) SEAL_CHECKED;
/* store_commit - count the generation up and commit. */
int store_commit(struct kv_txn *txn, struct err *err) SEAL_CHECKED;

struct kv_key store_key(enum kv_class class, const char *text);
/* store_pair - of an index: text, then the fingerprint of the record that it leads to. */
struct kv_key store_pair(enum kv_class class, const char *text, const char *fingerprint);

/* store_load - the record of a key, into *out, a struct of this kind. */
enum find store_load(struct kv_txn *txn, const struct record_kind *kind, const struct kv_key *key,
                     struct arena *arena, void *out, struct err *err);
/* store_save - a struct of this kind becomes the record of a key. */
void store_save(struct kv_txn *txn, const struct record_kind *kind, const struct kv_key *key, const void *in,
                struct err *err);
/* store_list - every record of a class: an array of structs of `size`; array_out is the address of the array's pointer. */
int store_list(struct store_read *read, const struct record_kind *kind, enum kv_class class, size_t size,
               void *array_out, size_t *n_out, struct err *err) SEAL_CHECKED;
/* store_joined - the records of a class to which the pairs of an index with this text lead. */
int store_joined(struct kv_txn *txn, const struct record_kind *kind, enum kv_class index, const char *text,
                 enum kv_class class, size_t size, struct arena *arena, void *array_out, size_t *n_out,
                 struct err *err) SEAL_CHECKED;

#endif
