/* test_token_master - soft keys wrapped for a master key on a token, RSA and AES. */
#include "keyd/token_rig.h"
#include "support/check.h"
#include "support/keys.h"
#include "token/evp.h"
#include "token/remote.h"
#include "token/wrap_origin.h"
#include "token/wrap_token.h"

#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MASTER_URI "pkcs11:token=gw;object=master"

/* The master key is on the token. */
static void start_master(void)
{
    start(getpwnam("nobody") == NULL ? "master-key-token = " MASTER_URI "\n"
                                     : "master-key-token = " MASTER_URI "\nuser = nobody\n");
}

static void setup_rsa_master(void)
{
    EVP_PKEY *pkey = keys_load("rsa2048-2");
    softhsm_init(&hsm);
    softhsm_token(&hsm, "gw", PIN);
    softhsm_import(&hsm, "gw", PIN, "master", "0b", pkey, SOFTHSM_SIGN);
    EVP_PKEY_free(pkey);
    start_master();
}

static void setup_aes_master(void)
{
    softhsm_init(&hsm);
    softhsm_token(&hsm, "gw", PIN);
    softhsm_generate(&hsm, "gw", PIN, "master", "0b", "AES:32", "--sensitive");
    start_master();
}

START_TEST(soft_key_is_wrapped_under_a_key_of_the_token)
{
    struct made made;
    struct key *key = NULL;
    struct err err = ERR_INIT;
    made_init(&made);
    ck_ok(holder_generate(holder, ALICE, KEY_EC_P256, 0, &made.public, &made.wrapped, &err));
    ck_assert_int_eq(made.wrapped.ptr[0], WRAP_ORIGIN_VERSION);
    start_anew();
    sealkeyd_logged(&keyd, "event=started who=token", 2);
    ck_ok(open_made(&made, &key, &err));
    check_signs(key);
    key_free(&key);
    made.wrapped.ptr[made.wrapped.len - 1] ^= 1;
    ck_fails(open_made(&made, &key, &err), ERR_CRYPTO);
    made_fini(&made);
}
END_TEST

/* Without a proof of origin: under an RSA key a record that everybody can make, here of a key of the token as Alice's. */
static void forge(const char *text, struct made *made)
{
    struct err err = ERR_INIT;
    struct secret uri, data_key;
    struct buf locked = BUF_INIT(KEK_MAX);
    ck_ok(secret_copy(&uri, text, strlen(text), &err));
    ck_ok(kek_data_key(&data_key, &err));
    ck_ok(remote_lock(holder, MASTER_URI, &data_key, &locked, NULL, &err));
    buf_clear(&made->wrapped);
    ck_ok(wrap_token_seal(&data_key, buf_span(&locked), ALICE, buf_span(&made->public), &uri, &made->wrapped,
                          &err));
    secret_fini(&data_key);
    secret_fini(&uri);
    buf_fini(&locked);
}

START_TEST(record_that_somebody_else_made_opens_nothing)
{
    static const char other[MASTER_KEY_SIZE] = "a key that sealkeyd has not got";
    struct made made;
    struct key *key = NULL;
    struct err err = ERR_INIT;
    struct secret secret;
    struct buf wrapped = BUF_INIT(WIRE_MAX);
    make_on_token("pkcs11:token=gw;object=ec", KEY_EC_P256, &made);
    forge("pkcs11:token=gw;object=ec", &made);
    ck_fails(open_made(&made, &key, &err), ERR_UNSUPPORTED);
    ck_ok(secret_copy(&secret, other, sizeof other, &err));
    ck_ok(wrap_origin_seal(&secret, ALICE, buf_span(&made.public), buf_span(&made.wrapped), &wrapped, &err));
    buf_fini(&made.wrapped);
    made.wrapped = wrapped;
    ck_fails(open_made(&made, &key, &err), ERR_CRYPTO);
    secret_fini(&secret);
    made_fini(&made);
}
END_TEST

/* The result of opening it as another user, on a connection of his own. */
static int open_as(uid_t uid, const char *owner, const struct made *made)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct key *key;
        struct err err = ERR_INIT;
        if (setresuid(uid, uid, uid) == 0)
            (void)!open_of(owner, made, &key, &err);
        _exit((int)err.code);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A record of the RSA master key as somebody's own, as nobody is given one: made with all that sealadm has. */
