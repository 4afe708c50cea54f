/* test_wire - what is written is read again; what is not written so is refused. */
#include "support/check.h"
#include "token/wire.h"
#include "token/wrap.h"

#include <string.h>

#define FAR "0123456789012345678901234567890123456789"

static const struct wire_question questions[] = {
    {.op = WIRE_OPEN,
     .owner = SPAN_LIT("a@b.example"),
     .public_key = SPAN_LIT("spki\0with nul"),
     .wrapped = SPAN_LIT("\1wrapped")},
    {.op = WIRE_SIGN,
     .id = "01234567890123456789012345678901",
     .addr = SPAN_LIT("a@b.example"),
     .digest = DIGEST_SHA512,
     .sign_padding = SIGN_PSS,
     .data = SPAN_LIT("hash")},
    {.op = WIRE_DECRYPT,
     .id = "x",
     .addr = SPAN_LIT("a@b.example"),
     .wrap_padding = WRAP_OAEP,
     .digest = DIGEST_SHA1,
     .data = SPAN_LIT("\0\0\0\0")},
    {.op = WIRE_DERIVE, .id = "x", .addr = SPAN_LIT(""), .data = SPAN_LIT("\4point")},
    {.op = WIRE_SECRET, .owner = SPAN_LIT("a@b.example"), .subject = SPAN_LIT(FAR), .wrapped = SPAN_LIT("w")},
    {.op = WIRE_GENERATE,
     .owner = SPAN_LIT("@b.example"),
     .type = KEY_EC_P521,
     .bits = 4096,
     .uri = SPAN_LIT("pkcs11:token=one;object=two")},
    {.op = WIRE_SEAL,
     .owner = SPAN_LIT("a@b.example"),
     .public_key = SPAN_LIT(""),
     .uri = SPAN_LIT("pkcs11:")},
    {.op = WIRE_KEEP, .owner = SPAN_LIT("a@b.example"), .subject = SPAN_LIT(FAR), .data = SPAN_LIT("pass")},
    {.op = WIRE_STATUS},
    {.op = WIRE_RELOAD},
    {.op = WIRE_LOCK, .data = SPAN_LIT("thirty-two octets"), .uri = SPAN_LIT("")},
    {.op = WIRE_UNLOCK, .data = SPAN_LIT("locked"), .uri = SPAN_LIT("pkcs11:token=one;object=two")},
    {.op = WIRE_IMPORT,
     .owner = SPAN_LIT("a@b.example"),
     .public_key = SPAN_LIT("spki"),
     .wrapped = SPAN_LIT("\1wrapped"),
     .uri = SPAN_LIT("pkcs11:")},
};

static void written(const struct wire_question *question, struct buf *out)
{
    struct err err = ERR_INIT;
    ck_ok(wire_write_question(question, out, &err));
}

START_TEST(question_is_read_as_it_was_written)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf packet = BUF_INIT(WIRE_MAX);
    const struct wire_question *q = &questions[_i];
    struct wire_question got;
    written(q, &packet);
    ck_ok(wire_read_question(buf_span(&packet), &got, &err));
    ck_assert_int_eq(got.op, q->op);
    ck_assert_mem_eq(got.id, q->id, WIRE_ID_SIZE);
    ck_assert(span_eq(got.addr, q->addr) && span_eq(got.owner, q->owner) && span_eq(got.subject, q->subject));
    ck_assert(span_eq(got.public_key, q->public_key) && span_eq(got.wrapped, q->wrapped));
    ck_assert(span_eq(got.data, q->data) && span_eq(got.uri, q->uri));
    ck_assert(got.digest == q->digest && got.sign_padding == q->sign_padding);
    ck_assert(got.wrap_padding == q->wrap_padding && got.type == q->type && got.bits == q->bits);
}
END_TEST

START_TEST(question_cut_at_any_length_or_with_more_behind_is_refused)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf packet = BUF_INIT(WIRE_MAX);
    struct wire_question got;
    written(&questions[_i], &packet);
    for (size_t n = 0; n < packet.len; n++) {
        char *exact = xmalloc(n + 1); /* a reader that looks behind the packet is noticed */
        memcpy(exact, packet.ptr, n);
        ck_fails(wire_read_question((struct span){exact, n}, &got, &err), ERR_SYNTAX);
        free(exact);
    }
    buf_add_char(&packet, '\0');
    ck_fails(wire_read_question(buf_span(&packet), &got, &err), ERR_SYNTAX);
}
END_TEST

/* Changes one octet of a good question. */
static const struct {
    const char *what;
    unsigned question;
    size_t at;
    char octet;
    enum err_code code;
} changes[] = {
    {"version", 0, 0, 2, ERR_SYNTAX},
    {"no question", 0, 1, 0, ERR_SYNTAX},
    {"question behind the last", 0, 1, WIRE_IMPORT + 1, ERR_SYNTAX},
    {"negative question", 0, 1, -1, ERR_SYNTAX},
    {"another question's fields", 0, 1, WIRE_SIGN, ERR_SYNTAX},
    {"owner of 2 GB", 0, 2, 0x7f, ERR_LIMIT},
    {"owner of 4 GB", 0, 2, -1, ERR_LIMIT},
    {"owner over its maximum", 0, 4, 2, ERR_LIMIT},
    {"owner up to behind the end", 0, 5, 100, ERR_SYNTAX},
    {"NUL in the owner", 0, 7, 0, ERR_SYNTAX},
    {"digest", 1, 2 + 32 + 4 + 11 + 3, DIGEST_SHA1 + 1, ERR_SYNTAX},
    {"digest, high octet", 1, 2 + 32 + 4 + 11, 1, ERR_SYNTAX},
    {"padding of a signature", 1, 2 + 32 + 4 + 11 + 7, SIGN_ECDSA + 1, ERR_SYNTAX},
    {"padding of a key", 2, 2 + 32 + 4 + 11 + 3, WRAP_OAEP_MGF1_SHA1 + 1, ERR_SYNTAX},
    {"type", 5, 2 + 4 + 10 + 3, KEY_EC_P521 + 1, ERR_SYNTAX},
};

