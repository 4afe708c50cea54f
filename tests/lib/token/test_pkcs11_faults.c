/* Poorer tokens, broken ones, wrong names and PINs; and that nothing is left open. */
#include "support/check.h"
#include "support/keys.h"
#include "support/p11_spy.h"
#include "support/softhsm.h"
#include "token/soft.h"

#include <dirent.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PIN     "1234"
#define RSA_URI "pkcs11:token=gw;object=rsa;type=private"
#define EC_URI  "pkcs11:token=gw;id=%02"

static struct err err;
static struct softhsm hsm;
static struct pkcs11 *p11;
static struct key *key;
static const char *const modules[] = {SPY_MODULE};

/* Made once; each test has a process of its own, which loads the module. */
static void make_tokens(void)
{
    softhsm_init(&hsm);
    hsm.conf.modules = modules;
    softhsm_token(&hsm, "gw", PIN);
    softhsm_token(&hsm, "second", "4321");
    EVP_PKEY *rsa = keys_load("rsa2048-1"), *other = keys_load("rsa2048-2"), *ec = EVP_EC_gen("P-256");
    softhsm_import(&hsm, "gw", PIN, "rsa", "01", rsa, SOFTHSM_SIGN);
    softhsm_import(&hsm, "gw", PIN, "ec", "02", ec, SOFTHSM_DERIVE);
    softhsm_import(&hsm, "second", "4321", "rsa", "01", other, SOFTHSM_SIGN);
    ck_assert_int_eq(tool_run(hsm.tool, "pkcs11-tool", "--module", SOFTHSM_MODULE, "--token-label", "gw",
                              "--login", "--pin", PIN, "--write-object", "pub.der", "--type", "pubkey",
                              "--id", "07", "--label", "public", NULL),
                     0);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other);
    EVP_PKEY_free(ec);
}

static void remove_tokens(void)
{
    softhsm_fini(&hsm);
}

static void setup(void)
{
    ck_ok(pkcs11_open(&hsm.conf, &p11, &err));
}

static void teardown(void)
{
    key_free(&key);
    pkcs11_close(&p11);
}

static int open_key(const char *uri)
{
    key_free(&key);
    return pkcs11_key(p11, uri, (struct span){NULL, 0}, &key, &err);
}

static const char hash[32] = "thirty-two octets that were hash";

static int sign(struct key *k, enum sign_padding padding, struct err *e)
{
    unsigned char sig[512];
    size_t len = sizeof sig;
    return key_sign(k, DIGEST_SHA256, padding, (struct span){hash, sizeof hash}, sig, &len, e);
}

/* ---- names ---- */

START_TEST(names_that_fit_nothing_or_the_wrong_thing_are_refused)
{
    ck_fails(open_key("pkcs11:token=gw;object=none"), ERR_ABSENT);
    ck_fails(open_key("pkcs11:token=gw;object=rsa;id=%09"), ERR_ABSENT);
    ck_fails(open_key("pkcs11:token=gw;object=public"), ERR_KEY_UNUSABLE);
    ck_fails(open_key("pkcs11:token=elsewhere;object=rsa"), ERR_IO);
    ck_fails(open_key("pkcs11:token=gw;object=rsa?pin-value=1234"), ERR_UNSUPPORTED);
}
END_TEST

START_TEST(another_key_than_the_one_enrolled_is_refused)
{
    ck_ok(open_key("pkcs11:token=second;object=rsa"));
    struct key *wrong = NULL;
    ck_fails(pkcs11_key(p11, RSA_URI, key_public(key), &wrong, &err), ERR_KEY_UNUSABLE);
}
END_TEST

START_TEST(two_tokens_are_used_side_by_side)
{
    struct key *second = NULL;
    ck_ok(open_key(RSA_URI));
    ck_ok(pkcs11_key(p11, "pkcs11:token=second;id=%01", (struct span){NULL, 0}, &second, &err));
    ck_assert(!span_eq(key_public(key), key_public(second)));
    ck_ok(sign(key, SIGN_PKCS1, &err));
    ck_ok(sign(second, SIGN_PKCS1, &err));
    ck_assert_int_eq(spy()->logins, 2);
    key_free(&second);
}
END_TEST

/* ---- PINs ---- */

