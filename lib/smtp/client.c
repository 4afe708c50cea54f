/* client - one SMTP connection, one transaction after the other. */
#include "smtp/client.h"

#include "base/buf.h"
#include "base/io.h"
#include "smtp/stuff.h"
#include "smtp/syntax.h"

#include <stdlib.h>
#include <string.h>

#define REPLY_LINES_MAX 100
#define COMMAND_MAX     4096
#define BATCH           50 /* commands on the way at once: their answers fit any socket buffer */
#define QUIT_SECONDS    2

enum extension {
    EXT_PIPELINING = 1 << 0,
    EXT_8BITMIME = 1 << 1,
    EXT_DSN = 1 << 2,
    EXT_SMTPUTF8 = 1 << 3,
    EXT_REQUIRETLS = 1 << 4,
    EXT_SIZE = 1 << 5,
};

struct smtp {
    struct wire *wire;
    unsigned extensions;
    size_t size_max; /* 0: the server names none */
    bool good;       /* in step with the server: QUIT will be understood */
};

static const struct {
    const char *word;
    enum extension bit;
} extensions[] = {
    {"PIPELINING", EXT_PIPELINING}, {"8BITMIME", EXT_8BITMIME},     {"DSN", EXT_DSN},
    {"SMTPUTF8", EXT_SMTPUTF8},     {"REQUIRETLS", EXT_REQUIRETLS}, {"SIZE", EXT_SIZE},
};

/* One line of EHLO's answer, behind the code. */
static void note_extension(struct smtp *smtp, struct span line)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] != ' ')
        n++;
    for (size_t i = 0; i < SEAL_COUNT(extensions); i++)
        if (span_is_nocase(span_sub(line, 0, n), extensions[i].word))
            smtp->extensions |= extensions[i].bit;
    if (!span_is_nocase(span_sub(line, 0, n), "SIZE"))
        return;
    smtp->size_max = 0;
    for (size_t i = n + 1; i < line.len && line.ptr[i] >= '0' && line.ptr[i] <= '9'; i++)
        if (smtp->size_max < SIZE_MAX / 100)
            smtp->size_max = smtp->size_max * 10 + (size_t)(line.ptr[i] - '0');
}

/* "250", "250 text", "250-text": the code, or 0 for what is no line of an answer. */
static unsigned line_code(struct span line)
{
    if (line.len < 3 || (line.len > 3 && line.ptr[3] != ' ' && line.ptr[3] != '-'))
        return 0;
    unsigned code = 0;
    for (size_t i = 0; i < 3; i++) {
        if (line.ptr[i] < '0' || line.ptr[i] > '9')
            return 0;
        code = code * 10 + (unsigned)(line.ptr[i] - '0');
    }
    return code >= 200 && code <= 599 ? code : 0;
}

typedef void line_fn(struct smtp *smtp, struct span text);

/* A whole answer; 0 only when its code is of the wanted class (its first digit). what names the command for the error. */
static int expect(struct smtp *smtp, unsigned wanted, const char *what, line_fn *each, struct err *err)
{
    unsigned first = 0;
    struct span line = {"", 0};
    for (size_t n = 0;; n++) {
        if (wire_read_line(smtp->wire, &line, err) < 0)
            return err_wrap(err, "%s", what);
        unsigned code = line_code(line);
        if (n == 0)
            first = code;
        if (code == 0 || code != first || n == REPLY_LINES_MAX)
            return err_set(err, ERR_PEER_TEMP, "%s: answer not understood: %.*s", what, SPAN_ARG(line));
        if (n > 0 && each != NULL)
            each(smtp, span_sub(line, 4, SIZE_MAX));
        if (line.len == 3 || line.ptr[3] == ' ')
            break;
    }
    if (first / 100 == wanted)
        return 0;
    return err_set(err, first >= 500 ? ERR_PEER_PERM : ERR_PEER_TEMP, "%s: answered %.*s", what,
                   SPAN_ARG(line));
}

/* A point where tests stop the process or make the step fail. */
static int point(const char *what, struct err *err)
{
    int fault = io_point(what);
    if (fault != 0)
        return err_set(err, ERR_PEER_TEMP, "%s: %s", what, strerror(fault));
    return 0;
}

