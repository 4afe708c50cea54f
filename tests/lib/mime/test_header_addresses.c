/* R7: a hostile From never yields a wrong single mailbox. */
#include "mime/header.h"

#include "base/buf.h"
#include "support/check.h"

#include <string.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void tear_down(void)
{
    arena_free(&arena);
}

static struct mailbox_list read_list(struct span value)
{
    struct err err = ERR_INIT;
    struct mailbox_list list;
    ck_ok(header_addresses(arena, value, &list, &err));
    return list;
}

static const struct {
    const char *value, *boxes; /* "name|exact" each in brackets, "group" in front */
} good[] = {
    {" a@b.example", "[|a@b.example]"},
    {" <A@B.Example>", "[|A@b.example]"},
    {" Alice <a@b.example>", "[Alice|a@b.example]"},
    {" a@b.example <a@b.example>", "[a@b.example|a@b.example]"},
    {" A@B.example <a@b.EXAMPLE>, c@d.example", "[A@B.example|a@b.example][|c@d.example]"},
    {" Alice Q. Public <a@b.example>", "[Alice Q. Public|a@b.example]"},
    {" \"Public, Alice\" <a@b.example>", "[Public, Alice|a@b.example]"},
    {" \"b@evil.example\" <a@b.example>", "[b@evil.example|a@b.example]"},
    {" \"say \\\"x\\\" \\\\\"<a@b.example>", "[say \"x\" \\|a@b.example]"},
    {" a@b.example (Alice (the first))", "[Alice (the first)|a@b.example]"},
    {" (x) Alice (y) <a@b.example> (z)", "[Alice|a@b.example]"},
    {" =?utf-8?q?M=C3=BCller?= =?iso-8859-1?q?_J=FCrg?= <a@b.example>",
     "[M\xc3\xbcller J\xc3\xbcrg|a@b.example]"},
    {" =?utf-8?q?x=40evil=2Eexample=3E?= <a@b.example>", "[x@evil.example>|a@b.example]"},
    {" J\xc3\xbcrg <j\xc3\xbcrg@b.example>", "[J\xc3\xbcrg|j\xc3\xbcrg@b.example]"},
    {" a@b.example,\r\n\tB <b@b.example>", "[|a@b.example][B|b@b.example]"},
    {" a@b.example, , b@b.example,", "[|a@b.example][|b@b.example]"},
    {" \"a b\"@c.example", "[|\"a b\"@c.example]"},
    {" \"ab\"@c.example", "[|ab@c.example]"},
    {" \"x@evil.example\"@b.example", "[|\"x@evil.example\"@b.example]"},
    {" a@[192.0.2.1]", "[|a@[192.0.2.1]]"},
    {" undisclosed-recipients:;", "group"},
    {" team: a@b.example, B <b@b.example>;", "group[|a@b.example][B|b@b.example]"},
    {" team: a@b.example;, c@d.example", "group[|a@b.example][|c@d.example]"},
};

START_TEST(plain_addresses_are_read)
{
    struct mailbox_list list = read_list(span_of(good[_i].value));
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(10000);
    ck_assert_msg(list.trouble == NULL, "%s: %s", good[_i].value, list.trouble);
    buf_add_str(&out, list.group ? "group" : "");
    for (size_t i = 0; i < list.n; i++)
        buf_printf(&out, "[%s|%s]", list.boxes[i].name, list.boxes[i].exact);
    ck_assert_str_eq(buf_str(&out), good[_i].boxes);
}
END_TEST

