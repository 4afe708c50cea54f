/* kv_private - what kv.c and kv_file.c share. */
#ifndef STORE_KV_PRIVATE_H
#define STORE_KV_PRIVATE_H

#include "store/kv.h"

#include <lmdb.h>

#define KV_FLAGS (MDB_NOSUBDIR | MDB_NORDAHEAD | MDB_NOTLS)

struct kv {
    MDB_env *env;
    MDB_dbi dbi;
    int fd; /* the environment's own */
    size_t page_size;
};

/* kv_fail - an error of LMDB's, or an errno, as ours; always -1. */
int kv_fail(struct err *err, int code, const char *what);
/* kv_check_size - ERR_STORE_DAMAGED when the file ends before its last page. */
int kv_check_size(struct kv *kv, struct err *err) SEAL_CHECKED;

#endif