START_TEST(login_is_once)
{
    for (int i = 0; i < 10; i++) {
        ck_ok(open_key(i % 2 == 0 ? RSA_URI : EC_URI));
        ck_ok(sign(key, i % 2 == 0 ? SIGN_PKCS1 : SIGN_ECDSA, &err));
    }
    ck_assert_int_eq(spy()->logins, 1);
}
END_TEST

START_TEST(wrong_pin_is_tried_once_until_the_file_changes)
{
    softhsm_pin(&hsm, "gw", "9999");
    for (int i = 0; i < 5; i++)
        ck_fails(open_key(RSA_URI), ERR_CONFIG);
    ck_assert_int_eq(spy()->logins, 1);
    pkcs11_close(&p11);
    ck_ok(pkcs11_open(&hsm.conf, &p11, &err)); /* as the next process does, which has the same marks */
    ck_fails(open_key(RSA_URI), ERR_CONFIG);
    ck_assert_int_eq(spy()->logins, 0);
    softhsm_pin(&hsm, "gw", PIN);
    ck_ok(open_key(RSA_URI));
    ck_assert_int_eq(spy()->logins, 1);
}
END_TEST

START_TEST(pin_is_not_tried_where_one_more_wrong_one_locks_the_token)
{
    spy()->final_try = true;
    ck_fails(open_key(RSA_URI), ERR_CONFIG);
    ck_assert_int_eq(spy()->logins, 0);
}
END_TEST

START_TEST(without_a_usable_pin_nothing_is_tried)
{
    const struct pkcs11_conf none = {.modules = modules, .nmodules = 1, .start_ms = 60000};
    pkcs11_close(&p11);
    ck_ok(pkcs11_open(&none, &p11, &err));
    ck_fails(open_key(RSA_URI), ERR_CONFIG);
    pkcs11_close(&p11);
    ck_ok(pkcs11_open(&hsm.conf, &p11, &err));
    softhsm_pin(&hsm, "gw", "");
    ck_fails(open_key(RSA_URI), ERR_CONFIG);
    softhsm_pin(&hsm, "gw", PIN);
    ck_assert_int_eq(chmod(hsm.pin_path[0], 0644), 0);
    ck_fails(open_key(RSA_URI), ERR_CONFIG);
    ck_assert_int_eq(remove(hsm.pin_path[0]), 0);
    ck_fails(open_key(RSA_URI), ERR_CONFIG);
    ck_assert_int_eq(spy()->logins, 0);
    softhsm_pin(&hsm, "gw", PIN);
}
END_TEST

START_TEST(pin_that_was_asked_for_is_tried_once)
{
    struct secret typed;
    struct pkcs11_refused refused = {.is_set = false};
    ck_ok(secret_copy(&typed, "9999", 4, &err));
    const struct pkcs11_pin pin = {.token = "gw", .asked = &typed, .refused = &refused};
    const struct pkcs11_conf conf = {
        .modules = modules, .nmodules = 1, .start_ms = 60000, .pins = &pin, .npins = 1};
    pkcs11_close(&p11);
    ck_ok(pkcs11_open(&conf, &p11, &err));
    ck_fails(open_key(RSA_URI), ERR_CONFIG);
    ck_fails(open_key(RSA_URI), ERR_CONFIG);
    ck_assert_int_eq(spy()->logins, 1);
    memcpy(typed.ptr, PIN, 4);
    refused.is_set = false;
    ck_ok(open_key(RSA_URI));
    secret_fini(&typed);
}
END_TEST

/* ---- poorer tokens ---- */

#define CEK "0123456789abcdef0123456789abcdef"

static size_t wrap(int padding, const char *digest, const char *text, size_t text_len, unsigned char out[512])
{
    const unsigned char *p = (const unsigned char *)key_public(key).ptr;
    EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)key_public(key).len);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(public, NULL);
    size_t len = 512;
    ck_assert_int_eq(EVP_PKEY_encrypt_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
    if (digest != NULL)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, digest, NULL), 1);
    ck_assert_int_eq(EVP_PKEY_encrypt(ctx, out, &len, (const unsigned char *)text, text_len), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(public);
    return len;
}

static int unwrap(enum wrap_padding padding, enum digest digest, const unsigned char *wrapped, size_t len,
                  struct secret *out)
{
    return key_decrypt(key, padding, digest, (struct span){(const char *)wrapped, len}, out, &err);
}

