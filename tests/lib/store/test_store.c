/* Opening, and every way in which the store can fail under its callers. */
#include "store/store.h"

#include "base/io.h"
#include "fixture.h"
#include "support/check.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int reopen(void)
{
    store_close(&fixture_store);
    return store_open(fixture_dir, STORE_READ_WRITE, &fixture_store, &err);
}

static void put_certs(int from, int to)
{
    for (int i = from; i < to; i++) {
        char beginning[16];
        snprintf(beginning, sizeof beginning, "%06d", i);
        struct cert_record record = fixture_cert(beginning, "a@b.example");
        ck_ok(store_put_cert(fixture_store, &record, &err));
    }
}

/* ---- open ---- */

START_TEST(a_missing_store_is_not_made_by_the_way)
{
    store_close(&fixture_store);
    unlink(fixture_file);
    ck_fails(reopen(), ERR_CONFIG);
    ck_assert_int_ne(access(fixture_file, F_OK), 0);
    ck_fails(store_open("/nonexistent/folder", STORE_READ_WRITE, &fixture_store, &err), ERR_CONFIG);
    ck_fails(store_open("/nonexistent/folder", STORE_CREATE, &fixture_store, &err), ERR_CONFIG);
}
END_TEST

START_TEST(creating_again_keeps_what_is_there)
{
    put_certs(0, 3);
    store_close(&fixture_store);
    ck_ok(store_open(fixture_dir, STORE_CREATE, &fixture_store, &err));
    ck_assert_uint_eq(fixture_count_of("a@b.example"), 3);
}
END_TEST

