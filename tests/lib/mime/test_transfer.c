#include "mime/transfer.h"

#include "base/buf.h"
#include "support/check.h"

#include <openssl/evp.h>
#include <string.h>

static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 64u << 20, .size_max = 64u << 20};
static struct spool *out;

static void set_up(void)
{
    out = spool_new(&conf);
}

static void tear_down(void)
{
    spool_free(&out);
}

typedef int coder(struct span in, struct spool *result, struct err *err);

static struct span code(coder *function, struct span in)
{
    struct err err = ERR_INIT;
    spool_free(&out);
    out = spool_new(&conf);
    ck_ok(function(in, out, &err));
    ck_ok(spool_seal(out, &err));
    return spool_all(out);
}

static void check_code(coder *function, struct span in, struct span expected)
{
    struct span got = code(function, in);
    ck_assert_msg(span_eq(got, expected), "\"%.*s\" gives \"%.*s\"", SPAN_ARG(in), SPAN_ARG(got));
}

static char *noise(size_t n, unsigned seed)
{
    char *bytes = xmalloc(n);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1103515245u + 12345u;
        bytes[i] = (char)(seed >> 16);
    }
    return bytes;
}

/* OpenSSL's encoder gives one line: lines of 76 are cut from it. */
START_TEST(base64_equals_what_openssl_writes)
{
    static const size_t sizes[] = {0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 1000, 47880, 47881, 200000};
    size_t n = sizes[_i];
    SEAL_CLEANUP(mem_free) char *bytes = noise(n, (unsigned)n + 1), *line = xmalloc(n / 3 * 4 + 5);
    int len = EVP_EncodeBlock((unsigned char *)line, (unsigned char *)bytes, (int)n);
    SEAL_CLEANUP(buf_fini) struct buf expected = BUF_INIT(1u << 20);
    for (int i = 0; i < len; i += 76) {
        buf_add(&expected, line + i, (size_t)(len - i < 76 ? len - i : 76));
        buf_add_str(&expected, "\r\n");
    }
    struct span encoded = code(base64_encode, (struct span){bytes, n});
    ck_assert(span_eq(encoded, buf_span(&expected)));
    check_code(base64_decode, buf_span(&expected), (struct span){bytes, n});
}
END_TEST

static const struct {
    struct span text, bytes;
} base64_good[] = {
    {SPAN_LIT(""), SPAN_LIT("")},
    {SPAN_LIT("\r\n \t\n"), SPAN_LIT("")},
    {SPAN_LIT("aGVs bG8=\r\n"), SPAN_LIT("hello")},
    {SPAN_LIT("a\nG\nV\ns\nb\nG\n8\n="), SPAN_LIT("hello")},
    {SPAN_LIT("AA=\r\n=\r\n\r\n"), SPAN_LIT("\0")},
    {SPAN_LIT("+/+/"), SPAN_LIT("\xfb\xff\xbf")},
};

START_TEST(base64_lines_may_be_of_any_length)
{
    check_code(base64_decode, base64_good[_i].text, base64_good[_i].bytes);
}
END_TEST

static const struct span base64_bad[] = {
    SPAN_LIT("A"),          SPAN_LIT("AA"),       SPAN_LIT("AAA"),      SPAN_LIT("AA="),
    SPAN_LIT("A==="),       SPAN_LIT("===="),     SPAN_LIT("="),        SPAN_LIT("AA=A"),
    SPAN_LIT("AA==="),      SPAN_LIT("AA==AAAA"), SPAN_LIT("AAAA="),    SPAN_LIT("AAA=\r\nA"),
    SPAN_LIT("AAAA\0AAAA"), SPAN_LIT("AA-_"),     SPAN_LIT("AAAA\xc3"), SPAN_LIT("!AAAA"),
};

START_TEST(base64_with_anything_foreign_is_an_error)
{
    struct err err = ERR_INIT;
    ck_fails(base64_decode(base64_bad[_i], out, &err), ERR_SYNTAX);
}
END_TEST

/* The text of every length, read with line ends at every place. */
START_TEST(base64_cut_at_every_length_agrees)
{
    SEAL_CLEANUP(mem_free) char *bytes = noise(200, 7);
    for (size_t n = 0; n <= 200; n++) {
        SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1000);
        buf_add_span(&text, code(base64_encode, (struct span){bytes, n}));
        check_code(base64_decode, buf_span(&text), (struct span){bytes, n});
        struct err err = ERR_INIT;
        for (size_t cut = 0; cut + 3 < text.len; cut++) {
            SEAL_CLEANUP(spool_free) struct spool *part = spool_new(&conf);
            if (base64_decode((struct span){text.ptr, cut}, part, &err) == 0) {
                ck_ok(spool_seal(part, &err));
                ck_assert(span_eq(spool_all(part), (struct span){bytes, spool_size(part)}));
            }
            err_clear(&err);
        }
    }
}
END_TEST

