/* softhsm - tokens for tests. */
#include "support/softhsm.h"

#include "base/io.h"

#include <check.h>
#include <dirent.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SO_PIN "87654321"

static const char *const modules[] = {SOFTHSM_MODULE};

static void path_in(const struct softhsm *hsm, const char *name, char out[128])
{
    ck_assert_int_lt(snprintf(out, 128, "%s/%s", tool_dir(hsm->tool), name), 128);
}

void softhsm_init(struct softhsm *hsm)
{
    memset(hsm, 0, sizeof *hsm);
    hsm->tool = tool_new();
    hsm->conf = (struct pkcs11_conf){.modules = modules, .nmodules = 1, .start_ms = 60000, .pins = hsm->pins};
    char path[128], text[300];
    path_in(hsm, "tokens", path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(text, sizeof text, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
             path);
    tool_write(hsm->tool, "softhsm2.conf", span_of(text));
    path_in(hsm, "softhsm2.conf", path);
    ck_assert_int_eq(setenv("SOFTHSM2_CONF", path, 1), 0);
}

void softhsm_fini(struct softhsm *hsm)
{
    char path[128];
    path_in(hsm, "tokens", path);
    io_remove_tree(path);
    tool_free(&hsm->tool);
}

void softhsm_pin(struct softhsm *hsm, const char *label, const char *pin)
{
    char name[64], line[64];
    snprintf(name, sizeof name, "pin-%s", label);
    snprintf(line, sizeof line, "%s\n", pin);
    tool_write(hsm->tool, name, span_of(line));
}

static bool is_known(const struct softhsm *hsm, const char *folder)
{
    for (size_t i = 0; i < hsm->conf.npins; i++)
        if (strcmp(hsm->folder[i], folder) == 0)
            return true;
    return folder[0] == '.';
}

/* SoftHSM makes up the names. */
static void note_folder(struct softhsm *hsm, size_t n)
{
    char path[128];
    path_in(hsm, "tokens", path);
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (!is_known(hsm, entry->d_name))
            snprintf(hsm->folder[n], sizeof hsm->folder[n], "%.63s", entry->d_name);
    closedir(dir);
    ck_assert_str_ne(hsm->folder[n], "");
}

void softhsm_token(struct softhsm *hsm, const char *label, const char *pin)
{
    size_t n = hsm->conf.npins++;
    ck_assert_uint_lt(n, SOFTHSM_TOKENS_MAX);
    ck_assert_int_eq(tool_run(hsm->tool, "softhsm2-util", "--init-token", "--free", "--label", label,
                              "--so-pin", SO_PIN, "--pin", pin, NULL),
                     0);
    note_folder(hsm, n);
    char name[64];
    snprintf(name, sizeof name, "pin-%s", label);
    path_in(hsm, name, hsm->pin_path[n]);
    hsm->pins[n] = (struct pkcs11_pin){.token = label, .path = hsm->pin_path[n], .refused = &hsm->refused[n]};
    softhsm_pin(hsm, label, pin);
}

static void write_key(struct softhsm *hsm, const EVP_PKEY *pkey)
{
    char path[128];
    path_in(hsm, "key.pem", path);
    FILE *file = fopen(path, "w");
    ck_assert(file != NULL);
    ck_assert_int_eq(PEM_write_PKCS8PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL), 1);
    ck_assert_int_eq(fclose(file), 0);
}

/* softhsm2-util gives an EC key no CKA_DERIVE. */
static void import_derive(struct softhsm *hsm, const char *token, const char *pin, const char *label,
                          const char *id)
{
    ck_assert_int_eq(
        tool_run(hsm->tool, "openssl", "pkey", "-in", "key.pem", "-outform", "DER", "-out", "key.der", NULL),
        0);
    ck_assert_int_eq(tool_run(hsm->tool, "openssl", "pkey", "-in", "key.pem", "-pubout", "-outform", "DER",
                              "-out", "pub.der", NULL),
                     0);
    ck_assert_int_eq(tool_run(hsm->tool, "pkcs11-tool", "--module", SOFTHSM_MODULE, "--token-label", token,
                              "--login", "--pin", pin, "--write-object", "key.der", "--type", "privkey",
                              "--id", id, "--label", label, "--usage-sign", "--usage-derive", NULL),
                     0);
    ck_assert_int_eq(tool_run(hsm->tool, "pkcs11-tool", "--module", SOFTHSM_MODULE, "--token-label", token,
                              "--login", "--pin", pin, "--write-object", "pub.der", "--type", "pubkey",
                              "--id", id, "--label", label, NULL),
                     0);
}

void softhsm_import(struct softhsm *hsm, const char *token, const char *pin, const char *label,
                    const char *id, const EVP_PKEY *pkey, enum softhsm_usage usage)
{
    write_key(hsm, pkey);
    if (usage == SOFTHSM_DERIVE)
        import_derive(hsm, token, pin, label, id);
    else
        ck_assert_int_eq(tool_run(hsm->tool, "softhsm2-util", "--import", "key.pem", "--token", token,
                                  "--pin", pin, "--label", label, "--id", id, NULL),
                         0);
}

void softhsm_generate(struct softhsm *hsm, const char *token, const char *pin, const char *label,
                      const char *id, const char *type, const char *more)
{
    ck_assert_int_eq(tool_run(hsm->tool, "pkcs11-tool", "--module", SOFTHSM_MODULE, "--token-label", token,
                              "--login", "--pin", pin, "--keygen", "--key-type", type, "--label", label,
                              "--id", id, more, NULL),
                     0);
}

void softhsm_destroy(struct softhsm *hsm, const char *token, const char *pin, const char *id)
{
    static const char *const types[] = {"privkey", "pubkey", "secrkey"};
    unsigned destroyed = 0;
    for (size_t i = 0; i < SEAL_COUNT(types); i++)
        destroyed +=
            tool_run(hsm->tool, "pkcs11-tool", "--module", SOFTHSM_MODULE, "--token-label", token, "--login",
                     "--pin", pin, "--delete-object", "--type", types[i], "--id", id, NULL) == 0;
    ck_assert_uint_gt(destroyed, 0);
}

static void rename_in(const struct softhsm *hsm, const char *from, const char *to)
{
    char old[128], new[128];
    path_in(hsm, from, old);
    path_in(hsm, to, new);
    ck_assert_int_eq(rename(old, new), 0);
}

void softhsm_remove(struct softhsm *hsm)
{
    rename_in(hsm, "tokens", "gone");
}

void softhsm_restore(struct softhsm *hsm)
{
    rename_in(hsm, "gone", "tokens");
}

void softhsm_remove_one(struct softhsm *hsm, size_t n)
{
    char path[80];
    snprintf(path, sizeof path, "tokens/%s", hsm->folder[n]);
    rename_in(hsm, path, hsm->folder[n]);
}

void softhsm_restore_one(struct softhsm *hsm, size_t n)
{
    char path[80];
    snprintf(path, sizeof path, "tokens/%s", hsm->folder[n]);
    rename_in(hsm, hsm->folder[n], path);
}