START_TEST(folder_and_files_are_for_the_owner_alone)
{
    struct stat st;
    char lock[sizeof fixture_file + 8];
    snprintf(lock, sizeof lock, "%s-lock", fixture_file);
    ck_assert_int_eq(stat(fixture_file, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(lock, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(a_folder_or_file_that_lets_others_in_is_refused)
{
    static const mode_t modes[] = {0730, 0703, 0750, 0705, 0777};
    for (size_t i = 0; i < SEAL_COUNT(modes); i++) {
        ck_assert_int_eq(chmod(fixture_dir, modes[i]), 0);
        ck_fails(reopen(), ERR_CONFIG);
    }
    ck_assert_int_eq(chmod(fixture_dir, 0711), 0); /* who knows the name of a file of his in it comes to it */
    ck_ok(reopen());
    ck_assert_int_eq(chmod(fixture_dir, 0700), 0);
    ck_assert_int_eq(chmod(fixture_file, 0640), 0);
    ck_fails(reopen(), ERR_CONFIG);
    ck_assert_int_eq(chmod(fixture_file, 0600), 0);
    ck_ok(reopen());
}
END_TEST

START_TEST(a_folder_or_file_of_another_user_is_refused)
{
    if (geteuid() != 0)
        return; /* only root can give files away */
    ck_assert_int_eq(chown(fixture_dir, 65534, 65534), 0);
    ck_fails(reopen(), ERR_CONFIG);
    ck_assert_int_eq(chown(fixture_dir, 0, 0), 0);
    ck_assert_int_eq(chown(fixture_file, 65534, 65534), 0);
    ck_fails(reopen(), ERR_CONFIG);
}
END_TEST

START_TEST(the_generation_counts_what_changes)
{
    uint64_t before = store_generation(fixture_store, &err);
    ck_assert_uint_ge(before, 1);
    put_certs(0, 2);
    ck_assert_uint_eq(store_generation(fixture_store, &err), before + 2);
    ck_ok(reopen());
    ck_assert_uint_eq(store_generation(fixture_store, &err), before + 2);
}
END_TEST

/* ---- truncated and damaged ---- */

static size_t used(void)
{
    struct store_health health;
    ck_ok(store_check(fixture_store, &health, &err));
    return health.used;
}

START_TEST(a_file_cut_anywhere_is_damage_and_never_an_empty_store)
{
    put_certs(0, 50);
    size_t size = used();
    store_close(&fixture_store);
    static const size_t small[] = {0, 1, 100, 4095, 4096, 8191};
    for (size_t cut = size - 1; cut > 8192; cut -= cut > 12288 ? 4096 : 8192) {
        ck_assert_int_eq(truncate(fixture_file, (off_t)cut), 0);
        ck_fails(reopen(), ERR_STORE_DAMAGED);
    }
    for (size_t i = SEAL_COUNT(small); i-- > 0;) {
        ck_assert_int_eq(truncate(fixture_file, (off_t)small[i]), 0);
        ck_fails(reopen(), ERR_STORE_DAMAGED);
        ck_fails(store_open(fixture_dir, STORE_CREATE, &fixture_store, &err), ERR_STORE_DAMAGED);
    }
}
END_TEST

START_TEST(a_file_cut_while_it_is_open_is_damage)
{
    put_certs(0, 50);
    size_t cuts[] = {used() - 1, 8192, 0};
    for (size_t i = 0; i < SEAL_COUNT(cuts); i++) {
        struct store_read *read;
        struct cert_record record = fixture_cert("aa", "a@b.example");
        unsigned char key[HASH_SIZE] = {0};
        ck_assert_int_eq(truncate(fixture_file, (off_t)cuts[i]), 0);
        ck_fails(store_read_begin(fixture_store, fixture_arena, &read, &err), ERR_STORE_DAMAGED);
        ck_fails(store_put_cert(fixture_store, &record, &err), ERR_STORE_DAMAGED);
        ck_assert_uint_eq(store_generation(fixture_store, &err), 0);
        ck_assert_int_eq(err.code, ERR_STORE_DAMAGED);
        err_clear(&err);
        ck_assert_int_eq(store_journal_find(fixture_store, key, 0, &err), FIND_FAILED);
        ck_fails(store_backup(fixture_store, "/tmp/none", &err), ERR_STORE_DAMAGED);
    }
}
END_TEST

START_TEST(a_busy_store_never_looks_truncated)
{
    char *text = xmalloc(300001);
    memset(text, '#', 300000);
    text[300000] = '\0';
    for (int i = 0; i < 20; i++) {
        const struct policy_record policy = {.text = text, .by = ""};
        uint64_t version;
        text[i * 14999] = '\0';
        ck_ok(store_put_policy(fixture_store, &policy, &version, &err));
        text[i * 14999] = '#';
        put_certs(i, i + 2);
        char beginning[16];
        snprintf(beginning, sizeof beginning, "%06d", i);
        ck_ok(store_delete_cert(fixture_store, fixture_fp(beginning), &err));
        ck_ok(reopen());
    }
    free(text);
}
END_TEST

START_TEST(a_damaged_record_is_never_absent)
{
    struct cert_record good = fixture_cert("bb", "c@b.example"), bad = fixture_cert("aa", "a@b.example"), out;
    struct cert_record *certs;
    struct store_health health;
    size_t n;
    bad.der = SPAN_LIT("here it will break, and not anywhere else");
    ck_ok(store_put_cert(fixture_store, &good, &err));
    ck_ok(store_put_cert(fixture_store, &bad, &err));
    fixture_break("here it will break");
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_find_cert(read, bad.fingerprint, &out, &err), FIND_FAILED);
    ck_assert_int_eq(err.code, ERR_STORE_DAMAGED);
    err_clear(&err);
    ck_fails(store_certs_of(read, "a@b.example", &certs, &n, &err), ERR_STORE_DAMAGED);
    ck_fails(store_certs(read, &certs, &n, &err), ERR_STORE_DAMAGED);
    ck_fails(store_check(fixture_store, &health, &err), ERR_STORE_DAMAGED);
    ck_fails(store_set_trust(fixture_store, bad.fingerprint, TRUST_TRUSTED, &err), ERR_STORE_DAMAGED);
    ck_assert_int_eq(store_find_cert(read, good.fingerprint, &out, &err), FIND_FOUND);
    ck_ok(store_certs_of(read, "c@b.example", &certs, &n, &err));
}
END_TEST

/* ---- full ---- */

static int fill(size_t map, int *count)
{
    store_close(&fixture_store);
    ck_ok(store_open_sized(fixture_dir, STORE_READ_WRITE, map, &fixture_store, &err));
    for (*count = 0; *count < 100000; ++*count) {
        char beginning[16];
        snprintf(beginning, sizeof beginning, "%06d", *count);
        struct cert_record record = fixture_cert(beginning, "a@b.example");
        if (store_put_cert(fixture_store, &record, &err) < 0)
            return -1;
    }
    return 0;
}

START_TEST(a_full_store_says_so_and_still_reads)
{
    int count;
    unsigned char key[HASH_SIZE] = {0};
    ck_fails(fill(1 << 18, &count), ERR_STORE_FULL);
    ck_assert_int_gt(count, 20);
    ck_assert_uint_eq(fixture_count_of("a@b.example"), count);
    int status = 0;
    for (key[0] = 0; status == 0 && key[0] < 255; key[0]++) /* smaller, so some still fit */
        status = store_journal_put(fixture_store, key, 1, 0, 10, &err);
    ck_fails(status, ERR_STORE_FULL);
    ck_ok(reopen()); /* with the usual map: room again */
    ck_assert_uint_eq(fixture_count_of("a@b.example"), count);
    ck_ok(store_journal_put(fixture_store, key, 1, 0, 10, &err));
}
END_TEST

START_TEST(journal_asks_for_room_beforehand)
{
    ck_ok(store_journal_check(fixture_store, &err));
    store_close(&fixture_store);
    ck_ok(store_open_sized(fixture_dir, STORE_READ_WRITE, 1 << 24, &fixture_store, &err));
    ck_fails(store_journal_check(fixture_store, &err), ERR_STORE_FULL);
}
END_TEST

START_TEST(what_was_deleted_makes_room_again)
{
    enum {
        MAP = 64 << 20,
        LARGE = 1 << 20
    };
    char *der = arena_alloc(fixture_arena, LARGE);
    int n = 0;
    store_close(&fixture_store);
    ck_ok(store_open_sized(fixture_dir, STORE_READ_WRITE, MAP, &fixture_store, &err));
    for (; store_journal_check(fixture_store, &err) == 0; n++) {
        struct cert_record record = fixture_cert(arena_printf(fixture_arena, "%06d", n), "a@b.example");
        record.der = (struct span){der, LARGE};
        ck_ok(store_put_cert(fixture_store, &record, &err));
    }
    ck_assert_int_eq(err.code, ERR_STORE_FULL);
    ck_assert_int_gt(n, 10);
    err_clear(&err);
    for (int i = 0; i < n; i++)
        ck_ok(store_delete_cert(fixture_store, fixture_fp(arena_printf(fixture_arena, "%06d", i)), &err));
    ck_ok(store_journal_check(fixture_store, &err));
}
END_TEST

START_TEST(strangers_cannot_fill_the_store)
{
    store_close(&fixture_store);
    ck_ok(store_open_sized(fixture_dir, STORE_READ_WRITE, 1 << 19, &fixture_store, &err));
    enum harvest_result result = HARVEST_NEW;
    for (int i = 0; result == HARVEST_NEW; i++) {
        char beginning[16], addr[32];
        snprintf(beginning, sizeof beginning, "%06d", i);
        snprintf(addr, sizeof addr, "user%d@b.example", i);
        struct cert_record seen = fixture_cert(beginning, addr);
        seen.trust = TRUST_UNTRUSTED;
        seen.chain_ok = false;
        ck_ok(store_harvest(fixture_store, &seen, &result, &err));
    }
    ck_assert_int_eq(result, HARVEST_REFUSED);
    struct cert_record good = fixture_cert("ff", "good@b.example");
    ck_ok(store_harvest(fixture_store, &good, &result, &err));
    ck_assert_int_eq(result, HARVEST_NEW);
}
END_TEST

/* ---- threads ---- */

#define THREADS 16

/* Each look sees a whole write or none: a certificate and its place in the index. */
static void *look(void *arg)
{
    size_t *seen = arg;
    struct err thread_err = ERR_INIT;
    for (int i = 0; i < 100; i++) {
        SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
        SEAL_CLEANUP(store_read_end) struct store_read *read = NULL;
        struct cert_record *all, *of;
        size_t n_all, n_of;
        if (store_read_begin(fixture_store, arena, &read, &thread_err) < 0 ||
            store_certs(read, &all, &n_all, &thread_err) < 0 ||
            store_certs_of(read, "a@b.example", &of, &n_of, &thread_err) < 0 || n_all != n_of ||
            n_all < *seen)
            return arg;
        *seen = n_all;
    }
    return NULL;
}

START_TEST(many_threads_read_while_one_writes)
{
    pthread_t threads[THREADS];
    size_t seen[THREADS] = {0};
    void *failed;
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, look, &seen[i]), 0);
    put_certs(0, 50);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
        ck_assert_ptr_null(failed);
    }
}
END_TEST

