/* Tests of what is opened, for whom, and what of it comes out (R13, R15-R17, R19, R20, R22). */
#include "base/addr.h"
#include "smime/encrypt.h"
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <string.h>

static const char policy[] =
    OUR_DOMAIN "rule \"in\"\n"
               "    when inbound\n"
               "    decrypt, else refuse \"Encrypted for a key that nobody here has.\"\n"
               "    tag\n" OUT_PASSES HOUSE_PASSES;

#define FROM_BOB "From: bob@their.example\nTo: alice@our.example\nSubject: Hi\n"
static const char entity[] = "Content-Type: text/plain\n\nORCHID\n";

static struct site *site;
static struct pki_entity *alice, *carol, *bob;

static void setup(void)
{
    site = site_new(policy);
    alice = site_user(site, "alice@our.example", PKI_RSA2048);
    carol = site_user(site, "carol@our.example", PKI_P256);
    bob = pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "bob@their.example"});
}

static void teardown(void)
{
    site_free(&site);
}

static struct span arrive(struct span message)
{
    site_answers(site, &(struct site_mail){
                           .from = "bob@their.example", .to = {"alice@our.example"}, .bytes = message});
    ck_assert_msg(site->outcome->verdict == VERDICT_ACCEPT, "%s", site->outcome->reply);
    return site_copy_for(site, "alice@our.example");
}

static void expect_status(struct span copy, const char *begins, const char *what)
{
    const char *status = site_field(site, copy, "X-Sealmilter-Status", 0);
    ck_assert_msg(status != NULL && strncmp(status, begins, strlen(begins)) == 0, "%s: %s", what, status);
}

static struct span sealed(struct span content, enum smime_cipher cipher)
{
    static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 22, .size_max = 1u << 22};
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *der = spool_new(&conf);
    ck_ok(smime_encrypt(content, &alice->cert, 1, cipher, der, &err));
    ck_ok(spool_seal(der, &err));
    return (struct span){arena_spandup(site->arena, spool_all(der)), spool_size(der)};
}

/* The same CMS object with one octet changed so far from its end. */
static struct span flipped(struct span der, size_t from_end)
{
    char *copy = arena_spandup(site->arena, der);
    copy[der.len - from_end] ^= 1;
    return (struct span){copy, der.len};
}

/* ---- layers ---- */

START_TEST(signed_around_enveloped_around_signed_is_opened_and_verified)
{
    struct span innermost = site_signed_entity(site, entity, bob, PKI_NOW);
    struct span enveloped = site_enveloped(site, "", innermost, alice);
    struct pki_entity *mallory = pki_self(site->pki, &(struct pki_spec){.email = "mallory@their.example"});
    struct span copy = arrive(site_signed(site, FROM_BOB, site_entity(site, enveloped), mallory));
    expect_status(copy, "encryption=opened; auth=signature; signature=good; signer=\"bob@their.example\"",
                  "triple");
    ck_assert(has(copy, "ORCHID"));
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[secure] [signed OK] Hi");
}
END_TEST

START_TEST(compressed_inside_an_envelope_is_opened)
{
    struct span inner = site_signed_entity(site, entity, bob, PKI_NOW);
    struct span copy = arrive(site_enveloped(site, FROM_BOB, site_compressed(site, inner), alice));
    expect_status(copy, "encryption=opened; auth=signature; signature=good", "compressed");
    ck_assert(has(copy, "ORCHID"));
}
END_TEST

START_TEST(envelope_inside_an_envelope_stays_closed)
{
    struct span inner =
        site_crlf(site, site_entity(site, site_enveloped(site, "", site_crlf(site, entity), alice)));
    struct span copy = arrive(site_enveloped(site, FROM_BOB, inner, alice));
    ck_assert(!has(copy, "ORCHID"));
    ck_assert(has(copy, "enveloped-data"));
}
END_TEST

START_TEST(compressed_inside_compressed_stays_packed)
{
    struct span once = site_compressed(site, site_crlf(site, entity));
    struct span copy = arrive(site_enveloped(site, FROM_BOB, site_compressed(site, once), alice));
    ck_assert(!has(copy, "ORCHID"));
    ck_assert(has(copy, "compressed-data"));
}
END_TEST

