/* conformance_messages - claims on CMS: what is signed with a key is verified by others, what others encrypt for it is opened. */
#include "conformance.h"

#include "smime/ca.h"
#include "smime/cert_x509.h"
#include "support/sealing.h"
#include "support/tool.h"
#include "token/evp.h"

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

static struct err err;

/* Alice with a certificate of a key of this kind, which the backend operates. */
struct site {
    struct pki *pki;
    struct pki_entity *root, *alice;
    struct tool *tool;
    struct span text;
};

static void site_init(struct site *site, enum kind kind)
{
    EVP_PKEY *public = conformance_public(kind);
    site->pki = pki_new();
    site->root = pki_root(site->pki, &(struct pki_spec){.name = "Root"});
    site->alice = pki_leaf(site->pki, site->root, &(struct pki_spec){.email = ALICE, .public = public});
    site->alice->key = conformance_open(kind);
    site->tool = tool_new();
    site->text = sealing_text(3000);
    EVP_PKEY_free(public);
}

static void site_fini(struct site *site)
{
    key_free(&site->alice->key);
    pki_free(&site->pki);
    tool_free(&site->tool);
    free((char *)site->text.ptr);
}

static void write_pem(struct tool *tool, const char *name, X509 *x509)
{
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    ck_assert_int_eq(PEM_write_bio_X509(bio, x509), 1);
    long n = BIO_get_mem_data(bio, &text);
    tool_write(tool, name, (struct span){text, (size_t)n});
    BIO_free(bio);
}

#define RUN(tool, ...)                                                                                       \
    do {                                                                                                     \
        int status_ = tool_run(tool, __VA_ARGS__, (char *)NULL);                                             \
        ck_assert_msg(status_ == 0, "%s", tool_read(tool, "said").ptr);                                      \
    } while (0)

/* ---- signed by us ---- */

static const enum kind signers[] = {KIND_RSA2048, KIND_RSA4096, KIND_P256, KIND_P384, KIND_P521};

START_TEST(messages_are_signed_for_openssl)
{
    struct site site;
    site_init(&site, signers[_i]);
    struct smime_signer signer = {.cert = site.alice->cert, .key = site.alice->key};
    for (int form = SMIME_SIGN_DETACHED; form <= SMIME_SIGN_OPAQUE; form++) {
        SEAL_CLEANUP(spool_free)
        struct spool *cms = sealing_sign(site.text, &signer, (enum smime_sign_form)form);
        tool_write(site.tool, "cms", spool_all(cms));
        tool_write(site.tool, "text", site.text);
        write_pem(site.tool, "root.pem", site.root->x509);
        RUN(site.tool, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-CAfile",
            "root.pem", "-out", "out", "-content", "text", "-purpose", "smimesign");
        ck_assert(span_eq(tool_read(site.tool, "out"), site.text));
    }
    site_fini(&site);
}
END_TEST

START_TEST(pss_is_signed_by_cms)
{
    struct site site;
    unsigned char *der = NULL;
    site_init(&site, KIND_RSA2048);
    const EVP_MD *const digests[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
    for (size_t i = 0; i < SEAL_COUNT(digests); i++) {
        BIO *text = BIO_new_mem_buf(site.text.ptr, (int)site.text.len);
        unsigned flags = CMS_BINARY | CMS_PARTIAL;
        CMS_ContentInfo *info = CMS_sign(NULL, NULL, NULL, NULL, flags);
        CMS_SignerInfo *signer = CMS_add1_signer(info, site.alice->x509, token_evp(site.alice->key, &err),
                                                 digests[i], flags | CMS_KEY_PARAM);
        ck_assert_ptr_nonnull(signer);
        EVP_PKEY_CTX *ctx = CMS_SignerInfo_get0_pkey_ctx(signer);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST), 1);
        ck_assert_int_eq(CMS_final(info, text, NULL, flags), 1);
        int n = i2d_CMS_ContentInfo(info, &der);
        tool_write(site.tool, "cms", (struct span){(char *)der, (size_t)n});
        write_pem(site.tool, "root.pem", site.root->x509);
        RUN(site.tool, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-CAfile",
            "root.pem", "-out", "out", "-purpose", "smimesign");
        RUN(site.tool, "openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", "cms");
        ck_assert_ptr_nonnull(strstr(tool_read(site.tool, "said").ptr, "rsassaPss"));
        OPENSSL_free(der);
        der = NULL;
        CMS_ContentInfo_free(info);
        BIO_free(text);
    }
    site_fini(&site);
}
END_TEST

