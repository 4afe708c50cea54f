/* Header fields inside what is signed and encrypted, on the whole way: what leaves, what comes back, what is learned (RFC 9788, R21, R26). */
#include "mime/payload_header.h"
#include "mime/transfer.h"
#include "smime/encrypt.h"
#include "smime/open.h"
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <string.h>

static const char policy[] =
    OUR_DOMAIN KEYWORD_CONFIDENTIAL "rule \"hide\"\n"
                                    "    when outbound, to domain hide.example\n"
                                    "    protect headers baseline\n"
                                    "    continue\n"
                                    "rule \"eve alone\"\n"
                                    "    when outbound, to eve@hide.example\n"
                                    "    add header X-Eve \"TULIP\"\n"
                                    "    continue\n"
                                    "rule \"confidential\"\n"
                                    "    when outbound, keyword confidential\n"
                                    "    encrypt\n" OUT_IF_POSSIBLE IN_OPENED_AND_HARVESTED HOUSE_PASSES;

static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 22};
static struct site *site;
static struct pki_entity *alice, *bob;

static void setup(void)
{
    site = site_new(policy);
    alice = site_user(site, "alice@our.example", PKI_P256);
    bob = site_partner(site, "bob@their.example", PKI_P256);
}

static void teardown(void)
{
    site_free(&site);
}

/* ---- out ---- */

static void leave(const char *text, const char *to, const char *also)
{
    site_accepts(
        site, &(struct site_mail){
                  .from = "alice@our.example", .login = "alice@our.example", .to = {to, also}, .text = text});
}

static struct span opened_by(const struct pki_entity *who, const char *addr)
{
    static const struct smime_limits limits = SMIME_LIMITS_DEFAULT;
    struct err err = ERR_INIT;
    enum smime_opened result;
    struct span copy = site_copy_for(site, addr);
    SEAL_CLEANUP(spool_free) struct spool *der = spool_new(&conf);
    SEAL_CLEANUP(spool_free) struct spool *plain = spool_new(&conf);
    ck_ok(base64_decode(span_sub(copy, span_find(copy, "\r\n\r\n", 4, 0), copy.len), der, &err));
    ck_ok(spool_seal(der, &err));
    ck_ok(smime_decrypt(spool_all(der), &limits, who->cert, who->key, plain, &result, &err));
    ck_assert_int_eq(result, SMIME_OPENED);
    ck_ok(spool_seal(plain, &err));
    return (struct span){arena_spandup(site->arena, spool_all(plain)), spool_size(plain)};
}

/* What is inside the envelope, and under the signature if there is one. */
static struct span payload_for(const struct pki_entity *who, const char *addr)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct err err = ERR_INIT;
    struct part_table table;
    struct span inside = opened_by(who, addr);
    ck_ok(part_parse(site->arena, inside, &limits, &table, &err));
    ck_assert_ptr_null(table.opaque_why);
    if (!part_is(&table.parts[0], "multipart", "signed"))
        return inside;
    const struct part *part = &table.parts[part_child(&table, 0, 0)];
    return span_sub(inside, part->begin, part->end - part->begin);
}

static struct payload_header read_payload(struct span payload)
{
    struct err err = ERR_INIT;
    struct payload_header header;
    ck_ok(payload_header_read(site->arena, payload, &header, &err));
    return header;
}

#define MAIL(more)                                                                                           \
    "Received: from a by b\nFrom: Alice <alice@our.example>\nTo: bob@their.example\n" more                   \
    "MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n\nHello.\n"
#define ORCHIDS "Subject: ORCHID\nComments: ORCHID\nKeywords: ORCHID\nThread-Topic: ORCHID\n"

START_TEST(subject_stays_outside_for_who_is_not_known_to_read_it_inside)
{
    leave(MAIL(ORCHIDS), "bob@their.example", NULL);
    struct span copy = site_copy_for(site, "bob@their.example");
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "ORCHID");
    struct span payload = payload_for(bob, "bob@their.example");
    struct payload_header header = read_payload(payload);
    ck_assert_int_eq(header.mark, PAYLOAD_CIPHER);
    ck_assert_str_eq(header.subject, "ORCHID");
    ck_assert(has(payload, "\r\nHP-Outer: Subject: ORCHID\r\n"));
    ck_assert(!has(payload, "Received"));
}
END_TEST

