#include "support/check.h"

#include "token/unpad.h"

#include <string.h>

#define MODULUS 256

static struct err err;
static unsigned char instead[KEY_REJECT_SIZE];

/* 00 02, as many octets of 0xff as fit, 00, message of len octets 0x00 0x01 0x02 .. */
static void pad(unsigned char block[MODULUS], size_t len)
{
    memset(block, 0xff, MODULUS);
    block[0] = 0;
    block[1] = 2;
    block[MODULUS - len - 1] = 0;
    for (size_t i = 0; i < len; i++)
        block[MODULUS - len + i] = (unsigned char)i;
}

static void unpad(const unsigned char block[MODULUS], struct secret *out)
{
    struct secret padded;
    memset(instead, 0xee, sizeof instead);
    ck_ok(secret_copy(&padded, block, MODULUS, &err));
    ck_ok(unpad_pkcs1(&padded, instead, out, &err));
    for (size_t i = 0; i < padded.len; i++)
        ck_assert_uint_eq(padded.ptr[i], 0);
    secret_fini(&padded);
}

static bool is_rejected(const unsigned char block[MODULUS])
{
    struct secret out;
    unpad(block, &out);
    bool rejected = out.len == sizeof instead && memcmp(out.ptr, instead, sizeof instead) == 0;
    secret_fini(&out);
    return rejected;
}

START_TEST(message_of_every_length_of_a_key_comes_out)
{
    unsigned char block[MODULUS];
    for (size_t len = 1; len <= 64; len++) {
        struct secret out;
        pad(block, len);
        unpad(block, &out);
        ck_assert_uint_eq(out.len, len);
        for (size_t i = 0; i < len; i++)
            ck_assert_uint_eq(out.ptr[i], i);
        secret_fini(&out);
    }
}
END_TEST

START_TEST(lengths_that_no_key_has_are_rejected)
{
    unsigned char block[MODULUS];
    pad(block, 0);
    ck_assert(is_rejected(block));
    for (size_t len = 65; len <= MODULUS - 11; len++) {
        pad(block, len);
        ck_assert(is_rejected(block));
    }
}
END_TEST

START_TEST(wrong_leading_octets_are_rejected)
{
    unsigned char block[MODULUS];
    for (unsigned value = 0; value < 256; value++) {
        pad(block, 32);
        block[0] = (unsigned char)value;
        ck_assert_int_eq(is_rejected(block), value != 0);
        pad(block, 32);
        block[1] = (unsigned char)value;
        ck_assert_int_eq(is_rejected(block), value != 2);
    }
}
END_TEST

START_TEST(zero_among_the_first_eight_octets_of_padding_is_rejected)
{
    unsigned char block[MODULUS];
    for (size_t at = 2; at < 10; at++) {
        pad(block, 32);
        block[at] = 0;
        ck_assert_msg(is_rejected(block), "at %zu", at);
    }
}
END_TEST

START_TEST(block_without_separator_is_rejected)
{
    unsigned char block[MODULUS];
    memset(block, 0xff, sizeof block);
    block[0] = 0;
    block[1] = 2;
    ck_assert(is_rejected(block));
    memset(block, 0, sizeof block);
    ck_assert(is_rejected(block));
}
END_TEST

/* The smallest block that can hold a key and its padding. */
START_TEST(block_shorter_than_any_modulus_is_a_bug_of_ours)
{
    struct secret padded, out;
    ck_ok(secret_init(&padded, 63, &err));
    ck_fails(unpad_pkcs1(&padded, instead, &out, &err), ERR_BUG);
    secret_fini(&padded);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/unpad");
    TCase *c = tcase_create("unpad");
    tcase_add_test(c, message_of_every_length_of_a_key_comes_out);
    tcase_add_test(c, lengths_that_no_key_has_are_rejected);
    tcase_add_test(c, wrong_leading_octets_are_rejected);
    tcase_add_test(c, zero_among_the_first_eight_octets_of_padding_is_rejected);
    tcase_add_test(c, block_without_separator_is_rejected);
    tcase_add_test(c, block_shorter_than_any_modulus_is_a_bug_of_ours);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
