/* Structure: what is found, where it ends, and what is called ambiguous. */
#include "mime/part.h"

#include "part_rules.h"
#include "samples.h"

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

#define B10 "bbbbbbbbbb"
#define B70 B10 B10 B10 B10 B10 B10 B10

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
    {MIXED(B70) "--" B70 "\r\n\r\none\r\n--" B70 "--\r\n", "multipart/mixed(text/plain{one})"},
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
    {MIXED(B70 "b") "--" B70 "b\r\n\r\nx\r\n--" B70 "b--\r\n", "boundary that is none"},
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

static void check_rules(const char *name, struct span message)
{
    struct err err = ERR_INIT;
    struct part_table table;
    ck_ok(part_parse(arena, message, &limits, &table, &err));
    const char *broken = part_rules_broken(message, &table);
    ck_assert_msg(broken == NULL, "%s: %s", name, broken);
}

START_TEST(every_octet_is_in_exactly_one_place)
{
    samples_each(check_rules);
    samples_damaged(2000, check_rules);
}
END_TEST

/* Whether the boundary line that ended a part is there up to its end. */
static bool is_settled(const struct part *part, struct span cut)
{
    size_t dashes = span_find(cut, "--", 2, part->end);
    return part->end < cut.len && dashes != SIZE_MAX && span_find(cut, "\n", 1, dashes) != SIZE_MAX;
}

static void check_cuts(const char *name, struct span message)
{
    struct err err = ERR_INIT;
    struct part_table whole, table;
    ck_ok(part_parse(arena, message, &limits, &whole, &err));
    for (size_t n = 0; n < message.len; n += n < 2000 ? 1 : 97) {
        SEAL_CLEANUP(arena_free) struct arena *own = arena_new(ARENA_MAX_DEFAULT);
        struct span cut = {arena_memdup(own, message.ptr, n), n}; /* ASan sees a read behind it */
        ck_ok(part_parse(own, cut, &limits, &table, &err));
        const char *broken = part_rules_broken(cut, &table);
        ck_assert_msg(broken == NULL, "%s cut at %zu: %s", name, n, broken);
        for (size_t i = 0; i < table.n; i++) {
            const struct part *a = &table.parts[i], *b = &whole.parts[i];
            if (is_settled(a, cut))
                ck_assert_msg(i < whole.n && a->begin == b->begin && a->body == b->body && a->end == b->end,
                              "%s cut at %zu: part %zu ends elsewhere", name, n, i);
        }
    }
}

START_TEST(message_cut_anywhere_keeps_the_parts_that_ended)
{
    samples_each(check_cuts);
}
END_TEST

START_TEST(hundred_thousand_parts_are_read_in_one_pass)
{
    struct err err = ERR_INIT;
    struct part_table table;
    struct mime_limits many = limits;
    many.parts_max = 200000;
    SEAL_CLEANUP(arena_free) struct arena *big = arena_new(1u << 30);
    SEAL_CLEANUP(buf_fini) struct buf message = BUF_INIT(16u << 20);
    buf_add_str(&message, MIXED("b"));
    for (int i = 0; i < 100000; i++)
        buf_add_str(&message, "--b\r\n\r\nx\r\n");
    ck_ok(part_parse(big, buf_span(&message), &many, &table, &err));
    ck_assert_uint_eq(table.n, 100001);
    ck_assert_ptr_null(table.opaque_why);
    ck_ok(part_parse(big, buf_span(&message), &limits, &table, &err));
    ck_assert_uint_eq(table.n, limits.parts_max);
    ck_assert_str_eq(table.opaque_why, "too many parts");
    ck_assert_ptr_null(part_rules_broken(buf_span(&message), &table));
}
END_TEST

