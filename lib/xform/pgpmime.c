/* pgpmime - multipart/signed and multipart/encrypted. */
#include "xform/pgpmime.h"

#include "openpgp/armor.h"
#include "openpgp/crypt.h"
#include "xform/multipart.h"

#include <stdio.h>
#include <stdlib.h>

static struct pgp_own own_of(const struct xform_in *in, const struct op *op)
{
    const struct keyring_entry *entry = &in->keyring->entries[op->keys[0]];
    return (struct pgp_own){.fingerprint = entry->pgp_fp, .key = entry->pgp, .passphrase = entry->passphrase};
}

/* Binary packets as armour, sealed. */
static int armored(const struct spool *packets, enum armor_type type, struct spool *out, struct err *err)
{
    return armor_encode(spool_all(packets), type, out, err) < 0 ? -1 : spool_seal(out, err);
}

int pgpmime_sign(const struct xform_in *in, const struct op *op, struct span entity, struct spool *out,
                 struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *packets = spool_like(out), *armor = spool_like(out);
    const struct pgp_own own = own_of(in, op);
    char micalg[PGP_MICALG_SIZE], type[150];
    if (pgp_sign(in->pgp, entity, &own, packets, micalg, err) < 0 || spool_seal(packets, err) < 0 ||
        armored(packets, ARMOR_SIGNATURE, armor, err) < 0)
        return -1;
    snprintf(type, sizeof type, "multipart/signed; protocol=\"application/pgp-signature\";\r\n micalg=%s",
             micalg);
    const struct multipart kind = {.type = type,
                                   .second =
                                       "Content-Type: application/pgp-signature; name=\"signature.asc\"\r\n"
                                       "Content-Description: OpenPGP digital signature\r\n"
                                       "Content-Disposition: attachment; filename=\"signature.asc\"\r\n\r\n"};
    return multipart_write(&kind, entity, spool_all(armor), out, err);
}

static int encrypt(const struct xform_in *in, const struct op *op, const struct op *sign, struct span entity,
                   struct spool *out, struct err *err)
{
    struct pgp_own own;
    if (sign != NULL)
        own = own_of(in, sign);
    struct span *keys = xcalloc(op->nkeys, sizeof *keys);
    for (size_t i = 0; i < op->nkeys; i++)
        keys[i] = in->keyring->entries[op->keys[i]].pgp;
    int status = pgp_encrypt(in->pgp, entity, keys, op->nkeys, op->hidden ? PGP_HIDDEN : PGP_NAMED,
                             sign != NULL ? &own : NULL, out, err);
    free(keys);
    return status;
}

int pgpmime_encrypt(const struct xform_in *in, const struct op *op, const struct op *sign, struct span entity,
                    struct spool *out, struct err *err)
{
    static const struct multipart kind = {
        .type = "multipart/encrypted; protocol=\"application/pgp-encrypted\"",
        .second = "Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\n"
                  "Content-Description: OpenPGP encrypted message\r\n"
                  "Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n"};
    static const char control[] = "Content-Type: application/pgp-encrypted\r\n"
                                  "Content-Description: PGP/MIME version identification\r\n\r\n"
                                  "Version: 1\r\n";
    SEAL_CLEANUP(spool_free) struct spool *packets = spool_like(out), *armor = spool_like(out);
    if (encrypt(in, op, sign, entity, packets, err) < 0 || armored(packets, ARMOR_MESSAGE, armor, err) < 0)
        return -1;
    return multipart_write(&kind, span_of(control), spool_all(armor), out, err);
}
