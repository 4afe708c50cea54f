/* decision - what policy wants for one recipient: step 4's value. Plain data in the message's arena. */
#ifndef MODEL_DECISION_H
#define MODEL_DECISION_H

#include "model/op.h"

/* In the order of weight: the heaviest of all recipients settles the message. */
enum disposition {
    DISPOSITION_SERVE = 0,
    DISPOSITION_DISCARD,
    DISPOSITION_HOLD,
    DISPOSITION_TEMPFAIL,
    DISPOSITION_REFUSE,
};
const char *disposition_name(enum disposition disposition);

struct decision {
    enum disposition disposition;
    const char *reply_status; /* RFC 3463, with refuse and tempfail: "5.7.1" */
    const char *reply_text;   /* what the sender reads; never depends on what is inside ciphertext */
    const char **rules;       /* names of the rules that matched, in order */
    size_t nrules;
    const char **why; /* notes: what was chosen or left out, and for what reason */
    size_t nwhy;
    struct op *ops; /* with this recipient's own keys */
    size_t nops;
    bool protect;  /* must not leave in clear: encryption is required, not "if possible" */
    bool verbatim; /* not even hygiene */
    bool harvest;  /* keep the verified signer's certificate */
};

/* decision_print - one line: disposition, rules, operations. */
void decision_print(const struct decision *decision, struct buf *out);

#endif
