/* test_tokens - two tokens behind one sealkeyd: what happens to one is nothing to the other. */
#include "support/check.h"
#include "support/keys.h"
#include "support/p11_spy.h"
#include "support/sealkeyd.h"
#include "support/softhsm.h"
#include "token/remote.h"
#include "token/wrap_origin.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ALICE "alice@a.example"

enum {
    GW,
    SECOND,
    TOKENS,
};

static const char *const labels[TOKENS] = {"gw", "second"};
static const char *const pins[TOKENS] = {"1234", "another PIN"};

static struct softhsm hsm;
static struct sealkeyd keyd;
static struct holder *holder;

struct made {
    struct buf public, wrapped;
};

static void start_with(const char *timeout, const char *modules, const char *also)
{
    char more[1200];
    struct err err = ERR_INIT;
    snprintf(more, sizeof more,
             "key-rate = 1000000\npkcs11-timeout = %s\npkcs11-module = %s\npkcs11-pin-files = %s %s %s "
             "%s\n%s",
             timeout, modules, labels[GW], hsm.pin_path[GW], labels[SECOND], hsm.pin_path[SECOND], also);
    sealkeyd_start(&keyd, more);
    sealkeyd_logged(&keyd, "event=started who=token", 1);
    ck_ok(remote_new(keyd.socket, 130000, &holder, &err));
}

static void start(const char *module, const char *also)
{
    start_with("2m", module, also);
}

static void make_tokens(void)
{
    softhsm_init(&hsm);
    for (size_t i = 0; i < TOKENS; i++)
        softhsm_token(&hsm, labels[i], pins[i]);
}

static void setup(void)
{
    make_tokens();
    start(SOFTHSM_MODULE, "");
}

static void teardown(void)
{
    holder_free(&holder);
    sealkeyd_stop(&keyd);
    softhsm_fini(&hsm);
}

static void make_on(const char *token, struct made *out)
{
    char uri[80];
    struct err err = ERR_INIT;
    *out = (struct made){BUF_INIT(WIRE_PUBLIC_MAX), BUF_INIT(WIRE_MAX)};
    snprintf(uri, sizeof uri, "pkcs11:token=%s;object=ec", token);
    ck_ok(remote_generate_on_token(holder, ALICE, KEY_EC_P256, 0, uri, &out->public, &out->wrapped, &err));
}

static void unmake(struct made *made)
{
    buf_fini(&made->public);
    buf_fini(&made->wrapped);
}

static int open_made(const struct made *made, struct key **out, struct err *err)
{
    const struct sealed_key sealed = {ALICE, buf_span(&made->public), buf_span(&made->wrapped)};
    return holder_open_key(holder, &sealed, ALICE, out, err);
}

static void open_in_the_end(const struct made *made, struct key **out)
{
    struct err err = ERR_INIT;
    while (open_made(made, out, &err) < 0) { /* Check's limit of time ends it */
        ck_assert_msg(err_class(err.code) == ERR_CLASS_TEMPORARY, "%s", err.msg);
        err_clear(&err);
        (void)poll(NULL, 0, 20);
    }
}

/* A key on each token, opened. */
static void open_keys(struct key *out[TOKENS])
{
    struct err err = ERR_INIT;
    for (size_t i = 0; i < TOKENS; i++) {
        struct made made;
        make_on(labels[i], &made);
        ck_ok(open_made(&made, &out[i], &err));
        unmake(&made);
    }
}

static void free_keys(struct key *keys[TOKENS])
{
    for (size_t i = 0; i < TOKENS; i++)
        key_free(&keys[i]);
}

static int sign(struct key *key, struct err *err)
{
    static const struct span hash = SPAN_LIT("thirty-two octets that were hash");
    unsigned char sig[256];
    size_t len = sizeof sig;
    return key_sign(key, DIGEST_SHA256, SIGN_ECDSA, hash, sig, &len, err);
}

/* Somebody who wants signatures all the time. */
struct asker {
    struct key *key;
    pthread_t thread;
    atomic_bool stop;
    atomic_bool signs, refused; /* got one; was refused for good */
};

