/* search - several searches over one connection, page by page, each entry handed on. */
#include "directory/internal.h"

#include <string.h>
#include <strings.h>
#include <sys/time.h>

#define PAGE        500
#define WINDOW      32    /* searches under way at a time */
#define ENTRIES_MAX 50000 /* of all searches of one call: a server that never ends */

struct run {
    struct conn *conn;
    query_entry *entry;
    void *arg;
    size_t nentries;
};

/* cookie: where the page before ended; NULL: from the beginning. */
static int send_query(struct conn *conn, struct query *query, struct berval *cookie, struct err *err)
{
    int64_t left = (conn->link.deadline - conn->link.clock_ms() + 999) / 1000;
    struct timeval limit = {.tv_sec = left > 0 ? left : 1};
    LDAPControl *page = NULL, *controls[3] = {NULL, NULL, NULL};
    int code = ldap_create_page_control(conn->ld, PAGE, cookie, 0, &page);
    if (code != LDAP_SUCCESS)
        return conn_error(conn, code, "search", err);
    controls[0] = query->scope == LDAP_SCOPE_BASE ? query->control : page;
    controls[1] = query->scope == LDAP_SCOPE_BASE ? NULL : query->control;
    code = ldap_search_ext(conn->ld, query->base, query->scope, query->filter, (char **)query->attributes, 0,
                           controls, NULL, &limit, LDAP_NO_LIMIT, &query->msgid);
    ldap_control_free(page);
    return code == LDAP_SUCCESS ? 0 : conn_error(conn, code, "search", err);
}

static int fail(struct conn *conn, const struct query *query, int code, const char *said, struct err *err)
{
    bool blamed = conn_blame(conn, code);
    if (code == LDAP_NO_SUCH_OBJECT)
        return err_set(err, ERR_CONFIG, "%s: the directory has no such entry, or does not show it to us",
                       query->base);
    if (code == LDAP_SIZELIMIT_EXCEEDED || code == LDAP_ADMINLIMIT_EXCEEDED)
        return err_set(err, ERR_LIMIT, "search below %s: the server gives no more (%s)", query->base,
                       ldap_err2string(code));
    return err_set(err, blamed ? ERR_PEER_TEMP : ERR_CONFIG, "search below %s: %s%s%s", query->base,
                   ldap_err2string(code), said != NULL && *said != '\0' ? ": " : "",
                   said != NULL ? said : "");
}

/* Not here: no such entry, no name that the server understands, or the entry of another server. */
static bool is_absent(int code)
{
    return code == LDAP_NO_SUCH_OBJECT || code == LDAP_INVALID_DN_SYNTAX || code == LDAP_REFERRAL;
}

/* The end of a page. Returns 1 when another one was asked for. */
static int end_page(struct run *run, struct query *query, LDAPMessage *message, struct err *err)
{
    LDAPControl **controls = NULL;
    struct berval cookie = {0, NULL};
    char *said = NULL;
    ber_int_t estimate;
    int code = LDAP_OTHER, status = 0;
    int parsed = ldap_parse_result(run->conn->ld, message, &code, NULL, &said, NULL, &controls, 0);
    if (parsed != LDAP_SUCCESS)
        code = parsed;
    LDAPControl *page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (query->may_be_absent && is_absent(code))
        query->absent = true;
    else if (code != LDAP_SUCCESS)
        status = fail(run->conn, query, code, said, err);
    else if (page != NULL &&
             ldap_parse_pageresponse_control(run->conn->ld, page, &estimate, &cookie) == LDAP_SUCCESS &&
             cookie.bv_len > 0)
        status = send_query(run->conn, query, &cookie, err) < 0 ? -1 : 1;
    ber_memfree(cookie.bv_val);
    ldap_controls_free(controls);
    ldap_memfree(said);
    return status;
}

/* One message of an answer. Returns 1 while more is to come. */
static int take(struct run *run, struct query *query, int type, LDAPMessage *message, struct err *err)
{
    if (type == LDAP_RES_SEARCH_RESULT)
        return end_page(run, query, message, err);
    if (type != LDAP_RES_SEARCH_ENTRY) /* what other servers hold is theirs */
        return 1;
    if (++run->nentries > ENTRIES_MAX)
        return err_set(err, ERR_LIMIT, "search below %s: more than %d entries", query->base, ENTRIES_MAX);
    return run->entry(run->conn, query, message, run->arg, err) < 0 ? -1 : 1;
}

static int collect(struct run *run, struct query *query, struct err *err)
{
    int more = 1;
    while (more > 0) {
        LDAPMessage *message = NULL;
        int type = conn_receive(run->conn, query->msgid, LDAP_MSG_ONE, "search", &message, err);
        if (type < 0)
            return -1;
        more = take(run, query, type, message, err);
        ldap_msgfree(message);
    }
    return more;
}

int query_run(struct conn *conn, struct query *queries, size_t n, query_entry *entry, void *arg,
              struct err *err)
{
    struct run run = {.conn = conn, .entry = entry, .arg = arg};
    for (size_t sent = 0, done = 0; done < n; done++) {
        for (; sent < n && sent < done + WINDOW; sent++)
            if (send_query(conn, &queries[sent], NULL, err) < 0)
                return -1;
        if (collect(&run, &queries[done], err) < 0)
            return -1;
    }
    return 0;
}

/* ---- values ---- */

bool values_next(struct values *values)
{
    LDAP *ld = values->conn->ld;
    ldap_value_free_len(values->items);
    values->items = NULL;
    if (values->name != NULL)
        ldap_memfree(values->name);
    values->name = values->ber == NULL ? ldap_first_attribute(ld, values->entry, &values->ber)
                                       : ldap_next_attribute(ld, values->entry, values->ber);
    if (values->name == NULL) {
        ber_free(values->ber, 0);
        values->ber = NULL;
        return false;
    }
    values->items = ldap_get_values_len(ld, values->entry, values->name);
    values->n = (size_t)ldap_count_values_len(values->items);
    return true;
}

bool values_are(const struct values *values, const char *attribute)
{
    size_t n = strcspn(values->name, ";");
    return n == strlen(attribute) && strncasecmp(values->name, attribute, n) == 0;
}

bool values_are_partial(const struct values *values)
{
    return strcasestr(values->name, ";range=") != NULL;
}
