/*
 * judge - what a signature is worth for this message: does it cover what is read, is it of who From says, in time.
 *
 * "Does it verify" is smime_verify's question and never the last one: in nearly every published attack the cryptography is good.
 */
#include "gate/internal.h"

#include "smime/verify.h"

#include <strings.h>

#define CLOCK_SKEW 300

static bool is_dn_email(const struct cert_info *info, const char *from)
{
    for (size_t i = 0; i < info->ndn_emails; i++)
        if (strcasecmp(info->dn_emails[i], from) == 0)
            return true;
    return false;
}

/* R8. */
static bool is_from(const struct work *work, const struct cert *signer)
{
    if (work->facts->from == NULL)
        return false;
    return cert_has_address(signer, work->from_exact, ADDR_CASE_EXACT) ||
           (work->snapshot->settings->match_dn_email && is_dn_email(cert_info(signer), work->facts->from));
}

static int64_t signing_window(const struct work *work)
{
    return (int64_t)work->snapshot->settings->signing_time_days * 86400;
}

/* R12: a gateway signs later than the Date that a client wrote, an old signature may be replayed under a new Date. */
const char *judge_time(const struct work *work, int64_t signed_at)
{
    int64_t window = signing_window(work);
    if (signed_at == 0)
        return NULL;
    if (signed_at > work->now + CLOCK_SKEW)
        return "signing time is in the future";
    if (signed_at < work->now - window)
        return "signing time is too long ago";
    if (work->date != 0 && (signed_at > work->date + window || signed_at < work->date - window))
        return "signing time is far from Date";
    return NULL;
}

static void judge(struct work *work, const struct smime_verified *verified, struct view *view)
{
    bool holds = verified->signature == SIGNATURE_GOOD || verified->signature == SIGNATURE_WEAK ||
                 verified->signature == SIGNATURE_UNTRUSTED;
    if (!holds)
        return;
    const char *late = judge_time(work, verified->signing_time);
    if (late != NULL) {
        view->signature = SIGNATURE_BAD;
        view->signature_why = late;
    } else if (!is_from(work, verified->signer)) {
        view->signature = SIGNATURE_MISMATCH;
        view->signature_why = work->facts->from == NULL
                                  ? work->facts->from_why
                                  : "the signer's certificate does not hold the From address";
    }
    view->may_harvest = (view->signature == SIGNATURE_GOOD || view->signature == SIGNATURE_UNTRUSTED) &&
                        verified->chain.answer != CHAIN_REVOKED;
}

static void name_signer(struct work *work, struct cert *signer, struct view *view)
{
    const struct cert_info *info = cert_info(signer);
    view->signer_fp = arena_strdup(work->arena, info->fingerprint);
    if (is_from(work, signer))
        view->signer = work->facts->from;
    else if (info->nemails > 0)
        view->signer = arena_strdup(work->arena, info->emails[0]);
}

/* R27: a certificate of the signer's, but for From: one of two addresses teaches nothing about the other. */
static bool is_for_from(const struct work *work, const struct cert *cert)
{
    return work->facts->from != NULL && cert_has_address(cert, work->facts->from, ADDR_CASE_FOLD);
}

static void learn(struct work *work, struct smime_verified *verified, struct lesson *lesson)
{
    struct keyring *keyring = &work->materials->keyring;
    lesson->signer = keyring_add(keyring, (struct keyring_entry){.cert = cert_ref(verified->signer)});
    if (verified->encrypt_cert != NULL && !cert_same(verified->encrypt_cert, verified->signer) &&
        is_for_from(work, verified->encrypt_cert))
        lesson->encrypt =
            keyring_add(keyring, (struct keyring_entry){.cert = cert_ref(verified->encrypt_cert)});
    lesson->capabilities = arena_strdup(work->arena, verified->capabilities);
    lesson->trusted = verified->signature == SIGNATURE_GOOD;
}

int judge_signature(struct work *work, struct span cms, struct span content, struct spool *inner_out,
                    struct view *view, struct lesson *lesson, struct err *err)
{
    static const struct smime_limits limits = SMIME_LIMITS_DEFAULT;
    const struct smime_verify_conf conf = {.anchors = work->snapshot->anchors,
                                           .now = work->now,
                                           .min_rsa_bits = work->snapshot->settings->min_rsa_bits,
                                           .cert_get = certs_parse,
                                           .cert_arg = work->gate->strangers,
                                           .signing_time_window = signing_window(work)};
    SEAL_CLEANUP(smime_verified_fini) struct smime_verified verified = {.signature = SIGNATURE_NONE};
    if (smime_verify(cms, content, &limits, &conf, inner_out, &verified, err) < 0)
        return -1;
    view->signed_by = METHOD_SMIME;
    view->signature = verified.signature;
    view->signature_why = arena_strdup(work->arena, verified.why);
    if (verified.signer == NULL)
        return 0;
    name_signer(work, verified.signer, view);
    judge(work, &verified, view);
    learn(work, &verified, lesson);
    view->signer_cert = lesson->signer;
    return 0;
}
