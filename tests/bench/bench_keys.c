/*
 * bench_keys - what it costs that private keys are in another process, or on a token; in one run: a ratio means something, a rate only here.
 *
 *     raw         OpenSSL's operation in a loop, as `openssl speed` does
 *     soft        a soft key in this process
 *     sealkeyd    the same behind sealkeyd
 *     SoftHSM     a key on a token of SoftHSM, behind sealkeyd
 *
 * An operation of a key by itself, then a message of 10 KB signed or opened with it, which is what mail pays for.
 * The ways take turns in short rounds, so that other load meets all of them alike. CPU is what an operation takes of processors in this process
 * and sealkeyd's together: on a machine with other load it says more than a rate. Not a test; run it by hand:
 * bench_keys [seconds for each figure [operation [threads]]].
 */
#include "bench/bench.h"
#include "support/keys.h"
#include "support/sealing.h"
#include "support/sealkeyd.h"
#include "support/softhsm.h"
#include "token/evp.h"
#include "token/remote.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define OWNER       "alice@a.example"
#define ROUNDS      20
#define THREADS_MAX 4
#define SAMPLES_MAX (1u << 20) /* of one thread and way; later operations only count */
#define PIN         "1234"

enum way {
    WAY_RAW,
    WAY_SOFT,
    WAY_SEALKEYD,
    WAY_SOFTHSM,
    WAYS
};
static const char *const way_names[WAYS] = {"raw", "soft", "sealkeyd", "SoftHSM"};

enum operation {
    RSA_SIGN,
    RSA_DECRYPT,
    EC_SIGN,
    EC_DERIVE,
    RSA_SIGN_MESSAGE,
    RSA_OPEN_MESSAGE,
    EC_SIGN_MESSAGE,
    EC_OPEN_MESSAGE,
    OPERATIONS
};
static const struct {
    const char *name;
    int key; /* 0: RSA, 1: EC */
    enum way first;
} operations[OPERATIONS] = {
    [RSA_SIGN] = {"RSA-2048 sign", 0, WAY_RAW},
    [RSA_DECRYPT] = {"RSA-2048 decrypt", 0, WAY_RAW},
    [EC_SIGN] = {"P-256 sign", 1, WAY_RAW},
    [EC_DERIVE] = {"P-256 derive", 1, WAY_RAW},
    [RSA_SIGN_MESSAGE] = {"RSA-2048 sign 10 KB", 0, WAY_SOFT},
    [RSA_OPEN_MESSAGE] = {"RSA-2048 open 10 KB", 0, WAY_SOFT},
    [EC_SIGN_MESSAGE] = {"P-256 sign 10 KB", 1, WAY_SOFT},
    [EC_OPEN_MESSAGE] = {"P-256 open 10 KB", 1, WAY_SOFT},
};

static struct {
    struct sealkeyd keyd;
    struct softhsm hsm;
    struct holder *holder;
    EVP_PKEY *pkey[2], *peer; /* RSA, EC */
    struct key *keys[WAYS][2];
    unsigned char hash[32], wrapped[256], *point;
    size_t nwrapped, npoint;
    struct pki *pki;
    struct pki_entity *who[2];
    struct span text;
    struct spool *sealed[2]; /* for them */
    clockid_t clocks[3];
} bench;

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_keys: %s\n", what);
    abort();
}

/* ---- what is measured ---- */

static EVP_PKEY_CTX *raw_ctx(enum operation op)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bench.pkey[operations[op].key], NULL);
    switch (op) {
    case RSA_SIGN:
    case EC_SIGN:
        must(EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1, "sign");
        break;
    case RSA_DECRYPT:
        must(EVP_PKEY_decrypt_init(ctx) == 1, "decrypt");
        break;
    case EC_DERIVE:
        must(EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, bench.peer) == 1, "derive");
        break;
    case RSA_SIGN_MESSAGE:
    case RSA_OPEN_MESSAGE:
    case EC_SIGN_MESSAGE:
    case EC_OPEN_MESSAGE:
    case OPERATIONS:
    default:
        abort();
    }
    return ctx;
}

