/* payload - header fields that travelled inside (RFC 9788), as far as the gate cares: the Subject, and that the sender's program knows of them. */
#include "gate/internal.h"

#include "mime/legacy_display.h"
#include "mime/payload_header.h"

#include <string.h>

/* Only RFC 9788's own mark: programs from before it would not find the Subject in what we write. */
static void learn(struct work *work, struct lesson *lesson)
{
    const char *known = lesson->capabilities != NULL ? lesson->capabilities : "";
    lesson->capabilities =
        arena_printf(work->arena, "%s%s%s", known, *known == '\0' ? "" : " ", CAPABILITY_PROTECTED_HEADERS);
}

/* A message of somebody else that was forwarded says nothing of this one. */
static bool is_of_somebody_else(const struct work *work, const struct payload_header *header)
{
    return header->mark == PAYLOAD_WRAPPED && (work->facts->from == NULL || header->from == NULL ||
                                               strcmp(header->from, work->facts->from) != 0);
}

int payload_look(struct work *work, struct arena *arena, struct span payload, struct view *view,
                 struct lesson *lesson, struct err *err)
{
    struct payload_header header;
    if (payload_header_read(arena, payload, &header, err) < 0)
        return -1;
    if (is_of_somebody_else(work, &header))
        return 0;
    view->protects_header = header.mark != PAYLOAD_UNMARKED;
    view->subject = arena_strdup(work->arena, header.subject);
    if (lesson->signer >= 0 && (header.mark == PAYLOAD_CIPHER || header.mark == PAYLOAD_CLEAR))
        learn(work, lesson);
    return 0;
}

int payload_undress(struct arena *arena, const struct view *view, struct spool **entity,
                    struct part_table *table, struct err *err)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    if (!view->protects_header)
        return 0;
    struct spool *bare = spool_like(*entity);
    int removed = legacy_display_remove(arena, spool_all(*entity), table, bare, err);
    if (removed <= 0 || spool_seal(bare, err) < 0) {
        spool_free(&bare);
        return removed == 0 ? 0 : -1;
    }
    spool_free(entity);
    *entity = bare;
    return part_parse(arena, spool_all(bare), &limits, table, err);
}
