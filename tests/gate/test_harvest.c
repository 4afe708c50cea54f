/* Tests of what a message teaches: the verified signer's certificate for the address in From, and nothing else (R27, R28). */
#include "support/check.h"
#include "support/rules.h"
#include "support/site.h"

#include <string.h>

static const char policy[] =
    OUR_DOMAIN KEYWORD_CONFIDENTIAL IN_OPENED_AND_HARVESTED "rule \"secret\"\n"
                                                            "    when outbound, keyword confidential\n"
                                                            "    encrypt\n" OUT_PASSES HOUSE_PASSES;

#define FROM_BOB "From: bob@their.example\nTo: alice@our.example\nSubject: Hi\n"
static const char entity[] = "Content-Type: text/plain\n\nHello\n";

static struct site *site;
static struct pki_entity *alice, *bob;

static void setup(void)
{
    site = site_new(policy);
    alice = site_user(site, "alice@our.example", PKI_P256);
    bob = pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "bob@their.example"});
}

static void teardown(void)
{
    site_free(&site);
}

static void arrive(struct span message)
{
    site_accepts(site, &(struct site_mail){
                           .from = "bob@their.example", .to = {"alice@our.example"}, .bytes = message});
}

static struct span with_headers(const char *headers, struct span signed_entity)
{
    const char *text = arena_printf(site->arena, "%s%s%s", site_crlf(site, headers).ptr,
                                    "MIME-Version: 1.0\r\n", signed_entity.ptr);
    return span_of(text);
}

static void arrive_signed_by(const struct smime_signer *signer)
{
    arrive(with_headers(FROM_BOB, site_signed_by(site, entity, signer, PKI_NOW)));
}

static bool is_learned(const struct pki_entity *who)
{
    for (size_t i = 0; i < site->outcome->neffects; i++)
        if (strcmp(site->outcome->effects[i].fingerprint, cert_info(who->cert)->fingerprint) == 0)
            return true;
    return false;
}

/* As the daemon commits it (milter/effects.c). */
static enum harvest_result commit(void)
{
    struct err err = ERR_INIT;
    enum harvest_result result;
    ck_assert_uint_eq(site->outcome->neffects, 1);
    const struct effect *effect = &site->outcome->effects[0];
    SEAL_CLEANUP(cert_free) struct cert *cert = NULL;
    ck_ok(cert_parse(effect->der, &cert, &err));
    const struct cert_info *info = cert_info(cert);
    const struct cert_record record = {.fingerprint = effect->fingerprint,
                                       .der = effect->der,
                                       .addrs = (const char **)&effect->addr,
                                       .naddrs = 1,
                                       .source = CERT_HARVESTED,
                                       .trust = effect->trusted ? TRUST_TRUSTED : TRUST_UNTRUSTED,
                                       .chain_ok = effect->trusted,
                                       .not_before = info->not_before,
                                       .not_after = info->not_after,
                                       .usage = info->usage,
                                       .key_kind = info->key_type == KEY_RSA ? "rsa" : "ec",
                                       .key_bits = info->key_bits,
                                       .capabilities = effect->capabilities,
                                       .first_seen = PKI_NOW,
                                       .last_seen = PKI_NOW};
    ck_ok(store_harvest(site->store, &record, &result, &err));
    return result;
}

/* The fingerprint that required encryption to bob uses; NULL: refused. */
static const char *used_for_bob(void)
{
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "alice@our.example",
                                                        .login = "alice@our.example",
                                                        .to = {"bob@their.example"},
                                                        .text = "Subject: [confidential]\n\nx\n"}),
                     0);
    if (site->outcome->verdict == VERDICT_REJECT)
        return NULL;
    const struct copy *copy = &site->outcome->plan->copies[0];
    return arena_strdup(site->arena, copy->ops[copy->nops - 1].fp[0]);
}

