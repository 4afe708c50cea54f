/* notice - header, text for people, and for a report the two parts for programs. */
#include "xform/notice.h"

#include "base/text.h"
#include "mime/compose.h"
#include "mime/date.h"
#include "mime/transfer.h"
#include "xform/fill.h"
#include "xform/report.h"

#include <string.h>

#define HEAD_MAX    (64u << 10)
#define TEXT_MAX    (1u << 20)
#define REPORT_MAX  (16u << 20) /* ENVELOPE_RCPT_MAX recipients */
#define SUBJECT_MAX 300         /* octets of a Subject of ours */
#define NAMED_MAX   20          /* recipients that are named in a text */
#define ID_MAX      500
#define IDS_MAX     20

/* ---- what a text can say ---- */

static const char *name_recipients(const struct notice_in *in, const struct notice *notice)
{
    SEAL_CLEANUP(buf_fini) struct buf names = BUF_INIT(TEXT_MAX);
    size_t n = notice->nrcpts < NAMED_MAX ? notice->nrcpts : NAMED_MAX;
    for (size_t i = 0; i < n; i++)
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", in->envelope->rcpts[notice->rcpts[i]].addr);
    if (notice->nrcpts > n)
        buf_printf(&names, " and %zu more", notice->nrcpts - n);
    return arena_strdup(in->arena, buf_str(&names));
}

static const char *or_dash(const char *text)
{
    return text == NULL || *text == '\0' ? "-" : text;
}

static void make_values(const struct notice_in *in, const struct notice *notice,
                        const char *values[TEMPLATE_WORDS])
{
    char date[DATE_TEXT_SIZE];
    const char *first = notice->nrcpts > 0 ? in->envelope->rcpts[notice->rcpts[0]].addr : NULL;
    date_print(in->now, date);
    values[TEMPLATE_TEXT] = "";
    values[TEMPLATE_SENDER] = *in->facts->sender == '\0' ? "<>" : in->facts->sender;
    values[TEMPLATE_RECIPIENT] = or_dash(first);
    values[TEMPLATE_RECIPIENTS] = or_dash(name_recipients(in, notice));
    values[TEMPLATE_RULE] = or_dash(notice->rule);
    values[TEMPLATE_QUEUE_ID] = or_dash(in->envelope->queue_id);
    values[TEMPLATE_DATE] = arena_strdup(in->arena, date);
    values[TEMPLATE_HOSTNAME] = in->settings->hostname;
    values[TEMPLATE_SUBJECT] = or_dash(in->facts->subject);
}

/* Ours, where the policy gives no words. */
static const struct {
    const char *subject;
    const char *lines[4];
} own_words[] = {
    [NOTICE_RETURN] =
        {"Undelivered mail returned to sender",
         {"This is the mail gateway at {hostname}.", "",
          "Your message could not be delivered to those named below. Nothing more will be tried "
          "for them."}},
    [NOTICE_SENDER] = {"Your message to {recipients}",
                       {"This is the mail gateway at {hostname}.", "",
                        "Your message to {recipients} was accepted."}},
    [NOTICE_ALERT] = {"Alert of the mail gateway: {rule}",
                      {"The rule \"{rule}\" was applied at {hostname}, {date}.", "",
                       "Message {queue-id} from {sender} to {recipients}."}},
};

static void add_line(const struct notice_in *in, const char *template, const char *const *values,
                     struct buf *out)
{
    buf_add_str(out, fill_template(in->arena, template, values));
    buf_add_str(out, "\r\n");
}

static void add_returned(const struct notice_in *in, const struct notice *notice, struct buf *out)
{
    for (size_t i = 0; i < notice->nrcpts; i++) {
        const char *text = in->decisions[notice->rcpts[i]].reply_text;
        buf_add_str(out, "\r\n  <");
        text_clean(span_of(in->envelope->rcpts[notice->rcpts[i]].addr), out);
        buf_add_str(out, ">\r\n");
        if (text == NULL)
            continue;
        buf_add_str(out, "    ");
        text_clean(span_of(text), out);
        buf_add_str(out, "\r\n");
    }
    buf_add_str(out, "\r\nThe message itself is not part of this report; its header follows.\r\n");
}

