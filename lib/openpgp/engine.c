/* engine - open: what can be wrong with the site's gpg is said now. */
#include "openpgp/homes.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GPG_OLDEST  "2.2.27"
#define GPG_UNKNOWN "3"

static void init_gpgme(void)
{
    if (gpgme_check_version("1.18.0") == NULL)
        abort(); /* the library is older than what we were compiled with */
}

static int check_programs(const struct pgp_engine_conf *conf, struct err *err)
{
    const char *const programs[] = {conf->gpg, conf->limiter};
    for (size_t i = 0; i < SEAL_COUNT(programs); i++)
        if (access(programs[i], X_OK) < 0)
            return err_set(err, ERR_CONFIG, "%s: %s", programs[i], strerror(errno));
    return 0;
}

/* 2.2.27 and not 2.2.9: numbers, not characters. */
static bool is_older(const char *version, const char *than)
{
    for (int i = 0; i < 3; i++) {
        char *rest, *than_rest;
        unsigned long number = strtoul(version, &rest, 10), wanted = strtoul(than, &than_rest, 10);
        if (number != wanted)
            return number < wanted;
        version = *rest == '.' ? rest + 1 : rest;
        than = *than_rest == '.' ? than_rest + 1 : than_rest;
    }
    return false;
}

/* The first home is made now: it asks gpg for its version, by the way that all operations go. */
static int check_version(struct pgp_engine *engine, const char *gpg, struct err *err)
{
    struct home *home;
    if (homes_take(engine, &home, err) < 0)
        return -1;
    gpgme_engine_info_t info = gpgme_ctx_get_engine_info(home->ctx);
    while (info != NULL && info->protocol != GPGME_PROTOCOL_OpenPGP)
        info = info->next;
    const char *version = info != NULL ? info->version : NULL;
    homes_give(engine, home);
    /* GPGME calls a program that does not answer 1.0.0. */
    if (version == NULL || is_older(version, "1.0.1"))
        return err_set(err, ERR_CONFIG, "%s: does not run as gpg", gpg);
    if (is_older(version, GPG_OLDEST) || !is_older(version, GPG_UNKNOWN))
        return err_set(err, ERR_CONFIG,
                       "%s: is version %s; needed is one from " GPG_OLDEST " to before " GPG_UNKNOWN, gpg,
                       version);
    return 0;
}

static int open_engine(struct pgp_engine *engine, const struct pgp_engine_conf *conf, struct err *err)
{
    if (check_programs(conf, err) < 0 || agent_init(&engine->agent, conf->agent, conf->home, err) < 0)
        return -1;
    if (homes_open(engine, conf, err) < 0 || check_version(engine, conf->gpg, err) < 0) {
        homes_close(engine);
        agent_fini(&engine->agent);
        return -1;
    }
    return 0;
}

int pgp_engine_open(const struct pgp_engine_conf *conf, struct pgp_engine **out, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_gpgme);
    struct pgp_engine *engine = xcalloc(1, sizeof *engine);
    engine->lock = -1;
    if (open_engine(engine, conf, err) < 0) {
        free(engine);
        return -1;
    }
    *out = engine;
    return 0;
}

void pgp_engine_close(struct pgp_engine **engine)
{
    struct pgp_engine *e = *engine;
    *engine = NULL;
    if (e == NULL)
        return;
    homes_close(e);
    agent_fini(&e->agent);
    free(e);
}
