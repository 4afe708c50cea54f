/*
 * pki - certificates and keys for tests, made in memory in milliseconds.
 *
 *     struct pki *pki = pki_new();
 *     struct pki_entity *root = pki_root(pki, &(struct pki_spec){.name = "Root"});
 *     struct pki_entity *bob = pki_leaf(pki, root, &(struct pki_spec){.email = "bob@b.example", .type = PKI_RSA2048});
 *     smime_encrypt(entity, &bob->cert, 1, ..);
 *     smime_decrypt(cms, &limits, bob->cert, bob->key, ..);
 *     pki_free(&pki);
 *
 * What a spec leaves zero has a sensible value: P-256, valid from a year before PKI_NOW to ten years after, SHA-256, usages for
 * both signing and encryption, emailProtection. EC keys are new each time; RSA keys come from tests/support/keys: three of 2048 bits,
 * used in turn (the fourth entity shares the first one's), one of 1024, 3072 and 4096. Any failure ends the test.
 *
 * Everything belongs to the pki: certificates, keys and bytes are borrowed until pki_free(); cert_ref() and key_ref() keep them longer.
 */
#ifndef SUPPORT_PKI_H
#define SUPPORT_PKI_H

#include "smime/cert.h"
#include "token/key.h"

#include <openssl/x509.h>

#define PKI_NOW INT64_C(1767225600) /* 2026-01-01 00:00:00 UTC */
#define PKI_DAY INT64_C(86400)

enum pki_key {
    PKI_P256 = 0,
    PKI_P384,
    PKI_P521,
    PKI_RSA2048,
    PKI_RSA1024,
    PKI_RSA3072,
    PKI_RSA4096,
    PKI_ED25519, /* nothing that sealmilter supports: no struct key */
    PKI_RSA_PSS, /* likewise: 2048 bits, rsassaPss only */
};

struct pki_entity {
    struct cert *cert;
    struct key *key; /* NULL for types that are not supported */
    struct span der;
    struct span pkcs8;
    X509 *x509;
    EVP_PKEY *pkey;
};

struct pki_spec {
    const char *name;       /* common name; NULL: the address, or "CA <n>" */
    const char *email;      /* rfc822Name */
    const char *email2;     /* one more */
    const char *san;        /* subjectAltName in OpenSSL's syntax instead: "DNS:b.example", "none" */
    struct span raw_email;  /* or one rfc822Name of any octets */
    struct span utf8_email; /* or one SmtpUTF8Mailbox of any octets */
    const char *dn_email;   /* emailAddress in the subject */
    enum pki_key type;
    struct pki_entity *same_key; /* has this one's key instead of a new one */
    EVP_PKEY *public;      /* certifies this public key: the entity has no private one (not for roots) */
    const char *key_usage; /* OpenSSL's syntax; "none": no extension; NULL: what the type can do */
    const char *eku;       /* likewise; NULL: emailProtection for a leaf, none for a CA */
    const char
        *basic; /* basicConstraints; NULL: "CA:FALSE" for a leaf, "critical,CA:TRUE" for a CA; "none" */
    const char *constraints; /* nameConstraints; NULL: none */
    const char *more;        /* one more extension: "oid=value" */
    bool no_key_ids;         /* neither SubjectKeyIdentifier nor AuthorityKeyIdentifier */
    const char *digest;      /* of the signature; NULL: SHA256 */
    int64_t not_before, not_after;
};

struct pki;

struct pki *pki_new(void);
void pki_free(struct pki **pki);

/* pki_root - self-signed; pki_ca - an intermediate; pki_leaf - an end entity; pki_self - a self-signed end entity. */
struct pki_entity *pki_root(struct pki *pki, const struct pki_spec *spec);
struct pki_entity *pki_ca(struct pki *pki, const struct pki_entity *issuer, const struct pki_spec *spec);
struct pki_entity *pki_leaf(struct pki *pki, const struct pki_entity *issuer, const struct pki_spec *spec);
struct pki_entity *pki_self(struct pki *pki, const struct pki_spec *spec);

/* pki_soft_key - a soft key of a PKCS#8, through wrap and open. The caller frees it. */
struct key *pki_soft_key(struct span pkcs8);

#endif
