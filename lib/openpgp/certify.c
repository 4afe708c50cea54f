/* certify - gpg signs a copy that has only the User-IDs that are meant; of what it exports its new signatures alone are taken. */
#include "openpgp/certify.h"

#include "base/addr.h"
#include "openpgp/frame.h"
#include "openpgp/hex.h"
#include "openpgp/job.h"
#include "openpgp/public.h"
#include "openpgp/sig.h"
#include "openpgp/user_id.h"

#include <string.h>

#define EXPORT_MAX (4u * PGP_KEY_SIZE_MAX)

/* ---- packets ---- */

static bool is_signature(const struct frame *frame)
{
    return frame->tag == FRAME_SIGNATURE || frame->tag == FRAME_TRUST;
}

/* The next certification of a list: a User-ID and what is said of it. */
static bool next_certified(struct span *rest, struct frame *uid, struct frame *signature)
{
    return frame_next(rest, uid) == FRAME_FOUND && uid->tag == FRAME_USER_ID &&
           frame_next(rest, signature) == FRAME_FOUND && signature->tag == FRAME_SIGNATURE;
}

static void add_certifications(struct span certified, struct span uid, struct buf *out)
{
    struct frame owner, signature;
    while (next_certified(&certified, &owner, &signature))
        if (span_eq(owner.body, uid))
            buf_add_span(out, signature.whole);
}

void pgp_certified_join(struct span key, struct span certified, struct buf *out)
{
    struct frame frame;
    struct span uid = {NULL, 0};
    while (frame_next(&key, &frame) == FRAME_FOUND) {
        if (!is_signature(&frame) && uid.ptr != NULL) {
            add_certifications(certified, uid, out);
            uid.ptr = NULL;
        }
        if (frame.tag == FRAME_USER_ID)
            uid = frame.body;
        buf_add_span(out, frame.whole);
    }
    if (uid.ptr != NULL)
        add_certifications(certified, uid, out);
}

size_t pgp_certified_list(struct arena *arena, struct span certified, struct pgp_certified **out)
{
    struct frame uid, signature;
    size_t n = 0, cap = 0;
    *out = NULL;
    while (next_certified(&certified, &uid, &signature)) {
        struct sig sig;
        if (sig_read(signature.body, &sig) != SIG_READ)
            continue;
        *out = arena_grow(arena, *out, n, &cap, sizeof **out);
        (*out)[n] = (struct pgp_certified){.uid = uid.body, .created = sig.created};
        if (sig.has_fpr)
            hex_fingerprint(sig.fpr, (*out)[n].by);
        n++;
    }
    return n;
}

/* ---- which User-IDs ---- */

struct wanted {
    struct arena *arena;
    const char *const *addrs;
    size_t naddrs;
};

static bool is_wanted(const struct wanted *wanted, struct span written)
{
    struct pgp_uid uid;
    user_id_read(wanted->arena, written, &uid);
    for (size_t i = 0; *uid.addr != '\0' && i < wanted->naddrs; i++) {
        const char *addr = wanted->addrs[i];
        if (strcmp(addr, uid.addr) == 0 || (addr[0] == '@' && strcmp(addr + 1, addr_domain(uid.addr)) == 0))
            return true;
    }
    return false;
}

/* Without the other User-IDs; returns how many are left. */
static size_t write_wanted(const struct wanted *wanted, struct span key, struct buf *out)
{
    struct frame frame;
    size_t n = 0;
    bool kept = true;
    while (frame_next(&key, &frame) == FRAME_FOUND) {
        if (frame.tag == FRAME_USER_ID) {
            kept = is_wanted(wanted, frame.body);
            n += kept;
        } else if (!is_signature(&frame)) {
            kept = true;
        }
        if (kept)
            buf_add_span(out, frame.whole);
    }
    return n;
}

static int read_primary(struct span key, struct public *out, struct err *err)
{
    struct frame primary;
    if (frame_next(&key, &primary) == FRAME_FOUND && public_read(primary.body, out) == PUBLIC_READ)
        return 0;
    return err_set(err, ERR_BUG, "this is no key");
}

/* ---- gpg ---- */

static struct spool *new_spool(void)
{
    return spool_new(&(struct spool_conf){.mem_max = EXPORT_MAX, .size_max = EXPORT_MAX});
}