/* R26: every token that only the sender and the reader may know, in every field that could say it, over signed and encrypted. */
START_TEST(nothing_of_what_is_hidden_is_left_outside)
{
    struct pki_entity *kurt = site_partner(site, "kurt@hide.example", PKI_P256);
    leave(MAIL(ORCHIDS "Subject : ORCHID again\nsubject:\n =?utf-8?q?ORCHID?=\nKEYWORDS: ORCHID\n"
                       "Content-Description: ORCHID\n"),
          "kurt@hide.example", NULL);
    struct span copy = site_copy_for(site, "kurt@hide.example");
    ck_assert_msg(!has(copy, "ORCHID"), "%.*s", SPAN_ARG(copy));
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[...]");
    ck_assert_ptr_null(site_field(site, copy, "Subject", 1));
    struct span payload = payload_for(kurt, "kurt@hide.example");
    ck_assert_str_eq(read_payload(payload).subject, "ORCHID");
    ck_assert(has(payload, "\r\nComments: ORCHID\r\n") && has(payload, "\r\nHP-Outer: Subject: [...]\r\n"));
    ck_assert(!has(payload, "HP-Outer: Comments"));
}
END_TEST

START_TEST(commands_to_us_and_hidden_recipients_are_not_inside)
{
    leave("From: alice@our.example\nBcc: carol@their.example\nSubject: Re: [confidential] ORCHID\n\nHello.\n",
          "bob@their.example", NULL);
    struct span payload = payload_for(bob, "bob@their.example");
    ck_assert_str_eq(read_payload(payload).subject, "Re: ORCHID");
    ck_assert(!has(payload, "onfidential") && !has(payload, "carol"));
}
END_TEST

/* The content is read in two ways, so it is neither signed nor given a mark of its own: it becomes a part. */
START_TEST(content_that_cannot_be_marked_is_wrapped)
{
    struct pki_entity *kurt = site_partner(site, "kurt@hide.example", PKI_P256);
    leave("From: alice@our.example\nSubject : ORCHID\nContent-Type: text/plain\nContent-Type: "
          "text/html\n\nTULIP\n",
          "kurt@hide.example", NULL);
    ck_assert(!has(site_copy_for(site, "kurt@hide.example"), "ORCHID"));
    struct span payload = opened_by(kurt, "kurt@hide.example");
    ck_assert_int_eq(strncmp(payload.ptr, "Content-Type: multipart/mixed;", 30), 0);
    ck_assert_str_eq(read_payload(payload).subject, "ORCHID");
    ck_assert(has(payload, "TULIP"));
}
END_TEST

static struct span signed_by_user(void)
{
    return site_signed(site, "From: alice@our.example\nSubject: ORCHID\n", "Content-Type: text/plain\n\nHi\n",
                       alice);
}

static void leave_signed(const char *to)
{
    site_accepts(site, &(struct site_mail){.from = "alice@our.example",
                                           .login = "alice@our.example",
                                           .to = {to},
                                           .bytes = signed_by_user()});
}

START_TEST(what_the_users_program_signed_keeps_its_subject_outside)
{
    leave_signed("bob@their.example");
    ck_assert_str_eq(site_field(site, site_copy_for(site, "bob@their.example"), "Subject", 0), "ORCHID");
    ck_assert(!has(opened_by(bob, "bob@their.example"), "hp="));
}
END_TEST

START_TEST(what_the_users_program_signed_is_wrapped_whole_where_a_rule_hides_the_subject)
{
    static const char mark[] = "Content-Type: multipart/signed";
    struct pki_entity *kurt = site_partner(site, "kurt@hide.example", PKI_P256);
    leave_signed("kurt@hide.example");
    struct span copy = site_copy_for(site, "kurt@hide.example");
    ck_assert(!has(copy, "ORCHID"));
    struct span payload = opened_by(kurt, "kurt@hide.example"), sent = signed_by_user();
    struct payload_header header = read_payload(payload);
    ck_assert_int_eq(header.mark, PAYLOAD_CIPHER);
    ck_assert_str_eq(header.subject, "ORCHID");
    ck_assert_int_eq(strncmp(payload.ptr, "Content-Type: multipart/mixed;", 30), 0);
    /* the signature is new in each, what it covers is not */
    size_t at = span_find(payload, mark, strlen(mark), 0), from = span_find(sent, mark, strlen(mark), 0);
    size_t end = span_find(sent, "Content-Type: application/pkcs7-signature", 41, 0);
    ck_assert_uint_ne(at, SIZE_MAX);
    ck_assert(span_eq(span_sub(payload, at, end - from), span_sub(sent, from, end - from)));
}
END_TEST

