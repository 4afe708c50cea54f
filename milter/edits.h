/*
 * edits - what must be asked of the MTA so that it delivers a given result instead of the message that it showed us.
 *
 * A value that can be printed, computed whole before the MTA is touched. Only what both MTAs do alike is asked: a field
 * changed in its place, fields removed, new ones on top, the first of a new name at the end.
 *
 * Applied in an order that both MTAs take: body in one run (Postfix), changes of fields from the last to the first (a removal moves the
 * numbers of later instances on Postfix and does not on Sendmail), new fields, recipients, sender.
 */
#ifndef MILTER_EDITS_H
#define MILTER_EDITS_H

#include "base/buf.h"
#include "milter/mta.h"
#include "mime/header.h"

#define EDITS_CHUNK    65535 /* octets of one replace_body call */
#define EDITS_LINE_MAX 998   /* octets of a line of a field that we write; RFC 5322 2.1.1 */

enum edit_kind {
    EDIT_CHANGE, /* the index-th field of this name gets another value; NULL: it goes */
    EDIT_INSERT, /* on top */
    EDIT_ADD,    /* at the end */
};

struct edit {
    enum edit_kind kind;
    const char *name;
    int index;         /* EDIT_CHANGE: from 1, among the fields of this name as the MTA gave them */
    const char *value; /* with its leading blank; folds are LF */
};

struct edits {
    struct edit *fields; /* in the order of doing */
    size_t nfields;
    bool new_body;
    struct span body;        /* borrowed from the result */
    const char **gone_rcpts; /* as the MTA gave them */
    size_t ngone_rcpts;
    const char *sender; /* NULL: stays; else as the MTA gave it, to get sender_args */
    const char *sender_args;
};

/*
 * edits_make - the edits of header and body.
 *
 * nshown  how many fields the MTA showed; edits by number are safe only when we read as many
 * return  0, or -1 with ERR_AMBIGUOUS (not as many, or a line would have to be changed that cannot be named), ERR_LIMIT, ERR_BUG
 */
int edits_make(struct arena *arena, struct span original, size_t nshown, struct span result,
               struct edits *out, struct err *err) SEAL_CHECKED;

/* edits_apply - do it. The first thing that the MTA does not take ends it: ERR_IO. */
int edits_apply(const struct edits *edits, const struct mta *mta, struct err *err) SEAL_CHECKED;

/* edits_print - one edit a line, for tests and the debug log. */
void edits_print(const struct edits *edits, struct buf *out);

#endif
