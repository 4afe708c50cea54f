/* gpg, its agent and the disk fail; operations end, nothing is taken for done, and the next one works. */
#include "openpgp/crypt.h"

#include "base/io.h"
#include "openpgp/homes.h"
#include "openpgp/own.h"
#include "support/check.h"
#include "support/pgp.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEXT        SPAN_LIT("the content\r\n")
#define PATIENCE_MS 30000

static const struct pgp_floors floors = {.min_rsa_bits = 2048};
static struct pgp_rig *rig;
static struct pgp_person alice, bob;
static struct span sealed; /* for alice, signed by bob */

static void fill(void)
{
    alice = pgp_rig_person(rig, "alice@ours.example", "ed25519", PGP_OURS);
    bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    tool_write(rig->tool, "in", TEXT);
    ck_assert_int_eq(
        pgp_rig_gpg(rig, "-o", "sealed", "-u", bob.fingerprint, "-r", alice.fingerprint, "-es", "in", NULL),
        0);
    sealed = tool_read(rig->tool, "sealed");
}

static void setup(void)
{
    rig = pgp_rig_new();
    fill();
}

static void teardown(void)
{
    pgp_rig_free(&rig);
}

static struct spool *new_spool(void)
{
    return spool_new(&(struct spool_conf){"/tmp", SPOOL_MEM_DEFAULT, 8u << 20});
}

/* ---- the verbs, as they fail or work ---- */

static int do_sign(struct err *err)
{
    char micalg[32];
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    return pgp_sign(rig->engine, TEXT, &alice.own, out, micalg, err);
}

static int do_encrypt(struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    return pgp_encrypt(rig->engine, TEXT, &bob.key, 1, PGP_NAMED, &alice.own, out, err);
}

static int do_decrypt(struct err *err)
{
    enum pgp_opened opened;
    struct pgp_verified v;
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    int rc = pgp_decrypt(rig->engine, sealed, &alice.own, 1, &bob.key, 1, &floors, out, &opened, &v, err);
    ck_assert_msg(rc < 0 || (opened == PGP_OPENED && v.signature == SIGNATURE_GOOD),
                  "opened %d, signature %d: %s", (int)opened, (int)v.signature, v.why);
    return rc;
}

static int do_read_key(struct err *err)
{
    size_t n, broken;
    struct pgp_key *keys;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    return pgp_key_read(rig->engine, arena, bob.key, &keys, &n, &broken, err);
}

static int (*const verbs[])(struct err *err) = {do_sign, do_encrypt, do_decrypt, do_read_key};
#define AGENT_VERBS 3 /* that need it, in front */

static void all_work(void)
{
    for (size_t i = 0; i < SEAL_COUNT(verbs); i++) {
        struct err err = ERR_INIT;
        ck_ok(verbs[i](&err));
    }
}

/* ---- the agent ---- */

static pid_t agent_pid(void)
{
    pid_t pid = rig->engine->agent.pid;
    ck_assert_int_gt(pid, 0);
    return pid;
}

/* It has ended, and not only been told to. */
static void end_agent(void)
{
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, agent_pid(), 0), .events = POLLIN};
    ck_assert_int_ge(ended.fd, 0);
    ck_assert_int_eq(kill(agent_pid(), SIGKILL), 0);
    ck_assert_int_eq(poll(&ended, 1, PATIENCE_MS), 1);
    close(ended.fd);
}

START_TEST(agent_that_has_ended_is_started_again)
{
    for (size_t i = 0; i < AGENT_VERBS; i++) {
        struct err err = ERR_INIT;
        pid_t before = agent_pid();
        end_agent();
        ck_ok(verbs[i](&err));
        ck_assert_int_ne(agent_pid(), before);
    }
}
END_TEST

/* A process that was killed goes on to exist for as long as the machine likes, but answers nobody. */
START_TEST(agent_that_is_being_killed_costs_no_operation)
{
    for (size_t i = 0; i < AGENT_VERBS; i++) {
        struct err err = ERR_INIT;
        pid_t before = agent_pid();
        ck_assert_int_eq(kill(before, SIGKILL), 0);
        ck_ok(verbs[i](&err));
        ck_assert_int_ne(agent_pid(), before);
    }
}
END_TEST