static void seal_master(const char *owner, struct made *made)
{
    struct err err = ERR_INIT;
    struct secret uri;
    const struct wrap_token token = {holder, MASTER_URI, &keyd.master, NULL};
    EVP_PKEY *pkey = keys_load("rsa2048-2");
    ck_ok(evp_public(pkey, &made->public, &err));
    ck_ok(secret_copy(&uri, MASTER_URI, strlen(MASTER_URI), &err));
    ck_ok(wrap_token_seal_whole(&token, owner, buf_span(&made->public), &uri, &made->wrapped, &err));
    secret_fini(&uri);
    EVP_PKEY_free(pkey);
}

START_TEST(master_key_decrypts_nothing_for_anybody)
{
    const struct passwd *nobody = getpwnam("nobody");
    struct made made, own;
    if (geteuid() != 0 || nobody == NULL)
        return;
    ck_assert_int_eq(chmod(keyd.dir, 0755), 0);
    ck_assert_int_eq(chmod(keyd.socket, 0666), 0);
    made_init(&made);
    seal_master("", &made);
    ck_assert_int_eq(open_as(nobody->pw_uid, "", &made), ERR_KEY_UNUSABLE);
    ck_assert_int_eq(open_as(0, "", &made), ERR_KEY_UNUSABLE);
    make_on_token("pkcs11:token=gw;object=ec", KEY_EC_P256, &own);
    ck_assert_int_eq(open_as(nobody->pw_uid, ALICE, &own), ERR_NONE);
    made_fini(&own);
    made_fini(&made);
}
END_TEST

/* The token's answer to those who wrap: root, and sealkeyd's own user. Nobody is told what is locked. */
static int lock_as_this(void)
{
    struct err err = ERR_INIT;
    struct secret data_key;
    struct buf locked = BUF_INIT(KEK_MAX);
    ck_ok(kek_data_key(&data_key, &err));
    if (remote_lock(holder, MASTER_URI, &data_key, &locked, NULL, &err) < 0) {
        secret_fini(&data_key);
        return (int)err.code;
    }
    struct secret back;
    ck_fails(remote_lock(holder, "", &data_key, &locked, NULL, &err), ERR_CONFIG);
    ck_fails(remote_lock(holder, "pkcs11:token=gw;id=%0b", &data_key, &locked, NULL, &err), ERR_CONFIG);
    ck_fails(remote_unlock(holder, MASTER_URI, buf_span(&locked), &back, &err), ERR_KEY_UNUSABLE);
    ck_fails(remote_unlock(holder, "", buf_span(&locked), &back, &err), ERR_KEY_UNUSABLE);
    secret_fini(&data_key);
    buf_fini(&locked);
    return ERR_NONE;
}

START_TEST(data_keys_are_locked_for_those_who_wrap_and_unlocked_for_nobody)
{
    int status;
    const struct passwd *nobody = getpwnam("nobody");
    ck_assert_int_eq(lock_as_this(), ERR_NONE);
    if (geteuid() != 0 || nobody == NULL)
        return;
    ck_assert_int_eq(chmod(keyd.dir, 0755), 0);
    ck_assert_int_eq(chmod(keyd.socket, 0666), 0);
    pid_t pid = fork();
    if (pid == 0) {
        holder_free(&holder); /* the connections are root's */
        struct err err = ERR_INIT;
        if (setresuid(nobody->pw_uid, nobody->pw_uid, nobody->pw_uid) < 0 ||
            remote_new(keyd.socket, 130000, &holder, &err) < 0)
            _exit(99);
        _exit(lock_as_this());
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), ERR_KEY_UNUSABLE);
}
END_TEST

