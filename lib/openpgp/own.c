/* own - our keys: in the agent for good, in a home of gpg's only while they are made or carried. */
#include "openpgp/own.h"

#include "base/addr.h"
#include "base/io.h"
#include "base/text.h"
#include "openpgp/agent_keys.h"
#include "openpgp/job.h"
#include "openpgp/own_move.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PASSPHRASE_OCTETS 32
#define PARAMETERS_MAX    4096
#define EXPORT_MAX        (1u << 20)
#define NAME_MAX_OCTETS   500

int pgp_own_passphrase(struct secret *out, struct err *err)
{
    static const char digits[] = "0123456789abcdef";
    SEAL_CLEANUP(secret_fini) struct secret random = {NULL, 0, 0};
    if (secret_init(&random, PASSPHRASE_OCTETS, err) < 0 ||
        secret_init(out, (size_t)2 * PASSPHRASE_OCTETS, err) < 0)
        return -1;
    if (getrandom(random.ptr, random.len, 0) != (ssize_t)random.len) {
        secret_fini(out);
        return err_set(err, ERR_IO, "random numbers: %s", strerror(errno));
    }
    for (size_t i = 0; i < PASSPHRASE_OCTETS; i++) {
        out->ptr[2 * i] = (unsigned char)digits[random.ptr[i] >> 4];
        out->ptr[2 * i + 1] = (unsigned char)digits[random.ptr[i] & 15];
    }
    return 0;
}

/* ---- with gpg, in a home that holds nothing before and after ---- */

static int begin(struct job *job, struct pgp_engine *engine, const struct pgp_own *own, struct err *err)
{
    if (job_begin(job, engine, own, 1, NULL, err) < 0)
        return -1;
    home_sweep(job->home);
    return 0;
}

static void end(struct job *job)
{
    home_sweep(job->home);
    job_end(job);
}

static struct spool *new_spool(void)
{
    return spool_new(&(struct spool_conf){.mem_max = EXPORT_MAX, .size_max = EXPORT_MAX});
}

/* The home has one key. */
static int export(struct job *job, gpgme_export_mode_t mode, struct spool *out, struct err *err)
{
    SEAL_CLEANUP(job_data_free) gpgme_data_t data = NULL;
    if (loop_out(&job->loop, out, &data, err) < 0)
        return -1;
    gpgme_error_t code = job_wait(job, gpgme_op_export_start(job->home->ctx, NULL, mode, data));
    if (code != 0 || spool_size(out) == 0)
        return job_failed(job, code, "export", err);
    return spool_seal(out, err);
}

static int read_key(struct pgp_engine *engine, struct arena *arena, struct span bytes, struct pgp_key *out,
                    struct err *err)
{
    struct pgp_key *keys;
    size_t n, broken;
    if (pgp_key_read(engine, arena, bytes, &keys, &n, &broken, err) < 0)
        return -1;
    if (n != 1)
        return err_set(err, ERR_SYNTAX, "%zu keys instead of one", n);
    *out = keys[0];
    return 0;
}

/* ---- made ---- */

static const char *const parameters[] = {
    [PGP_ED25519] = "Key-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign\n"
                    "Subkey-Type: ECDH\nSubkey-Curve: cv25519\nSubkey-Usage: encrypt\n",
    [PGP_RSA3072] = "Key-Type: RSA\nKey-Length: 3072\nKey-Usage: sign\n"
                    "Subkey-Type: RSA\nSubkey-Length: 3072\nSubkey-Usage: encrypt\n",
    [PGP_RSA4096] = "Key-Type: RSA\nKey-Length: 4096\nKey-Usage: sign\n"
                    "Subkey-Type: RSA\nSubkey-Length: 4096\nSubkey-Usage: encrypt\n",
};

/* A line of the parameters must not begin another; what would make two addresses of one is no name. */
static int check_name(const char *name, const char *addr, struct err *err)
{
    char canonical[ADDR_MAX + 1];
    bool wrong =
        strlen(name) > NAME_MAX_OCTETS || !text_is_utf8(span_of(name)) || strpbrk(name, "<>@") != NULL;
    for (const char *c = name; *c != '\0'; c++)
        wrong = wrong || (unsigned char)*c < 0x20 || *c == 0x7f;
    if (wrong)
        return err_set(err, ERR_USAGE, "a name of a key has no control characters and none of <>@");
    if (addr == NULL)
        return name[0] != '\0' ? 0 : err_set(err, ERR_USAGE, "a key of nobody");
    if (addr_canonical(span_of(addr), canonical, err) < 0)
        return -1;
    if (strpbrk(canonical, "<> \"") != NULL || canonical[0] == '\0')
        return err_set(err, ERR_USAGE, "not an address that a User-ID can hold: %s", addr);
    return 0;
}

static int write_parameters(const char *name, const char *addr, enum pgp_key_kind kind, int64_t expires,
                            struct buf *out, struct err *err)
{
    buf_printf(out, "<GnupgKeyParms format=\"internal\">\n%s", parameters[kind]);
    if (name[0] != '\0')
        buf_printf(out, "Name-Real: %s\n", name);
    if (addr != NULL)
        buf_printf(out, "Name-Email: %s\n", addr);
    if (expires > 0)
        buf_printf(out, "Expire-Date: seconds=%lld\n", (long long)expires);
    else
        buf_add_str(out, "Expire-Date: 0\n");
    buf_add_str(out, "Preferences: AES256 AES192 AES SHA512 SHA384 SHA256 ZLIB ZIP Uncompressed\n"
                     "</GnupgKeyParms>\n");
    return buf_check(out, err);
}

