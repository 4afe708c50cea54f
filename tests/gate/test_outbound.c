/* Tests of the gate on mail that leaves: signing, encrypting, copies, and what is refused rather than sent in clear. */
#include "base/io.h"
#include "mime/transfer.h"
#include "smime/open.h"
#include "support/armour.h"
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <dirent.h>
#include <string.h>

static const char policy[] = OUR_DOMAIN "keyword plain subject \"[plain]\"\n" KEYWORD_CONFIDENTIAL
                                        "keyword confidential header Sensitivity is company-confidential\n"
                                        "rule \"confidential\"\n"
                                        "    when outbound, keyword confidential\n"
                                        "    sign\n"
                                        "    encrypt with smime, else refuse \"No certificate is known.\"\n"
                                        "rule \"as it is\"\n"
                                        "    when outbound, keyword plain\n"
                                        "    pass\n" OUT_IF_POSSIBLE IN_OPENED_AND_HARVESTED HOUSE_PASSES;

static const char settings[] = "header-protection = no\n"; /* test_header_protection.c has the others */

static const char body[] = "The plaintext token is ORCHID.\n";

#define FROM_ALICE "From: Alice <alice@our.example>\nTo: bob@their.example\nSubject: "
#define ALICE      .from = "alice@our.example", .login = "alice@our.example"

static struct site *site;
static struct pki_entity *alice, *bob;

static void setup(void)
{
    site = site_new_with(policy, settings);
    alice = site_user(site, "alice@our.example", PKI_RSA2048);
    bob = site_partner(site, "bob@their.example", PKI_RSA2048);
}

static void teardown(void)
{
    site_free(&site);
}

static char *mail(const char *subject_and_more)
{
    return arena_printf(site->arena, FROM_ALICE "%s\n\n%s", subject_and_more, body);
}

START_TEST(message_is_signed_then_encrypted_for_a_known_certificate)
{
    site_answers(site, &(struct site_mail){ALICE, .to = {"bob@their.example"}, .text = mail("Hi")});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    struct span copy = site_copy_for(site, "bob@their.example");
    ck_assert(has(copy, "smime-type=enveloped-data"));
    ck_assert(!has(copy, "ORCHID"));
    ck_assert_uint_eq(site->outcome->plan->ncopies, 1);
    ck_assert(site->outcome->plan->copies[0].in_place);
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "Hi");
}
END_TEST

START_TEST(message_without_certificate_is_signed_only)
{
    site_answers(site, &(struct site_mail){ALICE, .to = {"carol@their.example"}, .text = mail("Hi")});
    struct span copy = site_copy_for(site, "carol@their.example");
    ck_assert(has(copy, "multipart/signed"));
    ck_assert(has(copy, "ORCHID"));
    ck_assert(has(copy, "micalg=sha-256"));
}
END_TEST

START_TEST(three_recipients_get_what_each_can_have)
{
    site_answers(site, &(struct site_mail){
                           ALICE, .to = {"bob@their.example", "carol@their.example", "dave@our.example"},
                           .text = mail("Hi")});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 3);
    ck_assert(!has(site_copy_for(site, "bob@their.example"), "ORCHID"));
    ck_assert(has(site_copy_for(site, "carol@their.example"), "multipart/signed"));
    ck_assert(!has(site_copy_for(site, "dave@our.example"), "multipart/signed"));
}
END_TEST

START_TEST(required_encryption_without_certificate_refuses_for_all)
{
    site_answers(site, &(struct site_mail){ALICE, .to = {"bob@their.example", "carol@their.example"},
                                           .text = mail("[confidential] Hi")});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
    ck_assert_ptr_nonnull(strstr(site->outcome->reply, "carol@their.example"));
    ck_assert_int_eq(strncmp(site->outcome->reply, "550 5.7.", 8), 0);
    ck_assert_uint_eq(site->outcome->plan->ncopies, 0);
}
END_TEST

