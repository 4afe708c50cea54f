/*
 * What holds for every policy and all facts: checked on many that chance makes, from fixed seeds.
 *
 * SEAL_ROUNDS in the environment says how many cases; `contrib/test --slow` makes many.
 */
#include "policy/implies.h"
#include "policy/swallow.h"
#include "random.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#define CHUNKS 8 /* test processes: a failure tells in which chunk of rounds it is */

static int rounds(void)
{
    const char *text = getenv("SEAL_ROUNDS");
    return text != NULL ? atoi(text) : 400;
}

static struct site *random_case(int number)
{
    struct site *site = random_site((uint64_t)number);
    site_plan(site);
    return site;
}

/* ---- what must hold ---- */

/* PROPERTY(name) - the test that check_name() holds for every case of its chunk. */
#define PROPERTY(name)                                                                                       \
    START_TEST(name)                                                                                         \
    {                                                                                                        \
        for (int i = _i; i < rounds(); i += CHUNKS) {                                                        \
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
            n += !plan->copies[i].extra && plan->copies[i].rcpts[k] == rcpt;
    return n;
}

static size_t reports_of(const struct plan *plan, size_t rcpt)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->nnotices; i++)
        for (size_t k = 0; k < plan->notices[i].nrcpts; k++)
            n += plan->notices[i].kind == NOTICE_RETURN && plan->notices[i].rcpts[k] == rcpt;
    return n;
}

static size_t discards_of(const struct plan *plan, size_t rcpt)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->ndiscarded; i++)
        n += plan->discarded[i] == rcpt;
    return n;
}

/* Operations name a key that is not there only where the plan says that it is made first; and once that was tried, no more is wanted. */
static void check_key_that_is_not_there_is_used_by_no_plan_that_is_carried_out(struct site *site)
{
    const struct plan *plan = site->plan;
    ck_assert(plan->generate == 0 || !site->facts.generated);
    ck_assert(plan->generate == 0 || (site->facts.may_sign && site->facts.submitter != SUBMITTER_NONE));
    for (size_t i = 0; i < plan->ncopies; i++)
        for (size_t o = 0; o < plan->copies[i].nops; o++)
            for (size_t k = 0; k < plan->copies[i].ops[o].nkeys; k++)
                ck_assert(plan->copies[i].ops[o].keys[k] >= 0 || plan->generate != 0);
}

/* Served, returned or discarded; held, deferred or refused with all others. */
static void check_every_recipient_has_exactly_one_outcome(struct site *site)
{
    const struct plan *plan = site->plan;
    for (size_t i = 0; i < site->facts.nrcpts; i++) {
        size_t served = copies_of(plan, i), returned = reports_of(plan, i), discarded = discards_of(plan, i);
        switch (plan->disposition) {
        case DISPOSITION_SERVE:
            ck_assert_uint_eq(served + returned + discarded, 1);
            break;
        case DISPOSITION_DISCARD:
        case DISPOSITION_RETURN:
            ck_assert_uint_eq(served, 0);
            ck_assert_uint_eq(returned + discarded, 1);
            break;
        case DISPOSITION_HOLD:
            ck_assert_uint_eq(served, 0);
            ck_assert_uint_le(returned + discarded, 1);
            break;
        case DISPOSITION_TEMPFAIL:
        case DISPOSITION_REFUSE:
            ck_assert_uint_eq(plan->ncopies + returned, 0);
            break;
        }
    }
    bool says = plan->disposition == DISPOSITION_REFUSE || plan->disposition == DISPOSITION_TEMPFAIL;
    ck_assert(!says || (plan->reply_text != NULL && *plan->reply_text != '\0' && plan->reply_status != NULL));
}
PROPERTY(every_recipient_has_exactly_one_outcome)
PROPERTY(key_that_is_not_there_is_used_by_no_plan_that_is_carried_out)

static void check_only_the_first_copy_is_in_place_and_never_at_another_address(struct site *site)
{
    for (size_t i = 0; i < site->plan->ncopies; i++) {
        const struct copy *copy = &site->plan->copies[i];
        ck_assert(!copy->in_place || (i == 0 && copy->to == NULL && !copy->extra));
        ck_assert(!copy->extra || copy->to != NULL);
    }
}
PROPERTY(only_the_first_copy_is_in_place_and_never_at_another_address)

