/*
 * draft - a message in the making: its header fields, and its content as a MIME entity of its own.
 *
 * Fields may be changed in place, put on top, or put at the end, nowhere else: these are the edits that both MTAs do alike
 * (milter/edits.c). The content is the original's until an operation sets an entity.
 *
 * A bare CR in the header leaves every message that is changed at all: what follows it is a field of its own where it has a name, as the
 * most generous reader takes it (mime/header.h), and else part of the field before.
 */
#ifndef XFORM_DRAFT_H
#define XFORM_DRAFT_H

#include "mime/part.h"
#include "spool/spool.h"

struct draft_field {
    struct span name;
    struct span raw; /* with its line end; borrowed from the message or from the arena */
    bool dropped;
};

struct draft {
    struct arena *arena;
    struct span message;            /* as it came */
    const struct part_table *table; /* of message */
    struct draft_field *fields;     /* as they came, changed in place */
    size_t n;
    struct draft_field *top; /* to stand before them, in order */
    size_t ntop, top_cap;
    struct draft_field *end; /* to stand behind them */
    size_t nend, end_cap;
    const struct spool *entity; /* borrowed: content fields and body; NULL: as it came */
    bool changed;
};

void draft_init(struct draft *draft, struct arena *arena, struct span message,
                const struct part_table *table);

/* draft_find - the n-th (from 0) field of this name that is not dropped; NULL when there are fewer. */
struct draft_field *draft_find(struct draft *draft, const char *name, size_t nth);
/* draft_subject - the decoded Subject, all instances' first; "" when there is none. */
const char *draft_subject(struct draft *draft);

/* draft_fields - those that are not dropped, as they stand now and in order; a blank before a colon is left out. In the arena. */
const struct field *draft_fields(struct draft *draft, size_t *n_out);

void draft_drop(struct draft *draft, struct draft_field *field);
/* draft_replace - raw must be a whole field with its line end and live as long as the draft. */
void draft_replace(struct draft *draft, struct draft_field *field, struct span raw);
void draft_put_top(struct draft *draft, struct span raw);
/* draft_rewrite_unstructured - a field's text anew, encoded and folded. */
int draft_rewrite_unstructured(struct draft *draft, struct draft_field *field, const char *name,
                               const char *utf8, struct err *err) SEAL_CHECKED;
/* draft_set_subject - one Subject, in place of the first; others go. */
int draft_set_subject(struct draft *draft, const char *utf8, struct err *err) SEAL_CHECKED;

/* draft_set_entity - other content from now on; the spool must live until draft_write(). */
void draft_set_entity(struct draft *draft, const struct spool *entity);

/* draft_write - the whole message, appended: fields with the entity's content fields in place of the old, empty line, body. */
int draft_write(struct draft *draft, struct spool *out, struct err *err) SEAL_CHECKED;

#endif
