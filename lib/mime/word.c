/* word - encoded-words. */
#include "mime/word.h"

#include <string.h>

#define PAYLOAD_MAX 45 /* octets of text in one word: 60 characters of base64 */
#define PAYLOAD_MIN 9  /* less is not worth being put on a line */
#define PREFIX      " =?utf-8?B?"
#define SUFFIX      "?="
#define EXTRA       (sizeof PREFIX SUFFIX - 1)

static size_t payload_length(struct span text, size_t column)
{
    size_t max = column + EXTRA > WORD_LINE_MAX ? 0 : (WORD_LINE_MAX - column - EXTRA) / 4 * 3;
    if (max > PAYLOAD_MAX || max < PAYLOAD_MIN)
        max = PAYLOAD_MAX;
    size_t n = text.len < max ? text.len : max;
    while (n < text.len && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
        n--;
    return n;
}

struct span word_encode(struct span *text, size_t column, char out[WORD_SIZE + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct span payload = span_sub(*text, 0, payload_length(*text, column));
    *text = span_sub(*text, payload.len, text->len);
    size_t n = sizeof PREFIX - 1;
    memcpy(out, PREFIX, n);
    for (size_t i = 0; i < payload.len; i += 3) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (i + k < payload.len ? (unsigned char)payload.ptr[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            out[n++] = i + k <= payload.len ? digits[(bits >> (18 - 6 * k)) & 63] : '=';
    }
    memcpy(out + n, SUFFIX, sizeof SUFFIX - 1);
    return (struct span){out, n + sizeof SUFFIX - 1};
}
