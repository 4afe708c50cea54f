/* Several processes on one file: killed writers, dead readers, neighbours. */
#include "store/kv.h"

#include "fixture.h"
#include "support/check.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 100

struct child {
    pid_t pid;
    int tell; /* we write, it reads */
    int hear; /* it writes, we read */
};

/* In a child, where an assertion would write into the file that Check reads from its parent. */
static void must(bool good)
{
    if (!good)
        abort();
}

/* A child that has not opened the store: an environment must not live over a fork. */
static struct child start(void (*body)(int hear, int tell))
{
    int to[2], from[2];
    store_close(&fixture_store);
    ck_assert_int_eq(pipe(to), 0);
    ck_assert_int_eq(pipe(from), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(to[1]);
        close(from[0]);
        must(store_open(fixture_dir, STORE_READ_WRITE, &fixture_store, &err) == 0);
        body(to[0], from[1]);
        store_close(&fixture_store);
        arena_free(&fixture_arena);
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    return (struct child){pid, to[1], from[0]};
}

static void say(int fd)
{
    must(write(fd, "", 1) == 1);
}

static void wait_for_word(int fd)
{
    char c;
    must(read(fd, &c, 1) == 1);
}

static int end(struct child *child, int signal_to_send)
{
    int status;
    if (signal_to_send != 0)
        kill(child->pid, signal_to_send);
    ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
    close(child->tell);
    close(child->hear);
    return status;
}

static struct cert_record cert_number(unsigned n)
{
    char beginning[16], addr[32];
    snprintf(beginning, sizeof beginning, "%08x", n);
    snprintf(addr, sizeof addr, "u%u@b.example", n % 3);
    return fixture_cert(beginning, arena_strdup(fixture_arena, addr));
}

/* ---- kill -9 ---- */

static unsigned first_number;

/* One octet for each write that is done: what it told us must be there afterwards. */
static void write_without_end(int hear, int tell)
{
    (void)hear;
    for (unsigned n = first_number;; n++) {
        struct cert_record record = cert_number(n);
        unsigned char key[HASH_SIZE];
        must(store_put_cert(fixture_store, &record, &err) == 0);
        hash_bytes(span_of(record.fingerprint), key);
        must(store_journal_put(fixture_store, key, 1, 0, 100, &err) == 0);
        say(tell);
    }
}

static unsigned drain(int fd)
{
    char octets[4096];
    unsigned total = 0;
    for (ssize_t n; (n = read(fd, octets, sizeof octets)) > 0;)
        total += (unsigned)n;
    return total;
}

static void check_all_there(unsigned count)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct cert_record *certs, out;
    size_t n, by_address = 0;
    for (unsigned i = first_number; i < first_number + count; i++)
        ck_assert_int_eq(store_find_cert(read, cert_number(i).fingerprint, &out, &err), FIND_FOUND);
    for (unsigned i = 0; i < 3; i++) {
        ck_ok(store_certs_of(read, cert_number(i).addrs[0], &certs, &n, &err));
        by_address += n;
    }
    ck_ok(store_certs(read, &certs, &n, &err));
    ck_assert_uint_eq(by_address, n); /* records and index agree */
}

START_TEST(a_writer_killed_anywhere_loses_nothing_that_it_had_written)
{
    unsigned seed = 1, written = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct child child = start(write_without_end);
        unsigned count = 1;
        wait_for_word(child.hear);
        usleep(rand_r(&seed) % 2000); /* where in a write the signal hits is up to chance */
        kill(child.pid, SIGKILL);
        ck_assert_int_eq(waitpid(child.pid, NULL, 0), child.pid);
        close(child.tell);
        count += drain(child.hear);
        close(child.hear);
        ck_ok(store_open(fixture_dir, STORE_READ_WRITE, &fixture_store, &err));
        check_all_there(count);
        written += count;
        first_number += count + 1; /* the last one may or may not be there */
        arena_free(&fixture_arena);
        fixture_arena = arena_new(ARENA_MAX_DEFAULT);
    }
    struct store_health health;
    ck_ok(store_check(fixture_store, &health, &err));
    ck_assert_uint_ge(health.records, 2 * written);
}
END_TEST

/* ---- readers and neighbours ---- */

static void read_and_wait(int hear, int tell)
{
    struct store_read *read = fixture_read();
    say(tell);
    wait_for_word(hear);
    store_read_end(&read);
}

START_TEST(the_slot_of_a_dead_reader_is_given_back)
{
    struct store_health health;
    struct child child = start(read_and_wait);
    wait_for_word(child.hear);
    ck_ok(store_open(fixture_dir, STORE_READ_WRITE, &fixture_store, &err));
    ck_ok(store_check(fixture_store, &health, &err));
    ck_assert_uint_eq(health.stale_cleared, 0);
    ck_assert(WIFSIGNALED(end(&child, SIGKILL)));
    ck_ok(store_check(fixture_store, &health, &err));
    ck_assert_uint_eq(health.stale_cleared, 1);
    ck_ok(store_check(fixture_store, &health, &err));
    ck_assert_uint_eq(health.stale_cleared, 0);
}
END_TEST

static void look_twice(int hear, int tell)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct cert_record out;
    const char *fingerprint = cert_number(1).fingerprint;
    must(store_find_cert(read, fingerprint, &out, &err) == FIND_ABSENT);
    say(tell);
    wait_for_word(hear);
    must(store_find_cert(read, fingerprint, &out, &err) == FIND_ABSENT); /* of one moment */
    store_read_end(&read);
    read = fixture_read();
    must(store_find_cert(read, fingerprint, &out, &err) == FIND_FOUND);
}

