/* err - the table of errors, and the struct that carries one. */
#include "base/err.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct err_row {
    const char *name;
    enum err_class class;
    const char *status; /* RFC 3463 */
    const char *text;
};

static const struct err_row rows[] = {
    [ERR_NONE] = {"none", ERR_CLASS_BUG, "4.3.0", "Internal error"},
    [ERR_IO] = {"io", ERR_CLASS_TEMPORARY, "4.3.0", "Input/output error"},
    [ERR_DISK_FULL] = {"disk-full", ERR_CLASS_TEMPORARY, "4.3.1", "Insufficient system storage"},
    [ERR_LIMIT] = {"limit", ERR_CLASS_PERMANENT, "5.6.0", "Message exceeds a limit"},
    [ERR_TOO_BIG] = {"too-big", ERR_CLASS_PERMANENT, "5.3.4", "Message too big after protection"},
    [ERR_SYNTAX] = {"syntax", ERR_CLASS_PERMANENT, "5.6.0", "Message is malformed"},
    [ERR_AMBIGUOUS] = {"ambiguous", ERR_CLASS_PERMANENT, "5.6.0", "Message structure is ambiguous"},
    [ERR_UNSUPPORTED] = {"unsupported", ERR_CLASS_PERMANENT, "5.6.1", "Not supported"},
    [ERR_UNSIGNABLE] = {"unsignable", ERR_CLASS_PERMANENT, "5.6.1", "Message cannot be signed"},
    [ERR_USAGE] = {"usage", ERR_CLASS_CONFIGURATION, "4.3.5", "Wrong usage"},
    [ERR_CONFIG] = {"config", ERR_CLASS_CONFIGURATION, "4.3.5", "Server configuration problem"},
    [ERR_ABSENT] = {"absent", ERR_CLASS_PERMANENT, "5.7.4", "Not found"},
    [ERR_EXISTS] = {"exists", ERR_CLASS_PERMANENT, "5.3.0", "Exists already"},
    [ERR_NO_KEY] = {"no-key", ERR_CLASS_PERMANENT, "5.7.4", "No usable key"},
    [ERR_KEY_EXPIRED] = {"key-expired", ERR_CLASS_PERMANENT, "5.7.4", "Key expired"},
    [ERR_KEY_UNUSABLE] = {"key-unusable", ERR_CLASS_PERMANENT, "5.7.4", "Key may not be used for this"},
    [ERR_UNTRUSTED] = {"untrusted", ERR_CLASS_PERMANENT, "5.7.4", "Certificate is not trusted"},
    [ERR_PASSPHRASE] = {"passphrase", ERR_CLASS_PERMANENT, "5.7.8", "Wrong passphrase"},
    [ERR_CRYPTO] = {"crypto", ERR_CLASS_TEMPORARY, "4.7.5", "Cryptographic failure"},
    [ERR_STORE] = {"store", ERR_CLASS_TEMPORARY, "4.3.0", "Key store unavailable"},
    [ERR_STORE_FULL] = {"store-full", ERR_CLASS_TEMPORARY, "4.3.1", "Key store full"},
    [ERR_STORE_DAMAGED] = {"store-damaged", ERR_CLASS_TEMPORARY, "4.3.0", "Key store damaged"},
    [ERR_PEER_TEMP] = {"peer-temp", ERR_CLASS_TEMPORARY, "4.4.0", "Temporary failure of another server"},
    [ERR_PEER_PERM] = {"peer-perm", ERR_CLASS_CONFIGURATION, "4.3.5", "Another server refused"},
    [ERR_LOOP] = {"loop", ERR_CLASS_CONFIGURATION, "4.4.6", "Mail loops through the gateway"},
    [ERR_RCPTS] = {"too-many-recipients", ERR_CLASS_TEMPORARY, "4.5.3",
                   "Too many recipients"}, /* RFC 5321 4.5.3.1.10 */
    [ERR_BUSY] = {"busy", ERR_CLASS_TEMPORARY, "4.3.2", "Too much work under way"},
    [ERR_POLICY] = {"policy", ERR_CLASS_PERMANENT, "5.7.1", "Refused by policy"},
    [ERR_BUG] = {"bug", ERR_CLASS_BUG, "4.3.0", "Internal error"},
};
_Static_assert(sizeof rows / sizeof rows[0] == ERR_CODES, "one row per error code");

static void make_harmless(char *text)
{
    SEAL_CLEANUP(buf_fini) struct buf clean = BUF_INIT(strlen(text));
    text_clean(span_of(text), &clean); /* never longer than the text was */
    memcpy(text, buf_str(&clean), clean.len + 1);
}

void err_put(struct err *err, enum err_code code, const char *fmt, ...)
{
    if (err->code != ERR_NONE)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, args);
    va_end(args);
    make_harmless(err->msg);
    err->code = code;
}

void err_put_before(struct err *err, const char *fmt, ...)
{
    char text[sizeof err->msg];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n;
    if (used + 2 < sizeof text) {
        size_t room = sizeof text - used - 3;
        memcpy(text + used, ": ", 2);
        size_t old = strnlen(err->msg, room);
        memcpy(text + used + 2, err->msg, old);
        text[used + 2 + old] = '\0';
    }
    make_harmless(text);
    memcpy(err->msg, text, sizeof text);
}

void err_clear(struct err *err)
{
    err->code = ERR_NONE;
    err->msg[0] = '\0';
}

int err_is_set(const struct err *err)
{
    return err->code != ERR_NONE;
}

const char *err_name(enum err_code code)
{
    return rows[code].name;
}

enum err_class err_class(enum err_code code)
{
    return rows[code].class;
}

const char *err_status(enum err_code code)
{
    return rows[code].status;
}

const char *err_text(enum err_code code)
{
    return rows[code].text;
}

int err_is_temporary(const struct err *err)
{
    return err_class(err->code) != ERR_CLASS_PERMANENT;
}