START_TEST(keyword_leaves_the_subject_in_every_copy)
{
    site_answers(
        site, &(struct site_mail){ALICE, .to = {"bob@their.example"}, .text = mail("Re: [Confidential] Hi")});
    ck_assert_str_eq(site_field(site, site_copy_for(site, "bob@their.example"), "Subject", 0), "Re: Hi");
    site_answers(site, &(struct site_mail){ALICE, .to = {"bob@their.example"},
                                           .text = mail("=?utf-8?Q?=5Bpl?= =?utf-8?Q?ain=5D_H=C3=BCte?=")});
    struct span copy = site_copy_for(site, "bob@their.example");
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "H\xc3\xbcte");
    ck_assert(has(copy, "ORCHID"));
}
END_TEST

START_TEST(keyword_in_a_header_commands_too)
{
    site_answers(site, &(struct site_mail){ALICE, .to = {"carol@their.example"},
                                           .text = mail("Hi\nSensitivity: Company-Confidential")});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
}
END_TEST

START_TEST(keyword_behind_a_line_that_is_no_field_commands_too)
{
    static const char *const troubles[] = {"X-Odd : 1\n", "X-Odd: 1\n \n", "X-Odd\n", "X-Odd: 1\r"};
    for (size_t i = 0; i < SEAL_COUNT(troubles); i++) {
        const char *text = arena_printf(
            site->arena,
            "From: alice@our.example\nTo: carol@their.example\n%sSubject: [confidential] Hi\n\n%s",
            troubles[i], body);
        site_answers(site, &(struct site_mail){ALICE, .to = {"carol@their.example"}, .text = text});
        ck_assert_msg(site->outcome->verdict == VERDICT_REJECT, "%s", troubles[i]);
        site_answers(site, &(struct site_mail){ALICE, .to = {"bob@their.example"}, .text = text});
        struct span copy = site_copy_for(site, "bob@their.example");
        ck_assert_msg(!has(copy, "ORCHID") && !has(copy, "confidential"), "%s", troubles[i]);
        ck_assert_msg(has(copy, "X-Odd"), "%s", troubles[i]);
    }
}
END_TEST

START_TEST(nobody_signs_in_the_name_of_another)
{
    static const struct site_mail mails[] = {
        {.from = "alice@our.example", .login = "mallory@our.example", .to = {"carol@their.example"}},
        {.from = "alice@our.example", .local = true, .to = {"carol@their.example"}},
        {.from = "alice@our.example", .client = "10.1.2.3", .to = {"carol@their.example"}},
    };
    for (size_t i = 0; i < SEAL_COUNT(mails); i++) {
        struct site_mail m = mails[i];
        m.text = mail("Hi");
        site_answers(site, &m);
        ck_assert_msg(!has(site_copy_for(site, "carol@their.example"), "multipart/signed"), "%zu", i);
        ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    }
}
END_TEST

START_TEST(null_sender_and_reports_are_never_signed)
{
    site_answers(site, &(struct site_mail){
                           .login = "alice@our.example", .to = {"carol@their.example"}, .text = mail("Hi")});
    ck_assert(!has(site_copy_for(site, "carol@their.example"), "multipart/signed"));
    site_answers(site,
                 &(struct site_mail){ALICE, .to = {"carol@their.example"},
                                     .text = mail("Hi\nMIME-Version: 1.0\nContent-Type: multipart/report; "
                                                  "report-type=delivery-status; boundary=b")});
    ck_assert(!has(site_copy_for(site, "carol@their.example"), "multipart/signed"));
}
END_TEST

START_TEST(encrypted_mail_is_not_encrypted_twice_but_signed)
{
    struct span once =
        site_enveloped(site, FROM_ALICE "Hi\n", SPAN_LIT("Content-Type: text/plain\r\n\r\nx\r\n"), bob);
    site_answers(site, &(struct site_mail){ALICE, .to = {"bob@their.example"}, .bytes = once});
    struct span copy = site_copy_for(site, "bob@their.example");
    ck_assert(has(copy, "multipart/signed"));
    ck_assert_uint_eq(site->outcome->plan->copies[0].nops, 1);
}
END_TEST

