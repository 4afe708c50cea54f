/* What opens, what does not, and that the answer to everything wrong is the same. */
#include "smime/open.h"

#include "base/io.h"
#include "smime/frame.h"
#include "smime/outline.h"
#include "support/check.h"
#include "support/sealing.h"
#include "support/tool.h"

#include <errno.h>
#include <openssl/cms.h>
#include <string.h>
#include <time.h>

static struct pki *pki;
static struct pki_entity *root, *bob, *eve, *carl;

static void make_pki(void)
{
    pki = pki_new();
    root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    bob = pki_leaf(pki, root, &(struct pki_spec){.email = "bob@b.example", .type = PKI_RSA2048});
    eve = pki_leaf(pki, root, &(struct pki_spec){.email = "eve@e.example", .type = PKI_RSA2048});
    carl = pki_leaf(pki, root, &(struct pki_spec){.email = "carl@c.example", .type = PKI_P256});
}

static void drop_pki(void)
{
    pki_free(&pki);
}

/* What openssl cms -encrypt makes with further words, opened by us. */
static const struct {
    bool ec;
    const char *words[6];
    const char *cipher;
} theirs[] = {
    {false, {"-aes256"}, "aes256-cbc"},
    {false, {"-aes128"}, "aes128-cbc"},
    {false, {"-aes192"}, "aes192-cbc"},
    {false, {"-aes-256-gcm"}, "aes256-gcm"},
    {false, {"-aes-128-gcm"}, "aes128-gcm"},
    {false, {"-des3"}, "3des-cbc"},
    {false, {"-aes256", "-stream"}, "aes256-cbc"},
    {false, {"-aes256", "-keyid"}, "aes256-cbc"},
    {false, {"-aes256", "-keyopt", "rsa_padding_mode:oaep"}, "aes256-cbc"},
    {false, {"-aes256", "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"}, "aes256-cbc"},
    {true, {"-aes256"}, "aes256-cbc"},
    {true, {"-aes256", "-stream"}, "aes256-cbc"},
    {true, {"-aes-256-gcm"}, "aes256-gcm"},
    {true, {"-aes256", "-keyid"}, "aes256-cbc"},
    {true, {"-aes256", "-keyopt", "ecdh_kdf_md:sha384"}, "aes256-cbc"},
    {true, {"-aes256", "-keyopt", "ecdh_cofactor_mode:1"}, "aes256-cbc"},
    {true, {"-des3"}, "3des-cbc"},
    {false, {"-provider", "legacy", "-provider", "default", "-rc2-40"}, "rc2-cbc"},
    {false, {"-provider", "legacy", "-provider", "default", "-rc2-128"}, "rc2-cbc"},
    {false, {"-provider", "legacy", "-provider", "default", "-des"}, "des-cbc"},
    {true, {"-provider", "legacy", "-provider", "default", "-rc2-128"}, "rc2-cbc"},
};

static struct span openssl_encrypts(struct tool *tool, int i, struct span text)
{
    tool_entity(tool, "to", theirs[i].ec ? carl : bob);
    tool_write(tool, "in", text);
    const char *const *w = theirs[i].words;
    const char *rest[7] = {0};
    size_t n = 0;
    const char *keyopt[4] = {0};
    size_t k = 0;
    for (size_t j = 0; j < SEAL_COUNT(theirs[i].words) && w[j] != NULL; j++) {
        if (strcmp(w[j], "-keyopt") == 0) {
            keyopt[k++] = w[j++];
            keyopt[k++] = w[j];
        } else {
            rest[n++] = w[j];
        }
    }
    int status = tool_run(tool, "openssl", "cms", "-encrypt", "-binary", "-in", "in", "-outform", "DER",
                          "-out", "cms", "-recip", "to.pem", k > 0 ? keyopt[0] : "-binary",
                          k > 0 ? keyopt[1] : "-binary", k > 2 ? keyopt[2] : "-binary",
                          k > 2 ? keyopt[3] : "-binary", rest[0], rest[1], rest[2], rest[3], rest[4], NULL);
    ck_assert_msg(status == 0, "%s", tool_read(tool, "said").ptr);
    return tool_read(tool, "cms");
}

