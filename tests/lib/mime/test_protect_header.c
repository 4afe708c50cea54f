/* RFC 9788, writing: which fields are inside, what stands outside, and that every reader finds the mark. */
#include "mime/protect_header.h"

#include "base/buf.h"
#include "mime/part.h"
#include "mime/payload_header.h"
#include "support/check.h"
#include "support/eol.h"

#include <string.h>

static struct arena *arena;
static struct spool *out;
static struct err err;
static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 16u << 20};

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
    err = (struct err)ERR_INIT;
}

static void tear_down(void)
{
    spool_free(&out);
    arena_free(&arena);
}

/* What comes out, with LF. */
static const char *protect(const char *fields, struct span entity, enum protection protection)
{
    struct header header;
    ck_ok(header_parse(arena, crlf(arena, fields), &limits, &header, &err));
    spool_free(&out);
    out = spool_new(&conf);
    ck_ok(protect_header_write(arena, entity, header.fields, header.n, protection, out, &err));
    ck_ok(spool_seal(out, &err));
    return without_cr(arena, spool_all(out));
}

/* RFC 9788 C.3.1.2: smime-signed-enc-hp-baseline, what is in the envelope and under the signature. */
static const char rfc_fields[] = "Subject: smime-signed-enc-hp-baseline\n"
                                 "Message-ID: <smime-signed-enc-hp-baseline@example>\n"
                                 "From: Alice <alice@smime.example>\n"
                                 "To: Bob <bob@smime.example>\n"
                                 "Date: Sat, 20 Feb 2021 10:09:02 -0500\n"
                                 "User-Agent: Sample MUA Version 1.0\n";
static const char rfc_entity[] = "Content-Transfer-Encoding: 7bit\n"
                                 "Content-Type: text/plain; charset=\"utf-8\"\n"
                                 "\n"
                                 "This is the\n"
                                 "smime-signed-enc-hp-baseline\n"
                                 "message.\n";
static const char rfc_outer[] = "HP-Outer: Message-ID: <smime-signed-enc-hp-baseline@example>\n"
                                "HP-Outer: From: Alice <alice@smime.example>\n"
                                "HP-Outer: To: Bob <bob@smime.example>\n"
                                "HP-Outer: Date: Sat, 20 Feb 2021 10:09:02 -0500\n"
                                "HP-Outer: User-Agent: Sample MUA Version 1.0\n"
                                "\n";

START_TEST(payload_is_that_of_the_rfc)
{
    const char *got = protect(rfc_fields, crlf(arena, rfc_entity), PROTECTION_BASELINE);
    const char *expected =
        arena_printf(arena, "%s%s%s%s%s",
                     "Content-Transfer-Encoding: 7bit\n"
                     "Content-Type: text/plain; charset=\"utf-8\"; hp=\"cipher\"; "
                     "protected-headers=\"v1\"\n",
                     rfc_fields, "HP-Outer: Subject: [...]\n", rfc_outer, strstr(rfc_entity, "This is"));
    ck_assert_str_eq(got, expected);
}
END_TEST

#define FROM_ALICE(prefix, name)                                                                             \
    prefix "Message-ID: <" name "@example>\n" prefix "From: Alice <alice@smime.example>\n" prefix            \
           "To: Bob <bob@smime.example>\n" prefix "Date: Sat, 20 Feb 2021 10:09:02 -0500\n" prefix           \
           "User-Agent: Sample MUA Version 1.0\n"
#define THREAD(prefix)                                                                                       \
    prefix "In-Reply-To: <smime-signed-enc-hp-baseline@example>\n" prefix                                    \
           "References: <smime-signed-enc-hp-baseline@example>\n"
#define JONES(prefix)                                                                                        \
    prefix "Date: Wed, 11 Jan 2023 16:08:43 -0500\n" prefix "From: Bob <bob@example.net>\n" prefix           \
           "To: Alice <alice@example.net>\n" prefix "Message-ID: <20230111T210843Z.1234@lhp.example>\n"
