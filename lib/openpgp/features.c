/* features - the newest signature of a key over itself or its User-IDs counts. */
#include "openpgp/features.h"

#include "openpgp/frame.h"
#include "openpgp/public.h"
#include "openpgp/sig.h"

#define FEATURES_AEAD 0x0au /* packet 20; container of version 2 */

static bool is_of_owner(const struct sig *sig)
{
    return sig->type == SIG_DIRECT_KEY ||
           (sig->type >= SIG_CERTIFICATION && sig->type <= SIG_CERTIFICATION_LAST);
}

bool pgp_key_asks_for_aead(struct span key)
{
    struct public public = {.created = 0};
    struct frame frame;
    struct sig sig;
    uint32_t newest = 0;
    bool asks = false;
    while (frame_next(&key, &frame) == FRAME_FOUND) {
        if (frame.tag == FRAME_PUBLIC_KEY && public_read(frame.body, &public) != PUBLIC_READ)
            return false;
        if (frame.tag != FRAME_SIGNATURE || sig_read(frame.body, &sig) != SIG_READ || !is_of_owner(&sig) ||
            !sig_is_by(&sig, public.fingerprint) || sig.created < newest)
            continue;
        newest = sig.created;
        asks = (sig_features(&sig) & FEATURES_AEAD) != 0;
    }
    return asks;
}
