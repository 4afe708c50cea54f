/* soft - PKCS#8 keys, wrapped under the master key. */
#include "token/soft.h"

#include "token/evp.h"
#include "token/ossl.h"

#include <openssl/rand.h>
#include <string.h>

#define PUBLIC_MAX 8192

int soft_master_generate(struct secret *out, struct err *err)
{
    ossl_begin();
    if (secret_init(out, MASTER_KEY_SIZE, err) < 0)
        return -1;
    if (RAND_priv_bytes(out->ptr, MASTER_KEY_SIZE) == 1)
        return 0;
    secret_fini(out);
    return ossl_fail(err, ERR_CRYPTO, "no random octets for a master key");
}

int soft_wrap(const struct secret *master, const char *owner, const struct secret *pkcs8, struct buf *out,
              struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(PUBLIC_MAX);
    if (soft_public(pkcs8, &public, err) < 0)
        return -1;
    return wrap_seal(master, owner, buf_span(&public), pkcs8, out, err);
}

int soft_unwrap(const struct secret *master, const char *owner, struct span public_key, struct span wrapped,
                struct secret *pkcs8_out, struct err *err)
{
    return wrap_open(master, owner, public_key, wrapped, pkcs8_out, err);
}

int soft_public(const struct secret *pkcs8, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = NULL;
    if (evp_read_pkcs8(pkcs8, &pkey, err) < 0)
        return -1;
    return evp_public(pkey, out, err);
}

static EVP_PKEY *generate(enum key_type type, unsigned bits)
{
    switch (type) {
    case KEY_RSA:
        return EVP_RSA_gen(bits);
    case KEY_EC_P256:
        return EVP_EC_gen("P-256");
    case KEY_EC_P384:
        return EVP_EC_gen("P-384");
    case KEY_EC_P521:
        return EVP_EC_gen("P-521");
    }
    return NULL;
}

int soft_generate(enum key_type type, unsigned bits, struct secret *pkcs8_out, struct err *err)
{
    memset(pkcs8_out, 0, sizeof *pkcs8_out);
    if (type == KEY_RSA && bits != 2048 && bits != 3072 && bits != 4096)
        return err_set(err, ERR_USAGE, "RSA key of %u bits: 2048, 3072 and 4096 are made", bits);
    ossl_begin();
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = generate(type, bits);
    if (pkey == NULL)
        return ossl_fail(err, ERR_CRYPTO, "key cannot be generated");
    return evp_write_pkcs8(pkey, pkcs8_out, err);
}
