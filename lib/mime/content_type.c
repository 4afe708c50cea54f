/*
 * content_type - the values of Content-Type (RFC 2045 5.1) and Content-Disposition (RFC 2183) with their parameters (RFC 2231).
 *
 * Strict with multiparts, because their parameters decide structure: no comment, nothing twice, nothing that two readers
 * could take apart differently. Generous with the others, whose parameters are names of files for the most part.
 */
#include "mime/leaf.h"
#include "mime/part.h"

#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX 100

/* A parameter as written: base "name", section 0 and extended for "name*0*". */
struct piece {
    struct span base;
    long section; /* -1: none */
    bool extended;
    struct span value; /* without quotes and escapes */
};

struct parser {
    struct arena *arena;
    struct span in; /* unfolded */
    size_t at;
    bool strict; /* a multipart */
    struct piece pieces[PARAMS_MAX];
    size_t n;
};

static char peek(const struct parser *p)
{
    return p->at < p->in.len ? p->in.ptr[p->at] : '\0';
}

static bool is_token_char(char c)
{
    return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static void skip_blanks(struct parser *p)
{
    while (peek(p) == ' ' || peek(p) == '\t')
        p->at++;
}

static struct span read_token(struct parser *p)
{
    size_t begin = p->at;
    while (is_token_char(peek(p)))
        p->at++;
    return span_sub(p->in, begin, p->at - begin);
}

static char *lower_dup(struct arena *arena, struct span s)
{
    char *copy = arena_spandup(arena, s);
    for (char *c = copy; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 0x20);
    return copy;
}

static struct span unfold(struct arena *arena, struct span raw)
{
    char *out = arena_alloc(arena, raw.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++)
        if (raw.ptr[i] != '\r' && raw.ptr[i] != '\n')
            out[n++] = raw.ptr[i];
    return span_trim((struct span){out, n});
}

/* "filename*1*" into base, section and form. */
static void split_name(struct piece *piece)
{
    struct span *base = &piece->base;
    piece->section = -1;
    if (base->len > 1 && base->ptr[base->len - 1] == '*') {
        piece->extended = true;
        base->len--;
    }
    size_t star = span_find(*base, "*", 1, 0), digits = base->len - (star == SIZE_MAX ? 0 : star + 1);
    if (star == SIZE_MAX || star == 0 || digits < 1 || digits > 3)
        return;
    long section = 0;
    for (size_t i = star + 1; i < base->len; i++) {
        if (base->ptr[i] < '0' || base->ptr[i] > '9')
            return;
        section = 10 * section + (base->ptr[i] - '0');
    }
    piece->section = section;
    base->len = star;
}

/* A quoted-string's content; stops at the end of the field when the quote does not end. */
static struct span read_quoted(struct parser *p)
{
    char *out = arena_alloc(p->arena, p->in.len - p->at);
    size_t n = 0;
    for (p->at++; p->at < p->in.len && peek(p) != '"'; p->at++) {
        if (peek(p) == '\\' && p->at + 1 < p->in.len)
            p->at++;
        out[n++] = peek(p);
    }
    return (struct span){out, n};
}

/* What a reader without the grammar would take: up to ";", without a comment behind a blank. */
static struct span read_loose(struct parser *p)
{
    size_t begin = p->at;
    while (p->at < p->in.len && peek(p) != ';')
        p->at++;
    struct span value = span_sub(p->in, begin, p->at - begin);
    size_t comment = span_find(value, " (", 2, 0);
    return span_trim(span_sub(value, 0, comment == SIZE_MAX ? value.len : comment));
}

static void skip_to_semicolon(struct parser *p)
{
    const char *hit = p->at < p->in.len ? memchr(p->in.ptr + p->at, ';', p->in.len - p->at) : NULL;
    p->at = hit == NULL ? p->in.len : (size_t)(hit - p->in.ptr);
}

static void read_params_loosely(struct parser *p)
{
    while (p->n < PARAMS_MAX) {
        skip_to_semicolon(p);
        if (p->at >= p->in.len)
            return;
        p->at++;
        skip_blanks(p);
        struct piece piece = {.base = read_token(p)};
        skip_blanks(p);
        if (piece.base.len == 0 || peek(p) != '=')
            continue;
        p->at++;
        skip_blanks(p);
        piece.value = peek(p) == '"' ? read_quoted(p) : read_loose(p);
        split_name(&piece);
        p->pieces[p->n++] = piece;
    }
}

static int read_strict_param(struct parser *p, struct err *err)
{
    struct piece piece = {.base = read_token(p)};
    if (piece.base.len == 0 || peek(p) != '=')
        return err_set(err, ERR_SYNTAX, "a parameter of a multipart is malformed");
    p->at++;
    if (peek(p) == '"') {
        size_t begin = p->at + 1;
        piece.value = read_quoted(p);
        if (p->at++ >= p->in.len)
            return err_set(err, ERR_SYNTAX, "a parameter's quote does not end");
        if (piece.value.len != p->at - 1 - begin)
            return err_set(err, ERR_AMBIGUOUS, "a parameter of a multipart holds an escape");
    } else {
        piece.value = read_token(p);
    }
    for (size_t i = 0; i < p->n; i++)
        if (span_eq_nocase(p->pieces[i].base, piece.base))
            return err_set(err, ERR_AMBIGUOUS, "a parameter of a multipart stands twice");
    if (memchr(piece.base.ptr, '*', piece.base.len) != NULL && span_starts_nocase(piece.base, "boundary"))
        return err_set(err, ERR_AMBIGUOUS, "the boundary is encoded");
    if (p->n == PARAMS_MAX)
        return err_set(err, ERR_AMBIGUOUS, "more than %d parameters", PARAMS_MAX);
    p->pieces[p->n++] = piece;
    return 0;
}

static int read_params_strictly(struct parser *p, struct err *err)
{
    for (;;) {
        skip_blanks(p);
        if (p->at >= p->in.len)
            break;
        if (peek(p) == '(')
            return err_set(err, ERR_AMBIGUOUS, "a multipart's Content-Type holds a comment");
        if (peek(p) != ';')
            return err_set(err, ERR_SYNTAX, "a multipart's Content-Type is malformed");
        p->at++;
        skip_blanks(p);
        if (p->at < p->in.len && peek(p) != ';' && read_strict_param(p, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < p->n; i++)
        split_name(&p->pieces[i]);
    return 0;
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c < '0' ? NULL : strchr(digits, c | 0x20);
    return at == NULL ? -1 : (int)(at - digits);
}

static size_t append_value(char *out, const struct piece *piece, struct span value)
{
    size_t n = 0;
    for (size_t i = 0; i < value.len; i++) {
        int high = -1, low = -1;
        if (piece->extended && value.ptr[i] == '%' && i + 2 < value.len) {
            high = hex_value(value.ptr[i + 1]);
            low = hex_value(value.ptr[i + 2]);
        }
        bool escaped = high >= 0 && low >= 0;
        out[n++] = escaped ? (char)(16 * high + low) : value.ptr[i];
        i += escaped ? 2 : 0;
    }
    return n;
}

static const struct piece *find_piece(const struct parser *p, struct span base, long section)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->pieces[i].section == section && span_eq_nocase(p->pieces[i].base, base))
            return &p->pieces[i];
    return NULL;
}

/* charset'language'text: takes the first two off. */
static struct span take_charset(struct span *value)
{
    size_t first = span_find(*value, "'", 1, 0);
    size_t second = first == SIZE_MAX ? SIZE_MAX : span_find(*value, "'", 1, first + 1);
    if (second == SIZE_MAX)
        return (struct span){"", 0};
    struct span charset = span_sub(*value, 0, first);
    *value = span_sub(*value, second + 1, value->len);
    return charset;
}

/* All sections of one parameter, joined and converted. */
static char *join_pieces(const struct parser *p, const struct piece *first)
{
    struct span value = first->value, charset = {"", 0};
    if (first->section < 0 && !first->extended && !p->strict && span_find(value, "=?", 2, 0) != SIZE_MAX)
        return header_decode(p->arena, value); /* against RFC 2047 5, and common with names of files */
    if (first->extended)
        charset = take_charset(&value);
    char *out = arena_alloc(p->arena, p->in.len + 1);
    size_t n = append_value(out, first, value);
    const struct piece *next;
    for (long section = 1; first->section == 0 && (next = find_piece(p, first->base, section)) != NULL;
         section++)
        n += append_value(out + n, next, next->value);
    return leaf_utf8(p->arena, charset, (struct span){out, n});
}

const char *params_find(const struct parameter *params, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(params[i].name, name) == 0)
            return params[i].value;
    return NULL;
}