START_TEST(question_with_a_value_that_is_not_known_is_refused)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf packet = BUF_INIT(WIRE_MAX);
    struct wire_question got;
    written(&questions[changes[_i].question], &packet);
    ck_assert_uint_lt(changes[_i].at, packet.len);
    packet.ptr[changes[_i].at] = changes[_i].octet;
    ck_assert_msg(wire_read_question(buf_span(&packet), &got, &err) < 0, "%s", changes[_i].what);
    ck_assert_msg(err.code == changes[_i].code, "%s: %s", changes[_i].what, err.msg);
}
END_TEST

START_TEST(field_over_its_maximum_is_not_written)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf packet = BUF_INIT(WIRE_MAX);
    static char octets[WRAP_MAX + 1];
    memset(octets, 'x', sizeof octets);
    const struct wire_question most = {.op = WIRE_OPEN,
                                       .owner = {octets, WIRE_ADDR_MAX},
                                       .public_key = {octets, WIRE_PUBLIC_MAX},
                                       .wrapped = {octets, WRAP_MAX}};
    struct wire_question more = most, got;
    ck_ok(wire_write_question(&most, &packet, &err));
    ck_ok(wire_read_question(buf_span(&packet), &got, &err));
    buf_clear(&packet);
    more.wrapped.len++;
    ck_fails(wire_write_question(&more, &packet, &err), ERR_LIMIT);
    more = most;
    more.owner.len++;
    buf_clear(&packet);
    ck_fails(wire_write_question(&more, &packet, &err), ERR_LIMIT);
    const struct wire_answer answer = {.data = {octets, WIRE_DATA_MAX + 1}};
    buf_clear(&packet);
    ck_fails(wire_write_answer(&answer, &packet, &err), ERR_LIMIT);
}
END_TEST

START_TEST(answer_is_read_as_it_was_written_and_refused_when_cut)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf packet = BUF_INIT(WIRE_MAX);
    const struct wire_answer answer = {.code = ERR_BUSY,
                                       .message = SPAN_LIT("come back"),
                                       .data = SPAN_LIT("d\0d"),
                                       .public_key = SPAN_LIT("p"),
                                       .wrapped = SPAN_LIT("ww")};
    struct wire_answer got;
    ck_ok(wire_write_answer(&answer, &packet, &err));
    ck_ok(wire_read_answer(buf_span(&packet), &got, &err));
    ck_assert_int_eq(got.code, ERR_BUSY);
    ck_assert(span_eq(got.message, answer.message) && span_eq(got.data, answer.data));
    ck_assert(span_eq(got.public_key, answer.public_key) && span_eq(got.wrapped, answer.wrapped));
    for (size_t n = 0; n < packet.len; n++)
        ck_fails(wire_read_answer((struct span){packet.ptr, n}, &got, &err), ERR_SYNTAX);
    packet.ptr[1] = ERR_CODES;
    ck_fails(wire_read_answer(buf_span(&packet), &got, &err), ERR_SYNTAX);
    packet.ptr[1] = 0;
    buf_add_char(&packet, 'x');
    ck_fails(wire_read_answer(buf_span(&packet), &got, &err), ERR_SYNTAX);
}
END_TEST

START_TEST(id_is_of_owner_public_key_and_what_is_wrapped)
{
    unsigned char id[WIRE_ID_SIZE], other[WIRE_ID_SIZE];
    wire_key_id(SPAN_LIT("a"), SPAN_LIT("p"), SPAN_LIT("w"), id);
    wire_key_id(SPAN_LIT("a"), SPAN_LIT("p"), SPAN_LIT("w"), other);
    ck_assert_mem_eq(id, other, WIRE_ID_SIZE);
    wire_key_id(SPAN_LIT("b"), SPAN_LIT("p"), SPAN_LIT("w"), other);
    ck_assert_mem_ne(id, other, WIRE_ID_SIZE);
    wire_key_id(SPAN_LIT("ap"), SPAN_LIT(""), SPAN_LIT("w"), other); /* fields do not run into each other */
    ck_assert_mem_ne(id, other, WIRE_ID_SIZE);
    wire_key_id(SPAN_LIT("a"), SPAN_LIT("p"), SPAN_LIT("v"), other);
    ck_assert_mem_ne(id, other, WIRE_ID_SIZE);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/wire");
    TCase *tc = tcase_create("wire");
    tcase_add_loop_test(tc, question_is_read_as_it_was_written, 0, SEAL_COUNT(questions));
    tcase_add_loop_test(tc, question_cut_at_any_length_or_with_more_behind_is_refused, 0,
                        SEAL_COUNT(questions));
    tcase_add_loop_test(tc, question_with_a_value_that_is_not_known_is_refused, 0, SEAL_COUNT(changes));
    tcase_add_test(tc, field_over_its_maximum_is_not_written);
    tcase_add_test(tc, answer_is_read_as_it_was_written_and_refused_when_cut);
    tcase_add_test(tc, id_is_of_owner_public_key_and_what_is_wrapped);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
