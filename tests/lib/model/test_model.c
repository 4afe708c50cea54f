#include "model/envelope.h"
#include "model/outcome.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

static struct arena *arena;
static struct err err;

static void setup(void)
{
    arena = arena_new(1u << 20);
    err_clear(&err);
}

static void teardown(void)
{
    arena_free(&arena);
}

/* A name of one enum: distinct, and "?" behind the last, so that a value added without a name is found here. */
#define check_names(function, type, count)                                                                   \
    do {                                                                                                     \
        for (int i = 0; i < (count); i++) {                                                                  \
            ck_assert_str_ne(function((enum type)i), "?");                                                   \
            for (int j = 0; j < i; j++)                                                                      \
                ck_assert_str_ne(function((enum type)i), function((enum type)j));                            \
        }                                                                                                    \
        ck_assert_str_eq(function((enum type)(count)), "?");                                                 \
        ck_assert_str_eq(function((enum type) - 1), "?");                                                    \
    } while (0)

START_TEST(every_value_has_a_name_of_its_own)
{
    check_names(answer_name, answer, ANSWER_UNKNOWN + 1);
    check_names(method_name, method, METHODS);
    check_names(direction_name, direction, DIRECTION_INBOUND + 1);
    check_names(submitter_name, submitter, SUBMITTER_LOCAL + 1);
    check_names(signature_name, signature, SIGNATURE_UNSUPPORTED + 1);
    check_names(decryption_name, decryption, DECRYPTION_UNSUPPORTED + 1);
    check_names(disposition_name, disposition, DISPOSITION_REFUSE + 1);
    check_names(verdict_name, verdict, VERDICT_HOLD + 1);
    check_names(op_kind_name, op_kind, OP_STATUS + 1);
}
END_TEST

START_TEST(contract_of_explain_names_these)
{
    ck_assert_str_eq(direction_name(DIRECTION_OUTBOUND), "outbound");
    ck_assert_str_eq(direction_name(DIRECTION_INTERNAL), "internal");
    ck_assert_str_eq(direction_name(DIRECTION_INBOUND), "inbound");
    ck_assert_str_eq(direction_name(DIRECTION_TRANSIT), "transit");
    ck_assert_str_eq(signature_name(SIGNATURE_MISMATCH), "mismatch");
    ck_assert_str_eq(decryption_name(DECRYPTION_NO_KEY), "no-key");
    ck_assert_str_eq(verdict_name(VERDICT_TEMPFAIL), "tempfail");
}
END_TEST

START_TEST(recipient_is_kept_as_given_and_canonical)
{
    struct envelope env = {0};
    for (int i = 0; i < 20; i++) {
        char given[64];
        snprintf(given, sizeof given, "<User%d@B.Example>", i);
        ck_ok(envelope_add_rcpt(&env, arena, given, &err));
    }
    ck_assert_uint_eq(env.nrcpts, 20);
    ck_assert_str_eq(env.rcpts[0].given, "<User0@B.Example>");
    ck_assert_str_eq(env.rcpts[19].given, "<User19@B.Example>");
    ck_assert_str_eq(env.rcpts[19].addr, "user19@b.example");
    ck_assert_ptr_null(env.rcpts[19].notify);
}
END_TEST

START_TEST(recipient_that_cannot_be_read_is_not_added)
{
    struct envelope env = {0};
    ck_fails(envelope_add_rcpt(&env, arena, "<a@b@c.example>", &err), ERR_SYNTAX);
    ck_assert_uint_eq(env.nrcpts, 0);
}
END_TEST

START_TEST(recipients_have_a_maximum)
{
    struct envelope env = {0};
    for (int i = 0; i < ENVELOPE_RCPT_MAX; i++)
        ck_ok(envelope_add_rcpt(&env, arena, "<a@b.example>", &err));
    ck_fails(envelope_add_rcpt(&env, arena, "<a@b.example>", &err), ERR_RCPTS);
    ck_assert_uint_eq(env.nrcpts, ENVELOPE_RCPT_MAX);
}
END_TEST

