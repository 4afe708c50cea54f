/* pgp - keys made by gpg itself. */
#include "support/pgp.h"

#include "base/io.h"
#include "openpgp/homes.h"
#include "support/check.h"
#include "support/reaper.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 30

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void folder(const struct pgp_rig *rig, const char *name, char out[80])
{
    snprintf(out, 80, "%s/%s", tool_dir(rig->tool), name);
    ck_assert_int_eq(mkdir(out, 0700), 0);
}

static void write_in(struct pgp_rig *rig, const char *name, const char *text)
{
    tool_write(rig->tool, name, span_of(text));
}

static void make_maker(struct pgp_rig *rig)
{
    char redirect[160];
    folder(rig, "maker", rig->maker);
    snprintf(redirect, sizeof redirect, "%%Assuan%%\nsocket=%s/S.gpg-agent\n", rig->home);
    write_in(rig, "maker/S.gpg-agent", redirect);
    write_in(rig, "maker/gpg.conf", "no-autostart\n");
}

struct pgp_rig *pgp_rig_new_with(const struct pgp_engine_conf *conf)
{
    struct err err = ERR_INIT;
    struct pgp_rig *rig = xcalloc(1, sizeof *rig);
    rig->tool = tool_new();
    reaper_watch(tool_dir(rig->tool));
    folder(rig, "agent", rig->home);
    folder(rig, "scratch", rig->scratch);
    folder(rig, "world", rig->world);
    write_in(rig, "world/gpg-agent.conf", "s2k-count 65536\n"); /* or it tries out how many take long */
    make_maker(rig);
    rig->conf = *conf;
    rig->conf.gpg = conf->gpg != NULL ? conf->gpg : "/usr/bin/gpg";
    rig->conf.agent = conf->agent != NULL ? conf->agent : "/usr/bin/gpg-agent";
    rig->conf.limiter = conf->limiter != NULL ? conf->limiter : SEAL_LIMITER;
    rig->conf.home = rig->home;
    rig->conf.scratch = rig->scratch;
    rig->conf.clock_ms = clock_ms;
    ck_ok(pgp_engine_open(&rig->conf, &rig->engine, &err));
    return rig;
}

struct pgp_rig *pgp_rig_new(void)
{
    return pgp_rig_new_with(&(struct pgp_engine_conf){.processes = 4, .timeout = 60});
}

void pgp_rig_free(struct pgp_rig **rig)
{
    struct pgp_rig *r = *rig;
    pgp_engine_close(&r->engine);
    (void)tool_run(r->tool, "gpgconf", "--homedir", r->world, "--kill", "gpg-agent", NULL);
    const char *const folders[] = {r->home, r->scratch, r->world, r->maker};
    for (size_t i = 0; i < SEAL_COUNT(folders); i++)
        io_remove_tree(folders[i]);
    for (size_t i = 0; i < r->nsecrets; i++) {
        secret_fini(r->secrets[i]);
        free(r->secrets[i]);
    }
    for (size_t i = 0; i < r->nfingerprints; i++)
        free(r->fingerprints[i]);
    tool_free(&r->tool);
    free(r);
    *rig = NULL;
}

/* ---- gpg ---- */

static int run(struct pgp_rig *rig, const char *home, const char *passphrase, va_list args)
{
    const char *w[WORDS_MAX] = {"--batch", "--yes"};
    size_t n = 2;
    for (const char *word; (word = va_arg(args, const char *)) != NULL;) {
        ck_assert_uint_lt(n, WORDS_MAX);
        w[n++] = word;
    }
    return tool_run(rig->tool, "gpg", "--homedir", home, "--no-tty", "--trust-model", "always",
                    "--pinentry-mode", "loopback", "--passphrase", passphrase, w[0], w[1], w[2], w[3], w[4],
                    w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13], w[14], w[15], w[16], w[17],
                    w[18], w[19], NULL);
}

int pgp_rig_gpg(struct pgp_rig *rig, ...)
{
    va_list args;
    va_start(args, rig);
    int status = run(rig, rig->world, "", args);
    va_end(args);
    return status;
}

