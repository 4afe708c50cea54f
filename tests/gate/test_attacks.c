/* Tests of attacks in which the cryptography is good and only structure, identity or behaviour is wrong (R7, R8, R10-R13, R16, R17, R20, R32). */
#include "support/armour.h"
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <string.h>

static const char policy[] =
    OUR_DOMAIN "external alias list@our.example\n" IN_OPENED_AND_HARVESTED OUT_PASSES HOUSE_PASSES;

#define FROM_BOB "From: bob@their.example\nTo: alice@our.example\nSubject: Hi\n"
static const char entity[] = "Content-Type: text/plain\n\nORCHID\n";

static struct site *site;
static struct pki_entity *alice, *bob;

static void setup(void)
{
    site = site_new(policy);
    alice = site_user(site, "alice@our.example", PKI_RSA2048);
    bob = pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "bob@their.example", .type = PKI_P256});
}

static void teardown(void)
{
    site_free(&site);
}

static struct span arrive(struct span message)
{
    site_accepts(site, &(struct site_mail){
                           .from = "bob@their.example", .to = {"alice@our.example"}, .bytes = message});
    return site_copy_for(site, "alice@our.example");
}

/* The signature that the status header speaks of; "none" without one. */
static const char *signature_of(struct span copy)
{
    const char *status = site_field(site, copy, "X-Sealmilter-Status", 0);
    const char *at = status == NULL ? NULL : strstr(status, "signature=");
    return at == NULL ? "none" : at + strlen("signature=");
}

static void expect_signature(struct span copy, const char *want, const char *what)
{
    const char *got = signature_of(copy);
    ck_assert_msg(strncmp(got, want, strlen(want)) == 0, "%s: %s", what, got);
    const char *subject = site_field(site, copy, "Subject", 0);
    ck_assert_msg(strstr(subject, "[signed OK]") == NULL, "%s: %s", what, subject);
    ck_assert_uint_eq(site->outcome->neffects, 0);
}

static const struct {
    const char *name, *headers;
} froms[] = {
    {"no From", "To: alice@our.example\nSubject: Hi\n"},
    {"two From fields", "From: bob@their.example\nFrom: ceo@our.example\nSubject: Hi\n"},
    {"the same From twice", "From: bob@their.example\nFrom: bob@their.example\nSubject: Hi\n"},
    {"two mailboxes", "From: bob@their.example, ceo@our.example\nSubject: Hi\n"},
    {"group", "From: Boss: bob@their.example;\nSubject: Hi\n"},
    {"empty", "From: \nSubject: Hi\n"},
    {"encoded-word as address", "From: =?utf-8?Q?bob=40their.example?=\nSubject: Hi\n"},
    {"another address", "From: ceo@our.example\nSubject: Hi\n"},
    {"the address as display name", "From: \"bob@their.example\" <ceo@our.example>\nSubject: Hi\n"},
    {"the address in a comment", "From: ceo@our.example (bob@their.example)\nSubject: Hi\n"},
    {"other case of the local part", "From: BOB@their.example\nSubject: Hi\n"},
};

START_TEST(identity_signature_counts_only_for_the_one_from_that_the_certificate_holds)
{
    struct span copy = arrive(site_signed(site, froms[_i].headers, entity, bob));
    expect_signature(copy, "mismatch", froms[_i].name);
}
END_TEST

START_TEST(identity_address_in_the_subject_name_alone_does_not_count)
{
    struct pki_entity *dn =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.san = "none", .dn_email = "bob@their.example"});
    expect_signature(arrive(site_signed(site, FROM_BOB, entity, dn)), "mismatch", "DN e-mail");
}
END_TEST

/* R8: names that one reader takes for bob's and the next does not. */
static const struct {
    const char *name;
    struct pki_spec spec;
} identities[] = {
    {"NUL behind the address", {.raw_email = SPAN_LIT("bob@their.example\0.evil.example")}},
    {"blank behind the address", {.raw_email = SPAN_LIT("bob@their.example ")}},
    {"blank before the address", {.raw_email = SPAN_LIT(" bob@their.example")}},
    {"line end behind the address", {.raw_email = SPAN_LIT("bob@their.example\r\n")}},
    {"angle brackets", {.raw_email = SPAN_LIT("<bob@their.example>")}},
    {"display name", {.raw_email = SPAN_LIT("Bob <bob@their.example>")}},
    {"two addresses in one name", {.raw_email = SPAN_LIT("eve@their.example,bob@their.example")}},
    {"wildcard", {.raw_email = SPAN_LIT("*@their.example")}},
    {"domain only", {.san = "DNS:their.example"}},
    {"as a URI", {.san = "URI:mailto:bob@their.example"}},
    {"other local part", {.email = "bo@their.example"}},
    {"sub-domain", {.email = "bob@sub.their.example"}},
    {"as common name", {.name = "bob@their.example", .email = "eve@their.example"}},
};

