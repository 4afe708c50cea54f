/* connect - a connection that may be asked: reached, protected, and bound. */
#include "directory/internal.h"

#include "base/secret.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define IN_CHAIN_SERVER "1.2.840.113556.1.4.800" /* LDAP_CAP_ACTIVE_DIRECTORY_OID; Samba has it too */
#define BYE_MS          200
#define PASSWORD_MAX    1024

/* ---- failures ---- */

bool conn_blame(struct conn *conn, int code)
{
    static const int codes[] = {
        LDAP_BUSY,  LDAP_UNAVAILABLE,       LDAP_UNWILLING_TO_PERFORM, LDAP_OPERATIONS_ERROR,
        LDAP_OTHER, LDAP_TIMELIMIT_EXCEEDED};
    bool blamed = LDAP_API_ERROR(code);
    for (size_t i = 0; i < SEAL_COUNT(codes); i++)
        blamed = blamed || code == codes[i];
    conn->failed = conn->failed || blamed;
    return blamed;
}

int conn_error(struct conn *conn, int code, const char *what, struct err *err)
{
    char *said = NULL;
    enum err_code kind = conn_blame(conn, code) ? ERR_PEER_TEMP : ERR_CONFIG;
    if (link_is_late(&conn->link))
        return err_set(err, ERR_PEER_TEMP, "%s: no answer in time", what);
    (void)ldap_get_option(conn->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
    bool more = said != NULL && *said != '\0';
    err_put(err, kind, "%s: %s%s%s", what, ldap_err2string(code), more ? ": " : "", more ? said : "");
    ldap_memfree(said);
    return -1;
}

int conn_receive(struct conn *conn, int msgid, int all, const char *what, LDAPMessage **out, struct err *err)
{
    int64_t left = conn->link.deadline - conn->link.clock_ms();
    if (left < 0)
        left = 0;
    struct timeval tv = {.tv_sec = left / 1000, .tv_usec = (left % 1000) * 1000};
    int type = ldap_result(conn->ld, msgid, all, &tv, out), code = LDAP_SERVER_DOWN;
    if (type > 0)
        return type;
    if (type == 0)
        code = LDAP_TIMEOUT;
    else
        (void)ldap_get_option(conn->ld, LDAP_OPT_RESULT_CODE, &code);
    return conn_error(conn, code, what, err);
}

/* For requests whose whole answer is a code. */
static int succeed(struct conn *conn, int msgid, const char *what, struct err *err)
{
    LDAPMessage *message = NULL;
    char *said = NULL;
    int code = LDAP_OTHER;
    if (conn_receive(conn, msgid, LDAP_MSG_ALL, what, &message, err) < 0)
        return -1;
    int parsed = ldap_parse_result(conn->ld, message, &code, NULL, &said, NULL, NULL, 1);
    if (parsed != LDAP_SUCCESS)
        code = parsed;
    int status = 0;
    if (code != LDAP_SUCCESS) {
        status = err_set(err, conn_blame(conn, code) ? ERR_PEER_TEMP : ERR_CONFIG, "%s: %s%s%s", what,
                         ldap_err2string(code), said != NULL && *said != '\0' ? ": " : "",
                         said != NULL ? said : "");
    }
    ldap_memfree(said);
    return status;
}

/* ---- steps ---- */

/* Everything is said here: the system's ldap.conf, or a file of the user's, has no say. */
static int set_options(struct conn *conn, struct err *err)
{
    const struct directory_settings *s = conn->settings;
    static const int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND,
                     tls12 = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, never = LDAP_DEREF_NEVER, unlimited = 0;
    const struct {
        int option;
        const void *value;
    } options[] = {
        {LDAP_OPT_PROTOCOL_VERSION, &version},
        {LDAP_OPT_REFERRALS, LDAP_OPT_OFF},
        {LDAP_OPT_RESTART, LDAP_OPT_OFF},
        {LDAP_OPT_DEREF, &never},
        {LDAP_OPT_SIZELIMIT, &unlimited},
        {LDAP_OPT_X_TLS_REQUIRE_CERT, &demand},
        {LDAP_OPT_X_TLS_PROTOCOL_MIN, &tls12},
        {LDAP_OPT_X_TLS_CACERTDIR, NULL},
        {LDAP_OPT_X_TLS_CACERTFILE, s->ca_file},
        {LDAP_OPT_X_TLS_CERTFILE, *s->cert != '\0' ? s->cert : NULL},
        {LDAP_OPT_X_TLS_KEYFILE, *s->key != '\0' ? s->key : NULL},
    };
    for (size_t i = 0; i < SEAL_COUNT(options); i++)
        if (ldap_set_option(conn->ld, options[i].option, options[i].value) != LDAP_OPT_SUCCESS)
            return err_set(err, ERR_CONFIG, "libldap takes no option 0x%x", (unsigned)options[i].option);
    return 0;
}

static bool new_context(struct conn *conn)
{
    static const int client = 0;
    return ldap_set_option(conn->ld, LDAP_OPT_X_TLS_NEWCTX, &client) == LDAP_OPT_SUCCESS;
}

/*
 * libldap on GnuTLS forgets our certificate and key when it frees a context: 17 KB each time. So with them there is one context, which all
 * connections share and nobody frees.
 */
static bool share_context(struct conn *conn, struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    bool good = tls->context != NULL
                    ? ldap_set_option(conn->ld, LDAP_OPT_X_TLS_CTX, tls->context) == LDAP_OPT_SUCCESS
                    : new_context(conn) &&
                          ldap_get_option(conn->ld, LDAP_OPT_X_TLS_CTX, &tls->context) == LDAP_OPT_SUCCESS;
    pthread_mutex_unlock(&tls->lock);
    return good;
}

static int use_context(struct conn *conn, struct tls *tls, struct err *err)
{
    bool alone = *conn->settings->cert == '\0';
    return (alone ? new_context(conn) : share_context(conn, tls))
               ? 0
               : err_set(err, ERR_CONFIG, "TLS: %s, or our certificate or key, cannot be used",
                         conn->settings->ca_file);
}

static int protect(struct conn *conn, struct tls *tls, struct err *err)
{
    bool ldaps = strncmp(conn->uri, "ldaps:", 6) == 0;
    int msgid, code;
    if (!ldaps && (!conn->settings->starttls || strncmp(conn->uri, "ldap:", 5) != 0))
        return 0;
    if (use_context(conn, tls, err) < 0)
        return -1;
    if (!ldaps) {
        code = ldap_start_tls(conn->ld, NULL, NULL, &msgid);
        if (code != LDAP_SUCCESS)
            return conn_error(conn, code, "StartTLS", err);
        if (succeed(conn, msgid, "StartTLS", err) < 0)
            return -1;
    }
    code = ldap_install_tls(conn->ld);
    if (code == LDAP_SUCCESS)
        return 0;
    (void)conn_blame(conn, code);
    if (link_is_late(&conn->link))
        return err_set(err, ERR_PEER_TEMP, "TLS: no answer in time");
    return err_set(err, ERR_PEER_TEMP,
                   "TLS fails: the server's certificate must lead to one of %s and hold the host's name",
                   conn->settings->ca_file);
}

static int send_bind(struct conn *conn, const char *dn, const char *mechanism, struct berval *credentials,
                     struct err *err)
{
    int msgid, code = ldap_sasl_bind(conn->ld, dn, mechanism, credentials, NULL, NULL, &msgid);
    return code == LDAP_SUCCESS ? succeed(conn, msgid, "bind", err) : conn_error(conn, code, "bind", err);
}

/* The last line end of the file is not the password's. An empty one would bind as anonymous (RFC 4513 5.1.2). */
static int bind_simple(struct conn *conn, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret secret = {.ptr = NULL};
    if (secret_read_file(&secret, conn->settings->password_file, SECRET_OWNER_ONLY, err) < 0)
        return -1;
    struct span password = {(const char *)secret.ptr, secret.len};
    while (password.len > 0 && strchr("\r\n", password.ptr[password.len - 1]) != NULL)
        password.len--;
    if (password.len == 0 || password.len > PASSWORD_MAX)
        return err_set(err, ERR_CONFIG, "%s: found no password", conn->settings->password_file);
    struct berval credentials = {password.len, (char *)secret.ptr};
    return send_bind(conn, conn->settings->bind_dn, LDAP_SASL_SIMPLE, &credentials, err);
}

static int bind_conn(struct conn *conn, struct err *err)
{
    struct berval nothing = {0, (char[]){""}};
    if (*conn->settings->bind_dn != '\0')
        return bind_simple(conn, err);
    if (conn->settings->sasl_external)
        return send_bind(conn, NULL, "EXTERNAL", &nothing, err);
    return send_bind(conn, NULL, LDAP_SASL_SIMPLE, &nothing, err);
}

static int note_capability(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg,
                           struct err *err)
{
    struct values values = {.conn = conn, .entry = entry};
    (void)query;
    (void)arg;
    (void)err;
    while (values_next(&values))
        for (size_t i = 0; i < values.n; i++)
            if (span_is((struct span){values.items[i]->bv_val, values.items[i]->bv_len}, IN_CHAIN_SERVER))
                conn->has_chain = true;
    return 0;
}

/* A server that does not know the matching rule says "no" to all: that is not to be believed. */
static int find_capability(struct conn *conn, struct err *err)
{
    static const char *const attributes[] = {"supportedCapabilities", NULL};
    struct query query = {
        .base = "", .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)", .attributes = attributes};
    if (strcmp(conn->settings->nested, "in-chain") != 0)
        return 0;
    if (query_run(conn, &query, 1, note_capability, NULL, err) < 0)
        return -1;
    if (!conn->has_chain)
        return err_set(err, ERR_CONFIG, "directory-nested = in-chain: this is no Active Directory");
    return 0;
}

static int seen(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg, struct err *err)
{
    (void)conn;
    (void)query;
    (void)entry;
    (void)err;
    *(bool *)arg = true;
    return 0;
}

int conn_find_base(struct conn *conn, const char *base, struct err *err)
{
    static const char *const none[] = {LDAP_NO_ATTRS, NULL};
    struct query query = {
        .base = base, .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)", .attributes = none};
    bool found = false;
    if (query_run(conn, &query, 1, seen, &found, err) < 0)
        return -1;
    return found ? 0 : err_set(err, ERR_CONFIG, "%s: the directory does not show it to us", base);
}

static int find_bases(struct conn *conn, struct err *err)
{
    if (conn_find_base(conn, conn->settings->base, err) < 0)
        return -1;
    return strcmp(conn->settings->base, conn->settings->group_base) == 0
               ? 0
               : conn_find_base(conn, conn->settings->group_base, err);
}

/* libldap fills its globals in whatever call comes first, and guards that badly: another thread's first call may see half of them. */
static void start_library(void)
{
    int unused;
    (void)ldap_get_option(NULL, LDAP_OPT_PROTOCOL_VERSION, &unused);
}

static int open_link(struct conn *conn, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    LDAPURLDesc *url = NULL;
    pthread_once(&once, start_library);
    if (ldap_url_parse(conn->uri, &url) != LDAP_URL_SUCCESS)
        return err_set(err, ERR_CONFIG, "this is no address of a server");
    int status = link_open(&conn->link, url, err);
    ldap_free_urldesc(url);
    if (status < 0) {
        conn->failed = true;
        return -1;
    }
    if (ldap_init_fd(conn->link.fd, LDAP_PROTO_EXT, conn->uri, &conn->ld) == LDAP_SUCCESS)
        return link_attach(&conn->link, conn->ld, err);
    conn->ld = NULL;
    return err_set(err, ERR_BUG, "libldap takes no connection");
}

int conn_open(const struct directory_settings *settings, const char *uri, int64_t (*clock_ms)(void),
              struct tls *tls, int64_t deadline, struct conn **out, struct err *err)
{
    struct conn *conn = xcalloc(1, sizeof *conn);
    conn->settings = settings;
    conn->uri = uri;
    conn->link = (struct link){.fd = -1, .clock_ms = clock_ms, .deadline = deadline};
    if (open_link(conn, err) < 0 || set_options(conn, err) < 0 || protect(conn, tls, err) < 0 ||
        bind_conn(conn, err) < 0 || find_capability(conn, err) < 0 || find_bases(conn, err) < 0) {
        conn_close(&conn);
        return err_wrap(err, "%s", uri);
    }
    *out = conn;
    return 0;
}

void conn_close(struct conn **conn)
{
    struct conn *c = *conn;
    *conn = NULL;
    if (c == NULL)
        return;
    c->link.deadline = c->link.clock_ms() + BYE_MS;
    if (c->ld != NULL)
        (void)ldap_unbind_ext(c->ld, NULL, NULL);
    link_close(&c->link);
    free(c);
}
