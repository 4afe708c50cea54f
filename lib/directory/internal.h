/* internal - what the files of the folder share. */
#ifndef DIRECTORY_INTERNAL_H
#define DIRECTORY_INTERNAL_H

#include "directory/directory.h"

#include "base/buf.h"

#include <ldap.h>
#include <openldap.h>
#include <pthread.h>

/* ---- link.c: a socket under libldap that knows a deadline ---- */

struct link {
    int fd; /* -1: none */
    int64_t (*clock_ms)(void);
    int64_t deadline; /* by clock_ms; whatever reads or writes fails with ETIMEDOUT at it */
};

/* link_open - resolve and connect; url is parsed by the caller. The deadline is set. */
int link_open(struct link *link, const LDAPURLDesc *url, struct err *err) SEAL_CHECKED;
void link_close(struct link *link);
/* link_attach - put it under a handle of libldap, which closes it from then on. */
int link_attach(struct link *link, LDAP *ld, struct err *err) SEAL_CHECKED;
bool link_is_late(const struct link *link);
/* link_is_idle - nothing lies ready to be read: a server that hung up, or wants to, has said so. */
bool link_is_idle(const struct link *link);

/* ---- connect.c ---- */

struct conn {
    struct conn *next; /* of the idle ones */
    const char *uri;   /* borrowed */
    LDAP *ld;
    struct link link;
    const struct directory_settings *settings;
    bool failed;    /* of no use any more, and its server may be dead */
    bool has_chain; /* knows the matching rule in chain */
};

/* Of one set of settings: a context that connections share. */
struct tls {
    pthread_mutex_t lock;
    void *context; /* libldap's; NULL: not yet */
};

int conn_open(const struct directory_settings *settings, const char *uri, int64_t (*clock_ms)(void),
              struct tls *tls, int64_t deadline, struct conn **out, struct err *err) SEAL_CHECKED;
void conn_close(struct conn **conn);
/* conn_blame - whether a code of libldap's or the server's means that another server may do better; notes it in conn. */
bool conn_blame(struct conn *conn, int code);
/* conn_error - the failure that such a code is. Is -1. */
int conn_error(struct conn *conn, int code, const char *what, struct err *err);

/* conn_find_base - whom the server does not let read, it tells that there is nobody: so what it must have is looked at first. */
int conn_find_base(struct conn *conn, const char *base, struct err *err) SEAL_CHECKED;

/* conn_receive - the next message (LDAP_MSG_ONE) or all messages of an answer; their type, or -1. */
int conn_receive(struct conn *conn, int msgid, int all, const char *what, LDAPMessage **out, struct err *err);

/* ---- search.c ---- */

struct query {
    const char *base;
    int scope;
    const char *filter;
    const char *const *attributes; /* NULL at the end */
    LDAPControl *control;          /* NULL, or one more */
    bool may_be_absent;            /* that there is no base is an answer */
    bool absent;                   /* that answer */
    int msgid;
};

/* Called with each entry of each query. */
typedef int query_entry(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg,
                        struct err *err);

/* query_run - all of them at once over one connection, page by page. */
int query_run(struct conn *conn, struct query *queries, size_t n, query_entry *entry, void *arg,
              struct err *err) SEAL_CHECKED;

/* The values of an entry, one attribute after the other. */
struct values {
    struct conn *conn;
    LDAPMessage *entry;
    BerElement *ber;
    char *name; /* as the server writes it, with options */
    struct berval **items;
    size_t n;
};
bool values_next(struct values *values); /* start with conn and entry, end when false */
/* values_are - of this attribute, whatever the options. */
bool values_are(const struct values *values, const char *attribute);
/* values_are_partial - a server gave a range of many (Active Directory). */
bool values_are_partial(const struct values *values);

/* ---- filter.c ---- */

/* filter_value - escaped: what stands in it can change nothing (RFC 4515 3). */
void filter_value(struct span value, struct buf *out);
void filter_equal(const char *attribute, const char *prefix, const char *value, struct buf *out);

/* filter_address - a mail address, as this attribute holds it. */
void filter_address(const char *attribute, const char *addr, struct buf *out);
/* filter_prefix - what stands before the addresses there. */
const char *filter_prefix(const char *attribute);

/* ---- name.c ---- */

/* name_canonical - a distinguished name in one spelling, for comparing; NULL when it is none. */
const char *name_canonical(struct arena *arena, const char *dn);

/* ---- ask.c ---- */

struct person {
    const char *dn;
    const char *canonical;
    const char **member_of; /* distinguished names as the server writes them */
    size_t nmember_of, member_of_cap;
    bool partial; /* not all of member_of */
};

struct group {
    const struct directory_group *asked;
    const char *dn; /* NULL: not there */
    const char *canonical;
    size_t found; /* how many have the name */
};

struct ask {
    struct conn *conn;
    struct arena *arena;
    const struct directory_question *question;
    struct directory_answer *answers;
    struct person *entries; /* one an address */
    struct group *groups;
    const char **note;
};

void ask_note(struct ask *ask, const char *fmt, ...) SEAL_PRINTF(2, 3);

/* ask_all - the whole question, over ask->conn. */
int ask_all(struct ask *ask, struct err *err) SEAL_CHECKED;

/* ---- keys.c ---- */

int keys_find(struct conn *conn, struct arena *arena, struct directory_keys *asked, size_t n,
              struct err *err) SEAL_CHECKED;

/* ---- the parts of ask_all() ---- */

/* people.c: the entries of the addresses, their attributes. */
int ask_people(struct ask *ask, struct err *err) SEAL_CHECKED;
/* groups.c: where the groups are. */
int ask_groups(struct ask *ask, struct err *err) SEAL_CHECKED;
/* member.c: who is in them. */
int ask_members(struct ask *ask, struct err *err) SEAL_CHECKED;
/* walk.c: from the entries upward; adds to the answers of those who have an entry. */
int ask_walk(struct ask *ask, struct err *err) SEAL_CHECKED;

#endif
