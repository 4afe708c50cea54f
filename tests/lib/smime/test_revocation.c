/* Tests of what revocation lists do to the answer of chain_check(). */
#include "support/check.h"
#include "support/crls.h"

#include "smime/chain.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct pki *pki;
static struct err err;
static struct pki_entity *root, *ca, *bob, *carol;
static struct crl **crls;
static size_t ncrls;
static struct chain_result result;

static void setup(void)
{
    err_clear(&err);
    pki = pki_new();
    root = pki_root(pki, &(struct pki_spec){.name = "Root"});
    ca = pki_ca(pki, root, &(struct pki_spec){.name = "CA"});
    bob = pki_leaf(pki, ca,
                   &(struct pki_spec){.email = "bob@b.example", .not_before = PKI_NOW - 100 * PKI_DAY});
    carol = pki_leaf(pki, ca, &(struct pki_spec){.email = "carol@b.example"});
    crls = NULL;
    ncrls = 0;
}

static void teardown(void)
{
    chain_result_fini(&result);
    pki_free(&pki);
}

static void publish(const struct crls_spec *spec)
{
    SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(CRL_DER_MAX);
    char signer[HASH_HEX_SIZE];
    crls_make(spec, &der);
    crls = xrealloc(crls, (ncrls + 1) * sizeof *crls);
    ck_ok(crl_find_signer(buf_span(&der), (struct cert *const *)&spec->issuer->cert, 1, signer, &err));
    ck_ok(crl_parse(buf_span(&der), signer, &crls[ncrls++], &err));
}

/* Takes the lists that were published over. */
static struct anchors *make_anchors(enum revocation_mode mode, struct cert *own)
{
    struct anchors *anchors;
    ck_ok(anchors_new(&root->cert, 1, &ca->cert, 1, &anchors, &err));
    anchors_set_revocation(anchors, mode, crls, ncrls, own);
    crls = NULL;
    ncrls = 0;
    return anchors;
}

static enum chain_answer ask_at(const struct anchors *anchors, const struct pki_entity *who, int64_t when)
{
    const struct chain_terms terms = {.purpose = CHAIN_SIGN, .when = when, .now = PKI_NOW};
    chain_result_fini(&result);
    ck_ok(chain_check(anchors, who->cert, NULL, 0, &terms, &result, &err));
    ck_assert_int_eq(result.answer == CHAIN_OK, result.npath > 0);
    ck_assert_int_eq(result.answer == CHAIN_OK, result.why[0] == '\0');
    return result.answer;
}

static enum chain_answer ask(enum revocation_mode mode, const struct pki_entity *who)
{
    struct anchors *anchors = make_anchors(mode, NULL);
    enum chain_answer answer = ask_at(anchors, who, PKI_NOW);
    anchors_free(&anchors);
    return answer;
}

static void publish_current(void)
{
    publish(&(struct crls_spec){.issuer = root});
    publish(&(struct crls_spec){.issuer = ca, .revoked = {bob}});
}

START_TEST(a_listed_certificate_is_revoked_and_it_says_since_when)
{
    enum revocation_mode mode = _i == 0 ? REVOCATION_SOFT : REVOCATION_HARD;
    publish_current();
    ck_assert_int_eq(ask(mode, bob), CHAIN_REVOKED);
    ck_assert_str_eq(result.why, "revoked since 2025-12-22: CN=bob@b.example");
    publish_current();
    ck_assert_int_eq(ask(mode, carol), CHAIN_OK);
    ck_assert_str_eq(result.note, "");
}
END_TEST

START_TEST(it_is_revoked_for_what_was_signed_before_too)
{
    publish_current();
    struct anchors *anchors = make_anchors(REVOCATION_SOFT, NULL);
    ck_assert_int_eq(ask_at(anchors, bob, CRLS_SINCE - PKI_DAY), CHAIN_REVOKED);
    anchors_free(&anchors);
}
END_TEST

