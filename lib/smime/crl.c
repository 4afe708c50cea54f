/* crl - revocation lists. */
#include "smime/crl.h"

#include "smime/cert_names.h"
#include "smime/cert_x509.h"
#include "smime/ossl.h"

#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#define SERIAL_MAX 22 /* octets; RFC 5280 has 20 */

/* Compared octet by octet, hence without padding. */
struct serial {
    unsigned char negative, len;
    unsigned char octets[SERIAL_MAX];
};
_Static_assert(sizeof(struct serial) == SERIAL_MAX + 2, "padding");

struct entry {
    struct serial serial;
    int64_t since;
};

struct crl {
    struct crl_info info;
    char *issuer;
    X509_NAME *name;
    struct entry *entries; /* sorted by serial */
    bool users_only, authorities_only;
    GENERAL_NAMES *points; /* the distribution point that it is for; NULL: it is complete */
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct serial));
}

static bool read_serial(const ASN1_INTEGER *from, struct serial *out)
{
    int len = ASN1_STRING_length(from);
    memset(out, 0, sizeof *out);
    if (len < 0 || len > SERIAL_MAX)
        return false;
    out->negative = ASN1_STRING_type(from) == V_ASN1_NEG_INTEGER;
    out->len = (unsigned char)len;
    memcpy(out->octets, ASN1_STRING_get0_data(from), (size_t)len);
    return true;
}

static X509_CRL *decode(struct span der, struct err *err)
{
    const unsigned char *p = (const unsigned char *)der.ptr;
    if (der.len == 0 || der.len > CRL_DER_MAX) {
        err_set(err, ERR_LIMIT, "revocation list of %zu octets", der.len);
        return NULL;
    }
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);
    if (crl != NULL && p == (const unsigned char *)der.ptr + der.len)
        return crl;
    X509_CRL_free(crl);
    ossl_fail(err, ERR_SYNTAX, "not a revocation list");
    return NULL;
}

/* ---- who signed it ---- */

static int pss_digest(const X509_ALGOR *algor)
{
    const void *parameters;
    int type;
    X509_ALGOR_get0(NULL, &type, &parameters, algor);
    RSA_PSS_PARAMS *pss =
        type == V_ASN1_SEQUENCE ? ASN1_item_unpack(parameters, ASN1_ITEM_rptr(RSA_PSS_PARAMS)) : NULL;
    int md =
        pss == NULL || pss->hashAlgorithm == NULL ? NID_sha1 : OBJ_obj2nid(pss->hashAlgorithm->algorithm);
    RSA_PSS_PARAMS_free(pss);
    return md;
}

static bool has_good_digest(const X509_CRL *crl)
{
    const X509_ALGOR *algor;
    int md = NID_undef;
    X509_CRL_get0_signature(crl, NULL, &algor);
    if (X509_CRL_get_signature_nid(crl) == NID_rsassaPss)
        md = pss_digest(algor);
    else
        OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &md, NULL);
    return md == NID_sha256 || md == NID_sha384 || md == NID_sha512;
}

static bool is_signed_by(X509_CRL *crl, const struct cert *authority)
{
    X509 *x509 = cert_x509(authority);
    return (cert_info(authority)->usage & CERT_CA) != 0 && cert_info(authority)->supported &&
           (X509_get_key_usage(x509) & KU_CRL_SIGN) != 0 &&
           X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(x509)) == 0 &&
           X509_CRL_verify(crl, X509_get0_pubkey(x509)) == 1;
}

static void hash_key(const struct cert *cert, char out[HASH_HEX_SIZE])
{
    unsigned char digest[HASH_SIZE];
    hash_bytes(cert_public(cert), digest);
    hash_hex(digest, out);
}

int crl_find_signer(struct span der, struct cert *const *authorities, size_t n, char out[HASH_HEX_SIZE],
                    struct err *err)
{
    ossl_begin();
    SEAL_CLEANUP(ossl_free_crl) X509_CRL *crl = decode(der, err);
    if (crl == NULL)
        return -1;
    if (!has_good_digest(crl))
        return err_set(err, ERR_UNSUPPORTED, "revocation list signed with a weak or unknown digest");
    for (size_t i = 0; i < n; i++) {
        bool found = is_signed_by(crl, authorities[i]);
        ossl_begin();
        if (found) {
            hash_key(authorities[i], out);
            return 0;
        }
    }
    SEAL_CLEANUP(mem_free) char *name = cert_names_line(X509_CRL_get_issuer(crl));
    return err_set(err, ERR_UNTRUSTED,
                   "no authority of the store signed the revocation list of %s: sealadm ca add", name);
}

