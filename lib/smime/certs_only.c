/* certs_only - a SignedData that carries certificates and nothing else. */
#include "smime/certs_only.h"

#include "smime/cert_x509.h"
#include "smime/cms.h"

#define STRUCTURE_MAX (8u << 20)

static bool is_repeated(struct cert *const *certs, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (cert_same(certs[i], certs[j]))
            return true;
    return false;
}

int smime_certs_only(struct cert *const *certs, size_t n, struct spool *out, struct err *err)
{
    ossl_begin();
    SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(STRUCTURE_MAX);
    SEAL_CLEANUP(ossl_free_cms)
    CMS_ContentInfo *info = CMS_sign(NULL, NULL, NULL, NULL, CMS_BINARY | CMS_PARTIAL | CMS_DETACHED);
    if (info == NULL)
        return ossl_fail(err, ERR_CRYPTO, "certs-only message");
    for (size_t i = 0; i < n; i++)
        if (!is_repeated(certs, i) && CMS_add1_cert(info, cert_x509(certs[i])) != 1)
            return ossl_fail(err, ERR_CRYPTO, "add a certificate");
    return cms_write(info, &der, err) < 0 ? -1 : spool_write_span(out, buf_span(&der), err);
}