#define JONES_REPLY(prefix)                                                                                  \
    prefix "Date: Wed, 11 Jan 2023 16:48:22 -0500\n" prefix "From: Alice <alice@example.net>\n" prefix       \
           "To: Bob <bob@example.net>\n" prefix "In-Reply-To: <20230111T210843Z.1234@lhp.example>\n" prefix  \
           "References: <20230111T210843Z.1234@lhp.example>\n"
#define OBSCURED "HP-Outer: Subject: [...]\n"

/* The others of Appendix C by their Message-IDs there, and D.1 and D.2, without the display for old programs, which we do not write. */
static const struct {
    const char *fields, *type, *mark;
    enum protection protection;
    const char *outer;
} rfc[] = {
    {"Subject: smime-one-part-hp\n" FROM_ALICE("", "smime-one-part-hp"), "text/plain; charset=\"utf-8\"",
     "; hp=\"clear\"", PROTECTION_CLEAR, ""},
    {"Subject: smime-multipart-complex-hp\n" FROM_ALICE("", "smime-multipart-complex-hp"),
     "multipart/mixed; boundary=\"550\"", "; hp=\"clear\"", PROTECTION_CLEAR, ""},
    {"Subject: smime-signed-enc-complex-hp-baseline\n" FROM_ALICE("", "smime-signed-enc-complex-hp-baseline"),
     "multipart/mixed; boundary=\"550\"", "; hp=\"cipher\"; protected-headers=\"v1\"", PROTECTION_BASELINE,
     OBSCURED FROM_ALICE("HP-Outer: ", "smime-signed-enc-complex-hp-baseline")},
    {"Subject: smime-signed-enc-hp-baseline-reply\n" FROM_ALICE("", "smime-signed-enc-hp-baseline-reply")
         THREAD(""),
     "text/plain; charset=\"utf-8\"", "; hp=\"cipher\"; protected-headers=\"v1\"", PROTECTION_BASELINE,
     OBSCURED FROM_ALICE("HP-Outer: ", "smime-signed-enc-hp-baseline-reply") THREAD("HP-Outer: ")},
    {"Subject: Handling the Jones contract\nKeywords: Contract, Urgent\n" JONES(""),
     "text/plain; charset=\"us-ascii\"", "; hp=\"cipher\"; protected-headers=\"v1\"", PROTECTION_BASELINE,
     OBSCURED JONES("HP-Outer: ")},
    {"Subject: Re: Handling the Jones contract\nKeywords: Contract, Urgent\n" JONES_REPLY(""),
     "text/plain; charset=\"us-ascii\"", "; hp=\"cipher\"; protected-headers=\"v1\"", PROTECTION_BASELINE,
     OBSCURED JONES_REPLY("HP-Outer: ")},
};

START_TEST(payloads_are_those_of_the_rfc)
{
    static const char body[] = "\n--550\n\nHi\n--550--\n";
    const char *entity = arena_printf(arena, "Content-Type: %s\n%s", rfc[_i].type, body);
    const char *got = protect(rfc[_i].fields, crlf(arena, entity), rfc[_i].protection);
    ck_assert_str_eq(got, arena_printf(arena, "Content-Type: %s%s\n%s%s%s", rfc[_i].type, rfc[_i].mark,
                                       rfc[_i].fields, rfc[_i].outer, body));
}
END_TEST

/* The same with another policy, or another intent. */
START_TEST(without_confidentiality_all_stand_outside)
{
    const char *got = protect(rfc_fields, crlf(arena, rfc_entity), PROTECTION_PLAIN);
    ck_assert_ptr_nonnull(strstr(got, "charset=\"utf-8\"; hp=\"cipher\"\n"));
    ck_assert_ptr_nonnull(strstr(got, "\nHP-Outer: Subject: smime-signed-enc-hp-baseline\n"));
    ck_assert_ptr_nonnull(strstr(got, rfc_outer));
}
END_TEST

