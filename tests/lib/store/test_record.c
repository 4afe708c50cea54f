#include "store/record.h"

#include "base/hash.h"
#include "support/check.h"

#include <string.h>

struct thing {
    const char *text;
    const char *none;
    const char **list;
    size_t nlist;
    struct span bytes;
    int64_t time;
    bool yes;
    unsigned level;
};

static const struct field fields[] = {
    {"text", FIELD_TEXT, offsetof(struct thing, text), 0},
    {"none", FIELD_TEXT, offsetof(struct thing, none), 0},
    {"list", FIELD_TEXTS, offsetof(struct thing, list), offsetof(struct thing, nlist)},
    {"bytes", FIELD_BYTES, offsetof(struct thing, bytes), 0},
    {"time", FIELD_TIME, offsetof(struct thing, time), 0},
    {"yes", FIELD_BOOL, offsetof(struct thing, yes), 0},
    {"level", FIELD_UINT, offsetof(struct thing, level), 3},
};
static const struct record_kind kind = {"thing", 2, fields, SEAL_COUNT(fields)};

static struct err err;
static struct arena *arena;
static struct kv_key key;
static struct buf encoded = BUF_INIT(RECORD_MAX);

static void setup(void)
{
    static const char *list[] = {"one", "", "three"};
    const struct thing in = {.text = "Zo\xc3\xab",
                             .list = list,
                             .nlist = 3,
                             .bytes = SPAN_LIT("\0\xff\0"),
                             .time = -7,
                             .yes = true,
                             .level = 3};
    arena = arena_new(1 << 20);
    key = kv_key(KV_CERT);
    kv_key_text(&key, "name");
    record_encode(&kind, &key, &in, &encoded);
    ck_ok(buf_check(&encoded, &err));
}

static void teardown(void)
{
    buf_fini(&encoded);
    arena_free(&arena);
}

static int decode(const struct record_kind *as, struct span value, struct thing *out)
{
    return record_decode(as, kv_key_span(&key), value, arena, out, &err);
}

/* A record with a right checksum over this map. */
static void write_thing(struct span head, struct span value)
{
    unsigned char digest[HASH_SIZE];
    struct hash *hash = hash_new();
    SEAL_CLEANUP(buf_fini) struct buf map = BUF_INIT(RECORD_MAX);
    buf_add_span(&map, head);
    buf_add_span(&map, value);
    hash_add_field(hash, kv_key_span(&key));
    hash_add_field(hash, buf_span(&map));
    hash_end(hash, digest);
    hash_free(&hash);
    buf_clear(&encoded);
    buf_add(&encoded, digest, 8);
    buf_add_span(&encoded, buf_span(&map));
}

START_TEST(every_type_of_field_comes_back)
{
    struct thing out;
    ck_ok(decode(&kind, buf_span(&encoded), &out));
    ck_assert_str_eq(out.text, "Zo\xc3\xab");
    ck_assert_ptr_null(out.none);
    ck_assert_uint_eq(out.nlist, 3);
    ck_assert_str_eq(out.list[0], "one");
    ck_assert_str_eq(out.list[1], "");
    ck_assert_str_eq(out.list[2], "three");
    ck_assert(span_eq(out.bytes, SPAN_LIT("\0\xff\0")));
    ck_assert_int_eq(out.time, -7);
    ck_assert(out.yes);
    ck_assert_uint_eq(out.level, 3);
}
END_TEST

START_TEST(extreme_numbers_come_back)
{
    static const int64_t cases[] = {INT64_MIN, -1, 0, 23, 24, 255, 256, 65536, INT64_MAX};
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct thing in = {.time = cases[i]}, out;
        buf_clear(&encoded);
        record_encode(&kind, &key, &in, &encoded);
        ck_ok(decode(&kind, buf_span(&encoded), &out));
        ck_assert_int_eq(out.time, cases[i]);
    }
}
END_TEST

START_TEST(any_flipped_bit_is_damage)
{
    struct thing out;
    for (size_t i = 0; i < encoded.len * 8; i++) {
        encoded.ptr[i / 8] ^= (char)(1 << i % 8);
        ck_fails(decode(&kind, buf_span(&encoded), &out), ERR_STORE_DAMAGED);
        encoded.ptr[i / 8] ^= (char)(1 << i % 8);
    }
    ck_ok(decode(&kind, buf_span(&encoded), &out));
}
END_TEST

START_TEST(a_record_cut_anywhere_or_longer_is_damage)
{
    struct thing out;
    for (size_t n = 0; n < encoded.len; n++)
        ck_fails(decode(&kind, span_sub(buf_span(&encoded), 0, n), &out), ERR_STORE_DAMAGED);
    buf_add_char(&encoded, '\0');
    ck_fails(decode(&kind, buf_span(&encoded), &out), ERR_STORE_DAMAGED);
}
END_TEST

START_TEST(a_record_under_another_key_is_damage)
{
    struct thing out;
    key.bytes[1] ^= 1;
    ck_fails(decode(&kind, buf_span(&encoded), &out), ERR_STORE_DAMAGED);
}
END_TEST

