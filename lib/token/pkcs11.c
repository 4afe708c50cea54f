/* pkcs11 - the modules of the settings, and what doctor is told of them. */
#include "token/pkcs11.h"

#include "base/text.h"
#include "token/pkcs11_token.h"

#include <stdlib.h>

int pkcs11_open(const struct pkcs11_conf *conf, struct pkcs11 **out, struct err *err)
{
    struct pkcs11 *p11 = xcalloc(1, sizeof *p11);
    p11->conf = conf;
    pthread_mutex_init(&p11->lock, NULL);
    p11->modules = xcalloc(conf->nmodules + 1, sizeof(struct cryptoki *));
    while (p11->nmodules < conf->nmodules &&
           cryptoki_load(conf->modules[p11->nmodules], &p11->modules[p11->nmodules], err) == 0)
        p11->nmodules++;
    *out = p11;
    if (p11->nmodules == conf->nmodules)
        return 0;
    pkcs11_close(out);
    return -1;
}

void pkcs11_close(struct pkcs11 **p11)
{
    struct pkcs11 *p = *p11;
    *p11 = NULL;
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->ntokens; i++)
        pkcs11_token_free(&p->tokens[i]);
    for (size_t i = 0; i < p->nmodules; i++)
        cryptoki_unload(&p->modules[i]);
    pthread_mutex_destroy(&p->lock);
    free(p->tokens);
    free(p->modules);
    free(p);
}

/* "rsa rsa-raw pss oaep ecdsa ecdh": what the token offers for private keys. */
static void report_mechanisms(const struct pkcs11_token *token, struct buf *out)
{
    static const struct {
        const char *name;
        ck_mechanism_type_t mechanism;
        ck_flags_t flag;
    } known[] = {
        {"rsa", CKM_RSA_PKCS, CKF_SIGN},     {"rsa-raw", CKM_RSA_X_509, CKF_DECRYPT},
        {"pss", CKM_RSA_PKCS_PSS, CKF_SIGN}, {"oaep", CKM_RSA_PKCS_OAEP, CKF_DECRYPT},
        {"ecdsa", CKM_ECDSA, CKF_SIGN},      {"ecdh", CKM_ECDH1_DERIVE, CKF_DERIVE},
    };
    for (size_t i = 0; i < SEAL_COUNT(known); i++)
        if (pkcs11_token_can(token, known[i].mechanism, known[i].flag))
            buf_printf(out, " %s", known[i].name);
}

void pkcs11_report(struct pkcs11 *p11, struct buf *out)
{
    for (size_t i = 0; i < p11->nmodules; i++)
        buf_printf(out, "pkcs11-module %s\n", p11->modules[i]->about);
    pthread_mutex_lock(&p11->lock);
    for (size_t i = 0; i < p11->ntokens; i++) {
        const struct pkcs11_token *token = p11->tokens[i];
        buf_add_str(out, "pkcs11-token ");
        text_clean(span_of(token->label), out);
        buf_add_str(out, token->is_open ? ": open," : ": no login,");
        report_mechanisms(token, out);
        buf_add_char(out, '\n');
    }
    pthread_mutex_unlock(&p11->lock);
}
