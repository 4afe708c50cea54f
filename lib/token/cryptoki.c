/* cryptoki - loading a PKCS#11 library. */
#include "token/cryptoki.h"

#include "base/text.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    ck_rv_t rv;
    enum err_code code;
    const char *text;
} meanings[] = {
    {CKR_ENCRYPTED_DATA_INVALID, ERR_CRYPTO, "encrypted data invalid"},
    {CKR_ENCRYPTED_DATA_LEN_RANGE, ERR_CRYPTO, "length of encrypted data"},
    {CKR_DATA_INVALID, ERR_CRYPTO, "data invalid"},
    {CKR_DATA_LEN_RANGE, ERR_CRYPTO, "length of data"},
    {CKR_MECHANISM_INVALID, ERR_UNSUPPORTED, "the token does not offer this mechanism"},
    {CKR_MECHANISM_PARAM_INVALID, ERR_UNSUPPORTED,
     "the token does not offer this mechanism with these parameters"},
    {CKR_ARGUMENTS_BAD, ERR_UNSUPPORTED, "the token does not take these parameters"},
    {CKR_FUNCTION_NOT_SUPPORTED, ERR_UNSUPPORTED, "the module does not offer this function"},
    {CKR_KEY_TYPE_INCONSISTENT, ERR_UNSUPPORTED, "the type of the key does not fit"},
    {CKR_KEY_SIZE_RANGE, ERR_UNSUPPORTED, "the token does not offer this size of key"},
    {CKR_DOMAIN_PARAMS_INVALID, ERR_UNSUPPORTED, "the token does not offer this curve"},
    {CKR_CURVE_NOT_SUPPORTED, ERR_UNSUPPORTED, "the token does not offer this curve"},
    {CKR_TEMPLATE_INCONSISTENT, ERR_UNSUPPORTED, "the token does not make such an object"},
    {CKR_ATTRIBUTE_VALUE_INVALID, ERR_UNSUPPORTED, "the token does not take such an attribute"},
    {CKR_TEMPLATE_INCOMPLETE, ERR_UNSUPPORTED, "the token wants more attributes of such an object"},
    {CKR_ATTRIBUTE_TYPE_INVALID, ERR_UNSUPPORTED, "the token does not know such an attribute"},
    {CKR_ATTRIBUTE_SENSITIVE, ERR_UNSUPPORTED, "the token does not show such an attribute"},
    {CKR_ATTRIBUTE_READ_ONLY, ERR_UNSUPPORTED, "the token sets such an attribute itself"},
    {CKR_ACTION_PROHIBITED, ERR_UNSUPPORTED, "the token's rules forbid it"},
    {CKR_TOKEN_WRITE_PROTECTED, ERR_KEY_UNUSABLE, "the token is write-protected"},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, ERR_KEY_UNUSABLE, "the key's attributes on the token forbid it"},
    {CKR_PIN_INCORRECT, ERR_CONFIG, "wrong PIN"},
    {CKR_PIN_INVALID, ERR_CONFIG, "wrong PIN"},
    {CKR_PIN_LEN_RANGE, ERR_CONFIG, "wrong PIN (its length)"},
    {CKR_PIN_EXPIRED, ERR_CONFIG, "the PIN has expired"},
    {CKR_PIN_LOCKED, ERR_CONFIG, "the PIN is locked"},
    {CKR_USER_PIN_NOT_INITIALIZED, ERR_CONFIG, "the token has no user PIN yet"},
    {CKR_DEVICE_ERROR, ERR_IO, "device error"},
    {CKR_DEVICE_MEMORY, ERR_IO, "no memory on the token"},
    {CKR_DEVICE_REMOVED, ERR_IO, "the token was removed"},
    {CKR_TOKEN_NOT_PRESENT, ERR_IO, "no token is there"},
    {CKR_TOKEN_NOT_RECOGNIZED, ERR_IO, "the token is not recognised"},
    {CKR_SLOT_ID_INVALID, ERR_IO, "the slot is gone"},
    {CKR_SESSION_HANDLE_INVALID, ERR_IO, "the session is gone"},
    {CKR_SESSION_CLOSED, ERR_IO, "the session was closed"},
    {CKR_SESSION_COUNT, ERR_IO, "no more sessions"},
    {CKR_OBJECT_HANDLE_INVALID, ERR_IO, "the object is gone"},
    {CKR_KEY_HANDLE_INVALID, ERR_IO, "the key is gone"},
    {CKR_USER_NOT_LOGGED_IN, ERR_IO, "the login is gone"},
    {CKR_GENERAL_ERROR, ERR_IO, "general error"},
    {CKR_FUNCTION_FAILED, ERR_IO, "function failed"},
};

