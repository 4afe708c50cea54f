/* plan_reply - what the sender reads when a message is refused or deferred. */
#include "policy/planning.h"

#include <string.h>

#define ADDR_ROOM      330 /* octets: one address, with brackets */
#define REPLY_TEXT_MAX 480 /* octets: one reply line, with code and status, holds 512 (RFC 5321 4.5.3.1.5) */

static bool same_text(const struct decision *a, const struct decision *b)
{
    return a->reply_text == b->reply_text ||
           (a->reply_text != NULL && b->reply_text != NULL && strcmp(a->reply_text, b->reply_text) == 0);
}

static bool is_meant(const struct planning *p, size_t rcpt)
{
    return p->decisions[rcpt].disposition == p->plan->disposition;
}

/* " (a@example.org, b@example.org)", as many as the reply holds. */
static void name_recipients(const struct planning *p, size_t first, struct buf *text)
{
    size_t left_out = 0;
    buf_add_str(text, " (");
    for (size_t i = first; i < p->facts->nrcpts; i++) {
        if (!is_meant(p, i) || !same_text(&p->decisions[i], &p->decisions[first]))
            continue;
        const char *addr = p->facts->rcpts[i].addr;
        if (i > first && text->len + strlen(addr) + 40 > REPLY_TEXT_MAX)
            left_out++;
        else
            buf_printf(text, "%s%s", i > first ? ", " : "", addr);
    }
    if (left_out > 0)
        buf_printf(text, " and %zu more", left_out);
    buf_add_char(text, ')');
}

static bool was_said(const struct planning *p, size_t rcpt)
{
    for (size_t i = 0; i < rcpt; i++)
        if (is_meant(p, i) && same_text(&p->decisions[i], &p->decisions[rcpt]))
            return true;
    return false;
}

void plan_reply(struct planning *p)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    struct plan *plan = p->plan;
    for (size_t i = 0; i < p->facts->nrcpts; i++) {
        const struct decision *decision = &p->decisions[i];
        if (!is_meant(p, i) || decision->reply_text == NULL || was_said(p, i))
            continue;
        if (text.len > 0 && text.len + strlen(decision->reply_text) + ADDR_ROOM > REPLY_TEXT_MAX)
            break;
        if (plan->reply_status == NULL)
            plan->reply_status = decision->reply_status;
        buf_add_str(&text, text.len > 0 ? "; " : "");
        buf_add_str(&text, decision->reply_text);
        name_recipients(p, i, &text);
    }
    plan->reply_text = arena_strdup(p->arena, buf_str(&text));
}