START_TEST(certificates_are_signed_with_the_key_of_the_authority)
{
    struct sealed_key roots = conformance_sealed(ROOT, KIND_P256);
    const unsigned char *p = (const unsigned char *)roots.public_key.ptr;
    EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)roots.public_key.len);
    struct key *key;
    struct cert *made;
    struct pki *pki = pki_new();
    struct pki_entity *top = pki_root(pki, &(struct pki_spec){.name = "Top"});
    struct pki_entity *ca = pki_ca(pki, top, &(struct pki_spec){.name = "CA", .public = public});
    struct ca_request request = {.addr = ALICE,
                                 .public_key = cert_public(top->cert),
                                 .not_before = PKI_NOW,
                                 .not_after = PKI_NOW + PKI_DAY};
    ck_ok(conformance_backend->open(&roots, "", &key, &err));
    ck_ok(ca_issue(ca->cert, key, &request, &made, &err));
    ck_assert_int_eq(X509_verify(cert_x509(made), public), 1);
    cert_free(&made);
    key_free(&key);
    pki_free(&pki);
    EVP_PKEY_free(public);
}
END_TEST

/* ---- encrypted by others ---- */

#define KDF(digest) "-aes256 -keyopt ecdh_kdf_md:" digest
#define OAEP(rest)  "-aes256 -keyopt rsa_padding_mode:oaep " rest
#define LEGACY      "-provider legacy -provider default "

static const struct {
    enum kind kind;
    const char *words;
} theirs[] = {
    {KIND_RSA2048, "-aes256"},
    {KIND_RSA3072, "-aes-256-gcm"},
    {KIND_RSA4096, "-aes128 -keyid"},
    {KIND_RSA2048, LEGACY "-rc2-40"},
    {KIND_RSA2048, OAEP("")},
    {KIND_RSA2048, OAEP("-keyopt rsa_oaep_md:sha256")},
    {KIND_RSA2048, OAEP("-keyopt rsa_oaep_md:sha384")},
    {KIND_RSA2048, OAEP("-keyopt rsa_oaep_md:sha512")},
    {KIND_RSA2048, OAEP("-keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha1")},
    {KIND_RSA2048, OAEP(LEGACY)},
    {KIND_P256, "-aes256"},
    {KIND_P384, "-aes-256-gcm"},
    {KIND_P521, "-aes128 -keyid"},
    {KIND_P256, KDF("sha1")},
    {KIND_P256, KDF("sha224")},
    {KIND_P256, KDF("sha256")},
    {KIND_P384, KDF("sha384")},
    {KIND_P521, KDF("sha512")},
    {KIND_P256, KDF("sha1 -keyopt ecdh_cofactor_mode:1")},
    {KIND_P256, KDF("sha224 -keyopt ecdh_cofactor_mode:1")},
    {KIND_P256, KDF("sha256 -keyopt ecdh_cofactor_mode:1")},
    {KIND_P384, KDF("sha384 -keyopt ecdh_cofactor_mode:1")},
    {KIND_P521, KDF("sha512 -keyopt ecdh_cofactor_mode:1")},
    {KIND_P256, LEGACY "-rc2-128"},
};

#define WORDS_MAX 8

