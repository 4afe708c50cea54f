/* cmd_explain - the daemon's own pipeline on a message file; nothing is delivered, nothing is stored. */
#include "cli/cli.h"
#include "cli/directory.h"
#include "cli/secrets.h"
#include "cli/tokens.h"

#include "base/io.h"
#include "conf/network.h"
#include "gate/explain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct request {
    const char *from, *client, *login, *write, *at, *body;
    const char *listener;
    struct string_list to;
    bool local;
};

/* A message file has LF or CRLF; the pipeline sees CRLF, as from the MTA. */
static int read_message(const struct settings *settings, const char *path, struct spool **out,
                        struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 30);
    if (io_read_file(path, &text, err) < 0)
        return -1;
    const struct spool_conf conf = {
        .dir = "/tmp", .mem_max = SIZE_MAX / 2, .size_max = 4 * settings->message_size_limit};
    struct spool *spool = spool_new(&conf);
    struct span rest = buf_span(&text);
    int status = 0;
    while (status == 0 && rest.len > 0) {
        size_t n = span_find(rest, "\n", 1, 0);
        struct span line = span_sub(rest, 0, n == SIZE_MAX ? rest.len : n);
        rest = n == SIZE_MAX ? SPAN_LIT("") : span_sub(rest, n + 1, rest.len);
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        status = spool_write_span(spool, line, err) < 0 || spool_write(spool, "\r\n", 2, err) < 0 ? -1 : 0;
    }
    if (status == 0)
        status = spool_seal(spool, err);
    if (status < 0)
        spool_free(&spool);
    *out = spool;
    return status;
}

/* "2026-11-23", "2026-11-23T07:30:00", both UTC, or seconds since 1970. */
static int parse_time(const char *text, int64_t *out, struct err *err)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%s"};
    for (size_t i = 0; i < SEAL_COUNT(forms); i++) {
        struct tm tm = {.tm_sec = 0};
        const char *end = strptime(text, forms[i], &tm);
        if (end == NULL || *end != '\0')
            continue;
        *out = i == 2 ? strtoll(text, NULL, 10) : (int64_t)timegm(&tm);
        return 0;
    }
    return err_set(err, ERR_USAGE, "--at %s: write 2026-11-23, 2026-11-23T07:30:00 or seconds since 1970",
                   text);
}

/* PORT, ADDR:PORT or a name. */
static int set_listener(struct cli *cli, const char *text, struct envelope *env, struct err *err)
{
    char host[256];
    struct err why = ERR_INIT;
    if (listener_check(text, &why) < 0)
        return err_set(err, ERR_USAGE, "--listener %s: %s", text, why.msg);
    if (strspn(text, "0123456789") == strlen(text)) {
        env->listener_port = (unsigned)strtoul(text, NULL, 10);
        return 0;
    }
    if (strchr(text, ':') == NULL) {
        env->listener_name = text;
        return 0;
    }
    if (endpoint_split(text, host, sizeof host, &env->listener_port, err) < 0)
        return -1;
    env->listener_addr = arena_strdup(cli->arena, host);
    return 0;
}

static int check_client(const char *text, struct err *err)
{
    struct in6_addr addr;
    if (inet_pton(AF_INET, text, &addr) == 1 || inet_pton(AF_INET6, text, &addr) == 1)
        return 0;
    return err_set(err, ERR_USAGE, "--client %s: no IP address", text);
}

static int make_envelope(struct cli *cli, const struct request *request, struct envelope *env,
                         struct err *err)
{
    env->login = request->login;
    env->client_addr = request->client;
    env->local = request->local;
    env->body = request->body;
    if ((request->client != NULL && check_client(request->client, err) < 0) ||
        (request->listener != NULL && set_listener(cli, request->listener, env, err) < 0) ||
        envelope_set_sender(env, cli->arena, request->from, err) < 0)
        return -1;
    for (size_t i = 0; i < request->to.n; i++)
        if (envelope_add_rcpt(env, cli->arena, request->to.items[i], err) < 0)
            return -1;
    return 0;
}

/*
 * Made by the caller where he may, and given to the user that root becomes: what the pipeline makes of a stranger's message is
 * written without root's rights. The folder is kept open, because that user may not find the way to it.
 */