static void check_unwraps(enum wrap_padding padding, enum digest digest, const unsigned char *wrapped,
                          size_t len)
{
    struct secret out;
    ck_ok(unwrap(padding, digest, wrapped, len, &out));
    ck_assert(span_is((struct span){(const char *)out.ptr, out.len}, CEK));
    secret_fini(&out);
}

START_TEST(without_raw_rsa_the_token_takes_the_padding_off)
{
    unsigned char wrapped[512], block[256];
    struct secret out, again;
    spy()->no_raw = true;
    ck_ok(open_key(RSA_URI));
    size_t len = wrap(RSA_PKCS1_PADDING, NULL, CEK, strlen(CEK), wrapped);
    check_unwraps(WRAP_PKCS1, DIGEST_SHA1, wrapped, len);
    len = wrap(RSA_PKCS1_OAEP_PADDING, "SHA1", CEK, strlen(CEK), wrapped);
    check_unwraps(WRAP_OAEP, DIGEST_SHA1, wrapped, len);
    wrapped[len - 1] ^= 1; /* SoftHSM calls that a general error; the token is well all the same */
    ck_fails(unwrap(WRAP_OAEP, DIGEST_SHA1, wrapped, len, &out), ERR_CRYPTO);

    memset(block, 'x', sizeof block);
    len = wrap(RSA_NO_PADDING, NULL, (char *)block, sizeof block, wrapped);
    ck_ok(unwrap(WRAP_PKCS1, DIGEST_SHA1, wrapped, len, &out)); /* wrong padding looks like success */
    ck_ok(unwrap(WRAP_PKCS1, DIGEST_SHA1, wrapped, len, &again));
    ck_assert_uint_eq(out.len, KEY_REJECT_SIZE);
    ck_assert_mem_eq(out.ptr, again.ptr, out.len);
    secret_fini(&out);
    secret_fini(&again);
}
END_TEST

START_TEST(what_the_token_lacks_is_said_clearly)
{
    unsigned char wrapped[512];
    struct secret out;
    spy()->no_raw = spy()->no_pss = spy()->no_oaep = true;
    ck_ok(open_key(RSA_URI));
    ck_assert_int_lt(sign(key, SIGN_PSS, &err), 0);
    ck_assert_int_eq(err.code, ERR_UNSUPPORTED);
    ck_assert_msg(strstr(err.msg, "RSA-PSS: ") == err.msg, "%s", err.msg);
    err_clear(&err);
    size_t len = wrap(RSA_PKCS1_OAEP_PADDING, "SHA256", CEK, strlen(CEK), wrapped);
    ck_assert_int_lt(unwrap(WRAP_OAEP, DIGEST_SHA256, wrapped, len, &out), 0);
    ck_assert_int_eq(err.code, ERR_UNSUPPORTED);
    ck_assert_msg(strstr(err.msg, "RSA-OAEP: ") == err.msg, "%s", err.msg);
}
END_TEST

START_TEST(without_pss_the_padding_is_made_here)
{
    unsigned char sig[512];
    size_t len = sizeof sig;
    spy()->no_pss = true;
    ck_ok(open_key(RSA_URI));
    ck_ok(key_sign(key, DIGEST_SHA256, SIGN_PSS, (struct span){hash, sizeof hash}, sig, &len, &err));
    const unsigned char *p = (const unsigned char *)key_public(key).ptr;
    EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)key_public(key).len);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(public, NULL);
    ck_assert_int_eq(EVP_PKEY_verify_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST), 1);
    ck_assert_int_eq(EVP_PKEY_verify(ctx, sig, len, (const unsigned char *)hash, sizeof hash), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(public);
}
END_TEST

/* ---- broken tokens ---- */

