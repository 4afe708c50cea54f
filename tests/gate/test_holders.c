/* Private keys are held by somebody else: for whom each is asked, and what becomes of mail while he cannot be asked. */
#include "support/check.h"
#include "support/has.h"
#include "support/site.h"
#include "token/holder_impl.h"

#include <string.h>

#define ALICE "alice@our.example"
#define AL    "al@our.example"
#define BOB   "bob@their.example"
#define HELLO "Content-Type: text/plain\r\n\r\nORCHID\r\n"
#define TO    "From: " BOB "\nTo: " ALICE "\nSubject: Hi\n"

static const char policy[] = "our domains our.example\n"
                             "rule \"out\"\n  when outbound\n  sign if possible\n"
                             "rule \"in\"\n  when inbound\n  decrypt\n";

/* What a holder was last asked for, and what it says instead of an answer; the real one holds the keys. */
static struct {
    struct holder holder;
    struct holder *real;
    enum err_code fault;
    char addr[100];
    unsigned asked;
} fake;

static struct site *site;
static struct pki_entity *alice, *bob;

static int open_key(struct holder *holder, const struct sealed_key *sealed, const char *addr,
                    struct key **out, struct err *err)
{
    (void)holder;
    fake.asked++;
    snprintf(fake.addr, sizeof fake.addr, "%s", addr);
    if (fake.fault != ERR_NONE)
        return err_set(err, fake.fault, "sealkeyd is away");
    return holder_open_key(fake.real, sealed, addr, out, err);
}

static void use_fake(void)
{
    static const struct holder_ops ops = {.name = "fake", .open_key = open_key};
    struct err err = ERR_INIT;
    fake.holder.ops = &ops;
    fake.real = site->holder;
    fake.fault = ERR_NONE;
    fake.asked = 0;
    gate_free(&site->gate);
    ck_ok(gate_new(site->settings, site->store, &fake.holder, NULL, &site->gate, &err));
}

static void setup(void)
{
    site = site_new(policy);
    alice = site_user(site, ALICE, PKI_P256);
    bob = site_partner(site, BOB, PKI_P256);
    use_fake();
}

static void teardown(void)
{
    site_free(&site);
}

static int arrive(const char *to)
{
    return site_run(site, &(struct site_mail){.from = BOB,
                                              .to = {to},
                                              .bytes = site_enveloped(site, TO, SPAN_LIT(HELLO), alice)});
}

static int leave(void)
{
    return site_run(site,
                    &(struct site_mail){.from = ALICE,
                                        .login = ALICE,
                                        .to = {BOB},
                                        .text = "From: " ALICE "\nTo: " BOB "\nSubject: Hi\n\nHello.\n"});
}

static bool is_deferred(int status)
{
    if (status < 0)
        return err_class(site->err.code) == ERR_CLASS_TEMPORARY;
    return site->outcome->verdict == VERDICT_TEMPFAIL;
}

static const enum err_code temporary[] = {ERR_BUSY, ERR_IO, ERR_CRYPTO};

START_TEST(mail_to_be_opened_waits_for_who_holds_the_key)
{
    fake.fault = temporary[_i];
    ck_assert(is_deferred(arrive(ALICE)));
    ck_assert_uint_eq(fake.asked, 1);
    fake.fault = ERR_NONE;
    ck_assert_int_eq(arrive(ALICE), 0);
    ck_assert(has(site_copy_for(site, ALICE), "ORCHID"));
}
END_TEST

/* "If possible" asks whether there is a key, not whether it can be asked now. */
START_TEST(mail_to_be_signed_waits_for_who_holds_the_key)
{
    fake.fault = temporary[_i];
    ck_assert(is_deferred(leave()));
    ck_assert_uint_eq(fake.asked, 1);
    fake.fault = ERR_NONE;
    ck_assert_int_eq(leave(), 0);
    ck_assert(has(site_copy_for(site, BOB), "multipart/signed"));
}
END_TEST

START_TEST(a_key_is_asked_for_the_address_that_it_serves)
{
    ck_assert_int_eq(arrive(ALICE), 0);
    ck_assert_str_eq(fake.addr, ALICE);
    fake.addr[0] = '\0';
    use_fake();
    ck_assert_int_eq(leave(), 0);
    ck_assert_str_eq(fake.addr, ALICE);
}
END_TEST

/* The holder knows owners, not users: that both addresses are hers is what the store says. */
START_TEST(a_further_address_uses_the_key_as_its_owner)
{
    struct err err = ERR_INIT;
    const char *more[] = {AL};
    const struct user_record user = {
        .addr = ALICE, .name = "", .enabled = true, .more = more, .nmore = 1, .created = PKI_NOW};
    ck_ok(store_put_user(site->store, &user, &err));
    ck_assert_int_eq(arrive(AL), 0);
    ck_assert(has(site_copy_for(site, AL), "ORCHID"));
    ck_assert_str_eq(fake.addr, ALICE);
}
END_TEST

START_TEST(a_key_of_the_domain_is_asked_for_each_address)
{
    struct pki_entity *gateway =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = "gw@our.example"});
    static const char *const addrs[] = {"carol@our.example", "dave@our.example"};
    site_add_cert(site, "@our.example", gateway, TRUST_TRUSTED, false);
    site_add_key(site, "@our.example", gateway);
    alice = gateway;
    for (size_t i = 0; i < SEAL_COUNT(addrs); i++)
        site_user(site, addrs[i], PKI_P256);
    for (size_t i = 0; i < SEAL_COUNT(addrs); i++) {
        ck_assert_int_eq(arrive(addrs[i]), 0);
        ck_assert(has(site_copy_for(site, addrs[i]), "ORCHID"));
        ck_assert_str_eq(fake.addr, addrs[i]);
    }
    ck_assert_uint_eq(fake.asked, 2);
    ck_assert_int_eq(arrive(addrs[0]), 0);
    ck_assert_uint_eq(fake.asked, 2);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/holders");
    TCase *t = tcase_create("holders");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, mail_to_be_opened_waits_for_who_holds_the_key, 0, (int)SEAL_COUNT(temporary));
    tcase_add_loop_test(t, mail_to_be_signed_waits_for_who_holds_the_key, 0, (int)SEAL_COUNT(temporary));
    tcase_add_test(t, a_key_is_asked_for_the_address_that_it_serves);
    tcase_add_test(t, a_further_address_uses_the_key_as_its_owner);
    tcase_add_test(t, a_key_of_the_domain_is_asked_for_each_address);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