static void *ask(void *arg)
{
    struct asker *asker = arg;
    while (!atomic_load(&asker->stop)) {
        struct err err = ERR_INIT;
        if (sign(asker->key, &err) == 0)
            atomic_store(&asker->signs, true);
        else if (err_class(err.code) != ERR_CLASS_TEMPORARY)
            atomic_store(&asker->refused, true);
        (void)poll(NULL, 0, 5);
    }
    return NULL;
}

static void start_asking(struct asker *asker, struct key *key)
{
    *asker = (struct asker){.key = key};
    ck_assert_int_eq(pthread_create(&asker->thread, NULL, ask, asker), 0);
}

static void stop_asking(struct asker *asker)
{
    atomic_store(&asker->stop, true);
    ck_assert_int_eq(pthread_join(asker->thread, NULL), 0);
    ck_assert(!atomic_load(&asker->refused));
}

static unsigned token_children(void)
{
    SEAL_CLEANUP(buf_fini) struct buf log = BUF_INIT(64u << 20);
    unsigned n = 0;
    sealkeyd_read_log(&keyd, &log);
    for (const char *at = buf_str(&log); (at = strstr(at, "event=started who=token")) != NULL; at++)
        n++;
    return n;
}

/* A new process is how a token is found again; the other token's messages do not notice. */
START_TEST(token_that_is_away_defers_nothing_of_the_other)
{
    struct key *keys[TOKENS];
    struct asker asker;
    struct err err = ERR_INIT;
    open_keys(keys);
    softhsm_remove_one(&hsm, GW);
    ck_fails(sign(keys[GW], &err), ERR_BUSY);
    start_asking(&asker, keys[GW]);
    while (token_children() < 2) /* Check's limit of time ends it */
        ck_ok(sign(keys[SECOND], &err));
    softhsm_restore_one(&hsm, GW);
    while (!atomic_load(&asker.signs))
        ck_ok(sign(keys[SECOND], &err));
    stop_asking(&asker);
    free_keys(keys);
}
END_TEST

START_TEST(token_that_fails_each_time_defers_nothing_of_the_other)
{
    struct key *keys[TOKENS];
    struct err err = ERR_INIT;
    time_t begun = time(NULL);
    make_tokens();
    ck_assert_int_eq(setenv("SPY_BROKEN_TOKEN", labels[GW], 1), 0);
    start(SPY_MODULE, "");
    open_keys(keys);
    for (int i = 0; i < 20; i++) {
        ck_fails(sign(keys[GW], &err), ERR_BUSY);
        ck_ok(sign(keys[SECOND], &err));
    }
    ck_assert_int_le(token_children(), 2 + (time(NULL) - begun) / 5);
    free_keys(keys);
}
END_TEST

static void import_ec(void)
{
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    softhsm_import(&hsm, labels[GW], pins[GW], "ec", "02", ec, SOFTHSM_SIGN);
    EVP_PKEY_free(ec);
}

static int seal(const char *uri, struct made *out, struct err *err)
{
    return remote_seal(holder, ALICE, (struct span){NULL, 0}, uri, &out->public, &out->wrapped, err);
}

/* Its device is in a network that answers nothing. What the machine defers is tried again, until Check's limit of time. */
START_TEST(module_that_does_not_get_started_defers_nothing_of_the_other)
{
    struct made made = {BUF_INIT(WIRE_PUBLIC_MAX), BUF_INIT(WIRE_MAX)};
    struct key *key = NULL;
    struct err err = ERR_INIT;
    char fifo[160];
    make_tokens();
    import_ec();
    snprintf(fifo, sizeof fifo, "%s-fifo", hsm.pin_path[GW]);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(setenv("AWAY_SINCE", fifo, 1), 0);
    start_with("2s", AWAY_MODULE " " SOFTHSM_MODULE, "");
    while (seal("pkcs11:token=gw;object=ec", &made, &err) < 0) {
        ck_assert_int_eq(err.code, ERR_BUSY);
        err_clear(&err);
    }
    open_in_the_end(&made, &key);
    for (int i = 0; i < 20; i++) {
        ck_fails(seal("pkcs11:token=elsewhere;object=ec", &made, &err), ERR_BUSY);
        while (sign(key, &err) < 0) {
            ck_assert_int_eq(err.code, ERR_BUSY);
            err_clear(&err);
        }
    }
    key_free(&key);
    unmake(&made);
}
END_TEST

