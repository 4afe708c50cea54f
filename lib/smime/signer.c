/* signer - one SignerInfo. */
#include "smime/signer.h"

#include "smime/cert_x509.h"
#include "smime/oid.h"

#include <openssl/objects.h>

static const struct {
    int nid;
    bool weak;
} digests_known[] = {
    {NID_sha256, false}, {NID_sha384, false}, {NID_sha512, false},
    {NID_sha224, false}, {NID_sha1, true},    {NID_md5, true},
};

bool signer_digest_find(const struct outline_signer *outline, const EVP_MD **out)
{
    int nid = oid_algorithm_nid(outline->digest_algorithm);
    for (size_t i = 0; i < SEAL_COUNT(digests_known); i++) {
        if (digests_known[i].nid != nid)
            continue;
        *out = EVP_get_digestbynid(nid);
        return *out != NULL;
    }
    return false;
}

static bool is_weak_digest(const EVP_MD *md)
{
    for (size_t i = 0; i < SEAL_COUNT(digests_known); i++)
        if (digests_known[i].nid == EVP_MD_get_type(md))
            return digests_known[i].weak;
    return true;
}

static bool is_signature_known(const struct outline_signer *outline)
{
    int nid = oid_algorithm_nid(outline->signature_algorithm), key = NID_undef;
    if (nid == NID_rsaEncryption || nid == NID_rsassaPss || nid == NID_X9_62_id_ecPublicKey)
        return true;
    return OBJ_find_sigid_algs(nid, NULL, &key) == 1 &&
           (key == NID_rsaEncryption || key == NID_X9_62_id_ecPublicKey);
}

static struct cert *find_cert(CMS_SignerInfo *info, struct cert *const *certs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (CMS_SignerInfo_cert_cmp(info, cert_x509(certs[i])) == 0)
            return certs[i];
    return NULL;
}

static void find(struct signer_finding *out, enum signature signature, const char *why)
{
    out->signature = signature;
    out->why = why;
}

static bool verifies(CMS_SignerInfo *info, BIO *digests, bool has_attrs)
{
    bool good =
        (!has_attrs || CMS_SignerInfo_verify(info) == 1) && CMS_SignerInfo_verify_content(info, digests) == 1;
    ossl_begin();
    return good;
}

static void judge_strength(const EVP_MD *md, const struct cert_info *cert, unsigned min_rsa_bits,
                           struct signer_finding *out)
{
    if (is_weak_digest(md))
        find(out, SIGNATURE_WEAK, "signed with a weak digest");
    else if (cert->key_type == KEY_RSA && cert->key_bits < min_rsa_bits)
        find(out, SIGNATURE_WEAK, "signed with a short RSA key");
    else
        find(out, SIGNATURE_GOOD, "");
}

void signer_check(CMS_SignerInfo *info, const struct outline_signer *outline, BIO *digests, bool like_set,
                  struct cert *const *certs, size_t ncerts, unsigned min_rsa_bits, struct signer_finding *out)
{
    const EVP_MD *md = NULL;
    *out = (struct signer_finding){.cert = find_cert(info, certs, ncerts)};
    ossl_begin();
    if (!signer_digest_find(outline, &md))
        return find(out, SIGNATURE_UNSUPPORTED, "digest algorithm is not supported");
    if (!is_signature_known(outline))
        return find(out, SIGNATURE_UNSUPPORTED, "signature algorithm is not supported");
    if (out->cert == NULL)
        return find(out, SIGNATURE_UNSUPPORTED, "the signer's certificate is not in the message");
    if (!cert_info(out->cert)->supported)
        return find(out, SIGNATURE_UNSUPPORTED,
                    "the signer's key is of a type or size that is not supported");
    const char *fault = outline->has_attrs ? attrs_read(info, out->cert, &out->attrs) : NULL;
    if (fault != NULL)
        return find(out, SIGNATURE_BAD, fault);
    if (!outline->has_attrs && like_set)
        return find(out, SIGNATURE_BAD, "content could be signed attributes of another message");
    CMS_SignerInfo_set1_signer_cert(info, cert_x509(out->cert));
    if (!verifies(info, digests, outline->has_attrs))
        return find(out, SIGNATURE_BAD, "signature does not verify");
    judge_strength(md, cert_info(out->cert), min_rsa_bits, out);
}