START_TEST(signed_only_says_clear_and_nothing_of_the_outside)
{
    const char *got = protect(rfc_fields, crlf(arena, rfc_entity), PROTECTION_CLEAR);
    ck_assert_ptr_nonnull(strstr(got, "charset=\"utf-8\"; hp=\"clear\"\n"));
    ck_assert_ptr_nonnull(strstr(got, rfc_fields));
    ck_assert_ptr_null(strstr(got, "HP-Outer"));
}
END_TEST

static const char *const never[] = {
    "Bcc: carol@their.example",
    "Return-Path: <alice@our.example>",
    "Received: from a by b",
    "Resent-From: x@y.example",
    "Resent-Bcc: x@y.example",
    "DKIM-Signature: v=1",
    "ARC-Seal: i=1",
    "Authentication-Results: our.example; smime=pass",
    "X-Sealmilter-Status: encryption=none",
    "HP-Outer: Subject: forged",
    "MIME-Version: 1.0",
    "Content-Type: text/html",
    "Content-Language: de",
    "Delivered-To: alice@our.example",
    "Received-SPF: pass",
    "X-Received: by a",
    "X-Original-To: carol@our.example",
    "Envelope-To: carol@our.example",
    "X-Envelope-To: carol@our.example",
    "X-Envelope-From: alice@our.example",
    "Errors-To: alice@our.example",
    "DomainKey-Signature: a=rsa-sha1",
    "bcc : carol@their.example",
    "No field at all",
};

START_TEST(field_is_never_copied_inside)
{
    const char *fields = arena_printf(arena, "From: a@b.example\n%s\nTo: c@d.example\n", never[_i]);
    const char *got = protect(fields, crlf(arena, "Content-Type: text/plain\n\nHi\n"), PROTECTION_PLAIN);
    ck_assert_str_eq(got, "Content-Type: text/plain; hp=\"cipher\"\n"
                          "From: a@b.example\n"
                          "To: c@d.example\n"
                          "HP-Outer: From: a@b.example\n"
                          "HP-Outer: To: c@d.example\n"
                          "\n"
                          "Hi\n");
}
END_TEST

START_TEST(old_fields_of_the_root_are_left_out)
{
    const char *got = protect(
        "Subject: New\n",
        crlf(arena, "Subject: Old\nFrom: mallory@x.example\nHP-Outer: Subject: [...]\n"
                    "Content-Type: text/plain; hp=\"clear\"; charset=utf-8; hp*=utf-8''cipher\n\nHi\n"),
        PROTECTION_BASELINE);
    ck_assert_str_eq(got, "Content-Type: text/plain; charset=utf-8; hp=\"cipher\"; protected-headers=\"v1\"\n"
                          "Subject: New\n"
                          "HP-Outer: Subject: [...]\n"
                          "\n"
                          "Hi\n");
}
END_TEST

START_TEST(root_without_a_type_gets_one)
{
    ck_assert_str_eq(protect("From: a@b.example\n", crlf(arena, "\nHi\n"), PROTECTION_CLEAR),
                     "Content-Type: text/plain; hp=\"clear\"\nFrom: a@b.example\n\nHi\n");
}
END_TEST

/* Of these roots readers could think different things, or not see the mark. */
static const char *const unmarkable[] = {
    "Content-Type: text/plain\nContent-Type: text/html\n\nHi\n",
    "Content-Type: text\n\nHi\n",
    "Content-Type: multipart/mixed; boundary=a (comment)\n\n--a\n\nHi\n--a--\n",
    "Content-Type: text/plain; name=\"without end\n\nHi\n",
    "Content-Type: text/plain\nno field\n\nHi\n",
    /* a layer: what it protects is inside it */
    "Content-Type: multipart/signed; boundary=x; "
    "protocol=\"application/pkcs7-signature\"\n\n--x\n\nHi\n--x\n\n--x--\n",
    "Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nMA==\n",
};