enum err_code cryptoki_code(ck_rv_t rv)
{
    for (size_t i = 0; i < SEAL_COUNT(meanings); i++)
        if (meanings[i].rv == rv)
            return meanings[i].code;
    return ERR_IO;
}

int cryptoki_fail(struct err *err, ck_rv_t rv, const char *what)
{
    for (size_t i = 0; i < SEAL_COUNT(meanings); i++)
        if (meanings[i].rv == rv)
            return err_set(err, meanings[i].code, "%s: %s", what, meanings[i].text);
    return err_set(err, ERR_IO, "%s: the token answers 0x%lx", what, rv);
}

void cryptoki_text(const unsigned char *field, size_t len, char *out, size_t size)
{
    while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0'))
        len--;
    if (len > size - 1)
        len = size - 1;
    memcpy(out, field, len);
    out[len] = '\0';
}

static int load(struct cryptoki *c, struct err *err)
{
    c->handle = dlopen(c->path, RTLD_NOW | RTLD_LOCAL);
    if (c->handle == NULL)
        return err_set(err, ERR_CONFIG, "PKCS#11 module: %s", dlerror());
    ck_rv_t (*get)(struct ck_function_list **) = NULL;
    *(void **)&get = dlsym(c->handle, "C_GetFunctionList");
    if (get == NULL || get(&c->fn) != CKR_OK || c->fn == NULL)
        return err_set(err, ERR_CONFIG, "%s: no PKCS#11 module", c->path);
    return 0;
}

static void describe(struct cryptoki *c)
{
    struct ck_info info = {.flags = 0};
    char maker[33] = "unknown";
    if (c->fn->C_GetInfo(&info) == CKR_OK)
        cryptoki_text(info.manufacturer_id, sizeof info.manufacturer_id, maker, sizeof maker);
    SEAL_CLEANUP(buf_fini) struct buf clean = BUF_INIT(sizeof c->about);
    text_clean(span_of(maker), &clean);
    snprintf(c->about, sizeof c->about, "%s %d.%d, Cryptoki %d.%d", buf_str(&clean),
             info.library_version.major, info.library_version.minor, info.cryptoki_version.major,
             info.cryptoki_version.minor);
}

int cryptoki_load(const char *path, struct cryptoki **out, struct err *err)
{
    struct cryptoki *c = xcalloc(1, sizeof *c);
    c->path = path;
    if (load(c, err) < 0) {
        cryptoki_unload(&c);
        return -1;
    }
    *out = c;
    return 0;
}

int cryptoki_start(struct cryptoki *c, struct err *err)
{
    struct ck_c_initialize_args args = {.flags = CKF_OS_LOCKING_OK};
    ck_rv_t rv = c->fn->C_Initialize(&args);
    if (rv != CKR_OK)
        return err_set(err, ERR_IO, "%s: the PKCS#11 module cannot be started (0x%lx)", c->path, rv);
    c->is_started = true;
    describe(c);
    return 0;
}

void cryptoki_unload(struct cryptoki **cryptoki)
{
    struct cryptoki *c = *cryptoki;
    *cryptoki = NULL;
    if (c == NULL)
        return;
    if (c->is_started)
        c->fn->C_Finalize(NULL);
    if (c->handle != NULL)
        dlclose(c->handle);
    free(c);
}
