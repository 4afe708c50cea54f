/*
 * gate - the way of a message, steps 3 to 6: look and decide in turn, plan, transform.
 *
 * Deciding stops where it needs a class of facts that nobody has looked for yet; looking is then done once for all recipients, and
 * deciding begins again. So it does where transforming showed what nobody could know before. Where the plan wants a key to be generated, or stored, first, it ends there: the
 * caller does that, and begins again. Nothing here changes anything outside the process: copies are spools, what was learned is a list of effects.
 */
#include "gate/gate.h"

#include "gate/internal.h"
#include "policy/make_plan.h"

#include <stdlib.h>
#include <string.h>

#define HARVEST_MAX    2 /* the signer's certificate, and another to encrypt with */
#define EFFECTS_MAX    (HARVEST_MAX + 2 * LESSON_PGP_MAX + 2) /* and keys that were looked up */
#define ARENA_PER_RCPT (32u << 10)                            /* octets: what the store holds for one */
#define CERTS_MAX      16384 /* parsed certificates, keys, verdicts: about 10 KB each */
#define STRANGERS_MAX  1024

/* ---- the way of a message ---- */

static int look_and_decide(struct work *work, struct trace *trace, struct outcome *outcome, struct err *err)
{
    for (;;) {
        if (trace != NULL)
            trace->n = 0;
        int needed = decide(work->snapshot->policy, work->snapshot->settings, work->facts, work->arena, trace,
                            &outcome->decisions, err);
        if (needed <= 0)
            return needed;
        if (gather(work, (unsigned)needed, err) < 0)
            return -1;
    }
}

static bool asks_pgp(const struct plan *plan)
{
    for (size_t i = 0; i < plan->ncopies; i++)
        for (size_t k = 0; k < plan->copies[i].nops; k++)
            if (plan->copies[i].ops[k].method == METHOD_OPENPGP)
                return true;
    return false;
}

static int transform(struct work *work, struct outcome *outcome, struct err *err)
{
    size_t nkeywords, nmarks;
    const struct xform_keyword *keywords = gather_keywords(work, &nkeywords);
    const char *const *marks = gather_marks(work, &nmarks);
    struct xform_in in = {.message = work->message,
                          .table = &work->table,
                          .settings = work->snapshot->settings,
                          .facts = work->facts,
                          .keyring = &work->materials->keyring,
                          .opened = work->materials->opened,
                          .nopened = work->materials->nopened,
                          .keywords = keywords,
                          .nkeywords = nkeywords,
                          .marks = marks,
                          .nmarks = nmarks,
                          .spool = work->gate->spool,
                          .now = work->now};
    const struct progress *progress = work->progress;
    if (asks_pgp(outcome->plan) && pgp_engine_get(work->gate, &in.pgp, err) < 0)
        return -1;
    if (given_collect(work, outcome->plan, err) < 0)
        return -1;
    outcome->copies = arena_array(work->arena, outcome->plan->ncopies, sizeof *outcome->copies);
    return xform_run(&in, outcome->plan, progress == NULL ? NULL : progress->call,
                     progress == NULL ? NULL : progress->arg, outcome->copies, err);
}

static bool is_too_big(const struct work *work, const struct outcome *outcome, size_t copy)
{
    const struct spool *spool = outcome->copies[copy];
    return spool != NULL && spool_size(spool) > work->snapshot->settings->message_size_limit;
}

/* Whether its content is ours; marks alone never make a message too big that the MTA took. */
static bool is_protected(const struct copy *copy)
{
    for (size_t i = 0; i < copy->nops; i++)
        if (copy->ops[i].kind == OP_SIGN || copy->ops[i].kind == OP_ENCRYPT || copy->ops[i].kind == OP_ATTACH)
            return true;
    return false;
}

static int check_sizes(const struct work *work, const struct outcome *outcome, struct err *err)
{
    for (size_t i = 0; i < outcome->plan->ncopies; i++)
        if (is_protected(&outcome->plan->copies[i]) && is_too_big(work, outcome, i))
            return err_set(err, ERR_TOO_BIG, "protected message has %zu octets, the MTA takes %zu",
                           spool_size(outcome->copies[i]), work->snapshot->settings->message_size_limit);
    return 0;
}