START_TEST(what_openssl_encrypts_opens)
{
    static const size_t sizes[] = {0, 5, 16, 1000, 100000};
    struct err err = ERR_INIT;
    struct tool *tool = tool_new();
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++) {
        struct span text = sealing_text(sizes[i]);
        struct span cms = openssl_encrypts(tool, _i, text);
        struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
        struct smime_outside outside;
        bool named[2];
        struct cert *certs[] = {eve->cert, theirs[_i].ec ? carl->cert : bob->cert};
        ck_ok(smime_look(arena, cms, &sealing_limits, &outside, &err));
        ck_assert_msg(outside.supported, "%s", outside.cipher);
        ck_assert_str_eq(outside.cipher, theirs[_i].cipher);
        ck_assert_int_eq(outside.weak, strncmp(outside.cipher, "aes", 3) != 0);
        ck_ok(smime_names(cms, &sealing_limits, certs, 2, named, &err));
        ck_assert(!named[0] && named[1]);
        ck_assert_msg(sealing_opens(cms, theirs[_i].ec ? carl : bob, text), "%zu octets", sizes[i]);
        arena_free(&arena);
        free((char *)text.ptr);
    }
    tool_free(&tool);
}
END_TEST

static const struct {
    enum pki_key type;
    enum smime_cipher cipher;
} kinds[] = {{PKI_RSA2048, SMIME_AES256_CBC},
             {PKI_RSA2048, SMIME_AES256_GCM},
             {PKI_P256, SMIME_AES256_CBC},
             {PKI_P256, SMIME_AES256_GCM}};

static struct pki_entity *recipient(int i)
{
    return kinds[i].type == PKI_RSA2048 ? bob : carl;
}

/* An object of the exact size, so that a sanitizer sees an octet too many. */
static char *exact_copy(struct span s)
{
    char *copy = malloc(s.len == 0 ? 1 : s.len);
    memcpy(copy, s.ptr, s.len);
    return copy;
}

/* Decrypts without asserting anything but that there is an answer. */
static enum smime_opened attempt(struct span cms, const struct pki_entity *who, struct spool **plain_out)
{
    struct err err = ERR_INIT;
    enum smime_opened result = SMIME_CANNOT;
    *plain_out = spool_new(&sealing_conf);
    int status = smime_decrypt(cms, &sealing_limits, who->cert, who->key, *plain_out, &result, &err);
    ck_assert_msg(status == 0 || err.code == ERR_LIMIT, "%s", err.msg);
    if (status == 0 && result == SMIME_OPENED)
        ck_ok(spool_seal(*plain_out, &err));
    return status == 0 ? result : SMIME_CANNOT;
}

START_TEST(any_flipped_octet_has_an_answer_and_never_opens_gcm_to_another_text)
{
    struct span text = sealing_text(40);
    SEAL_CLEANUP(spool_free)
    struct spool *cms = sealing_encrypt(text, (struct pki_entity *[]){recipient(_i)}, 1, kinds[_i].cipher);
    char *copy = exact_copy(spool_all(cms));
    struct span bytes = {copy, spool_size(cms)};
    size_t opened = 0;
    for (size_t at = 0; at < bytes.len; at++) {
        SEAL_CLEANUP(spool_free) struct spool *plain = NULL;
        copy[at] ^= (char)(at % 3 == 0 ? 0x01 : at % 3 == 1 ? 0x80 : 0xff);
        if (attempt(bytes, recipient(_i), &plain) == SMIME_OPENED) {
            opened++;
            if (kinds[_i].cipher ==
                SMIME_AES256_GCM) /* a flip in what the tag does not cover, such as a version */
                ck_assert_msg(span_eq(spool_all(plain), text), "octet %zu", at);
        }
        memcpy(copy, spool_all(cms).ptr, bytes.len);
    }
    ck_assert_uint_lt(opened, bytes.len);
    free(copy);
    free((char *)text.ptr);
}
END_TEST

START_TEST(gcm_content_or_tag_flipped_is_not_opened)
{
    struct err err = ERR_INIT;
    struct span text = sealing_text(3000);
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, &carl, 1, SMIME_AES256_GCM);
    struct outline outline;
    struct outline_sealed sealed;
    char *copy = exact_copy(spool_all(cms));
    struct span bytes = {copy, spool_size(cms)};
    ck_ok(outline_parse(bytes, &sealing_limits, &outline, &err));
    ck_ok(outline_sealed(&outline, &sealing_limits, &sealed, &err));
    const struct span targets[] = {sealed.content.body, sealed.mac};
    for (size_t t = 0; t < 2; t++)
        for (size_t at = 0; at < targets[t].len; at += t == 0 ? 97 : 1) {
            SEAL_CLEANUP(spool_free) struct spool *plain = NULL;
            size_t off = (size_t)(targets[t].ptr - copy) + at;
            copy[off] ^= 0x10;
            ck_assert_int_eq(attempt(bytes, carl, &plain), SMIME_NOT_OPENED);
            copy[off] ^= 0x10;
        }
    ck_assert(sealing_opens(bytes, carl, text));
    free(copy);
    free((char *)text.ptr);
}
END_TEST

