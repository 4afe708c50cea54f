/* report - delivery status, and the header that it is about. */
#include "xform/report.h"

#include "base/text.h"
#include "mime/compose.h"
#include "mime/date.h"

#include <string.h>

#define LINE_MAX_LAW 998
#define FIELD_MAX    8192

static int hex_of(char c)
{
    const char *digits = "0123456789ABCDEF", *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* xtext (RFC 3461 4) as printable ASCII; NULL when it is none. */
static char *decode_xtext(struct arena *arena, const char *xtext)
{
    char *out = arena_alloc(arena, strlen(xtext) + 1);
    size_t n = 0;
    for (const char *p = xtext; *p != '\0'; p++) {
        int c = (unsigned char)*p;
        if (*p == '+') {
            int high = hex_of(p[1]), low = high < 0 ? -1 : hex_of(p[2]);
            if (low < 0)
                return NULL;
            c = high << 4 | low;
            p += 2;
        }
        if (c < ' ' || c > '~')
            return NULL;
        out[n++] = (char)c;
    }
    return out;
}

static unsigned next_code_point(const unsigned char **p)
{
    unsigned c = *(*p)++, more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    unsigned code = more == 0 ? c : c & (0x3fu >> more);
    for (; more > 0 && **p != '\0'; more--)
        code = code << 6 | (*(*p)++ & 0x3fu);
    return code;
}

static char *ascii_of(struct arena *arena, const char *text)
{
    SEAL_CLEANUP(buf_fini) struct buf clean = BUF_INIT(8192);
    text_clean((struct span){text, strnlen(text, 1000)}, &clean);
    char *out = arena_strdup(arena, buf_str(&clean));
    for (char *p = out; *p != '\0'; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
    return out;
}

/* "rfc822; a@b.example", or for an address in UTF-8 "utf-8; j\x{F6}rg@b.example"; octets that are neither cannot be said. */
static char *address_value(struct arena *arena, const char *addr)
{
    if (text_is_ascii(span_of(addr)) || !text_is_utf8(span_of(addr)))
        return arena_printf(arena, "rfc822; %s", ascii_of(arena, addr));
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(8192);
    buf_add_str(&out, "utf-8; ");
    for (const unsigned char *p = (const unsigned char *)addr; *p != '\0';) {
        unsigned c = next_code_point(&p);
        if (c < 0x80 && c != '\\')
            buf_add_char(&out, (char)c);
        else
            buf_printf(&out, "\\x{%X}", c);
    }
    return arena_strdup(arena, buf_str(&out));
}

/* What cannot be written is left out: it is of a stranger, and optional. */
static int put_optional(struct buf *out, const char *name, const char *value, struct err *err)
{
    struct err why = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(FIELD_MAX);
    if (value == NULL || compose_structured(&line, name, value, &why) < 0)
        return 0;
    buf_add_span(out, buf_span(&line));
    return buf_check(out, err);
}

static int put_rcpt(const struct notice_in *in, size_t index, struct buf *out, struct err *err)
{
    const struct recipient *rcpt = &in->envelope->rcpts[index];
    const struct decision *decision = &in->decisions[index];
    const char *status = decision->reply_status != NULL ? decision->reply_status : "5.7.1";
    buf_add_str(out, "\r\n");
    if (put_optional(out, "Original-Recipient",
                     rcpt->orcpt == NULL ? NULL : decode_xtext(in->arena, rcpt->orcpt), err) < 0 ||
        compose_structured(out, "Final-Recipient", address_value(in->arena, rcpt->addr), err) < 0 ||
        compose_structured(out, "Action", "failed", err) < 0 ||
        compose_structured(out, "Status", status, err) < 0)
        return -1;
    return decision->reply_text == NULL
               ? 0
               : put_optional(
                     out, "Diagnostic-Code",
                     arena_printf(in->arena, "x-local; %s", ascii_of(in->arena, decision->reply_text)), err);
}

int report_status(const struct notice_in *in, const struct notice *notice, struct buf *out, struct err *err)
{
    char date[DATE_TEXT_SIZE];
    const char *envid = in->envelope->envid;
    date_print(in->now, date);
    if (put_optional(out, "Original-Envelope-Id", envid == NULL ? NULL : decode_xtext(in->arena, envid),
                     err) < 0 ||
        compose_structured(out, "Reporting-MTA", arena_printf(in->arena, "dns; %s", in->settings->hostname),
                           err) < 0 ||
        compose_structured(out, "Arrival-Date", date, err) < 0)
        return -1;
    for (size_t i = 0; i < notice->nrcpts; i++)
        if (put_rcpt(in, notice->rcpts[i], out, err) < 0)
            return -1;
    return buf_check(out, err);
}

static bool has_long_line(struct span field)
{
    size_t line = 0;
    for (size_t i = 0; i < field.len; i++) {
        line = field.ptr[i] == '\n' ? 0 : line + 1;
        if (line > LINE_MAX_LAW)
            return true;
    }
    return false;
}

static void add_field(struct span field, struct buf *out)
{
    for (size_t i = 0; i < field.len; i++) {
        char c = field.ptr[i];
        bool before_lf = c == '\r' && i + 1 < field.len && field.ptr[i + 1] == '\n';
        if (c == '\n')
            buf_add_str(out, "\r\n");
        else if (!before_lf)
            buf_add_char(out, (c < ' ' && c != '\t') || c > '~' ? '?' : c);
    }
}

void report_header(const struct header *header, struct buf *out)
{
    for (size_t i = 0; i < header->n; i++) {
        const struct field *field = &header->fields[i];
        if (field->name.len == 0 || has_long_line(field->raw))
            continue;
        if (out->len + 2 * field->raw.len > REPORT_HEADER_MAX)
            return;
        add_field(field->raw, out);
    }
}