START_TEST(envelope_in_an_attached_message_stays_closed)
{
    struct span enveloped = site_enveloped(site, FROM_BOB, site_crlf(site, entity), alice);
    const char *message =
        arena_printf(site->arena, "%sMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n%s",
                     site_crlf(site, FROM_BOB).ptr, enveloped.ptr);
    ck_assert(!has(arrive(span_of(message)), "ORCHID"));
}
END_TEST

/* ---- what authenticates ---- */

START_TEST(content_that_the_cipher_authenticates_is_said_to_be_so)
{
    struct span copy = arrive(site_pkcs7(site, FROM_BOB, sealed(site_crlf(site, entity), SMIME_AES256_GCM)));
    expect_status(copy, "encryption=opened; auth=cipher; signature=none", "GCM");
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[secure] Hi");
}
END_TEST

/* R15: nothing of it is released. */
START_TEST(content_whose_tag_does_not_fit_stays_closed)
{
    struct span der = sealed(site_crlf(site, entity), SMIME_AES256_GCM);
    static const size_t places[] = {1, 8, 16, 19, 25, 40}; /* of the tag, and of the content in front of it */
    for (size_t i = 0; i < SEAL_COUNT(places); i++) {
        struct span message = site_pkcs7(site, FROM_BOB, flipped(der, places[i]));
        struct span copy = arrive(message);
        expect_status(copy, "encryption=failed", "GCM");
        ck_assert(!has(copy, "ORCHID"));
        ck_assert(has(copy, message.ptr + span_find(message, "\r\n\r\n", 4, 0)));
    }
}
END_TEST

/* R16: a block of CBC changed and text put in its neighbour, as EFAIL does: no mark speaks well of it. */
START_TEST(efail_gadget_is_opened_as_unauthenticated)
{
    const char *text =
        "Content-Type: text/html\n\n0123456789012345678901234567890123456789012345678901234567890123"
        "ORCHID 0123456789012345678901234567890123456789\n";
    struct span copy =
        arrive(site_pkcs7(site, FROM_BOB, flipped(sealed(site_crlf(site, text), SMIME_AES256_CBC), 60)));
    expect_status(copy, "encryption=unauthenticated; auth=none; signature=none", "gadget");
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[not authenticated] Hi");
    struct span inner = site_signed_entity(site, entity, bob, PKI_NOW);
    struct span der = sealed(inner, SMIME_AES256_CBC);
    size_t at = inner.len - span_find(inner, "ORCHID", 6, 0) + 16;
    copy = arrive(site_pkcs7(site, FROM_BOB, flipped(der, at)));
    ck_assert(!has(site_copy(site, 0), "signed OK"));
    ck_assert(!has(site_copy(site, 0), "auth=signature"));
}
END_TEST

/* One wrong content key of 256 leaves a valid padding behind noise: the message is delivered as it came. */
START_TEST(noise_is_not_delivered_in_place_of_a_message)
{
    static const char *const noises[] = {
        "\x93\x01\xfe",
        "plain at first, and then\x7f",
        "Content-Type: text/plain\r\n\x02\r\n\r\nORCHID\r\n",
    };
    for (size_t i = 0; i < SEAL_COUNT(noises); i++) {
        struct span message = site_pkcs7(site, FROM_BOB, sealed(span_of(noises[i]), SMIME_AES256_CBC));
        struct span copy = arrive(message);
        expect_status(copy, "encryption=failed", noises[i]);
        ck_assert(has(copy, message.ptr + span_find(message, "\r\n\r\n", 4, 0)));
    }
}
END_TEST

/* ---- no oracle ---- */

/* From outside: verdict, reply, how many copies go which way, what is learned. */
static const char *seen_from_outside(void)
{
    const struct outcome *outcome = site->outcome;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(4096);
    buf_printf(&text, "%s %s %zu %zu", verdict_name(outcome->verdict),
               outcome->reply != NULL ? outcome->reply : "-", outcome->plan->ncopies, outcome->neffects);
    for (size_t i = 0; i < outcome->plan->ncopies; i++)
        buf_printf(&text, " %d:%zu", outcome->plan->copies[i].in_place, outcome->plan->copies[i].nrcpts);
    return arena_strdup(site->arena, buf_str(&text));
}

