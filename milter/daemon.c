/* daemon - opening in order, closing in reverse. */
#include "milter/daemon.h"

#include "milter/clock.h"
#include "token/remote.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* libmilter sends the answer to the last message after our callback has returned, and tells nobody when it has. */
#define ANSWER_SECONDS 1
#define KEY_SECONDS    10

/* sealkeyd waits for a token before it says that one is away. */
static unsigned question_ms(const struct settings *settings)
{
    return (settings->keys.pkcs11.timeout + KEY_SECONDS) * 1000;
}

static int open_parts(struct daemon *daemon, struct err *err)
{
    const struct settings *settings = daemon->settings;
    daemon->loops = loops_new();
    daemon->session.loops = daemon->loops;
    daemon->ratelimit = ratelimit_new();
    daemon->generator = generator_new();
    if (store_open(settings->state_dir, STORE_READ_WRITE, &daemon->store, err) < 0 ||
        remote_new(settings->keys.socket, question_ms(settings), &daemon->holder, err) < 0 ||
        gate_new(settings, daemon->store, daemon->holder, clock_ms, &daemon->gate, err) < 0)
        return -1;
    return reload_new(daemon->store, settings, &daemon->reload, err);
}

int daemon_open(const struct settings *settings, struct daemon *daemon, struct err *err)
{
    *daemon = (struct daemon){.settings = settings};
    /* Results are compared with the limit; what arrives may be a bit above it, because MTAs count otherwise. */
    daemon->session = (struct session_conf){
        .spool = {.dir = settings->spool_dir,
                  .mem_max = settings->spool_memory,
                  .size_max = settings->message_size_limit * 2},
        .hostname = settings->hostname,
    };
    pthread_mutex_init(&daemon->lock, NULL); /* never destroyed: see daemon_begin_session() */
    pthread_cond_init(&daemon->idle, NULL);
    if (open_parts(daemon, err) == 0)
        return 0;
    daemon_close(daemon);
    return -1;
}

void daemon_close(struct daemon *daemon)
{
    reload_free(&daemon->reload);
    gate_free(&daemon->gate);
    holder_free(&daemon->holder);
    store_close(&daemon->store);
    loops_free(&daemon->loops);
    ratelimit_free(&daemon->ratelimit);
    generator_free(&daemon->generator);
}

int daemon_begin_work(struct daemon *daemon, unsigned max, struct err *err)
{
    pthread_mutex_lock(&daemon->lock);
    if (daemon->stopping)
        err_set(err, ERR_BUSY, "about to stop");
    else if (daemon->working >= max)
        err_set(err, ERR_BUSY, "%u messages are worked on (max-messages)", max);
    else
        daemon->working++;
    pthread_mutex_unlock(&daemon->lock);
    return err_is_set(err) ? -1 : 0;
}

void daemon_end_work(struct daemon *daemon)
{
    pthread_mutex_lock(&daemon->lock);
    daemon->working--;
    pthread_cond_broadcast(&daemon->idle);
    pthread_mutex_unlock(&daemon->lock);
}

void daemon_begin_session(struct daemon *daemon)
{
    pthread_mutex_lock(&daemon->lock);
    bool stopping = daemon->stopping;
    daemon->sessions += !stopping;
    pthread_mutex_unlock(&daemon->lock);
    while (stopping)
        pause();
}

void daemon_end_session(struct daemon *daemon)
{
    pthread_mutex_lock(&daemon->lock);
    daemon->sessions--;
    pthread_cond_broadcast(&daemon->idle);
    pthread_mutex_unlock(&daemon->lock);
}

/* Until *count is 0, or so many seconds. */
static void wait_for_none(struct daemon *daemon, const unsigned *count, unsigned seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    while (*count > 0 && pthread_cond_timedwait(&daemon->idle, &daemon->lock, &until) != ETIMEDOUT)
        continue;
}

bool daemon_stop(struct daemon *daemon, unsigned seconds)
{
    pthread_mutex_lock(&daemon->lock);
    daemon->stopping = true;
    wait_for_none(daemon, &daemon->working, seconds);
    wait_for_none(daemon, &daemon->sessions, ANSWER_SECONDS);
    bool unused = daemon->working == 0 && daemon->sessions == 0;
    pthread_mutex_unlock(&daemon->lock);
    return unused;
}
