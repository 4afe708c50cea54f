/* What is called a good signature, and that nothing else is. */
#include "smime/verify.h"

#include "base/io.h"
#include "smime/frame.h"
#include "smime/outline.h"
#include "support/check.h"
#include "support/sealing.h"
#include "support/tool.h"

#include <errno.h>
#include <string.h>

static struct pki *pki;
static struct pki_entity *root, *ca, *alice, *anna;
static struct span text;

static void make_pki(void)
{
    pki = pki_new();
    root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    ca = pki_ca(pki, root, &(struct pki_spec){.name = "Middle"});
    alice = pki_leaf(pki, ca, &(struct pki_spec){.email = "alice@a.example", .type = PKI_RSA2048});
    anna = pki_leaf(pki, ca, &(struct pki_spec){.email = "anna@a.example"});
    text = sealing_text(200);
}

static void drop_pki(void)
{
    pki_free(&pki);
    free((char *)text.ptr);
}

static struct smime_signer signer_of(const struct pki_entity *who)
{
    return (struct smime_signer){.cert = who->cert, .key = who->key, .chain = &ca->cert, .nchain = 1};
}

static struct spool *sign(const struct pki_entity *who, enum smime_sign_form form)
{
    struct smime_signer signer = signer_of(who);
    return sealing_sign(text, &signer, form);
}

#define ck_signature(verified, expected)                                                                     \
    ck_assert_msg((verified).signature == (expected), "%s: %s", signature_name((verified).signature),        \
                  (verified).why)

static const enum pki_key key_types[] = {PKI_RSA2048, PKI_RSA3072, PKI_RSA4096, PKI_P256, PKI_P384, PKI_P521};

START_TEST(our_own_signatures_are_good)
{
    struct pki_entity *who =
        pki_leaf(pki, ca, &(struct pki_spec){.email = "x@a.example", .type = key_types[_i]});
    for (int opaque = 0; opaque < 2; opaque++) {
        SEAL_CLEANUP(spool_free)
        struct spool *cms = sign(who, opaque ? SMIME_SIGN_OPAQUE : SMIME_SIGN_DETACHED);
        SEAL_CLEANUP(smime_verified_fini)
        struct smime_verified v = sealing_verify(spool_all(cms), opaque ? SEALING_OPAQUE : text, root->cert);
        ck_signature(v, SIGNATURE_GOOD);
        ck_assert_str_eq(v.why, "");
        ck_assert(cert_same(v.signer, who->cert));
        ck_assert_int_eq(v.signing_time, PKI_NOW);
        ck_assert_str_eq(v.capabilities, "aes256-gcm aes128-gcm aes256-cbc aes128-cbc");
        ck_assert_uint_eq(v.chain.npath, 3);
    }
}
END_TEST

static const struct {
    bool ec;
    enum signature signature;
    const char *words[6];
} theirs[] = {
    {false, SIGNATURE_GOOD, {NULL}},
    {false, SIGNATURE_GOOD, {"-md", "sha384"}},
    {false, SIGNATURE_GOOD, {"-md", "sha512"}},
    {false, SIGNATURE_GOOD, {"-md", "sha224"}},
    {false, SIGNATURE_WEAK, {"-md", "sha1"}},
    {false, SIGNATURE_WEAK, {"-md", "md5"}},
    {false, SIGNATURE_UNSUPPORTED, {"-md", "sha3-256"}},
    {false, SIGNATURE_GOOD, {"-keyopt", "rsa_padding_mode:pss"}},
    {false, SIGNATURE_GOOD, {"-keyid"}},
    {false, SIGNATURE_GOOD, {"-noattr"}},
    {false, SIGNATURE_GOOD, {"-nosmimecap"}},
    {false, SIGNATURE_GOOD, {"-cades"}},
    {false, SIGNATURE_GOOD, {"-stream", "-nodetach"}},
    {false, SIGNATURE_UNSUPPORTED, {"-nocerts"}},
    {true, SIGNATURE_GOOD, {NULL}},
    {true, SIGNATURE_GOOD, {"-noattr"}},
    {true, SIGNATURE_GOOD, {"-md", "sha384"}},
    {true, SIGNATURE_WEAK, {"-md", "sha1"}},
    {true, SIGNATURE_UNSUPPORTED, {"-econtent_type", "1.2.3.4"}},
};

