/* ber - an iterative walker: a stack of ends in ber_check, a counter in ber_next. */
#include "smime/ber.h"

#include <string.h>

#define HIGH_TAG       0x1f
#define TAG_OCTETS_MAX 4
#define INDEFINITE     0x80

struct header {
    unsigned char id;
    bool indefinite;
    size_t size; /* of the header itself */
    size_t len;  /* of the contents; 0 when indefinite */
};

static bool read_tag(struct span s, struct header *out)
{
    if (s.len == 0)
        return false;
    out->id = (unsigned char)s.ptr[0];
    out->size = 1;
    if ((out->id & HIGH_TAG) != HIGH_TAG)
        return true;
    for (size_t i = 0; i < TAG_OCTETS_MAX; i++) {
        if (out->size >= s.len)
            return false;
        if (((unsigned char)s.ptr[out->size++] & 0x80) == 0)
            return true;
    }
    return false;
}

static bool read_long_length(struct span s, size_t octets, struct header *out)
{
    if (octets > sizeof out->len || octets > s.len - out->size)
        return false;
    out->len = 0;
    for (; octets > 0; octets--)
        out->len = out->len << 8 | (unsigned char)s.ptr[out->size++];
    return true;
}

/* The header of the element at the front of s; its contents lie within s unless the length is indefinite. */
static bool read_header(struct span s, struct header *out)
{
    if (!read_tag(s, out) || out->size >= s.len)
        return false;
    unsigned char first = (unsigned char)s.ptr[out->size++];
    out->indefinite = first == INDEFINITE;
    out->len = first;
    if (out->indefinite) {
        out->len = 0;
        return (out->id & BER_CONSTRUCTED) != 0;
    }
    if (first > INDEFINITE && !read_long_length(s, first & 0x7fu, out))
        return false;
    return out->len <= s.len - out->size;
}

static bool is_end_mark(struct span s)
{
    return s.len >= 2 && s.ptr[0] == 0 && s.ptr[1] == 0;
}

/* Where the open elements end; an indefinite one ends at its mark, at the latest where its parent does. */
struct level {
    size_t end;
    bool indefinite;
};

/* Leave every element that ends at `at`; false when an end mark is missing. */
static bool close_levels(struct span bytes, const struct level *levels, size_t *depth, size_t *at)
{
    while (*depth > 0) {
        const struct level *top = &levels[*depth - 1];
        if (top->indefinite && is_end_mark(span_sub(bytes, *at, top->end - *at)))
            *at += 2;
        else if (top->indefinite)
            return *at < top->end;
        else if (*at < top->end)
            return true;
        (*depth)--;
    }
    return true;
}

int ber_check(struct span bytes, const struct ber_limits *limits, struct err *err)
{
    struct level levels[BER_DEPTH_MAX];
    size_t max = limits->depth_max < BER_DEPTH_MAX ? limits->depth_max : BER_DEPTH_MAX;
    size_t depth = 0, at = 0, elements = 0;
    do {
        size_t end = depth == 0 ? bytes.len : levels[depth - 1].end;
        struct header h;
        if (!read_header(span_sub(bytes, at, end - at), &h) || h.id == 0)
            return err_set(err, ERR_SYNTAX, "ASN.1 is malformed or cut at octet %zu", at);
        if (limits->elements_max != 0 && ++elements > limits->elements_max)
            return err_set(err, ERR_LIMIT, "ASN.1 has more than %zu elements", limits->elements_max);
        at += h.size;
        if ((h.id & BER_CONSTRUCTED) == 0) {
            at += h.len;
        } else {
            if (depth == max)
                return err_set(err, ERR_LIMIT, "ASN.1 is nested deeper than %zu", max);
            levels[depth++] = (struct level){h.indefinite ? end : at + h.len, h.indefinite};
        }
        if (!close_levels(bytes, levels, &depth, &at))
            return err_set(err, ERR_SYNTAX, "ASN.1 ends without its end mark at octet %zu", at);
    } while (depth > 0);
    if (at != bytes.len)
        return err_set(err, ERR_SYNTAX, "%zu octets behind the ASN.1 object", bytes.len - at);
    return 0;
}