/* RSA and EC: two envelopes, one signature; ECDSA takes a random number for each. */
START_TEST(copies_share_the_payload_unless_their_headers_differ)
{
    struct pki_entity *kurt = site_partner(site, "kurt@hide.example", PKI_P256);
    struct pki_entity *rosa = site_partner(site, "rosa@hide.example", PKI_RSA2048);
    struct pki_entity *eve = site_partner(site, "eve@hide.example", PKI_P384);
    site_accepts(site,
                 &(struct site_mail){.from = "alice@our.example",
                                     .login = "alice@our.example",
                                     .to = {"kurt@hide.example", "eve@hide.example", "rosa@hide.example"},
                                     .text = MAIL(ORCHIDS)});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 3);
    struct span kurts = opened_by(kurt, "kurt@hide.example");
    ck_assert(span_eq(kurts, opened_by(rosa, "rosa@hide.example")));
    ck_assert(!has(kurts, "TULIP"));
    ck_assert(has(payload_for(eve, "eve@hide.example"), "\r\nX-Eve: TULIP\r\n"));
    ck_assert_str_eq(site_field(site, site_copy_for(site, "eve@hide.example"), "X-Eve", 0), "TULIP");
}
END_TEST

/* ---- in ---- */

#define FROM_BOB "From: bob@their.example\nTo: alice@our.example\n"
#define HIDDEN   FROM_BOB "Subject: [...]\n"
#define INNER                                                                                                \
    "Subject: ORCHID\nFrom: bob@their.example\nHP-Outer: Subject: [...]\n"                                   \
    "Content-Type: text/plain; charset=us-ascii; hp=\"cipher\"\n\nHello.\n"

static struct span arrive(struct span message)
{
    site_accepts(site, &(struct site_mail){
                           .from = "bob@their.example", .to = {"alice@our.example"}, .bytes = message});
    return site_copy_for(site, "alice@our.example");
}

static struct span authenticated(const char *headers, const char *entity)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *der = spool_new(&conf);
    ck_ok(smime_encrypt(site_crlf(site, entity), &alice->cert, 1, SMIME_AES256_GCM, der, &err));
    ck_ok(spool_seal(der, &err));
    return site_pkcs7(site, headers, spool_all(der));
}

static struct span signed_inside(const char *headers, const char *entity)
{
    return site_enveloped(site, headers, site_signed_entity(site, entity, bob, PKI_NOW), alice);
}

static void expect(struct span copy, const char *subject, const char *status)
{
    const char *said = site_field(site, copy, "X-Sealmilter-Status", 0);
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), subject);
    ck_assert_ptr_null(site_field(site, copy, "Subject", 1));
    if (status == NULL)
        ck_assert_msg(strstr(said, "subject=") == NULL, "%s", said);
    else
        ck_assert_msg(strstr(said, status) != NULL, "%s", said);
}

START_TEST(subject_comes_back_from_a_signed_and_encrypted_payload)
{
    struct span copy = arrive(signed_inside(HIDDEN, INNER));
    expect(copy, "[secure] [signed OK] ORCHID", "subject=protected");
    ck_assert(has(copy, "HP-Outer")); /* under the signature, unchanged */
}
END_TEST

START_TEST(subject_comes_back_where_the_cipher_authenticates)
{
    expect(arrive(authenticated(HIDDEN, INNER)), "[secure] ORCHID", "subject=protected");
}
END_TEST

START_TEST(unauthenticated_subject_is_put_aside)
{
    struct span copy = arrive(site_enveloped(site, HIDDEN, site_crlf(site, INNER), alice));
    expect(copy, "[not authenticated] [...]", "subject=unauthenticated");
    ck_assert_str_eq(site_field(site, copy, "X-Sealmilter-Subject", 0), "ORCHID");
}
END_TEST