static int export(struct job *job, const char *fingerprint, struct spool *out, struct err *err)
{
    SEAL_CLEANUP(job_data_free) gpgme_data_t data = NULL;
    if (loop_out(&job->loop, out, &data, err) < 0)
        return -1;
    gpgme_error_t code = job_wait(job, gpgme_op_export_start(job->home->ctx, fingerprint, 0, data));
    if (code != 0 || spool_size(out) == 0)
        return job_failed(job, code, "export", err);
    return spool_seal(out, err);
}

static int sign(struct job *job, struct span key, char *fingerprint, struct spool *out, struct err *err)
{
    const struct span keys[] = {job->own->key, key};
    struct _gpgme_key named = {.fpr = fingerprint}; /* all of it that GPGME reads for this */
    if (job_keyring(job, keys, SEAL_COUNT(keys), err) < 0)
        return -1;
    gpgme_error_t code =
        job_wait(job, gpgme_op_keysign_start(job->home->ctx, &named, NULL, 0, GPGME_KEYSIGN_NOEXPIRE));
    if (code != 0)
        return job_failed(job, code, "certify", err);
    return export(job, fingerprint, out, err);
}

/* GPGME does not say here for which key gpg wants a passphrase; the home has the secret part of no other in its keyring. */
static int run(struct pgp_engine *engine, struct span key, const struct pgp_own *by, struct spool *out,
               struct err *err)
{
    struct job job = JOB_INIT;
    struct public public;
    char fingerprint[PGP_FPR_SIZE];
    if (read_primary(key, &public, err) < 0)
        return -1;
    hex_fingerprint(public.fingerprint, fingerprint);
    const struct pgp_own asked = {.key = by->key, .passphrase = by->passphrase};
    if (job_begin(&job, engine, &asked, 1, by, err) < 0)
        return -1;
    home_sweep(job.home);
    int rc = sign(&job, key, fingerprint, out, err);
    home_sweep(job.home);
    job_end(&job);
    return rc;
}

/* ---- what it made ---- */

static bool is_certification(const struct frame *frame, const unsigned char by[SIG_FPR_OCTETS])
{
    struct sig sig;
    return frame->tag == FRAME_SIGNATURE && sig_read(frame->body, &sig) == SIG_READ &&
           sig.type >= SIG_CERTIFICATION && sig.type <= SIG_CERTIFICATION_LAST && sig_is_by(&sig, by);
}

static void add_pair(const struct frame *uid, const struct frame *signature, struct buf *out)
{
    buf_add_span(out, uid->whole);
    buf_add_span(out, signature->whole);
}

/* What other keys of ours said, then what this one says now. Returns how much that is. */
static size_t collect(struct span exported, struct span known, const unsigned char by[SIG_FPR_OCTETS],
                      struct buf *out)
{
    struct frame frame, uid = {.tag = 0}, signature;
    size_t n = 0;
    while (next_certified(&known, &uid, &signature))
        if (!is_certification(&signature, by))
            add_pair(&uid, &signature, out);
    uid.tag = 0;
    while (frame_next(&exported, &frame) == FRAME_FOUND) {
        if (!is_signature(&frame))
            uid = frame;
        if (uid.tag != FRAME_USER_ID || !is_certification(&frame, by))
            continue;
        add_pair(&uid, &frame, out);
        n++;
    }
    return n;
}

int pgp_certify(struct pgp_engine *engine, struct arena *arena, struct span key, const char *const *addrs,
                size_t naddrs, const struct pgp_own *by, struct span known, struct span *out, size_t *n_out,
                struct err *err)
{
    const struct wanted wanted = {arena, addrs, naddrs};
    struct public public;
    SEAL_CLEANUP(buf_fini) struct buf part = BUF_INIT(PGP_KEY_SIZE_MAX);
    SEAL_CLEANUP(buf_fini) struct buf made = BUF_INIT(CERTIFIED_MAX);
    SEAL_CLEANUP(spool_free) struct spool *exported = new_spool();
    if (read_primary(by->key, &public, err) < 0)
        return -1;
    if (write_wanted(&wanted, key, &part) == 0)
        return err_set(err, ERR_ABSENT, "it has no User-ID with such an address");
    if (buf_check(&part, err) < 0 || run(engine, buf_span(&part), by, exported, err) < 0)
        return -1;
    *n_out = collect(spool_all(exported), known, public.fingerprint, &made);
    if (*n_out == 0)
        return err_set(err, ERR_CRYPTO, "gpg certifies none of its User-IDs");
    *out = (struct span){arena_memdup(arena, made.ptr, made.len), made.len};
    return buf_check(&made, err);
}
