/* Header fields inside and out: what a copy shows, what copies share, and what may come back (RFC 9788, R21, R26). */
#include "support/check.h"
#include "support/transform.h"

#include <string.h>

static struct transform *t;
static struct err err;

static void set_up(void)
{
    t = transform_new();
}

static void tear_down(void)
{
    transform_free(&t);
}

static const struct op plain = {.kind = OP_PROTECT, .protection = PROTECTION_PLAIN};
static const struct op baseline = {.kind = OP_PROTECT, .protection = PROTECTION_BASELINE};

#define TEXT                                                                                                 \
    "Received: by x\nFrom: a@b.example\nTo: c@d.example\nBcc: hidden@d.example\nSubject: ORCHID\n"           \
    "Comments: ORCHID\nKeywords: ORCHID\nThread-Topic: ORCHID\nX-Sealmilter-Test: 1\n"                       \
    "In-Reply-To: <1@d.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n\nBody\n"

/* The part behind the outer header, whose content fields are the payload's. */
static const char *body(void)
{
    return strstr(t->out, "\r\n\r\n") + 4;
}

static char *header(void)
{
    return arena_spandup(t->arena, (struct span){t->out, (size_t)(body() - t->out)});
}

START_TEST(baseline_leaves_no_word_outside)
{
    ck_ok(transform_run(t, TEXT, &baseline, 1, &err));
    ck_assert_str_eq(header(),
                     "Received: by x\r\nFrom: a@b.example\r\nTo: c@d.example\r\nBcc: hidden@d.example\r\n"
                     "Subject: [...]\r\nX-Sealmilter-Test: 1\r\nIn-Reply-To: <1@d.example>\r\n"
                     "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii; hp=\"cipher\"; "
                     "protected-headers=\"v1\"\r\n\r\n");
}
END_TEST

START_TEST(plain_leaves_the_outside_as_it_was)
{
    ck_ok(transform_run(t, TEXT, &plain, 1, &err));
    ck_assert_ptr_nonnull(
        strstr(header(), "\r\nSubject: ORCHID\r\nComments: ORCHID\r\nKeywords: ORCHID\r\n"));
}
END_TEST

START_TEST(every_subject_is_hidden_and_the_first_one_stands)
{
    ck_ok(transform_run(t, "Subject: ORCHID\nSubject : TULIP\nSUBJECT: ROSE\nFrom: a@b.example\n\nBody\n",
                        &baseline, 1, &err));
    ck_assert_int_eq(strncmp(t->out, "Subject: [...]\r\nFrom: a@b.example\r\n", 35), 0);
    ck_assert_ptr_null(strstr(header(), "TULIP"));
    ck_assert_ptr_null(strstr(header(), "ROSE"));
}
END_TEST

/* ---- what is inside ---- */

/* Signed over, so that it can be read. */
static const char *inside(const char *text, const struct op *first, size_t n)
{
    static int key;
    static const char *fp = "alice";
    struct op ops[8];
    struct pki_entity *alice = pki_self(t->pki, &(struct pki_spec){.email = "alice@our.example"});
    key = transform_key(t, alice, NULL);
    memcpy(ops, first, n * sizeof *ops);
    ops[n] = (struct op){.kind = OP_SIGN, .method = METHOD_SMIME, .keys = &key, .fp = &fp, .nkeys = 1};
    ck_ok(transform_run(t, text, ops, n + 1, &err));
    const char *from = strchr(strstr(body(), "--=_"), '\n') + 1;
    return arena_spandup(t->arena, (struct span){from, (size_t)(strstr(from, "\r\n--=_") - from)});
}

START_TEST(payload_has_the_fields_and_says_what_stands_outside)
{
    ck_assert_str_eq(
        inside(TEXT, &baseline, 1),
        "Content-Type: text/plain; charset=us-ascii; hp=\"cipher\"; protected-headers=\"v1\"\r\n"
        "From: a@b.example\r\nTo: c@d.example\r\nSubject: ORCHID\r\nComments: ORCHID\r\n"
        "Keywords: ORCHID\r\nThread-Topic: ORCHID\r\nIn-Reply-To: <1@d.example>\r\n"
        "HP-Outer: From: a@b.example\r\nHP-Outer: To: c@d.example\r\nHP-Outer: Subject: [...]\r\n"
        "HP-Outer: In-Reply-To: <1@d.example>\r\n\r\nBody\r\n");
}
END_TEST

START_TEST(fields_of_the_policy_are_inside_and_deleted_ones_are_not)
{
    const struct op ops[] = {{.kind = OP_HEADER, .action = FIELD_ADD, .field = "X-Site", .text = "TULIP"},
                             {.kind = OP_HEADER, .action = FIELD_DELETE, .field = "Comments"},
                             {.kind = OP_HEADER, .action = FIELD_REPLACE, .field = "Subject", .text = "New"},
                             baseline};
    const char *got = inside(TEXT, ops, SEAL_COUNT(ops));
    ck_assert_ptr_nonnull(strstr(got, "\r\nX-Site: TULIP\r\n"));
    ck_assert_ptr_nonnull(strstr(got, "\r\nHP-Outer: X-Site: TULIP\r\n"));
    ck_assert_ptr_nonnull(strstr(got, "\r\nSubject: New\r\n"));
    ck_assert_ptr_null(strstr(got, "Comments"));
}
END_TEST