/*
 * What became too big by being opened stays closed, and whoever would have seen it gets the message as it came (no oracle, R17). Returns
 * whether there is such a copy: then it is to be decided anew.
 */
static bool close_too_big(struct work *work, struct outcome *outcome)
{
    const struct plan *plan = outcome->plan;
    bool closed = false;
    for (size_t i = 0; i < plan->ncopies; i++) {
        if (!plan->copies[i].opened || !is_too_big(work, outcome, i))
            continue;
        closed = true;
        for (size_t r = 0; r < plan->copies[i].nrcpts; r++)
            close_view(&work->facts->views[work->facts->rcpts[plan->copies[i].rcpts[r]].view],
                       "what was opened is larger than the MTA takes");
    }
    return closed;
}

/* Whether content can be made canonical shows when it is tried. Then it is to be decided anew, where signing was a wish only. */
static bool give_up_signing(struct work *work, struct err *err)
{
    if (err->code != ERR_UNSIGNABLE || work->facts->unsignable_why != NULL)
        return false;
    work->facts->unsignable_why = arena_strdup(work->arena, err->msg);
    err_clear(err);
    return true;
}

static void forget_copies(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->plan->ncopies; i++)
        spool_free(&outcome->copies[i]);
    outcome->copies = NULL;
}

static enum verdict verdict_of(enum disposition disposition)
{
    switch (disposition) {
    case DISPOSITION_SERVE:
        return VERDICT_ACCEPT;
    case DISPOSITION_DISCARD:
    case DISPOSITION_RETURN:
        return VERDICT_DISCARD;
    case DISPOSITION_HOLD:
        return VERDICT_HOLD;
    case DISPOSITION_TEMPFAIL:
        return VERDICT_TEMPFAIL;
    case DISPOSITION_REFUSE:
        return VERDICT_REJECT;
    }
    return VERDICT_TEMPFAIL;
}

static const char *reply_of(struct arena *arena, const struct plan *plan)
{
    bool refused = plan->disposition == DISPOSITION_REFUSE;
    if (!refused && plan->disposition != DISPOSITION_TEMPFAIL)
        return NULL;
    const char *status = plan->reply_status != NULL ? plan->reply_status : refused ? "5.7.1" : "4.7.1";
    const char *text = plan->reply_text != NULL ? plan->reply_text : "";
    const char *code = refused ? "550" : strcmp(status, "4.5.3") == 0 ? "452" : "451";
    return arena_printf(arena, "%s %s %s", code, status, text);
}

/* ---- what was learned (R28) ---- */

static void add_harvest(struct work *work, struct outcome *outcome, int entry, const struct lesson *lesson)
{
    if (entry < 0 || outcome->neffects == HARVEST_MAX)
        return;
    struct cert *cert = work->materials->keyring.entries[entry].cert;
    if (!cert_info(cert)->supported || (cert_info(cert)->usage & CERT_ENCRYPT) == 0)
        return;
    outcome->effects[outcome->neffects++] = (struct effect){.kind = EFFECT_HARVEST,
                                                            .addr = work->facts->from,
                                                            .fingerprint = cert_info(cert)->fingerprint,
                                                            .der = cert_der(cert),
                                                            .trusted = lesson->trusted,
                                                            .capabilities = lesson->capabilities};
}

/* All recipients see the same signer, so the first view that may teach does. */
static void collect_harvest(struct work *work, struct outcome *outcome)
{
    for (size_t i = 0; i < work->facts->nrcpts && outcome->neffects == 0; i++) {
        size_t view = work->facts->rcpts[i].view;
        if (!outcome->decisions[i].harvest || !work->facts->views[view].may_harvest)
            continue;
        add_harvest(work, outcome, work->lessons[view].signer, &work->lessons[view]);
        add_harvest(work, outcome, work->lessons[view].encrypt, &work->lessons[view]);
    }
}

