/* detach - keys that were attached are left out, and a header field names each. */
#include "xform/internal.h"

#include "mime/compose.h"
#include "mime/detach.h"

#define FIELD_MAX (16u << 10)

static bool *mark_gone(struct draft *draft, const struct op *op, const struct view *view, size_t nparts)
{
    bool *gone = arena_array(draft->arena, nparts, sizeof *gone);
    for (size_t i = 0; i < op->nkeys; i++)
        gone[view->carried[op->keys[i]].part] = true;
    return gone;
}

static int write_opened(struct draft *draft, const struct op *op, const struct view *view, struct spool *out,
                        struct err *err)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct span entity = spool_all(draft->entity);
    struct part_table table;
    if (part_parse(draft->arena, entity, &limits, &table, err) < 0 ||
        spool_write_span(out, span_sub(entity, 0, table.parts[0].body), err) < 0)
        return -1;
    return detach_write(entity, &table, mark_gone(draft, op, view, table.n), out, err);
}

static int write_as_it_came(struct draft *draft, const struct op *op, const struct view *view,
                            struct spool *out, struct err *err)
{
    if (xform_content_head(draft, out, err) < 0)
        return -1;
    return detach_write(draft->message, draft->table, mark_gone(draft, op, view, draft->table->n), out, err);
}

int xform_detach(const struct xform_in *in, const struct op *op, struct draft *draft, struct spool **out,
                 struct err *err)
{
    const struct view *view = &in->facts->views[op->view];
    *out = spool_new(&in->spool);
    int status = draft->entity != NULL ? write_opened(draft, op, view, *out, err)
                                       : write_as_it_came(draft, op, view, *out, err);
    if (status == 0 && arena_check(draft->arena, err) == 0 && spool_seal(*out, err) == 0)
        return 0;
    spool_free(out);
    return -1;
}

int xform_name_detached(const struct xform_in *in, const struct op *op, struct draft *draft, struct err *err)
{
    const struct view *view = &in->facts->views[op->view];
    for (size_t i = 0; i < op->nkeys; i++) {
        const struct carried_key *key = &view->carried[op->keys[i]];
        SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(FIELD_MAX);
        const char *value = arena_printf(draft->arena, "name=%s; fingerprint=%s",
                                         compose_quoted(draft->arena, key->name), key->fingerprint);
        if (compose_structured(&line, "X-Sealmilter-Detached", value, err) < 0 || buf_check(&line, err) < 0)
            return -1;
        draft_put_top(draft, (struct span){arena_spandup(draft->arena, buf_span(&line)), line.len});
    }
    return 0;
}
