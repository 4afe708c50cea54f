/* record - structs to CBOR and back. */
#include "store/record.h"

#include "base/hash.h"

#include <cbor.h>
#include <limits.h>
#include <string.h>

#define CHECKSUM_SIZE 8
#define HEAD_MAX      9 /* of a CBOR item */

static void checksum(struct span key, struct span map, unsigned char out[CHECKSUM_SIZE])
{
    unsigned char digest[HASH_SIZE];
    struct hash *hash = hash_new();
    hash_add_field(hash, key);
    hash_add_field(hash, map);
    hash_end(hash, digest);
    hash_free(&hash);
    memcpy(out, digest, CHECKSUM_SIZE);
}

/* ---- encode ---- */

static void add_text(struct buf *out, const char *text)
{
    unsigned char head[HEAD_MAX];
    if (text == NULL) {
        buf_add(out, head, cbor_encode_null(head, sizeof head));
        return;
    }
    buf_add(out, head, cbor_encode_string_start(strlen(text), head, sizeof head));
    buf_add_str(out, text);
}

static void add_texts(struct buf *out, const char *const *texts, size_t n)
{
    unsigned char head[HEAD_MAX];
    buf_add(out, head, cbor_encode_array_start(n, head, sizeof head));
    for (size_t i = 0; i < n; i++)
        add_text(out, texts[i]);
}

static void add_bytes(struct buf *out, struct span bytes)
{
    unsigned char head[HEAD_MAX];
    buf_add(out, head, cbor_encode_bytestring_start(bytes.len, head, sizeof head));
    buf_add_span(out, bytes);
}

static void add_int(struct buf *out, int64_t value)
{
    unsigned char head[HEAD_MAX];
    if (value < 0)
        buf_add(out, head, cbor_encode_negint((uint64_t)(-1 - value), head, sizeof head));
    else
        buf_add(out, head, cbor_encode_uint((uint64_t)value, head, sizeof head));
}

static void add_bool(struct buf *out, bool value)
{
    unsigned char head[HEAD_MAX];
    buf_add(out, head, cbor_encode_bool(value, head, sizeof head));
}

static void add_field(struct buf *out, const struct field *field, const char *base)
{
    const void *at = base + field->offset;
    add_text(out, field->name);
    switch (field->type) {
    case FIELD_TEXT:
        add_text(out, *(const char *const *)at);
        break;
    case FIELD_TEXTS:
    case FIELD_LATER_TEXTS:
        add_texts(out, *(const char *const *const *)at, *(const size_t *)(const void *)(base + field->extra));
        break;
    case FIELD_BYTES:
        add_bytes(out, *(const struct span *)at);
        break;
    case FIELD_TIME:
    case FIELD_LATER:
        add_int(out, *(const int64_t *)at);
        break;
    case FIELD_BOOL:
        add_bool(out, *(const bool *)at);
        break;
    case FIELD_UINT:
        add_int(out, *(const unsigned *)at);
        break;
    }
}

void record_encode(const struct record_kind *kind, const struct kv_key *key, const void *in, struct buf *out)
{
    unsigned char head[HEAD_MAX];
    size_t start = out->len;
    buf_add(out, "\0\0\0\0\0\0\0\0", CHECKSUM_SIZE);
    buf_add(out, head, cbor_encode_map_start(kind->nfields + 1, head, sizeof head));
    add_text(out, "v");
    add_int(out, kind->version);
    for (size_t i = 0; i < kind->nfields; i++)
        add_field(out, &kind->fields[i], in);
    if (out->failed)
        return;
    struct span map = span_sub(buf_span(out), start + CHECKSUM_SIZE, SIZE_MAX);
    checksum(kv_key_span(key), map, (unsigned char *)out->ptr + start);
}

/* ---- is it one of ours ---- */

enum major {
    MAJOR_UINT,
    MAJOR_NEGINT,
    MAJOR_BYTES,
    MAJOR_TEXT,
    MAJOR_ARRAY,
    MAJOR_MAP,
    MAJOR_TAG,
    MAJOR_SIMPLE,
};

