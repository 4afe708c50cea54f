/* p11_spy - SoftHSM's functions, some of them behind ours. */
#define CRYPTOKI_GNU
#include "support/p11_spy.h"

#include <p11-kit/pkcs11.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) struct spy the_spy;

static struct ck_function_list *real;

static bool is_missing(ck_mechanism_type_t mechanism)
{
    switch (mechanism) {
    case CKM_RSA_X_509:
        return the_spy.no_raw;
    case CKM_RSA_PKCS_PSS:
        return the_spy.no_pss;
    case CKM_RSA_PKCS_OAEP:
        return the_spy.no_oaep;
    case CKM_RSA_PKCS:
        return the_spy.no_pkcs1;
    default:
        return false;
    }
}

static ck_rv_t login(ck_session_handle_t session, ck_user_type_t user, unsigned char *pin, unsigned long len)
{
    the_spy.logins++;
    return real->C_Login(session, user, pin, len);
}

static ck_rv_t open_session(ck_slot_id_t slot, ck_flags_t flags, void *application, ck_notify_t notify,
                            ck_session_handle_t *out)
{
    if (the_spy.max_sessions != 0 && the_spy.sessions >= the_spy.max_sessions)
        return CKR_SESSION_COUNT;
    ck_rv_t rv = real->C_OpenSession(slot, flags, application, notify, out);
    if (rv == CKR_OK)
        the_spy.sessions++;
    return rv;
}

static ck_rv_t close_session(ck_session_handle_t session)
{
    ck_rv_t rv = real->C_CloseSession(session);
    if (rv == CKR_OK)
        the_spy.sessions--;
    return rv;
}

static ck_rv_t token_info(ck_slot_id_t slot, struct ck_token_info *out)
{
    ck_rv_t rv = real->C_GetTokenInfo(slot, out);
    if (rv != CKR_OK)
        return rv;
    out->session_count = (unsigned long)the_spy.sessions; /* which SoftHSM does not tell */
    if (the_spy.max_sessions != 0)
        out->max_session_count = (unsigned long)the_spy.max_sessions;
    if (the_spy.final_try)
        out->flags |= CKF_USER_PIN_FINAL_TRY;
    return rv;
}

static ck_rv_t mechanism_info(ck_slot_id_t slot, ck_mechanism_type_t type, struct ck_mechanism_info *out)
{
    return is_missing(type) ? CKR_MECHANISM_INVALID : real->C_GetMechanismInfo(slot, type, out);
}

static ck_rv_t sign_init(ck_session_handle_t session, struct ck_mechanism *mechanism, ck_object_handle_t key)
{
    return is_missing(mechanism->mechanism) ? CKR_MECHANISM_INVALID
                                            : real->C_SignInit(session, mechanism, key);
}

static ck_rv_t decrypt_init(ck_session_handle_t session, struct ck_mechanism *mechanism,
                            ck_object_handle_t key)
{
    return is_missing(mechanism->mechanism) ? CKR_MECHANISM_INVALID
                                            : real->C_DecryptInit(session, mechanism, key);
}

/* Of the token that SPY_BROKEN_TOKEN names. */
static bool is_broken(ck_session_handle_t session)
{
    const char *label = getenv("SPY_BROKEN_TOKEN");
    struct ck_session_info in;
    struct ck_token_info token;
    return label != NULL && real->C_GetSessionInfo(session, &in) == CKR_OK &&
           real->C_GetTokenInfo(in.slot_id, &token) == CKR_OK &&
           memcmp(token.label, label, strlen(label)) == 0;
}

static ck_rv_t sign(ck_session_handle_t session, unsigned char *data, unsigned long len, unsigned char *out,
                    unsigned long *out_len)
{
    if (the_spy.fail_operation != 0)
        return the_spy.fail_operation;
    if (is_broken(session))
        return CKR_DEVICE_ERROR;
    ck_rv_t rv = real->C_Sign(session, data, len, out, out_len);
    *out_len += the_spy.too_many;
    return rv;
}

static ck_rv_t decrypt(ck_session_handle_t session, unsigned char *data, unsigned long len,
                       unsigned char *out, unsigned long *out_len)
{
    if (the_spy.fail_operation != 0)
        return the_spy.fail_operation;
    ck_rv_t rv = real->C_Decrypt(session, data, len, out, out_len);
    *out_len += the_spy.too_many;
    return rv;
}

static ck_rv_t generate_pair(ck_session_handle_t session, struct ck_mechanism *mechanism,
                             struct ck_attribute *public, unsigned long npublic, struct ck_attribute *private,
                             unsigned long nprivate, ck_object_handle_t *public_out,
                             ck_object_handle_t *private_out)
{
    static unsigned char yes = 1;
    const char *slow = getenv("SPY_MAKING_SECONDS");
    if (slow != NULL)
        sleep((unsigned)atoi(slow));
    for (unsigned long i = 0; the_spy.extractable && i < nprivate; i++)
        if (private[i].type == CKA_EXTRACTABLE)
    private[i].value = &yes;
    return real->C_GenerateKeyPair(session, mechanism, public, npublic, private, nprivate, public_out,
                                   private_out);
}

static ck_rv_t create_object(ck_session_handle_t session, struct ck_attribute *template, unsigned long n,
                             ck_object_handle_t *out)
{
    the_spy.created++;
    if (the_spy.refused_from > 0 && the_spy.created >= the_spy.refused_from)
        return the_spy.refused_with != 0 ? the_spy.refused_with : CKR_FUNCTION_NOT_SUPPORTED;
    return real->C_CreateObject(session, template, n, out);
}

__attribute__((visibility("default"))) ck_rv_t C_GetFunctionList(struct ck_function_list **out)
{
    static struct ck_function_list list;
    ck_rv_t (*get)(struct ck_function_list **) = NULL;
    void *softhsm = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
    if (softhsm == NULL)
        return CKR_GENERAL_ERROR;
    *(void **)&get = dlsym(softhsm, "C_GetFunctionList");
    ck_rv_t rv = get == NULL ? CKR_GENERAL_ERROR : get(&real);
    if (rv != CKR_OK)
        return rv;
    list = *real;
    list.C_Login = login;
    list.C_OpenSession = open_session;
    list.C_CloseSession = close_session;
    list.C_GetTokenInfo = token_info;
    list.C_GetMechanismInfo = mechanism_info;
    list.C_SignInit = sign_init;
    list.C_DecryptInit = decrypt_init;
    list.C_Sign = sign;
    list.C_Decrypt = decrypt;
    list.C_GenerateKeyPair = generate_pair;
    list.C_CreateObject = create_object;
    *out = &list;
    return CKR_OK;
}