START_TEST(object_cut_at_any_length_cannot_be_opened)
{
    struct span text = sealing_text(40);
    SEAL_CLEANUP(spool_free)
    struct spool *cms = sealing_encrypt(text, (struct pki_entity *[]){recipient(_i)}, 1, kinds[_i].cipher);
    for (size_t len = 0; len < spool_size(cms); len++) {
        SEAL_CLEANUP(spool_free) struct spool *plain = NULL;
        char *copy = exact_copy(spool_window(cms, 0, len));
        ck_assert_int_eq(attempt((struct span){copy, len}, recipient(_i), &plain), SMIME_CANNOT);
        free(copy);
    }
    free((char *)text.ptr);
}
END_TEST

/* A tag that was cut to what can be guessed, or left out. */
START_TEST(short_gcm_tag_is_not_accepted)
{
    struct err err = ERR_INIT;
    struct span text = sealing_text(100);
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, &carl, 1, SMIME_AES256_GCM);
    struct outline outline;
    struct outline_sealed sealed;
    ck_ok(outline_parse(spool_all(cms), &sealing_limits, &outline, &err));
    ck_ok(outline_sealed(&outline, &sealing_limits, &sealed, &err));
    for (size_t len = 0; len < 12; len++) {
        SEAL_CLEANUP(buf_fini) struct buf tag = BUF_INIT(100);
        SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(1 << 20);
        SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(1 << 20);
        SEAL_CLEANUP(spool_free) struct spool *plain = NULL;
        struct smime_outside outside;
        struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
        ber_put_header(&tag, BER_OCTETS, len);
        buf_add(&tag, sealed.mac.ptr, len);
        const struct frame frames[] = {
            {BER_SEQUENCE, outline.type, {"", 0}},
            {BER_CONTEXT_CONSTRUCTED, {"", 0}, {"", 0}},
            {BER_SEQUENCE, span_sub(outline.body, 0, outline.body.len - sealed.tail.len), buf_span(&tag)},
        };
        frame_put(frames, SEAL_COUNT(frames), 0, &der, &tail);
        buf_add_span(&der, buf_span(&tail));
        ck_ok(smime_look(arena, buf_span(&der), &sealing_limits, &outside, &err));
        ck_assert_int_eq(outside.kind, SMIME_KIND_AUTH_ENVELOPED);
        ck_assert(!outside.supported && !outside.authenticated);
        ck_assert_int_eq(attempt(buf_span(&der), carl, &plain), SMIME_CANNOT);
        arena_free(&arena);
    }
    free((char *)text.ptr);
}
END_TEST

START_TEST(wrong_key_is_not_opened)
{
    SEAL_CLEANUP(spool_free) struct spool *plain = NULL;
    struct span text = sealing_text(5000);
    SEAL_CLEANUP(spool_free)
    struct spool *cms = sealing_encrypt(text, (struct pki_entity *[]){recipient(_i)}, 1, kinds[_i].cipher);
    const struct pki_entity *other = kinds[_i].type == PKI_RSA2048 ? carl : bob;
    ck_assert_int_eq(attempt(spool_all(cms), eve, &plain), SMIME_NOT_OPENED);
    spool_free(&plain);
    ck_assert_int_eq(attempt(spool_all(cms), other, &plain), SMIME_NOT_OPENED);
    free((char *)text.ptr);
}
END_TEST

/* The content in pieces, as programs write it that do not know its length, nested as BER allows. */
static void put_pieces(struct buf *out, struct span content)
{
    for (size_t at = 0, n = 0; at < content.len; at += n) {
        n = content.len - at < at % 7 + 1 ? content.len - at : at % 7 + 1;
        if (at % 2 == 0)
            buf_add(out, "\x24\x80", 2);
        ber_put_header(out, BER_OCTETS, n);
        buf_add(out, content.ptr + at, n);
        if (at % 2 == 0)
            buf_add(out, "\0\0", 2);
    }
}

