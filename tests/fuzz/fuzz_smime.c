/* fuzz_smime - any octets as a CMS object: looked at, asked for recipients, opened, verified, decompressed. */
#include "fuzz_smime_keys.h"
#include "smime/open.h"
#include "smime/verify.h"
#include "token/soft.h"

#include <stdlib.h>

#define OUTPUT_MAX (1u << 20)
#define NOW        INT64_C(1798761600) /* 2027-01-01 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cert *root, *cert;
static struct key *key;
static struct anchors *anchors;

static void must(int status, const struct err *err)
{
    if (status < 0 || err_is_set(err))
        abort();
}

static void make_identity(void)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(secret_fini) struct secret master = {0};
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {0};
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(10000);
    must(cert_parse((struct span){fuzz_root, sizeof fuzz_root - 1}, &root, &err), &err);
    must(cert_parse((struct span){fuzz_cert, sizeof fuzz_cert - 1}, &cert, &err), &err);
    must(anchors_new(&root, 1, NULL, 0, &anchors, &err), &err);
    must(soft_master_generate(&master, &err), &err);
    must(secret_copy(&pkcs8, fuzz_key, sizeof fuzz_key - 1, &err), &err);
    must(soft_wrap(&master, "a@a.example", &pkcs8, &wrapped, &err), &err);
    must(soft_open(&master, "a@a.example", cert_public(cert), buf_span(&wrapped), &key, &err), &err);
}

static void look(struct span cms, const struct smime_limits *limits)
{
    struct err err = ERR_INIT;
    struct smime_outside outside;
    bool named;
    struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    int looked = smime_look(arena, cms, limits, &outside, &err);
    int asked = smime_names(cms, limits, &cert, 1, &named, &err);
    if ((looked < 0 || asked < 0) && err.code != ERR_LIMIT)
        abort();
    arena_free(&arena);
}

static void open_and_unpack(struct span cms, const struct smime_limits *limits, const struct spool_conf *conf)
{
    struct err err = ERR_INIT;
    enum smime_opened result;
    SEAL_CLEANUP(spool_free) struct spool *plain = spool_new(conf);
    SEAL_CLEANUP(spool_free) struct spool *unpacked = spool_new(conf);
    if (smime_decrypt(cms, limits, cert, key, plain, &result, &err) < 0 && err.code != ERR_LIMIT)
        abort();
    err_clear(&err);
    if (smime_decompress(cms, limits, unpacked, &err) < 0 && err.code != ERR_LIMIT &&
        err.code != ERR_SYNTAX && err.code != ERR_UNSUPPORTED)
        abort();
}

static void verify(struct span cms, struct span content, const struct smime_limits *limits,
                   const struct spool_conf *conf)
{
    struct err err = ERR_INIT;
    struct smime_verified verified;
    const struct smime_verify_conf how = {
        .anchors = anchors, .now = NOW, .signing_time_window = 0, .min_rsa_bits = 2048};
    SEAL_CLEANUP(spool_free) struct spool *inner = spool_new(conf);
    if (smime_verify(cms, content, limits, &how, inner, &verified, &err) < 0)
        abort();
    if (verified.signature == SIGNATURE_GOOD &&
        (verified.signer == NULL || !cert_same(verified.signer, cert)))
        abort();
    smime_verified_fini(&verified);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct smime_limits limits = {1000, 20, 100, 64, OUTPUT_MAX};
    static const struct spool_conf conf = {"/tmp", OUTPUT_MAX, 2 * OUTPUT_MAX};
    struct span cms = {(const char *)data, size};
    if (cert == NULL)
        make_identity();
    look(cms, &limits);
    open_and_unpack(cms, &limits, &conf);
    verify(cms, SPAN_LIT("Content-Type: text/plain\r\n\r\nhi\r\n"), &limits, &conf);
    verify(cms, (struct span){NULL, 0}, &limits, &conf);
    return 0;
}
