/*
 * opened - what opening with the recipients' keys and verifying shows: the views of a message.
 *
 * The layer rule: enveloped; signed; enveloped > signed; signed > enveloped (the outer signature says nothing); signed > enveloped > signed.
 * Nothing below any other MIME part is opened or counts as signed (R10, R13).
 *
 * From the first private-key operation on, whatever is wrong with the content makes a view that says so, and the message goes on
 * as it came: limits and broken structure must look from outside like success (R17). Only what may pass by itself (disk full, the
 * store) ends the run, and does so for good and bad content alike.
 */
#include "gate/internal.h"

#include "mime/canon.h"
#include "mime/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct smime_limits limits = SMIME_LIMITS_DEFAULT;

static size_t add_view(struct work *work, struct view view, struct lesson lesson)
{
    work->facts->views[work->facts->nviews] = view;
    work->lessons[work->facts->nviews] = lesson;
    return work->facts->nviews++;
}

static struct view new_view(void)
{
    return (struct view){.opened = -1, .signer_cert = -1};
}

static struct lesson new_lesson(void)
{
    return (struct lesson){.signer = -1, .encrypt = -1};
}

/* A private-key result that is an error of the content, not of the machine. */
static bool is_content_error(const struct err *err)
{
    return err_class(err->code) == ERR_CLASS_PERMANENT;
}

/* Text behind the last boundary (a list's footer) is not covered. */
static bool has_epilogue(struct span message, const struct part_table *table)
{
    size_t last = part_child(table, 0, table->parts[0].nchildren - 1);
    if (last == PART_NONE)
        return false;
    struct span rest = span_trim(span_sub(message, table->parts[last].end, message.len));
    size_t line_end = span_find(rest, "\n", 1, 0);
    return line_end != SIZE_MAX && span_trim(span_sub(rest, line_end, rest.len)).len > 0;
}

/* The signature of one layer, when its root carries one. inner_out as in judge_signature. */
static int verify_layer(struct work *work, struct span layer, const struct part_table *table,
                        const struct structure *structure, struct spool *inner_out, struct view *view,
                        struct lesson *lesson, struct err *err)
{
    if (structure->signed_part_inside) {
        view->signature = SIGNATURE_PARTIAL;
        view->signature_why = "only a part of the message is signed";
        return 0;
    }
    if (structure->signed_by != METHOD_SMIME)
        return 0;
    if (structure->encrypted_by != METHOD_NONE) {
        view->signature_why = "a signature over ciphertext says nothing";
        return 0;
    }
    if (structure->signed_why != NULL) {
        view->signature = SIGNATURE_BAD;
        view->signature_why = structure->signed_why;
        return 0;
    }
    if (judge_signature(work, spool_all(structure->signature), structure->signed_entity, inner_out, view,
                        lesson, err) < 0)
        return -1;
    if (structure->detached && view->signature == SIGNATURE_GOOD && has_epilogue(layer, table)) {
        view->signature = SIGNATURE_PARTIAL;
        view->signature_why = "text stands behind what is signed";
        view->may_harvest = false;
    }
    return 0;
}

/* An opaque signature around an envelope: the envelope is taken out as if the signature were not there. */
static int look_inside_opaque(struct work *work, const struct spool *inner, struct err *err)
{
    static const struct mime_limits mime_limits = MIME_LIMITS_DEFAULT;
    struct structure below;
    struct part_table table;
    struct span entity = spool_all(inner);
    if (part_parse(work->arena, entity, &mime_limits, &table, err) < 0 ||
        structure_look(work->arena, entity, &table, &work->gate->spool, &below, err) < 0)
        return -1;
    if (below.encrypted_by == METHOD_SMIME && below.envelope != NULL && below.signed_by == METHOD_NONE) {
        work->structure.envelope = below.envelope;
        work->structure.outside = below.outside;
        work->structure.encrypted_by = work->facts->encrypted_by = METHOD_SMIME;
        below.envelope = NULL;
    }
    structure_fini(&below);
    return 0;
}

