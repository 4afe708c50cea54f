/* payload_header - the mark of a payload's root, and its Subject. */
#include "mime/payload_header.h"

#include "mime/part.h"

#include <string.h>
#include <strings.h>

/* A parameter that stands twice says nothing: readers differ in which they take. */
static const char *only_param(const struct content_type *type, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < type->nparams; i++) {
        if (strcmp(type->params[i].name, name) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = type->params[i].value;
    }
    return found;
}

static enum payload_mark mark_of(struct arena *arena, const struct header *header)
{
    const struct field *field = header_find(header, "Content-Type", 0);
    struct content_type type;
    struct err ignored = ERR_INIT; /* a type that cannot be read bears no mark */
    if (field == NULL || header->trouble != NULL || header_find(header, "Content-Type", 1) != NULL ||
        content_type_parse(arena, field->value, &type, &ignored) < 0)
        return PAYLOAD_UNMARKED;
    const char *hp = only_param(&type, "hp"), *old = only_param(&type, "protected-headers");
    if (hp != NULL && strcasecmp(hp, "cipher") == 0)
        return PAYLOAD_CIPHER;
    if (hp != NULL && strcasecmp(hp, "clear") == 0)
        return PAYLOAD_CLEAR;
    return hp == NULL && old != NULL && strcasecmp(old, "v1") == 0 ? PAYLOAD_OLD : PAYLOAD_UNMARKED;
}

static const char *subject_of(struct arena *arena, const struct header *header)
{
    if (header_count(header, "Subject") != 1)
        return NULL;
    char *text = header_decode(arena, header_find(header, "Subject", 0)->value);
    size_t n = strlen(text) > PAYLOAD_SUBJECT_MAX ? PAYLOAD_SUBJECT_MAX : strlen(text);
    while (((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    text[n] = '\0';
    return text;
}

int payload_header_read(struct arena *arena, struct span payload, struct payload_header *out, struct err *err)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct header header;
    *out = (struct payload_header){.mark = PAYLOAD_UNMARKED};
    if (header_parse(arena, payload, &limits, &header, err) < 0)
        return -1;
    out->mark = mark_of(arena, &header);
    if (out->mark != PAYLOAD_UNMARKED)
        out->subject = subject_of(arena, &header);
    return arena_check(arena, err);
}