static void *kill_agent(void *stop)
{
    while (!__atomic_load_n((bool *)stop, __ATOMIC_ACQUIRE)) {
        struct err err = ERR_INIT;
        unsigned generation;
        usleep(3000);
        if (agent_ensure(&rig->engine->agent, &generation, &err) < 0)
            continue;
        pthread_mutex_lock(&rig->engine->agent.lock);
        (void)kill(rig->engine->agent.pid, SIGKILL);
        pthread_mutex_unlock(&rig->engine->agent.lock);
    }
    return NULL;
}

/* Whenever it dies: done, or busy; never refused, never taken for unreadable. */
START_TEST(agent_that_dies_during_an_operation_makes_it_busy)
{
    bool stop = false;
    pthread_t killer;
    unsigned before = rig->engine->agent.generation;
    ck_assert_int_eq(pthread_create(&killer, NULL, kill_agent, &stop), 0);
    for (unsigned i = 0; i < 60; i++) {
        struct err err = ERR_INIT;
        if (verbs[i % AGENT_VERBS](&err) == 0)
            continue;
        ck_assert_msg(err.code == ERR_BUSY, "%s: %s", err_name(err.code), err.msg);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    pthread_join(killer, NULL);
    ck_assert_uint_gt(rig->engine->agent.generation, before);
    for (struct err err = ERR_INIT; do_sign(&err) < 0; err_clear(&err)) /* the last one is dying */
        ck_assert_int_eq(err.code, ERR_BUSY);
    all_work();
}
END_TEST

START_TEST(home_that_lost_the_way_to_the_agent_is_made_good)
{
    char redirect[HOME_DIR_MAX + 32];
    snprintf(redirect, sizeof redirect, "%s/S.gpg-agent", rig->engine->idle->dir);
    for (size_t i = 0; i < AGENT_VERBS; i++) {
        struct err err = ERR_INIT;
        ck_assert_int_eq(unlink(redirect), 0);
        ck_ok(verbs[i](&err));
        ck_ok(io_write_file(redirect, SPAN_LIT("%Assuan%\nsocket=/nowhere/S.gpg-agent\n"), 0600, &err));
        ck_ok(verbs[i](&err));
    }
}
END_TEST

START_TEST(agent_out_of_reach_makes_it_busy)
{
    char away[100];
    snprintf(away, sizeof away, "%s-away", rig->home);
    ck_assert_int_eq(rename(rig->home, away), 0);
    for (size_t i = 0; i < AGENT_VERBS; i++) {
        struct err err = ERR_INIT;
        ck_fails(verbs[i](&err), ERR_BUSY);
    }
    ck_assert_int_eq(rename(away, rig->home), 0);
    all_work();
}
END_TEST

START_TEST(agent_that_cannot_be_started_makes_it_busy)
{
    struct err err = ERR_INIT;
    end_agent();
    free(rig->engine->agent.program);
    rig->engine->agent.program = xstrdup("/bin/false");
    for (int i = 0; i < 3; i++) {
        int rc = do_sign(&err);
        ck_assert(rc < 0 && err.code == ERR_BUSY);
        err_clear(&err);
    }
    ck_ok(do_read_key(&err));
}
END_TEST

/* A login session has its folder, where GnuPG would look for sockets. A world of our own, so that no other test sees it: root alone. */
START_TEST(login_session_of_the_gateways_user_changes_nothing)
{
    char folder[64];
    if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
        return;
    ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount("tmpfs", "/run", "tmpfs", 0, NULL), 0);
    ck_assert_int_eq(mkdir("/run/user", 0755), 0);
    snprintf(folder, sizeof folder, "/run/user/%u", (unsigned)getuid());
    all_work();
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    all_work();
    end_agent();
    all_work();
    pgp_engine_close(&rig->engine);
    struct err err = ERR_INIT;
    ck_ok(pgp_engine_open(&rig->conf, &rig->engine, &err));
    all_work();
}
END_TEST