START_TEST(null_sender_is_empty_and_not_absent)
{
    struct envelope env = {0};
    ck_ok(envelope_set_sender(&env, arena, "<>", &err));
    ck_assert_str_eq(env.sender_given, "<>");
    ck_assert_str_eq(env.sender, "");
    ck_fails(envelope_set_sender(&env, arena, "<nobody>", &err), ERR_SYNTAX);
}
END_TEST

static struct op sign = {.kind = OP_SIGN, .method = METHOD_SMIME};
static struct op opaque = {.kind = OP_SIGN, .method = METHOD_SMIME, .form = SIGN_OPAQUE};
static struct op rsa = {
    .kind = OP_ENCRYPT, .method = METHOD_SMIME, .cipher = "aes256-cbc", .kind_of_key = "rsa"};
static struct op ec = {
    .kind = OP_ENCRYPT, .method = METHOD_SMIME, .cipher = "aes256-cbc", .kind_of_key = "ec"};
static struct op gcm = {
    .kind = OP_ENCRYPT, .method = METHOD_SMIME, .cipher = "aes256-gcm", .kind_of_key = "rsa"};
static struct op open0 = {.kind = OP_OPEN, .view = 0};
static struct op open1 = {.kind = OP_OPEN, .view = 1};
static struct op tag = {.kind = OP_TAG, .text = "[secure]"};

START_TEST(operation_prints_what_it_does_not_with_which_keys)
{
    static int keys[] = {3};
    const struct {
        struct op op;
        const char *text;
    } cases[] = {
        {{.kind = OP_HYGIENE}, "hygiene"},
        {{.kind = OP_KEYWORDS}, "remove keywords"},
        {open1, "open view 1"},
        {sign, "sign smime"},
        {opaque, "sign smime opaque"},
        {rsa, "encrypt smime aes256-cbc rsa"},
        {{.kind = OP_ENCRYPT,
          .method = METHOD_SMIME,
          .cipher = "aes256-cbc",
          .kind_of_key = "rsa",
          .keys = keys,
          .nkeys = 1},
         "encrypt smime aes256-cbc rsa"},
        {tag, "tag \"[secure]\""},
        {{.kind = OP_STATUS, .view = 2}, "status view 2"},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1000);
        op_print(&cases[i].op, &out);
        ck_assert_str_eq(buf_str(&out), cases[i].text);
    }
}
END_TEST

/* Two recipients share a copy when their lists are equal: each difference that matters must keep them apart. */
START_TEST(lists_are_equal_only_when_the_treatment_is)
{
    struct op *all[] = {&sign, &opaque, &rsa, &ec, &gcm, &open0, &open1, &tag};
    for (size_t i = 0; i < SEAL_COUNT(all); i++)
        for (size_t j = 0; j < SEAL_COUNT(all); j++)
            ck_assert(ops_equal(all[i], 1, all[j], 1) == (i == j));
    struct op one[] = {sign, rsa}, other[] = {rsa, sign};
    ck_assert(!ops_equal(one, 2, other, 2));
    ck_assert(!ops_equal(one, 2, one, 1));
    ck_assert(!ops_equal(one, 1, NULL, 0));
    ck_assert(ops_equal(NULL, 0, NULL, 0));
}
END_TEST

START_TEST(decision_prints_on_one_line)
{
    static const char *rules[] = {"the bank", "the rest, out"};
    struct op ops[] = {sign, rsa};
    struct decision decision = {.rules = rules, .nrules = 2, .ops = ops, .nops = 2, .harvest = true};
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1000);
    decision_print(&decision, &out);
    ck_assert_str_eq(buf_str(&out),
                     "serve; rules: \"the bank\" \"the rest, out\"; operations: sign smime, encrypt "
                     "smime aes256-cbc rsa; harvest");
    struct decision refusal = {.disposition = DISPOSITION_REFUSE,
                               .reply_status = "5.7.1",
                               .reply_text = "No key.",
                               .rules = rules,
                               .nrules = 1};
    buf_clear(&out);
    decision_print(&refusal, &out);
    ck_assert_str_eq(buf_str(&out), "refuse 5.7.1 No key.; rules: \"the bank\"; operations: ");
}
END_TEST

