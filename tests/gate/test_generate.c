/* Tests of gate/generate.c with OpenPGP: gpg judges what the new key signs. S/MIME: tests/milter/test_generate.c. */
#include "gate/generate.h"

#include "gate/explain.h"
#include "store/pgp.h"
#include "support/check.h"
#include "support/has.h"
#include "support/pgp_site.h"
#include "token/wrap.h"

#include <string.h>

static const char policy[] =
    "our domains our.example\n"
    "rule \"out\"\n    when outbound\n    generate key openpgp\n    sign with openpgp\n"
    "rule \"rest\"\n    pass\n";
static const char mail[] = "From: guest@our.example\nTo: bob@their.example\n\nORCHID\n";

static const struct facts guest = {
    .from = "guest@our.example", .submitter = SUBMITTER_LOGIN, .may_sign = true};

static struct pgp_site *s;
static struct site *site;

static void set_up(void)
{
    s = pgp_site_new(policy, "");
    site = s->site;
    site_known(site, "guest@our.example", "Gus T.");
}

static void tear_down(void)
{
    pgp_site_free(&s);
}

static void run(const struct prepared *prepared)
{
    const struct site_mail message = {.from = "guest@our.example",
                                      .login = "guest@our.example",
                                      .to = {"bob@their.example"},
                                      .text = mail,
                                      .now = s->now,
                                      .prepared = prepared};
    site_answers(site, &message);
}

static struct generated_key generate(void)
{
    struct err err = ERR_INIT;
    struct generated_key key;
    ck_ok(gate_generate(site->gate, site->snapshot, &guest, METHOD_OPENPGP, s->now, site->arena, &key, &err));
    return key;
}

START_TEST(message_waits_for_its_key_and_is_signed_with_it)
{
    static const struct prepared done = {.why = {NULL}};
    run(NULL);
    ck_assert_uint_eq(site->outcome->plan->generate, 1u << METHOD_OPENPGP);
    ck_assert_ptr_null(site->outcome->copies);
    struct generated_key first = generate(), again = generate();
    ck_assert(first.made);
    ck_assert(!again.made);
    ck_assert_str_eq(first.fingerprint, again.fingerprint);
    run(&done);
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    ck_assert_str_eq(site->outcome->plan->copies[0].ops[0].fp[0], first.fingerprint);
    struct span copy = site_copy_for(site, "bob@their.example");
    ck_assert(has(copy, "protocol=\"application/pgp-signature\""));
    run(NULL);
    ck_assert_uint_eq(site->outcome->plan->generate, 0);
}
END_TEST

START_TEST(store_keeps_both_halves_and_trusts_the_public_one)
{
    struct err err = ERR_INIT;
    struct store_read *read;
    struct pgp_record public;
    struct pgp_own_record own;
    struct generated_key key = generate();
    ck_ok(store_read_begin(site->store, site->arena, &read, &err));
    ck_assert_int_eq(store_find_pgp(read, key.fingerprint, &public, &err), FIND_FOUND);
    ck_assert_int_eq(store_find_pgp_own(read, key.fingerprint, &own, &err), FIND_FOUND);
    store_read_end(&read);
    ck_assert_int_eq(public.trust, TRUST_TRUSTED);
    ck_assert(pgp_record_names(&public, "guest@our.example"));
    ck_assert_str_eq(public.user_ids[0], "Gus T. <guest@our.example>");
    ck_assert_str_eq(own.owner, "guest@our.example");
    ck_assert_uint_eq(own.ngrips, 2);
    ck_assert_uint_gt(own.secret.len, 0);
    ck_assert_int_eq(key.until, public.expires);
}
END_TEST

/* For store_rewrap(): what is there stays as it is. */
static int keep(void *arg, const char *owner, struct span subject, struct span wrapped, struct buf *out,
                struct err *err)
{
    (void)arg, (void)owner, (void)subject;
    buf_add_span(out, wrapped);
    return buf_check(out, err);
}

static void rewrap_under(struct span name)
{
    struct err err = ERR_INIT;
    size_t n;
    ck_ok(store_rewrap(site->store, name, keep, NULL, &n, &err));
}

START_TEST(key_wrapped_under_a_master_key_of_before_is_not_kept_but_made_again)
{
    struct err err = ERR_INIT;
    struct generated_key key;
    struct store_read *read;
    struct pgp_own_record *owns;
    size_t n;
    char name[WRAPPED_NAME_SIZE];
    rewrap_under(SPAN_LIT("new name"));
    ck_fails(
        gate_generate(site->gate, site->snapshot, &guest, METHOD_OPENPGP, s->now, site->arena, &key, &err),
        ERR_BUSY);
    ck_ok(store_read_begin(site->store, site->arena, &read, &err));
    ck_ok(store_pgp_own_of(read, "guest@our.example", &owns, &n, &err));
    store_read_end(&read);
    ck_assert_uint_eq(n, 0);
    wrap_name(&site->master, name);
    rewrap_under((struct span){name, sizeof name});
    ck_assert(generate().made);
}
END_TEST

START_TEST(explain_says_what_would_be_generated)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20), json = BUF_INIT(1u << 20);
    run(NULL);
    explain_text(site->outcome, &site->envelope, &site->trace, &text);
    explain_json(site->outcome, &site->envelope, &site->trace, &json);
    ck_assert(has(buf_span(&text), "first    an openpgp key of guest@our.example would be generated"));
    ck_assert(has(buf_span(&text), "sign openpgp"));
    ck_assert_ptr_nonnull(strstr(buf_str(&json), "\"generate\""));
    ck_assert_ptr_null(strstr(buf_str(&json), "to be generated)"));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("gate/generate");
    TCase *t = tcase_create("openpgp");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, message_waits_for_its_key_and_is_signed_with_it);
    tcase_add_test(t, store_keeps_both_halves_and_trusts_the_public_one);
    tcase_add_test(t, key_wrapped_under_a_master_key_of_before_is_not_kept_but_made_again);
    tcase_add_test(t, explain_says_what_would_be_generated);
    suite_add_tcase(suite, t);
    return suite;
}

TEST_MAIN(suite)
