/* Tests of marks: what a stranger may not say in our name, and that ours is seen (R1-R6, R21, R37). */
#include "support/check.h"
#include "support/rules.h"
#include "support/site.h"

#include <string.h>

static const char policy[] = OUR_DOMAIN "keyword encrypt subject \"[encrypt]\"\n"
                                        "rule \"asked for\"\n"
                                        "    when outbound, keyword encrypt\n"
                                        "    encrypt\n" IN_OPENED OUT_PASSES HOUSE_PASSES;

static struct site *site;
static struct pki_entity *alice, *bob;

static void setup(void)
{
    site = site_new(policy);
    alice = site_user(site, "alice@our.example", PKI_P256);
    bob = pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "bob@their.example", .type = PKI_P256});
}

static void teardown(void)
{
    site_free(&site);
}

static struct span arrive(const char *headers)
{
    const char *text =
        arena_printf(site->arena, "From: bob@their.example\nTo: alice@our.example\n%s\nHello\n", headers);
    site_answers(site,
                 &(struct site_mail){.from = "bob@their.example", .to = {"alice@our.example"}, .text = text});
    return site_copy_for(site, "alice@our.example");
}

static struct span arrive_signed(const char *headers)
{
    const char *text =
        arena_printf(site->arena, "From: bob@their.example\nTo: alice@our.example\n%s", headers);
    struct span message = site_signed(site, text, "Content-Type: text/plain\n\nHello\n", bob);
    site_answers(site, &(struct site_mail){
                           .from = "bob@their.example", .to = {"alice@our.example"}, .bytes = message});
    return site_copy_for(site, "alice@our.example");
}

static const struct {
    const char *name, *subject, *want;
} forged[] = {
    {"plain", "[signed OK] Pay now", "Pay now"},
    {"twice", "[secure] [signed OK] Pay now", "Pay now"},
    {"in the middle", "Pay [signed OK] now", "Pay  now"},
    {"split by itself", "[si[signed OK]gned OK] Pay now", "Pay now"},
    {"any case", "[SIGNED ok] Pay now", "Pay now"},
    {"without the blank", "[signedOK] Pay now", "Pay now"},
    {"no-break blank", "[signed\xc2\xa0OK] Pay now", "Pay now"},
    {"zero width inside", "[sig\xe2\x80\x8bned OK] Pay now", "Pay now"},
    {"soft hyphen inside", "[sig\xc2\xadned OK] Pay now", "Pay now"},
    {"bidi control", "\xe2\x80\xae[signed OK]\xe2\x80\xac Pay now", NULL},
    {"full width", "\xef\xbc\xbbsigned OK\xef\xbc\xbd Pay now", "Pay now"},
    {"Cyrillic letters",
     "[s\xd1\x96gn\xd0\xb5"
     "d \xd0\x9eK] Pay now",
     "Pay now"},
    {"combining dot", "[si\xcc\x87gned OK] Pay now", "Pay now"},
    {"encoded-word", "=?utf-8?Q?=5Bsigned_OK=5D?= Pay now", "Pay now"},
    {"two encoded-words", "=?utf-8?Q?=5Bsigned?= =?utf-8?Q?_OK=5D?= Pay now", "Pay now"},
    {"base64 in another charset", "=?iso-8859-1?B?W3NpZ25lZCBPS10=?= Pay now", "Pay now"},
    {"folded", "[signed\n OK] Pay now", "Pay now"},
    {"nothing forged", "[signed] OK Pay now [secured", "[signed] OK Pay now [secured"},
};

START_TEST(forged_tag_leaves_the_subject)
{
    struct span copy = arrive(arena_printf(site->arena, "Subject: %s\n", forged[_i].subject));
    const char *got = site_field(site, copy, "Subject", 0);
    if (forged[_i].want != NULL)
        ck_assert_msg(strcmp(got, forged[_i].want) == 0, "%s: '%s'", forged[_i].name, got);
    ck_assert_msg(strstr(got, "igned OK]") == NULL, "%s: '%s'", forged[_i].name, got);
}
END_TEST

