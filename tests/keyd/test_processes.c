/* test_processes - what the processes of sealkeyd can do, what they hold, and what happens when one of them ends. */
#include "keyd/inject.h"
#include "keyd/peer.h"
#include "support/check.h"

#include "base/io.h"
#include "token/remote.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALICE   "alice@a.example"
#define STEPS   3000
#define STEP_MS 10

static struct sealkeyd keyd;
static struct peer_key alice;

static void setup(void)
{
    sealkeyd_start(&keyd, "");
    peer_generate(&keyd, ALICE, KEY_EC_P256, &alice);
}

static void teardown(void)
{
    peer_key_fini(&alice);
    sealkeyd_stop(&keyd);
}

/* A line of /proc/PID/status, behind its name; tid 0: the process. */
static long status_of(pid_t pid, const char *tid, const char *name)
{
    char path[100], line[200];
    long value = -1;
    snprintf(path, sizeof path, "/proc/%ld/task/%s/status", (long)pid, tid);
    FILE *f = fopen(path, "re");
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtol(line + strlen(name), NULL, 10);
    fclose(f);
    return value;
}

static const struct {
    const char *what;
    long number;
    unsigned long args[6];
    long elsewhere; /* what a process without filter is told: nothing is done by these arguments */
} calls[] = {
    {"open", SYS_open, {0}, -EFAULT},
    {"openat", SYS_openat, {(unsigned long)AT_FDCWD}, -EFAULT},
    {"creat", SYS_creat, {0}, -EFAULT},
    {"open_by_handle_at", SYS_open_by_handle_at, {0}, -EFAULT},
    {"socket", SYS_socket, {AF_UNIX, 0x7fff}, -EINVAL},
    {"connect", SYS_connect, {(unsigned long)-1}, -EBADF},
    {"bind", SYS_bind, {(unsigned long)-1}, -EBADF},
    {"listen", SYS_listen, {(unsigned long)-1}, -EBADF},
    {"execve", SYS_execve, {0}, -EFAULT},
    {"execveat", SYS_execveat, {(unsigned long)-1}, -EFAULT},
    {"clone", SYS_clone, {0x00010000 /* CLONE_THREAD alone */}, -EINVAL},
    {"ptrace", SYS_ptrace, {7 /* PTRACE_CONT */, 0x7fffffff}, -ESRCH},
    {"process_vm_readv", SYS_process_vm_readv, {0x7fffffff, 0, 1}, -EFAULT},
    {"kill", SYS_kill, {0x7fffffff, 0}, -ESRCH},
    {"unlink", SYS_unlink, {0}, -EFAULT},
    {"rename", SYS_rename, {0}, -EFAULT},
    {"memfd_create", SYS_memfd_create, {0}, -EFAULT},
    {"mmap that is executable", SYS_mmap, {0, 4096, 7, 0x22, (unsigned long)-1, 1}, -EINVAL},
};

START_TEST(worker_is_refused_what_its_filter_does_not_list)
{
    if (!inject_possible())
        return;
    peer_is_served(&keyd, &alice);
    pid_t worker = sealkeyd_worker(&keyd, 0);
    ck_assert(inject_attach(worker));
    for (size_t i = 0; i < SEAL_COUNT(calls); i++) {
        long result = inject_call(worker, calls[i].number, calls[i].args);
        ck_assert_msg(result == -EPERM, "%s: %ld", calls[i].what, result);
    }
    /* what the filter lists works: it is the filter that refused the others, not our way of asking */
    static const unsigned long none[6] = {0};
    ck_assert_int_eq(inject_call(worker, SYS_getpid, none), worker);
    inject_kill(worker);
    sealkeyd_worker(&keyd, worker);
}
END_TEST

START_TEST(calls_that_prove_the_filter_fail_otherwise_without_it)
{
    if (!inject_possible())
        return;
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    ck_assert(inject_attach(child));
    for (size_t i = 0; i < SEAL_COUNT(calls); i++) {
        long result = inject_call(child, calls[i].number, calls[i].args);
        ck_assert_msg(result == calls[i].elsewhere, "%s: %ld", calls[i].what, result);
    }
    inject_kill(child);
}
END_TEST

