/* test_hostile_module - a token's library in the token child has what tokens need, and nothing else of sealkeyd's. */
#include "base/io.h"
#include "support/check.h"
#include "support/sealkeyd.h"
#include "support/softhsm.h"
#include "token/remote.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct softhsm hsm;
static struct sealkeyd keyd;
static char report_path[200];

static void setup(void)
{
    char more[600];
    softhsm_init(&hsm);
    softhsm_token(&hsm, "gw", "1234");
    snprintf(more, sizeof more, "pkcs11-module = %s\npkcs11-pin-files = gw %s\n", HOSTILE_MODULE,
             hsm.pin_path[0]);
    sealkeyd_prepare(&keyd, more);
    snprintf(report_path, sizeof report_path, "%s/report", tool_dir(hsm.tool));
    ck_assert_int_eq(setenv("HOSTILE_STATE", keyd.dir, 1), 0);
    ck_assert_int_eq(setenv("HOSTILE_REPORT", report_path, 1), 0);
    sealkeyd_launch(&keyd);
}

static void teardown(void)
{
    sealkeyd_stop(&keyd);
    softhsm_fini(&hsm);
}

/* Check's limit of time ends it. */
static void read_report(struct buf *out)
{
    struct err err = ERR_INIT;
    while (access(report_path, F_OK) < 0)
        (void)poll(NULL, 0, 10);
    ck_ok(io_read_file(report_path, out, &err));
}

static int result_of(struct buf *report, const char *attempt)
{
    char start[60];
    snprintf(start, sizeof start, "%s ", attempt);
    const char *at = strstr(buf_str(report), start);
    ck_assert_msg(at != NULL, "%s is not in %s", attempt, buf_str(report));
    return atoi(at + strlen(start));
}

/* Once the token child answers. */
static void status_of(struct buf *out)
{
    struct holder *holder;
    struct err err = ERR_INIT;
    ck_ok(remote_new(keyd.socket, 60000, &holder, &err));
    do {
        buf_clear(out);
        ck_ok(remote_status(holder, out, &err));
    } while (strstr(buf_str(out), "token-fence ") == NULL); /* its own word */
    holder_free(&holder);
}

START_TEST(module_asks_nothing_and_starts_nothing)
{
    struct buf report = BUF_INIT(4096), log = BUF_INIT(1u << 20);
    read_report(&report);
    ck_assert_int_eq(result_of(&report, "ask"), ERR_CONFIG);
    ck_assert_int_eq(result_of(&report, "fork"), EPERM);
    sealkeyd_logged(&keyd, "event=refuse", 1);
    sealkeyd_read_log(&keyd, &log);
    ck_assert_ptr_null(strstr(buf_str(&log), "pid=0 ")); /* who it was is told */
    buf_fini(&report);
    buf_fini(&log);
}
END_TEST

START_TEST(module_cannot_open_what_others_keep_secret)
{
    struct buf report = BUF_INIT(4096), status = BUF_INIT(WIRE_DATA_MAX);
    read_report(&report);
    status_of(&status);
    if (strstr(buf_str(&status), "token-fence closed") ==
        NULL) { /* this kernel has no Landlock: it is said */
        sealkeyd_logged(&keyd, "event=token-fence", 1);
        ck_assert_ptr_nonnull(strstr(buf_str(&status), "token-fence open"));
        return;
    }
    ck_assert_int_eq(result_of(&report, "read-master"), EACCES);
    ck_assert_int_eq(result_of(&report, "write-master"), EACCES);
    ck_assert_int_ne(result_of(&report, "link-master"), 0);
    ck_assert_int_ne(result_of(&report, "move-master"), 0);
    ck_assert_int_eq(result_of(&report, "make-new-master"), EACCES);
    ck_assert_int_ne(result_of(&report, "read-supervisor"), 0);
    ck_assert_int_ne(result_of(&report, "read-master-by-proc"), 0);
    buf_fini(&report);
    buf_fini(&status);
}
END_TEST

START_TEST(token_works_behind_the_fence)
{
    struct holder *holder;
    struct err err = ERR_INIT;
    struct buf public = BUF_INIT(WIRE_PUBLIC_MAX), wrapped = BUF_INIT(WIRE_MAX);
    sealkeyd_logged(&keyd, "event=started who=token", 1);
    ck_ok(remote_new(keyd.socket, 20000, &holder, &err));
    ck_ok(remote_generate_on_token(holder, "a@b.example", KEY_EC_P256, 0, "pkcs11:token=gw;object=new",
                                   &public, &wrapped, &err));
    ck_assert_uint_gt(wrapped.len, 0);
    buf_fini(&public);
    buf_fini(&wrapped);
    holder_free(&holder);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/hostile_module");
    TCase *tc = tcase_create("module");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, module_asks_nothing_and_starts_nothing);
    tcase_add_test(tc, module_cannot_open_what_others_keep_secret);
    tcase_add_test(tc, token_works_behind_the_fence);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
