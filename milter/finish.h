/*
 * finish - end of message: the gate is asked, and what it found is carried out. Step 7 of the way of a message.
 *
 * The order is the safety. Everything is computed before anything is done: result, edits, who was served by an earlier try. Then the other
 * copies are injected, each noted in the journal. Only then the MTA is touched. What fails before the first injection changes
 * nothing anywhere; what fails later is a tempfail, and the retry finds the journal.
 */
#ifndef MILTER_FINISH_H
#define MILTER_FINISH_H

#include "milter/daemon.h"
#include "milter/mta.h"

/* finish_message - reply and edits are given to the MTA; the verdict is for the caller to give. */
enum verdict finish_message(struct daemon *daemon, struct session *session, const struct macros *macros,
                            const struct mta *mta);

#endif
