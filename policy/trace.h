/* trace - which rules were tried for a recipient, for people. */
#ifndef POLICY_TRACE_H
#define POLICY_TRACE_H

#include "policy/decide.h"

/* trace_print - a line each: the rule, whether it matched, the condition that settled it otherwise; cut to fit a terminal. */
void trace_print(const struct trace *trace, size_t rcpt, struct buf *out);

#endif
