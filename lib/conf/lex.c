/* lex - text into tokens with places. */
#include "conf/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct cursor {
    struct arena *arena;
    struct span text;
    const char *punctuation;
    size_t pos;
    size_t line_start; /* offset of the current line's first byte */
    unsigned line;
    size_t counted; /* up to here columns are counted, so that a long line costs no more than its length */
    unsigned column;
    bool indented; /* the statement that is being read */
    struct lex *lex;
    size_t cap;
};

/* Octets of the UTF-8 character at p, 0 when it is none (overlong forms and surrogates are none). */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : 4;
    if (n == 1)
        return 1;
    if (n > left || p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

static unsigned column_at(struct cursor *c, size_t pos)
{
    if (c->counted < c->line_start || pos < c->counted) {
        c->counted = c->line_start;
        c->column = 1;
    }
    for (; c->counted < pos; c->counted++)
        if (((unsigned char)c->text.ptr[c->counted] & 0xc0) != 0x80)
            c->column++;
    return c->column;
}

static int error_at(struct cursor *c, size_t pos, struct err *err, const char *what)
{
    return err_set(err, ERR_CONFIG, "%s:%u:%u: %s", c->lex->path, c->line, column_at(c, pos), what);
}

/* The text is UTF-8, and what looks like blank is blank: checked for the whole file before anything is read of it. */
static int check_bytes(struct cursor *c, struct err *err)
{
    for (size_t i = 0, n; i < c->text.len; i += n) {
        const unsigned char *p = (const unsigned char *)c->text.ptr + i;
        n = utf8_length(p, c->text.len - i);
        if (n == 0)
            return error_at(c, i, err, "found a byte that is not UTF-8");
        bool crlf = p[0] == '\r' && i + 1 < c->text.len && p[1] == '\n';
        if ((p[0] < 0x20 && p[0] != '\t' && p[0] != '\n' && !crlf) || p[0] == 0x7f)
            return error_at(c, i, err, "found a control character");
        if (p[0] == '\n') {
            c->line++;
            c->line_start = i + 1;
        }
    }
    c->line = 1;
    c->line_start = 0;
    c->counted = 0;
    c->column = 1;
    return 0;
}

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\r';
}

static bool is_in(char ch, const char *set)
{
    return ch != '\0' && strchr(set, ch) != NULL;
}

static struct token *add_token(struct cursor *c, enum token_kind kind, size_t from, size_t to)
{
    struct lex *lex = c->lex;
    lex->tokens = arena_grow(c->arena, lex->tokens, lex->n, &c->cap, sizeof *lex->tokens);
    struct token *token = &lex->tokens[lex->n++];
    *token = (struct token){.kind = kind,
                            .text = "",
                            .source = span_sub(c->text, from, to - from),
                            .line = c->line,
                            .column = column_at(c, from),
                            .indented = c->indented};
    return token;
}

static int read_string(struct cursor *c, struct err *err)
{
    size_t start = c->pos;
    char text[LEX_WORD_MAX + 1];
    size_t n = 0;
    for (c->pos++;; c->pos++) {
        if (c->pos >= c->text.len || c->text.ptr[c->pos] == '\n')
            return error_at(c, start, err, "found a string without a closing \"");
        char ch = c->text.ptr[c->pos];
        if (ch == '"')
            break;
        if (ch == '\\') {
            char next = c->pos + 1 < c->text.len ? c->text.ptr[c->pos + 1] : '\0';
            if (next != '"' && next != '\\')
                return error_at(c, c->pos, err, "found a \\ in a string; only \\\" and \\\\ may stand there");
            ch = next;
            c->pos++;
        }
        if (n == LEX_WORD_MAX)
            return error_at(c, start, err, "found a string that is too long");
        text[n++] = ch;
    }
    c->pos++;
    add_token(c, TOKEN_STRING, start, c->pos)->text = arena_spandup(c->arena, (struct span){text, n});
    if (c->pos < c->text.len && !is_blank(c->text.ptr[c->pos]) && c->text.ptr[c->pos] != '\n' &&
        !is_in(c->text.ptr[c->pos], c->punctuation))
        return error_at(c, c->pos, err, "expected a blank behind the string");
    return 0;
}

static int read_word(struct cursor *c, struct err *err)
{
    size_t start = c->pos;
    while (c->pos < c->text.len && !is_blank(c->text.ptr[c->pos]) && c->text.ptr[c->pos] != '\n' &&
           !is_in(c->text.ptr[c->pos], c->punctuation)) {
        if (c->text.ptr[c->pos] == '"')
            return error_at(c, c->pos, err,
                            "found a \" inside a word; put the whole in quotes, and write \\\"");
        c->pos++;
    }
    if (c->pos - start > LEX_WORD_MAX)
        return error_at(c, start, err, "found a word that is too long");
    struct token *token = add_token(c, TOKEN_WORD, start, c->pos);
    token->text = arena_spandup(c->arena, token->source);
    return 0;
}

