/* decrypt - with keys of ours, and one answer for whatever goes wrong with the content. */
#include "openpgp/job.h"

#include "openpgp/verified.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (1u << 20)

static bool is_ours(const struct job *job, const char *fingerprint)
{
    for (size_t i = 0; i < job->nown; i++)
        if (strcmp(job->own[i].fingerprint, fingerprint) == 0)
            return true;
    return false;
}

static bool is_opened(const struct job *job, gpgme_error_t code)
{
    const struct job_seen *seen = &job->seen;
    return code == 0 && seen->decryption_okay && seen->authenticated && seen->ended_decryption &&
           seen->plaintexts == 1 && is_ours(job, seen->opened_with);
}

static bool is_strong(const struct job_seen *seen)
{
    return seen->containers > 0 && seen->strong_containers == seen->containers;
}

/* gpg takes literal data for a message, and writes it out. true: it has to be tried. */
static bool is_encrypted(struct span message)
{
    static const struct pgp_limits limits = PGP_LIMITS_DEFAULT;
    struct err err = ERR_INIT;
    struct pgp_outside outside;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX);
    return pgp_look(arena, message, &limits, &outside, &err) == 0 && outside.kind == PGP_KIND_ENCRYPTED &&
           outside.supported;
}

/* Own keys open, the signers' verify; gpg finds them all in one keyring. */
static int write_keyring(struct job *job, const struct span *signers, size_t nsigners, struct err *err)
{
    size_t n = 0;
    SEAL_CLEANUP(mem_free) struct span *keys = xcalloc(job->nown + nsigners, sizeof *keys);
    for (size_t i = 0; i < job->nown; i++)
        keys[n++] = job->own[i].key;
    for (size_t i = 0; i < nsigners; i++)
        keys[n++] = signers[i];
    return job_keyring(job, keys, n, err);
}

/*
 * What the content made of gpg is one answer: also output above the limit, and a gpg that was ended while it decrypted. Before that, and
 * where disk or agent failed, it was not tried.
 */
static int not_opened(struct job *job, gpgme_error_t code, struct err *err)
{
    const struct err *spool = loop_spool_error(&job->loop);
    if (spool != NULL && spool->code == ERR_LIMIT)
        return 0;
    if (job_hindered(job, code, err))
        return -1;
    if (job->seen.began_decryption || job->seen.complained)
        return 0;
    return err_set(err, ERR_BUSY, "decrypt: gpg ended before its work was done");
}

static int run(struct job *job, struct span message, const struct span *signers, size_t nsigners,
               const struct pgp_floors *floors, struct spool *out, enum pgp_opened *result_out,
               struct pgp_verified *verified_out, struct err *err)
{
    SEAL_CLEANUP(job_data_free) gpgme_data_t in = NULL;
    SEAL_CLEANUP(job_data_free) gpgme_data_t plain = NULL;
    if (write_keyring(job, signers, nsigners, err) < 0 || loop_in(&job->loop, message, &in, err) < 0 ||
        loop_out(&job->loop, out, &plain, err) < 0)
        return -1;
    gpgme_error_t code = job_wait(job, gpgme_op_decrypt_verify_start(job->home->ctx, in, plain));
    if (!is_opened(job, code))
        return not_opened(job, code, err);
    *result_out = is_strong(&job->seen) ? PGP_OPENED : PGP_OPENED_WEAKLY;
    (void)verified_read(job->home->ctx, signers, nsigners, floors, verified_out);
    return 0;
}

int pgp_decrypt(struct pgp_engine *engine, struct span message, const struct pgp_own *own, size_t nown,
                const struct span *signers, size_t nsigners, const struct pgp_floors *floors,
                struct spool *out, enum pgp_opened *result_out, struct pgp_verified *verified_out,
                struct err *err)
{
    struct job job = JOB_INIT;
    int rc;
    *result_out = PGP_NOT_OPENED;
    *verified_out = (struct pgp_verified){.signature = SIGNATURE_NONE};
    if (!is_encrypted(message))
        return 0;
    do {
        if (job_begin(&job, engine, own, nown, NULL, err) < 0)
            return -1;
        rc = run(&job, message, signers, nsigners, floors, out, result_out, verified_out, err);
        job_end(&job);
    } while (job_again(&job, out, err));
    return rc;
}
