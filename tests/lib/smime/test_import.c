#include "support/check.h"
#include "support/pki.h"

#include "base/io.h"
#include "smime/import.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>

static struct pki *pki;
static struct secret secret; /* the passphrase of the files in data/ */
static struct err err;

static void setup(void)
{
    pki = pki_new();
    err_clear(&err);
    ck_ok(secret_copy(&secret, "secret", 6, &err));
}

static void teardown(void)
{
    pki_free(&pki);
    secret_fini(&secret);
}

static void read_data(const char *name, struct buf *out)
{
    char path[500];
    snprintf(path, sizeof path, "%s/lib/smime/data/%s", TESTS_DIR, name);
    ck_ok(io_read_file(path, out, &err));
}

enum what {
    CERTS = 1,
    KEY = 2
};

static const struct {
    const char *file;
    const char *passphrase; /* NULL: none */
    int what;
    size_t ncerts;
} good[] = {
    {"aes.p12", "secret", CERTS | KEY, 2},
    {"ec.p12", "secret", CERTS | KEY, 2},
    {"rc2.p12", "secret", CERTS | KEY, 2},
    {"3des.p12", "secret", CERTS | KEY, 2},
    {"plain.p12", NULL, CERTS | KEY, 2},
    {"empty.p12", NULL, CERTS | KEY, 2},
    {"empty.p12", "", CERTS | KEY, 2},
    {"certs.p12", "secret", CERTS, 1},
    {"nss.p12", "secret", CERTS | KEY, 2},
    {"java.p12", "secret", CERTS | KEY, 2},
    {"gpgsm.p12", "secret", CERTS | KEY, 1},
    {"ec.pem", NULL, KEY, 0},
    {"ec-aes.pem", "secret", KEY, 0},
    {"rsa.pem", NULL, KEY, 0},
    {"rsa-3des.pem", "secret", KEY, 0},
    {"pkcs8.pem", "secret", KEY, 0},
    {"scrypt.pem", "secret", KEY, 0},
    {"pkcs8-rc2.pem", "secret", KEY, 0},
    {"pkcs8.der", NULL, KEY, 0},
    {"bundle.p7b", NULL, CERTS, 2},
    {"bundle.pem", NULL, CERTS, 2},
    {"cert.der", NULL, CERTS, 1},
    {"all.pem", NULL, CERTS | KEY, 2},
    {"bags.pem", NULL, CERTS | KEY, 2},
};

START_TEST(files_of_all_forms_and_programs_are_read)
{
    struct buf bytes = BUF_INIT(1u << 20);
    struct secret passphrase = {0};
    struct imported in;
    if (good[_i].passphrase != NULL)
        ck_ok(secret_copy(&passphrase, good[_i].passphrase, strlen(good[_i].passphrase), &err));
    read_data(good[_i].file, &bytes);
    ck_ok(import_bytes(buf_span(&bytes), good[_i].passphrase == NULL ? NULL : &passphrase, &in, &err));
    ck_assert_msg(in.ncerts == good[_i].ncerts, "%s: %zu certificates", good[_i].file, in.ncerts);
    ck_assert_msg((in.pkcs8.len > 0) == ((good[_i].what & KEY) != 0), "%s: key", good[_i].file);
    if (good[_i].what == (CERTS | KEY)) {
        struct key *key = pki_soft_key((struct span){(char *)in.pkcs8.ptr, in.pkcs8.len});
        ck_assert_msg(span_eq(key_public(key), cert_public(in.certs[0])), "%s: order", good[_i].file);
        ck_assert_str_eq(cert_info(in.certs[0])->emails[0], "bob@b.example");
        key_free(&key);
    }
    imported_fini(&in);
    secret_fini(&passphrase);
    buf_fini(&bytes);
}
END_TEST

static const char *const locked[] = {"aes.p12",      "rc2.p12",   "java.p12",   "ec-aes.pem",
                                     "rsa-3des.pem", "pkcs8.pem", "scrypt.pem", "pkcs8-rc2.pem"};

START_TEST(missing_and_wrong_passphrases_are_said_so)
{
    struct buf bytes = BUF_INIT(1u << 20);
    struct secret wrong;
    struct imported in;
    ck_ok(secret_copy(&wrong, "secreT", 6, &err));
    read_data(locked[_i], &bytes);
    ck_fails(import_bytes(buf_span(&bytes), NULL, &in, &err), ERR_PASSPHRASE);
    ck_fails(import_bytes(buf_span(&bytes), &wrong, &in, &err), ERR_PASSPHRASE);
    ck_assert(in.ncerts == 0 && in.certs == NULL && in.pkcs8.ptr == NULL);
    secret_fini(&wrong);
    buf_fini(&bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/smime/import");
    TCase *c = tcase_create("import");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, files_of_all_forms_and_programs_are_read, 0, SEAL_COUNT(good));
    tcase_add_loop_test(c, missing_and_wrong_passphrases_are_said_so, 0, SEAL_COUNT(locked));
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
