/* request - PKCS#10. */
#include "smime/request.h"

#include "smime/ossl.h"
#include "smime/subject.h"
#include "token/bridge.h"
#include "token/evp.h"

#include <openssl/pem.h>

/* Takes the extension. */
static int push(X509_EXTENSIONS *extensions, X509_EXTENSION *extension)
{
    if (extension != NULL && sk_X509_EXTENSION_push(extensions, extension) > 0)
        return 1;
    X509_EXTENSION_free(extension);
    return 0;
}

static int add_extensions(X509_REQ *request, const struct key *key, const char *addr)
{
    const char *usage = key_type_of(key) == KEY_RSA ? "critical,digitalSignature,keyEncipherment"
                                                    : "critical,digitalSignature,keyAgreement";
    SEAL_CLEANUP(ossl_free_general_names) GENERAL_NAMES *names = subject_alt_names(addr);
    X509_EXTENSIONS *extensions = sk_X509_EXTENSION_new_null();
    int ok = names != NULL && extensions != NULL &&
             push(extensions, X509V3_EXT_nconf_nid(NULL, NULL, NID_key_usage, usage)) &&
             push(extensions, X509V3_EXT_nconf_nid(NULL, NULL, NID_ext_key_usage, "emailProtection")) &&
             push(extensions, X509V3_EXT_i2d(NID_subject_alt_name, 0, names)) &&
             X509_REQ_add_extensions(request, extensions) == 1;
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return ok;
}

/* The public half as the key says it: an EVP_PKEY of another provider is not encoded by OpenSSL's own. */
static int set_public(X509_REQ *request, const struct key *key)
{
    struct span spki = key_public(key);
    const unsigned char *p = (const unsigned char *)spki.ptr;
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)spki.len);
    return public != NULL && X509_REQ_set_pubkey(request, public) == 1;
}

static int write_pem(X509_REQ *request, struct buf *out, struct err *err)
{
    char *text;
    SEAL_CLEANUP(ossl_free_bio) BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL || PEM_write_bio_X509_REQ(bio, request) != 1)
        return ossl_fail(err, ERR_CRYPTO, "request cannot be written");
    long n = BIO_get_mem_data(bio, &text);
    buf_add(out, text, (size_t)n);
    return buf_check(out, err);
}

int request_create(struct key *key, const char *addr, const char *name, struct buf *out, struct err *err)
{
    if (subject_check(addr, name, err) < 0)
        return -1;
    EVP_PKEY *signer = token_evp(key, err);
    if (signer == NULL)
        return -1;
    ossl_begin();
    SEAL_CLEANUP(ossl_free_request) X509_REQ *request = X509_REQ_new();
    if (request == NULL || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        !subject_set(X509_REQ_get_subject_name(request), "CN", subject_cut(name == NULL ? addr : name)) ||
        !set_public(request, key) || !add_extensions(request, key, addr))
        return ossl_fail(err, ERR_CRYPTO, "request cannot be made");
    bridge_begin();
    if (X509_REQ_sign(request, signer, EVP_sha256()) <= 0)
        return bridge_failure(err) < 0 ? -1 : ossl_fail(err, ERR_CRYPTO, "request cannot be signed");
    return write_pem(request, out, err);
}
