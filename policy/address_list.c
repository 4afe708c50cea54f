/* address_list - a file of addresses, parsed once and asked often. */
#include "policy/address_list.h"

#include "policy/pattern.h"

#include <string.h>

struct reader {
    struct arena *arena;
    struct address_list *list;
    struct span text;
    size_t at;
    unsigned line;
    size_t used; /* slots */
    char *room;  /* for texts */
    size_t left;
    size_t wildcards_cap;
};

/* ---- the set ---- */

/* FNV-1a: the file is the administrator's own, nobody chooses its collisions. */
static size_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return (size_t)(hash ^ hash >> 32);
}

/* The slot that holds the text, or the empty one where it belongs. */
static const char **slot_of(const struct address_list *list, const char *text)
{
    size_t i = hash_of(text) & list->mask;
    while (list->slots[i] != NULL && strcmp(list->slots[i], text) != 0)
        i = (i + 1) & list->mask;
    return &list->slots[i];
}

static bool has(const struct address_list *list, const char *text)
{
    return *slot_of(list, text) != NULL;
}

/* A list may have millions of texts: they share pieces of the arena, because each piece costs something. */
static const char *keep(struct reader *r, const char *text)
{
    const size_t piece = 1u << 16, size = strlen(text) + 1;
    if (r->left < size) {
        r->room = arena_alloc(r->arena, piece);
        r->left = piece;
    }
    char *copy = memcpy(r->room, text, size);
    r->room += size;
    r->left -= size;
    return copy;
}

static void make_slots(struct reader *r, size_t size)
{
    r->list->slots = arena_array(r->arena, size, sizeof *r->list->slots);
    r->list->mask = size - 1;
}

/* At most half of the slots are used. */
static void make_room(struct reader *r)
{
    struct address_list *list = r->list;
    const char **slots = list->slots;
    size_t size = list->mask + 1;
    if (2 * r->used < size)
        return;
    make_slots(r, 2 * size);
    for (size_t i = 0; i < size; i++)
        if (slots[i] != NULL)
            *slot_of(list, slots[i]) = slots[i];
}

static void add_key(struct reader *r, const char *key)
{
    const char **slot = slot_of(r->list, key);
    if (*slot != NULL)
        return;
    *slot = keep(r, key);
    r->used++;
    make_room(r);
}

/* ---- reading ---- */

static bool has_wildcard(const char *text)
{
    return strpbrk(text, "*?") != NULL;
}

/* "*@b.example" says what "b.example" says; "*.b.example" is kept as ".b.example". */
static void add_pattern(struct reader *r, const char *pattern)
{
    const char *key = pattern;
    if (strncmp(pattern, "*@", 2) == 0)
        key = pattern + 2;
    else if (strncmp(pattern, "*.", 2) == 0 && strchr(pattern, '@') == NULL)
        key = pattern + 1;
    r->list->n++;
    if (has_wildcard(key)) {
        struct address_list *list = r->list;
        list->wildcards = arena_grow(r->arena, list->wildcards, list->nwildcards, &r->wildcards_cap,
                                     sizeof *list->wildcards);
        list->wildcards[list->nwildcards++] = keep(r, pattern);
        return;
    }
    add_key(r, key);
}

static struct span next_line(struct reader *r)
{
    const char *begin = r->text.ptr + r->at;
    const char *end = memchr(begin, '\n', r->text.len - r->at);
    size_t n = end == NULL ? r->text.len - r->at : (size_t)(end - begin);
    r->at += n + 1;
    r->line++;
    return (struct span){begin, n};
}

/* Without what a # at the beginning of a word comments out. */
static struct span without_comment(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] == '#' && (i == 0 || line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t'))
            return span_sub(line, 0, i);
    return line;
}

static int read_line(struct reader *r, struct span line, struct err *err)
{
    char text[ADDR_MAX + 1], pattern[ADDR_MAX + 1];
    line = span_trim(without_comment(line));
    if (line.len == 0)
        return 0;
    if (line.len > ADDR_MAX || memchr(line.ptr, '\0', line.len) != NULL)
        return err_set(err, ERR_CONFIG, "found '%.*s', expected an address or a domain",
                       (int)(line.len < 100 ? line.len : 100), line.ptr);
    memcpy(text, line.ptr, line.len);
    text[line.len] = '\0';
    if (pattern_canonical(text, pattern, err) < 0) {
        err->code = ERR_CONFIG;
        return -1;
    }
    add_pattern(r, pattern);
    return 0;
}

int address_list_parse(struct arena *arena, const char *path, struct span text, struct address_list **out,
                       struct err *err)
{
    struct reader r = {.arena = arena, .text = text};
    r.list = arena_alloc(arena, sizeof *r.list);
    r.list->path = arena_strdup(arena, path);
    make_slots(&r, 8);
    if (span_starts(text, "\xef\xbb\xbf"))
        r.at = 3;
    while (r.at < text.len)
        if (read_line(&r, next_line(&r), err) < 0)
            return err_wrap(err, "%s:%u", path, r.line);
    *out = r.list;
    return 0;
}

struct address_list *address_list_of(struct arena *arena, const char *const *patterns, size_t n)
{
    struct reader r = {.arena = arena, .list = arena_alloc(arena, sizeof *r.list)};
    make_slots(&r, 8);
    for (size_t i = 0; i < n; i++)
        add_pattern(&r, patterns[i]);
    return r.list;
}

/* ---- asking ---- */

static bool has_domain_above(const struct address_list *list, const char *domain)
{
    for (const char *dot = strchr(domain, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        if (has(list, dot))
            return true;
    return false;
}

bool address_list_has(const struct address_list *list, const char *addr)
{
    const char *domain = addr_domain(addr);
    if (*addr == '\0')
        return false;
    if (has(list, addr) || (*domain != '\0' && has(list, domain)) || has_domain_above(list, domain))
        return true;
    for (size_t i = 0; i < list->nwildcards; i++)
        if (addr_matches(addr, list->wildcards[i]))
            return true;
    return false;
}