static bool operate_raw(enum operation op, EVP_PKEY_CTX *ctx)
{
    unsigned char out[512];
    size_t len = sizeof out;
    switch (op) {
    case RSA_SIGN:
    case EC_SIGN:
        return EVP_PKEY_sign(ctx, out, &len, bench.hash, sizeof bench.hash) == 1;
    case RSA_DECRYPT:
        return EVP_PKEY_decrypt(ctx, out, &len, bench.wrapped, bench.nwrapped) == 1;
    case EC_DERIVE:
        return EVP_PKEY_derive(ctx, out, &len) == 1;
    case RSA_SIGN_MESSAGE:
    case RSA_OPEN_MESSAGE:
    case EC_SIGN_MESSAGE:
    case EC_OPEN_MESSAGE:
    case OPERATIONS:
    default:
        return false;
    }
}

static bool sign_message(struct cert *cert, struct key *key)
{
    struct err err = ERR_INIT;
    const struct smime_signer signer = {.cert = cert, .key = key};
    struct spool *out = spool_new(&sealing_conf);
    int result = smime_sign(bench.text, &signer, PKI_NOW, SMIME_SIGN_DETACHED, out, &err);
    spool_free(&out);
    return result == 0;
}

static bool open_message(const struct spool *sealed, struct cert *cert, struct key *key)
{
    struct err err = ERR_INIT;
    enum smime_opened opened;
    struct spool *out = spool_new(&sealing_conf);
    int result = smime_decrypt(spool_all(sealed), &sealing_limits, cert, key, out, &opened, &err);
    spool_free(&out);
    return result == 0 && opened == SMIME_OPENED;
}

static bool operate(enum operation op, struct key *key)
{
    unsigned char sig[512];
    size_t len = sizeof sig;
    struct err err = ERR_INIT;
    SEAL_CLEANUP(secret_fini) struct secret out = {.ptr = NULL};
    struct span hash = {(char *)bench.hash, sizeof bench.hash};
    switch (op) {
    case RSA_SIGN:
        return key_sign(key, DIGEST_SHA256, SIGN_PKCS1, hash, sig, &len, &err) == 0;
    case EC_SIGN:
        return key_sign(key, DIGEST_SHA256, SIGN_ECDSA, hash, sig, &len, &err) == 0;
    case RSA_DECRYPT:
        return key_decrypt(key, WRAP_PKCS1, DIGEST_SHA1, (struct span){(char *)bench.wrapped, bench.nwrapped},
                           &out, &err) == 0;
    case EC_DERIVE:
        return key_derive(key, (struct span){(char *)bench.point, bench.npoint}, &out, &err) == 0;
    case RSA_SIGN_MESSAGE:
    case EC_SIGN_MESSAGE:
        return sign_message(bench.who[operations[op].key]->cert, key);
    case RSA_OPEN_MESSAGE:
    case EC_OPEN_MESSAGE:
        return open_message(bench.sealed[operations[op].key], bench.who[operations[op].key]->cert, key);
    case OPERATIONS:
    default:
        return false;
    }
}

/* ---- measuring ---- */

struct runner {
    pthread_t thread;
    enum operation op;
    enum way way;
    double seconds;
    size_t count, nsamples;
    uint32_t *samples; /* nanoseconds; SAMPLES_MAX */
};

