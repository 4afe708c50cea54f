/* sign - a detached signature. */
#include "openpgp/job.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool note_micalg(gpgme_ctx_t ctx, char micalg_out[32])
{
    const gpgme_sign_result_t result = gpgme_op_sign_result(ctx);
    const char *name = result != NULL && result->signatures != NULL
                           ? gpgme_hash_algo_name(result->signatures->hash_algo)
                           : NULL;
    if (name == NULL)
        return false;
    snprintf(micalg_out, 32, "pgp-%s", name);
    for (char *c = micalg_out; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return true;
}

static int run(struct job *job, struct span entity, struct spool *out, char micalg_out[32], struct err *err)
{
    SEAL_CLEANUP(job_data_free) gpgme_data_t in = NULL;
    SEAL_CLEANUP(job_data_free) gpgme_data_t signature = NULL;
    if (job_keyring(job, &job->own->key, 1, err) < 0 || loop_in(&job->loop, entity, &in, err) < 0 ||
        loop_out(&job->loop, out, &signature, err) < 0)
        return -1;
    gpgme_error_t code =
        job_wait(job, gpgme_op_sign_start(job->home->ctx, in, signature, GPGME_SIG_MODE_DETACH));
    /* gpg says so before it writes, but it writes all at once */
    bool is_written = job->seen.signature_made && spool_size(out) > 0;
    if (code == 0 && is_written && note_micalg(job->home->ctx, micalg_out))
        return 0;
    return job_failed(job, code, "sign", err);
}

int pgp_sign(struct pgp_engine *engine, struct span entity, const struct pgp_own *own, struct spool *out,
             char micalg_out[32], struct err *err)
{
    struct job job = JOB_INIT;
    int rc;
    do {
        if (job_begin(&job, engine, own, 1, own, err) < 0)
            return -1;
        rc = run(&job, entity, out, micalg_out, err);
        job_end(&job);
    } while (job_again(&job, out, err));
    return rc;
}