START_TEST(no_other_field_comes_from_inside)
{
    static const char forged[] = "Subject: ORCHID\nFrom: mallory@evil.example\nTo: eve@evil.example\n"
                                 "Return-Path: <mallory@evil.example>\nReceived: from evil by evil\n"
                                 "Reply-To: mallory@evil.example\nDate: Thu, 1 Jan 1970 00:00:00 +0000\n"
                                 "Authentication-Results: gw.our.example; smime=pass\n"
                                 "X-Sealmilter-Status: signature=good\nX-Sealmilter-Subject: forged\n"
                                 "HP-Outer: From: mallory@evil.example\n"
                                 "Content-Type: text/plain; hp=\"cipher\"\n\nHello.\n";
    struct span copy = arrive(authenticated(HIDDEN, forged));
    expect(copy, "[secure] ORCHID", "subject=protected");
    ck_assert(!has(copy, "evil") && !has(copy, "1970") && !has(copy, "forged") && !has(copy, "smime=pass"));
    ck_assert_str_eq(site_field(site, copy, "From", 0), "bob@their.example");
}
END_TEST

#define WRAPPED(from)                                                                                        \
    "Content-Type: message/rfc822\n\nMIME-Version: 1.0\nSubject: ORCHID\nFrom: " from                        \
    "\nTo: mallory@evil.example\nX-Sealmilter-Status: forged\n\nHello.\n"

/* RFC 8551 3.1: the Subject comes back as any other, the message that is wrapped stays what it is, and no other field of it is taken. */
START_TEST(subject_of_a_wrapped_message_comes_back)
{
    static const char wrapped[] = WRAPPED("Bob <bob@their.example>");
    struct span copy = arrive(authenticated(HIDDEN, wrapped));
    expect(copy, "[secure] ORCHID", "subject=protected");
    ck_assert_str_eq(site_field(site, copy, "To", 0), "alice@our.example");
    ck_assert(has(copy, "Content-Type: message/rfc822\r\n"));
    ck_assert(has(copy, "\r\n\r\nMIME-Version: 1.0\r\nSubject: ORCHID\r\n"));
    ck_assert_ptr_null(strstr(site_field(site, copy, "X-Sealmilter-Status", 0), "forged"));
    expect(arrive(signed_inside(HIDDEN, wrapped)), "[secure] [signed OK] ORCHID", "subject=protected");
    expect(arrive(site_signed(site, FROM_BOB "Subject: TULIP\n", wrapped, bob)), "[signed OK] ORCHID",
           "subject=protected");
    copy = arrive(site_enveloped(site, HIDDEN, site_crlf(site, wrapped), alice));
    expect(copy, "[not authenticated] [...]", "subject=unauthenticated");
    ck_assert_str_eq(site_field(site, copy, "X-Sealmilter-Subject", 0), "ORCHID");
}
END_TEST

START_TEST(message_of_somebody_else_that_was_forwarded_says_nothing)
{
    expect(arrive(authenticated(FROM_BOB "Subject: Fwd: TULIP\n", WRAPPED("carol@their.example"))),
           "[secure] Fwd: TULIP", NULL);
    expect(arrive(site_signed(site, FROM_BOB "Subject: Fwd: TULIP\n", WRAPPED("carol@their.example"), bob)),
           "[signed OK] Fwd: TULIP", NULL);
}
END_TEST

/* A mark where it has no meaning, or two meanings. */
static const char *const misplaced[] = {
    "Subject: ORCHID\nContent-Type: text/plain\n\nHello.\n",
    "Content-Type: multipart/mixed; boundary=x\n\n--x\n" INNER "--x--\n",
    "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n" INNER "--x--\n",
    "Content-Type: message/rfc822\n\n" INNER,
    "Subject: ORCHID\nContent-Type: text/plain; hp=\"cipher\"; hp=\"clear\"\n\nHello.\n",
    "Subject: ORCHID\nSubject: TULIP\nContent-Type: text/plain; hp=\"cipher\"\n\nHello.\n",
    "Content-Type: text/plain; hp=\"cipher\"\nHP-Outer: Subject: ORCHID\n\nSubject: ORCHID\n",
};