START_TEST(what_only_says_that_it_is_encrypted_is_encrypted)
{
    static const char *const liars[] = {
        ("[encrypted]\nContent-Type: application/pkcs7-mime; "
         "smime-type=enveloped-data\nContent-Transfer-Encoding: base64"),
        "Hi\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data",
        "Hi\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b",
        "Hi\nContent-Type: application/octet-stream; name=smime.p7m",
    };
    for (size_t i = 0; i < SEAL_COUNT(liars); i++) {
        site_answers(site, &(struct site_mail){ALICE, .to = {"bob@their.example"}, .text = mail(liars[i])});
        ck_assert_msg(!has(site_copy_for(site, "bob@their.example"), "ORCHID"), "%s", liars[i]);
    }
}
END_TEST

/* A client's signature over 8-bit text cannot be made 7-bit: it goes into the envelope as it is. */
START_TEST(mail_that_a_client_signed_over_eight_bit_text_is_encrypted_as_it_is)
{
    struct span message =
        site_signed(site, FROM_ALICE "Hi\n",
                    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
                    "Gr\xc3\xbc\xc3\x9f"
                    "e ORCHID\n",
                    alice);
    site_answers(
        site, &(struct site_mail){ALICE, .to = {"bob@their.example"}, .eight_bit = true, .bytes = message});
    struct span copy = site_copy_for(site, "bob@their.example");
    ck_assert(has(copy, "enveloped-data"));
    ck_assert(!has(copy, "ORCHID"));
}
END_TEST

START_TEST(entity_without_a_type_is_given_one)
{
    site_answers(site, &(struct site_mail){ALICE, .to = {"carol@their.example"}, .text = mail("Hi")});
    ck_assert(has(site_copy_for(site, "carol@their.example"),
                  "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nThe"));
}
END_TEST

static const struct {
    const char *text;
    bool counts;
} armours[] = {
    {PGP_ARMOUR, true},
    {"\n" PGP_ARMOUR " \n", true},
    {PGP_ARMOUR "ORCHID\n", false},
    {PGP_ARMOUR "ORCHID\n" PGP_ARMOUR, false},
    {PGP_ARMOUR PGP_ARMOUR, false},
    {"ORCHID\n" PGP_ARMOUR, false},
    {"-----BEGIN PGP MESSAGE-----\n\nORCHID\n-----END PGP MESSAGE-----\n", false},
    {"-----BEGIN PGP MESSAGE-----\n\nywxiAAAAAABPUkNISUQ=\n-----END PGP MESSAGE-----\n", false}, /* literal */
    {"-----BEGIN PGP MESSAGE-----\n\nwUwD\n-----END PGP MESSAGE-----\nORCHID\n", false},         /* cut */
};

START_TEST(armour_counts_as_encrypted_only_when_it_is_the_whole_text)
{
    const char *text = arena_printf(site->arena, FROM_ALICE "[confidential] Hi\n\n%s", armours[_i].text);
    site_answers(site, &(struct site_mail){ALICE, .to = {"bob@their.example"}, .text = text});
    struct span copy = site_copy_for(site, "bob@their.example");
    ck_assert(!has(copy, "ORCHID"));
    ck_assert_int_eq(has(copy, "enveloped-data"), !armours[_i].counts);
}
END_TEST

START_TEST(hidden_recipient_gets_an_envelope_of_its_own)
{
    struct pki_entity *eve = site_partner(site, "eve@their.example", PKI_RSA2048);
    (void)eve;
    site_answers(site, &(struct site_mail){ALICE, .to = {"bob@their.example", "eve@their.example"},
                                           .text = mail("Hi")});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 2);
    for (size_t c = 0; c < 2; c++) {
        const struct copy *copy = &site->outcome->plan->copies[c];
        ck_assert_uint_eq(copy->nrcpts, 1);
        ck_assert_uint_eq(copy->ops[copy->nops - 1].nkeys, 1);
    }
}
END_TEST

/* What one of these entities finds in its copy. */
static struct span opened(const struct pki_entity *who, const char *addr)
{
    static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 20};
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