/* Root may lock memory, but not in every container. */
START_TEST(memory_of_the_worker_is_locked_or_the_log_says_that_it_is_not)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they take mlockall() away */
    char self[24];
    pid_t worker = sealkeyd_worker(&keyd, 0);
    snprintf(self, sizeof self, "%ld", (long)worker);
    if (status_of(worker, self, "VmLck:") < 10000)
        sealkeyd_logged(&keyd, "event=worker error=io why=\"memory ", 1);
#endif
}
END_TEST

START_TEST(every_thread_of_the_worker_has_the_filter)
{
    char path[64];
    unsigned threads = 0;
    pid_t worker = sealkeyd_worker(&keyd, 0);
    snprintf(path, sizeof path, "/proc/%ld/task", (long)worker);
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        ck_assert_int_eq(status_of(worker, entry->d_name, "Seccomp:"), 2);
        ck_assert_int_eq(status_of(worker, entry->d_name, "NoNewPrivs:"), 1);
        threads++;
    }
    closedir(dir);
    ck_assert_uint_gt(threads, 256);
}
END_TEST

/* Whether what is in a process's own memory holds these octets. */
static bool memory_holds(pid_t pid, const unsigned char *what, size_t n)
{
    char path[64], line[400];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%ld/mem", (long)pid);
    int mem = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
    FILE *maps = fopen(path, "re");
    ck_assert(mem >= 0 && maps != NULL);
    static char page[1u << 16];
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx rw", &from, &to) != 2 ||
            to - from > (64ul << 20)) /* shadows of sanitizers */
            continue;
        for (unsigned long at = from; at < to; at += sizeof page - 64) {
            ssize_t got = pread(mem, page, sizeof page, (off_t)at);
            found = found || (got > 0 && memmem(page, (size_t)got, what, n) != NULL);
        }
    }
    fclose(maps);
    close(mem);
    return found;
}

START_TEST(supervisor_holds_no_key)
{
    pid_t worker = sealkeyd_worker(&keyd, 0);
    if (!inject_possible())
        return;
    for (int i = 0; i < 100; i++)
        peer_is_served(&keyd, &alice);
    ck_assert(memory_holds(worker, keyd.master.ptr, keyd.master.len)); /* the search finds what is there */
    ck_assert(!memory_holds(keyd.pid, keyd.master.ptr, keyd.master.len));
    ck_assert(!memory_holds(keyd.pid, keyd.master.ptr, keyd.master.len / 2));
}
END_TEST

/* By the limit of the process: what is in it and what the kernel would write are two things. */
START_TEST(worker_writes_no_core)
{
    char path[64], line[200];
    pid_t worker = sealkeyd_worker(&keyd, 0);
    snprintf(path, sizeof path, "/proc/%ld/limits", (long)worker);
    FILE *f = fopen(path, "re");
    bool seen = false;
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        unsigned long soft = 1, hard = 1;
        if (sscanf(line, "Max core file size %lu %lu", &soft, &hard) != 2)
            continue;
        seen = true;
        ck_assert_uint_eq(soft + hard, 0);
    }
    ck_assert(seen);
    fclose(f);
    kill(worker, SIGABRT);
    sealkeyd_worker(&keyd, worker);
    peer_is_served(&keyd, &alice);
}
END_TEST

#define SIGNERS 8

struct load {
    struct key *key;
    atomic_uint signed_[SIGNERS], next, failed;
    atomic_bool stop;
};

static void *sign_all_the_time(void *arg)
{
    struct load *load = arg;
    static const char hash[32] = "h";
    atomic_uint *count = &load->signed_[atomic_fetch_add(&load->next, 1)];
    while (!atomic_load(&load->stop)) {
        struct err err = ERR_INIT;
        unsigned char sig[256];
        size_t len = sizeof sig;
        int result =
            key_sign(load->key, DIGEST_SHA256, SIGN_ECDSA, (struct span){hash, sizeof hash}, sig, &len, &err);
        atomic_fetch_add(result == 0 ? count : &load->failed, 1);
    }
    return NULL;
}

