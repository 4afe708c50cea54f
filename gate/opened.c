/*
 * opened - what one view of a message shows: as it came, or opened with one key.
 *
 * The layer rule: enveloped; signed; enveloped > signed; signed > enveloped (the outer signature says nothing); signed > enveloped > signed.
 * Nothing below any other MIME part is opened or counts as signed (R10, R13).
 *
 * From the first private-key operation on, whatever is wrong with the content makes a view that says so, and the message goes on
 * as it came: limits and broken structure must look from outside like success (R17). Only what may pass by itself (disk full, the
 * store) ends the run, and does so for good and bad content alike.
 */
#include "gate/internal.h"

#include "base/text.h"
#include "mime/canon.h"
#include "mime/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONTENT_FIELDS_MAX 50
#define CONTENT_OCTETS_MAX 32768

static const struct smime_limits limits = SMIME_LIMITS_DEFAULT;

static struct view new_view(void)
{
    return (struct view){.opened = -1, .signer_cert = -1};
}

void close_view(struct view *view, const char *why)
{
    const char *key_fp = view->key_fp;
    *view = new_view();
    view->decryption = DECRYPTION_FAILED;
    view->decryption_why = why;
    view->key_fp = key_fp;
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

/* What is wrong with the content becomes a reason; the rest stays an error. */
static int forgive_content(struct work *work, const char **why_out, struct err *err)
{
    if (!is_content_error(err))
        return -1;
    *why_out = arena_strdup(work->arena, err->msg);
    err_clear(err);
    return 0;
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
    if (structure->signed_by == METHOD_NONE)
        return 0;
    view->signed_by = structure->signed_by;
    if (structure->encrypted_by != METHOD_NONE) {
        view->signature_why = "a signature over ciphertext says nothing";
        return 0;
    }
    if (structure->signed_why != NULL) {
        view->signature = SIGNATURE_BAD;
        view->signature_why = structure->signed_why;
        return 0;
    }
    int status = structure->signed_by == METHOD_OPENPGP
                     ? pgp_verify_detached(work, structure, view, err)
                     : judge_signature(work, spool_all(structure->signature), structure->signed_entity,
                                       inner_out, view, lesson, err);
    if (status < 0)
        return -1;
    bool verifies =
        view->may_harvest || view->signature == SIGNATURE_WEAK || view->signature == SIGNATURE_GOOD;
    if (structure->detached && verifies && has_epilogue(layer, table)) {
        view->signature = SIGNATURE_PARTIAL;
        view->signature_why = "text stands behind what is signed";
        view->may_harvest = false;
    }
    return 0;
}

/* An opaque signature around an envelope: the envelope is taken out as if the signature were not there. */
static int take_inner_envelope(struct work *work, const struct spool *inner, struct err *err)
{
    static const struct mime_limits mime_limits = MIME_LIMITS_DEFAULT;
    SEAL_CLEANUP(structure_fini) struct structure below = {.signed_by = METHOD_NONE};
    struct part_table table;
    struct span entity = spool_all(inner);
    if (part_parse(work->arena, entity, &mime_limits, &table, err) < 0 ||
        structure_look(work->arena, entity, &table, &work->gate->spool, &below, err) < 0)
        return -1;
    if (below.encrypted_by == METHOD_NONE || below.signed_by != METHOD_NONE)
        return 0;
    work->structure.encrypted_by = work->facts->encrypted_by = below.encrypted_by;
    work->structure.envelope = below.envelope;
    work->structure.outside = below.outside;
    work->structure.pgp = below.pgp;
    below.envelope = NULL;
    return 0;
}

/* What is too large to be looked into might be ciphertext, of which a signature says nothing. */
static int look_inside_opaque(struct work *work, struct spool *inner, struct view *view, struct err *err)
{
    if (spool_seal(inner, err) == 0 && take_inner_envelope(work, inner, err) == 0)
        return 0;
    if (forgive_content(work, &view->signature_why, err) < 0)
        return -1;
    view->signature = SIGNATURE_UNSUPPORTED;
    view->may_harvest = false;
    return 0;
}

/* What the signature covers; without one the layer itself. */
static int look_at_payload(struct work *work, struct arena *arena, struct span layer,
                           const struct structure *structure, const struct spool *opaque, struct view *view,
                           struct lesson *lesson, struct err *err)
{
    if (structure->signed_by != METHOD_NONE)
        layer = structure->detached ? structure->signed_entity : spool_all(opaque);
    return payload_look(work, arena, layer, view, lesson, err);
}

int view_as_it_came(struct work *work, struct view *view, struct lesson *lesson, struct err *err)
{
    *view = new_view();
    *lesson = new_lesson();
    SEAL_CLEANUP(spool_free) struct spool *inner = NULL;
    bool opaque = work->structure.signed_by == METHOD_SMIME && !work->structure.detached;
    if (opaque)
        inner = spool_new(&work->gate->spool);
    if (verify_layer(work, work->message, &work->table, &work->structure, inner, view, lesson, err) < 0)
        return -1;
    if (opaque && look_inside_opaque(work, inner, view, err) < 0)
        return -1;
    if (work->structure.encrypted_by == METHOD_NONE) {
        learn_attached(work, work->message, &work->table, view, lesson);
        return work->structure.signed_by == METHOD_NONE
                   ? 0
                   : look_at_payload(work, work->arena, work->message, &work->structure, inner, view, lesson,
                                     err);
    }
    *view = new_view();
    *lesson = new_lesson();
    if (work->structure.signed_by != METHOD_NONE)
        view->signature_why = "a signature over ciphertext says nothing";
    bool readable = work->structure.outside.supported;
    view->decryption = readable ? DECRYPTION_NO_KEY : DECRYPTION_UNSUPPORTED;
    view->decryption_why = readable ? "encrypted for no key of this recipient" : work->structure.outside.why;
    return 0;
}

struct spool *opened_spool(const struct work *work)
{
    struct spool_conf conf = work->gate->spool;
    conf.size_max = work->snapshot->settings->message_size_limit;
    return spool_new(&conf);
}

/* CompressedData inside an envelope takes the content's place (R33 limits what comes out). */
static int decompress(struct work *work, const struct part_table *table, struct spool **entity,
                      struct err *err)
{
    const struct part *root = &table->parts[0];
    if (!part_is(root, "application", "pkcs7-mime") && !part_is(root, "application", "x-pkcs7-mime"))
        return 0;
    SEAL_CLEANUP(spool_free) struct spool *der = opened_spool(work);
    struct span body = span_sub(spool_all(*entity), root->body, root->end - root->body);
    if (transfer_decode(root->encoding, body, der, err) < 0 || spool_seal(der, err) < 0)
        return -1;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(1u << 20);
    struct smime_outside outside;
    if (smime_look(arena, spool_all(der), &limits, &outside, err) < 0)
        return -1;
    if (outside.kind != SMIME_KIND_COMPRESSED)
        return 0;
    struct spool *plain = opened_spool(work);
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

/* Its content fields go into the message's header, which has limits of its own. */
static int check_content_fields(struct arena *arena, const struct spool *entity, struct err *err)
{
    static const struct mime_limits mime_limits = {.header_max = SIZE_MAX, .fields_max = SIZE_MAX};
    struct header header;
    size_t fields = 0, octets = 0;
    if (header_parse(arena, spool_all(entity), &mime_limits, &header, err) < 0)
        return -1;
    for (size_t i = 0; i < header.n; i++) {
        if (!part_is_content_field(header.fields[i].name))
            continue;
        fields++;
        octets += header.fields[i].raw.len;
    }
    if (fields > CONTENT_FIELDS_MAX || octets > CONTENT_OCTETS_MAX)
        return err_set(err, ERR_LIMIT, "content has %zu content fields of %zu octets", fields, octets);
    return 0;
}

/* OpenPGP in a text has text inside, no entity: nothing that it says is a header field (R14). */
static int give_type(const struct work *work, struct spool **entity, struct err *err)
{
    struct span text = spool_all(*entity);
    SEAL_CLEANUP(spool_free) struct spool *typed = opened_spool(work);
    const char *type = text_is_utf8(text) ? "Content-Type: text/plain; charset=utf-8\r\n\r\n"
                                          : "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n";
    if (spool_write_span(typed, span_of(type), err) < 0 || spool_write_span(typed, text, err) < 0 ||
        spool_seal(typed, err) < 0)
        return -1;
    spool_free(entity);
    *entity = typed;
    typed = NULL;
    return 0;
}

/* Verifies what was inside, and keeps it made safe for SMTP (R22). The arena is the content's own: its limit is no refusal. */
static int accept_content(struct work *work, struct arena *arena, const struct pgp_verified *verified,
                          struct spool **entity, struct view *view, struct lesson *lesson, struct err *err)
{
    static const struct mime_limits mime_limits = MIME_LIMITS_DEFAULT;
    struct part_table table;
    if ((work->structure.in_text && give_type(work, entity, err) < 0) ||
        part_parse(arena, spool_all(*entity), &mime_limits, &table, err) < 0)
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
    SEAL_CLEANUP(spool_free) struct spool *opaque = opened_spool(work);
    if (verified->signature != SIGNATURE_NONE)
        pgp_judge(work, verified, view);
    else if (verify_layer(work, layer, &table, &structure, opaque, view, lesson, err) < 0)
        return -1;
    learn_attached(work, layer, &table, view, lesson);
    if (spool_seal(opaque, err) < 0 ||
        look_at_payload(work, arena, layer, &structure, opaque, view, lesson, err) < 0 ||
        (structure.signed_by == METHOD_NONE && payload_undress(arena, view, entity, &table, err) < 0))
        return -1;
    layer = spool_all(*entity);
    struct spool *safe = opened_spool(work);
    if (canon_safe(arena, layer, &table, eight_bit(work), safe, err) < 0 || spool_seal(safe, err) < 0 ||
        check_content_fields(arena, safe, err) < 0) {
        spool_free(&safe);
        return -1;
    }
    keep_opened(work, safe, view);
    return 0;
}

/* R16, R29: without an authenticating cipher that is not weak only a good signature inside proves that this is what was sent. */
static void judge_opened(const struct work *work, const struct shown *shown, struct view *view)
{
    bool authenticated = work->structure.outside.authenticated && !shown->weak_cipher;
    view->weak_cipher = shown->weak_cipher;
    view->decryption = DECRYPTION_OPENED;
    if (authenticated || view->signature == SIGNATURE_GOOD)
        return;
    view->decryption = DECRYPTION_UNAUTHENTICATED;
    view->decryption_why = shown->weak_cipher
                               ? "the cipher is weak, and no good signature authenticates"
                               : "the cipher does not authenticate, and no good signature does";
}

int open_content(struct work *work, const struct loaded_key *loaded, struct cert *cert, struct spool **out,
                 const char **why_out, struct err *err)
{
    struct key *key = NULL;
    *out = NULL;
    if (certs_get_key(work->gate->certs, work->gate->holder, &loaded->key, loaded->addr, &key, err) < 0)
        return -1;
    SEAL_CLEANUP(spool_free) struct spool *entity = opened_spool(work);
    enum smime_opened result = SMIME_NOT_OPENED;
    int status = smime_decrypt(spool_all(work->structure.envelope), &limits, cert, key, entity, &result, err);
    key_free(&key);
    *why_out = "could not be opened with the key that it names";
    if (status < 0)
        return forgive_content(work, why_out, err);
    if (result != SMIME_OPENED)
        return 0;
    if (spool_seal(entity, err) < 0)
        return -1;
    *out = entity;
    entity = NULL;
    return 0;
}

int view_content(struct work *work, const struct shown *shown, struct spool **entity, struct view *view,
                 struct lesson *lesson, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    const char *why = NULL;
    *view = new_view();
    *lesson = new_lesson();
    if (accept_content(work, arena, &shown->verified, entity, view, lesson, err) == 0) {
        judge_opened(work, shown, view);
        return 0;
    }
    if (forgive_content(work, &why, err) < 0)
        return -1;
    close_view(view, why);
    *lesson = new_lesson();
    return 0;
}
