/*
 * audit - what was done with keys, from the worker's threads to the supervisor, which writes it to the log.
 *
 * The entries lie in memory that both share, so that they are not lost when the worker dies, and cost no system call each. An entry is
 * there before the answer goes out; when the supervisor does not keep up, answers wait for it. What the supervisor reads may have been
 * written by a worker that somebody took over: it is text of a stranger.
 */
#ifndef KEYD_AUDIT_H
#define KEYD_AUDIT_H

#include "base/err.h"
#include "keyd/cache.h"

#include <sys/types.h>

struct audit_entry {
    char event[12]; /* "sign" */
    char fpr[FPR_SIZE];
    char addr[WIRE_ADDR_MAX + 1]; /* whom for */
    pid_t pid;                    /* who asked */
    uid_t uid;
    enum err_code code;
    char why[sizeof((struct err *)NULL)->msg];
};

/* audit_begin - an entry without key and address; audit_event - what it is; "" = nothing that is written. */
void audit_begin(struct audit_entry *entry, const char *event, pid_t pid, uid_t uid);
void audit_event(struct audit_entry *entry, const char *event);

struct audit;

struct audit *audit_new(struct err *err); /* before the worker is forked; NULL with ERR_IO */
int audit_fd(const struct audit *audit);  /* readable when there is something to read */

/* audit_add - the worker's side; any thread. */
void audit_add(struct audit *audit, const struct audit_entry *entry);

/* audit_woken - the supervisor's side: audit_fd() is not readable any more, until it is woken again. */
void audit_woken(struct audit *audit);
/* audit_take - whether there was an entry. */
bool audit_take(struct audit *audit, struct audit_entry *out);
/* audit_sleep - nothing is there now: the next entry makes audit_fd() readable. False when one has come meanwhile. */
bool audit_sleep(struct audit *audit);
/* audit_reset - the worker is dead, everything was taken. */
void audit_reset(struct audit *audit);

#endif
