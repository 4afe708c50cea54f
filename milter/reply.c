/* reply - err class -> SMTP code. */
#include "milter/reply.h"

#include "base/buf.h"

#include <string.h>

#define TEXT_MAX 800 /* octets; the MTAs take 980 */

/* Printable ASCII on one line, cut where an MTA would refuse it. */
static void set(const struct mta *mta, const char *code, const char *status, const char *text)
{
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(TEXT_MAX + 4);
    for (const char *p = text; *p != '\0' && line.len < TEXT_MAX; p++)
        buf_add_char(&line, *p < ' ' || *p > '~' ? '?' : *p);
    if (strlen(text) > TEXT_MAX)
        buf_add_str(&line, " ..");
    (void)!mta->set_reply(mta->arg, code, status, buf_str(&line));
}

enum verdict reply_error(const struct mta *mta, const struct err *err)
{
    const char *text = err_text(err->code);
    const char *status = err_status(err->code);
    if (!err_is_temporary(err)) {
        set(mta, err->code == ERR_TOO_BIG ? "552" : "550", status, text);
        return VERDICT_REJECT;
    }
    bool full = strcmp(status, "4.3.1") == 0 || strcmp(status, "4.5.3") == 0;
    set(mta, full ? "452" : "451", status, text);
    return VERDICT_TEMPFAIL;
}

/* "550 5.7.1 text" -> three parts; the status begins like the code and has three numbers. */
static bool split(const char *reply, char code[4], char status[12], const char **text)
{
    static const char digits[] = "0123456789";
    if (strspn(reply, digits) != 3 || reply[3] != ' ' || (reply[0] != '4' && reply[0] != '5') ||
        reply[4] != reply[0])
        return false;
    const char *p = reply + 4;
    for (int dots = 0; dots < 3; dots++) {
        size_t n = strspn(p, digits);
        if (n < 1 || n > 3 || p[n] != (dots < 2 ? '.' : ' '))
            return false;
        p += n + 1;
    }
    memcpy(code, reply, 3);
    code[3] = '\0';
    size_t length = (size_t)(p - 1 - (reply + 4));
    memcpy(status, reply + 4, length);
    status[length] = '\0';
    *text = p;
    return true;
}

enum verdict reply_outcome(const struct mta *mta, const char *reply)
{
    char code[4];
    char status[12];
    const char *text;
    if (reply == NULL || !split(reply, code, status, &text)) {
        struct err err = ERR_INIT;
        err_set(&err, ERR_BUG, "reply cannot be read");
        return reply_error(mta, &err);
    }
    set(mta, code, status, text);
    return code[0] == '5' ? VERDICT_REJECT : VERDICT_TEMPFAIL;
}
