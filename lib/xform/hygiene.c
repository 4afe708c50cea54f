/* hygiene - what a stranger may not say in our name leaves inbound mail, under every rule but `pass verbatim`. */
#include "xform/internal.h"

#include "mime/skeleton.h"

#include <string.h>

static struct span value_of(const struct draft_field *field)
{
    size_t colon = span_find(field->raw, ":", 1, 0);
    if (colon == SIZE_MAX)
        return SPAN_LIT("");
    struct span value = span_sub(field->raw, colon + 1, field->raw.len);
    while (value.len > 0 && (value.ptr[value.len - 1] == '\n' || value.ptr[value.len - 1] == '\r'))
        value.len--;
    return value;
}

static int clean_subject(const struct xform_in *in, struct draft *draft, struct draft_field *field,
                         struct err *err)
{
    const char *subject = header_decode(draft->arena, value_of(field));
    char *clean = skeleton_remove(draft->arena, subject, in->marks, in->nmarks);
    if (clean == NULL)
        return 0;
    return draft_rewrite_unstructured(draft, field, "Subject",
                                      arena_spandup(draft->arena, span_trim(span_of(clean))), err);
}

static void clean_results(const struct xform_in *in, struct draft *draft, struct draft_field *field)
{
    char *kept = results_filter(draft->arena, value_of(field), in->settings->authserv_id);
    if (kept == NULL)
        return;
    if (*kept == '\0')
        draft_drop(draft, field);
    else
        draft_replace(draft, field,
                      span_of(arena_printf(draft->arena, "Authentication-Results:%s\r\n", kept)));
}

int xform_hygiene(const struct xform_in *in, struct draft *draft, struct err *err)
{
    for (size_t i = 0; i < draft->n; i++) {
        struct draft_field *field = &draft->fields[i];
        if (field->dropped)
            continue;
        if (span_starts_nocase(field->name, "X-Sealmilter-"))
            draft_drop(draft, field);
        else if (span_is_nocase(field->name, "Authentication-Results"))
            clean_results(in, draft, field);
        else if (span_is_nocase(field->name, "Subject") && clean_subject(in, draft, field, err) < 0)
            return -1;
    }
    return arena_check(draft->arena, err);
}
