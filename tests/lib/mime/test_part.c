/* Structure: what is found, where it ends, and what is called ambiguous. */
#include "mime/part.h"

#include "base/buf.h"
#include "support/check.h"

#include <string.h>

static struct arena *arena;
static const struct mime_limits limits = MIME_LIMITS_DEFAULT;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void tear_down(void)
{
    arena_free(&arena);
}

static struct part_table parse(const char *message)
{
    struct err err = ERR_INIT;
    struct part_table table;
    ck_ok(part_parse(arena, span_of(message), &limits, &table, &err));
    return table;
}

static void print_part(struct buf *out, const char *message, const struct part_table *table, size_t i)
{
    const struct part *part = &table->parts[i];
    if (part->nchildren == 0) {
        buf_printf(out, "%s/%s{%.*s}", part->type.type, part->type.subtype, (int)(part->end - part->body),
                   message + part->body);
        return;
    }
    buf_printf(out, "%s/%s(", part->type.type, part->type.subtype);
    for (size_t c = part_child(table, i, 0); c != PART_NONE; c = table->parts[c].next) {
        ck_assert(table->parts[c].parent == i && table->parts[c].depth == part->depth + 1);
        print_part(out, message, table, c);
    }
    buf_add_str(out, ")");
}

/* "multipart/mixed(text/plain{body}text/html{body})" */
static char *shape(const char *message)
{
    struct part_table table = parse(message);
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    print_part(&out, message, &table, 0);
    return arena_strdup(arena, buf_str(&out));
}

#define MIXED(boundary) "Content-Type: multipart/mixed; boundary=\"" boundary "\"\r\n\r\n"

