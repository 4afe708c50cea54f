/* job - GPGME's callbacks, and the meaning of its errors. */
#include "openpgp/job.h"

#include "openpgp/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BUFFER_SIZE "65536" /* of a pipe: GPGME moves 4096 octets at once otherwise */

/* ---- what gpg asks and says ---- */

static bool is_end_of(const char *fingerprint, const char *keyid, size_t len)
{
    size_t whole = strlen(fingerprint);
    return len == 16 && whole >= len && strncasecmp(fingerprint + whole - len, keyid, len) == 0;
}

/* info is "keyid-of-subkey keyid-of-primary algorithm length". */
static const struct pgp_own *owner(const struct job *job, const char *info)
{
    const char *primary = info != NULL ? strchr(info, ' ') : NULL;
    if (job->nown == 1 && job->own[0].fingerprint == NULL)
        return &job->own[0];
    if (primary == NULL)
        return NULL;
    for (size_t i = 0; i < job->nown; i++)
        if (is_end_of(job->own[i].fingerprint, primary + 1, strcspn(primary + 1, " ")))
            return &job->own[i];
    return NULL;
}

/*
 * From our locked memory into the pipe: GPGME never has it. A key that is not among those of the operation gets no passphrase,
 * whoever signed with it: so a message for somebody else's key stays shut although the agent has that key.
 */
static gpgme_error_t give_passphrase(void *hook, const char *uid_hint, const char *info, int was_bad, int fd)
{
    const struct pgp_own *own = owner(hook, info);
    (void)uid_hint;
    if (own != NULL && own->passphrase != NULL && was_bad == 0 &&
        gpgme_io_writen(fd, own->passphrase->ptr, own->passphrase->len) != 0)
        return gpgme_error_from_errno(errno);
    return gpgme_io_writen(fd, "\n", 1) == 0 ? 0 : gpgme_error_from_errno(errno);
}

static gpgme_error_t note_status(void *hook, const char *keyword, const char *args)
{
    struct job *job = hook;
    status_note(&job->seen, keyword, args);
    return 0;
}

/* ---- begin and end ---- */

int job_begin(struct job *job, struct pgp_engine *engine, const struct pgp_own *own, size_t nown,
              const char *signer, struct err *err)
{
    *job = (struct job){.engine = engine, .own = own, .nown = nown};
    if (homes_take(engine, &job->home, err) < 0)
        return -1;
    if ((nown > 0 && agent_ensure(&engine->agent, &job->generation, err) < 0) ||
        home_settle(job->home, signer != NULL ? signer : "", err) < 0) {
        homes_give(engine, job->home);
        return -1;
    }
    gpgme_set_passphrase_cb(job->home->ctx, give_passphrase, job);
    gpgme_set_status_cb(job->home->ctx, note_status, job);
    return 0;
}

void job_end(struct job *job)
{
    gpgme_set_passphrase_cb(job->home->ctx, NULL, NULL);
    gpgme_set_status_cb(job->home->ctx, NULL, NULL);
    homes_give(job->engine, job->home);
}

int job_keyring(struct job *job, const struct span *keys, size_t nkeys, struct err *err)
{
    return home_write(job->home, "pubring.gpg", keys, nkeys, err);
}

/* ---- bytes ---- */

static int failed(gpgme_error_t code, enum err_code as, const char *what, struct err *err)
{
    char text[128];
    gpgme_strerror_r(code, text, sizeof text);
    return err_set(err, as, "%s: %s", what, text);
}

static gpgme_ssize_t sink_write(void *hook, const void *p, size_t n)
{
    struct job_sink *sink = hook;
    if (spool_write(sink->spool, p, n, &sink->err) == 0)
        return (gpgme_ssize_t)n;
    errno = EIO;
    return -1;
}

static int made(gpgme_error_t code, gpgme_data_t *data, struct err *err)
{
    if (code == 0)
        code = gpgme_data_set_flag(*data, "io-buffer-size", BUFFER_SIZE);
    return code == 0 ? 0 : failed(code, ERR_IO, "GPGME", err);
}

int job_input(struct span bytes, gpgme_data_t *out, struct err *err)
{
    gpgme_error_t code = gpgme_data_new_from_mem(out, bytes.ptr, bytes.len, 0);
    return made(code, out, err);
}

int job_output(struct job *job, struct spool *spool, gpgme_data_t *out, struct err *err)
{
    static struct gpgme_data_cbs callbacks = {.write = sink_write};
    if (job->nsinks == JOB_SINKS)
        return err_set(err, ERR_BUG, "more than %d outputs", JOB_SINKS);
    struct job_sink *sink = &job->sinks[job->nsinks++];
    *sink = (struct job_sink){.spool = spool};
    gpgme_error_t code = gpgme_data_new_from_cbs(out, &callbacks, sink);
    return made(code, out, err);
}

void job_data_free(gpgme_data_t *data)
{
    gpgme_data_release(*data);
}

gpgme_error_t job_run(struct job *job, const char *const *words, gpgme_data_t in, gpgme_data_t out,
                      gpgme_data_t out2)
{
    gpgme_ctx_t ctx;
    gpgme_error_t code = gpgme_new(&ctx);
    if (code != 0)
        return code;
    code = gpgme_set_protocol(ctx, GPGME_PROTOCOL_SPAWN);
    if (code == 0)
        code = gpgme_op_spawn(ctx, job->engine->program, (const char **)words, in, out, out2, 0);
    gpgme_release(ctx);
    return code;
}

/* ---- failures ---- */

bool job_hindered(const struct job *job, gpgme_error_t code, struct err *err)
{
    for (size_t i = 0; i < job->nsinks; i++) {
        if (err_is_set(&job->sinks[i].err)) {
            *err = job->sinks[i].err;
            return true;
        }
    }
    if (job->generation != 0 && !agent_survived(&job->engine->agent, job->generation)) {
        err_put(err, ERR_BUSY, "gpg-agent has ended");
        return true;
    }
    switch ((int)gpgme_err_code(code)) {
    case GPG_ERR_ENOMEM:
    case GPG_ERR_EMFILE:
    case GPG_ERR_ENFILE:
    case GPG_ERR_EAGAIN:
    case GPG_ERR_NO_AGENT:
        (void)failed(code, ERR_BUSY, "gpg", err);
        return true;
    default:
        return false;
    }
}

static bool is_about_keys(gpgme_error_t code)
{
    switch ((int)gpgme_err_code(code)) {
    case GPG_ERR_UNUSABLE_PUBKEY:
    case GPG_ERR_UNUSABLE_SECKEY:
    case GPG_ERR_NO_PUBKEY:
    case GPG_ERR_NO_SECKEY:
    case GPG_ERR_BAD_PASSPHRASE:
    case GPG_ERR_NO_PASSPHRASE:
        return true;
    default:
        return false;
    }
}

int job_failed(const struct job *job, gpgme_error_t code, const char *what, struct err *err)
{
    if (job_hindered(job, code, err))
        return -1;
    if (!job->seen.complained)
        return err_set(err, ERR_BUSY, "%s: gpg ended before its work was done", what);
    return failed(code, is_about_keys(code) ? ERR_KEY_UNUSABLE : ERR_CRYPTO, what, err);
}