/* Until each has signed twice from now on: what it does then it has begun now. */
static void wait_for_all(struct load *load)
{
    unsigned before[SIGNERS];
    int steps = 0;
    for (size_t i = 0; i < SIGNERS; i++)
        before[i] = atomic_load(&load->signed_[i]);
    for (size_t i = 0; i < SIGNERS; i++)
        for (; steps < STEPS && atomic_load(&load->signed_[i]) < before[i] + 2; steps++)
            (void)poll(NULL, 0, STEP_MS);
    ck_assert_int_lt(steps, STEPS);
}

START_TEST(worker_that_is_killed_under_load_costs_no_operation)
{
    struct err err = ERR_INIT;
    struct holder *holder = NULL;
    pthread_t threads[SIGNERS];
    static struct load load;
    const struct sealed_key sealed = {ALICE, buf_span(&alice.public), buf_span(&alice.wrapped)};
    ck_ok(remote_new(keyd.socket, 60000, &holder, &err));
    ck_ok(holder_open_key(holder, &sealed, ALICE, &load.key, &err));
    for (size_t i = 0; i < SIGNERS; i++)
        pthread_create(&threads[i], NULL, sign_all_the_time, &load);
    pid_t worker = 0;
    for (int i = 0; i < 5; i++) {
        wait_for_all(&load);
        worker = sealkeyd_worker(&keyd, worker);
        kill(worker, SIGKILL);
    }
    wait_for_all(&load);
    atomic_store(&load.stop, true);
    for (size_t i = 0; i < SIGNERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(atomic_load(&load.failed), 0);
    key_free(&load.key);
    holder_free(&holder);
}
END_TEST

/* A child of the supervisor other than this one, before it has said anything. */
static pid_t child_other_than(pid_t not )
{
    char path[64];
    long pid = 0;
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)keyd.pid, (long)keyd.pid);
    for (int steps = 0; steps < STEPS * 10 && (pid == 0 || pid == (long)not ); steps++) {
        FILE *f = fopen(path, "re");
        ck_assert_ptr_nonnull(f);
        if (fscanf(f, "%ld", &pid) != 1)
            pid = 0;
        fclose(f);
        (void)poll(NULL, 0, 1);
    }
    ck_assert_int_gt(pid, 0);
    return (pid_t)pid;
}

START_TEST(worker_that_is_killed_while_it_starts_is_replaced)
{
    pid_t worker = sealkeyd_worker(&keyd, 0);
    kill(worker, SIGKILL);
    for (int i = 0; i < 4; i++) {
        worker = child_other_than(worker);
        kill(worker, SIGKILL);
    }
    peer_is_served(&keyd, &alice);
    sealkeyd_logged(&keyd, "event=ended who=worker", 5);
}
END_TEST

static void *kill_soon(void *arg)
{
    (void)arg;
    struct wire_answer answer;
    const struct wire_question status = {.op = WIRE_STATUS};
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    pid_t worker = sealkeyd_worker(&keyd, 0);
    /* the holder's connection is served: its question is being answered */
    do
        ck_assert_int_eq(peer_ask(fd, &status, &answer), ERR_NONE);
    while (memmem(answer.data.ptr, answer.data.len, "connections 2", 13) == NULL);
    kill(worker, SIGKILL);
    return NULL;
}

START_TEST(worker_that_is_killed_while_it_answers_is_asked_again_after_its_end)
{
    struct err err = ERR_INIT;
    struct holder *holder = NULL;
    pthread_t thread;
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(WIRE_PUBLIC_MAX), wrapped = BUF_INIT(WIRE_MAX);
    ck_ok(remote_new(keyd.socket, 100000, &holder, &err));
    pthread_create(&thread, NULL, kill_soon, NULL);
    ck_ok(holder_generate(holder, ALICE, KEY_RSA, 4096, &public, &wrapped, &err));
    pthread_join(thread, NULL);
    ck_assert_uint_gt(public.len, 500);
    sealkeyd_logged(&keyd, "why=\"signal 9\"", 1);
    holder_free(&holder);
}
END_TEST

