/*
 * softhsm - tokens of SoftHSM in a temporary folder, with their PINs in files as sealkeyd wants them.
 *
 * Made by SoftHSM's and OpenSC's own programs, so that this process has not loaded the module; SOFTHSM2_CONF is set in its environment.
 */
#ifndef SUPPORT_SOFTHSM_H
#define SUPPORT_SOFTHSM_H

#include "support/tool.h"
#include "token/pkcs11.h"

#include <openssl/evp.h>

#define SOFTHSM_MODULE     "/usr/lib/softhsm/libsofthsm2.so"
#define SOFTHSM_TOKENS_MAX 4

struct softhsm {
    struct tool *tool;
    char pin_path[SOFTHSM_TOKENS_MAX][128];
    char folder[SOFTHSM_TOKENS_MAX][64]; /* of each token, in the folder of all */
    struct pkcs11_refused refused[SOFTHSM_TOKENS_MAX];
    struct pkcs11_pin pins[SOFTHSM_TOKENS_MAX];
    struct pkcs11_conf conf; /* for pkcs11_open() */
};

void softhsm_init(struct softhsm *hsm);
void softhsm_fini(struct softhsm *hsm);

/* softhsm_token - a new token; label lives as long as hsm. */
void softhsm_token(struct softhsm *hsm, const char *label, const char *pin);
/* softhsm_pin - the PIN's file says this from now on. */
void softhsm_pin(struct softhsm *hsm, const char *label, const char *pin);

enum softhsm_usage {
    SOFTHSM_SIGN,   /* as softhsm2-util imports: an EC key then cannot agree on keys */
    SOFTHSM_DERIVE, /* EC: signs and agrees */
};
/* softhsm_import - a private key and its public half, label and id (hexadecimal digits). */
void softhsm_import(struct softhsm *hsm, const char *token, const char *pin, const char *label,
                    const char *id, const EVP_PKEY *pkey, enum softhsm_usage usage);

/* softhsm_generate - a secret key made by the token, as pkcs11-tool names its type ("AES:32"); more: another option of it, or NULL. */
void softhsm_generate(struct softhsm *hsm, const char *token, const char *pin, const char *label,
                      const char *id, const char *type, const char *more);

/* softhsm_destroy - what is left of a key of this id, of any kind. */
void softhsm_destroy(struct softhsm *hsm, const char *token, const char *pin, const char *id);

/* softhsm_remove, softhsm_restore - all tokens are pulled out, and put in again. */
void softhsm_remove(struct softhsm *hsm);
void softhsm_restore(struct softhsm *hsm);
/* softhsm_remove_one, softhsm_restore_one - the token that was made as number n, from 0. */
void softhsm_remove_one(struct softhsm *hsm, size_t n);
void softhsm_restore_one(struct softhsm *hsm, size_t n);

#endif
