/* treat - what the steps come to, before it is put in order: shared by treat.c, treat_*.c. Private to policy/. */
#ifndef POLICY_TREAT_H
#define POLICY_TREAT_H

#include "policy/deciding.h"

struct treatment {
    struct deciding *d;
    const struct rcpt_facts *rcpt;
    bool open;
    bool looked; /* opening was tried: the status says how that went */
    bool tag;
    const char *ungenerated[METHODS]; /* a rule wanted a key, and it could not be generated: why */
    struct op attach[METHODS];        /* OP_ATTACH where treat_attaches() */
    size_t attach_at[METHODS];
    struct op autocrypt; /* nkeys 0: none */
    bool detach;
    size_t limit;   /* steps from this position on are not done */
    size_t stopped; /* position of the step that could not be done and ends it all; SIZE_MAX: none */
    bool verbatim;  /* not even hygiene */
    struct op sign;
    struct op encrypt;
    bool reads_protected; /* whom it is encrypted to understands protected header fields */
    enum protection when_signed, when_encrypted;
};

/* Each looks for its step, and does nothing when the rules have none. */
void treat_decrypt(struct treatment *t);
void treat_generate(struct treatment *t); /* before what needs keys of the sender's */
void treat_harvest(struct treatment *t);
void treat_detach(struct treatment *t); /* after harvesting */
void treat_tag(struct treatment *t);
void treat_encrypt(struct treatment *t);
void treat_sign(struct treatment *t);
void treat_attach(struct treatment *t);
void treat_autocrypt(struct treatment *t);
bool treat_attaches(const struct treatment *t, enum method method);
void treat_headers(struct treatment *t); /* after signing and encrypting */

/* treat_leaves_out - whether a key that is attached is left out of what the recipient gets. */
bool treat_leaves_out(const struct treatment *t, const struct carried_key *key);

/* treat_wording - what the tag says of a view; NULL: nothing. */
const char *treat_wording(const struct treatment *t, size_t view, bool opened);

/* What is done, in order. */
struct ops {
    struct op *items;
    size_t n;
};
/* treat_ops - what the steps before a position come to; SIZE_MAX: all of them. */
struct ops treat_ops(const struct treatment *t, size_t before);

/* treat_never_signed - why this message is not signed, whatever the rules say; NULL: it may be. */
const char *treat_never_signed(const struct facts *facts);
bool treat_is_submitted(const struct facts *facts);
/* treat_is_registered - false also when that must be gathered first, or could not be found out and defers. */
bool treat_is_registered(struct deciding *d, enum party party);
void treat_defer(struct deciding *d, const char *what);
/* treat_fail - a step cannot be done: refused or returned with the step's text or this one, or nothing, as the step says. */
void treat_fail(struct treatment *t, const struct step *step, const char *status, const char *text);

#endif
