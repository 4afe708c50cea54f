/*
 * wrap_origin - that a record under a token's key (token/wrap_token.h), which needs no secret, was made by who has the master key's file.
 *
 * Layout: version(1) name(8) HMAC-SHA256(32) and the record of version 2; name and the HMAC's key are the file's, its message the SHA-256 over a label,
 * owner, subject and record, each with its length. It is looked at before the token is asked.
 */
#ifndef TOKEN_WRAP_ORIGIN_H
#define TOKEN_WRAP_ORIGIN_H

#include "token/wrap.h"

#define WRAP_ORIGIN_VERSION 3

/* wrap_origin_seal - appended to out. Errors as of wrap_seal(). */
int wrap_origin_seal(const struct secret *master, const char *owner, struct span subject, struct span record,
                     struct buf *out, struct err *err) SEAL_CHECKED;
/* wrap_origin_open - the record, in wrapped. ERR_UNSUPPORTED for another version, ERR_CRYPTO for one that somebody else made. */
int wrap_origin_open(const struct secret *master, const char *owner, struct span subject, struct span wrapped,
                     struct span *record_out, struct err *err) SEAL_CHECKED;
/* wrap_origin_record - the same without proof, for who has no master key: what it says is a hint. ERR_UNSUPPORTED, ERR_CRYPTO. */
int wrap_origin_record(struct span wrapped, struct span *record_out, struct err *err) SEAL_CHECKED;

#endif
