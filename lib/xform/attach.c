/*
 * attach - certificates or OpenPGP keys of the sender and of his house as a further part: multipart/mixed, what was there first.
 *
 * source  RFC 2046 5.1.3, RFC 8551 3.2.2, 3.8, RFC 3156 7
 */
#include "xform/internal.h"

#include "mime/transfer.h"
#include "openpgp/armor.h"
#include "smime/certs_only.h"
#include "xform/multipart.h"

/* NULL: the sender has none. */
static const struct keyring_entry *own_entry(const struct xform_in *in, const struct op *op)
{
    return op->nkeys > 0 ? &in->keyring->entries[op->keys[0]] : NULL;
}

static int make_certs(const struct xform_in *in, const struct op *op, struct spool *der, struct err *err)
{
    struct cert *certs[1 + SEAL_COUNT(((struct keyring_entry *)NULL)->chain) + GIVEN_CERTS_MAX];
    const struct keyring_entry *entry = own_entry(in, op);
    const struct given_out *given = &in->keyring->given;
    size_t n = 0;
    if (entry != NULL)
        certs[n++] = entry->cert;
    for (size_t i = 0; entry != NULL && i < entry->nchain; i++)
        certs[n++] = entry->chain[i];
    for (size_t i = 0; i < given->ncerts; i++)
        certs[n++] = given->certs[i];
    if (n == 0)
        return err_set(err, ERR_BUG, "no certificate to attach");
    return smime_certs_only(certs, n, der, err) < 0 ? -1 : spool_seal(der, err);
}

/* One armour with all of them, as gpg exports several. */
static int make_pgp(const struct xform_in *in, const struct op *op, struct spool *out, struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *packets = spool_like(out);
    const struct keyring_entry *entry = own_entry(in, op);
    const struct given_out *given = &in->keyring->given;
    if (entry != NULL && given->npgps == 0 && spool_write_span(packets, entry->pgp, err) < 0)
        return -1;
    for (size_t i = 0; i < given->npgps; i++)
        if (spool_write_span(packets, given->pgps[i], err) < 0)
            return -1;
    if (spool_size(packets) == 0)
        return err_set(err, ERR_BUG, "no OpenPGP key to attach");
    if (spool_seal(packets, err) < 0 || armor_encode(spool_all(packets), ARMOR_PUBLIC, out, err) < 0)
        return -1;
    return spool_seal(out, err);
}

static bool has_8bit(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if ((unsigned char)bytes.ptr[i] >= 0x80)
            return true;
    return false;
}

static int write_mixed(struct span entity, const char *second, const struct spool *keys, struct spool *out,
                       struct err *err)
{
    const struct multipart kind = {.type = "multipart/mixed",
                                   .more = has_8bit(entity) ? "Content-Transfer-Encoding: 8bit\r\n" : NULL,
                                   .second = second};
    return multipart_write(&kind, entity, spool_all(keys), out, err);
}

static const char smime_part[] = "Content-Type: application/pkcs7-mime; smime-type=certs-only;\r\n"
                                 " name=\"smime.p7c\"\r\n"
                                 "Content-Transfer-Encoding: base64\r\n"
                                 "Content-Disposition: attachment; filename=\"smime.p7c\"\r\n\r\n";
static const char pgp_part[] = "Content-Type: application/pgp-keys; name=\"key.asc\"\r\n"
                               "Content-Disposition: attachment; filename=\"key.asc\"\r\n\r\n";

/* The further part's body. */
static int make_keys(const struct xform_in *in, const struct op *op, struct spool *out, struct err *err)
{
    if (op->method == METHOD_OPENPGP)
        return make_pgp(in, op, out, err);
    SEAL_CLEANUP(spool_free) struct spool *der = spool_like(out);
    if (make_certs(in, op, der, err) < 0 || base64_encode(spool_all(der), out, err) < 0)
        return -1;
    return spool_seal(out, err);
}

int xform_attach(const struct xform_in *in, const struct op *op, const struct spool *entity,
                 struct spool **out, struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *keys = spool_new(&in->spool);
    *out = spool_new(&in->spool);
    if (make_keys(in, op, keys, err) == 0 &&
        write_mixed(spool_all(entity), op->method == METHOD_OPENPGP ? pgp_part : smime_part, keys, *out,
                    err) == 0 &&
        spool_seal(*out, err) == 0)
        return 0;
    spool_free(out);
    return -1;
}
