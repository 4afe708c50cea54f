/* SMIMECapabilities: ours are read again, theirs may be anything. */
#include "smime/capability.h"

#include "support/check.h"

#include <string.h>

#define BYTES(literal) ((struct span){(literal), sizeof(literal) - 1})
#define AES(n)         "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01" n
#define RC2_40         "\x30\x0d\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x02\x02\x01\x28"
#define RC2_128        "\x30\x0e\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x02\x02\x02\x00\x80"

static const struct {
    struct span value;
    const char *names;
} values[] = {
    {BYTES(""), ""},
    {BYTES("\x30\x00"), ""},
    {BYTES("\x30\x0d" AES("\x2a")), "aes256-cbc"},
    {BYTES("\x30\x1a" AES("\x02") AES("\x2a")), "aes128-cbc aes256-cbc"},
    {BYTES("\x30\x1a" AES("\x2a") AES("\x2a")), "aes256-cbc"}, /* said twice */
    {BYTES("\x30\x1f" RC2_128 RC2_40), "rc2-cbc"},             /* one cipher, two key lengths */
    {BYTES("\x30\x14\x30\x05\x06\x03\x2a\x03\x04" AES("\x2a")), "aes256-cbc"}, /* an unknown one */
    {BYTES("\x30\x0d" AES("\x2a") "\x00"), "aes256-cbc"},
    {BYTES("\x30\x0d\x30\x0b\x06\x09\x60"), ""}, /* cut */
    {BYTES("\x31\x0d" AES("\x2a")), ""},         /* not a SEQUENCE */
    {BYTES("\x30\x0f\x05\x00" AES("\x2a")), ""}, /* something else in front */
};

START_TEST(known_ciphers_are_named)
{
    char names[200];
    capability_names(values[_i].value, names, sizeof names);
    ck_assert_str_eq(names, values[_i].names);
}
END_TEST

START_TEST(ours_are_read_again)
{
    char names[200];
    capability_names(capability_ours(), names, sizeof names);
    ck_assert_str_eq(names, "aes256-gcm aes128-gcm aes256-cbc aes128-cbc");
}
END_TEST

START_TEST(small_buffer_gets_whole_names)
{
    char names[46];
    for (size_t size = 1; size <= sizeof names; size++) {
        capability_names(capability_ours(), names, size);
        size_t len = strlen(names);
        ck_assert_uint_lt(len, size);
        ck_assert(len == 0 || len == 10 || len == 21 || len == 32 || len == 43);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smime/capability");
    TCase *t = tcase_create("capability");
    tcase_add_loop_test(t, known_ciphers_are_named, 0, SEAL_COUNT(values));
    tcase_add_test(t, ours_are_read_again);
    tcase_add_test(t, small_buffer_gets_whole_names);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