static void make_text(const struct notice_in *in, const struct notice *notice, const char *const *values,
                      struct buf *out)
{
    for (size_t i = 0; i < notice->nlines; i++)
        add_line(in, notice->lines[i], values, out);
    const char *const *own = own_words[notice->kind].lines;
    for (size_t i = 0; notice->nlines == 0 && i < SEAL_COUNT(own_words[0].lines) && own[i] != NULL; i++)
        add_line(in, own[i], values, out);
    if (notice->kind == NOTICE_RETURN)
        add_returned(in, notice, out);
}

/* ---- header ---- */

static int put_to(const struct notice *notice, struct buf *head, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf value = BUF_INIT(HEAD_MAX);
    bool ascii = true;
    for (size_t i = 0; i < notice->nto; i++) {
        ascii = ascii && text_is_ascii(span_of(notice->to[i]));
        buf_printf(&value, "%s<%s>", i == 0 ? "" : ", ", notice->to[i]);
    }
    if (buf_check(&value, err) < 0)
        return -1;
    return compose_structured(head, "To",
                              ascii && notice->nto > 0 ? buf_str(&value) : "undisclosed-recipients:;", err);
}

static int put_subject(const struct notice_in *in, const struct notice *notice, const char *const *values,
                       struct buf *head, struct err *err)
{
    const char *template = notice->subject != NULL ? notice->subject : own_words[notice->kind].subject;
    char *subject = fill_template(in->arena, template, values);
    size_t n = strlen(subject);
    if (n > SUBJECT_MAX) {
        for (n = SUBJECT_MAX; n > 0 && ((unsigned char)subject[n] & 0xc0) == 0x80; n--)
            continue;
        subject[n] = '\0';
    }
    return compose_unstructured(head, "Subject", subject, err);
}

/* "<a@b>" that can be repeated. */
static bool is_id(struct span id)
{
    if (id.len < 3 || id.len > ID_MAX || id.ptr[0] != '<' || id.ptr[id.len - 1] != '>')
        return false;
    for (size_t i = 1; i + 1 < id.len; i++)
        if (id.ptr[i] <= ' ' || id.ptr[i] > '~' || id.ptr[i] == '<' || id.ptr[i] == '>')
            return false;
    return true;
}

/* Of the message that is answered; NULL when it has none. */
static const char *answered_id(const struct notice_in *in)
{
    const struct field *field = header_find(in->header, "Message-ID", 0);
    struct span id = field == NULL ? SPAN_LIT("") : span_trim(field->value);
    return is_id(id) ? arena_spandup(in->arena, id) : NULL;
}

static int put_answer(const struct notice_in *in, struct buf *head, struct err *err)
{
    const char *id = answered_id(in);
    if (id != NULL && (compose_structured(head, "In-Reply-To", id, err) < 0 ||
                       compose_structured(head, "References", id, err) < 0))
        return -1;
    return compose_structured(head, "Auto-Submitted", "auto-replied", err);
}

/* The last ids of many. */
struct ids {
    struct span items[IDS_MAX];
    size_t n;
};

static void add_ids(struct ids *ids, struct span value)
{
    for (size_t at = 0, end; at < value.len; at = end + 1) {
        for (end = at; end < value.len && strchr(" \t\r\n", value.ptr[end]) == NULL; end++)
            continue;
        if (is_id(span_sub(value, at, end - at)))
            ids->items[ids->n++ % IDS_MAX] = span_sub(value, at, end - at);
    }
}

/*
 * What an alert about a machine's mail is about, and what that was about: so two gateways that alert each other see where it began. Other mail's
 * ids are no business of whoever is alerted.
 */