static const struct op *encryption_of(const struct copy *copy)
{
    for (size_t i = 0; i < copy->nops; i++)
        if (copy->ops[i].kind == OP_ENCRYPT)
            return &copy->ops[i];
    return NULL;
}

/* Of a recipient's own key, and that which a rule fixes, the one that the operation encrypts to. */
static const struct key_fact *key_of(struct site *site, const struct op *op, size_t rcpt)
{
    const struct key_fact *keys[] = {&site->facts.rcpts[rcpt].encrypt[METHOD_SMIME], &site->facts.fixed[0]};
    for (size_t k = 0; k < SEAL_COUNT(keys); k++)
        for (size_t i = 0; i < op->nkeys; i++)
            if (keys[k]->usable == ANSWER_YES && op->keys[i] == keys[k]->key)
                return keys[k];
    return NULL;
}

static void check_who_must_be_protected_is_served_by_ciphertext_with_his_key(struct site *site)
{
    const struct plan *plan = site->plan;
    for (size_t i = 0; i < plan->ncopies; i++) {
        const struct copy *copy = &plan->copies[i];
        const struct op *encryption = encryption_of(copy);
        for (size_t k = 0; k < copy->nrcpts && !copy->extra; k++) {
            bool as_it_came = site->facts.encrypted_by != METHOD_NONE && !copy->opened;
            ck_assert(!site->decisions[copy->rcpts[k]].protect ||
                      (copy->protect && (encryption != NULL || as_it_came)));
            ck_assert(encryption == NULL || key_of(site, encryption, copy->rcpts[k]) != NULL);
        }
    }
}
PROPERTY(who_must_be_protected_is_served_by_ciphertext_with_his_key)