START_TEST(content_in_pieces_opens)
{
    struct err err = ERR_INIT;
    struct span text = sealing_text(1000);
    SEAL_CLEANUP(spool_free)
    struct spool *cms = sealing_encrypt(text, (struct pki_entity *[]){recipient(_i)}, 1, kinds[_i].cipher);
    struct outline outline;
    struct outline_sealed sealed;
    SEAL_CLEANUP(buf_fini) struct buf pieces = BUF_INIT(1 << 20);
    SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(1 << 20);
    SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(1 << 20);
    ck_ok(outline_parse(spool_all(cms), &sealing_limits, &outline, &err));
    ck_ok(outline_sealed(&outline, &sealing_limits, &sealed, &err));
    put_pieces(&pieces, sealed.content.body);
    struct span front = {sealed.version.ptr, sealed.version.len + sealed.recipients.all.len};
    const struct frame frames[] = {
        {BER_SEQUENCE, outline.type, {"", 0}},
        {BER_CONTEXT_CONSTRUCTED, {"", 0}, {"", 0}},
        {BER_SEQUENCE, front, sealed.tail},
        {BER_SEQUENCE, {sealed.content_type.ptr, sealed.content_type.len + sealed.algorithm.len}, {"", 0}},
        {BER_CONTEXT_CONSTRUCTED, {"", 0}, {"", 0}},
    };
    frame_put(frames, SEAL_COUNT(frames), pieces.len, &der, &tail);
    buf_add_span(&der, buf_span(&pieces));
    buf_add_span(&der, buf_span(&tail));
    ck_assert(sealing_opens(buf_span(&der), recipient(_i), text));
    free((char *)text.ptr);
}
END_TEST

/* AuthEnvelopedData with authAttrs (RFC 5083 2.2), which OpenSSL's own encryption does not make. */
static void encrypt_with_attributes(struct span text, struct span attrs, struct buf *out)
{
    struct err err = ERR_INIT;
    EVP_CIPHER_CTX *ctx;
    unsigned char set = BER_SET, tag[18] = {BER_OCTETS, 16}, *shell = NULL, room[1000];
    int n = 0;
    CMS_ContentInfo *info =
        CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_BINARY | CMS_PARTIAL | CMS_DETACHED);
    ck_assert(CMS_add1_recipient_cert(info, bob->x509, 0) != NULL);
    BIO *chain = CMS_dataInit(info, NULL);
    ck_assert(BIO_get_cipher_ctx(chain, &ctx) == 1);
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, NULL, &n, &set, 1), 1);
    ck_assert_int_eq(
        EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)attrs.ptr + 1, (int)attrs.len - 1), 1);
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, room, &n, (const unsigned char *)text.ptr, (int)text.len), 1);
    ck_assert_int_eq(EVP_EncryptFinal_ex(ctx, room + n, &(int){0}), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag + 2), 1);
    int size = i2d_CMS_ContentInfo(info, &shell);
    struct outline outline;
    struct outline_sealed sealed;
    ck_ok(outline_parse((struct span){(char *)shell, (size_t)size}, &sealing_limits, &outline, &err));
    ck_ok(outline_sealed(&outline, &sealing_limits, &sealed, &err));
    struct buf end = BUF_INIT(1000), tail = BUF_INIT(1000);
    buf_add_span(&end, attrs);
    buf_add(&end, tag, sizeof tag);
    const struct frame frames[] = {
        {BER_SEQUENCE, outline.type, {"", 0}},
        {BER_CONTEXT_CONSTRUCTED, {"", 0}, {"", 0}},
        {BER_SEQUENCE, {sealed.version.ptr, sealed.version.len + sealed.recipients.all.len}, buf_span(&end)},
        {BER_SEQUENCE, {sealed.content_type.ptr, sealed.content_type.len + sealed.algorithm.len}, {"", 0}},
        {BER_CONTEXT, {"", 0}, {"", 0}},
    };
    frame_put(frames, SEAL_COUNT(frames), text.len, out, &tail);
    buf_add(out, room, text.len);
    buf_add_span(out, buf_span(&tail));
    buf_fini(&end);
    buf_fini(&tail);
    OPENSSL_free(shell);
    BIO_free_all(chain);
    CMS_ContentInfo_free(info);
}

