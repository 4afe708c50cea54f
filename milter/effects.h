/*
 * effects - what the gate learned, written to the store once the message is settled. A failure is logged and changes nothing for the
 * message: a certificate that was not kept now is kept with the sender's next message.
 */
#ifndef MILTER_EFFECTS_H
#define MILTER_EFFECTS_H

#include "gate/gate.h"
#include "model/outcome.h"
#include "store/store.h"

/* effects_commit_keys - OpenPGP keys alone, before: where the plan wants them to be stored first. */
void effects_commit_keys(struct gate *gate, const struct outcome *outcome, int64_t now, const char *qid);
void effects_commit(struct gate *gate, struct store *store, const struct outcome *outcome, int64_t now,
                    const char *qid);

#endif