/* Its mount is, in a world of our own: modes count for nothing where root runs the tests, who alone can mount. */
START_TEST(home_that_is_read_only_serves_until_its_agent_ends)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
        return;
    ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount(rig->home, rig->home, NULL, MS_BIND, NULL), 0);
    all_work();
    ck_assert_int_eq(mount(NULL, rig->home, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
    all_work();
    end_agent();
    struct err err = ERR_INIT;
    for (size_t i = 0; i < AGENT_VERBS; i++, err_clear(&err))
        ck_fails(verbs[i](&err), ERR_BUSY);
    ck_ok(do_read_key(&err));
    ck_assert_int_eq(mount(NULL, rig->home, NULL, MS_REMOUNT | MS_BIND, NULL), 0);
    all_work();
}
END_TEST

/* ---- gpg ---- */

/* An operation may take so many seconds from here on. */
static void replace_gpg(const char *program, unsigned timeout)
{
    char limits[300];
    struct err err = ERR_INIT;
    char path[HOME_DIR_MAX + 32];
    snprintf(path, sizeof path, "%s.limits", rig->engine->program);
    snprintf(limits, sizeof limits, "%s\n%u\n1073741824\n67108864\n", program, timeout);
    ck_ok(io_write_file(path, span_of(limits), 0600, &err));
    rig->engine->timeout = timeout;
}

static void take_gpg_back(void)
{
    replace_gpg("/usr/bin/gpg", 60);
}

static void stand_in_for(const char *script, unsigned timeout)
{
    char path[200];
    tool_write(rig->tool, "stand-in", span_of(script));
    snprintf(path, sizeof path, "%s/stand-in", tool_dir(rig->tool));
    ck_assert_int_eq(chmod(path, 0700), 0);
    replace_gpg(path, timeout);
}

static void stand_in(const char *script)
{
    stand_in_for(script, 1);
}

START_TEST(gpg_that_hangs_is_ended_by_its_alarm)
{
    stand_in("#!/bin/sh\nexec sleep 1000\n");
    for (size_t i = 0; i < SEAL_COUNT(verbs); i++) {
        struct err err = ERR_INIT;
        ck_fails(verbs[i](&err), ERR_BUSY);
    }
    take_gpg_back();
    all_work();
}
END_TEST

START_TEST(gpg_that_reads_nothing_of_what_no_pipe_holds_is_ended_by_its_alarm)
{
    static const char large[4u << 20];
    char micalg[32];
    struct err err = ERR_INIT;
    stand_in("#!/bin/sh\nexec sleep 1000\n");
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    ck_fails(pgp_sign(rig->engine, (struct span){large, sizeof large}, &alice.own, out, micalg, &err),
             ERR_BUSY);
    take_gpg_back();
    all_work();
}
END_TEST

/* A process of its own holds the pipes: no alarm of gpg's reaches it. */
START_TEST(pipes_that_never_end_are_given_up)
{
    struct err err = ERR_INIT;
    stand_in("#!/bin/sh\nsetsid sleep 5 &\nexit 0\n");
    ck_fails(do_sign(&err), ERR_BUSY);
    take_gpg_back();
    all_work();
}
END_TEST

START_TEST(gpg_that_ends_early_has_done_nothing)
{
    static const char *const scripts[] = {
        "#!/bin/sh\nexit 0\n",
        "#!/bin/sh\nkill -9 $$\n",
        "#!/bin/sh\necho half of it\n",
        "#!/bin/sh\nexec cat >/dev/null\n",
    };
    for (size_t k = 0; k < SEAL_COUNT(scripts); k++) {
        stand_in(scripts[k]);
        for (size_t i = 0; i < SEAL_COUNT(verbs); i++) {
            struct err err = ERR_INIT;
            ck_fails(verbs[i](&err), ERR_BUSY);
        }
    }
    replace_gpg("/nowhere/gpg", 1);
    for (size_t i = 0; i < SEAL_COUNT(verbs); i++) {
        struct err err = ERR_INIT;
        ck_fails(verbs[i](&err), ERR_BUSY);
    }
    take_gpg_back();
    all_work();
}
END_TEST

/* As a configuration file of the host can, which gpg reads beside ours. */
static void add_to_gpg(const char *option, const char *value)
{
    char script[400];
    snprintf(script, sizeof script, "#!/bin/sh\nexec /usr/bin/gpg --%s '%s' \"$@\"\n", option, value);
    stand_in_for(script, 60);
}

static void seal_to(const struct span *keys, size_t n, enum err_code expected)
{
    for (enum pgp_visibility visibility = PGP_NAMED; visibility <= PGP_HIDDEN; visibility++) {
        struct err err = ERR_INIT;
        SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
        int rc = pgp_encrypt(rig->engine, TEXT, keys, n, visibility, &alice.own, out, &err);
        ck_assert_msg(err.code == expected && (rc == 0) == (expected == ERR_NONE), "%s", err.msg);
        ck_assert(rc == 0 || strstr(err.msg, "/etc/gnupg/gpg.conf") != NULL);
    }
}

START_TEST(recipient_whom_gpg_was_not_given_is_an_error)
{
    char extra[200];
    struct pgp_person mallory = pgp_rig_person(rig, "mallory@far.example", "ed25519", PGP_STRANGER);
    const struct span both[] = {bob.key, mallory.key};
    tool_write(rig->tool, "extra", mallory.key);
    snprintf(extra, sizeof extra, "%s/extra", tool_dir(rig->tool));
    add_to_gpg("recipient-file", extra);
    seal_to(&bob.key, 1, ERR_CONFIG);
    seal_to(both, 2, ERR_NONE);
    add_to_gpg("hidden-recipient-file", extra);
    seal_to(&bob.key, 1, ERR_CONFIG);
    add_to_gpg("recipient", alice.fingerprint);
    seal_to(&bob.key, 1, ERR_CONFIG);
    add_to_gpg("encrypt-to", alice.fingerprint);
    seal_to(&bob.key, 1, ERR_NONE);
    take_gpg_back();
    all_work();
}
END_TEST

/* ---- the disk ---- */

START_TEST(each_write_that_fails_fails_the_operation_and_no_other)
{
    static const int codes[] = {EROFS, ENOSPC};
    for (size_t c = 0; c < SEAL_COUNT(codes); c++)
        for (size_t i = 0; i < SEAL_COUNT(verbs); i++)
            for (unsigned n = 1;; n++) {
                struct err err = ERR_INIT;
                io_fault_at(n, codes[c]);
                int rc = verbs[i](&err);
                unsigned points = io_fault_count();
                io_fault_at(0, 0);
                if (points < n)
                    break;
                ck_assert_int_lt(rc, 0);
                ck_assert_msg(err.code == (codes[c] == ENOSPC ? ERR_DISK_FULL : ERR_IO), "%s: %s",
                              err_name(err.code), err.msg);
                err_clear(&err);
                ck_ok(verbs[i](&err));
            }
}
END_TEST

START_TEST(folder_that_vanished_is_an_error_and_nothing_worse)
{
    char gone[300];
    snprintf(gone, sizeof gone, "%s-gone", rig->engine->dir);
    ck_assert_int_eq(rename(rig->engine->dir, gone), 0);
    for (size_t i = 0; i < SEAL_COUNT(verbs); i++) {
        struct err err = ERR_INIT;
        ck_assert_int_lt(verbs[i](&err), 0);
        ck_assert(err.code == ERR_IO || err.code == ERR_BUSY);
    }
    ck_assert_int_eq(rename(gone, rig->engine->dir), 0);
    all_work();
}
END_TEST

/* ---- many at once ---- */

struct crowd {
    pthread_mutex_t lock;
    unsigned done, busy, other;
};

static void *one_of_many(void *arg)
{
    struct crowd *crowd = arg;
    struct err err = ERR_INIT;
    static unsigned turn;
    int rc = verbs[__atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % SEAL_COUNT(verbs)](&err);
    pthread_mutex_lock(&crowd->lock);
    crowd->done += rc == 0;
    crowd->busy += rc < 0 && err.code == ERR_BUSY;
    crowd->other += rc < 0 && err.code != ERR_BUSY;
    pthread_mutex_unlock(&crowd->lock);
    return NULL;
}

static struct crowd run_crowd(size_t n)
{
    struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t *threads = xcalloc(n, sizeof *threads);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 512 << 10);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(pthread_create(&threads[i], &attr, one_of_many, &crowd), 0);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    pthread_attr_destroy(&attr);
    free(threads);
    return crowd;
}

