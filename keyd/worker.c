/* worker - start in order: keys, threads, sandbox; then connections until the supervisor lets go. */
#include "keyd/worker.h"

#include "keyd/control.h"
#include "keyd/sandbox.h"
#include "keyd/service.h"
#include "token/remote.h"
#include "token/soft.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DRAIN_MS    3000
#define WAITING_MAX 4096 /* net.core.somaxconn: more do not wait at a socket */

struct worker {
    const struct worker_conf *conf;
    struct desk desk;
    struct service *service;
    struct lines *lanes; /* to the token child; NULL: no tokens */
};

static void on_token_hangs(void *arg, long whose)
{
    const struct worker *w = arg;
    control_say(w->conf->control, CONTROL_HANGS, (pid_t)whose, NULL);
}

/* Who comes from now on waits at the listening socket, for the next worker. */
static void on_reload(void *arg)
{
    const struct worker *w = arg;
    service_close(w->service);
    control_say(w->conf->control, CONTROL_RELOAD, 0, NULL);
}

/* What libraries load or set up when they are used first, while files can still be opened. */
static int warm_up(struct err *err)
{
    unsigned char hash[32] = {0}, signature[256];
    size_t len = sizeof signature;
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    struct key *key = NULL;
    if (soft_generate(KEY_EC_P256, 0, &pkcs8, err) < 0 || soft_key(&pkcs8, &key, err) < 0)
        return -1;
    int result = key_sign(key, DIGEST_SHA256, SIGN_ECDSA, (struct span){(const char *)hash, sizeof hash},
                          signature, &len, err);
    key_free(&key);
    return result;
}

static int start(struct worker *w, struct err *err)
{
    const struct settings *settings = w->conf->settings;
    struct desk *desk = &w->desk;
    if (vault_open(settings->master_key, settings->keys.master_token, &desk->vault, err) < 0 ||
        warm_up(err) < 0)
        return -1;
    desk->audit = w->conf->audit;
    desk->reload = on_reload;
    desk->arg = w;
    desk->cache = cache_new();
    desk->limits = limits_new(settings->keys.rate);
    if (settings->keys.pkcs11.modules.n > 0) {
        w->lanes = lines_new_given(settings->keys.pkcs11.timeout * 1000, on_token_hangs, w);
        desk->token = remote_new_on(w->lanes);
        vault_use(desk->vault, desk->token);
    }
    if (service_new(desk, w->conf->allowed, &w->service, err) < 0)
        return -1;
    service_refuse(w->service, w->conf->refused);
    return 0;
}

static bool somebody_waits(int listener)
{
    struct pollfd wait = {listener, POLLIN, 0};
    return poll(&wait, 1, 0) > 0;
}

/*
 * The token child is another process than its module says, so it is known by its number. The one of before is dead: what it left at the
 * listening socket is refused before another has its place, and the new one begins after that.
 */
static void meet_token(struct worker *w, const struct control_token *token)
{
    int begin = token->begin;
    for (int i = 0; i < WAITING_MAX && !service_is_closed(w->service) && somebody_waits(w->conf->listener);
         i++)
        service_accept(w->service, w->conf->listener);
    service_refuse(w->service, token->pid);
    lines_give(w->lanes, token->lanes, TOKEN_LANES, (long)token->pid);
    (void)!write(begin, "", 1);
    mem_close(&begin);
}

/* False when the supervisor is gone or wants us to be. */
static bool hear_supervisor(struct worker *w)
{
    struct control_token token;
    int heard = control_receive(w->conf->control, &token);
    if (heard > 0)
        meet_token(w, &token);
    return heard >= 0;
}

static void serve(struct worker *w)
{
    struct pollfd wait[] = {{w->conf->listener, POLLIN, 0}, {w->conf->control, POLLIN, 0}};
    for (;;) {
        if (poll(wait, SEAL_COUNT(wait), -1) < 0 && errno != EINTR)
            return;
        if (wait[1].revents != 0 && !hear_supervisor(w))
            return;
        if (service_is_closed(w->service))
            wait[0].fd = -1;
        else if (wait[0].revents != 0)
            service_accept(w->service, w->conf->listener);
    }
}

_Noreturn void worker_run(const struct worker_conf *conf)
{
    static struct worker w;
    struct err err = ERR_INIT, unlocked = ERR_INIT;
    w.conf = conf;
    mallopt(M_ARENA_MAX, 4); /* a thread sleeps most of the time: 264 of them need no heap each */
    int locked = sandbox_lock_memory(&unlocked);
    if (start(&w, &err) < 0 || sandbox_close(&err) < 0) {
        control_say(conf->control, CONTROL_FAILED, 0, &err);
        _exit(EXIT_FAILURE);
    }
    control_say(conf->control, CONTROL_STARTED, 0, locked < 0 ? &unlocked : &err);
    serve(&w);
    service_drain(w.service, DRAIN_MS);
    _exit(EXIT_SUCCESS);
}
