/* addr - one canonical form for addresses. */
#include "base/addr.h"

#include "base/text.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static struct span strip_brackets(struct span text)
{
    text = span_trim(text);
    if (text.len >= 2 && text.ptr[0] == '<' && text.ptr[text.len - 1] == '>')
        text = span_sub(text, 1, text.len - 2);
    return span_trim(text);
}

/* "@relay,@relay2:user@host" names the way to go (RFC 5321 4.1.1.3, to be ignored). */
static struct span strip_source_route(struct span text)
{
    if (text.len == 0 || text.ptr[0] != '@')
        return text;
    const char *colon = memchr(text.ptr, ':', text.len);
    if (colon == NULL)
        return text;
    size_t skip = (size_t)(colon - text.ptr) + 1;
    return span_sub(text, skip, text.len - skip);
}

static bool is_atom_char(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 0x80 || (u > 0x20 && u < 0x7f && strchr("()<>[]:;@\\,\"", c) == NULL);
}

struct local {
    char text[ADDR_MAX + 1]; /* content, unquoted */
    size_t len;
    bool needs_quotes;
    bool keep_case;
};

static int local_add(struct local *local, char c, struct err *err)
{
    if ((unsigned char)c < 0x20 || c == 0x7f)
        return err_set(err, ERR_SYNTAX, "control character in an address");
    if (local->len >= ADDR_MAX)
        return err_set(err, ERR_LIMIT, "address longer than %d octets", ADDR_MAX);
    if (!is_atom_char(c))
        local->needs_quotes = true;
    local->text[local->len++] = local->keep_case ? c : lower(c);
    return 0;
}

/* Reads a quoted local part; returns the offset behind the closing quote, or 0 with *err set. */
static size_t read_quoted(struct span text, struct local *local, struct err *err)
{
    size_t i = 1;
    for (; i < text.len && text.ptr[i] != '"'; i++) {
        if (text.ptr[i] == '\\' && ++i == text.len)
            break;
        if (local_add(local, text.ptr[i], err) < 0)
            return 0;
    }
    if (i >= text.len) {
        err_set(err, ERR_SYNTAX, "quoted local part does not end");
        return 0;
    }
    return i + 1;
}

static size_t read_unquoted(struct span text, struct local *local, struct err *err)
{
    size_t i = 0;
    for (; i < text.len && text.ptr[i] != '@'; i++) {
        if (!is_atom_char(text.ptr[i])) {
            err_set(err, ERR_SYNTAX, "character in a local part that must be quoted");
            return 0;
        }
        if (local_add(local, text.ptr[i], err) < 0)
            return 0;
    }
    if (i == 0)
        err_set(err, ERR_SYNTAX, "address without a local part");
    return i;
}

static bool dots_need_quotes(const struct local *local)
{
    return local->len == 0 || local->text[0] == '.' || local->text[local->len - 1] == '.' ||
           memmem(local->text, local->len, "..", 2) != NULL;
}

static int write_local(const struct local *local, char *out, size_t *len_out, struct err *err)
{
    bool quotes = local->needs_quotes || dots_need_quotes(local);
    size_t n = 0;
    if (quotes)
        out[n++] = '"';
    for (size_t i = 0; i < local->len; i++) {
        if (n + 4 > ADDR_MAX)
            return err_set(err, ERR_LIMIT, "address longer than %d octets", ADDR_MAX);
        if (quotes && (local->text[i] == '"' || local->text[i] == '\\'))
            out[n++] = '\\';
        out[n++] = local->text[i];
    }
    if (quotes)
        out[n++] = '"';
    *len_out = n;
    return 0;
}

static int write_domain(struct span domain, char *out, size_t n, struct err *err)
{
    if (domain.len > 0 && domain.ptr[domain.len - 1] == '.')
        domain.len--;
    if (domain.len == 0)
        return err_set(err, ERR_SYNTAX, "address without a domain");
    if (domain.ptr[0] == '.' || domain.ptr[domain.len - 1] == '.' || memmem(domain.ptr, domain.len, "..", 2))
        return err_set(err, ERR_SYNTAX, "domain with an empty label");
    if (n + 1 + domain.len > ADDR_MAX)
        return err_set(err, ERR_LIMIT, "address longer than %d octets", ADDR_MAX);
    out[n++] = '@';
    bool literal = domain.ptr[0] == '[';
    for (size_t i = 0; i < domain.len; i++) {
        char c = domain.ptr[i];
        if (!is_atom_char(c) && !(literal && strchr("[]:", c) != NULL && c != '\0'))
            return err_set(err, ERR_SYNTAX, "character that no domain has");
        out[n++] = lower(c);
    }
    out[n] = '\0';
    return 0;
}

static int normalise(struct span text, struct local local, char *out, struct err *err)
{
    out[0] = '\0';
    text = strip_source_route(strip_brackets(text));
    if (text.len == 0)
        return 0;
    size_t at = text.ptr[0] == '"' ? read_quoted(text, &local, err) : read_unquoted(text, &local, err);
    if (err_is_set(err))
        return -1;
    if (at >= text.len || text.ptr[at] != '@')
        return err_set(err, ERR_SYNTAX, "address without @");
    size_t n = 0;
    if (write_local(&local, out, &n, err) < 0 ||
        write_domain(span_sub(text, at + 1, text.len), out, n, err) < 0) {
        out[0] = '\0';
        return -1;
    }
    return 0;
}

int addr_canonical(struct span text, char out[ADDR_MAX + 1], struct err *err)
{
    return normalise(text, (struct local){.keep_case = false}, out, err);
}

int addr_exact(struct span text, char out[ADDR_MAX + 1], struct err *err)
{
    return normalise(text, (struct local){.keep_case = true}, out, err);
}

const char *addr_domain(const char *canonical)
{
    const char *at = strrchr(canonical, '@');
    return at == NULL ? "" : at + 1;
}

bool addr_matches(const char *canonical, const char *pattern)
{
    if (strchr(pattern, '@') != NULL)
        return text_is_like(canonical, pattern);
    const char *domain = addr_domain(canonical);
    return *domain != '\0' && text_is_like(domain, pattern);
}
