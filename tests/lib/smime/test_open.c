/* What is seen of a CMS object from outside, and that hostile structure is refused before it costs anything. */
#include "smime/open.h"

#include "smime/frame.h"
#include "smime/outline.h"
#include "support/check.h"
#include "support/sealing.h"

#include <string.h>
#include <time.h>

static struct pki *pki;
static struct pki_entity *root, *bob, *carl;
static struct arena *arena;

static void make_pki(void)
{
    pki = pki_new();
    arena = arena_new(ARENA_MAX_DEFAULT);
    root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    bob = pki_leaf(pki, root, &(struct pki_spec){.email = "bob@b.example", .type = PKI_RSA2048});
    carl = pki_leaf(pki, root, &(struct pki_spec){.email = "carl@c.example"});
}

static void drop_pki(void)
{
    pki_free(&pki);
    arena_free(&arena);
}

static struct smime_outside look(struct span cms)
{
    struct err err = ERR_INIT;
    struct smime_outside outside;
    ck_ok(smime_look(arena, cms, &sealing_limits, &outside, &err));
    return outside;
}

#define BYTES(literal) ((struct span){(literal), sizeof(literal) - 1})
#define OID_PKCS7(n)   "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07" n

static const struct {
    struct span bytes;
    enum smime_kind kind;
} objects[] = {
    {BYTES(""), SMIME_KIND_NONE},
    {BYTES("hello"), SMIME_KIND_NONE},
    {BYTES("\x30\x00"), SMIME_KIND_NONE},
    {BYTES("\x30\x0b" OID_PKCS7("\x03")), SMIME_KIND_NONE},                        /* no content */
    {BYTES("\x30\x0f" OID_PKCS7("\x01") "\xa0\x02\x04\x00"), SMIME_KIND_OTHER},    /* data */
    {BYTES("\x30\x0f" OID_PKCS7("\x06") "\xa0\x02\x30\x00"), SMIME_KIND_OTHER},    /* encryptedData */
    {BYTES("\x30\x0f" OID_PKCS7("\x01") "\xa0\x02\x04\x00\x0a"), SMIME_KIND_NONE}, /* a line end behind */
    {BYTES("\x30\x0f" OID_PKCS7("\x03") "\xa0\x02\x30\x00"), SMIME_KIND_NONE},     /* empty EnvelopedData */
    {BYTES("\x30\x0f" OID_PKCS7("\x02") "\xa0\x02\x30\x00"), SMIME_KIND_NONE},     /* empty SignedData */
    {BYTES("\x30\x0f" OID_PKCS7("\x02") "\xa0\x02\x04\x00"), SMIME_KIND_NONE},     /* not a SEQUENCE inside */
    {BYTES("\x30\x11" OID_PKCS7("\x01") "\xa0\x02\x04\x00\x05\x00"), SMIME_KIND_NONE}, /* one more element */
};

START_TEST(kind_is_told_by_structure)
{
    struct smime_outside outside = look(objects[_i].bytes);
    ck_assert_int_eq(outside.kind, objects[_i].kind);
    ck_assert(outside.why != NULL && outside.why[0] != '\0');
    ck_assert(!outside.supported);
}
END_TEST

START_TEST(unknown_type_is_named)
{
    struct smime_outside outside = look(BYTES("\x30\x0f" OID_PKCS7("\x05") "\xa0\x02\x30\x00"));
    ck_assert_int_eq(outside.kind, SMIME_KIND_OTHER);
    ck_assert_ptr_nonnull(strstr(outside.why, "1.2.840.113549.1.7.5"));
}
END_TEST

START_TEST(signed_data_is_signed)
{
    struct smime_signer signer = {.cert = bob->cert, .key = bob->key};
    SEAL_CLEANUP(spool_free)
    struct spool *cms = sealing_sign(SPAN_LIT("x"), &signer, (enum smime_sign_form)_i);
    ck_assert_int_eq(look(spool_all(cms)).kind, SMIME_KIND_SIGNED);
}
END_TEST

