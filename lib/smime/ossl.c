/* ossl - OpenSSL's values as ours. */
#include "smime/ossl.h"

#include <time.h>

bool ossl_time(const ASN1_TIME *time, int64_t *out)
{
    struct tm tm;
    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1) /* NULL would mean the clock */
        return false;
    *out = timegm(&tm);
    return true;
}
