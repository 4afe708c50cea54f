/* Several PKCS#11 modules: what happens to one is nothing to the tokens of the other. */
#include "support/check.h"
#include "support/softhsm.h"
#include "token/key.h"
#include "token/key_try.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EC_URI "pkcs11:token=gw;object=ec"

static struct softhsm hsm;
static struct pkcs11 *p11;
static struct key *key;

/* Made once; each test has a process of its own, which loads the modules. */
static void make_token(void)
{
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    softhsm_init(&hsm);
    softhsm_token(&hsm, "gw", "1234");
    softhsm_import(&hsm, "gw", "1234", "ec", "02", ec, SOFTHSM_DERIVE);
    EVP_PKEY_free(ec);
}

static void remove_token(void)
{
    softhsm_fini(&hsm);
}

static void teardown(void)
{
    key_free(&key);
    pkcs11_close(&p11);
}

static int open_modules(const char *const *modules, size_t n, struct err *err)
{
    hsm.conf.modules = modules;
    hsm.conf.nmodules = n;
    return pkcs11_open(&hsm.conf, &p11, err);
}

static int open_key(const char *uri, struct err *err)
{
    return pkcs11_key(p11, uri, (struct span){NULL, 0}, &key, err);
}

START_TEST(token_of_the_second_module_is_found)
{
    static const char *const two[] = {"opensc-pkcs11.so" /* cards: there are none */, SOFTHSM_MODULE};
    struct err err = ERR_INIT;
    ck_ok(open_modules(two, 2, &err));
    ck_assert_int_eq(pkcs11_away(p11).code, ERR_NONE);
    ck_fails(open_key("pkcs11:token=elsewhere;object=ec", &err), ERR_IO);
    ck_ok(open_key(EC_URI, &err));
    ck_ok(key_try_sign(key, &err));
}
END_TEST

static void check_report(bool away)
{
    SEAL_CLEANUP(buf_fini) struct buf report = BUF_INIT(4096);
    pkcs11_report(p11, &report);
    bool said = strstr(buf_str(&report), "pkcs11-module-away " AWAY_MODULE ": ") != NULL;
    ck_assert_msg(said == away, "%s", buf_str(&report));
    ck_assert_ptr_nonnull(strstr(buf_str(&report), "pkcs11-module SoftHSM "));
}

START_TEST(module_whose_device_is_away_leaves_the_other_its_tokens)
{
    static const char *const since[] = {"start", "later"};
    static const char *const orders[][2] = {{AWAY_MODULE, SOFTHSM_MODULE}, {SOFTHSM_MODULE, AWAY_MODULE}};
    struct err err = ERR_INIT;
    ck_assert_int_eq(setenv("AWAY_SINCE", since[_i % 2], 1), 0);
    ck_ok(open_modules(orders[_i / 2], 2, &err));
    ck_assert_int_eq(pkcs11_away(p11).code, _i % 2 == 0 ? ERR_IO : ERR_NONE);
    check_report(_i % 2 == 0);
    ck_ok(open_key(EC_URI, &err));
    ck_ok(key_try_sign(key, &err));
    key_free(&key);
    ck_assert_int_lt(open_key("pkcs11:token=elsewhere;object=ec", &err), 0); /* which may be the other's */
    ck_assert_int_eq(err.code, _i % 2 == 0 ? ERR_BUSY : ERR_IO); /* ERR_IO: let another process try */
    ck_assert_msg(strstr(err.msg, _i % 2 == 0 ? "cannot be started" : "device error") != NULL, "%s", err.msg);
}
END_TEST

static void tell(const char *fifo, char what)
{
    int fd = open(fifo, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, &what, 1), 1);
    close(fd);
}

/* Check's limit of time ends it. */
static void await_failure(const char *uri, const char *part)
{
    struct err err = ERR_INIT;
    do {
        (void)poll(NULL, 0, 10);
        err_clear(&err);
        ck_assert_int_lt(open_key(uri, &err), 0);
    } while (strstr(err.msg, part) == NULL);
}

/* The module is late until the fifo tells it how to end. */
static void make_late(int number, char *fifo, size_t size)
{
    snprintf(fifo, size, "%s-%d", hsm.pin_path[0], number);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(setenv("AWAY_SINCE", fifo, 1), 0);
    hsm.conf.start_ms = 10;
}

/* It is not waited for, and used when it is ready. */
START_TEST(module_that_is_late_leaves_the_other_its_tokens)
{
    static const char *const two[] = {AWAY_MODULE, SOFTHSM_MODULE};
    struct err err = ERR_INIT;
    char fifo[160];
    make_late(_i, fifo, sizeof fifo);
    ck_ok(open_modules(two, 2, &err));
    while (open_key(EC_URI, &err) < 0) { /* Check's limit of time ends it */
        ck_assert_int_eq(err.code, ERR_BUSY);
        err_clear(&err);
    }
    ck_ok(key_try_sign(key, &err));
    check_report(true);
    key_free(&key);
    await_failure("pkcs11:token=elsewhere;object=ec", "is being started");
    tell(fifo, _i == 0 ? 'y' : 'n');
    await_failure("pkcs11:token=elsewhere;object=ec", _i == 0 ? "device error" : "cannot be started");
    check_report(_i != 0);
}
END_TEST

/* ERR_IO: let another process try at once, there is nothing to lose. */
START_TEST(only_module_that_is_late_is_given_up_when_it_fails)
{
    static const char *const one[] = {AWAY_MODULE};
    struct err err = ERR_INIT;
    char fifo[160];
    make_late(9, fifo, sizeof fifo);
    ck_ok(open_modules(one, 1, &err));
    ck_assert(pkcs11_is_starting(p11));
    ck_fails(open_key(EC_URI, &err), ERR_BUSY);
    tell(fifo, 'n');
    await_failure(EC_URI, "cannot be started");
    ck_assert(!pkcs11_is_starting(p11));
    ck_fails(open_key(EC_URI, &err), ERR_IO);
}
END_TEST

START_TEST(without_any_module_that_can_be_started_there_is_nothing)
{
    static const char *const away[] = {AWAY_MODULE};
    struct err err = ERR_INIT;
    ck_assert_int_eq(setenv("AWAY_SINCE", "start", 1), 0);
    ck_fails(open_modules(away, 1, &err), ERR_IO);
    ck_assert_ptr_null(p11);
}
END_TEST

START_TEST(file_that_is_no_module_is_wrong_configuration)
{
    static const char *const wrong[][2] = {{SOFTHSM_MODULE, "libcrypto.so.3"},
                                           {"/nonexistent.so", SOFTHSM_MODULE}};
    struct err err = ERR_INIT;
    for (size_t i = 0; i < SEAL_COUNT(wrong); i++) {
        ck_fails(open_modules(wrong[i], 2, &err), ERR_CONFIG);
        ck_assert_ptr_null(p11);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/pkcs11_modules");
    TCase *tc = tcase_create("modules");
    tcase_add_unchecked_fixture(tc, make_token, remove_token);
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, token_of_the_second_module_is_found);
    tcase_add_loop_test(tc, module_whose_device_is_away_leaves_the_other_its_tokens, 0, 4);
    tcase_add_loop_test(tc, module_that_is_late_leaves_the_other_its_tokens, 0, 2);
    tcase_add_test(tc, only_module_that_is_late_is_given_up_when_it_fails);
    tcase_add_test(tc, without_any_module_that_can_be_started_there_is_nothing);
    tcase_add_test(tc, file_that_is_no_module_is_wrong_configuration);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
