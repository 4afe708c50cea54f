/*
 * header - the header section of a message or part as raw fields: byte ranges, in order, nothing re-serialised.
 *
 * A field is what stands between two line ends that no blank follows. Lines end in CRLF or LF. Where readers differ (a line
 * without a name, with blanks before the colon, of blanks only, with NUL or a bare CR) trouble says so (R32), and what
 * stands behind is read all the same, as the most generous reader does: neither a forged mark nor a user's command hides there.
 * The raw fields together are the section but for its empty line.
 *
 * source  RFC 5322 2.2, 3.6.8
 */
#ifndef MIME_HEADER_H
#define MIME_HEADER_H

#include "base/arena.h"

struct mime_limits {
    size_t header_max; /* octets of one header section */
    size_t fields_max;
    size_t parts_max;
    size_t depth_max;
};
#define MIME_LIMITS_DEFAULT                                                                                  \
    {                                                                                                        \
        .header_max = 1u << 20, .fields_max = 2000, .parts_max = 10000, .depth_max = 100                     \
    }

struct field {
    struct span name;  /* as written; empty for a line that has none */
    struct span value; /* behind the colon, up to before the last line end: leading blank and folds kept */
    struct span raw;   /* the whole field with its last line end */
};

struct header {
    struct field *fields;
    size_t n;
    size_t size;         /* octets up to and with the empty line */
    const char *trouble; /* NULL, or why this is no clean header section */
};

/*
 * header_parse - the fields at the start of a message or part. Spans borrow from text.
 * return  0 (also with trouble set), or -1 with ERR_LIMIT
 */
int header_parse(struct arena *arena, struct span text, const struct mime_limits *limits, struct header *out,
                 struct err *err) SEAL_CHECKED;

/* header_mend - a raw field without a CR that no LF follows: at its end that becomes a line end, elsewhere it goes. In arena, or raw itself. */
struct span header_mend(struct arena *arena, struct span raw);

/* header_find - the n-th (from 0) field of this name, any case; NULL when there are fewer. */
const struct field *header_find(const struct header *header, const char *name, size_t nth);
size_t header_count(const struct header *header, const char *name);

/* header_decode - a raw value for people and conditions: unfolded, encoded-words decoded (RFC 2047), UTF-8, trimmed. */
char *header_decode(struct arena *arena, struct span raw_value);

/* One mailbox of an address field. */
struct mailbox {
    const char *addr;  /* canonical (base/addr.h) */
    const char *exact; /* the same, but the local part keeps its case (addr_exact) */
    const char *name;  /* display name, decoded; "" when there is none */
};
struct mailbox_list {
    struct mailbox *boxes;
    size_t n;
    bool group;          /* group syntax occurs */
    const char *trouble; /* NULL, or why the field cannot be read as addresses; n is 0 then */
};
/* header_addresses - the mailboxes of a From/To/Cc value; group members count as mailboxes. Read strictly: what a lenient
 * reader could take for another address is trouble (R7). return 0 (also with trouble set), or -1 with ERR_LIMIT. */
int header_addresses(struct arena *arena, struct span raw_value, struct mailbox_list *out,
                     struct err *err) SEAL_CHECKED;

#endif
