/* RFC 9788, reading: the Subject of a marked root, and of nothing else (R21). */
#include "mime/payload_header.h"

#include "support/check.h"

#include <stdio.h>
#include <string.h>

static struct arena *arena;
static struct err err;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
    err = (struct err)ERR_INIT;
}

static void tear_down(void)
{
    arena_free(&arena);
}

#define CIPHER "Content-Type: text/plain; charset=\"utf-8\"; hp=\"cipher\"\n"

#define WRAPPED(more) "Content-Type: message/rfc822" more "\n\n"

static const struct {
    const char *payload;
    enum payload_mark mark;
    const char *subject;
} cases[] = {
    /* C.3.1.2 of the RFC */
    {"MIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\nSubject: smime-signed-enc-hp-baseline\n"
     "Message-ID: <smime-signed-enc-hp-baseline@example>\nFrom: Alice <alice@smime.example>\n"
     "To: Bob <bob@smime.example>\nDate: Sat, 20 Feb 2021 10:09:02 -0500\n"
     "User-Agent: Sample MUA Version 1.0\nHP-Outer: Subject: [...]\n"
     "HP-Outer: Message-ID: <smime-signed-enc-hp-baseline@example>\n"
     "HP-Outer: From: Alice <alice@smime.example>\nHP-Outer: To: Bob <bob@smime.example>\n"
     "HP-Outer: Date: Sat, 20 Feb 2021 10:09:02 -0500\n"
     "HP-Outer: User-Agent: Sample MUA Version 1.0\n" CIPHER "\nThis is the\n",
     PAYLOAD_CIPHER, "smime-signed-enc-hp-baseline"},
    {"Subject: a\nContent-Type: text/plain; hp=\"clear\"\n\n", PAYLOAD_CLEAR, "a"},
    {"Subject: a\nContent-Type: text/plain; HP=Clear\n\n", PAYLOAD_CLEAR, "a"},
    {"Subject: a\nContent-Type: text/plain; protected-headers=\"v1\"\n\n", PAYLOAD_OLD, "a"},
    {"Subject: a\nContent-Type: text/plain; protected-headers=\"v1\"; hp=\"cipher\"\n\n", PAYLOAD_CIPHER,
     "a"},
    {"Subject: =?utf-8?q?=C3=BC?=\n folded\n" CIPHER "\n", PAYLOAD_CIPHER, "\xc3\xbc folded"},
    {"Subject:\n" CIPHER "\n", PAYLOAD_CIPHER, ""},
    {"From: a@b.example\n" CIPHER "\nSubject: in the body\n", PAYLOAD_CIPHER, NULL},
    {"Subject: a\nSubject: b\n" CIPHER "\n", PAYLOAD_CIPHER, NULL},
    {"HP-Outer: Subject: a\n" CIPHER "\n", PAYLOAD_CIPHER, NULL},
    /* no mark, or one that readers could read differently */
    {"Subject: a\nContent-Type: text/plain\n\n", PAYLOAD_UNMARKED, NULL},
    {"Subject: a\n\n", PAYLOAD_UNMARKED, NULL},
    {"Subject: a\nContent-Type: text/plain; hp=\"other\"\n\n", PAYLOAD_UNMARKED, NULL},
    {"Subject: a\nContent-Type: text/plain; hp=\"other\"; protected-headers=v1\n\n", PAYLOAD_UNMARKED, NULL},
    {"Subject: a\nContent-Type: text/plain; hp=clear; hp=cipher\n\n", PAYLOAD_UNMARKED, NULL},
    {"Subject: a\nContent-Type: text/plain; hp=cipher\nContent-Type: text/plain\n\n", PAYLOAD_UNMARKED, NULL},
    {"Subject: a\nno field\n" CIPHER "\n", PAYLOAD_UNMARKED, NULL},
    {"Subject: a\n \n" CIPHER "\n", PAYLOAD_UNMARKED, NULL},
    {"Subject: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\nSubject: b\n" CIPHER "\nHi\n--x--\n",
     PAYLOAD_UNMARKED, NULL},
    {"Subject: a\nContent-Type: multipart/mixed; boundary=x; hp=cipher; hp=cipher\n\n", PAYLOAD_UNMARKED,
     NULL},
    {"", PAYLOAD_UNMARKED, NULL},
    /* RFC 8551 3.1, as RFC 9788 4.10.1 tells it from what was forwarded */
    {WRAPPED("") "Subject: a\n\n", PAYLOAD_WRAPPED, "a"},
    {WRAPPED("; forwarded=no") "Subject: a\nContent-Type: multipart/mixed; boundary=x\n\n", PAYLOAD_WRAPPED,
     "a"},
    {WRAPPED("; protected-headers=\"wrapped\"\nContent-Disposition: inline") "Subject: a\n\n",
     PAYLOAD_WRAPPED, "a"},
    {WRAPPED("\nContent-Transfer-Encoding: 8bit") "Subject: a\n\n", PAYLOAD_WRAPPED, "a"},
    {WRAPPED("") "Subject: a\nSubject: b\n\n", PAYLOAD_WRAPPED, NULL},
    {WRAPPED("; forwarded=yes") "Subject: a\n\n", PAYLOAD_UNMARKED, NULL},
    {WRAPPED("; hp=\"other\"") "Subject: a\n\n", PAYLOAD_UNMARKED, NULL},
    {WRAPPED("\nContent-Transfer-Encoding: base64") "Subject: a\n\n", PAYLOAD_UNMARKED, NULL},
    {WRAPPED("") "Subject: a\n" CIPHER "\n", PAYLOAD_UNMARKED, NULL},
    {WRAPPED("") "Subject: a\nContent-Type: multipart/signed; boundary=x\n\n", PAYLOAD_UNMARKED, NULL},
    {WRAPPED("") "Subject: a\nContent-Type: application/x-pkcs7-mime\n\n", PAYLOAD_UNMARKED, NULL},
    {WRAPPED("") "Subject: a\nno field\n\n", PAYLOAD_UNMARKED, NULL},
    {"Content-Type: message/global\n\nSubject: a\n\n", PAYLOAD_UNMARKED, NULL},
    {"Content-Type: multipart/mixed; boundary=x\n\n--x\n" WRAPPED("") "Subject: a\n\n", PAYLOAD_UNMARKED,
     NULL},
};

