/* Tests of which certificate is encrypted to, and which key signs: every clause of R27, and "could not find out" (R23). */
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <string.h>

static const char policy[] = OUR_DOMAIN KEYWORD_CONFIDENTIAL "rule \"secret\"\n"
                                                             "    when outbound, keyword confidential\n"
                                                             "    encrypt\n" OUT_IF_POSSIBLE "rule \"in\"\n"
                                                             "    when inbound\n"
                                                             "    decrypt\n" HOUSE_PASSES;

#define BOB "bob@their.example"
#define DAY PKI_DAY

static struct site *site;
static struct pki_entity *alice, *stranger;

static void setup(void)
{
    site = site_new(policy);
    alice = site_user(site, "alice@our.example", PKI_P256);
    stranger = pki_root(site->pki, &(struct pki_spec){.name = "Unknown Root"});
}

static void teardown(void)
{
    site_free(&site);
}

static void send_to(const char *addr, const char *subject)
{
    const char *text =
        arena_printf(site->arena, "From: alice@our.example\nTo: %s\nSubject: %s\n\nORCHID\n", addr, subject);
    site_answers(site,
                 &(struct site_mail){
                     .from = "alice@our.example", .login = "alice@our.example", .to = {addr}, .text = text});
}

static bool is_noted(const char *text)
{
    const struct decision *decision = &site->outcome->decisions[0];
    for (size_t i = 0; i < decision->nwhy; i++)
        if (strstr(decision->why[i], text) != NULL)
            return true;
    return false;
}

/* Required encryption goes to this certificate; NULL: it is refused, and this is why. */
static void expect(const char *name, const char *addr, const struct pki_entity *chosen, const char *why)
{
    send_to(addr, "[confidential] Hi");
    if (chosen == NULL) {
        ck_assert_msg(site->outcome->verdict == VERDICT_REJECT, "%s is used", name);
        ck_assert_msg(is_noted(why), "%s: %s", name, site->outcome->decisions[0].why[0]);
        ck_assert_int_eq(strncmp(site->outcome->reply, "550 5.7.4", 9), 0);
        return;
    }
    ck_assert_msg(site->outcome->verdict == VERDICT_ACCEPT, "%s is not used: %s", name,
                  site->outcome->decisions[0].why[0]);
    ck_assert(!has(site_copy(site, 0), "ORCHID"));
    const struct copy *copy = &site->outcome->plan->copies[0];
    ck_assert_msg(strcmp(copy->ops[copy->nops - 1].fp[0], cert_info(chosen->cert)->fingerprint) == 0, "%s",
                  name);
}

/* ---- one certificate ---- */

enum issuer {
    BY_ROOT,
    BY_STRANGER,
    BY_ITSELF,
    BY_KNOWN_CA,
    BY_UNKNOWN_CA,
    BY_CONSTRAINED_CA,
    BY_SERVER_CA,
};

enum handling {
    AS_FOUND = 0, /* harvested or imported */
    PINNED,       /* trusted by hand */
    REJECTED,     /* by hand */
};

