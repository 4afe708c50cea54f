/* asking - questions of the tests. */
#include "asking.h"

#include "support/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct arena *asking_arena;
struct directory *asking_directory;
const char *asking_note;
struct err asking_err;

void asking_open(const char *fmt, ...)
{
    char text[4096];
    struct err err = ERR_INIT;
    struct settings *settings;
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (asking_arena == NULL)
        asking_arena = arena_new(ARENA_MAX_DEFAULT);
    if (strstr(text, "directory-base") == NULL)
        strcat(text, "\ndirectory-base = dc=example\n");
    ck_ok(settings_parse(asking_arena, "settings", span_of(text), &settings, &err));
    directory_free(&asking_directory);
    asking_directory = directory_new(&settings->directory, slapd_clock_ms);
}

void asking_close(void)
{
    directory_free(&asking_directory);
    arena_free(&asking_arena);
}

static size_t count(const char *const *items)
{
    size_t n = 0;
    while (n < ASKED_MAX && items[n] != NULL)
        n++;
    return n;
}

struct directory_answer *asking(const struct asked *asked)
{
    struct directory_group groups[ASKED_MAX];
    struct directory_question question = {.addrs = asked->addrs,
                                          .naddrs = count(asked->addrs),
                                          .groups = groups,
                                          .ngroups = count(asked->groups),
                                          .attributes = asked->attributes,
                                          .nattributes = count(asked->attributes)};
    struct directory_answer *answers = NULL;
    for (size_t i = 0; i < question.ngroups; i++) {
        const char *name = asked->groups[i];
        bool dn = strchr(name, '=') != NULL;
        groups[i] = (struct directory_group){.dn = dn ? name : NULL, .name = name};
    }
    err_clear(&asking_err);
    if (directory_ask(asking_directory, asking_arena, &question, &answers, &asking_note, &asking_err) < 0)
        return NULL;
    return answers;
}

enum answer asking_group(const char *addr, const char *group)
{
    struct directory_answer *answers = asking(&(struct asked){.addrs = {addr}, .groups = {group}});
    ck_assert_msg(answers != NULL, "%s", asking_err.msg);
    return answers[0].groups[0];
}
