/*
 * http - GETs of one small thing each, all at once, from servers that nobody vouches for.
 *
 * Bounded in time, octets and header fields. No redirect is followed, no proxy taken from the environment, no server inside (inside.h) asked
 * unless the administrator named it.
 */
#ifndef FETCH_HTTP_H
#define FETCH_HTTP_H

#include "base/buf.h"
#include "model/answer.h"

#define HTTP_BODY_MAX (256u << 10)

enum http_place {
    HTTP_PUBLIC, /* https, and never inside */
    HTTP_NAMED   /* by the administrator: also inside, also http */
};

struct http_get {
    const char *url;
    enum http_place place;
    const char *ca_file; /* PEM: who vouches for the server */
    unsigned timeout_ms;

    enum find
        answer; /* FIND_ABSENT: the server says that it has no such thing. FIND_FAILED: it could not be asked, and err */
    struct buf body; /* FIND_FOUND; the caller's to release by buf_fini */
    bool no_host;    /* FIND_FAILED: its name has no address that could be found */
    long status;     /* of HTTP; 0: there was none */
    struct err err;  /* ERR_PEER_TEMP, ERR_LIMIT */
};

/* http_get_all - fills in what stands below the blank line in each. */
void http_get_all(struct http_get *gets, size_t n);

#endif
