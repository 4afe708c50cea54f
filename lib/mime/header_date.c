/* header_date - RFC 5322 3.3, with the obsolete forms of 4.3 that mail still has. */
#include "mime/header.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int month_of(const char *name)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12; i++)
        if (strncasecmp(months + 3 * i, name, 3) == 0)
            return i;
    return -1;
}

/* "+hhmm" as seconds east; every name but the American ones means UTC, "-0000" too. */
static int zone_of(const char *zone)
{
    static const char american[] = "EST5EDT4CST6CDT5MST7MDT6PST8PDT7";
    int hours, minutes;
    if ((*zone == '+' || *zone == '-') && sscanf(zone + 1, "%2d%2d", &hours, &minutes) == 2)
        return (*zone == '-' ? -60 : 60) * (60 * hours + minutes);
    for (const char *p = american; *p != '\0'; p += 4)
        if (strncasecmp(p, zone, 3) == 0)
            return -3600 * (p[3] - '0');
    return 0;
}

static bool is_in_range(const struct tm *tm)
{
    return tm->tm_mon >= 0 && tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_year >= 70 &&
           tm->tm_year < 8100 && tm->tm_hour >= 0 && tm->tm_hour < 24 && tm->tm_min >= 0 && tm->tm_min < 60 &&
           tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

int64_t header_date(struct span raw_value)
{
    char text[128], month[4], zone[8] = "";
    struct span value = span_trim(raw_value);
    const char *comma = value.len == 0 ? NULL : memchr(value.ptr, ',', value.len);
    if (comma != NULL)
        value = span_sub(value, (size_t)(comma - value.ptr) + 1, value.len);
    if (value.len >= sizeof text || value.len == 0)
        return 0;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    struct tm tm = {.tm_isdst = 0};
    int used = 0;
    if (sscanf(text, " %2d %3[A-Za-z] %4d %2d:%2d%n", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour,
               &tm.tm_min, &used) != 5)
        return 0;
    int more = 0;
    if (sscanf(text + used, ":%2d%n", &tm.tm_sec, &more) == 1)
        used += more;
    if (sscanf(text + used, " %7s", zone) != 1)
        zone[0] = '\0';
    tm.tm_mon = month_of(month);
    tm.tm_year -= tm.tm_year < 50 ? -100 : tm.tm_year < 1000 ? 0 : 1900;
    return is_in_range(&tm) ? (int64_t)timegm(&tm) - zone_of(zone) : 0;
}