START_TEST(reload_defers_nothing_of_a_token)
{
    struct key *keys[TOKENS];
    struct err err = ERR_INIT;
    open_keys(keys);
    for (unsigned n = 2; n < 5; n++) {
        kill(keyd.pid, SIGHUP);
        while (token_children() < n)
            for (size_t i = 0; i < TOKENS; i++)
                ck_ok(sign(keys[i], &err));
    }
    free_keys(keys);
}
END_TEST

START_TEST(wrong_pin_of_one_token_is_nothing_to_the_other)
{
    struct made made[TOKENS];
    struct key *key = NULL;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < TOKENS; i++)
        make_on(labels[i], &made[i]);
    softhsm_pin(&hsm, labels[_i], "9999");
    kill(keyd.pid, SIGHUP);
    sealkeyd_logged(&keyd, "event=started who=token", 2);
    for (int i = 0; i < 3; i++) {
        ck_fails(open_made(&made[_i], &key, &err), ERR_CONFIG);
        ck_ok(open_made(&made[1 - _i], &key, &err));
        ck_ok(sign(key, &err));
        key_free(&key);
    }
    softhsm_pin(&hsm, labels[_i], pins[_i]);
    ck_ok(open_made(&made[_i], &key, &err));
    ck_ok(sign(key, &err));
    key_free(&key);
    for (size_t i = 0; i < TOKENS; i++)
        unmake(&made[i]);
}
END_TEST

/* What is wrapped needs the first token, what is open the second alone. */
START_TEST(master_key_is_on_one_token_and_a_users_key_on_the_other)
{
    struct made on_token, soft = {BUF_INIT(WIRE_PUBLIC_MAX), BUF_INIT(WIRE_MAX)};
    struct key *keys[2] = {NULL, NULL};
    struct err err = ERR_INIT;
    EVP_PKEY *master = keys_load("rsa2048-2");
    make_tokens();
    softhsm_import(&hsm, labels[GW], pins[GW], "master", "0b", master, SOFTHSM_SIGN);
    EVP_PKEY_free(master);
    start(SOFTHSM_MODULE, "master-key-token = pkcs11:token=gw;object=master\n");
    make_on(labels[SECOND], &on_token);
    ck_assert_int_eq(on_token.wrapped.ptr[0], WRAP_ORIGIN_VERSION);
    ck_ok(holder_generate(holder, ALICE, KEY_EC_P256, 0, &soft.public, &soft.wrapped, &err));
    ck_ok(open_made(&on_token, &keys[0], &err));
    softhsm_remove_one(&hsm, GW);
    ck_ok(sign(keys[0], &err));
    ck_fails(open_made(&soft, &keys[1], &err), ERR_BUSY);
    softhsm_restore_one(&hsm, GW);
    softhsm_remove_one(&hsm, SECOND);
    open_in_the_end(&soft, &keys[1]);
    ck_ok(sign(keys[1], &err));
    ck_fails(sign(keys[0], &err), ERR_BUSY);
    free_keys(keys);
    unmake(&on_token);
    unmake(&soft);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/tokens");
    TCase *both = tcase_create("both");
    tcase_add_checked_fixture(both, setup, teardown);
    tcase_add_test(both, token_that_is_away_defers_nothing_of_the_other);
    tcase_add_test(both, reload_defers_nothing_of_a_token);
    tcase_add_loop_test(both, wrong_pin_of_one_token_is_nothing_to_the_other, 0, TOKENS);
    suite_add_tcase(s, both);
    TCase *broken = tcase_create("broken");
    tcase_add_checked_fixture(broken, NULL, teardown);
    tcase_add_test(broken, token_that_fails_each_time_defers_nothing_of_the_other);
    tcase_add_test(broken, module_that_does_not_get_started_defers_nothing_of_the_other);
    suite_add_tcase(s, broken);
    TCase *master = tcase_create("master");
    tcase_add_checked_fixture(master, NULL, teardown);
    tcase_add_test(master, master_key_is_on_one_token_and_a_users_key_on_the_other);
    suite_add_tcase(s, master);
    return s;
}

TEST_MAIN(suite)
