/*
 * armor - ASCII armour in and out.
 *
 * Lines end in CRLF where we write; LF or CRLF where we read. The checksum is written, and not asked for (RFC 9580 6.1).
 *
 * source  RFC 9580 6
 */
#ifndef OPENPGP_ARMOR_H
#define OPENPGP_ARMOR_H

#include "spool/spool.h"

enum armor_type {
    ARMOR_MESSAGE,   /* PGP MESSAGE */
    ARMOR_SIGNATURE, /* PGP SIGNATURE */
    ARMOR_PUBLIC,    /* PGP PUBLIC KEY BLOCK */
    ARMOR_SECRET,    /* PGP PRIVATE KEY BLOCK */
};

/*
 * armor_decode - text must be one armour of this type with nothing but blanks around it (R14).
 *
 * return  0 with the octets appended to out, or -1 with ERR_SYNTAX, ERR_LIMIT, ERR_IO
 */
int armor_decode(struct span text, enum armor_type type, struct spool *out, struct err *err) SEAL_CHECKED;
/* armor_next - the first armour of this type in text, which is cut to what stands behind it. false: there is none. */
bool armor_next(struct span *text, enum armor_type type, struct span *armor_out);
/* armor_says_more - whether an armour that armor_next() found has header lines other than those that programs write (RFC 9580 6.2.2). */
bool armor_says_more(struct span armor);
/* armor_encode - of public keys without the notes that gpg put to their signatures (openpgp/notes.h). */
int armor_encode(struct span octets, enum armor_type type, struct spool *out, struct err *err) SEAL_CHECKED;

#endif