START_TEST(tag_stands_outside_alone)
{
    const struct op ops[] = {baseline, {.kind = OP_TAG, .text = "[secure]"}};
    ck_ok(transform_run(t, TEXT, ops, SEAL_COUNT(ops), &err));
    ck_assert_ptr_nonnull(strstr(header(), "\r\nSubject: [secure] [...]\r\n"));
}
END_TEST

/* ---- the Subject comes back ---- */

static const char *subject_of(const char *outer, struct view view, const char *name)
{
    const struct op op = {.kind = OP_SUBJECT, .view = 0};
    t->facts.views = &view;
    t->facts.nviews = 1;
    ck_ok(transform_run(t, arena_printf(t->arena, "From: a@b.example\n%s\nBody\n", outer), &op, 1, &err));
    t->facts.views = NULL;
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct header fields;
    ck_ok(header_parse(t->arena, span_of(t->out), &limits, &fields, &err));
    ck_assert_uint_le(header_count(&fields, name), 1);
    const struct field *field = header_find(&fields, name, 0);
    return field == NULL ? NULL : header_decode(t->arena, field->value);
}

#define GOOD   .signature = SIGNATURE_GOOD, .opened = -1
#define OPEN   .decryption = DECRYPTION_OPENED
#define UNAUTH .decryption = DECRYPTION_UNAUTHENTICATED

static const struct {
    const char *outer, *inner, *after;
} subjects[] = {
    {"Subject: [...]\n", "ORCHID", "ORCHID"},
    {"", "ORCHID", "ORCHID"},
    {"Subject: [...]\n", "", ""},
    {"Subject: [...]\nSubject: other\n", "ORCHID", "ORCHID"},
    {"Subject: Re: [...]\n",
     "Re: Gr\xc3\xbc\xc3\x9f"
     "e",
     "Re: Gr\xc3\xbc\xc3\x9f"
     "e"},
    /* marks are ours alone, inside too (R1, R2) */
    {"Subject: [...]\n", "[secure] ORCHID", "ORCHID"},
    {"Subject: [...]\n",
     "[s[secure]ecure] OR\xe2\x80\x8b"
     "CHID",
     "OR\xe2\x80\x8b"
     "CHID"},
};

START_TEST(authentic_subject_takes_the_outer_ones_place)
{
    const char *outer = subjects[_i].outer, *inner = subjects[_i].inner, *after = subjects[_i].after;
    ck_assert_str_eq(subject_of(outer, (struct view){OPEN, .subject = inner}, "Subject"), after);
    ck_assert_str_eq(subject_of(outer, (struct view){GOOD, .subject = inner}, "Subject"), after);
    ck_assert_ptr_null(strstr(t->out, "X-Sealmilter"));
}
END_TEST

START_TEST(unauthenticated_subject_is_put_aside)
{
    const struct view view = {UNAUTH, .subject = "[secure] ORCHID"};
    ck_assert_str_eq(subject_of("Subject: [...]\n", view, "Subject"), "[...]");
    ck_assert_str_eq(subject_of("Subject: [...]\n", view, "X-Sealmilter-Subject"), "ORCHID");
}
END_TEST

START_TEST(equal_subject_is_left_as_it_is_written)
{
    (void)subject_of("Subject: =?iso-8859-1?q?Gr=FC=DFe?=\n",
                     (struct view){GOOD, .subject = "Gr\xc3\xbc\xc3\x9f"
                                                    "e"},
                     "Subject");
    ck_assert(!t->changed);
}
END_TEST

START_TEST(long_subject_comes_back_whole)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(8000);
    while (text.len < 3900)
        buf_printf(&text, "w\xc3\xb6rd%zu ", text.len);
    buf_add_char(&text, 'x');
    const char *got =
        subject_of("Subject: [...]\n", (struct view){OPEN, .subject = buf_str(&text)}, "Subject");
    ck_assert_str_eq(got, buf_str(&text));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("inner_header");
    TCase *tcase = tcase_create("inner_header");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, baseline_leaves_no_word_outside);
    tcase_add_test(tcase, plain_leaves_the_outside_as_it_was);
    tcase_add_test(tcase, every_subject_is_hidden_and_the_first_one_stands);
    tcase_add_test(tcase, payload_has_the_fields_and_says_what_stands_outside);
    tcase_add_test(tcase, fields_of_the_policy_are_inside_and_deleted_ones_are_not);
    tcase_add_test(tcase, tag_stands_outside_alone);
    tcase_add_loop_test(tcase, authentic_subject_takes_the_outer_ones_place, 0, (int)SEAL_COUNT(subjects));
    tcase_add_test(tcase, unauthenticated_subject_is_put_aside);
    tcase_add_test(tcase, equal_subject_is_left_as_it_is_written);
    tcase_add_test(tcase, long_subject_comes_back_whole);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