START_TEST(what_openssl_signs_is_judged)
{
    struct tool *tool = tool_new();
    tool_entity(tool, "who", theirs[_i].ec ? anna : alice);
    tool_entity(tool, "ca", ca);
    tool_write(tool, "text", text);
    const char *const *w = theirs[_i].words;
    bool only_opaque = w[0] != NULL && strcmp(w[0], "-stream") == 0;
    for (int opaque = only_opaque; opaque < 2; opaque++) {
        int status = tool_run(tool, "openssl", "cms", "-sign", "-binary", "-in", "text", "-outform", "DER",
                              "-out", "cms", "-signer", "who.pem", "-inkey", "who.key", "-certfile", "ca.pem",
                              opaque ? "-nodetach" : "-binary", w[0], w[1], w[2], NULL);
        ck_assert_msg(status == 0, "%s", tool_read(tool, "said").ptr);
        SEAL_CLEANUP(smime_verified_fini)
        struct smime_verified v =
            sealing_verify(tool_read(tool, "cms"), opaque ? SEALING_OPAQUE : text, root->cert);
        /* openssl signs at the time of day, which is outside of the window; the certificates are valid now */
        ck_signature(v, theirs[_i].signature);
    }
    tool_free(&tool);
}
END_TEST

START_TEST(inner_content_of_opaque_is_released)
{
    struct err err = ERR_INIT;
    struct anchors *anchors = NULL;
    SEAL_CLEANUP(spool_free) struct spool *cms = sign(alice, SMIME_SIGN_OPAQUE);
    SEAL_CLEANUP(spool_free) struct spool *inner = spool_new(&sealing_conf);
    SEAL_CLEANUP(smime_verified_fini) struct smime_verified v;
    ck_ok(anchors_new(&root->cert, 1, NULL, 0, &anchors, &err));
    struct smime_verify_conf conf = {
        .anchors = anchors, .now = PKI_NOW, .signing_time_window = 0, .min_rsa_bits = 2048};
    ck_ok(smime_verify(spool_all(cms), SEALING_OPAQUE, &sealing_limits, &conf, inner, &v, &err));
    ck_ok(spool_seal(inner, &err));
    ck_assert(span_eq(spool_all(inner), text));
    anchors_free(&anchors);
}
END_TEST

START_TEST(failing_spool_is_a_failure_of_ours)
{
    static const struct spool_conf on_disk = {"/tmp", 0, SIZE_MAX};
    struct anchors *anchors = NULL;
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *cms = sign(alice, SMIME_SIGN_OPAQUE);
    ck_ok(anchors_new(&root->cert, 1, NULL, 0, &anchors, &err));
    struct smime_verify_conf conf = {
        .anchors = anchors, .now = PKI_NOW, .signing_time_window = 0, .min_rsa_bits = 2048};
    unsigned n = 1;
    for (;; n++) {
        SEAL_CLEANUP(spool_free) struct spool *inner = spool_new(&on_disk);
        SEAL_CLEANUP(smime_verified_fini) struct smime_verified v;
        io_fault_at(n, ENOSPC);
        int status = smime_verify(spool_all(cms), SEALING_OPAQUE, &sealing_limits, &conf, inner, &v, &err);
        bool hit = io_fault_count() >= n;
        io_fault_at(0, 0);
        if (!hit)
            break;
        ck_assert_int_eq(status, -1);
        ck_assert(err.code == ERR_IO || err.code == ERR_DISK_FULL);
        ck_assert_int_ne(v.signature, SIGNATURE_GOOD);
        err_clear(&err);
    }
    ck_assert_uint_gt(n, 1);
    anchors_free(&anchors);
}
END_TEST

START_TEST(content_must_be_where_it_belongs)
{
    SEAL_CLEANUP(spool_free) struct spool *opaque = sign(alice, SMIME_SIGN_OPAQUE);
    SEAL_CLEANUP(spool_free) struct spool *detached = sign(alice, SMIME_SIGN_DETACHED);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified a = sealing_verify(spool_all(opaque), text, root->cert);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified b = sealing_verify(spool_all(detached), SEALING_OPAQUE, root->cert);
    ck_signature(a, SIGNATURE_BAD);
    ck_signature(b, SIGNATURE_BAD);
}
END_TEST