static int make_folder(const struct cli *cli, const char *dir, int *fd_out, struct err *err)
{
    struct stat owner;
    bool made = mkdir(dir, 0700) == 0;
    if ((made || errno == EEXIST) && (*fd_out = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0 &&
        (!made || geteuid() != 0 || stat(cli->settings->state_dir, &owner) < 0 ||
         fchown(*fd_out, owner.st_uid, owner.st_gid) == 0))
        return 0;
    return err_set(err, ERR_IO, "--write %s: %s", dir, strerror(errno));
}

static int write_one(const char *name, const struct spool *spool, struct err *err)
{
    if (io_write_file(name, spool_all(spool), 0600, err) < 0)
        return err_wrap(err, "--write, as the state folder's owner (let sealadm make the folder)");
    return 0;
}

/* <n>.eml and notice-<n>.eml; a refused message has no copies. */
static int write_mail(const struct outcome *outcome, const struct spool *message, int folder, struct err *err)
{
    char name[40];
    if (fchdir(folder) < 0)
        return err_set(err, ERR_IO, "--write: %s; let sealadm make the folder", strerror(errno));
    for (size_t i = 0; outcome->copies != NULL && i < outcome->plan->ncopies; i++) {
        snprintf(name, sizeof name, "%zu.eml", i);
        if (write_one(name, outcome->copies[i] != NULL ? outcome->copies[i] : message, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < outcome->plan->nnotices; i++) {
        snprintf(name, sizeof name, "notice-%zu.eml", i);
        if (outcome->notices[i] != NULL && write_one(name, outcome->notices[i], err) < 0)
            return -1;
    }
    return 0;
}

/* Outcome and trace borrow names from the snapshot's policy. */
struct run {
    struct envelope env;
    struct holder *holder;
    struct gate *gate;
    struct snapshot *snapshot;
    struct outcome *outcome;
    struct trace trace;
};

static void run_fini(struct run *run)
{
    outcome_free(&run->outcome);
    snapshot_free(&run->snapshot);
    gate_free(&run->gate);
    holder_free(&run->holder);
}

static void print(struct cli *cli, const struct run *run)
{
    if (cli->json)
        explain_json(run->outcome, &run->env, &run->trace, &cli->out);
    else
        explain_text(run->outcome, &run->env, &run->trace, &cli->out);
}

/* sealkeyd where it runs, which has the tokens; else the keys that are in the store. */
static int open_holder(struct cli *cli, struct holder **out, struct err *err)
{
    struct err away = ERR_INIT;
    return tokens_connect(cli, out, &away) == 0 ? 0 : secrets_open_holder(cli, out, err);
}

static int explain(struct cli *cli, const struct request *request, const struct spool *message,
                   struct err *err)
{
    SEAL_CLEANUP(run_fini) struct run run = {.gate = NULL};
    SEAL_CLEANUP(mem_close) int folder = -1;
    int64_t now = cli->now;
    if ((request->at != NULL && parse_time(request->at, &now, err) < 0) ||
        make_envelope(cli, request, &run.env, err) < 0 ||
        (request->write != NULL && make_folder(cli, request->write, &folder, err) < 0) ||
        secrets_open_store(cli, CLI_DROP, err) < 0 || open_holder(cli, &run.holder, err) < 0 ||
        gate_new(cli->settings, cli->store, run.holder, cli_clock_ms, &run.gate, err) < 0 ||
        snapshot_load(cli->store, cli->settings, &run.snapshot, err) < 0 ||
        gate_run(run.gate, run.snapshot, &run.env, message, now, NULL, NULL, &run.trace, &run.outcome, err) <
            0)
        return -1;
    print(cli, &run);
    return request->write == NULL ? 0 : write_mail(run.outcome, message, folder, err);
}

int cmd_explain(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct request request = {.from = NULL};
    const struct cli_option options[] = {
        {.name = "--from", .value = &request.from},     {.name = "--to", .many = &request.to},
        {.name = "--client", .value = &request.client}, {.name = "--login", .value = &request.login},
        {.name = "--write", .value = &request.write},   {.name = "--at", .value = &request.at},
        {.name = "--body", .value = &request.body},     {.name = "--listener", .value = &request.listener},
        {.name = "--local", .flag = &request.local},    CLI_JSON_OPTION(cli),
    };
    struct spool *message = NULL;
    if (cli_options(cli, options, SEAL_COUNT(options), &argc, argv, err) < 0)
        return -1;
    if (request.from == NULL || request.to.n == 0 || argc != 1)
        return err_set(err, ERR_USAGE,
                       "wants --from ADDRESS, --to ADDRESS and one message file (- for standard input)");
    if (read_message(cli->settings, argv[0], &message, err) < 0)
        return -1;
    int status = explain(cli, &request, message, err);
    spool_free(&message);
    return status;
}
