/* test_edits - the edits give the result, byte for byte, on both MTAs. */
#include "milter/edits.h"
#include "support/check.h"
#include "support/eol.h"
#include "support/fake_mta.h"

#include "base/io.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX (1u << 24)

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void tear_down(void)
{
    arena_free(&arena);
}

static size_t count_fields(struct span message)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct err err = ERR_INIT;
    struct header header;
    ck_ok(header_parse(arena, message, &limits, &header, &err));
    return header.n;
}

/* What the MTA would deliver after the edits that turn original into result. */
static char *delivered(enum fake_kind kind, struct span original, struct span result)
{
    struct err err = ERR_INIT;
    struct edits edits;
    struct fake_mta *fake = fake_mta_new(kind, original);
    struct buf out = BUF_INIT(TEXT_MAX);
    ck_ok(edits_make(arena, original, count_fields(original), result, &edits, &err));
    ck_ok(edits_apply(&edits, &fake->mta, &err));
    ck_assert_msg(fake->trouble == NULL, "%s", fake->trouble);
    fake_mta_deliver(fake, &out);
    fake_mta_free(&fake);
    char *text = arena_strdup(arena, buf_str(&out));
    buf_fini(&out);
    return text;
}

static const struct {
    const char *original, *result, *edits;
} cases[] = {
    {"A: 1\nB: 2\n\nbody\n", "A: 1\nB: 2\n\nbody\n", ""},
    {"A: 1\n\nbody\n", "A: 1\n\nother\n", "body of 7 octets\n"},
    {"A: 1\n\nbody\n", "A: 1\n\n", "body of 0 octets\n"},
    {"Subject: x\nTo: a\n\n", "Subject: [t] x\nTo: a\n\n", "change Subject 1: [t] x\n"},
    {"A: 1\n\n", "X: new\nY: new\nA: 1\n\n", "insert Y: new\ninsert X: new\n"},
    {"A: 1\n\n", "A: 1\nX: new\nY: new\n\n", "add X: new\nadd Y: new\n"},
    {"X: 1\nX: 2\nX: 3\n\n", "X: 2\n\n", "remove X 3\nremove X 1\n"},
    {"X: 1\nX: 1\nX: 1\n\n", "\n", "remove X 3\nremove X 2\nremove X 1\n"},
    {"X: 1\nA: 2\nX: 3\n\n", "X: 1\nA: 2\nX: 4\n\n", "change X 2: 4\n"},
    {"X: 1\nx: 2\nX: 3\n\n", "X: 1\nX: 3\n\n", "remove x 2\n"},
    {"X: 1\nA: 2\nX: 3\n\n", "X: 0\nA: 2\n\n", "remove X 2\nchange X 1: 0\n"},
    /* a forged field, removed, and ours on top: changed in its place is the same */
    {"S: forged\nA: 1\n\n", "S: ours\nA: 1\n\n", "change S 1: ours\n"},
    {"A: 1\nS: forged\nB: 2\n\n", "S: ours\nA: 1\nB: 2\n\n", "remove S 1\ninsert S: ours\n"},
    /* a stranger who guesses our field word for word wins nothing */
    {"A: 1\nS: ours\nB: 2\n\n", "S: ours\nA: 1\nB: 2\n\n", "remove S 1\ninsert S: ours\n"},
    {"S: ours\nA: 1\nS: ours\n\n", "S: ours\nA: 1\n\n", "remove S 2\n"},
    {"A: 1\n\n", "S: ours\nA: 1\n\n", "insert S: ours\n"},
    {"A: x\n y\n\tz\n\n", "A: x\n y\n\tz!\n\n", "change A 1: x\n y\n\tz!\n"},
    {"\nbody\n", "X: 1\n\nbody\n", "add X: 1\n"},
    /* odd fields stay as they are */
    {"A: 1\n \nX: 2\nB: 3\n\t\n 4\n\n", "A: 1\n \nB: 3\n\t\n 4\n\n", "remove X 1\n"},
    /* what no MTA could put into the middle comes anew on top */
    {"A: 1\nB: 2\n\n", "A: 1\nN: x\nB: 2\n\n", "remove A 1\ninsert N: x\ninsert A: 1\n"},
    {"A: 1\n\n", "A: 1\nN: x\nN: y\n\n", "remove A 1\ninsert N: y\ninsert N: x\ninsert A: 1\n"},
    {"A:\nB:  two\nC:1\n\n", "A:\nB:  three\nC:2\n\n", "change C 1:2\nchange B 1:  three\n"},
    {"MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\na\n",
     "MIME-Version: 1.0\nContent-Type: multipart/signed\n\nb\n",
     "body of 3 octets\nremove Content-Transfer-Encoding 1\nchange Content-Type 1: multipart/signed\n"},
};

