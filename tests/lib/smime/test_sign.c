/* What smime_sign writes is verified by another implementation and says what RFC 8551 wants. */
#include "smime/sign.h"

#include "base/io.h"
#include "smime/outline.h"
#include "support/check.h"
#include "support/sealing.h"
#include "support/tool.h"

#include <errno.h>
#include <string.h>

static struct pki *pki;
static struct pki_entity *root, *ca;
static struct tool *tool;

static void make_pki(void)
{
    pki = pki_new();
    tool = tool_new();
    root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    ca = pki_ca(pki, root, &(struct pki_spec){.name = "Middle"});
    tool_entity(tool, "root", root);
}

static void drop_pki(void)
{
    pki_free(&pki);
    tool_free(&tool);
}

static struct pki_entity *leaf(enum pki_key type)
{
    return pki_leaf(pki, ca, &(struct pki_spec){.email = "alice@a.example", .type = type});
}

static struct smime_signer signer_of(const struct pki_entity *who)
{
    return (struct smime_signer){.cert = who->cert, .key = who->key, .chain = &ca->cert, .nchain = 1};
}

static const enum pki_key key_types[] = {PKI_RSA2048, PKI_RSA3072, PKI_RSA4096, PKI_P256, PKI_P384, PKI_P521};

static int openssl_verifies(struct span cms, struct span text, bool detached)
{
    tool_write(tool, "cms", cms);
    tool_write(tool, "text", text);
    return tool_run(tool, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-CAfile",
                    "root.pem", "-no-CApath", "-no-CAstore", "-out", "plain",
                    detached ? "-content" : "-binary", detached ? "text" : "-binary", NULL);
}

START_TEST(openssl_verifies_what_we_sign)
{
    static const size_t sizes[] = {0, 1, 100, 100000};
    struct pki_entity *alice = leaf(key_types[_i]);
    struct smime_signer signer = signer_of(alice);
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++)
        for (int opaque = 0; opaque < 2; opaque++) {
            struct span text = sealing_text(sizes[i]);
            SEAL_CLEANUP(spool_free)
            struct spool *cms = sealing_sign(text, &signer, opaque ? SMIME_SIGN_OPAQUE : SMIME_SIGN_DETACHED);
            ck_assert_msg(openssl_verifies(spool_all(cms), text, !opaque) == 0, "%s",
                          tool_read(tool, "said").ptr);
            if (opaque)
                ck_assert(span_eq(tool_read(tool, "plain"), text));
            free((char *)text.ptr);
        }
}
END_TEST

START_TEST(openssl_refuses_other_text)
{
    struct pki_entity *alice = leaf(PKI_P256);
    struct smime_signer signer = signer_of(alice);
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_sign(SPAN_LIT("text"), &signer, SMIME_SIGN_DETACHED);
    ck_assert_int_ne(openssl_verifies(spool_all(cms), SPAN_LIT("texT"), true), 0);
}
END_TEST

static const char *printed(struct span cms)
{
    tool_write(tool, "cms", cms);
    ck_assert_int_eq(
        tool_run(tool, "openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "cms", NULL),
        0);
    return tool_read(tool, "said").ptr;
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        n++;
    return n;
}

START_TEST(attributes_are_those_of_rfc_8551)
{
    static const struct {
        const char *word;
        size_t times;
    } wanted[] = {
        {"object: contentType (", 1},
        {"object: messageDigest (", 1},
        {"object: signingTime (", 1},
        {"object: S/MIME Capabilities (", 1},
        {"object: id-smime-aa-signingCertificateV2 (", 1},
        {"object: id-smime-aa-encrypKeyPref (", 0},
        {"Jan  1 00:00:00 2026 GMT", 1},
        {":aes-256-gcm", 1},
        {":aes-128-gcm", 1},
        {":aes-256-cbc", 1},
        {":aes-128-cbc", 1},
        {"algorithm: rsaEncryption (", 1},
    };
    struct pki_entity *alice = leaf(PKI_RSA2048);
    struct smime_signer signer = signer_of(alice);
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_sign(SPAN_LIT("x"), &signer, SMIME_SIGN_DETACHED);
    const char *text = strstr(printed(spool_all(cms)), "signerInfos:");
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < SEAL_COUNT(wanted); i++)
        ck_assert_msg(count(text, wanted[i].word) == wanted[i].times, "%s in\n%s", wanted[i].word, text);
    const char *gcm = strstr(text, ":aes-256-gcm"), *cbc = strstr(text, ":aes-256-cbc");
    ck_assert(gcm < cbc); /* in order of preference */
}
END_TEST

