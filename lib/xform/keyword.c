/* keyword - what a user writes to command us. */
#include "xform/keyword.h"

#include "xform/internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool value_is(const char *value, const char *wanted)
{
    return wanted == NULL || strcasecmp(value, wanted) == 0;
}

bool keyword_find(const struct header_fact *headers, size_t n, const struct xform_keyword *keyword)
{
    for (size_t i = 0; i < n; i++) {
        if (keyword->subject != NULL && strcasecmp(headers[i].name, "Subject") == 0 &&
            strcasestr(headers[i].value, keyword->subject) != NULL)
            return true;
        if (keyword->header != NULL && strcasecmp(headers[i].name, keyword->header) == 0 &&
            value_is(headers[i].value, keyword->header_value))
            return true;
    }
    return false;
}

static size_t length_of(const struct xform_keyword *keyword)
{
    return keyword->subject == NULL ? 0 : strlen(keyword->subject);
}

static size_t longest_of(const struct xform_keyword *keywords, size_t n)
{
    size_t longest = 0;
    for (size_t i = 0; i < n; i++)
        if (length_of(&keywords[i]) > longest)
            longest = length_of(&keywords[i]);
    return longest;
}

/* The length of the longest keyword that text begins with; 0: none. */
static size_t keyword_at(const char *text, const struct xform_keyword *keywords, size_t n)
{
    size_t longest = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len = length_of(&keywords[i]);
        if (len > longest && strncasecmp(text, keywords[i].subject, len) == 0)
            longest = len;
    }
    return longest;
}

/* What was kept grows at the front of the text, what is still to be looked at ends with it; a removal goes back as far as it can matter. */
char *keyword_remove(struct arena *arena, const char *subject, const struct xform_keyword *keywords, size_t n)
{
    char *text = arena_strdup(arena, subject), *rest = text;
    size_t kept = 0, longest = longest_of(keywords, n);
    bool removed = false;
    while (*rest != '\0') {
        size_t len = keyword_at(rest, keywords, n);
        if (len == 0) {
            text[kept++] = *rest++;
            continue;
        }
        bool blank = false;
        removed = true;
        for (rest += len; isblank((unsigned char)*rest); rest++)
            blank = true;
        for (; kept > 0 && isblank((unsigned char)text[kept - 1]); kept--)
            blank = true;
        if (blank && kept > 0 && *rest != '\0')
            *--rest = ' ';
        size_t back = kept < longest ? kept : longest;
        kept -= back;
        rest -= back;
        memmove(rest, text + kept, back);
    }
    text[kept] = '\0';
    return removed ? text : NULL;
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
            value_is(header_decode(draft->arena, value), in->keywords[k].header_value))
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
