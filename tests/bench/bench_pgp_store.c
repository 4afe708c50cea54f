/*
 * bench_pgp_store - what a message costs as the store of OpenPGP keys grows: 10, 1,000, 10,000, 100,000 keys.
 *
 * Each message of 10 KB is signed and encrypted by the whole gate in one thread, to a recipient anywhere in the store. The stores take
 * turns message by message, so that a machine that changes its pace does so for all of them. A ratio to the first store means something, a
 * rate only here; the quickest message and the median are what other load disturbs least. Several stores of one size show what is left of it:
 * bench_pgp_store 10 10 10 10 10.
 *
 * Not a test; run it by hand, with TMPDIR=/dev/shm, because each key is a durable transaction:
 * bench_pgp_store [seconds for each store [keys ..]].
 */
#include "base/hash.h"
#include "bench/bench.h"
#include "gate/pgp_keys.h"
#include "support/check.h"
#include "support/pgp_site.h"

#include <stdio.h>
#include <string.h>

#define STORES_MAX   8
#define MESSAGES_MAX 20000
#define STEP         7919
#define TEXT_SIZE    10000

struct figure {
    size_t keys;
    struct pgp_site *site;
    double seconds[MESSAGES_MAX]; /* each message */
    size_t n;
    double least_ms, median_ms, rate;
};

static double duration = 10;
static size_t nstores = 4;
static struct figure stores[STORES_MAX] = {{.keys = 10}, {.keys = 1000}, {.keys = 10000}, {.keys = 100000}};

static const char policy[] = "our domains our.example\n"
                             "rule \"out\"\n    when outbound\n    sign\n    encrypt\n";

/* As long as a real key, with a fingerprint and key ids of its own: the store looks at nothing else. */
static void put_one(struct figure *figure, size_t number, struct arena *arena)
{
    struct err err = ERR_INIT;
    unsigned char digest[HASH_SIZE];
    char hex[HASH_HEX_SIZE];
    const char *addr = arena_printf(arena, "user%zu@far.example", number);
    struct pgp_record record = pgp_keys_record(arena, &figure->site->alice);
    hash_bytes(span_of(addr), digest);
    hash_hex(digest, hex);
    const char *keyids[] = {arena_printf(arena, "%.16s", hex), arena_printf(arena, "%.16s", hex + 24)};
    record.fingerprint = arena_printf(arena, "%.40s", hex);
    record.keyids = keyids;
    record.nkeyids = SEAL_COUNT(keyids);
    record.user_ids = record.named = record.addrs = &addr;
    record.nuser_ids = record.nnamed = record.naddrs = 1;
    record.trust = TRUST_TRUSTED;
    record.source = PGP_SOURCE_IMPORTED;
    record.first_seen = record.last_seen = figure->site->now;
    ck_ok(store_put_pgp(figure->site->site->store, &record, (struct span){NULL, 0}, &err));
}

static void fill(struct figure *figure)
{
    figure->site = pgp_site_new(policy, "");
    for (size_t i = 0; i < figure->keys; i++) {
        SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
        put_one(figure, i, arena);
    }
}

/*
 * In CRLF: what the site makes of another text stays in memory until its end, and GPGME's two forks for each message copy the page table of
 * all that is resident. 30 KB more of it a message looked like what a larger store costs, in whatever order the stores were measured.
 */
static struct span message(struct site *site)
{
    char *text = arena_alloc(site->arena, TEXT_SIZE + 1);
    for (size_t i = 0; i < TEXT_SIZE; i++)
        text[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 23);
    text[TEXT_SIZE] = '\0';
    return site_crlf(site, arena_printf(site->arena, "From: alice@our.example\nSubject: Hi\n\n%s", text));
}

/* To another recipient each time, all over the store. */
static void send_one(struct figure *figure, struct span bytes)
{
    static const char encrypted[] = "multipart/encrypted";
    char to[40];
    struct site_mail mail = {
        .from = "alice@our.example", .login = "alice@our.example", .to = {to}, .bytes = bytes};
    snprintf(to, sizeof to, "user%zu@far.example", figure->n * STEP % figure->keys);
    double begin = bench_now();
    pgp_site_run(figure->site, mail);
    figure->seconds[figure->n++] = bench_now() - begin;
    struct span copy = site_copy_for(figure->site->site, to);
    ck_assert_ptr_nonnull(memmem(copy.ptr, copy.len, encrypted, sizeof encrypted - 1));
}

static void add_up(struct figure *figure)
{
    double sum = 0;
    bench_sort(figure->seconds, figure->n);
    for (size_t i = 0; i < figure->n; i++)
        sum += figure->seconds[i];
    figure->rate = (double)figure->n / sum;
    figure->least_ms = 1000 * figure->seconds[0];
    figure->median_ms = 1000 * figure->seconds[figure->n / 2];
}

static void print(const struct figure *figure, const struct figure *first)
{
    printf("  %7zu keys | quickest %6.2f ms %5.1f %% | median %6.2f ms %5.1f %% | %6.1f/s %5.1f %%\n",
           figure->keys, figure->least_ms, 100 * first->least_ms / figure->least_ms, figure->median_ms,
           100 * first->median_ms / figure->median_ms, figure->rate, 100 * figure->rate / first->rate);
}

START_TEST(all)
{
    for (size_t i = 0; i < nstores; i++)
        fill(&stores[i]);
    struct span bytes = message(stores[0].site->site);
    double end = bench_now() + duration * (double)nstores;
    while (bench_now() < end && stores[0].n < MESSAGES_MAX)
        for (size_t i = 0; i < nstores; i++)
            send_one(&stores[i], bytes);
    puts("OpenPGP sign+encrypt, 10 KB, one thread, the whole gate; compared with the first store");
    for (size_t i = 0; i < nstores; i++) {
        add_up(&stores[i]);
        print(&stores[i], &stores[0]);
        pgp_site_free(&stores[i].site);
    }
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1)
        duration = strtod(argv[1], NULL);
    for (int i = 2; i < argc && i - 2 < STORES_MAX; i++) {
        nstores = (size_t)i - 1;
        stores[i - 2].keys = strtoul(argv[i], NULL, 10);
    }
    return bench_run("pgp_store", all);
}
