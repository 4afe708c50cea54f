/* Tests of what can be known of a message without any look-up: attachments, sorts of message, priority, sensitivity, client. */
#include "support/check.h"
#include "support/site.h"

#include <string.h>

static const char policy[] = "our domains our.example\n"
                             "group Staff is directory \"cn=staff\"\n"
                             "rule \"staff\"\n"
                             "    when transit, from group Staff\n"
                             "    pass\n"
                             "rule \"attribute\"\n"
                             "    when outbound, not to attribute department is sales\n"
                             "    pass\n"
                             "rule \"in\"\n    when inbound\n    pass\n"
                             "rule \"out\"\n    when outbound\n    pass\n"
                             "rule \"house\"\n    when internal\n    pass\n";

static struct site *site;

static void setup(void)
{
    site = site_new(policy);
}

static void teardown(void)
{
    site_free(&site);
}

static const struct facts *facts_of(const struct site_mail *mail)
{
    site_answers(site, mail);
    return site->outcome->facts;
}

/* A message from outside with these header lines and body. */
static const struct facts *arrived(const char *rest)
{
    const char *text = arena_printf(site->arena, "From: bob@their.example\nTo: alice@our.example\n%s", rest);
    return facts_of(
        &(struct site_mail){.from = "bob@their.example", .to = {"alice@our.example"}, .text = text});
}

static const struct facts *arrived_as(struct span message)
{
    return facts_of(
        &(struct site_mail){.from = "bob@their.example", .to = {"alice@our.example"}, .bytes = message});
}

/* "name|type; name|type" */
static const char *attachments(const struct facts *facts)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 16);
    for (size_t i = 0; i < facts->nattachments; i++)
        buf_printf(&out, "%s%s|%s", i > 0 ? "; " : "", facts->attachments[i].name,
                   facts->attachments[i].type);
    return arena_strdup(site->arena, buf_str(&out));
}

/* ---- attachments ---- */

static const struct {
    const char *part; /* header lines of the second part of a multipart/mixed */
    const char *found;
} parts[] = {
    {"Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"a b.pdf\"\n",
     "a b.pdf|application/pdf"},
    {"Content-Type: Application/PDF; name=a.pdf\n", "a.pdf|application/pdf"},
    {"Content-Type: application/pdf\nContent-Disposition: ATTACHMENT\n", "|application/pdf"},
    {"Content-Type: image/png; name=logo.png\nContent-Disposition: inline; filename=logo.png\n",
     "logo.png|image/png"},
    {"Content-Type: text/plain\nContent-Disposition: inline\n", ""},
    {"Content-Type: text/plain\n", ""},
    /* RFC 2231: a charset, and continuations in any order */
    {"Content-Type: application/pdf\n"
     "Content-Disposition: attachment; filename*=utf-8''na%C3%AFve%20plan.pdf\n",
     "na\xc3\xafve plan.pdf|application/pdf"},
    {"Content-Type: application/x-msdownload\n"
     "Content-Disposition: attachment;\n filename*1=\".e\"; filename*0=\"set\n up\";\n filename*2=xe\n",
     "set up.exe|application/x-msdownload"},
    {"Content-Type: application/pdf\n"
     "Content-Disposition: attachment;\n filename*0*=iso-8859-1''gr%FC;\n filename*1*=n%2E;\n "
     "filename*2=pdf\n",
     "gr\xc3\xbcn.pdf|application/pdf"},
    {"Content-Type: application/pdf\n"
     "Content-Disposition: attachment; filename=plain.pdf; filename*=utf-8''best.pdf\n",
     "best.pdf|application/pdf; plain.pdf|application/pdf"},
    {"Content-Type: text/plain; name=a.txt; name=b.exe\n"
     "Content-Disposition: attachment; filename=c.txt; filename=d.exe\n",
     "c.txt|text/plain; d.exe|text/plain; a.txt|text/plain; b.exe|text/plain"},
    /* RFC 2047 where it may not stand, and everybody writes it */
    {"Content-Type: application/pdf; name=\"=?utf-8?Q?Rechnung=5FM=C3=A4rz=2Epdf?=\"\n",
     "Rechnung_M\xc3\xa4rz.pdf|application/pdf"},
    {"Content-Type: application/octet-stream;\n name=\"=?utf-8?B?c2V0?=\n =?utf-8?B?dXAuZXhl?=\"\n",
     "setup.exe|application/octet-stream"},
    /* two names: readers differ, so both count */
    {"Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment; filename=a.exe\n",
     "a.exe|text/plain; a.txt|text/plain"},
    {"Content-Disposition: attachment; filename=a.txt\nContent-Disposition: attachment; filename=b.exe\n",
     "a.txt|text/plain; b.exe|text/plain"},
    {"Content-Type: message/rfc822\nContent-Disposition: attachment\n", "|message/rfc822"},
    {"Content-Type: nonsense\nContent-Disposition: attachment; filename=a.exe\n", "a.exe|text/plain"},
    {"Content-Disposition: (a comment) attachment; filename=a.exe\n", "a.exe|text/plain"},
};