static int view_as_it_came(struct work *work, struct err *err)
{
    struct view view = new_view();
    struct lesson lesson = new_lesson();
    SEAL_CLEANUP(spool_free) struct spool *inner = NULL;
    bool opaque = work->structure.signed_by == METHOD_SMIME && !work->structure.detached;
    if (opaque)
        inner = spool_new(&work->gate->spool);
    if (verify_layer(work, work->message, &work->table, &work->structure, inner, &view, &lesson, err) < 0)
        return -1;
    if (opaque && (spool_seal(inner, err) < 0 || look_inside_opaque(work, inner, err) < 0))
        return -1;
    if (work->structure.encrypted_by == METHOD_SMIME) {
        view = new_view();
        lesson = new_lesson();
        view.signature_why =
            opaque || work->structure.detached ? "a signature over ciphertext says nothing" : NULL;
        bool readable = work->structure.outside.supported;
        view.decryption = readable ? DECRYPTION_NO_KEY : DECRYPTION_UNSUPPORTED;
        view.decryption_why =
            readable ? "encrypted for no key of this recipient" : work->structure.outside.why;
    }
    add_view(work, view, lesson);
    return 0;
}

/* CompressedData inside an envelope takes the content's place (R33 limits what comes out). */
static int decompress(struct work *work, const struct part_table *table, struct spool **entity,
                      struct err *err)
{
    const struct part *root = &table->parts[0];
    if (!part_is(root, "application", "pkcs7-mime") && !part_is(root, "application", "x-pkcs7-mime"))
        return 0;
    SEAL_CLEANUP(spool_free) struct spool *der = spool_new(&work->gate->spool);
    struct span body = span_sub(spool_all(*entity), root->body, root->end - root->body);
    if (transfer_decode(root->encoding, body, der, err) < 0 || spool_seal(der, err) < 0)
        return -1;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(1u << 20);
    struct smime_outside outside;
    if (smime_look(arena, spool_all(der), &limits, &outside, err) < 0)
        return -1;
    if (outside.kind != SMIME_KIND_COMPRESSED)
        return 0;
    struct spool *plain = spool_new(&work->gate->spool);
    if (smime_decompress(spool_all(der), &limits, plain, err) < 0 || spool_seal(plain, err) < 0) {
        spool_free(&plain);
        return -1;
    }
    spool_free(entity);
    *entity = plain;
    return 1;
}

static enum canon_8bit eight_bit(const struct work *work)
{
    const char *body = work->envelope->body;
    return body != NULL && strcasecmp(body, "8BITMIME") == 0 ? CANON_8BIT_MAY_STAY : CANON_8BIT_ENCODE;
}

static void keep_opened(struct work *work, struct spool *entity, struct view *view)
{
    struct materials *materials = work->materials;
    materials->opened = xrealloc(materials->opened, (materials->nopened + 1) * sizeof *materials->opened);
    materials->opened[materials->nopened] = (struct opened){.entity = entity};
    view->opened = (int)materials->nopened++;
}

/* Verifies what was inside, and keeps it made safe for SMTP (R22). The arena is the content's own: its limit is no refusal. */
static int accept_content(struct work *work, struct arena *arena, struct spool **entity, struct view *view,
                          struct lesson *lesson, struct err *err)
{
    static const struct mime_limits mime_limits = MIME_LIMITS_DEFAULT;
    struct part_table table;
    if (part_parse(arena, spool_all(*entity), &mime_limits, &table, err) < 0)
        return -1;
    int compressed = decompress(work, &table, entity, err);
    if (compressed < 0 ||
        (compressed > 0 && part_parse(arena, spool_all(*entity), &mime_limits, &table, err) < 0))
        return -1;
    if (table.opaque_why != NULL)
        return err_set(err, ERR_AMBIGUOUS, "content cannot be read: %s", table.opaque_why);
    SEAL_CLEANUP(structure_fini) struct structure structure;
    struct span layer = spool_all(*entity);
    if (structure_look(arena, layer, &table, &work->gate->spool, &structure, err) < 0)
        return -1;
    SEAL_CLEANUP(spool_free) struct spool *opaque = spool_new(&work->gate->spool);
    if (verify_layer(work, layer, &table, &structure, opaque, view, lesson, err) < 0)
        return -1;
    struct spool *safe = spool_new(&work->gate->spool);
    if (canon_safe(arena, layer, &table, eight_bit(work), safe, err) < 0 || spool_seal(safe, err) < 0 ||
        arena_check(arena, err) < 0) {
        spool_free(&safe);
        return -1;
    }
    keep_opened(work, safe, view);
    return 0;
}

/* R16: without an authenticating cipher only a good signature inside proves that this is what was sent. */
static void judge_opened(const struct work *work, struct view *view)
{
    if (work->structure.outside.authenticated || view->signature == SIGNATURE_GOOD) {
        view->decryption = DECRYPTION_OPENED;
        return;
    }
    view->decryption = DECRYPTION_UNAUTHENTICATED;
    view->decryption_why = "the cipher does not authenticate, and no good signature does";
}

