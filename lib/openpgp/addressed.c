/* addressed - session keys against keys. */
#include "openpgp/addressed.h"

#include "openpgp/frame.h"
#include "openpgp/public.h"

#include <string.h>

#define KEYID_OCTETS 8

/* Of a session key, behind its version; NULL: it is none. */
static const char *addressee(const struct frame *frame)
{
    return frame->tag == FRAME_PKESK && frame->body.len > KEYID_OCTETS ? frame->body.ptr + 1 : NULL;
}

static bool has_subkey(struct span key, const char *keyid)
{
    struct frame frame;
    struct public public;
    while (frame_next(&key, &frame) == FRAME_FOUND)
        if ((frame.tag == FRAME_PUBLIC_KEY || frame.tag == FRAME_PUBLIC_SUBKEY) &&
            public_read(frame.body, &public) == PUBLIC_READ &&
            memcmp(public.fingerprint + HASH_SHA1_SIZE - KEYID_OCTETS, keyid, KEYID_OCTETS) == 0)
            return true;
    return false;
}

/* Several keys may have the subkey: gpg encrypts to it once. */
static bool mark_keys(const struct span *keys, size_t nkeys, const char *keyid, bool *served)
{
    bool expected = false;
    for (size_t i = 0; i < nkeys; i++)
        if (has_subkey(keys[i], keyid)) {
            served[i] = true;
            expected = true;
        }
    return expected;
}

static bool all_served(const bool *served, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!served[i])
            return false;
    return true;
}

/* What was written to hide them: zeros. */
static bool is_hidden(const char *keyid)
{
    static const char nobody[KEYID_OCTETS];
    return memcmp(keyid, nobody, KEYID_OCTETS) == 0;
}

int addressed_check(struct span message, const struct span *keys, size_t nkeys,
                    enum pgp_visibility visibility, struct err *err)
{
    SEAL_CLEANUP(mem_free) bool *served = xcalloc(nkeys, sizeof *served);
    struct frame frame;
    size_t n = 0;
    bool expected = true;
    while (expected && frame_next(&message, &frame) == FRAME_FOUND && addressee(&frame) != NULL) {
        const char *keyid = addressee(&frame);
        n++;
        expected =
            visibility == PGP_HIDDEN ? is_hidden(keyid) && n <= nkeys : mark_keys(keys, nkeys, keyid, served);
    }
    if (!expected)
        return err_set(err, ERR_CONFIG,
                       "encrypt: gpg encrypted to a key that it was not given: see that /etc/gnupg/gpg.conf "
                       "names no recipient");
    if (n > 0 && frame.tag == FRAME_SEIPD && (visibility == PGP_HIDDEN || all_served(served, nkeys)))
        return 0;
    return err_set(err, ERR_CRYPTO, "encrypt: gpg wrote no message for all of the keys");
}
