/*
 * record - the values of the store: structs as CBOR, described by a table of their fields.
 *
 *     checksum (8 octets) | map { "v": version, "name": value, .. }
 *
 * The checksum is the beginning of the SHA-256 over key and map. LMDB has none, and a flipped bit must not make an untrusted
 * certificate trusted, nor a record answer for another key. A record that cannot be read is ERR_STORE_DAMAGED, never "absent".
 *
 * source  RFC 8949 (CBOR)
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "store/kv.h"

#define RECORD_MAX ((size_t)20 << 20) /* a list of addresses is the largest */

enum field_type {
    FIELD_TEXT,        /* const char *; NULL is kept as such */
    FIELD_TEXTS,       /* const char **, its number (size_t) at `extra` */
    FIELD_LATER_TEXTS, /* the same; none in records from before there was such a field */
    FIELD_BYTES,       /* struct span */
    FIELD_TIME,        /* int64_t */
    FIELD_LATER,       /* int64_t; 0 in records from before there was such a field */
    FIELD_BOOL,
    FIELD_UINT /* unsigned, or an enum; at most `extra` */
};

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    size_t extra;
};

struct record_kind {
    const char *name; /* for messages: "certificate" */
    unsigned version;
    const struct field *fields;
    size_t nfields;
};

/* record_encode - what `in` holds, appended to out; buf_check there. */
void record_encode(const struct record_kind *kind, const struct kv_key *key, const void *in, struct buf *out);
/* record_decode - into *out, strings and bytes in arena; fields that the table does not name are left alone. */
int record_decode(const struct record_kind *kind, struct span key, struct span value, struct arena *arena,
                  void *out, struct err *err) SEAL_CHECKED;

#endif