static struct view failed_view(const char *why)
{
    struct view view = new_view();
    view.decryption = DECRYPTION_FAILED;
    view.decryption_why = why;
    return view;
}

/* One try with one key; the content's faults end in a view, see the essay above. */
static int open_with(struct work *work, const struct loaded_key *loaded, struct cert *cert, struct view *view,
                     struct lesson *lesson, struct err *err)
{
    struct key *key = NULL;
    if (certs_get_key(work->gate->certs, &work->gate->master, &loaded->key, &key, err) < 0)
        return -1;
    SEAL_CLEANUP(spool_free) struct spool *entity = spool_new(&work->gate->spool);
    enum smime_opened result;
    int status = smime_decrypt(spool_all(work->structure.envelope), &limits, cert, key, entity, &result, err);
    key_free(&key);
    if (status == 0)
        status = spool_seal(entity, err);
    if (status == 0 && result != SMIME_OPENED) {
        *view = failed_view("could not be opened with the key that it names");
        return 0;
    }
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    if (status == 0)
        status = accept_content(work, arena, &entity, view, lesson, err);
    if (status < 0 && is_content_error(err)) {
        *view = failed_view(arena_strdup(work->arena, err->msg));
        *lesson = new_lesson();
        err_clear(err);
        return 0;
    }
    if (status == 0)
        judge_opened(work, view);
    return status;
}

static size_t find_view(const struct work *work, const char *key_fp)
{
    for (size_t i = 1; i < work->facts->nviews; i++)
        if (work->facts->views[i].key_fp != NULL && strcmp(work->facts->views[i].key_fp, key_fp) == 0)
            return i;
    return 0;
}

/* The view that shows the same content: recipients whose keys open the message share one opened copy. */
static size_t find_same_content(const struct work *work, const struct view *view)
{
    const struct opened *opened = work->materials->opened;
    for (size_t i = 1; view->opened >= 0 && i < work->facts->nviews; i++) {
        int other = work->facts->views[i].opened;
        if (other >= 0 && span_eq(spool_all(opened[other].entity), spool_all(opened[view->opened].entity)))
            return i;
    }
    return 0;
}

/* The first key of the recipient that the envelope names and that opens it; old keys decrypt for ever. */
static int open_for(struct work *work, const struct loaded *loaded, struct rcpt_facts *rcpt, struct err *err)
{
    for (size_t i = 0; i < loaded->nkeys; i++) {
        const struct loaded_key *candidate = &loaded->keys[i];
        struct cert *cert = NULL;
        bool named = false;
        if (certs_get(work->gate->certs, candidate->cert.fingerprint, candidate->cert.der, &cert, err) < 0)
            return -1;
        int status = smime_names(spool_all(work->structure.envelope), &limits, &cert, 1, &named, err);
        size_t seen = named ? find_view(work, candidate->cert.fingerprint) : 0;
        if (status == 0 && named && seen == 0) {
            struct view view = new_view();
            struct lesson lesson = new_lesson();
            status = open_with(work, candidate, cert, &view, &lesson, err);
            view.key_fp = candidate->cert.fingerprint;
            if (status == 0)
                seen = find_same_content(work, &view);
            if (status == 0 && seen == 0)
                seen = add_view(work, view, lesson);
        }
        cert_free(&cert);
        if (status < 0)
            return -1;
        if (seen != 0)
            rcpt->view = seen;
        if (seen != 0 && work->facts->views[seen].opened >= 0)
            return 0;
    }
    return 0;
}

static size_t most_views(const struct work *work)
{
    size_t n = 1;
    for (size_t i = 0; i < work->facts->nrcpts; i++)
        n += work->rcpts[i].nkeys;
    return n;
}

int open_views(struct work *work, struct err *err)
{
    struct facts *facts = work->facts;
    facts->views = arena_array(work->arena, most_views(work), sizeof *facts->views);
    work->lessons = arena_array(work->arena, most_views(work), sizeof *work->lessons);
    if (view_as_it_came(work, err) < 0)
        return -1;
    if (work->structure.envelope == NULL || !work->structure.outside.supported)
        return 0;
    for (size_t i = 0; i < facts->nrcpts; i++) {
        if (work->rcpts[i].failed != NULL)
            return err_set(err, ERR_STORE, "keys of %s: %s", facts->rcpts[i].addr, work->rcpts[i].failed);
        if (open_for(work, &work->rcpts[i], &facts->rcpts[i], err) < 0)
            return -1;
        if (work->progress != NULL && work->progress->call != NULL)
            work->progress->call(work->progress->arg);
    }
    return 0;
}