/* ---- every call fails once ---- */

#define COMMITS        11
#define JOURNAL_COMMIT 9

static int write_everything(void)
{
    struct cert_record cert = fixture_cert("aa", "a@b.example"), other = fixture_cert("bb", "a@b.example");
    struct key_record key = fixture_key("aa", "a@b.example");
    const char *more[] = {"al@b.example"};
    struct user_record user = {.addr = "a@b.example", .name = "", .more = more, .nmore = 1};
    struct ca_record ca = {.fingerprint = fixture_fp("cc")};
    struct policy_record policy = {.text = "x", .by = "root"};
    enum harvest_result result;
    uint64_t version;
    unsigned char hash[HASH_SIZE] = {1};
    if (store_put_cert(fixture_store, &cert, &err) < 0 ||
        store_harvest(fixture_store, &other, &result, &err) < 0 ||
        store_set_trust(fixture_store, other.fingerprint, TRUST_REJECTED, &err) < 0 ||
        store_set_chain(fixture_store, cert.fingerprint, CHAIN_VERDICT_NONE, &err) < 0 ||
        store_put_key(fixture_store, &key, &err) < 0 || store_put_user(fixture_store, &user, &err) < 0 ||
        store_put_ca(fixture_store, &ca, &err) < 0 ||
        store_put_policy(fixture_store, &policy, &version, &err) < 0 ||
        store_journal_put(fixture_store, hash, 1, 0, 10, &err) < 0 ||
        store_delete_ca(fixture_store, ca.fingerprint, &err) < 0 ||
        store_delete_cert(fixture_store, other.fingerprint, &err) < 0)
        return -1;
    return store_generation(fixture_store, &err) == 0 ? -1 : 0;
}

