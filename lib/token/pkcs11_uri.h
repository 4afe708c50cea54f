/*
 * pkcs11_uri - the name of a key on a token.
 *
 * Known are token, serial, manufacturer, model, object, id and type. What would be ignored is refused: slot numbers change, a PIN has no
 * place in a name, and the library is a matter of the settings.
 *
 * source  RFC 7512
 */
#ifndef TOKEN_PKCS11_URI_H
#define TOKEN_PKCS11_URI_H

#include "base/err.h"
#include "base/mem.h"

#define PKCS11_ID_MAX 128

/* Decoded; "" and 0 when not given. */
struct pkcs11_uri {
    char token[33], manufacturer[33], model[17], serial[17]; /* as long as Cryptoki has them */
    char object[256];
    unsigned char id[PKCS11_ID_MAX];
    size_t id_len;
    bool is_private, is_secret; /* type=private, type=secret-key */
};

/* pkcs11_uri_parse - it names a token (by label or serial number) and a key (by label or id). ERR_SYNTAX, ERR_UNSUPPORTED. */
int pkcs11_uri_parse(const char *text, struct pkcs11_uri *out, struct err *err) SEAL_CHECKED;

#endif
