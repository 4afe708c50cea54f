/* Tests of OpenPGP keys in a directory: where they are looked for, what is taken, and that "could not find out" is not "no". */
#include "directory/directory.h"
#include "support/check.h"
#include "support/pgp_ldif.h"
#include "support/slapd.h"

#include <stdio.h>
#include <string.h>

#define BOB        "bob@their.example"
#define BOB_GNUPG  "gpgMailbox: " BOB "\n"
#define BOB_PGP    "pgpUserID: Bob <" BOB ">\n"
#define TIMEOUT_MS 60000

static struct slapd *slapd;
static struct arena *arena;
static struct directory *directory;
static struct directory_keys bob;
static struct err err;

static void setup(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
    err = (struct err)ERR_INIT;
}

static void teardown(void)
{
    directory_free(&directory);
    slapd_free(&slapd);
    arena_free(&arena);
}

static void serve(const char *ldif)
{
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif, .global = PGP_LDIF_SCHEMA});
}

/* As openpgp-lookup names it. */
static void use(const char *server, const char *base, const char *more)
{
    struct settings *settings;
    const char *text = arena_printf(arena, "openpgp-lookup = \"%s%s\"\n%s", server, base, more);
    ck_ok(settings_parse(arena, "settings", span_of(text), &settings, &err));
    directory_free(&directory);
    directory = directory_new(settings->openpgp.lookup.servers[0].directory, slapd_clock_ms);
}

static int ask_within(const char *addr, unsigned timeout_ms)
{
    bob = (struct directory_keys){.addr = addr};
    err_clear(&err);
    return directory_find_keys(directory, arena, timeout_ms, &bob, 1, &err);
}

static void find(const char *base, const char *addr)
{
    use(slapd->uri, base, "openpgp-lookup-starttls = no\n");
    ck_ok(ask_within(addr, TIMEOUT_MS));
}

static void ck_not_found_out(const char *base, const char *why)
{
    use(slapd->uri, base, "openpgp-lookup-starttls = no\n");
    ck_assert_int_lt(ask_within(BOB, TIMEOUT_MS), 0);
    ck_assert_msg(strstr(err.msg, why) != NULL, "%s", err.msg);
}

static bool is_key(size_t i, const char *text)
{
    return i < bob.nkeys && span_is(bob.keys[i].octets, text);
}

#define ck_found(text)                                                                                       \
    do {                                                                                                     \
        ck_assert_int_eq(bob.answer, FIND_FOUND);                                                            \
        ck_assert_uint_eq(bob.nkeys, 1);                                                                     \
        ck_assert(is_key(0, text));                                                                          \
    } while (0)

/* ---- where ---- */

static const char *const bases[] = {"", "/", "/dc=example", "/ou=PGP Keys,dc=example",
                                    "/ou=PGP%20Keys%2cdc=example"};

START_TEST(key_server_knows_where_its_keys_are_and_which_schema_it_has)
{
    serve(PGP_LDIF_SERVER(PGP_LDIF_GNUPG) PGP_LDIF_KEY("A", "pgpKey: one\n" BOB_GNUPG)
              PGP_LDIF_KEY("B", "pgpKey: other\npgpUserID: Bobs friend <" BOB ">\n"));
    find(bases[_i], BOB);
    ck_found("one");
}
END_TEST

START_TEST(older_key_server_has_whole_user_ids)
{
    serve(PGP_LDIF_SERVER("") PGP_LDIF_KEY("A", "pgpKey: one\n" BOB_PGP)
              PGP_LDIF_KEY("B", "pgpKey: two\npgpUserID: <" BOB ".evil.example>\n")
                  PGP_LDIF_KEY("C", "pgpKey: three\npgpUserID: carol@their.example\n"));
    find("", BOB);
    ck_found("one");
    find("", "carol@their.example");
    ck_found("three");
    find("", "dave@their.example");
    ck_assert_int_eq(bob.answer, FIND_ABSENT);
    ck_assert_str_eq(bob.why, "has no key");
}
END_TEST

