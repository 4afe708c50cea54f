/* sealing - bytes in, bytes out. */
#include "support/sealing.h"

#include "support/check.h"

#include <string.h>

const struct spool_conf sealing_conf = {"/tmp", SPOOL_MEM_DEFAULT, SIZE_MAX};
const struct smime_limits sealing_limits = SMIME_LIMITS_DEFAULT;

struct span sealing_text(size_t n)
{
    static const char head[] = "Content-Type: text/plain\r\n\r\n";
    char *text = malloc(n + 1);
    unsigned state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        text[i] = i < sizeof head - 1 ? head[i]
                  : i % 72 == 70      ? '\r'
                  : i % 72 == 71      ? '\n'
                                      : (char)('a' + (state >> 24) % 26);
    }
    return (struct span){text, n};
}

static struct spool *finish(int status, struct spool *spool, struct err err)
{
    ck_assert_msg(status == 0, "%s", err.msg);
    ck_ok(spool_seal(spool, &err));
    return spool;
}

struct spool *sealing_encrypt(struct span entity, struct pki_entity *const *to, size_t nto,
                              enum smime_cipher cipher)
{
    struct err err = ERR_INIT;
    struct spool *out = spool_new(&sealing_conf);
    struct cert **certs = calloc(nto, sizeof(struct cert *));
    for (size_t i = 0; i < nto; i++)
        certs[i] = to[i]->cert;
    int status = smime_encrypt(entity, certs, nto, cipher, out, &err);
    free(certs);
    return finish(status, out, err);
}

struct spool *sealing_sign(struct span entity, const struct smime_signer *signer, enum smime_sign_form form)
{
    struct err err = ERR_INIT;
    struct spool *out = spool_new(&sealing_conf);
    return finish(smime_sign(entity, signer, PKI_NOW, form, out, &err), out, err);
}

enum smime_opened sealing_open(struct span cms, const struct pki_entity *who, struct spool **plain_out)
{
    struct err err = ERR_INIT;
    enum smime_opened result;
    *plain_out = spool_new(&sealing_conf);
    ck_ok(smime_decrypt(cms, &sealing_limits, who->cert, who->key, *plain_out, &result, &err));
    if (result == SMIME_OPENED)
        ck_ok(spool_seal(*plain_out, &err));
    else
        spool_free(plain_out);
    return result;
}

bool sealing_opens(struct span cms, const struct pki_entity *who, struct span expected)
{
    SEAL_CLEANUP(spool_free) struct spool *plain = NULL;
    return sealing_open(cms, who, &plain) == SMIME_OPENED && span_eq(spool_all(plain), expected);
}

struct smime_verified sealing_verify(struct span cms, struct span content, struct cert *anchor)
{
    struct err err = ERR_INIT;
    struct anchors *anchors = NULL;
    struct smime_verified verified;
    SEAL_CLEANUP(spool_free) struct spool *inner = spool_new(&sealing_conf);
    ck_ok(anchors_new(&anchor, 1, NULL, 0, &anchors, &err));
    struct smime_verify_conf conf = {
        .anchors = anchors, .now = PKI_NOW, .signing_time_window = 30 * PKI_DAY, .min_rsa_bits = 2048};
    ck_ok(smime_verify(cms, content, &sealing_limits, &conf, inner, &verified, &err));
    anchors_free(&anchors);
    return verified;
}
