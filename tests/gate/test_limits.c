/* Tests of what is large: it is worked on within bounds, or refused before a key is used; after that nothing shows outside (R17, R33). */
#include "base/io.h"
#include "gate/internal.h"
#include "smime/encrypt.h"
#include "smime/frame.h"
#include "smime/outline.h"
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <string.h>

static const char policy[] =
    OUR_DOMAIN KEYWORD_CONFIDENTIAL IN_OPENED_AND_HARVESTED "rule \"secret\"\n"
                                                            "    when outbound, keyword confidential\n"
                                                            "    encrypt\n" OUT_IF_POSSIBLE HOUSE_PASSES;

#define FROM_BOB   "From: bob@their.example\nTo: alice@our.example\nSubject: Hi\n"
#define FROM_ALICE "From: alice@our.example\nTo: bob@their.example\nSubject: "
#define ALICE      .from = "alice@our.example", .login = "alice@our.example"

static struct site *site;
static struct pki_entity *alice;

static void begin(const char *rules, const char *settings)
{
    site = site_new_with(rules, settings);
    alice = site_user(site, "alice@our.example", PKI_P256);
}

static void setup(void)
{
    begin(policy, "");
}

static void setup_small(void)
{
    begin(policy, "message-size-limit = 64K\n");
}

static void teardown(void)
{
    site_free(&site);
}

/* Lines of text, n octets in all. */
static char *lines(size_t n)
{
    char *text = arena_alloc(site->arena, n + 1);
    for (size_t i = 0; i < n; i++)
        text[i] = i % 71 == 70 ? '\n' : 'x';
    return text;
}

/* ---- after a private key was used ---- */

static struct span packed_mail(const char *headers, size_t octets)
{
    const char *entity = arena_printf(site->arena, "Content-Type: text/plain\n\nORCHID\n%s\n", lines(octets));
    return site_enveloped(site, headers, site_compressed(site, site_crlf(site, entity)), alice);
}

static const char forged[] = "From: bob@their.example\nTo: alice@our.example\n"
                             "Subject: [signed OK] Hi\nX-Sealmilter-Status: signature=good\n";

static void expect_closed(struct span message)
{
    site_accepts(site, &(struct site_mail){
                           .from = "bob@their.example", .to = {"alice@our.example"}, .bytes = message});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 1);
    struct span copy = site_copy_for(site, "alice@our.example");
    ck_assert(!has(copy, "ORCHID"));
    ck_assert(has(copy, "enveloped-data"));
    ck_assert(!has(copy, "signed OK"));
    ck_assert_int_eq(
        strncmp(site_field(site, copy, "X-Sealmilter-Status", 0), "encryption=failed; signature=none", 33),
        0);
    ck_assert_ptr_null(site_field(site, copy, "X-Sealmilter-Status", 1));
    ck_assert_uint_eq(site->outcome->neffects, 0);
}

START_TEST(oracle_content_larger_than_the_limit_stays_closed_and_is_cleaned)
{
    expect_closed(packed_mail(forged, 100000));
    expect_closed(packed_mail(forged, 20000000));
}
END_TEST

/* The content fits; with the header it does not. */
START_TEST(oracle_opened_copy_larger_than_the_limit_stays_closed_and_is_cleaned)
{
    const char *headers = arena_printf(site->arena, "%sX-Long:", forged);
    for (int i = 0; i < 200; i++)
        headers = arena_printf(site->arena, "%s %s\n", headers, lines(60));
    for (size_t octets = 54000; octets < 66000; octets += 2500)
        expect_closed(packed_mail(headers, octets));
}
END_TEST

/* The content fits; encrypted again it does not. */
START_TEST(oracle_opened_copy_that_is_too_large_when_encrypted_again_stays_closed)
{
    site_policy(site, "our domains our.example\n"
                      "rule \"in\"\n    when inbound\n    decrypt\n    encrypt\n    tag\n"
                      "rule \"out\"\n    when outbound\n    pass\n"
                      "rule \"house\"\n    when internal\n    pass\n");
    site_accepts(site, &(struct site_mail){.from = "bob@their.example",
                                           .to = {"alice@our.example"},
                                           .bytes = packed_mail(forged, 10000)});
    ck_assert(has(site_copy(site, 0), "[not authenticated] Hi"));
    expect_closed(packed_mail(forged, 60000));
}
END_TEST

