/*
 * carried - FACTS_CARRIED: keys that are attached, and whether the store has each of them for From just as it is.
 *
 * A key is read by gpg and merged with what is stored of it, as it is when it is harvested (keep_pgp.c): when nothing comes of that but what is
 * stored, the message can do without it. Whatever is wrong with a key or the store, the key stays.
 */
#include "gate/internal.h"
#include "gate/keep_pgp.h"
#include "gate/pgp_keys.h"

#include "base/text.h"
#include "mime/detach.h"
#include "openpgp/armor.h"

#include <string.h>

#define LOOKS_MAX   LESSON_PGP_MAX /* no more are harvested */
#define NAME_LENGTH 80

/* What was found of the same octets in another view. */
struct found {
    struct span bytes;
    struct carried_key key;
};

struct looking {
    struct work *work;
    struct arena *arena; /* of all of it; what the views keep lies in the message's */
    struct found found[LOOKS_MAX];
    size_t n;
};

static bool is_for(const struct pgp_record *record, const char *addr)
{
    for (size_t i = 0; i < record->naddrs; i++)
        if (strcmp(record->addrs[i], addr) == 0)
            return true;
    return false;
}

/* One of the keys in a part, of which the others are kept, as far as they were looked at. */
static void judge(struct looking *l, struct pgp_engine *engine, const struct pgp_key *key,
                  struct carried_key *out)
{
    const char *from = l->work->facts->from;
    struct pgp_key merged;
    struct pgp_record known;
    struct err err = ERR_INIT;
    if (!pgp_keys_names(key, from)) {
        out->kept = ANSWER_NO;
        out->teaches = false;
        return;
    }
    if (keep_pgp_merged(l->work->gate, engine, l->arena, key, &merged, &known, &err) < 0) {
        out->kept = err_is_temporary(&err) && out->kept == ANSWER_YES ? ANSWER_UNKNOWN : ANSWER_NO;
        out->teaches = false;
        return;
    }
    bool rejected = known.fingerprint != NULL && known.trust == TRUST_REJECTED;
    bool same = known.fingerprint != NULL && is_for(&known, from) && span_eq(merged.bytes, known.key);
    out->teaches = out->teaches && !rejected;
    if (rejected || !same)
        out->kept = ANSWER_NO;
}

static bool is_blank(struct span s)
{
    return span_trim(s).len == 0;
}

/* Text around an armour is for somebody to read, and so may be a line at its head that no program writes. */
static bool is_keys_alone(struct span bytes)
{
    struct span armor, rest = bytes;
    bool found = false;
    if (bytes.len > 0 && ((unsigned char)bytes.ptr[0] & 0x80) != 0)
        return true; /* packets */
    for (const char *at = bytes.ptr; armor_next(&rest, ARMOR_PUBLIC, &armor); at = rest.ptr) {
        if (!is_blank((struct span){at, (size_t)(armor.ptr - at)}) || armor_says_more(armor))
            return false;
        found = true;
    }
    return found && is_blank(rest);
}

static void read_keys(struct looking *l, struct span bytes, struct carried_key *out)
{
    struct pgp_engine *engine;
    struct pgp_key *keys;
    size_t n, broken;
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf fingerprints = BUF_INIT(4096);
    out->fingerprint = "";
    bool is_all;
    if (pgp_engine_get(l->work->gate, &engine, &err) < 0 ||
        pgp_key_is_all(l->arena, bytes, &is_all, &err) < 0 ||
        pgp_key_read(engine, l->arena, bytes, &keys, &n, &broken, &err) < 0) {
        out->kept = err_is_temporary(&err) ? ANSWER_UNKNOWN : ANSWER_NO;
        return;
    }
    bool whole = n > 0 && broken == 0 && is_all && is_keys_alone(bytes);
    out->kept = whole ? ANSWER_YES : ANSWER_NO;
    out->teaches = whole;
    for (size_t i = 0; i < n; i++) {
        judge(l, engine, &keys[i], out);
        buf_printf(&fingerprints, "%s%s", i > 0 ? " " : "", keys[i].fingerprint);
    }
    if (fingerprints.failed)
        out->kept = ANSWER_NO;
    out->fingerprint = arena_strdup(l->work->arena, fingerprints.failed ? "" : buf_str(&fingerprints));
}

