/* pgp_forge - RFC 9580 5.7 and 5.13.1 with OpenSSL. */
#include "support/pgp_forge.h"

#include "base/hash.h"

#include <check.h>
#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

#define BLOCK  16
#define PREFIX (BLOCK + 2)

static unsigned nibble(char c)
{
    return (unsigned)(isdigit((unsigned char)c) ? c - '0' : toupper((unsigned char)c) - 'A' + 10);
}

/* Packets in front of the container, by their headers: tag 1 only. */
static struct span session_keys(struct span message)
{
    size_t at = 0;
    while (((unsigned char)message.ptr[at] & 0x3c) >> 2 == 1 &&
           ((unsigned char)message.ptr[at] & 0xc0) == 0x80) {
        bool two = ((unsigned char)message.ptr[at] & 3) == 1;
        size_t len = two ? ((unsigned char)message.ptr[at + 1] << 8) + (unsigned char)message.ptr[at + 2]
                         : (unsigned char)message.ptr[at + 1];
        at += (two ? 3 : 2) + len;
    }
    ck_assert_uint_gt(at, 0);
    return span_sub(message, 0, at);
}

struct pgp_forge pgp_forge_new(struct pgp_rig *rig, const struct pgp_person *whose,
                               const struct pgp_person *witness)
{
    struct pgp_forge forge;
    tool_write(rig->tool, "in", SPAN_LIT("text"));
    ck_assert_int_eq(pgp_rig_gpg(rig, "-o", "sealed", "-r", whose->fingerprint, "-r", witness->fingerprint,
                                 "-e", "in", NULL),
                     0);
    ck_assert_int_eq(pgp_rig_gpg(rig, "--show-session-key", "-o", "plain", "-d", "sealed", NULL), 0);
    struct span said = tool_read(rig->tool, "said");
    size_t at = span_find(said, "session key: '9:", 16, 0);
    ck_assert_msg(at != SIZE_MAX, "%.*s", SPAN_ARG(said));
    for (size_t i = 0; i < sizeof forge.key; i++)
        forge.key[i] =
            (unsigned char)(nibble(said.ptr[at + 16 + 2 * i]) << 4 | nibble(said.ptr[at + 17 + 2 * i]));
    forge.pkesk = session_keys(tool_read(rig->tool, "sealed"));
    return forge;
}

void pgp_forge_packet(struct buf *out, unsigned tag, struct span body)
{
    buf_add_char(out, (char)(0xc0 | tag));
    buf_add_char(out, (char)0xff);
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_char(out, (char)(body.len >> shift));
    buf_add_span(out, body);
}

void pgp_forge_literal(struct buf *out, struct span name, struct span content)
{
    struct buf body = BUF_INIT(FORGE_MAX);
    buf_add_char(&body, 'b');
    buf_add_char(&body, (char)name.len);
    buf_add_span(&body, name);
    buf_add(&body, "\0\0\0\0", 4);
    buf_add_span(&body, content);
    pgp_forge_packet(out, 11, buf_span(&body));
    buf_fini(&body);
}

void pgp_forge_compressed(struct buf *out, struct span content)
{
    struct buf body = BUF_INIT(FORGE_MAX);
    ck_assert_uint_le(content.len, 65535);
    buf_add_char(&body, 1); /* ZIP */
    buf_add_char(&body, 1); /* the last block, stored */
    buf_add_char(&body, (char)(content.len & 255));
    buf_add_char(&body, (char)(content.len >> 8));
    buf_add_char(&body, (char)~(content.len & 255));
    buf_add_char(&body, (char)~(content.len >> 8));
    buf_add_span(&body, content);
    pgp_forge_packet(out, 8, buf_span(&body));
    buf_fini(&body);
}

static void encrypt(const unsigned char key[32], const unsigned char iv[BLOCK], struct span in,
                    struct buf *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    char *room = buf_reserve(out, in.len + BLOCK);
    ck_assert(EVP_EncryptInit_ex(ctx, EVP_aes_256_cfb128(), NULL, key, iv) == 1);
    ck_assert(EVP_EncryptUpdate(ctx, (unsigned char *)room, &n, (const unsigned char *)in.ptr, (int)in.len) ==
              1);
    buf_commit(out, (size_t)n);
    EVP_CIPHER_CTX_free(ctx);
}

/* The prefix ends as its block did. */
static const char prefix[] = "0123456789abcdefef";

static void put_with_mdc(const struct pgp_forge *forge, struct span packets, enum pgp_forge_end end,
                         struct buf *out)
{
    static const unsigned char zero[BLOCK];
    struct buf plain = BUF_INIT(FORGE_MAX), body = BUF_INIT(FORGE_MAX);
    unsigned char digest[HASH_SHA1_SIZE];
    buf_add(&plain, prefix, PREFIX);
    buf_add_span(&plain, packets);
    if (end != FORGE_NO_MDC) {
        buf_add(&plain, "\xd3\x14", 2);
        hash_sha1(buf_span(&plain), digest);
        digest[7] ^= end == FORGE_WRONG_MDC ? 1 : 0;
        buf_add(&plain, digest, sizeof digest);
    }
    buf_add_char(&body, 1);
    encrypt(forge->key, zero, buf_span(&plain), &body);
    pgp_forge_packet(out, 18, buf_span(&body));
    buf_fini(&plain);
    buf_fini(&body);
}

/* CFB starts anew behind the prefix. */
static void put_old(const struct pgp_forge *forge, struct span packets, struct buf *out)
{
    static const unsigned char zero[BLOCK];
    struct buf body = BUF_INIT(FORGE_MAX);
    encrypt(forge->key, zero, (struct span){prefix, PREFIX}, &body);
    unsigned char iv[BLOCK];
    memcpy(iv, body.ptr + 2, BLOCK);
    encrypt(forge->key, iv, packets, &body);
    pgp_forge_packet(out, 9, buf_span(&body));
    buf_fini(&body);
}

void pgp_forge_message(const struct pgp_forge *forge, struct span packets, enum pgp_forge_end end,
                       struct buf *out)
{
    buf_add_span(out, forge->pkesk);
    if (end == FORGE_OLD)
        put_old(forge, packets, out);
    else
        put_with_mdc(forge, packets, end, out);
    ck_assert(!out->failed);
}
