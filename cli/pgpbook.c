/* pgpbook - OpenPGP keys of others into the store. */
#include "cli/pgpbook.h"

#include "gate/pgp_conf.h"
#include "gate/pgp_keys.h"
#include "openpgp/cut.h"
#include "openpgp/frame.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- what it is ---- */

static enum pgpbook_kind kind_of_tag(unsigned tag)
{
    switch (tag) {
    case FRAME_PUBLIC_KEY:
        return PGPBOOK_PUBLIC;
    case FRAME_SECRET_KEY:
        return PGPBOOK_SECRET;
    case FRAME_SIGNATURE:
        return PGPBOOK_SIGNATURE;
    default:
        return PGPBOOK_NONE;
    }
}

static int dearmor(struct cli *cli, struct span armor, enum armor_type type, struct span *out,
                   struct err *err)
{
    const struct spool_conf conf = {
        .dir = cli->settings->state_dir, .mem_max = PGPBOOK_FILE_MAX, .size_max = PGPBOOK_FILE_MAX};
    struct spool *spool = spool_new(&conf);
    int status = armor_decode(armor, type, spool, err) < 0 || spool_seal(spool, err) < 0 ? -1 : 0;
    if (status == 0) {
        struct span all = spool_all(spool);
        *out = (struct span){arena_memdup(cli->arena, all.ptr, all.len), all.len};
    }
    spool_free(&spool);
    return status;
}

/* An armour that cannot be read is OpenPGP all the same: who reads its keys says what is wrong. */
enum pgpbook_kind pgpbook_recognise(struct cli *cli, struct span bytes, struct span *octets_out)
{
    static const struct {
        enum armor_type type;
        enum pgpbook_kind kind;
    } armors[] = {{ARMOR_SECRET, PGPBOOK_SECRET}, {ARMOR_PUBLIC, PGPBOOK_PUBLIC}};
    struct frame frame;
    struct span rest, armor;
    struct err broken = ERR_INIT;
    *octets_out = bytes;
    for (size_t i = 0; i < SEAL_COUNT(armors); i++) {
        rest = bytes;
        if (!armor_next(&rest, armors[i].type, &armor))
            continue;
        if (dearmor(cli, armor, armors[i].type, octets_out, &broken) < 0)
            return armors[i].kind;
        break;
    }
    rest = *octets_out;
    return frame_next(&rest, &frame) == FRAME_FOUND ? kind_of_tag(frame.tag) : PGPBOOK_NONE;
}

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int pgpbook_engine(struct cli *cli, const char *home, struct pgp_engine **out, struct err *err)
{
    const struct openpgp_settings *settings = &cli->settings->openpgp;
    /* the spool folder may be there only while the daemon runs */
    bool scratch = access(settings->scratch, W_OK | X_OK) == 0;
    struct pgp_engine_conf conf = pgp_conf(settings, clock_ms);
    if (home != NULL)
        conf.home = home;
    if (!scratch)
        conf.scratch = cli->settings->state_dir;
    if (*settings->gpg == '\0')
        return err_set(err, ERR_CONFIG, "%s: there is no OpenPGP without openpgp-gpg", cli->settings->path);
    return pgp_engine_open(&conf, out, err);
}

/* ---- into the store ---- */

static bool has_address(const struct pgp_record *record, const char *addr)
{
    for (size_t i = 0; i < record->naddrs; i++)
        if (strcmp(record->addrs[i], addr) == 0)
            return true;
    return false;
}

static void add_address(struct pgp_record *record, const char *addr)
{
    if (*addr != '\0' && !has_address(record, addr))
        record->addrs[record->naddrs++] = addr;
}

/* What a User-ID says its owner may have made up: by hand, a key is given one address, or all. */
static int choose_addresses(struct cli *cli, const struct pgp_record *known,
                            const struct pgpbook_terms *terms, struct pgp_record *record, struct err *err)
{
    record->addrs = arena_array(cli->arena, known->naddrs + record->nnamed + 2, sizeof *record->addrs);
    for (size_t i = 0; i < known->naddrs; i++)
        if (known->pinned || record->revoked || pgp_record_names(record, known->addrs[i]))
            add_address(record, known->addrs[i]);
    if (terms->for_addr != NULL)
        add_address(record, terms->for_addr);
    bool all = terms->for_addr == NULL && !known->pinned && !(record->revoked && known->naddrs > 0);
    for (size_t i = 0; all && i < record->nnamed; i++)
        add_address(record, record->named[i]);
    if (terms->also_for != NULL)
        add_address(record, terms->also_for);
    if (record->naddrs > STORE_ADDRS_MAX)
        return err_set(err, ERR_LIMIT, "OpenPGP key %s has more than %d addresses", record->fingerprint,
                       STORE_ADDRS_MAX);
    if (record->naddrs > 0)
        return 0;
    return err_set(err, ERR_KEY_UNUSABLE, "OpenPGP key %s names no address; give it one: --for ADDR",
                   record->fingerprint);
}

