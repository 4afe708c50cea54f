/* key_check - an import that keeps nothing: gpg writes the keys as it would keep them, and lists them. */
#include "openpgp/key_check.h"

#include "openpgp/frame.h"
#include "openpgp/hex.h"
#include "openpgp/job.h"
#include "openpgp/listing.h"
#include "openpgp/notes.h"
#include "openpgp/public.h"

#include <string.h>

#define LISTING_MAX (256u << 20)

/*
 * The list goes to standard output; the keys, each of which gpg opens its output anew for, into the pipe that standard error is. With
 * trust model "always" gpg 2.2 ends at a key that has expired: it looks for a trust database, and makes none.
 */
static const char *const words[] = {"gpg",
                                    "--homedir",
                                    NULL, /* the home */
                                    "--batch",
                                    "--yes",
                                    "--trust-model",
                                    "direct",
                                    "--status-fd",
                                    "1",
                                    "--logger-file",
                                    "/dev/null",
                                    "--with-colons",
                                    "--with-keygrip",
                                    "--import-options",
                                    "import-show,import-export",
                                    "--export-options",
                                    "backup", /* with its notes */
                                    "--output",
                                    "/dev/fd/2",
                                    "--import",
                                    NULL};
#define HOME_WORD 2

static struct spool *new_spool(size_t max)
{
    return spool_new(&(struct spool_conf){.mem_max = max, .size_max = max});
}

static int run(struct job *job, struct span keys, struct spool *list, struct spool *bytes, struct err *err)
{
    SEAL_CLEANUP(job_data_free) gpgme_data_t in = NULL;
    SEAL_CLEANUP(job_data_free) gpgme_data_t out = NULL;
    SEAL_CLEANUP(job_data_free) gpgme_data_t out2 = NULL;
    const char *argv[SEAL_COUNT(words)];
    memcpy(argv, words, sizeof words);
    argv[HOME_WORD] = job->home->dir;
    if (job_keyring(job, NULL, 0, err) < 0 || loop_in(&job->loop, keys, &in, err) < 0 ||
        loop_out(&job->loop, list, &out, err) < 0 || loop_out(&job->loop, bytes, &out2, err) < 0)
        return -1;
    gpgme_error_t code = job_run(job, argv, in, out, out2);
    if (code != 0)
        return job_failed(job, code, "check keys", err);
    return spool_seal(list, err) < 0 || spool_seal(bytes, err) < 0 ? -1 : 0;
}

/* ---- the bytes of each ---- */

static void to_fingerprint(struct span body, char out[HEX_FINGERPRINT_SIZE])
{
    struct public key;
    out[0] = '\0';
    if (public_read(body, &key) == PUBLIC_READ)
        hex_fingerprint(key.fingerprint, out);
}

/* gpg writes and lists keys in one order; a key that it wrote and did not list is passed over. */
static void take_bytes(struct arena *arena, struct span bytes, struct pgp_key *keys, size_t n)
{
    struct frame frame;
    size_t i = 0;
    bool more = frame_next(&bytes, &frame) == FRAME_FOUND;
    while (more && i < n) {
        char fingerprint[HEX_FINGERPRINT_SIZE];
        const char *begin = frame.whole.ptr;
        to_fingerprint(frame.body, fingerprint);
        do {
            more = frame_next(&bytes, &frame) == FRAME_FOUND;
        } while (more && frame.tag != FRAME_PUBLIC_KEY);
        size_t len = (size_t)((more ? frame.whole.ptr : bytes.ptr) - begin);
        if (strcmp(keys[i].fingerprint, fingerprint) == 0)
            keys[i++].bytes = (struct span){arena_memdup(arena, begin, len), len};
    }
}

static void leave_out(struct pgp_key *keys, size_t *n)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (keys[i].bytes.len > 0 && keys[i].bytes.len <= PGP_KEY_SIZE_MAX)
            keys[kept++] = keys[i];
    *n = kept;
}

static int check(struct job *job, struct arena *arena, struct span keys, struct pgp_key **out, size_t *n_out,
                 struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *list = new_spool(LISTING_MAX);
    size_t bytes_max = 2 * keys.len + PGP_KEY_SIZE_MAX; /* notes are short */
    SEAL_CLEANUP(spool_free) struct spool *bytes = new_spool(bytes_max);
    SEAL_CLEANUP(buf_fini) struct buf noted = BUF_INIT(bytes_max);
    bool complete;
    if (run(job, keys, list, bytes, err) < 0 ||
        listing_read(arena, spool_all(list), out, n_out, &complete, err) < 0)
        return -1;
    if (!complete)
        return err_set(err, ERR_BUSY, "check keys: gpg ended before its work was done");
    notes_keep(spool_all(bytes), &noted);
    take_bytes(arena, buf_span(&noted), *out, *n_out);
    leave_out(*out, n_out);
    return buf_check(&noted, err) < 0 ? -1 : arena_check(arena, err);
}

int key_check(struct pgp_engine *engine, struct arena *arena, struct span keys, struct pgp_key **out,
              size_t *n_out, struct err *err)
{
    struct job job = JOB_INIT;
    if (job_begin(&job, engine, NULL, 0, NULL, err) < 0)
        return -1;
    int rc = check(&job, arena, keys, out, n_out, err);
    if (rc < 0)
        *n_out = 0;
    home_sweep(job.home);
    job_end(&job);
    return rc;
}