/* ECDSA takes a random number for each signature. */
START_TEST(one_signature_is_made_for_all_copies)
{
    struct pki_entity *dan = site_user(site, "dan@our.example", PKI_P256);
    struct pki_entity *eve = site_partner(site, "eve@their.example", PKI_P256);
    (void)dan;
    site_answers(site, &(struct site_mail){
                           .from = "dan@our.example",
                           .login = "dan@our.example",
                           .to = {"carol@their.example", "bob@their.example", "eve@their.example"},
                           .text = "From: dan@our.example\nTo: bob@their.example, eve@their.example\n\nx\n"});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 3);
    struct span inside = opened(bob, "bob@their.example");
    ck_assert(has(inside, "multipart/signed"));
    ck_assert(span_eq(inside, opened(eve, "eve@their.example")));
    struct span readable = site_copy_for(site, "carol@their.example");
    size_t here = span_find(inside, "\r\n\r\n", 4, 0), there = span_find(readable, "\r\n\r\n", 4, 0);
    ck_assert(span_eq(span_sub(inside, here, inside.len), span_sub(readable, there, readable.len)));
}
END_TEST

START_TEST(recipient_who_is_named_twice_or_in_other_case_gets_one_key)
{
    site_answers(site, &(struct site_mail){
                           ALICE, .to = {"bob@their.example", "<BOB@Their.Example>", "<bob@their.example>"},
                           .text = mail("Hi")});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 1);
    const struct copy *copy = &site->outcome->plan->copies[0];
    ck_assert_uint_eq(copy->nrcpts, 3);
    ck_assert_uint_eq(copy->ops[copy->nops - 1].nkeys, 1);
}
END_TEST

/* Nobody can be told to be listed in a field that is read in two ways: the safe side. */
START_TEST(recipients_of_a_to_field_that_cannot_be_read_are_hidden_from_each_other)
{
    site_partner(site, "eve@their.example", PKI_RSA2048);
    static const char *const fields[] = {"To: bob@their.example, eve@their.example, <broken\n",
                                         "To: undisclosed-recipients:;\n",
                                         "To: \"bob@their.example, eve@their.example\"\n",
                                         "To: =?utf-8?Q?bob=40their.example?=, eve@their.example\n"};
    for (size_t i = 0; i < SEAL_COUNT(fields); i++) {
        site_answers(site,
                     &(struct site_mail){ALICE, .to = {"bob@their.example", "eve@their.example"},
                                         .text = arena_printf(site->arena,
                                                              "From: alice@our.example\n%sSubject: Hi\n\n%s",
                                                              fields[i], body)});
        ck_assert_msg(site->outcome->plan->ncopies == 2, "%s", fields[i]);
    }
}
END_TEST

START_TEST(rsa_and_ec_recipients_never_share_an_envelope)
{
    site_partner(site, "eve@their.example", PKI_P256);
    site_answers(site,
                 &(struct site_mail){
                     ALICE, .to = {"bob@their.example", "eve@their.example"},
                     .text = "From: alice@our.example\nTo: bob@their.example, eve@their.example\n\nx\n"});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 2);
}
END_TEST

START_TEST(every_content_header_of_the_original_is_replaced)
{
    site_answers(
        site,
        &(struct site_mail){
            ALICE, .to = {"bob@their.example"},
            .text = mail("Hi\nMIME-Version: 1.0\nContent-Type: text/plain; "
                         "charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
                         "Content-Language: en\nContent-Disposition: inline; filename=secretname.txt")});
    struct span copy = site_copy_for(site, "bob@their.example");
    ck_assert_ptr_null(site_field(site, copy, "Content-Type", 1));
    ck_assert_str_eq(site_field(site, copy, "Content-Transfer-Encoding", 0), "base64");
    ck_assert_ptr_null(site_field(site, copy, "Content-Transfer-Encoding", 1));
    ck_assert_ptr_null(site_field(site, copy, "Content-Language", 0));
    ck_assert(!has(copy, "secretname"));
    ck_assert_ptr_null(site_field(site, copy, "MIME-Version", 1));
}
END_TEST

