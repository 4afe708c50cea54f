/* cut - a key is read into components with their newest signatures, and written anew. */
#include "openpgp/cut.h"

#include "openpgp/frame.h"
#include "openpgp/packet.h"
#include "openpgp/public.h"
#include "openpgp/sig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kept { /* newest first */
    struct sig sigs[CUT_SIGNATURES];
    size_t n;
};

struct component {
    enum frame_tag tag;
    struct span body;
    struct public public; /* of a key */
    struct kept binding, revoking;
};

struct group {
    struct component all[PGP_UIDS_MAX];
    size_t n;
};
_Static_assert(PGP_SUBKEYS_MAX == PGP_UIDS_MAX, "one size of group for both");

enum place {
    BEFORE_KEYS,
    IN_KEY,
    IN_NOTHING, /* what follows belongs to a key that is left out */
};

struct reading {
    struct arena *arena;
    struct pgp_cut *out;
    size_t keys_cap, revocations_cap;
    enum place place;
    size_t size, packets; /* of the key so far */
    struct component primary;
    struct group uids, subkeys;
    struct component *current; /* what a signature is about; NULL: something that is left out */
};

static void leave_out(struct reading *r, size_t *counter, const char *why)
{
    r->place = IN_NOTHING;
    r->current = NULL;
    ++*counter;
    if (r->out->why == NULL)
        r->out->why = why;
}

/* What goes with a key that is left out is counted there. */
static void lose(struct reading *r)
{
    r->out->nlost += r->place != IN_NOTHING;
}

static bool is_bare(const struct component *component)
{
    return component->binding.n == 0 && component->revoking.n == 0;
}

/* Only the last can be without any signature of the key: the others were looked at when the next came. */
static void trim_group(struct group *group)
{
    if (group->n > 0 && is_bare(&group->all[group->n - 1]))
        group->n--;
}

/* The component with this body, an empty one when there is none so far; NULL: too many. */
static struct component *enter(struct group *group, enum frame_tag tag, struct span body)
{
    trim_group(group);
    for (size_t i = 0; i < group->n; i++)
        if (span_eq(group->all[i].body, body))
            return &group->all[i];
    if (group->n == SEAL_COUNT(group->all))
        return NULL;
    struct component *component = &group->all[group->n++];
    *component = (struct component){.tag = tag, .body = body};
    return component;
}

static void enter_uid(struct reading *r, struct span body)
{
    r->current = body.len <= CUT_UID_SIZE_MAX ? enter(&r->uids, FRAME_USER_ID, body) : NULL;
    if (r->current == NULL)
        lose(r);
}

static void enter_subkey(struct reading *r, struct span body)
{
    struct public public;
    r->current =
        public_read(body, &public) == PUBLIC_READ ? enter(&r->subkeys, FRAME_PUBLIC_SUBKEY, body) : NULL;
    if (r->current != NULL)
        r->current->public = public;
    else
        lose(r);
}

/* Once each, the newest first; of the same second the one that came first. */
static void keep(struct kept *kept, const struct sig *sig)
{
    size_t at = kept->n;
    for (size_t i = 0; i < kept->n; i++)
        if (sig_eq(&kept->sigs[i], sig))
            return;
    while (at > 0 && kept->sigs[at - 1].created < sig->created)
        at--;
    if (at == CUT_SIGNATURES)
        return;
    kept->n += kept->n < CUT_SIGNATURES;
    memmove(&kept->sigs[at + 1], &kept->sigs[at], (kept->n - at - 1) * sizeof *kept->sigs);
    kept->sigs[at] = *sig;
}

/* Where a signature of the key belongs; NULL: it says nothing about the component before it. */
static struct kept *slot_of(struct reading *r, const struct sig *sig)
{
    bool is_uid = r->current != NULL && r->current->tag == FRAME_USER_ID;
    bool is_subkey = r->current != NULL && r->current->tag == FRAME_PUBLIC_SUBKEY;
    if (sig->type == SIG_KEY_REVOCATION)
        return &r->primary.revoking;
    if (sig->type == SIG_DIRECT_KEY)
        return &r->primary.binding;
    if (is_uid && sig->type >= SIG_CERTIFICATION && sig->type <= SIG_CERTIFICATION_LAST)
        return &r->current->binding;
    if (is_uid && sig->type == SIG_CERTIFICATION_REVOCATION)
        return &r->current->revoking;
    if (is_subkey && sig->type == SIG_SUBKEY_BINDING)
        return &r->current->binding;
    return is_subkey && sig->type == SIG_SUBKEY_REVOCATION ? &r->current->revoking : NULL;
}

