/* test_reload - a message begins with the newest good policy; a bad one changes nothing. */
#include "milter/reload.h"
#include "support/check.h"
#include "support/crls.h"
#include "support/site.h"

#include "base/io.h"
#include "log/log.h"
#include "milter/clock.h"
#include "smime/crl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char policy[] = "our domains our.example\n"
                             "rule \"out\"\n    when outbound\n    pass\n"
                             "rule \"in\"\n    when inbound\n    pass\n"
                             "rule \"house\"\n    when internal\n    pass\n";

#define LEAD_MS 500
#define TRIES   20

static struct site *site;
static struct reload *reload;
static char conf[80];
static FILE *log_file;

static void write_conf(const char *more)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(4096);
    buf_printf(&text, "state = %s\nspool = %s\nuser = \"\"\nhostname = gw.our.example\n%s", site->dir,
               site->dir, more);
    ck_ok(io_write_file(conf, buf_span(&text), 0600, &err));
}

static void set_up(void)
{
    struct err err = ERR_INIT;
    site = site_new(policy);
    snprintf(conf, sizeof conf, "%s/sealmilter.conf", site->dir);
    write_conf("");
    struct settings *settings;
    ck_ok(settings_load(site->arena, conf, &settings, &err));
    ck_ok(reload_new(site->store, settings, &reload, &err));
    log_file = tmpfile();
    dup2(fileno(log_file), STDERR_FILENO);
    log_open(LOG_TO_STDERR, LEVEL_INFO);
}

static void tear_down(void)
{
    reload_free(&reload);
    site_free(&site);
    fclose(log_file);
}

/* Straight into the store: sealadm would have found the mistake. */
static void put_policy_from(const char *text, int64_t from_ms)
{
    struct err err = ERR_INIT;
    uint64_t version;
    const struct policy_record record = {.text = text, .loaded = PKI_NOW, .from_ms = from_ms, .by = "test"};
    ck_ok(store_put_policy(site->store, &record, &version, &err));
}

static void put_policy(const char *text)
{
    put_policy_from(text, 0);
}

static struct snapshot *newest(void)
{
    struct err err = ERR_INIT;
    struct snapshot *snapshot = reload_snapshot(reload, &err);
    ck_assert_msg(snapshot != NULL, "%s", err.msg);
    return snapshot;
}

static uint64_t version_now(void)
{
    struct snapshot *snapshot = newest();
    uint64_t version = snapshot->policy_version;
    snapshot_free(&snapshot);
    return version;
}

static size_t lines_with(const char *word)
{
    char line[2000];
    size_t n = 0;
    rewind(log_file);
    while (fgets(line, sizeof line, log_file) != NULL)
        n += strstr(line, word) != NULL;
    fseek(log_file, 0, SEEK_END);
    return n;
}

static size_t lines_with_version(uint64_t version)
{
    char words[64];
    snprintf(words, sizeof words, "event=reload policy=%llu ", (unsigned long long)version);
    return lines_with(words);
}

START_TEST(next_message_has_the_new_policy)
{
    ck_assert_uint_eq(version_now(), 1);
    put_policy(policy);
    ck_assert_uint_eq(version_now(), 2);
}
END_TEST

START_TEST(message_under_way_keeps_the_policy_that_it_began_with)
{
    struct snapshot *old = newest();
    put_policy(policy);
    ck_assert_uint_eq(version_now(), 2);
    ck_assert_uint_eq(old->policy_version, 1);
    ck_assert(policy_is_ours(old->policy, "a@our.example"));
    snapshot_free(&old);
}
END_TEST

static void await_version(uint64_t version)
{
    while (version_now() != version)
        usleep(1000);
}

/* A machine that is busy elsewhere for so long reads it when it is due: then another one is to come. */
START_TEST(policy_that_is_in_force_later_is_read_before_that_by_no_message)
{
    for (uint64_t version = 2; version < 2 + TRIES && lines_with("read=ahead") == 0; version++) {
        int64_t from = clock_wall_ms() + LEAD_MS;
        put_policy_from(policy, from);
        await_version(version);
        ck_assert_int_ge(clock_wall_ms(), from);
    }
    ck_assert_uint_eq(lines_with("read=ahead"), 1);
}
END_TEST

