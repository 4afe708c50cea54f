/* parse_content - what the message is by its header and parts. */
#include "policy/parser.h"

#include <string.h>

/* ---- header fields ---- */

int parser_header(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_HEADER;
    p->condition->name = parser_field_name(p, err);
    if (p->condition->name == NULL)
        return -1;
    if (parser_at_end(p))
        return 0;
    if (!parser_text_test(p))
        return parser_expected(p, err, "is, contains, like, or nothing more");
    return parser_values(p, "a value of the header field", err);
}

int parser_subject(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_HEADER;
    p->condition->name = "Subject";
    if (!parser_text_test(p))
        return parser_expected(p, err, "is, contains or like");
    return parser_values(p, "a text of the Subject", err);
}

/* ---- attachments ---- */

static int read_type(struct parser *p, size_t *cap, struct err *err)
{
    struct condition *c = p->condition;
    const char *slash = parser_has_text(p) ? strchr(p->at->text, '/') : NULL;
    if (slash == NULL || slash == p->at->text || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
        return parser_expected(p, err, "a MIME type such as application/pdf or image/*");
    const char *type = parser_text(p, "a MIME type", err);
    c->types = arena_grow(p->policy->arena, c->types, c->ntypes, cap, sizeof *c->types);
    c->types[c->ntypes++] = type;
    return 0;
}

static int read_types(struct parser *p, struct err *err)
{
    size_t cap = 0;
    do {
        if (read_type(p, &cap, err) < 0)
            return -1;
    } while (parser_take(p, "or"));
    return 0;
}

int parser_attachment(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_ATTACHMENT;
    if (parser_take(p, "name")) {
        if (!parser_text_test(p))
            p->condition->test = TEXT_LIKE;
        if (parser_values(p, "the name of an attachment", err) < 0)
            return -1;
    }
    if (parser_take(p, "type"))
        return read_types(p, err);
    return parser_at_end(p) ? 0 : parser_expected(p, err, "name, type, or nothing more");
}

/* ---- what has a name of its own ---- */

int parser_priority(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_PRIORITY;
    return parser_set(p, &priority_names, err);
}

int parser_sensitivity(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_SENSITIVITY;
    return parser_set(p, &sensitivity_names, err);
}

int parser_trait(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_TRAIT;
    p->at--;
    return parser_set(p, &trait_names, err);
}
