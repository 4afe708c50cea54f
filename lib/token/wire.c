/* wire - each question is a row of fields; what writes a field and what reads it stand side by side. */
#include "token/wire.h"

#include "base/hash.h"
#include "token/wrap.h"

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
static const enum field rows[][FIELDS_MAX] = {
    [WIRE_OPEN] = {OWNER, PUBLIC_KEY, WRAPPED},
    [WIRE_SIGN] = {ID, ADDR, DIGEST, SIGN_PADDING, DATA},
    [WIRE_DECRYPT] = {ID, ADDR, WRAP_PADDING, DIGEST, DATA},
    [WIRE_DERIVE] = {ID, ADDR, DATA},
    [WIRE_SECRET] = {OWNER, SUBJECT, WRAPPED},
    [WIRE_GENERATE] = {OWNER, TYPE, BITS, URI},
    [WIRE_SEAL] = {OWNER, PUBLIC_KEY, URI},
    [WIRE_KEEP] = {OWNER, SUBJECT, DATA},
    [WIRE_STATUS] = {END},
    [WIRE_RELOAD] = {END},
    [WIRE_IMPORT] = {OWNER, PUBLIC_KEY, WRAPPED, URI},
};

/* A run of octets: where it is kept, how long it may be, and whether a NUL in it is a mistake. */
struct run {
    struct span *at;
    size_t max;
    bool text;
};

static struct run run_of(enum field field, struct wire_question *q)
{
    switch (field) {
    case ADDR:
        return (struct run){&q->addr, WIRE_ADDR_MAX, true};
    case OWNER:
        return (struct run){&q->owner, WIRE_ADDR_MAX, true};
    case SUBJECT:
        return (struct run){&q->subject, WIRE_ADDR_MAX, true};
    case PUBLIC_KEY:
        return (struct run){&q->public_key, WIRE_PUBLIC_MAX, false};
    case WRAPPED:
        return (struct run){&q->wrapped, WRAP_MAX, false};
    case DATA:
        return (struct run){&q->data, WIRE_DATA_MAX, false};
    case URI:
        return (struct run){&q->uri, WIRE_URI_MAX, true};
    case END:
    case ID:
    case DIGEST:
    case SIGN_PADDING:
    case WRAP_PADDING:
    case TYPE:
    case BITS:
        break;
    }
    return (struct run){NULL, 0, false};
}

static uint32_t number_of(enum field field, const struct wire_question *q)
{
    switch (field) {
    case DIGEST:
        return q->digest;
    case SIGN_PADDING:
        return q->sign_padding;
    case WRAP_PADDING:
        return q->wrap_padding;
    case TYPE:
        return q->type;
    case BITS:
        return q->bits;
    case END:
    case ID:
    case ADDR:
    case OWNER:
    case SUBJECT:
    case PUBLIC_KEY:
    case WRAPPED:
    case DATA:
    case URI:
        break;
    }
    return 0;
}

/* False when the value is none that we know. */
static bool set_number(enum field field, uint32_t value, struct wire_question *q)
{
    switch (field) {
    case DIGEST:
        q->digest = (enum digest)value;
        return value <= DIGEST_SHA1;
    case SIGN_PADDING:
        q->sign_padding = (enum sign_padding)value;
        return value <= SIGN_ECDSA;
    case WRAP_PADDING:
        q->wrap_padding = (enum wrap_padding)value;
        return value <= WRAP_OAEP_MGF1_SHA1;
    case TYPE:
        q->type = (enum key_type)value;
        return value <= KEY_EC_P521;
    case BITS:
        q->bits = value;
        return true;
    case END:
    case ID:
    case ADDR:
    case OWNER:
    case SUBJECT:
    case PUBLIC_KEY:
    case WRAPPED:
    case DATA:
    case URI:
        break;
    }
    return false;
}

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

static int take_run(struct span *rest, struct run run, struct err *err)
{
    uint32_t n;
    if (!take_number(rest, &n))
        return truncated(err);
    if (n > run.max)
        return err_set(err, ERR_LIMIT, "packet of the key socket: a field of %u octets, %zu are allowed", n,
                       run.max);
    if (!take(rest, n, run.at))
        return truncated(err);
    if (run.text && n > 0 && memchr(run.at->ptr, '\0', n) != NULL)
        return err_set(err, ERR_SYNTAX, "packet of the key socket: a NUL in a text");
    return 0;
}

static int check_end(struct span rest, struct err *err)
{
    return rest.len == 0
               ? 0
               : err_set(err, ERR_SYNTAX, "packet of the key socket: %zu octets too many", rest.len);
}

static int read_field(enum field field, struct span *rest, struct wire_question *out, struct err *err)
{
    uint32_t value;
    struct span id;
    struct run run = run_of(field, out);
    if (run.at != NULL)
        return take_run(rest, run, err);
    if (field == ID) {
        if (!take(rest, WIRE_ID_SIZE, &id))
            return truncated(err);
        memcpy(out->id, id.ptr, WIRE_ID_SIZE);
        return 0;
    }
    if (!take_number(rest, &value))
        return truncated(err);
    if (!set_number(field, value, out))
        return err_set(err, ERR_SYNTAX, "packet of the key socket: a value that is not known");
    return 0;
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
        if (read_field(*field, &packet, out, err) < 0)
            return -1;
    return check_end(packet, err);
}

static int write_field(enum field field, const struct wire_question *question, struct buf *out,
                       struct err *err)
{
    const struct run run = run_of(field, (struct wire_question *)(uintptr_t)question);
    if (run.at == NULL && field == ID) {
        buf_add(out, question->id, WIRE_ID_SIZE);
        return 0;
    }
    if (run.at == NULL) {
        add_number(out, number_of(field, question));
        return 0;
    }
    if (run.at->len > run.max)
        return err_set(err, ERR_LIMIT, "a question of %zu octets for sealkeyd, %zu are allowed", run.at->len,
                       run.max);
    add_run(out, *run.at);
    return 0;
}

int wire_write_question(const struct wire_question *question, struct buf *out, struct err *err)
{
    const char head[] = {WIRE_VERSION, (char)question->op};
    buf_add(out, head, sizeof head);
    for (const enum field *field = rows[question->op]; *field != END; field++)
        if (write_field(*field, question, out, err) < 0)
            return -1;
    return buf_check(out, err);
}

int wire_read_answer(struct span packet, struct wire_answer *out, struct err *err)
{
    unsigned code;
    memset(out, 0, sizeof *out);
    const struct run runs[] = {{&out->message, MESSAGE_MAX, true},
                               {&out->data, WIRE_DATA_MAX, false},
                               {&out->public_key, WIRE_PUBLIC_MAX, false},
                               {&out->wrapped, WRAP_MAX, false}};
    if (read_head(&packet, &code, err) < 0)
        return -1;
    if (code >= ERR_CODES)
        return err_set(err, ERR_SYNTAX, "packet of the key socket: a result that is not known");
    out->code = (enum err_code)code;
    for (size_t i = 0; i < SEAL_COUNT(runs); i++)
        if (take_run(&packet, runs[i], err) < 0)
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