START_TEST(a_neighbour_sees_a_write_in_its_next_read_and_not_before)
{
    struct child child = start(look_twice);
    struct cert_record record = cert_number(1);
    wait_for_word(child.hear);
    ck_ok(store_open(fixture_dir, STORE_READ_WRITE, &fixture_store, &err));
    ck_ok(store_put_cert(fixture_store, &record, &err));
    say(child.tell);
    int status = end(&child, 0);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

static void write_some(int hear, int tell)
{
    wait_for_word(hear);
    for (unsigned n = 0; n < 100; n++) {
        struct cert_record record = cert_number(2 * n);
        must(store_put_cert(fixture_store, &record, &err) == 0);
    }
    say(tell);
}

START_TEST(two_writers_lose_nothing)
{
    struct child child = start(write_some);
    struct cert_record *certs;
    size_t n;
    say(child.tell);
    ck_ok(store_open(fixture_dir, STORE_READ_WRITE, &fixture_store, &err));
    for (unsigned i = 0; i < 100; i++) {
        struct cert_record record = cert_number(2 * i + 1);
        ck_ok(store_put_cert(fixture_store, &record, &err));
    }
    wait_for_word(child.hear);
    end(&child, 0);
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_ok(store_certs(read, &certs, &n, &err));
    ck_assert_uint_eq(n, 200);
}
END_TEST

START_TEST(the_store_is_not_replaced_while_a_neighbour_has_it_open)
{
    char backup[sizeof fixture_dir + 16];
    snprintf(backup, sizeof backup, "%s/backup", fixture_dir);
    ck_ok(store_backup(fixture_store, backup, &err));
    struct child child = start(read_and_wait);
    wait_for_word(child.hear);
    ck_fails(store_restore(fixture_dir, backup, &err), ERR_STORE);
    say(child.tell);
    end(&child, 0);
    ck_ok(store_restore(fixture_dir, backup, &err));
}
END_TEST

/* ---- keys and transactions ---- */

static struct kv_key key_of_length(size_t n)
{
    struct kv_key key = kv_key(KV_META);
    for (size_t i = 1; i < n; i++)
        kv_key_bytes(&key, "x", 1);
    return key;
}

START_TEST(a_key_that_is_too_long_is_a_failure_and_not_absent)
{
    struct cert_record out;
    char text[KV_KEY_MAX + 1] = {0};
    memset(text, 'a', sizeof text - 1);
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_find_cert(read, text, &out, &err), FIND_FAILED);
    ck_assert_int_eq(err.code, ERR_LIMIT);
    err_clear(&err);
    text[KV_KEY_MAX - 2] = '\0'; /* with class octet and NUL just as long as it may be */
    ck_assert_int_eq(store_find_cert(read, text, &out, &err), FIND_ABSENT);
}
END_TEST

START_TEST(a_transaction_that_saw_a_failure_never_commits)
{
    struct kv *kv = NULL;
    struct kv_txn txn;
    struct kv_key good = key_of_length(10), bad = key_of_length(KV_KEY_MAX + 1);
    struct span value;
    store_close(&fixture_store);
    ck_ok(kv_open(fixture_file, KV_MAP_SIZE, &kv, &err));
    ck_ok(kv_begin(kv, KV_WRITE, &txn, &err));
    kv_put(&txn, &bad, SPAN_LIT("x"), &err);
    ck_assert_int_eq(err.code, ERR_LIMIT);
    err_clear(&err); /* its caller ignores it */
    kv_put(&txn, &good, SPAN_LIT("x"), &err);
    ck_fails(kv_commit(&txn, &err), ERR_STORE);
    ck_ok(kv_begin(kv, KV_READ, &txn, &err));
    ck_assert_int_eq(kv_get(&txn, &good, &value, &err), FIND_ABSENT);
    kv_abort(&txn);
    kv_close(&kv);
}
END_TEST

/* Once there are free pages, LMDB leaves those that came and went in one transaction unwritten, also at the end of the file. */
START_TEST(a_record_that_came_and_went_in_one_transaction_does_not_look_like_a_cut_file)
{
    char *big = xcalloc(1, 100000);
    for (size_t i = 0; i < 10; i++) {
        struct kv *kv = NULL;
        struct kv_txn txn;
        struct kv_key key = key_of_length(2), other = key_of_length(3 + i);
        store_close(&fixture_store);
        ck_ok(kv_open(fixture_file, KV_MAP_SIZE, &kv, &err));
        ck_ok(kv_begin(kv, KV_WRITE, &txn, &err));
        kv_put(&txn, &other, SPAN_LIT("stays"), &err);
        kv_put(&txn, &key, (struct span){big, 90000 + i * 1000}, &err);
        kv_delete(&txn, &key, &err);
        ck_ok(kv_commit(&txn, &err));
        kv_close(&kv);
        fixture_reopen();
    }
    free(big);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/kv");
    TCase *tcase = tcase_create("kv");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, a_writer_killed_anywhere_loses_nothing_that_it_had_written);
    tcase_add_test(tcase, the_slot_of_a_dead_reader_is_given_back);
    tcase_add_test(tcase, a_neighbour_sees_a_write_in_its_next_read_and_not_before);
    tcase_add_test(tcase, two_writers_lose_nothing);
    tcase_add_test(tcase, the_store_is_not_replaced_while_a_neighbour_has_it_open);
    tcase_add_test(tcase, a_key_that_is_too_long_is_a_failure_and_not_absent);
    tcase_add_test(tcase, a_transaction_that_saw_a_failure_never_commits);
    tcase_add_test(tcase, a_record_that_came_and_went_in_one_transaction_does_not_look_like_a_cut_file);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