/* A message may be the last to let go of a large policy: it is not the one that frees it. */
START_TEST(old_policy_is_freed_when_nobody_has_it_and_by_no_message)
{
    struct snapshot *old = newest();
    put_policy(policy);
    ck_assert_uint_eq(version_now(), 2);
    ck_assert(snapshot_is_shared(old));
    snapshot_free(&old);
    reload_free(&reload); /* frees it where the thread has not yet: a leak is found by the sanitizer */
}
END_TEST

START_TEST(policy_that_nobody_read_before_it_was_in_force_is_read_by_the_next_message)
{
    put_policy_from(policy, clock_wall_ms() - 1);
    ck_assert_uint_eq(version_now(), 2);
    ck_assert_uint_eq(lines_with("read=now"), 1);
}
END_TEST

START_TEST(what_was_read_ahead_is_not_used_when_a_newer_one_came_since)
{
    uint64_t version = 1;
    bool in_time = false;
    while (!in_time && version < 2 * TRIES) {
        int64_t from = clock_wall_ms() + LEAD_MS;
        put_policy_from(policy, from);
        (void)version_now();
        put_policy_from(policy, from);
        in_time = clock_wall_ms() < from;
        await_version(version += 2);
    }
    ck_assert(in_time);
    ck_assert_uint_eq(lines_with_version(version - 1), 0);
    ck_assert_uint_eq(lines_with_version(version), 1);
}
END_TEST

START_TEST(clock_that_was_set_back_delays_no_policy)
{
    put_policy_from(policy, clock_wall_ms() + 3600000);
    ck_assert_uint_eq(version_now(), 2);
}
END_TEST

START_TEST(policy_to_come_with_a_mistake_is_told_once_when_it_is_due)
{
    int64_t from = clock_wall_ms() + LEAD_MS;
    put_policy_from("our domains our.example\nrule \"out\"\n    when outbound\n    encript\n", from);
    ck_assert_uint_eq(version_now(), 1);
    size_t told = lines_with("encript");
    ck_assert(told == 0 || clock_wall_ms() >= from);
    while (lines_with("encript") == 0)
        ck_assert_uint_eq(version_now(), 1);
    ck_assert_uint_eq(version_now(), 1);
    ck_assert_uint_eq(lines_with("the old policy stays"), 1);
}
END_TEST

START_TEST(policy_with_an_unknown_word_changes_nothing_and_is_logged_once)
{
    put_policy("our domains our.example\nrule \"out\"\n    when outbound\n    encript\n");
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(version_now(), 1);
    ck_assert_uint_eq(lines_with("the old policy stays"), 1);
    ck_assert_uint_eq(lines_with("encript"), 1);
    put_policy(policy);
    ck_assert_uint_eq(version_now(), 3);
}
END_TEST

START_TEST(what_cannot_be_read_is_no_old_policy_and_is_read_again)
{
    struct err err = ERR_INIT;
    put_policy(policy);
    unsigned n = 1;
    for (;; n++) {
        io_fault_at(n, EIO);
        err_clear(&err);
        struct snapshot *snapshot = reload_snapshot(reload, &err);
        io_fault_at(0, 0);
        if (snapshot != NULL) {
            ck_assert_uint_eq(snapshot->policy_version, 2);
            snapshot_free(&snapshot);
            break;
        }
        ck_assert_int_eq(err.code, ERR_STORE);
    }
    ck_assert_uint_gt(n, 3);
}
END_TEST

START_TEST(new_authority_is_trusted_by_the_next_message)
{
    struct err err = ERR_INIT;
    struct pki_entity *root = pki_root(site->pki, &(struct pki_spec){.name = "Another"});
    struct snapshot *old = newest();
    const struct ca_record record = {
        .fingerprint = cert_info(root->cert)->fingerprint, .der = root->der, .trusted = true};
    ck_ok(store_put_ca(site->store, &record, &err));
    struct snapshot *new = newest();
    ck_assert_ptr_ne(old, new);
    snapshot_free(&old);
    snapshot_free(&new);
}
END_TEST

/* The revocation that the next message knows of. */
static bool is_revoked_now(const struct pki_entity *who)
{
    struct chain_result result = {.npath = 0};
    struct snapshot *snapshot = newest();
    bool revoked = chain_is_revoked(snapshot->anchors, who->cert, &result);
    snapshot_free(&snapshot);
    return revoked;
}

