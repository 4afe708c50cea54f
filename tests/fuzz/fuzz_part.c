/* fuzz_part - structure and canonical form of any message: the table's rules hold, the canonical form is its own. */
#include "mime/canon.h"
#include "mime/legacy_display.h"
#include "mime/payload_header.h"
#include "mime/protect_header.h"
#include "mime/transfer.h"

#include "../lib/mime/part_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mime_limits limits = {
    .header_max = 1u << 16, .fields_max = 200, .parts_max = 200, .depth_max = 20};
static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 8u << 20, .size_max = 8u << 20};

static void must(bool holds)
{
    if (!holds)
        abort();
}

enum form {
    FORM_ENTITY,
    FORM_SAFE,
    FORM_SAFE_8BIT
};

/* NULL when it has none. */
static struct spool *canonical(enum form form, struct arena *arena, struct span message,
                               const struct part_table *table)
{
    struct err err = ERR_INIT;
    struct spool *out = spool_new(&conf);
    enum canon_8bit eight_bit = form == FORM_SAFE ? CANON_8BIT_ENCODE : CANON_8BIT_MAY_STAY;
    int status = form == FORM_ENTITY ? canon_entity(arena, message, table, out, &err)
                                     : canon_safe(arena, message, table, eight_bit, out, &err);
    if (status < 0 || spool_seal(out, &err) < 0)
        spool_free(&out);
    return out;
}

static void check_form(enum form form, struct arena *arena, struct span message,
                       const struct part_table *table)
{
    struct err err = ERR_INIT;
    struct part_table again;
    static const struct mime_limits wide = MIME_LIMITS_DEFAULT;
    SEAL_CLEANUP(spool_free) struct spool *once = canonical(form, arena, message, table);
    if (once == NULL)
        return;
    if (form == FORM_ENTITY)
        must(transfer_is_7bit(spool_all(once), 998));
    must(part_parse(arena, spool_all(once), &wide, &again, &err) == 0);
    must(table->opaque_why != NULL || (again.opaque_why == NULL && again.n == table->n));
    SEAL_CLEANUP(spool_free) struct spool *twice = canonical(form, arena, spool_all(once), &again);
    must(twice != NULL && span_eq(spool_all(once), spool_all(twice)));
}

static struct spool *sealed(int status, struct spool **out)
{
    struct err err = ERR_INIT;
    must(status >= 0 && spool_seal(*out, &err) == 0);
    return *out;
}

/* Any fields around any entity give a root that is marked once, clean, and read as it was meant. */
static void check_protection(struct arena *arena, struct span message, const struct part_table *table)
{
    struct err err = ERR_INIT;
    const struct header *header = &table->parts[0].header;
    for (enum protection protection = PROTECTION_CLEAR; protection <= PROTECTION_BASELINE; protection++) {
        SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&conf);
        struct payload_header read;
        sealed(protect_header_write(arena, message, header->fields, header->n, protection, out, &err), &out);
        if (payload_header_read(arena, spool_all(out), &read, &err) < 0)
            return;
        must(read.mark == (protection == PROTECTION_CLEAR ? PAYLOAD_CLEAR : PAYLOAD_CIPHER));
    }
    SEAL_CLEANUP(spool_free) struct spool *bare = spool_new(&conf);
    sealed(legacy_display_remove(arena, message, table, bare, &err), &bare);
    must(spool_size(bare) <= 2 * message.len + 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span message = {(const char *)data, size};
    struct err err = ERR_INIT;
    struct part_table table;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    if (size > 100000 || part_parse(arena, message, &limits, &table, &err) < 0)
        return 0;
    must(part_rules_broken(message, &table) == NULL);
    for (enum form form = FORM_ENTITY; form <= FORM_SAFE_8BIT; form++)
        check_form(form, arena, message, &table);
    check_protection(arena, message, &table);
    return 0;
}