static unsigned homes_there(void)
{
    DIR *dir = opendir(rig->engine->dir);
    unsigned n = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
    closedir(dir);
    return n;
}

START_TEST(two_hundred_at_once_are_done_by_four)
{
    replace_gpg("/usr/bin/gpg", 250); /* a slow machine's: the last one waits for 196 others */
    struct crowd crowd = run_crowd(200);
    ck_assert_uint_eq(crowd.done, 200);
    ck_assert_uint_eq(homes_there(), 4);
}
END_TEST

START_TEST(who_waits_too_long_is_told_that_it_is_busy)
{
    stand_in("#!/bin/sh\nexec sleep 1000\n");
    struct crowd crowd = run_crowd(20);
    ck_assert_uint_eq(crowd.busy, 20);
    take_gpg_back();
    all_work();
}
END_TEST

/* ---- opening ---- */

START_TEST(folder_of_a_killed_engine_is_removed_by_the_next)
{
    char left[300], held[HOME_DIR_MAX];
    struct err err = ERR_INIT;
    struct pgp_engine *second;
    snprintf(left, sizeof left, "%s/pgp-killed", rig->scratch);
    ck_assert_int_eq(mkdir(left, 0700), 0);
    snprintf(held, sizeof held, "%s", rig->engine->dir);
    ck_ok(pgp_engine_open(&rig->conf, &second, &err));
    ck_assert_int_lt(access(left, F_OK), 0);
    ck_assert_int_eq(access(held, F_OK), 0);
    snprintf(left, sizeof left, "%s", second->dir);
    pgp_engine_close(&second);
    ck_assert_int_lt(access(left, F_OK), 0);
    all_work();
}
END_TEST

