/* Notices and reports, as Python's mail reader understands them. */
#include "support/check.h"
#include "support/tool.h"
#include "xform/fill.h"
#include "xform/notice.h"

#include <string.h>

#define NOW PKI_NOW

static struct arena *arena;
static struct tool *tool;
static struct settings *settings;
static struct envelope env;
static struct facts facts;
static struct decision decisions[30];
static struct rcpt_facts rcpts[30];
static struct header header;
static struct spool *made;
static struct err err;

static const char original[] = "Received: from x\r\n\tby y\r\nFrom: Alice <alice@our.example>\r\n"
                               "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\nX-Raw: \xc3\xa4\x01\r\n"
                               "Message-ID: <1.2@client.example>\r\n\r\nORCHID\r\n";

static void read_header(const char *text)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    ck_ok(header_parse(arena, span_of(text), &limits, &header, &err));
}

static void set_up(void)
{
    arena = arena_new(1u << 24);
    tool = tool_new();
    made = NULL;
    ck_ok(settings_parse(arena, "test", SPAN_LIT("hostname = gate.our.example\n"), &settings, &err));
    env = (struct envelope){.queue_id = "Q1"};
    ck_ok(envelope_set_sender(&env, arena, "<alice@our.example>", &err));
    ck_ok(envelope_add_rcpt(&env, arena, "<bob@their.example>", &err));
    ck_ok(envelope_add_rcpt(&env, arena, "<carol@their.example>", &err));
    facts = (struct facts){.sender = env.sender,
                           .subject = "Gr\xc3\xbc\xc3\x9f"
                                      "e",
                           .rcpts = rcpts,
                           .nrcpts = 2};
    memset(decisions, 0, sizeof decisions);
    read_header(original);
}

static void tear_down(void)
{
    spool_free(&made);
    tool_free(&tool);
    arena_free(&arena);
}

static void contains(const char *said, const char *wanted)
{
    ck_assert_msg(strstr(said, wanted) != NULL, "wanted: %s\nsaid: %s", wanted, said);
}

static const char *sender_only[] = {"alice@our.example"};
static size_t both[] = {0, 1};

static struct notice notice_of(enum notice_kind kind)
{
    return (struct notice){
        .kind = kind, .rule = "the rule", .to = sender_only, .nto = 1, .rcpts = both, .nrcpts = 2};
}

/* Writes the notice to "m", and has Python say something about it. */
static const char *python(const struct notice *notice, const char *program)
{
    const struct notice_in in = {.settings = settings,
                                 .envelope = &env,
                                 .facts = &facts,
                                 .decisions = decisions,
                                 .header = &header,
                                 .arena = arena,
                                 .spool = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 24},
                                 .now = NOW};
    spool_free(&made);
    ck_ok(notice_write(&in, notice, "<id@gate.our.example>", &made, &err));
    tool_write(tool, "m", spool_all(made));
    int status = tool_run(
        tool, "python3", "-c",
        arena_printf(arena,
                     "import email.policy, email.parser\n"
                     "raw = open('m', 'rb').read()\n"
                     "assert raw.count(b'\\n') == raw.count(b'\\r\\n') and max(raw) < 128\n"
                     "assert all(len(l) <= 998 for l in raw.split(b'\\r\\n'))\n"
                     "m = email.parser.BytesParser(policy=email.policy.default).parsebytes(raw)\n"
                     "assert not any(p.defects for p in m.walk()), [p.defects for p in m.walk()]\n%s\n",
                     program),
        NULL);
    const char *said = arena_spandup(arena, tool_read(tool, "said"));
    ck_assert_msg(status == 0, "%s", said);
    return said;
}

static const char dump[] = "for k, v in m.items(): print(k + ': ' + v)\n"
                           "print(m.get_body().get_content().replace('\\r', ''), end='')";

START_TEST(acknowledgement_answers_the_message)
{
    struct notice notice = notice_of(NOTICE_SENDER);
    ck_assert_str_eq(python(&notice, dump),
                     "From: Mail gateway <postmaster@gate.our.example>\n"
                     "To: alice@our.example\n"
                     "Subject: Your message to bob@their.example, carol@their.example\n"
                     "Date: Thu, 01 Jan 2026 00:00:00 +0000\n"
                     "Message-ID: <id@gate.our.example>\n"
                     "In-Reply-To: <1.2@client.example>\n"
                     "References: <1.2@client.example>\n"
                     "Auto-Submitted: auto-replied\n"
                     "MIME-Version: 1.0\n"
                     "Content-Type: text/plain; charset=\"utf-8\"\n"
                     "Content-Transfer-Encoding: quoted-printable\n"
                     "This is the mail gateway at gate.our.example.\n\n"
                     "Your message to bob@their.example, carol@their.example was accepted.\n");
}
END_TEST