static const struct {
    const char *name;
    struct pki_spec spec;
    enum issuer issuer;
    enum handling handling;
    const char *why; /* NULL: it is used */
} rows[] = {
    {"a good one", {.email = BOB}, BY_ROOT, AS_FOUND, NULL},
    {"P-384", {.email = BOB, .type = PKI_P384}, BY_ROOT, AS_FOUND, NULL},
    {"RSA", {.email = BOB, .type = PKI_RSA2048}, BY_ROOT, AS_FOUND, NULL},
    /* validity */
    {"expired",
     {.email = BOB, .not_before = PKI_NOW - 9 * DAY, .not_after = PKI_NOW - DAY},
     BY_ROOT,
     AS_FOUND,
     "expired 2025-12-31"},
    {"not yet valid",
     {.email = BOB, .not_before = PKI_NOW + DAY, .not_after = PKI_NOW + 9 * DAY},
     BY_ROOT,
     AS_FOUND,
     "valid only from 2026-01-02"},
    {"in its first second",
     {.email = BOB, .not_before = PKI_NOW, .not_after = PKI_NOW + DAY},
     BY_ROOT,
     AS_FOUND,
     NULL},
    {"about to expire",
     {.email = BOB, .not_before = PKI_NOW - DAY, .not_after = PKI_NOW + 1},
     BY_ROOT,
     AS_FOUND,
     NULL},
    {"expired, trusted by hand",
     {.email = BOB, .not_before = PKI_NOW - 9 * DAY, .not_after = PKI_NOW - DAY},
     BY_ROOT,
     PINNED,
     "expired"},
    /* usage */
    {"for signing only",
     {.email = BOB, .key_usage = "digitalSignature"},
     BY_ROOT,
     AS_FOUND,
     "may not be used to encrypt"},
    {"EC for key transport only",
     {.email = BOB, .key_usage = "keyEncipherment"},
     BY_ROOT,
     AS_FOUND,
     "may not be used to encrypt"},
    {"RSA for key agreement only",
     {.email = BOB, .type = PKI_RSA2048, .key_usage = "keyAgreement"},
     BY_ROOT,
     AS_FOUND,
     "may not be used to encrypt"},
    {"without key usage", {.email = BOB, .key_usage = "none"}, BY_ROOT, AS_FOUND, NULL},
    {"for signing only, trusted by hand",
     {.email = BOB, .key_usage = "digitalSignature"},
     BY_ROOT,
     PINNED,
     "may not be used to encrypt"},
    /* extended key usage */
    {"of a web server", {.email = BOB, .eku = "serverAuth"}, BY_ROOT, AS_FOUND, "may not be used to encrypt"},
    {"of a web server, trusted by hand",
     {.email = BOB, .eku = "serverAuth"},
     BY_ROOT,
     PINNED,
     "may not be used to encrypt"},
    {"for anything", {.email = BOB, .eku = "anyExtendedKeyUsage"}, BY_ROOT, AS_FOUND, NULL},
    {"without extended key usage", {.email = BOB, .eku = "none"}, BY_ROOT, AS_FOUND, NULL},
    {"from a CA for web servers", {.email = BOB}, BY_SERVER_CA, AS_FOUND, "not for e-mail"},
    /* chain */
    {"of an unknown root", {.email = BOB}, BY_STRANGER, AS_FOUND, "is not trusted"},
    {"self-signed", {.email = BOB}, BY_ITSELF, AS_FOUND, "is not trusted"},
    {"of a known intermediate", {.email = BOB}, BY_KNOWN_CA, AS_FOUND, NULL},
    {"of an unknown intermediate", {.email = BOB}, BY_UNKNOWN_CA, AS_FOUND, "is not trusted"},
    {"outside of its CA's constraints",
     {.email = BOB},
     BY_CONSTRAINED_CA,
     AS_FOUND,
     "is not trusted: permitted subtree violation"},
    {"signed with SHA-1", {.email = BOB, .digest = "SHA1"}, BY_ROOT, AS_FOUND, "is not trusted"},
    {"self-signed, trusted by hand", {.email = BOB}, BY_ITSELF, PINNED, NULL},
    {"of an unknown root, trusted by hand", {.email = BOB}, BY_STRANGER, PINNED, NULL},
    /* name */
    {"of another", {.email = "eve@their.example"}, BY_ROOT, AS_FOUND, "does not hold the address"},
    {"with two addresses", {.email = "eve@their.example", .email2 = BOB}, BY_ROOT, AS_FOUND, NULL},
    {"with the address in other case", {.email = "Bob@Their.Example"}, BY_ROOT, AS_FOUND, NULL},
    {"with the address in its subject only",
     {.san = "none", .dn_email = BOB},
     BY_ROOT,
     AS_FOUND,
     "does not hold the address"},
    {"with the domain only", {.san = "DNS:their.example"}, BY_ROOT, AS_FOUND, "does not hold the address"},
    {"with NUL behind the address",
     {.raw_email = SPAN_LIT(BOB "\0.evil.example")},
     BY_ROOT,
     AS_FOUND,
     "does not hold the address"},
    {"with a blank behind the address",
     {.raw_email = SPAN_LIT(BOB " ")},
     BY_ROOT,
     AS_FOUND,
     "does not hold the address"},
    {"of another, given to the address by hand", {.email = "eve@their.example"}, BY_ROOT, PINNED, NULL},
    /* strength */
    {"RSA of 1024 bits",
     {.email = BOB, .type = PKI_RSA1024},
     BY_ROOT,
     AS_FOUND,
     "RSA key of 1024 bits, at least 2048"},
    {"RSA of 1024 bits, trusted by hand",
     {.email = BOB, .type = PKI_RSA1024},
     BY_ROOT,
     PINNED,
     "RSA key of 1024 bits, at least 2048"},
    {"Ed25519", {.email = BOB, .type = PKI_ED25519, .key_usage = "none"}, BY_ROOT, AS_FOUND, ""},
    {"Ed25519, trusted by hand",
     {.email = BOB, .type = PKI_ED25519, .key_usage = "none"},
     BY_ROOT,
     PINNED,
     ""},
    {"RSA-PSS, trusted by hand",
     {.email = BOB, .type = PKI_RSA_PSS, .key_usage = "none"},
     BY_ROOT,
     PINNED,
     "not supported"},
    /* rejected */
    {"rejected", {.email = BOB}, BY_ROOT, REJECTED, "was rejected by hand"},
};