static void add_pgp(struct work *work, struct outcome *outcome, const struct lesson *lesson)
{
    for (size_t i = 0; i < lesson->npgp; i++)
        outcome->effects[outcome->neffects++] =
            (struct effect){.kind = EFFECT_HARVEST_PGP,
                            .addr = work->facts->from,
                            .der = lesson->pgp[i].bytes,
                            .source = lesson->pgp[i].source,
                            .trusted = pgp_is_trusted(work, lesson->pgp[i].source)};
}

/* Ciphertext that can be varied teaches nothing: gpg's time would tell whether it opened (R17). */
static bool teaches(const struct view *view, const struct lesson *lesson)
{
    return lesson->npgp > 0 && (view->opened < 0 || view_is_authentic(view));
}

/* The first recipient's view that brings keys along does, and the Autocrypt field, which is the message's. */
static void collect_pgp(struct work *work, struct outcome *outcome)
{
    struct lesson field = {.npgp = 0};
    if (work->facts->from == NULL || pgp_is_off(work))
        return;
    for (size_t i = 0; i < work->facts->nrcpts; i++) {
        size_t view = work->facts->rcpts[i].view;
        const struct lesson *lesson = &work->lessons[view];
        if (!outcome->decisions[i].harvest)
            continue;
        if (field.npgp == 0)
            learn_autocrypt(work, &field);
        if (!teaches(&work->facts->views[view], lesson))
            continue;
        add_pgp(work, outcome, lesson);
        break;
    }
    add_pgp(work, outcome, &field);
}

/* What a refused or deferred message would have become is nobody's business. */
static bool goes_on(enum verdict verdict)
{
    return verdict != VERDICT_REJECT && verdict != VERDICT_TEMPFAIL;
}

/* ---- what others said ---- */

static void collect_directory(struct work *work, struct outcome *outcome)
{
    if (work->nremembered == 0 && work->facts->directory_why == NULL)
        return;
    outcome->effects[outcome->neffects++] = (struct effect){.kind = EFFECT_DIRECTORY,
                                                            .remembered = work->remembered,
                                                            .nremembered = work->nremembered,
                                                            .why = work->facts->directory_why};
}

static void collect_lookups(struct work *work, struct outcome *outcome)
{
    for (size_t i = 0; i < work->nfound; i++)
        outcome->effects[outcome->neffects++] = work->found[i];
    if (work->nlooked_up == 0 && work->lookup_why == NULL)
        return;
    outcome->effects[outcome->neffects++] = (struct effect){.kind = EFFECT_LOOKUP,
                                                            .remembered = work->looked_up,
                                                            .nremembered = work->nlooked_up,
                                                            .why = work->lookup_why};
}

/* What the directory and key servers said is true whatever becomes of the message. */
static int collect_effects(struct work *work, struct outcome *outcome, struct err *err)
{
    outcome->effects = arena_array(work->arena, EFFECTS_MAX + work->nfound, sizeof *outcome->effects);
    if (goes_on(outcome->verdict)) {
        collect_harvest(work, outcome);
        collect_pgp(work, outcome);
    }
    collect_directory(work, outcome);
    collect_lookups(work, outcome);
    return arena_check(work->arena, err);
}

/* What waits for a key is decided anew with it. */
static bool is_transformed(const struct outcome *outcome)
{
    return goes_on(outcome->verdict) && outcome->plan->generate == 0 && !outcome->plan->learn;
}

static int run(struct work *work, struct trace *trace, struct outcome *outcome, struct err *err)
{
    if (gather_base(work, err) < 0)
        return -1;
    for (;;) {
        if (look_and_decide(work, trace, outcome, err) < 0 ||
            make_plan(work->snapshot->settings, work->facts, outcome->decisions, work->arena, &outcome->plan,
                      err) < 0)
            return -1;
        outcome->verdict = verdict_of(outcome->plan->disposition);
        outcome->reply = reply_of(work->arena, outcome->plan);
        if (!is_transformed(outcome))
            break;
        int status = transform(work, outcome, err);
        bool again = status == 0 ? close_too_big(work, outcome) : give_up_signing(work, err);
        if (!again && status < 0)
            return -1;
        if (!again)
            break;
        forget_copies(outcome);
    }
    if (is_transformed(outcome) && check_sizes(work, outcome, err) < 0)
        return -1;
    return write_notices(work, outcome, err);
}

