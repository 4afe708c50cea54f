/* decision - what policy wants for one recipient: step 4's value. Plain data in the message's arena. */
#ifndef MODEL_DECISION_H
#define MODEL_DECISION_H

#include "model/op.h"

/* In the order of weight: the heaviest of all recipients settles the message. */
enum disposition {
    DISPOSITION_SERVE = 0,
    DISPOSITION_DISCARD,
    DISPOSITION_RETURN, /* this recipient gets nothing, and the sender a report of it; the others are served */
    DISPOSITION_HOLD,
    DISPOSITION_TEMPFAIL,
    DISPOSITION_REFUSE,
};
const char *disposition_name(enum disposition disposition);

/* Somebody else gets the message too, as the operations so far leave it. */
struct extra {
    const char *to; /* canonical */
    const char *rule;
    struct op *ops;
    size_t nops;
};

enum notice_kind {
    NOTICE_RETURN, /* a delivery status notification (RFC 3464) */
    NOTICE_SENDER, /* an acknowledgement for the sender */
    NOTICE_ALERT,  /* for an address of the policy's */
};
const char *notice_kind_name(enum notice_kind kind);

/* A message that we write ourselves. */
struct notice {
    enum notice_kind kind;
    const char *rule;
    const char **to; /* canonical */
    size_t nto;
    const char *subject; /* templates of the policy's; NULL and none: ours */
    const char **lines;
    size_t nlines;
    size_t *rcpts; /* plan: the envelope recipients that it is about; decision: NULL */
    size_t nrcpts;
};

struct decision {
    enum disposition disposition;
    const char *reply_status; /* RFC 3463, with return, refuse and tempfail: "5.7.1" */
    const char
        *reply_text; /* what the sender reads; never depends on what is inside ciphertext. With hold: why */
    const char **rules; /* names of the rules that matched, in order */
    size_t nrules;
    const char **why; /* notes: what was chosen or left out, and for what reason */
    size_t nwhy;
    struct op *ops; /* with this recipient's own keys */
    size_t nops;
    const char *redirect; /* goes to this address instead; NULL: to the recipient */
    struct extra *extras;
    size_t nextras;
    struct notice *notices; /* never NOTICE_RETURN: that is the disposition */
    size_t nnotices;
    unsigned
        generate; /* 1 << enum method: such keys of From's are to be generated first; operations name them as if they were there */
    bool protect; /* must not leave in clear: encryption is required, not "if possible" */
    bool verbatim; /* not even hygiene */
    bool inside;   /* a rule asked what is inside ciphertext: the sender must not notice what came of it */
    bool harvest;  /* keep the verified signer's certificate */
    bool learn;    /* and store the keys first: operations leave them out as if they were stored */
};

/* decision_print - one line: disposition, rules, operations. */
void decision_print(const struct decision *decision, struct buf *out);

#endif
