/* audit - a ring of entries with many writers in one process and one reader in another. */
#include "keyd/audit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define ENTRIES 1024 /* a power of two; what stays in a cache */
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

/* It may change while it is read, and need not end. */
static void take_text(char *to, const char *from, size_t size)
{
    size_t n = strnlen(from, size - 1);
    memcpy(to, from, n);
    to[n] = '\0';
}

void audit_event(struct audit_entry *entry, const char *event)
{
    take_text(entry->event, event, sizeof entry->event);
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
    atomic_store(&audit->ring->asleep, false);
    (void)!write(audit->wake, &one, sizeof one);
}

static void copy_text(char *to, const char *from)
{
    memcpy(to, from, strlen(from) + 1);
}

/* Texts are as long as they are: an entry is mostly room. */
static void copy_entry(struct audit_entry *to, const struct audit_entry *from)
{
    to->pid = from->pid;
    to->uid = from->uid;
    to->code = from->code;
    copy_text(to->event, from->event);
    copy_text(to->fpr, from->fpr);
    copy_text(to->addr, from->addr);
    copy_text(to->why, from->why);
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
    copy_entry(&ring->entries[at % ENTRIES], entry);
    atomic_store(&ring->written, at + 1);
    bool half = at + 1 - atomic_load(&ring->read) == ENTRIES / 2;
    pthread_mutex_unlock(&audit->lock);
    if (half || atomic_load(&ring->asleep))
        wake_reader(audit);
}

bool audit_take(struct audit *audit, struct audit_entry *out)
{
    struct ring *ring = audit->ring;
    if (atomic_load(&ring->written) == audit->taken)
        return false;
    const struct audit_entry *entry = &ring->entries[audit->taken++ % ENTRIES];
    out->pid = entry->pid;
    out->uid = entry->uid;
    out->code = entry->code;
    take_text(out->event, entry->event, sizeof out->event);
    take_text(out->fpr, entry->fpr, sizeof out->fpr);
    take_text(out->addr, entry->addr, sizeof out->addr);
    take_text(out->why, entry->why, sizeof out->why);
    atomic_store(&ring->read, audit->taken);
    if ((unsigned)out->code >= ERR_CODES)
        out->code = ERR_BUG;
    return true;
}

void audit_woken(struct audit *audit)
{
    uint64_t count;
    (void)!read(audit->wake, &count, sizeof count);
}

bool audit_sleep(struct audit *audit)
{
    struct ring *ring = audit->ring;
    atomic_store(&ring->asleep, true);
    return atomic_load(&ring->written) == audit->taken;
}
