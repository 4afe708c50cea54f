/* wire - each question is a row of fields, each field has a shape: both are tables, which writing and reading share. */
#include "token/wire.h"

#include "base/hash.h"
#include "token/wrap.h"

#include <stddef.h>
#include <string.h>

/* Of an answer's message. */
#define MESSAGE_MAX 256

enum field {
    END,
    ID,
    ADDR,
    OWNER,
    SUBJECT,
    PUBLIC_KEY,
    WRAPPED,
    DATA,
    URI,
    DIGEST,
    SIGN_PADDING,
    WRAP_PADDING,
    TYPE,
    BITS,
};

#define FIELDS_MAX 6
/* A secret comes last: a buffer that grows behind it would leave a copy of it. */
static const enum field rows[][FIELDS_MAX] = {
    [WIRE_OPEN] = {OWNER, PUBLIC_KEY, WRAPPED},
    [WIRE_SIGN] = {ID, ADDR, DIGEST, SIGN_PADDING, DATA},
    [WIRE_DECRYPT] = {ID, ADDR, WRAP_PADDING, DIGEST, DATA},
    [WIRE_DERIVE] = {ID, ADDR, DATA},
    [WIRE_SECRET] = {OWNER, SUBJECT, WRAPPED},
    [WIRE_GENERATE] = {OWNER, TYPE, BITS, URI},
    [WIRE_SEAL] = {OWNER, PUBLIC_KEY, URI},
    [WIRE_KEEP] = {OWNER, SUBJECT, DATA},
    [WIRE_LOCK] = {URI, DATA},
    [WIRE_UNLOCK] = {URI, DATA},
    [WIRE_STATUS] = {END},
    [WIRE_RELOAD] = {END},
    [WIRE_IMPORT] = {OWNER, PUBLIC_KEY, URI, WRAPPED},
};

enum kind {
    KIND_ID,     /* octets without a length */
    KIND_NUMBER, /* of 32 bits */
    KIND_OCTETS,
    KIND_TEXT, /* octets without a NUL */
};

/* Where a question keeps a field, and its longest length or greatest value. */
static const struct shape {
    enum kind kind;
    size_t at;
    uint32_t max;
} shapes[] = {
    [ID] = {KIND_ID, offsetof(struct wire_question, id), WIRE_ID_SIZE},
    [ADDR] = {KIND_TEXT, offsetof(struct wire_question, addr), WIRE_ADDR_MAX},
    [OWNER] = {KIND_TEXT, offsetof(struct wire_question, owner), WIRE_ADDR_MAX},
    [SUBJECT] = {KIND_TEXT, offsetof(struct wire_question, subject), WIRE_ADDR_MAX},
    [PUBLIC_KEY] = {KIND_OCTETS, offsetof(struct wire_question, public_key), WIRE_PUBLIC_MAX},
    [WRAPPED] = {KIND_OCTETS, offsetof(struct wire_question, wrapped), WRAP_MAX},
    [DATA] = {KIND_OCTETS, offsetof(struct wire_question, data), WIRE_DATA_MAX},
    [URI] = {KIND_TEXT, offsetof(struct wire_question, uri), WIRE_URI_MAX},
    [DIGEST] = {KIND_NUMBER, offsetof(struct wire_question, digest), DIGEST_SHA1},
    [SIGN_PADDING] = {KIND_NUMBER, offsetof(struct wire_question, sign_padding), SIGN_ECDSA},
    [WRAP_PADDING] = {KIND_NUMBER, offsetof(struct wire_question, wrap_padding), WRAP_OAEP_MGF1_SHA1},
    [TYPE] = {KIND_NUMBER, offsetof(struct wire_question, type), KEY_EC_P521},
    [BITS] = {KIND_NUMBER, offsetof(struct wire_question, bits), UINT32_MAX},
};
_Static_assert(sizeof(enum digest) == sizeof(uint32_t) && sizeof(enum sign_padding) == sizeof(uint32_t) &&
                   sizeof(enum wrap_padding) == sizeof(uint32_t) &&
                   sizeof(enum key_type) == sizeof(uint32_t) && sizeof(unsigned) == sizeof(uint32_t),
               "numbers are copied as they are");

static void add_number(struct buf *out, uint32_t value)
{
    unsigned char octets[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                               (unsigned char)(value >> 8), (unsigned char)value};
    buf_add(out, octets, sizeof octets);
}

static void add_run(struct buf *out, struct span run)
{
    add_number(out, (uint32_t)run.len);
    buf_add_span(out, run);
}

static bool take(struct span *rest, size_t n, struct span *out)
{
    if (rest->len < n)
        return false;
    *out = (struct span){rest->ptr, n};
    *rest = (struct span){rest->ptr + n, rest->len - n};
    return true;
}

static bool take_number(struct span *rest, uint32_t *out)
{
    struct span octets;
    if (!take(rest, 4, &octets))
        return false;
    const unsigned char *p = (const unsigned char *)octets.ptr;
    *out = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    return true;
}

static int truncated(struct err *err)
{
    return err_set(err, ERR_SYNTAX, "packet of the key socket is cut short");
}

static int take_run(struct span *rest, enum kind kind, size_t max, struct span *out, struct err *err)
{
    uint32_t n;
    if (!take_number(rest, &n))
        return truncated(err);
    if (n > max)
        return err_set(err, ERR_LIMIT, "packet of the key socket: a field of %u octets, %zu are allowed", n,
                       max);
    if (!take(rest, n, out))
        return truncated(err);
    if (kind == KIND_TEXT && n > 0 && memchr(out->ptr, '\0', n) != NULL)
        return err_set(err, ERR_SYNTAX, "packet of the key socket: a NUL in a text");
    return 0;
}