static void write_head(struct buf *out, enum frame_tag tag, size_t len)
{
    bool is_short = len < 256;
    buf_add_char(out, (char)(0x80 | tag << 2 | (is_short ? 0 : 1)));
    if (!is_short)
        buf_add_char(out, (char)(len >> 8));
    buf_add_char(out, (char)len);
}

static void write_signature(struct buf *out, const struct sig *sig)
{
    write_head(out, FRAME_SIGNATURE, sig_size(sig));
    sig_write(sig, out);
}

static void write_component(struct buf *out, const struct component *component)
{
    write_head(out, component->tag, component->body.len);
    buf_add_span(out, component->body);
    for (size_t i = 0; i < component->revoking.n; i++)
        write_signature(out, &component->revoking.sigs[i]);
    for (size_t i = 0; i < component->binding.n; i++)
        write_signature(out, &component->binding.sigs[i]);
}

static const char *hex(struct arena *arena, const unsigned char *octets, size_t n)
{
    char *text = arena_alloc(arena, 2 * n + 1);
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", octets[i]);
    return text;
}

static struct span copied(struct arena *arena, struct span s)
{
    return (struct span){arena_memdup(arena, s.ptr, s.len), s.len};
}

static void add_revocation(struct reading *r, const struct sig *sig)
{
    struct pgp_cut *out = r->out;
    if (sig->type != SIG_KEY_REVOCATION || !sig->named || out->nrevocations == CUT_REVOCATIONS)
        return;
    SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(CUT_SIGNATURE_MAX + 16);
    write_signature(&bytes, sig);
    out->revocations = arena_grow(r->arena, out->revocations, out->nrevocations, &r->revocations_cap,
                                  sizeof *out->revocations);
    out->revocations[out->nrevocations++] = (struct pgp_cut_revocation){
        .keyid = hex(r->arena, sig->keyid, sizeof sig->keyid),
        .fingerprint = sig->has_fpr ? hex(r->arena, sig->fpr, sizeof sig->fpr) : "",
        .bytes = copied(r->arena, buf_span(&bytes))};
}

static void take_signature(struct reading *r, struct span body)
{
    struct sig sig;
    bool is_read = sig_read(body, &sig) == SIG_READ && sig_size(&sig) <= CUT_SIGNATURE_MAX;
    if (!is_read || r->place == BEFORE_KEYS)
        lose(r);
    if (!is_read || r->place == IN_NOTHING)
        return;
    if (r->place == BEFORE_KEYS) {
        add_revocation(r, &sig);
        return;
    }
    struct kept *kept = sig_is_by(&sig, r->primary.public.fingerprint) ? slot_of(r, &sig) : NULL;
    if (kept != NULL)
        keep(kept, &sig);
    else if (sig.type == SIG_KEY_REVOCATION)
        lose(r); /* of another key */
}

static struct pgp_cut_subkey describe(struct arena *arena, const struct public *public)
{
    return (struct pgp_cut_subkey){
        .fingerprint = hex(arena, public->fingerprint, SIG_FPR_OCTETS),
        .keyid = hex(arena, public->fingerprint + SIG_FPR_OCTETS - SIG_KEYID_OCTETS, SIG_KEYID_OCTETS),
        .algorithm = public->algorithm,
        .bits = public->bits,
        .created = public->created};
}

