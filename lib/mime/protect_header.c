/* protect_header - the root of a payload with the fields that it protects. */
#include "mime/protect_header.h"

#include "base/text.h"
#include "mime/canon.h"
#include "mime/compose.h"
#include "mime/content_param.h"

#include <string.h>
#include <strings.h>

static const struct mime_limits no_limits = {.header_max = SIZE_MAX, .fields_max = SIZE_MAX}; /* it is ours */

struct writing {
    struct arena *arena;
    struct span entity;
    struct header root; /* of entity */
    const struct field *fields;
    size_t n;
    enum protection protection;
    struct spool *out;
};

/* ---- which fields ---- */

static bool is_one_of(struct span name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (span_is_nocase(name, names[i]))
            return true;
    return false;
}

/* Whether its name ends at the colon, as RFC 5322 has it: of a stranger form some readers make another field. */
static bool is_plain(const struct field *field)
{
    return field->name.len > 0 && field->raw.len > field->name.len && field->raw.ptr[field->name.len] == ':';
}

bool protect_header_takes(const struct field *field)
{
    static const char *const names[] = {"MIME-Version",
                                        "HP-Outer",
                                        "Bcc",
                                        "Return-Path",
                                        "Received",
                                        "Received-SPF",
                                        "Delivered-To",
                                        "X-Original-To",
                                        "Envelope-To",
                                        "X-Received",
                                        "Errors-To",
                                        "DKIM-Signature",
                                        "X-Envelope-From",
                                        "X-Envelope-To",
                                        "DomainKey-Signature",
                                        "Authentication-Results"};
    static const char *const prefixes[] = {"Content-", "Resent-", "ARC-", "X-Sealmilter-"};
    for (size_t i = 0; i < SEAL_COUNT(prefixes); i++)
        if (span_starts_nocase(field->name, prefixes[i]))
            return false;
    return is_plain(field) && !is_one_of(field->name, names, SEAL_COUNT(names));
}

enum outside protect_header_outside(enum protection protection, struct span name)
{
    static const char *const gone[] = {"Comments", "Keywords", "Thread-Topic"};
    if (protection != PROTECTION_BASELINE)
        return OUTSIDE_SAME;
    if (span_is_nocase(name, "Subject"))
        return OUTSIDE_OBSCURED;
    return is_one_of(name, gone, SEAL_COUNT(gone)) ? OUTSIDE_GONE : OUTSIDE_SAME;
}

static bool is_second_subject(const struct writing *w, size_t i)
{
    if (!span_is_nocase(w->fields[i].name, "Subject"))
        return false;
    while (i-- > 0)
        if (span_is_nocase(w->fields[i].name, "Subject") && protect_header_takes(&w->fields[i]))
            return true;
    return false;
}

/* ---- writing them ---- */

/* Words that are too long for a line become encoded-words, which can be broken. */
static int write_anew(struct writing *w, const struct field *field, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(16 * field->raw.len + 4000);
    if (compose_unstructured(&line, arena_spandup(w->arena, field->name),
                             header_decode(w->arena, field->value), err) < 0)
        return -1;
    return spool_write_span(w->out, buf_span(&line), err);
}

/* What cannot be written as a relay takes it is left out where it stands outside all the same. */
static int write_field(struct writing *w, const struct field *field, struct err *err)
{
    if (canon_field(w->arena, field, w->out, err) == 0)
        return 0;
    if (err->code != ERR_UNSUPPORTED)
        return -1;
    err_clear(err);
    return protect_header_outside(w->protection, field->name) == OUTSIDE_SAME ? 0 : write_anew(w, field, err);
}

static int write_outer(struct writing *w, const struct field *field, struct err *err)
{
    static const char prefix[] = "HP-Outer: ";
    struct span outside = field->raw;
    switch (protect_header_outside(w->protection, field->name)) {
    case OUTSIDE_GONE:
        return 0;
    case OUTSIDE_OBSCURED:
        outside = SPAN_LIT(PROTECT_HEADER_SUBJECT);
        break;
    case OUTSIDE_SAME:
        break;
    }
    size_t n = sizeof prefix - 1;
    char *raw = arena_alloc(w->arena, n + outside.len + 1);
    memcpy(raw, prefix, n);
    memcpy(raw + n, outside.ptr, outside.len);
    struct header header;
    if (header_parse(w->arena, (struct span){raw, n + outside.len}, &no_limits, &header, err) < 0)
        return -1;
    return header.n == 1 ? write_field(w, &header.fields[0], err) : 0;
}

static int write_fields(struct writing *w, struct err *err)
{
    for (size_t i = 0; i < w->n; i++)
        if (protect_header_takes(&w->fields[i]) && !is_second_subject(w, i) &&
            write_field(w, &w->fields[i], err) < 0)
            return -1;
    for (size_t i = 0; w->protection != PROTECTION_CLEAR && i < w->n; i++)
        if (protect_header_takes(&w->fields[i]) && !is_second_subject(w, i) &&
            write_outer(w, &w->fields[i], err) < 0)
            return -1;
    return spool_write(w->out, "\r\n", 2, err);
}

/* ---- the mark ---- */

