/* SignedData that no honest program writes: forged with real keys, so that only the form is wrong (R11). */
#include "smime/signer.h"

#include "smime/frame.h"
#include "smime/verify.h"
#include "support/check.h"
#include "support/sealing.h"

#include <openssl/evp.h>
#include <string.h>

#define BYTES(literal) ((struct span){(literal), sizeof(literal) - 1})
#define NOTHING        ((struct span){"", 0})

static struct pki *pki;
static struct pki_entity *root, *alice;
static struct span text;

static void make_pki(void)
{
    pki = pki_new();
    root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    alice = pki_leaf(pki, root, &(struct pki_spec){.email = "alice@a.example"});
    text = sealing_text(200);
}

static void drop_pki(void)
{
    pki_free(&pki);
    free((char *)text.ptr);
}

/* Attributes as elements. AA: SEQUENCE { pkcs9 n, SET { value } }. */
#define PKCS9(n)     "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09" n
#define ID_DATA      "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define ID_SIGNED    "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define CONTENT_TYPE "\x30\x18" PKCS9("\x03") "\x31\x0b" ID_DATA

static void put_digest_attribute(struct buf *out, struct span content)
{
    unsigned char digest[HASH_SIZE];
    hash_bytes(content, digest);
    buf_add(out, "\x30\x2f" PKCS9("\x04") "\x31\x22\x04\x20", 17);
    buf_add(out, digest, sizeof digest);
}

/* What is signed when there are attributes: the same elements as a SET. */
static void put_signature(struct buf *out, struct span attrs, struct span content, EVP_PKEY *pkey)
{
    SEAL_CLEANUP(buf_fini) struct buf set = BUF_INIT(1u << 24);
    unsigned char signature[600];
    size_t len = sizeof signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ber_put_header(&set, BER_SET, attrs.len);
    buf_add_span(&set, attrs);
    struct span what = attrs.len > 0 ? buf_span(&set) : content;
    ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
    ck_assert_int_eq(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)what.ptr, what.len), 1);
    EVP_MD_CTX_free(ctx);
    ber_put_header(out, BER_OCTETS, len);
    buf_add(out, signature, len);
}

/* One SignerInfo with these attributes (none: no attributes), over the text. */
static void put_signer(struct buf *out, const struct pki_entity *who, struct span attrs)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf body = BUF_INIT(1u << 24);
    struct smime_signer signer = {.cert = who->cert, .key = who->key};
    SEAL_CLEANUP(spool_free) struct spool *model = sealing_sign(text, &signer, SMIME_SIGN_DETACHED);
    struct outline outline;
    struct outline_signed parts;
    struct outline_signer one;
    struct ber element;
    ck_ok(outline_parse(spool_all(model), &sealing_limits, &outline, &err));
    ck_ok(outline_signed(&outline, &sealing_limits, &parts, &err));
    ck_ok(outline_signer(&parts.signers, &one, &err));
    for (int i = 0; i < 3; i++) { /* version, identifier, digest */
        ck_assert(ber_next(&one.kept, &element));
        buf_add_span(&body, element.all);
    }
    if (attrs.len > 0) {
        ber_put_header(&body, BER_CONTEXT_CONSTRUCTED, attrs.len);
        buf_add_span(&body, attrs);
    }
    buf_add_span(&body, one.signature_algorithm);
    put_signature(&body, attrs, text, who->pkey);
    ber_put_header(out, BER_SEQUENCE, body.len);
    buf_add_span(out, buf_span(&body));
}

/* SignedData, detached, with these certificates and signers (whole elements). */
static void put_signed(struct buf *out, struct span certs, struct span signers)
{
    SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(1u << 24);
    SEAL_CLEANUP(buf_fini) struct buf front = BUF_INIT(1u << 24);
    buf_add(&front, "\x02\x01\x01\x31\x00\x30\x0b" ID_DATA, 18);
    ber_put_header(&front, BER_CONTEXT_CONSTRUCTED, certs.len);
    buf_add_span(&front, certs);
    const struct frame frames[] = {
        {BER_SEQUENCE, BYTES(ID_SIGNED), NOTHING},
        {BER_CONTEXT_CONSTRUCTED, NOTHING, NOTHING},
        {BER_SEQUENCE, buf_span(&front), NOTHING},
        {BER_SET, signers, NOTHING},
    };
    frame_put(frames, SEAL_COUNT(frames), 0, out, &tail);
    ck_assert(!out->failed && !front.failed);
}

