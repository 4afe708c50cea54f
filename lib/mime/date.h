/* date - the Date field as seconds since 1970. source  RFC 5322 3.3, 4.3 (obsolete zones and years) */
#ifndef MIME_DATE_H
#define MIME_DATE_H

#include "base/mem.h"

/* date_parse - 0 when it cannot be read as a date after 1970. */
int64_t date_parse(struct span value);

#endif
