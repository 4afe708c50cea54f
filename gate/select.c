/*
 * select - which certificate signs, and which one a message is encrypted to (R27).
 *
 * Of the certificates of an address those count that are not rejected, valid now, allowed for the purpose, strong enough, hold the
 * address, are not revoked, and are trusted: by hand, or by a chain to an anchor. Of these the newest, then the strongest. The domain's come
 * after the address's own, whatever these are: anybody can have one learned that nobody trusts. A certificate that cannot be judged
 * (damaged record) makes the answer "could not find out".
 */
#include "gate/internal.h"

#include "base/addr.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool trusted_by_hand(const struct cert_record *record)
{
    return record->pinned && record->trust == TRUST_TRUSTED;
}

bool select_is_domains(const char *const *addrs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (addrs[i][0] == '@')
            return true;
    return false;
}

/* Best first. */
static int compare(const void *a, const void *b)
{
    const struct cert_record *l = a, *r = b;
    bool left = select_is_domains(l->addrs, l->naddrs), right = select_is_domains(r->addrs, r->naddrs);
    if (left != right)
        return left ? 1 : -1;
    if (trusted_by_hand(l) != trusted_by_hand(r))
        return trusted_by_hand(l) ? -1 : 1;
    if (l->not_before != r->not_before)
        return l->not_before > r->not_before ? -1 : 1;
    return l->key_bits > r->key_bits ? -1 : l->key_bits < r->key_bits;
}

static int compare_keys(const void *a, const void *b)
{
    return compare(&((const struct loaded_key *)a)->cert, &((const struct loaded_key *)b)->cert);
}

