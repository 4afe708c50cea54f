/* fuzz_key_cut - any octets cut down as keys: small, whole, and cutting again changes nothing. */
#include "openpgp/cut.h"
#include "openpgp/packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_key(struct arena *arena, const struct pgp_cut_key *key)
{
    static const struct pgp_limits limits = PGP_LIMITS_DEFAULT;
    struct err err = ERR_INIT;
    struct pgp_outside outside;
    struct pgp_cut again;
    must(key->bytes.len > 0 && key->bytes.len <= PGP_KEY_SIZE_MAX);
    must(key->nuids <= PGP_UIDS_MAX && key->nsubkeys > 0 && key->nsubkeys <= 1 + PGP_SUBKEYS_MAX);
    must(pgp_look(arena, key->bytes, &limits, &outside, &err) == 0 && outside.kind == PGP_KIND_KEY);
    must(pgp_cut_keys(arena, key->bytes, &again, &err) == 0);
    must(again.nkeys == 1 && again.nbroken == 0 && again.nunsupported == 0);
    must(span_eq(again.keys[0].bytes, key->bytes));
    must(strcmp(again.keys[0].subkeys[0].fingerprint, key->subkeys[0].fingerprint) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span packets = {(const char *)data, size};
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(16u << 20);
    struct err err = ERR_INIT;
    struct pgp_cut cut;
    if (pgp_cut_keys(arena, packets, &cut, &err) < 0)
        return 0;
    size_t total = 0;
    for (size_t i = 0; i < cut.nkeys; i++) {
        check_key(arena, &cut.keys[i]);
        total += cut.keys[i].bytes.len;
    }
    must(total <= size);
    must(cut.nrevocations <= CUT_REVOCATIONS);
    return 0;
}
