/* edits - from two messages to edits, from edits to the MTA. */
#include "milter/edits.h"

#include "base/io.h"
#include "milter/align.h"

#include <string.h>

/* ---- making ---- */

struct making {
    struct arena *arena;
    struct header original, result;
    struct alignment alignment;
    struct edits *out;
};

/*
 * The one place where a value leaves for the MTA's header (R37): no NUL, no CR but before LF, no LF but before a blank, no line that an
 * MTA would break. NULL with *err set.
 */
static bool is_safe(const struct field *field)
{
    size_t line = field->name.len + 1;
    for (size_t i = 0; i < field->value.len; i++) {
        char c = field->value.ptr[i];
        char next = i + 1 < field->value.len ? field->value.ptr[i + 1] : '\0';
        if (c == '\0' || (c == '\r' && next != '\n') || (c == '\n' && next != ' ' && next != '\t'))
            return false;
        line = c == '\n' ? 0 : line + (c != '\r');
        if (line > EDITS_LINE_MAX)
            return false;
    }
    return true;
}

static const char *safe_value(struct making *m, const struct field *field, struct err *err)
{
    if (!is_safe(field)) {
        err_set(err, m->original.trouble != NULL ? ERR_AMBIGUOUS : ERR_BUG,
                "field %.*s cannot be put into a header", SPAN_ARG(field->name));
        return NULL;
    }
    char *value = arena_alloc(m->arena, field->value.len + 2);
    size_t n = 0;
    for (size_t i = 0; i < field->value.len; i++)
        if (field->value.ptr[i] != '\r')
            value[n++] = field->value.ptr[i];
    if (n == 0)
        value[0] = ' '; /* both MTAs take an empty value for a removal */
    return value;
}

static int add_edit(struct making *m, enum edit_kind kind, int index, const struct field *old,
                    const struct field *new, struct err *err)
{
    struct edit *edit = &m->out->fields[m->out->nfields++];
    *edit = (struct edit){.kind = kind, .index = index};
    struct span name = (old != NULL ? old : new)->name;
    if (name.len == 0)
        return err_set(err, ERR_AMBIGUOUS, "a line that is no field would have to be changed");
    edit->name = arena_spandup(m->arena, name);
    if (new == NULL)
        return 0;
    edit->value = safe_value(m, new, err);
    return edit->value == NULL ? -1 : 0;
}

static int index_of(const struct header *header, size_t at)
{
    int index = 1;
    for (size_t i = 0; i < at; i++)
        index += span_eq_nocase(header->fields[i].name, header->fields[at].name);
    return index;
}

/* From the last field to the first: then the numbers hold on Postfix too. */
static int make_changes(struct making *m, struct err *err)
{
    for (size_t i = m->original.n; i-- > 0;) {
        const struct field *old = &m->original.fields[i];
        size_t place = m->alignment.place_of[i];
        const struct field *new = place == ALIGN_GONE ? NULL : &m->result.fields[place];
        if (new != NULL && span_eq(old->raw, new->raw))
            continue;
        if (add_edit(m, EDIT_CHANGE, index_of(&m->original, i), old, new, err) < 0)
            return -1;
    }
    return 0;
}

/* Each goes to the very top, so the lowest comes first. */
static int make_inserts(struct making *m, struct err *err)
{
    for (size_t j = m->alignment.top; j-- > 0;) {
        if (add_edit(m, EDIT_INSERT, 0, NULL, &m->result.fields[j], err) < 0)
            return -1;
    }
    return 0;
}

static int make_adds(struct making *m, struct err *err)
{
    for (size_t j = m->alignment.end; j < m->result.n; j++)
        if (add_edit(m, EDIT_ADD, 0, NULL, &m->result.fields[j], err) < 0)
            return -1;
    return 0;
}

/* An MTA takes no bare CR for a line end: its fields are ours, joined where one stands between. */
static void join_behind_cr(struct header *header)
{
    size_t n = 0;
    for (size_t i = 0; i < header->n; i++) {
        const struct field *field = &header->fields[i];
        if (n > 0 && field->raw.ptr[-1] == '\r') {
            struct field *whole = &header->fields[n - 1];
            whole->raw.len += field->raw.len;
            whole->value.len = (size_t)(field->value.ptr + field->value.len - whole->value.ptr);
        } else {
            header->fields[n++] = *field;
        }
    }
    header->n = n;
}

