/*
 * attach - the sender's certificates as a further part: multipart/mixed, what was there first.
 *
 * source  RFC 2046 5.1.3, RFC 8551 3.2.2, 3.8
 */
#include "xform/internal.h"

#include "mime/compose.h"
#include "mime/transfer.h"
#include "smime/certs_only.h"

static int make_certs(const struct xform_in *in, const struct op *op, struct spool *der, struct err *err)
{
    struct cert *certs[1 + SEAL_COUNT(((struct keyring_entry *)NULL)->chain)];
    const struct keyring_entry *entry = &in->keyring->entries[op->keys[0]];
    size_t n = 0;
    certs[n++] = entry->cert;
    for (size_t i = 0; i < entry->nchain; i++)
        certs[n++] = entry->chain[i];
    return smime_certs_only(certs, n, der, err) < 0 ? -1 : spool_seal(der, err);
}

static bool has_8bit(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if ((unsigned char)bytes.ptr[i] >= 0x80)
            return true;
    return false;
}

static int put(struct spool *out, const char *text, struct err *err)
{
    return spool_write_span(out, span_of(text), err);
}

static int write_mixed(struct arena *arena, struct span entity, const struct spool *certs, struct spool *out,
                       struct err *err)
{
    char boundary[BOUNDARY_MAX + 1];
    if (compose_boundary(entity, boundary, err) < 0)
        return -1;
    const char *head =
        arena_printf(arena,
                     "Content-Type: multipart/mixed; boundary=\"%s\"\r\n"
                     "%s\r\n--%s\r\n",
                     boundary, has_8bit(entity) ? "Content-Transfer-Encoding: 8bit\r\n" : "", boundary);
    const char *between = arena_printf(arena,
                                       "\r\n--%s\r\n"
                                       "Content-Type: application/pkcs7-mime; smime-type=certs-only;\r\n"
                                       " name=\"smime.p7c\"\r\n"
                                       "Content-Transfer-Encoding: base64\r\n"
                                       "Content-Disposition: attachment; filename=\"smime.p7c\"\r\n\r\n",
                                       boundary);
    if (put(out, head, err) < 0 || spool_write_span(out, entity, err) < 0 || put(out, between, err) < 0 ||
        base64_encode(spool_all(certs), out, err) < 0)
        return -1;
    return put(out, arena_printf(arena, "--%s--\r\n", boundary), err);
}

int xform_attach(const struct xform_in *in, const struct op *op, struct arena *arena,
                 const struct spool *entity, struct spool **out, struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *certs = spool_new(&in->spool);
    *out = spool_new(&in->spool);
    if (op->nkeys == 1 && make_certs(in, op, certs, err) == 0 &&
        write_mixed(arena, spool_all(entity), certs, *out, err) == 0 && spool_seal(*out, err) == 0)
        return 0;
    if (!err_is_set(err))
        err_set(err, ERR_BUG, "certificates of %zu keys to attach", op->nkeys);
    spool_free(out);
    return -1;
}
