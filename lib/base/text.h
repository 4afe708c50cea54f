/*
 * text - strings of strangers (names in certificates, user ids, file names) made safe to show (R38).
 *
 * For terminals, logs and header comments. HTML needs its own escaping on top.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

/*
 * text_clean - append a copy that is valid UTF-8 on one line: control characters (C0, DEL, C1, line and paragraph separators)
 * and octets that are not UTF-8 become '?'; what changes direction or shows nothing (bidi controls, zero-width characters) is left out.
 */
void text_clean(struct span text, struct buf *out);

/* text_is_utf8 - whether the octets are valid UTF-8 (no overlong forms, no surrogates); ASCII control characters count as valid. */
bool text_is_utf8(struct span text);
bool text_is_ascii(struct span text);

/* text_cut - append at most so many characters of UTF-8 text; what is longer ends in "..". Returns how many were appended. */
size_t text_cut(const char *text, size_t columns, struct buf *out);

/* text_has_word - whether a text of words with blanks between holds this one. */
bool text_has_word(const char *text, const char *word);

/* text_is_like - whether text fits a pattern in which * is any run of octets and ? one; ASCII case is ignored. */
bool text_is_like(const char *text, const char *pattern);

#endif
