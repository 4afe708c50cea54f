/* pkcs11_token - which slot of which module holds the token, and the login. */
#include "token/pkcs11_token.h"

#include "token/pkcs11_pin.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX 1024

struct found {
    struct ck_function_list *fn;
    ck_slot_id_t slot;
    struct ck_token_info info;
    size_t count;
};

static bool fits(const char *wanted, const unsigned char *field, size_t len)
{
    char text[33];
    cryptoki_text(field, len, text, sizeof text);
    return wanted[0] == '\0' || strcmp(wanted, text) == 0;
}

static bool is_named(const struct pkcs11_uri *uri, const struct ck_token_info *info)
{
    return (info->flags & CKF_TOKEN_INITIALIZED) != 0 && fits(uri->token, info->label, sizeof info->label) &&
           fits(uri->serial, info->serial_number, sizeof info->serial_number) &&
           fits(uri->model, info->model, sizeof info->model) &&
           fits(uri->manufacturer, info->manufacturer_id, sizeof info->manufacturer_id);
}

static int look_in_module(const struct pkcs11_module *module, const struct pkcs11_uri *uri,
                          struct found *found, struct err *err)
{
    struct ck_function_list *fn = module->cryptoki->fn;
    unsigned long n = SLOTS_MAX;
    SEAL_CLEANUP(mem_free) ck_slot_id_t *slots = xcalloc(SLOTS_MAX, sizeof *slots);
    if (pkcs11_module_check(module, err) < 0)
        return -1;
    ck_rv_t rv = fn->C_GetSlotList(1, slots, &n);
    if (rv != CKR_OK)
        return cryptoki_fail(err, rv, "slots of the PKCS#11 module");
    for (unsigned long i = 0; i < n; i++) {
        struct ck_token_info info;
        if (fn->C_GetTokenInfo(slots[i], &info) != CKR_OK || !is_named(uri, &info))
            continue;
        *found = (struct found){fn, slots[i], info, found->count + 1};
    }
    return 0;
}

/* A module that does not say what it has is nothing to the tokens of others. */
static int find_token(struct pkcs11 *p11, const struct pkcs11_uri *uri, struct found *found, struct err *err)
{
    const char *name = uri->token[0] != '\0' ? uri->token : uri->serial;
    struct err unknown = ERR_INIT;
    found->count = 0;
    for (size_t i = 0; i < p11->nmodules; i++)
        (void)!look_in_module(&p11->modules[i], uri, found, &unknown);
    if (found->count == 0 && unknown.code != ERR_NONE)
        return err_set(err, unknown.code, "token %s is not there: %s", name, unknown.msg);
    if (found->count == 0)
        return err_set(err, ERR_IO, "token %s is not there", name);
    if (found->count > 1)
        return err_set(err, ERR_CONFIG, "%zu tokens are called %s: their serial numbers tell them apart",
                       found->count, name);
    return 0;
}

static struct pkcs11_token *token_new(const struct found *found)
{
    struct pkcs11_token *token = xcalloc(1, sizeof *token);
    const struct ck_token_info *info = &found->info;
    token->fn = found->fn;
    token->slot = found->slot;
    cryptoki_text(info->label, sizeof info->label, token->label, sizeof token->label);
    cryptoki_text(info->serial_number, sizeof info->serial_number, token->serial, sizeof token->serial);
    pthread_mutex_init(&token->lock, NULL);
    pthread_cond_init(&token->returned, NULL);
    unsigned long most = info->max_session_count; /* 0: no limit; ~0: unknown; one is the anchor */
    token->max = most < 2 || most > PKCS11_SESSIONS_MAX ? PKCS11_SESSIONS_MAX : most - 1;
    return token;
}

/* The token in this slot as we know it. ERR_IO when there is another one now. */
static int known_token(struct pkcs11 *p11, const struct found *found, struct pkcs11_token **out,
                       struct err *err)
{
    for (size_t i = 0; i < p11->ntokens; i++) {
        struct pkcs11_token *token = p11->tokens[i];
        if (token->fn != found->fn || token->slot != found->slot)
            continue;
        *out = token;
        return fits(token->serial, found->info.serial_number, sizeof found->info.serial_number)
                   ? 0
                   : err_set(err, ERR_IO, "token %s was exchanged for another one", token->label);
    }
    p11->tokens = xrealloc(p11->tokens, (p11->ntokens + 1) * sizeof *p11->tokens);
    *out = p11->tokens[p11->ntokens++] = token_new(found);
    return 0;
}

