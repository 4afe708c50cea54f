/* frame - lengths of both formats, and of a body in parts. */
#include "openpgp/frame.h"

#define FIRST_PART_MIN 512

uint32_t frame_number(struct span s, size_t octets)
{
    uint32_t n = 0;
    for (size_t i = 0; i < octets; i++)
        n = n << 8 | (unsigned char)s.ptr[i];
    return n;
}

static bool holds_data(unsigned tag)
{
    return tag == FRAME_COMPRESSED || tag == FRAME_SED || tag == FRAME_LITERAL || tag == FRAME_SEIPD ||
           tag == FRAME_OCB;
}

/* The length at *at, which is moved behind it; what it counts lies within s. */
static bool read_new_length(struct span s, size_t *at, size_t *len_out, bool *partial_out)
{
    if (*at >= s.len)
        return false;
    unsigned first = (unsigned char)s.ptr[(*at)++];
    size_t more = first < 192 ? 0 : first < 224 ? 1 : first == 255 ? 4 : 0;
    if (more > s.len - *at)
        return false;
    uint32_t number = frame_number(span_sub(s, *at, more), more);
    *at += more;
    *partial_out = first >= 224 && first < 255;
    *len_out = first < 192    ? first
               : first < 224  ? ((first - 192u) << 8) + number + 192
               : *partial_out ? (size_t)1 << (first & 31)
                              : number;
    return *len_out <= s.len - *at;
}

/* The size of what follows a first part: the other parts with their lengths; SIZE_MAX when the last is missing. */
static size_t parts_size(struct span s)
{
    bool partial = true;
    size_t at = 0;
    while (partial) {
        size_t len;
        if (!read_new_length(s, &at, &len, &partial))
            return SIZE_MAX;
        at += len;
    }
    return at;
}

static bool read_new(struct span s, struct frame *out)
{
    size_t at = 1, len, more = 0;
    out->tag = (unsigned char)s.ptr[0] & 0x3f;
    if (!read_new_length(s, &at, &len, &out->in_parts))
        return false;
    if (out->in_parts) {
        if (!holds_data(out->tag) || len < FIRST_PART_MIN)
            return false;
        more = parts_size(span_sub(s, at + len, s.len));
        if (more == SIZE_MAX)
            return false;
    }
    out->body = span_sub(s, at, len);
    out->whole = span_sub(s, 0, at + len + more);
    return true;
}

static bool read_old(struct span s, struct frame *out)
{
    unsigned first = (unsigned char)s.ptr[0], type = first & 3;
    size_t octets = (size_t)1 << type;
    out->tag = first >> 2 & 0x0f;
    if (type == 3) {
        out->body = span_sub(s, 1, s.len);
        out->whole = s;
        return out->tag == FRAME_COMPRESSED;
    }
    if (octets > s.len - 1)
        return false;
    size_t len = frame_number(span_sub(s, 1, octets), octets);
    if (len > s.len - 1 - octets)
        return false;
    out->body = span_sub(s, 1 + octets, len);
    out->whole = span_sub(s, 0, 1 + octets + len);
    return true;
}

enum frame_found frame_next(struct span *rest, struct frame *out)
{
    *out = (struct frame){0};
    if (rest->len == 0)
        return FRAME_END;
    unsigned first = (unsigned char)rest->ptr[0];
    bool is_new = (first & 0xc0) == 0xc0;
    if ((first & 0x80) == 0 || !(is_new ? read_new(*rest, out) : read_old(*rest, out)) || out->tag == 0)
        return FRAME_BROKEN;
    *rest = span_sub(*rest, out->whole.len, rest->len);
    return FRAME_FOUND;
}
