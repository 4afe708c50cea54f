/* The backends over which conformance.c and conformance_messages.c are run, each in turn; SEAL_BACKEND names one alone. */
#include "conformance.h"

#include "base/io.h"
#include "support/keys.h"
#include "support/proxy_key.h"
#include "support/sealkeyd.h"
#include "support/softhsm.h"
#include "token/evp.h"
#include "token/remote.h"
#include "token/soft.h"
#include "token/wrap_token.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct holder *holder;
static struct secret master;

static void seal_soft(const char *owner, enum kind kind, struct buf *public_out, struct buf *wrapped_out)
{
    struct err err = ERR_INIT;
    struct secret pkcs8;
    conformance_pkcs8(kind, &pkcs8);
    ck_ok(soft_public(&pkcs8, public_out, &err));
    ck_ok(soft_wrap(&master, owner, &pkcs8, wrapped_out, &err));
    secret_fini(&pkcs8);
}

/* ---- in this process ---- */

static char master_path[40];

static void start_soft(void)
{
    struct err err = ERR_INIT;
    strcpy(master_path, "/tmp/seal-master.XXXXXX");
    int fd = mkstemp(master_path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_ok(soft_master_generate(&master, &err));
    ck_ok(io_write_file(master_path, (struct span){(const char *)master.ptr, master.len}, 0600, &err));
    ck_ok(holder_new_local(master_path, &holder, &err));
}

static void stop_soft(void)
{
    unlink(master_path);
    secret_fini(&master);
    holder_free(&holder);
}

static int open_held(const struct sealed_key *sealed, const char *addr, struct key **out, struct err *err)
{
    return holder_open_key(holder, sealed, addr, out, err);
}

static int open_bridged(const struct sealed_key *sealed, const char *addr, struct key **out, struct err *err)
{
    struct key *soft;
    if (holder_open_key(holder, sealed, addr, &soft, err) < 0)
        return -1;
    *out = proxy_key(soft);
    return 0;
}

/* ---- behind sealkeyd ---- */

static struct sealkeyd keyd;

static void start_keyd_with(const char *settings)
{
    struct err err = ERR_INIT;
    sealkeyd_start(&keyd, settings);
    ck_ok(secret_copy(&master, keyd.master.ptr, keyd.master.len, &err));
    ck_ok(remote_new(keyd.socket, 60000, &holder, &err));
}

static void start_keyd(void)
{
    start_keyd_with("");
}

static void stop_keyd(void)
{
    holder_free(&holder);
    secret_fini(&master);
    sealkeyd_stop(&keyd);
}

/* ---- on a token ---- */

#define TOKEN "gw"
#define PIN   "1234"

static struct softhsm hsm;
static struct buf token_public[KINDS];

/* One key of each kind, whoever owns it: what is sealed is its URI. */
static void start_token(void)
{
    struct err err = ERR_INIT;
    softhsm_init(&hsm);
    softhsm_token(&hsm, TOKEN, PIN);
    for (int kind = 0; kind < KINDS; kind++) {
        struct secret pkcs8;
        EVP_PKEY *pkey;
        char label[20], id[20];
        snprintf(label, sizeof label, "key%d", kind);
        snprintf(id, sizeof id, "0%d", kind);
        conformance_pkcs8((enum kind)kind, &pkcs8);
        token_public[kind] = (struct buf)BUF_INIT(8192);
        ck_ok(soft_public(&pkcs8, &token_public[kind], &err));
        ck_ok(evp_read_pkcs8(&pkcs8, &pkey, &err));
        softhsm_import(&hsm, TOKEN, PIN, label, id, pkey, kind >= KIND_P256 ? SOFTHSM_DERIVE : SOFTHSM_SIGN);
        EVP_PKEY_free(pkey);
        secret_fini(&pkcs8);
    }
}

static void stop_token(void)
{
    softhsm_fini(&hsm);
    for (int kind = 0; kind < KINDS; kind++)
        buf_fini(&token_public[kind]);
}

static void seal_uri(const char *owner, enum kind kind, struct buf *public_out, struct buf *wrapped_out)
{
    (void)owner;
    buf_add_span(public_out, buf_span(&token_public[kind]));
    buf_printf(wrapped_out, "pkcs11:token=" TOKEN ";object=key%d", (int)kind);
}

static int open_uri(const struct sealed_key *sealed, const char *addr, struct key **out, struct err *err)
{
    static struct pkcs11 *p11; /* of this test's process */
    char uri[100];
    (void)addr;
    snprintf(uri, sizeof uri, "%.*s", SPAN_ARG(sealed->wrapped));
    if (p11 == NULL && pkcs11_open(&hsm.conf, &p11, err) < 0)
        return -1;
    return pkcs11_key(p11, uri, sealed->public_key, out, err);
}

/* ---- on a token behind sealkeyd ---- */

static void start_keyd_on_token(const char *more)
{
    char settings[400];
    snprintf(settings, sizeof settings, "pkcs11-module = %s\npkcs11-pin-files = " TOKEN " %s\n%s",
             SOFTHSM_MODULE, hsm.pin_path[0], more);
    start_keyd_with(settings);
    sealkeyd_logged(&keyd, "event=started who=token", 1);
}

static void start_keyd_token(void)
{
    start_token();
    start_keyd_on_token("");
}

static void stop_keyd_token(void)
{
    stop_keyd();
    stop_token();
}

static void seal_on_token(const char *owner, enum kind kind, struct buf *public_out, struct buf *wrapped_out)
{
    struct err err = ERR_INIT;
    char uri[100];
    snprintf(uri, sizeof uri, "pkcs11:token=" TOKEN ";object=key%d", (int)kind);
    ck_ok(remote_seal(holder, owner, buf_span(&token_public[kind]), uri, public_out, wrapped_out, &err));
}

/* ---- soft keys whose master key is on a token ---- */

#define MASTER_URI "pkcs11:token=" TOKEN ";object=master"

static void start_master(void)
{
    start_keyd_on_token("master-key-token = " MASTER_URI "\n");
}

static void start_rsa_master(void)
{
    EVP_PKEY *pkey = keys_load("rsa2048-2");
    softhsm_init(&hsm);
    softhsm_token(&hsm, TOKEN, PIN);
    softhsm_import(&hsm, TOKEN, PIN, "master", "0b", pkey, SOFTHSM_SIGN);
    EVP_PKEY_free(pkey);
    start_master();
}

static void start_aes_master(void)
{
    softhsm_init(&hsm);
    softhsm_token(&hsm, TOKEN, PIN);
    softhsm_generate(&hsm, TOKEN, PIN, "master", "0b", "AES:32", "--sensitive");
    start_master();
}

static void stop_hsm_master(void)
{
    stop_keyd();
    softhsm_fini(&hsm);
}

static void seal_under_token(const char *owner, enum kind kind, struct buf *public_out,
                             struct buf *wrapped_out)
{
    struct err err = ERR_INIT;
    struct secret pkcs8;
    const struct wrap_token token = {holder, MASTER_URI, &keyd.master, NULL};
    conformance_pkcs8(kind, &pkcs8);
    ck_ok(soft_public(&pkcs8, public_out, &err));
    ck_ok(wrap_token_seal_whole(&token, owner, buf_span(public_out), &pkcs8, wrapped_out, &err));
    secret_fini(&pkcs8);
}

static const struct backend backends[] = {
    {"soft", start_soft, stop_soft, seal_soft, open_held, false},
    {"soft via bridge", start_soft, stop_soft, seal_soft, open_bridged, false},
    {"soft behind sealkeyd", start_keyd, stop_keyd, seal_soft, open_held, false},
    {"PKCS#11", start_token, stop_token, seal_uri, open_uri, true},
    {"PKCS#11 behind sealkeyd", start_keyd_token, stop_keyd_token, seal_on_token, open_held, false},
    {"HSM-wrapped, RSA", start_rsa_master, stop_hsm_master, seal_under_token, open_held, false},
    {"HSM-wrapped, AES", start_aes_master, stop_hsm_master, seal_under_token, open_held, false},
};

static int run(const struct backend *backend)
{
    conformance_backend = backend;
    Suite *suite = suite_create(backend->name);
    conformance_add_keys(suite);
    conformance_add_messages(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_run(runner) == 0 ? 1 : srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed;
}

int main(void)
{
    const char *only = getenv("SEAL_BACKEND");
    int failed = 0, ran = 0;
    for (size_t i = 0; i < SEAL_COUNT(backends); i++) {
        if (only != NULL && strcmp(only, backends[i].name) != 0)
            continue;
        failed += run(&backends[i]);
        ran++;
    }
    return failed == 0 && ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