#define X10 "xxxxxxxxxx"
#define X70 X10 X10 X10 X10 X10 X10 X10

static const struct {
    struct span text, encoded;
} qp_cases[] = {
    {SPAN_LIT(""), SPAN_LIT("")},
    {SPAN_LIT("hello\r\n"), SPAN_LIT("hello\r\n")},
    {SPAN_LIT("hello"), SPAN_LIT("hello")},
    {SPAN_LIT("caf\xc3\xa9=1\r\n"), SPAN_LIT("caf=C3=A9=3D1\r\n")},
    {SPAN_LIT("blank \r\ntab\t\r\n a b"), SPAN_LIT("blank=20\r\ntab=09\r\n a b")},
    {SPAN_LIT("at the end "), SPAN_LIT("at the end=20")},
    {SPAN_LIT("From me\r\nFromage\r\n"), SPAN_LIT("=46rom me\r\nFromage\r\n")},
    {SPAN_LIT(".\r\n..x\r\n"), SPAN_LIT("=2E\r\n=2E.x\r\n")},
    {SPAN_LIT("--b\r\n-x\r\n"), SPAN_LIT("=2D-b\r\n-x\r\n")},
    {SPAN_LIT("a\rb\0c\x7f\r\n"), SPAN_LIT("a=0Db=00c=7F\r\n")},
    {SPAN_LIT("a\r\r\n"), SPAN_LIT("a=0D\r\n")},
    {SPAN_LIT(X70 "123456\r\n"), SPAN_LIT(X70 "123456\r\n")},
    {SPAN_LIT(X70 "1234567\r\n"), SPAN_LIT(X70 "12345=\r\n67\r\n")},
    {SPAN_LIT(X70 "123\xe9\r\n"), SPAN_LIT(X70 "123=E9\r\n")},
    {SPAN_LIT(X70 "123\xe9-\r\n"), SPAN_LIT(X70 "123=\r\n=E9-\r\n")},
    {SPAN_LIT(X70 "12345--b--\r\n"), SPAN_LIT(X70 "12345=\r\n=2D-b--\r\n")},
    {SPAN_LIT(X70 "12345From b\r\n"), SPAN_LIT(X70 "12345=\r\n=46rom b\r\n")},
    {SPAN_LIT(X70 "12345.\r\n"), SPAN_LIT(X70 "12345.\r\n")},
    {SPAN_LIT(X70 "123456.\r\n"), SPAN_LIT(X70 "12345=\r\n6.\r\n")},
};

START_TEST(quoted_printable_is_written_safely_and_read_back)
{
    check_code(qp_encode, qp_cases[_i].text, qp_cases[_i].encoded);
    check_code(qp_decode, qp_cases[_i].encoded, qp_cases[_i].text);
}
END_TEST

START_TEST(bare_lf_becomes_a_line_end)
{
    check_code(qp_encode, SPAN_LIT("a\nb\n"), SPAN_LIT("a\r\nb\r\n"));
}
END_TEST

static const struct {
    struct span encoded, text;
} qp_loose[] = {
    {SPAN_LIT("a=e9"), SPAN_LIT("a\xe9")},   {SPAN_LIT("a= \t\r\nb"), SPAN_LIT("ab")},
    {SPAN_LIT("a=\nb\n"), SPAN_LIT("ab\n")}, {SPAN_LIT("a  \r\nb\t"), SPAN_LIT("a\r\nb")},
    {SPAN_LIT("a="), SPAN_LIT("a")},         {SPAN_LIT("raw \xc3\xa9"), SPAN_LIT("raw \xc3\xa9")},
    {SPAN_LIT("=\r\n=\r\n"), SPAN_LIT("")},
};

START_TEST(quoted_printable_of_others_is_read)
{
    check_code(qp_decode, qp_loose[_i].encoded, qp_loose[_i].text);
}
END_TEST

static const struct span qp_bad[] = {SPAN_LIT("a=b"), SPAN_LIT("=4"), SPAN_LIT("=G0"),
                                     SPAN_LIT("= x"), SPAN_LIT("=="), SPAN_LIT("=4=41")};

START_TEST(quoted_printable_with_a_stray_equals_sign_is_an_error)
{
    struct err err = ERR_INIT;
    ck_fails(qp_decode(qp_bad[_i], out, &err), ERR_SYNTAX);
}
END_TEST

