/*
 * protect_header - header fields that travel inside what is signed and encrypted: written here, read by payload_header.
 *
 * The payload's root part gets a copy of the message's fields, and its Content-Type says so by the parameter hp. In an envelope HP-Outer fields say what
 * stands outside, so that a reader knows what was hidden. Knows no method: what comes out is an entity, to be signed and encrypted by anything.
 *
 * source  RFC 9788 2, 3.2, 5.2, 11.4
 */
#ifndef MIME_PROTECT_HEADER_H
#define MIME_PROTECT_HEADER_H

#include "mime/header.h"
#include "model/protection.h"
#include "spool/spool.h"

/* protect_header_takes - whether a field is copied inside. Not what describes the body, what the message's way adds, what is nobody else's
 * business (Bcc), nor what says how somebody's gateway judged the message. */
bool protect_header_takes(const struct field *field);

enum outside {
    OUTSIDE_SAME = 0,
    OUTSIDE_OBSCURED, /* PROTECT_HEADER_SUBJECT in its place */
    OUTSIDE_GONE,
};
#define PROTECT_HEADER_SUBJECT "Subject: [...]\r\n"
/* protect_header_outside - what becomes of a field outside the payload. hcp_baseline, and Outlook's copy of the Subject with it (R26). */
enum outside protect_header_outside(enum protection protection, struct span name);

/*
 * protect_header_write - an entity's content fields and body with these fields at its root.
 *
 * Other fields that its root had are left out. A root whose Content-Type cannot be marked (there are two, it is malformed), or that is signed or
 * encrypted itself, becomes the one part of a multipart/mixed that can. The fields come out in ASCII, in lines that every relay carries; what cannot be brought into that form stays
 * outside alone, but nothing that is hidden there. Of several Subjects the first counts.
 *
 * protection  not PROTECTION_NONE
 * fields      those of the message, any: protect_header_takes() chooses
 */
int protect_header_write(struct arena *arena, struct span entity, const struct field *fields, size_t n,
                         enum protection protection, struct spool *out, struct err *err) SEAL_CHECKED;

#endif
