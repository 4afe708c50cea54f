/* test_questions - each question at the limits of its fields, and with what does not fit its key, put by hand. */
#include "keyd/peer.h"
#include "support/check.h"
#include "token/wrap.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ALICE "alice@a.example"

static struct sealkeyd keyd;
static struct peer_key alice;
static int witness = -1; /* a connection from before */

static void setup(void)
{
    sealkeyd_start(&keyd, "");
    witness = peer_connect(&keyd);
    peer_generate(&keyd, ALICE, KEY_EC_P256, &alice);
}

static void teardown(void)
{
    peer_is_unharmed(&witness);
    peer_key_fini(&alice);
    sealkeyd_stop(&keyd);
}

/* A packet of which one field alone, which is text or octets, is so long; false: the question has no such field. */
static bool write_long(enum wire_op op, size_t at, size_t n, struct buf *packet)
{
    static char octets[WIRE_MAX];
    struct err err = ERR_INIT;
    struct wire_question question = {.op = op};
    struct span *field = (struct span *)(void *)((char *)&question + at);
    ck_ok(wire_write_question(&question, packet, &err));
    size_t empty = packet->len;
    buf_clear(packet);
    memset(octets, 'x', sizeof octets);
    *field = (struct span){octets, n};
    ck_ok(wire_write_question(&question, packet, &err));
    return packet->len > empty;
}

/* The field of a packet that is not empty gets an octet more. */
static void lengthen(struct buf *packet, size_t n)
{
    const char length[] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n, 'x'};
    char *at = memmem(packet->ptr, packet->len, length, sizeof length);
    ck_assert_ptr_nonnull(at);
    n++;
    at[2] = (char)(n >> 8);
    at[3] = (char)n;
    size_t behind = (size_t)(at - packet->ptr) + 4;
    buf_add_char(packet, 'x');
    memmove(packet->ptr + behind + 1, packet->ptr + behind, packet->len - behind - 1);
    packet->ptr[behind] = 'x';
}

static const struct {
    size_t at, max;
} fields[] = {
    {offsetof(struct wire_question, addr), WIRE_ADDR_MAX},
    {offsetof(struct wire_question, owner), WIRE_ADDR_MAX},
    {offsetof(struct wire_question, subject), WIRE_ADDR_MAX},
    {offsetof(struct wire_question, public_key), WIRE_PUBLIC_MAX},
    {offsetof(struct wire_question, wrapped), WRAP_MAX},
    {offsetof(struct wire_question, data), WIRE_DATA_MAX},
    {offsetof(struct wire_question, uri), WIRE_URI_MAX},
};

START_TEST(field_of_its_longest_is_answered_and_an_octet_more_is_nonsense)
{
    struct wire_answer answer;
    unsigned tried = 0;
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    for (size_t i = 0; i < SEAL_COUNT(fields); i++) {
        SEAL_CLEANUP(buf_fini) struct buf packet = BUF_INIT(WIRE_MAX);
        if (!write_long((enum wire_op)_i, fields[i].at, fields[i].max, &packet))
            continue;
        peer_send(fd, packet.ptr, packet.len);
        ck_assert_msg(peer_hear(fd, &answer), "field %zu", i);
        ck_assert_msg(answer.code != ERR_SYNTAX && answer.code != ERR_LIMIT, "field %zu: %.*s", i,
                      SPAN_ARG(answer.message));
        lengthen(&packet, fields[i].max);
        peer_is_nonsense(&keyd, packet.ptr, packet.len);
        tried++;
    }
    ck_assert(tried > 0 || _i == WIRE_STATUS || _i == WIRE_RELOAD);
    peer_is_served(&keyd, &alice);
}
END_TEST

/* What fits neither the key nor the digest is not signed, whatever else it is: an RSA block, a hash with its algorithm's name. */
static const size_t lengths[] = {0, 1, 19, 20, 32, 33, 48, 51, 64, 255, 256, 257, 4096};

static bool may_be_signed(enum key_type type, const struct wire_question *q)
{
    return (type == KEY_RSA) == (q->sign_padding != SIGN_ECDSA) && q->digest != DIGEST_SHA1 &&
           q->data.len == digest_size(q->digest);
}

static void check_signs(int fd, enum key_type type, const struct wire_question *question)
{
    struct wire_answer answer;
    enum err_code code = peer_ask(fd, question, &answer);
    bool may = may_be_signed(type, question);
    ck_assert_msg((code == ERR_NONE) == may, "digest %d, padding %d, %zu octets: %s", (int)question->digest,
                  (int)question->sign_padding, question->data.len, err_name(code));
    ck_assert_uint_eq(answer.data.len > 0, may);
}