static int generate(struct job *job, const char *text, struct spool *out, struct err *err)
{
    gpgme_error_t code = job_wait(job, gpgme_op_genkey_start(job->home->ctx, text, NULL, NULL));
    const gpgme_genkey_result_t result = gpgme_op_genkey_result(job->home->ctx);
    if (code != 0 || result == NULL || result->fpr == NULL) {
        char what[AGENT_HOME_MAX + 32];
        snprintf(what, sizeof what, "generate a key in %s", job->agent->home);
        return job_failed(job, code, what, err);
    }
    return export(job, 0, out, err);
}

int pgp_own_generate(struct pgp_engine *engine, struct arena *arena, const char *name, const char *addr,
                     enum pgp_key_kind kind, int64_t expires, const struct secret *passphrase,
                     struct pgp_key *out, struct err *err)
{
    const struct pgp_own own = {.passphrase = passphrase};
    struct job job = JOB_INIT;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(PARAMETERS_MAX);
    SEAL_CLEANUP(spool_free) struct spool *bytes = new_spool();
    if (check_name(name, addr, err) < 0 || write_parameters(name, addr, kind, expires, &text, err) < 0 ||
        begin(&job, engine, &own, err) < 0)
        return -1;
    int rc = generate(&job, buf_str(&text), bytes, err);
    end(&job);
    return rc < 0 ? -1 : read_key(engine, arena, spool_all(bytes), out, err);
}

/* ---- brought in ---- */

static int import(struct job *job, struct span bytes, struct spool *out, struct err *err)
{
    SEAL_CLEANUP(job_data_free) gpgme_data_t data = NULL;
    if (loop_in(&job->loop, bytes, &data, err) < 0)
        return -1;
    gpgme_error_t code = job_wait(job, gpgme_op_import_start(job->home->ctx, data));
    const gpgme_import_result_t result = gpgme_op_import_result(job->home->ctx);
    if (job_hindered(job, code, err))
        return -1;
    if (result == NULL || result->secret_read == 0)
        return err_set(err, ERR_SYNTAX, "no secret OpenPGP key in it");
    if (result->considered != 1 || result->imports == NULL)
        return err_set(err, ERR_SYNTAX, "more than one key in it, or none that can be used");
    return export(job, 0, out, err);
}

/* Whatever fails in an agent of its own leaves the other as it was. */
static int import_apart(struct pgp_engine *engine, struct agent *apart, struct arena *arena,
                        struct span bytes, const struct secret *old, const struct secret *passphrase,
                        struct pgp_key *out, struct err *err)
{
    const struct pgp_own own = {.passphrase = old};
    struct job job = JOB_INIT;
    SEAL_CLEANUP(spool_free) struct spool *public = new_spool();
    job.agent = apart;
    if (begin(&job, engine, &own, err) < 0)
        return -1;
    int rc = import(&job, bytes, public, err);
    end(&job);
    if (rc < 0 || read_key(engine, arena, spool_all(public), out, err) < 0 ||
        agent_passwd(apart, out, old, passphrase, err) < 0)
        return -1;
    return own_move(apart, &engine->agent, out, passphrase, err);
}

int pgp_own_import(struct pgp_engine *engine, struct arena *arena, struct span bytes,
                   const struct secret *old, const struct secret *passphrase, struct pgp_key *out,
                   struct err *err)
{
    struct agent apart;
    char home[HOME_DIR_MAX + 16];
    snprintf(home, sizeof home, "%s/a-XXXXXX", engine->dir);
    if (mkdtemp(home) == NULL)
        return err_set(err, errno == ENOSPC ? ERR_DISK_FULL : ERR_IO, "%s: %s", home, strerror(errno));
    int rc = agent_init(&apart, engine->agent.program, home, err);
    if (rc == 0)
        rc = import_apart(engine, &apart, arena, bytes, old, passphrase, out, err);
    agent_fini(&apart);
    io_remove_tree(home);
    return rc;
}

/* ---- given out and deleted ---- */

int pgp_own_export(struct pgp_engine *engine, const char *fingerprint, struct span key,
                   const struct secret *passphrase, struct secret *out, struct err *err)
{
    const struct pgp_own own = {.fingerprint = fingerprint, .key = key, .passphrase = passphrase};
    struct job job = JOB_INIT;
    SEAL_CLEANUP(spool_free) struct spool *bytes = new_spool();
    if (begin(&job, engine, &own, err) < 0)
        return -1;
    int rc = job_keyring(&job, &key, 1, err);
    if (rc == 0)
        rc = export(&job, GPGME_EXPORT_MODE_SECRET, bytes, err);
    end(&job);
    return rc < 0 ? -1 : secret_copy(out, spool_all(bytes).ptr, spool_size(bytes), err);
}

int pgp_own_delete(struct pgp_engine *engine, const char *fingerprint, struct span key, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct pgp_key read;
    if (read_key(engine, arena, key, &read, err) < 0)
        return -1;
    if (strcmp(read.fingerprint, fingerprint) != 0)
        return err_set(err, ERR_BUG, "%s is not the key %s", read.fingerprint, fingerprint);
    return agent_delete(&engine->agent, &read, err);
}
