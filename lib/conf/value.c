/* value - typed values of settings. */
#include "conf/value.h"

#include "conf/lex.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct suffix {
    char letter;
    uint64_t factor;
};

static const struct suffix size_suffixes[] = {{'K', 1u << 10}, {'M', 1u << 20}, {'G', 1u << 30}};
static const struct suffix time_suffixes[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

static void *field(const struct setting *setting, const struct settings *settings)
{
    return (char *)(uintptr_t)settings + setting->offset;
}

/* A decimal number with at most one suffix letter of those given, in lower or upper case. */
static int parse_number(const char *text, const struct suffix *suffixes, size_t n, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0)
        return -1;
    uint64_t factor = 1;
    if (*end != '\0') {
        size_t i = 0;
        while (i < n && (*end | 0x20) != (suffixes[i].letter | 0x20))
            i++;
        if (i == n || end[1] != '\0')
            return -1;
        factor = suffixes[i].factor;
    }
    return __builtin_mul_overflow((uint64_t)number, factor, out) ? -1 : 0;
}

static void print_number(uint64_t number, const struct suffix *suffixes, size_t n, struct buf *out)
{
    for (size_t i = n; i > 0; i--) {
        if (number != 0 && number % suffixes[i - 1].factor == 0) {
            buf_printf(out, "%" PRIu64 "%c", number / suffixes[i - 1].factor, suffixes[i - 1].letter);
            return;
        }
    }
    buf_printf(out, "%" PRIu64, number);
}

static const char *number_example(enum value_type type)
{
    return type == VALUE_SIZE   ? "a size such as 512K, 10M or 1G"
           : type == VALUE_TIME ? "a time such as 30s, 5m, 2h or 1d"
                                : "a number";
}

static size_t suffixes_of(enum value_type type, const struct suffix **out)
{
    *out = type == VALUE_SIZE ? size_suffixes : time_suffixes;
    return type == VALUE_SIZE   ? SEAL_COUNT(size_suffixes)
           : type == VALUE_TIME ? SEAL_COUNT(time_suffixes)
                                : 0;
}

static int set_number(const struct setting *setting, struct settings *settings, const char *text,
                      struct err *err)
{
    const struct suffix *suffixes;
    size_t n = suffixes_of(setting->type, &suffixes);
    uint64_t number;
    if (parse_number(text, suffixes, n, &number) < 0)
        return err_set(err, ERR_CONFIG, "found '%s', expected %s", text, number_example(setting->type));
    if (number < setting->min || number > setting->max) {
        SEAL_CLEANUP(buf_fini) struct buf range = BUF_INIT(200);
        print_number(setting->min, suffixes, n, &range);
        buf_add_str(&range, " to ");
        print_number(setting->max, suffixes, n, &range);
        return err_set(err, ERR_CONFIG, "found %s, expected %s", text, buf_str(&range));
    }
    if (setting->type == VALUE_SIZE)
        *(size_t *)field(setting, settings) = number;
    else
        *(unsigned *)field(setting, settings) = (unsigned)number;
    return 0;
}

static int set_flag(bool *flag, const char *text, struct err *err)
{
    *flag = strcmp(text, "yes") == 0;
    if (!*flag && strcmp(text, "no") != 0)
        return err_set(err, ERR_CONFIG, "found '%s', expected yes or no", text);
    return 0;
}

static int check_text(const struct setting *setting, const char *text, struct err *err)
{
    if (setting->type == VALUE_PATH && *text == '\0' && setting->min > 0)
        return err_set(err, ERR_CONFIG, "found nothing, expected a path");
    if (setting->type == VALUE_PATH && *text != '\0' && *text != '/')
        return err_set(err, ERR_CONFIG, "found '%s', expected a path that begins with /", text);
    struct err why = ERR_INIT;
    if (setting->check != NULL && setting->check(text, &why) < 0)
        return err_set(err, ERR_CONFIG, "found '%s', %s", text, why.msg);
    return 0;
}

int value_set(const struct setting *setting, struct settings *settings, struct arena *arena, const char *text,
              struct err *err)
{
    switch (setting->type) {
    case VALUE_SIZE:
    case VALUE_TIME:
    case VALUE_COUNT:
        return set_number(setting, settings, text, err);
    case VALUE_FLAG:
        return set_flag(field(setting, settings), text, err);
    case VALUE_TEXT:
    case VALUE_PATH:
        if (check_text(setting, text, err) < 0)
            return -1;
        *(const char **)field(setting, settings) = arena_strdup(arena, text);
        return 0;
    case VALUE_LIST:
        break;
    }
    return err_set(err, ERR_BUG, "%s is a list", setting->name);
}

int value_add(const struct setting *setting, struct settings *settings, struct arena *arena, size_t *cap,
              const char *item, struct err *err)
{
    struct string_list *list = field(setting, settings);
    if (check_text(setting, item, err) < 0)
        return -1;
    list->items = arena_grow(arena, list->items, list->n, cap, sizeof *list->items);
    list->items[list->n++] = arena_strdup(arena, item);
    return 0;
}

static void print_text(const char *text, struct buf *out)
{
    if (lex_is_plain(text, ",="))
        buf_add_str(out, text);
    else
        lex_quote(text, out);
}

void value_print(const struct setting *setting, const struct settings *settings, struct buf *out)
{
    const void *at = field(setting, settings);
    const struct suffix *suffixes;
    size_t n = suffixes_of(setting->type, &suffixes);
    const struct string_list *list;
    switch (setting->type) {
    case VALUE_TEXT:
    case VALUE_PATH:
        print_text(*(const char *const *)at, out);
        break;
    case VALUE_SIZE:
        print_number(*(const size_t *)at, suffixes, n, out);
        break;
    case VALUE_TIME:
    case VALUE_COUNT:
        print_number(*(const unsigned *)at, suffixes, n, out);
        break;
    case VALUE_FLAG:
        buf_add_str(out, *(const bool *)at ? "yes" : "no");
        break;
    case VALUE_LIST:
        list = at;
        for (size_t i = 0; i < list->n; i++) {
            buf_add_str(out, i > 0 ? ", " : "");
            print_text(list->items[i], out);
        }
        if (list->n == 0)
            buf_add_str(out, "\"\"");
        break;
    }
}
