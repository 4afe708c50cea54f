/* hex - lower case. */
#include "openpgp/hex.h"

void hex_fingerprint(const unsigned char octets[HASH_SHA1_SIZE], char out[HEX_FINGERPRINT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < HASH_SHA1_SIZE; i++) {
        out[2 * i] = digits[octets[i] >> 4];
        out[2 * i + 1] = digits[octets[i] & 15];
    }
    out[2 * HASH_SHA1_SIZE] = '\0';
}
