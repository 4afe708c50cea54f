/* openpgp_tool - what lib/openpgp makes of standard input, for another implementation to judge: armor, dearmor (of public keys), cut, look. */
#include "openpgp/armor.h"
#include "openpgp/cut.h"
#include "openpgp/packet.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#define INPUT_MAX (64u << 20)

static const struct spool_conf conf = {.dir = "/tmp", .mem_max = INPUT_MAX, .size_max = INPUT_MAX};

static int fail(const char *what, const struct err *err)
{
    fprintf(stderr, "%s: %s\n", what, err->msg);
    return 1;
}

static int convert(const char *verb, struct span in)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&conf);
    int status = strcmp(verb, "armor") == 0 ? armor_encode(in, ARMOR_PUBLIC, out, &err)
                                            : armor_decode(in, ARMOR_PUBLIC, out, &err);
    if (status < 0 || spool_seal(out, &err) < 0)
        return fail(verb, &err);
    struct span all = spool_all(out);
    return fwrite(all.ptr, 1, all.len, stdout) == all.len ? 0 : 1;
}

/* The keys to standard output, what is said of them to standard error: a line for each key, subkey, revocation, and for the counts. */
static int cut(struct span in)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct pgp_cut cut;
    if (pgp_cut_keys(arena, in, &cut, &err) < 0)
        return fail("cut", &err);
    for (size_t k = 0; k < cut.nkeys; k++) {
        const struct pgp_cut_key *key = &cut.keys[k];
        for (size_t i = 0; i < key->nsubkeys; i++)
            fprintf(stderr, "%s %s %s %s %u %lld\n", i == 0 ? "key" : "subkey", key->subkeys[i].fingerprint,
                    key->subkeys[i].keyid, key->subkeys[i].algorithm, key->subkeys[i].bits,
                    (long long)key->subkeys[i].created);
        for (size_t i = 0; i < key->nuids; i++)
            fprintf(stderr, "uid %.*s\n", SPAN_ARG(key->uids[i]));
        if (fwrite(key->bytes.ptr, 1, key->bytes.len, stdout) != key->bytes.len)
            return 1;
    }
    for (size_t i = 0; i < cut.nrevocations; i++)
        fprintf(stderr, "revocation %s %s\n", cut.revocations[i].keyid, cut.revocations[i].fingerprint);
    fprintf(stderr, "broken %zu unsupported %zu %s\n", cut.nbroken, cut.nunsupported,
            cut.why == NULL ? "" : cut.why);
    return 0;
}

/* "encrypted supported", "encrypted", "no": why. */
static int look(struct span in)
{
    static const struct pgp_limits limits = PGP_LIMITS_DEFAULT;
    struct err err = ERR_INIT;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct pgp_outside outside;
    if (pgp_look(arena, in, &limits, &outside, &err) < 0)
        return fail("look", &err);
    const char *said = outside.kind != PGP_KIND_ENCRYPTED ? "no"
                       : outside.supported                ? "encrypted supported"
                                                          : "encrypted";
    printf("%s: %s\n", said, outside.why == NULL ? "" : outside.why);
    return 0;
}

int main(int argc, char **argv)
{
    SEAL_CLEANUP(buf_fini) struct buf in = BUF_INIT(INPUT_MAX);
    char block[65536];
    for (size_t n; (n = fread(block, 1, sizeof block, stdin)) > 0;)
        buf_add(&in, block, n);
    if (argc != 2 || in.failed)
        return 2;
    if (strcmp(argv[1], "look") == 0)
        return look(buf_span(&in));
    return strcmp(argv[1], "cut") == 0 ? cut(buf_span(&in)) : convert(argv[1], buf_span(&in));
}
