/* certs - a table of cached things, emptied when it is full: simple, bounded, and refilled within a second. */
#include "gate/certs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS         4096
#define CHAIN_SECONDS 300

enum slot_kind {
    SLOT_CERT,
    SLOT_KEY,
    SLOT_CHAIN,
};

struct slot {
    struct slot *next;
    enum slot_kind kind;
    char name[HASH_HEX_SIZE + 64];
    struct cert *cert;
    struct key *key;
    struct chain_result chain;
    int64_t from, until; /* SLOT_CHAIN: the verdict holds for now in [from, until) */
};

struct certs {
    pthread_mutex_t lock;
    struct slot *slots[SLOTS];
    size_t n, max;
};

struct certs *certs_new(size_t max)
{
    struct certs *certs = xcalloc(1, sizeof *certs);
    certs->max = max;
    pthread_mutex_init(&certs->lock, NULL);
    return certs;
}

static void slot_free(struct slot *slot)
{
    cert_free(&slot->cert);
    key_free(&slot->key);
    chain_result_fini(&slot->chain);
    free(slot);
}

static void empty(struct certs *certs)
{
    for (size_t i = 0; i < SLOTS; i++) {
        for (struct slot *s = certs->slots[i], *next; s != NULL; s = next) {
            next = s->next;
            slot_free(s);
        }
        certs->slots[i] = NULL;
    }
    certs->n = 0;
}

void certs_free(struct certs **certs)
{
    if (*certs == NULL)
        return;
    empty(*certs);
    pthread_mutex_destroy(&(*certs)->lock);
    free(*certs);
    *certs = NULL;
}

