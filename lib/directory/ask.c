/* ask - one question over one connection. */
#include "directory/internal.h"

#include <stdarg.h>
#include <stdio.h>

/* The first reason stands for all: further ones seldom say more. */
void ask_note(struct ask *ask, const char *fmt, ...)
{
    char text[512];
    va_list args;
    if (*ask->note != NULL)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    *ask->note = arena_strdup(ask->arena, text);
}

static void prepare(struct ask *ask)
{
    const struct directory_question *q = ask->question;
    ask->answers = arena_array(ask->arena, q->naddrs, sizeof *ask->answers);
    ask->entries = arena_array(ask->arena, q->naddrs, sizeof *ask->entries);
    for (size_t i = 0; i < q->naddrs; i++) {
        ask->answers[i].groups = arena_array(ask->arena, q->ngroups, sizeof *ask->answers[i].groups);
        ask->answers[i].attributes =
            arena_array(ask->arena, q->nattributes, sizeof *ask->answers[i].attributes);
    }
}

static bool is_anyone_there(const struct ask *ask)
{
    for (size_t i = 0; i < ask->question->naddrs; i++)
        if (ask->answers[i].found == ANSWER_YES)
            return true;
    return false;
}

int ask_all(struct ask *ask, struct err *err)
{
    prepare(ask);
    if (ask_people(ask, err) < 0)
        return -1;
    if (ask->question->ngroups == 0 || !is_anyone_there(ask))
        return arena_check(ask->arena, err);
    if (ask_groups(ask, err) < 0 || ask_members(ask, err) < 0)
        return -1;
    return arena_check(ask->arena, err);
}
