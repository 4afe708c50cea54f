/* parse_field - add, replace and delete header fields; add autocrypt. */
#include "policy/parser.h"

#include <string.h>
#include <strings.h>

/*
 * What the structure hangs on, who the mail is from and for, and what others have signed, traced or found; and our own marks, which hygiene
 * and the status steps keep.
 */
static bool is_kept(const char *field)
{
    static const char *const names[] = {"MIME-Version",
                                        "From",
                                        "Sender",
                                        "To",
                                        "Cc",
                                        "Bcc",
                                        "Date",
                                        "Message-ID",
                                        "Received",
                                        "Return-Path",
                                        "Authentication-Results"};
    static const char *const beginnings[] = {"Content-", "DKIM-", "ARC-", "Resent-", "X-Sealmilter-"};
    for (size_t i = 0; i < SEAL_COUNT(names); i++)
        if (strcasecmp(field, names[i]) == 0)
            return true;
    for (size_t i = 0; i < SEAL_COUNT(beginnings); i++)
        if (strncasecmp(field, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

static int read_field(struct parser *p, enum field_action action, struct err *err)
{
    struct step *step = p->step;
    step->kind = STEP_HEADER;
    step->action = action;
    if (parser_need(p, "header", err) < 0)
        return -1;
    const struct token *at = p->at;
    step->field = parser_field_name(p, err);
    if (step->field == NULL)
        return -1;
    if (is_kept(step->field))
        return lex_error(&p->lex, at, err, "found '%s', which no rule may add, change or remove",
                         step->field);
    return 0;
}

static int read_field_and_value(struct parser *p, enum field_action action, struct err *err)
{
    if (read_field(p, action, err) < 0)
        return -1;
    if (p->at->kind != TOKEN_STRING || *p->at->text == '\0')
        return parser_expected(p, err, "the value of the header field in quotes");
    p->step->text = parser_text(p, "the value of the header field in quotes", err);
    return p->step->text == NULL ? -1 : 0;
}

/* "mutual" is all that prefer-encrypt can say. */
static void read_autocrypt(struct parser *p)
{
    p->step->kind = STEP_AUTOCRYPT;
    p->step->text = parser_take(p, "mutual") ? "mutual" : NULL;
}

int parser_add(struct parser *p, struct err *err)
{
    if (parser_take(p, "autocrypt")) {
        read_autocrypt(p);
        return 0;
    }
    if (!parser_next_is(p, "header"))
        return parser_expected(p, err, "header or autocrypt");
    return read_field_and_value(p, FIELD_ADD, err);
}

int parser_replace(struct parser *p, struct err *err)
{
    return read_field_and_value(p, FIELD_REPLACE, err);
}

int parser_delete(struct parser *p, struct err *err)
{
    return read_field(p, FIELD_DELETE, err);
}
