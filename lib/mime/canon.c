/* canon - the parts of a table in turn; every octet of the message is written by one of the functions called here. */
#include "mime/canon_internal.h"

#include "mime/shape.h"
#include "mime/transfer.h"

#include <string.h>

static struct span range(const struct canon *canon, size_t from, size_t to)
{
    return span_sub(canon->message, from, to - from);
}

const char *canon_label(const struct part *part)
{
    return part->encoding == ENCODING_8BIT || part->encoding == ENCODING_BINARY ? "7bit" : NULL;
}

/* What a signature covers stays; line ends are no content, every verifier reads LF as CRLF. */
static int write_signed(struct canon *canon, const struct part *part, struct err *err)
{
    struct span body = range(canon, part->body, part->end);
    struct shape shape = shape_of(body);
    const char *label = shape.has_8bit ? NULL : canon_label(part);
    shape.has_8bit &= !canon->safe;
    if (!shape_fits(&shape, CANON_LINE_SMTP))
        return err_set(err, ERR_UNSUPPORTED, "signed content that cannot travel as it is");
    if (canon_header(canon, part, label, NULL, err) < 0)
        return -1;
    return canon_lines(canon->out, body, err);
}

static size_t behind_descendants(const struct part_table *table, size_t part)
{
    size_t next = part + 1;
    while (next < table->n && table->parts[next].depth > table->parts[part].depth)
        next++;
    return next;
}

int canon_message(struct canon *canon, struct err *err)
{
    const struct part_table *table = canon->table;
    size_t done = 0;
    for (size_t i = 0, next; i < table->n; i = next) {
        const struct part *part = &table->parts[i];
        int status = canon_between(canon->out, range(canon, done, part->begin), err);
        bool is_signed = part_is(part, "multipart", "signed");
        bool opens = part->nchildren > 0 && !is_signed;
        next = opens ? i + 1 : behind_descendants(table, i);
        done = opens ? part->body : part->end;
        if (status == 0 && is_signed)
            status = write_signed(canon, part, err);
        else if (status == 0 && opens)
            status = canon_header(canon, part, canon_label(part), NULL, err);
        else if (status == 0)
            status = canon_leaf(canon, part, err);
        if (status < 0)
            return -1;
    }
    return canon_between(canon->out, range(canon, done, canon->message.len), err);
}

int canon_entity(struct arena *arena, struct span message, const struct part_table *table, struct spool *out,
                 struct err *err)
{
    if (table->opaque_why != NULL)
        return err_set(err, ERR_AMBIGUOUS, "%s", table->opaque_why);
    struct canon canon = {
        .arena = arena, .message = message, .table = table, .out = out, .text_max = CANON_LINE_TEXT};
    return canon_message(&canon, err);
}

int canon_safe(struct arena *arena, struct span entity, const struct part_table *table,
               enum canon_8bit eight_bit, struct spool *out, struct err *err)
{
    struct shape shape = shape_of(entity);
    shape.has_8bit &= eight_bit == CANON_8BIT_ENCODE;
    if (shape_fits(&shape, CANON_LINE_SMTP) && !shape.has_bare_lf)
        return spool_write_span(out, entity, err);
    if (table->opaque_why != NULL)
        return err_set(err, ERR_AMBIGUOUS, "%s", table->opaque_why);
    struct canon canon = {.arena = arena,
                          .message = entity,
                          .table = table,
                          .out = out,
                          .text_max = CANON_LINE_SMTP,
                          .safe = true};
    return canon_message(&canon, err);
}