START_TEST(root_says_what_it_says)
{
    struct payload_header header;
    ck_ok(payload_header_read(arena, span_of(cases[_i].payload), &header, &err));
    ck_assert_int_eq(header.mark, cases[_i].mark);
    if (cases[_i].subject == NULL)
        ck_assert_msg(header.subject == NULL, "%s", header.subject);
    else
        ck_assert_str_eq(header.subject, cases[_i].subject);
}
END_TEST

static const struct {
    const char *fields, *from;
} senders[] = {
    {"From: Alice <Alice@Their.Example>\n", "alice@their.example"},
    {"From: a@b.example, c@d.example\n", NULL},
    {"From: a@b.example\nFrom: a@b.example\n", NULL},
    {"From: nobody\n", NULL},
    {"Sender: a@b.example\n", NULL},
};

START_TEST(whose_the_wrapped_message_is)
{
    struct payload_header header;
    const char *payload = arena_printf(arena, WRAPPED("") "Subject: a\n%s\nx\n", senders[_i].fields);
    ck_ok(payload_header_read(arena, span_of(payload), &header, &err));
    ck_assert_int_eq(header.mark, PAYLOAD_WRAPPED);
    if (senders[_i].from == NULL)
        ck_assert_ptr_null(header.from);
    else
        ck_assert_str_eq(header.from, senders[_i].from);
}
END_TEST

START_TEST(wrapped_header_without_end_says_nothing)
{
    SEAL_CLEANUP(mem_free) char *many = xcalloc(1, 100 + 3 * 3000 + 1);
    size_t n = (size_t)sprintf(many, WRAPPED(""));
    for (size_t i = 0; i < 3000; i++)
        memcpy(many + n + 3 * i, "A:\n", 3);
    struct payload_header header;
    ck_ok(payload_header_read(arena, span_of(many), &header, &err));
    ck_assert_int_eq(header.mark, PAYLOAD_UNMARKED);
}
END_TEST

START_TEST(long_subject_is_cut_between_characters)
{
    SEAL_CLEANUP(mem_free) char *text = xcalloc(1, 20000);
    size_t n = (size_t)sprintf(text, CIPHER "Subject: x");
    for (size_t i = 0; i < PAYLOAD_SUBJECT_MAX; i++)
        n += (size_t)sprintf(text + n, "\xc3\xbc");
    struct payload_header header;
    ck_ok(payload_header_read(arena, span_of(text), &header, &err));
    ck_assert_uint_eq(strlen(header.subject), PAYLOAD_SUBJECT_MAX - 1);
}
END_TEST

START_TEST(header_without_end_is_a_limit)
{
    SEAL_CLEANUP(mem_free) char *many = xcalloc(1, 3 * 3000 + 1);
    for (size_t i = 0; i < 3000; i++)
        memcpy(many + 3 * i, "A:\n", 3);
    struct payload_header header;
    ck_fails(payload_header_read(arena, span_of(many), &header, &err), ERR_LIMIT);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("payload_header");
    TCase *tcase = tcase_create("payload_header");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, root_says_what_it_says, 0, (int)SEAL_COUNT(cases));
    tcase_add_loop_test(tcase, whose_the_wrapped_message_is, 0, (int)SEAL_COUNT(senders));
    tcase_add_test(tcase, wrapped_header_without_end_says_nothing);
    tcase_add_test(tcase, long_subject_is_cut_between_characters);
    tcase_add_test(tcase, header_without_end_is_a_limit);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