START_TEST(failure_of_the_token_is_never_taken_for_a_padding)
{
    static const unsigned long codes[] = {0x30 /* device error */, 0x32 /* removed */, 0xb3 /* session */,
                                          0x101 /* not logged in */, 0x80000001 /* the vendor's own */};
    unsigned char wrapped[512];
    struct secret out;
    ck_ok(open_key(RSA_URI));
    size_t len = wrap(RSA_PKCS1_PADDING, NULL, CEK, strlen(CEK), wrapped);
    for (size_t i = 0; i < SEAL_COUNT(codes); i++) {
        spy()->fail_operation = codes[i];
        ck_fails(unwrap(WRAP_PKCS1, DIGEST_SHA1, wrapped, len, &out), ERR_IO);
        ck_fails(sign(key, SIGN_PKCS1, &err), ERR_IO);
    }
    spy()->fail_operation = 0;
    check_unwraps(WRAP_PKCS1, DIGEST_SHA1, wrapped, len);
}
END_TEST

START_TEST(token_that_claims_more_than_there_was_room_for_is_broken)
{
    unsigned char wrapped[512];
    struct secret out;
    ck_ok(open_key(RSA_URI));
    size_t len = wrap(RSA_PKCS1_PADDING, NULL, CEK, strlen(CEK), wrapped);
    spy()->too_many = 1ul << 20;
    ck_fails(sign(key, SIGN_PKCS1, &err), ERR_IO);
    ck_fails(unwrap(WRAP_PKCS1, DIGEST_SHA1, wrapped, len, &out), ERR_IO);
    ck_ok(open_key(EC_URI));
    ck_fails(sign(key, SIGN_ECDSA, &err), ERR_IO);
    spy()->too_many = 0;
    ck_ok(sign(key, SIGN_ECDSA, &err));
}
END_TEST

static void *sign_until_it_fails(void *arg)
{
    struct err *e = arg;
    while (sign(key, SIGN_PKCS1, e) == 0)
        ;
    return NULL;
}

START_TEST(token_that_goes_away_under_load_lets_everybody_go)
{
    pthread_t threads[8];
    struct err errors[8] = {ERR_INIT};
    ck_ok(open_key(RSA_URI));
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_until_it_fails, &errors[i]), 0);
    softhsm_remove(&hsm);
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_msg(errors[i].code == ERR_IO, "%s: %s", err_name(errors[i].code), errors[i].msg);
    }
    ck_fails(open_key(EC_URI), ERR_IO);
    pkcs11_close(&p11);
    softhsm_restore(&hsm);
    ck_ok(pkcs11_open(&hsm.conf, &p11, &err)); /* as the next process does */
    ck_ok(open_key(RSA_URI));
    ck_ok(sign(key, SIGN_PKCS1, &err));
}
END_TEST

/* ---- nothing is left ---- */

