/* sig - versions 3 and 4. */
#include "openpgp/sig.h"

#include "openpgp/frame.h"

#include <string.h>

#define V3_SIZE_MIN     19
#define V4_HEAD         6 /* version, type, algorithm, digest, size of the covered subpackets */
#define DIGEST_OCTETS   2
#define SUB_CREATED     2
#define SUB_LIFETIME    9
#define SUB_ISSUER      16
#define SUB_FLAGS       27
#define SUB_FEATURES    30
#define SUB_EMBEDDED    32
#define SUB_FINGERPRINT 33

struct subpacket {
    unsigned type;
    struct span whole, data;
};

static bool next_subpacket(struct span *rest, struct subpacket *out)
{
    if (rest->len == 0)
        return false;
    unsigned first = (unsigned char)rest->ptr[0];
    size_t head = first < 192 ? 1 : first < 255 ? 2 : 5;
    if (rest->len < head)
        return false;
    size_t len = first < 192   ? first
                 : first < 255 ? ((first - 192u) << 8) + (unsigned char)rest->ptr[1] + 192
                               : frame_number(span_sub(*rest, 1, 4), 4);
    if (len == 0 || len > rest->len - head)
        return false;
    out->type = (unsigned char)rest->ptr[head] & 0x7f;
    out->whole = span_sub(*rest, 0, head + len);
    out->data = span_sub(*rest, head + 1, len - 1);
    *rest = span_sub(*rest, head + len, rest->len);
    return true;
}

/* What makes it known, as long as nothing says otherwise. */
struct issuer {
    bool seen, differs;
};

static void note_keyid(struct sig *sig, struct issuer *issuer, const char *keyid)
{
    issuer->differs |= issuer->seen && memcmp(sig->keyid, keyid, SIG_KEYID_OCTETS) != 0;
    issuer->seen = true;
    memcpy(sig->keyid, keyid, SIG_KEYID_OCTETS);
}

static void note_fingerprint(struct sig *sig, struct issuer *issuer, struct span data)
{
    if (data.len != 1 + SIG_FPR_OCTETS || data.ptr[0] != 4) {
        issuer->differs = true; /* a key of another version */
        return;
    }
    issuer->differs |= sig->has_fpr && memcmp(sig->fpr, data.ptr + 1, SIG_FPR_OCTETS) != 0;
    sig->has_fpr = true;
    memcpy(sig->fpr, data.ptr + 1, SIG_FPR_OCTETS);
    note_keyid(sig, issuer, data.ptr + 1 + SIG_FPR_OCTETS - SIG_KEYID_OCTETS);
}

static bool read_subpackets(struct span rest, struct sig *sig, struct issuer *issuer, bool *dated)
{
    struct subpacket sub;
    while (next_subpacket(&rest, &sub)) {
        if (sub.type == SUB_ISSUER && sub.data.len == SIG_KEYID_OCTETS)
            note_keyid(sig, issuer, sub.data.ptr);
        else if (sub.type == SUB_FINGERPRINT)
            note_fingerprint(sig, issuer, sub.data);
        else if (sub.type == SUB_CREATED && dated != NULL && sub.data.len == 4) {
            sig->created = frame_number(sub.data, 4);
            *dated = true;
        }
    }
    return rest.len == 0;
}

static enum sig_read read_v4(struct span body, struct sig *out)
{
    if (body.len < V4_HEAD)
        return SIG_BROKEN;
    size_t hashed = frame_number(span_sub(body, 4, 2), 2);
    if (body.len - V4_HEAD < hashed + 2)
        return SIG_BROKEN;
    size_t at = V4_HEAD + hashed, unhashed = frame_number(span_sub(body, at, 2), 2);
    if (body.len - at - 2 < unhashed + DIGEST_OCTETS)
        return SIG_BROKEN;
    out->type = (unsigned char)body.ptr[1];
    out->covered = span_sub(body, 0, at);
    out->unhashed = span_sub(body, at + 2, unhashed);
    out->value = span_sub(body, at + 2 + unhashed, body.len);
    struct issuer issuer = {0};
    bool dated = false;
    if (!read_subpackets(span_sub(body, V4_HEAD, hashed), out, &issuer, &dated) || !dated ||
        !read_subpackets(out->unhashed, out, &issuer, NULL))
        return SIG_BROKEN;
    out->named = issuer.seen && !issuer.differs;
    if (!out->named)
        memset(out->keyid, 0, sizeof out->keyid);
    return SIG_READ;
}

