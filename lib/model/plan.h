/*
 * plan - all copies with their operations: step 5's value, between deciding and doing. It can be printed and compared.
 *
 * Every recipient that is served stands in exactly one copy that is not extra. At most one copy is in place; it is copy 0 then.
 */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include "model/decision.h"

struct copy {
    bool in_place;
    bool opened;  /* carries what was ciphertext outside: RET=HDRS (R50) */
    bool protect; /* holds ciphertext by requirement */
    bool extra;   /* serves nobody of the envelope: `to` gets it besides */
    size_t *
        rcpts; /* indexes into the envelope's recipients: who is served; of an extra copy, on whose account */
    size_t nrcpts;
    const char
        *to; /* NULL: the recipients themselves; else the address that gets it instead of them, or besides */
    struct op *ops;
    size_t nops;
};

struct plan {
    enum disposition disposition; /* of the message: the heaviest of its recipients' */
    const char *reply_status;
    const char *reply_text; /* with refuse, tempfail, hold: names the recipients that are meant */
    struct copy *copies;    /* none with refuse and tempfail; unless disposition is serve, only extra ones */
    size_t ncopies;
    size_t *discarded; /* recipients that get nothing, by policy */
    size_t ndiscarded;
    unsigned
        generate; /* 1 << enum method: of all recipients. Then nothing is transformed: it is to be decided anew with these keys */
    bool learn;   /* likewise, with what is harvested stored */
    struct notice *notices; /* sent when the message is not deferred; when it is refused, alerts alone */
    size_t nnotices;
    const char *note; /* for explain and the log: what was given up while copies were made; NULL: nothing */
};

void plan_print(const struct plan *plan, const struct facts *facts, struct buf *out);

#endif
