/* patterns - a hash table with open addressing; what a key leads to is a list in the arena. */
#include "policy/patterns.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum key_kind {
    KEY_NONE = 0,
    KEY_ADDRESS, /* this one */
    KEY_DOMAIN,  /* some or all at this domain */
    KEY_BELOW,   /* some or all at domains below this one */
};

struct key {
    const char *text;
    enum key_kind kind;
};

struct list {
    struct posting *first, *last;
};

struct slot {
    struct key key;
    unsigned counted;
    struct list list;
};

struct patterns {
    struct arena *arena;
    struct slot *slots;
    size_t mask; /* slots - 1, a power of two */
    struct list keyless;
};

static bool has_wildcard(const char *text)
{
    return strpbrk(text, "*?") != NULL;
}

static struct key key_of(const char *pattern)
{
    const char *at = strrchr(pattern, '@'), *domain = at == NULL ? pattern : at + 1;
    if (at != NULL && !has_wildcard(pattern))
        return (struct key){pattern, KEY_ADDRESS};
    if (!has_wildcard(domain))
        return (struct key){domain, KEY_DOMAIN};
    if (strncmp(domain, "*.", 2) == 0 && !has_wildcard(domain + 2))
        return (struct key){domain + 2, KEY_BELOW};
    return (struct key){.kind = KEY_NONE};
}

/* FNV-1a, case folded as addr_matches() does. An administrator writes the keys: nobody outside can choose what collides. */
static size_t hash(struct key key)
{
    uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)key.kind;
    for (const unsigned char *c = (const unsigned char *)key.text; *c != '\0'; c++)
        h = (h ^ (*c >= 'A' && *c <= 'Z' ? *c | 0x20u : *c)) * 0x100000001b3u;
    return (size_t)(h ^ h >> 32);
}

/* The key's slot, or the free one where it belongs; some slot is always free. */
static struct slot *slot_of(const struct patterns *patterns, struct key key)
{
    for (size_t i = hash(key);; i++) {
        struct slot *slot = &patterns->slots[i & patterns->mask];
        if (slot->key.kind == KEY_NONE ||
            (slot->key.kind == key.kind && strcasecmp(slot->key.text, key.text) == 0))
            return slot;
    }
}

struct patterns *patterns_new(struct arena *arena, size_t max)
{
    struct patterns *patterns = arena_alloc(arena, sizeof *patterns);
    size_t size = 8;
    while (size < max + max / 2 + 1)
        size *= 2;
    *patterns = (struct patterns){
        .arena = arena, .slots = arena_array(arena, size, sizeof(struct slot)), .mask = size - 1};
    return patterns;
}

void patterns_count(struct patterns *patterns, const char *pattern)
{
    struct key key = key_of(pattern);
    if (key.kind == KEY_NONE)
        return;
    struct slot *slot = slot_of(patterns, key);
    slot->key = key;
    slot->counted++;
}

size_t patterns_rivals(const struct patterns *patterns, const char *pattern)
{
    struct key key = key_of(pattern);
    return key.kind == KEY_NONE ? SIZE_MAX : slot_of(patterns, key)->counted;
}

static void append(struct arena *arena, struct list *list, unsigned number)
{
    if (list->last != NULL && list->last->number == number)
        return;
    struct posting *posting = arena_alloc(arena, sizeof *posting);
    posting->number = number;
    if (list->last == NULL)
        list->first = posting;
    else
        list->last->next = posting;
    list->last = posting;
}

void patterns_add(struct patterns *patterns, const char *pattern, unsigned number)
{
    struct key key = key_of(pattern);
    if (key.kind == KEY_NONE) {
        append(patterns->arena, &patterns->keyless, number);
        return;
    }
    struct slot *slot = slot_of(patterns, key);
    slot->key = key;
    append(patterns->arena, &slot->list, number);
}

static void find_list(const struct list *list, struct patterns_found *out)
{
    if (list->first == NULL)
        return;
    if (out->n == PATTERNS_FOUND_MAX)
        abort(); /* no canonical address */
    out->lists[out->n++] = list->first;
}

static void find_key(const struct patterns *patterns, enum key_kind kind, const char *text,
                     struct patterns_found *out)
{
    find_list(&slot_of(patterns, (struct key){text, kind})->list, out);
}

void patterns_find(const struct patterns *patterns, const char *addr, struct patterns_found *out)
{
    const char *domain = addr_domain(addr);
    out->n = 0;
    find_list(&patterns->keyless, out);
    if (*domain == '\0')
        return;
    find_key(patterns, KEY_ADDRESS, addr, out);
    find_key(patterns, KEY_DOMAIN, domain, out);
    for (const char *dot = strchr(domain, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        find_key(patterns, KEY_BELOW, dot + 1, out);
}
