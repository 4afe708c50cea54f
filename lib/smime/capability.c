/* capability - SMIMECapabilities. */
#include "smime/capability.h"

#include "base/text.h"
#include "smime/cipher.h"
#include "smime/oid.h"

#include <stdio.h>
#include <string.h>

/* SEQUENCE of SEQUENCE { 2.16.840.1.101.3.4.1.n }, without parameters (RFC 8551 2.7.1). */
#define AES(n) "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01" n

struct span capability_ours(void)
{
    static const char der[] = "\x30\x34" AES("\x2e") AES("\x06") AES("\x2a") AES("\x02");
    return (struct span){der, sizeof der - 1};
}

void capability_names(struct span value, char *out, size_t size)
{
    struct ber list, one;
    size_t used = 0;
    out[0] = '\0';
    if (!ber_take(&value, BER_SEQUENCE, &list))
        return;
    while (ber_take(&list.body, BER_SEQUENCE, &one)) {
        const struct cipher *cipher = cipher_by_nid(oid_algorithm_nid(one.all));
        if (cipher == NULL || text_has_word(out, cipher->name))
            continue;
        int n = snprintf(out + used, size - used, "%s%s", used == 0 ? "" : " ", cipher->name);
        if (n < 0 || (size_t)n >= size - used) {
            out[used] = '\0';
            return;
        }
        used += (size_t)n;
    }
}