START_TEST(what_cannot_be_marked_is_wrapped)
{
    struct span entity = crlf(arena, unmarkable[_i]);
    protect(rfc_fields, entity, PROTECTION_BASELINE);
    struct part_table table;
    ck_ok(part_parse(arena, spool_all(out), &limits, &table, &err));
    ck_assert(part_is(&table.parts[0], "multipart", "mixed"));
    ck_assert_str_eq(part_param(&table.parts[0], "hp"), "cipher");
    ck_assert_uint_eq(table.parts[0].nchildren, 1);
    const struct part *child = &table.parts[part_child(&table, 0, 0)];
    ck_assert(span_eq(span_sub(spool_all(out), child->begin, child->end - child->begin), entity));
}
END_TEST

#define LONG_WORD                                                                                            \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG_TEXT                                                                                            \
    LONG_WORD LONG_WORD LONG_WORD LONG_WORD LONG_WORD LONG_WORD LONG_WORD LONG_WORD LONG_WORD LONG_WORD

static const struct {
    const char *field, *inside; /* NULL: not there; compared decoded */
} subjects[] = {
    {"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Gr\xc3\xbc\xc3\x9f"
                                             "e"},
    {"Subject: Gr\xc3\xbc\xc3\x9f"
     "e",
     "Gr\xc3\xbc\xc3\x9f"
     "e"},
    {"Subject: one\n two\n\tthree", "one two three"},
    {"Subject: a \n \n b", "a   b"},
    {"Subject:", ""},
    {"Subject: Re: a\rb", "Re: a"},
    {"Subject: " LONG_TEXT, NULL},
    {"Subject: a " LONG_WORD " " LONG_WORD " " LONG_WORD " " LONG_WORD " " LONG_WORD " " LONG_WORD
     " " LONG_WORD " " LONG_WORD " " LONG_WORD " " LONG_WORD,
     "a " LONG_WORD " " LONG_WORD " " LONG_WORD " " LONG_WORD " " LONG_WORD " " LONG_WORD " " LONG_WORD
     " " LONG_WORD " " LONG_WORD " " LONG_WORD},
    {"Subject: one\nSubject: two", "one"},
};

/* And no line of it, inside or of HP-Outer, is one that a relay would break or change. */
START_TEST(subject_is_read_as_it_was_written)
{
    const char *field = subjects[_i].field;
    protect(arena_printf(arena, "%s\nTo: b@c.example\n", field),
            crlf(arena, "Content-Type: text/plain\n\nHi\n"), PROTECTION_PLAIN);
    struct payload_header header;
    ck_ok(payload_header_read(arena, spool_all(out), &header, &err));
    ck_assert_int_eq(header.mark, PAYLOAD_CIPHER);
    if (subjects[_i].inside == NULL)
        ck_assert_ptr_null(header.subject);
    else
        ck_assert_str_eq(header.subject, subjects[_i].inside);
    struct span all = spool_all(out);
    for (size_t at = 0, end; at < all.len; at = end + 2) {
        end = span_find(all, "\r\n", 2, at);
        ck_assert_msg(end != SIZE_MAX && end - at <= 998, "%.*s", SPAN_ARG(span_sub(all, at, all.len)));
    }
    for (size_t i = 0; i < all.len; i++)
        if ((unsigned char)all.ptr[i] >= 0x80)
            ck_abort_msg("8-bit text");
}
END_TEST

START_TEST(subject_that_is_one_long_word_is_not_lost_where_it_is_hidden)
{
    protect("Subject: " LONG_TEXT "\n", crlf(arena, "Content-Type: text/plain\n\nHi\n"), PROTECTION_BASELINE);
    struct payload_header header;
    ck_ok(payload_header_read(arena, spool_all(out), &header, &err));
    ck_assert_str_eq(header.subject, LONG_TEXT);
}
END_TEST

