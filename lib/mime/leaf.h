/*
 * leaf - charsets and characters, from iconv and GLib; leaf.c is the only file that includes GLib.
 *
 * Only charsets of a fixed list reach iconv: the name comes from a stranger, and converters that no mail needs have had
 * memory errors (CVE-2024-2961).
 */
#ifndef MIME_LEAF_H
#define MIME_LEAF_H

#include "base/arena.h"

/*
 * leaf_utf8 - bytes in a charset as valid UTF-8 that ends in NUL; what cannot be read becomes U+FFFD, also NUL.
 *
 * charset  empty or unknown: UTF-8 when the bytes are that, else windows-1252
 */
char *leaf_utf8(struct arena *arena, struct span charset, struct span bytes);

bool leaf_is_utf8(struct span bytes); /* false also for NUL */

#define LEAF_DECOMPOSED_MAX 18
/* leaf_decompose - the characters (NFKD, lower case) that can be seen of one: marks, blanks and invisible ones left out. */
size_t leaf_decompose(uint32_t ch, uint32_t out[LEAF_DECOMPOSED_MAX]);

#endif
