/*
 * op - one operation of a plan, as plain data: lib/xform runs a list of them.
 *
 * The order in a list is the order of doing: hygiene first, then open, header fields, protect, sign, encrypt, then what is written on the
 * outside (tag, status). A key is an index into the message's keyring; fp[] name the same keys for people.
 */
#ifndef MODEL_OP_H
#define MODEL_OP_H

#include "model/facts.h"
#include "model/protection.h"

enum op_kind {
    OP_HYGIENE,  /* inbound: forged tags, X-Sealmilter-*, forged results go (R1-R4) */
    OP_KEYWORDS, /* submitted: keywords leave the Subject and their headers go (R5) */
    OP_OPEN,     /* take the opened view instead of the message as it came */
    OP_SUBJECT,  /* the Subject of a view's payload comes back (R21) */
    OP_DETACH,   /* keys that the store has are left out of the message, or of what was opened */
    OP_ATTACH,   /* the sender's certificates and those of the house, as a further part */
    OP_PROTECT,  /* header fields are put inside, as they stand then, and hidden outside (RFC 9788) */
    OP_SIGN,
    OP_ENCRYPT,
    OP_AUTOCRYPT, /* the sender's OpenPGP key in a header field, outside alone */
    OP_HEADER,    /* add, replace or delete a header field */
    OP_TAG,       /* text in front of the Subject (R3) */
    OP_STATUS,    /* X-Sealmilter-Status and Authentication-Results */
};
const char *op_kind_name(enum op_kind kind);

enum sign_form {
    SIGN_DETACHED = 0, /* multipart/signed */
    SIGN_OPAQUE,       /* application/pkcs7-mime; smime-type=signed-data */
};

enum field_action {
    FIELD_ADD = 0,
    FIELD_REPLACE, /* all fields of the name give way to one; added when there is none */
    FIELD_DELETE,  /* all of the name */
};

struct op {
    enum op_kind kind;
    enum method method;         /* OP_SIGN, OP_ENCRYPT */
    enum sign_form form;        /* OP_SIGN */
    enum protection protection; /* OP_PROTECT */
    size_t view;                /* OP_OPEN, OP_SUBJECT, OP_DETACH, OP_STATUS: index into facts.views */
    const char *cipher;         /* OP_ENCRYPT */
    const char *kind_of_key;    /* OP_ENCRYPT: "rsa", "ec"; OpenPGP: "" */
    bool hidden;                /* OP_ENCRYPT with OpenPGP: names no recipient's key */
    const char *text;         /* OP_TAG; OP_HEADER: the value, UTF-8; OP_AUTOCRYPT: prefer-encrypt, or NULL */
    enum field_action action; /* OP_HEADER */
    const char *field;        /* OP_HEADER: its name */
    int *
        keys; /* OP_SIGN: one; OP_ATTACH: the sender's, none: the house has some; OP_AUTOCRYPT: the sender's; OP_ENCRYPT: one for each recipient served by the copy; OP_DETACH: indexes into the view's carried keys */
    const char **fp; /* as many */
    size_t nkeys;
};

/* op_print - "sign smime", "encrypt smime aes256-cbc rsa", "tag \"[secure]\"". The keys are not printed: two recipients with
 * the same printed list get the same treatment. */
void op_print(const struct op *op, struct buf *out);
/* ops_equal - whether two lists print the same. */
bool ops_equal(const struct op *a, size_t na, const struct op *b, size_t nb);

#endif
