/* word - encoded-words (RFC 2047) as we write them: UTF-8, base64, whole characters in each. */
#ifndef MIME_WORD_H
#define MIME_WORD_H

#include "base/mem.h"

#define WORD_LINE_MAX 76
#define WORD_SIZE     75

/*
 * word_encode - takes from the start of text what one word holds that fits on a line behind column and a blank, or else alone on a line.
 *
 * out     receives " =?utf-8?B?..?=", with the blank in front
 * return  what was written
 */
struct span word_encode(struct span *text, size_t column, char out[WORD_SIZE + 1]);

#endif
