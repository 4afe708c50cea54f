#include "scenario.h"

#include "base/buf.h"
#include "base/io.h"
#include "support/check.h"

#include <string.h>

#define INDENT 4

struct reader {
    struct arena *arena;
    const char *path, *at;
    unsigned line;
    struct scenario *scenario;
};

static const char *take_line(struct reader *r)
{
    const char *end = strchrnul(r->at, '\n');
    const char *line = arena_spandup(r->arena, (struct span){r->at, (size_t)(end - r->at)});
    r->at = *end == '\0' ? end : end + 1;
    r->line++;
    return line;
}

static struct part *add_part(struct reader *r, const char *title)
{
    struct scenario *s = r->scenario;
    s->parts = arena_grow(r->arena, s->parts, s->n, &s->cap, sizeof *s->parts);
    s->parts[s->n] = (struct part){.title = title, .line = r->line};
    return &s->parts[s->n++];
}

static bool is_indented(const char *at)
{
    return strncmp(at, "    ", INDENT) == 0;
}

/* Indented lines, and empty ones between them. */
static const char *take_text(struct reader *r)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    size_t empty = 0;
    while (is_indented(r->at) || *r->at == '\n') {
        const char *line = take_line(r);
        if (*line == '\0') {
            empty++;
            continue;
        }
        for (; empty > 0; empty--)
            buf_add_char(&out, '\n');
        buf_printf(&out, "%s\n", line + INDENT);
    }
    return arena_strdup(r->arena, buf_str(&out));
}

static void add_block(struct reader *r, struct part *part, const char *line)
{
    size_t n = strcspn(line, " ");
    struct block block = {.word = arena_spandup(r->arena, (struct span){line, n}),
                          .rest = line[n] == '\0' ? "" : line + n + 1,
                          .line = r->line};
    block.text = take_text(r);
    part->blocks = arena_grow(r->arena, part->blocks, part->n, &part->cap, sizeof block);
    part->blocks[part->n++] = block;
}

static bool begins_site(const char *line)
{
    return strcmp(line, "policy") == 0;
}

struct scenario *scenario_read(struct arena *arena, const char *path)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    struct reader r = {.arena = arena, .path = path, .scenario = arena_alloc(arena, sizeof *r.scenario)};
    ck_ok(io_read_file(path, &text, &err));
    r.at = buf_str(&text);
    struct part *part = add_part(&r, "the site");
    bool prose = true;
    while (*r.at != '\0') {
        const char *line = take_line(&r);
        prose = prose && !begins_site(line);
        if (prose || *line == '\0' || *line == '#')
            continue;
        if (strncmp(line, "= ", 2) == 0)
            part = add_part(&r, line + 2);
        else
            add_block(&r, part, line);
    }
    return r.scenario;
}

const struct block *scenario_block(const struct part *part, const char *word)
{
    for (size_t i = 0; i < part->n; i++)
        if (strcmp(part->blocks[i].word, word) == 0)
            return &part->blocks[i];
    return NULL;
}
