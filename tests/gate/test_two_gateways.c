/*
 * Two gateways in a row with scanners between: the outer one opens and signs off, the inner one closes again for readers who open with
 * their own programs. What one has made is what the other gets.
 */
#include "support/check.h"
#include "support/has.h"
#include "support/site.h"

#include <string.h>

#define ALICE "alice@our.example"
#define ANN   "ann@our.example"
#define BOB   "bob@their.example"
/* In trusted-networks of both: what has passed one is not from outside for the other. */
#define SCANNER "10.1.2.3"
#define TOKEN   "The plaintext token is ORCHID."

static const char outer_policy[] = "our domains our.example\n"
                                   "rule \"in\"\n  when inbound\n  decrypt\n  tag\n"
                                   "rule \"out\"\n  when outbound, possible smime\n  encrypt\n"
                                   "rule \"out, in clear\"\n  when outbound\n  pass\n"
                                   "rule \"house\"\n  when internal\n  pass\n";
static const char inner_policy[] = "our domains our.example\n"
                                   "rule \"closed again\"\n  when internal, possible smime\n  encrypt\n"
                                   "rule \"readable\"\n  when internal\n  pass\n"
                                   "rule \"out\"\n  when outbound\n  sign\n"
                                   "rule \"in\"\n  when inbound\n  pass\n";
static const char reader_policy[] = "our domains our.example, their.example\n"
                                    "rule \"all\"\n  decrypt\n  harvest\n";

static struct site *outer, *inner, *reader;
static struct pki_entity *bob, *alice_outside, *alice_inside;

static void add_user(struct site *site, const char *addr, const struct pki_entity *entity)
{
    struct err err = ERR_INIT;
    const struct user_record user = {.addr = addr, .name = "", .enabled = true, .created = PKI_NOW};
    ck_ok(store_put_user(site->store, &user, &err));
    site_add_cert(site, addr, entity, TRUST_TRUSTED, false);
    site_add_key(site, addr, entity);
}

/* alice has a key on the outer gateway, one for signing on the inner, and one of her own. */
static void setup(void)
{
    outer = site_new(outer_policy);
    inner = site_new(inner_policy);
    reader = site_new(reader_policy);
    alice_outside = site_user(outer, ALICE, PKI_P256);
    bob = site_partner(outer, BOB, PKI_P256);
    alice_inside = site_partner(inner, ALICE, PKI_P256);
    add_user(reader, ALICE, alice_inside);
    add_user(reader, BOB, bob);
}

static void teardown(void)
{
    site_free(&outer);
    site_free(&inner);
    site_free(&reader);
}

static struct span pass(struct site *site, const char *from, const char *to, const char *client,
                        const char *login, struct span bytes)
{
    site_accepts(site, &(struct site_mail){
                           .from = from, .to = {to}, .client = client, .login = login, .bytes = bytes});
    return site_copy_for(site, to);
}

static struct span from_bob(void)
{
    struct span entity = site_signed_entity(outer, "Content-Type: text/plain\n\n" TOKEN "\n", bob, PKI_NOW);
    return site_enveloped(outer, "From: " BOB "\nTo: " ALICE ", " ANN "\nSubject: Hello\n", entity,
                          alice_outside);
}

START_TEST(what_the_outer_has_opened_is_scanned_in_clear_and_closed_again_by_the_inner)
{
    struct span scanned = pass(outer, BOB, ALICE, NULL, NULL, from_bob());
    ck_assert(has(scanned, TOKEN));
    struct span closed = pass(inner, BOB, ALICE, SCANNER, NULL, scanned);
    ck_assert(!has(closed, TOKEN));
    ck_assert(has(closed, "smime-type=enveloped-data"));
    ck_assert(has(pass(reader, BOB, ALICE, NULL, NULL, closed), TOKEN));
}
END_TEST

START_TEST(what_the_outer_says_of_a_message_stays_on_it)
{
    struct span closed =
        pass(inner, BOB, ALICE, SCANNER, NULL, pass(outer, BOB, ALICE, NULL, NULL, from_bob()));
    ck_assert_str_eq(site_field(inner, closed, "Subject", 0), "[secure] [signed OK] Hello");
    ck_assert_ptr_nonnull(site_field(inner, closed, "X-Sealmilter-Status", 0));
    ck_assert_ptr_null(site_field(inner, closed, "X-Sealmilter-Status", 1));
}
END_TEST

START_TEST(what_somebody_else_hands_the_inner_is_not_taken_for_the_outers)
{
    struct span forged =
        site_crlf(inner, "From: " BOB "\nSubject: [secure] Hello\nX-Sealmilter-Status: good\n\nx\n");
    struct span got = pass(inner, BOB, ALICE, NULL, NULL, forged);
    ck_assert_str_eq(site_field(inner, got, "Subject", 0), "Hello");
    ck_assert_ptr_null(site_field(inner, got, "X-Sealmilter-Status", 0));
}
END_TEST

START_TEST(who_has_no_program_of_his_own_reads_what_the_outer_has_opened)
{
    struct span scanned = pass(outer, BOB, ALICE, NULL, NULL, from_bob());
    ck_assert(has(pass(inner, BOB, ANN, SCANNER, NULL, scanned), TOKEN));
}
END_TEST

START_TEST(what_the_inner_has_signed_the_outer_encrypts)
{
    (void)site_user(inner, "dan@our.example", PKI_P256);
    struct span text = site_crlf(inner, "From: dan@our.example\nTo: " BOB "\nSubject: Hello\n\n" TOKEN "\n");
    struct span made = pass(inner, "dan@our.example", BOB, NULL, "dan@our.example", text);
    ck_assert(has(made, "multipart/signed") && has(made, TOKEN));
    struct span closed = pass(outer, "dan@our.example", BOB, SCANNER, NULL, made);
    ck_assert(!has(closed, TOKEN));
    struct span read = pass(reader, "dan@our.example", BOB, NULL, NULL, closed);
    ck_assert(has(read, "multipart/signed") && has(read, TOKEN));
    ck_assert_int_eq(reader->outcome->facts->views[1].signature, SIGNATURE_UNTRUSTED);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/two_gateways");
    TCase *t = tcase_create("two_gateways");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_the_outer_has_opened_is_scanned_in_clear_and_closed_again_by_the_inner);
    tcase_add_test(t, what_the_outer_says_of_a_message_stays_on_it);
    tcase_add_test(t, what_somebody_else_hands_the_inner_is_not_taken_for_the_outers);
    tcase_add_test(t, who_has_no_program_of_his_own_reads_what_the_outer_has_opened);
    tcase_add_test(t, what_the_inner_has_signed_the_outer_encrypts);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
