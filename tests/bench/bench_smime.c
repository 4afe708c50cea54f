/*
 * bench_smime - sign, encrypt, decrypt and verify against the bare primitives, in one run: a ratio means something, a rate only here.
 *
 * The bare primitives of an operation are the hash or cipher over the content into a spool and one public or private key operation:
 * what no S/MIME program can do without. Not a test; run it by hand: bench_smime [seconds for each figure].
 */
#include "bench/bench.h"
#include "support/sealing.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct bench {
    struct pki_entity *who;
    struct span text;
    struct spool *sealed; /* of the text */
    struct spool *signature;
    struct anchors *anchors;
    struct pki_entity *root;
    unsigned char raw[1024]; /* a bare signature of the text */
    size_t nraw;
    bool gcm;
};

typedef void operation(const struct bench *bench);

static struct spool *new_spool(void)
{
    return spool_new(&(struct spool_conf){"/tmp", 64u << 20, SIZE_MAX});
}

static void must(bool good)
{
    if (!good)
        abort();
}

static void run_sign(const struct bench *b)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    struct smime_signer signer = {.cert = b->who->cert, .key = b->who->key};
    must(smime_sign(b->text, &signer, PKI_NOW, SMIME_SIGN_DETACHED, out, &err) == 0);
}

static void sign_digest(const struct bench *b, unsigned char *out, size_t *len)
{
    unsigned char digest[32];
    hash_bytes(b->text, digest);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(b->who->pkey, NULL);
    must(EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
         EVP_PKEY_sign(ctx, out, len, digest, sizeof digest) == 1);
    EVP_PKEY_CTX_free(ctx);
}

static void bare_sign(const struct bench *b)
{
    unsigned char signature[1024];
    size_t len = sizeof signature;
    sign_digest(b, signature, &len);
}

static void run_encrypt(const struct bench *b)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    must(smime_encrypt(b->text, &b->who->cert, 1, b->gcm ? SMIME_AES256_GCM : SMIME_AES256_CBC, out, &err) ==
         0);
}

static void bare_cipher(const struct bench *b, int encrypt)
{
    static unsigned char room[65536 + 32], key[32], iv[16];
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n;
    must(EVP_CipherInit_ex(ctx, b->gcm ? EVP_aes_256_gcm() : EVP_aes_256_cbc(), NULL, key, iv, encrypt) == 1);
    EVP_CIPHER_CTX_set_padding(ctx, encrypt);
    for (size_t at = 0; at < b->text.len; at += 65536) {
        struct span part = span_sub(b->text, at, 65536);
        must(EVP_CipherUpdate(ctx, room, &n, (const unsigned char *)part.ptr, (int)part.len) == 1 &&
             spool_write(out, room, (size_t)n, &err) == 0);
    }
    EVP_CIPHER_CTX_free(ctx);
}

/* An ephemeral key and the secret with it, or one RSA operation. */
static void bare_agreement(const struct bench *b, EVP_PKEY *own)
{
    unsigned char secret[200];
    size_t len = sizeof secret;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
    must(EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, b->who->pkey) == 1 &&
         EVP_PKEY_derive(ctx, secret, &len) == 1);
    EVP_PKEY_CTX_free(ctx);
}

static bool is_ec(const struct bench *b)
{
    return cert_info(b->who->cert)->key_type != KEY_RSA;
}

static void bare_encrypt(const struct bench *b)
{
    unsigned char key[32] = {0}, wrapped[1024];
    size_t len = sizeof wrapped;
    bare_cipher(b, 1);
    if (is_ec(b)) {
        EVP_PKEY *ephemeral = EVP_EC_gen("P-256");
        bare_agreement(b, ephemeral);
        EVP_PKEY_free(ephemeral);
        return;
    }
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(b->who->pkey, NULL);
    must(EVP_PKEY_encrypt_init(ctx) == 1 && EVP_PKEY_encrypt(ctx, wrapped, &len, key, sizeof key) == 1);
    EVP_PKEY_CTX_free(ctx);
}

static void run_decrypt(const struct bench *b)
{
    struct err err = ERR_INIT;
    enum smime_opened result;
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    must(smime_decrypt(spool_all(b->sealed), &sealing_limits, b->who->cert, b->who->key, out, &result,
                       &err) == 0 &&
         result == SMIME_OPENED);
}

static void bare_decrypt(const struct bench *b)
{
    bare_cipher(b, 0);
    if (is_ec(b))
        bare_agreement(b, b->who->pkey);
    else
        bare_sign(&(struct bench){.who = b->who, .text = {"", 0}});
}

