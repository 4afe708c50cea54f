/*
 * syntax - what may stand in an SMTP command: checked before anything is sent, so that no text of a stranger can end a
 * command and begin another.
 *
 * source  RFC 5321 4.1.2, RFC 6531 3.3, RFC 3461 4, RFC 6533 3
 */
#ifndef SMTP_SYNTAX_H
#define SMTP_SYNTAX_H

#include <stdbool.h>

#define SYNTAX_PATH_MAX  1000
#define SYNTAX_ENVID_MAX 100
#define SYNTAX_ORCPT_MAX 500

/* syntax_is_path - "<local@domain>" or "<>": brackets, no control characters, blanks and brackets in quoted strings only. */
bool syntax_is_path(const char *text);
/* syntax_is_ascii - no octet above 127. */
bool syntax_is_ascii(const char *text);
/* syntax_is_envid - xtext (hexadecimal in small letters too), at most SYNTAX_ENVID_MAX octets. */
bool syntax_is_envid(const char *text);
/* syntax_is_orcpt - type ";" xtext, UTF-8 allowed behind "utf-8;". */
bool syntax_is_orcpt(const char *text);
/* syntax_is_notify - "NEVER", or SUCCESS, FAILURE, DELAY with commas; any case. */
bool syntax_is_notify(const char *text);
/* syntax_is_ret - "FULL" or "HDRS"; any case. */
bool syntax_is_ret(const char *text);
/* syntax_is_body - "7BIT" or "8BITMIME"; any case. */
bool syntax_is_body(const char *text);
/* syntax_is_hostname - letters, digits, hyphens and dots, 1..253 of them: what may follow EHLO. */
bool syntax_is_hostname(const char *text);

#endif