START_TEST(nothing_but_a_digest_is_signed)
{
    static const char octets[WIRE_DATA_MAX] = {0, 1, (char)0xff};
    const enum key_type type = _i == 0 ? KEY_RSA : KEY_EC_P256;
    struct peer_key key;
    peer_generate(&keyd, ALICE, type, &key);
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    struct wire_answer answer;
    const struct wire_question open = peer_open(&key);
    ck_assert_int_eq(peer_ask(fd, &open, &answer), ERR_NONE);
    struct wire_question q = peer_sign(&key, ALICE, SIGN_PKCS1);
    for (size_t i = 0; i < SEAL_COUNT(lengths); i++)
        for (int digest = DIGEST_SHA256; digest <= DIGEST_SHA1; digest++)
            for (int padding = SIGN_PKCS1; padding <= SIGN_ECDSA; padding++) {
                q.data = (struct span){octets, lengths[i]};
                q.digest = (enum digest)digest;
                q.sign_padding = (enum sign_padding)padding;
                check_signs(fd, type, &q);
            }
    peer_key_fini(&key);
}
END_TEST

/* Of the modulus or the curve, and of others. */
START_TEST(nothing_but_what_fits_the_key_is_unwrapped_or_agreed_on)
{
    /* 1 decrypts to itself with every key, and is padded wrongly; of other numbers one in 100,000 would be padded right */
    static const char octets[WIRE_DATA_MAX] = {4}, one[WIRE_DATA_MAX] = {[255] = 1};
    struct peer_key rsa;
    struct wire_answer answer;
    peer_generate(&keyd, ALICE, KEY_RSA, &rsa);
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    const struct wire_question opens[] = {peer_open(&alice), peer_open(&rsa)};
    struct wire_question decrypt = peer_sign(&rsa, ALICE, SIGN_PKCS1),
                         derive[] = {peer_sign(&alice, ALICE, SIGN_PKCS1),
                                     peer_sign(&rsa, ALICE, SIGN_PKCS1)};
    decrypt.op = WIRE_DECRYPT;
    for (size_t i = 0; i < SEAL_COUNT(opens); i++)
        ck_assert_int_eq(peer_ask(fd, &opens[i], &answer), ERR_NONE);
    for (size_t i = 0; i < SEAL_COUNT(lengths); i++) {
        for (int padding = WRAP_PKCS1; padding <= WRAP_OAEP_MGF1_SHA1; padding++) {
            decrypt.data = (struct span){one, lengths[i]};
            decrypt.wrap_padding = (enum wrap_padding)padding;
            bool may = padding == WRAP_PKCS1 && lengths[i] == 256; /* a wrong padding looks like success */
            ck_assert_int_eq(peer_ask(fd, &decrypt, &answer), may ? ERR_NONE : ERR_CRYPTO);
            ck_assert_uint_eq(answer.data.len, may ? KEY_REJECT_SIZE : 0);
        }
        for (size_t k = 0; k < SEAL_COUNT(derive); k++) {
            derive[k].op = WIRE_DERIVE;
            derive[k].data = (struct span){octets, lengths[i]};
            ck_assert_int_eq(peer_ask(fd, &derive[k], &answer), k == 0 ? ERR_CRYPTO : ERR_KEY_UNUSABLE);
            ck_assert_uint_eq(answer.data.len, 0);
        }
    }
    peer_key_fini(&rsa);
}
END_TEST

struct counts {
    unsigned long open, done, failed, refused;
};

static struct counts ask_counts(int fd)
{
    static const struct wire_question status = {.op = WIRE_STATUS};
    char text[WIRE_DATA_MAX + 1];
    struct wire_answer answer;
    struct counts counts;
    ck_assert_int_eq(peer_ask(fd, &status, &answer), ERR_NONE);
    snprintf(text, sizeof text, "%.*s", SPAN_ARG(answer.data));
    ck_assert_int_eq(sscanf(text, "keys-open %lu\noperations %lu\nfailed %lu\nover-rate %lu\n", &counts.open,
                            &counts.done, &counts.failed, &counts.refused),
                     4);
    return counts;
}

START_TEST(what_is_done_and_what_is_refused_is_counted)
{
    struct wire_answer answer;
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    const struct wire_question open = peer_open(&alice), sign = peer_sign(&alice, ALICE, SIGN_ECDSA);
    const struct wire_question other = peer_sign(&alice, "bob@a.example", SIGN_ECDSA);
    const struct counts before = ask_counts(fd);
    ck_assert_int_eq(peer_ask(fd, &open, &answer), ERR_NONE);
    ck_assert_int_eq(peer_ask(fd, &sign, &answer), ERR_NONE);
    ck_assert_int_eq(peer_ask(fd, &sign, &answer), ERR_NONE);
    ck_assert_int_eq(peer_ask(fd, &other, &answer), ERR_KEY_UNUSABLE);
    const struct counts after = ask_counts(fd);
    ck_assert_uint_eq(after.open - before.open, 1);
    ck_assert_uint_eq(after.done - before.done, 3);
    ck_assert_uint_eq(after.failed - before.failed, 1);
    ck_assert_uint_eq(after.refused, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/questions");
    TCase *tc = tcase_create("questions");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, field_of_its_longest_is_answered_and_an_octet_more_is_nonsense, WIRE_OPEN,
                        WIRE_IMPORT + 1);
    tcase_add_loop_test(tc, nothing_but_a_digest_is_signed, 0, 2);
    tcase_add_test(tc, nothing_but_what_fits_the_key_is_unwrapped_or_agreed_on);
    tcase_add_test(tc, what_is_done_and_what_is_refused_is_counted);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