static void keep_known(const struct pgp_record *known, const struct pgpbook_terms *terms,
                       struct pgp_record *record)
{
    bool by_hand = terms->trust != TRUST_UNTRUSTED;
    record->source = known->source > terms->source ? known->source : terms->source;
    record->trust = by_hand ? terms->trust : known->trust;
    if (terms->by_source && !known->pinned && record->trust == TRUST_UNTRUSTED)
        record->trust = TRUST_TRUSTED;
    record->pinned = by_hand || known->pinned;
    if (known->capabilities != NULL)
        record->capabilities = known->capabilities;
    record->certified = known->certified;
}

/* Such a key is kept: it verifies old mail, and says why nothing is encrypted to it. */
static bool has_ended(const struct cli *cli, const struct pgp_key *key)
{
    return key->revoked || (key->expires != 0 && key->expires <= cli->now);
}

int pgpbook_put(struct cli *cli, struct pgp_engine *engine, const struct pgp_key *key,
                const struct pgpbook_terms *terms, struct pgp_record *out, struct err *err)
{
    struct pgp_record known = {.naddrs = 0};
    struct pgp_key merged = *key;
    if (key->why != NULL && !has_ended(cli, key))
        return err_set(err, ERR_KEY_UNUSABLE, "OpenPGP key %s: %s", key->fingerprint, key->why);
    enum find found = store_find_pgp(cli->read, key->fingerprint, &known, err);
    if (found == FIND_FAILED || (found == FIND_FOUND && !span_eq(known.key, key->bytes) &&
                                 pgp_key_merge(engine, cli->arena, known.key, key->bytes, &merged, err) < 0))
        return -1;
    *out = pgp_keys_record(cli->arena, &merged);
    out->first_seen = out->last_seen = cli->now;
    keep_known(&known, terms, out);
    if (choose_addresses(cli, &known, terms, out, err) < 0)
        return -1;
    return store_put_pgp(cli->store, out, known.key, err);
}

/* ---- certificates of revocation ---- */

/* The stored key that a signature says it revokes. */
static int find_revoked(struct cli *cli, const struct pgp_cut_revocation *revocation, struct pgp_record *out,
                        struct err *err)
{
    struct pgp_record *records;
    size_t n = 0;
    if (store_pgp_by_keyid(cli->read, revocation->keyid, &records, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(records[i].keyids[0], revocation->keyid) != 0 ||
            (*revocation->fingerprint != '\0' &&
             strcmp(records[i].fingerprint, revocation->fingerprint) != 0))
            continue;
        *out = records[i];
        return 0;
    }
    return err_set(err, ERR_ABSENT, "there is no OpenPGP key with the key id %s", revocation->keyid);
}

int pgpbook_revoke(struct cli *cli, struct pgp_engine *engine, struct span octets, struct pgp_record *out,
                   struct err *err)
{
    struct pgp_cut cut;
    struct pgp_record known;
    struct pgp_key key;
    if (pgp_cut_keys(cli->arena, octets, &cut, err) < 0)
        return -1;
    if (cut.nrevocations != 1)
        return err_set(err, ERR_SYNTAX, "no certificate of revocation of one key");
    if (find_revoked(cli, &cut.revocations[0], &known, err) < 0 ||
        pgp_key_merge(engine, cli->arena, known.key, cut.revocations[0].bytes, &key, err) < 0)
        return -1;
    if (!key.revoked)
        return err_set(err, ERR_CRYPTO, "OpenPGP key %s is not revoked by this signature", known.fingerprint);
    const struct pgpbook_terms as_before = {.source = known.source};
    return pgpbook_put(cli, engine, &key, &as_before, out, err);
}
