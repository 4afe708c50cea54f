/* token_rig - a token, sealkeyd on it, and what it is asked. */
#include "keyd/token_rig.h"
#include "support/check.h"
#include "token/remote.h"

#include <signal.h>
#include <stdio.h>

struct softhsm hsm;
struct sealkeyd keyd;
struct holder *holder;

void start(const char *also)
{
    char more[600];
    struct err err = ERR_INIT;
    snprintf(more, sizeof more, "pkcs11-timeout = 2m\npkcs11-module = %s\npkcs11-pin-files = gw %s\n%s",
             SOFTHSM_MODULE, hsm.pin_path[0], also);
    sealkeyd_start(&keyd, more);
    sealkeyd_logged(&keyd, "event=started who=token", 1);
    ck_ok(remote_new(keyd.socket, 130000, &holder, &err));
}

void teardown(void)
{
    holder_free(&holder);
    sealkeyd_stop(&keyd);
    softhsm_fini(&hsm);
}

void made_init(struct made *made)
{
    *made = (struct made){BUF_INIT(WIRE_PUBLIC_MAX), BUF_INIT(WIRE_MAX)};
}

void made_fini(struct made *made)
{
    buf_fini(&made->public);
    buf_fini(&made->wrapped);
}

int open_of(const char *owner, const struct made *made, struct key **out, struct err *err)
{
    const struct sealed_key sealed = {owner, buf_span(&made->public), buf_span(&made->wrapped)};
    return holder_open_key(holder, &sealed, owner, out, err);
}

int open_made(const struct made *made, struct key **out, struct err *err)
{
    return open_of(ALICE, made, out, err);
}

static const unsigned char hash[32] = "thirty-two octets that were hash";

int sign(struct key *key, enum sign_padding padding, unsigned char sig[2048], size_t *len, struct err *err)
{
    *len = 2048;
    return key_sign(key, DIGEST_SHA256, padding, (struct span){(const char *)hash, sizeof hash}, sig, len,
                    err);
}

static bool verifies(const struct key *key, const unsigned char *sig, size_t len)
{
    const unsigned char *p = (const unsigned char *)key_public(key).ptr;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)key_public(key).len);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool good = EVP_PKEY_verify_init(ctx) == 1 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
                EVP_PKEY_verify(ctx, sig, len, hash, sizeof hash) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return good;
}

void check_signs(struct key *key)
{
    unsigned char sig[2048];
    size_t len;
    struct err err = ERR_INIT;
    ck_ok(sign(key, key_type_of(key) == KEY_RSA ? SIGN_PKCS1 : SIGN_ECDSA, sig, &len, &err));
    ck_assert(verifies(key, sig, len));
}

void make_on_token(const char *uri, enum key_type type, struct made *made)
{
    struct err err = ERR_INIT;
    made_init(made);
    ck_ok(remote_generate_on_token(holder, ALICE, type, type == KEY_RSA ? 2048 : 0, uri, &made->public,
                                   &made->wrapped, &err));
}

/* Both children are new, as after a crash. */
void start_anew(void)
{
    pid_t before = sealkeyd_worker(&keyd, 0);
    kill(before, SIGKILL);
    (void)sealkeyd_worker(&keyd, before);
}
