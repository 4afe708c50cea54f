/* import_key - private keys of all forms, and the bundles and single objects that DER files hold. */
#include "smime/import_job.h"

#include <openssl/err.h>
#include <string.h>

#define SCRYPT_PARALLEL_MAX 16 /* OpenSSL itself limits its memory */

static int check_iterations(const ASN1_INTEGER *n, struct err *err)
{
    int64_t value = 0;
    if (n == NULL || ASN1_INTEGER_get_int64(&value, n) != 1 || value < 1 || value > IMPORT_ITERATIONS_MAX) {
        ossl_begin();
        return err_set(err, ERR_LIMIT, "password-based encryption with more than %d iterations",
                       IMPORT_ITERATIONS_MAX);
    }
    return 0;
}

static int check_pbkdf2(const X509_ALGOR *keyfunc, struct err *err)
{
    PBKDF2PARAM *param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), keyfunc->parameter);
    if (param == NULL)
        return ossl_fail(err, ERR_SYNTAX, "malformed PBKDF2 parameters");
    int result = check_iterations(param->iter, err);
    PBKDF2PARAM_free(param);
    return result;
}

static int check_scrypt(const X509_ALGOR *keyfunc, struct err *err)
{
    uint64_t parallel = 0;
    SCRYPT_PARAMS *param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), keyfunc->parameter);
    if (param == NULL)
        return ossl_fail(err, ERR_SYNTAX, "malformed scrypt parameters");
    int read = ASN1_INTEGER_get_uint64(&parallel, param->parallelizationParameter);
    SCRYPT_PARAMS_free(param);
    if (read != 1 || parallel > SCRYPT_PARALLEL_MAX)
        return err_set(err, ERR_LIMIT, "scrypt with a parallelization of more than %d", SCRYPT_PARALLEL_MAX);
    return 0;
}

static int check_pbes2(const X509_ALGOR *algorithm, struct err *err)
{
    PBE2PARAM *param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
    if (param == NULL)
        return ossl_fail(err, ERR_SYNTAX, "malformed PBES2 parameters");
    int nid = OBJ_obj2nid(param->keyfunc->algorithm);
    int result = nid == NID_id_pbkdf2   ? check_pbkdf2(param->keyfunc, err)
                 : nid == NID_id_scrypt ? check_scrypt(param->keyfunc, err)
                                        : err_set(err, ERR_UNSUPPORTED, "unknown key derivation function");
    PBE2PARAM_free(param);
    return result;
}

int import_check_pbe(const X509_ALGOR *algorithm, struct err *err)
{
    ossl_begin();
    if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2)
        return check_pbes2(algorithm, err);
    PBEPARAM *param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
    if (param == NULL)
        return ossl_fail(err, ERR_SYNTAX, "malformed parameters of password-based encryption");
    int result = check_iterations(param->iter, err);
    PBEPARAM_free(param);
    return result;
}

int import_decrypt_failed(struct err *err)
{
    int reason = ERR_GET_REASON(ERR_peek_error());
    bool unknown = reason == EVP_R_UNKNOWN_PBE_ALGORITHM || reason == ERR_R_UNSUPPORTED ||
                   reason == EVP_R_UNSUPPORTED_CIPHER || reason == EVP_R_UNKNOWN_CIPHER;
    return unknown ? ossl_fail(err, ERR_UNSUPPORTED, "encrypted with an algorithm that is not supported")
                   : ossl_fail(err, ERR_PASSPHRASE, "cannot be decrypted with this passphrase");
}

int import_encrypted(struct import_job *job, const X509_SIG *encrypted, struct err *err)
{
    const X509_ALGOR *algorithm;
    int len;
    const char *passphrase = import_passphrase(job, &len);
    X509_SIG_get0(encrypted, &algorithm, NULL);
    if (job->passphrase == NULL)
        return err_set(err, ERR_PASSPHRASE, "private key is encrypted: its passphrase is needed");
    OSSL_LIB_CTX *legacy = import_legacy(job, err);
    if (legacy == NULL || import_check_pbe(algorithm, err) < 0)
        return -1;
    ossl_begin();
    SEAL_CLEANUP(ossl_free_pkcs8)
    PKCS8_PRIV_KEY_INFO *info = PKCS8_decrypt_ex(encrypted, passphrase, len, legacy, NULL);
    if (info != NULL)
        return import_add_key(job, info, err);
    return import_decrypt_failed(err);
}

int import_pkey(struct import_job *job, const EVP_PKEY *pkey, struct err *err)
{
    SEAL_CLEANUP(ossl_free_pkcs8) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    if (info == NULL)
        return ossl_fail(err, ERR_UNSUPPORTED, "private key of an unknown type");
    return import_add_key(job, info, err);
}

int import_bundle(struct import_job *job, const CMS_ContentInfo *cms, struct err *err)
{
    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
        return err_set(err, ERR_UNSUPPORTED, "PKCS#7 object holds no certificates");
    SEAL_CLEANUP(ossl_free_x509_stack) STACK_OF(X509) *certs = CMS_get1_certs((CMS_ContentInfo *)cms);
    for (int i = 0; i < sk_X509_num(certs); i++)
        if (import_add_cert(job, sk_X509_value(certs, i), err) < 0)
            return -1;
    return 0;
}
