/*
 * header_addresses - the mailboxes of an address field, read strictly (R7).
 *
 * Whatever one reader could take for another address than the next reader ends in trouble, without any mailbox: blanks or comments
 * inside an addr-spec, routes, encoded-words in an address or with commas in them, addresses in an unquoted display name.
 *
 * source  RFC 5322 3.4, RFC 6532
 */
#include "mime/header.h"
#include "mime/leaf.h"

#include "base/addr.h"
#include "base/buf.h"

#include <string.h>

struct parser {
    struct arena *arena;
    struct span in;
    size_t at;
    struct mailbox_list *list;
    size_t cap;
    bool in_group;
    struct span comment; /* the last one passed */
};

static void fail(struct parser *p, const char *why)
{
    if (p->list->trouble == NULL)
        p->list->trouble = why;
    p->at = p->in.len;
}

static char peek(const struct parser *p)
{
    return p->at < p->in.len ? p->in.ptr[p->at] : '\0';
}

static bool is_atext(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 0x80 || (u > ' ' && u < 0x7f && strchr("()<>[]:;@\\,\"", c) == NULL);
}

/* From an opening character; returns the offset behind the closing one, or 0. Comments nest, strings do not. */
static size_t closing(struct span in, size_t at, char open, char close)
{
    size_t depth = 1;
    for (size_t i = at + 1; i < in.len; i++) {
        char c = in.ptr[i];
        if (c == '\\')
            i++;
        else if (c == close && --depth == 0)
            return i + 1;
        else if (c == open)
            depth++;
    }
    return 0;
}

static void skip_comment(struct parser *p)
{
    size_t end = closing(p->in, p->at, '(', ')');
    if (end == 0) {
        fail(p, "a comment does not end");
        return;
    }
    p->comment = span_sub(p->in, p->at + 1, end - p->at - 2);
    p->at = end;
}

static void skip_space(struct parser *p)
{
    for (;;) {
        char c = peek(p);
        if (c == '(')
            skip_comment(p);
        else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            p->at++;
        else
            return;
    }
}

/* An atom (dots in it are let pass) or a quoted-string, quotes included. Empty: neither, or trouble. */
static struct span read_word(struct parser *p)
{
    size_t begin = p->at;
    if (peek(p) == '"') {
        size_t end = closing(p->in, p->at, '\0', '"');
        if (end == 0)
            fail(p, "a quoted-string does not end");
        else
            p->at = end;
    } else {
        while (is_atext(peek(p)))
            p->at++;
    }
    struct span word = span_sub(p->in, begin, p->at - begin);
    bool encoded = span_starts(word, "=?");
    if (encoded && (word.len < 4 || memcmp(word.ptr + word.len - 2, "?=", 2) != 0)) {
        fail(p, "an encoded-word is broken");
        word.len = 0;
    }
    return p->list->trouble != NULL ? (struct span){"", 0} : word;
}

/* Behind the @: dot-atom or domain-literal. */
static void skip_domain(struct parser *p)
{
    if (peek(p) == '[') {
        const char *close = memchr(p->in.ptr + p->at, ']', p->in.len - p->at);
        if (close == NULL)
            fail(p, "a domain-literal does not end");
        else
            p->at = (size_t)(close - p->in.ptr) + 1;
        return;
    }
    while (is_atext(peek(p)))
        p->at++;
}

static void add_mailbox(struct parser *p, struct span spec, const char *name)
{
    char addr[ADDR_MAX + 1], exact[ADDR_MAX + 1];
    struct err err = ERR_INIT;
    if (span_find(spec, "=?", 2, 0) != SIZE_MAX)
        fail(p, "an address holds an encoded-word");
    else if (!leaf_is_utf8(spec))
        fail(p, "an address is not UTF-8");
    else if (addr_canonical(spec, addr, &err) < 0 || addr_exact(spec, exact, &err) < 0 || addr[0] == '\0')
        fail(p, arena_printf(p->arena, "an address is none: %s", err.msg));
    if (p->list->trouble != NULL)
        return;
    struct mailbox_list *list = p->list;
    list->boxes = arena_grow(p->arena, list->boxes, list->n, &p->cap, sizeof *list->boxes);
    list->boxes[list->n++] = (struct mailbox){
        .addr = arena_strdup(p->arena, addr), .exact = arena_strdup(p->arena, exact), .name = name};
}

static void end_mailbox(struct parser *p)
{
    skip_space(p);
    char c = peek(p);
    if (p->at < p->in.len && c != ',' && !(c == ';' && p->in_group))
        fail(p, "something stands behind an address");
}

static void read_angle(struct parser *p, const char *name)
{
    size_t begin = ++p->at;
    struct span local = read_word(p);
    if (local.len == 0 || peek(p) != '@') {
        fail(p, "no plain address in angle brackets");
        return;
    }
    p->at++;
    skip_domain(p);
    struct span spec = span_sub(p->in, begin, p->at - begin);
    if (peek(p) != '>') {
        fail(p, "an angle bracket does not end behind the address");
        return;
    }
    p->at++;
    end_mailbox(p);
    add_mailbox(p, spec, name);
}

