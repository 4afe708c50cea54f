/*
 * fake_mta - an MTA for tests: takes edits, can fail at the n-th, and gives what it would deliver then.
 *
 * It keeps the rules of the MTA that it plays: on Postfix a removed field moves the numbers of later ones of its name, a changed field gets the
 * name as we write it, and nothing may stand between two pieces of a body; on Sendmail a removed field keeps its
 * number, a changed one its own name, and an added one stands before the first of its name.
 */
#ifndef SUPPORT_FAKE_MTA_H
#define SUPPORT_FAKE_MTA_H

#include "base/buf.h"
#include "milter/mta.h"

enum fake_kind {
    FAKE_POSTFIX,
    FAKE_SENDMAIL
};

struct fake_field {
    char *name;
    char *value; /* with its leading blank, folds as LF; NULL: removed */
};

struct fake_mta {
    struct mta mta; /* hand this on */
    enum fake_kind kind;
    unsigned calls;
    unsigned fail_at; /* 0: never */
    struct buf log;   /* one call a line */
    struct fake_field *fields;
    size_t nfields;
    struct buf body;
    bool body_begun, body_over;
    const char *trouble; /* a rule that was broken */
    char *reply;         /* "550 5.7.1 text" */
    char *sender, *sender_args;
    char *held;
    char **gone;
    size_t ngone;
    unsigned progress;
};

/* fake_mta_new - with the message that it shows us, CRLF. */
struct fake_mta *fake_mta_new(enum fake_kind kind, struct span message);
void fake_mta_free(struct fake_mta **fake);
/* fake_mta_show - one field more in front of the header, that text cannot hold. */
void fake_mta_show(struct fake_mta *fake, const char *name, const char *value);

/* fake_mta_deliver - the message as it is now, CRLF, appended. */
void fake_mta_deliver(const struct fake_mta *fake, struct buf *out);
bool fake_mta_removed(const struct fake_mta *fake, const char *given);

#endif
