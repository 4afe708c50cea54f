/*
 * inner_header - header fields that travel inside: put there, hidden outside, and of them the Subject taken back.
 *
 * source  RFC 9788 4, 5.2
 */
#include "xform/internal.h"

#include "mime/compose.h"
#include "mime/protect_header.h"
#include "mime/skeleton.h"

#include <string.h>

#define FIELD_MAX (64u << 10)

/* ---- out ---- */

int xform_put_inside(const struct xform_in *in, const struct op *op, struct draft *draft, struct spool **out,
                     struct err *err)
{
    size_t n;
    const struct field *fields = draft_fields(draft, &n);
    *out = spool_new(&in->spool);
    if (protect_header_write(draft->arena, spool_all(draft->entity), fields, n, op->protection, *out, err) ==
            0 &&
        spool_seal(*out, err) == 0)
        return 0;
    spool_free(out);
    return -1;
}

static void hide(struct draft *draft, struct draft_field *fields, size_t n, enum protection protection)
{
    for (size_t i = 0; i < n; i++) {
        struct draft_field *field = &fields[i];
        if (field->dropped)
            continue;
        switch (protect_header_outside(protection, field->name)) {
        case OUTSIDE_SAME:
            break;
        case OUTSIDE_OBSCURED:
            if (draft_find(draft, "Subject", 0) == field)
                draft_replace(draft, field, SPAN_LIT(PROTECT_HEADER_SUBJECT));
            else
                draft_drop(draft, field);
            break;
        case OUTSIDE_GONE:
            draft_drop(draft, field);
            break;
        }
    }
}

void xform_hide_outside(const struct op *op, struct draft *draft)
{
    hide(draft, draft->top, draft->ntop, op->protection);
    hide(draft, draft->fields, draft->n, op->protection);
    hide(draft, draft->end, draft->nend, op->protection);
}

/* ---- in ---- */

/* It comes from outside as the outer one does: no mark of ours stands in it (R1). */
static const char *clean_subject(const struct xform_in *in, struct draft *draft, const char *subject)
{
    char *clean = skeleton_remove(draft->arena, subject, in->marks, in->nmarks);
    return clean == NULL ? subject : arena_spandup(draft->arena, span_trim(span_of(clean)));
}

/* What nothing proves does not take the Subject's place, and is not lost either. */
static int put_aside(struct draft *draft, const char *subject, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(FIELD_MAX);
    if (compose_unstructured(&line, "X-Sealmilter-Subject", subject, err) < 0)
        return -1;
    draft_put_top(draft, (struct span){arena_spandup(draft->arena, buf_span(&line)), line.len});
    return 0;
}

int xform_subject(const struct xform_in *in, const struct op *op, struct draft *draft, struct err *err)
{
    const struct view *view = &in->facts->views[op->view];
    const char *subject = clean_subject(in, draft, view->subject);
    if (!view_is_authentic(view))
        return put_aside(draft, subject, err);
    bool same = strcmp(draft_subject(draft), subject) == 0 && draft_find(draft, "Subject", 1) == NULL;
    return same ? 0 : draft_set_subject(draft, subject, err);
}
