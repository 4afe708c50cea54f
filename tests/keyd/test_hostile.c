/* test_hostile - who says anything at the key socket gets no more than what is his, and takes nothing from others. */
#include "keyd/peer.h"
#include "support/check.h"
#include "token/wrap.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALICE "alice@a.example"
#define MANY  1000

static struct sealkeyd keyd;
static struct peer_key alice;
static int witness = -1; /* a connection from before */

static void setup(void)
{
    sealkeyd_start(&keyd, "");
    witness = peer_connect(&keyd);
    peer_generate(&keyd, ALICE, KEY_EC_P256, &alice);
}

static void teardown(void)
{
    if (witness >= 0)
        peer_is_unharmed(&witness);
    peer_key_fini(&alice);
    sealkeyd_stop(&keyd);
}

static struct wire_question question_of(enum wire_op op)
{
    struct wire_question q = op == WIRE_OPEN ? peer_open(&alice) : peer_sign(&alice, ALICE, SIGN_ECDSA);
    q.op = op;
    q.owner = span_of(ALICE);
    q.subject = span_of("0123456789ABCDEF0123456789ABCDEF01234567");
    q.wrapped = buf_span(&alice.wrapped);
    q.public_key = buf_span(&alice.public);
    q.uri = span_of("");
    q.type = KEY_EC_P256;
    return q;
}

START_TEST(question_that_is_cut_anywhere_is_answered_once_and_hung_up)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf packet = BUF_INIT(WIRE_MAX);
    const struct wire_question question = question_of((enum wire_op)_i);
    ck_ok(wire_write_question(&question, &packet, &err));
    for (size_t n = 1; n < packet.len; n++)
        peer_is_nonsense(&keyd, packet.ptr, n);
    buf_add_char(&packet, 'x');
    peer_is_nonsense(&keyd, packet.ptr, packet.len);
    peer_is_served(&keyd, &alice);
}
END_TEST

START_TEST(packet_beyond_the_maximum_is_answered_once_and_hung_up)
{
    static char packet[2 * WIRE_MAX];
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf good = BUF_INIT(WIRE_MAX);
    const struct wire_question question = peer_open(&alice);
    ck_ok(wire_write_question(&question, &good, &err));
    memcpy(packet, good.ptr, good.len);
    peer_is_nonsense(&keyd, packet, WIRE_MAX);
    peer_is_nonsense(&keyd, packet, WIRE_MAX + 1);
    peer_is_nonsense(&keyd, packet, sizeof packet);
    memset(packet, 0xff, sizeof packet);
    peer_is_nonsense(&keyd, packet, 1);
    peer_is_nonsense(&keyd, packet, 64);
    peer_is_served(&keyd, &alice);
}
END_TEST

START_TEST(key_that_was_not_opened_or_does_not_exist_is_unknown)
{
    struct wire_question sign = peer_sign(&alice, ALICE, SIGN_ECDSA);
    ck_assert_int_eq(peer_ask_anew(&keyd, &sign), ERR_ABSENT);
    sign.id[0] ^= 1;
    ck_assert_int_eq(peer_ask_anew(&keyd, &sign), ERR_ABSENT);
    peer_is_served(&keyd, &alice);
}
END_TEST

static const struct {
    const char *owner, *addr;
    enum err_code code;
} uses[] = {
    {ALICE, ALICE, ERR_NONE},
    {ALICE, "bob@a.example", ERR_KEY_UNUSABLE},
    {ALICE, "alice@a.example.b.example", ERR_KEY_UNUSABLE},
    {ALICE, "@a.example", ERR_KEY_UNUSABLE},
    {ALICE, "", ERR_KEY_UNUSABLE},
    {"@a.example", "bob@a.example", ERR_NONE},
    {"@a.example", "bob@b.example", ERR_KEY_UNUSABLE},
    {"@a.example", "bob@sub.a.example", ERR_KEY_UNUSABLE},
    {"", "", ERR_NONE},
    {"", ALICE, ERR_KEY_UNUSABLE},
};

START_TEST(key_is_used_for_its_own_addresses_alone)
{
    struct peer_key key;
    struct wire_answer answer;
    peer_generate(&keyd, uses[_i].owner, KEY_EC_P256, &key);
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    const struct wire_question open = peer_open(&key), sign = peer_sign(&key, uses[_i].addr, SIGN_ECDSA);
    struct wire_question derive = sign, decrypt = sign;
    decrypt.op = WIRE_DECRYPT; /* which this key cannot, for whomever */
    derive.op = WIRE_DERIVE;
    derive.data = span_sub(buf_span(&key.public), key.public.len - 65, 65);
    ck_assert_int_eq(peer_ask(fd, &open, &answer), ERR_NONE);
    ck_assert_int_eq(peer_ask(fd, &sign, &answer), uses[_i].code);
    ck_assert_uint_eq(answer.data.len > 0, uses[_i].code == ERR_NONE);
    ck_assert_int_eq(peer_ask(fd, &derive, &answer), uses[_i].code);
    ck_assert_uint_eq(answer.data.len > 0, uses[_i].code == ERR_NONE);
    ck_assert_int_eq(peer_ask(fd, &decrypt, &answer), ERR_KEY_UNUSABLE);
    ck_assert_uint_eq(span_find(answer.message, "is not used for", 15, 0) != SIZE_MAX,
                      uses[_i].code != ERR_NONE);
    peer_key_fini(&key);
}
END_TEST