static void materials_free(void *p)
{
    struct materials *materials = p;
    snapshot_free(&materials->snapshot);
    keyring_fini(&materials->keyring);
    for (size_t i = 0; i < materials->nopened; i++)
        spool_free(&materials->opened[i].entity);
    free(materials->opened);
    arena_free(&materials->said);
    arena_free(&materials->fetched);
    free(materials);
}

static void note_prepared(struct work *work, const struct prepared *prepared)
{
    if (prepared == NULL)
        return;
    work->facts->taught = prepared->learned;
    work->facts->generated = !prepared->learned;
    for (enum method method = METHOD_NONE; method < METHODS; method++)
        if (prepared->why[method] != NULL)
            work->facts->ungenerated[method] = arena_strdup(work->arena, prepared->why[method]);
}

int gate_run(struct gate *gate, struct snapshot *snapshot, const struct envelope *envelope,
             const struct spool *message, int64_t now, const struct progress *progress,
             const struct prepared *prepared, struct trace *trace, struct outcome **out, struct err *err)
{
    struct outcome *outcome = xcalloc(1, sizeof *outcome);
    struct materials *materials = xcalloc(1, sizeof *materials);
    materials->snapshot = snapshot_ref(snapshot);
    outcome->arena = arena_new(ARENA_MAX_DEFAULT + envelope->nrcpts * ARENA_PER_RCPT);
    outcome->facts = arena_alloc(outcome->arena, sizeof *outcome->facts);
    outcome->materials = materials;
    outcome->materials_free = materials_free;
    struct work work = {.gate = gate,
                        .snapshot = snapshot,
                        .envelope = envelope,
                        .message = spool_all(message),
                        .now = now,
                        .progress = progress,
                        .arena = outcome->arena,
                        .facts = outcome->facts,
                        .materials = materials};
    note_prepared(&work, prepared);
    int status = run(&work, trace, outcome, err);
    if (status == 0)
        status = collect_effects(&work, outcome, err);
    structure_fini(&work.structure);
    if (status < 0)
        outcome_free(&outcome);
    *out = outcome;
    return status;
}

/* ---- life of the gate ---- */

int gate_new(const struct settings *settings, struct store *store, struct holder *holder,
             int64_t (*clock_ms)(void), struct gate **out, struct err *err)
{
    struct gate *gate = xcalloc(1, sizeof *gate);
    gate->settings = settings;
    gate->store = store;
    gate->holder = holder;
    gate->clock_ms = clock_ms;
    pthread_mutex_init(&gate->lock, NULL);
    pthread_mutex_init(&gate->pgp_lock, NULL);
    gate->kept_pgp = xcalloc(KEPT_PGP, sizeof *gate->kept_pgp);
    gate->certs = certs_new(CERTS_MAX);
    gate->strangers = certs_new(STRANGERS_MAX);
    gate->spool = (struct spool_conf){.dir = settings->spool_dir,
                                      .mem_max = settings->spool_memory,
                                      .size_max = 4 * settings->message_size_limit + (1u << 20)};
    if (store_site_secret(store, gate->site_secret, err) < 0) {
        gate_free(&gate);
        return -1;
    }
    *out = gate;
    return 0;
}

void gate_free(struct gate **gate)
{
    if (*gate == NULL)
        return;
    directory_free(&(*gate)->directory);
    pgp_engine_close(&(*gate)->pgp);
    free((*gate)->kept_pgp);
    pthread_mutex_destroy(&(*gate)->lock);
    pthread_mutex_destroy(&(*gate)->pgp_lock);
    certs_free(&(*gate)->certs);
    certs_free(&(*gate)->strangers);
    free(*gate);
    *gate = NULL;
}