static int say(struct smtp *smtp, struct span line, struct err *err)
{
    smtp->good = false; /* until its answer is read */
    if (wire_write(smtp->wire, line, err) < 0 || wire_write(smtp->wire, SPAN_LIT("\r\n"), err) < 0)
        return -1;
    return 0;
}

int smtp_connect(const char *target, const struct wire_conf *conf, struct smtp **out, struct err *err)
{
    struct wire *wire = NULL;
    if (point("inject-connect", err) < 0 || wire_connect(target, conf, &wire, err) < 0)
        return -1;
    *out = xcalloc(1, sizeof **out);
    (*out)->wire = wire;
    return 0;
}

int smtp_local_name(const struct smtp *smtp, struct wire_name *out, struct err *err)
{
    return wire_local_name(smtp->wire, out, err);
}

int smtp_hello(struct smtp *smtp, const char *name, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf command = BUF_INIT(COMMAND_MAX);
    if (!syntax_is_hostname(name))
        return err_set(err, ERR_CONFIG, "%s is no host name", name);
    buf_printf(&command, "EHLO %s", name);
    if (point("inject-hello", err) < 0 || expect(smtp, 2, "greeting", NULL, err) < 0 ||
        say(smtp, buf_span(&command), err) < 0 || wire_flush(smtp->wire, err) < 0 ||
        expect(smtp, 2, "EHLO", note_extension, err) < 0)
        return -1;
    smtp->good = true;
    return 0;
}

bool smtp_offers(const struct smtp *smtp, const char *word)
{
    for (size_t i = 0; i < SEAL_COUNT(extensions); i++)
        if (strcmp(extensions[i].word, word) == 0)
            return (smtp->extensions & extensions[i].bit) != 0;
    return false;
}

static int check_extensions(const struct smtp *smtp, const struct smtp_mail *mail, struct err *err)
{
    if (mail->smtputf8 && (smtp->extensions & EXT_SMTPUTF8) == 0)
        return err_set(err, ERR_PEER_PERM, "injection listener does not offer SMTPUTF8");
    if (mail->requiretls && (smtp->extensions & EXT_REQUIRETLS) == 0)
        return err_set(err, ERR_PEER_PERM, "injection listener does not offer REQUIRETLS");
    if (mail->headers_only_required && (smtp->extensions & EXT_DSN) == 0)
        return err_set(err, ERR_PEER_PERM,
                       "injection listener does not offer DSN: what was opened could bounce out");
    if (smtp->size_max != 0 && mail->message.len > smtp->size_max)
        return err_set(err, ERR_TOO_BIG, "%zu octets, the injection listener takes %zu", mail->message.len,
                       smtp->size_max);
    return 0;
}

int smtp_check(const struct smtp *smtp, const struct smtp_mail *mail, struct err *err)
{
    if (!syntax_is_path(mail->sender) || (!mail->smtputf8 && !syntax_is_ascii(mail->sender)))
        return err_set(err, ERR_SYNTAX, "sender %s cannot be put into a command", mail->sender);
    if (mail->ret != NULL && !syntax_is_ret(mail->ret))
        return err_set(err, ERR_SYNTAX, "RET=%s is no parameter", mail->ret);
    if (mail->envid != NULL && !syntax_is_envid(mail->envid))
        return err_set(err, ERR_SYNTAX, "ENVID=%s is no parameter", mail->envid);
    if (mail->body != NULL && !syntax_is_body(mail->body))
        return err_set(err, ERR_SYNTAX, "BODY=%s is no parameter", mail->body);
    for (size_t i = 0; i < mail->nrcpts; i++) {
        const struct smtp_rcpt *rcpt = &mail->rcpts[i];
        if (!syntax_is_path(rcpt->path) || (!mail->smtputf8 && !syntax_is_ascii(rcpt->path)))
            return err_set(err, ERR_SYNTAX, "recipient %s cannot be put into a command", rcpt->path);
        if (rcpt->notify != NULL && !syntax_is_notify(rcpt->notify))
            return err_set(err, ERR_SYNTAX, "NOTIFY=%s is no parameter", rcpt->notify);
        if (rcpt->orcpt != NULL && !syntax_is_orcpt(rcpt->orcpt))
            return err_set(err, ERR_SYNTAX, "ORCPT=%s is no parameter", rcpt->orcpt);
    }
    return check_extensions(smtp, mail, err);
}

