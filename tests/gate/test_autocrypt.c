/* Tests of Autocrypt fields that the gate writes: whose key, on which mail, and what gpg makes of it. */
#include "gate/pgp_keys.h"
#include "support/check.h"
#include "support/has.h"
#include "support/pgp_site.h"

#include <string.h>

#define POLICY(step)                                                                                         \
    "our domains our.example\n"                                                                              \
    "rule \"autocrypt\"\n"                                                                                   \
    "    " step "\n"                                                                                         \
    "    continue\n"                                                                                         \
    "rule \"signed\"\n"                                                                                      \
    "    when outbound, to domain signed.example\n"                                                          \
    "    sign with smime\n"                                                                                  \
    "rule \"closed\"\n"                                                                                      \
    "    when outbound, to bob@their.example\n"                                                              \
    "    protect headers baseline\n"                                                                         \
    "    encrypt\n"                                                                                          \
    "rule \"out\"\n"                                                                                         \
    "    when outbound\n"                                                                                    \
    "    pass\n"                                                                                             \
    "rule \"in\"\n"                                                                                          \
    "    when inbound\n"                                                                                     \
    "    harvest\n"                                                                                          \
    "rule \"house\"\n"                                                                                       \
    "    when internal\n"                                                                                    \
    "    pass\n"

#define ALICE      .from = "alice@our.example", .login = "alice@our.example"
#define FROM_ALICE "From: Alice <alice@our.example>\nTo: x@their.example\n"
#define TEXT       FROM_ALICE "Subject: Hi\n\nORCHID\n"

static struct pgp_site *s;
static struct site *site;

static void setup(void)
{
    s = pgp_site_new(POLICY("add autocrypt mutual"), "");
    site = s->site;
}

static void teardown(void)
{
    pgp_site_free(&s);
}

static const char *field_in(struct span copy)
{
    return site_field(site, copy, "Autocrypt", 0);
}

static struct span send_to(const char *to, const char *text)
{
    pgp_site_run(s, (struct site_mail){ALICE, .to = {to}, .text = text});
    return site_copy_for(site, to);
}

/* gpg's list of the key in a field, in the file "said". */
static struct span shown_by_gpg(const char *field)
{
    const char *keydata = strstr(field, "keydata=");
    ck_assert_ptr_nonnull(keydata);
    tool_write(s->tool, "field.b64", span_of(keydata + strlen("keydata=")));
    ck_assert_int_eq(tool_run(s->tool, "sh", "-c", "base64 -di field.b64 > field.pgp", NULL), 0);
    ck_assert_int_eq(gpg_home_run(s->tool, "bob", "--with-colons", "--show-keys", "field.pgp", NULL), 0);
    return tool_read(s->tool, "said");
}

static size_t count(struct span text, const char *needle)
{
    size_t n = 0;
    for (size_t at = 0; (at = span_find(text, needle, strlen(needle), at)) != SIZE_MAX; at++)
        n++;
    return n;
}

static void keeps_to_limits(struct span copy)
{
    size_t begin = span_find(copy, "Autocrypt:", 10, 0), line = begin;
    ck_assert_uint_ne(begin, SIZE_MAX);
    do {
        size_t end = span_find(copy, "\r\n", 2, line);
        ck_assert_uint_le(end - line, 78);
        line = end + 2;
    } while (copy.ptr[line] == ' ');
    ck_assert_uint_le(line - begin, 10240);
}

START_TEST(key_in_the_field_is_one_that_gpg_takes)
{
    struct span copy = send_to("x@their.example", TEXT);
    const char *field = field_in(copy);
    ck_assert_ptr_nonnull(field);
    ck_assert_ptr_eq(strstr(field, "addr=alice@our.example; prefer-encrypt=mutual; keydata="), field);
    keeps_to_limits(copy);
    struct span shown = shown_by_gpg(field);
    ck_assert(has(shown, "Alice <alice@our.example>"));
    ck_assert_uint_eq(count(shown, "\nsub:"), 1);
    ck_assert_uint_eq(count(shown, "\nuid:"), 1);
    ck_assert_uint_eq(count(shown, "pub:"), 1);
    site_policy(site, POLICY("add autocrypt"));
    field = field_in(send_to("x@their.example", TEXT));
    ck_assert_ptr_nonnull(field);
    ck_assert_ptr_null(strstr(field, "prefer-encrypt"));
}
END_TEST

/* What another gateway of our kind learns from it is the key itself. */
START_TEST(field_is_read_as_a_source_of_the_key)
{
    struct span sent = send_to("x@their.example", TEXT);
    const struct span comes = {arena_memdup(site->arena, sent.ptr, sent.len), sent.len};
    pgp_site_run(
        s, (struct site_mail){.from = "alice@our.example", .to = {"alice@our.example"}, .bytes = comes});
    ck_assert_uint_eq(site->outcome->neffects, 1);
    const struct effect *effect = &site->outcome->effects[0];
    ck_assert_int_eq(effect->kind, EFFECT_HARVEST_PGP);
    ck_assert_int_eq(effect->source, PGP_SOURCE_AUTOCRYPT);
    ck_assert_str_eq(effect->addr, "alice@our.example");
}
END_TEST

