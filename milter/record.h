/* record - the log lines of a message: one for each recipient's decision, each copy for others, each notice, and the outcome (R48).
 * No subject, no content. */
#ifndef MILTER_RECORD_H
#define MILTER_RECORD_H

#include "model/envelope.h"
#include "model/outcome.h"

void record_recipients(const struct envelope *env, const struct outcome *outcome);

/* record_other - a copy that went to somebody else, instead of its recipients or besides. */
void record_other(const struct envelope *env, const struct copy *copy);
/* record_notice - what became of a notice: "sent", "dropped", "none"; why may be NULL. */
void record_notice(const struct envelope *env, const struct notice *notice, const char *to,
                   const char *result, const char *why);
/* record_unwritten - those notices that are not to be sent at all. */
void record_unwritten(const struct envelope *env, const struct outcome *outcome);

struct record_message {
    size_t size;     /* octets as it came */
    size_t injected; /* copies */
    size_t notices;  /* sent */
    size_t dropped;  /* notices */
    int64_t ms;      /* that it took */
    enum verdict verdict;
    const char *why; /* NULL, or the error's name */
};
void record_message(const struct envelope *env, const struct record_message *message);

#endif
