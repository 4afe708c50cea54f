#include "base/hash.h"
#include "support/check.h"

static void hex_of(struct hash **hash, char hex[HASH_HEX_SIZE])
{
    unsigned char digest[HASH_SIZE];
    hash_end(*hash, digest);
    hash_free(hash);
    hash_hex(digest, hex);
}

/* FIPS 180-2 B.1 and the empty message; what sha256sum prints. */
START_TEST(known_answers)
{
    unsigned char digest[HASH_SIZE];
    char hex[HASH_HEX_SIZE];
    hash_bytes(SPAN_LIT("abc"), digest);
    hash_hex(digest, hex);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_bytes((struct span){NULL, 0}, digest);
    hash_hex(digest, hex);
    ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(pieces_hash_like_the_whole)
{
    char hex[HASH_HEX_SIZE];
    struct hash *hash = hash_new();
    hash_add(hash, SPAN_LIT("a"));
    hash_add(hash, (struct span){NULL, 0});
    hash_add(hash, SPAN_LIT("bc"));
    hex_of(&hash, hex);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_ptr_null(hash);
    hash_free(&hash);
}
END_TEST

START_TEST(fields_cannot_run_into_each_other)
{
    static const struct {
        struct span first, second;
    } cases[] = {{{"ab", 2}, {"c", 1}}, {{"a", 1}, {"bc", 2}}, {{"abc", 3}, {"", 0}}, {{"", 0}, {"abc", 3}}};
    char hex[SEAL_COUNT(cases)][HASH_HEX_SIZE];
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct hash *hash = hash_new();
        hash_add_field(hash, cases[i].first);
        hash_add_field(hash, cases[i].second);
        hex_of(&hash, hex[i]);
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(hex[i], hex[k]);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("base/hash");
    TCase *tc = tcase_create("hash");
    tcase_add_test(tc, known_answers);
    tcase_add_test(tc, pieces_hash_like_the_whole);
    tcase_add_test(tc, fields_cannot_run_into_each_other);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