START_TEST(identity_counts_only_for_a_certificate_that_holds_exactly_the_address)
{
    struct pki_entity *signer = pki_leaf(site->pki, site->root, &identities[_i].spec);
    expect_signature(arrive(site_signed(site, FROM_BOB, entity, signer)), "mismatch", identities[_i].name);
}
END_TEST

static const struct {
    const char *name, *before, *after;
} wrappings[] = {
    {"mixed", "Content-Type: multipart/mixed; boundary=w\n\n--w\n",
     "\n--w\nContent-Type: text/plain\n\nPay now\n--w--\n"},
    {"alternative",
     "Content-Type: multipart/alternative; boundary=w\n\n--w\nContent-Type: text/html\n\nPay now\n--w\n",
     "\n--w--\n"},
    {"related",
     "Content-Type: multipart/related; boundary=w\n\n--w\nContent-Type: text/html\n\nPay now\n--w\n",
     "\n--w--\n"},
    {"signed alone in mixed", "Content-Type: multipart/mixed; boundary=w\n\n--w\n", "\n--w--\n"},
};

START_TEST(wrapped_signature_covers_a_part_only)
{
    struct span inner = site_signed_entity(site, entity, bob, PKI_NOW);
    char *message = arena_printf(site->arena, "%s%s%s%s", site_crlf(site, FROM_BOB "MIME-Version: 1.0\n").ptr,
                                 site_crlf(site, wrappings[_i].before).ptr, inner.ptr,
                                 site_crlf(site, wrappings[_i].after).ptr);
    expect_signature(arrive(span_of(message)), "partial", wrappings[_i].name);
}
END_TEST

/* In quoted-printable, as Exchange would have it. */
static const char *quoted(const char *text)
{
    char *out = arena_alloc(site->arena, 3 * strlen(text) + 1), *at = out;
    for (; *text != '\0'; text++)
        at = stpcpy(at, *text == '=' ? "=3D" : (const char[]){*text, '\0'});
    return out;
}

/* R10: who signs another's ciphertext has not written what is in it. */
START_TEST(signature_over_openpgp_ciphertext_says_nothing)
{
#define PGP_MIME                                                                                             \
    "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=p\n\n--p\n"         \
    "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--p\nContent-Type: application/octet-stream\n"
    const char *const ciphertexts[] = {
        "Content-Type: text/plain\n\n" PGP_ARMOUR,
        arena_printf(site->arena,
                     "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n%s",
                     quoted(PGP_ARMOUR)),
        PGP_MIME "\n" PGP_ARMOUR "--p--\n",
        arena_printf(site->arena, PGP_MIME "Content-Transfer-Encoding: quoted-printable\n\n%s--p--\n",
                     quoted(PGP_ARMOUR))};
    for (size_t i = 0; i < SEAL_COUNT(ciphertexts); i++) {
        expect_signature(arrive(site_signed(site, FROM_BOB, ciphertexts[i], bob)), "none", ciphertexts[i]);
        ck_assert_int_eq(site->outcome->facts->encrypted_by, METHOD_OPENPGP);
        struct span opaque = site_signed_opaque(site, FROM_BOB, ciphertexts[i], bob);
        expect_signature(arrive(opaque), "none", ciphertexts[i]);
        ck_assert_int_eq(site->outcome->facts->encrypted_by, METHOD_OPENPGP);
    }
}
END_TEST

START_TEST(openpgp_signature_that_a_list_wrapped_is_no_invalid_one)
{
    struct span copy = arrive(
        site_crlf(site, FROM_BOB
                  "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=w\n\n--w\n"
                  "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=p\n\n"
                  "--p\n\nHello\n--p\nContent-Type: application/pgp-signature\n\nx\n--p--\n"
                  "--w\n\nfooter\n--w--\n"));
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "Hi");
    ck_assert_ptr_null(site->outcome->copies[0]);
}
END_TEST

START_TEST(footer_behind_a_signed_message_is_not_covered)
{
    struct span message = site_signed(site, FROM_BOB, entity, bob);
    const char *more =
        arena_printf(site->arena, "%.*sPay to another account\r\n", (int)message.len, message.ptr);
    expect_signature(arrive(span_of(more)), "partial", "epilogue");
}
END_TEST