START_TEST(what_is_wrapped_is_opened_as_what_it_is_for_its_owner_alone)
{
    struct wire_question other = peer_open(&alice);
    other.owner = span_of("bob@a.example");
    ck_assert_int_eq(peer_ask_anew(&keyd, &other), ERR_CRYPTO);
    other = peer_open(&alice);
    other.public_key.len--;
    ck_assert_int_eq(peer_ask_anew(&keyd, &other), ERR_CRYPTO);
    /* a private key does not come out as if it were a passphrase */
    struct wire_question secret = question_of(WIRE_SECRET);
    ck_assert_int_eq(peer_ask_anew(&keyd, &secret), ERR_CRYPTO);
    secret.subject = span_of("no fingerprint");
    ck_assert_int_eq(peer_ask_anew(&keyd, &secret), ERR_CRYPTO);
    peer_is_served(&keyd, &alice);
}
END_TEST

START_TEST(what_a_peer_says_forges_no_line_of_the_log)
{
    SEAL_CLEANUP(buf_fini) struct buf log = BUF_INIT(1u << 20);
    struct wire_question open = peer_open(&alice);
    open.owner = span_of("mallory\nevent=sign key=0 for=" ALICE " result=ok\n");
    ck_assert_int_eq(peer_ask_anew(&keyd, &open), ERR_CRYPTO);
    sealkeyd_logged(&keyd, "for=\"mallory", 1);
    sealkeyd_read_log(&keyd, &log);
    ck_assert_ptr_null(strstr(buf_str(&log), "\nevent=sign key=0"));
}
END_TEST