/* Without a chain, since these are verified many times. */
static struct spool *sign_alone(enum pki_key type)
{
    struct pki_entity *who = pki_leaf(pki, root, &(struct pki_spec){.email = "x@a.example", .type = type});
    struct smime_signer signer = {.cert = who->cert, .key = who->key};
    return sealing_sign(text, &signer, SMIME_SIGN_DETACHED);
}

START_TEST(any_flipped_octet_of_the_text_is_bad)
{
    SEAL_CLEANUP(spool_free) struct spool *cms = sign_alone(_i == 0 ? PKI_RSA2048 : PKI_P256);
    for (size_t at = 0; at < text.len; at++) {
        ((char *)text.ptr)[at] ^= 1;
        SEAL_CLEANUP(smime_verified_fini)
        struct smime_verified v = sealing_verify(spool_all(cms), text, root->cert);
        ck_signature(v, SIGNATURE_BAD);
        ((char *)text.ptr)[at] ^= 1;
    }
}
END_TEST

/* What a signer vouches for, and the signature itself. */
static void find_signed_parts(struct span cms, struct ber *attrs_out, struct ber *signature_out)
{
    struct err err = ERR_INIT;
    struct outline outline;
    struct outline_signed parts;
    struct outline_signer signer;
    ck_ok(outline_parse(cms, &sealing_limits, &outline, &err));
    ck_ok(outline_signed(&outline, &sealing_limits, &parts, &err));
    struct span rest = parts.signers;
    ck_ok(outline_signer(&rest, &signer, &err));
    while (ber_next(&signer.kept, signature_out))
        if (signature_out->id == BER_CONTEXT_CONSTRUCTED)
            *attrs_out = *signature_out;
}

static bool holds(struct span s, const char *at)
{
    return at >= s.ptr && at < s.ptr + s.len;
}

START_TEST(any_flipped_octet_of_the_object_has_an_answer)
{
    size_t survived = 0;
    struct ber attrs = {0}, signature;
    SEAL_CLEANUP(spool_free) struct spool *cms = sign_alone(_i == 0 ? PKI_RSA2048 : PKI_P256);
    char *copy = malloc(spool_size(cms));
    struct span bytes = {copy, spool_size(cms)};
    memcpy(copy, spool_all(cms).ptr, bytes.len);
    find_signed_parts(bytes, &attrs, &signature);
    for (size_t at = 0; at < bytes.len; at++) {
        copy[at] ^= (char)(at % 3 == 0 ? 0x01 : at % 3 == 1 ? 0x80 : 0xff);
        SEAL_CLEANUP(smime_verified_fini) struct smime_verified v = sealing_verify(bytes, text, root->cert);
        if (v.signature == SIGNATURE_GOOD) { /* a version, the list of digests, an algorithm's NULL */
            ck_assert_msg(!holds(attrs.all, copy + at) && !holds(signature.all, copy + at), "octet %zu", at);
            survived++;
        }
        copy[at] = spool_all(cms).ptr[at];
    }
    ck_assert_uint_lt(survived, 40);
    free(copy);
}
END_TEST

START_TEST(object_cut_at_any_length_is_bad)
{
    SEAL_CLEANUP(spool_free) struct spool *cms = sign_alone(PKI_P256);
    for (size_t len = 0; len < spool_size(cms); len++) {
        char *copy = malloc(len + 1);
        copy = realloc(copy, len == 0 ? 1 : len);
        memcpy(copy, spool_all(cms).ptr, len);
        SEAL_CLEANUP(smime_verified_fini)
        struct smime_verified v = sealing_verify((struct span){copy, len}, text, root->cert);
        ck_signature(v, SIGNATURE_BAD);
        free(copy);
    }
}
END_TEST

