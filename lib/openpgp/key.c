/* key - strangers' keys: cut by packets, then checked, cleaned and listed by gpg, many in one run. */
#include "openpgp/key.h"

#include "openpgp/armor.h"
#include "openpgp/cut.h"
#include "openpgp/frame.h"
#include "openpgp/job.h"
#include "openpgp/key_check.h"

#include <string.h>

#define BYTES_MAX (64u << 20) /* of all keys that are read at once */

/* ---- cutting ---- */

struct cut_down {
    struct arena *arena;
    struct buf bytes; /* of all keys */
    size_t nkeys, nleft_out;
    bool is_less;    /* than there is of a key, or beside keys */
    const char *why; /* the first was left out; lives as long as the program */
};

static int cut_packets(struct cut_down *down, struct span packets, struct err *err)
{
    struct pgp_cut cut;
    if (pgp_cut_keys(down->arena, packets, &cut, err) < 0)
        return -1;
    for (size_t i = 0; i < cut.nkeys; i++)
        buf_add_span(&down->bytes, cut.keys[i].bytes);
    down->nkeys += cut.nkeys;
    down->nleft_out += cut.nbroken + cut.nunsupported;
    down->is_less |= cut.nlost > 0;
    if (down->why == NULL)
        down->why = cut.why;
    return buf_check(&down->bytes, err);
}

/* An armour that is broken is one key left out. */
static int cut_armor(struct cut_down *down, struct span armor, struct err *err)
{
    SEAL_CLEANUP(spool_free)
    struct spool *packets = spool_new(&(struct spool_conf){.mem_max = BYTES_MAX, .size_max = BYTES_MAX});
    if (armor_decode(armor, ARMOR_PUBLIC, packets, err) == 0)
        return spool_seal(packets, err) < 0 ? -1 : cut_packets(down, spool_all(packets), err);
    if (err->code != ERR_SYNTAX)
        return -1;
    err_clear(err);
    down->nleft_out++;
    return 0;
}

static bool is_binary(struct span bytes)
{
    return bytes.len > 0 && ((unsigned char)bytes.ptr[0] & 0x80) != 0;
}

static int cut_all(struct cut_down *down, struct span bytes, struct err *err)
{
    struct span armor;
    if (is_binary(bytes))
        return cut_packets(down, bytes, err);
    while (armor_next(&bytes, ARMOR_PUBLIC, &armor))
        if (cut_armor(down, armor, err) < 0)
            return -1;
    return 0;
}

/* ---- checking ---- */

/* As many keys as one gpg is given, off the front. */
static struct span take_piece(struct span *rest, size_t nkeys)
{
    const struct span all = *rest;
    struct frame frame;
    size_t n = 0;
    while (frame_next(rest, &frame) == FRAME_FOUND) {
        if (frame.tag != FRAME_PUBLIC_KEY || ++n <= nkeys)
            continue;
        size_t len = (size_t)(frame.whole.ptr - all.ptr);
        *rest = span_sub(all, len, all.len);
        return span_sub(all, 0, len);
    }
    *rest = span_sub(all, all.len, 0);
    return all;
}

/* So that a file of thousands neither takes longer than one gpg may, nor makes more of a list than we take. */
static int check_pieces(struct pgp_engine *engine, struct arena *arena, struct cut_down *down,
                        struct pgp_key **out, size_t *n_out, struct err *err)
{
    struct span rest = buf_span(&down->bytes);
    *out = arena_array(arena, down->nkeys, sizeof **out);
    while (rest.len > 0) {
        struct pgp_key *keys;
        size_t n;
        if (arena_check(arena, err) < 0 ||
            key_check(engine, arena, take_piece(&rest, engine->keys_at_once), &keys, &n, err) < 0)
            return -1;
        for (size_t i = 0; i < n && *n_out < down->nkeys; i++)
            (*out)[(*n_out)++] = keys[i];
    }
    return 0;
}

int pgp_key_read(struct pgp_engine *engine, struct arena *arena, struct span bytes, struct pgp_key **out,
                 size_t *n_out, size_t *nbroken_out, struct err *err)
{
    struct cut_down down = {.arena = arena, .bytes = BUF_INIT(BYTES_MAX)};
    *out = NULL;
    *n_out = 0;
    int rc = cut_all(&down, bytes, err);
    if (rc == 0 && down.nkeys > 0)
        rc = check_pieces(engine, arena, &down, out, n_out, err);
    if (rc < 0)
        *n_out = 0;
    *nbroken_out = down.nleft_out + down.nkeys - *n_out;
    buf_fini(&down.bytes);
    if (rc == 0 && *n_out == 0)
        return err_set(err, ERR_SYNTAX, "no usable OpenPGP key in it%s%s", down.why == NULL ? "" : ": ",
                       down.why == NULL ? "" : down.why);
    return rc;
}

int pgp_key_is_all(struct arena *arena, struct span bytes, bool *out, struct err *err)
{
    struct cut_down down = {.arena = arena, .bytes = BUF_INIT(BYTES_MAX)};
    int rc = cut_all(&down, bytes, err);
    *out = rc == 0 && down.nleft_out == 0 && !down.is_less;
    buf_fini(&down.bytes);
    return rc;
}

/* ---- merging ---- */

static struct span join(struct arena *arena, struct span a, struct span b)
{
    char *bytes = arena_alloc(arena, a.len + b.len + 1);
    memcpy(bytes, a.ptr, a.len);
    memcpy(bytes + a.len, b.ptr, b.len);
    return (struct span){bytes, a.len + b.len};
}

/* Both as one key, checked; ERR_SYNTAX when it is not one. */
static int read_joined(struct pgp_engine *engine, struct arena *arena, struct span old, struct span fresh,
                       struct pgp_key *out, struct err *err)
{
    struct pgp_key *keys;
    size_t n, broken;
    if (pgp_key_read(engine, arena, join(arena, old, fresh), &keys, &n, &broken, err) < 0)
        return -1;
    if (n != 1)
        return err_set(err, ERR_SYNTAX, "not two states of one key");
    *out = keys[0];
    return 0;
}

static bool has_user_id(struct span key)
{
    struct frame frame;
    while (frame_next(&key, &frame) == FRAME_FOUND)
        if (frame.tag == FRAME_USER_ID)
            return true;
    return false;
}

/*
 * What is fresh is checked before it stands behind the key that is known: cutting keeps the newest signatures, and unchecked ones could
 * push the true ones out. What has no User-ID (a revocation, a refreshed subkey) can only be checked on the key; of the
 * result counts what is then merged once more.
 */
int pgp_key_merge(struct pgp_engine *engine, struct arena *arena, struct span old, struct span fresh,
                  struct pgp_key *out, struct err *err)
{
    struct pgp_key checked;
    const struct span nothing = {"", 0};
    if (!is_binary(old) || !is_binary(fresh))
        return err_set(err, ERR_SYNTAX, "keys are merged in binary");
    const struct span before = has_user_id(fresh) ? nothing : old;
    if (read_joined(engine, arena, before, fresh, &checked, err) < 0)
        return -1;
    return read_joined(engine, arena, old, checked.bytes, out, err);
}
