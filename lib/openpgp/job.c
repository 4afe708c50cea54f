/* job - GPGME's callbacks, and the meaning of its errors. */
#include "openpgp/job.h"

#include "openpgp/frame.h"
#include "openpgp/public.h"
#include "openpgp/socketdir.h"
#include "openpgp/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define GRACE_MS 2000 /* that gpg has to end by its alarm */

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

/* gpg makes no signature with a digest that is shorter than the curve. */
static const char *digest_of(struct span key)
{
    struct frame frame;
    struct public public;
    while (frame_next(&key, &frame) == FRAME_FOUND)
        if ((frame.tag == FRAME_PUBLIC_KEY || frame.tag == FRAME_PUBLIC_SUBKEY) &&
            public_read(frame.body, &public) == PUBLIC_READ && public.bits > 256 && public.bits < 1024)
            return "SHA512";
    return "SHA256";
}

int job_begin(struct job *job, struct pgp_engine *engine, const struct pgp_own *own, size_t nown,
              const struct pgp_own *signer, struct err *err)
{
    struct agent *agent = job->agent != NULL ? job->agent : &engine->agent;
    *job = (struct job){.engine = engine, .agent = agent, .own = own, .nown = nown, .begun = job->begun + 1};
    if (homes_take(engine, &job->home, err) < 0)
        return -1;
    if (nown > 0)
        socketdir_shun(job->home->dir);
    if ((nown > 0 && agent_ensure(agent, &job->generation, err) < 0) ||
        (agent != &engine->agent && home_point(job->home, agent->socket, err) < 0) ||
        home_settle(job->home, signer != NULL ? signer->fingerprint : "",
                    signer != NULL ? digest_of(signer->key) : "", err) < 0) {
        homes_give(engine, job->home);
        return -1;
    }
    loop_init(&job->loop);
    loop_watch(&job->loop, job->home->ctx);
    job->deadline = engine->clock_ms() + (int64_t)engine->timeout * 1000 + GRACE_MS;
    gpgme_set_passphrase_cb(job->home->ctx, give_passphrase, job);
    gpgme_set_status_cb(job->home->ctx, note_status, job);
    return 0;
}

void job_end(struct job *job)
{
    gpgme_set_passphrase_cb(job->home->ctx, NULL, NULL);
    gpgme_set_status_cb(job->home->ctx, NULL, NULL);
    struct err found_next = ERR_INIT; /* by the next operation */
    if (job->agent != &job->engine->agent &&
        home_point(job->home, job->engine->agent.socket, &found_next) < 0)
        err_clear(&found_next);
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

void job_data_free(gpgme_data_t *data)
{
    gpgme_data_release(*data);
}

gpgme_error_t job_wait(struct job *job, gpgme_error_t started)
{
    return loop_run(&job->loop, job->home->ctx, started, job->engine->clock_ms, job->deadline);
}

gpgme_error_t job_run(struct job *job, const char *const *words, gpgme_data_t in, gpgme_data_t out,
                      gpgme_data_t out2)
{
    gpgme_ctx_t ctx;
    gpgme_error_t code = gpgme_new(&ctx);
    if (code != 0)
        return code;
    code = gpgme_set_protocol(ctx, GPGME_PROTOCOL_SPAWN);
    if (code == 0) {
        loop_watch(&job->loop, ctx);
        code = gpgme_op_spawn_start(ctx, job->engine->program, (const char **)words, in, out, out2, 0);
        code = loop_run(&job->loop, ctx, code, job->engine->clock_ms, job->deadline);
    }
    gpgme_release(ctx);
    return code;
}

/* ---- failures ---- */

/* Or gpg has never found it: then the home is made good for the next operation. */
static bool has_lost_agent(const struct job *job, struct err *err)
{
    if (!agent_survived(job->agent, job->generation)) {
        err_put(err, ERR_BUSY, "gpg-agent has ended");
        return true;
    }
    if (home_points(job->home, job->agent->socket))
        return false;
    if (home_point(job->home, job->agent->socket, err) == 0)
        err_put(err, ERR_BUSY, "gpg did not find gpg-agent");
    return true;
}

bool job_hindered(struct job *job, gpgme_error_t code, struct err *err)
{
    const struct err *spool = loop_spool_error(&job->loop);
    if (spool != NULL) {
        *err = *spool;
        return true;
    }
    if (job->generation != 0 && has_lost_agent(job, err)) {
        job->agent_lost = true;
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

int job_failed(struct job *job, gpgme_error_t code, const char *what, struct err *err)
{
    if (job_hindered(job, code, err))
        return -1;
    if (!job->seen.complained)
        return err_set(err, ERR_BUSY, "%s: gpg ended before its work was done", what);
    return failed(code, is_about_keys(code) ? ERR_KEY_UNUSABLE : ERR_CRYPTO, what, err);
}

bool job_again(const struct job *job, const struct spool *out, struct err *err)
{
    if (!err_is_set(err) || !job->agent_lost || job->begun > 1 || spool_size(out) > 0)
        return false;
    err_clear(err);
    return true;
}