START_TEST(nesting_over_the_limit_is_opaque)
{
    struct err err = ERR_INIT;
    struct part_table table;
    SEAL_CLEANUP(buf_fini) struct buf message = BUF_INIT(1u << 20);
    for (int i = 0; i < 3000; i++) {
        buf_printf(&message, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
        if (i + 1 == (int)limits.depth_max) {
            ck_ok(part_parse(arena, buf_span(&message), &limits, &table, &err));
            ck_assert_str_eq(table.opaque_why, "a part's header does not end");
        }
    }
    ck_ok(part_parse(arena, buf_span(&message), &limits, &table, &err));
    ck_assert_str_eq(table.opaque_why, "parts are nested too deep");
    ck_assert_uint_eq(table.n, limits.depth_max + 1);
    ck_assert_ptr_null(part_rules_broken(buf_span(&message), &table));
}
END_TEST

/* Sanitizers make each octet dear; what grows with the square does not finish with 1 MB either. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MUCH (1u << 20)
#else
#define MUCH (10u << 20)
#endif

/* Much of what costs most to look at, under 100 open boundaries that differ in the last octets only. */
static const char *const dear[] = {"--\r\n",
                                   "--"
                                   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n",
                                   "\r--",
                                   "-",
                                   "\n",
                                   "\r",
                                   "\r--bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                                   "--bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb099 "};

START_TEST(work_grows_with_the_length_only)
{
    struct err err = ERR_INIT;
    struct part_table table;
    SEAL_CLEANUP(buf_fini) struct buf message = BUF_INIT(16u << 20);
    for (int i = 0; i < 100; i++)
        buf_printf(&message, "Content-Type: multipart/mixed; boundary=%064d%03d\r\n\r\n--%064d%03d\r\n", 0, i,
                   0, i);
    for (char *c = message.ptr; (c = strstr(c, "0000000000")) != NULL;)
        memset(c, 'b', strspn(c, "0") > 64 ? 64 : strspn(c, "0"));
    buf_add_str(&message, "\r\n");
    for (size_t n = strlen(dear[_i]); message.len < MUCH;)
        buf_add(&message, dear[_i], n);
    ck_ok(part_parse(arena, buf_span(&message), &limits, &table, &err));
    ck_assert_uint_eq(table.n, 101);
}
END_TEST

START_TEST(header_over_the_limit_is_an_error_and_makes_a_part_opaque)
{
    struct err err = ERR_INIT;
    struct part_table table;
    SEAL_CLEANUP(buf_fini) struct buf message = BUF_INIT(4u << 20);
    static const char *const much[] = {"A: 12345678901234567890123456789012345678901234567890\r\n ", "A:\r\n",
                                       "no field\r\n"};
    bool is_part = _i >= 3;
    if (is_part)
        buf_add_str(&message, MIXED("b") "--b\r\n");
    while (message.len < (1u << 20) + 100)
        buf_add_str(&message, much[_i % 3]);
    buf_add_str(&message, "\r\n\r\n");
    int status = part_parse(arena, buf_span(&message), &limits, &table, &err);
    if (!is_part) {
        ck_fails(status, ERR_LIMIT);
        return;
    }
    ck_ok(status);
    ck_assert_str_eq(table.opaque_why, "a part's header is too long");
}
END_TEST

START_TEST(memory_over_the_arena_is_an_error)
{
    struct err err = ERR_INIT;
    struct part_table table;
    SEAL_CLEANUP(arena_free) struct arena *small = arena_new(20000);
    SEAL_CLEANUP(buf_fini) struct buf message = BUF_INIT(1u << 20);
    buf_add_str(&message, MIXED("b"));
    for (int i = 0; i < 1000; i++)
        buf_add_str(&message, "--b\r\n\r\nx\r\n");
    ck_fails(part_parse(small, buf_span(&message), &limits, &table, &err), ERR_LIMIT);
}
END_TEST

START_TEST(children_and_parameters_are_found)
{
    struct part_table table = parse(
        "Content-Type: Multipart/Mixed; Boundary=b; x=Y\r\n\r\n--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--\r\n");
    ck_assert(part_is(&table.parts[0], "multipart", "*") && part_is(&table.parts[0], "*", "mixed"));
    ck_assert(!part_is(&table.parts[0], "multipart", "signed"));
    ck_assert_str_eq(part_param(&table.parts[0], "x"), "Y");
    ck_assert_ptr_null(part_param(&table.parts[0], "y"));
    ck_assert_uint_eq(part_child(&table, 0, 1), 2);
    ck_assert_uint_eq(part_child(&table, 0, 2), PART_NONE);
    ck_assert_uint_eq(part_child(&table, 0, PART_NONE), PART_NONE);
    ck_assert_uint_eq(part_child(&table, 1, 0), PART_NONE);
    ck_assert(part_is_content_field(SPAN_LIT("CONTENT-x")) &&
              part_is_content_field(SPAN_LIT("mime-version")));
    ck_assert(!part_is_content_field(SPAN_LIT("Content")) &&
              !part_is_content_field(SPAN_LIT("X-Content-Type")));
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
    tcase_add_test(tcase, every_octet_is_in_exactly_one_place);
    tcase_add_test(tcase, message_cut_anywhere_keeps_the_parts_that_ended);
    tcase_add_test(tcase, hundred_thousand_parts_are_read_in_one_pass);
    tcase_add_test(tcase, nesting_over_the_limit_is_opaque);
    tcase_add_loop_test(tcase, work_grows_with_the_length_only, 0, SEAL_COUNT(dear));
    tcase_add_loop_test(tcase, header_over_the_limit_is_an_error_and_makes_a_part_opaque, 0, 6);
    tcase_add_test(tcase, memory_over_the_arena_is_an_error);
    tcase_add_test(tcase, children_and_parameters_are_found);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