const char *select_date(struct arena *arena, int64_t when)
{
    time_t t = (time_t)when;
    struct tm tm;
    char text[32];
    if (gmtime_r(&t, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%d", &tm) == 0)
        return "?";
    return arena_strdup(arena, text);
}

const char *select_cert_fault(struct work *work, const struct cert_record *record, unsigned usage)
{
    struct arena *arena = work->arena;
    unsigned min_bits = work->snapshot->settings->min_rsa_bits;
    if (record->trust == TRUST_REJECTED)
        return arena_printf(arena, "certificate %.16s was rejected by hand", record->fingerprint);
    if ((record->usage & usage) == 0)
        return arena_printf(arena, "certificate %.16s may not be used to %s", record->fingerprint,
                            usage == CERT_SIGN ? "sign" : "encrypt");
    if (work->now < record->not_before)
        return arena_printf(arena, "certificate %.16s is valid only from %s", record->fingerprint,
                            select_date(arena, record->not_before));
    if (work->now > record->not_after)
        return arena_printf(arena, "certificate %.16s expired %s", record->fingerprint,
                            select_date(arena, record->not_after));
    if (strcmp(record->key_kind, "rsa") == 0 && record->key_bits < min_bits)
        return arena_printf(arena, "certificate %.16s: RSA key of %u bits, at least %u are wanted",
                            record->fingerprint, record->key_bits, min_bits);
    return NULL;
}

/* An address that the administrator gave the certificate, or a domain's certificate, need not be in it. */
static bool names_address(const struct cert_record *record, const struct cert *cert, const char *addr)
{
    if (cert_has_address(cert, addr, ADDR_CASE_FOLD))
        return true;
    for (size_t i = 0; trusted_by_hand(record) && i < record->naddrs; i++)
        if (strcmp(record->addrs[i], addr) == 0 ||
            (record->addrs[i][0] == '@' && strcmp(record->addrs[i] + 1, addr_domain(addr)) == 0))
            return true;
    return false;
}

int select_chain(struct work *work, struct cert *cert, enum chain_purpose purpose,
                 struct chain_result *result, struct err *err)
{
    const struct snapshot *snapshot = work->snapshot;
    return certs_chain(work->gate->certs, snapshot->anchors, snapshot->anchors_id, cert, purpose, work->now,
                       snapshot->settings->min_rsa_bits, result, err);
}

bool select_is_revoked(struct work *work, const struct cert_record *record, const struct cert *cert,
                       const char **why_out)
{
    struct chain_result chain = {.npath = 0};
    if (!chain_is_revoked(work->snapshot->anchors, cert, &chain))
        return false;
    *why_out = arena_printf(work->arena, "certificate %.16s: %s", record->fingerprint, chain.why);
    return true;
}

/* 1 usable, 0 not (*why_out), -1 could not find out. */
static int judge_trust(struct work *work, const struct cert_record *record, struct cert *cert,
                       const char **why_out, struct err *err)
{
    if (!cert_info(cert)->supported) {
        *why_out = arena_printf(work->arena, "certificate %.16s: its key is of a type that is not supported",
                                record->fingerprint);
        return 0;
    }
    SEAL_CLEANUP(chain_result_fini) struct chain_result chain = {.answer = CHAIN_UNTRUSTED};
    if (select_is_revoked(work, record, cert, why_out))
        return 0;
    if (trusted_by_hand(record)) {
        *why_out = "newest certificate, trusted by hand";
        return 1;
    }
    if (select_chain(work, cert, CHAIN_ENCRYPT, &chain, err) < 0)
        return -1;
    if (chain.answer != CHAIN_OK) {
        *why_out =
            arena_printf(work->arena, "certificate %.16s is not trusted: %s", record->fingerprint, chain.why);
        return 0;
    }
    *why_out =
        chain.note[0] == '\0'
            ? "newest valid certificate, trusted by its chain"
            : arena_printf(work->arena, "newest valid certificate, trusted by its chain (%s)", chain.note);
    return 1;
}

static int judge_for_encryption(struct work *work, const struct cert_record *record, const char *addr,
                                struct cert *cert, const char **why_out, struct err *err)
{
    if (cert_info(cert)->supported && !names_address(record, cert, addr)) {
        *why_out =
            arena_printf(work->arena, "certificate %.16s does not hold the address", record->fingerprint);
        return 0;
    }
    return judge_trust(work, record, cert, why_out, err);
}

static const char *cipher_for(const struct cert_record *record)
{
    return record->capabilities != NULL && strstr(record->capabilities, "aes256-gcm") != NULL ? "aes256-gcm"
                                                                                              : "aes256-cbc";
}

/* The same certificate for several recipients (a domain's) is one entry, and so one RecipientInfo. */
static int add_entry(struct keyring *keyring, struct keyring_entry entry)
{
    for (size_t i = 0; entry.key == NULL && i < keyring->n; i++) {
        if (keyring->entries[i].cert != NULL && keyring->entries[i].key == NULL &&
            cert_same(keyring->entries[i].cert, entry.cert)) {
            cert_free(&entry.cert);
            return (int)i;
        }
    }
    return keyring_add(keyring, entry);
}

static void use(struct work *work, struct key_fact *fact, const struct cert_record *record,
                struct keyring_entry entry)
{
    fact->usable = ANSWER_YES;
    fact->key = add_entry(&work->materials->keyring, entry);
    fact->fingerprint = record->fingerprint;
    fact->kind = record->key_kind;
    fact->cipher = cipher_for(record);
    fact->reads_protected =
        record->capabilities != NULL && text_has_word(record->capabilities, CAPABILITY_PROTECTED_HEADERS);
}

static void cannot_tell(struct work *work, struct key_fact *fact, struct err *err)
{
    fact->usable = ANSWER_UNKNOWN;
    fact->why = arena_strdup(work->arena, err->msg);
    err_clear(err);
}

static void select_encryption(struct work *work, const struct loaded *loaded, const char *addr,
                              struct key_fact *fact)
{
    struct err err = ERR_INIT;
    *fact = (struct key_fact){.usable = ANSWER_NO, .key = -1, .why = "no certificate is known"};
    if (loaded->failed != NULL) {
        fact->usable = ANSWER_UNKNOWN;
        fact->why = loaded->failed;
        return;
    }
    if (loaded->ncerts > 1)
        qsort(loaded->certs, loaded->ncerts, sizeof *loaded->certs, compare);
    for (size_t i = 0; i < loaded->ncerts; i++) {
        const struct cert_record *record = &loaded->certs[i];
        const char *fault = select_cert_fault(work, record, CERT_ENCRYPT);
        if (fault != NULL) {
            fact->why = fault;
            continue;
        }
        struct cert *cert = NULL;
        int usable = certs_get(work->gate->certs, record->fingerprint, record->der, &cert, &err) < 0
                         ? -1
                         : judge_for_encryption(work, record, addr, cert, &fact->why, &err);
        if (usable > 0) {
            use(work, fact, record, (struct keyring_entry){.cert = cert});
            return;
        }
        cert_free(&cert);
        if (usable < 0) {
            cannot_tell(work, fact, &err);
            return;
        }
    }
}

/* The policy named it: whose address it holds is not asked (D4); all else is. */
static void select_fixed(struct work *work, const struct loaded_fixed *loaded, struct key_fact *fact)
{
    struct err err = ERR_INIT;
    struct cert *cert = NULL;
    const struct cert_record *record = &loaded->cert;
    *fact = (struct key_fact){.usable = ANSWER_NO, .key = -1, .why = "the rule's certificate is not known"};
    switch (loaded->found) {
    case FIND_ABSENT:
        return;
    case FIND_FAILED:
        fact->usable = ANSWER_UNKNOWN;
        fact->why = loaded->failed;
        return;
    case FIND_FOUND:
        break;
    }
    const char *fault = select_cert_fault(work, record, CERT_ENCRYPT);
    if (fault != NULL) {
        fact->why = fault;
        return;
    }
    int usable = certs_get(work->gate->certs, record->fingerprint, record->der, &cert, &err) < 0
                     ? -1
                     : judge_trust(work, record, cert, &fact->why, &err);
    if (usable > 0) {
        use(work, fact, record, (struct keyring_entry){.cert = cert});
        fact->why = "the rule's certificate";
        return;
    }
    cert_free(&cert);
    if (usable < 0)
        cannot_tell(work, fact, &err);
}

/* Intermediates go along with a signature, the root only where the settings say so. */
static void add_chain(struct work *work, const struct chain_result *chain, struct keyring_entry *entry)
{
    for (size_t i = 1; i < chain->npath && entry->nchain < SEAL_COUNT(entry->chain); i++)
        if (!cert_info(chain->path[i])->self_signed || work->snapshot->settings->include_root)
            entry->chain[entry->nchain++] = cert_ref(chain->path[i]);
}

static int open_signing_key(struct work *work, const struct loaded_key *loaded, struct cert *cert,
                            struct keyring_entry *entry, struct err *err)
{
    SEAL_CLEANUP(chain_result_fini) struct chain_result chain = {.answer = CHAIN_UNTRUSTED};
    if (select_chain(work, cert, CHAIN_SIGN, &chain, err) < 0 ||
        certs_get_key(work->gate->certs, work->gate->holder, &loaded->key, loaded->addr, &entry->key, err) <
            0)
        return -1;
    add_chain(work, &chain, entry);
    return 0;
}

static int try_signing(struct work *work, const struct loaded_key *loaded, struct key_fact *fact,
                       struct err *err)
{
    const char *fault = select_cert_fault(work, &loaded->cert, CERT_SIGN);
    if (fault != NULL) {
        fact->why = fault;
        return 0;
    }
    struct keyring_entry entry = {.cert = NULL};
    if (certs_get(work->gate->certs, loaded->cert.fingerprint, loaded->cert.der, &entry.cert, err) < 0)
        return -1;
    if (!cert_has_address(entry.cert, work->facts->from, ADDR_CASE_FOLD)) {
        fact->why = arena_printf(work->arena, "certificate %.16s does not hold the From address",
                                 loaded->cert.fingerprint);
        cert_free(&entry.cert);
        return 0;
    }
    if (select_is_revoked(work, &loaded->cert, entry.cert, &fact->why)) {
        cert_free(&entry.cert);
        return 0;
    }
    if (open_signing_key(work, loaded, entry.cert, &entry, err) < 0) {
        cert_free(&entry.cert);
        return -1;
    }
    use(work, fact, &loaded->cert, entry);
    fact->why = "newest valid certificate with a key";
    return 1;
}

bool select_nobody_signs(struct work *work, struct key_fact *fact)
{
    struct facts *facts = work->facts;
    *fact = (struct key_fact){.usable = ANSWER_NO, .key = -1, .why = "no key of the From address is known"};
    if (facts->from == NULL) {
        fact->why = facts->from_why;
        return true;
    }
    if (!facts->may_sign) {
        fact->why = arena_printf(work->arena, "the submitter (%s) may not sign for %s",
                                 submitter_name(facts->submitter), facts->from);
        return true;
    }
    if (work->sender.failed == NULL)
        return false;
    fact->usable = ANSWER_UNKNOWN;
    fact->why = work->sender.failed;
    return true;
}

static void select_signing(struct work *work, struct key_fact *fact)
{
    struct err err = ERR_INIT;
    if (select_nobody_signs(work, fact))
        return;
    if (work->sender.nkeys > 1)
        qsort(work->sender.keys, work->sender.nkeys, sizeof *work->sender.keys, compare_keys);
    for (size_t i = 0; i < work->sender.nkeys; i++) {
        int done = try_signing(work, &work->sender.keys[i], fact, &err);
        if (done > 0)
            return;
        if (done < 0) {
            cannot_tell(work, fact, &err);
            return;
        }
    }
}

int select_keys(struct work *work, struct err *err)
{
    struct facts *facts = work->facts;
    select_signing(work, &facts->sign[METHOD_SMIME]);
    select_pgp_signing(work, &facts->sign[METHOD_OPENPGP]);
    given_house_keys(work);
    for (size_t i = 0; i < facts->nrcpts; i++) {
        struct key_fact *keys = facts->rcpts[i].encrypt;
        select_encryption(work, &work->rcpts[i], facts->rcpts[i].addr, &keys[METHOD_SMIME]);
        select_pgp_encryption(work, &work->rcpts[i], &keys[METHOD_OPENPGP]);
    }
    select_pgp_autocrypt(work, &facts->autocrypt);
    lookup_mark(work);
    facts->fixed = arena_array(work->arena, work->nfixed, sizeof *facts->fixed);
    for (size_t i = 0; i < work->nfixed; i++)
        select_fixed(work, &work->fixed[i], &facts->fixed[i]);
    return arena_check(work->arena, err);
}
