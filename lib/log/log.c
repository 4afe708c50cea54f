/* log - key=value lines. */
#include "log/log.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_SIZE  65536
#define VALUE_MAX_SIZE 1000

static atomic_int log_target = LOG_TO_STDERR;
static atomic_int log_level = LEVEL_INFO;

/* Lines for standard error that log_release() writes. */
#define HELD_SIZE 32768
static _Thread_local bool holding;
static _Thread_local struct buf held = BUF_INIT(HELD_SIZE + LINE_MAX_SIZE + 1);

void log_open(enum log_target target, enum log_level level)
{
    if (target == LOG_TO_SYSLOG)
        openlog(NULL, LOG_PID | LOG_NDELAY, LOG_MAIL);
    atomic_store(&log_target, target);
    atomic_store(&log_level, level);
}

enum log_level log_parse_level(const char *name)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    for (int i = 0; i < (int)SEAL_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return (enum log_level)i;
    return LEVEL_INFO;
}

static bool is_plain(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f || *text == '"' || *text == '\\' || *text == '=')
            return false;
    return true;
}

void log_add_pair(struct buf *line, const char *key, const char *value)
{
    if (value == NULL)
        return;
    struct span text = span_sub(span_of(value), 0, VALUE_MAX_SIZE);
    buf_add_str(line, line->len > 0 ? " " : "");
    buf_add_str(line, key);
    buf_add_char(line, '=');
    if (is_plain(value)) {
        buf_add_span(line, text);
        return;
    }
    SEAL_CLEANUP(buf_fini) struct buf clean = BUF_INIT(8 * VALUE_MAX_SIZE);
    text_clean(text, &clean);
    if (is_plain(buf_str(&clean))) {
        buf_add_span(line, buf_span(&clean));
        return;
    }
    buf_add_char(line, '"');
    for (const char *p = buf_str(&clean); *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            buf_add_char(line, '\\');
        buf_add_char(line, *p);
    }
    buf_add_char(line, '"');
}

static void write_held(void)
{
    (void)!write(STDERR_FILENO, buf_str(&held), held.len);
    buf_clear(&held);
}

void log_hold(void)
{
    holding = true;
}

void log_release(void)
{
    holding = false;
    write_held();
    buf_fini(&held);
}

/* One write for a line, so that lines of several threads do not mix. */
static void put(enum log_level level, struct buf *line)
{
    static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
    if (atomic_load(&log_target) == LOG_TO_SYSLOG) {
        syslog(priorities[level], "%s", buf_str(line));
        return;
    }
    buf_add_char(line, '\n');
    if (holding) {
        buf_add_span(&held, buf_span(line));
        if (held.len >= HELD_SIZE)
            write_held();
        return;
    }
    (void)!write(STDERR_FILENO, buf_str(line), line->len);
}

void log_event(enum log_level level, const char *qid, const char *event, ...)
{
    if ((int)level > atomic_load(&log_level))
        return;
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(LINE_MAX_SIZE);
    va_list pairs;
    log_add_pair(&line, "qid", qid);
    log_add_pair(&line, "event", event);
    va_start(pairs, event);
    for (const char *key; (key = va_arg(pairs, const char *)) != NULL;)
        log_add_pair(&line, key, va_arg(pairs, const char *));
    va_end(pairs);
    put(level, &line);
}

void log_error(const char *qid, const char *event, const struct err *err)
{
    enum log_level level = LEVEL_WARNING;
    switch (err_class(err->code)) {
    case ERR_CLASS_TEMPORARY:
    case ERR_CLASS_PERMANENT:
        break;
    case ERR_CLASS_CONFIGURATION:
    case ERR_CLASS_BUG:
        level = LEVEL_ERROR;
        break;
    }
    log_event(level, qid, event, "error", err_name(err->code), "why", err->msg, NULL);
}