START_TEST(it_stands_on_every_copy_and_never_inside)
{
    site_user(site, "alice@our.example", PKI_P256);
    pgp_site_run(s,
                 (struct site_mail){ALICE, .to = {"bob@their.example", "x@signed.example", "x@their.example"},
                                    .text = TEXT});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 3);
    struct span closed = site_copy_for(site, "bob@their.example"),
                is_signed = site_copy_for(site, "x@signed.example");
    ck_assert(has(closed, "multipart/encrypted") && has(is_signed, "application/pkcs7-signature"));
    ck_assert_ptr_nonnull(field_in(closed));
    ck_assert_ptr_nonnull(field_in(is_signed));
    ck_assert_ptr_nonnull(field_in(site_copy_for(site, "x@their.example")));
    ck_assert_uint_eq(count(is_signed, "Autocrypt:"), 1);
    struct span inside = pgp_site_decrypted(s, "bob", closed);
    ck_assert(has(inside, "ORCHID") && has(inside, "Subject: Hi") && !has(inside, "Autocrypt"));
}
END_TEST

/* ---- never ---- */

static const struct {
    struct site_mail mail;
    const char *why;
} never[] = {
    {{.from = "x@their.example", .to = {"alice@our.example"}, .text = "From: alice@our.example\n\nHi\n"},
     "comes from outside"},
    {{.login = "alice@our.example", .to = {"x@their.example"}, .text = TEXT}, "a report, or a program"},
    {{ALICE, .to = {"x@their.example"},
      .text = FROM_ALICE "MIME-Version: 1.0\nContent-Type: multipart/report; boundary=b\n\n"
                         "--b\n\nHi\n--b--\n"},
     "a report, or a program"},
    {{ALICE, .to = {"x@their.example"}, .text = FROM_ALICE "Auto-Submitted: auto-replied\n\nHi\n"},
     "a report, or a program"},
    {{ALICE, .to = {"x@their.example"}, .text = "From: alice@our.example, ann@our.example\n\nHi\n"},
     "no key for an Autocrypt field"},
    {{ALICE, .to = {"x@their.example"}, .text = "From: alice@our.example\nFrom: ann@our.example\n\nHi\n"},
     NULL},
    {{.from = "ann@our.example", .login = "ann@our.example", .to = {"x@their.example"}, .text = TEXT},
     "may not sign for alice@our.example"},
    {{ALICE, .to = {"x@their.example"},
      .text = "From: alice@our.example\nMIME-Version: 1.0\nContent-Type: multipart/signed; "
              "micalg=pgp-sha256; protocol=\"application/pgp-signature\"; boundary=b\n\n"
              "--b\nContent-Type: text/plain\n\nHi\n--b\nContent-Type: application/pgp-signature\n\n"
              "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n--b--\n"},
     "own program speaks OpenPGP"},
};

START_TEST(mail_that_nobody_of_us_wrote_himself_has_none)
{
    for (size_t i = 0; i < SEAL_COUNT(never); i++) {
        pgp_site_run(s, never[i].mail);
        ck_assert_msg(field_in(site_copy_for(site, never[i].mail.to[0])) == NULL, "mail %zu has one", i);
        ck_assert_msg(never[i].why == NULL || pgp_site_is_noted(s, never[i].why), "mail %zu: why?", i);
    }
    struct span copy = send_to("x@their.example", FROM_ALICE
                               "Autocrypt: addr=alice@our.example; keydata=AAAA\nSubject: Hi\n\nHi\n");
    ck_assert_uint_eq(count(copy, "Autocrypt:"), 1);
    ck_assert_str_eq(field_in(copy), "addr=alice@our.example; keydata=AAAA");
    ck_assert(pgp_site_is_noted(s, "it has one already"));
}
END_TEST

static void put_alice(const struct pgp_key *key)
{
    struct err err = ERR_INIT;
    struct pgp_record record = pgp_keys_record(site->arena, key);
    const char *addr = "alice@our.example";
    record.addrs = &addr;
    record.naddrs = 1;
    record.trust = TRUST_TRUSTED;
    record.source = PGP_SOURCE_OWN;
    ck_ok(store_put_pgp(site->store, &record, key->bytes, &err));
}

START_TEST(key_that_is_not_valid_or_of_a_user_is_not_given_out)
{
    struct pgp_key revoked = s->alice, ended = s->alice;
    revoked.revoked = true;
    ended.encrypt_until = s->now - 1;
    put_alice(&ended);
    ck_assert_ptr_null(field_in(send_to("x@their.example", TEXT)));
    ck_assert(pgp_site_is_noted(s, "what encrypts expired"));
    put_alice(&revoked);
    ck_assert_ptr_null(field_in(send_to("x@their.example", TEXT)));
    ck_assert(pgp_site_is_noted(s, "is revoked"));
    put_alice(&s->alice);
    ck_assert_ptr_nonnull(field_in(send_to("x@their.example", TEXT)));
    const struct user_record user = {.addr = "alice@our.example", .name = "Alice", .enabled = false};
    struct err err = ERR_INIT;
    ck_ok(store_put_user(site->store, &user, &err));
    ck_assert_ptr_null(field_in(send_to("x@their.example", TEXT)));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("autocrypt");
    TCase *tc = tcase_create("autocrypt");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, key_in_the_field_is_one_that_gpg_takes);
    tcase_add_test(tc, field_is_read_as_a_source_of_the_key);
    tcase_add_test(tc, it_stands_on_every_copy_and_never_inside);
    tcase_add_test(tc, mail_that_nobody_of_us_wrote_himself_has_none);
    tcase_add_test(tc, key_that_is_not_valid_or_of_a_user_is_not_given_out);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
