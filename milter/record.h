/* record - the log lines of a message: one for each recipient's decision, one for the outcome (R48). No subject, no content. */
#ifndef MILTER_RECORD_H
#define MILTER_RECORD_H

#include "model/envelope.h"
#include "model/outcome.h"

void record_recipients(const struct envelope *env, const struct outcome *outcome);

struct record_message {
    size_t size;     /* octets as it came */
    size_t injected; /* copies */
    int64_t ms;      /* that it took */
    enum verdict verdict;
    const char *why; /* NULL, or the error's name */
};
void record_message(const struct envelope *env, const struct record_message *message);

#endif
