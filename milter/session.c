/* session - envelope and spool out of callbacks. */
#include "milter/session.h"

#include "base/io.h"
#include "milter/esmtp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CLIENT_MEMORY_MAX  ((size_t)1 << 16)
#define MESSAGE_MEMORY_MAX ((size_t)16 << 20)

struct session *session_new(const struct session_conf *conf)
{
    struct session *session = xcalloc(1, sizeof *session);
    session->conf = conf;
    session->arena = arena_new(CLIENT_MEMORY_MAX);
    return session;
}

void session_free(struct session **session)
{
    if (*session == NULL)
        return;
    session_reset(*session);
    arena_free(&(*session)->arena);
    free(*session);
    *session = NULL;
}

void session_reset(struct session *session)
{
    struct message *message = session->message;
    if (message == NULL)
        return;
    spool_free(&message->spool);
    arena_free(&message->arena);
    free(message);
    session->message = NULL;
}

/* ---- the client ---- */

/* A macro's value, kept once it exists: MTAs know some of them at some stages only. */
static void save_macro(const char **out, struct arena *arena, const struct macros *macros, const char *name)
{
    const char *value = macros->get(macros->arg, name);
    if (value == NULL || value[0] == '\0' || (*out != NULL && strcmp(*out, value) == 0))
        return;
    *out = arena_strdup(arena, value);
}

static unsigned port_of(const char *text)
{
    unsigned long port = text == NULL ? 0 : strtoul(text, NULL, 10);
    return port <= 65535 ? (unsigned)port : 0;
}

/* Sendmail writes "IPv6:2001:db8::1". */
static const char *without_tag(const char *addr)
{
    return addr != NULL && strncasecmp(addr, "IPv6:", 5) == 0 ? addr + 5 : addr;
}

static void read_address(struct session *session, const struct sockaddr *addr)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct envelope *client = &session->client;
    if (addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, addr, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
        client->client_port = ntohs(in.sin_port);
    } else if (addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, addr, sizeof in6);
        client->client_port = ntohs(in6.sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
            inet_ntop(AF_INET, in6.sin6_addr.s6_addr + 12, text, sizeof text);
        else
            inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
    }
    if (text[0] != '\0')
        client->client_addr = arena_strdup(session->arena, text);
}

static bool is_loopback(const char *addr)
{
    return strncmp(addr, "127.", 4) == 0 || strcmp(addr, "::1") == 0;
}

/*
 * Handed in without SMTP: Postfix shows sendmail(1) as 127.0.0.1 without a port, which no network client can be; Sendmail's -bs shows
 * localhost without an address, for which Postfix says "unknown".
 */
static bool is_local(const struct envelope *client)
{
    if (client->client_addr != NULL)
        return client->client_port == 0 && is_loopback(client->client_addr);
    return client->client_name != NULL && strcmp(client->client_name, "localhost") == 0;
}

void session_connect(struct session *session, const char *name, const struct sockaddr *addr,
                     const struct macros *macros)
{
    struct envelope *client = &session->client;
    const char *listener_port = NULL;
    const char *version = macros->get(macros->arg, "v");
    session_reset(session);
    arena_free(&session->arena);
    session->arena = arena_new(CLIENT_MEMORY_MAX);
    *client = (struct envelope){.client_name = arena_strdup(session->arena, name)};
    session->from_us = false;
    session->is_postfix = version != NULL && strncmp(version, "Postfix", 7) == 0;
    if (addr != NULL)
        read_address(session, addr);
    client->local = is_local(client);
    save_macro(&client->mta_host, session->arena, macros, "j");
    save_macro(&client->listener_name, session->arena, macros, "{daemon_name}");
    save_macro(&client->listener_addr, session->arena, macros, "{daemon_addr}");
    save_macro(&client->listener_addr, session->arena, macros, "{if_addr}"); /* Sendmail: the real one */
    save_macro(&listener_port, session->arena, macros, "{daemon_port}");
    client->listener_addr = without_tag(client->listener_addr);
    client->listener_port = port_of(listener_port);
}

void session_helo(struct session *session, const char *name)
{
    snprintf(session->helo, sizeof session->helo, "%s", name != NULL ? name : "");
    session->client.helo = session->helo;
}

/*
 * Postfix names the subject of certificates that it verified, and only of those; Sendmail names every one, and tells in {verify}. A
 * certificate that nobody says was verified counts for nothing.
 */
static void read_tls(struct session *session, struct envelope *env, struct arena *arena,
                     const struct macros *macros)
{
    const char *verify = macros->get(macros->arg, "{verify}");
    save_macro(&env->tls_version, arena, macros, "{tls_version}");
    if (verify != NULL ? strcmp(verify, "OK") == 0 : session->is_postfix)
        save_macro(&env->tls_subject, arena, macros, "{cert_subject}");
}

/* ---- the message ---- */

static struct message *message_new(const struct session *session)
{
    struct message *message = xcalloc(1, sizeof *message);
    message->arena = arena_new(MESSAGE_MEMORY_MAX);
    message->spool = spool_new(&session->conf->spool);
    message->env = session->client;
    return message;
}

