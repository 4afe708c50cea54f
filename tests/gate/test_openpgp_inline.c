/* OpenPGP in the text itself (R14): off unless the settings say so, and never anything but the whole text. */
#include "mime/transfer.h"
#include "support/check.h"
#include "support/eol.h"
#include "support/has.h"
#include "support/pgp_site.h"
#include "support/rules.h"

#include <string.h>

static const char policy[] = OUR_DOMAIN OUT_PASSES IN_OPENED HOUSE_PASSES;

static struct pgp_site *s;

static void setup(void)
{
    s = pgp_site_new(policy, "openpgp-inline = yes\n");
}

static void setup_by_default(void)
{
    s = pgp_site_new(policy, "");
}

static void teardown(void)
{
    pgp_site_free(&s);
}

static const char *field(struct span message, const char *name)
{
    return site_field(s->site, message, name, 0);
}

#define FROM_BOB "From: Bob <bob@their.example>\nTo: alice@our.example\nSubject: Hi\nMIME-Version: 1.0\n"

/* What alice gets when the rest of bob's message is this, from its content fields on; %s: his armour. */
static struct span arrive(const char *rest, struct span armor)
{
    char *end = strstr(rest, "%s");
    const char *text = arena_printf(s->site->arena, FROM_BOB "%.*s%.*s%s", (int)(end - rest), rest,
                                    SPAN_ARG(armor), end + 2);
    pgp_site_run(s, (struct site_mail){.from = "bob@their.example",
                                       .to = {"alice@our.example"},
                                       .bytes = site_crlf(s->site, text)});
    return site_copy_for(s->site, "alice@our.example");
}

static struct span body(struct span message)
{
    size_t at = span_find(message, "\r\n\r\n", 4, 0);
    return span_sub(message, at + 4, message.len);
}

#define PLAIN "Content-Type: text/plain; charset=us-ascii\n\n%s"
#define HELLO "ORCHID\n"

static struct span armored(const char *text, enum pgp_site_signed by)
{
    return pgp_site_armor(s, span_of(text), by);
}

static void expect(struct span copy, const char *subject, const char *status)
{
    const char *said = field(copy, "X-Sealmilter-Status");
    ck_assert_str_eq(field(copy, "Subject"), subject);
    ck_assert_msg(said != NULL && strncmp(said, status, strlen(status)) == 0, "%s", said);
}

static const char *const whole[] = {
    PLAIN,
    "Content-Type: text/plain\n\n\n \t\n%s\n \n\n",
    "\n%s",
    "Content-Type: text/plain; charset=utf-8; format=flowed; x-action=pgp-encrypted\n\n%s",
};

START_TEST(whole_text_is_opened)
{
    struct span copy = arrive(whole[_i], armored(HELLO, BOB_SIGNS));
    expect(copy, "[secure] [signed OK] Hi", "encryption=opened; auth=signature; form=inline; signature=good");
    ck_assert_str_eq(field(copy, "Content-Type"), "text/plain; charset=utf-8");
    ck_assert_ptr_null(site_field(s->site, copy, "Content-Type", 1));
    ck_assert(span_is(body(copy), "ORCHID\r\n"));
    copy = arrive(whole[_i], armored(HELLO, NOBODY_SIGNS));
    expect(copy, "[secure] Hi", "encryption=opened; auth=cipher; form=inline; signature=none");
}
END_TEST

START_TEST(text_in_a_transfer_encoding_is_opened)
{
    struct err err = ERR_INIT;
    static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 20};
    SEAL_CLEANUP(spool_free) struct spool *encoded = spool_new(&conf);
    ck_ok(qp_encode(armored(HELLO, BOB_SIGNS), encoded, &err));
    ck_ok(spool_seal(encoded, &err));
    struct span copy = arrive("Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n%s",
                              span_of(without_cr(s->site->arena, spool_all(encoded))));
    expect(copy, "[secure] [signed OK] Hi", "encryption=opened");
    ck_assert_ptr_null(field(copy, "Content-Transfer-Encoding"));
    ck_assert(span_is(body(copy), "ORCHID\r\n"));
}
END_TEST

