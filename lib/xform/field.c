/* field - a header field of the administrator's: added on top, where both MTAs take any name, put in place of others, or deleted. */
#include "xform/internal.h"

#include "mime/compose.h"

#define FIELD_MAX (64u << 10)

static int compose(struct draft *draft, const struct op *op, struct span *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(FIELD_MAX);
    if (compose_unstructured(&line, op->field, op->text != NULL ? op->text : "", err) < 0)
        return err_wrap(err, "header field %s", op->field);
    *out = (struct span){arena_spandup(draft->arena, buf_span(&line)), line.len};
    return 0;
}

static void drop_from(struct draft *draft, const char *name, size_t nth)
{
    for (struct draft_field *field; (field = draft_find(draft, name, nth)) != NULL;)
        draft_drop(draft, field);
}

int xform_field(struct draft *draft, const struct op *op, struct err *err)
{
    struct span raw = {NULL, 0};
    struct draft_field *first = draft_find(draft, op->field, 0);
    switch (op->action) {
    case FIELD_DELETE:
        drop_from(draft, op->field, 0);
        return 0;
    case FIELD_REPLACE:
        drop_from(draft, op->field, 1);
        if (compose(draft, op, &raw, err) < 0)
            return -1;
        if (first != NULL)
            draft_replace(draft, first, raw);
        else
            draft_put_top(draft, raw);
        return 0;
    case FIELD_ADD:
        if (compose(draft, op, &raw, err) < 0)
            return -1;
        draft_put_top(draft, raw);
        return 0;
    }
    return err_set(err, ERR_BUG, "unknown action %d on a header field", (int)op->action);
}
