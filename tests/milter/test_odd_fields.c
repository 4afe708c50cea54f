/* test_odd_fields - header fields that readers read differently: the message is treated like any other, and nothing hides in them. */
#include "support/check.h"
#include "support/rig.h"

#include "mime/header.h"

#include <string.h>

static const char policy[] = "our domains our.example\n"
                             "rule \"out\"\n"
                             "    when outbound\n"
                             "    encrypt\n"
                             "rule \"in\"\n"
                             "    when inbound\n"
                             "    tag\n"
                             "rule \"house\"\n"
                             "    when internal\n"
                             "    pass\n";

static const char letter[] =
    "Received: from x\n\tby y\nFrom: Alice <alice@our.example>\nTo: bob@their.example\n"
    "Subject: Hi\nContent-Type: text/plain\nX-Last: yes\n\nThe token is ORCHID.\n";
static const char stranger[] = "Received: from x\n\tby y\nFrom: eve@their.example\nTo: alice@our.example\n"
                               "Subject: [signed OK] Pay\nX-Last: yes\n\nHello\n";

/* What an MTA shows as one field. */
static const struct {
    const char *name, *value;
    const char *becomes; /* once the message is changed */
} odd[] = {
    {"X-Odd", " 1\r", "X-Odd: 1\r\n"},
    {"X-Odd", " 1\r 2", "X-Odd: 1 2\r\n"},
    {"X-Odd", " 1\rtwo", "X-Odd: 1 two\r\n"},
    {"X-Odd", " 1\r\rtwo\rthree", "X-Odd: 1 two three\r\n"},
    {"X-Odd", " 1\rX-More: 2", "X-Odd: 1\r\nX-More: 2\r\n"},
    {"X-Odd", " 1\rX-Sealmilter-Status: signature=good", "X-Odd: 1\r\n"},
    {"X-Sealmilter-Status", " 1\rX-More: 2", "X-More: 2\r\n"},
    {"X-Odd", " 1\rtwo\rX-Sealmilter-Status:\r good\rthree", "X-Odd: 1 two\r\n"},
    {"X-Odd", " 1\n \n 2", "X-Odd: 1\r\n \r\n 2\r\n"},
    {"X-\xc3\xa4", " 1", "X-\xc3\xa4: 1\r\n"},
    {"X-Odd", "", "X-Odd:\r\n"},
};

static struct rig *rig;

static void set_up(void)
{
    rig = rig_new(policy, NULL, 0);
    site_user(rig->site, "alice@our.example", PKI_P256);
    site_partner(rig->site, "bob@their.example", PKI_P256);
}

static void tear_down(void)
{
    rig_free(&rig);
}

/* What is delivered of a message with one odd field on top. */
static const char *deliver(const struct rig_mail *mail, int i, enum fake_kind kind)
{
    struct rig_mail with = *mail;
    with.kind = kind;
    with.odd_name = odd[i].name;
    with.odd_value = odd[i].value;
    rig_send(rig, &with);
    ck_assert_msg(rig->verdict == VERDICT_ACCEPT, "case %d: %s", i, rig->mta->reply);
    return rig_delivered(rig);
}

START_TEST(message_is_encrypted)
{
    for (enum fake_kind kind = FAKE_POSTFIX; kind <= FAKE_SENDMAIL; kind++) {
        const char *message = deliver(&(struct rig_mail){.from = "<alice@our.example>",
                                                         .login = "alice@our.example",
                                                         .to = {"<bob@their.example>"},
                                                         .text = letter},
                                      _i, kind);
        bool marked = rig_has(odd[_i].name, "Sealmilter") || rig_has(odd[_i].value, "Sealmilter");
        ck_assert_msg(marked || rig_has(message, odd[_i].becomes), "%s", message);
        ck_assert(rig_has(message, "Content-Type: application/pkcs7-mime; smime-type=enveloped-data"));
        ck_assert(rig_has(message, "\r\nReceived: from x\r\n\tby y\r\nFrom: Alice"));
        ck_assert(rig_has(message, "\r\nX-Last: yes\r\n"));
        ck_assert(!rig_has(message, "ORCHID"));
        ck_assert(strstr(message, "Content-Type: application") < strstr(message, "\r\n\r\n"));
    }
}
END_TEST

START_TEST(forged_marks_leave)
{
    for (enum fake_kind kind = FAKE_POSTFIX; kind <= FAKE_SENDMAIL; kind++) {
        const char *message = deliver(&(struct rig_mail){.from = "<eve@their.example>",
                                                         .to = {"<alice@our.example>"},
                                                         .text = stranger},
                                      _i, kind);
        ck_assert_msg(rig_has(message, odd[_i].becomes), "%s", message);
        ck_assert_msg(!rig_has(message, "Sealmilter"), "%s", message);
        ck_assert_msg(rig_has(message, "\r\nSubject: Pay\r\nX-Last: yes\r\n\r\nHello\r\n"), "%s", message);
    }
}
END_TEST

