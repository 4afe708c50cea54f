/*
 * plan - all copies with their operations: step 5's value, between deciding and doing. It can be printed and compared.
 *
 * Every recipient that is served stands in exactly one copy. At most one copy is in place; it is copy 0 then.
 */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include "model/decision.h"

struct copy {
    bool in_place;
    bool opened;   /* carries what was ciphertext outside: RET=HDRS (R50) */
    bool protect;  /* holds ciphertext by requirement */
    size_t *rcpts; /* indexes into the envelope's recipients */
    size_t nrcpts;
    struct op *ops;
    size_t nops;
};

struct plan {
    enum disposition disposition; /* of the message: the heaviest of its recipients' */
    const char *reply_status;
    const char *reply_text; /* names the recipients that are meant */
    struct copy *copies;    /* none unless disposition is serve */
    size_t ncopies;
    size_t *discarded; /* recipients that get nothing, by policy */
    size_t ndiscarded;
    const char *note; /* for explain and the log: what was given up while copies were made; NULL: nothing */
};

void plan_print(const struct plan *plan, const struct facts *facts, struct buf *out);

#endif
