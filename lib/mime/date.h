/* date - the Date field as seconds since 1970. source  RFC 5322 3.3, 4.3 (obsolete zones and years) */
#ifndef MIME_DATE_H
#define MIME_DATE_H

#include "base/mem.h"

/* date_parse - 0 when it cannot be read as a date after 1970. */
int64_t date_parse(struct span value);

#define DATE_TEXT_SIZE 40
/* date_print - "Mon, 23 Nov 2026 06:30:01 +0000". */
void date_print(int64_t when, char out[DATE_TEXT_SIZE]);

#endif
