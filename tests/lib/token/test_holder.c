#include "support/check.h"

#include "token/evp.h"
#include "token/holder.h"
#include "token/soft.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNER       "alice@example.org"
#define FINGERPRINT "0123456789abcdef0123456789abcdef01234567"

static struct err err;
static char path[] = "/tmp/seal-master.XXXXXX";
static struct secret master;
static struct holder *holder;
static struct buf public = BUF_INIT(8192), wrapped = BUF_INIT(65536);

static void setup(void)
{
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_ok(soft_master_generate(&master, &err));
    ck_assert_int_eq(write(fd, master.ptr, master.len), (ssize_t)master.len);
    close(fd);
    ck_ok(holder_new_local(path, &holder, &err));
}

static void teardown(void)
{
    unlink(path);
    secret_fini(&master);
    holder_free(&holder);
    buf_fini(&public);
    buf_fini(&wrapped);
}

static int open_for(const char *owner, const char *addr, struct key **out)
{
    const struct sealed_key sealed = {owner, buf_span(&public), buf_span(&wrapped)};
    return holder_open_key(holder, &sealed, addr, out, &err);
}

START_TEST(generated_key_signs_for_its_owner)
{
    struct key *key;
    unsigned char hash[32] = {1}, sig[128];
    size_t len = sizeof sig;
    ck_ok(holder_generate(holder, OWNER, KEY_EC_P256, 0, &public, &wrapped, &err));
    ck_ok(open_for(OWNER, OWNER, &key));
    ck_assert(span_eq(key_public(key), buf_span(&public)));
    ck_ok(key_sign(key, DIGEST_SHA256, SIGN_ECDSA, (struct span){(const char *)hash, sizeof hash}, sig, &len,
                   &err));
    key_free(&key);
}
END_TEST

START_TEST(key_is_not_opened_for_another_address)
{
    struct key *key;
    ck_ok(holder_generate(holder, OWNER, KEY_EC_P256, 0, &public, &wrapped, &err));
    ck_fails(open_for(OWNER, "bob@example.org", &key), ERR_KEY_UNUSABLE);
    ck_fails(open_for(OWNER, "", &key), ERR_KEY_UNUSABLE);
    ck_fails(open_for("bob@example.org", "bob@example.org", &key), ERR_CRYPTO);
}
END_TEST

START_TEST(key_of_a_domain_is_opened_for_its_addresses_alone)
{
    struct key *key;
    ck_ok(holder_generate(holder, "@example.org", KEY_EC_P256, 0, &public, &wrapped, &err));
    ck_ok(open_for("@example.org", OWNER, &key));
    key_free(&key);
    ck_fails(open_for("@example.org", "alice@sub.example.org", &key), ERR_KEY_UNUSABLE);
    ck_fails(open_for("@example.org", "", &key), ERR_KEY_UNUSABLE);
}
END_TEST

START_TEST(key_of_the_own_authority_is_opened_for_nobody)
{
    struct key *key;
    ck_ok(holder_generate(holder, "", KEY_EC_P256, 0, &public, &wrapped, &err));
    ck_fails(open_for("", OWNER, &key), ERR_KEY_UNUSABLE);
    ck_ok(open_for("", "", &key));
    key_free(&key);
}
END_TEST

START_TEST(passphrase_is_opened_by_the_fingerprint_of_its_key)
{
    struct secret passphrase = {.ptr = NULL}, back;
    ck_ok(secret_copy(&passphrase, "a passphrase", 12, &err));
    ck_ok(wrap_seal(&master, OWNER, SPAN_LIT(FINGERPRINT), &passphrase, &wrapped, &err));
    ck_ok(holder_open_secret(holder, OWNER, FINGERPRINT, buf_span(&wrapped), &back, &err));
    ck_assert_uint_eq(back.len, 12);
    secret_fini(&back);
    secret_fini(&passphrase);
    ck_fails(holder_open_secret(holder, "bob@example.org", FINGERPRINT, buf_span(&wrapped), &back, &err),
             ERR_CRYPTO);
}
END_TEST

START_TEST(passphrase_that_is_kept_is_opened_for_its_owner_and_key_alone)
{
    static const char other[] = "ffffffffffffffffffffffffffffffffffffffff";
    struct secret passphrase = {.ptr = NULL}, back;
    ck_ok(secret_copy(&passphrase, "a passphrase", 12, &err));
    ck_ok(holder_keep_secret(holder, OWNER, FINGERPRINT, &passphrase, &wrapped, &err));
    ck_ok(holder_open_secret(holder, OWNER, FINGERPRINT, buf_span(&wrapped), &back, &err));
    ck_assert_mem_eq(back.ptr, "a passphrase", 12);
    secret_fini(&back);
    ck_fails(holder_open_secret(holder, OWNER, other, buf_span(&wrapped), &back, &err), ERR_CRYPTO);
    err_clear(&err);
    ck_fails(holder_keep_secret(holder, OWNER, "subject", &passphrase, &wrapped, &err), ERR_CRYPTO);
    secret_fini(&passphrase);
}
END_TEST

/* The wrapping fits: only the shape of the subject keeps it shut. */
START_TEST(private_key_is_not_given_out_as_a_passphrase)
{
    struct secret key = {.ptr = NULL}, back;
    ck_ok(soft_generate(KEY_EC_P256, 0, &key, &err));
    ck_ok(wrap_seal(&master, OWNER, SPAN_LIT("subject"), &key, &wrapped, &err));
    ck_fails(holder_open_secret(holder, OWNER, "subject", buf_span(&wrapped), &back, &err), ERR_CRYPTO);
    ck_assert_ptr_null(back.ptr);
    secret_fini(&key);
}
END_TEST

START_TEST(master_key_that_others_may_read_is_refused)
{
    struct holder *other;
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_fails(holder_new_local(path, &other, &err), ERR_CONFIG);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("holder");
    TCase *tcase = tcase_create("local");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, generated_key_signs_for_its_owner);
    tcase_add_test(tcase, key_is_not_opened_for_another_address);
    tcase_add_test(tcase, key_of_a_domain_is_opened_for_its_addresses_alone);
    tcase_add_test(tcase, key_of_the_own_authority_is_opened_for_nobody);
    tcase_add_test(tcase, passphrase_is_opened_by_the_fingerprint_of_its_key);
    tcase_add_test(tcase, passphrase_that_is_kept_is_opened_for_its_owner_and_key_alone);
    tcase_add_test(tcase, private_key_is_not_given_out_as_a_passphrase);
    tcase_add_test(tcase, master_key_that_others_may_read_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
