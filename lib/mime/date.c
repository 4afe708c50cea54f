/* date - "Mon, 23 Nov 2026 07:30:01 +0100 (CET)". */
#include "mime/date.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int month_of(const char *name)
{
    for (int i = 0; i < (int)SEAL_COUNT(months); i++)
        if (strcasecmp(name, months[i]) == 0)
            return i;
    return -1;
}

/* Seconds east of Greenwich; unknown names count as none (RFC 5322 4.3). */
static int64_t zone_of(const char *zone)
{
    static const struct {
        const char *name;
        int hours;
    } names[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
                 {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
    unsigned hours, minutes;
    if ((zone[0] == '+' || zone[0] == '-') && sscanf(zone + 1, "%2u%2u", &hours, &minutes) == 2 &&
        minutes < 60)
        return (zone[0] == '-' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
    for (size_t i = 0; i < SEAL_COUNT(names); i++)
        if (strcasecmp(zone, names[i].name) == 0)
            return names[i].hours * 3600;
    return 0;
}

static int full_year(int year, size_t digits)
{
    if (digits == 2)
        return year < 50 ? year + 2000 : year + 1900;
    return digits == 3 ? year + 1900 : year;
}

int64_t date_parse(struct span value)
{
    char text[128];
    value = span_trim(value);
    size_t n = value.len < sizeof text ? value.len : sizeof text - 1;
    memcpy(text, value.ptr, n);
    text[n] = '\0';
    if (strlen(text) != n)
        return 0;
    char *comma = strchr(text, ',');
    char month[4] = "", year[5] = "", zone[8] = "";
    struct tm tm = {.tm_sec = 0};
    const char *date = comma == NULL ? text : comma + 1;
    int read = sscanf(date, " %2d %3[A-Za-z] %4[0-9] %2d : %2d : %2d %7s", &tm.tm_mday, month, year,
                      &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone);
    if (read == 5) /* without seconds */
        read = sscanf(date, " %*d %*s %*s %*d : %*d %7s", zone) == 1 ? 7 : 5;
    tm.tm_mon = month_of(month);
    if (read < 5 || tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
        tm.tm_sec > 60)
        return 0;
    int number = 0;
    (void)sscanf(year, "%d", &number);
    tm.tm_year = full_year(number, strlen(year)) - 1900;
    int64_t when = (int64_t)timegm(&tm) - zone_of(zone);
    return when > 0 ? when : 0;
}

void date_print(int64_t when, char out[DATE_TEXT_SIZE])
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    time_t t = (time_t)when;
    struct tm tm = {.tm_mday = 1};
    (void)gmtime_r(&t, &tm);
    snprintf(out, DATE_TEXT_SIZE, "%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