/* As the detached form: the envelope inside opens, and its signature outside is not looked at. */
START_TEST(opaque_signature_is_verified_but_not_around_an_envelope)
{
    struct span copy = arrive(site_signed_opaque(site, FROM_BOB, entity, bob));
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[signed OK] Hi");
    struct span enveloped = site_enveloped(site, "", site_crlf(site, entity), alice);
    copy = arrive(site_signed_opaque(site, FROM_BOB, site_entity(site, enveloped), bob));
    expect_signature(copy, "none", "opaque around an envelope");
    ck_assert(has(copy, "ORCHID"));
}
END_TEST

START_TEST(third_part_in_multipart_signed_is_no_signature)
{
    struct span message = site_signed(site, FROM_BOB, entity, bob);
    size_t end = span_find(message, "--sig--", 7, 0);
    const char *more =
        arena_printf(site->arena, "%.*s--sig\r\nContent-Type: text/plain\r\n\r\nPay\r\n--sig--\r\n", (int)end,
                     message.ptr);
    expect_signature(arrive(span_of(more)), "bad", "third part");
}
END_TEST

static const struct {
    const char *name;
    int64_t when;
} times[] = {
    {"in the future", PKI_NOW + 3600},
    {"two months ago", PKI_NOW - 60 * PKI_DAY},
};

START_TEST(signing_time_far_from_now_is_not_good)
{
    struct span inner = site_signed_entity(site, entity, bob, times[_i].when);
    char *message =
        arena_printf(site->arena, "%s%s", site_crlf(site, FROM_BOB "MIME-Version: 1.0\n").ptr, inner.ptr);
    expect_signature(arrive(span_of(message)), "bad", times[_i].name);
}
END_TEST

START_TEST(signing_time_far_from_date_is_not_good)
{
    struct span message = site_signed(site, FROM_BOB "Date: Thu, 02 Oct 2025 10:00:00 +0000\n", entity, bob);
    expect_signature(arrive(message), "bad", "Date");
}
END_TEST

/* R13: ciphertext below the root stays what it is. */
START_TEST(efail_ciphertext_beside_other_text_is_never_opened)
{
    struct span enveloped = site_enveloped(site, "", site_crlf(site, entity), alice);
    size_t type = span_find(enveloped, "Content-Type", 12, 0);
    for (size_t i = 0; i < SEAL_COUNT(wrappings); i++) {
        char *message =
            arena_printf(site->arena, "%s%s%s%s", site_crlf(site, FROM_BOB "MIME-Version: 1.0\n").ptr,
                         site_crlf(site, wrappings[i].before).ptr, enveloped.ptr + type,
                         site_crlf(site, wrappings[i].after).ptr);
        ck_assert_msg(!has(arrive(span_of(message)), "ORCHID"), "%s", wrappings[i].name);
        ck_assert_msg(!has(site_copy(site, 0), "auth="), "%s", wrappings[i].name);
    }
}
END_TEST

static const struct {
    const char *name, *headers;
} ambiguous[] = {
    {"two Content-Types", "Content-Type: text/plain\n"},
    {"two encodings", "Content-Transfer-Encoding: 7bit\n"},
};

START_TEST(ambiguous_structure_stays_closed)
{
    const char *headers = arena_printf(site->arena, FROM_BOB "%s", ambiguous[_i].headers);
    struct span copy = arrive(site_enveloped(site, headers, site_crlf(site, entity), alice));
    ck_assert_msg(!has(copy, "ORCHID"), "%s", ambiguous[_i].name);
}
END_TEST

START_TEST(signature_inside_an_unauthenticated_envelope_of_another_is_no_authentication)
{
    struct pki_entity *mallory =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "mallory@their.example"});
    struct span inner = site_signed_entity(site, entity, mallory, PKI_NOW);
    struct span copy = arrive(site_enveloped(site, FROM_BOB, inner, alice));
    const char *status = site_field(site, copy, "X-Sealmilter-Status", 0);
    ck_assert_ptr_nonnull(strstr(status, "encryption=unauthenticated; auth=none; signature=mismatch"));
}
END_TEST

/* R17: good, and broken in six ways: the same verdict, the same number of copies, nothing said outward. */
static void break_message(char *text, size_t n, int how)
{
    char *base64 = memmem(text, n, "\r\n\r\n", 4);
    size_t body = n - (size_t)(base64 - text);
    static const double at[] = {0.30, 0.45, 0.60, 0.75, 0.90, 0.97};
    char *c = base64 + (size_t)((double)body * at[how]);
    while (*c == '\r' || *c == '\n' || *c == '=')
        c--;
    *c = *c == 'A' ? 'B' : 'A';
}

