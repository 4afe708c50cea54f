/* unpad - PKCS#1 v1.5 decryption padding without a branch or an index that depends on it. */
#include "token/unpad.h"

#include <string.h>

#define BLOCK_MIN   11 /* 00 02, eight octets, 00 */
#define MESSAGE_MAX 64 /* no content-encryption key is longer; what is longer counts as wrong */

/* Hides from the compiler what it knows of a value, so that it makes no branch of a mask. */
static size_t hide(size_t x)
{
    __asm__("" : "+r"(x));
    return x;
}

/* Masks: all ones or all zeros. */
static size_t mask_of_zero(size_t x)
{
    x = hide(x);
    return (size_t)0 - ((~x & (x - 1)) >> (sizeof x * 8 - 1));
}

static size_t mask_equal(size_t a, size_t b)
{
    return mask_of_zero(a ^ b);
}

static size_t mask_less(size_t a, size_t b) /* a and b under half of SIZE_MAX */
{
    return (size_t)0 - (hide(a - b) >> (sizeof a * 8 - 1));
}

static size_t choose(size_t mask, size_t yes, size_t no)
{
    mask = hide(mask);
    return (mask & yes) | (~mask & no);
}

/* Where the first zero octet behind the two leading ones stands; n when there is none. */
static size_t find_separator(const unsigned char *p, size_t n)
{
    size_t at = n, missing = ~(size_t)0;
    for (size_t i = 2; i < n; i++) {
        size_t here = mask_of_zero(p[i]) & missing;
        at = choose(here, i, at);
        missing &= ~here;
    }
    return at;
}

int unpad_pkcs1(struct secret *padded, const unsigned char instead[KEY_REJECT_SIZE], struct secret *out,
                struct err *err)
{
    const unsigned char *p = padded->ptr;
    size_t n = padded->len;
    if (n < BLOCK_MIN || n < MESSAGE_MAX)
        return err_set(err, ERR_BUG, "padded block of %zu octets", n);
    size_t separator = find_separator(p, n);
    size_t len = choose(mask_equal(separator, n), 0, n - separator - 1);
    size_t good = mask_equal(p[0], 0) & mask_equal(p[1], 2) & ~mask_less(separator, BLOCK_MIN - 1) &
                  ~mask_equal(len, 0) & ~mask_less(MESSAGE_MAX, len);

    /* The message stands at the end of the block, what replaces it at the end of its own. */
    unsigned char *tail = padded->ptr + n - MESSAGE_MAX;
    for (size_t i = 0; i < MESSAGE_MAX; i++) {
        size_t other = i < MESSAGE_MAX - KEY_REJECT_SIZE ? 0 : instead[i - (MESSAGE_MAX - KEY_REJECT_SIZE)];
        tail[i] = (unsigned char)choose(good, tail[i], other);
    }
    len = choose(good, len, KEY_REJECT_SIZE);
    int result = secret_copy(out, tail + MESSAGE_MAX - len, len, err);
    explicit_bzero(padded->ptr, n);
    return result;
}
