/* Header fields that travel inside OpenPGP (RFC 9788): what leaves is read by gpg, what arrives was written around with gpg. */
#include "mime/payload_header.h"
#include "support/check.h"
#include "support/has.h"
#include "support/pgp_site.h"
#include "support/rules.h"

#include <string.h>

static const char policy[] = OUR_DOMAIN "rule \"open\"\n"
                                        "    when outbound, to domain plain.example\n"
                                        "    protect headers plain\n"
                                        "    continue\n"
                                        "rule \"signed\"\n"
                                        "    when outbound, to domain signed.example\n"
                                        "    protect headers baseline\n"
                                        "    sign with openpgp\n" OUT_IF_POSSIBLE IN_OPENED HOUSE_PASSES;

static struct pgp_site *s;

static void setup(void)
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

/* ---- out ---- */

static struct span leave(const char *to)
{
    pgp_site_run(s, (struct site_mail){.from = "alice@our.example",
                                       .login = "alice@our.example",
                                       .to = {to},
                                       .text = "Received: from a by b\nFrom: Alice <alice@our.example>\n"
                                               "To: bob@their.example\nSubject: ORCHID\nKeywords: ORCHID\n"
                                               "\nHello.\n"});
    return site_copy_for(s->site, to);
}

static struct payload_header read_payload(struct span payload)
{
    struct err err = ERR_INIT;
    struct payload_header header;
    ck_ok(payload_header_read(s->site->arena, payload, &header, &err));
    return header;
}

START_TEST(subject_is_hidden_from_everyone_but_who_has_the_key)
{
    struct span copy = leave("bob@their.example");
    ck_assert_str_eq(field(copy, "Subject"), "[...]");
    ck_assert(!has(copy, "ORCHID"));
    struct span inside = pgp_site_decrypted(s, "bob", copy);
    struct payload_header header = read_payload(inside);
    ck_assert_int_eq(header.mark, PAYLOAD_CIPHER);
    ck_assert_str_eq(header.subject, "ORCHID");
    ck_assert(has(inside, "\r\nHP-Outer: Subject: [...]\r\n"));
    ck_assert(has(inside, "From: Alice <alice@our.example>\r\n") && !has(inside, "Received"));
    ck_assert(has(tool_read(s->tool, "said"), "Good signature"));
}
END_TEST

START_TEST(rule_leaves_the_subject_outside_as_well)
{
    pgp_site_partner(s, "eve", "eve@plain.example", "future-default", TRUST_TRUSTED);
    struct span copy = leave("eve@plain.example");
    ck_assert_str_eq(field(copy, "Subject"), "ORCHID");
    ck_assert_str_eq(read_payload(pgp_site_decrypted(s, "eve", copy)).subject, "ORCHID");
    gpg_home_end(s->tool, "eve");
}
END_TEST

START_TEST(signed_mail_has_them_inside_and_hides_nothing)
{
    struct span copy = leave("x@signed.example");
    struct span content = pgp_site_part(s, copy, 0, PART_WHOLE);
    ck_assert_str_eq(field(copy, "Subject"), "ORCHID");
    ck_assert_int_eq(read_payload(content).mark, PAYLOAD_CLEAR);
    tool_write(s->tool, "entity", content);
    tool_write(s->tool, "sig.asc", pgp_site_part(s, copy, 1, PART_BODY));
    ck_assert_int_eq(gpg_home_run(s->tool, "bob", "--verify", "sig.asc", "entity", NULL), 0);
}
END_TEST

/* Whoever wants that says so (sealmilter.conf(5)). */
START_TEST(mail_that_is_only_signed_has_none_inside)
{
    struct span copy = leave("x@their.example");
    ck_assert(has(copy, "protocol=\"application/pgp-signature\""));
    struct span content = pgp_site_part(s, copy, 0, PART_WHOLE);
    ck_assert_int_eq(read_payload(content).mark, PAYLOAD_UNMARKED);
    ck_assert(!has(content, "ORCHID") && !has(content, "From:"));
}
END_TEST

/* ---- in ---- */

#define HIDDEN "From: Bob <bob@their.example>\nTo: alice@our.example\nSubject: "

static struct span arrive(struct span message)
{
    pgp_site_run(
        s, (struct site_mail){.from = "bob@their.example", .to = {"alice@our.example"}, .bytes = message});
    return site_copy_for(s->site, "alice@our.example");
}

static struct span encrypted(const char *outside, const char *entity, enum pgp_site_signed by)
{
    const char *headers = arena_printf(s->site->arena, HIDDEN "%s\n", outside);
    return pgp_site_mime(s, headers, pgp_site_armor(s, site_crlf(s->site, entity), by));
}

static void expect(struct span copy, const char *subject, const char *status)
{
    const char *said = field(copy, "X-Sealmilter-Status");
    ck_assert_str_eq(field(copy, "Subject"), subject);
    ck_assert_ptr_null(site_field(s->site, copy, "Subject", 1));
    ck_assert_msg((strstr(said, "subject=protected") != NULL) == (strcmp(status, "protected") == 0), "%s",
                  said);
}