static void write_mail(const struct smtp *smtp, const struct smtp_mail *mail, struct buf *out)
{
    buf_printf(out, "MAIL FROM:%s", mail->sender);
    if ((smtp->extensions & EXT_SIZE) != 0)
        buf_printf(out, " SIZE=%zu", mail->message.len);
    if (mail->body != NULL && (smtp->extensions & EXT_8BITMIME) != 0)
        buf_printf(out, " BODY=%s", mail->body);
    if (mail->ret != NULL && (smtp->extensions & EXT_DSN) != 0)
        buf_printf(out, " RET=%s", mail->ret);
    if (mail->envid != NULL && (smtp->extensions & EXT_DSN) != 0)
        buf_printf(out, " ENVID=%s", mail->envid);
    if (mail->smtputf8)
        buf_add_str(out, " SMTPUTF8");
    if (mail->requiretls)
        buf_add_str(out, " REQUIRETLS");
}

static void write_rcpt(const struct smtp *smtp, const struct smtp_rcpt *rcpt, struct buf *out)
{
    buf_printf(out, "RCPT TO:%s", rcpt->path);
    if ((smtp->extensions & EXT_DSN) == 0)
        return;
    if (rcpt->notify != NULL)
        buf_printf(out, " NOTIFY=%s", rcpt->notify);
    if (rcpt->orcpt != NULL)
        buf_printf(out, " ORCPT=%s", rcpt->orcpt);
}

/* Command 0 is MAIL, command i is the RCPT of recipient i - 1. */
static int say_envelope(struct smtp *smtp, const struct smtp_mail *mail, size_t i, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf command = BUF_INIT(COMMAND_MAX);
    if (i == 0)
        write_mail(smtp, mail, &command);
    else
        write_rcpt(smtp, &mail->rcpts[i - 1], &command);
    if (buf_check(&command, err) < 0)
        return -1;
    return say(smtp, buf_span(&command), err);
}

/* MAIL and all RCPTs, in batches when the server takes several commands at once. */
static int send_envelope(struct smtp *smtp, const struct smtp_mail *mail, struct err *err)
{
    size_t batch = (smtp->extensions & EXT_PIPELINING) != 0 ? BATCH : 1;
    size_t said = 0;
    for (size_t answered = 0; answered <= mail->nrcpts; answered++) {
        if (said == answered) {
            for (; said <= mail->nrcpts && said - answered < batch; said++)
                if (say_envelope(smtp, mail, said, err) < 0)
                    return -1;
            if (wire_flush(smtp->wire, err) < 0)
                return -1;
        }
        if (expect(smtp, 2, answered == 0 ? "MAIL" : "RCPT", NULL, err) < 0)
            return answered == 0 ? -1 : err_wrap(err, "recipient %s", mail->rcpts[answered - 1].path);
    }
    return 0;
}

int smtp_send(struct smtp *smtp, const struct smtp_mail *mail, struct err *err)
{
    if (mail->nrcpts == 0)
        return err_set(err, ERR_BUG, "message to nobody");
    if (smtp_check(smtp, mail, err) < 0 || point("inject-envelope", err) < 0 ||
        send_envelope(smtp, mail, err) < 0)
        return -1;
    if (point("inject-data", err) < 0 || say(smtp, SPAN_LIT("DATA"), err) < 0 ||
        wire_flush(smtp->wire, err) < 0 || expect(smtp, 3, "DATA", NULL, err) < 0)
        return -1;
    if (point("inject-body", err) < 0 || stuff_write(smtp->wire, mail->message, err) < 0 ||
        wire_flush(smtp->wire, err) < 0)
        return -1;
    if (point("inject-end", err) < 0 || say(smtp, SPAN_LIT("."), err) < 0 ||
        wire_flush(smtp->wire, err) < 0 || expect(smtp, 2, "end of data", NULL, err) < 0)
        return -1;
    io_done("inject-accepted");
    smtp->good = true;
    return 0;
}

void smtp_close(struct smtp **smtp)
{
    struct smtp *s = *smtp;
    struct err ignored = ERR_INIT;
    if (s == NULL)
        return;
    wire_set_timeout(s->wire, QUIT_SECONDS);
    if (s->good && say(s, SPAN_LIT("QUIT"), &ignored) == 0 && wire_flush(s->wire, &ignored) == 0)
        (void)!expect(s, 2, "QUIT", NULL, &ignored);
    wire_close(&s->wire);
    free(s);
    *smtp = NULL;
}
