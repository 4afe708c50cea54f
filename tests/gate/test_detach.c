/* Tests of keys that are left out of mail: only what the store really has, and never from under a signature. */
#include "gate/explain.h"
#include "store/pgp.h"
#include "support/check.h"
#include "support/has.h"
#include "support/pgp_site.h"

#include <string.h>

#define EVE    "eve@their.example"
#define VICTIM "victim@their.example"

static const char policy[] = "our domains our.example\n"
                             "rule \"in\"\n"
                             "    when inbound\n"
                             "    decrypt\n"
                             "    harvest\n"
                             "    detach keys\n"
                             "rule \"else\"\n"
                             "    pass\n";

static struct pgp_site *s;
static struct site *site;

static void setup(void)
{
    s = pgp_site_new(policy, "");
    site = s->site;
    gpg_home_new(s->tool, "eve", "Eve <" EVE ">", "future-default");
}

static void teardown(void)
{
    gpg_home_end(s->tool, "eve");
    pgp_site_free(&s);
}

static const char *armor_of(const char *name)
{
    ck_assert_int_eq(gpg_home_run(s->tool, name, "--yes", "--armor", "--output", "key.asc", "--export",
                                  "their.example", NULL),
                     0);
    return arena_spandup(site->arena, tool_read(s->tool, "key.asc"));
}

static struct span run(const char *from, struct span bytes, const struct prepared *prepared)
{
    pgp_site_run(s, (struct site_mail){
                        .from = from, .to = {"alice@our.example"}, .bytes = bytes, .prepared = prepared});
    return site->outcome->plan->learn ? SPAN_LIT("") : site_copy_for(site, "alice@our.example");
}

static const struct prepared learned = {.learned = true};

/* As the daemon does. */
static struct span arrive(const char *from, struct span bytes)
{
    struct span copy = run(from, bytes, NULL);
    if (!site->outcome->plan->learn)
        return copy;
    ck_assert_ptr_null(site->outcome->copies);
    pgp_site_commit(s);
    return run(from, bytes, &learned);
}

#define HEAD                                                                                                 \
    "From: " EVE "\nTo: alice@our.example\nSubject: Hi\nMIME-Version: 1.0\n"                                 \
    "Content-Type: multipart/mixed; boundary=b\nX-Last: one\n\nbefore\n"
#define TEXT          "--b\n\nThe text is ORCHID. \n"
#define KEY(armor)    "--b\nContent-Type: application/pgp-keys; name=k.asc\n\n" armor
#define END           "--b--\nbehind\n"
#define KEYS_PART     KEY("%s")
#define DETACHED_NAME "X-Sealmilter-Detached: name=\"k.asc\";\r\n fingerprint="

static struct span with_key(const char *armor)
{
    return site_crlf(site, arena_printf(site->arena, HEAD TEXT KEYS_PART END, armor));
}

/* What is expected of it: nothing else has changed. */
static const char *without_key(struct span copy)
{
    const char *text = arena_spandup(site->arena, copy), *from = strstr(text, "From:");
    ck_assert_ptr_nonnull(from);
    return from;
}

START_TEST(key_is_left_out_once_it_is_stored)
{
    const char *armor = armor_of("eve");
    const char *left = arena_spandup(site->arena, site_crlf(site, HEAD TEXT END));
    struct span bytes = with_key(armor);
    /* nobody stored it: the message stays as it came */
    ck_assert(span_eq(run(EVE, bytes, &learned), bytes));
    ck_assert(pgp_site_is_noted(s, "attached key k.asc stays: it is not stored"));
    /* stored first, which explaining only says */
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    run(EVE, bytes, NULL);
    explain_text(site->outcome, &site->envelope, NULL, &text);
    ck_assert(has(buf_span(&text), "first    keys that are attached would be stored"));
    ck_assert(has(buf_span(&text), "attached key k.asc is left out: "));
    struct span copy = arrive(EVE, bytes);
    ck_assert(site->outcome->facts->taught);
    ck_assert(has(copy, DETACHED_NAME));
    ck_assert_str_eq(without_key(copy), left);
    /* known by now: at once */
    copy = run(EVE, bytes, NULL);
    ck_assert(!site->outcome->plan->learn);
    ck_assert_str_eq(without_key(copy), left);
    /* more than the store has of it: stays until that is stored too */
    ck_assert_int_eq(gpg_home_run(s->tool, "eve", "--quick-add-uid", EVE, "Eva <" EVE ">", NULL), 0);
    bytes = with_key(armor_of("eve"));
    ck_assert(span_eq(run(EVE, bytes, &learned), bytes));
    ck_assert_str_eq(without_key(arrive(EVE, bytes)), left);
}
END_TEST

