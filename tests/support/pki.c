/* pki - certificates for tests. */
#include "support/pki.h"

#include "support/keys.h"

#include <check.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTITIES_MAX 200
#define RSA2048_KEYS 3

struct pki {
    struct pki_entity *entities[ENTITIES_MAX];
    size_t n;
    unsigned next_rsa;
    unsigned cas;
};

enum role {
    ROLE_CA,
    ROLE_LEAF
};

struct pki *pki_new(void)
{
    return xcalloc(1, sizeof(struct pki));
}

void pki_free(struct pki **pki)
{
    for (size_t i = 0; i < (*pki)->n; i++) {
        struct pki_entity *e = (*pki)->entities[i];
        cert_free(&e->cert);
        key_free(&e->key);
        OPENSSL_free((void *)e->der.ptr);
        OPENSSL_free((void *)e->pkcs8.ptr);
        X509_free(e->x509);
        EVP_PKEY_free(e->pkey);
        free(e);
    }
    free(*pki);
    *pki = NULL;
}

static EVP_PKEY *load_rsa2048(struct pki *pki)
{
    char name[32];
    snprintf(name, sizeof name, "rsa2048-%u", pki->next_rsa++ % RSA2048_KEYS + 1);
    return keys_load(name);
}

static EVP_PKEY *make_rsa_pss(void)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    ck_assert(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_generate(ctx, &pkey) == 1);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *make_key(struct pki *pki, enum pki_key type)
{
    switch (type) {
    case PKI_P256:
        return EVP_EC_gen("P-256");
    case PKI_P384:
        return EVP_EC_gen("P-384");
    case PKI_P521:
        return EVP_EC_gen("P-521");
    case PKI_RSA2048:
        return load_rsa2048(pki);
    case PKI_RSA1024:
        return keys_load("rsa1024");
    case PKI_RSA3072:
        return keys_load("rsa3072");
    case PKI_RSA4096:
        return keys_load("rsa4096");
    case PKI_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case PKI_RSA_PSS:
        return make_rsa_pss();
    }
    return NULL;
}

static void add_name(X509 *x509, const char *field, const char *text)
{
    if (text != NULL)
        ck_assert_int_eq(X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), field, MBSTRING_UTF8,
                                                    (const unsigned char *)text, -1, -1, 0),
                         1);
}

/* value: NULL is the usual, "none" is no extension. */
static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value, const char *usual)
{
    X509V3_CTX ctx;
    const char *text = value == NULL ? usual : value;
    if (text == NULL || strcmp(text, "none") == 0)
        return;
    X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &ctx, nid, text);
    ck_assert_msg(extension != NULL, "extension %s: %s", OBJ_nid2sn(nid), text);
    ck_assert_int_eq(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* A subjectAltName of one name, which may hold any octets. */
static void add_raw_san(X509 *x509, int type, struct span octets)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *text = ASN1_STRING_type_new(type == GEN_EMAIL ? V_ASN1_IA5STRING : V_ASN1_UTF8STRING);
    ck_assert_int_eq(ASN1_STRING_set(text, octets.ptr, (int)octets.len), 1);
    if (type == GEN_EMAIL) {
        GENERAL_NAME_set0_value(name, type, text);
    } else {
        ASN1_TYPE *value = ASN1_TYPE_new();
        ASN1_TYPE_set(value, V_ASN1_UTF8STRING, text);
        GENERAL_NAME_set0_othername(name, OBJ_nid2obj(NID_id_on_SmtpUTF8Mailbox), value);
    }
    sk_GENERAL_NAME_push(names, name);
    ck_assert_int_eq(X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0), 1);
    GENERAL_NAMES_free(names);
}

static void add_san(X509 *x509, const struct pki_spec *spec)
{
    char text[1000] = "none";
    if (spec->email != NULL)
        snprintf(text, sizeof text, "email:%s%s%s", spec->email,
                 spec->email2 == NULL ? "" : ",email:", spec->email2 == NULL ? "" : spec->email2);
    if (spec->raw_email.ptr != NULL)
        add_raw_san(x509, GEN_EMAIL, spec->raw_email);
    else if (spec->utf8_email.ptr != NULL)
        add_raw_san(x509, GEN_OTHERNAME, spec->utf8_email);
    else
        add_extension(x509, x509, NID_subject_alt_name, spec->san, text);
}

static void add_more(X509 *x509, const char *more)
{
    char oid[100];
    if (more == NULL)
        return;
    const char *equals = strchr(more, '=');
    ck_assert(equals != NULL);
    snprintf(oid, sizeof oid, "%.*s", (int)(equals - more), more);
    X509_EXTENSION *extension = X509V3_EXT_nconf(NULL, NULL, oid, equals + 1);
    ck_assert_msg(extension != NULL, "extension %s", more);
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
}

static const char *usual_key_usage(enum role role, const EVP_PKEY *pkey)
{
    if (role == ROLE_CA)
        return "critical,keyCertSign,cRLSign";
    return EVP_PKEY_is_a(pkey, "EC") ? "critical,digitalSignature,keyAgreement"
                                     : "critical,digitalSignature,keyEncipherment";
}