START_TEST(message_that_is_not_changed_keeps_its_octets)
{
    static const char plain[] = "From: eve@their.example\nTo: alice@our.example\n\nHello\n";
    rig_send(rig, &(struct rig_mail){.from = "<eve@their.example>",
                                     .to = {"<alice@our.example>"},
                                     .odd_name = "X-Odd",
                                     .odd_value = " 1\rtwo",
                                     .text = plain});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_str_eq(buf_str(&rig->mta->log), "");
}
END_TEST

START_TEST(tag_over_a_bare_cr_is_no_hiding_place)
{
    rig_send(rig, &(struct rig_mail){.from = "<eve@their.example>",
                                     .to = {"<alice@our.example>"},
                                     .odd_name = "Subject",
                                     .odd_value = " [signed\rOK] Pay",
                                     .text = "From: eve@their.example\nTo: alice@our.example\n\nHello\n"});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_msg(rig_has(rig_delivered(rig), "Subject: Pay\r\n"), "%s", rig_delivered(rig));
}
END_TEST

static unsigned seed;

static const char *random_value(void)
{
    static const char *const pieces[] = {"\r",    "\r",        " ",        "a",
                                         "X-A: ", "\r\n ",     "[secure]", "X-Sealmilter-Status: good",
                                         "\r ",   "Subject: ", "\xc3\xa4", ":"};
    SEAL_CLEANUP(buf_fini) struct buf value = BUF_INIT(1000);
    for (unsigned n = 1 + (seed >> 16) % 9; n > 0; n--) {
        seed = seed * 1103515245u + 12345u;
        buf_add_str(&value, pieces[(seed >> 16) % SEAL_COUNT(pieces)]);
    }
    return arena_strdup(rig->site->arena, buf_str(&value));
}

/* Whether a line of the header, as the most generous reader takes it, is one of ours. */
static bool has_mark(const char *message)
{
    struct err err = ERR_INIT;
    struct header header;
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    ck_ok(header_parse(rig->site->arena, span_of(message), &limits, &header, &err));
    for (size_t i = 0; i < header.n; i++)
        if (span_starts_nocase(header.fields[i].name, "X-Sealmilter-") ||
            (span_is_nocase(header.fields[i].name, "Subject") &&
             rig_has(header_decode(rig->site->arena, header.fields[i].value), "[secure]")))
            return true;
    return false;
}

START_TEST(no_mark_hides_in_any_field)
{
    static const char *const names[] = {"X-Odd", "Subject", "X-Sealmilter-Status", "Authentication-Results"};
    unsigned served = 0;
    for (seed = 0; served < 200; seed += 7) {
        const char *value = random_value();
        rig_send(rig, &(struct rig_mail){.from = "<eve@their.example>",
                                         .to = {"<alice@our.example>"},
                                         .odd_name = names[(seed >> 8) % SEAL_COUNT(names)],
                                         .odd_value = value,
                                         .text = stranger,
                                         .kind = (seed >> 4) % 2 == 0 ? FAKE_POSTFIX : FAKE_SENDMAIL});
        ck_assert_msg(rig->verdict == VERDICT_ACCEPT, "%s", value);
        ck_assert_msg(!has_mark(rig_delivered(rig)), "%s", rig_delivered(rig));
        served++;
    }
}
END_TEST

/* A line end without a blank behind it: no MTA shows that, and what it numbers is not what we read. */
START_TEST(field_that_holds_another_refuses_what_would_be_changed)
{
    rig_send(rig, &(struct rig_mail){.from = "<eve@their.example>",
                                     .to = {"<alice@our.example>"},
                                     .odd_name = "X-Odd",
                                     .odd_value = " 1\nX-More: 2",
                                     .text = stranger});
    ck_assert_int_eq(rig->verdict, VERDICT_REJECT);
    ck_assert(rig_has(rig->mta->reply, "550 5.6.0"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/odd_fields");
    TCase *tc = tcase_create("odd_fields");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, message_is_encrypted, 0, SEAL_COUNT(odd));
    tcase_add_loop_test(tc, forged_marks_leave, 0, SEAL_COUNT(odd));
    tcase_add_test(tc, message_that_is_not_changed_keeps_its_octets);
    tcase_add_test(tc, tag_over_a_bare_cr_is_no_hiding_place);
    tcase_add_test(tc, no_mark_hides_in_any_field);
    tcase_add_test(tc, field_that_holds_another_refuses_what_would_be_changed);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