/* In people's entries. */
#define HOLDER(uid, mail, lines)                                                                             \
    "dn: uid=" uid ",ou=people,dc=example\nobjectClass: inetOrgPerson\nobjectClass: keyHolder\nuid: " uid    \
    "\ncn: " uid "\nsn: X\nmail: " mail "\n" lines "\n"

START_TEST(keys_of_people_hang_on_their_entries)
{
    serve(PEOPLE_BASE HOLDER("bob", BOB, "pgpKey: one\n") PEOPLE_PERSON("carol", "carol@their.example", ""));
    find("/ou=people,dc=example", BOB);
    ck_found("one");
    find("/dc=example", BOB);
    ck_found("one");
    find("/dc=example", "carol@their.example");
    ck_assert_int_eq(bob.answer, FIND_ABSENT);
}
END_TEST

/* The keys of the server's own key space are not those below another base. */
START_TEST(named_base_is_the_one_that_is_searched)
{
    serve(PGP_LDIF_SERVER(PGP_LDIF_GNUPG) PGP_LDIF_KEY("A", "pgpKey: one\n" BOB_GNUPG)
              HOLDER("bob", BOB, "pgpKey: two\n"));
    find("/ou=people,dc=example", BOB);
    ck_found("two");
}
END_TEST

START_TEST(directory_that_is_set_is_asked_as_it_is_set)
{
    struct settings *settings;
    serve(PEOPLE_BASE HOLDER("bob", BOB, "pgpKey: one\n") HOLDER("robert", BOB, "pgpKey: two\nl: out\n"));
    const char *text = arena_printf(arena,
                                    "openpgp-lookup = directory *@their.example\ndirectory = %s\n"
                                    "directory-base = dc=example\ndirectory-starttls = no\n"
                                    "directory-filter = (!(l=out))\n",
                                    slapd->uri);
    ck_ok(settings_parse(arena, "settings", span_of(text), &settings, &err));
    ck_assert_str_eq(settings->openpgp.lookup.servers[0].name, "directory");
    directory = directory_new(settings->openpgp.lookup.servers[0].directory, slapd_clock_ms);
    ck_ok(ask_within(BOB, TIMEOUT_MS));
    ck_found("one");
}
END_TEST

/* ---- what ---- */

START_TEST(all_keys_of_an_address_are_taken)
{
    serve(PGP_LDIF_SERVER(PGP_LDIF_GNUPG) PGP_LDIF_KEY("A", "pgpKey: one\n" BOB_GNUPG)
              PGP_LDIF_KEY("B", "pgpKey: two\n" BOB_GNUPG));
    find("", BOB);
    ck_assert_uint_eq(bob.nkeys, 2);
    ck_assert((is_key(0, "one") && is_key(1, "two")) || (is_key(0, "two") && is_key(1, "one")));
}
END_TEST

START_TEST(addresses_are_told_apart)
{
    struct directory_keys both[] = {{.addr = "carol@their.example"}, {.addr = BOB}, {.addr = "x@y.example"}};
    serve(PGP_LDIF_SERVER(PGP_LDIF_GNUPG) PGP_LDIF_KEY("A", "pgpKey: one\n" BOB_GNUPG)
              PGP_LDIF_KEY("B", "pgpKey: two\ngpgMailbox: carol@their.example\n"));
    use(slapd->uri, "", "openpgp-lookup-starttls = no\n");
    ck_ok(directory_find_keys(directory, arena, TIMEOUT_MS, both, 3, &err));
    ck_assert(span_is(both[0].keys[0].octets, "two"));
    ck_assert(span_is(both[1].keys[0].octets, "one"));
    ck_assert_int_eq(both[2].answer, FIND_ABSENT);
}
END_TEST

