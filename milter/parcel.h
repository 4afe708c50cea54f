/*
 * parcel - what is to be handed to the injection listener, as transactions: copies for recipients of the envelope, copies for
 * others, notices. In this order; of the notices, reports first.
 *
 * Whatever the journal knows to be out is left out. So is a notice above its rate.
 */
#ifndef MILTER_PARCEL_H
#define MILTER_PARCEL_H

#include "milter/inject.h"
#include "smtp/client.h"

struct parcel {
    const struct copy *copy;     /* NULL: a notice */
    const struct notice *notice; /* NULL: a copy */
    const char *to;              /* NULL: recipients of the envelope */
    struct smtp_mail mail;
    const char **keys; /* in the journal, once it is out */
    size_t nkeys;
    bool
        may_drop; /* an acknowledgement or alert: no reason to keep mail waiting when the listener will never take it */
};

struct parcels {
    struct parcel *items;
    size_t n;
    size_t dropped; /* notices above their rate */
};

/* parcels_make - in arena. -1 when the journal could not be asked. */
int parcels_make(const struct inject *inject, struct arena *arena, struct parcels *out,
                 struct err *err) SEAL_CHECKED;

/* parcel_give_back - its share of the rate, when it did not go out and will be tried again. */
void parcel_give_back(const struct inject *inject, const struct parcel *parcel);

#endif
