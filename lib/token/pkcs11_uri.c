/* pkcs11_uri - RFC 7512, what we take of it. */
#include "token/pkcs11_uri.h"

#include <string.h>

#define SCHEME "pkcs11:"

struct field {
    const char *name;
    size_t offset;
    size_t size; /* with the NUL */
};

#define FIELD(member)                                                                                        \
    {                                                                                                        \
#member, offsetof(struct pkcs11_uri, member), sizeof(((struct pkcs11_uri *)0)->member)               \
    }

static const struct field fields[] = {
    FIELD(token), FIELD(manufacturer), FIELD(model), FIELD(serial), FIELD(object),
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX. Returns how many octets, or -1: not decodable, or more than size. */
static int decode(struct span value, unsigned char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < value.len; i++) {
        int c = (unsigned char)value.ptr[i];
        if (c == '%') {
            int high = i + 2 < value.len ? hex_value(value.ptr[i + 1]) : -1;
            int low = high < 0 ? -1 : hex_value(value.ptr[i + 2]);
            if (low < 0)
                return -1;
            c = high << 4 | low;
            i += 2;
        }
        if (n == size)
            return -1;
        out[n++] = (unsigned char)c;
    }
    return (int)n;
}

static int set_text(const struct field *field, struct span value, struct pkcs11_uri *out, struct err *err)
{
    char *text = (char *)out + field->offset;
    if (text[0] != '\0')
        return err_set(err, ERR_SYNTAX, "URI of a key: %s stands twice", field->name);
    int n = decode(value, (unsigned char *)text, field->size - 1);
    if (n <= 0 || memchr(text, '\0', (size_t)n) != NULL)
        return err_set(err, ERR_SYNTAX, "URI of a key: value of %s", field->name);
    text[n] = '\0';
    return 0;
}

static int set_id(struct span value, struct pkcs11_uri *out, struct err *err)
{
    int n = out->id_len > 0 ? -1 : decode(value, out->id, sizeof out->id);
    if (n <= 0)
        return err_set(err, ERR_SYNTAX, "URI of a key: value of id");
    out->id_len = (size_t)n;
    return 0;
}

static int set_type(struct span value, struct pkcs11_uri *out, struct err *err)
{
    if (out->is_private || out->is_secret)
        return err_set(err, ERR_SYNTAX, "URI of a key: type= twice");
    out->is_private = span_is(value, "private");
    out->is_secret = span_is(value, "secret-key");
    return out->is_private || out->is_secret
               ? 0
               : err_set(err, ERR_KEY_UNUSABLE, "URI of a key: type=%.*s is no private key", SPAN_ARG(value));
}

static int set_attribute(struct span name, struct span value, struct pkcs11_uri *out, struct err *err)
{
    for (size_t i = 0; i < SEAL_COUNT(fields); i++)
        if (span_is(name, fields[i].name))
            return set_text(&fields[i], value, out, err);
    if (span_is(name, "id"))
        return set_id(value, out, err);
    if (span_is(name, "type"))
        return set_type(value, out, err);
    return err_set(err, ERR_UNSUPPORTED, "URI of a key: %.*s is not used here", SPAN_ARG(name));
}

static int parse_attribute(struct span text, struct pkcs11_uri *out, struct err *err)
{
    size_t equals = span_find(text, "=", 1, 0);
    if (equals == SIZE_MAX)
        return err_set(err, ERR_SYNTAX, "URI of a key: attribute without a value");
    return set_attribute(span_sub(text, 0, equals), span_sub(text, equals + 1, text.len), out, err);
}

int pkcs11_uri_parse(const char *text, struct pkcs11_uri *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    struct span rest = span_of(text);
    if (!span_starts(rest, SCHEME))
        return err_set(err, ERR_SYNTAX, "URI of a key does not start with " SCHEME);
    if (strchr(text, '?') != NULL)
        return err_set(err, ERR_UNSUPPORTED,
                       "URI of a key: nothing stands behind '?': the PIN's file is a setting");
    rest = span_sub(rest, strlen(SCHEME), rest.len);
    while (rest.len > 0) {
        size_t end = span_find(rest, ";", 1, 0);
        if (parse_attribute(span_sub(rest, 0, end), out, err) < 0)
            return -1;
        rest = end == SIZE_MAX ? (struct span){rest.ptr, 0} : span_sub(rest, end + 1, rest.len);
    }
    if (out->token[0] == '\0' && out->serial[0] == '\0')
        return err_set(err, ERR_SYNTAX, "URI of a key: no token= or serial=");
    if (out->object[0] == '\0' && out->id_len == 0)
        return err_set(err, ERR_SYNTAX, "URI of a key: no object= or id=");
    return 0;
}