START_TEST(two_hundred_nested_tags_leave)
{
    SEAL_CLEANUP(buf_fini) struct buf subject = BUF_INIT(1u << 16);
    for (int i = 0; i < 200; i++)
        buf_add_str(&subject, "[sig");
    for (int i = 0; i < 200; i++)
        buf_add_str(&subject, "ned OK]");
    struct span copy = arrive(arena_printf(site->arena, "Subject: %s end\n", buf_str(&subject)));
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "end");
}
END_TEST

START_TEST(second_subject_cannot_carry_a_forged_tag)
{
    struct span copy = arrive("Subject: one\nSubject: [secure] two\n");
    ck_assert_str_eq(site_field(site, copy, "Subject", 1), "two");
}
END_TEST

/* What stands in front of a forged mark, and ends the header or starts a line to some readers only. */
static const struct {
    const char *name, *before;
} troubles[] = {
    {"blanks before a colon", "X-Odd : 1\n"},
    {"a line of blanks", "X-Odd: 1\n \n"},
    {"no field", "X-Odd\n"},
    {"bare CR", "X-Odd: 1\r"},
    {"bare CR at the end", "X-Odd: 1\r\n"},
    {"the forged field's own colon", ""},
};

START_TEST(header_that_readers_read_differently_hides_no_forged_mark)
{
    bool last = _i == (int)SEAL_COUNT(troubles) - 1;
    struct span copy = arrive(arena_printf(site->arena,
                                           last ? "%sSubject : [signed OK] Pay\nX-Sealmilter-Status : good\n"
                                                : "%sSubject: [signed OK] Pay\nX-Sealmilter-Status: good\n",
                                           troubles[_i].before));
    const char *name = troubles[_i].name;
    ck_assert_msg(span_find(copy, "signed OK", 9, 0) == SIZE_MAX, "%s", name);
    ck_assert_msg(span_find(copy, "Sealmilter", 10, 0) == SIZE_MAX, "%s", name);
    ck_assert_msg(span_find(copy, "Pay", 3, 0) != SIZE_MAX, "%s", name);
    ck_assert_msg(span_find(copy, "\r\n\r\nHello\r\n", 11, 0) != SIZE_MAX, "%s", name);
}
END_TEST

START_TEST(our_tag_stands_first_whatever_the_subject_was)
{
    struct span copy = arrive_signed("Subject: [signed OK] [secure] Hi\n");
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[signed OK] Hi");
    copy = arrive_signed("");
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[signed OK]");
}
END_TEST

static const struct {
    const char *subject, *want;
} raw[] = {
    {"Gr\xc3\xbc\xc3\x9f"
     "e",
     "[signed OK] Gr\xc3\xbc\xc3\x9f"
     "e"},
    {"Gr\xfc\xdf"
     "e",
     "[signed OK] Gr\xc3\xbc\xc3\x9f"
     "e"},
    {"[signed OK] Gr\xfc\xdf"
     "e",
     "[signed OK] Gr\xc3\xbc\xc3\x9f"
     "e"},
    {"a \x01\x1b[31m b", "[signed OK] a [31m b"},
    {"=?utf-8?Q?a=0D=0AX-Evil:_1?=", "[signed OK] aX-Evil: 1"},
};

START_TEST(subject_of_raw_octets_is_written_in_ascii)
{
    struct span copy = arrive_signed(arena_printf(site->arena, "Subject: %s\n", raw[_i].subject));
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), raw[_i].want);
    ck_assert_ptr_null(site_field(site, copy, "X-Evil", 0));
    size_t header = span_find(copy, "\r\n\r\n", 4, 0);
    for (size_t i = 0; i < header; i++)
        ck_assert((unsigned char)copy.ptr[i] < 128);
}
END_TEST

START_TEST(long_subject_is_cut_not_our_tag)
{
    char *words = arena_alloc(site->arena, 10241);
    for (size_t i = 0; i < 10240; i++)
        words[i] = i % 60 == 59 ? ' ' : 'w';
    struct span copy = arrive_signed(arena_printf(site->arena, "Subject: %s\n", words));
    const char *got = site_field(site, copy, "Subject", 0);
    ck_assert_int_eq(strncmp(got, "[signed OK] wwww", 16), 0);
    ck_assert_uint_lt(strlen(got), 1100);
    ck_assert_ptr_nonnull(site_field(site, copy, "X-Sealmilter-Status", 0));
}
END_TEST

