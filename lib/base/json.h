/*
 * json - writes JSON into a buffer. Keys are NULL inside arrays and for the outermost value.
 *
 * Strings from anywhere become correct UTF-8: what is none becomes U+FFFD; control characters are escaped (RFC 8259 7).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

struct json {
    struct buf *out;
    unsigned depth;
    bool comma; /* a value stands before the next one at this depth */
};

#define JSON_INIT(buffer)                                                                                    \
    {                                                                                                        \
        .out = (buffer)                                                                                      \
    }

void json_object_begin(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array_begin(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_string(struct json *json, const char *key, const char *value); /* NULL gives null */
void json_int(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);

#endif