START_TEST(certificates_are_named)
{
    struct err err = ERR_INIT;
    struct pki_entity *dora =
        pki_leaf(pki, root, &(struct pki_spec){.email = "d@d.example", .type = PKI_RSA2048});
    struct pki_entity *emil = pki_leaf(pki, root, &(struct pki_spec){.email = "e@e.example"});
    struct cert *certs[] = {bob->cert, carl->cert, dora->cert, emil->cert};
    bool named[4];
    SEAL_CLEANUP(spool_free)
    struct spool *rsa =
        sealing_encrypt(SPAN_LIT("x"), (struct pki_entity *[]){bob, dora}, 2, SMIME_AES256_CBC);
    SEAL_CLEANUP(spool_free)
    struct spool *ec = sealing_encrypt(SPAN_LIT("x"), (struct pki_entity *[]){emil}, 1, SMIME_AES256_GCM);
    ck_ok(smime_names(spool_all(rsa), &sealing_limits, certs, 4, named, &err));
    ck_assert(named[0] && !named[1] && named[2] && !named[3]);
    ck_ok(smime_names(spool_all(ec), &sealing_limits, certs, 4, named, &err));
    ck_assert(!named[0] && !named[1] && !named[2] && named[3]);
}
END_TEST

START_TEST(what_is_not_encrypted_names_nobody)
{
    struct err err = ERR_INIT;
    bool named = true;
    struct smime_signer signer = {.cert = bob->cert, .key = bob->key};
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_sign(SPAN_LIT("x"), &signer, SMIME_SIGN_OPAQUE);
    ck_ok(smime_names(spool_all(cms), &sealing_limits, &bob->cert, 1, &named, &err));
    ck_assert(!named);
    named = true;
    ck_ok(smime_names(SPAN_LIT("garbage"), &sealing_limits, &bob->cert, 1, &named, &err));
    ck_assert(!named);
}
END_TEST

/* One of our envelopes, its parts exchanged. */
struct forged {
    struct span recipients; /* contents */
    struct span algorithm;
    struct span type;
};

static void forge(struct span cms, const struct forged *with, struct buf *out)
{
    struct err err = ERR_INIT;
    struct outline outline;
    struct outline_sealed sealed;
    ck_ok(outline_parse(cms, &sealing_limits, &outline, &err));
    ck_ok(outline_sealed(&outline, &sealing_limits, &sealed, &err));
    struct span algorithm = with->algorithm.len > 0 ? with->algorithm : sealed.algorithm;
    SEAL_CLEANUP(buf_fini) struct buf front = BUF_INIT(1u << 28);
    SEAL_CLEANUP(buf_fini) struct buf info = BUF_INIT(1u << 20);
    SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(1u << 20);
    buf_add_span(&front, sealed.version);
    ber_put_header(&front, BER_SET,
                   with->recipients.len > 0 ? with->recipients.len : sealed.recipients.body.len);
    buf_add_span(&front, with->recipients.len > 0 ? with->recipients : sealed.recipients.body);
    buf_add_span(&info, sealed.content_type);
    buf_add_span(&info, algorithm);
    const struct frame frames[] = {
        {BER_SEQUENCE, with->type.len > 0 ? with->type : outline.type, {"", 0}},
        {BER_CONTEXT_CONSTRUCTED, {"", 0}, {"", 0}},
        {BER_SEQUENCE, buf_span(&front), sealed.tail},
        {BER_SEQUENCE, buf_span(&info), sealed.content.all},
    };
    frame_put(frames, SEAL_COUNT(frames), 0, out, &tail);
    buf_add_span(out, buf_span(&tail));
}