/* Whole items (RFC 8949 3.3). */
#define CBOR_FALSE 0xf4
#define CBOR_NULL  0xf6

/* Takes the head of an item off; false when there is none of a definite length. */
static bool take_head(struct span *rest, enum major *major, uint64_t *value)
{
    if (rest->len == 0)
        return false;
    unsigned char first = (unsigned char)*rest->ptr;
    size_t more = (first & 0x1f) < 24   ? 0
                  : (first & 0x1f) < 28 ? (size_t)1 << ((first & 0x1f) - 24)
                                        : SIZE_MAX;
    if (more >= rest->len)
        return false;
    *major = (enum major)(first >> 5);
    *value = more == 0 ? first & 0x1f : 0;
    for (size_t i = 1; i <= more; i++)
        *value = *value << 8 | (unsigned char)rest->ptr[i];
    *rest = span_sub(*rest, more + 1, SIZE_MAX);
    return true;
}

static bool skip(struct span *rest, uint64_t n)
{
    if (n > rest->len)
        return false;
    *rest = span_sub(*rest, (size_t)n, SIZE_MAX);
    return true;
}

static bool skip_text(struct span *rest)
{
    enum major major;
    uint64_t n;
    return take_head(rest, &major, &n) && major == MAJOR_TEXT && skip(rest, n);
}

/* One octet: false, true or null. libcbor ends the process when it asks a float which of them it is. */
static bool skip_simple(struct span *rest)
{
    unsigned char octet = (unsigned char)*rest->ptr;
    return octet >= CBOR_FALSE && octet <= CBOR_NULL && skip(rest, 1);
}

static bool skip_value(struct span *rest)
{
    enum major major;
    uint64_t n;
    if (rest->len > 0 && (unsigned char)*rest->ptr >> 5 == MAJOR_SIMPLE)
        return skip_simple(rest);
    if (!take_head(rest, &major, &n) || major == MAJOR_MAP || major == MAJOR_TAG)
        return false;
    if (major == MAJOR_BYTES || major == MAJOR_TEXT)
        return skip(rest, n);
    for (; major == MAJOR_ARRAY && n > 0; n--)
        if (!skip_text(rest))
            return false;
    return true;
}

/* A map of flat values, whole: libcbor takes memory for whatever number of items is announced, and the stack for each level. */
static bool is_flat(struct span rest)
{
    enum major major;
    uint64_t n;
    if (!take_head(&rest, &major, &n) || major != MAJOR_MAP)
        return false;
    for (; n > 0; n--)
        if (!skip_text(&rest) || !skip_value(&rest))
            return false;
    return rest.len == 0;
}

/* ---- decode ---- */

static int read_text(const cbor_item_t *item, struct arena *arena, const char **out)
{
    if (cbor_is_null(item)) {
        *out = NULL;
        return 0;
    }
    if (!cbor_isa_string(item) || !cbor_string_is_definite(item))
        return -1;
    struct span text = {(const char *)cbor_string_handle(item), cbor_string_length(item)};
    if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL)
        return -1;
    *out = arena_spandup(arena, text);
    return 0;
}

static int read_texts(const cbor_item_t *item, struct arena *arena, const char ***out, size_t *n_out)
{
    if (!cbor_isa_array(item))
        return -1;
    size_t n = cbor_array_size(item);
    const char **texts = arena_array(arena, n, sizeof *texts);
    for (size_t i = 0; i < n; i++)
        if (read_text(cbor_array_handle(item)[i], arena, &texts[i]) < 0 || texts[i] == NULL)
            return -1;
    *out = texts;
    *n_out = n;
    return 0;
}

static int read_bytes(const cbor_item_t *item, struct arena *arena, struct span *out)
{
    if (!cbor_isa_bytestring(item) || !cbor_bytestring_is_definite(item))
        return -1;
    out->len = cbor_bytestring_length(item);
    out->ptr = arena_memdup(arena, cbor_bytestring_handle(item), out->len);
    return 0;
}

static int read_int(const cbor_item_t *item, int64_t *out)
{
    if (!cbor_is_int(item) || cbor_get_int(item) > INT64_MAX)
        return -1;
    int64_t value = (int64_t)cbor_get_int(item);
    *out = cbor_isa_negint(item) ? -1 - value : value;
    return 0;
}

