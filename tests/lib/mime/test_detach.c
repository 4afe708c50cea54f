/* Tests of mime/detach: what goes, what stays, and that nothing else changes. */
#include "mime/detach.h"

#include "support/check.h"

#include <string.h>

#define MAX 20

static struct arena *arena;
static struct part_table table;
static struct span message;
static bool gone[MAX];

static void setup(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
    memset(gone, 0, sizeof gone);
}

static void teardown(void)
{
    arena_free(&arena);
}

/* Parts called x go. */
static void read_message(const char *text)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct err err = ERR_INIT;
    message = span_of(text);
    ck_ok(part_parse(arena, message, &limits, &table, &err));
    ck_assert_uint_le(table.n, MAX);
    for (size_t i = 0; i < table.n; i++)
        gone[i] = part_is(&table.parts[i], "application", "x");
}

#define MIXED   "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define SIGNED  "Content-Type: multipart/signed; boundary=s\r\n\r\n"
#define RELATED "Content-Type: multipart/related; boundary=r\r\n\r\n"
#define X       "Content-Type: application/x\r\n\r\nkey \r\n"
#define TEXT    "\r\nHi\r\n"

static const struct {
    const char *text, *left; /* of the body */
} cases[] = {
    {MIXED "--b\r\n" TEXT "--b\r\n" X "--b--\r\n", "--b\r\n" TEXT "--b--\r\n"},
    {MIXED "--b\r\n" X "--b\r\n" TEXT "--b--\r\n", "--b\r\n" TEXT "--b--\r\n"},
    {MIXED "before\r\n--b  \r\n" X "--b \t\r\n" TEXT "--b--\r\nbehind\r\n",
     "before\r\n--b  \r\n" TEXT "--b--\r\nbehind\r\n"},
    {MIXED "--b\r\n" TEXT "\r\n--b\r\n" X "\r\n--b \r\n" X "--b\r\n" TEXT "--b--",
     "--b\r\n" TEXT "\r\n--b\r\n" TEXT "--b--"},
    {MIXED "--b\r\n" X "--b\r\n" X "--b\r\n" TEXT "--b\r\n" X "--b--\r\n", "--b\r\n" TEXT "--b--\r\n"},
    {MIXED "--b\r\n" TEXT "--b\r\n" X,
     "--b\r\n\r\nHi"}, /* the end of a line before a boundary is the boundary's */
    {RELATED "--r\r\n" MIXED "--b\r\n" TEXT "--b\r\n" X "--b--\r\n--r\r\n" TEXT "--r--\r\n",
     "--r\r\n" MIXED "--b\r\n" TEXT "--b--\r\n--r\r\n" TEXT "--r--\r\n"},
};

START_TEST(nothing_else_changes)
{
    struct err err = ERR_INIT;
    static const struct spool_conf conf = {.mem_max = 1u << 20, .size_max = 1u << 20};
    SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&conf);
    read_message(cases[_i].text);
    for (size_t i = 0; i < table.n; i++)
        ck_assert(!gone[i] || detach_fault(&table, i) == NULL);
    ck_assert(detach_leaves_content(message, &table, gone));
    ck_ok(detach_write(message, &table, gone, out, &err));
    ck_ok(spool_seal(out, &err));
    ck_assert_str_eq(arena_spandup(arena, spool_all(out)), cases[_i].left);
}
END_TEST

static const struct {
    const char *text, *why;
} stay[] = {
    {X, "it is the message itself"},
    {SIGNED "--s\r\n" X "--s\r\n" TEXT "--s--\r\n", "a signature covers it"},
    {SIGNED "--s\r\n" MIXED "--b\r\n" TEXT "--b\r\n" X "--b--\r\n--s\r\n" TEXT "--s--\r\n",
     "a signature covers it"},
    {MIXED "--b\r\n" SIGNED "--s\r\n" X "--s\r\n" TEXT "--s--\r\n--b--\r\n", "a signature covers it"},
    {RELATED "--r\r\n" TEXT "--r\r\n" X "--r--\r\n", "it stands where no attachment does"},
    {"Content-Type: multipart/report; boundary=s\r\n\r\n--s\r\n" MIXED "--b\r\n" TEXT "--b\r\n" X
     "--b--\r\n--s--\r\n",
     "it stands where no attachment does"},
};

START_TEST(what_is_no_attachment_stays)
{
    read_message(stay[_i].text);
    for (size_t i = 0; i < table.n; i++)
        if (gone[i])
            ck_assert_str_eq(detach_fault(&table, i), stay[_i].why);
}
END_TEST

static const char *const empty[] = {
    MIXED "--b\r\n" X "--b--\r\n",
    MIXED "--b\r\n" X "--b\r\n" X "--b--\r\n",
    MIXED "--b\r\n\r\n \r\n\r\n--b\r\n" X "--b--\r\n",
    RELATED "--r\r\n" MIXED "--b\r\n" X "--b--\r\n--r\r\n" TEXT "--r--\r\n",
};

START_TEST(something_is_left_always)
{
    read_message(empty[_i]);
    ck_assert(!detach_leaves_content(message, &table, gone));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("detach");
    TCase *t = tcase_create("detach");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, nothing_else_changes, 0, (int)SEAL_COUNT(cases));
    tcase_add_loop_test(t, what_is_no_attachment_stays, 0, (int)SEAL_COUNT(stay));
    tcase_add_loop_test(t, something_is_left_always, 0, (int)SEAL_COUNT(empty));
    suite_add_tcase(suite, t);
    return suite;
}

TEST_MAIN(make_suite)
