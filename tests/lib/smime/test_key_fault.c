/* What comes out when who holds the private key refuses: now, or for good. */
#include "smime/ca.h"
#include "support/check.h"
#include "support/proxy_key.h"
#include "support/sealing.h"
#include "token/soft.h"

#include <string.h>

static struct pki *pki;
static struct pki_entity *root, *people[2]; /* RSA, EC */
static struct key *keys[2];                 /* theirs, asked of somebody else */
static struct span text;

static void setup(void)
{
    pki = pki_new();
    root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    for (size_t i = 0; i < 2; i++) {
        const struct pki_spec spec = {.email = "bob@b.example", .type = i == 0 ? PKI_RSA2048 : PKI_P256};
        people[i] = pki_leaf(pki, root, &spec);
        keys[i] = proxy_key(key_ref(people[i]->key));
    }
    text = sealing_text(5000);
}

static void teardown(void)
{
    key_free(&keys[0]);
    key_free(&keys[1]);
    pki_free(&pki);
    free((char *)text.ptr);
}

static const struct {
    enum err_code code;
    bool is_temporary;
} faults[] = {{ERR_BUSY, true},         {ERR_IO, true},      {ERR_CONFIG, true},
              {ERR_UNSUPPORTED, false}, {ERR_CRYPTO, false}, {ERR_LIMIT, false},
              {ERR_SYNTAX, false},      {ERR_ABSENT, false}, {ERR_KEY_UNUSABLE, false}};

START_TEST(signing_says_what_the_holder_of_the_key_says)
{
    for (size_t i = 0; i < 2; i++) {
        struct err err = ERR_INIT;
        struct smime_signer signer = {.cert = people[i]->cert, .key = keys[i]};
        SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
        proxy_fail(keys[i], faults[_i].code);
        ck_fails(smime_sign(text, &signer, PKI_NOW, SMIME_SIGN_DETACHED, out, &err), faults[_i].code);
        ck_assert_uint_eq(spool_size(out), 0);
        proxy_fail(keys[i], ERR_NONE); /* it is back */
        ck_ok(smime_sign(text, &signer, PKI_NOW, SMIME_SIGN_DETACHED, out, &err));
    }
}
END_TEST

/* The same answer whatever stands in the message, so that it tells nothing about it (R17). */
static void check_opening(size_t who, struct span cms, bool is_good)
{
    struct err err = ERR_INIT;
    enum smime_opened result = SMIME_OPENED;
    struct pki_entity bob = *people[who];
    bob.key = keys[who];
    for (size_t i = 0; i < SEAL_COUNT(faults); i++) {
        SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
        unsigned asked = proxy_asked(bob.key);
        proxy_fail(bob.key, faults[i].code);
        if (faults[i].is_temporary)
            ck_fails(smime_decrypt(cms, &sealing_limits, bob.cert, bob.key, out, &result, &err),
                     faults[i].code);
        else
            ck_ok(smime_decrypt(cms, &sealing_limits, bob.cert, bob.key, out, &result, &err));
        ck_assert(faults[i].is_temporary || result == SMIME_NOT_OPENED);
        ck_assert_uint_eq(proxy_asked(bob.key), asked + 1);
        proxy_fail(bob.key, ERR_NONE);
        ck_assert_int_eq(sealing_opens(cms, &bob, text), is_good);
    }
}

START_TEST(opening_tells_a_key_that_cannot_be_asked_from_one_that_does_not_fit)
{
    static const enum smime_cipher ciphers[] = {SMIME_AES256_CBC, SMIME_AES256_GCM};
    for (size_t i = 0; i < 4; i++) {
        SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, &people[i / 2], 1, ciphers[i % 2]);
        struct span good = spool_all(cms);
        char *broken = memcpy(malloc(good.len), good.ptr, good.len);
        broken[good.len - 1] ^= 1; /* of the content, or its tag */
        check_opening(i / 2, good, true);
        check_opening(i / 2, (struct span){broken, good.len}, false);
        free(broken);
    }
}
END_TEST

START_TEST(authority_whose_key_is_away_issues_later)
{
    struct err err = ERR_INIT;
    struct key *key = proxy_key(key_ref(root->key));
    struct ca_request request = {.addr = "bob@b.example",
                                 .public_key = cert_public(people[1]->cert),
                                 .not_before = PKI_NOW,
                                 .not_after = PKI_NOW + PKI_DAY};
    struct cert *cert;
    proxy_fail(key, ERR_BUSY);
    ck_fails(ca_issue(root->cert, key, &request, &cert, &err), ERR_BUSY);
    ck_assert_ptr_null(cert);
    proxy_fail(key, ERR_NONE);
    ck_ok(ca_issue(root->cert, key, &request, &cert, &err));
    cert_free(&cert);
    key_free(&key);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smime/key_fault");
    TCase *t = tcase_create("key_fault");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, signing_says_what_the_holder_of_the_key_says, 0, SEAL_COUNT(faults));
    tcase_add_test(t, opening_tells_a_key_that_cannot_be_asked_from_one_that_does_not_fit);
    tcase_add_test(t, authority_whose_key_is_away_issues_later);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
