/* R37: the one writer of header fields. header_decode and header_parse read what it wrote. */
#include "mime/compose.h"

#include "mime/header.h"
#include "support/check.h"

#include <string.h>

static struct arena *arena;
static struct buf out;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
    out = (struct buf)BUF_INIT(1u << 20);
}

static void tear_down(void)
{
    buf_fini(&out);
    arena_free(&arena);
}

/* What was written is one clean field with lines within the limit; its value decoded. */
static char *read_back(size_t line_max)
{
    struct err err = ERR_INIT;
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct header header;
    ck_ok(header_parse(arena, buf_span(&out), &limits, &header, &err));
    ck_assert_msg(header.trouble == NULL && header.n == 1, "%s: %s", header.trouble, buf_str(&out));
    ck_assert(span_eq(header.fields[0].raw, buf_span(&out)));
    for (const char *line = buf_str(&out), *end; *line != '\0'; line = end + 2) {
        end = strstr(line, "\r\n");
        ck_assert_ptr_nonnull(end);
        ck_assert_msg((size_t)(end - line) <= line_max, "%s", line);
    }
    size_t ascii = 0; /* Check writes a record for each assertion: one for all octets */
    while (ascii < out.len && (unsigned char)out.ptr[ascii] < 0x7f)
        ascii++;
    ck_assert_msg(ascii == out.len, "8-bit: %s", buf_str(&out));
    return header_decode(arena, header.fields[0].value);
}

static const struct {
    const char *text, *written;
} unstructured[] = {
    {"hello", "Subject: hello\r\n"},
    {"", "Subject:\r\n"},
    {"  a  b ", "Subject: a  b\r\n"},
    {"caf\xc3\xa9", "Subject: =?utf-8?B?Y2Fmw6k=?=\r\n"},
    {"[secure] caf\xc3\xa9 at noon", "Subject: [secure] =?utf-8?B?Y2Fmw6k=?= at noon\r\n"},
    {"\xc3\xa9 a \xc3\xa9", "Subject: =?utf-8?B?w6kgYSDDqQ==?=\r\n"},
    {"a =?utf-8?q?x?=", "Subject: a =?utf-8?B?PT91dGYtOD9xP3g/PQ==?=\r\n"},
    {"a\x01"
     "b",
     "Subject: =?utf-8?B?YQFi?=\r\n"},
    {"1234567890 1234567890 1234567890 1234567890 1234567890 1234567890 1234567890",
     "Subject: 1234567890 1234567890 1234567890 1234567890 1234567890 1234567890\r\n 1234567890\r\n"},
};

START_TEST(text_becomes_one_field)
{
    struct err err = ERR_INIT;
    ck_ok(compose_unstructured(&out, "Subject", unstructured[_i].text, &err));
    ck_assert_str_eq(buf_str(&out), unstructured[_i].written);
}
END_TEST

/* Each encoded-word holds whole characters (RFC 2047 5). */
static void check_words(void)
{
    struct span text = buf_span(&out);
    for (size_t at = 0; (at = span_find(text, "=?utf-8?B?", 10, at)) != SIZE_MAX; at++) {
        size_t end = span_find(text, "?=", 2, at + 10);
        ck_assert_uint_ne(end, SIZE_MAX);
        char *decoded = header_decode(arena, span_sub(text, at, end + 2 - at));
        ck_assert_msg(strstr(decoded, "\xef\xbf\xbd") == NULL, "%s", buf_str(&out));
    }
}

/* Lengths around every limit, of ASCII words, one long word, two-byte and four-byte characters, many blanks, mixtures. */
START_TEST(text_of_every_length_comes_back)
{
    static const char *const units[] = {"word ",
                                        "x",
                                        "\xc3\xa9",
                                        "\xf0\x9f\x98\x80",
                                        "a      ",
                                        "a \xc3\xa9 ",
                                        "=?utf-8?q?a?=",
                                        "==",
                                        "longer-word-of-many-characters, ",
                                        " \t "};
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    for (int n = 0; n < 1000; n += n < 200 ? 1 : 53) {
        struct err err = ERR_INIT;
        buf_clear(&text);
        buf_clear(&out);
        buf_add_str(&text, "a");
        for (int i = 0; i < n; i++)
            buf_add_str(&text, units[_i]);
        buf_add_str(&text, "z");
        ck_ok(compose_unstructured(&out, "Subject", buf_str(&text), &err));
        char *back = read_back(_i == 4 ? 78 : 76), *original = arena_strdup(arena, buf_str(&text));
        for (char *tab = original; (tab = strchr(tab, '\t')) != NULL;)
            *tab = ' '; /* as header_decode shows it */
        ck_assert_str_eq(back, original);
        check_words();
    }
}
END_TEST