/* "<postmaster>" is an address of this host (RFC 5321 4.1.1.3); NULL for what has a domain, or is the null sender. */
static const char *with_domain(const struct session *session, struct arena *arena, const char *given)
{
    size_t n = strlen(given);
    const char *host = session->client.mta_host != NULL ? session->client.mta_host : session->conf->hostname;
    bool brackets = n >= 2 && given[0] == '<' && given[n - 1] == '>';
    if (strchr(given, '@') != NULL || n <= (brackets ? 2u : 0u))
        return NULL;
    return arena_printf(arena, "<%.*s@%s>", (int)(brackets ? n - 2 : n), given + brackets, host);
}

/* The first failure is the one that is told. */
static void fail(struct message *message, const struct err *err)
{
    if (!err_is_set(&message->err))
        message->err = *err;
}

static void set_sender(struct session *session, const char *given)
{
    struct err err = ERR_INIT;
    struct message *message = session->message;
    const char *full = with_domain(session, message->arena, given);
    if (envelope_set_sender(&message->env, message->arena, full != NULL ? full : given, &err) < 0)
        fail(message, &err);
    else
        message->env.sender_given = arena_strdup(message->arena, given);
}

void session_mail(struct session *session, const char *const *args, const struct macros *macros)
{
    session_reset(session);
    struct message *message = session->message = message_new(session);
    struct envelope *env = &message->env;
    session->from_us = session->from_us ||
                       loops_is_ours(session->conf->loops, env->client_addr, env->client_port, env->helo);
    if (session->from_us)
        err_set(&message->err, ERR_LOOP,
                "the injection listener %s:%u shows us our own mail: take us off its milters",
                env->listener_addr != NULL ? env->listener_addr : "?", env->listener_port);
    set_sender(session, args[0] != NULL ? args[0] : "");
    if (args[0] != NULL)
        esmtp_read_mail(env, message->arena, args + 1);
    save_macro(&env->queue_id, message->arena, macros, "i");
    save_macro(&env->login, message->arena, macros, "{auth_authen}");
    read_tls(session, env, message->arena, macros);
    io_done("milter-mail");
}

void session_rcpt(struct session *session, const char *const *args)
{
    struct message *message = session->message;
    if (message == NULL || args[0] == NULL || arena_check(message->arena, &message->err) < 0)
        return;
    struct err err = ERR_INIT;
    struct envelope *env = &message->env;
    const char *full = with_domain(session, message->arena, args[0]);
    if (envelope_add_rcpt(env, message->arena, full != NULL ? full : args[0], &err) < 0) {
        fail(message, &err);
        return;
    }
    struct recipient *rcpt = &env->rcpts[env->nrcpts - 1];
    rcpt->given = arena_strdup(message->arena, args[0]);
    esmtp_read_rcpt(rcpt, message->arena, args + 1);
    io_done("milter-rcpt");
}

static void write_text(struct message *message, const char *p, size_t n)
{
    if (!err_is_set(&message->err) && spool_write(message->spool, p, n, &message->err) < 0)
        spool_free(&message->spool); /* what comes still is read and forgotten */
}

/* The value's line ends become CRLF, whatever they were. */
static void write_value(struct message *message, const char *value)
{
    while (*value != '\0') {
        size_t n = strcspn(value, "\n");
        size_t text = n > 0 && value[n] == '\n' && value[n - 1] == '\r' ? n - 1 : n;
        write_text(message, value, text);
        if (value[n] == '\n')
            write_text(message, "\r\n", 2);
        value += n + (value[n] == '\n');
    }
    write_text(message, "\r\n", 2);
}

void session_header(struct session *session, const char *name, const char *value)
{
    struct message *message = session->message;
    if (message == NULL)
        return;
    message->nfields++;
    message->header_size += strlen(name) + strlen(value) + 3;
    if (message->header_size > SESSION_HEADER_MAX)
        err_set(&message->err, ERR_LIMIT, "header of more than %zu octets", SESSION_HEADER_MAX);
    write_text(message, name, strlen(name));
    write_text(message, ":", 1);
    write_value(message, value);
}

static void begin_body(struct message *message)
{
    if (!message->in_body)
        write_text(message, "\r\n", 2);
    message->in_body = true;
}

void session_body(struct session *session, const void *p, size_t n)
{
    if (session->message == NULL)
        return;
    begin_body(session->message);
    write_text(session->message, p, n);
    io_done("milter-body");
}

int session_end_message(struct session *session, const struct macros *macros, struct err *err)
{
    struct message *message = session->message;
    if (message == NULL)
        return err_set(err, ERR_BUG, "end of a message that never began");
    save_macro(&message->env.queue_id, message->arena, macros, "i");
    save_macro(&message->env.login, message->arena, macros, "{auth_authen}");
    begin_body(message);
    if (message->env.nrcpts == 0)
        err_set(&message->err, ERR_BUG, "message without recipients");
    if (err_is_set(&message->err) || arena_check(message->arena, &message->err) < 0 ||
        spool_seal(message->spool, &message->err) < 0) {
        *err = message->err;
        return -1;
    }
    return 0;
}
