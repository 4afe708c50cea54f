/* decompress - CompressedData (RFC 3274), stopped at a size (R33). Debian's OpenSSL is built without zlib, hence zlib itself. */
#include "smime/open.h"

#include "smime/oid.h"
#include "smime/outline.h"

#include <openssl/objects.h>
#define ZLIB_CONST
#include <zlib.h>

#define ROOM_SIZE 65536

struct inflation {
    z_stream z;
    struct spool *out;
    size_t left; /* octets that may still come out */
    bool ended;
};

static void end_inflation(struct inflation *inflation)
{
    inflateEnd(&inflation->z);
}

static int inflate_piece(struct inflation *inflation, struct span piece, struct err *err)
{
    unsigned char room[ROOM_SIZE];
    z_stream *z = &inflation->z;
    z->next_in = (const Bytef *)piece.ptr;
    z->avail_in = (uInt)piece.len;
    do {
        z->next_out = room;
        z->avail_out = sizeof room;
        int status = inflate(z, Z_NO_FLUSH);
        size_t n = sizeof room - z->avail_out;
        if (status == Z_MEM_ERROR)
            return err_set(err, ERR_IO, "no memory to decompress");
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return err_set(err, ERR_SYNTAX, "compressed content is damaged");
        if (n > inflation->left)
            return err_set(err, ERR_LIMIT, "decompressed content is too large");
        inflation->left -= n;
        inflation->ended = status == Z_STREAM_END;
        if (spool_write(inflation->out, room, n, err) < 0)
            return -1;
    } while (!inflation->ended && (z->avail_in > 0 || z->avail_out == 0));
    return 0;
}

static int inflate_content(struct octets *content, size_t max, struct spool *out, struct err *err)
{
    SEAL_CLEANUP(end_inflation) struct inflation inflation = {.out = out, .left = max};
    if (inflateInit(&inflation.z) != Z_OK)
        return err_set(err, ERR_IO, "no memory to decompress");
    for (struct span piece; octets_next(content, &piece);)
        for (size_t at = 0; at < piece.len && !inflation.ended; at += UINT32_MAX)
            if (inflate_piece(&inflation, span_sub(piece, at, UINT32_MAX), err) < 0)
                return -1;
    return inflation.ended ? 0 : err_set(err, ERR_SYNTAX, "compressed content is cut");
}

int smime_decompress(struct span cms, const struct smime_limits *limits, struct spool *out, struct err *err)
{
    struct outline outline;
    struct outline_compressed compressed;
    struct octets content;
    size_t size;
    if (outline_parse(cms, limits, &outline, err) < 0)
        return -1;
    if (outline.kind != SMIME_KIND_COMPRESSED)
        return err_set(err, ERR_SYNTAX, "not CompressedData");
    if (outline_compressed(&outline, &compressed, err) < 0 ||
        octets_begin(&compressed.content, &content, &size, err) < 0)
        return -1;
    if (oid_algorithm_nid(compressed.algorithm) != NID_zlib_compression ||
        oid_nid(compressed.content_type) != NID_pkcs7_data)
        return err_set(err, ERR_UNSUPPORTED, "compression that is not zlib of a MIME entity");
    return inflate_content(&content, limits->output_max, out, err);
}