static int put_history(const struct notice_in *in, struct buf *head, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf value = BUF_INIT(HEAD_MAX);
    struct ids ids = {.n = 0};
    const struct field *field;
    if (*in->facts->sender != '\0')
        return 0;
    for (size_t i = 0; (field = header_find(in->header, "References", i)) != NULL; i++)
        add_ids(&ids, field->value);
    if ((field = header_find(in->header, "Message-ID", 0)) != NULL)
        add_ids(&ids, field->value);
    for (size_t i = ids.n > IDS_MAX ? ids.n - IDS_MAX : 0; i < ids.n; i++)
        buf_printf(&value, "%.*s ", SPAN_ARG(ids.items[i % IDS_MAX]));
    return ids.n == 0 ? 0 : compose_structured(head, "References", buf_str(&value), err);
}

static int put_alert(const struct notice_in *in, struct buf *head, struct err *err)
{
    return put_history(in, head, err) < 0 ? -1
                                          : compose_structured(head, "Auto-Submitted", "auto-generated", err);
}

static int put_head(const struct notice_in *in, const struct notice *notice, const char *id,
                    const char *const *values, struct buf *head, struct err *err)
{
    char date[DATE_TEXT_SIZE];
    date_print(in->now, date);
    if (compose_structured(head, "From", in->settings->notice_from, err) < 0 ||
        put_to(notice, head, err) < 0 || put_subject(in, notice, values, head, err) < 0 ||
        compose_structured(head, "Date", date, err) < 0 ||
        compose_structured(head, "Message-ID", id, err) < 0)
        return -1;
    if ((notice->kind == NOTICE_ALERT ? put_alert(in, head, err) : put_answer(in, head, err)) < 0)
        return -1;
    buf_add_str(head, "MIME-Version: 1.0\r\n");
    return buf_check(head, err);
}

/* ---- whole ---- */

static int put(struct spool *out, const struct buf *text, struct err *err)
{
    return buf_check(text, err) < 0 ? -1 : spool_write_span(out, buf_span(text), err);
}

static int write_text(const struct buf *text, struct spool *out, struct err *err)
{
    static const char head[] = "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    if (buf_check(text, err) < 0 || spool_write_span(out, SPAN_LIT(head), err) < 0)
        return -1;
    return qp_encode(buf_span(text), out, err);
}

static int write_report(const struct notice_in *in, const struct notice *notice, const struct buf *text,
                        struct spool *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf programs = BUF_INIT(REPORT_MAX);
    SEAL_CLEANUP(buf_fini) struct buf header = BUF_INIT(2 * REPORT_HEADER_MAX);
    SEAL_CLEANUP(buf_fini) struct buf status = BUF_INIT(REPORT_MAX);
    char boundary[BOUNDARY_MAX + 1];
    report_header(in->header, &header);
    if (report_status(in, notice, &status, err) < 0 || compose_boundary(buf_span(&header), boundary, err) < 0)
        return -1;
    const char *head = arena_printf(in->arena,
                                    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
                                    " boundary=\"%s\"\r\n\r\n--%s\r\n",
                                    boundary, boundary);
    buf_printf(&programs, "\r\n--%s\r\nContent-Type: message/delivery-status\r\n\r\n", boundary);
    buf_add_span(&programs, buf_span(&status));
    buf_printf(&programs, "\r\n--%s\r\nContent-Type: text/rfc822-headers\r\n\r\n", boundary);
    buf_add_span(&programs, buf_span(&header));
    buf_printf(&programs, "\r\n--%s--\r\n", boundary);
    if (spool_write_span(out, span_of(head), err) < 0 || write_text(text, out, err) < 0)
        return -1;
    return put(out, &programs, err);
}

int notice_write(const struct notice_in *in, const struct notice *notice, const char *id, struct spool **out,
                 struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf head = BUF_INIT(HEAD_MAX);
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(REPORT_MAX);
    const char *values[TEMPLATE_WORDS];
    make_values(in, notice, values);
    make_text(in, notice, values, &text);
    *out = spool_new(&in->spool);
    if (put_head(in, notice, id, values, &head, err) == 0 && put(*out, &head, err) == 0 &&
        (notice->kind == NOTICE_RETURN ? write_report(in, notice, &text, *out, err)
                                       : write_text(&text, *out, err)) == 0 &&
        spool_seal(*out, err) == 0)
        return 0;
    spool_free(out);
    return -1;
}
