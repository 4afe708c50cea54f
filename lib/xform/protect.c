/*
 * protect - content made canonical, signed, encrypted. What each step makes is a MIME entity again, for the next.
 *
 * source  RFC 8551 3.1, 3.3, 3.5.2, 3.5.3; RFC 1847 2.1
 */
#include "xform/internal.h"

#include "base/text.h"
#include "mime/canon.h"
#include "mime/compose.h"
#include "mime/transfer.h"
#include "smime/encrypt.h"
#include "xform/multipart.h"
#include "xform/pgpmime.h"

static int put(struct spool *out, const char *text, struct err *err)
{
    return spool_write_span(out, span_of(text), err);
}

/* Seals what a step wrote, or frees it: for `return finish(status, &spool, out, err)`. */
static int finish(int status, struct spool **made, struct spool **out, struct err *err)
{
    if (status == 0)
        status = spool_seal(*made, err);
    if (status < 0)
        spool_free(made);
    *out = *made;
    return status;
}

int xform_content_head(const struct draft *draft, struct spool *out, struct err *err)
{
    const struct part *root = &draft->table->parts[0];
    for (size_t i = 0; i < root->header.n; i++) {
        const struct field *field = &root->header.fields[i];
        if (part_is_content_field(field->name) &&
            spool_write_span(out, header_mend(draft->arena, field->raw), err) < 0)
            return -1;
    }
    return put(out, "\r\n", err);
}

static int copy_content(const struct draft *draft, struct spool *out, struct err *err)
{
    const struct part *root = &draft->table->parts[0];
    if (xform_content_head(draft, out, err) < 0)
        return -1;
    return spool_write_span(out, span_sub(draft->message, root->body, draft->message.len), err);
}

/* An entity without any field is legal, and shown as nothing by some readers; canon names the type of text that is no ASCII. */
static int write_missing_type(const struct draft *draft, struct spool *out, struct err *err)
{
    const struct part *root = &draft->table->parts[0];
    struct span body = span_sub(draft->message, root->body, draft->message.len);
    if (header_find(&root->header, "Content-Type", 0) != NULL || !text_is_ascii(body))
        return 0;
    return put(out, "Content-Type: text/plain; charset=us-ascii\r\n", err);
}

static int make_canonical(struct draft *draft, struct spool *out, struct err *err)
{
    if (write_missing_type(draft, out, err) < 0)
        return -1;
    return canon_entity(draft->arena, draft->message, draft->table, out, err);
}

/* Its structure can be read in two ways, its base64 is none, or a client's signature covers 8-bit text. */
static bool is_content_trouble(enum err_code code)
{
    return code == ERR_AMBIGUOUS || code == ERR_SYNTAX || code == ERR_UNSUPPORTED;
}

/*
 * What cannot be made canonical is taken as it is where it only goes into an envelope, which needs no more. It is never signed so:
 * ERR_UNSIGNABLE.
 */
int xform_canonical(const struct xform_in *in, enum xform_canon canon, struct draft *draft,
                    struct spool **out, struct err *err)
{
    struct spool *made = spool_new(&in->spool);
    int status = draft->table->opaque_why != NULL
                     ? err_set(err, ERR_AMBIGUOUS, "%s", draft->table->opaque_why)
                     : make_canonical(draft, made, err);
    if (status < 0 && canon == XFORM_CANON_MUST && is_content_trouble(err->code)) {
        err->code = ERR_UNSIGNABLE;
    } else if (status < 0 && is_content_trouble(err->code)) {
        err_clear(err);
        spool_free(&made);
        made = spool_new(&in->spool);
        status = copy_content(draft, made, err);
    }
    return finish(status, &made, out, err);
}

static struct smime_signer signer_of(const struct keyring_entry *entry)
{
    return (struct smime_signer){
        .cert = entry->cert, .key = entry->key, .chain = entry->chain, .nchain = entry->nchain};
}

