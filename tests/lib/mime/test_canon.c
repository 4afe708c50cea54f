/* Canonical form: 7-bit and idempotent. test_canon_email.py asks another MIME library whether the content is the same. */
#include "mime/canon.h"

#include "mime/transfer.h"
#include "samples.h"

static struct arena *arena;
static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 16u << 20};
static unsigned canonical; /* how many samples had a canonical form */

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void tear_down(void)
{
    arena_free(&arena);
}

enum kind {
    ENTITY,
    SAFE_7BIT,
    SAFE_8BIT
};

static int canon(enum kind kind, struct span message, const struct part_table *table, struct spool *out,
                 struct err *err)
{
    if (kind == ENTITY)
        return canon_entity(arena, message, table, out, err);
    return canon_safe(arena, message, table, kind == SAFE_8BIT ? CANON_8BIT_MAY_STAY : CANON_8BIT_ENCODE, out,
                      err);
}

/* The canonical form in a new spool, or NULL with *err set. */
static struct spool *make(enum kind kind, struct span message, struct part_table *table, struct err *err)
{
    struct spool *out = spool_new(&conf);
    if (part_parse(arena, message, &limits, table, err) < 0 || canon(kind, message, table, out, err) < 0 ||
        spool_seal(out, err) < 0)
        spool_free(&out);
    return out;
}

static void check_case(enum kind kind, struct span message, struct span expected)
{
    struct err err = ERR_INIT;
    struct part_table table;
    SEAL_CLEANUP(spool_free) struct spool *out = make(kind, message, &table, &err);
    ck_assert_msg(out != NULL, "%s: %.*s", err.msg, SPAN_ARG(message));
    struct span got = spool_all(out);
    ck_assert_msg(span_eq(got, expected), "\n%.*s\ninstead of\n%.*s", SPAN_ARG(got), SPAN_ARG(expected));
}

#define X10 "xxxxxxxxxx"
#define X70 X10 X10 X10 X10 X10 X10 X10