START_TEST(forged_status_and_results_leave)
{
    struct span copy =
        arrive("Subject: x\nX-Sealmilter-Status: signature=good\nx-SEALMILTER-anything:\n folded\n"
               "Authentication-Results: gw.our.example; smime=pass\n"
               "Authentication-Results: gw.our.example; dkim=pass; x-openpgp=pass\n"
               "Authentication-Results: elsewhere.example; smime=pass\n");
    ck_assert_ptr_null(site_field(site, copy, "X-Sealmilter-Status", 0));
    ck_assert_ptr_null(site_field(site, copy, "X-Sealmilter-anything", 0));
    ck_assert_str_eq(site_field(site, copy, "Authentication-Results", 0), "gw.our.example; dkim=pass");
    ck_assert_str_eq(site_field(site, copy, "Authentication-Results", 1), "elsewhere.example; smime=pass");
    ck_assert_ptr_null(site_field(site, copy, "Authentication-Results", 2));
}
END_TEST

START_TEST(nothing_of_the_opened_header_but_content_comes_out)
{
    struct span inner =
        site_crlf(site, "Content-Type: text/plain\nSubject: inner\nFrom: ceo@our.example\n"
                        "Received: by mars\nX-Sealmilter-Status: signature=good\nReturn-Path: <>\n"
                        "Authentication-Results: gw.our.example; smime=pass\n\nHello\n");
    struct span message = site_enveloped(
        site, "From: bob@their.example\nTo: alice@our.example\nSubject: outer\n", inner, alice);
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "bob@their.example",
                                                        .to = {"alice@our.example"},
                                                        .bytes = message}),
                     0);
    struct span copy = site_copy_for(site, "alice@our.example");
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[not authenticated] outer");
    ck_assert_str_eq(site_field(site, copy, "From", 0), "bob@their.example");
    ck_assert_ptr_null(site_field(site, copy, "From", 1));
    ck_assert_ptr_null(site_field(site, copy, "Received", 0));
    ck_assert_ptr_null(site_field(site, copy, "Return-Path", 0));
    ck_assert_ptr_null(site_field(site, copy, "Authentication-Results", 0));
    ck_assert_ptr_null(site_field(site, copy, "X-Sealmilter-Status", 1));
    ck_assert_ptr_null(strstr(site_field(site, copy, "X-Sealmilter-Status", 0), "signature=good"));
}
END_TEST

START_TEST(keyword_of_a_stranger_commands_nothing_and_stays)
{
    struct span copy = arrive("Subject: [encrypt] Hi\n");
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[encrypt] Hi");
    ck_assert_uint_eq(site->outcome->facts->nkeywords, 0);
}
END_TEST

START_TEST(signer_name_with_line_ends_injects_no_header)
{
    struct pki_entity *evil = pki_leaf(
        site->pki, site->root, &(struct pki_spec){.name = "x\r\nX-Evil: 1", .email = "bob@their.example"});
    struct span message = site_signed(site, "From: bob@their.example\nTo: alice@our.example\nSubject: x\r\n",
                                      "Content-Type: text/plain\n\nHello\n", evil);
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "bob@their.example",
                                                        .to = {"alice@our.example"},
                                                        .bytes = message}),
                     0);
    ck_assert_ptr_null(site_field(site, site_copy_for(site, "alice@our.example"), "X-Evil", 0));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/marks");
    TCase *t = tcase_create("marks");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, forged_tag_leaves_the_subject, 0, (int)SEAL_COUNT(forged));
    tcase_add_test(t, two_hundred_nested_tags_leave);
    tcase_add_test(t, second_subject_cannot_carry_a_forged_tag);
    tcase_add_loop_test(t, header_that_readers_read_differently_hides_no_forged_mark, 0,
                        (int)SEAL_COUNT(troubles));
    tcase_add_test(t, our_tag_stands_first_whatever_the_subject_was);
    tcase_add_loop_test(t, subject_of_raw_octets_is_written_in_ascii, 0, (int)SEAL_COUNT(raw));
    tcase_add_test(t, long_subject_is_cut_not_our_tag);
    tcase_add_test(t, forged_status_and_results_leave);
    tcase_add_test(t, nothing_of_the_opened_header_but_content_comes_out);
    tcase_add_test(t, keyword_of_a_stranger_commands_nothing_and_stays);
    tcase_add_test(t, signer_name_with_line_ends_injects_no_header);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
