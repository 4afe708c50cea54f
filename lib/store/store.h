/*
 * store - keys, certificates, users, trust, policy versions and the injection journal, in one LMDB environment.
 *
 * Several processes may have it open (daemon, sealadm); readers take no locks. Interface free of LMDB's types. A read session
 * (struct store_read) is one read transaction: everything found in it is of one moment; values are copied into the caller's arena. Writes are
 * one durable transaction each. Nothing here parses a certificate: callers pass what the record keeps.
 *
 * The folder belongs to who runs the process, and nobody else lists or changes it (0700, or 0711 where sealkeyd's master key is in it; files
 * 0600): ERR_CONFIG otherwise.
 *
 * errors  ERR_STORE (could not be asked), ERR_STORE_FULL, ERR_STORE_DAMAGED (truncated, or a record that cannot be read); never taken for
 *         "absent". ERR_LIMIT when the answer does not fit the caller's arena.
 * threads a struct store is shared by all threads; a store_read belongs to one. Open it after fork, never twice in a process.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "model/answer.h"
#include "model/remembered.h"

struct store;
struct store_read;

#define STORE_FILE "store.mdb" /* in the state folder */

enum store_mode {
    STORE_READ_WRITE, /* it must be there */
    STORE_CREATE      /* made, folder and file, when it is not there */
};

int store_open(const char *dir, enum store_mode mode, struct store **out, struct err *err) SEAL_CHECKED;
/* store_open_sized - with another map than the usual 16 GiB; tests fill a small one. */
int store_open_sized(const char *dir, enum store_mode mode, size_t map_size, struct store **out,
                     struct err *err) SEAL_CHECKED;
void store_close(struct store **store);
/* store_generation - from 1; counts what changed, for caches to compare. The journal, answers of the directory and a newer last_seen do not count.
 * 0 with *err on failure. */
uint64_t store_generation(struct store *store, struct err *err);

#define STORE_SITE_SECRET_SIZE 32
/*
 * store_site_secret - random octets of this site, made when they are first asked for: proofs that only this site can make. They come
 * along in a backup, and no key is wrapped by them. It does not count as a change.
 */
int store_site_secret(struct store *store, unsigned char out[STORE_SITE_SECRET_SIZE],
                      struct err *err) SEAL_CHECKED;

int store_read_begin(struct store *store, struct arena *arena, struct store_read **out,
                     struct err *err) SEAL_CHECKED;
void store_read_end(struct store_read **read);

/* ---- certificates ---- */

enum trust {
    TRUST_UNTRUSTED = 0,
    TRUST_TRUSTED,
    TRUST_REJECTED
};
const char *trust_name(enum trust trust);

enum cert_source {
    CERT_IMPORTED,
    CERT_HARVESTED,
    CERT_ISSUED
};
const char *cert_source_name(enum cert_source source);

/* A certificate of anybody; addresses are those of its subjectAltName (canonical), or those the administrator gave it. */
struct cert_record {
    const char *fingerprint; /* SHA-256 of the DER, lower-case hex: the key */
    const char **addrs;      /* canonical */
    size_t naddrs;
    enum trust trust; /* trusted by hand or by chain; rejected by hand wins over every chain */
    bool pinned;      /* set by hand: harvesting never changes it nor adds another in its place */
    int64_t first_seen, last_seen;
    struct span der;
    enum cert_source source;
    bool chain_ok; /* chain verdict when it was stored or last judged */
    int64_t not_before, not_after;
    unsigned usage;       /* CERT_* bits of smime/cert.h, kept opaquely */
    const char *key_kind; /* "rsa", "ec" */
    unsigned key_bits;
    const char *capabilities; /* "", or what the peer's own mail showed: names of ciphers, "hp" */
};

#define STORE_ADDRS_MAX 100 /* of one certificate or OpenPGP key */

