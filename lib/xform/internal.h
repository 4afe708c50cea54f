/* internal - the operations, one function each; xform.c calls them in the plan's order. */
#ifndef XFORM_INTERNAL_H
#define XFORM_INTERNAL_H

#include "xform/draft.h"
#include "xform/xform.h"

/* hygiene.c: forged tags, X-Sealmilter-* fields and forged results leave (R1, R2, R4). */
int xform_hygiene(const struct xform_in *in, struct draft *draft, struct err *err) SEAL_CHECKED;
/* keyword.c: keywords leave the Subject; their X- fields go (R5). */
int xform_keywords(const struct xform_in *in, struct draft *draft, struct err *err) SEAL_CHECKED;
/* inner_header.c: fields put inside (a new sealed spool), then hidden outside; and the Subject back (RFC 9788). */
int xform_put_inside(const struct xform_in *in, const struct op *op, struct draft *draft, struct spool **out,
                     struct err *err) SEAL_CHECKED;
void xform_hide_outside(const struct op *op, struct draft *draft);
int xform_subject(const struct xform_in *in, const struct op *op, struct draft *draft,
                  struct err *err) SEAL_CHECKED;
/* status.c: tag, status and results (R3, R6, R8 names). */
int xform_tag(const struct xform_in *in, struct draft *draft, const char *text, struct err *err) SEAL_CHECKED;
int xform_status(const struct xform_in *in, struct draft *draft, const struct op *op,
                 struct err *err) SEAL_CHECKED;
/* field.c: add, replace or delete a header field. */
int xform_field(struct draft *draft, const struct op *op, struct err *err) SEAL_CHECKED;
/* detach.c: the content without keys that are attached (a new sealed spool); and what they were, in header fields. */
int xform_detach(const struct xform_in *in, const struct op *op, struct draft *draft, struct spool **out,
                 struct err *err) SEAL_CHECKED;
int xform_name_detached(const struct xform_in *in, const struct op *op, struct draft *draft,
                        struct err *err) SEAL_CHECKED;
/* autocrypt.c: the sender's key, outside. */
int xform_autocrypt(const struct xform_in *in, const struct op *op, struct draft *draft,
                    struct err *err) SEAL_CHECKED;
/* xform_content - as it came: content fields, empty line. */
int xform_content_head(const struct draft *draft, struct spool *out, struct err *err) SEAL_CHECKED;
/* protect.c: the content as an entity; signed; encrypted. attach.c: with certificates. Each makes a new sealed spool. */
enum xform_canon {
    XFORM_CANON_MUST, /* it will be signed */
    XFORM_CANON_MAY,  /* what cannot be made canonical is taken as it is */
};
int xform_canonical(const struct xform_in *in, enum xform_canon canon, struct draft *draft,
                    struct spool **out, struct err *err) SEAL_CHECKED;
int xform_attach(const struct xform_in *in, const struct op *op, const struct spool *entity,
                 struct spool **out, struct err *err) SEAL_CHECKED;
int xform_sign(const struct xform_in *in, const struct op *op, const struct spool *entity, struct spool **out,
               struct err *err) SEAL_CHECKED;
/* sign: the operation before it, when both are OpenPGP's and are done in one; else NULL. */
int xform_encrypt(const struct xform_in *in, const struct op *op, const struct op *sign,
                  const struct spool *entity, struct spool **out, struct err *err) SEAL_CHECKED;

/* results.c: an Authentication-Results value without the results that only we may give. NULL: leave it as it is; "": drop the field. */
char *results_filter(struct arena *arena, struct span value, const char *authserv_id);

#endif
