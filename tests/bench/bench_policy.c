/*
 * bench_policy - policies of 10 to 10,000 rules: what they cost to load, to keep and to go by. Not a test.
 *
 *     bench_policy [SECONDS]     for each figure
 */
#include "base/io.h"
#include "bench/bench.h"
#include "milter/clock.h"
#include "milter/reload.h"
#include "policy/site.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double duration = 1;

/* ---- policies: a rule for each partner, or for each group of senders ---- */

static const char last_rules[] =
    "rule \"out\"\n    when outbound\n    sign if possible\n    encrypt if possible\n"
    "rule \"in\"\n    when inbound\n    decrypt\n    harvest\n    tag\n"
    "rule \"house\"\n    when internal\n    pass\n";

static void write_partners(unsigned nrules, struct buf *out)
{
    buf_add_str(out, "our domains example.org\nkeyword plain subject \"[plain]\"\n");
    for (unsigned i = 0; i < nrules; i++)
        buf_printf(out,
                   "rule \"partner %u\"\n"
                   "    when outbound, to domain p%u.example or *.p%u.example, not keyword plain\n    sign\n"
                   "    encrypt, else refuse \"To partner %u we write encrypted only.\"\n",
                   i, i, i, i);
    buf_add_str(out, last_rules);
}

static void write_groups(unsigned nrules, struct buf *out)
{
    buf_add_str(out, "our domains example.org\n");
    for (unsigned i = 0; i < nrules; i++)
        buf_printf(out,
                   "rule \"group %u\"\n    when outbound, from group \"Group %u\"\n    sign\n    encrypt\n",
                   i, i);
    buf_add_str(out, last_rules);
}

/* ---- deciding ---- */

static void measure_decisions(struct site *site, const char *what, const char *to)
{
    site->facts.nrcpts = 0;
    site_rcpt(site, to, DIRECTION_OUTBOUND);
    double begin = bench_now(), end;
    unsigned n = 0;
    do {
        struct err err = ERR_INIT;
        SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
        struct decision *decisions;
        ck_assert_int_eq(decide(site->policy, site->settings, &site->facts, arena, NULL, &decisions, &err),
                         0);
        n++;
        end = bench_now();
    } while (end - begin < duration);
    printf("  %-22s %9.0f decisions/s\n", what, n / (end - begin));
}

/* The directory has answered, from its cache: the sender is in no group. */
static void know_groups(struct site *site)
{
    size_t n;
    policy_groups(site->policy, &n);
    site->facts.have |= FACTS_DIRECTORY;
    site->facts.sender_party.groups = arena_array(site->arena, n, sizeof(enum answer));
    for (size_t i = 0; i < n; i++)
        site->facts.sender_party.groups[i] = ANSWER_NO;
}

static void measure_partners(unsigned nrules)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(64u << 20), found = BUF_INIT(64u << 20);
    write_partners(nrules, &text);
    double begin = bench_now();
    struct site *site = site_new(buf_str(&text));
    double parsed = bench_now();
    policy_check(site->policy, &found);
    double checked = bench_now();
    printf("%u rules by recipient, %zu KB of text: parse %.1f ms, check %.1f ms, memory %zu KB\n", nrules,
           text.len / 1024, (parsed - begin) * 1e3, (checked - parsed) * 1e3,
           policy_memory(site->policy) / 1024);
    measure_decisions(site, "first rule", "kurt@p0.example");
    measure_decisions(site, "last rule", arena_printf(site->arena, "kurt@a.p%u.example", nrules - 1));
    measure_decisions(site, "no rule of his own", "kurt@nobody.example");
    site_free(site);
}

static void measure_groups(unsigned nrules)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(64u << 20);
    write_groups(nrules, &text);
    struct site *site = site_new(buf_str(&text));
    know_groups(site);
    printf("%u rules by group, memory %zu KB\n", nrules, policy_memory(site->policy) / 1024);
    measure_decisions(site, "in none of the groups", "kurt@nobody.example");
    site_free(site);
}

/* ---- a message comes while a policy is loaded ---- */

struct traffic {
    struct reload *reload;
    atomic_bool *stop;
    double longest; /* seconds until one had its snapshot, or until it was rid of it */
};

