/* cms - structures for OpenSSL, cut out of hostile objects; and back. */
#include "smime/cms.h"

#include "smime/frame.h"

#define STRUCTURE_MAX (64u << 20) /* the outline's limits are far below */

static int read_structure(const struct buf *der, OSSL_LIB_CTX *library, CMS_ContentInfo **out,
                          struct err *err)
{
    ossl_begin();
    *out = NULL;
    if (buf_check(der, err) < 0)
        return -1;
    SEAL_CLEANUP(ossl_free_cms) CMS_ContentInfo *cms = CMS_ContentInfo_new_ex(library, NULL);
    const unsigned char *p = (const unsigned char *)der->ptr;
    if (cms == NULL || d2i_CMS_ContentInfo(&cms, &p, (long)der->len) == NULL)
        return ossl_fail(err, ERR_SYNTAX, "CMS structure");
    *out = cms;
    cms = NULL;
    return 0;
}

int cms_of_sealed(const struct outline *cms, const struct outline_sealed *sealed, OSSL_LIB_CTX *library,
                  CMS_ContentInfo **out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(STRUCTURE_MAX);
    SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(STRUCTURE_MAX);
    SEAL_CLEANUP(buf_fini) struct buf front = BUF_INIT(STRUCTURE_MAX);
    SEAL_CLEANUP(buf_fini) struct buf mac = BUF_INIT(STRUCTURE_MAX);
    buf_add_span(&front, sealed->version);
    buf_add_span(&front, sealed->recipients.all);
    if (cms->kind == SMIME_KIND_AUTH_ENVELOPED) {
        ber_put_header(&mac, BER_OCTETS, sealed->mac.len);
        buf_add_span(&mac, sealed->mac);
    }
    const struct frame frames[] = {
        {BER_SEQUENCE, cms->type, {"", 0}},
        {BER_CONTEXT_CONSTRUCTED, {"", 0}, {"", 0}},
        {BER_SEQUENCE, buf_span(&front), buf_span(&mac)},
        {BER_SEQUENCE, sealed->content_type, sealed->algorithm},
    };
    frame_put(frames, SEAL_COUNT(frames), 0, &der, &tail);
    buf_add_span(&der, buf_span(&tail));
    return read_structure(&der, library, out, err);
}

int cms_of_signed(const struct outline *cms, const struct outline_signed *signed_data, struct span signers,
                  CMS_ContentInfo **out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(STRUCTURE_MAX);
    SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(STRUCTURE_MAX);
    SEAL_CLEANUP(buf_fini) struct buf front = BUF_INIT(STRUCTURE_MAX);
    buf_add_span(&front, signed_data->head);
    ber_put_header(&front, BER_SEQUENCE, signed_data->content_type.len);
    buf_add_span(&front, signed_data->content_type);
    const struct frame frames[] = {
        {BER_SEQUENCE, cms->type, {"", 0}},
        {BER_CONTEXT_CONSTRUCTED, {"", 0}, {"", 0}},
        {BER_SEQUENCE, buf_span(&front), {"", 0}},
        {BER_SET, signers, {"", 0}},
    };
    frame_put(frames, SEAL_COUNT(frames), 0, &der, &tail);
    return read_structure(&der, NULL, out, err);
}

int cms_write(CMS_ContentInfo *cms, struct buf *out, struct err *err)
{
    int len = i2d_CMS_ContentInfo(cms, NULL);
    if (len <= 0)
        return ossl_fail(err, ERR_CRYPTO, "CMS object cannot be written");
    unsigned char *room = (unsigned char *)buf_reserve(out, (size_t)len);
    if (room != NULL && i2d_CMS_ContentInfo(cms, &room) != len)
        return ossl_fail(err, ERR_CRYPTO, "CMS object cannot be written");
    if (room != NULL)
        buf_commit(out, (size_t)len);
    return buf_check(out, err);
}

static bool agreement_names(CMS_RecipientInfo *recipient, X509 *x509)
{
    STACK_OF(CMS_RecipientEncryptedKey) *keys = CMS_RecipientInfo_kari_get0_reks(recipient);
    for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); i++)
        if (CMS_RecipientEncryptedKey_cert_cmp(sk_CMS_RecipientEncryptedKey_value(keys, i), x509) == 0)
            return true;
    return false;
}

bool cms_names(CMS_ContentInfo *cms, X509 *x509)
{
    STACK_OF(CMS_RecipientInfo) *recipients = CMS_get0_RecipientInfos(cms);
    for (int i = 0; i < sk_CMS_RecipientInfo_num(recipients); i++) {
        CMS_RecipientInfo *one = sk_CMS_RecipientInfo_value(recipients, i);
        int type = CMS_RecipientInfo_type(one);
        if (type == CMS_RECIPINFO_TRANS ? CMS_RecipientInfo_ktri_cert_cmp(one, x509) == 0
                                        : type == CMS_RECIPINFO_AGREE && agreement_names(one, x509))
            return true;
    }
    return false;
}