static struct span one_recipient(struct span cms)
{
    struct err err = ERR_INIT;
    struct outline outline;
    struct outline_sealed sealed;
    ck_ok(outline_parse(cms, &sealing_limits, &outline, &err));
    ck_ok(outline_sealed(&outline, &sealing_limits, &sealed, &err));
    return sealed.recipients.body;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void assert_refused_fast(struct span cms)
{
    struct err err = ERR_INIT;
    struct smime_outside outside;
    bool named;
    enum smime_opened result;
    SEAL_CLEANUP(spool_free) struct spool *plain = spool_new(&sealing_conf);
    double begin = seconds();
    ck_fails(smime_look(arena, cms, &sealing_limits, &outside, &err), ERR_LIMIT);
    ck_fails(smime_names(cms, &sealing_limits, &bob->cert, 1, &named, &err), ERR_LIMIT);
    ck_fails(smime_decrypt(cms, &sealing_limits, bob->cert, bob->key, plain, &result, &err), ERR_LIMIT);
    ck_assert_double_lt(seconds() - begin, 20.0); /* trying each would take minutes */
}

START_TEST(hundred_thousand_recipients_are_refused_fast)
{
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(SPAN_LIT("x"), &bob, 1, SMIME_AES256_CBC);
    SEAL_CLEANUP(buf_fini) struct buf many = BUF_INIT(1u << 28);
    SEAL_CLEANUP(buf_fini) struct buf forged = BUF_INIT(1u << 28);
    struct span one = one_recipient(spool_all(cms));
    for (int i = 0; i < 100000; i++)
        buf_add_span(&many, one);
    forge(spool_all(cms), &(struct forged){.recipients = buf_span(&many)}, &forged);
    assert_refused_fast(buf_span(&forged));
}
END_TEST

/* One KeyAgreeRecipientInfo that holds them all. */
START_TEST(hundred_thousand_agreed_keys_are_refused_fast)
{
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(SPAN_LIT("x"), &carl, 1, SMIME_AES256_CBC);
    SEAL_CLEANUP(buf_fini) struct buf forged = BUF_INIT(1u << 28);
    SEAL_CLEANUP(buf_fini) struct buf keys = BUF_INIT(1u << 28);
    SEAL_CLEANUP(buf_fini) struct buf body = BUF_INIT(1u << 28);
    SEAL_CLEANUP(buf_fini) struct buf agreement = BUF_INIT(1u << 28);
    struct span rest = one_recipient(spool_all(cms));
    struct ber one, element;
    ck_assert(ber_take(&rest, OUTLINE_AGREEMENT, &one));
    for (int i = 0; i < 3; i++) { /* version, originator, algorithm */
        ck_assert(ber_next(&one.body, &element));
        buf_add_span(&body, element.all);
    }
    ck_assert(ber_take(&one.body, BER_SEQUENCE, &element));
    for (int i = 0; i < 100000; i++)
        buf_add_span(&keys, element.body);
    ber_put_header(&body, BER_SEQUENCE, keys.len);
    buf_add_span(&body, buf_span(&keys));
    ber_put_header(&agreement, OUTLINE_AGREEMENT, body.len);
    buf_add_span(&agreement, buf_span(&body));
    forge(spool_all(cms), &(struct forged){.recipients = buf_span(&agreement)}, &forged);
    assert_refused_fast(buf_span(&forged));
}
END_TEST

/* Few recipients, one with a name of very many parts: each would be an allocation of OpenSSL's. */
START_TEST(names_of_many_parts_are_refused)
{
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(SPAN_LIT("x"), &bob, 1, SMIME_AES256_CBC);
    SEAL_CLEANUP(buf_fini) struct buf name = BUF_INIT(1u << 22);
    SEAL_CLEANUP(buf_fini) struct buf recipient = BUF_INIT(1u << 22);
    SEAL_CLEANUP(buf_fini) struct buf forged = BUF_INIT(1u << 22);
    for (int i = 0; i < 300000; i++)
        buf_add(&name, "\x31\x00", 2);
    ber_put_header(&recipient, BER_SEQUENCE, name.len);
    buf_add_span(&recipient, buf_span(&name));
    forge(spool_all(cms), &(struct forged){.recipients = buf_span(&recipient)}, &forged);
    assert_refused_fast(buf_span(&forged));
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(SPAN_LIT("x"), &bob, 1, SMIME_AES256_CBC);
    SEAL_CLEANUP(buf_fini) struct buf deep = BUF_INIT(1u << 22);
    SEAL_CLEANUP(buf_fini) struct buf forged = BUF_INIT(1u << 22);
    for (int i = 0; i < 100; i++)
        buf_add(&deep, "\x30\x80", 2);
    for (int i = 0; i < 100; i++)
        buf_add(&deep, "\0\0", 2);
    forge(spool_all(cms), &(struct forged){.recipients = buf_span(&deep)}, &forged);
    assert_refused_fast(buf_span(&forged));
}
END_TEST

#define AES(n) "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01" n

static const struct {
    bool gcm; /* the envelope that is forged */
    struct span algorithm;
    const char *cipher;
} algorithms[] = {
    {false, BYTES("\x30\x1a" AES("\x2e") "\x30\x0d\x04\x08nonceXXX\x02\x01\x10"),
     "aes256-gcm"}, /* GCM without a tag */
    {true,
     BYTES("\x30\x1d" AES("\x2a") "\x04\x10"
                                  "0123456789abcdef"),
     "aes256-cbc"}, /* would pass for authenticated */
    {false,
     BYTES("\x30\x1c" AES("\x2a") "\x04\x0f"
                                  "0123456789abcde"),
     NULL},                                       /* IV of 15 octets */
    {false, BYTES("\x30\x0b" AES("\x2a")), NULL}, /* no IV */
    {true,
     BYTES("\x30\x23" AES("\x2e") "\x30\x16\x04\x14"
                                  "01234567890123456789"),
     NULL}, /* a nonce longer than any buffer */
    {true,
     BYTES("\x30\x16" AES("\x2e") "\x30\x09\x04\x07"
                                  "0123456"),
     NULL},
    {false, BYTES("\x30\x05\x06\x03\x2a\x03\x04"), "1.2.3.4"}, /* nobody's */
};

START_TEST(cipher_that_does_not_fit_is_not_supported)
{
    enum smime_opened result;
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *plain = spool_new(&sealing_conf);
    SEAL_CLEANUP(buf_fini) struct buf forged = BUF_INIT(1u << 22);
    SEAL_CLEANUP(spool_free)
    struct spool *cms =
        sealing_encrypt(SPAN_LIT("x"), &bob, 1, algorithms[_i].gcm ? SMIME_AES256_GCM : SMIME_AES256_CBC);
    forge(spool_all(cms), &(struct forged){.algorithm = algorithms[_i].algorithm}, &forged);
    struct smime_outside outside = look(buf_span(&forged));
    ck_assert_int_eq(outside.kind, algorithms[_i].gcm ? SMIME_KIND_AUTH_ENVELOPED : SMIME_KIND_ENVELOPED);
    ck_assert(!outside.supported && !outside.authenticated);
    ck_assert_ptr_nonnull(outside.cipher);
    if (algorithms[_i].cipher != NULL && algorithms[_i].cipher[0] == '1')
        ck_assert_str_eq(outside.cipher, algorithms[_i].cipher);
    ck_ok(smime_decrypt(buf_span(&forged), &sealing_limits, bob->cert, bob->key, plain, &result, &err));
    ck_assert_int_eq(result, SMIME_CANNOT);
}
END_TEST

/* A password and nothing else. */
START_TEST(recipients_of_other_kinds_are_counted_but_not_supported)
{
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(SPAN_LIT("x"), &bob, 1, SMIME_AES256_CBC);
    SEAL_CLEANUP(buf_fini) struct buf forged = BUF_INIT(1u << 22);
    forge(spool_all(cms), &(struct forged){.recipients = BYTES("\xa3\x03\x02\x01\x00\xa3\x03\x02\x01\x00")},
          &forged);
    struct smime_outside outside = look(buf_span(&forged));
    ck_assert_int_eq(outside.kind, SMIME_KIND_ENVELOPED);
    ck_assert_uint_eq(outside.nrecipients, 2);
    ck_assert(!outside.supported);
}
END_TEST

START_TEST(any_flipped_octet_has_an_answer)
{
    SEAL_CLEANUP(spool_free)
    struct spool *cms = sealing_encrypt(SPAN_LIT("x"), _i == 0 ? &bob : &carl, 1, SMIME_AES256_GCM);
    char *copy = malloc(spool_size(cms));
    memcpy(copy, spool_all(cms).ptr, spool_size(cms));
    for (size_t bit = 0; bit < 8 * spool_size(cms); bit++) {
        struct err err = ERR_INIT;
        struct smime_outside outside;
        bool named;
        struct span bytes = {copy, spool_size(cms)};
        copy[bit / 8] ^= (char)(1 << bit % 8);
        struct arena *each = arena_new(ARENA_MAX_DEFAULT);
        int looked = smime_look(each, bytes, &sealing_limits, &outside, &err);
        int asked = smime_names(bytes, &sealing_limits, &bob->cert, 1, &named, &err);
        ck_assert((looked == 0 && asked == 0) || err.code == ERR_LIMIT);
        arena_free(&each);
        copy[bit / 8] ^= (char)(1 << bit % 8);
    }
    free(copy);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smime/open");
    TCase *t = tcase_create("open");
    tcase_add_checked_fixture(t, make_pki, drop_pki);
    tcase_add_loop_test(t, kind_is_told_by_structure, 0, SEAL_COUNT(objects));
    tcase_add_test(t, unknown_type_is_named);
    tcase_add_loop_test(t, signed_data_is_signed, 0, 2);
    tcase_add_test(t, certificates_are_named);
    tcase_add_test(t, what_is_not_encrypted_names_nobody);
    tcase_add_test(t, hundred_thousand_recipients_are_refused_fast);
    tcase_add_test(t, hundred_thousand_agreed_keys_are_refused_fast);
    tcase_add_test(t, names_of_many_parts_are_refused);
    tcase_add_test(t, deep_nesting_is_refused);
    tcase_add_loop_test(t, cipher_that_does_not_fit_is_not_supported, 0, SEAL_COUNT(algorithms));
    tcase_add_test(t, recipients_of_other_kinds_are_counted_but_not_supported);
    tcase_add_loop_test(t, any_flipped_octet_has_an_answer, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
