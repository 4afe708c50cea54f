/*
 * learn_pgp - OpenPGP keys that a message brings along: attached, or in an Autocrypt field. Nothing is read here but where they are; gpg looks at
 * them when the message is settled (keep_pgp.c).
 *
 * source  RFC 3156 7 (application/pgp-keys), Autocrypt level 1 (2.1)
 */
#include "gate/internal.h"

#include "base/addr.h"
#include "mime/transfer.h"

#include <string.h>
#include <strings.h>

#define KEY_OCTETS_MAX (64u << 10) /* of one part or field */

static const struct spool_conf small = {.mem_max = KEY_OCTETS_MAX, .size_max = KEY_OCTETS_MAX};

static void add_key(struct work *work, const struct spool *key, enum pgp_source source, struct lesson *lesson)
{
    struct span bytes = spool_all(key);
    if (bytes.len == 0 || lesson->npgp == SEAL_COUNT(lesson->pgp))
        return;
    lesson->pgp[lesson->npgp++] = (struct pgp_lesson){
        .bytes = {arena_memdup(work->arena, bytes.ptr, bytes.len), bytes.len}, .source = source};
}

struct spool *learn_decode(struct span entity, const struct part *part)
{
    struct err ignored = ERR_INIT;
    struct spool *key = spool_new(&small);
    struct span body = span_sub(entity, part->body, part->end - part->body);
    if (transfer_decode(part->encoding, body, key, &ignored) < 0 || spool_seal(key, &ignored) < 0)
        spool_free(&key);
    return key;
}

void learn_attached(struct work *work, struct span entity, const struct part_table *table, struct view *view,
                    struct lesson *lesson)
{
    bool vouched = view->signed_by == METHOD_OPENPGP && view->signature == SIGNATURE_GOOD;
    for (size_t i = 0; i < table->n; i++) {
        if (!part_is(&table->parts[i], "application", "pgp-keys"))
            continue;
        SEAL_CLEANUP(spool_free) struct spool *key = learn_decode(entity, &table->parts[i]);
        if (key != NULL)
            add_key(work, key, vouched ? PGP_SOURCE_SIGNED : PGP_SOURCE_ATTACHED, lesson);
    }
    view->brings_keys = lesson->npgp > 0;
}

/* What an Autocrypt field says; broken: an attribute comes twice, or one that must be understood is not known. */
struct autocrypt {
    struct span addr, keydata;
    bool broken;
};

static void take_attribute(struct autocrypt *field, struct span name, struct span value)
{
    struct span *place = span_is_nocase(name, "addr")      ? &field->addr
                         : span_is_nocase(name, "keydata") ? &field->keydata
                                                           : NULL;
    if (place != NULL) {
        field->broken |= place->ptr != NULL;
        *place = value;
    } else if (!span_starts(name, "_") && !span_is_nocase(name, "prefer-encrypt")) {
        field->broken = true;
    }
}

static struct autocrypt read_field(struct span value)
{
    struct autocrypt field = {.broken = false};
    for (size_t at = 0; at < value.len;) {
        size_t semicolon = span_find(value, ";", 1, at);
        size_t end = semicolon == SIZE_MAX ? value.len : semicolon;
        struct span one = span_trim(span_sub(value, at, end - at));
        size_t equals = span_find(one, "=", 1, 0);
        if (equals != SIZE_MAX)
            take_attribute(&field, span_trim(span_sub(one, 0, equals)),
                           span_trim(span_sub(one, equals + 1, one.len)));
        else
            field.broken |= one.len > 0;
        at = end + 1;
    }
    return field;
}

static bool is_for(struct work *work, struct span addr)
{
    char canonical[ADDR_MAX + 1];
    struct err ignored = ERR_INIT;
    return addr_canonical(addr, canonical, &ignored) == 0 && strcmp(canonical, work->facts->from) == 0;
}

/* Exactly one field for From counts; several count as none. */
void learn_autocrypt(struct work *work, struct lesson *lesson)
{
    const struct header *header = &work->table.parts[0].header;
    struct span keydata = {NULL, 0};
    const struct field *field;
    struct err ignored = ERR_INIT;
    size_t found = 0;
    for (size_t i = 0; work->facts->from != NULL && (field = header_find(header, "Autocrypt", i)) != NULL;
         i++) {
        struct autocrypt said = read_field(field->value);
        if (said.broken || !is_for(work, said.addr))
            continue;
        keydata = said.keydata;
        found++;
    }
    SEAL_CLEANUP(spool_free) struct spool *key = spool_new(&small);
    if (found == 1 && base64_decode(keydata, key, &ignored) == 0 && spool_seal(key, &ignored) == 0)
        add_key(work, key, PGP_SOURCE_AUTOCRYPT, lesson);
}