static void must(struct pgp_rig *rig, const char *home, const char *passphrase, ...)
{
    va_list args;
    va_start(args, passphrase);
    int status = run(rig, home, passphrase, args);
    va_end(args);
    struct span said = tool_read(rig->tool, "said");
    ck_assert_msg(status == 0, "gpg: %.*s", SPAN_ARG(said));
}

/* ---- persons ---- */

static const char *read_fingerprint(struct pgp_rig *rig)
{
    struct span said = tool_read(rig->tool, "said");
    size_t at = span_find(said, "\nfpr:::::::::", 13, 0);
    ck_assert_msg(at != SIZE_MAX, "%.*s", SPAN_ARG(said));
    char *out = xstrndup(said.ptr + at + 13, 40);
    for (char *c = out; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    ck_assert_uint_lt(rig->nfingerprints, SEAL_COUNT(rig->fingerprints));
    return rig->fingerprints[rig->nfingerprints++] = out;
}

static const struct secret *keep_secret(struct pgp_rig *rig, const char *text)
{
    struct err err = ERR_INIT;
    struct secret *secret = xcalloc(1, sizeof *secret);
    ck_ok(secret_copy(secret, text, strlen(text), &err));
    ck_assert_uint_lt(rig->nsecrets, SEAL_COUNT(rig->secrets));
    rig->secrets[rig->nsecrets++] = secret;
    return secret;
}

struct span pgp_rig_key(struct pgp_rig *rig, const struct pgp_person *person)
{
    must(rig, rig->world, "", "-o", "exported", "--export", person->fingerprint, NULL);
    return tool_read(rig->tool, "exported");
}

/* gpg puts a colon in front of the armour, and text in front of that. */
struct span pgp_rig_revocation(struct pgp_rig *rig, const struct pgp_person *person)
{
    char path[200];
    snprintf(path, sizeof path, "world/openpgp-revocs.d/%s.rev", person->fingerprint);
    for (char *c = strrchr(path, '/'); *c != '.'; c++)
        *c = (char)toupper((unsigned char)*c);
    struct span file = tool_read(rig->tool, path);
    size_t at = span_find(file, ":-----BEGIN", 11, 0);
    ck_assert(at != SIZE_MAX);
    return span_sub(file, at + 1, file.len);
}

void pgp_rig_revoke(struct pgp_rig *rig, const struct pgp_person *person)
{
    tool_write(rig->tool, "revocation.asc", pgp_rig_revocation(rig, person));
    must(rig, rig->world, "", "--import", "revocation.asc", NULL);
}

static void make(struct pgp_rig *rig, const char *home, const char *passphrase, const char *addr,
                 const char *algorithm, struct pgp_person *person)
{
    const char *encrypts = strcmp(algorithm, "ed25519") == 0   ? "cv25519"
                           : strncmp(algorithm, "dsa", 3) == 0 ? "rsa2048"
                                                               : algorithm;
    must(rig, home, passphrase, "--quick-gen-key", addr, algorithm, "sign", "0", NULL);
    must(rig, home, passphrase, "--with-colons", "--list-keys", addr, NULL);
    person->fingerprint = read_fingerprint(rig);
    must(rig, home, passphrase, "--quick-add-key", person->fingerprint, encrypts, "encr", "0", NULL);
}

struct pgp_person pgp_rig_person(struct pgp_rig *rig, const char *addr, const char *algorithm,
                                 enum pgp_whose whose)
{
    struct pgp_person person = {.key = {NULL, 0}};
    struct err err = ERR_INIT;
    char passphrase[100];
    unsigned generation;
    snprintf(passphrase, sizeof passphrase, "passphrase of %s", addr);
    if (whose == PGP_OURS) {
        ck_ok(agent_ensure(&rig->engine->agent, &generation, &err));
        make(rig, rig->maker, passphrase, addr, algorithm, &person);
        must(rig, rig->maker, "", "-o", "made", "--export", person.fingerprint, NULL);
        must(rig, rig->world, "", "--import", "made", NULL);
        person.own.passphrase = keep_secret(rig, passphrase);
    } else {
        make(rig, rig->world, "", addr, algorithm, &person);
    }
    person.key = pgp_rig_key(rig, &person);
    person.own.key = person.key;
    person.own.fingerprint = person.fingerprint;
    return person;
}
