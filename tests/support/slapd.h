/*
 * slapd - a real OpenLDAP server in a temporary folder, on ports of its own.
 *
 *     struct slapd *slapd = slapd_new(&(struct slapd_spec){.ldif = ldif});
 *     .. slapd->uri ..
 *     slapd_free(&slapd);
 *
 * The suffix is dc=example. Everybody may read unless the lines of configuration say otherwise.
 */
#ifndef SUPPORT_SLAPD_H
#define SUPPORT_SLAPD_H

#include "support/pki.h"

#include <limits.h>
#include <sys/types.h>

struct slapd_spec {
    const char *ldif;
    const char *global;            /* lines of slapd.conf(5) before the database; NULL: none */
    const char *database;          /* lines in it */
    const struct pki_entity *cert; /* NULL: no TLS */
    const struct pki_entity *ca;   /* who signed it, and signs clients */
};

struct slapd {
    char dir[64];
    char uri[64];   /* ldap://127.0.0.1:.. */
    char ldaps[64]; /* ldaps://127.0.0.1:.., with a certificate */
    char ldapi[PATH_MAX];
    char ca[PATH_MAX]; /* PEM */
    unsigned port;
    pid_t pid; /* 0: stopped */
};

struct slapd *slapd_new(const struct slapd_spec *spec); /* started */
void slapd_free(struct slapd **slapd);
void slapd_start(struct slapd *slapd); /* returns when it listens */
void slapd_stop(struct slapd *slapd);
void slapd_hang(struct slapd *slapd); /* SIGSTOP: the kernel still takes connections for it */
void slapd_go_on(struct slapd *slapd);

/* slapd_file - a file in its folder, mode 0600; the path is there until the next call. */
const char *slapd_file(struct slapd *slapd, const char *name, const char *text);
/* slapd_entity - certificate NAME.pem and key NAME.key in its folder. */
void slapd_entity(struct slapd *slapd, const char *name, const struct pki_entity *entity);

/* slapd_clock_ms - CLOCK_MONOTONIC. */
int64_t slapd_clock_ms(void);

#endif