static void run_verify(const struct bench *b)
{
    struct err err = ERR_INIT;
    const struct smime_verify_conf conf = {
        .anchors = b->anchors, .now = PKI_NOW, .signing_time_window = PKI_DAY, .min_rsa_bits = 2048};
    SEAL_CLEANUP(smime_verified_fini) struct smime_verified v;
    must(smime_verify(spool_all(b->signature), b->text, &sealing_limits, &conf, NULL, &v, &err) == 0 &&
         v.signature == SIGNATURE_GOOD);
}

/* The certificate is read each time, since it comes with the message; one signature is the message's, one the certificate's. */
static void bare_verify(const struct bench *b)
{
    unsigned char digest[32];
    const unsigned char *p = (const unsigned char *)b->who->der.ptr;
    X509 *x509 = d2i_X509(NULL, &p, (long)b->who->der.len);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(X509_get0_pubkey(x509), NULL);
    hash_bytes(b->text, digest);
    must(EVP_PKEY_verify_init(ctx) == 1 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
         EVP_PKEY_verify(ctx, b->raw, b->nraw, digest, sizeof digest) == 1 &&
         X509_verify(x509, b->root->pkey) == 1);
    EVP_PKEY_CTX_free(ctx);
    X509_free(x509);
}

/* Seconds for one, the best of short rounds: other load only ever slows. */
static double cost(operation *op, const struct bench *b, double seconds)
{
    double best = 1e9;
    for (double begin = bench_now(); bench_now() - begin < seconds;) {
        unsigned n = 0;
        double round = bench_now();
        do {
            op(b);
            n++;
        } while (bench_now() - round < seconds / 20);
        double each = (bench_now() - round) / n;
        best = each < best ? each : best;
    }
    return best;
}

static void report(const char *name, operation *run, operation *bare, const struct bench *b, double seconds)
{
    double ours = cost(run, b, seconds), floor = cost(bare, b, seconds);
    printf("%-22s %10zu %12.1f/s %9.1f MB/s %6.0f %% of bare\n", name, b->text.len, 1 / ours,
           (double)b->text.len / ours / 1e6, 100 * floor / ours);
    fflush(stdout);
}

static void bench_one(struct pki *pki, struct pki_entity *root, enum pki_key type, size_t size,
                      double seconds)
{
    struct err err = ERR_INIT;
    struct bench b = {.text = sealing_text(size), .root = root};
    const char *kind = type == PKI_RSA2048 ? "rsa2048" : "p256";
    char name[40];
    b.who = pki_leaf(pki, root, &(struct pki_spec){.email = "a@a.example", .type = type});
    b.nraw = sizeof b.raw;
    sign_digest(&b, b.raw, &b.nraw);
    must(anchors_new(&root->cert, 1, NULL, 0, &b.anchors, &err) == 0);
    struct smime_signer signer = {.cert = b.who->cert, .key = b.who->key};
    b.signature = sealing_sign(b.text, &signer, SMIME_SIGN_DETACHED);
    snprintf(name, sizeof name, "sign %s", kind);
    report(name, run_sign, bare_sign, &b, seconds);
    snprintf(name, sizeof name, "verify %s", kind);
    report(name, run_verify, bare_verify, &b, seconds);
    for (int gcm = 0; gcm < 2; gcm++) {
        b.gcm = gcm;
        b.sealed = sealing_encrypt(b.text, &b.who, 1, gcm ? SMIME_AES256_GCM : SMIME_AES256_CBC);
        snprintf(name, sizeof name, "encrypt %s %s", gcm ? "gcm" : "cbc", kind);
        report(name, run_encrypt, bare_encrypt, &b, seconds);
        snprintf(name, sizeof name, "decrypt %s %s", gcm ? "gcm" : "cbc", kind);
        report(name, run_decrypt, bare_decrypt, &b, seconds);
        spool_free(&b.sealed);
    }
    spool_free(&b.signature);
    anchors_free(&b.anchors);
    free((char *)b.text.ptr);
}

static double seconds_each = 1;

START_TEST(all)
{
    static const size_t sizes[] = {10000, 1000000, 10000000};
    struct pki *pki = pki_new();
    struct pki_entity *root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++) {
        bench_one(pki, root, PKI_RSA2048, sizes[i], seconds_each);
        bench_one(pki, root, PKI_P256, sizes[i], seconds_each);
    }
    pki_free(&pki);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1)
        seconds_each = strtod(argv[1], NULL);
    return bench_run("smime", all);
}