/* R17, under a rule that refuses what names no key: that is known without a key, and all else is not. */
START_TEST(oracle_every_octet_of_the_ciphertext_flipped_looks_the_same)
{
    const char *text = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nORCHID\n--b--\n";
    struct span der = sealed(site_crlf(site, text), SMIME_AES256_CBC);
    arrive(site_pkcs7(site, FROM_BOB, der));
    const char *good = seen_from_outside();
    for (size_t at = 1; at <= 96; at++) {
        site_answers(site, &(struct site_mail){.from = "bob@their.example",
                                               .to = {"alice@our.example"},
                                               .bytes = site_pkcs7(site, FROM_BOB, flipped(der, at))});
        ck_assert_str_eq(seen_from_outside(), good);
    }
}
END_TEST

/* The wrapped key stands before the content; whatever comes of it, the content is "decrypted". */
START_TEST(oracle_every_octet_of_the_wrapped_key_flipped_looks_the_same)
{
    struct span der = sealed(site_crlf(site, entity), SMIME_AES256_CBC);
    arrive(site_pkcs7(site, FROM_BOB, der));
    const char *good = seen_from_outside();
    size_t content = 48 + 40, used = 0; /* ciphertext, and the headers in front of it */
    for (size_t at = content; at < content + 256; at += 7) {
        struct span broken = flipped(der, at);
        site_answers(site, &(struct site_mail){.from = "bob@their.example",
                                               .to = {"alice@our.example"},
                                               .bytes = site_pkcs7(site, FROM_BOB, broken)});
        if (site->outcome->facts->nviews == 1)
            continue; /* the structure is no envelope for alice any more, which anybody can see */
        used++;
        ck_assert_msg(strcmp(seen_from_outside(), good) == 0, "%zu: %s", at, seen_from_outside());
    }
    ck_assert_uint_gt(used, 30);
}
END_TEST

static const struct {
    const char *name, *text;
} contents[] = {
    {"plain text", "Content-Type: text/plain\n\nORCHID\n"},
    {"no header", "\nORCHID\n"},
    {"no empty line", "ORCHID"},
    {"nothing", ""},
    {"two types", "Content-Type: text/plain\nContent-Type: text/html\n\nORCHID\n"},
    {"boundary missing", "Content-Type: multipart/mixed\n\nORCHID\n"},
    {"multipart without parts", "Content-Type: multipart/mixed; boundary=b\n\nORCHID\n"},
    {"broken base64 of CMS",
     "Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n!!!!\n"},
    {"empty CMS", "Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n\n"},
    {"signature of nothing", "Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b--\n"},
    {"unknown encoding", "Content-Type: text/plain\nContent-Transfer-Encoding: x-odd\n\nORCHID \xff\n"},
    {"noise", "\x93\x01\xfe"},
    {"line of blanks in the header", "Content-Type: text/plain\n \nX: y\n\nORCHID\n"},
};

START_TEST(oracle_any_content_looks_the_same_from_outside)
{
    arrive(site_enveloped(site, FROM_BOB, site_crlf(site, entity), alice));
    const char *good = seen_from_outside();
    struct span message = site_enveloped(site, FROM_BOB, site_crlf(site, contents[_i].text), alice);
    site_answers(site, &(struct site_mail){
                           .from = "bob@their.example", .to = {"alice@our.example"}, .bytes = message});
    ck_assert_msg(strcmp(seen_from_outside(), good) == 0, "%s: %s", contents[_i].name, seen_from_outside());
}
END_TEST

START_TEST(what_names_no_key_may_be_refused)
{
    site_answers(site,
                 &(struct site_mail){.from = "bob@their.example",
                                     .to = {"alice@our.example"},
                                     .bytes = site_enveloped(site, FROM_BOB, site_crlf(site, entity), bob)});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
    ck_assert_int_eq(strncmp(site->outcome->reply, "550 5.7.5", 9), 0);
}
END_TEST

