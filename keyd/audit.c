/* audit - a ring of entries with many writers in one process and one reader in another. */
#include "keyd/audit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define ENTRIES 4096 /* a power of two */
#define FULL_MS 5

/* Shared. Counts are of all entries ever; the place is the count modulo ENTRIES. */
struct ring {
    atomic_uint written, read;
    atomic_bool asleep; /* the reader wants to be woken */
    struct audit_entry entries[ENTRIES];
};

struct audit {
    struct ring *ring;
    int wake;
    pthread_mutex_t lock; /* of the writers */
    unsigned taken;       /* the reader's own count; nobody else can change it */
};

void audit_event(struct audit_entry *entry, const char *event)
{
    snprintf(entry->event, sizeof entry->event, "%s", event);
}

void audit_begin(struct audit_entry *entry, const char *event, pid_t pid, uid_t uid)
{
    entry->fpr[0] = entry->addr[0] = entry->why[0] = '\0';
    entry->pid = pid;
    entry->uid = uid;
    entry->code = ERR_NONE;
    audit_event(entry, event);
}

struct audit *audit_new(struct err *err)
{
    struct audit *audit = xcalloc(1, sizeof *audit);
    audit->ring = mmap(NULL, sizeof *audit->ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    audit->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (audit->ring == MAP_FAILED || audit->wake < 0) {
        err_set(err, ERR_IO, "memory for the audit: %s", strerror(errno));
        return NULL;
    }
    pthread_mutex_init(&audit->lock, NULL);
    audit_reset(audit);
    return audit;
}

int audit_fd(const struct audit *audit)
{
    return audit->wake;
}

void audit_reset(struct audit *audit)
{
    audit->taken = 0;
    atomic_store(&audit->ring->written, 0);
    atomic_store(&audit->ring->read, 0);
    atomic_store(&audit->ring->asleep, true);
}

static void wake_reader(struct audit *audit)
{
    const uint64_t one = 1;
    if (atomic_exchange(&audit->ring->asleep, false))
        (void)!write(audit->wake, &one, sizeof one);
}

void audit_add(struct audit *audit, const struct audit_entry *entry)
{
    struct ring *ring = audit->ring;
    pthread_mutex_lock(&audit->lock);
    unsigned at = atomic_load_explicit(&ring->written, memory_order_relaxed);
    while (at - atomic_load(&ring->read) >= ENTRIES) {
        wake_reader(audit);
        (void)poll(NULL, 0, FULL_MS);
    }
    ring->entries[at % ENTRIES] = *entry;
    atomic_store(&ring->written, at + 1);
    pthread_mutex_unlock(&audit->lock);
    if (atomic_load(&ring->asleep))
        wake_reader(audit);
}

bool audit_take(struct audit *audit, struct audit_entry *out)
{
    struct ring *ring = audit->ring;
    if (atomic_load(&ring->written) == audit->taken)
        return false;
    *out = ring->entries[audit->taken++ % ENTRIES];
    atomic_store(&ring->read, audit->taken);
    out->event[sizeof out->event - 1] = '\0';
    out->fpr[sizeof out->fpr - 1] = '\0';
    out->addr[sizeof out->addr - 1] = '\0';
    out->why[sizeof out->why - 1] = '\0';
    if ((unsigned)out->code >= ERR_CODES)
        out->code = ERR_BUG;
    return true;
}

bool audit_sleep(struct audit *audit)
{
    uint64_t count;
    struct ring *ring = audit->ring;
    (void)!read(audit->wake, &count, sizeof count);
    atomic_store(&ring->asleep, true);
    return atomic_load(&ring->written) == audit->taken;
}
