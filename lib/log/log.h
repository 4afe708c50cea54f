/*
 * log - one line an event, "qid=.. event=.. key=value ..", to syslog or standard error.
 *
 * Values are of strangers: control characters and what changes direction leave, what holds a blank or a quote is quoted (R38).
 * Never a subject, a body or key material. Any thread may log.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "base/buf.h"

enum log_level {
    LEVEL_ERROR,
    LEVEL_WARNING,
    LEVEL_INFO,
    LEVEL_DEBUG
};

enum log_target {
    LOG_TO_STDERR,
    LOG_TO_SYSLOG
};

/* log_open - before threads begin, or again with another level. */
void log_open(enum log_target target, enum log_level level);
/* log_parse_level - "error", "warning", "info", "debug"; LEVEL_INFO for anything else. */
enum log_level log_parse_level(const char *name);

/* log_event - pairs of key and value, ended by a NULL key; a pair whose value is NULL is left out. qid may be NULL. */
void log_event(enum log_level level, const char *qid, const char *event, ...) __attribute__((sentinel));

/* log_error - what went wrong and what it means for the message; bugs and wrong configuration as errors, else warnings. */
void log_error(const char *qid, const char *event, const struct err *err);

/* log_hold, log_release - who has many lines at once: those of this thread for standard error are written together. */
void log_hold(void);
void log_release(void);

/* log_add_pair - " key=value", the value made harmless; nothing when it is NULL. */
void log_add_pair(struct buf *line, const char *key, const char *value);

#endif