/* The DER that a signature or an envelope is, in a spool of its own. */
static int make_signature(const struct xform_in *in, const struct op *op, struct span entity,
                          struct spool **out, struct err *err)
{
    struct spool *made = spool_new(&in->spool);
    struct smime_signer signer = signer_of(&in->keyring->entries[op->keys[0]]);
    enum smime_sign_form form = op->form == SIGN_OPAQUE ? SMIME_SIGN_OPAQUE : SMIME_SIGN_DETACHED;
    return finish(smime_sign(entity, &signer, in->now, form, made, err), &made, out, err);
}

static int write_pkcs7_mime(const char *smime_type, const struct spool *der, struct spool *out,
                            struct err *err)
{
    if (put(out, "Content-Type: application/pkcs7-mime; smime-type=", err) < 0 ||
        put(out, smime_type, err) < 0 ||
        put(out,
            ";\r\n name=\"smime.p7m\"\r\n"
            "Content-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n",
            err) < 0)
        return -1;
    return base64_encode(spool_all(der), out, err);
}

static int write_detached(struct span entity, const struct spool *der, struct spool *out, struct err *err)
{
    static const struct multipart kind = {
        .type = "multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg=sha-256",
        .second = "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
                  "Content-Transfer-Encoding: base64\r\n"
                  "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n"};
    SEAL_CLEANUP(spool_free) struct spool *text = spool_like(out);
    if (base64_encode(spool_all(der), text, err) < 0 || spool_seal(text, err) < 0)
        return -1;
    return multipart_write(&kind, entity, spool_all(text), out, err);
}

static int sign_smime(const struct xform_in *in, const struct op *op, const struct spool *entity,
                      struct spool **out, struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *der = NULL;
    if (make_signature(in, op, spool_all(entity), &der, err) < 0)
        return -1;
    struct spool *made = spool_new(&in->spool);
    int status = op->form == SIGN_OPAQUE ? write_pkcs7_mime("signed-data", der, made, err)
                                         : write_detached(spool_all(entity), der, made, err);
    return finish(status, &made, out, err);
}

int xform_sign(const struct xform_in *in, const struct op *op, const struct spool *entity, struct spool **out,
               struct err *err)
{
    if (op->method != METHOD_OPENPGP)
        return sign_smime(in, op, entity, out, err);
    struct spool *made = spool_new(&in->spool);
    return finish(pgpmime_sign(in, op, spool_all(entity), made, err), &made, out, err);
}

static int make_envelope(const struct xform_in *in, const struct op *op, struct span entity,
                         struct spool **out, enum smime_cipher cipher, struct err *err)
{
    struct cert **to = xcalloc(op->nkeys, sizeof(struct cert *));
    for (size_t i = 0; i < op->nkeys; i++)
        to[i] = in->keyring->entries[op->keys[i]].cert;
    struct spool *made = spool_new(&in->spool);
    int status = smime_encrypt(entity, to, op->nkeys, cipher, made, err);
    mem_free(&to);
    return finish(status, &made, out, err);
}

static int encrypt_smime(const struct xform_in *in, const struct op *op, const struct spool *entity,
                         struct spool **out, struct err *err)
{
    enum smime_cipher cipher;
    if (!smime_cipher_find(op->cipher, &cipher))
        return err_set(err, ERR_BUG, "cipher '%s' in a plan", op->cipher);
    SEAL_CLEANUP(spool_free) struct spool *der = NULL;
    if (make_envelope(in, op, spool_all(entity), &der, cipher, err) < 0)
        return -1;
    struct spool *made = spool_new(&in->spool);
    const char *type = cipher == SMIME_AES256_GCM ? "authEnveloped-data" : "enveloped-data";
    return finish(write_pkcs7_mime(type, der, made, err), &made, out, err);
}

int xform_encrypt(const struct xform_in *in, const struct op *op, const struct op *sign,
                  const struct spool *entity, struct spool **out, struct err *err)
{
    if (op->method != METHOD_OPENPGP)
        return encrypt_smime(in, op, entity, out, err);
    struct spool *made = spool_new(&in->spool);
    return finish(pgpmime_encrypt(in, op, sign, spool_all(entity), made, err), &made, out, err);
}
