/*
 * site - a whole site for tests of the gate, in memory and a temporary folder: settings, store, users, keys, policy.
 *
 *     struct site *site = site_new(policy_text);
 *     struct pki_entity *alice = site_user(site, "alice@our.example", PKI_P256);
 *     struct pki_entity *bob = site_partner(site, "bob@their.example", PKI_RSA2048);
 *     site_run(site, &(struct site_mail){.from = "alice@our.example", .login = "alice@our.example",
 *                                        .to = {"bob@their.example"}, .text = "From: ..\n\nHi\n"});
 *     .. site->outcome ..
 *     site_free(&site);
 *
 * Time is PKI_NOW. Texts are written with LF; what runs has CRLF. Make it in a checked fixture or in the test: LMDB does not survive Check's fork.
 */
#ifndef SUPPORT_SITE_H
#define SUPPORT_SITE_H

#include "gate/gate.h"
#include "smime/sign.h"
#include "support/pki.h"

struct site {
    char dir[64];
    struct arena *arena;
    struct settings *settings;
    struct store *store;
    struct secret master;
    struct holder *holder;
    struct gate *gate;
    struct snapshot *snapshot;
    struct pki *pki;
    struct pki_entity *root; /* trusted */
    struct outcome *outcome; /* of the last run; NULL when it failed */
    struct trace trace;
    struct err err;           /* of the last run */
    struct spool *message;    /* of the last run */
    struct envelope envelope; /* of the last run */
};

struct site *site_new(const char *policy);
/* site_new_with - with lines of sealmilter.conf(5) on top; "inject" is set unless they do. */
struct site *site_new_with(const char *policy, const char *settings);
void site_free(struct site **site);

/* site_policy - another policy from now on. */
void site_policy(struct site *site, const char *policy);

/* site_user - a registered user of ours with certificate and key, issued by the site's trusted root. */
struct pki_entity *site_user(struct site *site, const char *addr, enum pki_key type);
/* site_known - registered, without a key. site_own_ca - the site's own authority, as `sealadm init` makes it; trusted. */
void site_known(struct site *site, const char *addr, const char *name);
void site_own_ca(struct site *site);
/* site_partner - somebody's certificate, trusted by its chain. */
struct pki_entity *site_partner(struct site *site, const char *addr, enum pki_key type);
/* site_add_cert, site_add_key - any entity for an address, as it is. */
void site_add_cert(struct site *site, const char *addr, const struct pki_entity *entity, enum trust trust,
                   bool pinned);
void site_add_key(struct site *site, const char *addr, const struct pki_entity *entity);

#define SITE_TO_MAX 24
struct site_mail {
    const char *from; /* envelope sender; NULL: the null sender */
    const char *to[SITE_TO_MAX];
    size_t many;                       /* so many recipients more: user0@, user1@, .. */
    const char *many_at;               /* their domain */
    const char *login;                 /* submits with this login */
    const char *client;                /* client address; NULL: 192.0.2.1, outside */
    const struct envelope *connection; /* NULL, or more of the client: its name, TLS, the listener */
    bool local;
    bool eight_bit;                  /* BODY=8BITMIME */
    const char *text;                /* LF; NULL: use bytes */
    struct span bytes;               /* CRLF, as they are */
    int64_t now;                     /* 0: PKI_NOW */
    const struct prepared *prepared; /* NULL: the first run */
};

/* site_run - the gate on one message. Returns 0, or -1 with site->err. */
int site_run(struct site *site, const struct site_mail *mail);
/* site_answers, site_accepts - the same where the test fails unless the gate answers, or accepts. */
void site_answers(struct site *site, const struct site_mail *mail);
void site_accepts(struct site *site, const struct site_mail *mail);

/* site_copy - the whole message of a copy as it would be delivered. */
struct span site_copy(struct site *site, size_t copy);
/* site_copy_for - the copy that this recipient gets; fails the test when there is none. */
struct span site_copy_for(struct site *site, const char *addr);
/* site_field - the n-th (from 0) field of this name in a message, decoded; NULL when there is none. */
const char *site_field(struct site *site, struct span message, const char *name, size_t nth);

/* Messages of others, in CRLF: an entity ("Content-Type: ..\n\n..", LF) signed, or enveloped, as a whole message with these header lines. */
struct span site_signed(struct site *site, const char *headers, const char *entity,
                        const struct pki_entity *signer);
struct span site_enveloped(struct site *site, const char *headers, struct span entity,
                           const struct pki_entity *to);
struct span site_pkcs7(struct site *site, const char *headers, struct span der);
struct span site_enveloped_to(struct site *site, const char *headers, struct span entity,
                              struct cert *const *to, size_t nto);
struct span site_signed_opaque(struct site *site, const char *headers, const char *entity,
                               const struct pki_entity *signer);
/* site_signed_entity - the multipart/signed entity alone, to be put into an envelope. */
struct span site_signed_entity(struct site *site, const char *entity, const struct pki_entity *signer,
                               int64_t when);
/* site_signed_by - with more certificates, or a preference for one. */
struct span site_signed_by(struct site *site, const char *entity, const struct smime_signer *signer,
                           int64_t when);
/* site_compressed - CompressedData of an entity, as an entity to be put into an envelope. */
struct span site_compressed(struct site *site, struct span entity);
struct span site_crlf(struct site *site, const char *text);
/* site_entity - such a message as a part of another, with LF. */
char *site_entity(struct site *site, struct span message);

#endif