/* R40: the MTA writes an address in many ways. */
START_TEST(no_spelling_of_an_address_loses_its_certificate)
{
    static const char *const spellings[] = {"bob@their.example", "<bob@their.example>", "<BOB@THEIR.Example>",
                                            "<\"bob\"@their.example>", "<@relay.example:bob@their.example>"};
    for (size_t i = 0; i < SEAL_COUNT(spellings); i++) {
        site_answers(site,
                     &(struct site_mail){ALICE, .to = {spellings[i]}, .text = mail("[confidential] Hi")});
        ck_assert_msg(site->outcome->verdict == VERDICT_ACCEPT, "%s", spellings[i]);
        ck_assert_msg(!has(site_copy(site, 0), "ORCHID"), "%s", spellings[i]);
        ck_assert_str_eq(site->envelope.rcpts[0].given, spellings[i]);
    }
}
END_TEST

/* Words of the body, long enough not to be there by chance, and not of a header that stays. */
static void check_no_words(struct span message, struct span copy, const char *name)
{
    size_t begin = span_find(message, "\n\n", 2, 0);
    begin = begin == SIZE_MAX ? span_find(message, "\r\n\r\n", 4, 0) : begin;
    size_t body_of_copy = span_find(copy, "\r\n\r\n", 4, 0);
    struct span text = begin == SIZE_MAX ? SPAN_LIT("") : span_sub(message, begin, message.len);
    for (size_t at = 0, n; at < text.len; at += n + 1) {
        for (n = 0; at + n < text.len && (unsigned char)text.ptr[at + n] > ' '; n++)
            ;
        if (n >= 8)
            ck_assert_msg(span_find(copy, text.ptr + at, n, body_of_copy) == SIZE_MAX, "%s: %.*s", name,
                          (int)n, text.ptr + at);
    }
}

/* R26, with the samples of the fuzzers: what is in there in clear is in there by no word. */
START_TEST(nothing_of_a_body_is_left_in_its_ciphertext)
{
    const char *folder = TESTS_DIR "/fuzz/corpus/part";
    DIR *dir = opendir(folder);
    size_t encrypted = 0;
    site_policy(site, "our domains our.example\n"
                      "rule \"out\"\n    when outbound\n    encrypt\n"
                      "rule \"in\"\n    when inbound\n    pass\n"
                      "rule \"house\"\n    when internal\n    pass\n");
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct err err = ERR_INIT;
        SEAL_CLEANUP(buf_fini) struct buf sample = BUF_INIT(1u << 20);
        if (entry->d_name[0] == '.')
            continue;
        ck_ok(io_read_file(arena_printf(site->arena, "%s/%s", folder, entry->d_name), &sample, &err));
        site_answers(site,
                     &(struct site_mail){ALICE, .to = {"bob@their.example"}, .bytes = buf_span(&sample)});
        if (site->outcome->facts->encrypted_by != METHOD_NONE)
            continue;
        check_no_words(buf_span(&sample), site_copy(site, 0), entry->d_name);
        encrypted++;
    }
    closedir(dir);
    ck_assert_uint_gt(encrypted, 30);
}
END_TEST

START_TEST(output_is_seven_bit_with_lines_of_at_most_76)
{
    site_answers(
        site,
        &(struct site_mail){
            ALICE, .to = {"bob@their.example", "carol@their.example"}, .eight_bit = true,
            .text = mail("Hi\nContent-Type: text/plain; charset=utf-8\n"
                         "Content-Transfer-Encoding: 8bit\n\nGr\xc3\xbc\xc3\x9f"
                         "e\n"
                         "and a very long line that goes on and on and on and on and on and on and on and on "
                         "and on and on and on until it is longer than a hundred octets")});
    for (size_t c = 0; c < site->outcome->plan->ncopies; c++) {
        struct span copy = site_copy(site, c);
        size_t column = 0;
        for (size_t i = 0; i < copy.len; i++) {
            ck_assert_int_lt((unsigned char)copy.ptr[i], 128);
            column = copy.ptr[i] == '\n' ? 0 : column + 1;
            ck_assert_uint_le(column,
                              79); /* header lines of ours may be longer than body lines, never long */
        }
    }
}
END_TEST