static struct pki_entity *issue(enum issuer issuer, const struct pki_spec *spec)
{
    struct err err = ERR_INIT;
    struct pki_spec ca = {.name = "Intermediate"};
    if (issuer == BY_ITSELF)
        return pki_self(site->pki, spec);
    if (issuer == BY_ROOT || issuer == BY_STRANGER)
        return pki_leaf(site->pki, issuer == BY_ROOT ? site->root : stranger, spec);
    if (issuer == BY_CONSTRAINED_CA)
        ca.constraints = "permitted;email:other.example";
    if (issuer == BY_SERVER_CA)
        ca.eku = "serverAuth";
    struct pki_entity *between = pki_ca(site->pki, site->root, &ca);
    const struct ca_record record = {.fingerprint = cert_info(between->cert)->fingerprint,
                                     .der = between->der};
    if (issuer != BY_UNKNOWN_CA)
        ck_ok(store_put_ca(site->store, &record, &err));
    return pki_leaf(site->pki, between, spec);
}

static void keep(const char *addr, const struct pki_entity *entity, enum handling handling)
{
    static const enum trust trusts[] = {TRUST_UNTRUSTED, TRUST_TRUSTED, TRUST_REJECTED};
    site_add_cert(site, addr, entity, trusts[handling], handling != AS_FOUND);
}

START_TEST(certificate_is_used_only_when_all_of_it_is_good)
{
    struct pki_entity *entity = issue(rows[_i].issuer, &rows[_i].spec);
    keep(BOB, entity, rows[_i].handling);
    expect(rows[_i].name, BOB, rows[_i].why == NULL ? entity : NULL, rows[_i].why);
    send_to(BOB, "Hi");
    ck_assert_int_eq(has(site_copy(site, 0), "ORCHID"), rows[_i].why != NULL);
}
END_TEST

START_TEST(address_without_certificate_is_refused_where_encryption_is_required)
{
    expect("none", BOB, NULL, "no certificate is known");
}
END_TEST