static const struct {
    const char *text, *encoding, *body;
} contents[] = {
    {"one\ntwo\r\n.\r\n", NULL, "one\r\ntwo\r\n.\r\n"},
    {"Content-Type: text/html\n\n<b>ORCHID</b>\n", NULL, "Content-Type: text/html\r\n\r\n<b>ORCHID</b>\r\n"},
    {"Subject: TULIP\nFrom: mallory@evil.example\n\n", NULL,
     "Subject: TULIP\r\nFrom: mallory@evil.example\r\n\r\n"},
    {"Gr\xc3\xbc\xc3\x9f"
     "e\r\n",
     "quoted-printable", "Gr=C3=BC=C3=9Fe\r\n"},
    {"a\rb\r\n", "quoted-printable", NULL},
};

START_TEST(what_comes_out_is_a_text_that_smtp_can_carry)
{
    struct span copy = arrive(PLAIN, armored(contents[_i].text, BOB_SIGNS));
    expect(copy, "[secure] [signed OK] Hi", "encryption=opened");
    ck_assert_str_eq(field(copy, "Content-Type"), "text/plain; charset=utf-8");
    const char *encoding = field(copy, "Content-Transfer-Encoding");
    ck_assert_msg(contents[_i].encoding == NULL
                      ? encoding == NULL || strcmp(encoding, "7bit") == 0
                      : encoding != NULL && strcmp(encoding, contents[_i].encoding) == 0,
                  "%s", encoding);
    if (contents[_i].body != NULL)
        ck_assert_msg(span_is(body(copy), contents[_i].body), "%.*s", SPAN_ARG(copy));
    ck_assert_str_eq(field(copy, "From"), "Bob <bob@their.example>");
}
END_TEST

START_TEST(octets_that_are_no_utf8_are_named_otherwise)
{
    struct span copy = arrive(PLAIN, armored("Gr\xfc\xdf"
                                             "e\n",
                                             NOBODY_SIGNS));
    ck_assert_str_eq(field(copy, "Content-Type"), "text/plain; charset=iso-8859-1");
    ck_assert(span_is(body(copy), "Gr=FC=DFe\r\n"));
}
END_TEST

/* ---- never ---- */

static void expect_closed(struct span copy, const char *status)
{
    const char *said = field(copy, "X-Sealmilter-Status");
    ck_assert_str_eq(field(copy, "Subject"), "Hi");
    ck_assert(has(copy, "-----BEGIN PGP MESSAGE-----") && !has(copy, "ORCHID"));
    ck_assert_msg(said == NULL ? status == NULL : status != NULL && strstr(said, status) != NULL, "%s", said);
}

START_TEST(nothing_is_opened_unless_the_settings_say_so)
{
    expect_closed(
        arrive(PLAIN, armored(HELLO, BOB_SIGNS)),
        "encryption=unsupported; signature=none; reason=\"OpenPGP in the text itself is not opened\"");
}
END_TEST

START_TEST(file_that_is_all_of_a_message_stays_a_file)
{
    struct span copy =
        arrive("Content-Type: text/plain\nContent-Disposition: attachment; filename=x.asc\n\n%s",
               armored(HELLO, BOB_SIGNS));
    expect_closed(copy, "encryption=unsupported");
}
END_TEST

static const char *const partial[] = {
    "Content-Type: text/plain\n\nHello,\n\n%s",
    "Content-Type: text/plain\n\n%s\n-- \nBob\n",
    "Content-Type: text/plain\n\n> %s",
    "Content-Type: text/plain\n\nHello,\n%s\nBob\n",
    "Content-Type: text/plain\n\n.\n%s",
    "Content-Type: text/html\n\n%s",
    "Content-Type: application/pgp\n\n%s",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n%s\n--b--\n",
    "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n%s\n"
    "--b\nContent-Type: text/html\n\n<p>Hello\n--b--\n",
    /* a file, in the place and with the name that a mangled message has too (RFC 3156 behind Exchange) */
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee the file.\n"
    "--b\nContent-Type: application/octet-stream; name=encrypted.asc\n"
    "Content-Disposition: attachment; filename=encrypted.asc\n\n%s\n--b--\n",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee the file.\n"
    "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
    "--b\nContent-Type: application/octet-stream; name=encrypted.asc\n\n%s\n--b--\n",
    "Content-Type: application/octet-stream; name=report.pgp\n\n%s",
    "Content-Type: message/rfc822\n\nSubject: x\nContent-Type: text/plain\n\n%s",
};