static void check_keys_of_different_kinds_and_hidden_recipients_stay_apart(struct site *site)
{
    for (size_t i = 0; i < site->plan->ncopies; i++) {
        const struct copy *copy = &site->plan->copies[i];
        const struct op *encryption = encryption_of(copy);
        if (encryption == NULL)
            continue;
        for (size_t k = 0; k < copy->nrcpts; k++) {
            const struct key_fact *key = key_of(site, encryption, copy->rcpts[k]);
            bool hidden = site->facts.rcpts[copy->rcpts[k]].hidden;
            ck_assert_str_eq(key->kind, encryption->kind_of_key);
            ck_assert_int_eq(hidden, site->facts.rcpts[copy->rcpts[0]].hidden);
            ck_assert(!hidden || copy->nrcpts == 1 || site->plan->note != NULL);
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

static const struct op *find_op(const struct copy *copy, enum op_kind kind)
{
    for (size_t i = 0; i < copy->nops; i++)
        if (copy->ops[i].kind == kind)
            return &copy->ops[i];
    return NULL;
}

/* R26: where the Subject is hidden, it is inside, before anything is closed; and nothing of ours puts it on the outside. */
static void check_what_is_hidden_outside_is_protected_inside(struct site *site)
{
    for (size_t i = 0; i < site->plan->ncopies; i++) {
        const struct copy *copy = &site->plan->copies[i];
        const struct op *protect = find_op(copy, OP_PROTECT), *encrypt = find_op(copy, OP_ENCRYPT),
                        *sign = find_op(copy, OP_SIGN), *subject = find_op(copy, OP_SUBJECT);
        ck_assert(subject == NULL || encrypt == NULL);
        if (protect == NULL)
            continue;
        ck_assert_int_eq(protect->protection >= PROTECTION_PLAIN, encrypt != NULL);
        ck_assert(encrypt == NULL ? sign != NULL : protect < encrypt);
        ck_assert(sign == NULL || protect < sign);
        const struct op *field = find_op(copy, OP_HEADER);
        ck_assert(field == NULL || field < protect);
    }
}
PROPERTY(what_is_hidden_outside_is_protected_inside)

/* R21. */
static void check_the_subject_comes_from_what_the_recipient_may_see(struct site *site)
{
    for (size_t i = 0; i < site->plan->ncopies; i++) {
        const struct copy *copy = &site->plan->copies[i];
        const struct op *subject = find_op(copy, OP_SUBJECT);
        for (size_t k = 0; subject != NULL && k < copy->nrcpts; k++) {
            const struct view *view = &site->facts.views[subject->view];
            ck_assert_ptr_nonnull(view->subject);
            ck_assert(copy->opened ? subject->view == site->facts.rcpts[copy->rcpts[k]].view
                                   : subject->view == 0 && view->signature == SIGNATURE_GOOD);
        }
    }
}
PROPERTY(the_subject_comes_from_what_the_recipient_may_see)

/* Everything that was decided and planned. */
static const char *all_of_it(struct site *site, const struct decision *decisions)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(4u << 20);
    for (size_t i = 0; i < site->facts.nrcpts; i++) {
        decision_print(&decisions[i], &out);
        for (size_t k = 0; k < decisions[i].nwhy; k++)
            buf_printf(&out, " (%s)", decisions[i].why[k]);
        buf_add_char(&out, '\n');
    }
    if (site->plan != NULL)
        plan_print(site->plan, &site->facts, &out);
    return arena_strdup(site->arena, buf_str(&out));
}

static void check_deciding_twice_gives_the_same(struct site *site)
{
    const char *once = all_of_it(site, site->decisions);
    site_plan(site);
    ck_assert_str_eq(all_of_it(site, site->decisions), once);
}
PROPERTY(deciding_twice_gives_the_same)

/* With a trace all rules are evaluated, without one only those whose addresses can match. */
static void check_rules_found_by_the_index_decide_as_all_rules_do(struct site *site)
{
    struct err err = ERR_INIT;
    struct decision *indexed;
    const char *all = all_of_it(site, site->decisions);
    ck_assert_int_eq(decide(site->policy, site->settings, &site->facts, site->arena, NULL, &indexed, &err),
                     0);
    ck_assert_str_eq(all_of_it(site, indexed), all);
}
PROPERTY(rules_found_by_the_index_decide_as_all_rules_do)

/* The facts as they are while only some classes were gathered. */
static struct facts with_classes(struct site *site, unsigned have)
{
    struct facts facts = site->facts;
    facts.have = have;
    facts.rcpts = arena_memdup(site->arena, facts.rcpts, facts.nrcpts * sizeof *facts.rcpts);
    for (size_t i = 0; i < facts.nrcpts; i++) {
        struct rcpt_facts *rcpt = &facts.rcpts[i];
        if ((have & FACTS_USERS) == 0)
            rcpt->registered = facts.sender_registered = ANSWER_UNASKED;
        if ((have & FACTS_KEYS) == 0)
            memset(rcpt->encrypt, 0, sizeof rcpt->encrypt);
        else if ((have & FACTS_LOOKUPS) == 0 && rcpt->encrypt[METHOD_SMIME].usable == ANSWER_NO)
            rcpt->encrypt[METHOD_OPENPGP].usable = ANSWER_UNASKED;
        if ((have & FACTS_DIRECTORY) == 0)
            rcpt->party = facts.sender_party = (struct party_facts){.groups = NULL};
        if ((have & FACTS_OPENED) == 0)
            rcpt->view = 0;
    }
    if ((have & FACTS_KEYS) == 0) {
        memset(facts.sign, 0, sizeof facts.sign);
        facts.fixed = NULL;
    }
    if ((have & FACTS_OPENED) == 0)
        facts.nviews = 0;
    return facts;
}

static void check_facts_gathered_on_demand_decide_as_all_facts_do(struct site *site)
{
    struct err err = ERR_INIT;
    struct decision *decisions;
    unsigned have = FACTS_BASE;
    for (int needs = 1; needs != 0; have |= (unsigned)needs) {
        struct facts facts = with_classes(site, have);
        needs = decide(site->policy, site->settings, &facts, site->arena, NULL, &decisions, &err);
        ck_assert_msg(needs >= 0, "%s", err.msg);
    }
    ck_assert_str_eq(all_of_it(site, decisions), all_of_it(site, site->decisions));
}
PROPERTY(facts_gathered_on_demand_decide_as_all_facts_do)

/* What reaches the sender: the answer (that a message is held or discarded is none), reports and acknowledgements. */
static const char *outward(struct site *site)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    const struct plan *plan = site->plan;
    if (plan->disposition >= DISPOSITION_TEMPFAIL)
        buf_printf(&out, "%s %s %s", disposition_name(plan->disposition), plan->reply_status,
                   plan->reply_text);
    for (size_t i = 0; i < plan->nnotices; i++) {
        const struct notice *notice = &plan->notices[i];
        if (notice->kind == NOTICE_ALERT)
            continue;
        buf_printf(&out, "; %s %s:", notice_kind_name(notice->kind),
                   notice->rule == NULL ? "" : notice->rule);
        for (size_t k = 0; k < notice->nrcpts; k++)
            buf_printf(&out, " %zu", notice->rcpts[k]);
    }
    return arena_strdup(site->arena, buf_str(&out));
}

/* No oracle: what a private key has shown changes nothing that the sender sees. */
static void check_what_opening_shows_does_not_reach_the_sender(struct site *site)
{
    static const enum decryption shown[] = {DECRYPTION_OPENED, DECRYPTION_UNAUTHENTICATED, DECRYPTION_FAILED};
    const char *before = NULL;
    if (site->facts.encrypted_by == METHOD_NONE)
        return;
    site->settings->max_copies = 1 + random_below(4);
    for (int round = 0; round < 8; round++) {
        bool alike = random_below(2) == 0; /* nobody can open it, or everybody */
        enum decryption all = shown[random_below(3)];
        random_views(site);
        for (size_t v = 1; v < site->facts.nviews; v++) {
            site->views[v].decryption = alike ? all : shown[random_below(3)];
            site->views[v].signature = alike ? SIGNATURE_NONE : site->views[v].signature;
        }
        site_plan(site);
        ck_assert_str_eq(outward(site), before == NULL ? outward(site) : before);
        before = outward(site);
    }
}
PROPERTY(what_opening_shows_does_not_reach_the_sender)

/* The copy that serves an address: how many share it, and what is done to it. */
static const char *copy_of(struct site *site, const char *addr)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    for (size_t i = 0; i < site->plan->ncopies; i++) {
        const struct copy *copy = &site->plan->copies[i];
        for (size_t k = 0; k < copy->nrcpts; k++) {
            if (copy->extra || strcmp(site->facts.rcpts[copy->rcpts[k]].addr, addr) != 0)
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
    const char *before[RANDOM_RCPTS_MAX], *addrs[RANDOM_RCPTS_MAX];
    enum disposition disposition = site->plan->disposition;
    size_t ncopies = site->plan->ncopies;
    for (size_t i = 0; i < facts->nrcpts; i++) {
        addrs[i] = facts->rcpts[i].addr;
        before[i] = copy_of(site, addrs[i]);
    }
    for (size_t i = facts->nrcpts; i > 1; i--) {
        size_t k = random_below((unsigned)i);
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

static bool rule_holds(const struct site *site, const struct rule *rule, size_t rcpt)
{
    const struct condition *failed;
    unsigned needs = 0;
    return match_rule(site->policy, rule, &site->facts, rcpt, &needs, &failed) == ANSWER_YES;
}

static void check_pair(const struct site *site, const struct rule *earlier, const struct rule *later)
{
    bool excludes = rule_excludes(earlier, later), swallows = rule_swallows(earlier, later);
    for (size_t i = 0; i < site->facts.nrcpts; i++) {
        bool first = rule_holds(site, earlier, i), second = rule_holds(site, later, i);
        ck_assert_msg(!excludes || !first || !second, "\"%s\" and \"%s\" do not exclude each other",
                      earlier->name, later->name);
        ck_assert_msg(!swallows || first || !second, "\"%s\" does not swallow \"%s\"", earlier->name,
                      later->name);
    }
}

/* What policy_check() says of rules among each other is so for every message. */
static void check_rules_that_are_said_to_exclude_or_swallow_each_other_do(struct site *site)
{
    const struct policy *policy = site->policy;
    const struct condition *one, *other;
    for (size_t a = 0; a < policy->nrules; a++) {
        for (size_t i = 0; rule_contradiction(&policy->rules[a], &one, &other) && i < site->facts.nrcpts; i++)
            ck_assert_msg(!rule_holds(site, &policy->rules[a], i), "\"%s\" matches", policy->rules[a].name);
        for (size_t b = a + 1; b < policy->nrules; b++)
            check_pair(site, &policy->rules[a], &policy->rules[b]);
    }
}
PROPERTY(rules_that_are_said_to_exclude_or_swallow_each_other_do)

/* Neither for its conditions nor for its directions, nor because of what stands before it. */
static void check_a_rule_of_which_check_says_that_it_never_matches_never_does(struct site *site)
{
    SEAL_CLEANUP(buf_fini) struct buf found = BUF_INIT(1u << 20);
    policy_check(site->policy, &found);
    for (size_t i = 0; i < site->facts.nrcpts; i++)
        for (size_t k = 0; k < site->decisions[i].nrules; k++) {
            const char *claim =
                arena_printf(site->arena, "rule \"%s\" can never match", site->decisions[i].rules[k]);
            ck_assert_msg(strstr(buf_str(&found), claim) == NULL, "%s:\n%s", claim, buf_str(&found));
        }
}
PROPERTY(a_rule_of_which_check_says_that_it_never_matches_never_does)

static void check_the_index_finds_whoever_swallows_a_rule(struct site *site)
{
    const struct policy *policy = site->policy;
    SEAL_CLEANUP(swallow_free) struct swallow *index = swallow_new(SIZE_MAX);
    for (size_t b = 0; b < policy->nrules; b++) {
        struct swallow_search search;
        const struct rule *first = NULL, *found = swallow_find(index, &policy->rules[b], &search);
        for (size_t a = 0; a < b && first == NULL; a++)
            if (rule_swallows(&policy->rules[a], &policy->rules[b]))
                first = &policy->rules[a];
        ck_assert_ptr_eq(found, first);
        swallow_add(index, &policy->rules[b], b);
    }
}
PROPERTY(the_index_finds_whoever_swallows_a_rule)

/* What is printed is read again as the same. */
static void check_a_policy_that_is_printed_reads_back(struct site *site)
{
    SEAL_CLEANUP(buf_fini) struct buf once = BUF_INIT(1u << 20), twice = BUF_INIT(1u << 20);
    policy_print(site->policy, &once);
    struct site *other = site_new(buf_str(&once));
    policy_print(other->policy, &twice);
    ck_assert_str_eq(buf_str(&twice), buf_str(&once));
    site_free(other);
}
PROPERTY(a_policy_that_is_printed_reads_back)

static bool has_same_keys(const struct copy *a, const struct copy *b)
{
    const struct op *one = encryption_of(a), *other = encryption_of(b);
    return one == NULL || (one->nkeys == other->nkeys &&
                           memcmp(one->keys, other->keys, one->nkeys * sizeof *one->keys) == 0);
}

static bool serves(const struct site *site, const struct copy *copy, const char *addr)
{
    if (copy->to != NULL || copy->extra)
        return !copy->extra && strcmp(copy->to, addr) == 0;
    for (size_t i = 0; i < copy->nrcpts; i++)
        if (strcmp(site->facts.rcpts[copy->rcpts[i]].addr, addr) == 0)
            return true;
    return false;
}

static void check_a_further_copy_brings_its_address_something_else(struct site *site)
{
    const struct plan *plan = site->plan;
    for (size_t i = 0; i < plan->ncopies; i++) {
        const struct copy *extra = &plan->copies[i];
        for (size_t k = 0; k < plan->ncopies && extra->extra; k++) {
            const struct copy *copy = &plan->copies[k];
            ck_assert(!serves(site, copy, extra->to) ||
                      !ops_equal(copy->ops, copy->nops, extra->ops, extra->nops) ||
                      !has_same_keys(copy, extra));
        }
    }
}
PROPERTY(a_further_copy_brings_its_address_something_else)

/* Else the claims above would be made of nothing. */
START_TEST(chance_reaches_everything)
{
    static const enum disposition dispositions[] = {DISPOSITION_SERVE,    DISPOSITION_DISCARD,
                                                    DISPOSITION_RETURN,   DISPOSITION_HOLD,
                                                    DISPOSITION_TEMPFAIL, DISPOSITION_REFUSE};
    size_t reached[SEAL_COUNT(dispositions)] = {0}, kinds[OP_STATUS + 1] = {0},
           notices[NOTICE_ALERT + 1] = {0};
    size_t split = 0, opened = 0, protected = 0, extra = 0, redirected = 0, of_directions = 0;
    for (int i = 0; i < 800; i++) {
        struct site *site = random_case(i);
        const struct plan *plan = site->plan;
        SEAL_CLEANUP(buf_fini) struct buf found = BUF_INIT(1u << 20);
        policy_check(site->policy, &found);
        of_directions += strstr(buf_str(&found), ", and no mail for them is") != NULL;
        reached[plan->disposition]++;
        split += plan->ncopies > 2;
        for (size_t k = 0; k < plan->nnotices; k++)
            notices[plan->notices[k].kind]++;
        for (size_t k = 0; k < plan->ncopies; k++) {
            opened += plan->copies[k].opened;
            protected += plan->copies[k].protect;
            extra += plan->copies[k].extra;
            redirected += !plan->copies[k].extra && plan->copies[k].to != NULL;
            for (size_t o = 0; o < plan->copies[k].nops; o++)
                kinds[plan->copies[k].ops[o].kind]++;
        }
        site_free(site);
    }
    for (size_t i = 0; i < SEAL_COUNT(reached); i++)
        ck_assert_msg(reached[i] > 2, "%s: %zu", disposition_name(dispositions[i]), reached[i]);
    for (size_t i = 0; i < SEAL_COUNT(kinds); i++)
        ck_assert_msg(kinds[i] > 5, "%s: %zu", op_kind_name((enum op_kind)i), kinds[i]);
    for (size_t i = 0; i < SEAL_COUNT(notices); i++)
        ck_assert_msg(notices[i] > 5, "%s: %zu", notice_kind_name((enum notice_kind)i), notices[i]);
    ck_assert_uint_gt(split, 10);
    ck_assert_uint_gt(opened, 5);
    ck_assert_uint_gt(protected, 10);
    ck_assert_uint_gt(extra, 10);
    ck_assert_uint_gt(redirected, 5);
    ck_assert_uint_gt(of_directions, 5);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/properties");
    TCase *t = tcase_create("properties");
    tcase_set_timeout(t, 0); /* the number of rounds is up to who runs it; ctest has a limit */
    tcase_add_loop_test(t, every_recipient_has_exactly_one_outcome, 0, CHUNKS);
    tcase_add_loop_test(t, key_that_is_not_there_is_used_by_no_plan_that_is_carried_out, 0, CHUNKS);
    tcase_add_loop_test(t, only_the_first_copy_is_in_place_and_never_at_another_address, 0, CHUNKS);
    tcase_add_loop_test(t, who_must_be_protected_is_served_by_ciphertext_with_his_key, 0, CHUNKS);
    tcase_add_loop_test(t, keys_of_different_kinds_and_hidden_recipients_stay_apart, 0, CHUNKS);
    tcase_add_loop_test(t, an_opened_copy_is_its_recipients_own_view, 0, CHUNKS);
    tcase_add_loop_test(t, what_is_hidden_outside_is_protected_inside, 0, CHUNKS);
    tcase_add_loop_test(t, the_subject_comes_from_what_the_recipient_may_see, 0, CHUNKS);
    tcase_add_loop_test(t, deciding_twice_gives_the_same, 0, CHUNKS);
    tcase_add_loop_test(t, rules_found_by_the_index_decide_as_all_rules_do, 0, CHUNKS);
    tcase_add_loop_test(t, facts_gathered_on_demand_decide_as_all_facts_do, 0, CHUNKS);
    tcase_add_loop_test(t, what_opening_shows_does_not_reach_the_sender, 0, CHUNKS);
    tcase_add_loop_test(t, rules_that_are_said_to_exclude_or_swallow_each_other_do, 0, CHUNKS);
    tcase_add_loop_test(t, a_rule_of_which_check_says_that_it_never_matches_never_does, 0, CHUNKS);
    tcase_add_loop_test(t, the_index_finds_whoever_swallows_a_rule, 0, CHUNKS);
    tcase_add_loop_test(t, the_order_of_recipients_changes_nothing_but_order, 0, CHUNKS);
    tcase_add_loop_test(t, a_policy_that_is_printed_reads_back, 0, CHUNKS);
    tcase_add_loop_test(t, a_further_copy_brings_its_address_something_else, 0, CHUNKS);
    tcase_add_test(t, chance_reaches_everything);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
