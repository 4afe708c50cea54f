/* Copies of header fields in front of a text go where they are surely that, and everything else stays octet for octet. */
#include "mime/legacy_display.h"

#include "support/check.h"
#include "support/eol.h"

#include <string.h>

static struct arena *arena;
static struct spool *out;
static struct err err;
static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 16u << 20};

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
    err = (struct err)ERR_INIT;
    out = spool_new(&conf);
}

static void tear_down(void)
{
    spool_free(&out);
    arena_free(&arena);
}

static int run(const char *entity)
{
    struct part_table table;
    struct span bytes = crlf(arena, entity);
    ck_ok(part_parse(arena, bytes, &limits, &table, &err));
    int removed = legacy_display_remove(arena, bytes, &table, out, &err);
    ck_ok(spool_seal(out, &err));
    return removed;
}

#define PLAIN      "Content-Type: text/plain; charset=\"us-ascii\"; hp-legacy-display=\"1\";\n hp=\"cipher\"\n"
#define HTML       "Content-Type: text/html; charset=\"us-ascii\"; hp-legacy-display=\"1\";\n hp=\"cipher\"\n"
#define PLAIN_DONE "Content-Type: text/plain; charset=\"us-ascii\";\n hp=\"cipher\"\n"
#define HTML_DONE  "Content-Type: text/html; charset=\"us-ascii\";\n hp=\"cipher\"\n"
#define DIV        "<div class=\"header-protection-legacy-display\">"

static const struct {
    const char *before, *after;
} removed[] = {
    /* E.1 and E.2 of the RFC */
    {"Subject: Dinner plans\n" PLAIN "\nSubject: Dinner plans\n\nLet's meet at Rama's Roti Shop at 8pm\n",
     "Subject: Dinner plans\n" PLAIN_DONE "\nLet's meet at Rama's Roti Shop at 8pm\n"},
    {HTML "\n<html><head><title></title></head><body>\n" DIV "\n<pre>Subject: Dinner plans</pre>\n</div>\n"
          "<p>\nLet's meet\n</p>\n</body>\n</html>\n",
     HTML_DONE "\n<html><head><title></title></head><body>\n<p>\nLet's meet\n</p>\n</body>\n</html>\n"},
    {PLAIN "\nSubject: a\n folded\nFrom: b\n\nText\n\nMore\n", PLAIN_DONE "\nText\n\nMore\n"},
    {HTML "\n" DIV "Subject: a</div>Text", HTML_DONE "\nText"},
    {PLAIN "Content-Transfer-Encoding: base64\n\nU3ViamVjdDogYQ0KDQpUZXh0DQo=\n",
     PLAIN_DONE "Content-Transfer-Encoding: base64\n\nVGV4dA0K\n"},
    {PLAIN "Content-Transfer-Encoding: quoted-printable\n\nSubject: =C3=BC\n\nTe=C3=BCt\n",
     PLAIN_DONE "Content-Transfer-Encoding: quoted-printable\n\nTe=C3=BCt\n"},
    {"Content-Type: multipart/alternative; boundary=x; hp=cipher\n\n--x\n" PLAIN
     "\nSubject: a\n\nText\n--x\n" HTML "\n" DIV "Subject: a</div>Text\n--x--\n",
     "Content-Type: multipart/alternative; boundary=x; hp=cipher\n\n--x\n" PLAIN_DONE
     "\nText\n--x\n" HTML_DONE "\nText\n--x--\n"},
};

START_TEST(display_goes)
{
    ck_assert_int_eq(run(removed[_i].before), 1);
    struct span expected = crlf(arena, removed[_i].after), got = spool_all(out);
    ck_assert_msg(span_eq(got, expected), "%.*s", SPAN_ARG(got));
}
END_TEST

static const char *const kept[] = {
    "Content-Type: text/plain\n\nSubject: a\n\nText\n",
    "Content-Type: text/plain; hp-legacy-display=\"0\"\n\nSubject: a\n\nText\n",
    PLAIN "\nDear Bob,\n\nText\n",
    PLAIN "\nSubject: a\nDear Bob,\n\nText\n",
    PLAIN "\n\nSubject: a\n\nText\n",
    PLAIN "\nSubject: a\nText: without an empty line\n",
    PLAIN "\n",
    PLAIN "Content-Disposition: attachment; filename=\"a.txt\"\n\nSubject: a\n\nText\n",
    PLAIN "Content-Transfer-Encoding: base64\n\n???\n",
    PLAIN "Content-Transfer-Encoding: x-own\n\nSubject: a\n\nText\n",
    HTML "\n<body><p>Hi</p>" DIV "Subject: a</div>Text",
    HTML "\n<body>" DIV "Subject: <b>a</b></div>Text",
    HTML "\n<body>" DIV "Subject: a<div></div></div>Text",
    HTML "\n<body>" DIV "<pre>Subject: a</div>Text",
    HTML "\n<body>" DIV "Subject: a",
    HTML "\n<body><div class=\"other\">Subject: a</div>Text",
    HTML "\n",
    "Content-Type: multipart/signed; boundary=x; protocol=p\n\n--x\n" PLAIN
    "\nSubject: a\n\nText\n--x\nContent-Type: application/x\n\n\n--x--\n",
    "Content-Type: multipart/mixed; boundary=x\n\n--x\n" PLAIN "\nSubject: a\n\nText\n--x--\n--x\n\nmore\n",
};

START_TEST(what_is_not_surely_one_stays)
{
    ck_assert_int_eq(run(kept[_i]), 0);
    ck_assert_uint_eq(spool_size(out), 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("legacy_display");
    TCase *tcase = tcase_create("legacy_display");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, display_goes, 0, (int)SEAL_COUNT(removed));
    tcase_add_loop_test(tcase, what_is_not_surely_one_stays, 0, (int)SEAL_COUNT(kept));
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
