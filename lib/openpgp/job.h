/*
 * job - one operation: a home taken, one gpg with bytes in and out of it, what it said of itself, and what a failure means.
 * Private to lib/openpgp.
 *
 * gpg's exit status is nobody's to see (GPGME forgets the process), so an operation has ended well only when gpg wrote the line that
 * it writes last.
 */
#ifndef OPENPGP_JOB_H
#define OPENPGP_JOB_H

#include "openpgp/crypt.h"
#include "openpgp/homes.h"
#include "openpgp/loop.h"

/* What gpg's status lines said. */
struct job_seen {
    bool complained; /* it says why it does not do what it was asked */
    bool
        began_decryption; /* a session key was looked for; from here on nothing counts but the content (R17) */
    bool ended_decryption;
    bool decryption_okay;
    bool authenticated;                     /* the modification detection code is right */
    unsigned containers, strong_containers; /* decrypted; and with a cipher that is good */
    unsigned plaintexts;
    char opened_with[65]; /* the primary key of the key that opened it, lower case */
    bool signature_made;
    bool ended_encryption;
};

struct job {
    struct pgp_engine *engine;
    struct agent *agent; /* the engine's, unless another is set before job_begin() */
    struct home *home;
    const struct pgp_own
        *own; /* whose passphrases may be given; a single one without fingerprint: to whatever asks */
    size_t nown;
    unsigned generation; /* of the agent; 0: none is needed */
    bool agent_lost;     /* it ended, or gpg did not find it */
    unsigned begun;      /* times */
    struct loop loop;
    int64_t deadline;
    struct job_seen seen;
};

#define JOB_INIT ((struct job){.engine = NULL})

/*
 * job_begin - a home, and the agent when there are keys of ours. signer: one of them; NULL: nobody signs. job is JOB_INIT, or has ended.
 *
 * return  0, and job_end() must follow; or -1
 */
int job_begin(struct job *job, struct pgp_engine *engine, const struct pgp_own *own, size_t nown,
              const struct pgp_own *signer, struct err *err) SEAL_CHECKED;
void job_end(struct job *job);

/* job_keyring - the keys that gpg finds: its whole keyring. */
int job_keyring(struct job *job, const struct span *keys, size_t nkeys, struct err *err) SEAL_CHECKED;

void job_data_free(gpgme_data_t *data); /* for SEAL_CLEANUP */

/* job_wait - until what was started (a gpgme_op_.._start of the home's context) has ended. Returns its error. */
gpgme_error_t job_wait(struct job *job, gpgme_error_t started);
/* job_run - gpg for what GPGME has no call for. words end in NULL; the first is "gpg". */
gpgme_error_t job_run(struct job *job, const char *const *words, gpgme_data_t in, gpgme_data_t out,
                      gpgme_data_t out2);

/* job_hindered - what is missing is not the fault of what was asked: a sink that took no more, an agent that is gone. Sets err then. */
bool job_hindered(struct job *job, gpgme_error_t code, struct err *err);
/* job_failed - why the last line is missing: as above, or gpg's own reason, or none: it was ended. Is -1. */
int job_failed(struct job *job, gpgme_error_t code, const char *what, struct err *err) SEAL_CHECKED;

/* job_again - it failed for want of the agent, before anything came out: worth a second time. Clears err then. */
bool job_again(const struct job *job, const struct spool *out, struct err *err);

#endif