/* What cannot be wrapped then would be a key of the token that nobody knows of. */
START_TEST(no_key_is_made_on_a_token_when_it_cannot_be_wrapped)
{
    struct made made;
    struct err err = ERR_INIT;
    made_init(&made);
    sealkeyd_stop(&keyd);
    holder_free(&holder);
    start("master-key-token = pkcs11:token=gw;object=none\n");
    for (int i = 0; i < 2; i++) {
        ck_fails(remote_generate_on_token(holder, ALICE, KEY_EC_P256, 0, "pkcs11:token=gw;object=ec",
                                          &made.public, &made.wrapped, &err),
                 ERR_CONFIG);
    }
    made_fini(&made);
}
END_TEST

/* Asked again until sealkeyd is there. */
static void check_waits(const struct made *made, const char *why)
{
    struct key *key = NULL;
    struct err err = ERR_INIT;
    start_anew();
    while (open_made(made, &key, &err) < 0 && err.code == ERR_BUSY) {
        err_clear(&err);
        (void)poll(NULL, 0, 20);
    }
    ck_assert_msg(err.code == ERR_CONFIG && strstr(err.msg, why) != NULL, "%s: %s", err_name(err.code),
                  err.msg);
}

static void check_status(const char *says)
{
    struct err err = ERR_INIT;
    struct buf status = BUF_INIT(WIRE_DATA_MAX);
    ck_ok(remote_status(holder, &status, &err));
    ck_assert_msg(strstr(buf_str(&status), says) != NULL, "%s", buf_str(&status));
    buf_fini(&status);
}

/* It is not the message's fault, which waits. */
START_TEST(mail_waits_for_a_master_key_that_is_gone_or_another)
{
    struct made made;
    struct err err = ERR_INIT;
    made_init(&made);
    ck_ok(holder_generate(holder, ALICE, KEY_EC_P256, 0, &made.public, &made.wrapped, &err));
    check_status("master-key " MASTER_URI ", an ");
    check_status(" key called ");
    softhsm_destroy(&hsm, "gw", PIN, "0b");
    check_waits(&made, "no such key");
    check_status("master-key-away " MASTER_URI ": token gw has no such key");
    softhsm_generate(&hsm, "gw", PIN, "master", "0b", "AES:32", "--sensitive");
    check_waits(&made, "under another token's key");
    softhsm_destroy(&hsm, "gw", PIN, "0b");
    softhsm_generate(&hsm, "gw", PIN, "master", "0b", "AES:32", NULL);
    check_waits(&made, "can be read in clear");
    made_fini(&made);
}
END_TEST

/* sealmilter would be refused it at each message. */
START_TEST(master_key_becomes_nobodys_own)
{
    struct made made;
    struct err err = ERR_INIT;
    made_init(&made);
    ck_fails(
        remote_seal(holder, ALICE, (struct span){NULL, 0}, MASTER_URI, &made.public, &made.wrapped, &err),
        ERR_KEY_UNUSABLE);
    ck_fails(remote_seal(holder, "@a.example", (struct span){NULL, 0}, "pkcs11:token=gw;id=%0b", &made.public,
                         &made.wrapped, &err),
             ERR_KEY_UNUSABLE);
    made_fini(&made);
}
END_TEST

/* The token child finds it by itself, the worker stays: keys under two master keys would be in one store. */
START_TEST(nothing_is_wrapped_for_another_key_that_came_in_its_place)
{
    struct made made;
    struct err err = ERR_INIT;
    made_init(&made);
    ck_ok(holder_generate(holder, ALICE, KEY_EC_P256, 0, &made.public, &made.wrapped, &err));
    pid_t worker = sealkeyd_worker(&keyd, 0);
    softhsm_destroy(&hsm, "gw", PIN, "0b");
    softhsm_generate(&hsm, "gw", PIN, "master", "0b", "AES:32", "--sensitive");
    while (holder_generate(holder, ALICE, KEY_EC_P256, 0, &made.public, &made.wrapped, &err) < 0 &&
           err.code == ERR_BUSY) {
        err_clear(&err);
        (void)poll(NULL, 0, 20);
    }
    ck_assert_msg(err.code == ERR_CONFIG && strstr(err.msg, "another key of this name") != NULL, "%s: %s",
                  err_name(err.code), err.msg);
    check_status("master-key-away " MASTER_URI);
    ck_assert_int_eq(sealkeyd_worker(&keyd, 0), worker);
    made_fini(&made);
}
END_TEST

