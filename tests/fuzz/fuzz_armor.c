/* fuzz_armor - any text read as armour; what was read is written, and read again: public keys without notes, of which they may be nothing but. */
#include "openpgp/armor.h"
#include "openpgp/notes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 20};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct spool *decode(struct span text, enum armor_type type)
{
    struct err err = ERR_INIT;
    struct spool *out = spool_new(&conf);
    if (armor_decode(text, type, out, &err) < 0 || spool_seal(out, &err) < 0)
        spool_free(&out);
    return out;
}

static void check_round_trip(struct span octets, enum armor_type type)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf bare = BUF_INIT(octets.len);
    if (type == ARMOR_PUBLIC)
        notes_drop(octets, &bare);
    struct span kept = type == ARMOR_PUBLIC ? buf_span(&bare) : octets;
    SEAL_CLEANUP(spool_free) struct spool *text = spool_new(&conf);
    must(armor_encode(octets, type, text, &err) == 0 && spool_seal(text, &err) == 0);
    struct span rest = spool_all(text), armor;
    must(armor_next(&rest, type, &armor) && span_trim(rest).len == 0);
    SEAL_CLEANUP(spool_free) struct spool *again = decode(armor, type);
    must(kept.len == 0 ? again == NULL : again != NULL && span_eq(spool_all(again), kept));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 300000)
        return 0;
    struct span text = {(const char *)data + 1, size - 1}, rest = text, armor;
    enum armor_type type = data[0] % 4;
    while (armor_next(&rest, type, &armor)) {
        SEAL_CLEANUP(spool_free) struct spool *octets = decode(armor, type);
        if (octets != NULL && spool_size(octets) > 0)
            check_round_trip(spool_all(octets), type);
    }
    SEAL_CLEANUP(spool_free) struct spool *whole = decode(text, type);
    must(whole == NULL || spool_size(whole) <= text.len / 4 * 3);
    if (text.len > 0)
        check_round_trip(text, type);
    return 0;
}