/* The same octets are looked at once, whoever sees them; what is too much is not harvested either. */
static void look_at(struct looking *l, struct span bytes, struct carried_key *out)
{
    out->kept = ANSWER_NO;
    out->fingerprint = "";
    for (size_t i = 0; i < l->n; i++) {
        if (!span_eq(l->found[i].bytes, bytes))
            continue;
        *out = l->found[i].key;
        return;
    }
    if (l->n == LOOKS_MAX)
        return;
    read_keys(l, bytes, out);
    l->found[l->n++] =
        (struct found){.bytes = {arena_memdup(l->arena, bytes.ptr, bytes.len), bytes.len}, .key = *out};
}

static const char *name_of(struct work *work, const struct part *part)
{
    const struct field *field = header_find(&part->header, "Content-Disposition", 0);
    const char *name = part_param(part, "name");
    SEAL_CLEANUP(buf_fini) struct buf clean = BUF_INIT(8192);
    SEAL_CLEANUP(buf_fini) struct buf brief = BUF_INIT(8192);
    struct content_disposition disposition = {.nparams = 0};
    if (field != NULL)
        content_disposition_parse(work->arena, field->value, &disposition);
    const char *filename = params_find(disposition.params, disposition.nparams, "filename");
    text_clean(span_of(filename != NULL ? filename : name != NULL ? name : ""), &clean);
    text_cut(buf_str(&clean), NAME_LENGTH, &brief);
    return arena_strdup(work->arena, brief.failed ? "" : buf_str(&brief));
}

/* What is left when all of them go must be a message still. */
static void spare_the_last(struct span entity, const struct part_table *table, struct arena *arena,
                           struct view *view)
{
    bool *gone = arena_array(arena, table->n, sizeof *gone);
    for (size_t i = 0; i < view->ncarried; i++)
        gone[view->carried[i].part] = view->carried[i].why == NULL;
    if (detach_leaves_content(entity, table, gone))
        return;
    for (size_t i = 0; i < view->ncarried; i++)
        if (view->carried[i].why == NULL)
            view->carried[i].why = "nothing else is in the message";
}

static void look(struct looking *l, struct span entity, const struct part_table *table, struct view *view)
{
    size_t cap = 0;
    for (size_t i = 0; i < table->n; i++) {
        const struct part *part = &table->parts[i];
        if (!part_is(part, "application", "pgp-keys"))
            continue;
        struct carried_key key = {.kept = ANSWER_NO, .fingerprint = ""};
        const char *why = detach_fault(table, i);
        SEAL_CLEANUP(spool_free) struct spool *bytes = why == NULL ? learn_decode(entity, part) : NULL;
        if (bytes != NULL)
            look_at(l, spool_all(bytes), &key);
        key.part = i;
        key.why = why;
        key.name = name_of(l->work, part);
        view->carried =
            arena_grow(l->work->arena, view->carried, view->ncarried, &cap, sizeof *view->carried);
        view->carried[view->ncarried++] = key;
    }
    spare_the_last(entity, table, l->arena, view);
}

static void look_inside(struct looking *l, struct view *view)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct span entity = spool_all(l->work->materials->opened[view->opened].entity);
    struct part_table table;
    struct err ignored = ERR_INIT;
    if (part_parse(l->arena, entity, &limits, &table, &ignored) == 0 && table.opaque_why == NULL)
        look(l, entity, &table, view);
}

void gather_carried(struct work *work)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct looking l = {.work = work, .arena = arena};
    struct facts *facts = work->facts;
    if (facts->from == NULL || pgp_is_off(work))
        return;
    if (facts->encrypted_by == METHOD_NONE)
        look(&l, work->message, &work->table, &facts->views[0]);
    /* What can be varied is not asked gpg about: the time would tell whether it opened (R17). */
    for (size_t i = 1; i < facts->nviews; i++)
        if (facts->views[i].opened >= 0 && view_is_authentic(&facts->views[i]))
            look_inside(&l, &facts->views[i]);
}