static bool nobody_listens(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, keyd.socket, strlen(keyd.socket));
    SEAL_CLEANUP(mem_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&name, sizeof name) < 0 && errno == ECONNREFUSED;
}

static bool is_gone(pid_t pid)
{
    char path[64], state = 'X';
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return true;
    bool read = fscanf(f, "%*d (%*[^)]) %c", &state) == 1;
    fclose(f);
    return !read || state == 'Z'; /* nobody may have waited for it */
}

START_TEST(worker_ends_with_its_supervisor)
{
    sealkeyd_start(&keyd, "");
    pid_t worker = sealkeyd_worker(&keyd, 0);
    kill(keyd.pid, SIGKILL);
    waitpid(keyd.pid, NULL, 0);
    int steps = 0;
    for (; steps < STEPS && !(is_gone(worker) && nobody_listens()); steps++)
        (void)poll(NULL, 0, STEP_MS);
    ck_assert_int_lt(steps, STEPS);
    sealkeyd_launch(&keyd); /* over the socket that was left */
    sealkeyd_stop(&keyd);
}
END_TEST

START_TEST(second_process_does_not_take_the_socket_of_the_first)
{
    struct sealkeyd second = keyd;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        execl(BUILD_DIR "/keyd/sealkeyd", "sealkeyd", "-f", "-c", second.conf, (char *)NULL);
        _exit(127);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    peer_is_served(&keyd, &alice);
}
END_TEST

START_TEST(hangup_starts_a_worker_that_reads_the_master_key_again)
{
    struct err err = ERR_INIT;
    static const char other[32] = "another master key of 32 octets";
    peer_is_served(&keyd, &alice);
    pid_t worker = sealkeyd_worker(&keyd, 0);
    ck_ok(io_write_file(keyd.master_file, (struct span){other, sizeof other}, 0600, &err));
    kill(keyd.pid, SIGHUP);
    worker = sealkeyd_worker(&keyd, worker);
    const struct wire_question open = peer_open(&alice);
    ck_assert_int_eq(peer_ask_anew(&keyd, &open), ERR_CRYPTO);
    ck_ok(io_write_file(keyd.master_file, (struct span){(const char *)keyd.master.ptr, keyd.master.len}, 0600,
                        &err));
    kill(keyd.pid, SIGHUP);
    sealkeyd_worker(&keyd, worker);
    peer_is_served(&keyd, &alice);
}
END_TEST

START_TEST(after_the_answer_to_reload_only_a_worker_with_the_new_master_key_answers)
{
    struct err err = ERR_INIT;
    struct wire_answer answer;
    static const char other[32] = "another master key of 32 octets";
    const struct wire_question reload = {.op = WIRE_RELOAD}, open = peer_open(&alice);
    peer_is_served(&keyd, &alice);
    SEAL_CLEANUP(mem_close) int held = peer_connect(&keyd);
    ck_ok(io_write_file(keyd.master_file, (struct span){other, sizeof other}, 0600, &err));
    ck_assert_int_eq(peer_ask_anew(&keyd, &reload), ERR_NONE);
    ck_assert_int_eq(peer_ask(held, &open, &answer), ERR_PEER_TEMP);
    struct holder *holder;
    ck_ok(remote_new(keyd.socket, 20000, &holder, &err));
    ck_ok(remote_reload(holder, &err));
    holder_free(&holder);
    ck_assert_int_eq(peer_ask_anew(&keyd, &open), ERR_CRYPTO);
}
END_TEST

