/*
 * xform - runs the operations of a plan, copy by copy.
 *
 * Copies whose content is made alike share it: the entity after each operation is kept under the printed list of the content
 * operations so far, keys included, so that one signature serves many envelopes.
 */
#include "xform/xform.h"

#include "xform/internal.h"

#include <stdlib.h>
#include <string.h>

struct kept_entity {
    char *made_by;       /* owned: printed operations */
    struct spool *spool; /* owned */
};

struct run {
    const struct xform_in *in;
    struct kept_entity *kept;
    size_t nkept, kept_cap;
    void (*progress)(void *);
    void *progress_arg;
};

static const struct spool *find_kept(const struct run *run, const char *made_by)
{
    for (size_t i = 0; i < run->nkept; i++)
        if (strcmp(run->kept[i].made_by, made_by) == 0)
            return run->kept[i].spool;
    return NULL;
}

static void keep(struct run *run, const char *made_by, struct spool *spool)
{
    if (run->nkept == run->kept_cap) {
        run->kept_cap = run->kept_cap == 0 ? 8 : run->kept_cap * 2;
        run->kept = xrealloc(run->kept, run->kept_cap * sizeof *run->kept);
    }
    run->kept[run->nkept++] = (struct kept_entity){.made_by = xstrdup(made_by), .spool = spool};
}

static void run_fini(struct run *run)
{
    for (size_t i = 0; i < run->nkept; i++) {
        free(run->kept[i].made_by);
        spool_free(&run->kept[i].spool);
    }
    free(run->kept);
}

static void print_content_op(const struct op *op, struct buf *made_by)
{
    buf_add_char(made_by, '|');
    op_print(op, made_by);
    for (size_t i = 0; i < op->nkeys; i++)
        buf_printf(made_by, " %d", op->keys[i]);
}

/* Before the first protecting operation the content becomes canonical. */
static int need_entity(struct run *run, struct draft *draft, enum op_kind first, struct err *err)
{
    if (draft->entity != NULL)
        return 0;
    const char *name = first == OP_SIGN ? "canonical" : "content";
    const struct spool *kept = find_kept(run, name);
    if (kept == NULL) {
        struct spool *made;
        if (xform_canonical(run->in, first, draft, &made, err) < 0)
            return -1;
        keep(run, name, made);
        kept = made;
    }
    draft_set_entity(draft, kept);
    return 0;
}

static int protect(struct run *run, struct draft *draft, const struct op *op, struct buf *made_by,
                   struct err *err)
{
    if (need_entity(run, draft, op->kind, err) < 0)
        return -1;
    print_content_op(op, made_by);
    const struct spool *kept = find_kept(run, buf_str(made_by));
    if (kept == NULL) {
        struct spool *made;
        int status = op->kind == OP_SIGN ? xform_sign(run->in, op, draft->entity, &made, err)
                                         : xform_encrypt(run->in, op, draft->entity, &made, err);
        if (status < 0)
            return -1;
        keep(run, buf_str(made_by), made);
        kept = made;
    }
    draft_set_entity(draft, kept);
    return 0;
}

static int run_op(struct run *run, struct draft *draft, const struct op *op, struct buf *made_by,
                  struct err *err)
{
    switch (op->kind) {
    case OP_HYGIENE:
        return xform_hygiene(run->in, draft, err);
    case OP_KEYWORDS:
        return xform_keywords(run->in, draft, err);
    case OP_OPEN:
        print_content_op(op, made_by);
        draft_set_entity(draft, run->in->opened[run->in->facts->views[op->view].opened].entity);
        return 0;
    case OP_SIGN:
    case OP_ENCRYPT:
        return protect(run, draft, op, made_by, err);
    case OP_TAG:
        return xform_tag(run->in, draft, op->text, err);
    case OP_STATUS:
        return xform_status(run->in, draft, op, err);
    }
    return err_set(err, ERR_BUG, "unknown operation %d", (int)op->kind);
}

static int run_copy(struct run *run, const struct copy *copy, struct spool **out, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    SEAL_CLEANUP(buf_fini) struct buf made_by = BUF_INIT(1u << 20);
    struct draft draft;
    draft_init(&draft, arena, run->in->message, run->in->table);
    for (size_t i = 0; i < copy->nops; i++) {
        if (run->progress != NULL)
            run->progress(run->progress_arg);
        if (run_op(run, &draft, &copy->ops[i], &made_by, err) < 0)
            return -1;
    }
    if (buf_check(&made_by, err) < 0 || arena_check(arena, err) < 0)
        return -1;
    if (!draft.changed)
        return 0;
    *out = spool_new(&run->in->spool);
    return draft_write(&draft, *out, err) < 0 || spool_seal(*out, err) < 0 ? -1 : 0;
}

int xform_run(const struct xform_in *in, const struct plan *plan, void (*progress)(void *),
              void *progress_arg, struct spool **out, struct err *err)
{
    struct run run = {.in = in, .progress = progress, .progress_arg = progress_arg};
    int status = 0;
    for (size_t i = 0; i < plan->ncopies && status == 0; i++)
        status = run_copy(&run, &plan->copies[i], &out[i], err);
    run_fini(&run);
    return status;
}