static void assert_judged(struct span certs, struct span signers, enum signature expected)
{
    SEAL_CLEANUP(buf_fini) struct buf cms = BUF_INIT(1u << 26);
    put_signed(&cms, certs, signers);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified v = sealing_verify(buf_span(&cms), text, root->cert);
    ck_assert_msg(v.signature == expected, "%s: %s", signature_name(v.signature), v.why);
}

static void assert_attrs(struct span attrs, enum signature expected)
{
    SEAL_CLEANUP(buf_fini) struct buf signers = BUF_INIT(1u << 24);
    put_signer(&signers, alice, attrs);
    assert_judged(alice->der, buf_span(&signers), expected);
}

static const struct {
    struct span before; /* the right messageDigest stands between them, if wanted */
    bool digest;
    struct span after;
    enum signature signature;
} attributes[] = {
    {BYTES(CONTENT_TYPE), true, BYTES(""), SIGNATURE_GOOD},
    {BYTES(""), true, BYTES(""), SIGNATURE_BAD},            /* no contentType */
    {BYTES(CONTENT_TYPE), false, BYTES(""), SIGNATURE_BAD}, /* no messageDigest */
    {BYTES(CONTENT_TYPE CONTENT_TYPE), true, BYTES(""), SIGNATURE_BAD},
    {BYTES("\x30\x18" PKCS9("\x03") "\x31\x0b" ID_SIGNED), true, BYTES(""), SIGNATURE_BAD}, /* another type */
    {BYTES("\x30\x23" PKCS9("\x03") "\x31\x16" ID_DATA ID_DATA), true, BYTES(""), SIGNATURE_BAD},
    {BYTES("\x30\x0d" PKCS9("\x03") "\x31\x00"), true, BYTES(""), SIGNATURE_BAD}, /* no value */
    {BYTES(CONTENT_TYPE), true, BYTES("\x30\x11" PKCS9("\x04") "\x31\x04\x04\x02no"),
     SIGNATURE_BAD}, /* two digests */
    {BYTES(CONTENT_TYPE "\x30\x11" PKCS9("\x04") "\x31\x04\x04\x02no"), false, BYTES(""),
     SIGNATURE_BAD}, /* a wrong one */
    {BYTES(CONTENT_TYPE "\x30\x11" PKCS9("\x04") "\x31\x04\x0c\x02no"), false, BYTES(""),
     SIGNATURE_BAD}, /* no octets */
    {BYTES(CONTENT_TYPE), true,
     BYTES("\x30\x1c" PKCS9("\x05") "\x31\x0f\x17\x0d"
                                    "260101000000Z"),
     SIGNATURE_GOOD},
    {BYTES(CONTENT_TYPE), true,
     BYTES("\x30\x1c" PKCS9("\x05") "\x31\x0f\x17\x0d"
                                    "269901000000Z"),
     SIGNATURE_BAD}, /* month 99 */
    {BYTES(CONTENT_TYPE), true,
     BYTES("\x30\x1c" PKCS9("\x05") "\x31\x0f\x17\x0d"
                                    "260101000000Z"
                                    "\x30\x1c" PKCS9("\x05") "\x31\x0f\x17\x0d"
                                                             "250101000000Z"),
     SIGNATURE_BAD},
    {BYTES(CONTENT_TYPE), true,
     BYTES("\x30\x0f\x06\x03\x2a\x03\x04\x31\x08\x04\x06"
           "custom"),
     SIGNATURE_GOOD},
};

START_TEST(attributes_are_read_strictly)
{
    SEAL_CLEANUP(buf_fini) struct buf attrs = BUF_INIT(1u << 16);
    buf_add_span(&attrs, attributes[_i].before);
    if (attributes[_i].digest)
        put_digest_attribute(&attrs, text);
    buf_add_span(&attrs, attributes[_i].after);
    assert_attrs(buf_span(&attrs), attributes[_i].signature);
}
END_TEST