START_TEST(opened_content_at_the_limits_of_a_header_is_no_refusal)
{
    SEAL_CLEANUP(buf_fini) struct buf entity = BUF_INIT(4u << 20);
    for (int i = 0; i < 2000; i++)
        buf_printf(&entity, i == 0 ? "Content-Type: text/plain; charset=utf-8\r\n" : "X-Field: %d\r\n", i);
    buf_add_str(&entity, "\r\nORCHID \xc3\xbc\r\n");
    site_accepts(site,
                 &(struct site_mail){.from = "bob@their.example",
                                     .to = {"alice@our.example"},
                                     .bytes = site_enveloped(site, FROM_BOB, buf_span(&entity), alice)});
    ck_assert(has(site_copy(site, 0), "ORCHID"));
}
END_TEST

START_TEST(oracle_opened_content_with_too_many_content_fields_stays_closed)
{
    SEAL_CLEANUP(buf_fini) struct buf entity = BUF_INIT(4u << 20);
    for (int i = 0; i < 2000; i++)
        buf_printf(&entity, "Content-Field%d: x\r\n", i);
    buf_add_str(&entity, "\r\nORCHID\r\n");
    expect_closed(site_enveloped(site, forged, buf_span(&entity), alice));
}
END_TEST

/* ---- many ---- */

/* A message for so many users of ours, each with a key. */
static struct span for_users(size_t n, struct span content)
{
    struct cert *to[20];
    ck_assert_uint_le(n, SEAL_COUNT(to));
    for (size_t i = 0; i < n; i++)
        to[i] = site_user(site, arena_printf(site->arena, "user%zu@our.example", i), PKI_P256)->cert;
    return site_enveloped_to(site, "From: bob@their.example\nSubject: Hi\n", content, to, n);
}

START_TEST(recipients_of_one_content_share_one_opened_copy)
{
    site_accepts(site, &(struct site_mail){
                           .from = "bob@their.example",
                           .many = 20,
                           .many_at = "our.example",
                           .bytes = for_users(20, site_crlf(site, "Content-Type: text/plain\n\nORCHID\n"))});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 1);
    ck_assert_uint_eq(site->outcome->plan->copies[0].nrcpts, 20);
    ck_assert_uint_eq(site->outcome->facts->nviews, 2);
    ck_assert_uint_eq(((struct materials *)site->outcome->materials)->nopened, 1);
    ck_assert(has(site_copy(site, 0), "ORCHID"));
}
END_TEST

/* What a small message unpacks to is written once, not once for each recipient. */
START_TEST(compressed_content_is_unpacked_once_for_all_recipients)
{
    static const size_t many[] = {1, 20};
    unsigned writes[SEAL_COUNT(many)];
    site_free(&site);
    begin(policy, "spool-memory = 4K\n");
    for (size_t i = 0; i < SEAL_COUNT(many); i++) {
        const char *entity = arena_printf(site->arena, "Content-Type: text/plain\n\n%s\n", lines(2000000));
        struct span message = for_users(many[i], site_compressed(site, site_crlf(site, entity)));
        io_fault_at(0, 0);
        site_accepts(site, &(struct site_mail){.from = "bob@their.example",
                                               .many = many[i],
                                               .many_at = "our.example",
                                               .bytes = message});
        writes[i] = io_fault_count();
        ck_assert_uint_eq(site->outcome->plan->copies[0].opened, true);
    }
    ck_assert_uint_lt(writes[1], 2 * writes[0] + 100);
}
END_TEST

START_TEST(key_of_a_domain_opens_for_all_its_recipients)
{
    struct pki_entity *domain =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "gate@our.example", .type = PKI_P256});
    site_add_cert(site, "@our.example", domain, TRUST_TRUSTED, true);
    site_add_key(site, "@our.example", domain);
    for (size_t i = 0; i < 10; i++)
        site_user(site, arena_printf(site->arena, "user%zu@our.example", i), PKI_P256);
    struct span message =
        site_enveloped(site, FROM_BOB, site_crlf(site, "Content-Type: text/plain\n\nORCHID\n"), domain);
    site_accepts(site,
                 &(struct site_mail){
                     .from = "bob@their.example", .many = 10, .many_at = "our.example", .bytes = message});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 1);
    ck_assert_uint_eq(site->outcome->facts->nviews, 2);
    ck_assert(has(site_copy(site, 0), "ORCHID"));
}
END_TEST

