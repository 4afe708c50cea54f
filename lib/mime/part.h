/*
 * part - the MIME structure of a message as a table of byte ranges; the one parser that decides structure (R31, R32).
 *
 * Iterative, one pass. Everything is an offset into the message that was given; no part is copied. Where a reader could
 * understand the message in two ways (two Content-Type or Content-Transfer-Encoding fields, no or an invalid boundary, a boundary that equals an
 * outer one, a line that begins like a boundary or follows a bare CR, a multipart that is encoded or has no parts, header lines that are no
 * fields, a part's header without end, more parts or a deeper nesting than the limits allow) the table says so in opaque_why, and nobody
 * decrypts, or calls signed, any of it. The table is whole all the same: every octet lies in one part's own range.
 *
 * message/rfc822 is a leaf: what is inside it is somebody else's message.
 *
 * source  RFC 2045, RFC 2046 5.1
 */
#ifndef MIME_PART_H
#define MIME_PART_H

#include "mime/header.h"

enum encoding {
    ENCODING_7BIT = 0,
    ENCODING_8BIT,
    ENCODING_BINARY,
    ENCODING_QP,
    ENCODING_BASE64,
    ENCODING_UNKNOWN,
};

struct parameter {
    const char *name;  /* lower case */
    const char *value; /* RFC 2231 decoded, UTF-8 */
};

/* A parameter that stands several times is there several times: first what a reader of today takes. */
struct content_type {
    const char *type;    /* lower case; "text" when the field is missing ("message" in a multipart/digest) */
    const char *subtype; /* lower case; "plain" when the field is missing ("rfc822") */
    struct parameter *params;
    size_t nparams;
};

#define PART_NONE ((size_t)-1)

struct part {
    size_t parent; /* index, PART_NONE for the root */
    size_t next;   /* the next child of the same parent, PART_NONE */
    size_t depth;  /* 0 for the root */
    size_t begin;  /* first octet of its header */
    size_t body;   /* first octet of its body */
    size_t end;    /* behind its last octet; the line end before a boundary belongs to the boundary */
    struct header header;
    struct content_type type;
    enum encoding encoding;
    size_t nchildren;
};

struct part_table {
    struct part *parts; /* in order of begin; parts[0] is the message itself */
    size_t n;
    const char *opaque_why; /* NULL: the structure is plain */
};

/* part_parse - the table of a whole message (header and body). return 0, or -1 with ERR_LIMIT (the header section, the arena). */
int part_parse(struct arena *arena, struct span message, const struct mime_limits *limits,
               struct part_table *out, struct err *err) SEAL_CHECKED;

bool part_is(const struct part *part, const char *type,
             const char *subtype);                                 /* both lower case; "*" fits any */
const char *part_param(const struct part *part, const char *name); /* NULL: not there */
/* part_child - index of the n-th child, or PART_NONE. To visit all, begin with the first and follow next. */
size_t part_child(const struct part_table *table, size_t parent, size_t nth);

/* content_type_parse - a raw Content-Type value. return 0, or -1 with ERR_SYNTAX, ERR_AMBIGUOUS. */
int content_type_parse(struct arena *arena, struct span raw_value, struct content_type *out,
                       struct err *err) SEAL_CHECKED;

/* content_type_is_layer - what it names is signed or encrypted: a cryptographic layer (RFC 9787 4.4.1). */
bool content_type_is_layer(const struct content_type *type);

struct content_disposition {
    const char *type; /* lower case: "attachment", "inline" */
    struct parameter *params;
    size_t nparams;
};
/* content_disposition_parse - a raw Content-Disposition value (RFC 2183), read as generously as the most generous reader does. */
void content_disposition_parse(struct arena *arena, struct span raw_value, struct content_disposition *out);
/* params_find - NULL: not there. */
const char *params_find(const struct parameter *params, size_t n, const char *name);

/* part_is_content_field - whether a field describes the body and so moves into the protected part: Content-*, MIME-Version. */
bool part_is_content_field(struct span name);

#endif