START_TEST(outer_field_that_became_too_long_is_folded)
{
    SEAL_CLEANUP(buf_fini) struct buf field = BUF_INIT(4000);
    buf_add_str(&field, "References: <first@example.net>");
    while (field.len < 985)
        buf_add_str(&field, " <a@b>");
    const char *got = protect(arena_printf(arena, "%s\n", buf_str(&field)),
                              crlf(arena, "Content-Type: text/plain\n\nHi\n"), PROTECTION_PLAIN);
    ck_assert_ptr_nonnull(strstr(got, arena_printf(arena, "\n%s\n", buf_str(&field))));
    ck_assert_ptr_nonnull(strstr(got, "\nHP-Outer: References: <first@example.net> <a@b>"));
    for (const char *end; *got != '\0'; got = end + 1) {
        end = strchr(got, '\n');
        ck_assert_int_le(end - got, 998);
    }
}
END_TEST

static const struct {
    const char *name;
    enum outside outside;
} baseline[] = {
    {"Subject", OUTSIDE_OBSCURED}, {"SUBJECT", OUTSIDE_OBSCURED},  {"Comments", OUTSIDE_GONE},
    {"Keywords", OUTSIDE_GONE},    {"Thread-Topic", OUTSIDE_GONE}, {"From", OUTSIDE_SAME},
    {"To", OUTSIDE_SAME},          {"Date", OUTSIDE_SAME},         {"In-Reply-To", OUTSIDE_SAME},
    {"References", OUTSIDE_SAME},  {"Message-ID", OUTSIDE_SAME},
};

START_TEST(policies_say_what_stands_outside)
{
    struct span name = span_of(baseline[_i].name);
    ck_assert_int_eq(protect_header_outside(PROTECTION_BASELINE, name), baseline[_i].outside);
    ck_assert_int_eq(protect_header_outside(PROTECTION_PLAIN, name), OUTSIDE_SAME);
    ck_assert_int_eq(protect_header_outside(PROTECTION_CLEAR, name), OUTSIDE_SAME);
}
END_TEST

START_TEST(what_is_gone_outside_has_no_outer_field)
{
    const char *got = protect("Comments: token\nKeywords: token\nThread-Topic: token\nSubject: token\n",
                              crlf(arena, "Content-Type: text/plain\n\nHi\n"), PROTECTION_BASELINE);
    ck_assert_ptr_nonnull(strstr(got, "\nComments: token\nKeywords: token\nThread-Topic: token\n"
                                      "Subject: token\nHP-Outer: Subject: [...]\n\nHi\n"));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("protect_header");
    TCase *tcase = tcase_create("protect_header");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, payload_is_that_of_the_rfc);
    tcase_add_loop_test(tcase, payloads_are_those_of_the_rfc, 0, (int)SEAL_COUNT(rfc));
    tcase_add_test(tcase, without_confidentiality_all_stand_outside);
    tcase_add_test(tcase, signed_only_says_clear_and_nothing_of_the_outside);
    tcase_add_loop_test(tcase, field_is_never_copied_inside, 0, (int)SEAL_COUNT(never));
    tcase_add_test(tcase, old_fields_of_the_root_are_left_out);
    tcase_add_test(tcase, root_without_a_type_gets_one);
    tcase_add_loop_test(tcase, what_cannot_be_marked_is_wrapped, 0, (int)SEAL_COUNT(unmarkable));
    tcase_add_loop_test(tcase, subject_is_read_as_it_was_written, 0, (int)SEAL_COUNT(subjects));
    tcase_add_test(tcase, subject_that_is_one_long_word_is_not_lost_where_it_is_hidden);
    tcase_add_test(tcase, outer_field_that_became_too_long_is_folded);
    tcase_add_loop_test(tcase, policies_say_what_stands_outside, 0, (int)SEAL_COUNT(baseline));
    tcase_add_test(tcase, what_is_gone_outside_has_no_outer_field);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
