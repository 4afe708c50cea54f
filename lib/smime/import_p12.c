/* import_p12 - PKCS#12, bag by bag: PKCS12_parse() would stay silent about a second key and has no limits. */
#include "smime/import_job.h"

#include <openssl/err.h>

#define NESTING_MAX 4

static void free_safes(STACK_OF(PKCS7) * *safes)
{
    sk_PKCS7_pop_free(*safes, PKCS7_free);
}

static void free_bags(STACK_OF(PKCS12_SAFEBAG) * *bags)
{
    sk_PKCS12_SAFEBAG_pop_free(*bags, PKCS12_SAFEBAG_free);
}

/* An empty passphrase is written in two ways: as none at all and as an empty string. */
static int check_mac(struct import_job *job, PKCS12 *p12, const char **passphrase_out, int *len_out,
                     struct err *err)
{
    const ASN1_INTEGER *iterations;
    int64_t n = 1;
    *passphrase_out = import_passphrase(job, len_out);
    PKCS12_get0_mac(NULL, NULL, NULL, &iterations, p12);
    if (!PKCS12_mac_present(p12))
        return 0;
    if (iterations != NULL &&
        (ASN1_INTEGER_get_int64(&n, iterations) != 1 || n < 1 || n > IMPORT_ITERATIONS_MAX))
        return ossl_fail(err, ERR_LIMIT, "PKCS#12 file with more than %d iterations", IMPORT_ITERATIONS_MAX);
    ossl_begin();
    if (PKCS12_verify_mac(p12, *passphrase_out, *len_out) == 1)
        return 0;
    if (*len_out == 0 && PKCS12_verify_mac(p12, NULL, 0) == 1) {
        *passphrase_out = NULL;
        return 0;
    }
    if (ERR_peek_error() != 0)
        return ossl_fail(err, ERR_UNSUPPORTED, "PKCS#12 file with an unknown integrity check");
    return err_set(err, ERR_PASSPHRASE,
                   job->passphrase == NULL ? "PKCS#12 file: its passphrase is needed"
                                           : "PKCS#12 file: wrong passphrase");
}

struct walk {
    struct import_job *job;
    const char *passphrase;
    int len;
};

static int add_bags(struct walk *walk, const STACK_OF(PKCS12_SAFEBAG) * bags, int depth, struct err *err);

static int add_cert_bag(struct walk *walk, const PKCS12_SAFEBAG *bag, struct err *err)
{
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
        return 0;
    SEAL_CLEANUP(ossl_free_x509) X509 *x509 = PKCS12_SAFEBAG_get1_cert(bag);
    if (x509 == NULL)
        return ossl_fail(err, ERR_SYNTAX, "certificate in the PKCS#12 file cannot be read");
    return import_add_cert(walk->job, x509, err);
}

static int add_shrouded_key(struct walk *walk, const PKCS12_SAFEBAG *bag, struct err *err)
{
    const X509_SIG *encrypted = PKCS12_SAFEBAG_get0_pkcs8(bag);
    const X509_ALGOR *algorithm;
    X509_SIG_get0(encrypted, &algorithm, NULL);
    if (import_check_pbe(algorithm, err) < 0)
        return -1;
    ossl_begin();
    SEAL_CLEANUP(ossl_free_pkcs8)
    PKCS8_PRIV_KEY_INFO *info =
        PKCS8_decrypt_ex(encrypted, walk->passphrase, walk->len, walk->job->legacy, NULL);
    if (info == NULL)
        return import_decrypt_failed(err);
    return import_add_key(walk->job, info, err);
}

static int add_bag(struct walk *walk, const PKCS12_SAFEBAG *bag, int depth, struct err *err)
{
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_certBag:
        return add_cert_bag(walk, bag, err);
    case NID_keyBag:
        return import_add_key(walk->job, PKCS12_SAFEBAG_get0_p8inf(bag), err);
    case NID_pkcs8ShroudedKeyBag:
        return add_shrouded_key(walk, bag, err);
    case NID_safeContentsBag:
        return add_bags(walk, PKCS12_SAFEBAG_get0_safes(bag), depth + 1, err);
    default: /* revocation lists and secrets are not ours */
        return 0;
    }
}

static int add_bags(struct walk *walk, const STACK_OF(PKCS12_SAFEBAG) * bags, int depth, struct err *err)
{
    if (depth > NESTING_MAX)
        return err_set(err, ERR_LIMIT, "PKCS#12 file with bags in bags in bags");
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++)
        if (add_bag(walk, sk_PKCS12_SAFEBAG_value(bags, i), depth, err) < 0)
            return -1;
    return 0;
}

static STACK_OF(PKCS12_SAFEBAG) * open_safe(struct walk *walk, PKCS7 *safe, struct err *err)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    switch (OBJ_obj2nid(safe->type)) {
    case NID_pkcs7_data:
        bags = PKCS12_unpack_p7data(safe);
        break;
    case NID_pkcs7_encrypted:
        if (import_check_pbe(safe->d.encrypted->enc_data->algorithm, err) < 0)
            return NULL;
        ossl_begin();
        bags = PKCS12_unpack_p7encdata(safe, walk->passphrase, walk->len);
        break;
    default:
        err_set(err, ERR_UNSUPPORTED, "PKCS#12 file that is encrypted for a public key");
        return NULL;
    }
    if (bags == NULL)
        import_decrypt_failed(err);
    return bags;
}

int import_p12(struct import_job *job, PKCS12 *p12, struct err *err)
{
    struct walk walk = {.job = job};
    if (check_mac(job, p12, &walk.passphrase, &walk.len, err) < 0)
        return -1;
    ossl_begin();
    SEAL_CLEANUP(free_safes) STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(p12);
    if (safes == NULL)
        return ossl_fail(err, ERR_SYNTAX, "malformed PKCS#12 file");
    for (int i = 0; i < sk_PKCS7_num(safes); i++) {
        SEAL_CLEANUP(free_bags)
        STACK_OF(PKCS12_SAFEBAG) *bags = open_safe(&walk, sk_PKCS7_value(safes, i), err);
        if (bags == NULL || add_bags(&walk, bags, 0, err) < 0)
            return -1;
    }
    return 0;
}
