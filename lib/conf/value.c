/* value - typed values of settings. */
#include "conf/value.h"

#include "conf/lex.h"
#include "conf/number.h"

#include <string.h>

static void *field(const struct setting *setting, const struct settings *settings)
{
    return (char *)(uintptr_t)settings + setting->offset;
}

static enum number_unit unit_of(enum value_type type)
{
    return type == VALUE_SIZE ? NUMBER_SIZE : type == VALUE_TIME ? NUMBER_TIME : NUMBER_PLAIN;
}

static int set_number(const struct setting *setting, struct settings *settings, const char *text,
                      struct err *err)
{
    enum number_unit unit = unit_of(setting->type);
    uint64_t number;
    if (!number_parse(text, unit, &number))
        return err_set(err, ERR_CONFIG, "found '%s', expected %s", text, number_expected(unit));
    if (number < setting->min || number > setting->max) {
        SEAL_CLEANUP(buf_fini) struct buf range = BUF_INIT(200);
        number_print(setting->min, unit, &range);
        buf_add_str(&range, " to ");
        number_print(setting->max, unit, &range);
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
    const struct string_list *list;
    switch (setting->type) {
    case VALUE_TEXT:
    case VALUE_PATH:
        print_text(*(const char *const *)at, out);
        break;
    case VALUE_SIZE:
        number_print(*(const size_t *)at, NUMBER_SIZE, out);
        break;
    case VALUE_TIME:
    case VALUE_COUNT:
        number_print(*(const unsigned *)at, unit_of(setting->type), out);
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
