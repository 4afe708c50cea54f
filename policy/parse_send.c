/* parse_send - who else gets the message, and who is told of it. */
#include "policy/parser.h"

#include "model/template.h"

#define LINES_MAX 100

static int read_address(struct parser *p, struct err *err)
{
    struct step *step = p->step;
    size_t cap = step->nto; /* lists are short: a new array each time */
    const char *address = parser_address(p, err);
    if (address == NULL)
        return -1;
    step->to = arena_grow(p->policy->arena, step->to, step->nto, &cap, sizeof *step->to);
    step->to[step->nto++] = address;
    return 0;
}

/* ---- copy, forward, redirect ---- */

static int read_receiver(struct parser *p, enum step_kind kind, struct err *err)
{
    p->step->kind = kind;
    return parser_need(p, "to", err) < 0 ? -1 : read_address(p, err);
}

int parser_copy(struct parser *p, struct err *err)
{
    return read_receiver(p, STEP_COPY, err);
}

int parser_forward(struct parser *p, struct err *err)
{
    return read_receiver(p, STEP_FORWARD, err);
}

int parser_redirect(struct parser *p, struct err *err)
{
    return read_receiver(p, STEP_REDIRECT, err);
}

/* ---- notify, alert ---- */

static const char *read_template(struct parser *p, const char *what, struct err *err)
{
    struct template_piece piece;
    if (p->at->kind != TOKEN_STRING) {
        parser_expected(p, err, what);
        return NULL;
    }
    for (const char *at = p->at->text; template_next(&at, &piece);) {
        if (piece.word != TEMPLATE_UNKNOWN)
            continue;
        lex_error(&p->lex, p->at, err,
                  "found '%.*s', expected {sender}, {recipient}, {recipients}, {rule}, {queue-id}, {date}, "
                  "{hostname} or {subject}",
                  SPAN_ARG(span_sub(piece.text, 0, 40)));
        return NULL;
    }
    return arena_strdup(p->policy->arena, p->at++->text);
}

/* Commas between the lines let them stand on lines of their own. */
static int read_lines(struct parser *p, struct err *err)
{
    struct step *step = p->step;
    size_t cap = 0;
    for (bool comma = false; comma || p->at->kind == TOKEN_STRING; comma = parser_take(p, ",")) {
        if (step->nlines == LINES_MAX)
            return lex_error(&p->lex, p->at, err, "found a text of more than %d lines", LINES_MAX);
        const char *line = read_template(p, "a line of text in quotes", err);
        if (line == NULL)
            return -1;
        step->lines = arena_grow(p->policy->arena, step->lines, step->nlines, &cap, sizeof *step->lines);
        step->lines[step->nlines++] = line;
    }
    return 0;
}

static int read_notice(struct parser *p, struct err *err)
{
    if (parser_take(p, "subject")) {
        p->step->subject = read_template(p, "the Subject in quotes", err);
        if (p->step->subject == NULL)
            return -1;
        parser_take(p, ",");
    }
    return read_lines(p, err);
}

int parser_notify(struct parser *p, struct err *err)
{
    p->step->kind = STEP_NOTIFY;
    return parser_need(p, "sender", err) < 0 ? -1 : read_notice(p, err);
}

int parser_alert(struct parser *p, struct err *err)
{
    p->step->kind = STEP_ALERT;
    do {
        if (read_address(p, err) < 0)
            return -1;
    } while (parser_take(p, "or"));
    parser_take(p, ",");
    return read_notice(p, err);
}