/* As systemd and the daemon do: descriptor 3 listens. */
START_TEST(descriptor_that_listens_is_taken_over)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    sealkeyd_prepare(&keyd, "");
    memcpy(name.sun_path, keyd.socket, strlen(keyd.socket));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(listen(fd, 16), 0);
    keyd.pid = fork();
    if (keyd.pid == 0) {
        char pid[24];
        snprintf(pid, sizeof pid, "%ld", (long)getpid());
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", "1", 1);
        dup2(open(keyd.log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), STDERR_FILENO);
        dup2(fd, 3);
        fcntl(3, F_SETFD, 0); /* should it be 3 already */
        execl(BUILD_DIR "/keyd/sealkeyd", "sealkeyd", "-f", "-c", keyd.conf, (char *)NULL);
        _exit(127);
    }
    close(fd);
    peer_generate(&keyd, ALICE, KEY_EC_P256, &alice);
    peer_is_served(&keyd, &alice);
    kill(keyd.pid, SIGTERM);
    waitpid(keyd.pid, NULL, 0);
    ck_assert_int_eq(unlink(keyd.socket), 0); /* it is not its own */
    peer_key_fini(&alice);
    sealkeyd_launch(&keyd);
    sealkeyd_stop(&keyd);
}
END_TEST

static uid_t owner_of(pid_t pid)
{
    char self[24];
    snprintf(self, sizeof self, "%ld", (long)pid);
    return (uid_t)status_of(pid, self, "Uid:");
}

/* Whether a process of this user can read another's memory. */
static bool can_read(uid_t uid, pid_t pid)
{
    char path[64];
    int status;
    snprintf(path, sizeof path, "/proc/%ld/mem", (long)pid);
    pid_t child = fork();
    if (child == 0) {
        bool tried = setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0;
        _exit(tried && open(path, O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status != 0;
}

START_TEST(root_becomes_the_user_of_the_keys_who_cannot_look_into_its_own_worker)
{
    const struct passwd *nobody = getpwnam("nobody");
    if (geteuid() != 0 || nobody == NULL)
        return;
    sealkeyd_prepare(&keyd, "key-user = nobody\n");
    ck_assert_int_eq(chown(keyd.dir, nobody->pw_uid, nobody->pw_gid), 0);
    ck_assert_int_eq(chown(keyd.master_file, nobody->pw_uid, nobody->pw_gid), 0);
    sealkeyd_launch(&keyd);
    peer_generate(&keyd, ALICE, KEY_EC_P256, &alice);
    peer_is_served(&keyd, &alice);
    pid_t worker = sealkeyd_worker(&keyd, 0);
    ck_assert_uint_eq(owner_of(worker), nobody->pw_uid);
    ck_assert_uint_eq(owner_of(keyd.pid), nobody->pw_uid);
#if !defined(__SANITIZE_ADDRESS__) /* its leak checker wants to look */
    ck_assert(!can_read(nobody->pw_uid, worker));
    ck_assert(!can_read(nobody->pw_uid, keyd.pid));
#else
    (void)can_read;
#endif
    teardown();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/processes");
    TCase *tc = tcase_create("processes"), *own = tcase_create("own start");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, worker_is_refused_what_its_filter_does_not_list);
    tcase_add_test(own, calls_that_prove_the_filter_fail_otherwise_without_it);
    tcase_add_test(tc, memory_of_the_worker_is_locked_or_the_log_says_that_it_is_not);
    tcase_add_test(tc, every_thread_of_the_worker_has_the_filter);
    tcase_add_test(tc, supervisor_holds_no_key);
    tcase_add_test(tc, worker_writes_no_core);
    tcase_add_test(tc, worker_that_is_killed_under_load_costs_no_operation);
    tcase_add_test(tc, worker_that_is_killed_while_it_starts_is_replaced);
    tcase_add_test(tc, worker_that_is_killed_while_it_answers_is_asked_again_after_its_end);
    tcase_add_test(tc, second_process_does_not_take_the_socket_of_the_first);
    tcase_add_test(tc, hangup_starts_a_worker_that_reads_the_master_key_again);
    tcase_add_test(tc, after_the_answer_to_reload_only_a_worker_with_the_new_master_key_answers);
    tcase_add_test(own, worker_ends_with_its_supervisor);
    tcase_add_test(own, root_becomes_the_user_of_the_keys_who_cannot_look_into_its_own_worker);
    tcase_add_test(own, descriptor_that_listens_is_taken_over);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, own);
    return s;
}

TEST_MAIN(suite)
