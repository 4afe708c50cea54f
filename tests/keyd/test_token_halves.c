/* test_token_halves - a token whose private and public key are of two pairs is not believed. */
#include "support/check.h"
#include "support/sealkeyd.h"
#include "support/softhsm.h"
#include "token/evp.h"
#include "token/remote.h"
#include "token/wire.h"

#include <stdio.h>

#define ALICE "alice@a.example"
#define PIN   "1234"

static struct softhsm hsm;
static struct sealkeyd keyd;
static struct holder *holder;

static void setup(void)
{
    char more[600];
    struct err err = ERR_INIT;
    softhsm_init(&hsm);
    softhsm_token(&hsm, "gw", PIN);
    snprintf(more, sizeof more, "pkcs11-module = %s\npkcs11-pin-files = gw %s\n", SOFTHSM_MODULE,
             hsm.pin_path[0]);
    sealkeyd_start(&keyd, more);
    ck_ok(remote_new(keyd.socket, 20000, &holder, &err));
}

static void teardown(void)
{
    holder_free(&holder);
    sealkeyd_stop(&keyd);
    softhsm_fini(&hsm);
}

static void change_mixed(const char *action)
{
    ck_assert_int_eq(tool_run(hsm.tool, "pkcs11-tool", "--module", SOFTHSM_MODULE, "--token-label", "gw",
                              "--login", "--pin", PIN, "--type", "pubkey", "--id", "0c", "--label", "mixed",
                              action, NULL),
                     0);
}

/* The token says that it has our key, and has another one: ours would be forgotten for it. */
START_TEST(private_key_beside_the_public_half_of_another_is_refused)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf found = BUF_INIT(WIRE_PUBLIC_MAX), wrapped = BUF_INIT(WIRE_MAX);
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(WIRE_PUBLIC_MAX);
    EVP_PKEY *theirs = EVP_EC_gen("P-256"), *ours = EVP_EC_gen("P-256");
    ck_ok(evp_public(ours, &public, &err));
    softhsm_import(&hsm, "gw", PIN, "mixed", "0c", theirs, SOFTHSM_DERIVE);
    softhsm_import(&hsm, "gw", PIN, "ours", "0d", ours, SOFTHSM_DERIVE); /* leaves pub.der */
    change_mixed("--delete-object");
    change_mixed("--write-object=pub.der");
    ck_ok(
        remote_seal(holder, ALICE, buf_span(&public), "pkcs11:token=gw;object=ours", &found, &wrapped, &err));
    ck_fails(
        remote_seal(holder, ALICE, buf_span(&public), "pkcs11:token=gw;object=mixed", &found, &wrapped, &err),
        ERR_KEY_UNUSABLE);
    EVP_PKEY_free(theirs);
    EVP_PKEY_free(ours);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/token_halves");
    TCase *tc = tcase_create("halves");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, private_key_beside_the_public_half_of_another_is_refused);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