START_TEST(alert_says_the_words_of_the_policy)
{
    static const char *const lines[] = {"{sender} -> {recipient}, {recipients}",
                                        "{rule} {queue-id} {hostname}", "{subject} {nothing} {", "{date}"};
    static const char *to[] = {"a@our.example", "b@our.example"};
    struct notice notice = notice_of(NOTICE_ALERT);
    notice.to = to;
    notice.nto = 2;
    notice.subject = "{subject}: {rule}";
    notice.lines = (const char **)lines;
    notice.nlines = SEAL_COUNT(lines);
    const char *said = python(&notice, dump);
    contains(said, "To: a@our.example, b@our.example\n");
    contains(said, "Subject: Gr\xc3\xbc\xc3\x9f"
                   "e: the rule\n");
    contains(said, "Auto-Submitted: auto-generated\n");
    ck_assert_ptr_null(strstr(said, "In-Reply-To"));
    contains(said, "alice@our.example -> bob@their.example, bob@their.example, carol@their.example\n"
                   "the rule Q1 gate.our.example\n"
                   "Gr\xc3\xbc\xc3\x9f"
                   "e {nothing} {\n"
                   "Thu, 1 Jan 2026 00:00:00 +0000\n");
}
END_TEST

static const char report[] =
    "p = list(m.iter_parts())\n"
    "print(m.get_content_type(), m.get_param('report-type'), [x.get_content_type() for x in p])\n"
    "for block in p[1].get_payload():\n"
    "    for k, v in block.items(): print(k + ': ' + v)\n"
    "    print()\n"
    "print(p[2].get_payload().replace('\\r', ''), end='')\n"
    "print(p[0].get_content().replace('\\r', ''), end='')";

START_TEST(report_is_a_delivery_status_notification)
{
    env.envid = "e+2B1";
    env.rcpts[0].orcpt = "rfc822;x+2By@old.example";
    decisions[0].reply_status = "5.7.4";
    decisions[0].reply_text = "No key is known for J\xc3\xb6rg.";
    struct notice notice = notice_of(NOTICE_RETURN);
    const char *said = python(&notice, report);
    ck_assert_msg(
        strstr(said,
               "multipart/report delivery-status ['text/plain', 'message/delivery-status', "
               "'text/rfc822-headers']\n"
               "Original-Envelope-Id: e+1\n"
               "Reporting-MTA: dns; gate.our.example\n"
               "Arrival-Date: Thu, 1 Jan 2026 00:00:00 +0000\n\n"
               "Original-Recipient: rfc822;x+y@old.example\n"
               "Final-Recipient: rfc822; bob@their.example\n"
               "Action: failed\nStatus: 5.7.4\nDiagnostic-Code: x-local; No key is known for J??rg.\n\n"
               "Final-Recipient: rfc822; carol@their.example\nAction: failed\nStatus: 5.7.1\n\n") != NULL,
        "%s", said);
    contains(said, "  <bob@their.example>\n    No key is known for J\xc3\xb6rg.\n");
}
END_TEST

START_TEST(report_holds_the_header_and_nothing_of_the_body)
{
    struct notice notice = notice_of(NOTICE_RETURN);
    const char *said = python(&notice, report);
    contains(said, "Received: from x\n\tby y\nFrom: Alice <alice@our.example>\n"
                   "Subject: =?utf-8?B?R3LDvMOfZQ==?=\nX-Raw: ???\n");
    ck_assert_ptr_null(strstr(said, "ORCHID"));
}
END_TEST

START_TEST(header_of_any_size_gives_a_small_report)
{
    SEAL_CLEANUP(buf_fini) struct buf big = BUF_INIT(1u << 20);
    buf_add_str(&big, "Subject: Hi\r\nX-Line: ");
    for (int i = 0; i < 2000; i++)
        buf_add_char(&big, 'x');
    buf_add_str(&big, "\r\n");
    for (int i = 0; i < 1900; i++)
        buf_printf(&big, "X-%04d: %0400d\r\n", i, i);
    buf_add_str(&big, "\r\n");
    read_header(buf_str(&big));
    struct notice notice = notice_of(NOTICE_RETURN);
    const char *said = python(&notice, report);
    contains(said, "X-0000: 0");
    ck_assert_ptr_null(strstr(said, "X-Line"));
    ck_assert_uint_lt(spool_size(made), 40000);
}
END_TEST

START_TEST(address_in_utf8_is_written_in_ascii)
{
    ck_ok(envelope_add_rcpt(&env, arena, "<j\xc3\xb6rg\xf0\x9f\x98\x80@their.example>", &err));
    static size_t third[] = {2};
    struct notice notice = notice_of(NOTICE_RETURN);
    notice.rcpts = third;
    notice.nrcpts = 1;
    ck_assert_ptr_nonnull(
        strstr(python(&notice, report), "Final-Recipient: utf-8; j\\x{F6}rg\\x{1F600}@their.example\n"));
}
END_TEST

