/* filter - what strangers wrote, inside a search filter. */
#include "directory/internal.h"

#include <string.h>
#include <strings.h>

/* Letters, digits and what is common in addresses stand as they are, every other octet as \xx: no list of what is dangerous to keep. */
void filter_value(struct span value, struct buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@.-_+=,:";
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c != '\0' && strchr(plain, c) != NULL)
            buf_add_char(out, c);
        else
            buf_printf(out, "\\%02x", (unsigned char)c);
    }
}

void filter_equal(const char *attribute, const char *prefix, const char *value, struct buf *out)
{
    buf_printf(out, "(%s=%s", attribute, prefix);
    filter_value(span_of(value), out);
    buf_add_char(out, ')');
}

/* Active Directory writes all addresses, of all kinds, into one attribute. */
const char *filter_prefix(const char *attribute)
{
    return strcasecmp(attribute, "proxyAddresses") == 0 ? "smtp:" : "";
}

void filter_address(const char *attribute, const char *addr, struct buf *out)
{
    filter_equal(attribute, filter_prefix(attribute), addr, out);
}