START_TEST(learned_certificate_is_encrypted_to)
{
    arrive(site_signed(site, FROM_BOB, entity, bob));
    ck_assert_int_eq(commit(), HARVEST_NEW);
    ck_assert_str_eq(used_for_bob(), cert_info(bob->cert)->fingerprint);
    ck_assert_ptr_nonnull(strstr(site->outcome->plan->copies[0].ops[2].cipher, "gcm"));
    arrive(site_signed(site, FROM_BOB, entity, bob));
    ck_assert_int_eq(commit(), HARVEST_KNOWN);
}
END_TEST

START_TEST(rollover_uses_the_new_one_and_keeps_the_old)
{
    struct pki_entity *next =
        pki_leaf(site->pki, site->root,
                 &(struct pki_spec){.email = "bob@their.example", .not_before = PKI_NOW - 3 * PKI_DAY});
    arrive(site_signed(site, FROM_BOB, entity, next));
    commit();
    arrive(site_signed(site, FROM_BOB, entity, bob));
    commit();
    ck_assert_str_eq(used_for_bob(), cert_info(next->cert)->fingerprint);
    struct err err = ERR_INIT;
    struct store_read *read = NULL;
    struct cert_record *certs;
    size_t n = 0;
    ck_ok(store_read_begin(site->store, site->arena, &read, &err));
    ck_ok(store_certs_of(read, "bob@their.example", &certs, &n, &err));
    store_read_end(&read);
    ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(certificate_that_is_trusted_by_hand_is_never_displaced)
{
    struct pki_entity *pinned = pki_self(
        site->pki, &(struct pki_spec){.email = "bob@their.example", .not_before = PKI_NOW - 900 * PKI_DAY});
    site_add_cert(site, "bob@their.example", pinned, TRUST_TRUSTED, true);
    arrive(site_signed(site, FROM_BOB, entity, bob));
    ck_assert_int_eq(commit(), HARVEST_REFUSED);
    ck_assert_str_eq(used_for_bob(), cert_info(pinned->cert)->fingerprint);
}
END_TEST

START_TEST(rejected_certificate_is_never_learned_again)
{
    site_add_cert(site, "bob@their.example", bob, TRUST_REJECTED, true);
    arrive(site_signed(site, FROM_BOB, entity, bob));
    ck_assert_int_eq(commit(), HARVEST_REFUSED);
    ck_assert_ptr_null(used_for_bob());
}
END_TEST

START_TEST(certificate_without_trusted_chain_is_learned_and_not_encrypted_to)
{
    struct pki_entity *self = pki_self(site->pki, &(struct pki_spec){.email = "bob@their.example"});
    arrive(site_signed(site, FROM_BOB, entity, self));
    ck_assert(!site->outcome->effects[0].trusted);
    ck_assert_str_eq(site->outcome->effects[0].capabilities, "");
    commit();
    ck_assert_ptr_null(used_for_bob());
}
END_TEST

/* ---- what teaches nothing ---- */

static struct span tampered(void)
{
    struct span message = site_signed(site, FROM_BOB, entity, bob);
    ((char *)message.ptr)[span_find(message, "Hello", 5, 0)] = 'J';
    return message;
}

static struct span from_another(void)
{
    return site_signed(site, "From: eve@their.example\nSubject: x\n", entity, bob);
}

static struct span from_two(void)
{
    return site_signed(site, "From: bob@their.example\nFrom: bob@their.example\nSubject: x\n", entity, bob);
}

static struct span signed_at(int64_t when)
{
    return with_headers(FROM_BOB, site_signed_entity(site, entity, bob, when));
}

static struct span early(void)
{
    return signed_at(PKI_NOW - 31 * PKI_DAY);
}

static struct span late(void)
{
    return signed_at(PKI_NOW + 301);
}

static struct span far_from_date(void)
{
    return site_signed(site, FROM_BOB "Date: Thu, 02 Oct 2025 10:00:00 +0000\n", entity, bob);
}

static struct span weak(void)
{
    return site_signed(site, FROM_BOB, entity,
                       pki_leaf(site->pki, site->root,
                                &(struct pki_spec){.email = "bob@their.example", .type = PKI_RSA1024}));
}

static struct span for_signing_only(void)
{
    return site_signed(
        site, FROM_BOB, entity,
        pki_leaf(site->pki, site->root,
                 &(struct pki_spec){.email = "bob@their.example", .key_usage = "digitalSignature"}));
}

static struct span with_footer_by(const struct pki_entity *signer)
{
    struct span message = site_signed(site, FROM_BOB, entity, signer);
    return span_of(arena_printf(site->arena, "%sfooter of a list\r\n", message.ptr));
}

static struct span with_footer(void)
{
    return with_footer_by(bob);
}

static struct span untrusted_with_footer(void)
{
    return with_footer_by(pki_self(site->pki, &(struct pki_spec){.email = "bob@their.example"}));
}

static struct span in_a_part(void)
{
    struct span inner = site_signed_entity(site, entity, bob, PKI_NOW);
    return span_of(arena_printf(site->arena,
                                "%sContent-Type: multipart/mixed; boundary=w\r\n\r\n--w\r\n%s\r\n--w--\r\n",
                                site_crlf(site, FROM_BOB).ptr, inner.ptr));
}

static struct span around_ciphertext(void)
{
    struct span inner = site_enveloped(site, "", site_crlf(site, entity), alice);
    return site_signed(site, FROM_BOB, site_entity(site, inner), bob);
}

static const struct {
    const char *name;
    struct span (*make)(void);
} teachless[] = {
    {"changed text", tampered},
    {"From of another", from_another},
    {"two From fields", from_two},
    {"signed a month ago", early},
    {"signed in the future", late},
    {"signed far from Date", far_from_date},
    {"weak key", weak},
    {"certificate that cannot be encrypted to", for_signing_only},
    {"text behind it", with_footer},
    {"text behind one without trusted chain", untrusted_with_footer},
    {"a part of the message", in_a_part},
    {"a signature over ciphertext", around_ciphertext},
};

START_TEST(signature_that_is_not_good_for_all_teaches_nothing)
{
    arrive(teachless[_i].make());
    ck_assert_msg(site->outcome->neffects == 0, "%s", teachless[_i].name);
}
END_TEST

START_TEST(signing_time_at_the_edge_of_the_window_still_teaches)
{
    arrive(signed_at(PKI_NOW - 30 * PKI_DAY + 1));
    ck_assert(is_learned(bob));
    arrive(signed_at(PKI_NOW + 299));
    ck_assert(is_learned(bob));
}
END_TEST

START_TEST(nothing_is_learned_where_no_rule_says_so_or_for_nobody_of_ours)
{
    site_policy(site, "our domains our.example\n"
                      "rule \"in\"\n    when inbound\n    tag\n"
                      "rule \"out\"\n    when outbound\n    pass\n"
                      "rule \"house\"\n    when internal\n    pass\n");
    arrive(site_signed(site, FROM_BOB, entity, bob));
    ck_assert_uint_eq(site->outcome->neffects, 0);
    site_policy(site, policy);
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "bob@their.example",
                                                        .to = {"nobody@our.example"},
                                                        .bytes = site_signed(site, FROM_BOB, entity, bob)}),
                     0);
    ck_assert_uint_eq(site->outcome->neffects, 0);
}
END_TEST