START_TEST(disabled_key_is_none_and_a_revoked_one_is_marked)
{
    serve(PGP_LDIF_SERVER(PGP_LDIF_GNUPG)
              PGP_LDIF_KEY("A", "pgpDisabled: 1\npgpKey: one\ngpgMailbox: carol@their.example\n")
                  PGP_LDIF_KEY("B", "pgpKey: two\npgpRevoked: 1\npgpDisabled: 0\n" BOB_GNUPG));
    find("", "carol@their.example");
    ck_assert_int_eq(bob.answer, FIND_ABSENT);
    ck_assert_uint_eq(bob.nkeys, 0);
    ck_assert_str_eq(bob.why, "has a key that is disabled there");
    find("", BOB);
    ck_found("two");
    ck_assert(bob.keys[0].revoked);
}
END_TEST

START_TEST(huge_key_is_not_no)
{
    size_t n = DIRECTORY_KEYS_SIZE_MAX + 1;
    SEAL_CLEANUP(buf_fini) struct buf ldif = BUF_INIT(1u << 20);
    buf_add_str(&ldif, PGP_LDIF_SERVER(PGP_LDIF_GNUPG) "dn: pgpCertID=A,ou=PGP Keys,dc=example\n"
                                                       "objectClass: pgpKeyInfo\npgpCertID: A\n" BOB_GNUPG
                                                       "pgpKey: ");
    memset(buf_reserve(&ldif, n), 'x', n);
    buf_commit(&ldif, n);
    buf_add_str(&ldif, "\n\n");
    serve(buf_str(&ldif));
    find("", BOB);
    ck_assert_int_eq(bob.answer, FIND_FAILED);
    ck_assert_uint_eq(bob.nkeys, 0);
    ck_assert_str_eq(bob.why, "has more, or larger, keys than are taken");
}
END_TEST

START_TEST(more_keys_than_are_taken_are_not_all)
{
    SEAL_CLEANUP(buf_fini) struct buf ldif = BUF_INIT(1u << 16);
    buf_add_str(&ldif, PGP_LDIF_SERVER(PGP_LDIF_GNUPG));
    for (int i = 0; i <= DIRECTORY_KEYS_MAX; i++)
        buf_printf(&ldif,
                   "dn: pgpCertID=%d,ou=PGP Keys,dc=example\nobjectClass: pgpKeyInfo\npgpCertID: %d\n"
                   "pgpKey: one\n" BOB_GNUPG "\n",
                   i, i);
    serve(buf_str(&ldif));
    find("", BOB);
    ck_assert_int_eq(bob.answer, FIND_FAILED);
    ck_assert_uint_eq(bob.nkeys, DIRECTORY_KEYS_MAX);
}
END_TEST

static const char *const strange[] = {
    "*", "*@their.example", "x)(pgpKey=*", "*)(|(pgpKey=*", "x\\2a@their.example", "b?b@their.example"};

START_TEST(address_changes_nothing_in_a_question)
{
    serve(PGP_LDIF_SERVER("") PGP_LDIF_KEY("A", "pgpKey: one\n" BOB_PGP));
    find("", strange[_i]);
    ck_assert_int_eq(bob.answer, FIND_ABSENT);
    find("/ou=PGP Keys,dc=example", strange[_i]);
    ck_assert_int_eq(bob.answer, FIND_ABSENT);
    find("/ou=people,dc=example", strange[_i]);
    ck_assert_int_eq(bob.answer, FIND_ABSENT);
}
END_TEST

/* ---- could not find out ---- */

START_TEST(server_that_does_not_say_where_its_keys_are_is_none)
{
    serve(PEOPLE_BASE);
    ck_not_found_out("", "does not say where its keys are");
    ck_not_found_out("/ou=nowhere,dc=example", "no such entry");
    ck_not_found_out("/nonsense", "Invalid DN");
}
END_TEST

START_TEST(keys_that_the_server_hides_are_not_absent)
{
    slapd = slapd_new(&(struct slapd_spec){
        .ldif = PGP_LDIF_SERVER("") PGP_LDIF_KEY("A", "pgpKey: one\n" BOB_PGP),
        .global = PGP_LDIF_SCHEMA,
        .database = "access to dn.subtree=\"ou=PGP Keys,dc=example\" by * none\naccess to * by * read\n"});
    ck_not_found_out("", "no such entry");
}
END_TEST