START_TEST(untrusted_chain_is_untrusted)
{
    struct pki_entity *other = pki_root(pki, &(struct pki_spec){.name = "Other"});
    struct pki_entity *self = pki_self(pki, &(struct pki_spec){.email = "self@a.example"});
    SEAL_CLEANUP(spool_free) struct spool *a = sign(alice, SMIME_SIGN_DETACHED);
    SEAL_CLEANUP(spool_free) struct spool *b = sign(self, SMIME_SIGN_DETACHED);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified va = sealing_verify(spool_all(a), text, other->cert);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified vb = sealing_verify(spool_all(b), text, root->cert);
    ck_signature(va, SIGNATURE_UNTRUSTED);
    ck_signature(vb, SIGNATURE_UNTRUSTED);
    ck_assert(cert_same(va.signer, alice->cert) && va.why[0] != '\0');
    ck_assert_int_ne(va.chain.answer, CHAIN_OK);
}
END_TEST

/* A message must not vouch for itself by bringing its root along. */
START_TEST(root_inside_the_message_is_no_anchor)
{
    struct pki_entity *other = pki_root(pki, &(struct pki_spec){.name = "Other"});
    struct cert *chain[] = {ca->cert, root->cert};
    struct smime_signer signer = {.cert = alice->cert, .key = alice->key, .chain = chain, .nchain = 2};
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_sign(text, &signer, SMIME_SIGN_DETACHED);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified v = sealing_verify(spool_all(cms), text, other->cert);
    ck_signature(v, SIGNATURE_UNTRUSTED);
}
END_TEST

START_TEST(weak_and_untrusted_is_weak)
{
    struct pki_entity *small =
        pki_leaf(pki, ca, &(struct pki_spec){.email = "small@a.example", .type = PKI_RSA1024});
    struct pki_entity *other = pki_root(pki, &(struct pki_spec){.name = "Other"});
    SEAL_CLEANUP(spool_free) struct spool *cms = sign(small, SMIME_SIGN_DETACHED);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified a = sealing_verify(spool_all(cms), text, root->cert);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified b = sealing_verify(spool_all(cms), text, other->cert);
    ck_signature(a, SIGNATURE_WEAK);
    ck_signature(b, SIGNATURE_WEAK);
}
END_TEST

/* Signed while the certificate was valid, read after it ended. */
START_TEST(chain_is_judged_at_the_signing_time_within_the_window_only)
{
    static const struct {
        int64_t signed_at; /* before now */
        enum signature signature;
    } cases[] = {{20 * PKI_DAY, SIGNATURE_GOOD},
                 {5 * PKI_DAY, SIGNATURE_UNTRUSTED},
                 {31 * PKI_DAY, SIGNATURE_UNTRUSTED},
                 {-PKI_DAY, SIGNATURE_UNTRUSTED}};
    struct err err = ERR_INIT;
    struct pki_entity *old =
        pki_leaf(pki, ca, &(struct pki_spec){.email = "old@a.example", .not_after = PKI_NOW - 10 * PKI_DAY});
    struct smime_signer signer = signer_of(old);
    SEAL_CLEANUP(spool_free) struct spool *cms = spool_new(&sealing_conf);
    ck_ok(smime_sign(text, &signer, PKI_NOW - cases[_i].signed_at, SMIME_SIGN_DETACHED, cms, &err));
    ck_ok(spool_seal(cms, &err));
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified v = sealing_verify(spool_all(cms), text, root->cert);
    ck_signature(v, cases[_i].signature);
    ck_assert_int_eq(v.signing_time, PKI_NOW - cases[_i].signed_at);
}
END_TEST

START_TEST(certificate_that_may_not_sign_mail_is_untrusted)
{
    static const struct pki_spec specs[] = {{.email = "a@a.example", .key_usage = "keyAgreement"},
                                            {.email = "a@a.example", .eku = "serverAuth"}};
    struct pki_entity *who = pki_leaf(pki, ca, &specs[_i]);
    SEAL_CLEANUP(spool_free) struct spool *cms = sign(who, SMIME_SIGN_DETACHED);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified v = sealing_verify(spool_all(cms), text, root->cert);
    ck_signature(v, SIGNATURE_UNTRUSTED);
}
END_TEST

static struct smime_verified verify_with_preference(struct pki_entity *preferred, struct cert *anchor)
{
    struct smime_signer signer = signer_of(alice);
    signer.encrypt_cert = preferred->cert;
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_sign(text, &signer, SMIME_SIGN_DETACHED);
    return sealing_verify(spool_all(cms), text, anchor);
}