static const char *hp_value(enum protection protection)
{
    return protection == PROTECTION_CLEAR ? "clear" : "cipher";
}

/* Mail programs older than RFC 9788 look for the Subject inside only where the parameter of their time is there. */
static char *marked_value(struct arena *arena, struct span value, enum protection protection)
{
    bool hides = protection == PROTECTION_BASELINE;
    char *with_hp = content_param_set(arena, value, "hp", hp_value(protection));
    return content_param_set(arena, span_of(with_hp), "protected-headers", hides ? "v1" : NULL);
}

static bool same_param(const struct content_type *a, const struct content_type *b, const char *name)
{
    const char *left = params_find(a->params, a->nparams, name),
               *right = params_find(b->params, b->nparams, name);
    return left == NULL ? right == NULL : right != NULL && strcmp(left, right) == 0;
}

/* Whether a reader finds the mark, and the same type as before. Of a layer he looks for it inside (RFC 9788 1.7, RFC 9787 4.4). */
static bool is_marked(struct arena *arena, struct span old, struct span marked, enum protection protection)
{
    struct content_type before, after;
    struct err ignored = ERR_INIT; /* the answer says it */
    if (content_type_parse(arena, old, &before, &ignored) < 0 || content_type_is_layer(&before) ||
        content_type_parse(arena, marked, &after, &ignored) < 0)
        return false;
    size_t marks = 0;
    for (size_t i = 0; i < after.nparams; i++)
        marks += strcmp(after.params[i].name, "hp") == 0;
    const char *hp = params_find(after.params, after.nparams, "hp");
    return marks == 1 && strcmp(hp, hp_value(protection)) == 0 && strcmp(before.type, after.type) == 0 &&
           strcmp(before.subtype, after.subtype) == 0 && same_param(&before, &after, "boundary") &&
           same_param(&before, &after, "charset");
}

/* The marked Content-Type; NULL: this root cannot carry the mark. */
static const char *mark(const struct writing *w)
{
    const struct field *type = header_find(&w->root, "Content-Type", 0);
    if (w->root.trouble != NULL || header_find(&w->root, "Content-Type", 1) != NULL)
        return NULL;
    struct span old = type != NULL ? type->value : SPAN_LIT(" text/plain");
    char *marked = marked_value(w->arena, old, w->protection);
    return is_marked(w->arena, old, span_of(marked), w->protection) ? marked : NULL;
}

/* ---- the entity ---- */

static int put(struct writing *w, const char *text, struct err *err)
{
    return spool_write_span(w->out, span_of(text), err);
}

static int write_type(struct writing *w, const char *value, struct err *err)
{
    return put(w, "Content-Type:", err) < 0 || put(w, value, err) < 0 ? -1 : put(w, "\r\n", err);
}

/* The last of an entity without a body may lack its line end. */
static int write_whole(struct writing *w, const struct field *field, struct err *err)
{
    bool ends = field->raw.ptr[field->raw.len - 1] == '\n';
    return spool_write_span(w->out, field->raw, err) < 0 ? -1 : ends ? 0 : put(w, "\r\n", err);
}

static int write_marked(struct writing *w, const char *type, struct err *err)
{
    bool typed = false;
    for (size_t i = 0; i < w->root.n; i++) {
        const struct field *field = &w->root.fields[i];
        bool is_type = span_is_nocase(field->name, "Content-Type");
        if (!span_starts_nocase(field->name, "Content-"))
            continue;
        if ((is_type ? write_type(w, type, err) : write_whole(w, field, err)) < 0)
            return -1;
        typed = typed || is_type;
    }
    if ((!typed && write_type(w, type, err) < 0) || write_fields(w, err) < 0)
        return -1;
    return spool_write_span(w->out, span_sub(w->entity, w->root.size, w->entity.len), err);
}

static int write_wrapped(struct writing *w, struct err *err)
{
    char boundary[BOUNDARY_MAX + 1];
    if (compose_boundary(w->entity, boundary, err) < 0)
        return -1;
    const char *type = arena_printf(w->arena, " multipart/mixed; boundary=\"%s\"", boundary);
    if (write_type(w, marked_value(w->arena, span_of(type), w->protection), err) < 0 ||
        (!text_is_ascii(w->entity) && put(w, "Content-Transfer-Encoding: 8bit\r\n", err) < 0) ||
        write_fields(w, err) < 0 || put(w, arena_printf(w->arena, "--%s\r\n", boundary), err) < 0 ||
        spool_write_span(w->out, w->entity, err) < 0)
        return -1;
    return put(w, arena_printf(w->arena, "\r\n--%s--\r\n", boundary), err);
}

int protect_header_write(struct arena *arena, struct span entity, const struct field *fields, size_t n,
                         enum protection protection, struct spool *out, struct err *err)
{
    struct writing w = {
        .arena = arena, .entity = entity, .fields = fields, .n = n, .protection = protection, .out = out};
    if (header_parse(arena, entity, &no_limits, &w.root, err) < 0)
        return -1;
    const char *type = mark(&w);
    int status = type != NULL ? write_marked(&w, type, err) : write_wrapped(&w, err);
    return status < 0 ? -1 : arena_check(arena, err);
}