static const struct pkcs11_pin *find_pin(const struct pkcs11_conf *conf, const char *label)
{
    for (size_t i = 0; i < conf->npins; i++)
        if (strcmp(conf->pins[i].token, label) == 0)
            return &conf->pins[i];
    return NULL;
}

/* Whether a PIN may be tried at all. */
static int check_flags(const struct pkcs11_token *token, ck_flags_t flags, struct err *err)
{
    if (flags & CKF_PROTECTED_AUTHENTICATION_PATH)
        return err_set(err, ERR_UNSUPPORTED, "token %s wants its PIN at a keypad of its own", token->label);
    if (flags & CKF_USER_PIN_LOCKED)
        return err_set(err, ERR_CONFIG, "the PIN of token %s is locked", token->label);
    if (flags & CKF_USER_PIN_FINAL_TRY)
        return err_set(err, ERR_CONFIG,
                       "one more wrong PIN would lock token %s: log in with its own tool first",
                       token->label);
    return 0;
}

static int try_pin(struct pkcs11_token *token, const struct pkcs11_pin *pin, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret text = {.ptr = NULL};
    if (pkcs11_pin_read(pin, &text, err) < 0)
        return -1;
    ck_rv_t rv = token->fn->C_Login(token->anchor, CKU_USER, text.ptr, text.len);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
        return 0;
    if (cryptoki_code(rv) == ERR_CONFIG)
        pkcs11_pin_refuse(pin);
    cryptoki_fail(err, rv, "login");
    return err_wrap(err, "token %s", token->label);
}

static int login(struct pkcs11 *p11, struct pkcs11_token *token, ck_flags_t flags, struct err *err)
{
    const struct pkcs11_pin *pin = find_pin(p11->conf, token->label);
    if (check_flags(token, flags, err) < 0)
        return -1;
    if (pin == NULL)
        return err_set(err, ERR_CONFIG, "no PIN for token %s: see pkcs11-pin-files", token->label);
    ck_rv_t rv = token->fn->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL, NULL, &token->anchor);
    if (rv != CKR_OK)
        return cryptoki_fail(err, rv, "session with the token");
    if (try_pin(token, pin, err) == 0)
        return 0;
    token->fn->C_CloseSession(token->anchor);
    token->anchor = 0;
    return -1;
}

static int open_locked(struct pkcs11 *p11, const struct pkcs11_uri *uri, struct pkcs11_token **out,
                       struct err *err)
{
    struct found found = {.count = 0};
    if (find_token(p11, uri, &found, err) < 0 || known_token(p11, &found, out, err) < 0)
        return -1;
    struct pkcs11_token *token = *out;
    if (!token->is_open && (found.info.flags & CKF_LOGIN_REQUIRED) &&
        login(p11, token, found.info.flags, err) < 0)
        return -1;
    token->is_open = true;
    return 0;
}

int pkcs11_token_open(struct pkcs11 *p11, const struct pkcs11_uri *uri, struct pkcs11_token **out,
                      struct err *err)
{
    pthread_mutex_lock(&p11->lock);
    int result = open_locked(p11, uri, out, err);
    pthread_mutex_unlock(&p11->lock);
    return result;
}

void pkcs11_token_free(struct pkcs11_token **token)
{
    struct pkcs11_token *t = *token;
    *token = NULL;
    t->fn->C_CloseAllSessions(t->slot);
    pthread_cond_destroy(&t->returned);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

bool pkcs11_token_can(const struct pkcs11_token *token, ck_mechanism_type_t mechanism, ck_flags_t flag)
{
    struct ck_mechanism_info info = {.flags = 0};
    return token->fn->C_GetMechanismInfo(token->slot, mechanism, &info) == CKR_OK && (info.flags & flag) != 0;
}