/* As MTAs take them from who never heard of SMTPUTF8: the report is made all the same, and shows no other address. */
START_TEST(address_that_is_no_utf8_is_returned)
{
    static const struct {
        const char *given, *field, *text;
    } odd[] = {
        {"<b\xc2@c.example>", "Final-Recipient: rfc822; b?@c.example\n", "  <b?@c.example>\n"},
        {"<\xff\xff@c.example\xc2>", "Final-Recipient: rfc822; ??@c.example?\n", "  <??@c.example?>\n"},
        {"<\xc1\xa2@c.example>", "Final-Recipient: rfc822; ??@c.example\n", "  <??@c.example>\n"},
        {"<a\xe2\x80\xae"
         "b@c.example>",
         "Final-Recipient: utf-8; a\\x{202E}b@c.example\n", "  <ab@c.example>\n"},
    };
    static size_t third[] = {0};
    for (size_t i = 0; i < SEAL_COUNT(odd); i++) {
        ck_ok(envelope_add_rcpt(&env, arena, odd[i].given, &err));
        third[0] = env.nrcpts - 1;
        struct notice notice = notice_of(NOTICE_RETURN);
        notice.rcpts = third;
        notice.nrcpts = 1;
        const char *said = python(&notice, report);
        contains(said, odd[i].field);
        contains(said, odd[i].text);
    }
}
END_TEST

/* R37, R38: values of strangers, in the two places where they could do harm. */
START_TEST(hostile_values_stay_values)
{
    static const char *const ids[] = {"<a@b>\r\n\tBcc: eve@evil.example", "a@b", "<a b@c>", "<\xc3\xa4@b>",
                                      "<>"};
    static const char *const lines[] = {"{subject}"};
    facts.subject = "Hi\r\nBcc: eve@evil.example\r\n\r\n\x1b[31m\xe2\x80\xae"
                    "{rule}";
    env.queue_id = "Q\r\n.\r\nMAIL";
    for (size_t i = 0; i < SEAL_COUNT(ids); i++) {
        read_header(arena_printf(arena, "Message-ID: %s\r\n\r\n", ids[i]));
        struct notice notice = notice_of(NOTICE_SENDER);
        notice.subject = "{subject} {queue-id}";
        notice.lines = (const char **)lines;
        notice.nlines = 1;
        const char *said = python(&notice, dump);
        ck_assert_ptr_null(strstr(said, "\nBcc"));
        ck_assert_ptr_null(strstr(said, "In-Reply-To"));
        ck_assert_ptr_null(strchr(said, 0x1b));
        contains(said, "\nHi??Bcc: eve@evil.example?????[31m{rule}\n");
    }
}
END_TEST

START_TEST(many_recipients_are_counted)
{
    static size_t all[30];
    for (size_t i = 2; i < 30; i++)
        ck_ok(envelope_add_rcpt(&env, arena, arena_printf(arena, "<u%zu@their.example>", i), &err));
    for (size_t i = 0; i < 30; i++)
        all[i] = i;
    struct notice notice = notice_of(NOTICE_SENDER);
    notice.rcpts = all;
    notice.nrcpts = 30;
    ck_assert_ptr_nonnull(strstr(python(&notice, dump), "u19@their.example and 10 more was accepted."));
}
END_TEST

START_TEST(long_values_are_cut_between_characters)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    for (int i = 0; i < 100000; i++)
        buf_add_str(&text, "\xe2\x82\xac");
    const char *const values[TEMPLATE_WORDS] = {[TEMPLATE_SUBJECT] = buf_str(&text)};
    const char *line = fill_template(arena, "{subject}{subject}", values);
    ck_assert_uint_le(strlen(line), 2 * FILL_VALUE_MAX);
    ck_assert_ptr_null(strchr(line, '?'));
    facts.subject = buf_str(&text);
    struct notice notice = notice_of(NOTICE_ALERT);
    notice.subject = "{subject}";
    ck_assert_ptr_null(strstr(python(&notice, "print(m['Subject'])"), "\xef\xbf\xbd"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/xform/notice");
    TCase *tc = tcase_create("notice");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, acknowledgement_answers_the_message);
    tcase_add_test(tc, alert_says_the_words_of_the_policy);
    tcase_add_test(tc, report_is_a_delivery_status_notification);
    tcase_add_test(tc, report_holds_the_header_and_nothing_of_the_body);
    tcase_add_test(tc, header_of_any_size_gives_a_small_report);
    tcase_add_test(tc, address_in_utf8_is_written_in_ascii);
    tcase_add_test(tc, address_that_is_no_utf8_is_returned);
    tcase_add_test(tc, hostile_values_stay_values);
    tcase_add_test(tc, many_recipients_are_counted);
    tcase_add_test(tc, long_values_are_cut_between_characters);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