START_TEST(a_revoked_intermediate_takes_those_below_with_it)
{
    publish(&(struct crls_spec){.issuer = root, .revoked = {ca}});
    publish(&(struct crls_spec){.issuer = ca});
    ck_assert_int_eq(ask(REVOCATION_SOFT, carol), CHAIN_REVOKED);
    ck_assert_ptr_nonnull(strstr(result.why, "CN=CA"));
}
END_TEST

START_TEST(off_looks_at_no_list)
{
    publish_current();
    ck_assert_int_eq(ask(REVOCATION_OFF, bob), CHAIN_OK);
}
END_TEST

START_TEST(a_missing_list_is_noted_or_forbids)
{
    publish(&(struct crls_spec){.issuer = root});
    ck_assert_int_eq(ask(REVOCATION_SOFT, bob), CHAIN_OK);
    ck_assert_str_eq(result.note, "no revocation list of CN=CA");
    publish(&(struct crls_spec){.issuer = root});
    ck_assert_int_eq(ask(REVOCATION_HARD, bob), CHAIN_UNCHECKED);
    ck_assert_str_eq(result.why, "no revocation list of CN=CA");
}
END_TEST

START_TEST(without_any_list_soft_has_nothing_to_say)
{
    ck_assert_int_eq(ask(REVOCATION_SOFT, bob), CHAIN_OK);
    ck_assert_str_eq(result.note, "");
    ck_assert_int_eq(ask(REVOCATION_HARD, bob), CHAIN_UNCHECKED);
}
END_TEST

static void publish_old(void)
{
    publish(&(struct crls_spec){.issuer = root});
    publish(&(struct crls_spec){
        .issuer = ca, .revoked = {bob}, .this_update = PKI_NOW - 9 * PKI_DAY, .next_update = PKI_NOW});
}

START_TEST(an_outdated_list_still_revokes_but_clears_nobody)
{
    publish_old();
    ck_assert_int_eq(ask(REVOCATION_SOFT, bob), CHAIN_REVOKED);
    publish_old();
    ck_assert_int_eq(ask(REVOCATION_SOFT, carol), CHAIN_OK);
    ck_assert_str_eq(result.note, "revocation list outdated since 2026-01-01: CN=CA");
    publish_old();
    ck_assert_int_eq(ask(REVOCATION_HARD, carol), CHAIN_UNCHECKED);
}
END_TEST

START_TEST(a_list_must_be_current_now_whenever_the_message_was_signed)
{
    publish_old();
    struct anchors *anchors = make_anchors(REVOCATION_HARD, NULL);
    ck_assert_int_eq(ask_at(anchors, carol, PKI_NOW - 5 * PKI_DAY), CHAIN_UNCHECKED);
    anchors_free(&anchors);
}
END_TEST

START_TEST(a_list_of_the_future_clears_nobody)
{
    publish(&(struct crls_spec){.issuer = root});
    publish(&(struct crls_spec){.issuer = ca, .this_update = PKI_NOW + 1});
    ck_assert_int_eq(ask(REVOCATION_HARD, carol), CHAIN_UNCHECKED);
}
END_TEST

START_TEST(the_list_of_a_namesake_clears_nobody)
{
    struct pki_entity *twin = pki_ca(pki, root, &(struct pki_spec){.name = "CA"});
    publish(&(struct crls_spec){.issuer = root});
    publish(&(struct crls_spec){.issuer = twin});
    ck_assert_int_eq(ask(REVOCATION_HARD, carol), CHAIN_UNCHECKED);
}
END_TEST

START_TEST(the_answer_says_when_the_first_list_is_to_be_replaced)
{
    publish(&(struct crls_spec){.issuer = root, .next_update = PKI_NOW + 3 * PKI_DAY});
    publish(&(struct crls_spec){.issuer = ca, .next_update = PKI_NOW + 2 * PKI_DAY});
    ck_assert_int_eq(ask(REVOCATION_HARD, carol), CHAIN_OK);
    ck_assert_int_eq(result.until, PKI_NOW + 2 * PKI_DAY);
}
END_TEST