static void add_extensions(X509 *x509, X509 *issuer, enum role role, const struct pki_spec *spec)
{
    add_extension(x509, issuer, NID_basic_constraints, spec->basic,
                  role == ROLE_CA ? "critical,CA:TRUE" : "CA:FALSE");
    add_extension(x509, issuer, NID_key_usage, spec->key_usage,
                  usual_key_usage(role, X509_get0_pubkey(x509)));
    add_extension(x509, issuer, NID_ext_key_usage, spec->eku, role == ROLE_CA ? NULL : "emailProtection");
    add_extension(x509, issuer, NID_name_constraints, spec->constraints, NULL);
    if (!spec->no_key_ids) {
        add_extension(x509, issuer, NID_subject_key_identifier, "hash", NULL);
        if (X509_get0_subject_key_id(issuer) != NULL)
            add_extension(x509, issuer, NID_authority_key_identifier, "keyid", NULL);
    }
    add_san(x509, spec);
    add_more(x509, spec->more);
}

static void set_serial(X509 *x509)
{
    BIGNUM *n = BN_new();
    ck_assert_int_eq(BN_rand(n, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY), 1);
    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x509));
    BN_free(n);
}

static X509 *make_certificate(struct pki *pki, const struct pki_entity *issuer, enum role role,
                              const struct pki_spec *spec, EVP_PKEY *pkey)
{
    char name[64];
    snprintf(name, sizeof name, "CA %u", ++pki->cas);
    X509 *x509 = X509_new();
    X509_set_version(x509, X509_VERSION_3);
    set_serial(x509);
    X509_set_pubkey(x509, pkey);
    add_name(x509, "CN",
             spec->name != NULL                       ? spec->name
             : role == ROLE_CA || spec->email == NULL ? name
                                                      : spec->email);
    add_name(x509, "emailAddress", spec->dn_email);
    X509_set_issuer_name(x509, X509_get_subject_name(issuer == NULL ? x509 : issuer->x509));
    ASN1_TIME_set(X509_getm_notBefore(x509),
                  spec->not_before == 0 ? PKI_NOW - 365 * PKI_DAY : spec->not_before);
    ASN1_TIME_set(X509_getm_notAfter(x509),
                  spec->not_after == 0 ? PKI_NOW + 3650 * PKI_DAY : spec->not_after);
    add_extensions(x509, issuer == NULL ? x509 : issuer->x509, role, spec);
    EVP_PKEY *signer = issuer == NULL ? pkey : issuer->pkey;
    const char *digest = spec->digest == NULL ? "SHA256" : spec->digest;
    const EVP_MD *md = EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_get_digestbyname(digest);
    ck_assert_msg(X509_sign(x509, signer, md) > 0, "signing the certificate of %s", name);
    return x509;
}

struct key *pki_soft_key(struct span pkcs8)
{
    struct err err = ERR_INIT;
    struct secret secret;
    ck_assert_int_eq(secret_copy(&secret, pkcs8.ptr, pkcs8.len, &err), 0);
    struct key *key = keys_soft(&secret);
    secret_fini(&secret);
    return key;
}

static struct span pkcs8_of(const EVP_PKEY *pkey)
{
    unsigned char *p = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, &p);
    ck_assert_int_gt(len, 0);
    PKCS8_PRIV_KEY_INFO_free(info);
    return (struct span){(const char *)p, (size_t)len};
}

static struct pki_entity *make(struct pki *pki, const struct pki_entity *issuer, enum role role,
                               const struct pki_spec *spec)
{
    struct err err = ERR_INIT;
    unsigned char *der = NULL;
    ck_assert_uint_lt(pki->n, ENTITIES_MAX);
    struct pki_entity *e = pki->entities[pki->n++] = xcalloc(1, sizeof *e);
    e->pkey = spec->same_key != NULL ? EVP_PKEY_dup(spec->same_key->pkey)
              : spec->public != NULL ? EVP_PKEY_dup(spec->public)
                                     : make_key(pki, spec->type);
    ck_assert_ptr_nonnull(e->pkey);
    e->x509 = make_certificate(pki, issuer, role, spec, e->pkey);
    e->der.len = (size_t)i2d_X509(e->x509, &der);
    e->der.ptr = (const char *)der;
    ck_assert_msg(cert_parse(e->der, &e->cert, &err) == 0, "%s", err.msg);
    if (spec->public != NULL)
        return e;
    e->pkcs8 = pkcs8_of(e->pkey);
    e->key = pki_soft_key(e->pkcs8);
    return e;
}

struct pki_entity *pki_root(struct pki *pki, const struct pki_spec *spec)
{
    return make(pki, NULL, ROLE_CA, spec);
}

struct pki_entity *pki_ca(struct pki *pki, const struct pki_entity *issuer, const struct pki_spec *spec)
{
    return make(pki, issuer, ROLE_CA, spec);
}

struct pki_entity *pki_leaf(struct pki *pki, const struct pki_entity *issuer, const struct pki_spec *spec)
{
    return make(pki, issuer, ROLE_LEAF, spec);
}

struct pki_entity *pki_self(struct pki *pki, const struct pki_spec *spec)
{
    return make(pki, NULL, ROLE_LEAF, spec);
}