START_TEST(quoted_printable_of_noise_is_clean_and_gives_it_back)
{
    for (unsigned seed = 0; seed < 50; seed++) {
        size_t n = seed * seed * 97;
        SEAL_CLEANUP(mem_free) char *bytes = noise(n, seed);
        for (size_t i = 0; i < n; i++) /* lines, but no LF without CR: that would come back as CRLF */
            if (bytes[i] == '\n' || bytes[i] == '\r')
                bytes[i] = i + 1 < n && i % 2 == 0 ? '\r' : 'x';
        for (size_t i = 0; i + 1 < n; i++)
            if (bytes[i] == '\r')
                bytes[++i] = '\n';
        SEAL_CLEANUP(buf_fini) struct buf encoded = BUF_INIT(1u << 20);
        buf_add_span(&encoded, code(qp_encode, (struct span){bytes, n}));
        ck_assert(transfer_is_7bit(buf_span(&encoded), 76));
        check_code(qp_decode, buf_span(&encoded), (struct span){bytes, n});
    }
}
END_TEST

START_TEST(encoding_of_the_part_selects_the_decoder)
{
    struct err err = ERR_INIT;
    ck_ok(transfer_decode(ENCODING_BASE64, SPAN_LIT("YQ=="), out, &err));
    ck_ok(transfer_decode(ENCODING_QP, SPAN_LIT("=62"), out, &err));
    ck_ok(transfer_decode(ENCODING_8BIT, SPAN_LIT("=\xe9"), out, &err));
    ck_fails(transfer_decode(ENCODING_UNKNOWN, SPAN_LIT("x"), out, &err), ERR_UNSUPPORTED);
    ck_ok(spool_seal(out, &err));
    ck_assert(span_is(spool_all(out), "ab=\xe9"));
}
END_TEST

static const struct {
    struct span bytes;
    bool is_7bit;
} travel_cases[] = {
    {SPAN_LIT(""), true},
    {SPAN_LIT("1234567890\r\n\r\n1234567890"), true},
    {SPAN_LIT("12345678901\r\n"), false},
    {SPAN_LIT("12345678901"), false},
    {SPAN_LIT("a\nb"), false},
    {SPAN_LIT("\n"), false},
    {SPAN_LIT("a\rb\r\n"), false},
    {SPAN_LIT("a\r"), false},
    {SPAN_LIT("a\r\r\n"), false},
    {SPAN_LIT("a\0b\r\n"), false},
    {SPAN_LIT("caf\xc3\xa9\r\n"), false},
};

START_TEST(what_may_travel_unencoded_is_known)
{
    ck_assert_int_eq(transfer_is_7bit(travel_cases[_i].bytes, 10), travel_cases[_i].is_7bit);
}
END_TEST

START_TEST(octet_over_127_is_found_at_every_place)
{
    SEAL_CLEANUP(mem_free) char *text = xmalloc(9000);
    memset(text, 'x', 9000);
    for (size_t i = 0; i < 9000; i += i < 100 || i > 4000 ? 1 : 50) {
        text[i] = (char)0x80;
        ck_assert(!transfer_is_7bit((struct span){text, 9000}, 9000));
        text[i] = 'x';
    }
    ck_assert(transfer_is_7bit((struct span){text, 9000}, 9000));
}
END_TEST

START_TEST(full_spool_ends_the_work)
{
    static const struct spool_conf tiny = {.dir = "/tmp", .mem_max = 100, .size_max = 100};
    static coder *const coders[] = {base64_encode, qp_encode, base64_decode, qp_decode};
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *small = spool_new(&tiny);
    SEAL_CLEANUP(mem_free) char *text = xmalloc(200000);
    memset(text, 'A', 200000);
    ck_fails(coders[_i]((struct span){text, 200000}, small, &err), ERR_LIMIT);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("transfer");
    TCase *tcase = tcase_create("transfer");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, base64_equals_what_openssl_writes, 0, 14);
    tcase_add_loop_test(tcase, base64_lines_may_be_of_any_length, 0, SEAL_COUNT(base64_good));
    tcase_add_loop_test(tcase, base64_with_anything_foreign_is_an_error, 0, SEAL_COUNT(base64_bad));
    tcase_add_test(tcase, base64_cut_at_every_length_agrees);
    tcase_add_loop_test(tcase, quoted_printable_is_written_safely_and_read_back, 0, SEAL_COUNT(qp_cases));
    tcase_add_test(tcase, bare_lf_becomes_a_line_end);
    tcase_add_loop_test(tcase, quoted_printable_of_others_is_read, 0, SEAL_COUNT(qp_loose));
    tcase_add_loop_test(tcase, quoted_printable_with_a_stray_equals_sign_is_an_error, 0, SEAL_COUNT(qp_bad));
    tcase_add_test(tcase, quoted_printable_of_noise_is_clean_and_gives_it_back);
    tcase_add_test(tcase, encoding_of_the_part_selects_the_decoder);
    tcase_add_loop_test(tcase, what_may_travel_unencoded_is_known, 0, SEAL_COUNT(travel_cases));
    tcase_add_test(tcase, octet_over_127_is_found_at_every_place);
    tcase_add_loop_test(tcase, full_spool_ends_the_work, 0, 4);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