static int count_descriptors(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

#define THREADS 8
#define ROUNDS  60

static void *use_all(void *arg)
{
    struct err *e = arg;
    unsigned char wrapped[512];
    struct secret out;
    memset(wrapped, 1, 256);
    for (int i = 0; i < ROUNDS && e->code == ERR_NONE; i++) {
        struct key *ec = NULL, *none = NULL;
        struct err wrong = ERR_INIT;
        if (sign(key, SIGN_PKCS1, e) < 0 || pkcs11_key(p11, EC_URI, (struct span){NULL, 0}, &ec, e) < 0 ||
            sign(ec, SIGN_ECDSA, e) < 0 ||
            key_decrypt(key, WRAP_PKCS1, DIGEST_SHA1, (struct span){(char *)wrapped, 256}, &out, e) < 0)
            return NULL;
        secret_fini(&out);
        (void)!key_decrypt(key, WRAP_OAEP, DIGEST_SHA1, (struct span){(char *)wrapped, 256}, &out, &wrong);
        (void)!pkcs11_key(p11, "pkcs11:token=gw;object=none", (struct span){NULL, 0}, &none, &wrong);
        key_free(&ec);
    }
    return NULL;
}

static void use_in_threads(void)
{
    pthread_t threads[THREADS];
    struct err errors[THREADS] = {ERR_INIT};
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_all, &errors[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_msg(errors[i].code == ERR_NONE, "%s", errors[i].msg);
    }
}

/* SEAL_LONG: so many times the work. */
START_TEST(thousands_of_operations_in_threads_leave_no_session_and_no_descriptor)
{
    const char *text = getenv("SEAL_LONG");
    long times = text == NULL ? 1 : strtol(text, NULL, 10);
    ck_ok(open_key(RSA_URI));
    use_in_threads();
    int sessions = spy()->sessions, descriptors = count_descriptors();
    ck_assert_int_le(sessions, THREADS + 2);
    for (long i = 0; i < times; i++)
        use_in_threads();
    ck_assert_int_le(spy()->sessions, THREADS + 2);
    ck_assert_int_eq(count_descriptors(), descriptors);
}
END_TEST

/* ---- keys made on the token ---- */

static void check_made(const char *object, enum key_type type, unsigned bits)
{
    char uri[80];
    struct buf public = BUF_INIT(8192);
    snprintf(uri, sizeof uri, "pkcs11:token=gw;object=%s", object);
    ck_ok(pkcs11_generate(p11, uri, type, bits, &public, &err));
    ck_ok(pkcs11_key(p11, uri, buf_span(&public), &key, &err));
    ck_assert_int_eq(key_type_of(key), type);
    ck_assert_uint_eq(key_bits(key), bits);
    ck_ok(sign(key, type == KEY_RSA ? SIGN_PKCS1 : SIGN_ECDSA, &err));
    key_free(&key);
    ck_fails(pkcs11_generate(p11, uri, type, bits, &public, &err), ERR_EXISTS);
    buf_fini(&public);
    ck_assert_int_eq(tool_run(hsm.tool, "pkcs11-tool", "--module", SOFTHSM_MODULE, "--token-label", "gw",
                              "--login", "--pin", PIN, "--list-objects", "--type", "privkey", "--label",
                              object, NULL),
                     0);
    ck_assert_ptr_nonnull(
        strstr(tool_read(hsm.tool, "said").ptr, "sensitive, always sensitive, never extractable, local"));
}

/* One keeps the login; whoever has the other must not want a third. */
START_TEST(token_of_few_sessions_serves_everybody)
{
    char uri[80];
    struct buf public = BUF_INIT(8192);
    snprintf(uri, sizeof uri, "pkcs11:token=gw;object=few-%d", _i);
    spy()->max_sessions = _i;
    ck_ok(open_key(RSA_URI));
    use_in_threads();
    ck_assert_int_le(spy()->sessions, _i);
    ck_ok(pkcs11_generate(p11, uri, KEY_EC_P256, 0, &public, &err));
    use_in_threads();
    buf_fini(&public);
}
END_TEST

START_TEST(keys_are_made_on_the_token_and_stay_there)
{
    check_made("made-rsa", KEY_RSA, 2048);
    check_made("made-p256", KEY_EC_P256, 256);
    check_made("made-p384", KEY_EC_P384, 384);
}
END_TEST

START_TEST(objects_that_are_there_are_not_overwritten)
{
    struct buf public = BUF_INIT(8192);
    ck_fails(pkcs11_generate(p11, "pkcs11:token=gw;object=rsa", KEY_RSA, 2048, &public, &err), ERR_EXISTS);
    ck_fails(pkcs11_generate(p11, "pkcs11:token=gw;object=public", KEY_RSA, 2048, &public, &err), ERR_EXISTS);
    ck_fails(pkcs11_generate(p11, "pkcs11:token=gw;object=new;id=%01", KEY_RSA, 2048, &public, &err),
             ERR_EXISTS);
    ck_fails(pkcs11_generate(p11, "pkcs11:token=gw;id=%55", KEY_RSA, 2048, &public, &err), ERR_USAGE);
    ck_fails(pkcs11_generate(p11, "pkcs11:token=gw;object=new", KEY_RSA, 1024, &public, &err), ERR_USAGE);
    ck_assert_uint_eq(public.len, 0);
}
END_TEST

START_TEST(key_that_the_token_would_give_out_is_taken_back)
{
    struct buf public = BUF_INIT(8192);
    spy()->extractable = true;
    ck_fails(pkcs11_generate(p11, "pkcs11:token=gw;object=loose", KEY_EC_P256, 0, &public, &err),
             ERR_UNSUPPORTED);
    ck_assert_uint_eq(public.len, 0);
    ck_fails(open_key("pkcs11:token=gw;object=loose"), ERR_ABSENT);
}
END_TEST

static int import_new(const char *uri, const struct secret *pkcs8)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(8192);
    return pkcs11_import(p11, uri, pkcs8, &public, &err);
}

