/*
 * opening - which keys of the recipients open the message (R19, R20): the views, and who may see which.
 *
 * However many recipients and keys there are, the envelope is searched once for all of them, each key is used once, and a content that several
 * keys open is looked into once.
 */
#include "gate/internal.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

/* A key of a recipient; as many as the store holds for all of them. */
struct candidate {
    size_t rcpt;
    const char *fingerprint;
    const struct loaded_key *key; /* S/MIME, with its certificate in opening.certs */
    const struct loaded_pgp *pgp; /* OpenPGP */
    size_t view;                  /* what it showed; 0: it was not used */
    bool opened;
    unsigned char digest[HASH_SIZE]; /* of the content that it opened */
};

struct opening {
    struct work *work;
    struct candidate *candidates;
    struct cert **certs; /* as many; owned references */
    bool *named;         /* as many: whether the envelope names it */
    size_t n;
};

static void opening_fini(struct opening *opening)
{
    for (size_t i = 0; i < opening->n; i++)
        cert_free(&opening->certs[i]);
    free(opening->candidates);
    free(opening->certs);
    free(opening->named);
}

static int add_smime(struct opening *opening, size_t rcpt, struct err *err)
{
    struct work *work = opening->work;
    const struct loaded *loaded = &work->rcpts[rcpt];
    for (size_t i = 0; i < loaded->nkeys; i++) {
        const struct loaded_key *one = &loaded->keys[i];
        if (certs_get(work->gate->certs, one->cert.fingerprint, one->cert.der, &opening->certs[opening->n],
                      err) < 0)
            return -1;
        opening->candidates[opening->n++] =
            (struct candidate){.rcpt = rcpt, .fingerprint = one->key.fingerprint, .key = one};
    }
    return 0;
}

static bool is_named(const struct pgp_outside *outside, const struct pgp_record *key)
{
    for (size_t i = 0; i < outside->nkeyids; i++)
        for (size_t k = 0; k < key->nkeyids; k++)
            if (strcmp(outside->keyids[i], key->keyids[k]) == 0)
                return true;
    return outside->hidden;
}

static void add_pgp(struct opening *opening, size_t rcpt)
{
    const struct loaded *loaded = &opening->work->rcpts[rcpt];
    for (size_t i = 0; i < loaded->npgp_keys; i++) {
        const struct loaded_pgp *one = &loaded->pgp_keys[i];
        opening->named[opening->n] = is_named(&opening->work->structure.pgp, &one->key);
        opening->candidates[opening->n++] =
            (struct candidate){.rcpt = rcpt, .fingerprint = one->own.fingerprint, .pgp = one};
    }
}

static int add_candidates(struct opening *opening, size_t rcpt, struct err *err)
{
    struct work *work = opening->work;
    const struct loaded *loaded = &work->rcpts[rcpt];
    if (loaded->failed != NULL)
        return err_set(err, ERR_STORE, "keys of %s: %s", work->facts->rcpts[rcpt].addr, loaded->failed);
    if (work->structure.encrypted_by == METHOD_SMIME)
        return add_smime(opening, rcpt, err);
    add_pgp(opening, rcpt);
    return 0;
}

/* Of both methods: more than there will be views. */
static size_t count_keys(const struct work *work)
{
    size_t n = 0;
    for (size_t i = 0; i < work->facts->nrcpts; i++)
        n += work->rcpts[i].nkeys + work->rcpts[i].npgp_keys;
    return n;
}

static int collect(struct opening *opening, struct err *err)
{
    static const struct smime_limits limits = SMIME_LIMITS_DEFAULT;
    const struct work *work = opening->work;
    size_t most = count_keys(work);
    opening->candidates = xcalloc(most, sizeof *opening->candidates);
    opening->certs = xcalloc(most, sizeof(struct cert *));
    opening->named = xcalloc(most, sizeof *opening->named);
    for (size_t i = 0; i < work->facts->nrcpts; i++)
        if (add_candidates(opening, i, err) < 0)
            return -1;
    if (work->structure.encrypted_by != METHOD_SMIME)
        return 0;
    return smime_names(spool_all(work->structure.envelope), &limits, opening->certs, opening->n,
                       opening->named, err);
}

/* What this key showed for an earlier recipient (a domain's key, a further address's). */
static size_t find_used(const struct opening *opening, size_t candidate)
{
    for (size_t i = 0; i < candidate; i++)
        if (opening->candidates[i].view != 0 &&
            strcmp(opening->candidates[i].fingerprint, opening->candidates[candidate].fingerprint) == 0)
            return opening->candidates[i].view;
    return 0;
}