static const struct {
    struct span message, entity;
} entity_cases[] = {
    {SPAN_LIT("From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"), SPAN_LIT("\r\nbody\r\n")},
    {SPAN_LIT("MIME-Version: 1.0\r\ncontent-type: text/plain;\r\n\tcharset=utf-8\r\nSubject: "
              "x\r\nContent-Id: <1>\r\n\r\nbody"),
     SPAN_LIT("content-type: text/plain;\r\n\tcharset=utf-8\r\nContent-Id: <1>\r\n\r\nbody")},
    {SPAN_LIT("Content-Type: text/plain\n\nbody\n"), SPAN_LIT("Content-Type: text/plain\r\n\r\nbody\r\n")},
    {SPAN_LIT("\r\n" X70 "123456\r\n"), SPAN_LIT("\r\n" X70 "123456\r\n")},
    {SPAN_LIT("\r\n" X70 "1234567\r\n"),
     SPAN_LIT("Content-Transfer-Encoding: quoted-printable\r\n\r\n" X70 "12345=\r\n67\r\n")},
    {SPAN_LIT("\r\nFrom here\r\n"),
     SPAN_LIT("Content-Transfer-Encoding: quoted-printable\r\n\r\n=46rom here\r\n")},
    {SPAN_LIT("\r\nGr\xc3\xbc\xc3\x9f"
              "e\r\n"),
     SPAN_LIT("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
              "quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n")},
    {SPAN_LIT("\r\nGr\xfc\r\n"),
     SPAN_LIT("Content-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: "
              "quoted-printable\r\n\r\nGr=FC\r\n")},
    {SPAN_LIT("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nSubject: "
              "x\r\n\r\n\xc3\xbc\r\n"),
     SPAN_LIT("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
              "quoted-printable\r\n\r\n=C3=BC\r\n")},
    {SPAN_LIT("Content-Transfer-Encoding: 8bit\r\n\r\nASCII\r\n"),
     SPAN_LIT("Content-Transfer-Encoding: 7bit\r\n\r\nASCII\r\n")},
    {SPAN_LIT("Content-Type: image/x\r\n\r\n\xff\xd8\n\0"),
     SPAN_LIT("Content-Type: image/x\r\nContent-Transfer-Encoding: base64\r\n\r\n/9gKAA==\r\n")},
    {SPAN_LIT("Content-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb"),
     SPAN_LIT("Content-Type: image/x\r\nContent-Transfer-Encoding: base64\r\n\r\nYQpi\r\n")},
    {SPAN_LIT("Content-Type: text/plain\r\n\r\na\rb\r\n"),
     SPAN_LIT("Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=0Db\r\n")},
    {SPAN_LIT("Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\na\0\n"),
     SPAN_LIT("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nYQAK\r\n")},
    {SPAN_LIT("Content-Transfer-Encoding: quoted-printable\r\n\r\na=3D=\r\nb\r\n"),
     SPAN_LIT("Content-Transfer-Encoding: quoted-printable\r\n\r\na=3D=\r\nb\r\n")},
    {SPAN_LIT("Content-Transfer-Encoding: quoted-printable\r\n\r\na=\r\n"),
     SPAN_LIT("Content-Transfer-Encoding: quoted-printable\r\n\r\na")},
    {SPAN_LIT("Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: "
              "8bit\r\n\r\npre\r\n--b\r\n\r\n\xc3\xbc\r\n--b\r\n\r\n--b--\r\nepi"),
     SPAN_LIT(
         "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 7bit\r\n\r\npre\r\n--b\r\n"
         "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
         "quoted-printable\r\n\r\n=C3=BC\r\n--b\r\n\r\n--b--\r\nepi")},
    {SPAN_LIT("Content-Type: multipart/mixed; "
              "boundary=b\r\n\r\npr\xc3\xa4\n--\xc3\xa4\r\n--b\r\n\r\nx\r\n--b--\r\n"),
     SPAN_LIT(
         "Content-Type: multipart/mixed; boundary=b\r\n\r\n pr??\r\n --??\r\n--b\r\n\r\nx\r\n--b--\r\n")},
    {SPAN_LIT("Content-Type: application/pdf; name=\"\xc3\x9c"
              "ber sicht.pdf\"\r\nContent-Disposition: x; filename=\xfc\r\n\r\nx"),
     SPAN_LIT("Content-Type: application/pdf; name=\"=?utf-8?B?w5xiZXI=?= "
              "sicht.pdf\"\r\nContent-Disposition: x; filename==?utf-8?B?w7w=?=\r\n\r\nx")},
    {SPAN_LIT("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nFrom: J\xc3\xbc "
              "<j@b.example>\r\nMIME-Version: 1.0\r\n\r\n\xc3\xbc"),
     SPAN_LIT("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nFrom: =?utf-8?B?SsO8?= "
              "<j@b.example>\r\nMIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
              "quoted-printable\r\n\r\n=C3=BC")},
    {SPAN_LIT("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: "
              "8bit\r\n\r\nFrom x\r\n--b\r\n\r\nsig\r\n--b--\r\n"),
     SPAN_LIT("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: "
              "8bit\r\n\r\nFrom x\r\n--b\r\n\r\nsig\r\n--b--\r\n")},
    {SPAN_LIT("Content-Type: multipart/signed; boundary=b\r\nContent-Transfer-Encoding: "
              "8bit\r\n\r\n--b\r\n\r\nx\r\n--b\r\n\r\nsig\r\n--b--\r\n"),
     SPAN_LIT("Content-Type: multipart/signed; boundary=b\r\nContent-Transfer-Encoding: "
              "7bit\r\n\r\n--b\r\n\r\nx\r\n--b\r\n\r\nsig\r\n--b--\r\n")},
    {SPAN_LIT("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
              "text/html\r\n\r\n--b\r\n\r\n--b--\r\n"),
     SPAN_LIT("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
              "text/html\r\n\r\n--b\r\n\r\n--b--\r\n")},
};