START_TEST(revocation_list_counts_from_the_next_message_on)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(CRL_DER_MAX);
    struct pki_entity *bob = site_partner(site, "bob@their.example", PKI_P256);
    struct crl_record record = {.id = "1", .fingerprint = "1", .signer = "1", .issuer = "CN=Root"};
    crls_make(&(struct crls_spec){.issuer = site->root}, &der);
    ck_ok(store_put_crl(site->store, &record, buf_span(&der), &err));
    ck_assert(!is_revoked_now(bob));
    buf_clear(&der);
    crls_make(&(struct crls_spec){.issuer = site->root, .revoked = {bob}}, &der);
    record.fingerprint = "2";
    ck_ok(store_put_crl(site->store, &record, buf_span(&der), &err));
    ck_assert(is_revoked_now(bob));
    ck_ok(store_delete_crl(site->store, record.id, &err));
    ck_assert(!is_revoked_now(bob));
}
END_TEST

START_TEST(what_else_is_new_in_the_store_loads_nothing)
{
    struct snapshot *old = newest();
    site_user(site, "alice@our.example", PKI_P256);
    struct snapshot *new = newest();
    ck_assert_ptr_eq(old, new);
    snapshot_free(&old);
    snapshot_free(&new);
    ck_assert_uint_eq(lines_with("event=reload"), 0);
}
END_TEST

START_TEST(settings_are_read_again_on_request)
{
    write_conf("tag-opened = [private]\n");
    reload_settings(reload);
    struct snapshot *snapshot = newest();
    ck_assert_str_eq(snapshot->settings->tag_opened, "[private]");
    snapshot_free(&snapshot);
    write_conf("tag-opened = [secret]\n");
    reload_settings(reload);
    snapshot = newest();
    ck_assert_str_eq(snapshot->settings->tag_opened, "[secret]");
    snapshot_free(&snapshot);
}
END_TEST

START_TEST(settings_with_a_mistake_change_nothing)
{
    write_conf("tag-open = [private]\n");
    reload_settings(reload);
    struct snapshot *snapshot = newest();
    ck_assert_str_eq(snapshot->settings->tag_opened, "[secure]");
    snapshot_free(&snapshot);
    ck_assert_uint_eq(lines_with("the old settings stay"), 1);
}
END_TEST

START_TEST(without_a_policy_there_is_no_start)
{
    struct err err = ERR_INIT;
    char dir[] = "/tmp/seal-reload-XXXXXX";
    struct store *empty;
    struct reload *none = NULL;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_ok(store_open(dir, STORE_CREATE, &empty, &err));
    ck_fails(reload_new(empty, site->settings, &none, &err), ERR_CONFIG);
    store_close(&empty);
    char path[64];
    snprintf(path, sizeof path, "%s/" STORE_FILE, dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/" STORE_FILE "-lock", dir);
    unlink(path);
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/reload");
    TCase *tc = tcase_create("reload");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, next_message_has_the_new_policy);
    tcase_add_test(tc, message_under_way_keeps_the_policy_that_it_began_with);
    tcase_add_test(tc, policy_that_is_in_force_later_is_read_before_that_by_no_message);
    tcase_add_test(tc, old_policy_is_freed_when_nobody_has_it_and_by_no_message);
    tcase_add_test(tc, policy_that_nobody_read_before_it_was_in_force_is_read_by_the_next_message);
    tcase_add_test(tc, what_was_read_ahead_is_not_used_when_a_newer_one_came_since);
    tcase_add_test(tc, clock_that_was_set_back_delays_no_policy);
    tcase_add_test(tc, policy_to_come_with_a_mistake_is_told_once_when_it_is_due);
    tcase_add_test(tc, policy_with_an_unknown_word_changes_nothing_and_is_logged_once);
    tcase_add_test(tc, what_cannot_be_read_is_no_old_policy_and_is_read_again);
    tcase_add_test(tc, new_authority_is_trusted_by_the_next_message);
    tcase_add_test(tc, revocation_list_counts_from_the_next_message_on);
    tcase_add_test(tc, what_else_is_new_in_the_store_loads_nothing);
    tcase_add_test(tc, settings_are_read_again_on_request);
    tcase_add_test(tc, settings_with_a_mistake_change_nothing);
    tcase_add_test(tc, without_a_policy_there_is_no_start);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
