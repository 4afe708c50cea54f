/* loops - a ring of our own connections. */
#include "milter/loops.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

struct entry {
    bool open;
    struct wire_name local;
    char name[LOOPS_NAME_MAX];
};

struct loops {
    pthread_mutex_t lock;
    size_t next;
    struct entry entries[LOOPS_MAX];
};

struct loops *loops_new(void)
{
    struct loops *loops = xcalloc(1, sizeof *loops);
    pthread_mutex_init(&loops->lock, NULL);
    return loops;
}

void loops_free(struct loops **loops)
{
    if (*loops == NULL)
        return;
    pthread_mutex_destroy(&(*loops)->lock);
    free(*loops);
    *loops = NULL;
}

int loops_make_name(const char *hostname, char out[LOOPS_NAME_MAX], struct err *err)
{
    unsigned char random[16];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return err_set(err, ERR_IO, "getrandom: %s", strerror(errno));
    int n = snprintf(out, LOOPS_NAME_MAX, "s");
    for (size_t i = 0; i < sizeof random; i++)
        n += snprintf(out + n, (size_t)(LOOPS_NAME_MAX - n), "%02x", random[i]);
    if (snprintf(out + n, (size_t)(LOOPS_NAME_MAX - n), ".%s", hostname) >= LOOPS_NAME_MAX - n)
        return err_set(err, ERR_CONFIG, "hostname is too long: %s", hostname);
    return 0;
}

int loops_add(struct loops *loops, const struct wire_name *local, const char *name, size_t *slot,
              struct err *err)
{
    pthread_mutex_lock(&loops->lock);
    size_t tried = 0;
    while (tried < LOOPS_MAX && loops->entries[loops->next].open) {
        loops->next = (loops->next + 1) % LOOPS_MAX;
        tried++;
    }
    bool found = tried < LOOPS_MAX;
    if (found) {
        struct entry *entry = &loops->entries[loops->next];
        *slot = loops->next;
        entry->open = true;
        entry->local = *local;
        snprintf(entry->name, sizeof entry->name, "%s", name);
        loops->next = (loops->next + 1) % LOOPS_MAX;
    }
    pthread_mutex_unlock(&loops->lock);
    return found ? 0 : err_set(err, ERR_BUSY, "%d injections are under way", LOOPS_MAX);
}

void loops_end(struct loops *loops, size_t slot)
{
    pthread_mutex_lock(&loops->lock);
    loops->entries[slot].open = false;
    pthread_mutex_unlock(&loops->lock);
}

/* A port alone is not enough where there is a name: the system lends it to connections to other listeners at the same time. */
static bool is_this(const struct entry *entry, const char *addr, unsigned port, const char *helo)
{
    if (helo != NULL && helo[0] != '\0')
        return strcasecmp(entry->name, helo) == 0;
    return entry->open && addr != NULL && port != 0 && entry->local.port == port &&
           strcmp(entry->local.addr, addr) == 0;
}

bool loops_is_ours(struct loops *loops, const char *client_addr, unsigned client_port, const char *helo)
{
    bool ours = false;
    pthread_mutex_lock(&loops->lock);
    for (size_t i = 0; i < LOOPS_MAX && !ours; i++)
        ours = is_this(&loops->entries[i], client_addr, client_port, helo);
    pthread_mutex_unlock(&loops->lock);
    return ours;
}