/* Recipients whose keys open the message share one opened copy. */
static size_t find_same_content(const struct opening *opening, size_t candidate)
{
    const struct candidate *wanted = &opening->candidates[candidate];
    for (size_t i = 0; i < candidate; i++) {
        const struct candidate *one = &opening->candidates[i];
        if (one->opened && memcmp(one->digest, wanted->digest, HASH_SIZE) == 0)
            return one->view;
    }
    return 0;
}

static size_t add_view(struct work *work, struct view view, struct lesson lesson)
{
    work->facts->views[work->facts->nviews] = view;
    work->lessons[work->facts->nviews] = lesson;
    return work->facts->nviews++;
}

static int open_with(struct opening *opening, size_t i, struct spool **entity, const char **why,
                     struct shown *shown, struct err *err)
{
    const struct candidate *candidate = &opening->candidates[i];
    return candidate->pgp != NULL
               ? pgp_open_content(opening->work, candidate->pgp, entity, why, shown, err)
               : open_content(opening->work, candidate->key, opening->certs[i], entity, why, err);
}

static int use_key(struct opening *opening, size_t i, struct err *err)
{
    struct work *work = opening->work;
    struct candidate *candidate = &opening->candidates[i];
    SEAL_CLEANUP(spool_free) struct spool *entity = NULL;
    struct view view = {.opened = -1};
    struct lesson lesson = {.signer = -1, .encrypt = -1};
    struct shown shown = {.verified = {.signature = SIGNATURE_NONE},
                          .weak_cipher = work->structure.outside.weak};
    const char *why;
    if (open_with(opening, i, &entity, &why, &shown, err) < 0)
        return -1;
    if (entity == NULL) {
        close_view(&view, why);
    } else {
        candidate->opened = true;
        hash_bytes(spool_all(entity), candidate->digest);
        candidate->view = find_same_content(opening, i);
        if (candidate->view != 0)
            return 0;
        if (view_content(work, &shown, &entity, &view, &lesson, err) < 0)
            return -1;
    }
    view.key_fp = candidate->fingerprint;
    candidate->view = add_view(work, view, lesson);
    return 0;
}

/* The first key of a recipient that the envelope names and that opens it; old keys decrypt for ever. */
static int try_candidate(struct opening *opening, size_t i, struct err *err)
{
    struct work *work = opening->work;
    struct candidate *candidate = &opening->candidates[i];
    struct rcpt_facts *rcpt = &work->facts->rcpts[candidate->rcpt];
    if (!opening->named[i] || work->facts->views[rcpt->view].opened >= 0)
        return 0;
    candidate->view = find_used(opening, i);
    if (candidate->view == 0) {
        if (use_key(opening, i, err) < 0)
            return -1;
        if (work->progress != NULL && work->progress->call != NULL)
            work->progress->call(work->progress->arg);
    }
    rcpt->view = candidate->view;
    return 0;
}

static int open_all(struct work *work, struct err *err)
{
    SEAL_CLEANUP(opening_fini) struct opening opening = {.work = work};
    if (collect(&opening, err) < 0)
        return -1;
    for (size_t i = 0; i < opening.n; i++)
        if (try_candidate(&opening, i, err) < 0)
            return -1;
    return 0;
}

/*
 * From the first use of a private key on, nothing may depend on how much memory the content takes (R17): what was used so far is checked here,
 * and what comes is a little for each view and recipient.
 */
static int make_room(struct work *work, struct err *err)
{
    if (arena_check(work->arena, err) < 0)
        return -1;
    arena_allow_more(work->arena, ARENA_MAX_DEFAULT);
    return 0;
}

int open_views(struct work *work, struct err *err)
{
    struct facts *facts = work->facts;
    size_t most = count_keys(work) + 1;
    facts->views = arena_array(work->arena, most, sizeof *facts->views);
    work->lessons = arena_array(work->arena, most, sizeof *work->lessons);
    if (view_as_it_came(work, &facts->views[0], &work->lessons[0], err) < 0)
        return -1;
    facts->nviews = 1;
    if (work->structure.envelope == NULL || !work->structure.outside.supported)
        return 0;
    return make_room(work, err) < 0 ? -1 : open_all(work, err);
}
