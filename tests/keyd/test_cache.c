/* test_cache - bounded, and what is in use stays alive. */
#include "keyd/cache.h"

#include "base/hash.h"
#include "support/check.h"
#include "token/key_impl.h"

#include <string.h>

#define MOST 4096

static unsigned freed;

static void fake_free(struct key *key)
{
    freed++;
    free(key);
}

static const struct key_ops fake_ops = {.name = "fake", .free = fake_free};

static struct key *fake(void)
{
    struct key *key = xcalloc(1, sizeof *key);
    key->ops = &fake_ops;
    atomic_init(&key->refs, 1);
    return key;
}

static void id_of(unsigned n, unsigned char out[WIRE_ID_SIZE])
{
    hash_bytes((struct span){(const char *)&n, sizeof n}, out);
}

START_TEST(key_is_found_by_its_id_with_its_owner)
{
    unsigned char id[WIRE_ID_SIZE], other[WIRE_ID_SIZE];
    struct cache *cache = cache_new();
    id_of(1, id);
    id_of(2, other);
    ck_assert_ptr_null(cache_find(cache, id));
    cache_add(cache, id, "a@b.example", fake());
    struct opened *found = cache_find(cache, id);
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(found->owner, "a@b.example");
    ck_assert_uint_eq(strlen(found->fpr), 16);
    ck_assert_ptr_null(cache_find(cache, other));
    cache_add(cache, id, "a@b.example", fake()); /* two threads opened it at once */
    ck_assert_uint_eq(cache_count(cache), 1);
    ck_assert_uint_eq(freed, 0); /* the first is in use */
    opened_release(&found);
    ck_assert_uint_eq(freed, 1);
    cache_free(&cache);
    ck_assert_uint_eq(freed, 2);
}
END_TEST

START_TEST(cache_is_bounded_and_what_is_used_stays)
{
    unsigned char id[WIRE_ID_SIZE], used[WIRE_ID_SIZE];
    struct cache *cache = cache_new();
    id_of(0, used);
    cache_add(cache, used, "a@b.example", fake());
    for (unsigned i = 1; i < 5 * MOST; i++) {
        id_of(i, id);
        cache_add(cache, id, "a@b.example", fake());
        struct opened *found = cache_find(cache, used);
        ck_assert_ptr_nonnull(found);
        opened_release(&found);
    }
    ck_assert_uint_le(cache_count(cache), MOST);
    ck_assert_uint_eq(freed + cache_count(cache), 5 * MOST);
    cache_free(&cache);
    ck_assert_uint_eq(freed, 5 * MOST);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/cache");
    TCase *tc = tcase_create("cache");
    tcase_add_test(tc, key_is_found_by_its_id_with_its_owner);
    tcase_add_test(tc, cache_is_bounded_and_what_is_used_stays);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
