/*
 * value - one setting's text made into its typed value, and back.
 *
 * Private to lib/conf: settings.c holds the table, this file knows types only.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/settings.h"

enum value_type {
    VALUE_TEXT,  /* const char * */
    VALUE_PATH,  /* const char *: begins with / */
    VALUE_SIZE,  /* size_t: bytes, with K, M, G */
    VALUE_TIME,  /* unsigned: seconds, with s, m, h, d */
    VALUE_COUNT, /* unsigned */
    VALUE_FLAG,  /* bool: yes, no */
    VALUE_LIST,  /* struct string_list: blanks or commas between */
};

struct setting {
    const char *name;
    enum value_type type;
    size_t offset;        /* of the field in struct settings */
    const char *fallback; /* the default, as it would be written; NULL: settled when everything was read */
    uint64_t min, max; /* VALUE_SIZE, VALUE_TIME, VALUE_COUNT: the range; VALUE_PATH: min 0 = may be empty */
    /* NULL, or says what is wrong with a text, or with one item of a list. */
    int (*check)(const char *text, struct err *err);
    const char *meaning; /* one line */
};

/* value_set - text into the field. ERR_CONFIG without a place: "expected ..". Lists are set by value_add() instead. */
int value_set(const struct setting *setting, struct settings *settings, struct arena *arena, const char *text,
              struct err *err) SEAL_CHECKED;
/* value_add - one item more of a VALUE_LIST. *cap starts at 0. */
int value_add(const struct setting *setting, struct settings *settings, struct arena *arena, size_t *cap,
              const char *item, struct err *err) SEAL_CHECKED;
/* value_print - as it would be written in the file. */
void value_print(const struct setting *setting, const struct settings *settings, struct buf *out);

#endif