static void trust_eve(enum trust trust)
{
    struct err err = ERR_INIT;
    struct store_read *read = NULL;
    struct pgp_record *records;
    size_t n;
    ck_ok(store_read_begin(site->store, site->arena, &read, &err));
    ck_ok(store_pgp_of(read, EVE, &records, &n, &err));
    store_read_end(&read);
    ck_assert_uint_eq(n, 1);
    ck_ok(store_set_pgp_trust(site->store, records[0].fingerprint, trust, &err));
}

static void stays(struct span bytes, const char *why)
{
    struct span copy = arrive(EVE, bytes);
    ck_assert_msg(span_eq(copy, bytes), "%.*s", SPAN_ARG(copy));
    ck_assert(pgp_site_is_noted(s, why));
}

#define BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"

/* Lines at the head of an armour: those that programs write name themselves, or the key. */
START_TEST(key_goes_with_what_programs_write_at_its_head_and_stays_with_anything_else)
{
    static const struct {
        const char *head;
        bool stays;
    } heads[] = {{"Version: GnuPG v2\nComment: Eve <" EVE ">\ncharset: utf-8\n", false},
                 {"Comment: mine\nPhone: 1234\n", true},
                 {"Commentary: call me\n", true}};
    const char *armor = armor_of("eve");
    ck_assert_int_eq(strncmp(armor, BEGIN, strlen(BEGIN)), 0);
    arrive(EVE, with_key(armor));
    for (size_t i = 0; i < SEAL_COUNT(heads); i++) {
        struct span bytes =
            with_key(arena_printf(site->arena, BEGIN "%s%s", heads[i].head, armor + strlen(BEGIN)));
        struct span copy = run(EVE, bytes, NULL);
        ck_assert_msg(span_eq(copy, bytes) == heads[i].stays && has(copy, DETACHED_NAME) != heads[i].stays,
                      "%s", heads[i].head);
    }
}
END_TEST

START_TEST(key_that_was_refused_stays)
{
    const char *armor = armor_of("eve"), *bob = armor_of("bob");
    arrive(EVE, with_key(armor));
    trust_eve(TRUST_REJECTED);
    stays(with_key(armor), "it is not stored");
    /* Bob's, which the store has, but not for Eve; and both in one file */
    stays(with_key(bob), "it is not stored");
    trust_eve(TRUST_TRUSTED);
    stays(with_key(arena_printf(site->arena, "%s%s", armor, bob)), "it is not stored");
    stays(with_key("no key at all\n"), "it is not stored");
    stays(with_key(arena_printf(site->arena, "%sCall me.\n", armor)), "it is not stored");
    stays(with_key(arena_printf(site->arena, "Call me.\n%s", armor)), "it is not stored");
    stays(with_key(arena_printf(site->arena, "%sCall me.\n%s", armor, armor)), "it is not stored");
    stays(with_key(arena_printf(site->arena, "%.*s Call me.\n", (int)strlen(armor) - 1, armor)),
          "it is not stored");
    /* a look-alike of the sender */
    gpg_home_new(s->tool, "liar", "Eve <" EVE "> <" VICTIM ">", "future-default");
    stays(with_key(armor_of("liar")), "it is not stored");
    gpg_home_end(s->tool, "liar");
}
END_TEST

/* The store would not have it: whoever cuts the file must not be the last to know that Bob's key has ended. */
START_TEST(file_with_more_than_the_key_stays)
{
    const char *armor = armor_of("eve");
    const char *revocation = arena_spandup(site->arena, gpg_home_revocation(s->tool, "bob", "*"));
    arrive(EVE, with_key(armor));
    stays(with_key(arena_printf(site->arena, "%s\n%s", revocation, armor)), "it is not stored");
    stays(with_key(arena_printf(site->arena, "%s\n%s", armor, revocation)), "it is not stored");
}
END_TEST

START_TEST(message_without_anything_else_stays)
{
    const char *armor = armor_of("eve");
    arrive(EVE, with_key(armor));
    stays(site_crlf(site, arena_printf(site->arena,
                                       "From: " EVE "\nMIME-Version: 1.0\n"
                                       "Content-Type: application/pgp-keys\n\n%s",
                                       armor)),
          "it is the message itself");
    stays(site_crlf(site, arena_printf(site->arena, HEAD "--b\n\n \n\n" KEYS_PART END, armor)),
          "nothing else is in the message");
    stays(site_crlf(site, arena_printf(site->arena, HEAD KEYS_PART END, armor)),
          "nothing else is in the message");
}
END_TEST

