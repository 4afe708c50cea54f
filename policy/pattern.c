/* pattern - addresses and domains, perhaps with wildcards, in canonical form. */
#include "policy/pattern.h"

#include <string.h>

/* A domain, perhaps with wildcards: labels that are not empty. */
static bool domain_is_sound(const char *domain)
{
    char before = '.';
    for (const char *c = domain; *c != '\0'; before = *c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || (unsigned char)*c >= 0x80;
        if (!letter && strchr("-_*?.", *c) == NULL)
            return false;
        if (*c == '.' && before == '.')
            return false;
    }
    return before != '.';
}

static int canonical_domain(const char *text, char out[ADDR_MAX + 1], struct err *err)
{
    static const char expected[] = "found '%.100s', expected an address or a domain";
    size_t n = strlen(text);
    if (n > ADDR_MAX)
        return err_set(err, ERR_SYNTAX, expected, text);
    for (size_t i = 0; i <= n; i++)
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
    if (*out == '.' && domain_is_sound(out + 1))
        return err_set(err, ERR_SYNTAX, "found '%.100s', expected a domain; all below it are *%.100s", text,
                       out);
    return domain_is_sound(out) ? 0 : err_set(err, ERR_SYNTAX, expected, text);
}

int pattern_canonical(const char *text, char out[ADDR_MAX + 1], struct err *err)
{
    struct err why = ERR_INIT;
    if (strchr(text, '@') == NULL)
        return canonical_domain(text, out, err);
    if (addr_canonical(span_of(text), out, &why) < 0)
        return err_set(err, ERR_SYNTAX, "found '%.100s': %s", text, why.msg);
    return *out != '\0' ? 0 : err_set(err, ERR_SYNTAX, "found '%.100s': no address", text);
}
