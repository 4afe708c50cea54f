/* clock - the only place of the daemon that reads one: everything below is told what time it is. */
#ifndef MILTER_CLOCK_H
#define MILTER_CLOCK_H

#include <stdint.h>

int64_t clock_now(void);     /* seconds since 1970 */
int64_t clock_ms(void);      /* milliseconds; only goes forward */
int64_t clock_wall_ms(void); /* milliseconds since 1970 */
void clock_wait_until(int64_t ms);

#endif