/* store_put_cert - new, or in the place of the one with the same fingerprint; the earliest first_seen stays. */
int store_put_cert(struct store *store, const struct cert_record *record, struct err *err) SEAL_CHECKED;
/* store_set_trust - the administrator's word, and with it the pin. ERR_ABSENT. */
int store_set_trust(struct store *store, const char *fingerprint, enum trust trust,
                    struct err *err) SEAL_CHECKED;
/* store_set_chain - a new chain verdict; trust follows it where no one pinned it. ERR_ABSENT. */
enum chain_verdict {
    CHAIN_VERDICT_NONE,
    CHAIN_VERDICT_OK
};
int store_set_chain(struct store *store, const char *fingerprint, enum chain_verdict verdict,
                    struct err *err) SEAL_CHECKED;
/* store_delete_cert - ERR_ABSENT; ERR_EXISTS while its private key is here. */
int store_delete_cert(struct store *store, const char *fingerprint, struct err *err) SEAL_CHECKED;
enum find store_find_cert(struct store_read *read, const char *fingerprint, struct cert_record *out,
                          struct err *err);
/* store_certs_of - all certificates of an address. return 0 with *n 0 when there are none. */
int store_certs_of(struct store_read *read, const char *addr, struct cert_record **out, size_t *n_out,
                   struct err *err) SEAL_CHECKED;
/* store_certs - every certificate, in the order of fingerprints. */
int store_certs(struct store_read *read, struct cert_record **out, size_t *n_out,
                struct err *err) SEAL_CHECKED;

enum harvest_result {
    HARVEST_NEW,
    HARVEST_KNOWN,
    HARVEST_REFUSED
};
#define STORE_HARVEST_MAX 20 /* untrusted certificates of one address; as many OpenPGP keys */

/*
 * store_harvest - add an observed certificate.
 *
 * A known one gets last_seen (to the day, so that a busy peer costs no write), capabilities and, unless pinned, the verdict of its chain and
 * the further addresses for which it is seen (refused ones apart). Refused are:
 * a rejected one; a new one for an address for which the administrator pinned a trusted one; and untrusted ones, which anybody can
 * make, above STORE_HARVEST_MAX for an address and when the store is half full.
 */
int store_harvest(struct store *store, const struct cert_record *record, enum harvest_result *out,
                  struct err *err) SEAL_CHECKED;

/* ---- private keys ---- */

struct key_record {
    const char *fingerprint; /* of its certificate */
    const char *owner;       /* canonical address; the wrapping is bound to it */
    struct span wrapped;     /* a private key, or the URI of a token's: token/wrap.h */
    struct span public_key;  /* SubjectPublicKeyInfo, DER */
    const char *uri;         /* for people: that URI; NULL: a soft key */
    int64_t created;
};
/* store_put_key - new or changed. ERR_BUSY when it is wrapped under another master key than that of the last store_rewrap(). */
int store_put_key(struct store *store, const struct key_record *record, struct err *err) SEAL_CHECKED;
/* store_put_keys - all of them or, after an error, none. */
int store_put_keys(struct store *store, const struct key_record *records, size_t n,
                   struct err *err) SEAL_CHECKED;
/* store_delete_key - ERR_ABSENT. The certificate stays. */
int store_delete_key(struct store *store, const char *fingerprint, struct err *err) SEAL_CHECKED;
enum find store_find_key(struct store_read *read, const char *fingerprint, struct key_record *out,
                         struct err *err);
/* store_keys_of - all keys whose owner is addr, by their certificates' not_before, newest last. "" owns none. */
int store_keys_of(struct store_read *read, const char *addr, struct key_record **out, size_t *n_out,
                  struct err *err) SEAL_CHECKED;
/* store_keys - every key, that of the own CA too. */
int store_keys(struct store_read *read, struct key_record **out, size_t *n_out, struct err *err) SEAL_CHECKED;

/*
 * store_rewrap - every private key's wrapping, and every passphrase's of OpenPGP keys, replaced in one transaction: all or none. Nothing
 * that is wrapped under another master key is stored from then on.
 *
 * name    of the new master key: model/wrapped.h
 * rewrap  appends what comes in the place of wrapped, which is bound to owner and subject; its failure ends everything
 */
