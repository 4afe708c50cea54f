/* pgpmime - OpenPGP around an entity. source  RFC 3156 4 (encrypted), 5 (signed), 6.2 (both in one) */
#ifndef XFORM_PGPMIME_H
#define XFORM_PGPMIME_H

#include "xform/xform.h"

int pgpmime_sign(const struct xform_in *in, const struct op *op, struct span entity, struct spool *out,
                 struct err *err) SEAL_CHECKED;
/* pgpmime_encrypt - sign: NULL, or whose signature goes inside, made in the same run. */
int pgpmime_encrypt(const struct xform_in *in, const struct op *op, const struct op *sign, struct span entity,
                    struct spool *out, struct err *err) SEAL_CHECKED;

#endif
