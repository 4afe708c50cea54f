/* number - numbers with a suffix. */
#include "conf/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct suffix {
    char letter;
    uint64_t factor;
};

struct unit {
    struct suffix suffixes[4]; /* small to large */
    size_t n;
    const char *expected;
};

static const struct unit units[] = {
    [NUMBER_PLAIN] = {.n = 0, .expected = "a number"},
    [NUMBER_SIZE] = {.suffixes = {{'K', 1u << 10}, {'M', 1u << 20}, {'G', 1u << 30}},
                     .n = 3,
                     .expected = "a size such as 512K, 10M or 1G"},
    [NUMBER_TIME] = {.suffixes = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}},
                     .n = 4,
                     .expected = "a time such as 30s, 5m, 2h or 1d"},
};

static uint64_t factor_of(char letter, const struct unit *unit)
{
    for (size_t i = 0; i < unit->n; i++)
        if ((letter | 0x20) == (unit->suffixes[i].letter | 0x20))
            return unit->suffixes[i].factor;
    return 0;
}

bool number_parse(const char *text, enum number_unit unit, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    uint64_t factor = *end == '\0' ? 1 : factor_of(*end, &units[unit]);
    if (errno != 0 || factor == 0 || (*end != '\0' && end[1] != '\0'))
        return false;
    return !__builtin_mul_overflow((uint64_t)number, factor, out);
}

void number_print(uint64_t number, enum number_unit unit, struct buf *out)
{
    for (size_t i = units[unit].n; i > 0 && number != 0; i--) {
        const struct suffix *suffix = &units[unit].suffixes[i - 1];
        if (number % suffix->factor == 0) {
            buf_printf(out, "%" PRIu64 "%c", number / suffix->factor, suffix->letter);
            return;
        }
    }
    buf_printf(out, "%" PRIu64, number);
}

const char *number_expected(enum number_unit unit)
{
    return units[unit].expected;
}
