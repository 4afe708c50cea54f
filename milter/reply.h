/*
 * reply - the only place where an error or a refusal becomes an SMTP reply.
 *
 * Of an error the table's text is told, never its message: that is for the log (R17).
 */
#ifndef MILTER_REPLY_H
#define MILTER_REPLY_H

#include "milter/mta.h"
#include "model/outcome.h"

/* reply_error - sets the reply of an error; returns VERDICT_REJECT or VERDICT_TEMPFAIL. */
enum verdict reply_error(const struct mta *mta, const struct err *err);

/* reply_outcome - sets the reply of a refusal, "550 5.7.1 text". What is no such text becomes 451 4.3.0 and VERDICT_TEMPFAIL. */
enum verdict reply_outcome(const struct mta *mta, const char *reply);

#endif