/* An RSA key's public half goes on locking: a key that is wrapped then is lost, and with key rewrap all of them. */
START_TEST(nothing_is_wrapped_for_a_key_that_does_not_unlock_any_more)
{
    struct made made;
    struct err err = ERR_INIT;
    made_init(&made);
    ck_ok(holder_generate(holder, ALICE, KEY_EC_P256, 0, &made.public, &made.wrapped, &err));
    softhsm_destroy(&hsm, "gw", PIN, "0b");
    while (lock_as_this() == ERR_NONE) /* for a second it counts that it has unlocked before */
        (void)poll(NULL, 0, 20);
    ck_assert_int_lt(holder_generate(holder, ALICE, KEY_EC_P256, 0, &made.public, &made.wrapped, &err), 0);
    ck_assert_msg(err_class(err.code) != ERR_CLASS_PERMANENT, "%s: %s", err_name(err.code), err.msg);
    made_fini(&made);
}
END_TEST

/* Whoever may choose what is kept makes the token look no worse. */
START_TEST(empty_secret_is_no_failure_of_the_token)
{
    struct err err = ERR_INIT;
    struct secret none = {.ptr = NULL};
    struct buf wrapped = BUF_INIT(WRAP_MAX);
    check_status("master-key " MASTER_URI ", an ");
    ck_fails(
        holder_keep_secret(holder, ALICE, "0123456789ABCDEF0123456789ABCDEF01234567", &none, &wrapped, &err),
        ERR_KEY_UNUSABLE);
    check_status("master-key " MASTER_URI ", an ");
    buf_fini(&wrapped);
}
END_TEST

START_TEST(without_the_token_nothing_is_unwrapped_and_that_is_temporary)
{
    struct made made;
    struct key *key = NULL;
    struct err err = ERR_INIT;
    made_init(&made);
    ck_ok(holder_generate(holder, ALICE, KEY_EC_P256, 0, &made.public, &made.wrapped, &err));
    softhsm_remove(&hsm);
    start_anew();
    ck_fails(open_made(&made, &key, &err), ERR_BUSY);
    softhsm_restore(&hsm);
    while (open_made(&made, &key, &err) < 0) {
        ck_assert_msg(err_class(err.code) == ERR_CLASS_TEMPORARY, "%s", err.msg);
        err_clear(&err);
        (void)poll(NULL, 0, 20);
    }
    check_signs(key);
    key_free(&key);
    made_fini(&made);
}
END_TEST

static TCase *master_case(const char *name, void (*setup_it)(void))
{
    TCase *master = tcase_create(name);
    tcase_add_checked_fixture(master, setup_it, teardown);
    tcase_add_test(master, soft_key_is_wrapped_under_a_key_of_the_token);
    tcase_add_test(master, record_that_somebody_else_made_opens_nothing);
    tcase_add_test(master, master_key_becomes_nobodys_own);
    tcase_add_test(master, data_keys_are_locked_for_those_who_wrap_and_unlocked_for_nobody);
    tcase_add_test(master, no_key_is_made_on_a_token_when_it_cannot_be_wrapped);
    tcase_add_test(master, nothing_is_wrapped_for_a_key_that_does_not_unlock_any_more);
    tcase_add_test(master, empty_secret_is_no_failure_of_the_token);
    tcase_add_test(master, mail_waits_for_a_master_key_that_is_gone_or_another);
    tcase_add_test(master, without_the_token_nothing_is_unwrapped_and_that_is_temporary);
    return master;
}

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/token_master");
    suite_add_tcase(s, master_case("RSA", setup_rsa_master));
    TCase *aes = master_case("AES", setup_aes_master);
    tcase_add_test(aes, nothing_is_wrapped_for_another_key_that_came_in_its_place);
    suite_add_tcase(s, aes);
    TCase *rsa = tcase_create("a key that has a public half");
    tcase_add_checked_fixture(rsa, setup_rsa_master, teardown);
    tcase_add_test(rsa, master_key_decrypts_nothing_for_anybody);
    suite_add_tcase(s, rsa);
    return s;
}

TEST_MAIN(suite)