START_TEST(floor_for_rsa_keys_can_be_set)
{
    site_free(&site);
    site = site_new_with(policy, "min-rsa-bits = 3072\n");
    site_user(site, "alice@our.example", PKI_P256);
    keep(BOB, pki_leaf(site->pki, site->root, &(struct pki_spec){.email = BOB, .type = PKI_RSA2048}), PINNED);
    expect("2048 bits", BOB, NULL, "RSA key of 2048 bits, at least 3072");
    struct pki_entity *longer =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = BOB, .type = PKI_RSA3072});
    keep(BOB, longer, PINNED);
    expect("3072 bits", BOB, longer, NULL);
}
END_TEST

/* ---- several ---- */

static struct pki_entity *of_age(int days, enum pki_key type)
{
    return pki_leaf(site->pki, site->root,
                    &(struct pki_spec){.email = BOB, .type = type, .not_before = PKI_NOW - days * DAY});
}

START_TEST(newest_wins_whatever_came_last)
{
    struct pki_entity *newest = of_age(1, PKI_P256);
    keep(BOB, of_age(300, PKI_RSA4096), AS_FOUND);
    keep(BOB, newest, AS_FOUND);
    keep(BOB, of_age(30, PKI_RSA2048), AS_FOUND);
    expect("newest", BOB, newest, NULL);
}
END_TEST

START_TEST(strongest_of_equally_new_ones_wins)
{
    struct pki_entity *strongest = of_age(10, PKI_RSA4096);
    keep(BOB, of_age(10, PKI_RSA2048), AS_FOUND);
    keep(BOB, strongest, AS_FOUND);
    keep(BOB, of_age(10, PKI_RSA3072), AS_FOUND);
    expect("strongest", BOB, strongest, NULL);
}
END_TEST

START_TEST(newer_one_that_is_not_good_does_not_stand_in_the_way)
{
    struct pki_entity *good = of_age(300, PKI_P256);
    keep(BOB, good, AS_FOUND);
    keep(BOB, of_age(1, PKI_P256), REJECTED);
    keep(BOB, of_age(2, PKI_RSA1024), AS_FOUND);
    keep(BOB,
         pki_leaf(
             site->pki, site->root,
             &(struct pki_spec){.email = BOB, .not_before = PKI_NOW - 9 * DAY, .not_after = PKI_NOW - DAY}),
         AS_FOUND);
    keep(BOB, pki_leaf(site->pki, stranger, &(struct pki_spec){.email = BOB, .not_before = PKI_NOW - DAY}),
         AS_FOUND);
    keep(BOB, pki_leaf(site->pki, site->root, &(struct pki_spec){.email = BOB, .not_before = PKI_NOW + DAY}),
         AS_FOUND);
    expect("older but good", BOB, good, NULL);
}
END_TEST

START_TEST(one_that_is_trusted_by_hand_wins_over_newer_ones)
{
    struct pki_entity *pinned =
        pki_self(site->pki, &(struct pki_spec){.email = BOB, .not_before = PKI_NOW - 300 * DAY});
    keep(BOB, of_age(1, PKI_RSA4096), AS_FOUND);
    keep(BOB, pinned, PINNED);
    expect("pinned", BOB, pinned, NULL);
}
END_TEST

START_TEST(certificate_that_expires_between_two_messages_is_used_no_more)
{
    struct pki_entity *entity =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = BOB, .not_after = PKI_NOW + 10});
    keep(BOB, entity, AS_FOUND);
    expect("still valid", BOB, entity, NULL);
    const struct site_mail later = {.from = "alice@our.example",
                                    .login = "alice@our.example",
                                    .to = {BOB},
                                    .text = "From: alice@our.example\nSubject: [confidential]\n\nx\n",
                                    .now = PKI_NOW + 11};
    ck_assert_int_eq(site_run(site, &later), 0);
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
}
END_TEST

