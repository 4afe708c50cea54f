/* generate - one after another for an address, each with a line in the log. */
#include "milter/generate.h"

#include "base/io.h"
#include "gate/generate.h"
#include "log/log.h"
#include "milter/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOCKS 64 /* addresses share them */

struct generator {
    pthread_mutex_t locks[LOCKS];
};

struct generator *generator_new(void)
{
    struct generator *generator = xcalloc(1, sizeof *generator);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&generator->locks[i], NULL);
    return generator;
}

void generator_free(struct generator **generator)
{
    if (*generator == NULL)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&(*generator)->locks[i]);
    free(*generator);
    *generator = NULL;
}

static pthread_mutex_t *lock_of(struct generator *generator, const char *addr)
{
    size_t sum = 0;
    for (const char *c = addr; *c != '\0'; c++)
        sum = sum * 31 + (unsigned char)*c;
    return &generator->locks[sum % LOCKS];
}

/* A private key that came to be is more than information: it is told wherever warnings are. */
static void tell(const struct generate_for *message, enum method method, const struct generated_key *key)
{
    char until[24] = "";
    struct tm tm;
    time_t t = (time_t)key->until;
    if (!key->made)
        return;
    if (key->until != 0 && gmtime_r(&t, &tm) != NULL)
        strftime(until, sizeof until, "%Y-%m-%d", &tm);
    log_event(LEVEL_WARNING, message->queue_id, "generate", "addr", message->outcome->facts->from, "method",
              method_name(method), "key", key->fingerprint, "until", until, "result", "made", NULL);
}

static const char *generate(const struct generate_for *message, enum method method)
{
    struct err err = ERR_INIT;
    struct generated_key key = {.made = false};
    const struct facts *facts = message->outcome->facts;
    if (gate_generate(message->gate, message->snapshot, facts, method, clock_now(), message->arena, &key,
                      &err) == 0) {
        tell(message, method, &key);
        io_done("key-generated");
        return NULL;
    }
    (void)err_wrap(&err, "%s key of %s", method_name(method), facts->from);
    log_error(message->queue_id, "generate", &err);
    return arena_strdup(message->arena, err.msg);
}

void generate_keys(struct generator *generator, const struct generate_for *message, struct prepared *out)
{
    pthread_mutex_t *lock = lock_of(generator, message->outcome->facts->from);
    *out = (struct prepared){.why = {NULL}};
    pthread_mutex_lock(lock);
    for (enum method method = METHOD_NONE; method < METHODS; method++)
        if ((message->outcome->plan->generate & 1u << method) != 0)
            out->why[method] = generate(message, method);
    pthread_mutex_unlock(lock);
}
