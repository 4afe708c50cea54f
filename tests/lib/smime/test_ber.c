/* What the walker takes for BER, and that nothing hostile makes it read too far, too long or too deep. */
#include "smime/ber.h"

#include "support/check.h"

#include <string.h>

static const struct ber_limits plain = {BER_DEPTH_MAX, 0};

#define BYTES(literal) ((struct span){(literal), sizeof(literal) - 1})

static const struct {
    struct span bytes;
    enum err_code code;
} forms[] = {
    {BYTES("\x05\x00"), ERR_NONE},
    {BYTES("\x04\x03"
           "abc"),
     ERR_NONE},
    {BYTES("\x04\x81\x03"
           "abc"),
     ERR_NONE}, /* longer than needed: BER allows it */
    {BYTES("\x04\x88\0\0\0\0\0\0\0\x01x"), ERR_NONE},
    {BYTES("\x30\x80\x00\x00"), ERR_NONE},
    {BYTES("\x30\x80\x30\x80\x05\x00\x00\x00\x00\x00"), ERR_NONE},
    {BYTES("\x30\x04\x30\x80\x00\x00"), ERR_NONE},
    {BYTES("\x1f\x81\x01\x00"), ERR_NONE},                /* tag number 129 */
    {BYTES(""), ERR_SYNTAX},                              /* nothing */
    {BYTES("\x30"), ERR_SYNTAX},                          /* no length */
    {BYTES("\x04\x03"), ERR_SYNTAX},                      /* cut */
    {BYTES("\x04\x80\x00\x00"), ERR_SYNTAX},              /* primitive and indefinite */
    {BYTES("\x30\x80"), ERR_SYNTAX},                      /* no end mark */
    {BYTES("\x30\x80\x00"), ERR_SYNTAX},                  /* half an end mark */
    {BYTES("\x30\x80\x30\x80\x00\x00"), ERR_SYNTAX},      /* one mark for two */
    {BYTES("\x30\x02\x30\x80\x00\x00"), ERR_SYNTAX},      /* mark outside of the parent */
    {BYTES("\x30\x02\x00\x00"), ERR_SYNTAX},              /* mark in a definite element */
    {BYTES("\x00\x00"), ERR_SYNTAX},                      /* mark alone */
    {BYTES("\x30\x80\x00\x01x\x00\x00"), ERR_SYNTAX},     /* mark with contents */
    {BYTES("\x05\x00\x00"), ERR_SYNTAX},                  /* something behind */
    {BYTES("\x30\x80\x00\x00\x00\x00"), ERR_SYNTAX},      /* a mark behind */
    {BYTES("\x30\x03\x04\x02x"), ERR_SYNTAX},             /* child longer than parent */
    {BYTES("\x04\xff"), ERR_SYNTAX},                      /* reserved length */
    {BYTES("\x04\x89\0\0\0\0\0\0\0\0\x01x"), ERR_SYNTAX}, /* nine octets of length */
    {BYTES("\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff"), ERR_SYNTAX},
    {BYTES("\x04\x88\xff\xff\xff\xff\xff\xff\xff\xf6"), ERR_SYNTAX}, /* wraps around */
    {BYTES("\x1f\x81\x81\x81\x81\x01\x00"), ERR_SYNTAX},             /* tag of five octets */
    {BYTES("\x1f\x81"), ERR_SYNTAX},
};

START_TEST(only_whole_wellformed_objects_pass)
{
    struct err err = ERR_INIT;
    int answer = ber_check(forms[_i].bytes, &plain, &err);
    ck_assert_int_eq(answer, forms[_i].code == ERR_NONE ? 0 : -1);
    ck_assert_msg(err.code == forms[_i].code, "case %d: %s", _i, err.msg);
}
END_TEST

START_TEST(object_cut_at_any_length_is_refused)
{
    static const char cms[] =
        "\x30\x80\x06\x01\x2a\xa0\x80\x30\x06\x04\x01x\x05\x01y\x24\x80\x04\x02zz\x00\x00\x00"
        "\x00\x00\x00";
    for (size_t len = 0; len < sizeof cms - 1; len++) {
        struct err err = ERR_INIT;
        char *copy = malloc(len + 1); /* of the exact size, so that a sanitizer sees a byte too many */
        memcpy(copy, cms, len);
        copy = realloc(copy, len == 0 ? 1 : len);
        ck_fails(ber_check((struct span){copy, len}, &plain, &err), ERR_SYNTAX);
        free(copy);
    }
    struct err err = ERR_INIT;
    ck_ok(ber_check(BYTES(cms), &plain, &err));
}
END_TEST

/* depth elements one in another, of indefinite or definite length. */
static void nest(struct buf *out, unsigned depth, bool indefinite)
{
    struct buf inner = BUF_INIT(1 << 20);
    for (unsigned i = 0; i < depth; i++) {
        struct buf outer = BUF_INIT(1 << 20);
        if (indefinite)
            buf_add(&outer, "\x30\x80", 2);
        else
            ber_put_header(&outer, BER_SEQUENCE, inner.len);
        buf_add_span(&outer, buf_span(&inner));
        if (indefinite)
            buf_add(&outer, "\0\0", 2);
        buf_fini(&inner);
        inner = outer;
    }
    buf_add_span(out, buf_span(&inner));
    buf_fini(&inner);
}

