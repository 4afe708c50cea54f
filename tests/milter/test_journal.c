/* test_journal - which messages are the same message. */
#include "milter/journal.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOW 1767225600

static char dir[32];
static struct store *store;
static struct arena *arena;

static void set_up(void)
{
    struct err err = ERR_INIT;
    snprintf(dir, sizeof dir, "/tmp/seal-journal-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_ok(store_open(dir, STORE_CREATE, &store, &err));
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void tear_down(void)
{
    char path[64];
    store_close(&store);
    arena_free(&arena);
    for (const char *const *name = (const char *const[]){"store.mdb", "store.mdb-lock", "lock.mdb", NULL};
         *name != NULL; name++) {
        snprintf(path, sizeof path, "%s/%s", dir, *name);
        unlink(path);
    }
    rmdir(dir);
}

struct letter {
    const char *sender, *queue_id, *header, *body;
};

static struct journal journal_of(const struct letter *letter, int64_t now)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct err err = ERR_INIT;
    struct header header;
    struct journal journal;
    ck_ok(header_parse(arena, span_of(letter->header), &limits, &header, &err));
    const struct journal_message message = {letter->sender, letter->queue_id, &header, span_of(letter->body)};
    journal_init(&journal, store, &message, now);
    return journal;
}

static bool same(const struct letter *a, const struct letter *b)
{
    struct journal first = journal_of(a, NOW), second = journal_of(b, NOW);
    return memcmp(first.message, second.message, HASH_SIZE) == 0;
}

#define HEADER "Received: by x; 1\nMessage-Id: <1@client>\nDate: Mon, 1 Jan 2026\nSubject: s\n\n"

static const struct letter base = {"a@b", "QUEUE1", HEADER, "body"};

static const struct {
    struct letter letter;
    bool same;
} letters[] = {
    {{"a@b", "QUEUE1", HEADER, "body"}, true},
    {{"a@b", "QUEUE2", HEADER, "body"}, true},
    {{"x@b", "QUEUE1", HEADER, "body"}, false},
    {{"a@b", "QUEUE1", HEADER, "other"}, false},
    /* another milter's changing field, another hop's trace, another Subject */
    {{"a@b", "QUEUE1", "X-Seen: 2\n" HEADER, "body"}, true},
    {{"a@b", "QUEUE1", "Received: by y\nMessage-Id: <1@client>\nDate: Mon, 1 Jan 2026\nSubject: t\n\n",
      "body"},
     true},
    {{"a@b", "QUEUE1", "Message-Id: <2@client>\nDate: Mon, 1 Jan 2026\nSubject: s\n\n", "body"}, false},
    /* the MTA's Date, and behind it another milter's field */
    {{"a@b", "QUEUE1", "Message-Id: <1@client>\nSubject: s\nDate: Mon, 2 Jan 2026\nX-Try: 2\n\n", "body"},
     true},
    {{"a@b", "QUEUE1", "Resent-Message-Id: <3@client>\n" HEADER, "body"}, false},
    {{"a@b", "QUEUE1", "Subject: s\n\n", "body"}, false},
};

START_TEST(same_message_is_sender_id_and_body)
{
    ck_assert_int_eq(same(&base, &letters[_i].letter), letters[_i].same);
}
END_TEST

START_TEST(what_the_mta_invented_does_not_count)
{
    const struct letter first = {"a@b", "QUEUE1",
                                 "Subject: s\nMessage-Id: <2026.QUEUE1@mx>\nDate: Mon, 1 Jan\n\n", "body"};
    const struct letter retry = {"a@b", "QUEUE2",
                                 "Subject: s\nMessage-Id: <2026.QUEUE2@mx>\nDate: Mon, 2 Jan\n\n", "body"};
    ck_assert(same(&first, &retry));
    ck_assert_int_eq(journal_of(&first, NOW).lifetime, JOURNAL_SHORT);
    ck_assert_int_eq(journal_of(&base, NOW).lifetime, JOURNAL_LONG);
}
END_TEST

START_TEST(without_an_id_of_the_client_two_subjects_are_two_messages)
{
    const struct letter one = {"a@b", "QUEUE1", "Subject: disk full on a\nTo: x\n\n", "body"};
    const struct letter two = {"a@b", "QUEUE1", "Subject: disk full on b\nTo: x\n\n", "body"};
    ck_assert(!same(&one, &two));
}
END_TEST

START_TEST(without_an_id_of_the_client_two_dates_of_his_are_two_messages)
{
    const struct letter one = {"a@b", "QUEUE1", "Date: Mon, 1 Jan 2026\nSubject: disk full\n\n", "body"};
    const struct letter two = {"a@b", "QUEUE1", "Date: Mon, 2 Jan 2026\nSubject: disk full\n\n", "body"};
    ck_assert(!same(&one, &two));
}
END_TEST

START_TEST(without_a_queue_id_no_id_is_trusted)
{
    const struct letter letter = {"a@b", NULL, HEADER, "body"};
    ck_assert_int_eq(journal_of(&letter, NOW).lifetime, JOURNAL_SHORT);
}
END_TEST

static bool found(const struct letter *letter, const char *rcpt, int64_t now)
{
    struct err err = ERR_INIT;
    struct journal journal = journal_of(letter, now);
    enum find find = journal_find(&journal, rcpt, &err);
    ck_assert_msg(find != FIND_FAILED, "%s", err.msg);
    return find == FIND_FOUND;
}

START_TEST(recipient_is_remembered_for_five_days_or_ten_minutes)
{
    struct err err = ERR_INIT;
    const struct letter anonymous = {"a@b", "QUEUE1", "Subject: s\n\n", "body"};
    struct journal known = journal_of(&base, NOW), unknown = journal_of(&anonymous, NOW);
    ck_assert(!found(&base, "r@x", NOW));
    static const char *const rcpts[] = {"q@x", "r@x"};
    ck_ok(journal_put(&known, rcpts, 2, &err));
    ck_ok(journal_put(&unknown, rcpts, 2, &err));
    ck_assert(found(&base, "q@x", NOW + JOURNAL_LONG - 1));
    ck_assert(found(&base, "r@x", NOW + JOURNAL_LONG - 1));
    ck_assert(!found(&base, "r@x", NOW + JOURNAL_LONG + 1));
    ck_assert(found(&anonymous, "r@x", NOW + JOURNAL_SHORT - 1));
    ck_assert(!found(&anonymous, "r@x", NOW + JOURNAL_SHORT + 1));
    ck_assert(!found(&base, "other@x", NOW));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/journal");
    TCase *tc = tcase_create("journal");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, same_message_is_sender_id_and_body, 0, SEAL_COUNT(letters));
    tcase_add_test(tc, what_the_mta_invented_does_not_count);
    tcase_add_test(tc, without_an_id_of_the_client_two_subjects_are_two_messages);
    tcase_add_test(tc, without_an_id_of_the_client_two_dates_of_his_are_two_messages);
    tcase_add_test(tc, without_a_queue_id_no_id_is_trusted);
    tcase_add_test(tc, recipient_is_remembered_for_five_days_or_ten_minutes);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