START_TEST(misplaced_marks_say_nothing)
{
    expect(arrive(authenticated(HIDDEN, misplaced[_i])), "[secure] [...]", NULL);
}
END_TEST

START_TEST(mark_outside_of_any_protection_says_nothing)
{
    struct span message =
        site_crlf(site, FROM_BOB "Subject: TULIP\nContent-Type: multipart/mixed; boundary=x; "
                                 "hp=\"clear\"\n\n--x\n" INNER "--x--\n");
    ck_assert_str_eq(site_field(site, arrive(message), "Subject", 0), "TULIP");
}
END_TEST

static const struct {
    const char *inner, *subject;
} come_back[] = {
    {"Subject: =?utf-8?b?R3LDvMOfZQ==?=\nContent-Type: text/plain; hp=\"cipher\"\n\nx\n", "Gr\xc3\xbc\xc3\x9f"
                                                                                          "e"},
    {"Subject: Re: ORCHID\nContent-Type: text/plain; protected-headers=\"v1\"\n\nx\n", "Re: ORCHID"},
    {"Subject: ORCHID\nContent-Type: multipart/mixed; boundary=y; protected-headers=\"v1\"\n\n--y\n"
     "Content-Type: text/rfc822-headers; protected-headers=\"v1\"\n\nSubject: ORCHID\n--y\n\nx\n--y--\n",
     "ORCHID"},
    {"Subject: ORCHID\nContent-Type: text/plain; hp=\"clear\"\n\nx\n", "ORCHID"},
    /* our marks are ours alone (R1, R2) */
    {"Subject: [signed OK] ORCHID\nContent-Type: text/plain; hp=\"cipher\"\n\nx\n", "ORCHID"},
    {"Subject: =?utf-8?q?=5Bsi=5Bsecure=5Dgned?= OK] ORCHID\nContent-Type: text/plain; hp=\"cipher\"\n\nx\n",
     "ORCHID"},
};

START_TEST(subject_comes_back_as_it_was_meant)
{
    const char *expected = arena_printf(site->arena, "[secure] %s", come_back[_i].subject);
    expect(arrive(authenticated(HIDDEN, come_back[_i].inner)), expected, "subject=protected");
}
END_TEST

START_TEST(signed_subject_replaces_one_that_was_changed_on_the_way)
{
    static const char clear[] = "Subject: ORCHID\nContent-Type: text/plain; hp=\"clear\"\n\nHello.\n";
    struct span good = site_signed(site, FROM_BOB "Subject: [list] TULIP\n", clear, bob);
    expect(arrive(good), "[signed OK] ORCHID", "subject=protected");
    struct span opaque = site_signed_opaque(site, FROM_BOB "Subject: [list] TULIP\n", clear, bob);
    expect(arrive(opaque), "[signed OK] ORCHID", "subject=protected");
    char *bad = arena_spandup(site->arena, good);
    memcpy(strstr(bad, "Hello."), "HELLO.", 6);
    expect(arrive(span_of(bad)), "[signature invalid] [list] TULIP", "subject=unauthenticated");
}
END_TEST

#define DISPLAYED                                                                                            \
    "Subject: ORCHID\nContent-Type: text/plain; charset=us-ascii; hp-legacy-display=\"1\"; "                 \
    "hp=\"cipher\"\n\n"                                                                                      \
    "Subject: ORCHID\n\nHello.\n"

START_TEST(copies_of_the_subject_leave_the_text_but_never_what_is_signed)
{
    struct span copy = arrive(authenticated(HIDDEN, DISPLAYED));
    expect(copy, "[secure] ORCHID", "subject=protected");
    ck_assert(has(copy, "\r\n\r\nHello.\r\n") && !has(copy, "hp-legacy-display"));
    copy = arrive(signed_inside(HIDDEN, DISPLAYED));
    expect(copy, "[secure] [signed OK] ORCHID", "subject=protected");
    ck_assert(has(copy, "\r\n\r\nSubject: ORCHID\r\n\r\nHello.\r\n"));
}
END_TEST

/* ---- learned ---- */

/* What the message teaches of bob's certificate; NULL: nothing. */
static const char *taught(struct span message)
{
    arrive(message);
    return site->outcome->neffects == 0 ? NULL : site->outcome->effects[0].capabilities;
}