static const struct {
    const char *message, *shape;
} plain_cases[] = {
    {"Subject: x\r\n\r\nbody\r\n", "text/plain{body\r\n}"},
    {"Subject: x\n\nbody\n", "text/plain{body\n}"},
    {"", "text/plain{}"},
    {"\r\n", "text/plain{}"},
    {"\r\nbody", "text/plain{body}"},
    {"Subject: only a header\r\n", "text/plain{}"},
    {MIXED("b") "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
     "multipart/mixed(text/plain{one}text/plain{two})"},
    {MIXED("b") "preamble\r\n--b\r\n\r\none\r\n\r\n--b--\r\nepilogue\r\n",
     "multipart/mixed(text/plain{one\r\n})"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n", "multipart/mixed(text/plain{one})"},
    {MIXED("b") "--b  \t\r\n\r\none\r\n--b-- \r\n", "multipart/mixed(text/plain{one})"},
    {MIXED("b") "--b\r\n\r\none\r\n--b--", "multipart/mixed(text/plain{one})"},
    {MIXED("b") "--b\r\n\r\none, not ended", "multipart/mixed(text/plain{one, not ended})"},
    {MIXED("b") "--b\r\n\r\n\r\n\r\n--b--\r\n", "multipart/mixed(text/plain{\r\n})"},
    {MIXED("b") "--b\r\n\r\n--b--\r\n", "multipart/mixed(text/plain{})"},
    {MIXED("b") "--b\r\nContent-Type: text/html\r\n\r\n--b--\r\n", "multipart/mixed(text/html{})"},
    {MIXED("=?utf-8?q?b?=") "--b\r\n--=?utf-8?q?b?=\r\n\r\none\r\n--=?utf-8?q?b?=--\r\n",
     "multipart/mixed(text/plain{one})"},
    {MIXED("b c") "--b c\r\n\r\none\r\n--b c--\r\n", "multipart/mixed(text/plain{one})"},
    {MIXED("b") "--b\r\n" MIXED("b-x") "--b-x\r\n\r\none\r\n--b-x--\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
     "multipart/mixed(multipart/mixed(text/plain{one})text/plain{two})"},
    {MIXED("b-x") "--b-x\r\n" MIXED("b") "--b\r\n\r\none\r\n--b--\r\n--b-x\r\n\r\ntwo\r\n--b-x--\r\n",
     "multipart/mixed(multipart/mixed(text/plain{one})text/plain{two})"},
    {MIXED("o") "--o\r\n" MIXED("i") "--i\r\n\r\none\r\n--o\r\n\r\ntwo\r\n--o--\r\n",
     "multipart/mixed(multipart/mixed(text/plain{one})text/plain{two})"},
    {MIXED("o") "--o\r\n" MIXED("i") "--i\r\n\r\n1\r\n--i--\r\n--o\r\n" MIXED(
         "i") "--i\r\n\r\n2\r\n--i--\r\n--o--\r\n",
     "multipart/mixed(multipart/mixed(text/plain{1})multipart/mixed(text/plain{2}))"},
    {MIXED("b") "--b\r\nContent-Type: message/rfc822\r\n\r\n" MIXED("i") "--i\r\n\r\nx\r\n--i--\r\n--b--\r\n",
     "multipart/mixed(message/rfc822{" MIXED("i") "--i\r\n\r\nx\r\n--i--})"},
    {"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: x\r\n\r\ny\r\n--b--\r\n",
     "multipart/digest(message/rfc822{Subject: x\r\n\r\ny})"},
    {"content-TYPE:multipart/mixed;\r\n\tboundary=b;\r\n charset=utf-8;\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
     "multipart/mixed(text/plain{one})"},
    {"Content-Type: text/plain (a comment; boundary=x)\r\n\r\n--x\r\n", "text/plain{--x\r\n}"},
};

START_TEST(structure_is_found_with_exact_ends)
{
    struct part_table table = parse(plain_cases[_i].message);
    ck_assert_str_eq(shape(plain_cases[_i].message), plain_cases[_i].shape);
    ck_assert_msg(table.opaque_why == NULL, "%s", table.opaque_why);
}
END_TEST

static const struct {
    const char *message, *why;
} ambiguous_cases[] = {
    {"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx", "two Content-Type"},
    {"Content-Transfer-Encoding: 7bit\r\ncontent-transfer-encoding: base64\r\n\r\nx", "two Content-Transfer"},
    {"Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n", "twice"},
    {"Content-Type: multipart/mixed; boundary=a; BOUNDARY=b\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n", "twice"},
    {"Content-Type: multipart/mixed\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n", "without boundary"},
    {"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nx\r\n----\r\n", "boundary that is none"},
    {"Content-Type: multipart/mixed; boundary=\"a \"\r\n\r\n--a \r\n\r\nx\r\n--a --\r\n",
     "boundary that is none"},
    {"Content-Type: multipart/mixed; boundary=a=b\r\n\r\n--a=b\r\n\r\nx\r\n", "malformed"},
    {"Content-Type: multipart/mixed; boundary=a b\r\n\r\n--a\r\n\r\nx\r\n", "malformed"},
    {"Content-Type: multipart/mixed; boundary=\"a\\b\"\r\n\r\n--ab\r\n\r\nx\r\n", "escape"},
    {"Content-Type: multipart/mixed; boundary=\"a\r\n\r\n--a\r\n\r\nx\r\n", "quote does not end"},
    {"Content-Type: multipart/mixed; boundary*=us-ascii''a\r\n\r\n--a\r\n\r\nx\r\n", "encoded"},
    {"Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\r\n\r\n--ab\r\n\r\nx\r\n", "encoded"},
    {"Content-Type: multipart/mixed (boundary=b); boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n", "comment"},
    {"Content-Type: multipart/mixed; (x) boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n", "malformed"},
    {"Content-Type: multipart(x)/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n", "malformed"},
    {"Content-Type: (x) multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n", "malformed"},
    {"Content-Type: text\r\n\r\nx", "malformed"},
    {"Content-Transfer-Encoding: base64\r\n" MIXED("a") "--a\r\n\r\nx\r\n--a--\r\n", "is encoded"},
    {"Content-Transfer-Encoding: quoted-printable\r\n" MIXED("a") "--a\r\n\r\nx\r\n--a--\r\n", "is encoded"},
    {"Content-Transfer-Encoding: x-own\r\n" MIXED("a") "--a\r\n\r\nx\r\n--a--\r\n", "is encoded"},
    {MIXED("a") "--a\r\n" MIXED("a") "--a\r\n\r\nx\r\n--a--\r\n", "equals an outer"},
    {MIXED("a") "--a\r\n" MIXED("a--") "--a--\r\n\r\nx\r\n", "equals an outer"},
    {MIXED("a--") "--a--\r\n" MIXED("a") "--a\r\n\r\nx\r\n--a--\r\n", "equals an outer"},
    {MIXED("a") "--a\r\n\r\nx\r\n--ab\r\n\r\ny\r\n--a--\r\n", "begins like a boundary"},
    {MIXED("a") "--a\r\n\r\nx\r\n--a--y\r\n--a--\r\n", "begins like a boundary"},
    {MIXED("a") "--a\r\n\r\nx\r\n--a \r\r\n", "begins like a boundary"},
    {MIXED("a") "--a\r\n\r\nx\r--a\r\n\r\ny\r\n--a--\r\n", "bare CR"},
    {MIXED("a") "--a\r\n\r\nx\r\n--a--\r\n--a\r\n\r\ny\r\n--a--\r\n", "behind the closing"},
    {MIXED("a") "no part at all\r\n", "without parts"},
    {MIXED("a") "--a--\r\n", "without parts"},
    {MIXED("a") "--a\r\nContent-Type: text/plain\r\n--a--\r\n", "header does not end"},
    {MIXED("a") "--a\r\nno field\r\n\r\nx\r\n--a--\r\n", "no field"},
    {MIXED("a") "--a\r\nSubject : x\r\n\r\nx\r\n--a--\r\n", "no field"},
    {"Subject: x\r\n \r\nFrom: a@b.example\r\n\r\nx", "blanks only"},
    {" folded: x\r\n\r\nx", "continuation"},
    {"Subject: x\rContent-Type: text/html\r\n\r\nx", "CR"},
};

START_TEST(what_two_readers_read_differently_is_opaque)
{
    struct part_table table = parse(ambiguous_cases[_i].message);
    ck_assert_msg(table.opaque_why != NULL, "case %d is plain", _i);
    ck_assert_msg(strstr(table.opaque_why, ambiguous_cases[_i].why) != NULL, "case %d: %s", _i,
                  table.opaque_why);
}
END_TEST

START_TEST(boundary_that_is_prefix_of_another_does_not_match)
{
    ck_assert_str_eq(shape(MIXED("b") "--b\r\n" MIXED("bb") "--bb\r\n\r\none\r\n--bb--\r\n--b--\r\n"),
                     "multipart/mixed(multipart/mixed(text/plain{one}))");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("part");
    TCase *tcase = tcase_create("part");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, structure_is_found_with_exact_ends, 0, SEAL_COUNT(plain_cases));
    tcase_add_loop_test(tcase, what_two_readers_read_differently_is_opaque, 0, SEAL_COUNT(ambiguous_cases));
    tcase_add_test(tcase, boundary_that_is_prefix_of_another_does_not_match);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
