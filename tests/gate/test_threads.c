/* Tests of one gate and one snapshot under many threads; ThreadSanitizer is the judge. */
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <pthread.h>
#include <string.h>

static const char policy[] =
    OUR_DOMAIN KEYWORD_CONFIDENTIAL "rule \"secret\"\n"
                                    "    when outbound, keyword confidential\n"
                                    "    sign\n"
                                    "    encrypt\n" OUT_IF_POSSIBLE IN_OPENED_AND_HARVESTED HOUSE_PASSES;

#define THREADS 4
#define ROUNDS  15

static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 24};

static struct site *site;
static struct spool *arriving;

static void setup(void)
{
    struct err err = ERR_INIT;
    site = site_new(policy);
    struct pki_entity *alice = site_user(site, "alice@our.example", PKI_RSA2048);
    struct pki_entity *bob = site_partner(site, "bob@their.example", PKI_P256);
    site_partner(site, "eve@their.example", PKI_RSA2048);
    struct span inner = site_signed_entity(site, "Content-Type: text/plain\n\nORCHID\n", bob, PKI_NOW);
    ck_ok(spool_of(&conf,
                   site_enveloped(site,
                                  "From: bob@their.example\nTo: alice@our.example\nSubject: [secure] Hi\n",
                                  inner, alice),
                   &arriving, &err));
}

static void teardown(void)
{
    spool_free(&arriving);
    site_free(&site);
}

struct worker {
    pthread_t thread;
    unsigned good;
};

/* One message, from its own envelope, on the gate and snapshot that all share. Check's assertions belong to one thread only. */
static bool run_one(const char *sender, const char *login, const char *const *to, const struct spool *message,
                    const char *wanted)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(1u << 20);
    SEAL_CLEANUP(outcome_free) struct outcome *outcome = NULL;
    struct envelope env = {.login = login, .client_addr = "192.0.2.1"};
    if (envelope_set_sender(&env, arena, sender, &err) < 0)
        return false;
    for (size_t i = 0; to[i] != NULL; i++)
        if (envelope_add_rcpt(&env, arena, to[i], &err) < 0)
            return false;
    if (gate_run(site->gate, site->snapshot, &env, message, PKI_NOW, NULL, NULL, NULL, &outcome, &err) < 0 ||
        outcome->verdict != VERDICT_ACCEPT)
        return false;
    for (size_t i = 0; i < outcome->plan->ncopies; i++)
        if (outcome->copies[i] == NULL || !has(spool_all(outcome->copies[i]), wanted))
            return false;
    return true;
}

static void *work(void *arg)
{
    static const char *const to_others[] = {"bob@their.example", "eve@their.example", NULL};
    static const char *const to_us[] = {"alice@our.example", NULL};
    struct worker *worker = arg;
    struct err err = ERR_INIT;
    for (unsigned i = 0; i < ROUNDS; i++) {
        SEAL_CLEANUP(spool_free) struct spool *leaving = NULL;
        if (spool_of(&conf,
                     SPAN_LIT("From: alice@our.example\r\nSubject: [confidential] Hi\r\n\r\nHello\r\n"),
                     &leaving, &err) < 0)
            break;
        worker->good +=
            run_one("alice@our.example", "alice@our.example", to_others, leaving, "enveloped-data");
        worker->good += run_one("bob@their.example", NULL, to_us, arriving, "ORCHID");
    }
    return NULL;
}

START_TEST(threads_share_a_gate)
{
    struct worker workers[THREADS] = {{.good = 0}};
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        ck_assert_uint_eq(workers[i].good, 2 * ROUNDS);
    }
}
END_TEST

static void *reload_often(void *arg)
{
    struct err err = ERR_INIT;
    unsigned *good = arg;
    for (unsigned i = 0; i < 10 * ROUNDS; i++) {
        struct snapshot *snapshot = NULL;
        *good += snapshot_load(site->store, site->settings, &snapshot, &err) == 0;
        snapshot_free(&snapshot);
    }
    return NULL;
}

START_TEST(snapshots_come_and_go_while_messages_run)
{
    pthread_t thread;
    unsigned loaded = 0;
    struct worker worker = {.good = 0};
    ck_assert_int_eq(pthread_create(&thread, NULL, reload_often, &loaded), 0);
    ck_assert_int_eq(pthread_create(&worker.thread, NULL, work, &worker), 0);
    pthread_join(worker.thread, NULL);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(worker.good, 2 * ROUNDS);
    ck_assert_uint_eq(loaded, 10 * ROUNDS);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/threads");
    TCase *t = tcase_create("threads");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, threads_share_a_gate);
    tcase_add_test(t, snapshots_come_and_go_while_messages_run);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