static int read_bool(const cbor_item_t *item, bool *out)
{
    if (!cbor_is_bool(item))
        return -1;
    *out = cbor_get_bool(item);
    return 0;
}

static int read_uint(const cbor_item_t *item, size_t max, unsigned *out)
{
    int64_t value = 0;
    if (read_int(item, &value) < 0 || value < 0 || (uint64_t)value > max)
        return -1;
    *out = (unsigned)value;
    return 0;
}

static const cbor_item_t *find_item(const cbor_item_t *map, const char *name)
{
    const struct cbor_pair *pairs = cbor_map_handle(map);
    for (size_t i = 0; i < cbor_map_size(map); i++) {
        const cbor_item_t *key = pairs[i].key;
        if (cbor_isa_string(key) && cbor_string_is_definite(key) &&
            span_is((struct span){(const char *)cbor_string_handle(key), cbor_string_length(key)}, name))
            return pairs[i].value;
    }
    return NULL;
}

/* A record from before there was such a field. */
static int lacks_field(const struct field *field, char *base)
{
    if (field->type == FIELD_LATER)
        *(int64_t *)(void *)(base + field->offset) = 0;
    else if (field->type == FIELD_LATER_TEXTS)
        *(size_t *)(void *)(base + field->extra) = 0;
    else
        return -1;
    return 0;
}

static int read_field(const struct field *field, const cbor_item_t *map, struct arena *arena, char *base)
{
    const cbor_item_t *item = find_item(map, field->name);
    void *at = base + field->offset;
    if (item == NULL)
        return lacks_field(field, base);
    switch (field->type) {
    case FIELD_TEXT:
        return read_text(item, arena, at);
    case FIELD_TEXTS:
    case FIELD_LATER_TEXTS:
        return read_texts(item, arena, at, (size_t *)(void *)(base + field->extra));
    case FIELD_BYTES:
        return read_bytes(item, arena, at);
    case FIELD_TIME:
    case FIELD_LATER:
        return read_int(item, at);
    case FIELD_BOOL:
        return read_bool(item, at);
    case FIELD_UINT:
        return read_uint(item, field->extra, at);
    }
    return -1;
}

static int read_map(const struct record_kind *kind, const cbor_item_t *map, struct arena *arena, void *out,
                    const char **what)
{
    const cbor_item_t *item;
    unsigned version = 0;
    *what = "version";
    if (!cbor_isa_map(map) || (item = find_item(map, "v")) == NULL ||
        read_uint(item, UINT_MAX, &version) < 0 || version == 0 || version > kind->version)
        return -1;
    for (size_t i = 0; i < kind->nfields; i++) {
        *what = kind->fields[i].name;
        if (read_field(&kind->fields[i], map, arena, out) < 0)
            return -1;
    }
    return 0;
}

static int damaged(const struct record_kind *kind, const char *what, struct err *err)
{
    return err_set(err, ERR_STORE_DAMAGED, "store: a %s record cannot be read (%s): restore it from a backup",
                   kind->name, what);
}

int record_decode(const struct record_kind *kind, struct span key, struct span value, struct arena *arena,
                  void *out, struct err *err)
{
    unsigned char sum[CHECKSUM_SIZE];
    struct span map = span_sub(value, CHECKSUM_SIZE, SIZE_MAX);
    checksum(key, map, sum);
    if (value.len < CHECKSUM_SIZE || memcmp(sum, value.ptr, CHECKSUM_SIZE) != 0)
        return damaged(kind, "checksum", err);
    struct cbor_load_result result;
    const char *what = "CBOR";
    if (!is_flat(map))
        return damaged(kind, what, err);
    cbor_item_t *root = cbor_load((cbor_data)map.ptr, map.len, &result);
    int status = -1;
    if (root != NULL && result.read == map.len)
        status = read_map(kind, root, arena, out, &what);
    if (root != NULL)
        cbor_decref(&root);
    return status < 0 ? damaged(kind, what, err) : 0;
}