static const struct span hostile[] = {
    SPAN_LIT(""),
    SPAN_LIT("  \r\n "),
    SPAN_LIT(" ,"),
    SPAN_LIT(" <>"),
    SPAN_LIT(" Alice"),
    SPAN_LIT(" Alice <>"),
    SPAN_LIT(" a@b.example <c@evil.example>"),
    SPAN_LIT(" a@b.example <a@b.example> <c@evil.example>"),
    SPAN_LIT(" a@b.example, c@d.example <e@evil.example>"),
    SPAN_LIT(" <a@b.example> <c@evil.example>"),
    SPAN_LIT(" <a@b.example>c@evil.example"),
    SPAN_LIT(" a@b.example c@evil.example"),
    SPAN_LIT(" a@b.example;c@evil.example"),
    SPAN_LIT(" <@relay.example:a@b.example>"),
    SPAN_LIT(" <@relay.example,@other.example:a@b.example>"),
    SPAN_LIT(" @relay.example:a@b.example"),
    SPAN_LIT(" =?utf-8?q?a=40b.example?="),
    SPAN_LIT(" =?utf-8?q?a?=@b.example"),
    SPAN_LIT(" a@=?utf-8?q?b.example?="),
    SPAN_LIT(" <=?utf-8?q?a=40b.example=3E?=@evil.example>"),
    SPAN_LIT(" =?utf-8?q?Alice, a@b.example?= <c@evil.example>"),
    SPAN_LIT(" =?utf-8?q?Alice,_Q?= <a@b.example>"),
    SPAN_LIT(" =?utf-8?q?(?= <a@b.example>, <c@evil.example> =?utf-8?q?)?="),
    SPAN_LIT(" a @b.example"),
    SPAN_LIT(" a@ b.example"),
    SPAN_LIT(" a@b .example"),
    SPAN_LIT(" a@b.\r\n example"),
    SPAN_LIT(" < a@b.example>"),
    SPAN_LIT(" <a@b.example >"),
    SPAN_LIT(" a(x)@b.example"),
    SPAN_LIT(" a@(x)b.example"),
    SPAN_LIT(" <a@b.example(x)>"),
    SPAN_LIT(" <a@b.example"),
    SPAN_LIT(" a@b.example>"),
    SPAN_LIT(" <<a@b.example>>"),
    SPAN_LIT(" \"Alice <a@b.example>"),
    SPAN_LIT(" (Alice <a@b.example>"),
    SPAN_LIT(" Alice) <a@b.example>"),
    SPAN_LIT(" \"a\"b@c.example"),
    SPAN_LIT(" a\"b\"@c.example"),
    SPAN_LIT(" a.\"b\"@c.example"),
    SPAN_LIT(" a@b@c.example"),
    SPAN_LIT(" a@"),
    SPAN_LIT(" @b.example"),
    SPAN_LIT(" a@[192.0.2.1"),
    SPAN_LIT(" team: a@b.example"),
    SPAN_LIT(" team: other: a@b.example;;"),
    SPAN_LIT(" team: a@b.example; c@d.example"),
    SPAN_LIT(" : a@b.example;"),
    SPAN_LIT(" Alice: <a@b.example>"),
    SPAN_LIT(" a@b.example\0"),
    SPAN_LIT(" a@b.example\0.evil.example"),
    SPAN_LIT(" a\0@b.example"),
    SPAN_LIT(" a\x01@b.example"),
    SPAN_LIT(" a\xff@b.example"),
    SPAN_LIT(" a\\@evil.example@b.example"),
};

START_TEST(hostile_field_gives_no_mailbox)
{
    struct mailbox_list list = read_list(hostile[_i]);
    ck_assert_msg(list.trouble != NULL, "case %d: %.*s", _i, SPAN_ARG(hostile[_i]));
    ck_assert_uint_eq(list.n, 0);
}
END_TEST

START_TEST(field_cut_anywhere_never_gains_another_mailbox)
{
    static const char whole[] =
        "\"Public, Alice\" (x) <alice@b.example>, team: b@b.example (B), c@c.example;";
    for (size_t n = 0; n < sizeof whole; n++) {
        struct mailbox_list list = read_list((struct span){whole, n});
        for (size_t i = 0; i < list.n; i++)
            ck_assert_ptr_nonnull(strstr(whole, list.boxes[i].addr));
        ck_assert_uint_le(list.n, 3);
    }
}
END_TEST

START_TEST(many_addresses_end_in_a_limit)
{
    struct err err = ERR_INIT;
    struct mailbox_list list;
    SEAL_CLEANUP(arena_free) struct arena *small = arena_new(10000);
    SEAL_CLEANUP(buf_fini) struct buf value = BUF_INIT(1u << 20);
    for (int i = 0; i < 1000; i++)
        buf_add_str(&value, "a@b.example,");
    ck_fails(header_addresses(small, buf_span(&value), &list, &err), ERR_LIMIT);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("header_addresses");
    TCase *tcase = tcase_create("header_addresses");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, plain_addresses_are_read, 0, SEAL_COUNT(good));
    tcase_add_loop_test(tcase, hostile_field_gives_no_mailbox, 0, SEAL_COUNT(hostile));
    tcase_add_test(tcase, field_cut_anywhere_never_gains_another_mailbox);
    tcase_add_test(tcase, many_addresses_end_in_a_limit);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