/* The chain's verdict is remembered; it must not outlive a certificate of the path. */
START_TEST(ca_that_expires_between_two_messages_is_trusted_no_more)
{
    struct err err = ERR_INIT;
    struct pki_entity *ca = pki_ca(site->pki, site->root, &(struct pki_spec){.not_after = PKI_NOW + 10});
    const struct ca_record record = {.fingerprint = cert_info(ca->cert)->fingerprint, .der = ca->der};
    ck_ok(store_put_ca(site->store, &record, &err));
    struct pki_entity *entity = pki_leaf(site->pki, ca, &(struct pki_spec){.email = BOB});
    keep(BOB, entity, AS_FOUND);
    expect("its CA is still valid", BOB, entity, NULL);
    const struct site_mail later = {.from = "alice@our.example",
                                    .login = "alice@our.example",
                                    .to = {BOB},
                                    .text = "From: alice@our.example\nSubject: [confidential]\n\nx\n",
                                    .now = PKI_NOW + 11};
    ck_assert_int_eq(site_run(site, &later), 0);
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
}
END_TEST

/* ---- a domain's ---- */

START_TEST(certificate_of_a_domain_serves_its_addresses_when_they_have_none)
{
    struct pki_entity *domain =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "gate@their.example"});
    keep("@their.example", domain, PINNED);
    expect("domain", BOB, domain, NULL);
    expect("sub-domain", "bob@sub.their.example", NULL, "no certificate is known");
    expect("longer name", "bob@nottheir.example", NULL, "no certificate is known");
    struct pki_entity *own = of_age(1, PKI_P256);
    keep(BOB, own, AS_FOUND);
    expect("own", BOB, own, NULL);
}
END_TEST

/* Anybody can have such a one learned, by a message with Bob's address in From. */
START_TEST(own_certificate_of_no_use_does_not_hide_that_of_the_domain)
{
    struct pki_entity *domain =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "gate@their.example"});
    keep("@their.example", domain, PINNED);
    keep(BOB, pki_self(site->pki, &(struct pki_spec){.email = BOB}), AS_FOUND);
    expect("of nobody's", BOB, domain, NULL);
    keep(BOB, of_age(1, PKI_P256), REJECTED);
    expect("rejected", BOB, domain, NULL);
}
END_TEST

START_TEST(certificate_of_a_domain_must_be_trusted_by_hand)
{
    keep("@their.example", pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "gate@their.example"}),
         AS_FOUND);
    expect("not pinned", BOB, NULL, "does not hold the address");
}
END_TEST

/* ---- could not find out ---- */

START_TEST(damaged_certificate_defers_and_never_sends_in_clear)
{
    struct pki_entity *entity = of_age(1, PKI_P256);
    char *der = arena_spandup(site->arena, entity->der);
    der[entity->der.len / 2] ^= 0x55;
    struct pki_entity damaged = *entity;
    damaged.der = (struct span){der, entity->der.len - 3};
    keep(BOB, &damaged, AS_FOUND);
    static const char *const subjects[] = {"Hi", "[confidential] Hi"};
    for (size_t i = 0; i < SEAL_COUNT(subjects); i++) {
        send_to(BOB, subjects[i]);
        ck_assert_int_eq(site->outcome->verdict, VERDICT_TEMPFAIL);
        ck_assert_int_eq(strncmp(site->outcome->reply, "451 4.3.0", 9), 0);
    }
}
END_TEST

START_TEST(damaged_private_key_defers)
{
    struct err err = ERR_INIT;
    struct pki_entity *dan = pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "dan@our.example"});
    struct user_record user = {.addr = "dan@our.example", .name = "", .enabled = true};
    const struct key_record key = {.fingerprint = cert_info(dan->cert)->fingerprint,
                                   .owner = "dan@our.example",
                                   .public_key = cert_public(dan->cert),
                                   .wrapped = SPAN_LIT("no key at all")};
    ck_ok(store_put_user(site->store, &user, &err));
    site_add_cert(site, "dan@our.example", dan, TRUST_TRUSTED, false);
    ck_ok(store_put_key(site->store, &key, &err));
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "dan@our.example",
                                                        .login = "dan@our.example",
                                                        .to = {BOB},
                                                        .text = "From: dan@our.example\n\nx\n"}),
                     0);
    ck_assert_int_eq(site->outcome->verdict, VERDICT_TEMPFAIL);
    struct span message = site_enveloped(site, "From: bob@their.example\n",
                                         SPAN_LIT("Content-Type: text/plain\r\n\r\nx\r\n"), dan);
    ck_assert_int_lt(
        site_run(site, &(struct site_mail){.from = BOB, .to = {"dan@our.example"}, .bytes = message}), 0);
    ck_assert_int_eq(err_class(site->err.code), ERR_CLASS_TEMPORARY);
}
END_TEST

