#include "conf/lex.h"

#include "support/check.h"

#include <string.h>

/* Tokens as text: words plain, strings quoted, | for the end of a line, . for the end, > in front of an indented statement's. */
static void describe(const struct lex *lex, struct buf *out)
{
    for (size_t i = 0; i < lex->n; i++) {
        const struct token *token = &lex->tokens[i];
        buf_add_str(out, i > 0 ? " " : "");
        if (token->indented && !token_ends(token))
            buf_add_char(out, '>');
        switch (token->kind) {
        case TOKEN_END:
            buf_add_char(out, '.');
            break;
        case TOKEN_NEWLINE:
            buf_add_char(out, '|');
            break;
        case TOKEN_STRING:
            lex_quote(token->text, out);
            break;
        case TOKEN_WORD:
        case TOKEN_PUNCT:
            buf_add_str(out, token->text);
            break;
        }
    }
}

static const struct {
    const char *text, *tokens;
} cases[] = {
    {"", "."},
    {"\n\n  \n# x\n", "."},
    {"a", "a | ."},
    {"a b\tc\n", "a b c | ."},
    {"a\r\nb\r\n", "a | b | ."},
    {"a,b , c", "a , b , c | ."},
    {"a # b\nc", "a | c | ."},
    {"a#b #c\n", "a#b | ."},
    {"\"a # b\" c", "\"a # b\" c | ."},
    {"\"\" \"\\\"\" \"\\\\\"", "\"\" \"\\\"\" \"\\\\\" | ."},
    {"rule\n  a\n\tb\nc\n", "rule | >a | >b | c | ."},
    {"a,\nb\n", "a , b | ."},
    {"a or\n\n# comment\n   b\nc", "a or b | c | ."},
    {"a orb\nb", "a orb | b | ."},
    {"a \"or\"\nb", "a \"or\" | b | ."},
    {"  a,\nb c\n", ">a >, >b >c | ."},
    {"a,", "a , ."},
    {"a=b", "a=b | ."},
    {"\xef\xbb\xbf"
     "a",
     "a | ."},
    {"\xc3\xbc \"\xf0\x9f\x94\x92\"", "\xc3\xbc \"\xf0\x9f\x94\x92\" | ."},
};

START_TEST(text_becomes_tokens)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    struct lex lex;
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    ck_ok(lex_text(arena, "f", span_of(cases[_i].text), ",", &lex, &err));
    describe(&lex, &out);
    ck_assert_str_eq(buf_str(&out), cases[_i].tokens);
    arena_free(&arena);
}
END_TEST

static const struct {
    const char *text, *message;
} mistakes[] = {
    {"a \"b", "f:1:3: found a string without a closing \""},
    {"a\nb \"c\nd\"", "f:2:3: found a string without a closing \""},
    {"\"a\\n\"", "f:1:3: found a \\ in a string; only \\\" and \\\\ may stand there"},
    {"\"a\\", "f:1:3: found a \\ in a string; only \\\" and \\\\ may stand there"},
    {"\"a\"b", "f:1:4: expected a blank behind the string"},
    {"a\"b\"", "f:1:2: found a \" inside a word; put the whole in quotes, and write \\\""},
    {"\xc3\xbc\xc3\xbc \x01", "f:1:4: found a control character"},
    {"a\rb", "f:1:2: found a control character"},
    {"a\n\n b\x7f", "f:3:3: found a control character"},
    {"# comment \xff", "f:1:11: found a byte that is not UTF-8"},
    {"\xc0\x80", "f:1:1: found a byte that is not UTF-8"},
    {"\xed\xa0\x80", "f:1:1: found a byte that is not UTF-8"},
    {"\xf4\x90\x80\x80", "f:1:1: found a byte that is not UTF-8"},
    {"a \xe2\x82", "f:1:3: found a byte that is not UTF-8"},
};