typedef int store_rewrapper(void *arg, const char *owner, struct span subject, struct span wrapped,
                            struct buf *out, struct err *err);
int store_rewrap(struct store *store, struct span name, store_rewrapper *rewrap, void *arg, size_t *n_out,
                 struct err *err) SEAL_CHECKED;

/* ---- users ---- */

struct user_record {
    const char *addr; /* canonical: the key */
    const char *name; /* "" when none */
    bool enabled;
    const char **more; /* further addresses of this user, canonical */
    size_t nmore;
    int64_t created;
};
/* store_put_user - new or changed. ERR_EXISTS when one of its addresses is another user's. */
int store_put_user(struct store *store, const struct user_record *record, struct err *err) SEAL_CHECKED;
/* store_find_user - by its address or one of its further addresses. */
enum find store_find_user(struct store_read *read, const char *addr, struct user_record *out,
                          struct err *err);
int store_users(struct store_read *read, struct user_record **out, size_t *n_out,
                struct err *err) SEAL_CHECKED;

/* ---- certification authorities ---- */

struct ca_record {
    const char *fingerprint;
    struct span der;
    bool trusted; /* an anchor; else a known intermediate */
    bool own;     /* made by init: its key is a key_record whose owner is "" */
};
/* store_put_ca - new or changed. store_delete_ca: ERR_ABSENT. */
int store_put_ca(struct store *store, const struct ca_record *record, struct err *err) SEAL_CHECKED;
int store_delete_ca(struct store *store, const char *fingerprint, struct err *err) SEAL_CHECKED;
int store_cas(struct store_read *read, struct ca_record **out, size_t *n_out, struct err *err) SEAL_CHECKED;

/* ---- revocation lists ---- */

#define STORE_CRL_MAX  ((size_t)16 << 20)
#define STORE_CRLS_MAX 200

struct crl_record {
    const char *id;          /* of issuer, key and scope, lower-case hex: the key */
    const char *fingerprint; /* SHA-256 of the DER */
    const char *signer;      /* smime/crl.h, kept opaquely */
    const char *issuer;      /* one line, for people */
    int64_t this_update, next_update;
    unsigned entries;
    unsigned size; /* octets; set by store_put_crl */
    int64_t imported;
};
/* store_put_crl - new, or in the place of its predecessor. ERR_EXISTS when that is newer, ERR_LIMIT. */
int store_put_crl(struct store *store, const struct crl_record *record, struct span der,
                  struct err *err) SEAL_CHECKED;
int store_delete_crl(struct store *store, const char *id, struct err *err) SEAL_CHECKED; /* ERR_ABSENT */
int store_crls(struct store_read *read, struct crl_record **out, size_t *n_out, struct err *err) SEAL_CHECKED;
/* store_read_crl - the list itself; out needs room for STORE_CRL_MAX. */
int store_read_crl(struct store_read *read, const struct crl_record *record, struct buf *out,
                   struct err *err) SEAL_CHECKED;

/* ---- fingerprints ---- */

enum store_kind {
    STORE_CERT,
    STORE_KEY,
    STORE_CA,
    STORE_CRL, /* its id */
    STORE_PGP, /* OpenPGP keys: store/pgp.h */
    STORE_PGP_OWN
};
/* store_complete - the only fingerprint of a kind that begins so (lower-case hex). FIND_FAILED with ERR_AMBIGUOUS when several do. */
enum find store_complete(struct store_read *read, enum store_kind kind, const char *beginning,
                         char out[HASH_HEX_SIZE], struct err *err);

/* ---- policy versions ---- */

#define STORE_POLICY_MAX ((size_t)4 << 20)
#define STORE_LIST_MAX   ((size_t)16 << 20)

