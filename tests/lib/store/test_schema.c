#include "store/schema.h"

#include "base/io.h"
#include "fixture.h"
#include "support/check.h"

#include <errno.h>

static struct kv *kv;

static void setup(void)
{
    fixture_setup();
    store_close(&fixture_store);
    ck_ok(kv_open(fixture_file, KV_MAP_SIZE, &kv, &err));
}

static void teardown(void)
{
    kv_close(&kv);
    fixture_teardown();
}

static struct kv_key note_key(void)
{
    struct kv_key key = kv_key(KV_META);
    kv_key_text(&key, "note");
    return key;
}

static void add_note(struct kv_txn *txn, struct err *e)
{
    struct kv_key key = note_key();
    kv_put(txn, &key, SPAN_LIT("here"), e);
}

static void break_down(struct kv_txn *txn, struct err *e)
{
    txn->failed = true;
    err_set(e, ERR_STORE, "this step fails");
}

static bool note_is_there(void)
{
    struct kv_txn txn;
    struct kv_key key = note_key();
    struct span value;
    ck_ok(kv_begin(kv, KV_READ, &txn, &err));
    enum find answer = kv_get(&txn, &key, &value, &err);
    kv_abort(&txn);
    ck_assert_int_ne(answer, FIND_FAILED);
    return answer == FIND_FOUND;
}

static schema_step *const one_step[] = {add_note};
static schema_step *const two_steps[] = {add_note, break_down};

START_TEST(a_store_of_this_schema_is_left_alone)
{
    ck_ok(schema_migrate(kv, NULL, 0, &err));
    ck_assert(!note_is_there());
}
END_TEST

START_TEST(an_older_store_is_brought_up_once)
{
    ck_ok(schema_migrate(kv, one_step, 1, &err));
    ck_assert(note_is_there());
    struct kv_txn txn;
    struct kv_key key = note_key();
    ck_ok(kv_begin(kv, KV_WRITE, &txn, &err));
    kv_delete(&txn, &key, &err);
    ck_ok(kv_commit(&txn, &err));
    ck_ok(schema_migrate(kv, one_step, 1, &err));
    ck_assert(!note_is_there());
}
END_TEST

START_TEST(a_step_that_fails_undoes_the_steps_before_it)
{
    ck_fails(schema_migrate(kv, two_steps, 2, &err), ERR_STORE);
    ck_assert(!note_is_there());
    ck_ok(schema_migrate(kv, one_step, 1, &err));
    ck_assert(note_is_there());
}
END_TEST

START_TEST(a_migration_that_cannot_be_committed_leaves_the_old_store)
{
    io_fault_at(2, EIO); /* 1 is the read that looks at the schema */
    ck_fails(schema_migrate(kv, one_step, 1, &err), ERR_STORE);
    io_fault_at(0, 0);
    ck_assert(!note_is_there());
}
END_TEST

START_TEST(a_newer_store_is_refused)
{
    ck_ok(schema_migrate(kv, one_step, 1, &err));
    kv_close(&kv);
    ck_fails(store_open(fixture_dir, STORE_READ_WRITE, &fixture_store, &err), ERR_CONFIG);
    ck_fails(store_open(fixture_dir, STORE_CREATE, &fixture_store, &err), ERR_CONFIG);
}
END_TEST

START_TEST(a_store_without_its_first_record_is_damaged)
{
    struct kv_txn txn;
    struct kv_key key = kv_key(KV_META);
    kv_key_text(&key, "store");
    ck_ok(kv_begin(kv, KV_WRITE, &txn, &err));
    kv_delete(&txn, &key, &err);
    ck_ok(kv_commit(&txn, &err));
    ck_fails(schema_migrate(kv, NULL, 0, &err), ERR_STORE_DAMAGED);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/schema");
    TCase *tcase = tcase_create("schema");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_store_of_this_schema_is_left_alone);
    tcase_add_test(tcase, an_older_store_is_brought_up_once);
    tcase_add_test(tcase, a_step_that_fails_undoes_the_steps_before_it);
    tcase_add_test(tcase, a_migration_that_cannot_be_committed_leaves_the_old_store);
    tcase_add_test(tcase, a_newer_store_is_refused);
    tcase_add_test(tcase, a_store_without_its_first_record_is_damaged);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