START_TEST(key_under_a_signature_stays)
{
    const char *entity =
        arena_printf(site->arena, "Content-Type: multipart/mixed; boundary=b\n\n" TEXT KEYS_PART "--b--\n",
                     armor_of("eve"));
    tool_write(s->tool, "entity", site_crlf(site, entity));
    ck_assert_int_eq(gpg_home_run(s->tool, "eve", "--yes", "--armor", "--digest-algo", "SHA256", "--output",
                                  "sig.asc", "--detach-sign", "entity", NULL),
                     0);
    struct span sig = tool_read(s->tool, "sig.asc");
    struct span bytes = site_crlf(
        site, arena_printf(site->arena,
                           "From: " EVE "\nMIME-Version: 1.0\nContent-Type: multipart/signed; "
                           "micalg=pgp-sha256; protocol=\"application/pgp-signature\"; boundary=s\n\n"
                           "--s\n%s\n--s\nContent-Type: application/pgp-signature\n\n%.*s\n--s--\n",
                           entity, SPAN_ARG(sig)));
    stays(bytes, "a signature covers it");
    pgp_site_commit(s);
    stays(bytes, "a signature covers it");
    ck_assert_str_eq(site->outcome->facts->views[0].carried[0].name, "k.asc");
}
END_TEST

/* Bob's key is stored already; Eve's is not, and storing it first would show what is inside. */
START_TEST(key_inside_ciphertext_is_left_out_where_it_is_known)
{
    static const char *const who[] = {"bob", "eve"};
    for (size_t i = 0; i < SEAL_COUNT(who); i++) {
        const char *addr = arena_printf(site->arena, "%s@their.example", who[i]);
        const char *entity =
            arena_printf(site->arena, "Content-Type: multipart/mixed; boundary=b\n\n" TEXT KEYS_PART END,
                         armor_of(who[i]));
        struct span bytes = pgp_site_mime(s, arena_printf(site->arena, "From: %s\nSubject: Hi\n", addr),
                                          pgp_site_armor(s, site_crlf(site, entity), NOBODY_SIGNS));
        struct span copy = run(addr, bytes, NULL);
        ck_assert(!site->outcome->plan->learn);
        ck_assert(has(copy, "ORCHID"));
        ck_assert_int_eq(has(copy, "PGP PUBLIC KEY"), i == 1);
        ck_assert_int_eq(has(copy, DETACHED_NAME), i == 0);
        ck_assert_int_eq(pgp_site_is_noted(s, "is stored only now"), i == 1);
    }
}
END_TEST

/* R17: with each variant that happens to open gpg would be asked, and take its time. */
START_TEST(key_inside_ciphertext_that_can_be_varied_is_not_looked_at)
{
    const struct pki_entity *carol = site_user(site, "carol@our.example", PKI_P256);
    const char *entity = arena_printf(
        site->arena, "Content-Type: multipart/mixed; boundary=b\n\n" TEXT KEYS_PART END, armor_of("eve"));
    pgp_site_run(s, (struct site_mail){.from = EVE,
                                       .to = {"carol@our.example"},
                                       .bytes = site_enveloped(site, "From: " EVE "\nSubject: Hi\n",
                                                               site_crlf(site, entity), carol)});
    struct span copy = site_copy_for(site, "carol@our.example");
    ck_assert(has(copy, "ORCHID"));
    ck_assert(has(copy, "PGP PUBLIC KEY"));
    for (size_t i = 0; i < site->outcome->neffects; i++)
        ck_assert_int_ne(site->outcome->effects[i].kind, EFFECT_HARVEST_PGP);
}
END_TEST

START_TEST(name_of_a_file_is_no_more_than_a_name)
{
    const char *armor = armor_of("eve");
    arrive(EVE, with_key(armor));
    struct span copy = run(
        EVE,
        site_crlf(site,
                  arena_printf(
                      site->arena,
                      HEAD TEXT
                      "--b\nContent-Type: application/pgp-keys\nContent-Disposition: "
                      "attachment; filename*=utf-8''a%%0d%%0aX-Evil:%%20%%1b[31m%%22%%E2%%80%%AEx\n\n%s" END,
                      armor)),
        NULL);
    ck_assert_ptr_null(site_field(site, copy, "X-Evil", 0));
    const char *field = site_field(site, copy, "X-Sealmilter-Detached", 0);
    ck_assert_ptr_nonnull(field);
    ck_assert_ptr_eq(strstr(field, "name=\"a??X-Evil: ?[31m\\\"x\"; fingerprint="), field);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("detach");
    TCase *tc = tcase_create("detach");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, key_is_left_out_once_it_is_stored);
    tcase_add_test(tc, key_goes_with_what_programs_write_at_its_head_and_stays_with_anything_else);
    tcase_add_test(tc, key_that_was_refused_stays);
    tcase_add_test(tc, file_with_more_than_the_key_stays);
    tcase_add_test(tc, message_without_anything_else_stays);
    tcase_add_test(tc, key_under_a_signature_stays);
    tcase_add_test(tc, key_inside_ciphertext_is_left_out_where_it_is_known);
    tcase_add_test(tc, key_inside_ciphertext_that_can_be_varied_is_not_looked_at);
    tcase_add_test(tc, name_of_a_file_is_no_more_than_a_name);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
