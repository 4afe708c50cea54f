/* test_token_child - the key worker meets each new token child, whatever else comes at that moment. */
#include "keyd/peer.h"
#include "support/check.h"
#include "support/softhsm.h"
#include "token/remote.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct softhsm hsm;
static struct sealkeyd keyd;
static struct holder *holder;

static void setup(void)
{
    struct err err = ERR_INIT;
    softhsm_init(&hsm);
    sealkeyd_start(&keyd, "pkcs11-module = " SOFTHSM_MODULE "\n");
    ck_ok(remote_new(keyd.socket, 120000, &holder, &err));
}

static void teardown(void)
{
    holder_free(&holder);
    sealkeyd_stop(&keyd);
    softhsm_fini(&hsm);
}

/* On one connection: another would wake who waits for one. Check's limit of time ends it. */
static void await_token_child(void)
{
    SEAL_CLEANUP(buf_fini) struct buf status = BUF_INIT(WIRE_DATA_MAX);
    struct err err = ERR_INIT;
    do {
        (void)poll(NULL, 0, 20);
        buf_clear(&status);
        ck_ok(remote_status(holder, &status, &err));
    } while (strstr(buf_str(&status), "token-fence ") == NULL); /* its own word */
}

/* The log says who the last one is. */
static void kill_token_child(void)
{
    SEAL_CLEANUP(buf_fini) struct buf log = BUF_INIT(1u << 20);
    static const char started[] = "event=started who=token pid=";
    long pid = 0;
    sealkeyd_read_log(&keyd, &log);
    for (const char *at = buf_str(&log); (at = strstr(at, started)) != NULL; at++)
        pid = strtol(at + strlen(started), NULL, 10);
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(kill((pid_t)pid, SIGKILL), 0);
}

static char state_of(pid_t pid)
{
    char path[64], state = '?';
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
    fclose(file);
    return state;
}

static void stop(pid_t pid)
{
    kill(pid, SIGSTOP);
    while (state_of(pid) != 'T')
        (void)poll(NULL, 0, 5);
}

START_TEST(connection_that_comes_together_with_a_token_child_holds_up_no_other)
{
    pid_t worker = sealkeyd_worker(&keyd, 0);
    await_token_child();
    stop(worker); /* so that it finds both at once */
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    kill_token_child();
    sealkeyd_logged(&keyd, "event=started who=token", 2);
    kill(worker, SIGCONT);
    await_token_child();
    kill_token_child();
    sealkeyd_logged(&keyd, "event=started who=token", 3);
    await_token_child();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/token_child");
    TCase *tc = tcase_create("meeting");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, connection_that_comes_together_with_a_token_child_holds_up_no_other);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
