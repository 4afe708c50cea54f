/* test_token - keys on tokens of SoftHSM, behind sealkeyd. */
#include "keyd/inspect.h"
#include "keyd/token_rig.h"
#include "support/check.h"
#include "support/keys.h"
#include "token/evp.h"
#include "token/remote.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TYPED_PIN "typed at the terminal"

static void setup(void)
{
    softhsm_init(&hsm);
    softhsm_token(&hsm, "gw", PIN);
    start("");
}

START_TEST(key_made_on_the_token_signs)
{
    static const enum key_type types[] = {KEY_RSA, KEY_EC_P256};
    for (size_t i = 0; i < SEAL_COUNT(types); i++) {
        char uri[80];
        struct made made;
        struct key *key = NULL;
        struct err err = ERR_INIT;
        snprintf(uri, sizeof uri, "pkcs11:token=gw;object=new%zu", i);
        make_on_token(uri, types[i], &made);
        ck_ok(open_made(&made, &key, &err));
        check_signs(key);
        key_free(&key);
        ck_fails(
            remote_generate_on_token(holder, ALICE, types[i], 2048, uri, &made.public, &made.wrapped, &err),
            ERR_EXISTS);
        made_fini(&made);
    }
}
END_TEST

START_TEST(key_that_is_on_the_token_is_enrolled)
{
    struct err err = ERR_INIT;
    struct made made;
    struct key *key = NULL;
    EVP_PKEY *pkey = keys_load("rsa2048-1");
    softhsm_import(&hsm, "gw", PIN, "old", "0a", pkey, SOFTHSM_SIGN);
    EVP_PKEY_free(pkey);
    made_init(&made);
    ck_ok(remote_seal(holder, ALICE, (struct span){NULL, 0}, "pkcs11:token=gw;object=old", &made.public,
                      &made.wrapped, &err));
    ck_ok(open_made(&made, &key, &err));
    check_signs(key);
    key_free(&key);
    ck_fails(remote_seal(holder, ALICE, (struct span){NULL, 0}, "pkcs11:token=gw;object=none", &made.public,
                         &made.wrapped, &err),
             ERR_ABSENT);
    made_fini(&made);
}
END_TEST

static int import(const struct made *soft, const char *uri, struct made *out, struct err *err)
{
    const struct sealed_key sealed = {ALICE, buf_span(&soft->public), buf_span(&soft->wrapped)};
    made_init(out);
    return remote_import(holder, &sealed, uri, &out->public, &out->wrapped, err);
}

/* It opens as a key of the token, and of the same public key. */
static void check_moved(const struct made *soft, const struct made *moved)
{
    struct key *key = NULL;
    struct err err = ERR_INIT;
    struct secret shared;
    ck_assert(span_eq(buf_span(&soft->public), buf_span(&moved->public)));
    ck_ok(open_made(moved, &key, &err));
    check_signs(key);
    if (key_type_of(key) != KEY_RSA) {
        size_t point = 1 + 2 * ((key_bits(key) + 7) / 8);
        ck_ok(key_derive(key, span_sub(key_public(key), key_public(key).len - point, point), &shared, &err));
        secret_fini(&shared);
    }
    key_free(&key);
}

START_TEST(soft_key_is_taken_in_by_the_token)
{
    static const enum key_type types[] = {KEY_RSA, KEY_EC_P256, KEY_EC_P384};
    struct made soft[SEAL_COUNT(types)], moved;
    char uri[80];
    struct err err = ERR_INIT;
    for (size_t i = 0; i < SEAL_COUNT(types); i++) {
        snprintf(uri, sizeof uri, "pkcs11:token=gw;object=moved%zu", i);
        made_init(&soft[i]);
        ck_ok(holder_generate(holder, ALICE, types[i], types[i] == KEY_RSA ? 2048 : 0, &soft[i].public,
                              &soft[i].wrapped, &err));
        for (int again = 0; again < 2; again++) { /* who was interrupted before the store knew */
            ck_ok(import(&soft[i], uri, &moved, &err));
            check_moved(&soft[i], &moved);
            made_fini(&moved);
        }
    }
    ck_fails(import(&soft[0], uri, &moved, &err), ERR_KEY_UNUSABLE); /* of another key */
    made_fini(&moved);
    soft[0].wrapped.ptr[soft[0].wrapped.len - 1] ^= 1;
    ck_fails(import(&soft[0], "pkcs11:token=gw;object=unknown", &moved, &err), ERR_CRYPTO);
    made_fini(&moved);
    for (size_t i = 0; i < SEAL_COUNT(types); i++)
        made_fini(&soft[i]);
}
END_TEST

