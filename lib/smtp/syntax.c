/* syntax - strict checks of command parameters. */
#include "smtp/syntax.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* RFC 3461 4 has capitals only; MTAs take both. */
static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

bool syntax_is_path(const char *text)
{
    size_t n = strlen(text);
    if (n < 2 || n > SYNTAX_PATH_MAX || text[0] != '<' || text[n - 1] != '>')
        return false;
    bool quoted = false;
    for (size_t i = 1; i < n - 1; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_control(c) || (!quoted && (c == ' ' || c == '<' || c == '>')))
            return false;
        if (c == '\\') {
            i++;
            if (i >= n - 1 || is_control((unsigned char)text[i]) || (!quoted && text[i] == ' '))
                return false;
        } else if (c == '"') {
            quoted = !quoted;
        }
    }
    return !quoted;
}

bool syntax_is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text > 0x7f)
            return false;
    return true;
}

enum xtext_octets {
    XTEXT_ASCII,
    XTEXT_UTF8
};

static bool is_xtext(const char *text, size_t max, enum xtext_octets octets)
{
    size_t n = strlen(text);
    if (n == 0 || n > max)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == 0x7f || c == '=' || (c > 0x7f && octets == XTEXT_ASCII))
            return false;
        if (c == '+' && (i + 2 >= n || !is_hex(text[i + 1]) || !is_hex(text[i + 2])))
            return false;
    }
    return true;
}

bool syntax_is_envid(const char *text)
{
    return is_xtext(text, SYNTAX_ENVID_MAX, XTEXT_ASCII);
}

bool syntax_is_orcpt(const char *text)
{
    const char *semicolon = strchr(text, ';');
    if (semicolon == NULL || semicolon == text)
        return false;
    for (const char *p = text; p < semicolon; p++)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-", *p) == NULL)
            return false;
    bool utf8 = strncasecmp(text, "utf-8;", 6) == 0;
    return is_xtext(semicolon + 1, SYNTAX_ORCPT_MAX, utf8 ? XTEXT_UTF8 : XTEXT_ASCII);
}

bool syntax_is_notify(const char *text)
{
    static const char *const words[] = {"SUCCESS", "FAILURE", "DELAY"};
    if (strcasecmp(text, "NEVER") == 0)
        return true;
    for (;;) {
        size_t n = strcspn(text, ",");
        bool known = false;
        for (size_t i = 0; i < SEAL_COUNT(words); i++)
            known = known || (n == strlen(words[i]) && strncasecmp(text, words[i], n) == 0);
        if (!known)
            return false;
        if (text[n] == '\0')
            return true;
        text += n + 1;
    }
}

bool syntax_is_ret(const char *text)
{
    return strcasecmp(text, "FULL") == 0 || strcasecmp(text, "HDRS") == 0;
}

bool syntax_is_body(const char *text)
{
    return strcasecmp(text, "7BIT") == 0 || strcasecmp(text, "8BITMIME") == 0;
}

bool syntax_is_hostname(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");
    return n > 0 && n <= 253 && text[n] == '\0';
}
