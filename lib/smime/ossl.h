/* ossl - what smime adds to token/ossl.h: handles of X.509, PKCS and CMS, and times. */
#ifndef SMIME_OSSL_H
#define SMIME_OSSL_H

#include "token/ossl.h"

#include <openssl/cms.h>
#include <openssl/pkcs12.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

OSSL_HANDLE(ossl_free_cms, CMS_ContentInfo, CMS_ContentInfo_free)
OSSL_HANDLE(ossl_free_crl, X509_CRL, X509_CRL_free)
OSSL_HANDLE(ossl_free_general_names, GENERAL_NAMES, GENERAL_NAMES_free)
OSSL_HANDLE(ossl_free_pkcs12, PKCS12, PKCS12_free)
OSSL_HANDLE(ossl_free_request, X509_REQ, X509_REQ_free)
OSSL_HANDLE(ossl_free_x509, X509, X509_free)
OSSL_HANDLE(ossl_free_x509_sig, X509_SIG, X509_SIG_free)
OSSL_HANDLE(ossl_free_x509_store_ctx, X509_STORE_CTX, X509_STORE_CTX_free)

/* ossl_free_x509_list - the list only; ossl_free_x509_stack - its certificates too. */
static inline void ossl_free_x509_list(STACK_OF(X509) * *list)
{
    sk_X509_free(*list);
}
static inline void ossl_free_x509_stack(STACK_OF(X509) * *stack)
{
    sk_X509_pop_free(*stack, X509_free);
}

/* ossl_time - seconds since 1970, UTC; false when it is no time of the calendar. */
bool ossl_time(const ASN1_TIME *time, int64_t *out);

#endif