/* The size of an indefinite element's contents; SIZE_MAX when its end mark is missing. */
static size_t indefinite_size(struct span s)
{
    size_t at = 0, open = 1;
    for (;;) {
        struct span rest = span_sub(s, at, s.len);
        struct header h;
        if (is_end_mark(rest)) {
            if (--open == 0)
                return at;
            at += 2;
        } else if (read_header(rest, &h)) {
            at += h.size + h.len;
            open += h.indefinite;
        } else {
            return SIZE_MAX;
        }
    }
}

bool ber_next(struct span *rest, struct ber *out)
{
    struct header h;
    if (rest->len == 0 || !read_header(*rest, &h))
        return false;
    size_t len = h.indefinite ? indefinite_size(span_sub(*rest, h.size, rest->len)) : h.len;
    if (len == SIZE_MAX)
        return false;
    size_t total = h.size + len + (h.indefinite ? 2 : 0);
    *out = (struct ber){h.id, h.indefinite, span_sub(*rest, 0, total), span_sub(*rest, h.size, len)};
    *rest = span_sub(*rest, total, rest->len);
    return true;
}

bool ber_take(struct span *rest, unsigned char id, struct ber *out)
{
    struct span after = *rest;
    if (rest->len == 0 || (unsigned char)rest->ptr[0] != id || !ber_next(&after, out))
        return false;
    *rest = after;
    return true;
}

size_t ber_count(struct span body)
{
    struct ber element;
    size_t n = 0;
    while (ber_next(&body, &element))
        n++;
    return n;
}

bool octets_next(struct octets *octets, struct span *piece_out)
{
    if (octets->whole) {
        *piece_out = octets->rest;
        octets->whole = false;
        octets->rest.len = 0;
        return true;
    }
    /* Checked before: only octet strings and end marks are inside, so that a flat walk meets the pieces in order. */
    struct header h;
    while (octets->rest.len > 0 && read_header(octets->rest, &h)) {
        bool is_piece = h.id == BER_OCTETS;
        *piece_out = span_sub(octets->rest, h.size, h.len);
        octets->rest = span_sub(octets->rest, h.size + (is_piece ? h.len : 0), octets->rest.len);
        if (is_piece)
            return true;
    }
    return false;
}

static bool holds_octets_only(struct span s, size_t *size_out)
{
    struct header h;
    for (size_t at = 0; at < s.len;) {
        if (!read_header(span_sub(s, at, s.len), &h))
            return false;
        at += h.size;
        if (h.id == BER_OCTETS) {
            at += h.len;
            *size_out += h.len;
        } else if (h.id != BER_OCTETS_CONSTRUCTED && h.id != 0) {
            return false;
        }
    }
    return true;
}

int octets_begin(const struct ber *element, struct octets *out, size_t *size_out, struct err *err)
{
    *out = (struct octets){element->body, (element->id & BER_CONSTRUCTED) == 0};
    *size_out = out->whole ? element->body.len : 0;
    if (!out->whole && !holds_octets_only(element->body, size_out))
        return err_set(err, ERR_SYNTAX, "content is not an octet string");
    return 0;
}

size_t ber_header_size(size_t len)
{
    size_t octets = 0;
    for (size_t left = len; len >= 0x80 && left > 0; left >>= 8)
        octets++;
    return 2 + octets;
}

void ber_put_header(struct buf *out, unsigned char id, size_t len)
{
    size_t octets = ber_header_size(len) - 2;
    buf_add_char(out, (char)id);
    buf_add_char(out, (char)(octets == 0 ? len : 0x80 | octets));
    while (octets-- > 0)
        buf_add_char(out, (char)(len >> (8 * octets)));
}
