/* What holds for every policy and all facts: checked on many that chance makes, from fixed seeds. */
#include "site.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS    400
#define CHUNKS    8 /* test processes: a failure tells in which chunk of rounds it is */
#define RCPTS_MAX 12

/* A generator of our own (xorshift64*), so that a seed gives the same case everywhere. */
static uint64_t state;

static void seed(uint64_t n)
{
    state = n * 0x9e3779b97f4a7c15u + 1;
}

static unsigned chance(unsigned n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545f4914f6cdd1du) >> 33) % n;
}

#define PICK(array) ((array)[chance(SEAL_COUNT(array))])

/* ---- random policies ---- */

static void add_rule(struct buf *out, unsigned number)
{
    static const char *const conditions[] = {"outbound",
                                             "inbound",
                                             "internal or outbound",
                                             "to a.example",
                                             "not to b.example",
                                             "from alice@*",
                                             "keyword k",
                                             "not keyword k",
                                             "signed",
                                             "encrypted",
                                             "size over 1K",
                                             "not size under 1K",
                                             "registered sender",
                                             "registered recipient"};
    static const char *const steps[] = {"sign",        "sign if possible",
                                        "sign opaque", "",
                                        "decrypt",     "decrypt, else refuse \"closed\"",
                                        "harvest",     ""};
    static const char *const encrypts[] = {"encrypt",
                                           "encrypt if possible",
                                           "encrypt, else refuse \"no key\"",
                                           "encrypt with openpgp or smime",
                                           "encrypt using aes256-gcm",
                                           ""};
    static const char *const alone[] = {"pass", "pass verbatim", "refuse \"no\""};
    buf_printf(out, "rule \"%u\"\n  when %s, %s\n", number, PICK(conditions), PICK(conditions));
    if (chance(4) == 0) {
        buf_printf(out, "  %s\n", PICK(alone));
        return;
    }
    buf_printf(out, "  %s\n  %s\n  tag\n", PICK(steps), PICK(encrypts));
    if (chance(3) == 0)
        buf_add_str(out, "  continue\n");
}

static struct site *random_site(void)
{
    SEAL_CLEANUP(buf_fini) struct buf policy = BUF_INIT(1u << 20);
    unsigned rules = chance(6);
    for (unsigned i = 0; i < rules; i++)
        add_rule(&policy, i);
    static const char *const ends[] = {"encrypt", "sign if possible", "decrypt\n  tag"};
    buf_printf(&policy, "rule \"end\"\n  %s\n", PICK(ends));
    return site_new(buf_str(&policy));
}

/* ---- random facts ---- */

static enum answer any_answer(void)
{
    return chance(12) == 0 ? ANSWER_UNKNOWN : chance(3) == 0 ? ANSWER_NO : ANSWER_YES;
}

static void random_key(struct key_fact *fact, int key)
{
    site_key(fact, key, chance(3) == 0 ? "ec" : "rsa");
    fact->usable = any_answer();
    fact->cipher = chance(4) == 0 ? "aes256-gcm" : "aes256-cbc";
}

static void random_rcpts(struct site *site)
{
    static const char *const domains[] = {"a.example", "b.example", "example.org"};
    unsigned n = 1 + chance(RCPTS_MAX);
    for (unsigned i = 0; i < n; i++) {
        char addr[40];
        const char *domain = PICK(domains);
        bool ours = strcmp(domain, "example.org") == 0, submitted = site->facts.submitter != SUBMITTER_NONE;
        snprintf(addr, sizeof addr, "r%u@%s", i, domain);
        struct rcpt_facts *rcpt = site_rcpt(site, addr,
                                            submitted ? (ours ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND)
                                                      : (ours ? DIRECTION_INBOUND : DIRECTION_TRANSIT));
        random_key(&rcpt->encrypt[METHOD_SMIME], (int)chance(8));
        rcpt->registered = any_answer();
        rcpt->hidden = chance(3) == 0;
        rcpt->view = chance((unsigned)site->facts.nviews);
    }
}

