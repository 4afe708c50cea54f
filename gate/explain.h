/* explain - an outcome for people (aligned, short) or as JSON (the contract in sealadm(8)). */
#ifndef GATE_EXPLAIN_H
#define GATE_EXPLAIN_H

#include "gate/gate.h"

void explain_text(const struct outcome *outcome, const struct envelope *envelope, const struct trace *trace,
                  struct buf *out);
void explain_json(const struct outcome *outcome, const struct envelope *envelope, const struct trace *trace,
                  struct buf *out);

#endif