START_TEST(attributes_of_authenticated_content_are_authenticated_too)
{
    /* contentType: id-data */
    static const char attrs[] =
        "\xa1\x1a\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03\x31\x0b\x06\x09\x2a\x86"
        "\x48\x86\xf7\x0d\x01\x07\x01";
    SEAL_CLEANUP(buf_fini) struct buf cms = BUF_INIT(1 << 16);
    SEAL_CLEANUP(spool_free) struct spool *plain = NULL;
    struct span text = sealing_text(500);
    encrypt_with_attributes(text, (struct span){attrs, sizeof attrs - 1}, &cms);
    ck_assert(sealing_opens(buf_span(&cms), bob, text));
    size_t at = span_find(buf_span(&cms), attrs, sizeof attrs - 1, 0);
    cms.ptr[at + sizeof attrs - 2] ^= 2; /* signedData instead of data */
    ck_assert_int_eq(attempt(buf_span(&cms), bob, &plain), SMIME_NOT_OPENED);
    free((char *)text.ptr);
}
END_TEST

/* R17: broken in six ways, the answer is one and the time is of the same order. */
enum broken {
    BROKEN_NOT,
    BROKEN_WRAPPED_KEY,
    BROKEN_WRAPPED_KEY_LAST,
    BROKEN_FIRST_BLOCK,
    BROKEN_MIDDLE,
    BROKEN_PADDING,
    BROKEN_KINDS
};

static void break_it(const struct outline_sealed *sealed, enum broken how)
{
    char *key = (char *)sealed->recipients.all.ptr + sealed->recipients.all.len;
    char *content = (char *)sealed->content.body.ptr;
    size_t size = sealed->content.body.len;
    switch (how) {
    case BROKEN_WRAPPED_KEY:
        key[-20] ^= 1;
        break;
    case BROKEN_WRAPPED_KEY_LAST:
        key[-1] ^= 1;
        break;
    case BROKEN_FIRST_BLOCK:
        content[0] ^= 1;
        break;
    case BROKEN_MIDDLE:
        content[size / 2] ^= 1;
        break;
    case BROKEN_PADDING:
        content[size - 17] ^= 0x7f;
        break;
    case BROKEN_NOT:
    case BROKEN_KINDS:
    default:
        break;
    }
}

static double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

START_TEST(broken_objects_take_as_long_as_good_ones)
{
    enum {
        RUNS = 31
    };
    double times[BROKEN_KINDS][RUNS];
    struct err err = ERR_INIT;
    struct span text = sealing_text(300000);
    SEAL_CLEANUP(spool_free)
    struct spool *cms = sealing_encrypt(text, (struct pki_entity *[]){recipient(_i)}, 1, kinds[_i].cipher);
    for (int run = 0; run < RUNS; run++)
        for (int how = 0; how < BROKEN_KINDS; how++) {
            SEAL_CLEANUP(spool_free) struct spool *plain = NULL;
            char *copy = exact_copy(spool_all(cms));
            struct outline outline;
            struct outline_sealed sealed;
            ck_ok(outline_parse((struct span){copy, spool_size(cms)}, &sealing_limits, &outline, &err));
            ck_ok(outline_sealed(&outline, &sealing_limits, &sealed, &err));
            break_it(&sealed, (enum broken)how);
            double begin = thread_seconds();
            enum smime_opened result = attempt((struct span){copy, spool_size(cms)}, recipient(_i), &plain);
            times[how][run] = thread_seconds() - begin;
            if (how == BROKEN_NOT)
                ck_assert_int_eq(result, SMIME_OPENED);
            else
                ck_assert_int_ne(result, SMIME_CANNOT);
            free(copy);
        }
    for (int how = 0; how < BROKEN_KINDS; how++)
        qsort(times[how], RUNS, sizeof(double), by_value);
    for (int how = 1; how < BROKEN_KINDS; how++) { /* each distribution reaches into the good one's */
        ck_assert_msg(times[how][0] <= times[BROKEN_NOT][RUNS - 1], "kind %d is slower", how);
        ck_assert_msg(times[how][RUNS - 1] >= times[BROKEN_NOT][0], "kind %d is faster", how);
    }
    free((char *)text.ptr);
}
END_TEST