START_TEST(names_of_attachments_are_read_as_mail_programs_do)
{
    const struct facts *facts =
        arrived(arena_printf(site->arena,
                             "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
                             "--b\nContent-Type: text/plain\n\nHi\n--b\n%s\nbody\n--b--\n",
                             parts[_i].part));
    ck_assert_str_eq(attachments(facts), parts[_i].found);
}
END_TEST

START_TEST(the_root_may_be_an_attachment_itself)
{
    ck_assert_str_eq(attachments(arrived("MIME-Version: 1.0\nContent-Type: application/pdf; name=a.pdf\n"
                                         "Content-Transfer-Encoding: base64\n\nQQ==\n")),
                     "a.pdf|application/pdf");
    ck_assert_str_eq(attachments(arrived("\nno MIME at all\n")), "");
}
END_TEST

START_TEST(a_signature_and_a_ciphertext_are_nobodys_attachments)
{
    struct pki_entity *bob =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "bob@their.example", .type = PKI_P256});
    struct pki_entity *alice = site_user(site, "alice@our.example", PKI_P256);
    static const char headers[] = "From: bob@their.example\nTo: alice@our.example\n";
    static const char entity[] = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHi\n--b\n"
                                 "Content-Type: application/pdf; name=a.pdf\n\nx\n--b--\n";
    const struct facts *facts = arrived_as(site_signed(site, headers, entity, bob));
    ck_assert_int_eq(facts->signed_by, METHOD_SMIME);
    ck_assert_str_eq(attachments(facts), "a.pdf|application/pdf");
    facts = arrived_as(site_signed_opaque(site, headers, entity, bob));
    ck_assert_int_eq(facts->signed_by, METHOD_SMIME);
    ck_assert_str_eq(attachments(facts), "");
    facts = arrived_as(site_enveloped(site, headers, site_crlf(site, entity), alice));
    ck_assert_int_eq(facts->encrypted_by, METHOD_SMIME);
    ck_assert_str_eq(attachments(facts), "");
}
END_TEST

START_TEST(what_only_says_that_it_is_a_signature_is_an_attachment)
{
    const struct facts *facts =
        arrived("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHi\n--b\n"
                "Content-Type: application/pkcs7-signature; name=smime.exe\n"
                "Content-Disposition: attachment; filename=smime.exe\n\nMZ\n--b--\n");
    ck_assert_str_eq(attachments(facts), "smime.exe|application/pkcs7-signature");
}
END_TEST

/* ---- what sort of message it is ---- */

#define PART(type)                                                                                           \
    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHi\n--b\n" type "\nx\n--b--\n"