START_TEST(text_around_it_or_another_place_leaves_it_closed)
{
    expect_closed(arrive(partial[_i], armored(HELLO, BOB_SIGNS)), NULL);
}
END_TEST

START_TEST(two_of_them_are_not_one)
{
    const char *twice = arena_printf(s->site->arena, "%.*s", SPAN_ARG(armored(HELLO, BOB_SIGNS)));
    expect_closed(
        arrive(arena_printf(s->site->arena, "Content-Type: text/plain\n\n%s\n%%s", twice), span_of(twice)),
        NULL);
}
END_TEST

START_TEST(under_a_signature_it_stays_closed)
{
    struct span copy = arrive("Content-Type: multipart/signed; micalg=pgp-sha512; "
                              "protocol=\"application/pgp-signature\"; boundary=b\n\n"
                              "--b\nContent-Type: text/plain\n\n%s\n"
                              "--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n",
                              armored(HELLO, BOB_SIGNS));
    expect_closed(copy, "encryption=unsupported");
}
END_TEST

START_TEST(signature_alone_in_a_text_says_nothing)
{
    static const char *const forms[] = {"--sign", "--clearsign"};
    tool_write(s->tool, "content", SPAN_LIT("TULIP\n"));
    ck_assert_int_eq(
        gpg_home_run(s->tool, "bob", "--armor", "--output", "signed.asc", forms[_i], "content", NULL), 0);
    struct span armor = tool_read(s->tool, "signed.asc"), copy = arrive(PLAIN, armor);
    ck_assert_str_eq(field(copy, "Subject"), "Hi");
    ck_assert(has(copy, "-----BEGIN PGP "));
    ck_assert_ptr_null(field(copy, "X-Sealmilter-Status"));
}
END_TEST

START_TEST(text_for_somebody_else_stays_closed)
{
    pgp_site_partner(s, "eve", "eve@their.example", "future-default", TRUST_TRUSTED);
    tool_write(s->tool, "content", SPAN_LIT(HELLO));
    ck_assert_int_eq(gpg_home_run(s->tool, "eve", "--armor", "--output", "out.asc", "--recipient",
                                  "eve@their.example", "--encrypt", "content", NULL),
                     0);
    expect_closed(arrive(PLAIN, tool_read(s->tool, "out.asc")), "encryption=no-key; signature=none");
    gpg_home_end(s->tool, "eve");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("gate/openpgp_inline");
    TCase *tc = tcase_create("switched on");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, whole_text_is_opened, 0, (int)SEAL_COUNT(whole));
    tcase_add_test(tc, text_in_a_transfer_encoding_is_opened);
    tcase_add_loop_test(tc, what_comes_out_is_a_text_that_smtp_can_carry, 0, (int)SEAL_COUNT(contents));
    tcase_add_test(tc, octets_that_are_no_utf8_are_named_otherwise);
    tcase_add_loop_test(tc, text_around_it_or_another_place_leaves_it_closed, 0, (int)SEAL_COUNT(partial));
    tcase_add_test(tc, file_that_is_all_of_a_message_stays_a_file);
    tcase_add_test(tc, two_of_them_are_not_one);
    tcase_add_test(tc, under_a_signature_it_stays_closed);
    tcase_add_loop_test(tc, signature_alone_in_a_text_says_nothing, 0, 2);
    tcase_add_test(tc, text_for_somebody_else_stays_closed);
    suite_add_tcase(suite, tc);
    tc = tcase_create("by default");
    tcase_add_checked_fixture(tc, setup_by_default, teardown);
    tcase_add_test(tc, nothing_is_opened_unless_the_settings_say_so);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
