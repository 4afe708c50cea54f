/* pace - moments, further apart the longer the work may differ. */
#include "milter/pace.h"

#define STEP_MS 20 /* several times what the work on a small message takes */
#define SPLIT_MS                                                                                             \
    250 /* several times that with a few messages handed to the MTA, each written to disk there */
#define OCTETS_PER_STEP (1u << 20)

int64_t pace_answer(int64_t started, int64_t now, size_t size, enum pace pace)
{
    int64_t step = (pace == PACE_SPLIT ? SPLIT_MS : STEP_MS) * (int64_t)(1 + size / OCTETS_PER_STEP);
    return started + ((now - started) / step + 1) * step;
}