START_TEST(entity_has_its_canonical_form)
{
    check_case(ENTITY, entity_cases[_i].message, entity_cases[_i].entity);
}
END_TEST

static const struct {
    struct span entity, safe;
    enum kind kind;
} safe_cases[] = {
    {SPAN_LIT("Subject: x\r\n\r\nFrom \xc3\xbc\r\n" X70 X70 "\r\n"),
     SPAN_LIT("Subject: x\r\n\r\nFrom \xc3\xbc\r\n" X70 X70 "\r\n"), SAFE_8BIT},
    {SPAN_LIT("Content-Transfer-Encoding: 8bit\r\n\r\nASCII\r\n"),
     SPAN_LIT("Content-Transfer-Encoding: 8bit\r\n\r\nASCII\r\n"), SAFE_7BIT},
    {SPAN_LIT("Subject: x\n\nline\nline\n"), SPAN_LIT("Subject: x\r\n\r\nline\r\nline\r\n"), SAFE_8BIT},
    {SPAN_LIT("Subject: x\r\n\r\n\xc3\xbc\r\n"),
     SPAN_LIT("Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
              "quoted-printable\r\n\r\n=C3=BC\r\n"),
     SAFE_7BIT},
    {SPAN_LIT("Content-Type: text/plain\r\n\r\nx\r\n\n.\n\r\nMAIL\r\n"),
     SPAN_LIT("Content-Type: text/plain\r\n\r\nx\r\n\r\n.\r\n\r\nMAIL\r\n"), SAFE_8BIT},
    {SPAN_LIT("Content-Type: text/plain\r\n\r\nx\r.\r\r\n"),
     SPAN_LIT("Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx=0D.=0D\r\n"),
     SAFE_8BIT},
    {SPAN_LIT("Content-Type: text/plain\r\n\r\nx\0\r\n"),
     SPAN_LIT("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\neAANCg==\r\n"),
     SAFE_8BIT},
    {SPAN_LIT("Content-Type: multipart/signed; boundary=b\n\n--b\n\n\xc3\xbc\n--b\n\nsig\n--b--\n"),
     SPAN_LIT("Content-Type: multipart/signed; "
              "boundary=b\r\n\r\n--b\r\n\r\n\xc3\xbc\r\n--b\r\n\r\nsig\r\n--b--\r\n"),
     SAFE_7BIT},
};

START_TEST(opened_content_is_made_safe)
{
    check_case(safe_cases[_i].kind, safe_cases[_i].entity, safe_cases[_i].safe);
}
END_TEST

#define SIGNED(content)                                                                                      \
    "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n" content "\r\n--b\r\n\r\nsig\r\n--b--"    \
    "\r\n"
#define RFC822   "Content-Type: message/rfc822\r\n\r\n"
#define RFC822_5 RFC822 RFC822 RFC822 RFC822 RFC822

static const struct {
    struct span message;
    enum kind kind;
    enum err_code code;
} refused[] = {
    {SPAN_LIT(SIGNED("\xc3\xbc")), ENTITY, ERR_UNSUPPORTED},
    {SPAN_LIT(SIGNED("a\rb")), ENTITY, ERR_UNSUPPORTED},
    {SPAN_LIT(SIGNED("a\rb")), SAFE_8BIT, ERR_UNSUPPORTED},
    {SPAN_LIT(SIGNED("a\0b")), SAFE_8BIT, ERR_UNSUPPORTED},
    {SPAN_LIT("Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx"), ENTITY, ERR_AMBIGUOUS},
    {SPAN_LIT("Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx\n"), SAFE_8BIT, ERR_AMBIGUOUS},
    {SPAN_LIT("Content-Transfer-Encoding: x-yenc\r\n\r\n\xc3\xbc"), ENTITY, ERR_UNSUPPORTED},
    {SPAN_LIT("Content-Transfer-Encoding: quoted-printable\r\n\r\n=\xc3\xbc"), ENTITY, ERR_SYNTAX},
    {SPAN_LIT("Content-Type: message/partial\r\n\r\n\xc3\xbc"), ENTITY, ERR_UNSUPPORTED},
    {SPAN_LIT(RFC822 "no field\r\n\r\n\xc3\xbc"), ENTITY, ERR_UNSUPPORTED},
    {SPAN_LIT(RFC822_5 RFC822_5 RFC822 "\r\n\xc3\xbc"), ENTITY, ERR_UNSUPPORTED},
};

