#include "directory/internal.h"

#include "support/check.h"

static const struct {
    const char *a, *b;
    bool same;
} cases[] = {
    {"cn=a,dc=example", "CN=A, DC=Example", true}, {"cn=a,dc=example", "cn=b,dc=example", false},
    {"cn=a\\,b,dc=x", "cn=a\\2cb,dc=x", true},     {"cn=a\\,ou=b,dc=x", "cn=a,ou=b,dc=x", false},
    {"cn=a\\+sn=b,dc=x", "cn=a+sn=b,dc=x", false}, {"cn=J\xc3\xbcrgen,dc=x", "cn=J\\c3\\bcrgen,dc=x", true},
    {"cn=a\\5c2cb,dc=x", "cn=a\\,b,dc=x", false},
};

START_TEST(names_are_compared_by_what_they_mean)
{
    struct arena *arena = arena_new(1u << 20);
    const char *a = name_canonical(arena, cases[_i].a), *b = name_canonical(arena, cases[_i].b);
    ck_assert(a != NULL && b != NULL);
    if (cases[_i].same)
        ck_assert_str_eq(a, b);
    else
        ck_assert_str_ne(a, b);
    arena_free(&arena);
}
END_TEST

START_TEST(what_is_no_name_has_no_spelling)
{
    struct arena *arena = arena_new(1u << 20);
    static const char *const none[] = {"", "alice", "cn=a,", "=a", "cn=a,,dc=x"};
    for (size_t i = 0; i < SEAL_COUNT(none); i++)
        ck_assert_msg(name_canonical(arena, none[i]) == NULL, "%s", none[i]);
    arena_free(&arena);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("name");
    TCase *t = tcase_create("name");
    tcase_add_loop_test(t, names_are_compared_by_what_they_mean, 0, SEAL_COUNT(cases));
    tcase_add_test(t, what_is_no_name_has_no_spelling);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
