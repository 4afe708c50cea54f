/* public - version 4. */
#include "openpgp/public.h"

#include "openpgp/frame.h"
#include "openpgp/mpi.h"

#include <string.h>

#define HEAD        6    /* version, time, algorithm */
#define BODY_MAX    9000 /* four numbers of 16384 bits, and some */
#define KDF_OCTETS  4    /* with their length */
#define PREFIX      3    /* what the fingerprint's digest has in front */
#define FIRST_OCTET 0x99

enum algorithm {
    RSA = 1,
    RSA_ENCRYPT = 2,
    RSA_SIGN = 3,
    ELGAMAL = 16,
    DSA = 17,
    ECDH = 18,
    ECDSA = 19,
    EDDSA = 22,
};

#define BIT(algorithm) (1u << (algorithm))
#define WEIERSTRASS    (BIT(ECDH) | BIT(ECDSA))

static const struct curve {
    const char *oid;
    size_t len;
    const char *name;
    unsigned bits;
    unsigned algorithms; /* a set of BIT() */
} curves[] = {
    {"\x2b\x06\x01\x04\x01\xda\x47\x0f\x01", 9, "ed25519", 255, BIT(EDDSA)},
    {"\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01", 10, "cv25519", 255, BIT(ECDH)},
    {"\x2a\x86\x48\xce\x3d\x03\x01\x07", 8, "nistp256", 256, WEIERSTRASS},
    {"\x2b\x81\x04\x00\x22", 5, "nistp384", 384, WEIERSTRASS},
    {"\x2b\x81\x04\x00\x23", 5, "nistp521", 521, WEIERSTRASS},
    {"\x2b\x81\x04\x00\x0a", 5, "secp256k1", 256, WEIERSTRASS},
    {"\x2b\x24\x03\x03\x02\x08\x01\x01\x07", 9, "brainpoolP256r1", 256, WEIERSTRASS},
    {"\x2b\x24\x03\x03\x02\x08\x01\x01\x0b", 9, "brainpoolP384r1", 384, WEIERSTRASS},
    {"\x2b\x24\x03\x03\x02\x08\x01\x01\x0d", 9, "brainpoolP512r1", 512, WEIERSTRASS},
};

static enum public_read read_numbers(struct span s, unsigned count, const char *name, struct public *out)
{
    struct span rest = s;
    out->algorithm = name;
    return mpi_take(&rest, &out->bits) && mpi_are_all(s, count) ? PUBLIC_READ : PUBLIC_BROKEN;
}

static enum public_read read_curve(struct span s, enum algorithm algorithm, struct public *out)
{
    size_t len = s.len == 0 ? 0 : (unsigned char)s.ptr[0];
    if (len == 0 || len == 255 || len > s.len - 1)
        return PUBLIC_BROKEN;
    struct span oid = span_sub(s, 1, len), rest = span_sub(s, 1 + len, s.len);
    for (size_t i = 0; i < SEAL_COUNT(curves); i++) {
        const struct curve *curve = &curves[i];
        unsigned bits;
        if (!span_eq(oid, (struct span){curve->oid, curve->len}) || (curve->algorithms & BIT(algorithm)) == 0)
            continue;
        out->algorithm = curve->name;
        out->bits = curve->bits;
        bool fits = mpi_take(&rest, &bits) && rest.len == (algorithm == ECDH ? KDF_OCTETS : 0);
        return fits && (rest.len == 0 || rest.ptr[0] == KDF_OCTETS - 1) ? PUBLIC_READ : PUBLIC_BROKEN;
    }
    return PUBLIC_UNSUPPORTED;
}

static enum public_read read_material(unsigned algorithm, struct span s, struct public *out)
{
    switch (algorithm) {
    case RSA:
    case RSA_ENCRYPT:
    case RSA_SIGN:
        return read_numbers(s, 2, "rsa", out);
    case ELGAMAL:
        return read_numbers(s, 3, "elg", out);
    case DSA:
        return read_numbers(s, 4, "dsa", out);
    case ECDH:
    case ECDSA:
    case EDDSA:
        return read_curve(s, algorithm, out);
    default:
        return PUBLIC_UNSUPPORTED;
    }
}

static void read_fingerprint(struct span body, unsigned char out[HASH_SHA1_SIZE])
{
    char octets[PREFIX + BODY_MAX] = {(char)FIRST_OCTET, (char)(body.len >> 8), (char)body.len};
    memcpy(octets + PREFIX, body.ptr, body.len);
    hash_sha1((struct span){octets, PREFIX + body.len}, out);
}

enum public_read public_read(struct span body, struct public *out)
{
    *out = (struct public){.algorithm = NULL};
    if (body.len < HEAD)
        return PUBLIC_BROKEN;
    if (body.ptr[0] != 4 || body.len > BODY_MAX)
        return PUBLIC_UNSUPPORTED;
    out->created = frame_number(span_sub(body, 1, 4), 4);
    enum public_read result = read_material((unsigned char)body.ptr[5], span_sub(body, HEAD, body.len), out);
    if (result == PUBLIC_READ)
        read_fingerprint(body, out->fingerprint);
    return result;
}
