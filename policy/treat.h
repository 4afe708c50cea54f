/* treat - what the steps come to, before it is put in order: shared by treat.c, treat_inside.c and treat_outside.c. Private to policy/. */
#ifndef POLICY_TREAT_H
#define POLICY_TREAT_H

#include "policy/deciding.h"

struct treatment {
    struct deciding *d;
    const struct rcpt_facts *rcpt;
    bool open;
    bool status;
    size_t view;    /* what tag and status speak of */
    struct op sign; /* nkeys 0: none */
    struct op encrypt;
    const char *tag;
};

/* Each looks for its step, and does nothing when the rules have none. */
void treat_decrypt(struct treatment *t);
void treat_harvest(struct treatment *t);
void treat_tag(struct treatment *t);
void treat_encrypt(struct treatment *t);
void treat_sign(struct treatment *t);

bool treat_is_submitted(const struct facts *facts);
/* treat_is_registered - false also when that must be gathered first, or could not be found out and defers. */
bool treat_is_registered(struct deciding *d, enum party party);
void treat_defer(struct deciding *d, const char *what);

#endif