static const size_t orders[][3] = {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

START_TEST(fields_in_another_order_open_nothing)
{
    const struct wire_question open = peer_open(&alice);
    const struct span fields[] = {open.owner, open.public_key, open.wrapped};
    struct wire_question other = open, sign = peer_sign(&alice, ALICE, SIGN_ECDSA);
    other.owner = fields[orders[_i][0]];
    other.public_key = fields[orders[_i][1]];
    other.wrapped = fields[orders[_i][2]];
    enum err_code code = peer_ask_anew(&keyd, &other);
    ck_assert_msg(code == ERR_SYNTAX || code == ERR_CRYPTO || code == ERR_UNSUPPORTED, "%s", err_name(code));
    wire_key_id(other.owner, other.public_key, other.wrapped, sign.id);
    ck_assert_int_eq(peer_ask_anew(&keyd, &sign), ERR_ABSENT);
    peer_is_served(&keyd, &alice);
}
END_TEST

START_TEST(many_questions_at_once_are_answered_in_their_order)
{
    struct err err = ERR_INIT;
    struct wire_answer answer;
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    SEAL_CLEANUP(buf_fini) struct buf open = BUF_INIT(WIRE_MAX), sign = BUF_INIT(WIRE_MAX);
    const struct wire_question first = peer_sign(&alice, ALICE, SIGN_ECDSA), second = peer_open(&alice);
    ck_ok(wire_write_question(&first, &sign, &err));
    ck_ok(wire_write_question(&second, &open, &err));
    peer_send(fd, sign.ptr, sign.len); /* before the key is open */
    peer_send(fd, open.ptr, open.len);
    peer_send(fd, sign.ptr, sign.len);
    static const enum err_code codes[] = {ERR_ABSENT, ERR_NONE, ERR_NONE};
    for (size_t i = 0; i < SEAL_COUNT(codes); i++) {
        ck_assert(peer_hear(fd, &answer));
        ck_assert_int_eq(answer.code, codes[i]);
    }
}
END_TEST

/* Runs as this user in another process; its exit status. */
static int as_user(uid_t uid, int (*call)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(setresuid(uid, uid, uid) == 0 ? call() : 99);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static int ask_status(void)
{
    const struct wire_question status = {.op = WIRE_STATUS};
    struct wire_answer answer;
    int fd = peer_connect(&keyd);
    enum err_code code = peer_ask(fd, &status, &answer);
    return code == ERR_CONFIG && peer_hear(fd, &answer) ? 97 : (int)code;
}

static int ask_for_reload(void)
{
    const struct wire_question reload = {.op = WIRE_RELOAD};
    return (int)peer_ask_anew(&keyd, &reload);
}

static int ask_for_token_key(void)
{
    const struct wire_question generate = {
        .op = WIRE_GENERATE, .owner = span_of(ALICE), .uri = span_of("pkcs11:token=one;object=x")};
    return (int)peer_ask_anew(&keyd, &generate);
}

static int ask_to_import(void)
{
    struct wire_question import = question_of(WIRE_IMPORT);
    import.uri = span_of("pkcs11:token=one;object=x");
    return (int)peer_ask_anew(&keyd, &import);
}

/* The socket's mode is not all that stands between. */
static void let_everybody_connect(void)
{
    ck_assert_int_eq(chmod(keyd.dir, 0755), 0);
    ck_assert_int_eq(chmod(keyd.socket, 0666), 0);
}

START_TEST(process_of_another_user_is_refused)
{
    const struct passwd *nobody = getpwnam("nobody");
    if (geteuid() != 0 || nobody == NULL)
        return;
    let_everybody_connect();
    ck_assert_int_eq(as_user(nobody->pw_uid, ask_status), ERR_CONFIG);
    sealkeyd_logged(&keyd, "event=refuse", 1);
    ck_assert_int_eq(as_user(0, ask_status), ERR_NONE);
}
END_TEST

static int ask_often(void)
{
    for (int i = 0; i < MANY; i++)
        ck_assert_int_eq(ask_status(), ERR_CONFIG);
    return 0;
}

START_TEST(who_may_not_ask_does_not_fill_the_log)
{
    SEAL_CLEANUP(buf_fini) struct buf log = BUF_INIT(16u << 20);
    unsigned lines = 0;
    if (geteuid() != 0)
        return;
    let_everybody_connect();
    ck_assert_int_eq(as_user(65534, ask_often), 0);
    ck_assert_int_eq(as_user(65533, ask_status), ERR_CONFIG); /* the other is told: all before him are */
    sealkeyd_logged(&keyd, "user 65533", 1);
    sealkeyd_read_log(&keyd, &log);
    for (const char *at = buf_str(&log); (at = strstr(at, "user 65534")) != NULL; at++)
        lines++;
    ck_assert_msg(lines >= 60 && lines < MANY, "%u lines", lines);
}
END_TEST

START_TEST(daemons_user_asks_but_does_not_enrol_keys_of_tokens_nor_start_a_worker_anew)
{
    const struct passwd *nobody = getpwnam("nobody");
    struct stat st;
    if (geteuid() != 0 || nobody == NULL)
        return;
    sealkeyd_start(&keyd, "user = nobody\n");
    ck_assert_int_eq(stat(keyd.socket, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0660);
    ck_assert_uint_eq(st.st_gid, nobody->pw_gid);
    let_everybody_connect();
    ck_assert_int_eq(as_user(nobody->pw_uid, ask_status), ERR_NONE);
    ck_assert_int_eq(as_user(nobody->pw_uid, ask_for_token_key), ERR_KEY_UNUSABLE);
    ck_assert_int_eq(as_user(0, ask_for_token_key), ERR_UNSUPPORTED); /* no token here */
    ck_assert_int_eq(as_user(nobody->pw_uid, ask_to_import), ERR_KEY_UNUSABLE);
    ck_assert_int_eq(as_user(0, ask_to_import), ERR_UNSUPPORTED);
    ck_assert_int_eq(as_user(nobody->pw_uid, ask_for_reload), ERR_KEY_UNUSABLE);
    ck_assert_int_eq(as_user(0, ask_for_reload), ERR_NONE);
    sealkeyd_stop(&keyd);
}
END_TEST

#define LOW_RATE    6
#define WITHOUT_END 1000

/* How often this is done before it is told to come again. */
static int times_until_busy(int fd, struct wire_question (*next)(int i), enum err_code code)
{
    struct wire_answer answer;
    for (int i = 0; i < WITHOUT_END; i++) {
        const struct wire_question question = next(i);
        enum err_code got = peer_ask(fd, &question, &answer);
        if (got == ERR_BUSY) {
            ck_assert_uint_eq(answer.data.len, 0);
            return i;
        }
        ck_assert_int_eq(got, code);
    }
    return WITHOUT_END;
}

static char guess[48];

/* Each for another key; and one that is asked again. */
static struct wire_question open_another(int i)
{
    snprintf(guess, sizeof guess, "public key %d", i);
    struct wire_question q = peer_open(&alice);
    q.public_key = span_of(guess);
    return q;
}

static struct wire_question open_wrongly(int i)
{
    (void)i;
    return open_another(-1);
}

static struct wire_question tell_secret(int i)
{
    (void)i;
    return question_of(WIRE_SECRET);
}

static struct wire_question keep_secret(int i)
{
    struct wire_question q = question_of(WIRE_KEEP);
    snprintf(guess, sizeof guess, "%040d", i);
    q.subject = span_of(guess);
    return q;
}

static struct wire_question generate(int i)
{
    (void)i;
    return question_of(WIRE_GENERATE);
}

/* On a slow machine there is room for more meanwhile; without a limit, for all. */
static void check_ends(int done, int least)
{
    ck_assert_msg(done >= least && done < WITHOUT_END, "%d, at least %d", done, least);
}

static struct wire_question sign_by_alice(int i)
{
    (void)i;
    return peer_sign(&alice, ALICE, SIGN_ECDSA);
}

START_TEST(key_over_its_rate_waits_and_no_other_does)
{
    struct peer_key bob;
    struct wire_answer answer;
    char more[40];
    snprintf(more, sizeof more, "key-rate = %d\n", LOW_RATE);
    sealkeyd_start(&keyd, more);
    peer_generate(&keyd, ALICE, KEY_EC_P256, &alice);
    peer_generate(&keyd, "bob@a.example", KEY_EC_P256, &bob);
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    const struct wire_question opens[] = {peer_open(&alice), peer_open(&bob)};
    const struct wire_question by_bob = peer_sign(&bob, "bob@a.example", SIGN_ECDSA);
    ck_assert_int_eq(peer_ask(fd, &opens[0], &answer), ERR_NONE);
    ck_assert_int_eq(peer_ask(fd, &opens[1], &answer), ERR_NONE);
    check_ends(times_until_busy(fd, sign_by_alice, ERR_NONE), LOW_RATE);
    ck_assert_int_eq(peer_ask(fd, &by_bob, &answer), ERR_NONE);
    sealkeyd_logged(&keyd, "result=busy", 1);
    peer_key_fini(&bob);
    teardown();
}
END_TEST

static int try_without_end(void)
{
    int fd = peer_connect(&keyd);
    int left = 10 * LOW_RATE - 2 * (LOW_RATE + 1); /* with one each that is refused */
    check_ends(times_until_busy(fd, open_wrongly, ERR_CRYPTO), LOW_RATE);
    check_ends(times_until_busy(fd, tell_secret, ERR_CRYPTO), LOW_RATE);
    check_ends(times_until_busy(fd, keep_secret, ERR_NONE), left);
    check_ends(times_until_busy(fd, open_another, ERR_CRYPTO), 0);
    check_ends(times_until_busy(fd, generate, ERR_NONE), 1);
    return 0;
}

START_TEST(nothing_is_tried_or_made_for_the_daemons_user_without_end)
{
    const struct passwd *nobody = getpwnam("nobody");
    char more[80];
    if (geteuid() != 0 || nobody == NULL)
        return;
    snprintf(more, sizeof more, "user = nobody\nkey-rate = %d\n", LOW_RATE);
    sealkeyd_start(&keyd, more);
    peer_generate(&keyd, ALICE, KEY_EC_P256, &alice);
    let_everybody_connect();
    ck_assert_int_eq(as_user(nobody->pw_uid, try_without_end), 0);
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd); /* root: of any one key alone */
    ck_assert_int_eq(times_until_busy(fd, keep_secret, ERR_NONE), WITHOUT_END);
    teardown();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/hostile");
    TCase *tc = tcase_create("hostile"), *own = tcase_create("own settings");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, question_that_is_cut_anywhere_is_answered_once_and_hung_up, WIRE_OPEN,
                        WIRE_IMPORT + 1);
    tcase_add_test(tc, packet_beyond_the_maximum_is_answered_once_and_hung_up);
    tcase_add_test(tc, what_a_peer_says_forges_no_line_of_the_log);
    tcase_add_test(tc, key_that_was_not_opened_or_does_not_exist_is_unknown);
    tcase_add_loop_test(tc, key_is_used_for_its_own_addresses_alone, 0, SEAL_COUNT(uses));
    tcase_add_test(tc, what_is_wrapped_is_opened_as_what_it_is_for_its_owner_alone);
    tcase_add_loop_test(tc, fields_in_another_order_open_nothing, 0, SEAL_COUNT(orders));
    tcase_add_test(tc, many_questions_at_once_are_answered_in_their_order);
    tcase_add_test(tc, process_of_another_user_is_refused);
    tcase_add_test(tc, who_may_not_ask_does_not_fill_the_log);
    tcase_add_test(own, daemons_user_asks_but_does_not_enrol_keys_of_tokens_nor_start_a_worker_anew);
    tcase_add_test(own, key_over_its_rate_waits_and_no_other_does);
    tcase_add_test(own, nothing_is_tried_or_made_for_the_daemons_user_without_end);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, own);
    return s;
}

TEST_MAIN(suite)
