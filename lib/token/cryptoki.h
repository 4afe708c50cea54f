/*
 * cryptoki - a PKCS#11 library as it is loaded, and what its return values mean to us. For lib/token alone.
 *
 * source  PKCS #11 Cryptographic Token Interface 2.40 (OASIS)
 */
#ifndef TOKEN_CRYPTOKI_H
#define TOKEN_CRYPTOKI_H

#include "base/err.h"
#include "base/mem.h"

#define CRYPTOKI_GNU
#include <p11-kit/pkcs11.h>

struct cryptoki {
    const char *path;
    void *handle;
    struct ck_function_list *fn;
    bool is_started;
    char about[80]; /* "SoftHSM 2.6, Cryptoki 2.40"; once it is started */
};

/* cryptoki_load - load the file; path is borrowed. ERR_CONFIG. */
int cryptoki_load(const char *path, struct cryptoki **out, struct err *err) SEAL_CHECKED;
/* cryptoki_start - initialise; threads may use it then. Takes the time that the device takes. ERR_IO (it cannot be started now). */
int cryptoki_start(struct cryptoki *cryptoki, struct err *err) SEAL_CHECKED;
void cryptoki_unload(struct cryptoki **cryptoki);

/*
 * cryptoki_code - ERR_IO (the token, or its session, is not what it was: this process cannot use it any more), ERR_UNSUPPORTED (mechanism),
 * ERR_KEY_UNUSABLE (the key's attributes forbid it), ERR_CONFIG (PIN), ERR_CRYPTO (the data).
 */
enum err_code cryptoki_code(ck_rv_t rv);

/* cryptoki_fail - err_set() with the return value behind the text. Always returns -1. */
int cryptoki_fail(struct err *err, ck_rv_t rv, const char *what);

/* cryptoki_text - a field of an info structure, padded with blanks, as a string cut to size. */
void cryptoki_text(const unsigned char *field, size_t len, char *out, size_t size);

#endif