START_TEST(token_that_takes_no_key_in_says_so)
{
    struct secret pkcs8;
    ck_ok(soft_generate(KEY_RSA, 2048, &pkcs8, &err));
    spy()->refused_from = 1;
    ck_fails(import_new("pkcs11:token=gw;object=refused", &pkcs8), ERR_UNSUPPORTED);
    spy()->refused_with = 0x101; /* not logged in: another time it may take it */
    ck_fails(import_new("pkcs11:token=gw;object=refused", &pkcs8), ERR_IO);
    ck_fails(open_key("pkcs11:token=gw;object=refused"), ERR_ABSENT);
    secret_fini(&pkcs8);
}
END_TEST

START_TEST(import_that_was_interrupted_is_completed)
{
    struct secret pkcs8;
    ck_ok(soft_generate(KEY_EC_P256, 0, &pkcs8, &err));
    spy()->refused_from = 2; /* the private key is there then */
    ck_fails(import_new("pkcs11:token=gw;object=half", &pkcs8), ERR_UNSUPPORTED);
    ck_fails(open_key("pkcs11:token=gw;object=half"), ERR_KEY_UNUSABLE);
    spy()->refused_from = 0;
    ck_ok(import_new("pkcs11:token=gw;object=half", &pkcs8));
    ck_ok(open_key("pkcs11:token=gw;object=half"));
    secret_fini(&pkcs8);
}
END_TEST

START_TEST(public_half_is_not_left_beside_another_private_key)
{
    struct secret theirs, ours;
    ck_ok(soft_generate(KEY_EC_P256, 0, &theirs, &err));
    ck_ok(soft_generate(KEY_EC_P256, 0, &ours, &err));
    spy()->refused_from = 2;
    ck_fails(import_new("pkcs11:token=gw;object=theirs", &theirs), ERR_UNSUPPORTED);
    spy()->refused_from = 0;
    for (int again = 0; again < 2; again++)
        ck_fails(import_new("pkcs11:token=gw;object=theirs", &ours), ERR_KEY_UNUSABLE);
    ck_fails(open_key("pkcs11:token=gw;object=theirs"), ERR_KEY_UNUSABLE); /* no public half */
    ck_ok(import_new("pkcs11:token=gw;object=theirs", &theirs));
    secret_fini(&theirs);
    secret_fini(&ours);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pkcs11_faults");
    TCase *all = tcase_create("all");
    tcase_add_unchecked_fixture(all, make_tokens, remove_tokens);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, names_that_fit_nothing_or_the_wrong_thing_are_refused);
    tcase_add_test(all, token_that_takes_no_key_in_says_so);
    tcase_add_test(all, import_that_was_interrupted_is_completed);
    tcase_add_test(all, public_half_is_not_left_beside_another_private_key);
    tcase_add_test(all, another_key_than_the_one_enrolled_is_refused);
    tcase_add_test(all, two_tokens_are_used_side_by_side);
    tcase_add_test(all, login_is_once);
    tcase_add_test(all, wrong_pin_is_tried_once_until_the_file_changes);
    tcase_add_test(all, pin_is_not_tried_where_one_more_wrong_one_locks_the_token);
    tcase_add_test(all, without_a_usable_pin_nothing_is_tried);
    tcase_add_test(all, pin_that_was_asked_for_is_tried_once);
    tcase_add_test(all, without_raw_rsa_the_token_takes_the_padding_off);
    tcase_add_test(all, what_the_token_lacks_is_said_clearly);
    tcase_add_test(all, without_pss_the_padding_is_made_here);
    tcase_add_test(all, failure_of_the_token_is_never_taken_for_a_padding);
    tcase_add_test(all, token_that_claims_more_than_there_was_room_for_is_broken);
    tcase_add_test(all, token_that_goes_away_under_load_lets_everybody_go);
    tcase_add_test(all, thousands_of_operations_in_threads_leave_no_session_and_no_descriptor);
    tcase_add_loop_test(all, token_of_few_sessions_serves_everybody, 2, 4);
    tcase_add_test(all, keys_are_made_on_the_token_and_stay_there);
    tcase_add_test(all, objects_that_are_there_are_not_overwritten);
    tcase_add_test(all, key_that_the_token_would_give_out_is_taken_back);
    suite_add_tcase(s, all);
    return s;
}

TEST_MAIN(suite)