static const struct {
    const char *rest;
    unsigned traits;
} sorts[] = {
    {"\nHi\n", 0},
    {"MIME-Version: 1.0\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n",
     1u << TRAIT_CALENDAR},
    {PART("Content-Type: Text/Calendar\n"), 1u << TRAIT_CALENDAR},
    {PART("Content-Type: text/calendars\n"), 0},
    {PART("Content-Type: application/ms-tnef; name=winmail.dat\n"), 1u << TRAIT_TNEF},
    {PART("Content-Type: application/vnd.ms-tnef\n"), 1u << TRAIT_TNEF},
    {PART("Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=WinMail.Dat\n"),
     1u << TRAIT_TNEF},
    {PART("Content-Type: application/octet-stream; name=winmail.dat.zip\n"), 0},
    {"List-Id: <a.lists.example>\n\nHi\n", 1u << TRAIT_LIST},
    {"list-post: <mailto:a@lists.example>\n\nHi\n", 1u << TRAIT_LIST},
    {"Precedence: List\n\nHi\n", 1u << TRAIT_LIST},
    {"List-Unsubscribe: <mailto:a@lists.example>\n\nHi\n", 0},
    {"Auto-Submitted: auto-replied (vacation)\n\nHi\n", 1u << TRAIT_AUTOMATIC},
    {"Auto-Submitted: auto-generated; owner-email=a@b.example\n\nHi\n", 1u << TRAIT_AUTOMATIC},
    {"Auto-Submitted: No\n\nHi\n", 0},
    {"Auto-Submitted: no\nAuto-Submitted: auto-notified\n\nHi\n", 1u << TRAIT_AUTOMATIC},
    {"Precedence: bulk\n\nHi\n", 1u << TRAIT_AUTOMATIC},
    {"Precedence: JUNK\n\nHi\n", 1u << TRAIT_AUTOMATIC},
    {"Precedence: first-class\n\nHi\n", 0},
    {"Precedence: bulk\nList-Id: a\n\nHi\n", 1u << TRAIT_AUTOMATIC | 1u << TRAIT_LIST},
    {"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
     "--b\n\nHi\n--b\nContent-Type: message/delivery-status\n\nx\n--b--\n",
     1u << TRAIT_REPORT},
    {"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
     "--b\n\nHi\n--b--\n",
     1u << TRAIT_REPORT},
};

START_TEST(the_sort_of_a_message_is_seen)
{
    const struct facts *facts = arrived(sorts[_i].rest);
    ck_assert_msg(facts->traits == sorts[_i].traits, "%s: %#x", sorts[_i].rest, facts->traits);
}
END_TEST

START_TEST(mail_of_the_null_sender_is_automatic)
{
    const struct facts *facts = facts_of(&(struct site_mail){
        .to = {"alice@our.example"}, .text = "From: bob@their.example\nTo: alice@our.example\n\nHi\n"});
    ck_assert_uint_eq(facts->traits, 1u << TRAIT_AUTOMATIC);
}
END_TEST

/* ---- priority, sensitivity ---- */

static const struct {
    const char *fields;
    enum priority priority;
} priorities[] = {
    {"", PRIORITY_NORMAL},
    {"Importance: High\n", PRIORITY_HIGH},
    {"Importance: low\n", PRIORITY_LOW},
    {"X-Priority: 1 (Highest)\n", PRIORITY_HIGH},
    {"X-Priority: 2\n", PRIORITY_HIGH},
    {"X-Priority: 3 (Normal)\n", PRIORITY_NORMAL},
    {"X-Priority: 4\n", PRIORITY_LOW},
    {"X-Priority: 5(Lowest)\n", PRIORITY_LOW},
    {"X-Priority: 17\n", PRIORITY_NORMAL},
    {"Priority: urgent\n", PRIORITY_HIGH},
    {"Priority: Non-Urgent\n", PRIORITY_LOW},
    {"X-Priority: 1\nImportance: normal\n", PRIORITY_NORMAL},
    {"Importance: whatever\nX-Priority: 5\nPriority: urgent\n", PRIORITY_LOW},
    {"Importance: nonsense\nImportance: high\n", PRIORITY_HIGH},
};

START_TEST(the_first_field_that_says_something_gives_the_priority)
{
    const struct facts *facts = arrived(arena_printf(site->arena, "%s\nHi\n", priorities[_i].fields));
    ck_assert_msg(facts->priority == priorities[_i].priority, "%s: %s", priorities[_i].fields,
                  priority_name(facts->priority));
}
END_TEST

static const struct {
    const char *fields;
    enum sensitivity sensitivity;
} sensitivities[] = {
    {"", SENSITIVITY_NORMAL},
    {"Sensitivity: Personal\n", SENSITIVITY_PERSONAL},
    {"Sensitivity: private\n", SENSITIVITY_PRIVATE},
    {"Sensitivity: Company-Confidential\n", SENSITIVITY_CONFIDENTIAL},
    {"Sensitivity: Normal\n", SENSITIVITY_NORMAL},
    {"Sensitivity: secret\n", SENSITIVITY_NORMAL},
};