START_TEST(what_cannot_be_made_canonical_is_refused)
{
    struct err err = ERR_INIT;
    struct part_table table;
    SEAL_CLEANUP(spool_free) struct spool *out = make(refused[_i].kind, refused[_i].message, &table, &err);
    ck_assert_msg(out == NULL, "case %d", _i);
    ck_assert_msg(err.code == refused[_i].code, "case %d: %s %s", _i, err_name(err.code), err.msg);
}
END_TEST

START_TEST(messages_in_messages_up_to_the_limit_are_made_canonical)
{
    check_case(ENTITY, SPAN_LIT(RFC822_5 RFC822_5 "Content-Type: text/x\r\n\r\n\xc3\xbc"),
               SPAN_LIT(RFC822_5 RFC822_5
                        "Content-Type: text/x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC"));
}
END_TEST

START_TEST(long_field_is_folded_where_it_has_blanks)
{
    struct err err = ERR_INIT;
    struct part_table table;
    SEAL_CLEANUP(buf_fini) struct buf message = BUF_INIT(10000);
    buf_add_str(&message, "Content-Description:");
    for (int i = 0; i < 300; i++)
        buf_add_str(&message, " word");
    buf_add_str(&message, "\r\n\r\nx");
    SEAL_CLEANUP(spool_free) struct spool *out = make(ENTITY, buf_span(&message), &table, &err);
    ck_assert_msg(out != NULL, "%s", err.msg);
    ck_assert(transfer_is_7bit(spool_all(out), 76));
    ck_assert_uint_gt(spool_size(out), 1500);
    for (size_t i = 21; i < 1200; i++)
        message.ptr[i] = 'x';
    SEAL_CLEANUP(spool_free) struct spool *none = make(ENTITY, buf_span(&message), &table, &err);
    ck_assert(none == NULL && err.code == ERR_UNSUPPORTED);
}
END_TEST

static void check_same_shape(const char *name, const struct part_table *a, const struct part_table *b)
{
    ck_assert_msg(b->opaque_why == NULL, "%s: %s", name, b->opaque_why);
    ck_assert_msg(a->n == b->n, "%s: %zu parts became %zu", name, a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        ck_assert_msg(a->parts[i].parent == b->parts[i].parent &&
                          part_is(&a->parts[i], b->parts[i].type.type, b->parts[i].type.subtype),
                      "%s: part %zu", name, i);
}

static void check_stable(enum kind kind, const char *name, struct span message)
{
    struct err err = ERR_INIT;
    struct part_table table, again;
    SEAL_CLEANUP(spool_free) struct spool *once = make(kind, message, &table, &err);
    if (once == NULL) {
        ck_assert_msg(err.code == ERR_AMBIGUOUS || err.code == ERR_UNSUPPORTED || err.code == ERR_SYNTAX,
                      "%s: %s", name, err.msg);
        return;
    }
    SEAL_CLEANUP(spool_free) struct spool *twice = make(kind, spool_all(once), &again, &err);
    ck_assert_msg(twice != NULL, "%s: %s", name, err.msg);
    ck_assert_msg(span_eq(spool_all(once), spool_all(twice)), "%s:\n%.*s\nthen\n%.*s", name,
                  SPAN_ARG(spool_all(once)), SPAN_ARG(spool_all(twice)));
    if (table.opaque_why == NULL)
        check_same_shape(name, &table, &again);
    canonical++;
}

static void check_entity(const char *name, struct span message)
{
    struct err err = ERR_INIT;
    struct part_table table;
    check_stable(ENTITY, name, message);
    SEAL_CLEANUP(spool_free) struct spool *out = make(ENTITY, message, &table, &err);
    if (out != NULL)
        ck_assert_msg(transfer_is_7bit(spool_all(out), 998), "%s:\n%.*s", name, SPAN_ARG(spool_all(out)));
}

static bool is_strict(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.ptr[i], before = i > 0 ? bytes.ptr[i - 1] : '\0';
        if (c == '\0' || (c == '\n' && before != '\r') || (before == '\r' && c != '\n'))
            return false;
    }
    return bytes.len == 0 || bytes.ptr[bytes.len - 1] != '\r';
}