START_TEST(hard_does_not_ask_for_a_list_of_the_own_authority)
{
    struct pki_entity *user = pki_leaf(pki, root, &(struct pki_spec){.email = "alice@our.example"});
    struct anchors *anchors = make_anchors(REVOCATION_HARD, root->cert);
    ck_assert_int_eq(ask_at(anchors, user, PKI_NOW), CHAIN_OK);
    ck_assert_int_eq(ask_at(anchors, bob, PKI_NOW), CHAIN_UNCHECKED); /* below it stands another */
    anchors_free(&anchors);
}
END_TEST

START_TEST(a_certificate_without_a_path_can_be_asked_for)
{
    publish_current();
    struct anchors *anchors = make_anchors(REVOCATION_SOFT, NULL);
    ck_assert(chain_is_revoked(anchors, bob->cert, &result));
    ck_assert_int_eq(result.answer, CHAIN_REVOKED);
    ck_assert(!chain_is_revoked(anchors, carol->cert, &result));
    anchors_free(&anchors);
    publish_current();
    anchors = make_anchors(REVOCATION_OFF, NULL);
    ck_assert(!chain_is_revoked(anchors, bob->cert, &result));
    anchors_free(&anchors);
}
END_TEST

/* ---- threads ---- */

static void *ask_often(void *arg)
{
    const struct anchors *anchors = arg;
    const struct chain_terms terms = {.purpose = CHAIN_SIGN, .when = PKI_NOW, .now = PKI_NOW};
    struct err mine = ERR_INIT;
    uintptr_t good = 0;
    for (int i = 0; i < 50; i++) {
        struct chain_result mine_result;
        const struct pki_entity *who = i % 2 == 0 ? bob : carol;
        if (chain_check(anchors, who->cert, NULL, 0, &terms, &mine_result, &mine) == 0)
            good += mine_result.answer == (i % 2 == 0 ? CHAIN_REVOKED : CHAIN_OK);
        chain_result_fini(&mine_result);
    }
    return (void *)good; /* NOLINT: a small number */
}

START_TEST(large_lists_answer_several_threads)
{
    pthread_t threads[4];
    publish(&(struct crls_spec){.issuer = root});
    publish(&(struct crls_spec){.issuer = ca, .revoked = {bob}, .many = 20000});
    struct anchors *anchors = make_anchors(REVOCATION_HARD, NULL);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often, anchors), 0);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++) {
        void *good;
        pthread_join(threads[i], &good);
        ck_assert_uint_eq((uintptr_t)good, 50);
    }
    anchors_free(&anchors);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("smime/revocation");
    TCase *tcase = tcase_create("revocation");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_listed_certificate_is_revoked_and_it_says_since_when, 0, 2);
    tcase_add_test(tcase, it_is_revoked_for_what_was_signed_before_too);
    tcase_add_test(tcase, a_revoked_intermediate_takes_those_below_with_it);
    tcase_add_test(tcase, off_looks_at_no_list);
    tcase_add_test(tcase, a_missing_list_is_noted_or_forbids);
    tcase_add_test(tcase, without_any_list_soft_has_nothing_to_say);
    tcase_add_test(tcase, an_outdated_list_still_revokes_but_clears_nobody);
    tcase_add_test(tcase, a_list_must_be_current_now_whenever_the_message_was_signed);
    tcase_add_test(tcase, a_list_of_the_future_clears_nobody);
    tcase_add_test(tcase, the_list_of_a_namesake_clears_nobody);
    tcase_add_test(tcase, the_answer_says_when_the_first_list_is_to_be_replaced);
    tcase_add_test(tcase, hard_does_not_ask_for_a_list_of_the_own_authority);
    tcase_add_test(tcase, a_certificate_without_a_path_can_be_asked_for);
    tcase_add_test(tcase, large_lists_answer_several_threads);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
