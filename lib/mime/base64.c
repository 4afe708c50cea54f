/* base64 - RFC 2045 6.8, by tables: 12 bits at a time out, 4 characters at a time in. */
#include "mime/chunk.h"
#include "mime/transfer.h"

#include <pthread.h>
#include <string.h>

#define LINE_OCTETS 57 /* become 76 characters */
#define LINE_CHARS  76
#define FOREIGN     0x80000000u

static char pairs[4096][2];     /* two characters for 12 bits */
static uint32_t values[4][256]; /* a character's bits, in the place that it has in its four; FOREIGN */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned i = 0; i < 4096; i++) {
        pairs[i][0] = digits[i >> 6];
        pairs[i][1] = digits[i & 63];
    }
    for (unsigned place = 0; place < 4; place++) {
        for (unsigned c = 0; c < 256; c++)
            values[place][c] = FOREIGN;
        for (unsigned i = 0; i < 64; i++)
            values[place][(unsigned char)digits[i]] = i << (18 - 6 * place);
    }
}

/* n is a multiple of 3. Returns behind what was written. */
static char *encode_threes(const unsigned char *in, size_t n, char *out)
{
    for (const unsigned char *end = in + n; in < end; in += 3, out += 4) {
        unsigned bits = (unsigned)in[0] << 16 | (unsigned)in[1] << 8 | in[2];
        memcpy(out, pairs[bits >> 12], 2);
        memcpy(out + 2, pairs[bits & 4095], 2);
    }
    return out;
}

/* A last line, with padding. */
static char *encode_rest(const unsigned char *in, size_t n, char *out)
{
    size_t whole = n - n % 3;
    out = encode_threes(in, whole, out);
    if (n > whole) {
        unsigned char last[3] = {in[whole], n - whole > 1 ? in[whole + 1] : 0, 0};
        out = encode_threes(last, 3, out);
        memset(out - (3 - (n - whole)), '=', 3 - (n - whole));
    }
    return out;
}

static int encode_lines(struct span bytes, struct chunk *chunk, struct err *err)
{
    const unsigned char *in = (const unsigned char *)bytes.ptr, *end = in + bytes.len;
    while (in < end) {
        if (chunk_room(chunk, LINE_CHARS + 2, err) < 0)
            return -1;
        size_t n = (size_t)(end - in) < LINE_OCTETS ? (size_t)(end - in) : LINE_OCTETS;
        char *begin = chunk->ptr + chunk->n;
        char *out = n == LINE_OCTETS ? encode_threes(in, n, begin) : encode_rest(in, n, begin);
        memcpy(out, "\r\n", 2);
        chunk->n += (size_t)(out + 2 - begin);
        in += n;
    }
    return chunk_flush(chunk, err);
}

int base64_encode(struct span bytes, struct spool *out, struct err *err)
{
    pthread_once(&once, make_tables);
    SEAL_CLEANUP(chunk_fini) struct chunk chunk;
    chunk_init(&chunk, out);
    return encode_lines(bytes, &chunk, err);
}

struct decoder {
    const unsigned char *at, *end;
    struct chunk chunk;
    uint32_t bits;    /* of a four that a line end interrupts */
    unsigned have;    /* characters of it */
    unsigned padding; /* "=" seen: only more of them, or blanks, may come */
};

/* Whole fours, up to the first that is none or until the chunk is full. */
static void decode_fours(struct decoder *d)
{
    const unsigned char *at = d->at;
    char *out = d->chunk.ptr + d->chunk.n, *last = d->chunk.ptr + CHUNK_SIZE - 3;
    for (; d->end - at >= 4 && out <= last; at += 4, out += 3) {
        uint32_t bits = values[0][at[0]] | values[1][at[1]] | values[2][at[2]] | values[3][at[3]];
        if ((bits & FOREIGN) != 0)
            break;
        out[0] = (char)(bits >> 16);
        out[1] = (char)(bits >> 8);
        out[2] = (char)bits;
    }
    d->at = at;
    d->chunk.n = (size_t)(out - d->chunk.ptr);
}

static int decode_one(struct decoder *d, struct err *err)
{
    unsigned char c = *d->at++;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        return 0;
    bool pad = c == '=', is_due = pad ? d->have >= 2 : d->padding == 0 && values[0][c] != FOREIGN;
    if (!is_due)
        return err_set(err, ERR_SYNTAX, "a character that base64 does not have there");
    d->bits |= pad ? 0 : values[d->have][c];
    d->padding += pad;
    if (++d->have < 4)
        return 0;
    char *out = d->chunk.ptr + d->chunk.n;
    for (unsigned i = 0; i < 3; i++)
        out[i] = (char)(d->bits >> (16 - 8 * i));
    d->chunk.n += 3 - d->padding;
    d->bits = d->have = 0;
    return 0;
}

static int decode(struct decoder *d, struct err *err)
{
    while (d->at < d->end) {
        if (chunk_room(&d->chunk, 3, err) < 0)
            return -1;
        if (d->have == 0 && d->padding == 0)
            decode_fours(d);
        bool can_write = CHUNK_SIZE - d->chunk.n >= 3;
        if (can_write && d->at < d->end && decode_one(d, err) < 0)
            return -1;
    }
    if (d->have > 0)
        return err_set(err, ERR_SYNTAX, "base64 ends in the middle");
    return chunk_flush(&d->chunk, err);
}

int base64_decode(struct span text, struct spool *out, struct err *err)
{
    pthread_once(&once, make_tables);
    struct decoder d = {.at = (const unsigned char *)text.ptr};
    d.end = d.at + text.len;
    chunk_init(&d.chunk, out);
    int status = decode(&d, err);
    chunk_fini(&d.chunk);
    return status;
}