START_TEST(a_mistake_has_its_place_in_characters)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    struct lex lex;
    ck_assert_int_lt(lex_text(arena, "f", span_of(mistakes[_i].text), ",", &lex, &err), 0);
    ck_assert_int_eq(err.code, ERR_CONFIG);
    ck_assert_str_eq(err.msg, mistakes[_i].message);
    arena_free(&arena);
}
END_TEST

START_TEST(tokens_know_line_and_column)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    struct lex lex;
    ck_ok(lex_text(arena, "f", span_of("a \xc3\xbc b\n\n\t\"c\" d\n"), ",", &lex, &err));
    static const unsigned places[][2] = {{1, 1}, {1, 3}, {1, 5}, {1, 6}, {3, 2}, {3, 6}, {3, 7}, {4, 1}};
    ck_assert_uint_eq(lex.n, SEAL_COUNT(places));
    for (size_t i = 0; i < lex.n; i++) {
        ck_assert_uint_eq(lex.tokens[i].line, places[i][0]);
        ck_assert_uint_eq(lex.tokens[i].column, places[i][1]);
    }
    arena_free(&arena);
}
END_TEST

START_TEST(limits_hold)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    struct lex lex;
    char *text = xmalloc(LEX_WORD_MAX + 3);
    memset(text, 'x', LEX_WORD_MAX + 3);
    ck_ok(lex_text(arena, "f", (struct span){text, LEX_WORD_MAX}, ",", &lex, &err));
    ck_fails(lex_text(arena, "f", (struct span){text, LEX_WORD_MAX + 1}, ",", &lex, &err), ERR_CONFIG);
    text[0] = text[LEX_WORD_MAX + 2] = '"';
    ck_fails(lex_text(arena, "f", (struct span){text, LEX_WORD_MAX + 3}, ",", &lex, &err), ERR_CONFIG);
    text[LEX_WORD_MAX + 1] = '"';
    ck_ok(lex_text(arena, "f", (struct span){text, LEX_WORD_MAX + 2}, ",", &lex, &err));
    ck_fails(lex_text(arena, "f", (struct span){text, LEX_TEXT_MAX + 1}, ",", &lex, &err), ERR_LIMIT);
    free(text);
    arena_free(&arena);
}
END_TEST

/* A line of half a million words: a column that is counted anew for each would take minutes. */
START_TEST(a_long_line_takes_time_by_its_length)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 30);
    struct lex lex;
    size_t n = 1u << 20;
    char *text = xmalloc(n);
    for (size_t i = 0; i < n; i++)
        text[i] = i % 2 == 0 ? 'a' : ' ';
    ck_ok(lex_text(arena, "f", (struct span){text, n}, ",", &lex, &err));
    ck_assert_uint_eq(lex.tokens[n / 2 - 1].column, n - 1);
    free(text);
    arena_free(&arena);
}
END_TEST

START_TEST(plain_words_need_no_quotes)
{
    ck_assert(lex_is_plain("a#b", ","));
    ck_assert(!lex_is_plain("#a", ","));
    ck_assert(!lex_is_plain("", ","));
    ck_assert(!lex_is_plain("or", ","));
    ck_assert(!lex_is_plain("a b", ","));
    ck_assert(!lex_is_plain("a,b", ","));
    ck_assert(!lex_is_plain("a\"b", ","));
    ck_assert(!lex_is_plain("a=b", ",="));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/conf/lex");
    TCase *t = tcase_create("lex");
    tcase_add_loop_test(t, text_becomes_tokens, 0, SEAL_COUNT(cases));
    tcase_add_loop_test(t, a_mistake_has_its_place_in_characters, 0, SEAL_COUNT(mistakes));
    tcase_add_test(t, tokens_know_line_and_column);
    tcase_add_test(t, limits_hold);
    tcase_add_test(t, a_long_line_takes_time_by_its_length);
    tcase_add_test(t, plain_words_need_no_quotes);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
