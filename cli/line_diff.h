/* line_diff - two texts line by line, as a unified diff: Myers' O(ND), within limits. */
#ifndef CLI_LINE_DIFF_H
#define CLI_LINE_DIFF_H

#include "base/arena.h"
#include "base/buf.h"

/* line_diff - appends "@@ -1,2 +1,3 @@" and lines with ' ', '-' or '+' in front; nothing when the texts are the same. Texts that differ in very
 * many lines are shown as one replacement. */
void line_diff(struct span before, struct span after, struct arena *arena, struct buf *out);

#endif