static int check_end(struct span rest, struct err *err)
{
    return rest.len == 0
               ? 0
               : err_set(err, ERR_SYNTAX, "packet of the key socket: %zu octets too many", rest.len);
}

static int read_field(const struct shape *shape, struct span *rest, struct wire_question *question,
                      struct err *err)
{
    char *at = (char *)question + shape->at;
    uint32_t value;
    struct span id;
    switch (shape->kind) {
    case KIND_ID:
        if (!take(rest, shape->max, &id))
            return truncated(err);
        memcpy(at, id.ptr, id.len);
        return 0;
    case KIND_NUMBER:
        if (!take_number(rest, &value))
            return truncated(err);
        if (value > shape->max)
            return err_set(err, ERR_SYNTAX, "packet of the key socket: a value that is not known");
        memcpy(at, &value, sizeof value);
        return 0;
    case KIND_OCTETS:
    case KIND_TEXT:
        return take_run(rest, shape->kind, shape->max, (struct span *)(void *)at, err);
    }
    return err_set(err, ERR_BUG, "a field of no kind");
}

/* The first octet is the version, the second one is given back. */
static int read_head(struct span *rest, unsigned *second_out, struct err *err)
{
    struct span head;
    if (!take(rest, 2, &head))
        return truncated(err);
    if (head.ptr[0] != WIRE_VERSION)
        return err_set(err, ERR_SYNTAX, "packet of the key socket of version %d instead of %d", head.ptr[0],
                       WIRE_VERSION);
    *second_out = (unsigned char)head.ptr[1];
    return 0;
}

int wire_read_question(struct span packet, struct wire_question *out, struct err *err)
{
    unsigned op;
    memset(out, 0, sizeof *out);
    if (read_head(&packet, &op, err) < 0)
        return -1;
    if (op < WIRE_OPEN || op > WIRE_IMPORT)
        return err_set(err, ERR_SYNTAX, "packet of the key socket: a question that is not known");
    out->op = (enum wire_op)op;
    for (const enum field *field = rows[op]; *field != END; field++)
        if (read_field(&shapes[*field], &packet, out, err) < 0)
            return -1;
    return check_end(packet, err);
}

static int write_field(const struct shape *shape, const struct wire_question *question, struct buf *out,
                       struct err *err)
{
    const char *at = (const char *)question + shape->at;
    uint32_t value;
    struct span run;
    switch (shape->kind) {
    case KIND_ID:
        buf_add(out, at, shape->max);
        return 0;
    case KIND_NUMBER:
        memcpy(&value, at, sizeof value);
        add_number(out, value);
        return 0;
    case KIND_OCTETS:
    case KIND_TEXT:
        memcpy(&run, at, sizeof run);
        if (run.len > shape->max)
            return err_set(err, ERR_LIMIT, "a question of %zu octets for sealkeyd, %u are allowed", run.len,
                           shape->max);
        add_run(out, run);
        return 0;
    }
    return err_set(err, ERR_BUG, "a field of no kind");
}

int wire_write_question(const struct wire_question *question, struct buf *out, struct err *err)
{
    const char head[] = {WIRE_VERSION, (char)question->op};
    buf_add(out, head, sizeof head);
    for (const enum field *field = rows[question->op]; *field != END; field++)
        if (write_field(&shapes[*field], question, out, err) < 0)
            return -1;
    return buf_check(out, err);
}

int wire_read_answer(struct span packet, struct wire_answer *out, struct err *err)
{
    unsigned code;
    memset(out, 0, sizeof *out);
    if (read_head(&packet, &code, err) < 0)
        return -1;
    if (code >= ERR_CODES)
        return err_set(err, ERR_SYNTAX, "packet of the key socket: a result that is not known");
    out->code = (enum err_code)code;
    if (take_run(&packet, KIND_TEXT, MESSAGE_MAX, &out->message, err) < 0 ||
        take_run(&packet, KIND_OCTETS, WIRE_DATA_MAX, &out->data, err) < 0 ||
        take_run(&packet, KIND_OCTETS, WIRE_PUBLIC_MAX, &out->public_key, err) < 0 ||
        take_run(&packet, KIND_OCTETS, WRAP_MAX, &out->wrapped, err) < 0)
        return -1;
    return check_end(packet, err);
}

int wire_write_answer(const struct wire_answer *answer, struct buf *out, struct err *err)
{
    const char head[] = {WIRE_VERSION, (char)answer->code};
    if (answer->message.len > MESSAGE_MAX || answer->data.len > WIRE_DATA_MAX ||
        answer->public_key.len > WIRE_PUBLIC_MAX || answer->wrapped.len > WRAP_MAX)
        return err_set(err, ERR_LIMIT, "an answer that is too long for the key socket");
    buf_add(out, head, sizeof head);
    add_run(out, answer->message);
    add_run(out, answer->data);
    add_run(out, answer->public_key);
    add_run(out, answer->wrapped);
    return buf_check(out, err);
}

void wire_key_id(struct span owner, struct span public_key, struct span wrapped,
                 unsigned char out[WIRE_ID_SIZE])
{
    struct hash *hash = hash_new();
    hash_add_field(hash, owner);
    hash_add_field(hash, public_key);
    hash_add_field(hash, wrapped);
    hash_end(hash, out);
    hash_free(&hash);
}
_Static_assert(WIRE_ID_SIZE == HASH_SIZE, "an id is a SHA-256");
_Static_assert(WRAP_MAX + WIRE_PUBLIC_MAX + WIRE_DATA_MAX + WIRE_ADDR_MAX + 4096 < WIRE_MAX,
               "every packet has room");
