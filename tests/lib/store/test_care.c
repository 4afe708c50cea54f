#include "base/buf.h"
#include "base/io.h"
#include "fixture.h"
#include "store/kv.h"
#include "support/check.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char backup[sizeof fixture_dir + 16];

static void setup(void)
{
    fixture_setup();
    snprintf(backup, sizeof backup, "%s/backup", fixture_dir);
}

static void put_some(void)
{
    const char *more[] = {"al@b.example"};
    struct user_record user = {.addr = "a@b.example", .name = "", .more = more, .nmore = 1};
    struct ca_record ca = {.fingerprint = fixture_fp("cc"), .der = SPAN_LIT("ca")};
    struct policy_record policy = {.text = "policy", .by = "root"};
    struct key_record key = fixture_key("000001", "a@b.example");
    struct pgp_record pgp = fixture_pgp("aa", "a@b.example");
    struct pgp_own_record own = {.fingerprint = pgp.fingerprint, .owner = "a@b.example"};
    unsigned char hash[HASH_SIZE] = {1};
    char digest[HASH_HEX_SIZE];
    uint64_t version;
    for (int i = 0; i < 100; i++) {
        char beginning[16];
        snprintf(beginning, sizeof beginning, "%06d", i);
        struct cert_record cert = fixture_cert(beginning, "a@b.example");
        ck_ok(store_put_cert(fixture_store, &cert, &err));
    }
    ck_ok(store_put_user(fixture_store, &user, &err));
    ck_ok(store_put_key(fixture_store, &key, &err));
    ck_ok(store_put_pgp(fixture_store, &pgp, SPAN_LIT(""), &err));
    ck_ok(store_put_pgp_own(fixture_store, &own, &err));
    ck_ok(store_put_ca(fixture_store, &ca, &err));
    ck_ok(store_put_policy(fixture_store, &policy, &version, &err));
    ck_ok(store_put_list(fixture_store, SPAN_LIT("b.example"), digest, &err));
    ck_ok(store_journal_put(fixture_store, hash, 1, 0, 100, &err));
}

/* Every key and value of the file; the store is closed. */
static void dump(struct buf *out)
{
    static const char classes[] = "acCdDgGijJkKlmoOpuUrR";
    struct kv *kv = NULL;
    struct kv_txn txn;
    ck_ok(kv_open(fixture_file, KV_MAP_SIZE, &kv, &err));
    ck_ok(kv_begin(kv, KV_READ, &txn, &err));
    for (const char *class = classes; *class != '\0'; class ++) {
        struct kv_key prefix = kv_key((enum kv_class) * class);
        struct kv_iter iter;
        kv_iter_init(&iter, &txn, &prefix);
        while (kv_iter_next(&iter, &err) == FIND_FOUND) {
            buf_add_span(out, iter.key);
            buf_add_span(out, iter.value);
        }
        kv_iter_fini(&iter);
    }
    kv_abort(&txn);
    kv_close(&kv);
    ck_ok(buf_check(out, &err));
}

static size_t files_in_folder(void)
{
    DIR *dir = opendir(fixture_dir);
    size_t n = 0;
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n - 2;
}

START_TEST(a_restored_backup_equals_what_was_backed_up)
{
    SEAL_CLEANUP(buf_fini) struct buf before = BUF_INIT(1 << 20), after = BUF_INIT(1 << 20);
    struct cert_record later = fixture_cert("ff", "late@b.example");
    struct stat st;
    put_some();
    ck_ok(store_backup(fixture_store, backup, &err));
    store_close(&fixture_store);
    dump(&before);
    fixture_reopen();
    ck_ok(store_put_cert(fixture_store, &later, &err));
    store_close(&fixture_store);
    ck_ok(store_restore(fixture_dir, backup, &err));
    dump(&after);
    ck_assert_uint_gt(before.len, 10000);
    ck_assert(span_eq(buf_span(&before), buf_span(&after)));
    ck_assert_int_eq(stat(backup, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_uint_eq(files_in_folder(), 3); /* store, lock, backup: nothing is left over */
    buf_fini(&after);
}
END_TEST

START_TEST(a_backup_never_replaces_a_file)
{
    ck_ok(store_backup(fixture_store, backup, &err));
    ck_fails(store_backup(fixture_store, backup, &err), ERR_EXISTS);
}
END_TEST

START_TEST(a_file_that_is_no_whole_backup_is_not_restored)
{
    struct stat st;
    put_some();
    ck_ok(store_backup(fixture_store, backup, &err));
    store_close(&fixture_store);
    ck_assert_int_eq(stat(backup, &st), 0);
    ck_assert_int_eq(truncate(backup, st.st_size - 1), 0);
    ck_fails(store_restore(fixture_dir, backup, &err), ERR_STORE_DAMAGED);
    ck_ok(io_write_file(backup, SPAN_LIT("not a store"), 0600, &err));
    ck_fails(store_restore(fixture_dir, backup, &err), ERR_STORE_DAMAGED);
    ck_ok(io_write_file(backup, SPAN_LIT(""), 0600, &err));
    ck_fails(store_restore(fixture_dir, backup, &err), ERR_STORE_DAMAGED);
    unlink(backup);
    ck_fails(store_restore(fixture_dir, backup, &err), ERR_ABSENT);
    fixture_reopen();
    ck_assert_uint_eq(fixture_count_of("a@b.example"), 100);
    ck_assert_uint_eq(files_in_folder(), 2);
}
END_TEST

START_TEST(a_backup_with_a_damaged_record_is_not_restored)
{
    struct cert_record record = fixture_cert("aa", "a@b.example");
    record.der = SPAN_LIT("here it will break, and not anywhere else");
    ck_ok(store_put_cert(fixture_store, &record, &err));
    fixture_break("here it will break");
    ck_ok(store_backup(fixture_store, backup, &err));
    store_close(&fixture_store);
    ck_fails(store_restore(fixture_dir, backup, &err), ERR_STORE_DAMAGED);
}
END_TEST

START_TEST(a_lost_store_comes_back_from_its_backup)
{
    put_some();
    ck_ok(store_backup(fixture_store, backup, &err));
    store_close(&fixture_store);
    ck_assert_int_eq(truncate(fixture_file, 5000), 0);
    ck_ok(store_restore(fixture_dir, backup, &err));
    fixture_reopen();
    ck_assert_uint_eq(fixture_count_of("a@b.example"), 100);
}
END_TEST

START_TEST(check_counts_what_it_read)
{
    struct store_health health;
    put_some();
    ck_ok(store_check(fixture_store, &health, &err));
    ck_assert_uint_eq(health.records, 109);
    ck_assert_uint_eq(health.generation, store_generation(fixture_store, &err));
    ck_assert_uint_eq(health.map_size, KV_MAP_SIZE);
    ck_assert_uint_gt(health.used, 100 * 100);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/care");
    TCase *tcase = tcase_create("care");
    tcase_add_checked_fixture(tcase, setup, fixture_teardown);
    tcase_add_test(tcase, a_restored_backup_equals_what_was_backed_up);
    tcase_add_test(tcase, a_backup_never_replaces_a_file);
    tcase_add_test(tcase, a_file_that_is_no_whole_backup_is_not_restored);
    tcase_add_test(tcase, a_backup_with_a_damaged_record_is_not_restored);
    tcase_add_test(tcase, a_lost_store_comes_back_from_its_backup);
    tcase_add_test(tcase, check_counts_what_it_read);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
