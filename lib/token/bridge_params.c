/* bridge_params - names and numbers of OpenSSL's parameters. */
#include "token/bridge_params.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_SIZE 50 /* of a digest, a padding, a number */

static bool read_text(const OSSL_PARAM *param, char out[NAME_MAX_SIZE])
{
    return param->data_type == OSSL_PARAM_UTF8_STRING &&
           OSSL_PARAM_get_utf8_string(param, &out, NAME_MAX_SIZE) == 1;
}

bool params_digest(const EVP_MD *md, enum digest *out)
{
    static const struct {
        const char *name;
        enum digest digest;
    } known[] = {{"SHA256", DIGEST_SHA256},
                 {"SHA384", DIGEST_SHA384},
                 {"SHA512", DIGEST_SHA512},
                 {"SHA1", DIGEST_SHA1}};
    for (size_t i = 0; i < SEAL_COUNT(known); i++) {
        if (!EVP_MD_is_a(md, known[i].name))
            continue;
        *out = known[i].digest;
        return true;
    }
    return false;
}

bool params_read_md(const OSSL_PARAM *param, const EVP_MD **out)
{
    char name[NAME_MAX_SIZE];
    *out = read_text(param, name) ? EVP_get_digestbyname(name) : NULL;
    return *out != NULL;
}

static const struct {
    const char *name;
    int padding;
} paddings[] = {
    {"pkcs1", RSA_PKCS1_PADDING}, {"pss", RSA_PKCS1_PSS_PADDING}, {"oaep", RSA_PKCS1_OAEP_PADDING}};

bool params_read_padding(const OSSL_PARAM *param, int *out)
{
    char name[NAME_MAX_SIZE];
    int number = -1;
    bool named = read_text(param, name);
    if (!named && OSSL_PARAM_get_int(param, &number) != 1)
        return false;
    for (size_t i = 0; i < SEAL_COUNT(paddings); i++) {
        if (named ? strcmp(name, paddings[i].name) != 0 : number != paddings[i].padding)
            continue;
        *out = paddings[i].padding;
        return true;
    }
    return false;
}

bool params_write_padding(OSSL_PARAM *param, int padding)
{
    if (param->data_type != OSSL_PARAM_UTF8_STRING)
        return OSSL_PARAM_set_int(param, padding) == 1;
    for (size_t i = 0; i < SEAL_COUNT(paddings); i++)
        if (padding == paddings[i].padding)
            return OSSL_PARAM_set_utf8_string(param, paddings[i].name) == 1;
    return false;
}

bool params_read_salt(const OSSL_PARAM *param, int *out)
{
    char text[NAME_MAX_SIZE];
    if (!read_text(param, text))
        return OSSL_PARAM_get_int(param, out) == 1;
    if (strcmp(text, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) == 0)
        *out = RSA_PSS_SALTLEN_DIGEST;
    else if (strcmp(text, OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO) == 0)
        *out = RSA_PSS_SALTLEN_AUTO;
    else
        *out = (int)strtol(text, NULL, 10); /* any other word is a salt of no octets */
    return true;
}

/* Everything but the last arc of the digest's or signature's OID, which is why one text serves three digests. */
static const unsigned char pkcs1_id[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0,    0x05, 0x00};
static const unsigned char ecdsa_id[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0};
static const unsigned char pss_id[] = {
    0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, /* id-RSASSA-PSS */
    0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
    0x02, 0,    0x05, 0x00, /* hashAlgorithm */
    0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, /* id-mgf1 */
    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0,    0x05, 0x00,
    0xa2, 0x03, 0x02, 0x01, 0, /* saltLength */
};
_Static_assert(sizeof pss_id <= PARAMS_ALGORITHM_MAX, "room for the longest");

#define PKCS1_ARC 12
#define ECDSA_ARC 11
#define PSS_HASH  29
#define PSS_MASK  59
#define PSS_SALT  66

size_t params_algorithm_id(enum digest digest, enum sign_padding padding,
                           unsigned char out[PARAMS_ALGORITHM_MAX])
{
    if (digest == DIGEST_SHA1)
        return 0;
    unsigned char arc = digest == DIGEST_SHA256 ? 1 : digest == DIGEST_SHA384 ? 2 : 3;
    switch (padding) {
    case SIGN_PKCS1: /* sha256WithRSAEncryption is 11 */
        memcpy(out, pkcs1_id, sizeof pkcs1_id);
        out[PKCS1_ARC] = (unsigned char)(10 + arc);
        return sizeof pkcs1_id;
    case SIGN_ECDSA: /* ecdsa-with-SHA256 is 2 */
        memcpy(out, ecdsa_id, sizeof ecdsa_id);
        out[ECDSA_ARC] = (unsigned char)(1 + arc);
        return sizeof ecdsa_id;
    case SIGN_PSS:
        memcpy(out, pss_id, sizeof pss_id);
        out[PSS_HASH] = out[PSS_MASK] = arc;
        out[PSS_SALT] = (unsigned char)digest_size(digest);
        return sizeof pss_id;
    }
    return 0;
}