static void random_facts(struct site *site)
{
    struct facts *facts = &site->facts;
    facts->submitter = chance(2) == 0 ? SUBMITTER_NONE : SUBMITTER_LOGIN;
    facts->signed_by = chance(3) == 0 ? METHOD_SMIME : METHOD_NONE;
    facts->encrypted_by = chance(3) == 0 ? METHOD_SMIME : METHOD_NONE;
    facts->is_report = chance(6) == 0;
    facts->opaque_why = chance(8) == 0 ? "ambiguous" : NULL;
    facts->unsignable_why = chance(8) == 0 ? "broken" : NULL;
    facts->size = chance(2000);
    facts->sender_registered = any_answer();
    if (facts->submitter != SUBMITTER_NONE && chance(3) == 0)
        site_keyword(site, "k");
    random_key(&facts->sign[METHOD_SMIME], 0);
    facts->nviews = facts->encrypted_by == METHOD_NONE ? 1 : SEAL_COUNT(site->views);
    for (size_t i = 1; i < facts->nviews; i++)
        site->views[i] =
            (struct view){.decryption = (enum decryption)chance(6), .signature = (enum signature)chance(8)};
    random_rcpts(site);
}

static struct site *random_case(int number)
{
    seed((uint64_t)number + 1);
    struct site *site = random_site();
    random_facts(site);
    site->settings->max_hidden = chance(4);
    site->settings->max_copies = 2 + chance(12);
    site_plan(site);
    return site;
}

/* ---- what must hold ---- */

/* PROPERTY(name) - the test that check_name() holds for every case of its chunk. */
#define PROPERTY(name)                                                                                       \
    START_TEST(name)                                                                                         \
    {                                                                                                        \
        for (int i = _i; i < ROUNDS; i += CHUNKS) {                                                          \
            struct site *site = random_case(i);                                                              \
            check_##name(site);                                                                              \
            site_free(site);                                                                                 \
        }                                                                                                    \
    }                                                                                                        \
    END_TEST

static size_t copies_of(const struct plan *plan, size_t rcpt)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->ncopies; i++)
        for (size_t k = 0; k < plan->copies[i].nrcpts; k++)
            n += plan->copies[i].rcpts[k] == rcpt;
    return n;
}

static void check_every_recipient_has_exactly_one_outcome(struct site *site)
{
    const struct plan *plan = site->plan;
    for (size_t i = 0; i < site->facts.nrcpts; i++)
        ck_assert_uint_eq(copies_of(plan, i), plan->disposition == DISPOSITION_SERVE ? 1 : 0);
    for (size_t i = 0; i < plan->ncopies; i++)
        ck_assert_int_eq(plan->copies[i].in_place, i == 0);
    bool says = plan->disposition == DISPOSITION_REFUSE || plan->disposition == DISPOSITION_TEMPFAIL;
    ck_assert_int_eq(plan->reply_text != NULL && *plan->reply_text != '\0', says);
    ck_assert_int_eq(plan->reply_status != NULL, says);
}
PROPERTY(every_recipient_has_exactly_one_outcome)

static const struct op *encryption_of(const struct copy *copy)
{
    for (size_t i = 0; i < copy->nops; i++)
        if (copy->ops[i].kind == OP_ENCRYPT)
            return &copy->ops[i];
    return NULL;
}

static bool op_has_key(const struct op *op, int key)
{
    for (size_t i = 0; i < op->nkeys; i++)
        if (op->keys[i] == key)
            return true;
    return false;
}