static void *run(void *arg)
{
    struct runner *r = arg;
    EVP_PKEY_CTX *ctx = r->way == WAY_RAW ? raw_ctx(r->op) : NULL;
    double start = bench_now(), end = start + r->seconds;
    for (double before = start, after; before < end; before = after) {
        must(ctx != NULL ? operate_raw(r->op, ctx)
                         : operate(r->op, bench.keys[r->way][operations[r->op].key]),
             operations[r->op].name);
        after = bench_now();
        r->count++;
        if (r->nsamples < SAMPLES_MAX)
            r->samples[r->nsamples++] = (uint32_t)(1e9 * (after - before));
    }
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

struct figure {
    struct runner runners[THREADS_MAX];
    double spent, cpu;
};

/* Of this process, and of sealkeyd's: supervisor, worker, token child. */
static double cpu(void)
{
    double sum = bench_clock(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < SEAL_COUNT(bench.clocks); i++)
        sum += bench_clock(bench.clocks[i]);
    return sum;
}

static void run_round(struct figure *figure, enum operation op, enum way way, int threads, double seconds)
{
    double start = bench_now(), used = cpu();
    for (int i = 0; i < threads; i++) {
        figure->runners[i].op = op;
        figure->runners[i].way = way;
        figure->runners[i].seconds = seconds;
        must(pthread_create(&figure->runners[i].thread, NULL, run, &figure->runners[i]) == 0, "thread");
    }
    for (int i = 0; i < threads; i++)
        pthread_join(figure->runners[i].thread, NULL);
    figure->spent += bench_now() - start;
    figure->cpu += cpu() - used;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double count_of(const struct figure *figure)
{
    size_t count = 0;
    for (int i = 0; i < THREADS_MAX; i++)
        count += figure->runners[i].count;
    return (double)count;
}

static void print_figure(const struct figure *figure, enum way way, const struct figure *soft)
{
    double rate = count_of(figure) / figure->spent, used = figure->cpu / count_of(figure);
    size_t n = 0;
    uint32_t *all = malloc(sizeof *all * SAMPLES_MAX * THREADS_MAX);
    for (int i = 0; i < THREADS_MAX; i++) {
        memcpy(all + n, figure->runners[i].samples, figure->runners[i].nsamples * sizeof *all);
        n += figure->runners[i].nsamples;
    }
    qsort(all, n, sizeof *all, compare);
    printf("    %-8s %7.0f/s %4.0f %% of soft   CPU %6.1f us %4.0f %%   p50 %7.1f us   p99 %8.1f us\n",
           way_names[way], rate, 100 * rate * soft->spent / count_of(soft), 1e6 * used,
           100 * soft->cpu / count_of(soft) / used, all[n / 2] / 1e3, all[n * 99 / 100] / 1e3);
    free(all);
}

static void measure(enum operation op, int threads, double seconds)
{
    struct figure figures[WAYS] = {0};
    for (int w = 0; w < WAYS; w++)
        for (int i = 0; i < THREADS_MAX; i++)
            figures[w].runners[i].samples = malloc(sizeof(uint32_t) * SAMPLES_MAX);
    for (int round = 0; round < ROUNDS; round++)
        for (int w = (int)operations[op].first; w < WAYS; w++)
            run_round(&figures[w], op, (enum way)w, threads, seconds / ROUNDS);
    printf("%s, %d thread%s\n", operations[op].name, threads, threads == 1 ? "" : "s");
    for (int w = (int)operations[op].first; w < WAYS; w++)
        print_figure(&figures[w], (enum way)w, &figures[WAY_SOFT]);
    for (int w = 0; w < WAYS; w++)
        for (int i = 0; i < THREADS_MAX; i++)
            free(figures[w].runners[i].samples);
    fflush(stdout);
}

/* ---- the keys ---- */

static void open_soft(int i, const struct secret *pkcs8)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(8192);
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAP_MAX);
    bench.keys[WAY_SOFT][i] = keys_soft(pkcs8);
    must(soft_public(pkcs8, &public, &err) == 0 &&
             soft_wrap(&bench.keyd.master, OWNER, pkcs8, &wrapped, &err) == 0 &&
             holder_open_key(bench.holder, &(struct sealed_key){OWNER, buf_span(&public), buf_span(&wrapped)},
                             OWNER, &bench.keys[WAY_SEALKEYD][i], &err) == 0,
         err.msg);
}

static void open_on_token(int i)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(8192);
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAP_MAX);
    must(remote_seal(bench.holder, OWNER, (struct span){NULL, 0},
                     i == 0 ? "pkcs11:token=gw;object=rsa" : "pkcs11:token=gw;object=ec", &public, &wrapped,
                     &err) == 0 &&
             holder_open_key(bench.holder, &(struct sealed_key){OWNER, buf_span(&public), buf_span(&wrapped)},
                             OWNER, &bench.keys[WAY_SOFTHSM][i], &err) == 0,
         err.msg);
}

static void find_clocks(void)
{
    SEAL_CLEANUP(buf_fini) struct buf log = BUF_INIT(1u << 20);
    sealkeyd_read_log(&bench.keyd, &log);
    const char *token = strstr(buf_str(&log), "event=started who=token pid=");
    const pid_t pids[] = {bench.keyd.pid, sealkeyd_worker(&bench.keyd, 0),
                          token == NULL ? 0 : (pid_t)strtol(strstr(token, "pid=") + 4, NULL, 10)};
    for (size_t i = 0; i < SEAL_COUNT(pids); i++)
        must(pids[i] > 0 && clock_getcpuclockid(pids[i], &bench.clocks[i]) == 0, "a process of sealkeyd");
}

