/*
 * lines - connections on which sealkeyd's questions are asked: one question, one answer, then the connection is another's.
 *
 * Connections are kept. One that broke is replaced and the question asked again, because each question may be asked twice; but the one that
 * has a token make a key is sent once. What stays without an answer is ERR_BUSY. Any thread; a process that forked begins with no connections.
 */
#ifndef TOKEN_LINES_H
#define TOKEN_LINES_H

#include "token/wire.h"

#define LINES_MAKING_MS 100000 /* for a question that has a token make a key, if other questions have less */

struct lines;
struct line; /* a connection that somebody has just now */

/* lines_new - connections are made to this path, which fits a sockaddr_un, when needed. timeout_ms: for a question with its answer. */
struct lines *lines_new(const char *path, unsigned timeout_ms);

/*
 * lines_new_given - the connections are given by lines_give(), and waited for some seconds when all are gone.
 *
 * hung  a question had no answer in its time, from whom; called without a lock
 */
struct lines *lines_new_given(unsigned timeout_ms, void (*hung)(void *arg, long whose), void *arg);
/* lines_give - takes the descriptors; those of before are closed, at once or when who has one is done. */
void lines_give(struct lines *lines, const int *fds, size_t n, long whose);
void lines_free(struct lines **lines); /* when nobody has a line any more */

/*
 * lines_ask - the answer points into the line, until lines_done().
 *
 * return  0 whatever the answer says; -1 with ERR_BUSY (no connection, no answer in time), ERR_SYNTAX, ERR_LIMIT: *line_out is NULL then
 */
int lines_ask(struct lines *lines, const struct wire_question *question, struct line **line_out,
              struct wire_answer *answer_out, struct err *err) SEAL_CHECKED;
/* lines_done - wipes what was answered; accepts NULL inside. */
void lines_done(struct line **line);

#endif
