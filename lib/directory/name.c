/* name - distinguished names in one spelling. */
#include "directory/internal.h"

#include <string.h>

/* Nearly every naming attribute ignores ASCII case and blanks at the ends; a name for which that is wrong is found to be unknown, not to be another. */
static void add_value(const struct berval *value, struct buf *out)
{
    struct span text = span_trim((struct span){value->bv_val, value->bv_len});
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c == '\0' || strchr(",+=\\", c) != NULL)
            buf_printf(out, "\\%02x", (unsigned char)c);
        else
            buf_add_char(out, c);
    }
}

static void add_name(LDAPDN dn, struct buf *out)
{
    for (size_t i = 0; dn[i] != NULL; i++) {
        buf_add_str(out, i == 0 ? "" : ",");
        for (size_t k = 0; dn[i][k] != NULL; k++) {
            buf_add_str(out, k == 0 ? "" : "+");
            add_value(&dn[i][k]->la_attr, out);
            buf_add_char(out, '=');
            add_value(&dn[i][k]->la_value, out);
        }
    }
}

const char *name_canonical(struct arena *arena, const char *text)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 16);
    LDAPDN dn = NULL;
    if (ldap_str2dn(text, &dn, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || dn == NULL) {
        ldap_dnfree(dn);
        return NULL;
    }
    add_name(dn, &out);
    ldap_dnfree(dn);
    return out.failed || out.len == 0 ? NULL : arena_spandup(arena, buf_span(&out));
}