static void add_key(struct reading *r, struct span bytes)
{
    struct pgp_cut *out = r->out;
    struct pgp_cut_key key = {.bytes = copied(r->arena, bytes)};
    key.subkeys = arena_array(r->arena, 1 + r->subkeys.n, sizeof *key.subkeys);
    key.subkeys[key.nsubkeys++] = describe(r->arena, &r->primary.public);
    for (size_t i = 0; i < r->subkeys.n; i++)
        key.subkeys[key.nsubkeys++] = describe(r->arena, &r->subkeys.all[i].public);
    key.uids = arena_array(r->arena, r->uids.n, sizeof *key.uids);
    for (size_t i = 0; i < r->uids.n; i++)
        key.uids[key.nuids++] = copied(r->arena, r->uids.all[i].body);
    out->keys = arena_grow(r->arena, out->keys, out->nkeys, &r->keys_cap, sizeof *out->keys);
    out->keys[out->nkeys++] = key;
}

static void write_key(struct reading *r, struct buf *out)
{
    write_component(out, &r->primary);
    for (size_t i = 0; i < r->uids.n; i++)
        write_component(out, &r->uids.all[i]);
    for (size_t i = 0; i < r->subkeys.n; i++)
        write_component(out, &r->subkeys.all[i]);
}

/* Nothing more comes of the key. */
static void finish_key(struct reading *r)
{
    if (r->place != IN_KEY)
        return;
    r->place = IN_NOTHING;
    trim_group(&r->uids);
    trim_group(&r->subkeys);
    if (is_bare(&r->primary) && r->uids.n == 0 && r->subkeys.n == 0) {
        leave_out(r, &r->out->nbroken, "a key that signed nothing of itself");
        return;
    }
    SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(PGP_KEY_SIZE_MAX);
    write_key(r, &bytes);
    if (bytes.failed)
        leave_out(r, &r->out->nbroken, "a key that is too large even when cut down");
    else
        add_key(r, buf_span(&bytes));
}

static void begin_key(struct reading *r, struct span body)
{
    bool is_same = r->place == IN_KEY && span_eq(body, r->primary.body);
    r->current = NULL;
    if (is_same)
        return;
    finish_key(r);
    r->place = IN_KEY;
    r->size = r->packets = 0;
    r->uids.n = r->subkeys.n = 0;
    r->primary = (struct component){.tag = FRAME_PUBLIC_KEY, .body = body};
    switch (public_read(body, &r->primary.public)) {
    case PUBLIC_READ:
        break;
    case PUBLIC_UNSUPPORTED:
        leave_out(r, &r->out->nunsupported, "a key of a version or algorithm that gpg does not know");
        break;
    case PUBLIC_BROKEN:
        leave_out(r, &r->out->nbroken, "a key that is malformed");
        break;
    }
}

static void take(struct reading *r, const struct frame *frame)
{
    switch (frame->tag) {
    case FRAME_PUBLIC_KEY:
        begin_key(r, frame->body);
        break;
    case FRAME_SECRET_KEY:
        finish_key(r);
        leave_out(r, &r->out->nbroken, "a secret key");
        break;
    case FRAME_SIGNATURE:
        take_signature(r, frame->body);
        break;
    case FRAME_USER_ID:
        enter_uid(r, frame->body);
        break;
    case FRAME_PUBLIC_SUBKEY:
        enter_subkey(r, frame->body);
        break;
    case FRAME_TRUST: /* stands between a component and its signatures */
    case FRAME_MARKER:
        break;
    case FRAME_USER_ATTRIBUTE:
        r->current = NULL;
        break;
    default:
        r->current = NULL;
        lose(r);
    }
    r->size += frame->whole.len;
    r->packets++;
    if (r->place == IN_KEY && (r->size > CUT_KEY_SIZE_MAX || r->packets > CUT_PACKETS_MAX))
        leave_out(r, &r->out->nbroken, "a key that is too large");
}

int pgp_cut_keys(struct arena *arena, struct span packets, struct pgp_cut *out, struct err *err)
{
    SEAL_CLEANUP(mem_free) struct reading *r = xcalloc(1, sizeof *r);
    struct frame frame;
    enum frame_found found;
    *out = (struct pgp_cut){.nkeys = 0};
    r->arena = arena;
    r->out = out;
    while ((found = frame_next(&packets, &frame)) == FRAME_FOUND)
        take(r, &frame);
    if (found == FRAME_BROKEN)
        leave_out(r, &out->nbroken, "a packet that is broken or cut");
    finish_key(r);
    return arena_check(arena, err);
}
