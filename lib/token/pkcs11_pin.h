/* pkcs11_pin - a token's PIN, and that a refused one is not tried again. For lib/token alone. */
#ifndef TOKEN_PKCS11_PIN_H
#define TOKEN_PKCS11_PIN_H

#include "token/pkcs11.h"

/* pkcs11_pin_read - the PIN. ERR_CONFIG: the file cannot be used, or what it holds was refused before. */
int pkcs11_pin_read(const struct pkcs11_pin *pin, struct secret *out, struct err *err) SEAL_CHECKED;
/* pkcs11_pin_refuse - the token refused what pkcs11_pin_read() gave. */
void pkcs11_pin_refuse(const struct pkcs11_pin *pin);

#endif