START_TEST(sensitivity_is_read)
{
    const struct facts *facts = arrived(arena_printf(site->arena, "%s\nHi\n", sensitivities[_i].fields));
    ck_assert_int_eq(facts->sensitivity, sensitivities[_i].sensitivity);
}
END_TEST

/* ---- the client ---- */

START_TEST(the_client_is_told_as_the_mta_told_it)
{
    static const struct envelope connection = {.client_name = "mx.their.example",
                                               .tls_version = "TLSv1.3",
                                               .tls_subject = "CN=mx",
                                               .listener_addr = "198.51.100.1",
                                               .listener_port = 25,
                                               .listener_name = "smtp"};
    const struct facts *facts = facts_of(&(struct site_mail){.from = "bob@their.example",
                                                             .to = {"alice@our.example"},
                                                             .login = "bob",
                                                             .connection = &connection,
                                                             .text = "From: bob@their.example\n\nHi\n"});
    ck_assert_str_eq(facts->client_addr, "192.0.2.1");
    ck_assert_str_eq(facts->client_name, "mx.their.example");
    ck_assert_str_eq(facts->login, "bob");
    ck_assert_str_eq(facts->tls_version, "TLSv1.3");
    ck_assert_str_eq(facts->tls_subject, "CN=mx");
    ck_assert_str_eq(facts->listener_addr, "198.51.100.1");
    ck_assert_uint_eq(facts->listener_port, 25);
    ck_assert_str_eq(facts->listener_name, "smtp");
}
END_TEST

START_TEST(a_client_name_that_the_mta_could_not_verify_is_none)
{
    static const char *const names[] = {"unknown", "[192.0.2.1]", "[IPv6:2001:db8::1]"};
    for (size_t i = 0; i < SEAL_COUNT(names); i++) {
        const struct envelope connection = {.client_name = names[i]};
        const struct facts *facts = facts_of(&(struct site_mail){.from = "bob@their.example",
                                                                 .to = {"alice@our.example"},
                                                                 .connection = &connection,
                                                                 .text = "From: bob@their.example\n\nHi\n"});
        ck_assert_ptr_null(facts->client_name);
        ck_assert_ptr_null(facts->tls_version);
    }
}
END_TEST

/* ---- the directory ---- */

START_TEST(a_group_that_nobody_can_be_asked_about_defers)
{
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "bob@their.example",
                                                        .to = {"kim@other.example"},
                                                        .text = "From: bob@their.example\n\nHi\n"}),
                     0);
    ck_assert_int_eq(site->outcome->verdict, VERDICT_TEMPFAIL);
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "alice@our.example",
                                                        .login = "alice",
                                                        .to = {"kim@other.example"},
                                                        .text = "From: alice@our.example\n\nHi\n"}),
                     0);
    ck_assert_int_eq(site->outcome->verdict, VERDICT_TEMPFAIL);
    arrived("\nno rule asks for it here\n");
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/content");
    TCase *t = tcase_create("content");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, names_of_attachments_are_read_as_mail_programs_do, 0, SEAL_COUNT(parts));
    tcase_add_test(t, the_root_may_be_an_attachment_itself);
    tcase_add_test(t, a_signature_and_a_ciphertext_are_nobodys_attachments);
    tcase_add_test(t, what_only_says_that_it_is_a_signature_is_an_attachment);
    tcase_add_loop_test(t, the_sort_of_a_message_is_seen, 0, SEAL_COUNT(sorts));
    tcase_add_test(t, mail_of_the_null_sender_is_automatic);
    tcase_add_loop_test(t, the_first_field_that_says_something_gives_the_priority, 0, SEAL_COUNT(priorities));
    tcase_add_loop_test(t, sensitivity_is_read, 0, SEAL_COUNT(sensitivities));
    tcase_add_test(t, the_client_is_told_as_the_mta_told_it);
    tcase_add_test(t, a_client_name_that_the_mta_could_not_verify_is_none);
    tcase_add_test(t, a_group_that_nobody_can_be_asked_about_defers);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
