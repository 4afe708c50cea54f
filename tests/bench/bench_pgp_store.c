/*
 * bench_pgp_store - what a message costs as the store of OpenPGP keys grows: 10, 1,000, 10,000, 100,000 keys, one after the other in rounds.
 *
 * Each message of 10 KB is signed and encrypted by the whole gate in one thread. A ratio to the smallest store means something, a rate only
 * here; the quickest message is what other load disturbs least. Not a test; run it by hand, with
 * TMPDIR=/dev/shm, because each key is a durable transaction: bench_pgp_store [seconds for each store [keys ..]].
 */
#include "base/hash.h"
#include "bench/bench.h"
#include "gate/pgp_keys.h"
#include "support/check.h"
#include "support/pgp_site.h"

#include <stdio.h>
#include <string.h>

#define STORES_MAX 8
#define ROUNDS     5
#define TEXT_SIZE  10000

struct figure {
    size_t keys;
    struct pgp_site *site;
    unsigned long operations;
    double seconds, quickest;
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

static const char *message(struct arena *arena)
{
    char *text = arena_alloc(arena, TEXT_SIZE + 1);
    for (size_t i = 0; i < TEXT_SIZE; i++)
        text[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 23);
    text[TEXT_SIZE] = '\0';
    return arena_printf(arena, "From: alice@our.example\nTo: bob@their.example\nSubject: Hi\n\n%s", text);
}

static void measure(struct figure *figure, const char *text, double seconds)
{
    const struct site_mail mail = {
        .from = "alice@our.example", .login = "alice@our.example", .to = {"bob@their.example"}, .text = text};
    double begin = bench_now();
    for (double before = begin; before - begin < seconds;) {
        pgp_site_run(figure->site, mail);
        double now = bench_now();
        if (figure->operations++ == 0 || now - before < figure->quickest)
            figure->quickest = now - before;
        figure->seconds += now - before;
        before = now;
    }
}

static void print(const struct figure *figure)
{
    double rate = (double)figure->operations / figure->seconds;
    double first = (double)stores[0].operations / stores[0].seconds;
    printf("  %7zu keys %8.1f/s %6.1f %% | quickest %7.2f ms %6.1f %%\n", figure->keys, rate,
           100 * rate / first, 1000 * figure->quickest, 100 * stores[0].quickest / figure->quickest);
}

START_TEST(all)
{
    for (size_t i = 0; i < nstores; i++)
        fill(&stores[i]);
    const char *text = message(stores[0].site->site->arena);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < nstores; i++)
            measure(&stores[i], text, duration / ROUNDS);
    puts("OpenPGP sign+encrypt, 10 KB, one thread, the whole gate; compared with the smallest store");
    for (size_t i = 0; i < nstores; i++) {
        print(&stores[i]);
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
