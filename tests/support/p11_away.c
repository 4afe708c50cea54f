/*
 * p11_away - a PKCS#11 module whose device cannot be reached. AWAY_SINCE in the environment: "start"; the path of a fifo, from which it reads
 * whether it is; or it can tell no slots.
 */
#define CRYPTOKI_GNU
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ck_rv_t hear(const char *path)
{
    FILE *fifo = fopen(path, "re"); /* waits for who writes */
    int said = fifo != NULL ? fgetc(fifo) : EOF;
    if (fifo != NULL)
        fclose(fifo);
    return said == 'y' ? CKR_OK : CKR_DEVICE_ERROR;
}

static ck_rv_t initialize(void *args)
{
    const char *since = getenv("AWAY_SINCE");
    (void)args;
    if (since != NULL && since[0] == '/')
        return hear(since);
    return since != NULL && strcmp(since, "start") == 0 ? CKR_DEVICE_ERROR : CKR_OK;
}

static ck_rv_t finalize(void *reserved)
{
    (void)reserved;
    return CKR_OK;
}

static ck_rv_t get_info(struct ck_info *out)
{
    (void)out;
    return CKR_DEVICE_ERROR;
}

static ck_rv_t get_slots(unsigned char with_token, ck_slot_id_t *out, unsigned long *n)
{
    (void)with_token;
    (void)out;
    *n = 0;
    return CKR_DEVICE_ERROR;
}

__attribute__((visibility("default"))) ck_rv_t C_GetFunctionList(struct ck_function_list **out)
{
    static struct ck_function_list list = {.C_Initialize = initialize,
                                           .C_Finalize = finalize,
                                           .C_GetInfo = get_info,
                                           .C_GetSlotList = get_slots};
    *out = &list;
    return CKR_OK;
}
