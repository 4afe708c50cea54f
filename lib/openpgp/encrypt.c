/* encrypt - and signed in the same run. */
#include "openpgp/job.h"

#include "openpgp/addressed.h"
#include "openpgp/recipients.h"

static gpgme_error_t start(const struct job *job, const char *recipients, enum pgp_visibility visibility,
                           gpgme_data_t in, gpgme_data_t out)
{
    gpgme_encrypt_flags_t flags =
        GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_COMPRESS | GPGME_ENCRYPT_NO_ENCRYPT_TO;
    if (visibility == PGP_HIDDEN)
        flags |= GPGME_ENCRYPT_THROW_KEYIDS;
    if (job->own != NULL)
        return gpgme_op_encrypt_sign_ext_start(job->home->ctx, NULL, recipients, flags, in, out);
    return gpgme_op_encrypt_ext_start(job->home->ctx, NULL, recipients, flags, in, out);
}

static int run(struct job *job, struct span entity, const struct span *keys, size_t nkeys,
               enum pgp_visibility visibility, struct spool *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf recipients = BUF_INIT(recipients_list_max(nkeys));
    SEAL_CLEANUP(job_data_free) gpgme_data_t in = NULL;
    SEAL_CLEANUP(job_data_free) gpgme_data_t sealed = NULL;
    if (recipients_write(job, keys, nkeys, &recipients, err) < 0 ||
        loop_in(&job->loop, entity, &in, err) < 0 || loop_out(&job->loop, out, &sealed, err) < 0)
        return -1;
    gpgme_error_t code = job_wait(job, start(job, buf_str(&recipients), visibility, in, sealed));
    bool is_signed = job->own == NULL || job->seen.signature_made;
    if (code != 0 || !job->seen.ended_encryption || !is_signed)
        return job_failed(job, code, "encrypt", err);
    return spool_seal(out, err) < 0 ? -1 : addressed_check(spool_all(out), keys, nkeys, visibility, err);
}

int pgp_encrypt(struct pgp_engine *engine, struct span entity, const struct span *keys, size_t nkeys,
                enum pgp_visibility visibility, const struct pgp_own *own, struct spool *out, struct err *err)
{
    struct job job = JOB_INIT;
    int rc;
    if (nkeys == 0)
        return err_set(err, ERR_BUG, "encrypt to nobody");
    do {
        if (job_begin(&job, engine, own, own != NULL ? 1 : 0, own, err) < 0)
            return -1;
        rc = run(&job, entity, keys, nkeys, visibility, out, err);
        job_end(&job);
    } while (job_again(&job, out, err));
    return rc;
}