START_TEST(too_many_attributes_are_not_read)
{
    SEAL_CLEANUP(buf_fini) struct buf attrs = BUF_INIT(1u << 20);
    buf_add_span(&attrs, BYTES(CONTENT_TYPE));
    put_digest_attribute(&attrs, text);
    for (int i = 0; i < 62; i++)
        buf_add_span(&attrs, BYTES("\x30\x0f\x06\x03\x2a\x03\x04\x31\x08\x04\x06"
                                   "custom"));
    assert_attrs(buf_span(&attrs), SIGNATURE_GOOD);
    buf_add_span(&attrs, BYTES("\x30\x0f\x06\x03\x2a\x03\x04\x31\x08\x04\x06"
                               "custom"));
    assert_attrs(buf_span(&attrs), SIGNATURE_UNSUPPORTED);
}
END_TEST

/* The signing-certificate attribute, with the hash of one certificate or another. */
START_TEST(signing_certificate_attribute_must_name_the_signer)
{
    static const struct {
        const char *head;
        size_t head_size;
        const char *digest;
    } kinds[] = {
        /* id-smime-aa-signingCertificate: SEQUENCE { SEQUENCE { SEQUENCE { OCTETS } } }, likewise V2 */
        {"\x30\x2b\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c\x31\x1c\x30\x1a\x30\x18\x30\x16\x04"
         "\x14",
         25, "SHA1"},
        {"\x30\x37\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f\x31\x28\x30\x26\x30\x24\x30\x22\x04"
         "\x20",
         25, "SHA256"},
    };
    const struct pki_entity *named = _i % 2 == 0 ? alice : root;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;
    SEAL_CLEANUP(buf_fini) struct buf attrs = BUF_INIT(1u << 16);
    ck_assert_int_eq(X509_digest(named->x509, EVP_get_digestbyname(kinds[_i / 2].digest), digest, &len), 1);
    buf_add_span(&attrs, BYTES(CONTENT_TYPE));
    put_digest_attribute(&attrs, text);
    buf_add(&attrs, kinds[_i / 2].head, kinds[_i / 2].head_size);
    buf_add(&attrs, digest, len);
    assert_attrs(buf_span(&attrs), named == alice ? SIGNATURE_GOOD : SIGNATURE_BAD);
}
END_TEST

START_TEST(no_signer_is_bad)
{
    assert_judged(alice->der, NOTHING, SIGNATURE_BAD);
}
END_TEST

START_TEST(signature_without_attributes_is_good_for_a_mime_entity)
{
    SEAL_CLEANUP(buf_fini) struct buf signers = BUF_INIT(1u << 16);
    put_signer(&signers, alice, NOTHING);
    assert_judged(alice->der, buf_span(&signers), SIGNATURE_GOOD);
}
END_TEST

/*
 * The signature of a message with attributes is one over those attributes as a SET. Taken out and put beside that SET as the content
 * of a message without attributes it verifies: text that the signer never wrote.
 */
START_TEST(attributes_of_one_message_are_not_the_content_of_another)
{
    SEAL_CLEANUP(buf_fini) struct buf attrs = BUF_INIT(1u << 16);
    SEAL_CLEANUP(buf_fini) struct buf set = BUF_INIT(1u << 16);
    SEAL_CLEANUP(buf_fini) struct buf signers = BUF_INIT(1u << 16);
    struct span honest = text;
    buf_add_span(&attrs, BYTES(CONTENT_TYPE));
    put_digest_attribute(&attrs, text);
    ber_put_header(&set, BER_SET, attrs.len);
    buf_add_span(&set, buf_span(&attrs));
    text = buf_span(&set);
    put_signer(&signers, alice, NOTHING);
    assert_judged(alice->der, buf_span(&signers), SIGNATURE_BAD);
    text = honest;
}
END_TEST

