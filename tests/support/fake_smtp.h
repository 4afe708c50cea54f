/*
 * fake_smtp - an SMTP server in a thread: answers by a script, keeps what it was told.
 *
 * It understands as much SMTP as the injection client speaks. One connection at a time; any number in turn.
 */
#ifndef SUPPORT_FAKE_SMTP_H
#define SUPPORT_FAKE_SMTP_H

#include "base/buf.h"

/*
 * One line of the script: what is answered to the nth command (from 1; 0: to each) that starts with these words. "greeting" and
 * "end" (the final dot) are commands here too. Without a rule the answer is the usual good one.
 */
struct fake_rule {
    const char *command;
    unsigned nth;
    const char *answer; /* whole lines with CRLF; NULL: hang up */
};

struct fake_mail {
    char *mail;   /* "MAIL FROM:<a@b> SIZE=1" */
    char **rcpts; /* "RCPT TO:<c@d>" */
    size_t nrcpts;
    struct buf data; /* without dot-stuffing */
};

struct fake_smtp;

struct fake_smtp *fake_smtp_start(const struct fake_rule *rules, size_t nrules);
void fake_smtp_stop(struct fake_smtp **server);
const char *fake_smtp_target(const struct fake_smtp *server); /* "127.0.0.1:PORT" */

/* fake_smtp_trickle - one octet more of an answer that the script did not end with its line. */
void fake_smtp_trickle(struct fake_smtp *server, char octet);

/* After fake_smtp_join() (no client connected any more) these may be read. */
void fake_smtp_join(struct fake_smtp *server);
size_t fake_smtp_count(
    const struct fake_smtp *server); /* messages taken: answered 2xx, or hung up on after their end */
const struct fake_mail *fake_smtp_mail(const struct fake_smtp *server, size_t i);
const char *fake_smtp_said(const struct fake_smtp *server); /* every line that clients sent outside of data */
unsigned fake_smtp_connections(const struct fake_smtp *server);

#endif
