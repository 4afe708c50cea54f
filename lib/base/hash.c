/* hash - SHA-256, SHA-1. */
#include "base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct hash {
    EVP_MD_CTX *ctx;
};

static void must(int ok)
{
    if (ok != 1)
        abort(); /* a digest cannot fail but for missing memory or a libcrypto without it */
}

struct hash *hash_new(void)
{
    struct hash *hash = xcalloc(1, sizeof *hash);
    hash->ctx = EVP_MD_CTX_new();
    must(hash->ctx != NULL);
    must(EVP_DigestInit_ex(hash->ctx, EVP_sha256(), NULL));
    return hash;
}

void hash_add(struct hash *hash, struct span bytes)
{
    must(EVP_DigestUpdate(hash->ctx, bytes.ptr, bytes.len));
}

void hash_add_field(struct hash *hash, struct span bytes)
{
    uint64_t len = bytes.len;
    unsigned char prefix[8];
    for (int i = 0; i < 8; i++)
        prefix[i] = (unsigned char)(len >> (56 - 8 * i));
    hash_add(hash, (struct span){(const char *)prefix, sizeof prefix});
    hash_add(hash, bytes);
}

void hash_end(struct hash *hash, unsigned char digest_out[HASH_SIZE])
{
    must(EVP_DigestFinal_ex(hash->ctx, digest_out, NULL));
}

void hash_free(struct hash **hash)
{
    if (*hash == NULL)
        return;
    EVP_MD_CTX_free((*hash)->ctx);
    free(*hash);
    *hash = NULL;
}

void hash_bytes(struct span bytes, unsigned char digest_out[HASH_SIZE])
{
    must(EVP_Digest(bytes.ptr, bytes.len, digest_out, NULL, EVP_sha256(), NULL));
}

void hash_sha1(struct span bytes, unsigned char digest_out[HASH_SHA1_SIZE])
{
    must(EVP_Digest(bytes.ptr, bytes.len, digest_out, NULL, EVP_sha1(), NULL));
}

void hash_hex(const unsigned char digest[HASH_SIZE], char hex_out[HASH_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < HASH_SIZE; i++) {
        hex_out[2 * i] = digits[digest[i] >> 4];
        hex_out[2 * i + 1] = digits[digest[i] & 15];
    }
    hex_out[2 * HASH_SIZE] = '\0';
}

unsigned long hash_library_version(void)
{
    return OpenSSL_version_num();
}
