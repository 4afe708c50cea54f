/*
 * pace - when a message that a private key was used for is answered (R17).
 *
 * What was opened is verified, made safe and written back; what was not is left. So that a sender with a clock does not see which, the
 * answer comes at the next of a few moments that depend on nothing but what he sent: every 20 ms, and more rarely for a large message. Where
 * what was found may have made further copies or alerts, which are injected before the answer, every 250 ms.
 */
#ifndef MILTER_PACE_H
#define MILTER_PACE_H

#include <stddef.h>
#include <stdint.h>

enum pace {
    PACE_WHOLE, /* one copy in place, whatever was found */
    PACE_SPLIT, /* something may have been injected because of it */
};

/* pace_answer - when a message of this size is answered whose end came at started and that was worked on until now; milliseconds. */
int64_t pace_answer(int64_t started, int64_t now, size_t size, enum pace pace);

#endif
