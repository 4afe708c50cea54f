/*
 * p11_spy - a PKCS#11 module before SoftHSM's: counts, and plays a poorer or a broken token. SPY_MODULE is its file.
 *
 * What it shows and does is in the struct that spy() gives out, once the module is loaded in this process.
 * In the environment, SPY_MAKING_SECONDS: so long it takes to make a key; SPY_BROKEN_TOKEN: the label of one whose C_Sign fails.
 */
#ifndef SUPPORT_P11_SPY_H
#define SUPPORT_P11_SPY_H

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct spy {
    atomic_int logins, sessions; /* tried; open now */
    /* what the token does not have */
    atomic_bool no_raw, no_pss, no_oaep, no_pkcs1;
    atomic_bool final_try;   /* the token's flag says that one more wrong PIN locks it */
    atomic_bool extractable; /* keys are made so, whatever is asked */
    atomic_int created,
        refused_from; /* objects that C_CreateObject was asked for; the first that it does not make; 0: none */
    atomic_ulong refused_with; /* what it answers then; 0: CKR_FUNCTION_NOT_SUPPORTED */
    atomic_int max_sessions;   /* that the token has at once; 0: no end */
    atomic_ulong too_many;     /* octets that C_Sign and C_Decrypt say to have written beyond what they did */
    atomic_ulong fail_operation; /* what C_Sign and C_Decrypt answer; 0: nothing is wrong */
};

#ifdef SPY_MODULE
static inline struct spy *spy(void)
{
    void *module = dlopen(SPY_MODULE, RTLD_NOW | RTLD_NOLOAD);
    struct spy *found = module == NULL ? NULL : (struct spy *)dlsym(module, "the_spy");
    if (module != NULL)
        dlclose(module);
    return found;
}
#endif

#endif
