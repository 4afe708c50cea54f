/* fake_mta - the two MTAs' rules for edits. */
#include "support/fake_mta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MEMORY_MAX (1u << 30)

/* Every call passes here: whether it fails, and whether it may stand in the middle of a body. */
static int begin(struct fake_mta *fake, const char *what)
{
    buf_printf(&fake->log, "%s\n", what);
    if (fake->body_begun)
        fake->body_over = true;
    return ++fake->calls == fake->fail_at ? -1 : 0;
}

static int replace_body(void *arg, const void *p, size_t n)
{
    struct fake_mta *fake = arg;
    bool over = fake->body_over;
    if (!fake->body_begun)
        buf_clear(&fake->body);
    fake->body_begun = true;
    int status = begin(fake, "body");
    fake->body_over = over;
    if (over)
        fake->trouble = "body in several runs";
    if (n > 65535)
        fake->trouble = "piece of a body too long";
    buf_add(&fake->body, p, n);
    return status;
}

static void make_room(struct fake_mta *fake, size_t at, const char *name, const char *value)
{
    fake->fields = xrealloc(fake->fields, (fake->nfields + 1) * sizeof *fake->fields);
    memmove(fake->fields + at + 1, fake->fields + at, (fake->nfields - at) * sizeof *fake->fields);
    fake->fields[at] = (struct fake_field){xstrdup(name), value == NULL ? NULL : xstrdup(value)};
    fake->nfields++;
}

static void remove_field(struct fake_mta *fake, size_t at)
{
    free(fake->fields[at].name);
    free(fake->fields[at].value);
    memmove(fake->fields + at, fake->fields + at + 1, (fake->nfields - at - 1) * sizeof *fake->fields);
    fake->nfields--;
}

static void set_field(struct fake_mta *fake, size_t at, const char *name, const char *value)
{
    struct fake_field *field = &fake->fields[at];
    if (fake->kind == FAKE_POSTFIX) {
        free(field->name);
        field->name = xstrdup(name);
    }
    free(field->value);
    field->value = value == NULL ? NULL : xstrdup(value);
}

static int change_header(void *arg, const char *name, int index, const char *value)
{
    struct fake_mta *fake = arg;
    int status = begin(fake, "change");
    const char *set = value != NULL && value[0] == '\0' ? NULL : value;
    for (size_t i = 0; i < fake->nfields; i++) {
        if (strcasecmp(fake->fields[i].name, name) != 0 || --index > 0)
            continue;
        if (set == NULL && fake->kind == FAKE_POSTFIX)
            remove_field(fake, i);
        else
            set_field(fake, i, name, set);
        return status;
    }
    fake->trouble = "change of a field that is not there";
    return status;
}

static int insert_header(void *arg, int index, const char *name, const char *value)
{
    struct fake_mta *fake = arg;
    int status = begin(fake, "insert");
    make_room(fake, (size_t)index, name, value);
    return status;
}

static int add_header(void *arg, const char *name, const char *value)
{
    struct fake_mta *fake = arg;
    size_t at = 0;
    int status = begin(fake, "add");
    while (at < fake->nfields && (fake->kind == FAKE_POSTFIX || strcasecmp(fake->fields[at].name, name) != 0))
        at++;
    make_room(fake, at, name, value);
    return status;
}

static int delete_rcpt(void *arg, const char *given)
{
    struct fake_mta *fake = arg;
    int status = begin(fake, "delete recipient");
    fake->gone = xrealloc(fake->gone, (fake->ngone + 1) * sizeof *fake->gone);
    fake->gone[fake->ngone++] = xstrdup(given);
    return status;
}

static void keep(char **out, const char *text)
{
    free(*out);
    *out = xstrdup(text);
}

static int change_from(void *arg, const char *given, const char *esmtp_args)
{
    struct fake_mta *fake = arg;
    int status = begin(fake, "sender");
    keep(&fake->sender, given);
    keep(&fake->sender_args, esmtp_args);
    return status;
}

static int quarantine(void *arg, const char *reason)
{
    struct fake_mta *fake = arg;
    int status = begin(fake, "hold");
    keep(&fake->held, reason);
    return status;
}

static int progress(void *arg)
{
    struct fake_mta *fake = arg;
    fake->progress++;
    if (fake->body_begun)
        fake->trouble = "progress after the body began";
    return 0;
}

static int set_reply(void *arg, const char *code, const char *status, const char *text)
{
    struct fake_mta *fake = arg;
    free(fake->reply);
    if (asprintf(&fake->reply, "%s %s %s", code, status, text) < 0)
        abort();
    return 0;
}

/* One field from a message, its folds as LF. */
static size_t read_field(struct fake_mta *fake, struct span rest)
{
    SEAL_CLEANUP(buf_fini) struct buf field = BUF_INIT(MEMORY_MAX);
    size_t at = 0;
    do {
        size_t nl = span_find(rest, "\r\n", 2, at);
        buf_add_span(&field, span_sub(rest, at, nl - at));
        buf_add_char(&field, '\n');
        at = nl + 2;
    } while (at < rest.len && (rest.ptr[at] == ' ' || rest.ptr[at] == '\t'));
    field.ptr[--field.len] = '\0';
    char *colon = strchr(field.ptr, ':');
    *colon = '\0';
    make_room(fake, fake->nfields, field.ptr, colon + 1);
    return at;
}

struct fake_mta *fake_mta_new(enum fake_kind kind, struct span message)
{
    struct fake_mta *fake = xcalloc(1, sizeof *fake);
    fake->mta = (struct mta){fake,        replace_body, change_header, insert_header, add_header,
                             delete_rcpt, change_from,  quarantine,    progress,      set_reply};
    fake->kind = kind;
    fake->log = (struct buf)BUF_INIT(MEMORY_MAX);
    fake->body = (struct buf)BUF_INIT(MEMORY_MAX);
    while (!span_starts(message, "\r\n"))
        message = span_sub(message, read_field(fake, message), SIZE_MAX);
    buf_add_span(&fake->body, span_sub(message, 2, SIZE_MAX));
    return fake;
}

void fake_mta_show(struct fake_mta *fake, const char *name, const char *value)
{
    make_room(fake, 0, name, value);
}

void fake_mta_free(struct fake_mta **fake)
{
    struct fake_mta *f = *fake;
    if (f == NULL)
        return;
    while (f->nfields > 0)
        remove_field(f, f->nfields - 1);
    for (size_t i = 0; i < f->ngone; i++)
        free(f->gone[i]);
    free(f->fields);
    free(f->gone);
    free(f->reply);
    free(f->sender);
    free(f->sender_args);
    free(f->held);
    buf_fini(&f->log);
    buf_fini(&f->body);
    free(f);
    *fake = NULL;
}

void fake_mta_deliver(const struct fake_mta *fake, struct buf *out)
{
    for (size_t i = 0; i < fake->nfields; i++) {
        if (fake->fields[i].value == NULL)
            continue;
        buf_printf(out, "%s:", fake->fields[i].name);
        for (const char *p = fake->fields[i].value; *p != '\0'; p++) {
            if (*p == '\n')
                buf_add_char(out, '\r');
            buf_add_char(out, *p);
        }
        buf_add_str(out, "\r\n");
    }
    buf_add_str(out, "\r\n");
    buf_add_span(out, buf_span(&fake->body));
}

bool fake_mta_removed(const struct fake_mta *fake, const char *given)
{
    for (size_t i = 0; i < fake->ngone; i++)
        if (strcmp(fake->gone[i], given) == 0)
            return true;
    return false;
}