START_TEST(known_change_gives_known_edits)
{
    struct err err = ERR_INIT;
    struct edits edits;
    struct buf printed = BUF_INIT(TEXT_MAX);
    struct span original = crlf(arena, cases[_i].original);
    struct span result = crlf(arena, cases[_i].result);
    ck_ok(edits_make(arena, original, count_fields(original), result, &edits, &err));
    edits_print(&edits, &printed);
    ck_assert_str_eq(buf_str(&printed), cases[_i].edits);
    buf_fini(&printed);
    for (enum fake_kind kind = FAKE_POSTFIX; kind <= FAKE_SENDMAIL; kind++)
        ck_assert_str_eq(delivered(kind, original, result), result.ptr);
}
END_TEST

/* ---- random messages ---- */

static unsigned seed;

static unsigned roll(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

static const char *const names[] = {"Subject", "To", "X-A", "X-B", "Received", "Content-Type"};
static const char *const values[] = {" 1", " 2", " a\r\n b", "\ttab", "  two", "3"};

static void random_field(struct buf *out, const char *name)
{
    buf_printf(out, "%s:%s\r\n", name, values[roll(SEAL_COUNT(values))]);
}

/* A header and an allowed change of it. */
static void random_pair(struct buf *original, struct buf *result)
{
    static const char *const fresh[] = {"New-1", "New-2"};
    for (unsigned n = roll(4); n > 0; n--)
        random_field(result, roll(2) == 0 ? names[roll(SEAL_COUNT(names))] : "Top");
    for (unsigned n = roll(14); n > 0; n--) {
        const char *name = names[roll(SEAL_COUNT(names))];
        size_t start = original->len;
        random_field(original, name);
        switch (roll(4)) {
        case 0:
            break;
        case 1:
            random_field(result, name);
            break;
        default:
            buf_add(result, buf_str(original) + start, original->len - start);
        }
    }
    for (unsigned n = roll(3); n > 0; n--)
        random_field(result, fresh[roll(2)]);
    buf_add_str(original, "\r\nbody\r\n");
    buf_printf(result, "\r\n%s", roll(2) == 0 ? "body\r\n" : "new body\r\n");
}

START_TEST(any_allowed_change_is_delivered_byte_for_byte)
{
    seed = (unsigned)_i;
    for (int round = 0; round < 300; round++) {
        struct buf original = BUF_INIT(TEXT_MAX);
        struct buf result = BUF_INIT(TEXT_MAX);
        random_pair(&original, &result);
        for (enum fake_kind kind = FAKE_POSTFIX; kind <= FAKE_SENDMAIL; kind++)
            ck_assert_str_eq(delivered(kind, buf_span(&original), buf_span(&result)), buf_str(&result));
        buf_fini(&original);
        buf_fini(&result);
    }
}
END_TEST

/* ---- what is refused ---- */

START_TEST(value_that_could_begin_another_field_is_a_bug)
{
    struct err err = ERR_INIT;
    struct edits edits;
    struct span original = crlf(arena, "A: 1\n\n");
    static const char nul[] = "A: 1\r\nB: x\0y\r\n\r\n";
    static const char cr[] = "A: 1\r\nB: x\ry\r\n\r\n";
    ck_fails(edits_make(arena, original, 1, (struct span){nul, sizeof nul - 1}, &edits, &err), ERR_BUG);
    ck_fails(edits_make(arena, original, 1, (struct span){cr, sizeof cr - 1}, &edits, &err), ERR_BUG);
}
END_TEST

START_TEST(line_of_998_octets_is_the_longest)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    struct err err = ERR_INIT;
    struct edits edits;
    buf_printf(&text, "A: 1\r\nB:%0996d\r\n\r\n", 0);
    ck_ok(edits_make(arena, crlf(arena, "A: 1\n\n"), 1, buf_span(&text), &edits, &err));
    buf_clear(&text);
    buf_printf(&text, "A: 1\r\nB:%0997d\r\n\r\n", 0);
    ck_fails(edits_make(arena, crlf(arena, "A: 1\n\n"), 1, buf_span(&text), &edits, &err), ERR_BUG);
    buf_fini(&text);
}
END_TEST

