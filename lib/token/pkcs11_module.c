/* pkcs11_module - threads that start modules. */
#include "token/pkcs11_module.h"

#include "token/pkcs11_token.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_S 60 /* in which a device in a network answers or is given up */

static void *start(void *arg)
{
    struct pkcs11_module *module = arg;
    struct pkcs11 *p11 = module->p11;
    struct err away = ERR_INIT;
    (void)!cryptoki_start(module->cryptoki, &away);
    pthread_mutex_lock(&p11->lock);
    module->away = away;
    p11->nstarting--;
    pthread_cond_signal(&p11->started);
    pthread_mutex_unlock(&p11->lock);
    return NULL;
}

static int start_thread(struct pkcs11_module *module, struct err *err)
{
    err_set(&module->away, ERR_IO, "%s: the PKCS#11 module is being started", module->cryptoki->path);
    module->p11->nstarting++;
    int error = pthread_create(&module->thread, NULL, start, module);
    module->has_thread = error == 0;
    return error == 0 ? 0 : err_set(err, ERR_IO, "thread: %s", strerror(error));
}

static struct timespec in_ms(unsigned ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    long ns = t.tv_nsec + (long)(ms % 1000) * 1000000;
    return (struct timespec){.tv_sec = t.tv_sec + ms / 1000 + ns / 1000000000, .tv_nsec = ns % 1000000000};
}

/* With the lock. */
static int await_start(struct pkcs11 *p11, struct err *err)
{
    const struct err *away = NULL;
    bool well = p11->nmodules == 0;
    const struct timespec until = in_ms(p11->conf->start_ms);
    while (p11->nstarting > 0 &&
           pthread_cond_clockwait(&p11->started, &p11->lock, CLOCK_MONOTONIC, &until) == 0)
        ;
    p11->opened = in_ms(0);
    for (size_t i = 0; i < p11->nmodules; i++)
        if (p11->modules[i].away.code == ERR_NONE)
            well = true;
        else
            away = &p11->modules[i].away;
    return well || p11->nstarting > 0 ? 0 : err_set(err, away->code, "%s", away->msg);
}

int pkcs11_modules_start(struct pkcs11 *p11, struct err *err)
{
    const struct pkcs11_conf *conf = p11->conf;
    int result = 0;
    p11->modules = xcalloc(conf->nmodules + 1, sizeof *p11->modules);
    for (; result == 0 && p11->nmodules < conf->nmodules; p11->nmodules++) {
        p11->modules[p11->nmodules].p11 = p11;
        result = cryptoki_load(conf->modules[p11->nmodules], &p11->modules[p11->nmodules].cryptoki, err);
    }
    pthread_mutex_lock(&p11->lock);
    for (size_t i = 0; result == 0 && i < p11->nmodules; i++)
        result = start_thread(&p11->modules[i], err);
    if (result == 0)
        result = await_start(p11, err);
    pthread_mutex_unlock(&p11->lock);
    return result;
}

void pkcs11_modules_stop(struct pkcs11 *p11)
{
    for (size_t i = 0; i < p11->nmodules; i++) {
        if (p11->modules[i].has_thread)
            pthread_join(p11->modules[i].thread, NULL);
        cryptoki_unload(&p11->modules[i].cryptoki);
    }
    free(p11->modules);
}

static bool is_given_up(const struct pkcs11 *p11)
{
    return in_ms(0).tv_sec - p11->opened.tv_sec >= RETRY_S;
}

/* No module is well, and none will be. */
static bool is_hopeless(const struct pkcs11 *p11)
{
    for (size_t i = 0; i < p11->nmodules; i++)
        if (p11->modules[i].away.code == ERR_NONE)
            return false;
    return p11->nstarting == 0;
}

int pkcs11_module_check(const struct pkcs11_module *module, struct err *err)
{
    if (module->away.code == ERR_NONE)
        return 0;
    bool waits = !is_given_up(module->p11) && !is_hopeless(module->p11);
    return err_set(err, waits ? ERR_BUSY : ERR_IO, "%s", module->away.msg);
}

bool pkcs11_is_starting(struct pkcs11 *p11)
{
    pthread_mutex_lock(&p11->lock);
    bool is = p11->nstarting > 0 && !is_given_up(p11);
    pthread_mutex_unlock(&p11->lock);
    return is;
}