/* ---- whose key ---- */

/* R19: addresses that some directory or pattern would read as alice's. */
static const char *const strangers[] = {
    "<\"*)(mail=*\"@our.example>",
    "<*@our.example>",
    "<\"alice@our.example,x\"@our.example>",
    "<alice*@our.example>",
    "<alic?@our.example>",
    "<\"alice \"@our.example>",
    "<alice+x@our.example>",
    "<\"a\\lice\"x@our.example>",
    "<xalice@our.example>",
    "<alice@sub.our.example>",
    "<alice@our.example.their.example>",
};

START_TEST(address_that_only_resembles_the_owners_opens_nothing)
{
    const char *to = strangers[_i];
    char canonical[ADDR_MAX + 1];
    struct err err = ERR_INIT;
    if (addr_canonical(span_of(to), canonical, &err) < 0)
        return; /* is refused before it comes here */
    site_policy(site, "our domains our.example, *.our.example\n"
                      "rule \"in\"\n    when inbound\n    decrypt\n    tag\n"
                      "rule \"out\"\n    when outbound\n    pass\n"
                      "rule \"house\"\n    when internal\n    pass\n");
    site_answers(
        site, &(struct site_mail){.from = "bob@their.example",
                                  .to = {to},
                                  .bytes = site_enveloped(site, FROM_BOB, site_crlf(site, entity), alice)});
    ck_assert_msg(!has(site_copy(site, 0), "ORCHID"), "%s", to);
    ck_assert_uint_le(site->outcome->facts->nviews, 1);
}
END_TEST

static const char *const spellings[] = {"<alice@our.example>", "<ALICE@Our.Example>",
                                        "<\"alice\"@our.example>", "<@relay.example:alice@our.example>"};

START_TEST(every_spelling_of_the_owners_address_opens)
{
    site_answers(
        site, &(struct site_mail){.from = "bob@their.example",
                                  .to = {spellings[_i]},
                                  .bytes = site_enveloped(site, FROM_BOB, site_crlf(site, entity), alice)});
    ck_assert_msg(has(site_copy(site, 0), "ORCHID"), "%s", spellings[_i]);
}
END_TEST

/* Who has intercepted alice's mail and sends it to himself learns nothing. */
START_TEST(intercepted_mail_sent_to_another_user_stays_closed)
{
    site_policy(site, "our domains our.example\n"
                      "rule \"in\"\n    when inbound or internal\n    decrypt\n    tag\n"
                      "rule \"in 2\"\n    when inbound\n    pass\n"
                      "rule \"out\"\n    when outbound\n    pass\n"
                      "rule \"house\"\n    when internal\n    pass\n");
    struct span message = site_enveloped(site, FROM_BOB, site_crlf(site, entity), alice);
    site_answers(site, &(struct site_mail){.from = "carol@our.example",
                                           .login = "carol@our.example",
                                           .to = {"carol@our.example"},
                                           .bytes = message});
    ck_assert(!has(site_copy_for(site, "carol@our.example"), "ORCHID"));
    site_answers(site, &(struct site_mail){
                           .from = "bob@their.example", .to = {"carol@our.example"}, .bytes = message});
    ck_assert(!has(site_copy_for(site, "carol@our.example"), "ORCHID"));
}
END_TEST

/* R20: one of ours and one of elsewhere in one transaction. */
START_TEST(recipient_elsewhere_gets_ciphertext)
{
    struct span message = site_enveloped(site, FROM_BOB, site_crlf(site, entity), alice);
    site_answers(site, &(struct site_mail){.from = "bob@their.example",
                                           .to = {"alice@our.example", "mallory@their.example"},
                                           .bytes = message});
    ck_assert(has(site_copy_for(site, "alice@our.example"), "ORCHID"));
    ck_assert(span_eq(site_copy_for(site, "mallory@their.example"), message));
    for (size_t i = 0; i < site->outcome->plan->ncopies; i++)
        ck_assert_int_eq(site->outcome->plan->copies[i].opened, has(site_copy(site, i), "ORCHID"));
}
END_TEST

