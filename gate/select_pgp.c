/*
 * select_pgp - which OpenPGP key signs, and which one a message is encrypted to.
 *
 * Of the keys of an address those count that are not rejected or revoked, are good for the purpose now, strong enough, and trusted. Of these
 * the one that the administrator pinned, else the newest; the domain's after the address's own.
 */
#include "gate/internal.h"

#include "base/text.h"
#include "openpgp/minimal.h"

#include <stdlib.h>
#include <string.h>

#define CIPHER "aes256"

static int compare(const struct pgp_record *l, const struct pgp_record *r)
{
    bool left = select_is_domains(l->addrs, l->naddrs), right = select_is_domains(r->addrs, r->naddrs);
    if (left != right)
        return left ? 1 : -1;
    left = l->pinned && l->trust == TRUST_TRUSTED, right = r->pinned && r->trust == TRUST_TRUSTED;
    if (left != right)
        return left ? -1 : 1;
    return l->created == r->created ? 0 : l->created > r->created ? -1 : 1;
}

static int compare_keys(const void *a, const void *b)
{
    return compare(a, b);
}

static int compare_own(const void *a, const void *b)
{
    return compare(&((const struct loaded_pgp *)a)->key, &((const struct loaded_pgp *)b)->key);
}

static bool is_weak(const char *algorithm, unsigned bits, unsigned min_rsa_bits)
{
    bool modular =
        strcmp(algorithm, "rsa") == 0 || strcmp(algorithm, "elg") == 0 || strcmp(algorithm, "dsa") == 0;
    return modular && bits < min_rsa_bits;
}

/* Why it is good for nothing; NULL: it is not. */
static const char *common_fault(struct work *work, const struct pgp_record *record)
{
    if (record->trust == TRUST_REJECTED)
        return arena_printf(work->arena, "OpenPGP key %.16s was rejected by hand", record->fingerprint);
    if (record->revoked)
        return arena_printf(work->arena, "OpenPGP key %.16s is revoked", record->fingerprint);
    return NULL;
}

static const char *ended(struct work *work, const struct pgp_record *record, int64_t until, const char *what)
{
    if (until > 0 && until <= work->now)
        return arena_printf(work->arena, "OpenPGP key %.16s: what %s expired %s", record->fingerprint, what,
                            select_date(work->arena, until));
    return arena_printf(work->arena, "OpenPGP key %.16s has nothing that %s", record->fingerprint, what);
}

static const char *encrypting_fault(struct work *work, const struct pgp_record *record)
{
    const char *fault = common_fault(work, record);
    if (fault != NULL)
        return fault;
    if (!pgp_record_encrypts(record, work->now))
        return ended(work, record, record->encrypt_until, "encrypts");
    if (is_weak(record->encrypt_algorithm, record->encrypt_bits, work->snapshot->settings->min_rsa_bits))
        return arena_printf(work->arena, "OpenPGP key %.16s: %s of %u bits, at least %u are wanted",
                            record->fingerprint, record->encrypt_algorithm, record->encrypt_bits,
                            work->snapshot->settings->min_rsa_bits);
    return NULL;
}

const char *select_pgp_fault(struct work *work, const struct pgp_record *record)
{
    const char *fault = encrypting_fault(work, record);
    if (fault != NULL)
        return fault;
    if (record->trust != TRUST_TRUSTED)
        return arena_printf(work->arena, "OpenPGP key %.16s is not trusted (%s)", record->fingerprint,
                            pgp_source_name(record->source));
    return NULL;
}

/* The same key for several recipients (a domain's) is one entry. */
static int entry_of(struct work *work, const struct pgp_record *record)
{
    struct keyring *keyring = &work->materials->keyring;
    for (size_t i = 0; i < keyring->n; i++)
        if (keyring->entries[i].pgp_fp != NULL && keyring->entries[i].passphrase == NULL &&
            strcmp(keyring->entries[i].pgp_fp, record->fingerprint) == 0)
            return (int)i;
    return keyring_add(keyring, (struct keyring_entry){.pgp = record->key, .pgp_fp = record->fingerprint});
}

static void use(struct key_fact *fact, const struct pgp_record *record, int key, const char *why)
{
    *fact = (struct key_fact){.usable = ANSWER_YES,
                              .key = key,
                              .fingerprint = record->fingerprint,
                              .kind = "",
                              .cipher = CIPHER,
                              .why = why};
}

