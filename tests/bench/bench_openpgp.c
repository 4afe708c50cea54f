/*
 * bench_openpgp - operations/s of each verb against gpg started by hand for the same, in one run: a ratio means something, a rate only here.
 *
 * With other load on the machine only the quickest operation and, roughly, CPU time can be compared.
 *
 * By hand is posix_spawn of gpg, with a home on the same disk and the same agent, the same keys, the recipient's as a file, and the settings
 * that make it fast. Our keys carry gpg's notes on their signatures (openpgp/notes.h), as they come out of the store. With "noted" the
 * keyring by hand has them too, as after an import; a key file never has. What is left between both is what it costs to
 * start gpg with limits, without a file of content, and to be told how it ended.
 *
 * Ours has content and memory as the daemon has them: in spools, of which the long ones are files, and heaps that are kept small. Each
 * costs when it is not so: GPGME forks twice, and a fork copies the page table, so that 10 MB of heap cost more than a millisecond of each
 * start. 10 MB through a pipe cost gpg as much as from a file when it need not wait and its pages are lent (openpgp/loop.h): copied,
 * and woken for each 8 KB that gpg reads, a signature took a third more.
 *
 * Not a test; run it by hand: bench_openpgp [seconds for each figure [verb [noted]]].
 */
#include "base/io.h"
#include "bench/bench.h"
#include "support/check.h"
#include "support/pgp.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 2
#define ROUNDS      5
#define HEAP_KEEP   (1 << 20) /* milter/main.c */

extern char **environ;

struct bench {
    struct pgp_rig *rig;
    struct arena *arena;
    struct pgp_person alice, bob;
    struct spool *spools[2]; /* of the first two */
    struct span text, sealed, signature;
    char home[120]; /* of gpg by hand */
    char passphrase[120];
};

typedef void operation(const struct bench *bench, int thread);

static const struct pgp_floors floors = {.min_rsa_bits = 2048};

static struct spool_conf spools = {.mem_max = SPOOL_MEM_DEFAULT, .size_max = SIZE_MAX};

static struct spool *new_spool(void)
{
    return spool_new(&spools);
}

static void must(bool good)
{
    if (!good)
        abort();
}

/* ---- ours ---- */

static void run_sign(const struct bench *b, int thread)
{
    struct err err = ERR_INIT;
    char micalg[32];
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    (void)thread;
    must(pgp_sign(b->rig->engine, b->text, &b->alice.own, out, micalg, &err) == 0);
}

static void encrypt(const struct bench *b, const struct pgp_own *own)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    must(pgp_encrypt(b->rig->engine, b->text, &b->bob.key, 1, PGP_NAMED, own, out, &err) == 0);
}

static void run_encrypt(const struct bench *b, int thread)
{
    (void)thread;
    encrypt(b, NULL);
}

static void run_sign_encrypt(const struct bench *b, int thread)
{
    (void)thread;
    encrypt(b, &b->alice.own);
}

static void run_verify(const struct bench *b, int thread)
{
    struct err err = ERR_INIT;
    struct pgp_verified v;
    (void)thread;
    must(pgp_verify(b->rig->engine, b->signature, b->text, &b->alice.key, 1, &floors, &v, &err) == 0 &&
         v.signature == SIGNATURE_GOOD);
}

static void run_decrypt(const struct bench *b, int thread)
{
    struct err err = ERR_INIT;
    enum pgp_opened opened;
    struct pgp_verified v;
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    (void)thread;
    must(pgp_decrypt(b->rig->engine, b->sealed, &b->alice.own, 1, &b->bob.key, 1, &floors, out, &opened, &v,
                     &err) == 0 &&
         opened == PGP_OPENED && v.signature == SIGNATURE_GOOD);
}

/* ---- by hand ---- */

