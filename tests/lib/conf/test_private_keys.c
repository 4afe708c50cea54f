/* test_private_keys - settings of sealkeyd and of tokens. */
#include "conf/settings.h"
#include "support/check.h"

static int parse(struct arena *arena, const char *text, struct settings **out, struct err *err)
{
    return settings_parse(arena, "s", span_of(text), out, err);
}

START_TEST(defaults_follow_from_the_state_folder)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    struct settings *s = NULL;
    ck_ok(parse(arena, "state = /srv/seal\n", &s, &err));
    ck_assert_str_eq(s->keys.socket, "/srv/seal/sealkeyd.sock");
    ck_assert_str_eq(s->keys.process, "start");
    ck_assert_str_eq(s->keys.user, "sealkeyd");
    ck_assert_uint_eq(s->keys.rate, 6000);
    ck_assert_uint_eq(s->keys.pkcs11.modules.n, 0);
    ck_assert_uint_eq(s->keys.pkcs11.npins, 0);
    ck_assert_uint_eq(s->keys.pkcs11.timeout, 10);
    arena_free(&arena);
}
END_TEST

START_TEST(pin_files_are_pairs_of_label_and_file)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    struct settings *s = NULL;
    ck_ok(parse(arena,
                "pkcs11-module = /usr/lib/a.so /usr/lib/b.so\npkcs11-pin-files = one /etc/one.pin, \"the "
                "other\" /etc/o.pin\n",
                &s, &err));
    ck_assert_uint_eq(s->keys.pkcs11.modules.n, 2);
    ck_assert_uint_eq(s->keys.pkcs11.npins, 2);
    ck_assert_str_eq(s->keys.pkcs11.pins[0].token, "one");
    ck_assert_str_eq(s->keys.pkcs11.pins[1].token, "the other");
    ck_assert_str_eq(s->keys.pkcs11.pins[1].path, "/etc/o.pin");
    arena_free(&arena);
}
END_TEST

static const char *const wrong[] = {
    "key-process = perhaps\n",
    "key-rate = 0\n",
    "pkcs11-module = libsofthsm2.so\n",
    "pkcs11-pin-files = one\n",
    "pkcs11-pin-files = one /etc/one.pin two\n",
    "pkcs11-pin-files = one two\n",
    "master-key-token = token=one\n",
    "master-key-token = pkcs11:token=one;object=m\n",
    "key-socket = "
    "/a/path/of/more/than/one/hundred/and/seven/octets/which/is/what/fits/the/address/of/a/socket/"
    "and/no/octet/more\n",
    "state = "
    "/a/folder/of/so/many/octets/that/no/socket/in/it/has/an/address/unless/another/folder/is/named/for/it\n",
};

START_TEST(what_cannot_work_is_refused)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    struct settings *s = NULL;
    ck_fails(parse(arena, wrong[_i], &s, &err), ERR_CONFIG);
    arena_free(&arena);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/conf/private_keys");
    TCase *tc = tcase_create("private_keys");
    tcase_add_test(tc, defaults_follow_from_the_state_folder);
    tcase_add_test(tc, pin_files_are_pairs_of_label_and_file);
    tcase_add_loop_test(tc, what_cannot_work_is_refused, 0, SEAL_COUNT(wrong));
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