void select_pgp_encryption(struct work *work, struct loaded *loaded, struct key_fact *fact)
{
    *fact = (struct key_fact){.usable = ANSWER_NO, .key = -1, .why = "no OpenPGP key is known"};
    if (pgp_is_off(work)) {
        fact->why = "OpenPGP is switched off";
        return;
    }
    if (loaded->failed != NULL) {
        fact->usable = ANSWER_UNKNOWN;
        fact->why = loaded->failed;
        return;
    }
    if (loaded->npgps > 1)
        qsort(loaded->pgps, loaded->npgps, sizeof *loaded->pgps, compare_keys);
    for (size_t i = 0; i < loaded->npgps; i++) {
        const struct pgp_record *record = &loaded->pgps[i];
        fact->why = select_pgp_fault(work, record);
        if (fact->why != NULL)
            continue;
        use(fact, record, entry_of(work, record),
            record->pinned ? "OpenPGP key, trusted by hand" : "newest OpenPGP key");
        return;
    }
}

bool select_pgp_is_current(struct work *work, const struct pgp_record *record)
{
    return common_fault(work, record) == NULL &&
           (pgp_record_signs(record, work->now) || pgp_record_encrypts(record, work->now));
}

static const char *signing_fault(struct work *work, const struct pgp_record *record)
{
    const char *fault = common_fault(work, record);
    if (fault != NULL)
        return fault;
    if (!pgp_record_signs(record, work->now))
        return ended(work, record, record->sign_until, "signs");
    if (!pgp_record_names(record, work->facts->from))
        return arena_printf(work->arena, "OpenPGP key %.16s has no valid User-ID with the From address",
                            record->fingerprint);
    return NULL;
}

/* Of a key of ours; malloc'd, for the keyring. */
static int open_passphrase(struct work *work, const struct pgp_own_record *own, struct secret **out,
                           struct err *err)
{
    *out = xcalloc(1, sizeof **out);
    if (holder_open_secret(work->gate->holder, own->owner, own->fingerprint, own->wrapped, *out, err) == 0)
        return 0;
    free(*out);
    *out = NULL;
    return -1;
}

/* Whether there are keys of the sender's to choose from, best first; fact says why not. */
static bool has_own(struct work *work, struct key_fact *fact)
{
    struct loaded *sender = &work->sender;
    if (select_nobody_signs(work, fact))
        return false;
    fact->why = pgp_is_off(work) ? "OpenPGP is switched off" : "no OpenPGP key of the From address is known";
    if (pgp_is_off(work))
        return false;
    if (sender->npgp_keys > 1)
        qsort(sender->pgp_keys, sender->npgp_keys, sizeof *sender->pgp_keys, compare_own);
    return sender->npgp_keys > 0;
}

void select_pgp_signing(struct work *work, struct key_fact *fact)
{
    struct loaded *sender = &work->sender;
    if (!has_own(work, fact))
        return;
    for (size_t i = 0; i < sender->npgp_keys; i++) {
        const struct pgp_record *record = &sender->pgp_keys[i].key;
        struct keyring_entry entry = {.pgp = record->key, .pgp_fp = record->fingerprint};
        struct err err = ERR_INIT;
        fact->why = signing_fault(work, record);
        if (fact->why != NULL)
            continue;
        if (open_passphrase(work, &sender->pgp_keys[i].own, &entry.passphrase, &err) < 0) {
            fact->usable = ANSWER_UNKNOWN;
            fact->why = arena_strdup(work->arena, err.msg);
            return;
        }
        use(fact, record, keyring_add(&work->materials->keyring, entry),
            "newest OpenPGP key with its secret half");
        return;
    }
}

/* What stands between attributes, or in a quoted local part, has no place in `addr`. */
static bool is_plain(const char *addr)
{
    return strpbrk(addr, "\"\\;=(), \t") == NULL && text_is_ascii(span_of(addr));
}

static const char *autocrypt_fault(struct work *work, const struct pgp_record *record, struct span *minimal)
{
    struct err err = ERR_INIT;
    const char *fault = encrypting_fault(work, record), *from = work->facts->from;
    if (fault != NULL)
        return fault;
    if (!is_plain(from))
        return "the From address has no place in the field";
    if (pgp_minimal_key(work->arena, record->key, from, work->now, minimal, &err) < 0)
        return arena_printf(work->arena, "OpenPGP key %.16s: %s", record->fingerprint, err.msg);
    return NULL;
}

void select_pgp_autocrypt(struct work *work, struct key_fact *fact)
{
    const struct loaded *sender = &work->sender;
    if (!has_own(work, fact))
        return;
    for (size_t i = 0; i < sender->npgp_keys; i++) {
        const struct pgp_record *record = &sender->pgp_keys[i].key;
        struct span minimal;
        fact->why = autocrypt_fault(work, record, &minimal);
        if (fact->why != NULL)
            continue;
        const struct keyring_entry entry = {.pgp = minimal, .pgp_fp = record->fingerprint};
        use(fact, record, keyring_add(&work->materials->keyring, entry), "newest OpenPGP key that encrypts");
        return;
    }
}