START_TEST(header_read_other_than_shown_is_ambiguous)
{
    struct err err = ERR_INIT;
    struct edits edits;
    struct span original = crlf(arena, "A: 1\nB: 2\n\n");
    ck_fails(edits_make(arena, original, 1, crlf(arena, "A: 1\n\n"), &edits, &err), ERR_AMBIGUOUS);
    original = crlf(arena, "A: 1\nno field\n\n");
    ck_fails(edits_make(arena, original, 1, crlf(arena, "A: 1\n\n"), &edits, &err), ERR_AMBIGUOUS);
}
END_TEST

/* ---- applying ---- */

START_TEST(body_goes_first_in_pieces_then_fields_from_last_to_first)
{
    struct err err = ERR_INIT;
    struct edits edits;
    struct buf result = BUF_INIT(TEXT_MAX);
    struct span original = crlf(arena, "A: 1\nB: 2\n\nbody\n");
    buf_add_str(&result, "N: 3\r\nA: 1\r\nM: 4\r\n\r\n");
    for (int i = 0; i < 70000; i++)
        buf_add_str(&result, "x\r");
    ck_ok(edits_make(arena, original, 2, buf_span(&result), &edits, &err));
    const char *gone[] = {"<a@b>"};
    edits.gone_rcpts = gone;
    edits.ngone_rcpts = 1;
    edits.sender = "<s@b>";
    edits.sender_args = "RET=HDRS";
    struct fake_mta *fake = fake_mta_new(FAKE_POSTFIX, original);
    ck_ok(edits_apply(&edits, &fake->mta, &err));
    ck_assert_str_eq(buf_str(&fake->log),
                     "body\nbody\nbody\nchange\ninsert\nadd\ndelete recipient\nsender\n");
    ck_assert_ptr_null(fake->trouble);
    ck_assert_str_eq(fake->sender_args, "RET=HDRS");
    fake_mta_free(&fake);
    buf_fini(&result);
}
END_TEST

START_TEST(first_call_that_fails_ends_it)
{
    struct err err = ERR_INIT;
    struct edits edits;
    struct span original = crlf(arena, "A: 1\nB: 2\n\nbody\n");
    ck_ok(edits_make(arena, original, 2, crlf(arena, "N: 3\nA: 1\nM: 4\n\nother\n"), &edits, &err));
    const char *gone[] = {"<a@b>", "<c@d>"};
    edits.gone_rcpts = gone;
    edits.ngone_rcpts = 2;
    edits.sender = "<s@b>";
    edits.sender_args = "RET=HDRS";
    unsigned n = 1;
    for (;; n++) {
        struct fake_mta *fake = fake_mta_new(FAKE_POSTFIX, original);
        fake->fail_at = n;
        int status = edits_apply(&edits, &fake->mta, &err);
        unsigned calls = fake->calls;
        fake_mta_free(&fake);
        if (calls < n)
            break;
        ck_assert_int_eq(status, -1);
        ck_assert_int_eq(err.code, ERR_IO);
        ck_assert_uint_eq(calls, n);
        err_clear(&err);
    }
    ck_assert_uint_eq(n, 8);
}
END_TEST

START_TEST(every_point_can_fail)
{
    struct err err = ERR_INIT;
    struct edits edits;
    struct span original = crlf(arena, "A: 1\n\nbody\n");
    ck_ok(edits_make(arena, original, 1, crlf(arena, "A: 2\n\nother\n"), &edits, &err));
    for (unsigned n = 1; n <= 3; n++) {
        struct fake_mta *fake = fake_mta_new(FAKE_POSTFIX, original);
        io_fault_at(n, 5);
        ck_assert_int_eq(edits_apply(&edits, &fake->mta, &err), n <= 2 ? -1 : 0);
        ck_assert_uint_eq(fake->calls, n - 1);
        err_clear(&err);
        fake_mta_free(&fake);
    }
    io_fault_at(0, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/edits");
    TCase *tc = tcase_create("edits");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, known_change_gives_known_edits, 0, SEAL_COUNT(cases));
    tcase_add_loop_test(tc, any_allowed_change_is_delivered_byte_for_byte, 0, 10);
    tcase_add_test(tc, value_that_could_begin_another_field_is_a_bug);
    tcase_add_test(tc, line_of_998_octets_is_the_longest);
    tcase_add_test(tc, header_read_other_than_shown_is_ambiguous);
    tcase_add_test(tc, body_goes_first_in_pieces_then_fields_from_last_to_first);
    tcase_add_test(tc, first_call_that_fails_ends_it);
    tcase_add_test(tc, every_point_can_fail);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
