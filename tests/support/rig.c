/* rig - the daemon without libmilter. */
#include "support/rig.h"

#include "log/log.h"
#include "milter/finish.h"
#include "support/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* daemon_open() would open the site's store a second time in this process. */
static void make_daemon(struct rig *rig)
{
    struct err err = ERR_INIT;
    const struct settings *settings = rig->site->settings;
    log_open(LOG_TO_STDERR, LEVEL_ERROR);
    struct daemon *daemon = &rig->daemon;
    daemon->settings = settings;
    daemon->store = rig->site->store;
    daemon->gate = rig->site->gate;
    daemon->loops = loops_new();
    daemon->ratelimit = ratelimit_new();
    daemon->generator = generator_new();
    daemon->session = (struct session_conf){
        .spool = {.dir = settings->spool_dir, .mem_max = settings->spool_memory, .size_max = 1u << 28},
        .hostname = settings->hostname,
        .loops = daemon->loops,
    };
    pthread_mutex_init(&daemon->lock, NULL);
    pthread_cond_init(&daemon->idle, NULL);
    ck_ok(reload_new(daemon->store, settings, &daemon->reload, &err));
    rig->session = session_new(&daemon->session);
}

struct rig *rig_new(const char *policy, const struct fake_rule *rules, size_t nrules)
{
    char settings[100];
    struct rig *rig = xcalloc(1, sizeof *rig);
    rig->listener = fake_smtp_start(rules, nrules);
    snprintf(settings, sizeof settings, "inject = %s\ninject-timeout = 20s\n",
             fake_smtp_target(rig->listener));
    rig->site = site_new_with(policy, settings);
    make_daemon(rig);
    return rig;
}

struct rig *rig_new_with(const char *policy, const char *settings)
{
    struct rig *rig = xcalloc(1, sizeof *rig);
    rig->site = site_new_with(policy, settings);
    make_daemon(rig);
    return rig;
}

struct rig *rig_beside(struct rig *rig)
{
    struct rig *beside = xcalloc(1, sizeof *beside);
    beside->of = rig;
    beside->session = session_new(&rig->daemon.session);
    return beside;
}

static void free_daemon(struct rig *rig)
{
    reload_free(&rig->daemon.reload);
    loops_free(&rig->daemon.loops);
    ratelimit_free(&rig->daemon.ratelimit);
    generator_free(&rig->daemon.generator);
    site_free(&rig->site);
}

void rig_free(struct rig **rig)
{
    struct rig *r = *rig;
    if (r->listener != NULL)
        fake_smtp_stop(&r->listener);
    session_free(&r->session);
    fake_mta_free(&r->mta);
    if (r->of == NULL)
        free_daemon(r);
    free(r);
    *rig = NULL;
}

static const char *get_macro(void *arg, const char *name)
{
    const struct rig_mail *mail = arg;
    if (strcmp(name, "{auth_authen}") == 0)
        return mail->login;
    if (strcmp(name, "i") == 0)
        return mail->queue_id != NULL ? mail->queue_id : "Q1";
    return strcmp(name, "v") == 0 ? "Postfix 3.7" : NULL;
}

static void with_args(const char *out[12], const char *first, const char *const *args)
{
    size_t n = 0;
    out[n++] = first;
    for (; args != NULL && *args != NULL && n < 11; args++)
        out[n++] = *args;
    out[n] = NULL;
}

static void feed_envelope(struct rig *rig, const struct rig_mail *mail, const struct macros *macros)
{
    const char *args[12];
    struct sockaddr_in client = {.sin_family = AF_INET, .sin_port = htons(1234)};
    inet_pton(AF_INET, "192.0.2.1", &client.sin_addr);
    session_connect(rig->session, "client.example", (struct sockaddr *)&client, macros);
    session_helo(rig->session, "client.example");
    with_args(args, mail->from, mail->mail_args);
    session_mail(rig->session, args, macros);
    for (size_t i = 0; i < RIG_TO_MAX && mail->to[i] != NULL; i++) {
        with_args(args, mail->to[i], mail->rcpt_args);
        session_rcpt(rig->session, args);
    }
}

/* The fake MTA has taken the message apart already. */
static void feed_content(struct rig *rig)
{
    for (size_t i = 0; i < rig->mta->nfields; i++)
        session_header(rig->session, rig->mta->fields[i].name, rig->mta->fields[i].value);
    session_body(rig->session, buf_str(&rig->mta->body), rig->mta->body.len);
}

enum verdict rig_send(struct rig *rig, const struct rig_mail *mail)
{
    const struct macros macros = {.get = get_macro, .arg = (void *)mail};
    struct daemon *daemon = rig->of != NULL ? &rig->of->daemon : &rig->daemon;
    struct span bytes = mail->text != NULL ? site_crlf(rig->site, mail->text) : mail->bytes;
    fake_mta_free(&rig->mta);
    rig->mta = fake_mta_new(mail->kind, bytes);
    rig->mta->fail_at = mail->fail_at;
    if (mail->odd_name != NULL)
        fake_mta_show(rig->mta, mail->odd_name, mail->odd_value);
    feed_envelope(rig, mail, &macros);
    feed_content(rig);
    rig->verdict = finish_message(daemon, rig->session, &macros, &rig->mta->mta);
    session_reset(rig->session);
    if (rig->of == NULL)
        ck_assert_msg(rig->mta->trouble == NULL, "%s", rig->mta->trouble);
    return rig->verdict;
}

const char *rig_delivered(struct rig *rig)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 28);
    fake_mta_deliver(rig->mta, &out);
    return arena_strdup(rig->site->arena, buf_str(&out));
}

size_t rig_count(const struct rig *rig)
{
    fake_smtp_join(rig->listener);
    return fake_smtp_count(rig->listener);
}

size_t rig_times(const struct rig *rig, const char *path)
{
    size_t times = 0;
    for (size_t i = 0; i < fake_smtp_count(rig->listener); i++) {
        const struct fake_mail *mail = fake_smtp_mail(rig->listener, i);
        for (size_t r = 0; r < mail->nrcpts; r++)
            times += strncmp(mail->rcpts[r] + strlen("RCPT TO:"), path, strlen(path)) == 0;
    }
    return times;
}