START_TEST(preferred_certificate_counts_for_same_address_and_anchor_only)
{
    struct pki_entity *other_root = pki_root(pki, &(struct pki_spec){.name = "Other"});
    const struct {
        struct pki_entity *preferred;
        bool counts;
    } cases[] = {
        {pki_leaf(pki, root, &(struct pki_spec){.email = "alice@a.example"}), true},
        {pki_leaf(pki, root, &(struct pki_spec){.email = "victim@v.example"}), false},
        {pki_leaf(pki, other_root, &(struct pki_spec){.email = "alice@a.example"}), false},
        {pki_self(pki, &(struct pki_spec){.email = "alice@a.example"}), false},
        {pki_leaf(pki, root, &(struct pki_spec){.email = "alice@a.example", .key_usage = "digitalSignature"}),
         false},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        SEAL_CLEANUP(smime_verified_fini)
        struct smime_verified v = verify_with_preference(cases[i].preferred, root->cert);
        ck_signature(v, SIGNATURE_GOOD);
        ck_assert_msg((v.encrypt_cert != NULL) == cases[i].counts, "case %zu", i);
        ck_assert(v.encrypt_cert == NULL || cert_same(v.encrypt_cert, cases[i].preferred->cert));
    }
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified v = verify_with_preference(cases[0].preferred, other_root->cert);
    ck_signature(v, SIGNATURE_UNTRUSTED);
    ck_assert_ptr_null(v.encrypt_cert);
}
END_TEST

START_TEST(extra_certificate_is_not_taken_for_the_preferred_one)
{
    struct pki_entity *extra = pki_leaf(pki, root, &(struct pki_spec){.email = "alice@a.example"});
    struct cert *chain[] = {ca->cert, extra->cert};
    struct smime_signer signer = {.cert = alice->cert, .key = alice->key, .chain = chain, .nchain = 2};
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_sign(text, &signer, SMIME_SIGN_DETACHED);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified v = sealing_verify(spool_all(cms), text, root->cert);
    ck_signature(v, SIGNATURE_GOOD);
    ck_assert_ptr_null(v.encrypt_cert);
    ck_assert(cert_same(v.signer, alice->cert));
}
END_TEST

START_TEST(what_is_not_signed_data_is_not_good)
{
    SEAL_CLEANUP(spool_free) struct spool *sealed = sealing_encrypt(text, &alice, 1, SMIME_AES256_CBC);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified a = sealing_verify(spool_all(sealed), text, root->cert);
    SEAL_CLEANUP(smime_verified_fini)
    struct smime_verified b = sealing_verify(SPAN_LIT("x"), text, root->cert);
    ck_signature(a, SIGNATURE_UNSUPPORTED);
    ck_signature(b, SIGNATURE_BAD);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smime/verify");
    TCase *t = tcase_create("verify");
    tcase_add_checked_fixture(t, make_pki, drop_pki);
    tcase_add_loop_test(t, our_own_signatures_are_good, 0, SEAL_COUNT(key_types));
    tcase_add_loop_test(t, what_openssl_signs_is_judged, 0, SEAL_COUNT(theirs));
    tcase_add_test(t, inner_content_of_opaque_is_released);
    tcase_add_test(t, failing_spool_is_a_failure_of_ours);
    tcase_add_test(t, content_must_be_where_it_belongs);
    tcase_add_loop_test(t, any_flipped_octet_of_the_text_is_bad, 0, 2);
    tcase_add_loop_test(t, any_flipped_octet_of_the_object_has_an_answer, 0, 2);
    tcase_add_test(t, object_cut_at_any_length_is_bad);
    tcase_add_test(t, untrusted_chain_is_untrusted);
    tcase_add_test(t, root_inside_the_message_is_no_anchor);
    tcase_add_test(t, weak_and_untrusted_is_weak);
    tcase_add_loop_test(t, chain_is_judged_at_the_signing_time_within_the_window_only, 0, 4);
    tcase_add_loop_test(t, certificate_that_may_not_sign_mail_is_untrusted, 0, 2);
    tcase_add_test(t, preferred_certificate_counts_for_same_address_and_anchor_only);
    tcase_add_test(t, extra_certificate_is_not_taken_for_the_preferred_one);
    tcase_add_test(t, what_is_not_signed_data_is_not_good);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
