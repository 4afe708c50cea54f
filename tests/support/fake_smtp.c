/* fake_smtp - a scripted SMTP server. */
#include "support/fake_smtp.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAILS_MAX 1000

struct fake_smtp {
    const struct fake_rule *rules;
    size_t nrules;
    unsigned *seen; /* how often each rule's command came */
    int listener;
    pthread_mutex_t lock; /* of unended: it is not closed while octets are sent on it */
    int unended;          /* the connection with an answer that is not at its end; -1: none */
    char target[32];
    pthread_t thread;
    bool joined;
    struct fake_mail mails[MAILS_MAX + 1]; /* the last one is being told */
    size_t nmails;
    struct buf said;
    unsigned connections;
    char last; /* first character of the last answer; 0: hung up */
};

static const char usual_ehlo[] =
    "250-fake\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8\r\n";

static void set_unended(struct fake_smtp *server, int fd)
{
    pthread_mutex_lock(&server->lock);
    server->unended = fd;
    pthread_mutex_unlock(&server->lock);
}

/* false: the script says to hang up. */
static bool answer(struct fake_smtp *server, FILE *out, const char *command, const char *usual)
{
    const char *text = usual;
    for (size_t i = 0; i < server->nrules; i++) {
        const struct fake_rule *rule = &server->rules[i];
        if (strncasecmp(command, rule->command, strlen(rule->command)) != 0)
            continue;
        if (rule->nth != 0 && ++server->seen[i] != rule->nth)
            continue;
        text = rule->answer;
        break;
    }
    server->last = text == NULL ? '\0' : text[0];
    if (text == NULL)
        return false;
    size_t n = strlen(text);
    fputs(text, out);
    fflush(out);
    set_unended(server, n == 0 || text[n - 1] == '\n' ? -1 : fileno(out));
    return true;
}

static void forget(struct fake_mail *mail)
{
    for (size_t i = 0; i < mail->nrcpts; i++)
        free(mail->rcpts[i]);
    free(mail->rcpts);
    free(mail->mail);
    buf_fini(&mail->data);
    *mail = (struct fake_mail){.data = BUF_INIT(1u << 30)};
}

/* The octets up to the final dot; false: the client hung up. */
static bool read_data(FILE *in, struct buf *out)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool done = false;
    while (!done && (n = getline(&line, &cap, in)) > 0) {
        done = n == 3 && memcmp(line, ".\r\n", 3) == 0;
        size_t skip = !done && line[0] == '.';
        if (!done)
            buf_add(out, line + skip, (size_t)n - skip);
    }
    free(line);
    return done;
}

static bool one_command(struct fake_smtp *server, FILE *in, FILE *out, char *line)
{
    struct fake_mail *mail = &server->mails[server->nmails];
    line[strcspn(line, "\r\n")] = '\0';
    buf_printf(&server->said, "%s\n", line);
    if (strncmp(line, "EHLO", 4) == 0)
        return answer(server, out, line, usual_ehlo);
    if (strncmp(line, "MAIL", 4) == 0) {
        forget(mail);
        mail->mail = xstrdup(line);
        return answer(server, out, line, "250 ok\r\n");
    }
    if (strncmp(line, "RCPT", 4) == 0) {
        mail->rcpts = xrealloc(mail->rcpts, (mail->nrcpts + 1) * sizeof *mail->rcpts);
        mail->rcpts[mail->nrcpts++] = xstrdup(line);
        return answer(server, out, line, "250 ok\r\n");
    }
    if (strcmp(line, "DATA") == 0) {
        if (!answer(server, out, line, "354 go on\r\n") || !read_data(in, &mail->data))
            return false;
        bool goes_on = answer(server, out, "end", "250 queued\r\n");
        if (server->last != '4' && server->last != '5' && server->nmails < MAILS_MAX)
            server->nmails++;
        return goes_on;
    }
    (void)answer(server, out, line, strcmp(line, "QUIT") == 0 ? "221 bye\r\n" : "500 what?\r\n");
    return strcmp(line, "QUIT") != 0;
}

static void serve(struct fake_smtp *server, int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    FILE *in = fdopen(fd, "r");
    FILE *out = fdopen(dup(fd), "w");
    char *line = NULL;
    size_t cap = 0;
    server->connections++;
    if (answer(server, out, "greeting", "220 fake\r\n"))
        while (getline(&line, &cap, in) > 0 && one_command(server, in, out, line))
            ;
    free(line);
    set_unended(server, -1);
    fclose(in);
    fclose(out);
}

static void *run(void *arg)
{
    struct fake_smtp *server = arg;
    for (;;) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        serve(server, fd);
    }
}

struct fake_smtp *fake_smtp_start(const struct fake_rule *rules, size_t nrules)
{
    struct fake_smtp *server = xcalloc(1, sizeof *server);
    server->rules = rules;
    server->nrules = nrules;
    pthread_mutex_init(&server->lock, NULL);
    server->unended = -1;
    server->seen = xcalloc(nrules, sizeof *server->seen);
    server->said = (struct buf)BUF_INIT(1u << 24);
    for (size_t i = 0; i <= MAILS_MAX; i++)
        server->mails[i].data = (struct buf)BUF_INIT(1u << 30);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&name, size) < 0 ||
        listen(server->listener, 5) < 0 || getsockname(server->listener, (struct sockaddr *)&name, &size) < 0)
        abort();
    snprintf(server->target, sizeof server->target, "127.0.0.1:%u", ntohs(name.sin_port));
    if (pthread_create(&server->thread, NULL, run, server) != 0)
        abort();
    return server;
}

void fake_smtp_trickle(struct fake_smtp *server, char octet)
{
    pthread_mutex_lock(&server->lock);
    if (server->unended >= 0)
        (void)!send(server->unended, &octet, 1, MSG_NOSIGNAL);
    pthread_mutex_unlock(&server->lock);
}

void fake_smtp_join(struct fake_smtp *server)
{
    if (server->joined)
        return;
    shutdown(server->listener, SHUT_RDWR); /* wakes accept() */
    pthread_join(server->thread, NULL);
    server->joined = true;
}

void fake_smtp_stop(struct fake_smtp **server)
{
    fake_smtp_join(*server);
    close((*server)->listener);
    pthread_mutex_destroy(&(*server)->lock);
    for (size_t i = 0; i <= MAILS_MAX; i++)
        forget(&(*server)->mails[i]);
    buf_fini(&(*server)->said);
    free((*server)->seen);
    free(*server);
    *server = NULL;
}

const char *fake_smtp_target(const struct fake_smtp *server)
{
    return server->target;
}

size_t fake_smtp_count(const struct fake_smtp *server)
{
    return server->nmails;
}

const struct fake_mail *fake_smtp_mail(const struct fake_smtp *server, size_t i)
{
    if (i >= server->nmails)
        abort();
    return &server->mails[i];
}

const char *fake_smtp_said(const struct fake_smtp *server)
{
    return buf_str(&server->said);
}

unsigned fake_smtp_connections(const struct fake_smtp *server)
{
    return server->connections;
}