static size_t slot_index(const char *name)
{
    uint32_t h = 2166136261u;
    for (const char *p = name; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return h % SLOTS;
}

/* With the lock held. */
static struct slot *find(struct certs *certs, enum slot_kind kind, const char *name)
{
    struct slot *slot = certs->slots[slot_index(name)];
    while (slot != NULL && (slot->kind != kind || strcmp(slot->name, name) != 0))
        slot = slot->next;
    return slot;
}

/* With the lock held; a slot of the same name may have come in between, and is shadowed then. */
static struct slot *add(struct certs *certs, enum slot_kind kind, const char *name)
{
    if (certs->n >= certs->max)
        empty(certs);
    struct slot *slot = xcalloc(1, sizeof *slot);
    slot->kind = kind;
    snprintf(slot->name, sizeof slot->name, "%s", name);
    size_t i = slot_index(name);
    slot->next = certs->slots[i];
    certs->slots[i] = slot;
    certs->n++;
    return slot;
}

/* What our own store holds and cannot be read is never the message's fault. */
static int damaged(struct err *err, const char *what, const char *name)
{
    char why[sizeof err->msg];
    snprintf(why, sizeof why, "%s", err->msg);
    if (err_is_temporary(err))
        return err_wrap(err, "%s %s in the store", what, name);
    err_clear(err);
    return err_set(err, ERR_STORE_DAMAGED, "%s %s in the store: %s", what, name, why);
}

static int get_cert(struct certs *certs, const char *fingerprint, struct span der, struct cert **out,
                    struct err *err)
{
    pthread_mutex_lock(&certs->lock);
    struct slot *slot = find(certs, SLOT_CERT, fingerprint);
    *out = slot == NULL ? NULL : cert_ref(slot->cert);
    pthread_mutex_unlock(&certs->lock);
    if (*out != NULL)
        return 0;
    if (cert_parse(der, out, err) < 0)
        return -1;
    pthread_mutex_lock(&certs->lock);
    add(certs, SLOT_CERT, fingerprint)->cert = cert_ref(*out);
    pthread_mutex_unlock(&certs->lock);
    return 0;
}

int certs_parse(void *certs, struct span der, struct cert **out, struct err *err)
{
    unsigned char digest[HASH_SIZE];
    char fingerprint[HASH_HEX_SIZE];
    hash_bytes(der, digest);
    hash_hex(digest, fingerprint);
    return get_cert(certs, fingerprint, der, out, err);
}

int certs_get(struct certs *certs, const char *fingerprint, struct span der, struct cert **out,
              struct err *err)
{
    return get_cert(certs, fingerprint, der, out, err) < 0 ? damaged(err, "certificate", fingerprint) : 0;
}

static void name_key(const struct key_record *record, const char *addr, char out[HASH_HEX_SIZE])
{
    unsigned char digest[HASH_SIZE];
    struct hash *hash = hash_new();
    hash_add_field(hash, record->wrapped);
    hash_add_field(hash, span_of(addr));
    hash_end(hash, digest);
    hash_free(&hash);
    hash_hex(digest, out);
}

int certs_get_key(struct certs *certs, struct holder *holder, const struct key_record *record,
                  const char *addr, struct key **out, struct err *err)
{
    const struct sealed_key sealed = {
        .owner = record->owner, .public_key = record->public_key, .wrapped = record->wrapped};
    char name[HASH_HEX_SIZE];
    name_key(record, addr, name);
    pthread_mutex_lock(&certs->lock);
    struct slot *slot = find(certs, SLOT_KEY, name);
    *out = slot == NULL ? NULL : key_ref(slot->key);
    pthread_mutex_unlock(&certs->lock);
    if (*out != NULL)
        return 0;
    if (holder_open_key(holder, &sealed, addr, out, err) < 0)
        return damaged(err, "private key", record->fingerprint);
    pthread_mutex_lock(&certs->lock);
    add(certs, SLOT_KEY, name)->key = key_ref(*out);
    pthread_mutex_unlock(&certs->lock);
    return 0;
}

static void copy_result(const struct chain_result *from, struct chain_result *to)
{
    *to = *from;
    for (size_t i = 0; i < to->npath; i++)
        cert_ref(to->path[i]);
}

/* The verdict may change when a certificate of the path begins or ends to be valid, or a revocation list is to be replaced. */
static int64_t valid_until(const struct chain_result *result, int64_t now)
{
    int64_t until = now + CHAIN_SECONDS;
    if (result->until != 0 && result->until < until)
        until = result->until;
    for (size_t i = 0; i < result->npath; i++) {
        const struct cert_info *info = cert_info(result->path[i]);
        if (info->not_after >= now && info->not_after < until)
            until = info->not_after;
        if (info->not_before > now && info->not_before < until)
            until = info->not_before;
    }
    return until;
}

int certs_chain(struct certs *certs, const struct anchors *anchors, uint64_t anchors_id, struct cert *leaf,
                enum chain_purpose purpose, int64_t now, unsigned min_rsa_bits,
                struct chain_result *result_out, struct err *err)
{
    char name[HASH_HEX_SIZE + 64];
    snprintf(name, sizeof name, "%s %u %llu", cert_info(leaf)->fingerprint, (unsigned)purpose,
             (unsigned long long)anchors_id);
    pthread_mutex_lock(&certs->lock);
    struct slot *slot = find(certs, SLOT_CHAIN, name);
    bool hit = slot != NULL && now >= slot->from && now < slot->until;
    if (hit)
        copy_result(&slot->chain, result_out);
    pthread_mutex_unlock(&certs->lock);
    if (hit)
        return 0;
    const struct chain_terms terms = {
        .purpose = purpose, .when = now, .now = now, .min_rsa_bits = min_rsa_bits};
    if (chain_check(anchors, leaf, NULL, 0, &terms, result_out, err) < 0)
        return -1;
    pthread_mutex_lock(&certs->lock);
    slot = find(certs, SLOT_CHAIN, name);
    if (slot == NULL)
        slot = add(certs, SLOT_CHAIN, name);
    chain_result_fini(&slot->chain);
    copy_result(result_out, &slot->chain);
    slot->from = now;
    slot->until = valid_until(result_out, now);
    pthread_mutex_unlock(&certs->lock);
    return 0;
}