/* An encoded form is preferred to the plain one, which is there for old readers. */
static struct parameter *make_params(const struct parser *p, size_t *n_out)
{
    struct parameter *params = arena_array(p->arena, p->n, sizeof *params);
    size_t n = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < p->n; i++) {
            const struct piece *piece = &p->pieces[i];
            bool encoded = piece->extended || piece->section == 0;
            if (piece->section <= 0 && encoded == (pass == 0))
                params[n++] = (struct parameter){lower_dup(p->arena, piece->base), join_pieces(p, piece)};
        }
    }
    *n_out = n;
    return params;
}

int content_type_parse(struct arena *arena, struct span raw_value, struct content_type *out, struct err *err)
{
    struct parser p = {.arena = arena, .in = unfold(arena, raw_value)};
    *out = (struct content_type){.type = "text", .subtype = "plain"};
    if (p.in.len > 0 && memchr(p.in.ptr, '\0', p.in.len) != NULL)
        return err_set(err, ERR_SYNTAX, "NUL in Content-Type");
    struct span type = read_token(&p);
    if (type.len == 0 || peek(&p) != '/')
        return err_set(err, ERR_SYNTAX, "Content-Type is malformed");
    p.at++;
    struct span subtype = read_token(&p);
    skip_blanks(&p);
    if (subtype.len == 0 || (p.at < p.in.len && peek(&p) != ';' && peek(&p) != '('))
        return err_set(err, ERR_SYNTAX, "Content-Type is malformed");
    out->type = lower_dup(arena, type);
    out->subtype = lower_dup(arena, subtype);
    p.strict = strcmp(out->type, "multipart") == 0;
    if (!p.strict)
        read_params_loosely(&p);
    else if (read_params_strictly(&p, err) < 0)
        return -1;
    out->params = make_params(&p, &out->nparams);
    return 0;
}

bool content_type_is_layer(const struct content_type *type)
{
    if (strcmp(type->type, "multipart") == 0)
        return strcmp(type->subtype, "signed") == 0 || strcmp(type->subtype, "encrypted") == 0;
    return strcmp(type->type, "application") == 0 &&
           (strcmp(type->subtype, "pkcs7-mime") == 0 || strcmp(type->subtype, "x-pkcs7-mime") == 0);
}

void content_disposition_parse(struct arena *arena, struct span raw_value, struct content_disposition *out)
{
    struct parser p = {.arena = arena, .in = unfold(arena, raw_value)};
    out->type = lower_dup(arena, read_token(&p));
    read_params_loosely(&p);
    out->params = make_params(&p, &out->nparams);
}