static const struct {
    const char *program, *outside, *entity;
} writers[] = {
    {"RFC 9788", "[...]",
     "Content-Type: text/plain; charset=\"us-ascii\"; hp=\"cipher\"\nSubject: ORCHID\n"
     "From: Bob <bob@their.example>\nHP-Outer: Subject: [...]\nHP-Outer: From: Bob "
     "<bob@their.example>\n\nHello.\n"},
    {"Thunderbird 78 and later", "...",
     "Content-Type: multipart/mixed; boundary=\"------------0g\";\n protected-headers=\"v1\"\n"
     "From: Bob <bob@their.example>\nTo: alice@our.example\nMessage-ID: <1@their.example>\nSubject: "
     "ORCHID\n\n"
     "--------------0g\nContent-Type: text/plain; charset=UTF-8; "
     "format=flowed\n\nHello.\n\n--------------0g--\n"},
    {"Enigmail 2", "Encrypted Message",
     "Content-Type: multipart/mixed; boundary=\"qX\";\n protected-headers=\"v1\"\n"
     "From: Bob <bob@their.example>\nTo: alice@our.example\nMessage-ID: <1@their.example>\nSubject: "
     "ORCHID\n\n"
     "--qX\nContent-Type: text/rfc822-headers; protected-headers=\"v1\"\nContent-Disposition: inline\n\n"
     "Subject: ORCHID\n\n--qX\nContent-Type: text/plain; charset=utf-8\n\nHello.\n\n--qX--\n"},
};

START_TEST(subject_comes_back_from_what_others_write)
{
    for (enum pgp_site_signed by = BOB_SIGNS; by <= NOBODY_SIGNS; by++) {
        struct span copy = arrive(encrypted(writers[_i].outside, writers[_i].entity, by));
        expect(copy, by == BOB_SIGNS ? "[secure] [signed OK] ORCHID" : "[secure] ORCHID", "protected");
        ck_assert(has(copy, "Hello."));
    }
}
END_TEST

START_TEST(subject_comes_back_from_what_we_write)
{
    struct span inside = pgp_site_decrypted(s, "bob", leave("bob@their.example"));
    struct span back = pgp_site_mime(s, HIDDEN "[...]\n", pgp_site_armor(s, inside, BOB_SIGNS));
    expect(arrive(back), "[secure] [signed OK] ORCHID", "protected");
}
END_TEST

START_TEST(subject_under_a_weak_cipher_is_put_aside)
{
    const char *entity = "Content-Type: text/plain; hp=\"cipher\"\nSubject: ORCHID\n\nHello.\n";
    tool_write(s->tool, "entity", site_crlf(s->site, entity));
    ck_assert_int_eq(gpg_home_run(s->tool, "bob", "--yes", "--armor", "--output", "out.asc", "--cipher-algo",
                                  "3DES", "--recipient", "alice@our.example", "--encrypt", "entity", NULL),
                     0);
    struct span copy = arrive(pgp_site_mime(s, HIDDEN "[...]\n", tool_read(s->tool, "out.asc")));
    ck_assert(has(copy, "Hello."));
    ck_assert_str_eq(field(copy, "Subject"), "[not authenticated] [...]");
    ck_assert_str_eq(field(copy, "X-Sealmilter-Subject"), "ORCHID");
    ck_assert_ptr_nonnull(strstr(field(copy, "X-Sealmilter-Status"), "subject=unauthenticated"));
}
END_TEST

START_TEST(subject_without_a_mark_stays_inside)
{
    struct span copy =
        arrive(encrypted("[...]", "Content-Type: text/plain\nSubject: ORCHID\n\nHello.\n", BOB_SIGNS));
    expect(copy, "[secure] [signed OK] [...]", "");
}
END_TEST

START_TEST(no_other_field_comes_from_inside)
{
    struct span copy = arrive(encrypted("[...]",
                                        "Content-Type: text/plain; hp=\"cipher\"\nSubject: ORCHID\n"
                                        "From: mallory@evil.example\nReply-To: mallory@evil.example\n"
                                        "X-Sealmilter-Status: forged\n\nHello.\n",
                                        NOBODY_SIGNS));
    expect(copy, "[secure] ORCHID", "protected");
    ck_assert(!has(copy, "evil") && !has(copy, "forged"));
    ck_assert_str_eq(field(copy, "From"), "Bob <bob@their.example>");
}
END_TEST

START_TEST(signed_subject_replaces_one_that_was_changed_on_the_way)
{
    static const char clear[] = "Content-Type: text/plain; hp=\"clear\"\nSubject: ORCHID\n\nHello.\n";
    tool_write(s->tool, "entity", span_trim(site_crlf(s->site, clear)));
    ck_assert_int_eq(
        gpg_home_run(s->tool, "bob", "--armor", "--output", "sig.asc", "--detach-sign", "entity", NULL), 0);
    const char *text =
        arena_printf(s->site->arena,
                     HIDDEN "[list] TULIP\nMIME-Version: 1.0\nContent-Type: multipart/signed; "
                            "micalg=pgp-sha512; protocol=\"application/pgp-signature\"; boundary=b\n\n"
                            "--b\n%s--b\nContent-Type: application/pgp-signature\n\n%.*s\n--b--\n",
                     clear, SPAN_ARG(tool_read(s->tool, "sig.asc")));
    expect(arrive(site_crlf(s->site, text)), "[signed OK] ORCHID", "protected");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("gate/openpgp_headers");
    TCase *tc = tcase_create("headers");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, subject_is_hidden_from_everyone_but_who_has_the_key);
    tcase_add_test(tc, rule_leaves_the_subject_outside_as_well);
    tcase_add_test(tc, signed_mail_has_them_inside_and_hides_nothing);
    tcase_add_test(tc, mail_that_is_only_signed_has_none_inside);
    tcase_add_loop_test(tc, subject_comes_back_from_what_others_write, 0, (int)SEAL_COUNT(writers));
    tcase_add_test(tc, subject_comes_back_from_what_we_write);
    tcase_add_test(tc, subject_under_a_weak_cipher_is_put_aside);
    tcase_add_test(tc, subject_without_a_mark_stays_inside);
    tcase_add_test(tc, no_other_field_comes_from_inside);
    tcase_add_test(tc, signed_subject_replaces_one_that_was_changed_on_the_way);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
