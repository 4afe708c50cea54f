/*
 * xform - runs the operations of a plan, copy by copy.
 *
 * Copies whose content is made alike share it: the entity after each operation is kept under the printed list of the content
 * operations so far, keys included, so that one signature serves many envelopes. It goes when no later copy comes by it: a large message
 * is not held more often than it must be.
 */
#include "xform/xform.h"

#include "xform/internal.h"

#include <stdlib.h>
#include <string.h>

#define MADE_BY_MAX (1u << 20)

struct kept_entity {
    char *made_by;       /* owned: printed operations */
    struct spool *spool; /* owned */
    size_t last;         /* index of the last copy that comes by it */
};

struct run {
    const struct xform_in *in;
    const struct plan *plan;
    size_t copy; /* index of the one in the making */
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

static bool is_content_op(const struct op *op)
{
    return op->kind == OP_OPEN || op->kind == OP_DETACH || op->kind == OP_ATTACH || op->kind == OP_PROTECT ||
           op->kind == OP_SIGN || op->kind == OP_ENCRYPT;
}

/* What OP_PROTECT puts inside is the header as the operations before have left it. */
static void name_header(const struct copy *copy, size_t at, struct buf *made_by)
{
    for (size_t i = 0; i < at; i++) {
        if (is_content_op(&copy->ops[i]))
            continue;
        buf_add_str(made_by, " <");
        op_print(&copy->ops[i], made_by);
    }
}

static void name_op(const struct copy *copy, size_t at, struct buf *made_by)
{
    const struct op *op = &copy->ops[at];
    buf_add_char(made_by, '|');
    op_print(op, made_by);
    for (size_t i = 0; i < op->nkeys; i++)
        buf_printf(made_by, " %d", op->keys[i]);
    if (op->kind == OP_PROTECT)
        name_header(copy, at, made_by);
}

static bool is_signed(const struct copy *copy)
{
    for (size_t i = 0; i < copy->nops; i++)
        if (copy->ops[i].kind == OP_SIGN)
            return true;
    return false;
}

/* What the content is kept under before the first operation on it. */
static const char *content_name(const struct copy *copy)
{
    return is_signed(copy) ? "canonical" : "content";
}

static bool comes_by(const struct copy *copy, const char *made_by)
{
    SEAL_CLEANUP(buf_fini) struct buf name = BUF_INIT(MADE_BY_MAX);
    for (size_t i = 0; i < copy->nops; i++) {
        const struct op *op = &copy->ops[i];
        if (!is_content_op(op))
            continue;
        if (name.len == 0 && op->kind != OP_OPEN && op->kind != OP_DETACH &&
            strcmp(made_by, content_name(copy)) == 0)
            return true;
        name_op(copy, i, &name);
        if (strcmp(made_by, buf_str(&name)) == 0)
            return true;
    }
    return false;
}

static void keep(struct run *run, const char *made_by, struct spool *spool)
{
    if (run->nkept == run->kept_cap) {
        run->kept_cap = run->kept_cap == 0 ? 8 : run->kept_cap * 2;
        run->kept = xrealloc(run->kept, run->kept_cap * sizeof *run->kept);
    }
    size_t last = run->plan->ncopies - 1;
    while (last > run->copy && !comes_by(&run->plan->copies[last], made_by))
        last--;
    run->kept[run->nkept++] = (struct kept_entity){.made_by = xstrdup(made_by), .spool = spool, .last = last};
}

static void kept_fini(struct kept_entity *kept)
{
    free(kept->made_by);
    spool_free(&kept->spool);
}

/* Whether this copy, which was made by so much, still comes by it. */
static bool is_ahead(const struct run *run, const struct kept_entity *kept, const struct buf *made_by)
{
    return kept->last == run->copy && strlen(kept->made_by) > made_by->len &&
           span_starts(span_of(kept->made_by), buf_str(made_by));
}

/* Nobody comes by it any more but the draft, if that has it. */
static void drop_unneeded(struct run *run, const struct draft *draft, const struct buf *made_by)
{
    size_t n = 0;
    for (size_t i = 0; i < run->nkept; i++) {
        if (run->kept[i].last > run->copy || run->kept[i].spool == draft->entity ||
            is_ahead(run, &run->kept[i], made_by))
            run->kept[n++] = run->kept[i];
        else
            kept_fini(&run->kept[i]);
    }
    run->nkept = n;
}

static void run_fini(struct run *run)
{
    for (size_t i = 0; i < run->nkept; i++)
        kept_fini(&run->kept[i]);
    free(run->kept);
}

/* Before the first protecting operation the content becomes canonical. */
static int need_entity(struct run *run, struct draft *draft, struct err *err)
{
    if (draft->entity != NULL)
        return 0;
    const struct copy *copy = &run->plan->copies[run->copy];
    const char *name = content_name(copy);
    const struct spool *kept = find_kept(run, name);
    if (kept == NULL) {
        struct spool *made;
        enum xform_canon canon = is_signed(copy) ? XFORM_CANON_MUST : XFORM_CANON_MAY;
        if (xform_canonical(run->in, canon, draft, &made, err) < 0)
            return -1;
        keep(run, name, made);
        kept = made;
    }
    draft_set_entity(draft, kept);
    return 0;
}

/* OpenPGP signs and encrypts in one (RFC 3156 6.2). */
static bool are_one(const struct op *sign, const struct op *encrypt)
{
    return sign->kind == OP_SIGN && sign->method == METHOD_OPENPGP && encrypt->kind == OP_ENCRYPT &&
           encrypt->method == METHOD_OPENPGP;
}

static bool is_done_by_the_next(const struct run *run, const struct op *op)
{
    const struct copy *copy = &run->plan->copies[run->copy];
    return op + 1 < copy->ops + copy->nops && are_one(op, op + 1);
}

static const struct op *signed_with(const struct run *run, const struct op *op)
{
    return op > run->plan->copies[run->copy].ops && are_one(op - 1, op) ? op - 1 : NULL;
}

static int detach(struct run *run, struct draft *draft, size_t at, struct buf *made_by, struct err *err)
{
    const struct copy *copy = &run->plan->copies[run->copy];
    name_op(copy, at, made_by);
    const struct spool *kept = find_kept(run, buf_str(made_by));
    if (kept == NULL) {
        struct spool *made;
        if (xform_detach(run->in, &copy->ops[at], draft, &made, err) < 0)
            return -1;
        keep(run, buf_str(made_by), made);
        kept = made;
    }
    draft_set_entity(draft, kept);
    return xform_name_detached(run->in, &copy->ops[at], draft, err);
}

static int make(const struct run *run, struct draft *draft, const struct op *op, struct spool **out,
                struct err *err)
{
    if (op->kind == OP_ATTACH)
        return xform_attach(run->in, op, draft->entity, out, err);
    if (op->kind == OP_PROTECT)
        return xform_put_inside(run->in, op, draft, out, err);
    return op->kind == OP_SIGN ? xform_sign(run->in, op, draft->entity, out, err)
                               : xform_encrypt(run->in, op, signed_with(run, op), draft->entity, out, err);
}

static int protect(struct run *run, struct draft *draft, size_t at, struct buf *made_by, struct err *err)
{
    const struct copy *copy = &run->plan->copies[run->copy];
    const struct op *op = &copy->ops[at];
    if (need_entity(run, draft, err) < 0)
        return -1;
    name_op(copy, at, made_by);
    if (is_done_by_the_next(run, op))
        return 0;
    const struct spool *kept = find_kept(run, buf_str(made_by));
    if (kept == NULL) {
        struct spool *made;
        if (make(run, draft, op, &made, err) < 0)
            return -1;
        keep(run, buf_str(made_by), made);
        kept = made;
    }
    if (op->kind == OP_PROTECT)
        xform_hide_outside(op, draft);
    draft_set_entity(draft, kept);
    drop_unneeded(run, draft, made_by);
    return 0;
}

static int run_op(struct run *run, struct draft *draft, size_t at, struct buf *made_by, struct err *err)
{
    const struct copy *copy = &run->plan->copies[run->copy];
    const struct op *op = &copy->ops[at];
    switch (op->kind) {
    case OP_HYGIENE:
        return xform_hygiene(run->in, draft, err);
    case OP_KEYWORDS:
        return xform_keywords(run->in, draft, err);
    case OP_OPEN:
        name_op(copy, at, made_by);
        draft_set_entity(draft, run->in->opened[run->in->facts->views[op->view].opened].entity);
        return 0;
    case OP_SUBJECT:
        return xform_subject(run->in, op, draft, err);
    case OP_DETACH:
        return detach(run, draft, at, made_by, err);
    case OP_ATTACH:
    case OP_PROTECT:
    case OP_SIGN:
    case OP_ENCRYPT:
        return protect(run, draft, at, made_by, err);
    case OP_AUTOCRYPT:
        return xform_autocrypt(run->in, op, draft, err);
    case OP_HEADER:
        return xform_field(draft, op, err);
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
    SEAL_CLEANUP(buf_fini) struct buf made_by = BUF_INIT(MADE_BY_MAX);
    struct draft draft;
    draft_init(&draft, arena, run->in->message, run->in->table);
    for (size_t i = 0; i < copy->nops; i++) {
        if (run->progress != NULL)
            run->progress(run->progress_arg);
        if (run_op(run, &draft, i, &made_by, err) < 0)
            return -1;
    }
    if (buf_check(&made_by, err) < 0 || arena_check(arena, err) < 0)
        return -1;
    if (!draft.changed)
        return 0;
    *out = spool_new(&run->in->spool);
    if (draft_write(&draft, *out, err) < 0 || spool_seal(*out, err) < 0)
        return -1;
    draft_set_entity(&draft, NULL);
    drop_unneeded(run, &draft, &made_by);
    return 0;
}

int xform_run(const struct xform_in *in, const struct plan *plan, void (*progress)(void *),
              void *progress_arg, struct spool **out, struct err *err)
{
    struct run run = {.in = in, .plan = plan, .progress = progress, .progress_arg = progress_arg};
    int status = 0;
    for (; run.copy < plan->ncopies && status == 0; run.copy++)
        status = run_copy(&run, &plan->copies[run.copy], &out[run.copy], err);
    run_fini(&run);
    return status;
}
