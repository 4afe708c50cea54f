/* keyword - what a user writes to command us. */
#include "xform/keyword.h"

#include "xform/internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool in_subjects(struct arena *arena, const struct header *header, const char *text)
{
    const struct field *field;
    for (size_t i = 0; (field = header_find(header, "Subject", i)) != NULL; i++)
        if (strcasestr(header_decode(arena, field->value), text) != NULL)
            return true;
    return false;
}

static bool value_is(struct arena *arena, struct span raw, const char *wanted)
{
    return wanted == NULL || strcasecmp(header_decode(arena, raw), wanted) == 0;
}

bool keyword_find(struct arena *arena, const struct header *header, const struct xform_keyword *keyword)
{
    if (keyword->subject != NULL && in_subjects(arena, header, keyword->subject))
        return true;
    const struct field *field;
    for (size_t i = 0; keyword->header != NULL && (field = header_find(header, keyword->header, i)) != NULL;
         i++)
        if (value_is(arena, field->value, keyword->header_value))
            return true;
    return false;
}

/* The run of blanks around a removed text becomes one, or none at an end. */
static void tidy(char *text, size_t at)
{
    size_t from = at, to = at, n = strlen(text);
    while (from > 0 && isblank((unsigned char)text[from - 1]))
        from--;
    while (to < n && isblank((unsigned char)text[to]))
        to++;
    if (from > 0 && to < n && to > from)
        text[from++] = ' ';
    memmove(text + from, text + to, n - to + 1);
}

char *keyword_remove(struct arena *arena, const char *subject, const struct xform_keyword *keywords, size_t n)
{
    char *text = NULL;
    for (size_t i = 0; i < n;) {
        const char *wanted = keywords[i].subject;
        const char *now = text != NULL ? text : subject;
        const char *hit = wanted != NULL && *wanted != '\0' ? strcasestr(now, wanted) : NULL;
        if (hit == NULL) {
            i++;
            continue;
        }
        size_t at = (size_t)(hit - now);
        if (text == NULL)
            text = arena_strdup(arena, subject);
        memmove(text + at, text + at + strlen(wanted), strlen(text + at + strlen(wanted)) + 1);
        tidy(text, at);
        i = 0; /* what closed up may spell another keyword */
    }
    return text;
}

static int clean_subject(const struct xform_in *in, struct draft *draft, struct draft_field *field,
                         struct err *err)
{
    size_t colon = span_find(field->raw, ":", 1, 0);
    const char *subject =
        header_decode(draft->arena, span_trim(span_sub(field->raw, colon + 1, field->raw.len)));
    char *clean = keyword_remove(draft->arena, subject, in->keywords, in->nkeywords);
    return clean == NULL ? 0 : draft_rewrite_unstructured(draft, field, "Subject", clean, err);
}

/* A command of ours in an X- field leaves with its work done; Sensitivity and its like also speak to the reader's client, and stay. */
static bool is_command_field(const struct xform_in *in, struct draft *draft, const struct draft_field *field)
{
    if (!span_starts_nocase(field->name, "X-"))
        return false;
    size_t colon = span_find(field->raw, ":", 1, 0);
    struct span value = span_trim(span_sub(field->raw, colon + 1, field->raw.len));
    for (size_t k = 0; k < in->nkeywords; k++)
        if (in->keywords[k].header != NULL && span_is_nocase(field->name, in->keywords[k].header) &&
            value_is(draft->arena, value, in->keywords[k].header_value))
            return true;
    return false;
}

int xform_keywords(const struct xform_in *in, struct draft *draft, struct err *err)
{
    for (size_t i = 0; i < draft->n; i++) {
        struct draft_field *field = &draft->fields[i];
        if (field->dropped)
            continue;
        if (span_is_nocase(field->name, "Subject")) {
            if (clean_subject(in, draft, field, err) < 0)
                return -1;
        } else if (is_command_field(in, draft, field)) {
            draft_drop(draft, field);
        }
    }
    return arena_check(draft->arena, err);
}