/* ---- signing ---- */

static const struct {
    const char *name;
    struct pki_spec spec;
    enum handling handling;
    bool used;
} signers[] = {
    {"a good one", {.email = "dan@our.example"}, AS_FOUND, true},
    {"expired",
     {.email = "dan@our.example", .not_before = PKI_NOW - 9 * DAY, .not_after = PKI_NOW - DAY},
     AS_FOUND,
     false},
    {"not yet valid", {.email = "dan@our.example", .not_before = PKI_NOW + DAY}, AS_FOUND, false},
    {"for encryption only", {.email = "dan@our.example", .key_usage = "keyAgreement"}, AS_FOUND, false},
    {"of a web server", {.email = "dan@our.example", .eku = "serverAuth"}, AS_FOUND, false},
    {"of another", {.email = "alice@our.example"}, AS_FOUND, false},
    {"of another, trusted by hand", {.email = "alice@our.example"}, PINNED, false},
    {"RSA of 1024 bits", {.email = "dan@our.example", .type = PKI_RSA1024}, AS_FOUND, false},
    {"rejected", {.email = "dan@our.example"}, REJECTED, false},
};

START_TEST(key_signs_only_with_a_certificate_that_may)
{
    struct err err = ERR_INIT;
    struct pki_entity *dan = pki_leaf(site->pki, site->root, &signers[_i].spec);
    struct user_record user = {.addr = "dan@our.example", .name = "", .enabled = true};
    ck_ok(store_put_user(site->store, &user, &err));
    keep("dan@our.example", dan, signers[_i].handling);
    site_add_key(site, "dan@our.example", dan);
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "dan@our.example",
                                                        .login = "dan@our.example",
                                                        .to = {BOB},
                                                        .text = "From: dan@our.example\n\nx\n"}),
                     0);
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    ck_assert_msg(has(site_copy(site, 0), "multipart/signed") == signers[_i].used, "%s", signers[_i].name);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/selection");
    TCase *t = tcase_create("selection");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, certificate_is_used_only_when_all_of_it_is_good, 0, (int)SEAL_COUNT(rows));
    tcase_add_test(t, address_without_certificate_is_refused_where_encryption_is_required);
    tcase_add_test(t, floor_for_rsa_keys_can_be_set);
    tcase_add_test(t, newest_wins_whatever_came_last);
    tcase_add_test(t, strongest_of_equally_new_ones_wins);
    tcase_add_test(t, newer_one_that_is_not_good_does_not_stand_in_the_way);
    tcase_add_test(t, one_that_is_trusted_by_hand_wins_over_newer_ones);
    tcase_add_test(t, certificate_that_expires_between_two_messages_is_used_no_more);
    tcase_add_test(t, ca_that_expires_between_two_messages_is_trusted_no_more);
    tcase_add_test(t, certificate_of_a_domain_serves_its_addresses_when_they_have_none);
    tcase_add_test(t, own_certificate_of_no_use_does_not_hide_that_of_the_domain);
    tcase_add_test(t, certificate_of_a_domain_must_be_trusted_by_hand);
    tcase_add_test(t, damaged_certificate_defers_and_never_sends_in_clear);
    tcase_add_test(t, damaged_private_key_defers);
    tcase_add_loop_test(t, key_signs_only_with_a_certificate_that_may, 0, (int)SEAL_COUNT(signers));
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