/* ---- certificates that travel along ---- */

START_TEST(certificates_that_travel_along_are_not_learned)
{
    struct pki_entity *victim =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "victim@their.example"});
    struct pki_entity *other_bob =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "bob@their.example"});
    struct cert *chain[] = {victim->cert, other_bob->cert, site->root->cert};
    arrive_signed_by(&(struct smime_signer){
        .cert = bob->cert, .key = bob->key, .chain = chain, .nchain = SEAL_COUNT(chain)});
    ck_assert_uint_eq(site->outcome->neffects, 1);
    ck_assert(is_learned(bob));
}
END_TEST

START_TEST(encryption_certificate_that_the_signer_prefers_is_learned_too)
{
    struct pki_entity *for_signing =
        pki_leaf(site->pki, site->root,
                 &(struct pki_spec){.email = "bob@their.example", .key_usage = "digitalSignature"});
    arrive_signed_by(&(struct smime_signer){
        .cert = for_signing->cert, .key = for_signing->key, .encrypt_cert = bob->cert});
    ck_assert_uint_eq(site->outcome->neffects, 1);
    ck_assert(is_learned(bob));
    ck_assert_str_eq(site->outcome->effects[0].addr, "bob@their.example");
    ck_assert(site->outcome->effects[0].trusted);
}
END_TEST