START_TEST(oracle_broken_variants_look_like_the_good_one)
{
    struct span inner = site_crlf(
        site, "Content-Type: text/plain\n\nA text that is long enough to fill some blocks of the cipher, "
              "so that every one of them can be broken at a place of its own.\n");
    struct span good = site_enveloped(site, FROM_BOB, inner, alice);
    for (int how = 0; how < 6; how++) {
        char *copy = arena_spandup(site->arena, good);
        break_message(copy, good.len, how);
        arrive((struct span){copy, good.len});
        ck_assert_ptr_null(site->outcome->reply);
        ck_assert_uint_eq(site->outcome->plan->ncopies, 1);
        ck_assert(site->outcome->plan->copies[0].in_place);
        ck_assert_uint_eq(site->outcome->neffects, 0);
    }
}
END_TEST

/* Whatever comes: it is served, or refused for good; the sanitizers see the rest. */
static void serve_or_refuse(struct span message)
{
    static const struct site_mail mails[] = {
        {.from = "bob@their.example", .to = {"alice@our.example"}},
        {.from = "alice@our.example", .login = "alice@our.example", .to = {"bob@their.example"}},
    };
    for (size_t i = 0; i < SEAL_COUNT(mails); i++) {
        struct site_mail mail = mails[i];
        mail.bytes = message;
        if (site_run(site, &mail) < 0)
            ck_assert_msg(err_class(site->err.code) == ERR_CLASS_PERMANENT, "%s", site->err.msg);
        else
            ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    }
}

START_TEST(message_cut_anywhere_is_served_or_refused)
{
    struct span inner = site_signed_entity(site, entity, bob, PKI_NOW);
    struct span messages[] = {site_enveloped(site, FROM_BOB, inner, alice),
                              site_signed(site, FROM_BOB, entity, bob)};
    site_policy(site, "our domains our.example\n"
                      "rule \"in\"\n    when inbound\n    decrypt\n    harvest\n    tag\n"
                      "rule \"out\"\n    when outbound\n    sign if possible\n    encrypt if possible\n"
                      "rule \"house\"\n    when internal\n    pass\n");
    site_partner(site, "bob@their.example", PKI_P256);
    for (size_t i = 0; i < SEAL_COUNT(messages); i++)
        for (size_t n = 0; n < messages[i].len; n += n < 300 ? 1 : 29)
            serve_or_refuse(span_sub(messages[i], 0, n));
}
END_TEST

/* R51: what is opened never leaves the site through an alias. */
START_TEST(alias_that_leaves_the_site_gets_ciphertext)
{
    struct pki_entity *list = site_user(site, "list@our.example", PKI_RSA2048);
    struct span message = site_enveloped(site, FROM_BOB, site_crlf(site, entity), list);
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "bob@their.example",
                                                        .to = {"list@our.example"},
                                                        .bytes = message}),
                     0);
    ck_assert(!has(site_copy_for(site, "list@our.example"), "ORCHID"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/attacks");
    TCase *t = tcase_create("attacks");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, identity_signature_counts_only_for_the_one_from_that_the_certificate_holds, 0,
                        (int)SEAL_COUNT(froms));
    tcase_add_test(t, identity_address_in_the_subject_name_alone_does_not_count);
    tcase_add_loop_test(t, identity_counts_only_for_a_certificate_that_holds_exactly_the_address, 0,
                        (int)SEAL_COUNT(identities));
    tcase_add_loop_test(t, wrapped_signature_covers_a_part_only, 0, (int)SEAL_COUNT(wrappings));
    tcase_add_test(t, signature_over_openpgp_ciphertext_says_nothing);
    tcase_add_test(t, openpgp_signature_that_a_list_wrapped_is_no_invalid_one);
    tcase_add_test(t, footer_behind_a_signed_message_is_not_covered);
    tcase_add_test(t, opaque_signature_is_verified_but_not_around_an_envelope);
    tcase_add_test(t, third_part_in_multipart_signed_is_no_signature);
    tcase_add_loop_test(t, signing_time_far_from_now_is_not_good, 0, (int)SEAL_COUNT(times));
    tcase_add_test(t, signing_time_far_from_date_is_not_good);
    tcase_add_test(t, efail_ciphertext_beside_other_text_is_never_opened);
    tcase_add_loop_test(t, ambiguous_structure_stays_closed, 0, (int)SEAL_COUNT(ambiguous));
    tcase_add_test(t, signature_inside_an_unauthenticated_envelope_of_another_is_no_authentication);
    tcase_add_test(t, oracle_broken_variants_look_like_the_good_one);
    tcase_add_test(t, message_cut_anywhere_is_served_or_refused);
    tcase_add_test(t, alias_that_leaves_the_site_gets_ciphertext);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
