/* fuzz_transfer - the first octet chooses: decode any octets, or encode them and read them back. */
#include "mime/transfer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 8u << 20, .size_max = 8u << 20};

static void must(bool holds)
{
    if (!holds)
        abort();
}

typedef int coder(struct span in, struct spool *out, struct err *err);

static struct spool *code(coder *function, struct span in)
{
    struct err err = ERR_INIT;
    struct spool *out = spool_new(&conf);
    if (function(in, out, &err) < 0 || spool_seal(out, &err) < 0)
        spool_free(&out);
    return out;
}

static struct spool *with_crlf(struct span in)
{
    struct err err = ERR_INIT;
    struct spool *out = spool_new(&conf);
    for (size_t i = 0; i < in.len; i++) {
        bool bare = in.ptr[i] == '\n' && (i == 0 || in.ptr[i - 1] != '\r');
        must((!bare || spool_write(out, "\r", 1, &err) == 0) && spool_write(out, in.ptr + i, 1, &err) == 0);
    }
    must(spool_seal(out, &err) == 0);
    return out;
}

static void check_round_trip(coder *encode, coder *decode, struct span in)
{
    SEAL_CLEANUP(spool_free) struct spool *encoded = code(encode, in);
    must(encoded != NULL && transfer_is_7bit(spool_all(encoded), 76));
    SEAL_CLEANUP(spool_free) struct spool *decoded = code(decode, spool_all(encoded));
    must(decoded != NULL && span_eq(spool_all(decoded), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 300000)
        return 0;
    struct span in = {(const char *)data + 1, size - 1};
    SEAL_CLEANUP(spool_free) struct spool *out = NULL;
    switch (data[0] % 4) {
    case 0:
        out = code(base64_decode, in);
        must(out == NULL || spool_size(out) <= in.len / 4 * 3);
        break;
    case 1:
        out = code(qp_decode, in);
        must(out == NULL || spool_size(out) <= in.len);
        break;
    case 2:
        check_round_trip(base64_encode, base64_decode, in);
        break;
    default:
        out = with_crlf(in);
        check_round_trip(qp_encode, qp_decode, spool_all(out));
    }
    return 0;
}