#define OF(type) "Subject: ORCHID\nContent-Type: text/plain; " type "\n\nHello.\n"

START_TEST(what_shows_that_somebody_reads_them_inside)
{
    ck_assert_ptr_nonnull(strstr(taught(site_signed(site, HIDDEN, OF("hp=\"clear\""), bob)), " hp"));
    ck_assert_ptr_nonnull(strstr(taught(signed_inside(HIDDEN, OF("hp=\"cipher\""))), " hp"));
    ck_assert_ptr_null(strstr(taught(site_signed(site, HIDDEN, OF("charset=us-ascii"), bob)), "hp"));
    ck_assert_ptr_null(strstr(taught(signed_inside(HIDDEN, OF("protected-headers=v1"))), "hp"));
    ck_assert_ptr_null(strstr(taught(signed_inside(HIDDEN, WRAPPED("bob@their.example"))), "hp"));
    ck_assert_ptr_null(taught(authenticated(HIDDEN, OF("hp=\"cipher\""))));
    struct pki_entity *mallory =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "mallory@evil.example"});
    ck_assert_ptr_null(taught(site_signed(site, HIDDEN, OF("hp=\"clear\""), mallory)));
}
END_TEST

START_TEST(subject_is_hidden_from_then_on)
{
    struct err err = ERR_INIT;
    enum harvest_result result;
    taught(signed_inside(HIDDEN, OF("hp=\"cipher\"")));
    const struct effect *effect = &site->outcome->effects[0];
    struct store_read *read = NULL;
    struct cert_record record;
    ck_ok(store_read_begin(site->store, site->arena, &read, &err));
    ck_assert_int_eq(store_find_cert(read, effect->fingerprint, &record, &err), FIND_FOUND);
    store_read_end(&read);
    record.capabilities = effect->capabilities;
    ck_ok(store_harvest(site->store, &record, &result, &err));
    leave(MAIL("Subject: Re: ORCHID\n"), "bob@their.example", NULL);
    ck_assert_str_eq(site_field(site, site_copy_for(site, "bob@their.example"), "Subject", 0), "[...]");
    ck_assert_str_eq(read_payload(payload_for(bob, "bob@their.example")).subject, "Re: ORCHID");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("header_protection");
    TCase *tcase = tcase_create("header_protection");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, subject_stays_outside_for_who_is_not_known_to_read_it_inside);
    tcase_add_test(tcase, nothing_of_what_is_hidden_is_left_outside);
    tcase_add_test(tcase, commands_to_us_and_hidden_recipients_are_not_inside);
    tcase_add_test(tcase, content_that_cannot_be_marked_is_wrapped);
    tcase_add_test(tcase, what_the_users_program_signed_keeps_its_subject_outside);
    tcase_add_test(tcase, what_the_users_program_signed_is_wrapped_whole_where_a_rule_hides_the_subject);
    tcase_add_test(tcase, copies_share_the_payload_unless_their_headers_differ);
    tcase_add_test(tcase, subject_comes_back_from_a_signed_and_encrypted_payload);
    tcase_add_test(tcase, subject_comes_back_where_the_cipher_authenticates);
    tcase_add_test(tcase, unauthenticated_subject_is_put_aside);
    tcase_add_test(tcase, no_other_field_comes_from_inside);
    tcase_add_test(tcase, subject_of_a_wrapped_message_comes_back);
    tcase_add_test(tcase, message_of_somebody_else_that_was_forwarded_says_nothing);
    tcase_add_loop_test(tcase, misplaced_marks_say_nothing, 0, (int)SEAL_COUNT(misplaced));
    tcase_add_test(tcase, mark_outside_of_any_protection_says_nothing);
    tcase_add_loop_test(tcase, subject_comes_back_as_it_was_meant, 0, (int)SEAL_COUNT(come_back));
    tcase_add_test(tcase, signed_subject_replaces_one_that_was_changed_on_the_way);
    tcase_add_test(tcase, copies_of_the_subject_leave_the_text_but_never_what_is_signed);
    tcase_add_test(tcase, what_shows_that_somebody_reads_them_inside);
    tcase_add_test(tcase, subject_is_hidden_from_then_on);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