START_TEST(site_without_a_usable_gpg_is_told_at_once)
{
    struct err err = ERR_INIT;
    struct pgp_engine *engine;
    struct pgp_engine_conf conf = rig->conf;
    conf.gpg = "/nowhere/gpg";
    ck_fails(pgp_engine_open(&conf, &engine, &err), ERR_CONFIG);
    conf.gpg = "/bin/false";
    ck_fails(pgp_engine_open(&conf, &engine, &err), ERR_CONFIG);
    conf = rig->conf;
    conf.limiter = "/nowhere/seal-limit";
    ck_fails(pgp_engine_open(&conf, &engine, &err), ERR_CONFIG);
    conf = rig->conf;
    conf.home = "/tmp";
    ck_fails(pgp_engine_open(&conf, &engine, &err), ERR_CONFIG);
    conf.home =
        "/tmp/"
        "a-home-with-a-name-so-long-that-no-socket-would-fit-into-it-a-home-with-a-name-so-long-that-no";
    ck_fails(pgp_engine_open(&conf, &engine, &err), ERR_CONFIG);
    conf = rig->conf;
    conf.scratch = "/nowhere";
    ck_assert_int_lt(pgp_engine_open(&conf, &engine, &err), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("faults");
    TCase *t = tcase_create("agent");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, agent_that_has_ended_is_started_again);
    tcase_add_test(t, agent_that_is_being_killed_costs_no_operation);
    tcase_add_test(t, agent_that_dies_during_an_operation_makes_it_busy);
    tcase_add_test(t, home_that_lost_the_way_to_the_agent_is_made_good);
    tcase_add_test(t, agent_out_of_reach_makes_it_busy);
    tcase_add_test(t, agent_that_cannot_be_started_makes_it_busy);
    tcase_add_test(t, login_session_of_the_gateways_user_changes_nothing);
    tcase_add_test(t, home_that_is_read_only_serves_until_its_agent_ends);
    suite_add_tcase(s, t);
    t = tcase_create("gpg");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, gpg_that_ends_early_has_done_nothing);
    tcase_add_test(t, recipient_whom_gpg_was_not_given_is_an_error);
    tcase_add_test(t, each_write_that_fails_fails_the_operation_and_no_other);
    tcase_add_test(t, folder_that_vanished_is_an_error_and_nothing_worse);
    tcase_add_test(t, two_hundred_at_once_are_done_by_four);
    tcase_add_test(t, folder_of_a_killed_engine_is_removed_by_the_next);
    tcase_add_test(t, site_without_a_usable_gpg_is_told_at_once);
    tcase_add_test(t, gpg_that_hangs_is_ended_by_its_alarm);
    tcase_add_test(t, gpg_that_reads_nothing_of_what_no_pipe_holds_is_ended_by_its_alarm);
    tcase_add_test(t, pipes_that_never_end_are_given_up);
    tcase_add_test(t, who_waits_too_long_is_told_that_it_is_busy);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