static size_t certificates(struct span cms)
{
    struct err err = ERR_INIT;
    struct outline outline;
    struct outline_signed parts;
    ck_ok(outline_parse(cms, &sealing_limits, &outline, &err));
    ck_ok(outline_signed(&outline, &sealing_limits, &parts, &err));
    return ber_count(parts.certs);
}

START_TEST(chain_goes_in_once)
{
    struct pki_entity *alice = leaf(PKI_P256);
    struct cert *chain[] = {ca->cert, root->cert, ca->cert, alice->cert};
    struct smime_signer signer = {.cert = alice->cert, .key = alice->key, .chain = chain};
    for (size_t n = 0; n <= SEAL_COUNT(chain); n++) {
        signer.nchain = n;
        SEAL_CLEANUP(spool_free)
        struct spool *cms = sealing_sign(SPAN_LIT("x"), &signer, SMIME_SIGN_DETACHED);
        ck_assert_uint_eq(certificates(spool_all(cms)), n >= 2 ? 3 : 1 + n);
    }
}
END_TEST

START_TEST(encryption_certificate_goes_in_and_is_named)
{
    struct pki_entity *alice = leaf(PKI_P256), *other = leaf(PKI_RSA2048);
    struct cert *chain[] = {ca->cert, other->cert};
    struct smime_signer signer = {
        .cert = alice->cert, .key = alice->key, .chain = chain, .nchain = 2, .encrypt_cert = other->cert};
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_sign(SPAN_LIT("x"), &signer, SMIME_SIGN_DETACHED);
    ck_assert_uint_eq(certificates(spool_all(cms)), 3);
    ck_assert_int_eq(openssl_verifies(spool_all(cms), SPAN_LIT("x"), true), 0);
    ck_assert_uint_eq(count(printed(spool_all(cms)), "object: id-smime-aa-encrypKeyPref ("), 1);
}
END_TEST

START_TEST(key_of_another_certificate_is_refused)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
    struct smime_signer signer = signer_of(leaf(PKI_P256));
    signer.key = leaf(PKI_P256)->key;
    ck_fails(smime_sign(SPAN_LIT("x"), &signer, PKI_NOW, SMIME_SIGN_DETACHED, out, &err), ERR_KEY_UNUSABLE);
    signer.key = leaf(PKI_RSA2048)->key;
    ck_fails(smime_sign(SPAN_LIT("x"), &signer, PKI_NOW, SMIME_SIGN_DETACHED, out, &err), ERR_KEY_UNUSABLE);
}
END_TEST

START_TEST(time_after_2049_is_written)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
    struct smime_signer signer = signer_of(leaf(PKI_P256));
    ck_ok(smime_sign(SPAN_LIT("x"), &signer, INT64_C(2556144000), SMIME_SIGN_DETACHED, out, &err));
    ck_ok(spool_seal(out, &err));
    ck_assert_ptr_nonnull(strstr(printed(spool_all(out)), "GENERALIZEDTIME:Jan  1 00:00:00 2051 GMT"));
}
END_TEST

static const struct spool_conf on_disk = {"/tmp", 0, SIZE_MAX};

START_TEST(failing_spool_is_reported)
{
    struct smime_signer signer = signer_of(leaf(PKI_P256));
    unsigned n = 1;
    for (;; n++) {
        struct err err = ERR_INIT;
        SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&on_disk);
        io_fault_at(n, ENOSPC);
        int status = smime_sign(SPAN_LIT("x"), &signer, PKI_NOW, (enum smime_sign_form)_i, out, &err);
        bool hit = io_fault_count() >= n;
        io_fault_at(0, 0);
        if (!hit)
            break;
        ck_assert_int_eq(status, -1);
        ck_assert_msg(err.code == ERR_IO || err.code == ERR_DISK_FULL, "%s", err.msg);
    }
    ck_assert_uint_gt(n, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smime/sign");
    TCase *t = tcase_create("sign");
    tcase_add_checked_fixture(t, make_pki, drop_pki);
    tcase_add_loop_test(t, openssl_verifies_what_we_sign, 0, SEAL_COUNT(key_types));
    tcase_add_test(t, openssl_refuses_other_text);
    tcase_add_test(t, attributes_are_those_of_rfc_8551);
    tcase_add_test(t, chain_goes_in_once);
    tcase_add_test(t, encryption_certificate_goes_in_and_is_named);
    tcase_add_test(t, key_of_another_certificate_is_refused);
    tcase_add_test(t, time_after_2049_is_written);
    tcase_add_loop_test(t, failing_spool_is_reported, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