struct policy_record {
    uint64_t version; /* 1, 2, .. given by the store */
    const char *text;
    int64_t loaded;
    int64_t from_ms;    /* in force from then on, milliseconds since 1970; 0: at once */
    const char *by;     /* who */
    uint64_t again;     /* the version whose text was put into use again; 0: the text was loaded */
    const char **files; /* files of addresses that it names */
    size_t nfiles;
    const char **digests; /* as many: of their texts when it was loaded, for store_find_list() */
    size_t ndigests;
};
/* A large policy takes a moment to be read: it is in force so much later than it is stored, and no message waits for it. */
#define STORE_POLICY_LEAD_MS 1000

/* store_put_policy - the next version; record->version is not read. ERR_LIMIT. */
int store_put_policy(struct store *store, const struct policy_record *record, uint64_t *version_out,
                     struct err *err) SEAL_CHECKED;
/* store_find_policy - version 0: the newest. */
enum find store_find_policy(struct store_read *read, uint64_t version, struct policy_record *out,
                            struct err *err);
/* store_newest_policy - its version, 0: none was ever loaded, and since when it is in force; its text, which may be long, is not read. */
int store_newest_policy(struct store_read *read, uint64_t *version_out, int64_t *from_ms_out,
                        struct err *err) SEAL_CHECKED;
int store_policies(struct store_read *read, struct policy_record **out, size_t *n_out,
                   struct err *err) SEAL_CHECKED;

/* store_put_list - the text of a file of addresses, kept once whatever versions of the policy name it. digest_out: SHA-256 in hex. */
int store_put_list(struct store *store, struct span text, char digest_out[HASH_HEX_SIZE],
                   struct err *err) SEAL_CHECKED;
/* store_find_list - a policy's lists are always there: FIND_ABSENT is damage. */
enum find store_find_list(struct store_read *read, const char *digest, struct span *out, struct err *err);

/* ---- injection journal ---- */

/* store_journal_find - whether the copy of this key was accepted before, and has not expired at now. */
enum find store_journal_find(struct store *store, const unsigned char key[HASH_SIZE], int64_t now,
                             struct err *err);
/* store_journal_check - whether there is room to remember: asked before what is to be remembered is done. ERR_STORE_FULL. */
int store_journal_check(struct store *store, struct err *err) SEAL_CHECKED;
#define STORE_JOURNAL_BATCH 100
/*
 * store_journal_put - these copies were accepted: durable when it returns 0. Expired entries are removed on the way, a few each time.
 *
 * keys  n times HASH_SIZE octets; each STORE_JOURNAL_BATCH of them are one transaction
 */
int store_journal_put(struct store *store, const unsigned char *keys, size_t n, int64_t now, int64_t expires,
                      struct err *err) SEAL_CHECKED;

/* ---- answers of the directory ---- */

/* store_find_remembered - whatever its age. */
enum find store_find_remembered(struct store_read *read, const char *addr, struct remembered *out,
                                struct err *err);
/*
 * store_put_remembered - each in the place of the one before. Expired ones are removed on the way, a few each time; nothing is added when the
 * store is half full. It does not count as a change.
 */
int store_put_remembered(struct store *store, const struct remembered *records, size_t n, int64_t now,
                         struct err *err) SEAL_CHECKED;

/* ---- care ---- */

struct store_health {
    uint64_t generation;
    size_t map_size, used; /* octets */
    unsigned readers, stale_cleared;
    size_t records; /* read and found whole */
};
/* store_check - clears stale readers and reads every record: ERR_STORE_DAMAGED names the first that cannot be read. */
int store_check(struct store *store, struct store_health *out, struct err *err) SEAL_CHECKED;
/* store_backup - a copy of one moment in a new file (0600) while others read and write. ERR_EXISTS. The master key is not in it. */
int store_backup(struct store *store, const char *path, struct err *err) SEAL_CHECKED;
/* store_restore - check a backup and put it in the place of the store. ERR_STORE while any process has the store open; the
 * caller must not have it open itself. */
int store_restore(const char *dir, const char *path, struct err *err) SEAL_CHECKED;

#endif