static void check_who_must_be_protected_is_served_by_ciphertext_with_his_key(struct site *site)
{
    const struct plan *plan = site->plan;
    for (size_t i = 0; i < plan->ncopies; i++) {
        const struct copy *copy = &plan->copies[i];
        const struct op *encryption = encryption_of(copy);
        for (size_t k = 0; k < copy->nrcpts; k++) {
            const struct rcpt_facts *rcpt = &site->facts.rcpts[copy->rcpts[k]];
            bool as_it_came = site->facts.encrypted_by != METHOD_NONE && !copy->opened;
            ck_assert(!site->decisions[copy->rcpts[k]].protect ||
                      (copy->protect && (encryption != NULL || as_it_came)));
            if (encryption == NULL)
                continue;
            ck_assert(op_has_key(encryption, rcpt->encrypt[METHOD_SMIME].key));
            ck_assert_int_eq(rcpt->encrypt[METHOD_SMIME].usable, ANSWER_YES);
        }
    }
}
PROPERTY(who_must_be_protected_is_served_by_ciphertext_with_his_key)

static void check_keys_of_different_kinds_and_hidden_recipients_stay_apart(struct site *site)
{
    for (size_t i = 0; i < site->plan->ncopies; i++) {
        const struct copy *copy = &site->plan->copies[i];
        const struct rcpt_facts *first = &site->facts.rcpts[copy->rcpts[0]];
        for (size_t k = 1; k < copy->nrcpts && encryption_of(copy) != NULL; k++) {
            const struct rcpt_facts *rcpt = &site->facts.rcpts[copy->rcpts[k]];
            ck_assert_str_eq(rcpt->encrypt[METHOD_SMIME].kind, first->encrypt[METHOD_SMIME].kind);
            ck_assert_int_eq(rcpt->hidden, first->hidden);
            ck_assert(!rcpt->hidden || site->plan->note != NULL);
        }
    }
}
PROPERTY(keys_of_different_kinds_and_hidden_recipients_stay_apart)

/* R20: what was opened is seen only by those whose keys opened it. */
static void check_an_opened_copy_is_its_recipients_own_view(struct site *site)
{
    for (size_t i = 0; i < site->plan->ncopies; i++) {
        const struct copy *copy = &site->plan->copies[i];
        for (size_t o = 0; o < copy->nops; o++)
            for (size_t k = 0; k < copy->nrcpts && copy->ops[o].kind == OP_OPEN; k++)
                ck_assert_uint_eq(site->facts.rcpts[copy->rcpts[k]].view, copy->ops[o].view);
    }
}
PROPERTY(an_opened_copy_is_its_recipients_own_view)

static void check_deciding_twice_gives_the_same(struct site *site)
{
    SEAL_CLEANUP(buf_fini) struct buf once = BUF_INIT(1u << 20), twice = BUF_INIT(1u << 20);
    plan_print(site->plan, &site->facts, &once);
    site_plan(site);
    plan_print(site->plan, &site->facts, &twice);
    ck_assert_str_eq(buf_str(&once), buf_str(&twice));
}
PROPERTY(deciding_twice_gives_the_same)

/* No oracle: what a private key has shown changes no disposition and no reply. */
static void check_what_opening_shows_changes_no_answer(struct site *site)
{
    static const enum decryption shown[] = {DECRYPTION_OPENED, DECRYPTION_UNAUTHENTICATED, DECRYPTION_FAILED};
    enum disposition disposition = DISPOSITION_SERVE;
    const char *text = NULL;
    site->settings->max_copies = 1 + chance(4);
    for (int round = 0; round < 8; round++) {
        bool alike = chance(2) == 0; /* nobody can open it, or everybody */
        enum decryption all = PICK(shown);
        for (size_t v = 1; v < site->facts.nviews; v++)
            site->views[v] = (struct view){.decryption = alike ? all : PICK(shown),
                                           .signature = alike ? SIGNATURE_NONE : (enum signature)chance(8)};
        site_plan(site);
        if (round > 0) {
            ck_assert_int_eq(site->plan->disposition, disposition);
            ck_assert_pstr_eq(site->plan->reply_text, text);
        }
        disposition = site->plan->disposition;
        text = site->plan->reply_text;
    }
}
PROPERTY(what_opening_shows_changes_no_answer)