static int parse(struct making *m, struct span original, size_t nshown, struct span result, struct err *err)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct mime_limits with_ours = limits;
    with_ours.header_max += 1u << 16;
    with_ours.fields_max += 100;
    if (header_parse(m->arena, original, &limits, &m->original, err) < 0 ||
        header_parse(m->arena, result, &with_ours, &m->result, err) < 0)
        return -1;
    join_behind_cr(&m->original);
    if (m->original.n != nshown)
        return err_set(err, ERR_AMBIGUOUS, "header of %zu fields read as %zu: %s", nshown, m->original.n,
                       m->original.trouble != NULL ? m->original.trouble : "a field holds another");
    if (m->result.trouble != NULL && m->original.trouble == NULL)
        return err_set(err, ERR_BUG, "header of the result: %s", m->result.trouble);
    return 0;
}

int edits_make(struct arena *arena, struct span original, size_t nshown, struct span result,
               struct edits *out, struct err *err)
{
    struct making m = {.arena = arena, .out = out};
    *out = (struct edits){.nfields = 0};
    if (parse(&m, original, nshown, result, err) < 0 ||
        align_headers(arena, &m.original, &m.result, &m.alignment, err) < 0)
        return -1;
    out->fields = arena_array(arena, m.original.n + m.result.n, sizeof *out->fields);
    if (make_changes(&m, err) < 0 || make_inserts(&m, err) < 0 || make_adds(&m, err) < 0)
        return -1;
    out->body = span_sub(result, m.result.size, result.len);
    out->new_body = !span_eq(out->body, span_sub(original, m.original.size, original.len));
    return arena_check(arena, err);
}

/* ---- applying ---- */

/* status is what the MTA said; a point where tests stop the process stands before each call. */
static int taken(int status, const char *what, struct err *err)
{
    return status == 0 ? 0 : err_set(err, ERR_IO, "the MTA did not take our %s", what);
}

static int point(const char *what, struct err *err)
{
    int fault = io_point(what);
    return fault == 0 ? 0 : err_set(err, ERR_IO, "%s: %s", what, strerror(fault));
}

static int apply_body(const struct edits *edits, const struct mta *mta, struct err *err)
{
    size_t off = 0;
    do {
        struct span chunk = span_sub(edits->body, off, EDITS_CHUNK);
        if (point("milter-body", err) < 0 ||
            taken(mta->replace_body(mta->arg, chunk.ptr, chunk.len), "body", err) < 0)
            return -1;
        off += chunk.len;
    } while (off < edits->body.len);
    return 0;
}

static int apply_field(const struct edit *edit, const struct mta *mta)
{
    switch (edit->kind) {
    case EDIT_CHANGE:
        return mta->change_header(mta->arg, edit->name, edit->index, edit->value);
    case EDIT_INSERT:
        return mta->insert_header(mta->arg, 0, edit->name, edit->value);
    case EDIT_ADD:
        return mta->add_header(mta->arg, edit->name, edit->value);
    }
    return -1;
}

int edits_apply(const struct edits *edits, const struct mta *mta, struct err *err)
{
    if (edits->new_body && apply_body(edits, mta, err) < 0)
        return -1;
    for (size_t i = 0; i < edits->nfields; i++)
        if (point("milter-field", err) < 0 || taken(apply_field(&edits->fields[i], mta), "field", err) < 0)
            return -1;
    for (size_t i = 0; i < edits->ngone_rcpts; i++)
        if (point("milter-recipient", err) < 0 ||
            taken(mta->delete_rcpt(mta->arg, edits->gone_rcpts[i]), "removal of a recipient", err) < 0)
            return -1;
    if (edits->sender != NULL &&
        (point("milter-sender", err) < 0 ||
         taken(mta->change_from(mta->arg, edits->sender, edits->sender_args), "sender", err) < 0))
        return -1;
    return 0;
}

/* ---- printing ---- */

static void print_field(const struct edit *edit, struct buf *out)
{
    switch (edit->kind) {
    case EDIT_CHANGE:
        buf_printf(out, "%s %s %d", edit->value == NULL ? "remove" : "change", edit->name, edit->index);
        break;
    case EDIT_INSERT:
        buf_printf(out, "insert %s", edit->name);
        break;
    case EDIT_ADD:
        buf_printf(out, "add %s", edit->name);
        break;
    }
    buf_printf(out, edit->value == NULL ? "\n" : ":%s\n", edit->value);
}

void edits_print(const struct edits *edits, struct buf *out)
{
    if (edits->new_body)
        buf_printf(out, "body of %zu octets\n", edits->body.len);
    for (size_t i = 0; i < edits->nfields; i++)
        print_field(&edits->fields[i], out);
    for (size_t i = 0; i < edits->ngone_rcpts; i++)
        buf_printf(out, "remove recipient %s\n", edits->gone_rcpts[i]);
    if (edits->sender != NULL)
        buf_printf(out, "sender %s %s\n", edits->sender, edits->sender_args);
}
