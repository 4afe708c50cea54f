/* multipart - an entity and what goes along with it: multipart/signed, multipart/encrypted, multipart/mixed. */
#ifndef XFORM_MULTIPART_H
#define XFORM_MULTIPART_H

#include "spool/spool.h"

struct multipart {
    const char *type;   /* value of Content-Type but for the boundary; folded where it is long */
    const char *more;   /* further content fields, whole lines; NULL: none */
    const char *second; /* header of the second part, with its empty line */
};

/* multipart_write - first: a whole entity; second: the body of the other part, in lines that none begins with "--=_" (base64, armour). */
int multipart_write(const struct multipart *kind, struct span first, struct span second, struct spool *out,
                    struct err *err) SEAL_CHECKED;

#endif