static void check_safe(const char *name, struct span message)
{
    for (enum kind kind = SAFE_7BIT; kind <= SAFE_8BIT; kind++) {
        struct err err = ERR_INIT;
        struct part_table table;
        check_stable(kind, name, message);
        SEAL_CLEANUP(spool_free) struct spool *out = make(kind, message, &table, &err);
        if (out != NULL)
            ck_assert_msg(is_strict(spool_all(out)), "%s:\n%.*s", name, SPAN_ARG(spool_all(out)));
    }
}

START_TEST(canonical_form_is_7bit_and_its_own_canonical_form)
{
    canonical = 0;
    samples_each(check_entity);
    ck_assert_uint_ge(canonical, 25);
    samples_damaged(1000, check_entity);
    ck_assert_uint_ge(canonical, 300);
}
END_TEST

START_TEST(safe_form_holds_nothing_that_ends_a_line_twice)
{
    canonical = 0;
    samples_each(check_safe);
    samples_damaged(1000, check_safe);
    ck_assert_uint_ge(canonical, 600);
}
END_TEST

START_TEST(full_disk_is_an_error_at_every_write)
{
    static const char message[] =
        "Content-Type: multipart/mixed; "
        "boundary=b\r\n\r\np\xc3\xbc\r\n--b\r\n\r\n\xc3\xbc\r\n--b\r\nContent-Type: image/x\r\n\r\n\xff"
        "\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx=\r\n--b--\r\n";
    struct err err = ERR_INIT;
    struct part_table table;
    SEAL_CLEANUP(spool_free) struct spool *whole = make(ENTITY, SPAN_LIT(message), &table, &err);
    ck_assert_ptr_nonnull(whole);
    for (size_t max = 0; max < spool_size(whole); max++) {
        struct spool_conf small = {.dir = "/tmp", .mem_max = 1000, .size_max = max};
        SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&small);
        ck_fails(canon_entity(arena, SPAN_LIT(message), &table, out, &err), ERR_LIMIT);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("canon");
    TCase *tcase = tcase_create("canon");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, entity_has_its_canonical_form, 0, SEAL_COUNT(entity_cases));
    tcase_add_loop_test(tcase, opened_content_is_made_safe, 0, SEAL_COUNT(safe_cases));
    tcase_add_loop_test(tcase, what_cannot_be_made_canonical_is_refused, 0, SEAL_COUNT(refused));
    tcase_add_test(tcase, messages_in_messages_up_to_the_limit_are_made_canonical);
    tcase_add_test(tcase, long_field_is_folded_where_it_has_blanks);
    tcase_add_test(tcase, canonical_form_is_7bit_and_its_own_canonical_form);
    tcase_add_test(tcase, safe_form_holds_nothing_that_ends_a_line_twice);
    tcase_add_test(tcase, full_disk_is_an_error_at_every_write);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
