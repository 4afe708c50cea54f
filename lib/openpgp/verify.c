/* verify - a detached signature. */
#include "openpgp/job.h"

#include "openpgp/packet.h"
#include "openpgp/verified.h"

#include <stdio.h>

#define ARENA_MAX (1u << 20)

/* How many signatures gpg must speak of. 0: none that can be verified, and out says why. */
static int count(struct span signature, size_t *n_out, struct pgp_verified *out, struct err *err)
{
    static const struct pgp_limits limits = PGP_LIMITS_DEFAULT;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX);
    struct pgp_outside outside;
    *n_out = 0;
    *out = (struct pgp_verified){.signature = SIGNATURE_UNSUPPORTED};
    if (pgp_look(arena, signature, &limits, &outside, err) < 0) {
        if (err->code != ERR_LIMIT)
            return -1;
        snprintf(out->why, sizeof out->why, "%s", err->msg);
        err_clear(err);
        return 0;
    }
    if (outside.kind == PGP_KIND_SIGNATURE && outside.supported)
        *n_out = outside.nkeyids;
    else
        snprintf(out->why, sizeof out->why, "%s", outside.why != NULL ? outside.why : "not a signature");
    return 0;
}

static int run(struct job *job, struct span signature, size_t expected, struct span content,
               const struct span *signers, size_t nsigners, const struct pgp_floors *floors,
               struct pgp_verified *out, struct err *err)
{
    SEAL_CLEANUP(job_data_free) gpgme_data_t sig = NULL;
    SEAL_CLEANUP(job_data_free) gpgme_data_t text = NULL;
    if (job_keyring(job, signers, nsigners, err) < 0 || loop_in(&job->loop, signature, &sig, err) < 0 ||
        loop_in(&job->loop, content, &text, err) < 0)
        return -1;
    gpgme_error_t code = job_wait(job, gpgme_op_verify_start(job->home->ctx, sig, text, NULL));
    size_t n = verified_read(job->home->ctx, signers, nsigners, floors, out);
    if (code == 0 && n >= expected)
        return 0;
    if (job_hindered(job, code, err))
        return -1;
    if (n == 0 && !job->seen.complained)
        return err_set(err, ERR_BUSY, "verify: gpg ended before its work was done");
    out->signature = SIGNATURE_UNSUPPORTED;
    snprintf(out->why, sizeof out->why, "gpg read %zu of %zu signatures", n, expected);
    return 0;
}

int pgp_verify(struct pgp_engine *engine, struct span signature, struct span content,
               const struct span *signers, size_t nsigners, const struct pgp_floors *floors,
               struct pgp_verified *out, struct err *err)
{
    struct job job = JOB_INIT;
    size_t expected;
    if (count(signature, &expected, out, err) < 0)
        return -1;
    if (expected == 0)
        return 0;
    if (job_begin(&job, engine, NULL, 0, NULL, err) < 0)
        return -1;
    int rc = run(&job, signature, expected, content, signers, nsigners, floors, out, err);
    job_end(&job);
    return rc;
}