START_TEST(whichever_call_fails_says_so_and_changes_nothing)
{
    struct store_health health;
    unsigned n = 0;
    int status = -1;
    while (status < 0 && n++ < 100) {
        fixture_teardown();
        fixture_setup();
        io_fault_at(n, n % 2 == 0 ? EIO : ENOSPC);
        status = write_everything();
        io_fault_at(0, 0);
        ck_assert_int_eq(err_is_set(&err), status < 0);
        if (status < 0)
            ck_assert_int_eq(err.code, n % 2 == 0 ? ERR_STORE : ERR_STORE_FULL);
        err_clear(&err);
        ck_ok(store_check(fixture_store, &health, &err));
        unsigned commits = n > COMMITS ? COMMITS : n - 1;
        ck_assert_uint_eq(health.generation,
                          1 + commits - (commits >= JOURNAL_COMMIT)); /* it does not count */
    }
    ck_assert_uint_eq(n, COMMITS + 2); /* one read stands at the end */
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/store");
    TCase *tcase = tcase_create("store");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, a_missing_store_is_not_made_by_the_way);
    tcase_add_test(tcase, creating_again_keeps_what_is_there);
    tcase_add_test(tcase, folder_and_files_are_for_the_owner_alone);
    tcase_add_test(tcase, a_folder_or_file_that_lets_others_in_is_refused);
    tcase_add_test(tcase, a_folder_or_file_of_another_user_is_refused);
    tcase_add_test(tcase, the_generation_counts_what_changes);
    tcase_add_test(tcase, a_file_cut_anywhere_is_damage_and_never_an_empty_store);
    tcase_add_test(tcase, a_file_cut_while_it_is_open_is_damage);
    tcase_add_test(tcase, a_busy_store_never_looks_truncated);
    tcase_add_test(tcase, a_damaged_record_is_never_absent);
    tcase_add_test(tcase, a_full_store_says_so_and_still_reads);
    tcase_add_test(tcase, journal_asks_for_room_beforehand);
    tcase_add_test(tcase, what_was_deleted_makes_room_again);
    tcase_add_test(tcase, strangers_cannot_fill_the_store);
    tcase_add_test(tcase, many_threads_read_while_one_writes);
    tcase_add_test(tcase, whichever_call_fails_says_so_and_changes_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
