/* pkcs11_module - each is started in a thread of its own: one whose device is away may take a minute, or for ever. For lib/token alone. */
#ifndef TOKEN_PKCS11_MODULE_H
#define TOKEN_PKCS11_MODULE_H

#include "token/cryptoki.h"
#include "token/pkcs11.h"

#include <pthread.h>

struct pkcs11_module {
    struct pkcs11 *p11;
    struct cryptoki *cryptoki;
    pthread_t thread;
    bool has_thread;
    struct err away; /* why it cannot be asked now; ERR_NONE: it can. With the lock of p11 */
};

/* pkcs11_modules_start - all of them; waits for them as long as conf allows. Errors as of pkcs11_open(). */
int pkcs11_modules_start(struct pkcs11 *p11, struct err *err) SEAL_CHECKED;
/* pkcs11_modules_stop - once the last of them has started, or failed to. */
void pkcs11_modules_stop(struct pkcs11 *p11);

/*
 * pkcs11_module_check - whether it can be asked; with the lock. ERR_BUSY, and some time later, or when no module is well, ERR_IO: for
 * another process to start it, in which the modules that are well begin anew too.
 */
int pkcs11_module_check(const struct pkcs11_module *module, struct err *err) SEAL_CHECKED;

#endif