START_TEST(plan_prints_each_copy_with_its_recipients)
{
    struct rcpt_facts rcpts[] = {{.addr = "a@b.example"}, {.addr = "c@d.example"}, {.addr = "e@f.example"}};
    struct facts facts = {.rcpts = rcpts, .nrcpts = 3};
    size_t first[] = {0}, second[] = {1}, discarded[] = {2};
    struct op ops[] = {sign, rsa};
    struct copy copies[] = {{.in_place = true, .rcpts = first, .nrcpts = 1, .ops = ops, .nops = 1},
                            {.rcpts = second, .nrcpts = 1, .ops = ops, .nops = 2}};
    struct plan plan = {.copies = copies, .ncopies = 2, .discarded = discarded, .ndiscarded = 1};
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1000);
    plan_print(&plan, &facts, &out);
    ck_assert_str_eq(buf_str(&out),
                     "plan: serve\n"
                     "  copy 0 in place: a@b.example\n    sign smime\n"
                     "  copy 1 re-injected: c@d.example\n    sign smime, encrypt smime aes256-cbc rsa\n"
                     "  discarded: e@f.example\n");
}
END_TEST

START_TEST(facts_print_what_is_known_and_nothing_unasked)
{
    struct rcpt_facts rcpt = {.addr = "a@b.example", .direction = DIRECTION_INBOUND, .hidden = true};
    struct view view = {.decryption = DECRYPTION_OPENED, .signature = SIGNATURE_GOOD};
    struct facts facts = {.sender = "", .from_why = "two From headers", .rcpts = &rcpt, .nrcpts = 1};
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(10000);
    facts_print(&facts, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "from: none (two From headers)\n"));
    ck_assert_ptr_nonnull(
        strstr(buf_str(&out), "recipient: a@b.example inbound hidden registered=unasked view=0\n"));
    ck_assert_ptr_null(strstr(buf_str(&out), "certificate"));
    rcpt.encrypt[METHOD_SMIME] = (struct key_fact){.usable = ANSWER_UNKNOWN, .why = "store cannot be read"};
    facts.views = &view;
    facts.nviews = 1;
    buf_clear(&out);
    facts_print(&facts, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "smime certificate: unknown (store cannot be read)\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "view 0: decryption=opened signature=good signer=-\n"));
}
END_TEST

static unsigned materials_freed;

static void count_free(void *materials)
{
    ck_assert_ptr_eq(materials, &materials_freed);
    materials_freed++;
}

START_TEST(outcome_frees_its_copies_and_materials)
{
    struct outcome *outcome = xcalloc(1, sizeof *outcome);
    outcome->arena = arena_new(1u << 20);
    outcome->plan = arena_alloc(outcome->arena, sizeof *outcome->plan);
    outcome->plan->ncopies = 2;
    outcome->copies = arena_array(outcome->arena, 2, sizeof *outcome->copies);
    struct spool_conf conf = {.dir = "/tmp", .mem_max = 100, .size_max = 100};
    ck_ok(spool_of(&conf, SPAN_LIT("x"), &outcome->copies[1], &err));
    outcome->materials = &materials_freed;
    outcome->materials_free = count_free;
    outcome_free(&outcome);
    ck_assert_ptr_null(outcome);
    ck_assert_uint_eq(materials_freed, 1);
    outcome_free(&outcome);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("model/model");
    TCase *tc = tcase_create("model");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_value_has_a_name_of_its_own);
    tcase_add_test(tc, contract_of_explain_names_these);
    tcase_add_test(tc, recipient_is_kept_as_given_and_canonical);
    tcase_add_test(tc, recipient_that_cannot_be_read_is_not_added);
    tcase_add_test(tc, recipients_have_a_maximum);
    tcase_add_test(tc, null_sender_is_empty_and_not_absent);
    tcase_add_test(tc, operation_prints_what_it_does_not_with_which_keys);
    tcase_add_test(tc, lists_are_equal_only_when_the_treatment_is);
    tcase_add_test(tc, decision_prints_on_one_line);
    tcase_add_test(tc, plan_prints_each_copy_with_its_recipients);
    tcase_add_test(tc, facts_print_what_is_known_and_nothing_unasked);
    tcase_add_test(tc, outcome_frees_its_copies_and_materials);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
