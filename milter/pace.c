/* pace - moments, further apart the longer the work may differ. */
#include "milter/pace.h"

#define STEP_MS         20 /* several times what the work on a small message takes */
#define OCTETS_PER_STEP (1u << 20)

int64_t pace_answer(int64_t started, int64_t now, size_t size)
{
    int64_t step = STEP_MS * (int64_t)(1 + size / OCTETS_PER_STEP);
    return started + ((now - started) / step + 1) * step;
}
