/* json - a writer; two blanks of indentation a level, so that people can read it too. */
#include "base/json.h"

#include <inttypes.h>

/* Octets of the correct UTF-8 sequence at s, which ends in NUL; 0: none begins there (RFC 3629 4). */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
               : (s[0] & 0xf0) == 0xe0        ? 3
               : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                              : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

static void put_string(struct buf *out, const char *value)
{
    buf_add_char(out, '"');
    for (const unsigned char *s = (const unsigned char *)value; *s != '\0';) {
        size_t n = utf8_length(s);
        if (n == 0)
            buf_add_str(out, "\\ufffd");
        else if (*s == '"' || *s == '\\')
            buf_printf(out, "\\%c", *s);
        else if (*s < 0x20 || *s == 0x7f)
            buf_printf(out, "\\u%04x", *s);
        else
            buf_add(out, s, n);
        s += n == 0 ? 1 : n;
    }
    buf_add_char(out, '"');
}

static void begin_value(struct json *json, const char *key)
{
    if (json->comma)
        buf_add_char(json->out, ',');
    if (json->depth > 0)
        buf_printf(json->out, "\n%*s", (int)(2 * json->depth), "");
    if (key != NULL) {
        put_string(json->out, key);
        buf_add_str(json->out, ": ");
    }
    json->comma = true;
}

static void begin_group(struct json *json, const char *key, char bracket)
{
    begin_value(json, key);
    buf_add_char(json->out, bracket);
    json->depth++;
    json->comma = false;
}

static void end_group(struct json *json, char bracket)
{
    json->depth--;
    if (json->comma)
        buf_printf(json->out, "\n%*s", (int)(2 * json->depth), "");
    buf_add_char(json->out, bracket);
    json->comma = true;
    if (json->depth == 0)
        buf_add_char(json->out, '\n');
}

void json_object_begin(struct json *json, const char *key)
{
    begin_group(json, key, '{');
}

void json_object_end(struct json *json)
{
    end_group(json, '}');
}

void json_array_begin(struct json *json, const char *key)
{
    begin_group(json, key, '[');
}

void json_array_end(struct json *json)
{
    end_group(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
    begin_value(json, key);
    if (value == NULL)
        buf_add_str(json->out, "null");
    else
        put_string(json->out, value);
}

void json_int(struct json *json, const char *key, int64_t value)
{
    begin_value(json, key);
    buf_printf(json->out, "%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
    begin_value(json, key);
    buf_add_str(json->out, value ? "true" : "false");
}