static enum sig_read read_v3(struct span body, struct sig *out)
{
    if (body.len < V3_SIZE_MIN || body.ptr[1] != 5)
        return SIG_BROKEN;
    out->type = (unsigned char)body.ptr[2];
    out->created = frame_number(span_sub(body, 3, 4), 4);
    memcpy(out->keyid, body.ptr + 7, SIG_KEYID_OCTETS);
    out->named = true;
    out->covered = body;
    return SIG_READ;
}

enum sig_read sig_read(struct span body, struct sig *out)
{
    *out = (struct sig){0};
    if (body.len == 0)
        return SIG_BROKEN;
    out->version = (unsigned char)body.ptr[0];
    return out->version == 4 ? read_v4(body, out) : out->version == 3 ? read_v3(body, out) : SIG_UNSUPPORTED;
}

bool sig_is_by(const struct sig *sig, const unsigned char fpr[SIG_FPR_OCTETS])
{
    return sig->named && memcmp(sig->keyid, fpr + SIG_FPR_OCTETS - SIG_KEYID_OCTETS, SIG_KEYID_OCTETS) == 0 &&
           (!sig->has_fpr || memcmp(sig->fpr, fpr, SIG_FPR_OCTETS) == 0);
}

/* The last of its type counts; len 0: there is none. */
static struct span find_covered(const struct sig *sig, unsigned type)
{
    struct span rest = sig->version == 4 ? span_sub(sig->covered, V4_HEAD, sig->covered.len) : SPAN_LIT("");
    struct span found = SPAN_LIT("");
    struct subpacket sub;
    while (next_subpacket(&rest, &sub))
        if (sub.type == type)
            found = sub.data;
    return found;
}

static unsigned first_octet(struct span bits)
{
    return bits.len == 0 ? 0 : (unsigned char)bits.ptr[0];
}

unsigned sig_flags(const struct sig *sig)
{
    return first_octet(find_covered(sig, SUB_FLAGS));
}

unsigned sig_features(const struct sig *sig)
{
    return first_octet(find_covered(sig, SUB_FEATURES));
}

uint32_t sig_lifetime(const struct sig *sig)
{
    struct span lifetime = find_covered(sig, SUB_LIFETIME);
    return lifetime.len != 4 ? 0 : frame_number(lifetime, 4);
}

bool sig_eq(const struct sig *a, const struct sig *b)
{
    return span_eq(a->covered, b->covered) && span_eq(a->value, b->value);
}

static bool stays(const struct subpacket *sub)
{
    return sub->type == SUB_ISSUER || sub->type == SUB_FINGERPRINT || sub->type == SUB_EMBEDDED;
}

static size_t unhashed_size(const struct sig *sig)
{
    struct span rest = sig->unhashed;
    struct subpacket sub;
    size_t size = 0;
    while (next_subpacket(&rest, &sub))
        size += stays(&sub) ? sub.whole.len : 0;
    return size;
}

size_t sig_size(const struct sig *sig)
{
    return sig->version == 3 ? sig->covered.len : sig->covered.len + 2 + unhashed_size(sig) + sig->value.len;
}

void sig_write(const struct sig *sig, struct buf *out)
{
    buf_add_span(out, sig->covered);
    if (sig->version == 3)
        return;
    size_t size = unhashed_size(sig);
    buf_add_char(out, (char)(size >> 8));
    buf_add_char(out, (char)size);
    struct span rest = sig->unhashed;
    struct subpacket sub;
    while (next_subpacket(&rest, &sub))
        if (stays(&sub))
            buf_add_span(out, sub.whole);
    buf_add_span(out, sig->value);
}