static void gpg(const struct bench *b, int thread, const char *const *words, size_t n)
{
    const char *argv[32] = {"gpg", "--homedir", b->home, "--passphrase", b->passphrase, "--status-fd",
                            "1",   "--yes",     "-o"};
    char out[140];
    size_t k = 9;
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;
    snprintf(out, sizeof out, "%s/out-%d", b->home, thread);
    argv[k++] = out;
    for (size_t i = 0; i < n; i++)
        argv[k++] = words[i];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, tool_dir(b->rig->tool));
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    must(posix_spawn(&pid, "/usr/bin/gpg", &actions, NULL, (char *const *)argv, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    must(waitpid(pid, &status, 0) == pid && status == 0);
}
#define GPG(...)                                                                                             \
    gpg(b, thread, (const char *const[]){__VA_ARGS__}, SEAL_COUNT(((const char *const[]){__VA_ARGS__})))

static void bare_sign(const struct bench *b, int thread)
{
    GPG("-u", b->alice.fingerprint, "-b", "text");
}

static void bare_encrypt(const struct bench *b, int thread)
{
    GPG("--recipient-file", "bob", "-e", "text");
}

static void bare_sign_encrypt(const struct bench *b, int thread)
{
    GPG("-u", b->alice.fingerprint, "--recipient-file", "bob", "-se", "text");
}

static void bare_verify(const struct bench *b, int thread)
{
    GPG("--verify", "text.sig", "text");
}

static void bare_decrypt(const struct bench *b, int thread)
{
    GPG("-d", "sealed");
}

/* ---- measuring ---- */

struct worker {
    pthread_t thread;
    const struct bench *bench;
    operation *op;
    int number;
    double until;
    unsigned done;
    double least; /* seconds for one */
};

static void *work(void *arg)
{
    struct worker *w = arg;
    double begin = bench_now(), end;
    do {
        w->op(w->bench, w->number);
        w->done++;
        end = bench_now();
        w->least = end - begin < w->least ? end - begin : w->least;
        begin = end;
    } while (end < w->until);
    return NULL;
}

static double cpu_of(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Of this process and the gpgs that have ended: we are their subreaper, since GPGME leaves them to init. The agent's is not in it. */
static double cpu(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    return cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
}

struct cost {
    double rate;
    double cpu_ms;   /* of one */
    double least_ms; /* from begin to end of the quickest */
};

static struct cost measure(operation *op, const struct bench *b, int threads, double seconds)
{
    struct worker workers[THREADS_MAX];
    double begin_cpu = cpu(), begin = bench_now(), least = 1e9;
    unsigned done = 0;
    for (int i = 0; i < threads; i++) {
        workers[i] =
            (struct worker){.bench = b, .op = op, .number = i, .until = begin + seconds, .least = 1e9};
        must(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        done += workers[i].done;
        least = workers[i].least < least ? workers[i].least : least;
    }
    double took = bench_now() - begin;
    return (struct cost){done / took, (cpu() - begin_cpu) / done * 1000, least * 1000};
}

static void keep_best(struct cost *best, struct cost cost)
{
    best->rate = cost.rate > best->rate ? cost.rate : best->rate;
    best->cpu_ms = cost.cpu_ms < best->cpu_ms ? cost.cpu_ms : best->cpu_ms;
    best->least_ms = cost.least_ms < best->least_ms ? cost.least_ms : best->least_ms;
}

static double seconds_each = 2;
static const char *only; /* one verb */
static bool noted;

/* In turns, and the best of each: other load only ever slows. */
static void report(const char *name, operation *run, operation *bare, const struct bench *b, int threads,
                   double seconds)
{
    struct cost ours = {0, 1e9, 1e9}, hand = {0, 1e9, 1e9};
    if (only != NULL && strcmp(only, name) != 0)
        return;
    for (int round = 0; round < ROUNDS; round++) {
        keep_best(&ours, measure(run, b, threads, seconds / ROUNDS));
        keep_best(&hand, measure(bare, b, threads, seconds / ROUNDS));
    }
    printf("%-14s %8zu %d %7.1f/s, by hand %7.1f %4.0f %% | quickest %6.2f ms, by hand %6.2f %4.0f %% | cpu "
           "%6.2f ms, "
           "by hand %6.2f\n",
           name, b->text.len, threads, ours.rate, hand.rate, 100 * ours.rate / hand.rate, ours.least_ms,
           hand.least_ms, 100 * hand.least_ms / ours.least_ms, ours.cpu_ms, hand.cpu_ms);
    fflush(stdout);
}

/* Keyring, agent and settings as the engine's homes have them. */
static void prepare_hand(struct bench *b)
{
    struct buf ring = BUF_INIT(1u << 20);
    snprintf(b->home, sizeof b->home, "%s", b->rig->maker);
    snprintf(b->passphrase, sizeof b->passphrase, "%.*s", (int)b->alice.own.passphrase->len,
             (const char *)b->alice.own.passphrase->ptr);
    buf_add_span(&ring, b->alice.key);
    buf_add_span(&ring, b->bob.key);
    tool_write(b->rig->tool, "maker/pubring.gpg", buf_span(&ring));
    (void)tool_run(b->rig->tool, "rm", "-f", "maker/pubring.kbx", NULL);
    tool_write(b->rig->tool, "maker/gpg.conf",
               SPAN_LIT("batch\nno-tty\nno-autostart\nno-random-seed-file\ntrust-model always\n"
                        "no-auto-check-trustdb\npinentry-mode loopback\ncompress-algo none\n"));
    buf_fini(&ring);
}

/* As they come out of the store. */
static void read_key(struct bench *b, struct pgp_person *person)
{
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    must(pgp_key_read(b->rig->engine, b->arena, person->key, &keys, &n, &broken, &err) == 0 && n == 1);
    person->key = person->own.key = keys[0].bytes;
}

static struct span in_spool(const char *name, struct spool **out)
{
    char path[160];
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(SIZE_MAX);
    snprintf(path, sizeof path, "%s/%s", spools.dir, name);
    must(io_read_file(path, &bytes, &err) == 0 && spool_of(&spools, buf_span(&bytes), out, &err) == 0);
    return spool_all(*out);
}

static void prepare_text(struct bench *b, size_t size)
{
    char *text = malloc(size);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + (i * 7 + i / 61) % 26);
    tool_write(b->rig->tool, "text", (struct span){text, size});
    free(text);
    b->text = in_spool("text", &b->spools[0]);
    must(pgp_rig_gpg(b->rig, "-o", "sealed", "-z", "0", "-u", b->bob.fingerprint, "-r", b->alice.fingerprint,
                     "-es", "text", NULL) == 0);
    b->sealed = in_spool("sealed", &b->spools[1]);
    bare_sign(b, 0);
    must(tool_run(b->rig->tool, "cp", "maker/out-0", "text.sig", NULL) == 0);
    b->signature = tool_read(b->rig->tool, "text.sig");
}

START_TEST(all)
{
    static const size_t sizes[] = {10000, 10000000};
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    struct bench b = {.rig = pgp_rig_new(), .arena = arena_new(ARENA_MAX_DEFAULT)};
    spools.dir = tool_dir(b.rig->tool);
    b.alice = pgp_rig_person(b.rig, "alice@ours.example", "ed25519", PGP_OURS);
    b.bob = pgp_rig_person(b.rig, "bob@far.example", "ed25519", PGP_STRANGER);
    tool_write(b.rig->tool, "bob", b.bob.key);
    if (!noted)
        prepare_hand(&b);
    read_key(&b, &b.alice);
    read_key(&b, &b.bob);
    if (noted)
        prepare_hand(&b);
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++) {
        prepare_text(&b, sizes[i]);
        for (int threads = 1; threads <= THREADS_MAX; threads++) {
            report("sign", run_sign, bare_sign, &b, threads, seconds_each);
            report("encrypt", run_encrypt, bare_encrypt, &b, threads, seconds_each);
            report("sign+encrypt", run_sign_encrypt, bare_sign_encrypt, &b, threads, seconds_each);
            report("verify", run_verify, bare_verify, &b, threads, seconds_each);
            report("decrypt+verify", run_decrypt, bare_decrypt, &b, threads, seconds_each);
        }
        spool_free(&b.spools[0]);
        spool_free(&b.spools[1]);
    }
    arena_free(&b.arena);
    pgp_rig_free(&b.rig);
}
END_TEST

int main(int argc, char **argv)
{
    mallopt(M_MMAP_THRESHOLD, HEAP_KEEP);
    mallopt(M_TRIM_THRESHOLD, HEAP_KEEP);
    if (argc > 1)
        seconds_each = strtod(argv[1], NULL);
    only = argc > 2 ? argv[2] : NULL;
    noted = argc > 3 && strcmp(argv[3], "noted") == 0;
    return bench_run("openpgp", all);
}
