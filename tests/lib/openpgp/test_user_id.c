/* Tests of openpgp/user_id: look-alikes of an address hold another one, or none (R28). */
#include "openpgp/user_id.h"
#include "support/check.h"

#include <string.h>

static const struct {
    struct span written;
    const char *addr; /* "": none */
} cases[] = {
    {SPAN_LIT("Eve <eve@their.example>"), "eve@their.example"},
    {SPAN_LIT("Eve (work) <Eve@Their.Example>"), "eve@their.example"},
    {SPAN_LIT("<eve@their.example>"), "eve@their.example"},
    {SPAN_LIT("eve@their.example"), "eve@their.example"},
    {SPAN_LIT(" eve@their.example "), "eve@their.example"},
    {SPAN_LIT("J\xc3\xbcrgen <j@their.example>"), "j@their.example"},
    /* another address beside the one that counts */
    {SPAN_LIT("eve@their.example <mallory@evil.example>"), ""},
    {SPAN_LIT("\"eve@their.example\" <mallory@evil.example>"), ""},
    {SPAN_LIT("<eve@their.example> <mallory@evil.example>"), ""},
    {SPAN_LIT("<eve@their.example> mallory@evil.example"), ""},
    {SPAN_LIT("Eve <mallory@evil.example> <eve@their.example>"), ""},
    {SPAN_LIT("Mallory <mallory@evil.example>,<eve@their.example>"), ""},
    {SPAN_LIT("mallory@evil.example,eve@their.example"), ""},
    {SPAN_LIT("mallory@evil.example eve@their.example"), ""},
    {SPAN_LIT("Eve <eve@their.example"), ""},
    {SPAN_LIT("Eve <eve@their.example>>"), ""},
    {SPAN_LIT("Eve <<eve@their.example>"), ""},
    {SPAN_LIT("Eve <eve@their.example>x"), ""},
    {SPAN_LIT("Eve <mallory@evil.example@their.example>"), ""},
    {SPAN_LIT("Eve <\"eve@their.example\"@evil.example>"), ""},
    {SPAN_LIT("Eve <>"), ""},
    {SPAN_LIT("Eve"), ""},
    {SPAN_LIT(""), ""},
    /* what is not seen */
    {SPAN_LIT("Eve <eve@their.example>\n<mallory@evil.example>"), ""},
    {SPAN_LIT("Eve <eve@their.example\0.evil.example>"), ""},
    {SPAN_LIT("eve@their.example\0mallory@evil.example"), ""},
    {SPAN_LIT("Eve <eve@their.example\x7f>"), ""},
    {SPAN_LIT("Eve <eve@their.example\r>"), ""},
    {SPAN_LIT("Eve <eve@their.example\xff>"), ""},
};

START_TEST(address_is_the_only_one_that_could_be_meant)
{
    struct pgp_uid uid;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(1u << 20);
    user_id_read(arena, cases[_i].written, &uid);
    ck_assert_str_eq(uid.addr, cases[_i].addr);
}
END_TEST

static const char *const look_alikes[] = {
    "Eve <eve@their.example.evil.example>",
    "Eve <eve@their-example>",
    "Eve <xeve@their.example>",
    "Eve <eve+x@their.example>",
    "Eve <eve.@their.example>",
    "Eve <\xd0\xb5ve@their.example>", /* Cyrillic */
    "Eve <eve@th\xd0\xb5ir.example>",
    "Eve <eve\xe2\x80\x8b@their.example>", /* a space of no width */
    "Eve <eve@their\xe2\x80\xa4"
    "example>",                           /* a leader of one dot */
    "Eve <\xef\xbd\x85ve@their.example>", /* of full width */
};

START_TEST(look_alike_is_not_the_address)
{
    struct pgp_uid uid;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(1u << 20);
    user_id_read(arena, span_of(look_alikes[_i]), &uid);
    ck_assert_str_ne(uid.addr, "eve@their.example");
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("openpgp/user_id");
    TCase *t = tcase_create("user_id");
    tcase_add_loop_test(t, address_is_the_only_one_that_could_be_meant, 0, (int)SEAL_COUNT(cases));
    tcase_add_loop_test(t, look_alike_is_not_the_address, 0, (int)SEAL_COUNT(look_alikes));
    suite_add_tcase(suite, t);
    return suite;
}

TEST_MAIN(suite)