/* ---- what comes out ---- */

/* R22: ends of a message to one server or another, and what no line may hold. */
static const struct span smuggled[] = {
    SPAN_LIT("\n.\n"),
    SPAN_LIT("\n.\r\n"),
    SPAN_LIT("\r\n.\n"),
    SPAN_LIT("\r.\r"),
    SPAN_LIT("\r\n.\r"),
    SPAN_LIT("\r.\r\n"),
    SPAN_LIT("\r\n\0.\r\n"),
    SPAN_LIT("\r\r\n.\r\r\n"),
    SPAN_LIT("\n.\r"),
    SPAN_LIT("\xc3\xbc"),
    SPAN_LIT("\r\n.\r\nMAIL FROM:<x>\r\n"),
};

static void check_lines(struct span text, int what)
{
    size_t column = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        ck_assert_msg(c != '\0' && (unsigned char)c < 128, "%d", what);
        ck_assert_msg(c != '\r' || (i + 1 < text.len && text.ptr[i + 1] == '\n'), "%d: bare CR", what);
        ck_assert_msg(c != '\n' || (i > 0 && text.ptr[i - 1] == '\r'), "%d: bare LF", what);
        column = c == '\n' ? 0 : column + 1;
        ck_assert_msg(column <= 999, "%d: long line", what);
    }
}

START_TEST(opened_text_holds_nothing_that_servers_read_differently)
{
    static const char *const headers[] = {"Content-Type: text/plain\r\n\r\nORCHID", "ORCHID: x\r\n\r\nORCHID",
                                          "Content-Type: application/octet-stream\r\n\r\nORCHID"};
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(100000);
    for (size_t h = 0; h < SEAL_COUNT(headers); h++) {
        buf_clear(&text);
        buf_add_str(&text, headers[h]);
        buf_add_span(&text, smuggled[_i]);
        for (int i = 0; i < 2000; i++)
            buf_add_char(&text, 'x');
        buf_add_span(&text, smuggled[_i]);
        struct span copy = arrive(site_enveloped(site, FROM_BOB, buf_span(&text), alice));
        check_lines(copy, _i);
        ck_assert(!has(copy, "enveloped-data"));
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/opening");
    TCase *t = tcase_create("opening");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, signed_around_enveloped_around_signed_is_opened_and_verified);
    tcase_add_test(t, compressed_inside_an_envelope_is_opened);
    tcase_add_test(t, envelope_inside_an_envelope_stays_closed);
    tcase_add_test(t, compressed_inside_compressed_stays_packed);
    tcase_add_test(t, envelope_in_an_attached_message_stays_closed);
    tcase_add_test(t, content_that_the_cipher_authenticates_is_said_to_be_so);
    tcase_add_test(t, content_whose_tag_does_not_fit_stays_closed);
    tcase_add_test(t, efail_gadget_is_opened_as_unauthenticated);
    tcase_add_test(t, noise_is_not_delivered_in_place_of_a_message);
    tcase_add_test(t, oracle_every_octet_of_the_ciphertext_flipped_looks_the_same);
    tcase_add_test(t, oracle_every_octet_of_the_wrapped_key_flipped_looks_the_same);
    tcase_add_loop_test(t, oracle_any_content_looks_the_same_from_outside, 0, (int)SEAL_COUNT(contents));
    tcase_add_test(t, what_names_no_key_may_be_refused);
    tcase_add_loop_test(t, address_that_only_resembles_the_owners_opens_nothing, 0,
                        (int)SEAL_COUNT(strangers));
    tcase_add_loop_test(t, every_spelling_of_the_owners_address_opens, 0, (int)SEAL_COUNT(spellings));
    tcase_add_test(t, intercepted_mail_sent_to_another_user_stays_closed);
    tcase_add_test(t, recipient_elsewhere_gets_ciphertext);
    tcase_add_loop_test(t, opened_text_holds_nothing_that_servers_read_differently, 0,
                        (int)SEAL_COUNT(smuggled));
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
