/* canon_leaf - whether a body can travel as it is, and how it is encoded when it cannot. */
#include "mime/canon_internal.h"

#include "mime/leaf.h"
#include "mime/shape.h"
#include "mime/transfer.h"

#include <string.h>

enum treatment {
    TREATMENT_KEEP, /* but for bare LFs */
    TREATMENT_QP,
    TREATMENT_BASE64,
    TREATMENT_NESTED, /* a message: its own parts are made canonical */
    TREATMENT_NONE    /* nothing that we may do helps */
};

static bool is_encoded(const struct part *part)
{
    return part->encoding == ENCODING_QP || part->encoding == ENCODING_BASE64;
}

static bool is_text(const struct part *part)
{
    return part_is(part, "text", "*") || part_is(part, "message", "*");
}

static bool is_message(const struct part *part)
{
    return part_is(part, "message", "rfc822") || part_is(part, "message", "global") ||
           part_is(part, "message", "news");
}

/* A last line that goes on: some relays add or drop a line end behind it. */
static bool ends_softly(const struct part *part, struct span body)
{
    struct span trimmed = span_trim(body);
    return part->encoding == ENCODING_QP && trimmed.len > 0 && trimmed.ptr[trimmed.len - 1] == '=';
}

static bool may_stay(const struct canon *canon, const struct part *part, struct span body,
                     const struct shape *shape)
{
    if (part->encoding == ENCODING_BINARY && shape->has_bare_lf && !is_text(part))
        return false; /* octets, not lines */
    bool narrow = is_encoded(part) || part_is(part, "text", "*");
    if (!shape_fits(shape, narrow ? canon->text_max : CANON_LINE_SMTP))
        return false;
    if (canon->safe)
        return true;
    return !(shape->has_from && part_is(part, "text", "*")) && !ends_softly(part, body);
}

static enum treatment treatment_of(const struct canon *canon, const struct part *part, struct span body,
                                   const struct shape *shape)
{
    if (may_stay(canon, part, body, shape))
        return TREATMENT_KEEP;
    if (part->encoding == ENCODING_UNKNOWN)
        return shape_fits(shape, CANON_LINE_SMTP) ? TREATMENT_KEEP : TREATMENT_NONE;
    if (is_message(part) && !is_encoded(part))
        return TREATMENT_NESTED;
    if (part_is(part, "message", "partial") || part_is(part, "message", "external-body"))
        return TREATMENT_NONE;
    bool as_text = is_text(part) && part->encoding != ENCODING_BASE64 && !shape->has_nul;
    return as_text ? TREATMENT_QP : TREATMENT_BASE64;
}

/* A type for text that has none and is no ASCII. */
static const char *missing_type(const struct part *part, struct span body, const struct shape *shape)
{
    if (!shape->has_8bit || header_find(&part->header, "Content-Type", 0) != NULL ||
        !part_is(part, "text", "plain"))
        return NULL;
    return leaf_is_utf8(body) ? "text/plain; charset=utf-8" : "text/plain; charset=unknown-8bit";
}

static int write_kept(struct canon *canon, const struct part *part, struct span body,
                      const struct shape *shape, struct err *err)
{
    if (canon_header(canon, part, canon_label(part), NULL, err) < 0)
        return -1;
    return shape->has_bare_lf ? canon_lines(canon->out, body, err) : spool_write_span(canon->out, body, err);
}

static int write_encoded(struct canon *canon, const struct part *part, enum treatment treatment,
                         struct span body, const char *type, struct err *err)
{
    bool qp = treatment == TREATMENT_QP;
    if (canon_header(canon, part, qp ? "quoted-printable" : "base64", type, err) < 0)
        return -1;
    return qp ? qp_encode(body, canon->out, err) : base64_encode(body, canon->out, err);
}

/*
 * What says base64 and is not (a list's footer behind it) is left as it is, when it can travel so. Else there is nothing sound to be done:
 * readers differ on what it holds.
 */
static int write_decoded(struct canon *canon, const struct part *part, enum treatment treatment,
                         struct span body, const struct shape *shape, struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *plain = spool_like(canon->out);
    if (transfer_decode(part->encoding, body, plain, err) < 0) {
        if (err->code != ERR_SYNTAX)
            return -1;
        if (!shape_fits(shape, CANON_LINE_SMTP))
            return err_wrap(err, "a part that cannot be made 7-bit");
        err_clear(err);
        return write_kept(canon, part, body, shape, err);
    }
    if (spool_seal(plain, err) < 0)
        return -1;
    return write_encoded(canon, part, treatment, spool_all(plain), NULL, err);
}

static int write_nested(struct canon *outer, const struct part *part, struct span body, struct err *err)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct part_table table;
    if (outer->nested == CANON_NESTED_MAX)
        return err_set(err, ERR_UNSUPPORTED, "messages are attached to messages too deep");
    if (part_parse(outer->arena, body, &limits, &table, err) < 0)
        return -1;
    if (table.opaque_why != NULL)
        return err_set(err, ERR_UNSUPPORTED, "an attached message cannot be made 7-bit: %s",
                       table.opaque_why);
    if (canon_header(outer, part, canon_label(part), NULL, err) < 0)
        return -1;
    struct canon inner = *outer;
    inner.message = body;
    inner.table = &table;
    inner.nested++;
    return canon_message(&inner, err);
}

int canon_leaf(struct canon *canon, const struct part *part, struct err *err)
{
    struct span body = span_sub(canon->message, part->body, part->end - part->body);
    struct shape shape = shape_of(body);
    enum treatment treatment = treatment_of(canon, part, body, &shape);
    switch (treatment) {
    case TREATMENT_KEEP:
        return write_kept(canon, part, body, &shape, err);
    case TREATMENT_QP:
    case TREATMENT_BASE64:
        if (is_encoded(part))
            return write_decoded(canon, part, treatment, body, &shape, err);
        return write_encoded(canon, part, treatment, body, missing_type(part, body, &shape), err);
    case TREATMENT_NESTED:
        return write_nested(canon, part, body, err);
    case TREATMENT_NONE:
        break;
    }
    return err_set(err, ERR_UNSUPPORTED, "a part that cannot be made 7-bit");
}
