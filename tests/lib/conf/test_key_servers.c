/* Tests of openpgp-lookup: which words are servers, and whose addresses stand behind them. */
#include "conf/settings.h"
#include "support/check.h"

#include <string.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(1u << 20);
}

static void teardown(void)
{
    arena_free(&arena);
}

static int parse(const char *value, const struct lookup_settings **out, struct err *err)
{
    struct settings *settings = NULL;
    const char *text = arena_printf(arena, "openpgp-lookup = %s\n", value);
    int status = settings_parse(arena, "s", span_of(text), &settings, err);
    *out = status < 0 ? NULL : &settings->openpgp.lookup;
    return status;
}

START_TEST(patterns_belong_to_the_server_before_them)
{
    struct err err = ERR_INIT;
    const struct lookup_settings *s;
    ck_ok(parse("wkd partner.example *.partner.example,\n  hkps://keys.example:8443 *@a.example, "
                "hkp://old.example wkd",
                &s, &err));
    ck_assert_uint_eq(s->nservers, 4);
    ck_assert_int_eq(s->servers[0].kind, KEY_SERVER_WKD);
    ck_assert_ptr_null(s->servers[0].base);
    ck_assert_uint_eq(s->servers[0].patterns.n, 2);
    ck_assert_str_eq(s->servers[0].patterns.items[1], "*.partner.example");
    ck_assert_int_eq(s->servers[1].kind, KEY_SERVER_HKP);
    ck_assert_str_eq(s->servers[1].base, "https://keys.example:8443");
    ck_assert_str_eq(s->servers[1].patterns.items[0], "*@a.example");
    ck_assert_str_eq(s->servers[2].base, "http://old.example:11371");
    ck_assert_uint_eq(s->servers[2].patterns.n, 0);
    ck_assert_uint_eq(s->servers[3].patterns.n, 0);
}
END_TEST

static const struct {
    const char *word, *base;
} bases[] = {
    {"wkd://keys.example", "https://keys.example:443"},
    {"hkps://keys.example", "https://keys.example:443"},
    {"hkp://127.0.0.1:80", "http://127.0.0.1:80"},
    {"hkps://[2001:db8::1]:443", "https://[2001:db8::1]:443"},
    {"ldaps://keys.example", "ldaps://keys.example:636"},
    {"ldap://keys.example/", "ldap://keys.example:389"},
    {"\"ldap://[2001:db8::1]:1389/dc=example\"", "ldap://[2001:db8::1]:1389"},
};

START_TEST(server_has_the_port_of_its_scheme_or_its_own)
{
    struct err err = ERR_INIT;
    const struct lookup_settings *s;
    ck_ok(parse(bases[_i].word, &s, &err));
    ck_assert_str_eq(s->servers[0].base, bases[_i].base);
}
END_TEST

static const struct {
    const char *word, *base;
} keyspaces[] = {
    {"ldaps://keys.example", ""},
    {"ldaps://keys.example/", ""},
    {"\"ldaps://keys.example/ou=PGP Keys,dc=example\"", "ou=PGP Keys,dc=example"},
    {"\"ldaps://keys.example/ou=PGP%20Keys%2Cdc=ex%c3%a4mple\"", "ou=PGP Keys,dc=ex\xc3\xa4mple"},
};

START_TEST(server_of_ldap_has_a_base_behind_it)
{
    struct err err = ERR_INIT;
    const struct lookup_settings *s;
    ck_ok(parse(arena_printf(arena, "%s a.example b.example", keyspaces[_i].word), &s, &err));
    ck_assert_int_eq(s->servers[0].kind, KEY_SERVER_LDAP);
    ck_assert_str_eq(s->servers[0].directory->base, keyspaces[_i].base);
    ck_assert_str_eq(s->servers[0].directory->uris.items[0], "ldaps://keys.example:636");
    ck_assert(s->servers[0].directory->starttls);
    ck_assert_str_eq(s->servers[0].directory->bind_dn, "");
    ck_assert_uint_eq(s->servers[0].patterns.n, 2);
}
END_TEST

START_TEST(nobody_is_asked_by_default)
{
    struct err err = ERR_INIT;
    const struct lookup_settings *s;
    ck_ok(parse("\"\"", &s, &err));
    ck_assert_uint_eq(s->nservers, 0);
}
END_TEST

static const struct {
    const char *value, *message;
} mistakes[] = {
    {"partner.example wkd", "expected a server before 'partner.example'"},
    {"https://keys.example", "expected wkd, wkd://HOST"},
    {"wkd Partner.example", "expected lower case"},
    {"wkd partner", "expected wkd, wkd://HOST"},
    {"hkps://", "expected HOST or HOST:PORT behind hkps://"},
    {"hkps://keys.example/pks", "expected HOST or HOST:PORT"},
    {"hkps://me@keys.example", "expected HOST or HOST:PORT"},
    {"ldaps:///dc=example", "expected HOST or HOST:PORT behind ldaps://"},
    {"\"ldap://keys.example/dc=example?mail\"", "expected a distinguished name behind the host"},
    {"\"ldap://keys.example/dc=ex%ample\"", "expected a distinguished name behind the host"},
    {"\"ldap://keys.example/dc=x%0ay\"", "expected a distinguished name behind the host"},
    {"directory", "openpgp-lookup = directory wants directory"},
    {"hkps://keys.example:0", "expected a port from 1 to 65535"},
    {"wkd wkd wkd wkd wkd wkd wkd wkd wkd", "at most 8 servers"},
};

START_TEST(mistake_is_told)
{
    struct err err = ERR_INIT;
    const struct lookup_settings *s;
    ck_assert_int_lt(parse(mistakes[_i].value, &s, &err), 0);
    ck_assert_int_eq(err.code, ERR_CONFIG);
    ck_assert_msg(strstr(err.msg, mistakes[_i].message) != NULL, "%s", err.msg);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/conf/key_servers");
    TCase *t = tcase_create("key_servers");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, patterns_belong_to_the_server_before_them);
    tcase_add_loop_test(t, server_has_the_port_of_its_scheme_or_its_own, 0, SEAL_COUNT(bases));
    tcase_add_loop_test(t, server_of_ldap_has_a_base_behind_it, 0, SEAL_COUNT(keyspaces));
    tcase_add_test(t, nobody_is_asked_by_default);
    tcase_add_loop_test(t, mistake_is_told, 0, SEAL_COUNT(mistakes));
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
