/*
 * Tests of the gate when the n-th read, write or map fails, for all n: it answers "later", or it did all that was to be done. Spools are
 * files here. The sanitizers see what was not freed.
 */
#include "base/io.h"
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <errno.h>
#include <string.h>

static const char policy[] =
    OUR_DOMAIN KEYWORD_CONFIDENTIAL "rule \"secret\"\n"
                                    "    when outbound, keyword confidential\n"
                                    "    sign\n"
                                    "    encrypt\n" OUT_IF_POSSIBLE IN_OPENED_AND_HARVESTED HOUSE_PASSES;

#define LINE     "ORCHID ORCHID ORCHID ORCHID ORCHID ORCHID ORCHID ORCHID ORCHID ORCHID\n"
#define FROM_BOB "From: bob@their.example\nTo: alice@our.example\nSubject: Hi\n"

static struct site *site;
static struct pki_entity *alice, *bob;

static void setup(void)
{
    site = site_new_with(policy, "spool-memory = 4K\n");
    alice = site_user(site, "alice@our.example", PKI_P256);
    bob = site_partner(site, "bob@their.example", PKI_P256);
    site_partner(site, "eve@their.example", PKI_P256);
}

static void teardown(void)
{
    io_fault_at(0, 0);
    site_free(&site);
}

static const char *repeated(size_t n)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    for (size_t i = 0; i < n; i++)
        buf_add_str(&text, LINE);
    return arena_strdup(site->arena, buf_str(&text));
}

static void check_failure(unsigned n)
{
    ck_assert_msg(err_is_set(&site->err), "%u", n);
    ck_assert_msg(err_class(site->err.code) == ERR_CLASS_TEMPORARY, "%u: %s", n, site->err.msg);
    ck_assert_ptr_null(site->outcome);
}

/* Runs until a run meets no fault any more; done says whether a run that did not fail did all. */
static void fail_everywhere(const struct site_mail *mail, int code, void (*done)(void))
{
    unsigned failed = 0, n = 0;
    do {
        io_fault_at(++n, code);
        int status = site_run(site, mail);
        unsigned passed = io_fault_count();
        io_fault_at(0, 0);
        if (status < 0) {
            check_failure(n);
            failed++;
        } else {
            done();
        }
        if (passed < n)
            break;
    } while (true);
    ck_assert_uint_gt(failed, 5);
    ck_assert_uint_lt(n, 2000);
}

static void done_outbound(void)
{
    const struct outcome *outcome = site->outcome;
    if (outcome->verdict == VERDICT_TEMPFAIL) { /* a look-up that failed: could not find out */
        ck_assert_int_eq(outcome->reply[0], '4');
        return;
    }
    ck_assert_int_eq(outcome->verdict, VERDICT_ACCEPT);
    ck_assert(!has(site_copy_for(site, "bob@their.example"), "ORCHID"));
    ck_assert(!has(site_copy_for(site, "eve@their.example"), "ORCHID"));
}

static const int codes[] = {EIO, ENOSPC};

START_TEST(required_encryption_is_done_or_deferred)
{
    const char *text = arena_printf(site->arena,
                                    "From: alice@our.example\nTo: bob@their.example\n"
                                    "Subject: [confidential] Hi\n\n%s",
                                    repeated(200));
    fail_everywhere(&(struct site_mail){.from = "alice@our.example",
                                        .login = "alice@our.example",
                                        .to = {"bob@their.example", "eve@their.example"},
                                        .text = text},
                    codes[_i], done_outbound);
}
END_TEST

/* "If possible" is no way out either: a certificate that is there is used, or the message is deferred. */
START_TEST(possible_encryption_is_done_or_deferred)
{
    const char *text = arena_printf(
        site->arena, "From: alice@our.example\nTo: bob@their.example\nSubject: Hi\n\n%s", repeated(200));
    fail_everywhere(&(struct site_mail){.from = "alice@our.example",
                                        .login = "alice@our.example",
                                        .to = {"bob@their.example", "eve@their.example"},
                                        .text = text},
                    codes[_i], done_outbound);
}
END_TEST

static void done_inbound(void)
{
    if (site->outcome->verdict == VERDICT_TEMPFAIL)
        return;
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    struct span copy = site_copy_for(site, "alice@our.example");
    ck_assert(has(copy, "ORCHID"));
    ck_assert_ptr_nonnull(
        strstr(site_field(site, copy, "X-Sealmilter-Status", 0), "encryption=opened; auth=signature"));
    ck_assert_uint_eq(site->outcome->neffects, 1);
}

START_TEST(opening_is_done_or_deferred)
{
    const char *entity = arena_printf(site->arena, "Content-Type: text/plain\n\n%s", repeated(200));
    struct span inner = site_signed_entity(site, entity, bob, PKI_NOW);
    fail_everywhere(&(struct site_mail){.from = "bob@their.example",
                                        .to = {"alice@our.example"},
                                        .bytes = site_enveloped(site, FROM_BOB, inner, alice)},
                    codes[_i], done_inbound);
}
END_TEST

START_TEST(opening_what_was_compressed_is_done_or_deferred)
{
    const char *entity = arena_printf(site->arena, "Content-Type: text/plain\n\n%s", repeated(200));
    struct span inner = site_signed_entity(site, entity, bob, PKI_NOW);
    fail_everywhere(
        &(struct site_mail){.from = "bob@their.example",
                            .to = {"alice@our.example"},
                            .bytes = site_enveloped(site, FROM_BOB, site_compressed(site, inner), alice)},
        codes[_i], done_inbound);
}
END_TEST

/* R17: whatever fails, it fails for a content that does not open as for one that does. */
static void done_broken(void)
{
    ck_assert(site->outcome->verdict == VERDICT_ACCEPT || site->outcome->verdict == VERDICT_TEMPFAIL);
    if (site->outcome->verdict == VERDICT_ACCEPT)
        ck_assert(!has(site_copy_for(site, "alice@our.example"), "ORCHID"));
}

START_TEST(oracle_broken_content_is_no_other_failure)
{
    const char *entity = arena_printf(site->arena, "Content-Type: text/plain\n\n%s", repeated(200));
    struct span message = site_enveloped(site, FROM_BOB, site_crlf(site, entity), alice);
    char *broken = arena_spandup(site->arena, message);
    char *end = broken + message.len - 20;
    *end = *end == 'A' ? 'B' : 'A';
    fail_everywhere(&(struct site_mail){.from = "bob@their.example",
                                        .to = {"alice@our.example"},
                                        .bytes = {broken, message.len}},
                    codes[_i], done_broken);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/faults");
    TCase *t = tcase_create("faults");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, required_encryption_is_done_or_deferred, 0, (int)SEAL_COUNT(codes));
    tcase_add_loop_test(t, possible_encryption_is_done_or_deferred, 0, (int)SEAL_COUNT(codes));
    tcase_add_loop_test(t, opening_is_done_or_deferred, 0, (int)SEAL_COUNT(codes));
    tcase_add_loop_test(t, opening_what_was_compressed_is_done_or_deferred, 0, (int)SEAL_COUNT(codes));
    tcase_add_loop_test(t, oracle_broken_content_is_no_other_failure, 0, (int)SEAL_COUNT(codes));
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