static void *begin_messages(void *arg)
{
    struct traffic *traffic = arg;
    while (!atomic_load(traffic->stop)) {
        struct err err = ERR_INIT;
        double begin = bench_now();
        struct snapshot *snapshot = reload_snapshot(traffic->reload, &err);
        double waited = bench_now() - begin;
        ck_assert_msg(snapshot != NULL, "%s", err.msg);
        usleep(1000);
        begin = bench_now();
        snapshot_free(&snapshot);
        waited = fmax(waited, bench_now() - begin);
        traffic->longest = fmax(waited, traffic->longest);
    }
    return NULL;
}

static uint64_t put_policy(struct store *store, const char *text)
{
    struct err err = ERR_INIT;
    uint64_t version;
    const struct policy_record record = {
        .text = text, .by = "bench", .from_ms = clock_wall_ms() + STORE_POLICY_LEAD_MS};
    ck_assert_msg(store_put_policy(store, &record, &version, &err) == 0, "%s", err.msg);
    return version;
}

static void await_policy(struct reload *reload, uint64_t version)
{
    for (uint64_t now = 0; now < version;) {
        struct err err = ERR_INIT;
        usleep(10000);
        struct snapshot *snapshot = reload_snapshot(reload, &err);
        ck_assert_msg(snapshot != NULL, "%s", err.msg);
        now = snapshot->policy_version;
        snapshot_free(&snapshot);
    }
}

/* The longest wait of one message while a policy is loaded and comes into force, which lasts so long; or, text NULL, so long without. */
static double watch(struct store *store, struct reload *reload, const char *text, double *seconds)
{
    atomic_bool stop = false;
    struct traffic traffic[4];
    pthread_t threads[SEAL_COUNT(traffic)];
    double longest = 0, begin = bench_now();
    for (size_t i = 0; i < SEAL_COUNT(threads); i++) {
        traffic[i] = (struct traffic){.reload = reload, .stop = &stop};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, begin_messages, &traffic[i]), 0);
    }
    if (text != NULL) {
        await_policy(reload, put_policy(store, text));
        *seconds = bench_now() - begin;
    } else {
        usleep((useconds_t)(1e6 * *seconds));
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        longest = fmax(longest, traffic[i].longest);
    }
    return longest;
}

#define ROUNDS_MAX 1000

/* In turn with and without, so that both have the same noise of the machine; what one round meets by chance the median leaves out. */
static void watch_reload(struct store *store, struct reload *reload, const char *text)
{
    static double with[ROUNDS_MAX], without[ROUNDS_MAX];
    double end = bench_now() + 10 * duration, seconds = 0;
    size_t n = 0;
    do {
        with[n] = watch(store, reload, text, &seconds);
        without[n++] = watch(store, reload, NULL, &seconds);
    } while (bench_now() < end && n < ROUNDS_MAX);
    bench_sort(with, n);
    bench_sort(without, n);
    printf("  loaded %zu times while messages began: the longest wait of one was %.2f ms (%.2f in the median "
           "of the times), "
           "without loading %.2f (%.2f): ratio %.1f (%.1f)\n",
           n, with[n - 1] * 1e3, with[n / 2] * 1e3, without[n - 1] * 1e3, without[n / 2] * 1e3,
           with[n - 1] / without[n - 1], with[n / 2] / without[n / 2]);
}

static void measure_snapshot(struct store *store, const char *text)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct reload *reload;
    struct settings *settings;
    ck_assert_int_eq(settings_parse(arena, "bench.conf", span_of(""), &settings, &err), 0);
    put_policy(store, text);
    double begin = bench_now();
    ck_assert_msg(reload_new(store, settings, &reload, &err) == 0, "%s", err.msg);
    printf("  a snapshot is made in %.1f ms\n", (bench_now() - begin) * 1e3);
    watch_reload(store, reload, text);
    reload_free(&reload);
}

static void measure_reload(unsigned nrules)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(64u << 20);
    char dir[] = "/tmp/seal-bench.XXXXXX";
    struct store *store;
    write_partners(nrules, &text);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_msg(store_open(dir, STORE_CREATE, &store, &err) == 0, "%s", err.msg);
    printf("%u rules, loaded from the store\n", nrules);
    measure_snapshot(store, buf_str(&text));
    store_close(&store);
    io_remove_tree(dir);
}

START_TEST(all)
{
    static const unsigned sizes[] = {10, 100, 1000, 10000};
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++)
        measure_partners(sizes[i]);
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++)
        measure_groups(sizes[i]);
    measure_reload(10000);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1)
        duration = strtod(argv[1], NULL);
    return bench_run("policy", all);
}
