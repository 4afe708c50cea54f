/*
 * lex - one lexer for settings and policy: words, strings and punctuation, each with its place in the file.
 *
 * A statement is a line; a line that ends in a comma or in the word `or` goes on in the next one. A # at the beginning of a word makes the
 * rest of the line a comment. A string stands in double quotes, on one line; \" and \\ are its only escapes. The text
 * is UTF-8 without control characters. Tokens live in the arena; nothing here knows what a word means.
 *
 * Limits: LEX_TEXT_MAX bytes, LEX_WORD_MAX bytes a word or string.
 */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include "base/arena.h"
#include "base/buf.h"

#define LEX_TEXT_MAX (16u << 20)
#define LEX_WORD_MAX 4096

enum token_kind {
    TOKEN_END = 0, /* of the file; comes again and again */
    TOKEN_NEWLINE, /* end of a statement; never two in turn, never first */
    TOKEN_WORD,
    TOKEN_STRING,
    TOKEN_PUNCT, /* one character of those given to lex_text() */
};

struct token {
    enum token_kind kind;
    const char *text;   /* a string's without quotes and escapes; "" for TOKEN_END and TOKEN_NEWLINE */
    struct span source; /* as it stands in the text */
    unsigned line;      /* from 1 */
    unsigned column;    /* from 1, in characters */
    bool indented;      /* blanks stand in front of the statement's first token */
};

struct lex {
    const char *path;
    struct token *tokens; /* the last one is TOKEN_END */
    size_t n;
};

/*
 * lex_text - the whole text as tokens, in arena.
 *
 * punctuation  characters that are tokens of their own: "," for the policy, ",=" for settings
 * text         must live as long as the tokens' source is used
 * return       0, or -1 with ERR_CONFIG "file:line:column: ...", ERR_LIMIT
 */
int lex_text(struct arena *arena, const char *path, struct span text, const char *punctuation,
             struct lex *out, struct err *err) SEAL_CHECKED;

/* lex_error - ERR_CONFIG "file:line:column: " and the text; always returns -1. */
int lex_error(const struct lex *lex, const struct token *at, struct err *err, const char *fmt, ...)
    SEAL_PRINTF(4, 5);

/* token_is - whether a token is this word or punctuation (a string never is). */
bool token_is(const struct token *token, const char *text);
/* token_ends - whether it ends a statement: TOKEN_NEWLINE, TOKEN_END. */
bool token_ends(const struct token *token);
/* token_describe - for "found ..": 'sing', "text", end of line, end of file. Points into buffer or to a constant. */
const char *token_describe(const struct token *token, char *buffer, size_t size);

/* lex_quote - text as a string that lex_text() reads back. */
void lex_quote(const char *text, struct buf *out);
/* lex_is_plain - whether text can stand as a word, without quotes. */
bool lex_is_plain(const char *text, const char *punctuation);

#endif