START_TEST(expired_certificate_is_no_certificate)
{
    struct pki_entity *old = pki_leaf(site->pki, site->root,
                                      &(struct pki_spec){.email = "old@their.example",
                                                         .not_before = PKI_NOW - 20 * PKI_DAY,
                                                         .not_after = PKI_NOW - PKI_DAY});
    site_add_cert(site, "old@their.example", old, TRUST_TRUSTED, false);
    site_answers(site,
                 &(struct site_mail){ALICE, .to = {"old@their.example"}, .text = mail("[confidential] Hi")});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
}
END_TEST

START_TEST(result_over_the_mtas_limit_is_refused_before_anything_is_sent)
{
    site_free(&site);
    site = site_new_with(policy, "message-size-limit = 64K\n");
    site_user(site, "alice@our.example", PKI_P256);
    site_partner(site, "bob@their.example", PKI_RSA2048);
    char *text = arena_alloc(site->arena, 62001);
    memset(text, 'x', 62000);
    for (size_t i = 70; i < 62000; i += 71)
        text[i] = '\n';
    const char *large = arena_printf(site->arena, FROM_ALICE "Hi\n\n%s", text);
    ck_assert_int_lt(site_run(site, &(struct site_mail){ALICE, .to = {"bob@their.example"}, .text = large}),
                     0);
    ck_assert_int_eq(site->err.code, ERR_TOO_BIG);
}
END_TEST

START_TEST(same_message_twice_gets_the_same_plan)
{
    SEAL_CLEANUP(buf_fini) struct buf first = BUF_INIT(65536);
    SEAL_CLEANUP(buf_fini) struct buf second = BUF_INIT(65536);
    const struct site_mail m = {ALICE, .to = {"bob@their.example", "carol@their.example"},
                                .text = mail("Hi")};
    site_answers(site, &m);
    plan_print(site->outcome->plan, site->outcome->facts, &first);
    site_answers(site, &m);
    plan_print(site->outcome->plan, site->outcome->facts, &second);
    ck_assert_str_eq(buf_str(&first), buf_str(&second));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/outbound");
    TCase *t = tcase_create("outbound");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, message_is_signed_then_encrypted_for_a_known_certificate);
    tcase_add_test(t, message_without_certificate_is_signed_only);
    tcase_add_test(t, three_recipients_get_what_each_can_have);
    tcase_add_test(t, required_encryption_without_certificate_refuses_for_all);
    tcase_add_test(t, keyword_leaves_the_subject_in_every_copy);
    tcase_add_test(t, keyword_in_a_header_commands_too);
    tcase_add_test(t, keyword_behind_a_line_that_is_no_field_commands_too);
    tcase_add_test(t, nobody_signs_in_the_name_of_another);
    tcase_add_test(t, null_sender_and_reports_are_never_signed);
    tcase_add_test(t, encrypted_mail_is_not_encrypted_twice_but_signed);
    tcase_add_test(t, what_only_says_that_it_is_encrypted_is_encrypted);
    tcase_add_test(t, mail_that_a_client_signed_over_eight_bit_text_is_encrypted_as_it_is);
    tcase_add_test(t, entity_without_a_type_is_given_one);
    tcase_add_loop_test(t, armour_counts_as_encrypted_only_when_it_is_the_whole_text, 0,
                        (int)SEAL_COUNT(armours));
    tcase_add_test(t, hidden_recipient_gets_an_envelope_of_its_own);
    tcase_add_test(t, one_signature_is_made_for_all_copies);
    tcase_add_test(t, recipient_who_is_named_twice_or_in_other_case_gets_one_key);
    tcase_add_test(t, recipients_of_a_to_field_that_cannot_be_read_are_hidden_from_each_other);
    tcase_add_test(t, rsa_and_ec_recipients_never_share_an_envelope);
    tcase_add_test(t, every_content_header_of_the_original_is_replaced);
    tcase_add_test(t, no_spelling_of_an_address_loses_its_certificate);
    tcase_add_test(t, nothing_of_a_body_is_left_in_its_ciphertext);
    tcase_add_test(t, output_is_seven_bit_with_lines_of_at_most_76);
    tcase_add_test(t, expired_certificate_is_no_certificate);
    tcase_add_test(t, result_over_the_mtas_limit_is_refused_before_anything_is_sent);
    tcase_add_test(t, same_message_twice_gets_the_same_plan);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