static void start(void)
{
    struct err err = ERR_INIT;
    char settings[400];
    bench.pkey[0] = keys_load("rsa2048-1");
    bench.pkey[1] = EVP_EC_gen("P-256");
    softhsm_init(&bench.hsm);
    softhsm_token(&bench.hsm, "gw", PIN);
    softhsm_import(&bench.hsm, "gw", PIN, "rsa", "01", bench.pkey[0], SOFTHSM_SIGN);
    softhsm_import(&bench.hsm, "gw", PIN, "ec", "02", bench.pkey[1], SOFTHSM_DERIVE);
    snprintf(settings, sizeof settings, "pkcs11-module = %s\npkcs11-pin-files = gw %s\nkey-rate = 10000000\n",
             SOFTHSM_MODULE, bench.hsm.pin_path[0]);
    sealkeyd_start(&bench.keyd, settings);
    sealkeyd_logged(&bench.keyd, "event=started who=token", 1);
    find_clocks();
    must(remote_new(bench.keyd.socket, 20000, &bench.holder, &err) == 0, err.msg);
    for (int i = 0; i < 2; i++) {
        struct secret pkcs8;
        must(evp_write_pkcs8(bench.pkey[i], &pkcs8, &err) == 0, err.msg);
        open_soft(i, &pkcs8);
        open_on_token(i);
        secret_fini(&pkcs8);
    }
}

static void make_questions(void)
{
    bench.peer = EVP_EC_gen("P-256");
    bench.npoint = EVP_PKEY_get1_encoded_public_key(bench.peer, &bench.point);
    bench.nwrapped = sizeof bench.wrapped;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bench.pkey[0], NULL);
    must(EVP_PKEY_encrypt_init(ctx) == 1 &&
             EVP_PKEY_encrypt(ctx, bench.wrapped, &bench.nwrapped, bench.hash, sizeof bench.hash) == 1,
         "encrypt");
    EVP_PKEY_CTX_free(ctx);
}

static void make_messages(void)
{
    bench.text = sealing_text(10 << 10);
    bench.pki = pki_new();
    struct pki_entity *root = pki_root(bench.pki, &(struct pki_spec){.name = "Root"});
    for (int i = 0; i < 2; i++) {
        bench.who[i] = pki_leaf(bench.pki, root, &(struct pki_spec){.email = OWNER, .public = bench.pkey[i]});
        bench.sealed[i] = sealing_encrypt(bench.text, &bench.who[i], 1, SMIME_AES256_GCM);
    }
}

static void stop(void)
{
    for (int i = 0; i < 2; i++)
        spool_free(&bench.sealed[i]);
    pki_free(&bench.pki);
    free((char *)bench.text.ptr);
    for (int w = WAY_SOFT; w < WAYS; w++)
        for (int i = 0; i < 2; i++)
            key_free(&bench.keys[w][i]);
    holder_free(&bench.holder);
    sealkeyd_stop(&bench.keyd);
    softhsm_fini(&bench.hsm);
    EVP_PKEY_free(bench.pkey[0]);
    EVP_PKEY_free(bench.pkey[1]);
    EVP_PKEY_free(bench.peer);
    OPENSSL_free(bench.point);
}

static double seconds_each = 2;
static const char *only; /* an operation; NULL: all */
static int only_threads; /* 0: all */

START_TEST(all)
{
    start();
    make_questions();
    make_messages();
    for (int op = 0; op < OPERATIONS; op++)
        for (int threads = 1; threads <= THREADS_MAX; threads *= 4)
            if ((only == NULL || strcmp(only, operations[op].name) == 0) &&
                (only_threads == 0 || only_threads == threads))
                measure((enum operation)op, threads, seconds_each);
    stop();
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1)
        seconds_each = strtod(argv[1], NULL);
    only = argc > 2 ? argv[2] : NULL;
    only_threads = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;
    return bench_run("keys", all);
}
