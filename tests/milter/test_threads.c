/* Tests of one daemon under many threads: sessions, the injection listener, journal, rates, a policy that changes. ThreadSanitizer is the judge. */
#include "support/check.h"
#include "support/rig.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define THREADS 4
#define ROUNDS  8

/* More addresses than are compared one by one, so that they are hashed. */
#define TWENTY                                                                                               \
    "a@m.example or b@m.example or c@m.example or d@m.example or e@m.example or f@m.example or g@m.example " \
    "or h@m.example or i@m.example or j@m.example or k@m.example or l@m.example or m@m.example or "          \
    "n@m.example or o@m.example or p@m.example or q@m.example or r@m.example or s@m.example or t@m.example"
#define RULES(name)                                                                                          \
    "our domains our.example\n"                                                                              \
    "rule \"closed\"\n    when outbound, to closed.example\n    return \"Closed.\"\n"                        \
    "rule \"" name "\"\n"                                                                                    \
    "    when outbound, to " TWENTY "\n"                                                                     \
    "    copy to archive@our.example\n"                                                                      \
    "    alert guard@our.example\n"                                                                          \
    "    notify sender\n"                                                                                    \
    "    sign\n"                                                                                             \
    "    encrypt if possible\n"                                                                              \
    "rule \"moved\"\n    when outbound, to moved.example\n    redirect to new@there.example\n"               \
    "rule \"rest\"\n    pass\n"

static struct rig *rig;

static void set_up(void)
{
    rig = rig_new(RULES("kept"), NULL, 0);
    rig->site->settings->notice_rate = 100000;
    site_user(rig->site, "alice@our.example", PKI_P256);
}

static void tear_down(void)
{
    rig_free(&rig);
}

struct worker {
    pthread_t thread;
    struct rig *rig;
    unsigned number;
    unsigned good;
};

static bool send_one(const struct worker *worker, unsigned round)
{
    char text[200];
    int n =
        snprintf(text, sizeof text, "From: alice@our.example\r\nMessage-Id: <%u.%u@client>\r\n\r\nORCHID\r\n",
                 worker->number, round);
    const struct rig_mail mail = {.from = "<alice@our.example>",
                                  .login = "alice@our.example",
                                  .to = {"<k@m.example>", "<x@moved.example>", "<x@closed.example>"},
                                  .bytes = {text, (size_t)n}};
    return rig_send(worker->rig, &mail) == VERDICT_ACCEPT && worker->rig->mta->trouble == NULL;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    for (unsigned i = 0; i < ROUNDS; i++)
        worker->good += send_one(worker, i);
    return NULL;
}

START_TEST(messages_share_a_daemon_whose_policy_changes)
{
    static const char *const policies[] = {RULES("kept"), RULES("also kept")};
    struct worker workers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.rig = rig_beside(rig), .number = i};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < 2 * ROUNDS; i++)
        site_policy(rig->site, policies[i % 2]);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        ck_assert_uint_eq(workers[i].good, ROUNDS);
        rig_free(&workers[i].rig);
    }
    fake_smtp_join(rig->listener);
    ck_assert_uint_eq(rig_times(rig, "<new@there.example>"), THREADS * ROUNDS);
    ck_assert_uint_eq(rig_times(rig, "<archive@our.example>"), THREADS * ROUNDS);
    ck_assert_uint_eq(rig_times(rig, "<guard@our.example>"), THREADS * ROUNDS);
    ck_assert_uint_eq(rig_times(rig, "<alice@our.example>"), 2 * THREADS * ROUNDS);
    ck_assert_uint_eq(rig->daemon.working, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/threads");
    TCase *tc = tcase_create("threads");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, messages_share_a_daemon_whose_policy_changes);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