/* An operation may take a second, a key of a small token a minute. */
START_TEST(key_that_takes_long_to_make_is_made)
{
    struct made made;
    char more[1200];
    struct err err = ERR_INIT;
    softhsm_init(&hsm);
    softhsm_token(&hsm, "gw", PIN);
    ck_assert_int_eq(setenv("SPY_MAKING_SECONDS", "3", 1), 0);
    snprintf(more, sizeof more, "pkcs11-module = %s\npkcs11-pin-files = gw %s\npkcs11-timeout = 1s\n",
             SPY_MODULE, hsm.pin_path[0]);
    sealkeyd_start(&keyd, more);
    sealkeyd_logged(&keyd, "event=started who=token", 1);
    ck_ok(remote_new(keyd.socket, 130000, &holder, &err));
    make_on_token("pkcs11:token=gw;object=slow", KEY_EC_P256, &made);
    made_fini(&made);
}
END_TEST

START_TEST(status_names_modules_and_tokens)
{
    struct buf status = BUF_INIT(WIRE_DATA_MAX);
    struct err err = ERR_INIT;
    struct made made;
    ck_ok(remote_status(holder, &status, &err));
    ck_assert_msg(strstr(buf_str(&status), "pkcs11-module SoftHSM") != NULL, "%s", buf_str(&status));
    ck_assert_msg(strstr(buf_str(&status), "pkcs11-token gw: not used yet, rsa ") != NULL, "%s",
                  buf_str(&status));
    make_on_token("pkcs11:token=gw;object=ec", KEY_EC_P256, &made);
    buf_clear(&status);
    ck_ok(remote_status(holder, &status, &err));
    ck_assert_msg(strstr(buf_str(&status), "pkcs11-token gw: logged in (sessions: 1),") != NULL, "%s",
                  buf_str(&status));
    buf_fini(&status);
    made_fini(&made);
}
END_TEST

/* Until it works again, each failure is temporary. */
static void wait_until_it_signs(struct key *key)
{
    unsigned char sig[2048];
    size_t len;
    struct err err = ERR_INIT;
    while (sign(key, SIGN_ECDSA, sig, &len, &err) < 0) { /* Check's limit of time ends it */
        ck_assert_msg(err_class(err.code) == ERR_CLASS_TEMPORARY, "%s: %s", err_name(err.code), err.msg);
        err_clear(&err);
        (void)poll(NULL, 0, 20);
    }
    check_signs(key);
}

START_TEST(token_that_was_away_is_used_again_without_anybody)
{
    struct made made;
    struct key *key = NULL;
    struct err err = ERR_INIT;
    unsigned char sig[2048];
    size_t len;
    make_on_token("pkcs11:token=gw;object=ec", KEY_EC_P256, &made);
    ck_ok(open_made(&made, &key, &err));
    check_signs(key);
    softhsm_remove(&hsm);
    for (int i = 0; i < 20; i++)
        ck_fails(sign(key, SIGN_ECDSA, sig, &len, &err), ERR_BUSY);
    softhsm_restore(&hsm);
    wait_until_it_signs(key);
    key_free(&key);
    made_fini(&made);
}
END_TEST

/* Why the key cannot be opened, once the token child is there. */
static void check_refusal(const struct made *made, const char *why)
{
    struct key *key = NULL;
    struct err err = ERR_INIT;
    ck_assert_int_lt(open_made(made, &key, &err), 0);
    while (err.code == ERR_BUSY) {
        err_clear(&err);
        (void)poll(NULL, 0, 20);
        ck_assert_int_lt(open_made(made, &key, &err), 0);
    }
    ck_assert_msg(err.code == ERR_CONFIG && strstr(err.msg, why) != NULL, "%s", err.msg);
}