START_TEST(ten_thousand_recipients_are_served)
{
    site_partner(site, "user0@their.example", PKI_P256);
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    buf_add_str(&text, "From: alice@our.example\nTo: user0@their.example");
    for (size_t i = 1; i < 10000; i++)
        buf_printf(&text, ",\n user%zu@their.example", i);
    buf_add_str(&text, "\nSubject: Hi\n\nORCHID\n");
    site_accepts(site, &(struct site_mail){ALICE, .many = ENVELOPE_RCPT_MAX, .many_at = "their.example",
                                           .text = buf_str(&text)});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 2);
    ck_assert(!has(site_copy_for(site, "user0@their.example"), "ORCHID"));
    ck_assert(has(site_copy_for(site, "user1@their.example"), "multipart/signed"));
}
END_TEST

START_TEST(ten_thousand_recipients_of_a_domain_with_a_certificate_are_served)
{
    struct pki_entity *domain = pki_leaf(
        site->pki, site->root, &(struct pki_spec){.email = "gate@their.example", .type = PKI_RSA4096});
    site_add_cert(site, "@their.example", domain, TRUST_TRUSTED, true);
    site_accepts(site, &(struct site_mail){ALICE, .many = ENVELOPE_RCPT_MAX, .many_at = "their.example",
                                           .text = FROM_ALICE "[confidential] Hi\n\nORCHID\n"});
    for (size_t i = 0; i < site->outcome->plan->ncopies; i++) {
        const struct copy *copy = &site->outcome->plan->copies[i];
        ck_assert_uint_eq(copy->ops[copy->nops - 1].nkeys, 1);
        ck_assert(!has(site_copy(site, i), "ORCHID"));
    }
}
END_TEST

/* A header as long as it may be, against as many recipients as there may be: names are looked up, not compared each with each. */
START_TEST(long_list_of_addresses_costs_little)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    buf_add_str(&text, "From: alice@our.example\r\nTo: a@b.cc");
    while (text.len < 1000000)
        buf_add_str(&text, ",a@b.cc");
    buf_add_str(&text, "\r\nSubject: Hi\r\n\r\nORCHID\r\n");
    site_accepts(site, &(struct site_mail){ALICE, .many = ENVELOPE_RCPT_MAX, .many_at = "their.example",
                                           .bytes = buf_span(&text)});
}
END_TEST

START_TEST(two_thousand_fields_pass_and_more_are_refused_for_good)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    buf_add_str(&text, "From: alice@our.example\n");
    for (int i = 1; i < 2000; i++)
        buf_printf(&text, i % 3 == 0 ? "To: a%d@b.example\n" : i % 3 == 1 ? "Subject: %d\n" : "X-A: %d\n", i);
    const char *fits = arena_printf(site->arena, "%s\nORCHID\n", buf_str(&text));
    site_accepts(site, &(struct site_mail){ALICE, .to = {"bob@their.example"}, .text = fits});
    const char *more = arena_printf(site->arena, "%sX-One: more\n\nORCHID\n", buf_str(&text));
    ck_assert_int_lt(site_run(site, &(struct site_mail){ALICE, .to = {"bob@their.example"}, .text = more}),
                     0);
    ck_assert_int_eq(site->err.code, ERR_LIMIT);
}
END_TEST

/* ---- a Subject of a megabyte ---- */

static const struct {
    const char *unit;
    bool outbound;
} subjects[] = {
    {"[signed OK] ", false},
    {"[sig", false},
    {"\xef\xb7\xba", false}, /* U+FDFA decomposes into 18 characters */
    {"\xff", false},
    {"=?utf-8?Q?=5B?=", false},
    {"[confidential] ", true},
    {"[confidential]", true},
    {"[confid[confidential]ential]", true},
};

START_TEST(long_subject_costs_little)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(2u << 20);
    site_partner(site, "bob@their.example", PKI_P256);
    buf_add_str(&text, subjects[_i].outbound ? "From: alice@our.example\r\nSubject: "
                                             : "From: bob@their.example\r\nSubject: [signed OK]");
    while (text.len < 1000000)
        buf_add_str(&text, subjects[_i].unit);
    buf_add_str(&text, "\r\n\r\nORCHID\r\n");
    const struct site_mail in = {
        .from = "bob@their.example", .to = {"alice@our.example"}, .bytes = buf_span(&text)};
    const struct site_mail out = {ALICE, .to = {"bob@their.example"}, .bytes = buf_span(&text)};
    if (site_run(site, subjects[_i].outbound ? &out : &in) < 0) {
        ck_assert_msg(site->err.code == ERR_LIMIT, "%s", site->err.msg);
        return;
    }
    ck_assert(!has(site_copy(site, 0), "signed OK"));
    ck_assert(!has(site_copy(site, 0), "confidential"));
}
END_TEST