START_TEST(depth_is_limited)
{
    for (unsigned depth = 1; depth <= 200; depth += 7) {
        struct err err = ERR_INIT;
        SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(1 << 20);
        struct ber_limits limits = {50, 0};
        nest(&bytes, depth, _i == 1);
        if (depth <= 50)
            ck_ok(ber_check(buf_span(&bytes), &limits, &err));
        else
            ck_fails(ber_check(buf_span(&bytes), &limits, &err), ERR_LIMIT);
    }
}
END_TEST

START_TEST(caller_cannot_raise_depth_above_the_stack)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(1 << 20);
    struct ber_limits limits = {100000, 0};
    nest(&bytes, BER_DEPTH_MAX + 1, true);
    ck_fails(ber_check(buf_span(&bytes), &limits, &err), ERR_LIMIT);
}
END_TEST

START_TEST(elements_are_counted)
{
    struct err err = ERR_INIT;
    struct ber_limits three = {10, 3};
    ck_ok(ber_check(BYTES("\x30\x04\x05\x00\x05\x00"), &three, &err));
    ck_fails(ber_check(BYTES("\x30\x06\x05\x00\x05\x00\x05\x00"), &three, &err), ERR_LIMIT);
}
END_TEST

START_TEST(next_gives_each_element_with_header_contents_and_mark)
{
    struct span rest = BYTES("\x02\x01\x07\x30\x80\x30\x80\x00\x00\x05\x00\x00\x00\x04\x00");
    struct ber e;
    ck_assert(ber_next(&rest, &e) && e.id == BER_INTEGER && e.all.len == 3 && e.body.len == 1);
    ck_assert(ber_next(&rest, &e) && e.id == BER_SEQUENCE && e.indefinite);
    ck_assert_uint_eq(e.all.len, 10);
    ck_assert_uint_eq(e.body.len, 6);
    ck_assert(!ber_take(&rest, BER_OID, &e));
    ck_assert(ber_take(&rest, BER_OCTETS, &e) && e.body.len == 0);
    ck_assert(!ber_next(&rest, &e));
}
END_TEST

static const struct {
    struct span bytes;
    const char *text; /* NULL: refused */
} strings[] = {
    {BYTES("\x04\x05whole"), "whole"},
    {BYTES("\x80\x05whole"), "whole"},
    {BYTES("\x04\x00"), ""},
    {BYTES("\x24\x00"), ""},
    {BYTES("\x24\x08\x04\x02in\x04\x02to"), "into"},
    {BYTES("\xa0\x80\x04\x01"
           "a\x24\x80\x04\x01"
           "b\x24\x03\x04\x01"
           "c\x00\x00\x04\x00\x04\x01"
           "d\x00\x00"),
     "abcd"},
    {BYTES("\x24\x03\x0c\x01x"), NULL}, /* a piece that is text */
    {BYTES("\xa0\x05\x30\x03\x04\x01x"), NULL},
};

START_TEST(split_octet_strings_are_read_in_order)
{
    struct err err = ERR_INIT;
    struct ber e;
    struct span rest = strings[_i].bytes;
    struct octets octets;
    size_t size;
    ck_ok(ber_check(rest, &plain, &err));
    ck_assert(ber_next(&rest, &e));
    if (strings[_i].text == NULL) {
        ck_fails(octets_begin(&e, &octets, &size, &err), ERR_SYNTAX);
        return;
    }
    ck_ok(octets_begin(&e, &octets, &size, &err));
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(100);
    for (struct span piece; octets_next(&octets, &piece);)
        buf_add_span(&text, piece);
    ck_assert_str_eq(buf_str(&text), strings[_i].text);
    ck_assert_uint_eq(size, text.len);
}
END_TEST

START_TEST(headers_written_are_read_again)
{
    static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 24};
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++) {
        SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(1 << 26);
        ber_put_header(&bytes, BER_OCTETS, sizes[i]);
        ck_assert_uint_eq(bytes.len, ber_header_size(sizes[i]));
        size_t head = bytes.len;
        char *room = buf_reserve(&bytes, sizes[i]);
        memset(room, 'x', sizes[i]);
        buf_commit(&bytes, sizes[i]);
        struct span rest = buf_span(&bytes);
        struct ber e;
        ck_assert(ber_take(&rest, BER_OCTETS, &e) && rest.len == 0);
        ck_assert_uint_eq(e.body.len, sizes[i]);
        ck_assert_uint_eq(e.all.len - e.body.len, head);
    }
}
END_TEST

/* A million marks that are opened and never closed must not cost a million walks. */
START_TEST(hostile_nesting_is_refused_at_once)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(1 << 23);
    for (int i = 0; i < 1000000; i++)
        buf_add(&bytes, "\x30\x80", 2);
    ck_fails(ber_check(buf_span(&bytes), &plain, &err), ERR_LIMIT);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smime/ber");
    TCase *t = tcase_create("ber");
    tcase_add_loop_test(t, only_whole_wellformed_objects_pass, 0, SEAL_COUNT(forms));
    tcase_add_test(t, object_cut_at_any_length_is_refused);
    tcase_add_loop_test(t, depth_is_limited, 0, 2);
    tcase_add_test(t, caller_cannot_raise_depth_above_the_stack);
    tcase_add_test(t, elements_are_counted);
    tcase_add_test(t, next_gives_each_element_with_header_contents_and_mark);
    tcase_add_loop_test(t, split_octet_strings_are_read_in_order, 0, SEAL_COUNT(strings));
    tcase_add_test(t, headers_written_are_read_again);
    tcase_add_test(t, hostile_nesting_is_refused_at_once);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