/* The checksum is right in all of these: the map itself is not what the table says. */
START_TEST(a_record_that_does_not_fit_its_kind_is_damage)
{
    static const struct field as_number[] = {{"text", FIELD_TIME, offsetof(struct thing, time), 0}};
    static const struct field as_bytes[] = {{"text", FIELD_BYTES, offsetof(struct thing, bytes), 0}};
    static const struct field as_bool[] = {{"text", FIELD_BOOL, offsetof(struct thing, yes), 0}};
    static const struct field as_text[] = {{"time", FIELD_TEXT, offsetof(struct thing, text), 0}};
    static const struct field as_list[] = {
        {"text", FIELD_TEXTS, offsetof(struct thing, list), offsetof(struct thing, nlist)}};
    static const struct field absent[] = {{"other", FIELD_TEXT, offsetof(struct thing, text), 0}};
    static const struct field lower[] = {{"level", FIELD_UINT, offsetof(struct thing, level), 2}};
    static const struct field negative[] = {{"time", FIELD_UINT, offsetof(struct thing, level), UINT32_MAX}};
    const struct record_kind cases[] = {
        {"thing", 2, as_number, 1}, {"thing", 2, as_bytes, 1}, {"thing", 2, as_bool, 1},
        {"thing", 2, as_text, 1},   {"thing", 2, as_list, 1},  {"thing", 2, absent, 1},
        {"thing", 2, lower, 1},     {"thing", 2, negative, 1}, {"thing", 1, fields, SEAL_COUNT(fields)},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct thing out;
        ck_fails(decode(&cases[i], buf_span(&encoded), &out), ERR_STORE_DAMAGED);
    }
}
END_TEST

/* A right checksum over {"v": 2, "yes": a simple value}, as a backup made by somebody else may hold. */
START_TEST(a_float_for_a_truth_is_damage)
{
    static const struct field truth[] = {{"yes", FIELD_BOOL, offsetof(struct thing, yes), 0}};
    static const struct field text[] = {{"yes", FIELD_TEXT, offsetof(struct thing, text), 0}};
    static const struct span values[] = {SPAN_LIT("\xf9\x3c\x00"),
                                         SPAN_LIT("\xfa\x3f\x80\x00\x00"),
                                         SPAN_LIT("\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"),
                                         SPAN_LIT("\xf7"),
                                         SPAN_LIT("\xf0"),
                                         SPAN_LIT("\xf8\x14")};
    for (size_t i = 0; i < 2 * SEAL_COUNT(values); i++) {
        const struct record_kind as = {"thing", 2, i % 2 == 0 ? truth : text, 1};
        struct thing out;
        write_thing(SPAN_LIT("\xa2\x61v\x02\x63yes"), values[i / 2]);
        ck_fails(decode(&as, buf_span(&encoded), &out), ERR_STORE_DAMAGED);
    }
    const struct record_kind as = {"thing", 2, truth, 1};
    struct thing out;
    write_thing(SPAN_LIT("\xa2\x61v\x02\x63yes"), SPAN_LIT("\xf5"));
    ck_ok(decode(&as, buf_span(&encoded), &out));
    ck_assert(out.yes);
}
END_TEST

START_TEST(an_older_version_can_be_read)
{
    static const struct field more[] = {{"time", FIELD_LATER, offsetof(struct thing, time), 0}};
    static const struct field new[] = {{"new", FIELD_LATER, offsetof(struct thing, time), 0}};
    static const struct field texts[] = {
        {"new", FIELD_LATER_TEXTS, offsetof(struct thing, list), offsetof(struct thing, nlist)}};
    const struct record_kind newer = {"thing", 3, fields, SEAL_COUNT(fields)};
    struct thing out;
    ck_ok(decode(&newer, buf_span(&encoded), &out));
    ck_ok(decode(&(struct record_kind){"thing", 2, more, 1}, buf_span(&encoded), &out));
    ck_assert_int_eq(out.time, -7);
    ck_ok(decode(&(struct record_kind){"thing", 2, new, 1}, buf_span(&encoded), &out));
    ck_assert_int_eq(out.time, 0);
    out.nlist = 7;
    ck_ok(decode(&(struct record_kind){"thing", 2, texts, 1}, buf_span(&encoded), &out));
    ck_assert_uint_eq(out.nlist, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/record");
    TCase *tcase = tcase_create("record");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, every_type_of_field_comes_back);
    tcase_add_test(tcase, extreme_numbers_come_back);
    tcase_add_test(tcase, any_flipped_bit_is_damage);
    tcase_add_test(tcase, a_record_cut_anywhere_or_longer_is_damage);
    tcase_add_test(tcase, a_record_under_another_key_is_damage);
    tcase_add_test(tcase, a_record_that_does_not_fit_its_kind_is_damage);
    tcase_add_test(tcase, a_float_for_a_truth_is_damage);
    tcase_add_test(tcase, an_older_version_can_be_read);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
