/*
 * pgp - OpenPGP's part of the views: opening with one key, verifying by the keys of From, and what a signature is worth.
 *
 * source  RFC 3156, RFC 9580 5.2
 */
#include "gate/internal.h"
#include "gate/pgp_conf.h"
#include "gate/pgp_keys.h"

#include <string.h>

/* Who waited while somebody else found that gpg does not run is told the same: finding out one after the other takes for ever. */
int pgp_engine_get(struct gate *gate, struct pgp_engine **out, struct err *err)
{
    const struct pgp_engine_conf conf = pgp_conf(&gate->settings->openpgp, gate->clock_ms);
    int64_t asked = gate->clock_ms();
    pthread_mutex_lock(&gate->pgp_lock);
    if (gate->pgp == NULL && err_is_set(&gate->pgp_failure) && gate->pgp_failed_at > asked) {
        *err = gate->pgp_failure;
    } else if (gate->pgp == NULL && pgp_engine_open(&conf, &gate->pgp, err) < 0) {
        gate->pgp_failure = *err;
        gate->pgp_failed_at = gate->clock_ms();
    }
    *out = gate->pgp;
    pthread_mutex_unlock(&gate->pgp_lock);
    return *out != NULL ? 0 : -1;
}

bool pgp_is_off(const struct work *work)
{
    return *work->gate->settings->openpgp.gpg == '\0';
}

bool pgp_is_trusted(const struct work *work, enum pgp_source source)
{
    return pgp_keys_are_trusted(&work->snapshot->settings->openpgp, source);
}

/* ---- what a signature is worth ---- */

static const struct pgp_record *find_signer(const struct work *work, const char *fingerprint)
{
    for (size_t i = 0; i < work->nsigners; i++)
        if (strcmp(work->signers[i].fingerprint, fingerprint) == 0)
            return &work->signers[i];
    return NULL;
}

/* The administrator may have given it the address. */
static bool is_from(const struct work *work, const struct pgp_record *record)
{
    return pgp_record_names(record, work->facts->from) || (record->pinned && record->trust == TRUST_TRUSTED);
}

static void lower(struct view *view, enum signature signature, const char *why)
{
    view->signature = signature;
    view->signature_why = why;
}

static void judge_signer(struct work *work, const struct pgp_record *record, int64_t signed_at,
                         struct view *view)
{
    const char *late = judge_time(work, signed_at);
    if (late != NULL)
        lower(view, SIGNATURE_BAD, late);
    else if (record == NULL || !is_from(work, record))
        lower(view, SIGNATURE_MISMATCH, "the signer's key has no valid User-ID with the From address");
    else if (record->trust == TRUST_REJECTED)
        lower(view, SIGNATURE_UNTRUSTED, "the signer's key was rejected by hand");
    else if (record->trust != TRUST_TRUSTED)
        lower(view, SIGNATURE_UNTRUSTED, "the signer's key is not trusted");
}

void pgp_judge(struct work *work, const struct pgp_verified *verified, struct view *view)
{
    view->signed_by = METHOD_OPENPGP;
    lower(view, verified->signature, arena_strdup(work->arena, verified->why));
    if (verified->fingerprint[0] == '\0') {
        if (verified->signature == SIGNATURE_UNTRUSTED)
            lower(view, SIGNATURE_UNSUPPORTED,
                  arena_printf(work->arena, "made by key %s, which is not known as one of the From address",
                               verified->keyid));
        return;
    }
    const struct pgp_record *record = find_signer(work, verified->fingerprint);
    view->signer_fp = arena_strdup(work->arena, verified->fingerprint);
    if (record != NULL && is_from(work, record))
        view->signer = work->facts->from;
    if (verified->signature == SIGNATURE_GOOD || verified->signature == SIGNATURE_WEAK)
        judge_signer(work, record, verified->signing_time, view);
}

/* ---- gpg asked ---- */

static struct span *signers_of(struct work *work)
{
    struct span *signers = arena_array(work->arena, work->nsigners, sizeof *signers);
    for (size_t i = 0; i < work->nsigners; i++)
        signers[i] = work->signers[i].key;
    return signers;
}

static struct pgp_floors floors_of(const struct work *work)
{
    return (struct pgp_floors){.min_rsa_bits = work->snapshot->settings->min_rsa_bits};
}

int pgp_verify_detached(struct work *work, const struct structure *structure, struct view *view,
                        struct err *err)
{
    struct pgp_engine *engine;
    struct pgp_verified verified;
    const struct pgp_floors floors = floors_of(work);
    if (pgp_is_off(work)) {
        lower(view, SIGNATURE_UNSUPPORTED, "OpenPGP is switched off");
        return 0;
    }
    if (pgp_engine_get(work->gate, &engine, err) < 0 ||
        pgp_verify(engine, spool_all(structure->signature), structure->signed_entity, signers_of(work),
                   work->nsigners, &floors, &verified, err) < 0)
        return -1;
    pgp_judge(work, &verified, view);
    return 0;
}

int pgp_open_content(struct work *work, const struct loaded_pgp *key, struct spool **out,
                     const char **why_out, struct shown *shown, struct err *err)
{
    struct pgp_engine *engine;
    enum pgp_opened result = PGP_NOT_OPENED;
    const struct pgp_floors floors = floors_of(work);
    SEAL_CLEANUP(secret_fini) struct secret passphrase = {.len = 0};
    *out = NULL;
    *why_out = "could not be opened with the key that it names";
    if (pgp_engine_get(work->gate, &engine, err) < 0 ||
        holder_open_secret(work->gate->holder, key->own.owner, key->own.fingerprint, key->own.wrapped,
                           &passphrase, err) < 0)
        return -1;
    const struct pgp_own own = {
        .fingerprint = key->own.fingerprint, .key = key->key.key, .passphrase = &passphrase};
    SEAL_CLEANUP(spool_free) struct spool *entity = opened_spool(work);
    if (pgp_decrypt(engine, spool_all(work->structure.envelope), &own, 1, signers_of(work), work->nsigners,
                    &floors, entity, &result, &shown->verified, err) < 0)
        return -1;
    if (result == PGP_NOT_OPENED)
        return 0;
    shown->weak_cipher = result == PGP_OPENED_WEAKLY;
    if (spool_seal(entity, err) < 0)
        return -1;
    *out = entity;
    entity = NULL;
    return 0;
}
