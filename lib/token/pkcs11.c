/* pkcs11 - the modules of the settings, and what doctor is told of them. */
#include "token/pkcs11.h"

#include "base/text.h"
#include "token/pkcs11_token.h"

#include <stdlib.h>

#define REPORT_MAX 64 /* slots of a module */

int pkcs11_open(const struct pkcs11_conf *conf, struct pkcs11 **out, struct err *err)
{
    struct pkcs11 *p11 = xcalloc(1, sizeof *p11);
    p11->conf = conf;
    pthread_mutex_init(&p11->lock, NULL);
    pthread_cond_init(&p11->started, NULL);
    *out = p11;
    if (pkcs11_modules_start(p11, err) == 0)
        return 0;
    pkcs11_close(out);
    return -1;
}

struct err pkcs11_away(struct pkcs11 *p11)
{
    struct err away = ERR_INIT;
    pthread_mutex_lock(&p11->lock);
    for (size_t i = 0; i < p11->nmodules && away.code == ERR_NONE; i++)
        away = p11->modules[i].away;
    pthread_mutex_unlock(&p11->lock);
    return away;
}

void pkcs11_close(struct pkcs11 **p11)
{
    struct pkcs11 *p = *p11;
    *p11 = NULL;
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->ntokens; i++)
        pkcs11_token_free(&p->tokens[i]);
    pkcs11_modules_stop(p);
    pthread_cond_destroy(&p->started);
    pthread_mutex_destroy(&p->lock);
    free(p->tokens);
    free(p);
}

/* "rsa rsa-raw pss oaep ecdsa ecdh": what the token offers for private keys. */
static void report_mechanisms(struct ck_function_list *fn, ck_slot_id_t slot, struct buf *out)
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
    for (size_t i = 0; i < SEAL_COUNT(known); i++) {
        struct ck_mechanism_info info = {.flags = 0};
        if (fn->C_GetMechanismInfo(slot, known[i].mechanism, &info) == CKR_OK &&
            (info.flags & known[i].flag) != 0)
            buf_printf(out, " %s", known[i].name);
    }
}

static struct pkcs11_token *find_known(const struct pkcs11 *p11, const struct ck_function_list *fn,
                                       ck_slot_id_t slot)
{
    for (size_t i = 0; i < p11->ntokens; i++)
        if (p11->tokens[i]->fn == fn && p11->tokens[i]->slot == slot)
            return p11->tokens[i];
    return NULL;
}

/* As the token counts our sessions, where it tells. */
static void report_state(struct pkcs11_token *token, const struct ck_token_info *info, struct buf *out)
{
    if (token == NULL)
        buf_add_str(out, "not used yet");
    else if (!token->is_open)
        buf_add_str(out, "login failed");
    else
        buf_printf(out, "logged in (sessions: %lu)",
                   info->session_count != CK_UNAVAILABLE_INFORMATION ? info->session_count
                                                                     : pkcs11_session_count(token));
}

static void report_token(const struct pkcs11 *p11, struct ck_function_list *fn, ck_slot_id_t slot,
                         struct buf *out)
{
    struct ck_token_info info;
    char label[33];
    if (fn->C_GetTokenInfo(slot, &info) != CKR_OK || (info.flags & CKF_TOKEN_INITIALIZED) == 0)
        return;
    cryptoki_text(info.label, sizeof info.label, label, sizeof label);
    buf_add_str(out, "pkcs11-token ");
    text_clean(span_of(label), out);
    buf_add_str(out, ": ");
    report_state(find_known(p11, fn, slot), &info, out);
    buf_add_char(out, ',');
    report_mechanisms(fn, slot, out);
    buf_add_char(out, '\n');
}

static void report_module(const struct pkcs11 *p11, const struct cryptoki *module, struct buf *out)
{
    ck_slot_id_t slots[REPORT_MAX];
    unsigned long n = SEAL_COUNT(slots);
    buf_printf(out, "pkcs11-module %s\n", module->about);
    if (module->fn->C_GetSlotList(1, slots, &n) != CKR_OK)
        return;
    for (unsigned long i = 0; i < n; i++)
        report_token(p11, module->fn, slots[i], out);
}

static void report_away(const struct err *away, struct buf *out)
{
    buf_add_str(out, "pkcs11-module-away ");
    text_clean(span_of(away->msg), out);
    buf_add_char(out, '\n');
}

void pkcs11_report(struct pkcs11 *p11, struct buf *out)
{
    pthread_mutex_lock(&p11->lock);
    for (size_t i = 0; i < p11->nmodules; i++)
        if (p11->modules[i].away.code == ERR_NONE)
            report_module(p11, p11->modules[i].cryptoki, out);
        else
            report_away(&p11->modules[i].away, out);
    pthread_mutex_unlock(&p11->lock);
}