/* The copy that serves an address: how many share it, and what is done to it. */
static const char *copy_of(struct site *site, const char *addr)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    for (size_t i = 0; i < site->plan->ncopies; i++) {
        const struct copy *copy = &site->plan->copies[i];
        for (size_t k = 0; k < copy->nrcpts; k++) {
            if (strcmp(site->facts.rcpts[copy->rcpts[k]].addr, addr) != 0)
                continue;
            buf_printf(&out, "%zu%s%s", copy->nrcpts, copy->opened ? " opened" : "",
                       copy->protect ? " protect" : "");
            for (size_t o = 0; o < copy->nops; o++) {
                buf_add_str(&out, ", ");
                op_print(&copy->ops[o], &out);
            }
        }
    }
    return arena_strdup(site->arena, buf_str(&out));
}

static void check_the_order_of_recipients_changes_nothing_but_order(struct site *site)
{
    struct facts *facts = &site->facts;
    const char *before[RCPTS_MAX], *addrs[RCPTS_MAX];
    enum disposition disposition = site->plan->disposition;
    size_t ncopies = site->plan->ncopies;
    for (size_t i = 0; i < facts->nrcpts; i++) {
        addrs[i] = facts->rcpts[i].addr;
        before[i] = copy_of(site, addrs[i]);
    }
    for (size_t i = facts->nrcpts; i > 1; i--) {
        size_t k = chance((unsigned)i);
        struct rcpt_facts swapped = facts->rcpts[i - 1];
        facts->rcpts[i - 1] = facts->rcpts[k];
        facts->rcpts[k] = swapped;
    }
    site_plan(site);
    ck_assert_int_eq(site->plan->disposition, disposition);
    ck_assert_uint_eq(site->plan->ncopies, ncopies);
    for (size_t i = 0; i < facts->nrcpts; i++)
        ck_assert_str_eq(copy_of(site, addrs[i]), before[i]);
}
PROPERTY(the_order_of_recipients_changes_nothing_but_order)

START_TEST(chance_reaches_every_disposition_and_several_copies)
{
    size_t served = 0, refused = 0, deferred = 0, split = 0, opened = 0, protected = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct site *site = random_case(i);
        served += site->plan->disposition == DISPOSITION_SERVE;
        refused += site->plan->disposition == DISPOSITION_REFUSE;
        deferred += site->plan->disposition == DISPOSITION_TEMPFAIL;
        split += site->plan->ncopies > 2;
        for (size_t k = 0; k < site->plan->ncopies; k++) {
            opened += site->plan->copies[k].opened;
            protected += site->plan->copies[k].protect;
        }
        site_free(site);
    }
    ck_assert_uint_gt(served, 50);
    ck_assert_uint_gt(refused, 20);
    ck_assert_uint_gt(deferred, 20);
    ck_assert_uint_gt(split, 10);
    ck_assert_uint_gt(opened, 5);
    ck_assert_uint_gt(protected, 10);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/properties");
    TCase *t = tcase_create("properties");
    tcase_add_loop_test(t, every_recipient_has_exactly_one_outcome, 0, CHUNKS);
    tcase_add_loop_test(t, who_must_be_protected_is_served_by_ciphertext_with_his_key, 0, CHUNKS);
    tcase_add_loop_test(t, keys_of_different_kinds_and_hidden_recipients_stay_apart, 0, CHUNKS);
    tcase_add_loop_test(t, an_opened_copy_is_its_recipients_own_view, 0, CHUNKS);
    tcase_add_loop_test(t, deciding_twice_gives_the_same, 0, CHUNKS);
    tcase_add_loop_test(t, what_opening_shows_changes_no_answer, 0, CHUNKS);
    tcase_add_loop_test(t, the_order_of_recipients_changes_nothing_but_order, 0, CHUNKS);
    tcase_add_test(t, chance_reaches_every_disposition_and_several_copies);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