START_TEST(every_signer_must_be_good)
{
    struct pki_entity *anna =
        pki_leaf(pki, root, &(struct pki_spec){.email = "anna@a.example", .type = PKI_RSA2048});
    struct pki_entity *eve = pki_self(pki, &(struct pki_spec){.email = "eve@e.example"});
    struct pki_entity *small =
        pki_leaf(pki, root, &(struct pki_spec){.email = "s@a.example", .type = PKI_RSA1024});
    const struct {
        const struct pki_entity *second;
        const char *attrs; /* NULL: good ones */
        enum signature signature;
    } cases[] = {{anna, NULL, SIGNATURE_GOOD},
                 {eve, NULL, SIGNATURE_UNTRUSTED},
                 {small, NULL, SIGNATURE_WEAK},
                 {anna, CONTENT_TYPE, SIGNATURE_BAD}};
    SEAL_CLEANUP(buf_fini) struct buf attrs = BUF_INIT(1u << 16);
    buf_add_span(&attrs, BYTES(CONTENT_TYPE));
    put_digest_attribute(&attrs, text);
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        for (int first = 0; first < 2; first++) {
            struct span odd = cases[i].attrs == NULL ? buf_span(&attrs) : span_of(cases[i].attrs);
            SEAL_CLEANUP(buf_fini) struct buf signers = BUF_INIT(1u << 16);
            SEAL_CLEANUP(buf_fini) struct buf certs = BUF_INIT(1u << 16);
            if (first)
                put_signer(&signers, cases[i].second, odd);
            put_signer(&signers, alice, buf_span(&attrs));
            if (!first)
                put_signer(&signers, cases[i].second, odd);
            buf_add_span(&certs, alice->der);
            buf_add_span(&certs, cases[i].second->der);
            assert_judged(buf_span(&certs), buf_span(&signers), cases[i].signature);
        }
}
END_TEST

START_TEST(signers_and_certificates_are_limited)
{
    SEAL_CLEANUP(buf_fini) struct buf signers = BUF_INIT(1u << 20);
    SEAL_CLEANUP(buf_fini) struct buf certs = BUF_INIT(1u << 20);
    for (int i = 0; i < 20; i++)
        put_signer(&signers, alice, NOTHING);
    assert_judged(alice->der, buf_span(&signers), SIGNATURE_GOOD);
    put_signer(&signers, alice, NOTHING);
    assert_judged(alice->der, buf_span(&signers), SIGNATURE_UNSUPPORTED);
    buf_clear(&signers);
    put_signer(&signers, alice, NOTHING);
    for (int i = 0; i < 100; i++)
        buf_add_span(&certs, alice->der);
    assert_judged(buf_span(&certs), buf_span(&signers), SIGNATURE_GOOD);
    buf_add_span(&certs, alice->der);
    assert_judged(buf_span(&certs), buf_span(&signers), SIGNATURE_UNSUPPORTED);
}
END_TEST

START_TEST(broken_certificate_beside_the_signers_does_no_harm)
{
    SEAL_CLEANUP(buf_fini) struct buf signers = BUF_INIT(1u << 16);
    SEAL_CLEANUP(buf_fini) struct buf certs = BUF_INIT(1u << 16);
    buf_add_span(&certs, BYTES("\x30\x03\x02\x01\x00\xa1\x03\x02\x01\x00"));
    buf_add_span(&certs, alice->der);
    put_signer(&signers, alice, NOTHING);
    assert_judged(buf_span(&certs), buf_span(&signers), SIGNATURE_GOOD);
}
END_TEST

START_TEST(missing_or_unusable_certificate_is_unsupported)
{
    SEAL_CLEANUP(buf_fini) struct buf signers = BUF_INIT(1u << 16);
    put_signer(&signers, alice, NOTHING);
    assert_judged(NOTHING, buf_span(&signers), SIGNATURE_UNSUPPORTED);
    assert_judged(root->der, buf_span(&signers), SIGNATURE_UNSUPPORTED);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smime/signer");
    TCase *t = tcase_create("signer");
    tcase_add_checked_fixture(t, make_pki, drop_pki);
    tcase_add_loop_test(t, attributes_are_read_strictly, 0, SEAL_COUNT(attributes));
    tcase_add_test(t, too_many_attributes_are_not_read);
    tcase_add_loop_test(t, signing_certificate_attribute_must_name_the_signer, 0, 4);
    tcase_add_test(t, no_signer_is_bad);
    tcase_add_test(t, signature_without_attributes_is_good_for_a_mime_entity);
    tcase_add_test(t, attributes_of_one_message_are_not_the_content_of_another);
    tcase_add_test(t, every_signer_must_be_good);
    tcase_add_test(t, signers_and_certificates_are_limited);
    tcase_add_test(t, broken_certificate_beside_the_signers_does_no_harm);
    tcase_add_test(t, missing_or_unusable_certificate_is_unsupported);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