/* ---- reading it ---- */

static int read_times(const X509_CRL *x, struct crl *crl, struct err *err)
{
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(x);
    if (next == NULL)
        return err_set(err, ERR_SYNTAX, "revocation list without a next update");
    if (!ossl_time(X509_CRL_get0_lastUpdate(x), &crl->info.this_update) ||
        !ossl_time(next, &crl->info.next_update))
        return err_set(err, ERR_SYNTAX, "revocation list with a malformed time");
    return 0;
}

static int read_scope(const X509_CRL *x, struct crl *crl, struct err *err)
{
    int critical;
    ISSUING_DIST_POINT *scope = X509_CRL_get_ext_d2i(x, NID_issuing_distribution_point, &critical, NULL);
    if (scope == NULL)
        return critical == -1
                   ? 0
                   : ossl_fail(err, ERR_SYNTAX, "revocation list with a malformed distribution point");
    bool usable = scope->indirectCRL <= 0 && scope->onlyattr <= 0 && scope->onlysomereasons == NULL &&
                  (scope->distpoint == NULL || scope->distpoint->type == 0);
    crl->users_only = scope->onlyuser > 0;
    crl->authorities_only = scope->onlyCA > 0;
    if (usable && scope->distpoint != NULL) {
        crl->points = scope->distpoint->name.fullname;
        scope->distpoint->name.fullname = NULL;
    }
    ISSUING_DIST_POINT_free(scope);
    return usable ? 0
                  : err_set(err, ERR_UNSUPPORTED,
                            "indirect revocation list, or one of some reasons or attributes only");
}