static void openssl_encrypts(struct site *site, const char *line)
{
    char text[200], *save = NULL, *words[WORDS_MAX] = {NULL};
    size_t n = 0;
    ck_assert_int_lt(snprintf(text, sizeof text, "%s", line), (int)sizeof text);
    for (char *word = strtok_r(text, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        ck_assert_uint_lt(n, WORDS_MAX - 1);
        words[n++] = word;
    }
    tool_write(site->tool, "in", site->text);
    write_pem(site->tool, "to.pem", site->alice->x509);
    /* A recipient goes before his options; what is left over ends at the first NULL. */
    RUN(site->tool, "openssl", "cms", "-encrypt", "-binary", "-in", "in", "-outform", "DER", "-out", "cms",
        "-recip", "to.pem", words[0], words[1], words[2], words[3], words[4], words[5], words[6]);
}

START_TEST(what_openssl_encrypts_is_opened)
{
    struct site site;
    site_init(&site, theirs[_i].kind);
    openssl_encrypts(&site, theirs[_i].words);
    ck_assert_msg(sealing_opens(tool_read(site.tool, "cms"), site.alice, site.text), "%s", theirs[_i].words);
    site_fini(&site);
}
END_TEST

START_TEST(what_is_encrypted_for_another_key_is_not_opened)
{
    struct site site;
    SEAL_CLEANUP(spool_free) struct spool *plain = NULL;
    site_init(&site, (enum kind)_i);
    struct pki_entity *bob = pki_leaf(
        site.pki, site.root,
        &(struct pki_spec){.email = "bob@b.example", .type = _i == KIND_P256 ? PKI_P256 : PKI_RSA3072});
    /* not CBC, which one wrong content key of 256 seems to open */
    SEAL_CLEANUP(spool_free) struct spool *cms = sealing_encrypt(site.text, &bob, 1, SMIME_AES256_GCM);
    struct pki_entity thief = *bob; /* his certificate, our key */
    thief.key = site.alice->key;
    ck_assert_int_eq(sealing_open(spool_all(cms), site.alice, &plain), SMIME_NOT_OPENED);
    ck_assert_int_eq(sealing_open(spool_all(cms), &thief, &plain), SMIME_NOT_OPENED);
    site_fini(&site);
}
END_TEST

static void gpgsm_trusts(struct tool *tool, X509 *root)
{
    unsigned char print[EVP_MAX_MD_SIZE];
    unsigned n;
    char line[3 * EVP_MAX_MD_SIZE + 20];
    ck_assert_int_eq(X509_digest(root, EVP_sha1(), print, &n), 1);
    for (unsigned i = 0; i < n; i++)
        snprintf(line + 3 * i, 4, "%02X:", print[i]);
    snprintf(line + 3 * n - 1, 20, " S relax\n");
    tool_write(tool, "trustlist.txt", span_of(line));
}

START_TEST(what_gpgsm_encrypts_is_opened)
{
    struct site site;
    site_init(&site, KIND_RSA2048);
    const char *home = tool_dir(site.tool);
    gpgsm_trusts(site.tool, site.root->x509);
    write_pem(site.tool, "root.pem", site.root->x509);
    write_pem(site.tool, "alice.pem", site.alice->x509);
    tool_write(site.tool, "in", site.text);
#define GPGSM "gpgsm", "--homedir", home, "--batch", "--no-tty", "--disable-crl-checks", "--disable-dirmngr"
    RUN(site.tool, GPGSM, "--import", "root.pem", "alice.pem");
    RUN(site.tool, GPGSM, "--output", "cms", "--recipient", ALICE, "--encrypt", "in");
    RUN(site.tool, "gpgconf", "--homedir", home, "--kill", "all");
    ck_assert(sealing_opens(tool_read(site.tool, "cms"), site.alice, site.text));
    site_fini(&site);
}
END_TEST

void conformance_add_messages(Suite *suite)
{
    TCase *c = tcase_create("messages");
    conformance_fixture(c);
    tcase_add_loop_test(c, messages_are_signed_for_openssl, 0, SEAL_COUNT(signers));
    tcase_add_test(c, pss_is_signed_by_cms);
    tcase_add_test(c, certificates_are_signed_with_the_key_of_the_authority);
    tcase_add_loop_test(c, what_openssl_encrypts_is_opened, 0, SEAL_COUNT(theirs));
    tcase_add_test(c, what_gpgsm_encrypts_is_opened);
    tcase_add_loop_test(c, what_is_encrypted_for_another_key_is_not_opened, KIND_RSA2048, KIND_RSA2048 + 1);
    tcase_add_loop_test(c, what_is_encrypted_for_another_key_is_not_opened, KIND_P256, KIND_P256 + 1);
    suite_add_tcase(suite, c);
}