/* ---- ciphertext that is too large to be read ---- */

/* An envelope with twice the recipients that the one made for `to` has. */
static struct span doubled(struct span entity, struct cert *const *to, size_t nto)
{
    static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 22, .size_max = 1u << 22};
    static const struct smime_limits limits = SMIME_LIMITS_DEFAULT;
    const struct span none = {"", 0};
    struct err err = ERR_INIT;
    struct outline outline;
    struct outline_sealed sealed;
    SEAL_CLEANUP(spool_free) struct spool *der = spool_new(&conf);
    SEAL_CLEANUP(buf_fini) struct buf twice = BUF_INIT(1u << 22);
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 22);
    SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(1u << 22);
    ck_ok(smime_encrypt(entity, to, nto, SMIME_AES256_CBC, der, &err));
    ck_ok(spool_seal(der, &err));
    ck_ok(outline_parse(spool_all(der), &limits, &outline, &err));
    ck_ok(outline_sealed(&outline, &limits, &sealed, &err));
    buf_add_span(&twice, sealed.version);
    ber_put_header(&twice, BER_SET, 2 * sealed.recipients.body.len);
    buf_add_span(&twice, sealed.recipients.body);
    buf_add_span(&twice, sealed.recipients.body);
    const char *content = sealed.recipients.all.ptr + sealed.recipients.all.len;
    const struct frame frames[] = {
        {BER_SEQUENCE, outline.type, none},
        {BER_CONTEXT_CONSTRUCTED, none, none},
        {BER_SEQUENCE, buf_span(&twice), {content, (size_t)(outline.body.ptr + outline.body.len - content)}},
    };
    frame_put(frames, SEAL_COUNT(frames), 0, &out, &tail);
    buf_add_span(&out, buf_span(&tail));
    return (struct span){arena_spandup(site->arena, buf_span(&out)), out.len};
}

START_TEST(envelope_for_more_than_can_be_read_passes_as_it_came)
{
    struct cert *to[1000];
    for (size_t i = 0; i < SEAL_COUNT(to); i++)
        to[i] = alice->cert;
    struct span entity = site_crlf(site, "Content-Type: text/plain\n\nORCHID\n");
    site_accepts(site, &(struct site_mail){.from = "bob@their.example",
                                           .to = {"alice@our.example"},
                                           .bytes = site_pkcs7(site, FROM_BOB, doubled(entity, to, 500))});
    ck_assert(has(site_copy(site, 0), "ORCHID"));
    struct span larger = site_pkcs7(site, FROM_BOB, doubled(entity, to, 501));
    site_accepts(
        site, &(struct site_mail){.from = "bob@their.example", .to = {"alice@our.example"}, .bytes = larger});
    ck_assert(span_eq(site_copy(site, 0), larger));
    ck_assert_ptr_nonnull(site->outcome->facts->opaque_why);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/limits");
    TCase *small = tcase_create("small");
    tcase_add_checked_fixture(small, setup_small, teardown);
    tcase_add_test(small, oracle_content_larger_than_the_limit_stays_closed_and_is_cleaned);
    tcase_add_test(small, oracle_opened_copy_larger_than_the_limit_stays_closed_and_is_cleaned);
    tcase_add_test(small, oracle_opened_copy_that_is_too_large_when_encrypted_again_stays_closed);
    suite_add_tcase(s, small);
    TCase *t = tcase_create("limits");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, opened_content_at_the_limits_of_a_header_is_no_refusal);
    tcase_add_test(t, oracle_opened_content_with_too_many_content_fields_stays_closed);
    tcase_add_test(t, recipients_of_one_content_share_one_opened_copy);
    tcase_add_test(t, compressed_content_is_unpacked_once_for_all_recipients);
    tcase_add_test(t, key_of_a_domain_opens_for_all_its_recipients);
    tcase_add_test(t, ten_thousand_recipients_are_served);
    tcase_add_test(t, ten_thousand_recipients_of_a_domain_with_a_certificate_are_served);
    tcase_add_test(t, long_list_of_addresses_costs_little);
    tcase_add_test(t, two_thousand_fields_pass_and_more_are_refused_for_good);
    tcase_add_loop_test(t, long_subject_costs_little, 0, (int)SEAL_COUNT(subjects));
    tcase_add_test(t, envelope_for_more_than_can_be_read_passes_as_it_came);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