START_TEST(wrong_pin_is_tried_once_until_somebody_says_otherwise)
{
    struct made made;
    struct key *key = NULL;
    struct err err = ERR_INIT;
    make_on_token("pkcs11:token=gw;object=ec", KEY_EC_P256, &made);
    softhsm_pin(&hsm, "gw", "9999");
    start_anew();
    check_refusal(&made, "wrong PIN");
    check_refusal(&made, "not tried again");
    start_anew();
    check_refusal(&made, "not tried again");
    pid_t before = sealkeyd_worker(&keyd, 0);
    kill(keyd.pid, SIGHUP); /* the administrator wants it */
    (void)sealkeyd_worker(&keyd, before);
    check_refusal(&made, "wrong PIN");
    softhsm_pin(&hsm, "gw", PIN);
    ck_ok(open_made(&made, &key, &err));
    check_signs(key);
    key_free(&key);
    made_fini(&made);
}
END_TEST

/* ---- a PIN from the terminal ---- */

/* Until the text was shown; everything shown so far is in seen. */
static void read_until(int terminal, const char *text, char seen[1000])
{
    size_t n = strlen(seen);
    while (strstr(seen, text) == NULL) {
        ssize_t got = read(terminal, seen + n, 999 - n);
        ck_assert_msg(got > 0, "the terminal shows: %s", seen);
        n += (size_t)got;
        seen[n] = '\0';
    }
}

/* The terminal is the process's own, as for an administrator. */
static void launch_at_terminal(char seen[1000])
{
    int terminal; /* stays open: its end would be a signal */
    keyd.pid = forkpty(&terminal, NULL, NULL, NULL);
    ck_assert_int_ge(keyd.pid, 0);
    if (keyd.pid == 0) {
        int log = open(keyd.log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(log, STDERR_FILENO);
        execl(BUILD_DIR "/keyd/sealkeyd", "sealkeyd", "-f", "-c", keyd.conf, "--ask-pin", "gw", (char *)NULL);
        _exit(127);
    }
    read_until(terminal, "PIN of token gw: ", seen);
    ck_assert_int_eq(write(terminal, TYPED_PIN "\n", sizeof TYPED_PIN), sizeof TYPED_PIN);
    sealkeyd_logged(&keyd, "event=started who=token", 1);
}

START_TEST(pin_from_the_terminal_is_shown_nowhere)
{
    char more[200], seen[1000] = "";
    struct made made;
    struct err err = ERR_INIT;
    struct buf log = BUF_INIT(1u << 20);
    softhsm_init(&hsm);
    softhsm_token(&hsm, "gw", TYPED_PIN);
    snprintf(more, sizeof more, "pkcs11-timeout = 2m\npkcs11-module = %s\n", SOFTHSM_MODULE);
    sealkeyd_prepare(&keyd, more);
    launch_at_terminal(seen);
    ck_ok(remote_new(keyd.socket, 130000, &holder, &err));
    make_on_token("pkcs11:token=gw;object=ec", KEY_EC_P256, &made);
    made_fini(&made);
    start_anew(); /* the next token child has the PIN, too */
    sealkeyd_logged(&keyd, "event=started who=token", 2);
    make_on_token("pkcs11:token=gw;object=ec2", KEY_EC_P256, &made);
    inspect_memory_lacks(sealkeyd_worker(&keyd, 0), TYPED_PIN);
    inspect_lacks(keyd.pid, "cmdline", TYPED_PIN);
    inspect_lacks(keyd.pid, "environ", TYPED_PIN);
    sealkeyd_read_log(&keyd, &log);
    ck_assert_ptr_null(strstr(buf_str(&log), TYPED_PIN));
    ck_assert_ptr_null(strstr(seen, TYPED_PIN));
    buf_fini(&log);
    made_fini(&made);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/token");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, key_made_on_the_token_signs);
    tcase_add_test(all, key_that_is_on_the_token_is_enrolled);
    tcase_add_test(all, soft_key_is_taken_in_by_the_token);
    tcase_add_test(all, status_names_modules_and_tokens);
    tcase_add_test(all, token_that_was_away_is_used_again_without_anybody);
    tcase_add_test(all, wrong_pin_is_tried_once_until_somebody_says_otherwise);
    suite_add_tcase(s, all);
    TCase *slow = tcase_create("slow");
    tcase_add_checked_fixture(slow, NULL, teardown);
    tcase_add_test(slow, key_that_takes_long_to_make_is_made);
    suite_add_tcase(s, slow);
    TCase *terminal = tcase_create("terminal");
    tcase_add_checked_fixture(terminal, NULL, teardown);
    tcase_add_test(terminal, pin_from_the_terminal_is_shown_nowhere);
    suite_add_tcase(s, terminal);
    return s;
}

TEST_MAIN(suite)
