/* payload_header - the mark of a payload's root, or the message that is wrapped in it, and the Subject. */
#include "mime/payload_header.h"

#include "mime/part.h"

#include <string.h>
#include <strings.h>

static const struct mime_limits limits = MIME_LIMITS_DEFAULT;

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

/* Its only one; false: there is none that every reader would read alike. */
static bool type_of(struct arena *arena, const struct header *header, struct content_type *out)
{
    const struct field *field = header_find(header, "Content-Type", 0);
    struct err ignored = ERR_INIT; /* a type that cannot be read bears no mark */
    *out = (struct content_type){.type = "text", .subtype = "plain"};
    return header->trouble == NULL && header_find(header, "Content-Type", 1) == NULL &&
           (field == NULL || content_type_parse(arena, field->value, out, &ignored) == 0);
}

static enum payload_mark mark_of(const struct content_type *type)
{
    const char *hp = only_param(type, "hp"), *old = only_param(type, "protected-headers");
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

static const char *from_of(struct arena *arena, const struct header *header)
{
    struct mailbox_list list;
    struct err ignored = ERR_INIT; /* too many */
    if (header_count(header, "From") != 1 ||
        header_addresses(arena, header_find(header, "From", 0)->value, &list, &ignored) < 0 || list.n != 1)
        return NULL;
    return list.boxes[0].addr;
}

static bool is_encoded(const struct header *header)
{
    const struct field *field = header_find(header, "Content-Transfer-Encoding", 0);
    struct span value = field == NULL ? SPAN_LIT("7bit") : span_trim(field->value);
    return header_count(header, "Content-Transfer-Encoding") > 1 ||
           (!span_is_nocase(value, "7bit") && !span_is_nocase(value, "8bit") &&
            !span_is_nocase(value, "binary"));
}

/* What says of itself that it was forwarded, bears a mark, or holds a signed or encrypted message, is none of ours. */
static bool can_be_wrapped(const struct content_type *outer, const struct content_type *inner)
{
    const char *forwarded = params_find(outer->params, outer->nparams, "forwarded");
    return strcmp(outer->type, "message") == 0 && strcmp(outer->subtype, "rfc822") == 0 &&
           params_find(outer->params, outer->nparams, "hp") == NULL &&
           (forwarded == NULL || strcasecmp(forwarded, "no") == 0) && !content_type_is_layer(inner) &&
           params_find(inner->params, inner->nparams, "hp") == NULL;
}

static void read_wrapped(struct arena *arena, struct span payload, const struct header *outer,
                         const struct content_type *type, struct payload_header *out)
{
    struct header header;
    struct content_type inner;
    struct err ignored = ERR_INIT; /* somebody's message, and too much of it */
    if (header_parse(arena, span_sub(payload, outer->size, payload.len), &limits, &header, &ignored) < 0 ||
        is_encoded(outer) || !type_of(arena, &header, &inner) || !can_be_wrapped(type, &inner))
        return;
    *out = (struct payload_header){
        .mark = PAYLOAD_WRAPPED, .subject = subject_of(arena, &header), .from = from_of(arena, &header)};
}

int payload_header_read(struct arena *arena, struct span payload, struct payload_header *out, struct err *err)
{
    struct header header;
    struct content_type type;
    *out = (struct payload_header){.mark = PAYLOAD_UNMARKED};
    if (header_parse(arena, payload, &limits, &header, err) < 0)
        return -1;
    if (!type_of(arena, &header, &type))
        return arena_check(arena, err);
    out->mark = mark_of(&type);
    if (out->mark != PAYLOAD_UNMARKED)
        out->subject = subject_of(arena, &header);
    else if (strcmp(type.type, "message") == 0)
        read_wrapped(arena, payload, &header, &type, out);
    return arena_check(arena, err);
}
