/*
 * transform - one message through a list of operations, without a gate.
 *
 *     struct transform *t = transform_new();
 *     const struct op ops[] = {{.kind = OP_HEADER, ..}};
 *     ck_ok(transform_run(t, "From: a@b.example\n\nHi\n", ops, 1, &err));
 *     .. t->out ..
 *     transform_free(&t);
 */
#ifndef SUPPORT_TRANSFORM_H
#define SUPPORT_TRANSFORM_H

#include "support/pki.h"
#include "xform/xform.h"

struct transform {
    struct arena *arena;
    struct pki *pki;
    struct settings *settings;
    struct facts facts;
    struct keyring keyring;
    struct spool *made;
    const char *out; /* the whole message, CRLF, of the last run */
    bool changed;
};

struct transform *transform_new(void);
void transform_free(struct transform **t);

/* transform_key - index in the keyring; chain may be NULL. */
int transform_key(struct transform *t, const struct pki_entity *entity, const struct pki_entity *chain);
/* transform_run - text is written with LF. */
int transform_run(struct transform *t, const char *text, const struct op *ops, size_t nops, struct err *err);

#endif