static int check_extensions(const X509_CRL *x, struct err *err)
{
    for (int i = 0; i < X509_CRL_get_ext_count(x); i++) {
        X509_EXTENSION *extension = X509_CRL_get_ext(x, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        if (nid == NID_delta_crl)
            return err_set(err, ERR_UNSUPPORTED, "delta revocation list: import the complete one");
        if (nid != NID_issuing_distribution_point && X509_EXTENSION_get_critical(extension))
            return err_set(err, ERR_UNSUPPORTED, "revocation list with an unknown critical extension");
    }
    return 0;
}

static int read_entry(const X509_REVOKED *revoked, struct entry *out, struct err *err)
{
    for (int i = 0; i < X509_REVOKED_get_ext_count(revoked); i++) {
        X509_EXTENSION *extension = X509_REVOKED_get_ext(revoked, i);
        if (X509_EXTENSION_get_critical(extension) &&
            OBJ_obj2nid(X509_EXTENSION_get_object(extension)) != NID_crl_reason)
            return err_set(err, ERR_UNSUPPORTED, "revocation list with an unknown critical extension");
    }
    if (!read_serial(X509_REVOKED_get0_serialNumber(revoked), &out->serial))
        return err_set(err, ERR_LIMIT, "revocation list with a serial number of more than %d octets",
                       SERIAL_MAX);
    if (!ossl_time(X509_REVOKED_get0_revocationDate(revoked), &out->since))
        return err_set(err, ERR_SYNTAX, "revocation list with a malformed time");
    return 0;
}

static int read_entries(X509_CRL *x, struct crl *crl, struct err *err)
{
    STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(x);
    int n = all == NULL ? 0 : sk_X509_REVOKED_num(all);
    if (n > (int)CRL_ENTRIES_MAX)
        return err_set(err, ERR_LIMIT, "revocation list of %d entries", n);
    crl->entries = xcalloc((size_t)n + 1, sizeof *crl->entries);
    for (int i = 0; i < n; i++)
        if (read_entry(sk_X509_REVOKED_value(all, i), &crl->entries[i], err) < 0)
            return -1;
    qsort(crl->entries, (size_t)n, sizeof *crl->entries, compare);
    crl->info.entries = (unsigned)n;
    return 0;
}

static void hash_object(struct hash *hash, int len, const unsigned char *der)
{
    hash_add_field(hash, (struct span){(const char *)der, len < 0 ? 0 : (size_t)len});
}

static void name_it(const X509_CRL *x, struct span der, const char *signer, struct crl *crl)
{
    unsigned char digest[HASH_SIZE], *name = NULL;
    struct hash *hash = hash_new();
    int len = i2d_X509_NAME(crl->name, &name);
    hash_object(hash, len, name);
    hash_add_field(hash, span_of(signer));
    int at = X509_CRL_get_ext_by_NID(x, NID_issuing_distribution_point, -1);
    const ASN1_OCTET_STRING *scope = at < 0 ? NULL : X509_EXTENSION_get_data(X509_CRL_get_ext(x, at));
    if (scope != NULL)
        hash_object(hash, ASN1_STRING_length(scope), ASN1_STRING_get0_data(scope));
    hash_end(hash, digest);
    hash_free(&hash);
    OPENSSL_free(name);
    hash_hex(digest, crl->info.id);
    hash_bytes(der, digest);
    hash_hex(digest, crl->info.fingerprint);
    memcpy(crl->info.signer, signer, strnlen(signer, HASH_HEX_SIZE - 1));
}

int crl_parse(struct span der, const char *signer, struct crl **out, struct err *err)
{
    ossl_begin();
    *out = NULL;
    SEAL_CLEANUP(crl_free) struct crl *crl = xcalloc(1, sizeof *crl);
    SEAL_CLEANUP(ossl_free_crl) X509_CRL *x = decode(der, err);
    if (x == NULL || read_times(x, crl, err) < 0 || check_extensions(x, err) < 0 ||
        read_scope(x, crl, err) < 0 || read_entries(x, crl, err) < 0)
        return -1;
    crl->name = X509_NAME_dup(X509_CRL_get_issuer(x));
    if (crl->name == NULL)
        return ossl_fail(err, ERR_IO, "no memory for a revocation list");
    crl->info.issuer = crl->issuer = cert_names_line(crl->name);
    name_it(x, der, signer, crl);
    ossl_begin();
    *out = crl;
    crl = NULL;
    return 0;
}

void crl_free(struct crl **crl)
{
    struct crl *c = *crl;
    *crl = NULL;
    if (c == NULL)
        return;
    free(c->issuer);
    free(c->entries);
    X509_NAME_free(c->name);
    GENERAL_NAMES_free(c->points);
    free(c);
}

const struct crl_info *crl_info(const struct crl *crl)
{
    return &crl->info;
}

/* ---- asking it ---- */

static bool is_issuer_of(const struct crl *crl, const struct cert *cert)
{
    return X509_NAME_cmp(crl->name, X509_get_issuer_name(cert_x509(cert))) == 0;
}

bool crl_lists(const struct crl *crl, const struct cert *cert, int64_t *since_out)
{
    struct serial serial;
    if (!is_issuer_of(crl, cert) || !read_serial(X509_get0_serialNumber(cert_x509(cert)), &serial))
        return false;
    const struct entry *entry =
        bsearch(&serial, crl->entries, crl->info.entries, sizeof *crl->entries, compare);
    if (entry == NULL)
        return false;
    *since_out = entry->since;
    return true;
}

static bool share_name(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(a); i++)
        for (int j = 0; j < sk_GENERAL_NAME_num(b); j++)
            if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i), sk_GENERAL_NAME_value(b, j)) == 0)
                return true;
    return false;
}

static bool is_for_point_of(const struct crl *crl, const struct cert *cert)
{
    CRL_DIST_POINTS *points = X509_get_ext_d2i(cert_x509(cert), NID_crl_distribution_points, NULL, NULL);
    bool found = false;
    for (int i = 0; points != NULL && i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT *point = sk_DIST_POINT_value(points, i);
        found |= point->distpoint != NULL && point->distpoint->type == 0 && point->CRLissuer == NULL &&
                 point->reasons == NULL && share_name(point->distpoint->name.fullname, crl->points);
    }
    CRL_DIST_POINTS_free(points);
    ossl_begin();
    return found;
}

bool crl_covers(const struct crl *crl, const struct cert *cert, const struct cert *issuer)
{
    char key[HASH_HEX_SIZE];
    if (!is_issuer_of(crl, cert))
        return false;
    hash_key(issuer, key);
    bool is_authority = (cert_info(cert)->usage & CERT_CA) != 0;
    return strcmp(key, crl->info.signer) == 0 && !(crl->users_only && is_authority) &&
           !(crl->authorities_only && !is_authority) && (crl->points == NULL || is_for_point_of(crl, cert));
}