static const struct {
    const char *name, *value;
} refused[] = {
    {"Subject", "a\r\nBcc: x@evil.example"},
    {"Subject", "a\nb"},
    {"Subject", "a\r"},
    {"Subject", "a\xff"},
    {"Sub ject", "a"},
    {"Subject:", "a"},
    {"Sub\r\nject", "a"},
    {"S\xc3\xbc"
     "bject",
     "a"},
    {"", "a"},
};

START_TEST(injection_is_refused_by_both)
{
    struct err err = ERR_INIT;
    ck_fails(compose_unstructured(&out, refused[_i].name, refused[_i].value, &err), ERR_SYNTAX);
    ck_fails(compose_structured(&out, refused[_i].name, refused[_i].value, &err), ERR_SYNTAX);
    ck_assert_ptr_null(strstr(buf_str(&out), "Bcc"));
}
END_TEST

START_TEST(structured_value_is_folded_at_blanks_only)
{
    struct err err = ERR_INIT;
    ck_ok(compose_structured(
        &out, "Authentication-Results",
        "mx.example.org; smime=pass body.smime-identifier=\"alice@example.org\" reason=\"x y\"", &err));
    ck_assert_str_eq(buf_str(&out), "Authentication-Results: mx.example.org; smime=pass\r\n"
                                    " body.smime-identifier=\"alice@example.org\" reason=\"x y\"\r\n");
    ck_fails(compose_structured(&out, "X", "caf\xc3\xa9", &err), ERR_SYNTAX);
    ck_fails(compose_structured(&out, "X", "a\x01", &err), ERR_SYNTAX);
}
END_TEST

START_TEST(structured_value_without_blanks_is_limited)
{
    struct err err = ERR_INIT;
    char word[1200];
    memset(word, 'x', sizeof word);
    word[995] = '\0';
    ck_ok(compose_structured(&out, "X", word, &err));
    word[995] = 'x';
    word[996] = '\0';
    ck_fails(compose_structured(&out, "X", word, &err), ERR_LIMIT);
}
END_TEST

static const struct {
    const char *text, *quoted;
} quoted_cases[] = {
    {"", "\"\""},
    {"a b", "\"a b\""},
    {"say \"x\" \\", "\"say \\\"x\\\" \\\\\""},
    {"a\r\nBcc: x\x1b[1m\x7f", "\"aBcc: x[1m\""},
    {"J\xc3\xbcrg \xf0\x9f\x98\x80", "\"J?rg ?\""},
};

START_TEST(quoted_string_is_harmless)
{
    ck_assert_str_eq(compose_quoted(arena, quoted_cases[_i].text), quoted_cases[_i].quoted);
}
END_TEST

START_TEST(quoted_string_of_any_text_can_be_composed)
{
    struct err err = ERR_INIT;
    char text[2000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = _i == 0 ? '"' : (char)(i * 37 % 255 + 1);
    text[sizeof text - 1] = '\0';
    char *quoted = compose_quoted(arena, text);
    ck_assert_uint_le(strlen(quoted), COMPOSE_QUOTED_MAX);
    ck_assert_int_eq(quoted[strlen(quoted) - 1], '"');
    ck_ok(compose_structured(&out, "X-Test", quoted, &err));
}
END_TEST

START_TEST(boundary_is_new_each_time_and_not_in_the_text)
{
    struct err err = ERR_INIT;
    char a[BOUNDARY_MAX + 1], b[BOUNDARY_MAX + 1];
    ck_ok(compose_boundary(SPAN_LIT("text"), a, &err));
    ck_ok(compose_boundary(span_of(a), b, &err));
    ck_assert_str_ne(a, b);
    ck_assert(span_starts(span_of(a), "=_"));
    ck_assert_uint_eq(strlen(a), 34);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("compose");
    TCase *tcase = tcase_create("compose");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, text_becomes_one_field, 0, SEAL_COUNT(unstructured));
    tcase_add_loop_test(tcase, text_of_every_length_comes_back, 0, 10);
    tcase_add_loop_test(tcase, injection_is_refused_by_both, 0, SEAL_COUNT(refused));
    tcase_add_test(tcase, structured_value_is_folded_at_blanks_only);
    tcase_add_test(tcase, structured_value_without_blanks_is_limited);
    tcase_add_loop_test(tcase, quoted_string_is_harmless, 0, SEAL_COUNT(quoted_cases));
    tcase_add_loop_test(tcase, quoted_string_of_any_text_can_be_composed, 0, 2);
    tcase_add_test(tcase, boundary_is_new_each_time_and_not_in_the_text);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
