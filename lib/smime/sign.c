/*
 * sign - SignedData by one signer.
 *
 * The entity is digested by us in one call; CMS makes the structure around it and lets the key sign the attributes.
 */
#include "smime/sign.h"

#include "smime/capability.h"
#include "smime/cert_x509.h"
#include "smime/cms.h"
#include "smime/frame.h"
#include "smime/preference.h"
#include "token/bridge.h"
#include "token/evp.h"

#include <openssl/objects.h>

#define STRUCTURE_MAX (8u << 20)

OSSL_HANDLE(free_time, ASN1_TIME, ASN1_TIME_free)

static bool add_time(CMS_SignerInfo *signer, int64_t when)
{
    SEAL_CLEANUP(free_time) ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)when);
    return time != NULL &&
           CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, ASN1_STRING_type(time), time, -1) == 1;
}

/* signingCertificateV2 is there already: CMS_CADES adds it. */
static bool add_attributes(CMS_SignerInfo *signer, struct span entity, const struct smime_signer *who,
                           int64_t when)
{
    unsigned char digest[HASH_SIZE];
    struct span ours = capability_ours();
    hash_bytes(entity, digest);
    return CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_contentType, V_ASN1_OBJECT,
                                       OBJ_nid2obj(NID_pkcs7_data), -1) == 1 &&
           CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING, digest,
                                       sizeof digest) == 1 &&
           add_time(signer, when) &&
           CMS_signed_add1_attr_by_NID(signer, NID_SMIMECapabilities, V_ASN1_SEQUENCE, ours.ptr,
                                       (int)ours.len) == 1 &&
           (who->encrypt_cert == NULL || preference_add(signer, who->encrypt_cert));
}

/* A certificate goes in once: CMS refuses a second instance. */
static bool is_repeated(const struct smime_signer *who, size_t i)
{
    const struct cert *cert = who->chain[i];
    if (cert_same(cert, who->cert) || (who->encrypt_cert != NULL && cert_same(cert, who->encrypt_cert)))
        return true;
    for (size_t j = 0; j < i; j++)
        if (cert_same(cert, who->chain[j]))
            return true;
    return false;
}

static int add_certificates(CMS_ContentInfo *info, const struct smime_signer *who, struct err *err)
{
    if (who->encrypt_cert != NULL && !cert_same(who->encrypt_cert, who->cert) &&
        CMS_add1_cert(info, cert_x509(who->encrypt_cert)) != 1)
        return ossl_fail(err, ERR_CRYPTO, "add the encryption certificate");
    for (size_t i = 0; i < who->nchain; i++)
        if (!is_repeated(who, i) && CMS_add1_cert(info, cert_x509(who->chain[i])) != 1)
            return ossl_fail(err, ERR_CRYPTO, "add a certificate of the chain");
    return 0;
}

static int make_structure(struct span entity, const struct smime_signer *who, int64_t when,
                          CMS_ContentInfo **out, struct err *err)
{
    EVP_PKEY *pkey = token_evp(who->key, err);
    if (pkey == NULL)
        return -1;
    unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_DETACHED | CMS_NOSMIMECAP | CMS_CADES;
    *out = CMS_sign(NULL, NULL, NULL, NULL, flags);
    if (*out == NULL)
        return ossl_fail(err, ERR_CRYPTO, "sign");
    CMS_SignerInfo *signer = CMS_add1_signer(*out, cert_x509(who->cert), pkey, EVP_sha256(), flags);
    if (signer == NULL)
        return ossl_fail(err, ERR_KEY_UNUSABLE, "key and certificate %s cannot sign",
                         cert_info(who->cert)->fingerprint);
    if (!add_attributes(signer, entity, who, when))
        return ossl_fail(err, ERR_CRYPTO, "signed attributes");
    bridge_begin();
    if (CMS_SignerInfo_sign(signer) != 1)
        return bridge_failure(err) < 0 ? -1 : ossl_fail(err, ERR_CRYPTO, "sign");
    return add_certificates(*out, who, err);
}

/* The content takes its place inside a structure that was made without it. */
static int write_opaque(const struct buf *shell, struct span entity, struct spool *out, struct err *err)
{
    static const struct smime_limits limits = {0, 1, SIZE_MAX, BER_DEPTH_MAX, 0};
    SEAL_CLEANUP(buf_fini) struct buf head = BUF_INIT(STRUCTURE_MAX);
    SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(STRUCTURE_MAX);
    struct outline outline;
    struct outline_signed parts;
    if (outline_parse(buf_span(shell), &limits, &outline, err) < 0 ||
        outline_signed(&outline, &limits, &parts, err) < 0)
        return err_wrap(err, "signature");
    const struct span empty = {"", 0};
    const struct frame frames[] = {
        {BER_SEQUENCE, outline.type, empty},     {BER_CONTEXT_CONSTRUCTED, empty, empty},
        {BER_SEQUENCE, parts.head, parts.tail},  {BER_SEQUENCE, parts.content_type, empty},
        {BER_CONTEXT_CONSTRUCTED, empty, empty}, {BER_OCTETS, empty, empty},
    };
    frame_put(frames, SEAL_COUNT(frames), entity.len, &head, &tail);
    if (buf_check(&head, err) < 0 || buf_check(&tail, err) < 0)
        return -1;
    return spool_write_span(out, buf_span(&head), err) < 0 || spool_write_span(out, entity, err) < 0
               ? -1
               : spool_write_span(out, buf_span(&tail), err);
}

int smime_sign(struct span entity, const struct smime_signer *signer, int64_t when, enum smime_sign_form form,
               struct spool *out, struct err *err)
{
    SEAL_CLEANUP(ossl_free_cms) CMS_ContentInfo *info = NULL;
    SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(STRUCTURE_MAX);
    ossl_begin();
    if (make_structure(entity, signer, when, &info, err) < 0 || cms_write(info, &der, err) < 0)
        return -1;
    return form == SMIME_SIGN_OPAQUE ? write_opaque(&der, entity, out, err)
                                     : spool_write_span(out, buf_span(&der), err);
}