/*
 * "a@b.example <a@b.example>", the address as its own display name without the quotes: no RFC allows it, many programs write it,
 * and no reader can take it for another address. With a different one in front it is trouble.
 */
static void read_doubled(struct parser *p, struct span front)
{
    char addr[ADDR_MAX + 1];
    struct err err = ERR_INIT;
    read_angle(p, arena_spandup(p->arena, front));
    if (p->list->trouble == NULL &&
        (addr_canonical(front, addr, &err) < 0 || strcmp(addr, p->list->boxes[p->list->n - 1].addr) != 0))
        fail(p, "an address stands before another");
}

/* local@domain, the word before @ read already; the name is what a comment behind it says. */
static void read_bare(struct parser *p, size_t begin)
{
    p->at++;
    skip_domain(p);
    struct span spec = span_sub(p->in, begin, p->at - begin);
    p->comment = (struct span){"", 0};
    skip_space(p);
    if (peek(p) == '<') {
        read_doubled(p, spec);
        return;
    }
    end_mailbox(p);
    add_mailbox(p, spec, header_decode(p->arena, p->comment));
}

static void add_quoted(struct arena *arena, struct span quoted, struct buf *out)
{
    char *plain = arena_alloc(arena, quoted.len);
    size_t n = 0;
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        if (quoted.ptr[i] == '\\' && i + 2 < quoted.len)
            i++;
        if (quoted.ptr[i] != '\r' && quoted.ptr[i] != '\n')
            plain[n++] = quoted.ptr[i];
    }
    buf_add_str(out, leaf_utf8(arena, (struct span){"", 0}, (struct span){plain, n}));
}

/* A display name: runs of atoms are decoded together, since blanks between encoded-words do not count. */
struct phrase {
    struct buf text;
    struct span atoms;
    size_t words;
};

static void end_atoms(struct parser *p, struct phrase *phrase)
{
    if (phrase->atoms.len == 0)
        return;
    buf_add_str(&phrase->text, header_decode(p->arena, phrase->atoms));
    phrase->atoms.len = 0;
}

static void add_word(struct parser *p, struct phrase *phrase, struct span word)
{
    bool quoted = word.ptr[0] == '"';
    bool joined = phrase->atoms.len > 0 && !quoted && p->comment.len == 0;
    if (joined) {
        phrase->atoms.len = (size_t)(word.ptr + word.len - phrase->atoms.ptr);
        return;
    }
    end_atoms(p, phrase);
    if (phrase->words > 0)
        buf_add_char(&phrase->text, ' ');
    if (quoted)
        add_quoted(p->arena, word, &phrase->text);
    else
        phrase->atoms = word;
}

static void read_item(struct parser *p)
{
    struct phrase phrase = {.text = BUF_INIT(8 * p->in.len + 16)};
    size_t begin = p->at;
    struct span word;
    p->comment = (struct span){"", 0};
    while ((word = read_word(p)).len > 0) {
        add_word(p, &phrase, word);
        phrase.words++;
        if (peek(p) == '@')
            break;
        p->comment = (struct span){"", 0};
        skip_space(p);
    }
    end_atoms(p, &phrase);
    char next = peek(p);
    if (next == '@' && phrase.words == 1) {
        read_bare(p, begin);
    } else if (next == '<') {
        read_angle(p, arena_strdup(p->arena, buf_str(&phrase.text)));
    } else if (next == ':' && phrase.words > 0 && !p->in_group) {
        p->list->group = p->in_group = true;
        p->at++;
    } else {
        fail(p, "text that is no address");
    }
    buf_fini(&phrase.text);
}

static void read_list(struct parser *p)
{
    for (skip_space(p); p->at < p->in.len; skip_space(p)) {
        char c = peek(p);
        if (c == ',') {
            p->at++;
        } else if (c == ';' && p->in_group) {
            p->in_group = false;
            p->at++;
            end_mailbox(p);
        } else {
            read_item(p);
        }
    }
    if (p->in_group)
        fail(p, "a group does not end");
    if (p->list->n == 0 && !p->list->group)
        fail(p, "no address");
}

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == 0x7f || (c < ' ' && c != '\t' && c != '\r' && c != '\n'))
            return true;
    }
    return false;
}

int header_addresses(struct arena *arena, struct span raw_value, struct mailbox_list *out, struct err *err)
{
    *out = (struct mailbox_list){.n = 0};
    struct parser p = {.arena = arena, .in = raw_value, .list = out};
    if (has_control(raw_value))
        fail(&p, "a control character");
    read_list(&p);
    if (out->trouble != NULL)
        out->n = 0;
    return arena_check(arena, err);
}