static const struct {
    const char *name;
    struct pki_spec spec;
    bool other_root, self;
} preferred[] = {
    {"another address", {.email = "victim@their.example"}, false, false},
    {"another trusted root", {.email = "bob@their.example"}, true, false},
    {"no chain at all", {.email = "bob@their.example"}, false, true},
    {"expired",
     {.email = "bob@their.example", .not_before = PKI_NOW - 9 * PKI_DAY, .not_after = PKI_NOW - PKI_DAY},
     false,
     false},
    {"for signing only", {.email = "bob@their.example", .key_usage = "digitalSignature"}, false, false},
};

START_TEST(preferred_certificate_of_another_address_or_chain_is_not_learned)
{
    struct err err = ERR_INIT;
    struct pki_entity *second = pki_root(site->pki, &(struct pki_spec){.name = "Second Root"});
    const struct ca_record record = {
        .fingerprint = cert_info(second->cert)->fingerprint, .der = second->der, .trusted = true};
    ck_ok(store_put_ca(site->store, &record, &err));
    site_policy(site, policy);
    struct pki_entity *other =
        preferred[_i].self
            ? pki_self(site->pki, &preferred[_i].spec)
            : pki_leaf(site->pki, preferred[_i].other_root ? second : site->root, &preferred[_i].spec);
    arrive_signed_by(&(struct smime_signer){.cert = bob->cert, .key = bob->key, .encrypt_cert = other->cert});
    ck_assert_msg(!is_learned(other), "%s", preferred[_i].name);
    ck_assert_msg(is_learned(bob), "%s", preferred[_i].name);
}
END_TEST

START_TEST(preferred_certificate_for_another_of_the_signers_addresses_is_not_learned_for_from)
{
    struct pki_entity *both =
        pki_leaf(site->pki, site->root,
                 &(struct pki_spec){.email = "bob@their.example", .email2 = "boss@their.example"});
    struct pki_entity *boss =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "boss@their.example"});
    arrive_signed_by(
        &(struct smime_signer){.cert = both->cert, .key = both->key, .encrypt_cert = boss->cert});
    ck_assert(is_learned(both));
    ck_assert(!is_learned(boss));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/harvest");
    TCase *t = tcase_create("harvest");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, learned_certificate_is_encrypted_to);
    tcase_add_test(t, rollover_uses_the_new_one_and_keeps_the_old);
    tcase_add_test(t, certificate_that_is_trusted_by_hand_is_never_displaced);
    tcase_add_test(t, rejected_certificate_is_never_learned_again);
    tcase_add_test(t, certificate_without_trusted_chain_is_learned_and_not_encrypted_to);
    tcase_add_loop_test(t, signature_that_is_not_good_for_all_teaches_nothing, 0, (int)SEAL_COUNT(teachless));
    tcase_add_test(t, signing_time_at_the_edge_of_the_window_still_teaches);
    tcase_add_test(t, nothing_is_learned_where_no_rule_says_so_or_for_nobody_of_ours);
    tcase_add_test(t, certificates_that_travel_along_are_not_learned);
    tcase_add_test(t, encryption_certificate_that_the_signer_prefers_is_learned_too);
    tcase_add_loop_test(t, preferred_certificate_of_another_address_or_chain_is_not_learned, 0,
                        (int)SEAL_COUNT(preferred));
    tcase_add_test(t, preferred_certificate_for_another_of_the_signers_addresses_is_not_learned_for_from);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