static int read_token(struct cursor *c, struct err *err)
{
    char ch = c->text.ptr[c->pos];
    if (ch == '"')
        return read_string(c, err);
    if (!is_in(ch, c->punctuation))
        return read_word(c, err);
    c->pos++;
    struct token *token = add_token(c, TOKEN_PUNCT, c->pos - 1, c->pos);
    token->text = arena_spandup(c->arena, token->source);
    return 0;
}

/* A statement ends here unless nothing stands in it yet or its last token asks for more. */
static bool statement_ends(const struct lex *lex)
{
    if (lex->n == 0)
        return false;
    const struct token *last = &lex->tokens[lex->n - 1];
    return last->kind != TOKEN_NEWLINE && !token_is(last, ",") && !token_is(last, "or");
}

static void read_newline(struct cursor *c)
{
    if (statement_ends(c->lex))
        add_token(c, TOKEN_NEWLINE, c->pos, c->pos);
    c->pos++;
    c->line++;
    c->line_start = c->pos;
}

static void skip_comment(struct cursor *c)
{
    const char *end = memchr(c->text.ptr + c->pos, '\n', c->text.len - c->pos);
    c->pos = end == NULL ? c->text.len : (size_t)(end - c->text.ptr);
}

static int read_all(struct cursor *c, struct err *err)
{
    while (c->pos < c->text.len) {
        char ch = c->text.ptr[c->pos];
        if (ch == '\n') {
            read_newline(c);
        } else if (is_blank(ch)) {
            c->pos++;
        } else if (ch == '#') {
            skip_comment(c);
        } else {
            if (c->lex->n == 0 || c->lex->tokens[c->lex->n - 1].kind == TOKEN_NEWLINE)
                c->indented = c->pos > c->line_start;
            if (read_token(c, err) < 0)
                return -1;
        }
    }
    if (statement_ends(c->lex))
        add_token(c, TOKEN_NEWLINE, c->pos, c->pos);
    add_token(c, TOKEN_END, c->pos, c->pos);
    return 0;
}

int lex_text(struct arena *arena, const char *path, struct span text, const char *punctuation,
             struct lex *out, struct err *err)
{
    *out = (struct lex){.path = arena_strdup(arena, path)};
    if (text.len > LEX_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "%s: longer than %u bytes", path, LEX_TEXT_MAX);
    if (span_starts(text, "\xef\xbb\xbf")) /* a byte order mark, as some editors write it */
        text = span_sub(text, 3, text.len);
    struct cursor c = {
        .arena = arena, .text = text, .punctuation = punctuation, .line = 1, .column = 1, .lex = out};
    if (check_bytes(&c, err) < 0 || read_all(&c, err) < 0)
        return -1;
    return arena_check(arena, err);
}

int lex_error(const struct lex *lex, const struct token *at, struct err *err, const char *fmt, ...)
{
    char text[sizeof err->msg];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_set(err, ERR_CONFIG, "%s:%u:%u: %s", lex->path, at->line, at->column, text);
}

bool token_is(const struct token *token, const char *text)
{
    return (token->kind == TOKEN_WORD || token->kind == TOKEN_PUNCT) && strcmp(token->text, text) == 0;
}

bool token_ends(const struct token *token)
{
    return token->kind == TOKEN_NEWLINE || token->kind == TOKEN_END;
}

const char *token_describe(const struct token *token, char *buffer, size_t size)
{
    switch (token->kind) {
    case TOKEN_END:
        return "the end of the file";
    case TOKEN_NEWLINE:
        return "the end of the line";
    case TOKEN_STRING:
        snprintf(buffer, size, "\"%.60s\"", token->text);
        break;
    case TOKEN_WORD:
    case TOKEN_PUNCT:
        snprintf(buffer, size, "'%.60s'", token->text);
        break;
    }
    return buffer;
}

void lex_quote(const char *text, struct buf *out)
{
    buf_add_char(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, *text);
    }
    buf_add_char(out, '"');
}

bool lex_is_plain(const char *text, const char *punctuation)
{
    return *text != '\0' && *text != '#' && strcmp(text, "or") != 0 && strpbrk(text, " \t\"") == NULL &&
           strpbrk(text, punctuation) == NULL;
}
