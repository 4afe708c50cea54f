/* recipients - names where they are clear. */
#include "openpgp/recipients.h"

#include "openpgp/frame.h"
#include "openpgp/hex.h"
#include "openpgp/public.h"

#include <stdio.h>
#include <string.h>

#define NAME_OCTETS 24 /* of a key file, with its line */
#define LIST_HEAD   16

size_t recipients_list_max(size_t nkeys)
{
    return nkeys * (HOME_DIR_MAX + NAME_OCTETS) + LIST_HEAD;
}

/* ---- by files ---- */

/* One file a key: gpg reads the first key of a file. */
static int write_files(struct job *job, const struct span *keys, size_t nkeys, struct buf *list,
                       struct err *err)
{
    buf_add_str(list, "--file\n");
    for (size_t i = 0; i < nkeys; i++) {
        char name[NAME_OCTETS];
        snprintf(name, sizeof name, "to-%zu", i);
        if (home_write(job->home, name, &keys[i], 1, err) < 0)
            return -1;
        buf_printf(list, "%s/%s\n", job->home->dir, name);
    }
    if (job_keyring(job, job->own != NULL ? &job->own->key : NULL, job->nown, err) < 0)
        return -1;
    return buf_check(list, err);
}

/* ---- by fingerprints ---- */

struct ring {
    struct span *keys; /* the signer's behind the recipients' */
    size_t nkeys;
    unsigned char (*primaries)[HASH_SHA1_SIZE];
};

static bool read_primary(struct span key, unsigned char out[HASH_SHA1_SIZE])
{
    struct frame frame;
    struct public public;
    if (frame_next(&key, &frame) != FRAME_FOUND || frame.tag != FRAME_PUBLIC_KEY ||
        public_read(frame.body, &public) != PUBLIC_READ)
        return false;
    memcpy(out, public.fingerprint, HASH_SHA1_SIZE);
    return true;
}

static bool is_primary(const struct ring *ring, const unsigned char fingerprint[HASH_SHA1_SIZE])
{
    for (size_t i = 0; i < ring->nkeys; i++)
        if (memcmp(ring->primaries[i], fingerprint, HASH_SHA1_SIZE) == 0)
            return true;
    return false;
}

static bool has_anothers_primary(const struct ring *ring, struct span key)
{
    struct frame frame;
    struct public public;
    while (frame_next(&key, &frame) == FRAME_FOUND)
        if (frame.tag == FRAME_PUBLIC_SUBKEY && public_read(frame.body, &public) == PUBLIC_READ &&
            is_primary(ring, public.fingerprint))
            return true;
    return false;
}

static bool is_clear(struct ring *ring)
{
    for (size_t i = 0; i < ring->nkeys; i++)
        if (!read_primary(ring->keys[i], ring->primaries[i]))
            return false;
    for (size_t i = 0; i < ring->nkeys; i++)
        if (has_anothers_primary(ring, ring->keys[i]))
            return false;
    return true;
}

static int write_ring(struct job *job, const struct ring *ring, size_t nkeys, struct buf *list,
                      struct err *err)
{
    char fingerprint[HEX_FINGERPRINT_SIZE];
    for (size_t i = 0; i < nkeys; i++) {
        hex_fingerprint(ring->primaries[i], fingerprint);
        buf_printf(list, "%s\n", fingerprint);
    }
    return job_keyring(job, ring->keys, ring->nkeys, err) < 0 ? -1 : buf_check(list, err);
}

int recipients_write(struct job *job, const struct span *keys, size_t nkeys, struct buf *list_out,
                     struct err *err)
{
    size_t n = nkeys + job->nown;
    SEAL_CLEANUP(mem_free) struct span *all = xcalloc(n, sizeof *all);
    SEAL_CLEANUP(mem_free) unsigned char(*primaries)[HASH_SHA1_SIZE] = xcalloc(n, sizeof *primaries);
    struct ring ring = {all, n, primaries};
    memcpy(all, keys, nkeys * sizeof *all);
    for (size_t i = 0; i < job->nown; i++)
        all[nkeys + i] = job->own[i].key;
    return is_clear(&ring) ? write_ring(job, &ring, nkeys, list_out, err)
                           : write_files(job, keys, nkeys, list_out, err);
}