START_TEST(server_that_hangs_ends_at_the_limit)
{
    serve(PGP_LDIF_SERVER(""));
    use(slapd->uri, "", "openpgp-lookup-starttls = no\n");
    slapd_hang(slapd);
    int64_t before = slapd_clock_ms();
    ck_assert_int_lt(ask_within(BOB, 500), 0);
    ck_assert_int_lt(slapd_clock_ms() - before, 20000);
    ck_assert_int_eq(err.code, ERR_PEER_TEMP);
    slapd_go_on(slapd);
    ck_ok(ask_within(BOB, TIMEOUT_MS));
}
END_TEST

START_TEST(tls_proves_who_the_server_is)
{
    struct pki *pki = pki_new();
    struct pki_entity *root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    struct pki_entity *cert =
        pki_leaf(pki, root, &(struct pki_spec){.name = "server", .san = "IP:127.0.0.1", .eku = "serverAuth"});
    slapd =
        slapd_new(&(struct slapd_spec){.ldif = PGP_LDIF_SERVER("") PGP_LDIF_KEY("A", "pgpKey: one\n" BOB_PGP),
                                       .global = PGP_LDIF_SCHEMA,
                                       .cert = cert,
                                       .ca = root});
    const char *ca = arena_printf(arena, "openpgp-lookup-ca-file = %s\n", slapd->ca);
    const char *const uris[] = {slapd->uri, slapd->ldaps};
    slapd_entity(slapd, "stranger", pki_root(pki, &(struct pki_spec){.name = "Another"}));
    const char *stranger = arena_printf(arena, "openpgp-lookup-ca-file = %s/stranger.pem\n", slapd->dir);
    for (size_t i = 0; i < 2; i++) {
        use(uris[i], "", ca);
        ck_ok(ask_within(BOB, TIMEOUT_MS));
        ck_found("one");
        use(uris[i], "", stranger);
        ck_assert_int_lt(ask_within(BOB, TIMEOUT_MS), 0);
        ck_assert_msg(strstr(err.msg, "TLS fails") != NULL, "%s", err.msg);
    }
    pki_free(&pki);
}
END_TEST

START_TEST(nothing_is_asked_without_tls_unless_it_is_said)
{
    serve(PGP_LDIF_SERVER("") PGP_LDIF_KEY("A", "pgpKey: one\n" BOB_PGP));
    use(slapd->uri, "", "");
    ck_assert_int_lt(ask_within(BOB, TIMEOUT_MS), 0);
    ck_assert_msg(strstr(err.msg, "StartTLS") != NULL, "%s", err.msg);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/directory/keys");
    TCase *t = tcase_create("keys");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, key_server_knows_where_its_keys_are_and_which_schema_it_has, 0, SEAL_COUNT(bases));
    tcase_add_test(t, older_key_server_has_whole_user_ids);
    tcase_add_test(t, keys_of_people_hang_on_their_entries);
    tcase_add_test(t, named_base_is_the_one_that_is_searched);
    tcase_add_test(t, directory_that_is_set_is_asked_as_it_is_set);
    tcase_add_test(t, all_keys_of_an_address_are_taken);
    tcase_add_test(t, addresses_are_told_apart);
    tcase_add_test(t, disabled_key_is_none_and_a_revoked_one_is_marked);
    tcase_add_test(t, huge_key_is_not_no);
    tcase_add_test(t, more_keys_than_are_taken_are_not_all);
    tcase_add_loop_test(t, address_changes_nothing_in_a_question, 0, SEAL_COUNT(strange));
    tcase_add_test(t, server_that_does_not_say_where_its_keys_are_is_none);
    tcase_add_test(t, keys_that_the_server_hides_are_not_absent);
    tcase_add_test(t, server_that_hangs_ends_at_the_limit);
    tcase_add_test(t, tls_proves_who_the_server_is);
    tcase_add_test(t, nothing_is_asked_without_tls_unless_it_is_said);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
