/* minimal - one walk over the packets, in which each component ends where the next begins. */
#include "openpgp/minimal.h"

#include "openpgp/frame.h"
#include "openpgp/public.h"
#include "openpgp/sig.h"
#include "openpgp/user_id.h"

#include <string.h>

/* A User-ID or subkey, and what the key says of it. */
struct component {
    struct frame frame;
    struct span signature; /* the newest that binds it, a whole packet; len 0: none */
    struct sig sig;        /* the same */
    bool revoked;
    uint32_t revoked_at; /* the newest */
};

struct reading {
    struct arena *arena;
    const char *addr;
    int64_t now;
    struct span primary; /* a whole packet */
    struct public public;
    struct component current, uid,
        subkey; /* of the last two the best so far; their signatures' len 0: none */
    uint32_t subkey_created;
};

static void take_uid(struct reading *r)
{
    const struct component *c = &r->current;
    struct pgp_uid uid;
    user_id_read(r->arena, c->frame.body, &uid);
    bool revoked = c->revoked && c->revoked_at >= c->sig.created;
    bool newer = r->uid.signature.len == 0 || c->sig.created > r->uid.sig.created;
    if (!revoked && newer && strcmp(uid.addr, r->addr) == 0)
        r->uid = *c;
}

static bool encrypts(const struct component *c, const struct public *public, int64_t now)
{
    uint32_t lifetime = sig_lifetime(&c->sig);
    bool ended = lifetime != 0 && (int64_t) public->created + lifetime <= now;
    return !c->revoked && !ended && (sig_flags(&c->sig) & SIG_FLAGS_ENCRYPT) != 0;
}

static void take_subkey(struct reading *r)
{
    struct public public;
    if (public_read(r->current.frame.body, &public) != PUBLIC_READ || !encrypts(&r->current, &public, r->now))
        return;
    if (r->subkey.signature.len > 0 && public.created <= r->subkey_created)
        return;
    r->subkey = r->current;
    r->subkey_created = public.created;
}

static void finish_component(struct reading *r)
{
    if (r->current.signature.len > 0 && r->current.frame.tag == FRAME_USER_ID)
        take_uid(r);
    else if (r->current.signature.len > 0 && r->current.frame.tag == FRAME_PUBLIC_SUBKEY)
        take_subkey(r);
    r->current = (struct component){.revoked = false};
}

static void take_revocation(struct component *c, const struct sig *sig)
{
    c->revoked = true;
    if (sig->created > c->revoked_at)
        c->revoked_at = sig->created;
}

static void take_signature(struct reading *r, const struct frame *frame)
{
    struct component *c = &r->current;
    struct sig sig;
    if (sig_read(frame->body, &sig) != SIG_READ || !sig_is_by(&sig, r->public.fingerprint))
        return;
    bool binds = c->frame.tag == FRAME_PUBLIC_SUBKEY
                     ? sig.type == SIG_SUBKEY_BINDING
                     : sig.type >= SIG_CERTIFICATION && sig.type <= SIG_CERTIFICATION_LAST;
    if (sig.type == SIG_SUBKEY_REVOCATION || sig.type == SIG_CERTIFICATION_REVOCATION) {
        take_revocation(c, &sig);
    } else if (binds && (c->signature.len == 0 || sig.created > c->sig.created)) {
        c->signature = frame->whole;
        c->sig = sig;
    }
}

static void take(struct reading *r, const struct frame *frame)
{
    if (frame->tag == FRAME_SIGNATURE) {
        take_signature(r, frame);
    } else if (frame->tag == FRAME_PUBLIC_KEY && public_read(frame->body, &r->public) == PUBLIC_READ) {
        r->primary = frame->whole;
    } else if (frame->tag != FRAME_TRUST) { /* which stands between a component and its signatures */
        finish_component(r);
        r->current.frame = *frame;
    }
}

static int write(const struct reading *r, struct span *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(PGP_MINIMAL_MAX);
    buf_add_span(&bytes, r->primary);
    buf_add_span(&bytes, r->uid.frame.whole);
    buf_add_span(&bytes, r->uid.signature);
    buf_add_span(&bytes, r->subkey.frame.whole);
    buf_add_span(&bytes, r->subkey.signature);
    if (buf_check(&bytes, err) < 0)
        return err_wrap(err, "without all that can be left out");
    *out = (struct span){arena_memdup(r->arena, bytes.ptr, bytes.len), bytes.len};
    return 0;
}

int pgp_minimal_key(struct arena *arena, struct span key, const char *addr, int64_t now, struct span *out,
                    struct err *err)
{
    struct reading r = {.arena = arena, .addr = addr, .now = now};
    struct frame frame;
    while (frame_next(&key, &frame) == FRAME_FOUND)
        take(&r, &frame);
    finish_component(&r);
    if (r.primary.len == 0 || r.uid.signature.len == 0)
        return err_set(err, ERR_ABSENT, "no valid User-ID with the address");
    if (r.subkey.signature.len == 0)
        return err_set(err, ERR_ABSENT, "no subkey that encrypts");
    return write(&r, out, err);
}
