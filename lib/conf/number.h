/* number - sizes (512K, 10M, 1G), times (30s, 5m, 2h, 1d) and plain numbers, as people write them in settings and policy. */
#ifndef CONF_NUMBER_H
#define CONF_NUMBER_H

#include "base/buf.h"

enum number_unit {
    NUMBER_PLAIN,
    NUMBER_SIZE, /* octets; K, M, G are powers of 1024 */
    NUMBER_TIME, /* seconds */
};

/* number_parse - decimal digits and at most one suffix letter, in lower or upper case; false when it is no such number. */
bool number_parse(const char *text, enum number_unit unit, uint64_t *out);
/* number_print - with the largest suffix that divides it. */
void number_print(uint64_t number, enum number_unit unit, struct buf *out);
/* number_expected - "a size such as 512K, 10M or 1G": what could stand there. */
const char *number_expected(enum number_unit unit);

#endif