START_TEST(content_over_the_limit_is_refused_before_the_key_is_used)
{
    struct err err = ERR_INIT;
    struct smime_limits limits = SMIME_LIMITS_DEFAULT;
    enum smime_opened result;
    limits.output_max = 1000;
    struct span text = sealing_text(2000);
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, &bob, 1, SMIME_AES256_CBC);
    SEAL_CLEANUP(spool_free) struct spool *plain = spool_new(&sealing_conf);
    ck_fails(smime_decrypt(spool_all(cms), &limits, bob->cert, bob->key, plain, &result, &err), ERR_LIMIT);
    ck_assert_uint_eq(spool_size(plain), 0);
    free((char *)text.ptr);
}
END_TEST

START_TEST(spool_that_is_too_small_is_no_answer_of_its_own)
{
    struct err err = ERR_INIT;
    enum smime_opened result;
    struct span text = sealing_text(2000);
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(text, &bob, 1, SMIME_AES256_CBC);
    SEAL_CLEANUP(spool_free) struct spool *plain = spool_new(&(struct spool_conf){"/tmp", 1000, 1000});
    ck_ok(smime_decrypt(spool_all(cms), &sealing_limits, bob->cert, bob->key, plain, &result, &err));
    ck_assert_int_eq(result, SMIME_NOT_OPENED);
    free((char *)text.ptr);
}
END_TEST

START_TEST(what_is_not_encrypted_cannot_be_opened)
{
    SEAL_CLEANUP(spool_free) struct spool *plain = NULL;
    struct smime_signer signer = {.cert = bob->cert, .key = bob->key};
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_sign(SPAN_LIT("x"), &signer, SMIME_SIGN_OPAQUE);
    ck_assert_int_eq(attempt(spool_all(cms), bob, &plain), SMIME_CANNOT);
    spool_free(&plain);
    ck_assert_int_eq(attempt(SPAN_LIT("hello"), bob, &plain), SMIME_CANNOT);
}
END_TEST

static const struct spool_conf on_disk = {"/tmp", 0, SIZE_MAX};

START_TEST(failing_spool_is_a_failure_of_ours)
{
    struct span text = sealing_text(300000);
    SEAL_CLEANUP(spool_free)
    struct spool *cms = sealing_encrypt(text, (struct pki_entity *[]){recipient(_i)}, 1, kinds[_i].cipher);
    unsigned n = 1;
    for (;; n++) {
        struct err err = ERR_INIT;
        enum smime_opened result;
        SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&on_disk);
        io_fault_at(n, ENOSPC);
        int status = smime_decrypt(spool_all(cms), &sealing_limits, recipient(_i)->cert, recipient(_i)->key,
                                   out, &result, &err);
        bool hit = io_fault_count() >= n;
        io_fault_at(0, 0);
        if (!hit)
            break;
        ck_assert_int_eq(status, -1);
        ck_assert_msg(err.code == ERR_IO || err.code == ERR_DISK_FULL, "%s", err.msg);
    }
    ck_assert_uint_gt(n, 4);
    free((char *)text.ptr);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smime/decrypt");
    TCase *t = tcase_create("decrypt");
    tcase_add_checked_fixture(t, make_pki, drop_pki);
    tcase_add_loop_test(t, what_openssl_encrypts_opens, 0, SEAL_COUNT(theirs));
    tcase_add_loop_test(t, any_flipped_octet_has_an_answer_and_never_opens_gcm_to_another_text, 0,
                        SEAL_COUNT(kinds));
    tcase_add_test(t, gcm_content_or_tag_flipped_is_not_opened);
    tcase_add_loop_test(t, object_cut_at_any_length_cannot_be_opened, 0, SEAL_COUNT(kinds));
    tcase_add_loop_test(t, content_in_pieces_opens, 0, SEAL_COUNT(kinds));
    tcase_add_test(t, attributes_of_authenticated_content_are_authenticated_too);
    tcase_add_test(t, short_gcm_tag_is_not_accepted);
    tcase_add_loop_test(t, wrong_key_is_not_opened, 0, SEAL_COUNT(kinds));
    tcase_add_loop_test(t, broken_objects_take_as_long_as_good_ones, 0, SEAL_COUNT(kinds));
    tcase_add_test(t, content_over_the_limit_is_refused_before_the_key_is_used);
    tcase_add_test(t, spool_that_is_too_small_is_no_answer_of_its_own);
    tcase_add_test(t, what_is_not_encrypted_cannot_be_opened);
    tcase_add_loop_test(t, failing_spool_is_a_failure_of_ours, 0, SEAL_COUNT(kinds));
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
