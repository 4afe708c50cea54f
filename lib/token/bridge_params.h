/* bridge_params - between the parameters of OpenSSL's operations and the questions of token/key.h. For the bridge alone. */
#ifndef TOKEN_BRIDGE_PARAMS_H
#define TOKEN_BRIDGE_PARAMS_H

#include "token/key.h"

#include <openssl/core.h>
#include <openssl/evp.h>

/* Each false when the value is of another type, unknown, or nothing that we do. */
bool params_digest(const EVP_MD *md, enum digest *out);
bool params_read_md(const OSSL_PARAM *param, const EVP_MD **out);
bool params_read_padding(const OSSL_PARAM *param, int *out); /* RSA_PKCS1_PADDING .. */
bool params_write_padding(OSSL_PARAM *param, int padding);
bool params_read_salt(const OSSL_PARAM *param, int *out); /* octets, or RSA_PSS_SALTLEN_DIGEST .. */

/* params_algorithm_id - the AlgorithmIdentifier of a signature, DER (RFC 4055, 5758); its size, 0 when there is none. */
#define PARAMS_ALGORITHM_MAX 80
size_t params_algorithm_id(enum digest digest, enum sign_padding padding,
                           unsigned char out[PARAMS_ALGORITHM_MAX]);

#endif
