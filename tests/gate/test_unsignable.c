/* Tests of the gate on submitted mail whose content cannot be brought into the form that is signed. */
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <string.h>

static const char policy[] =
    OUR_DOMAIN "rule \"signed\"\n"
               "    when outbound, to domain tax.example\n"
               "    sign\n"
               "rule \"signed, in our words\"\n"
               "    when outbound, to domain bank.example\n"
               "    sign, else refuse \"The bank takes signed mail only.\"\n" OUT_IF_POSSIBLE "rule \"in\"\n"
               "    when inbound\n"
               "    pass\n" HOUSE_PASSES;

#define HEAD(encoding)                                                                                       \
    "From: alice@our.example\nTo: bob@their.example\nSubject: Hi\nMIME-Version: 1.0\n"                       \
    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: " encoding "\n\n"
#define TEN(text)     text text text text text text text text text text
#define HUNDRED(text) TEN(TEN(text))
#define LONG_LINE     HUNDRED("ORCHIDORCHID") /* 1200 octets */

/* Neither what it says, nor what can travel as it is. */
static const char *const broken[] = {
    HEAD("base64") LONG_LINE "?\n",
    HEAD("base64") LONG_LINE "A\n",
    HEAD("base64") "ORCHID\xc3\xbc\n",
    HEAD("quoted-printable") LONG_LINE "=zz\n",
    HEAD("x-own") "ORCHID\xc3\xbc\n",
    "From: alice@our.example\nSubject: Hi\nMIME-Version: 1.0\nContent-Type: multipart/mixed; "
    "boundary=b\n\n--b\n"
    "Content-Transfer-Encoding: base64\n\nORCHID\xc3\xbc\n--b\n\nx\n--b--\n",
};

static struct site *site;

static void setup(void)
{
    site = site_new(policy);
    site_user(site, "alice@our.example", PKI_P256);
    site_partner(site, "bob@their.example", PKI_P256);
}

static void teardown(void)
{
    site_free(&site);
}

static void submit(const char *text, const char *first, const char *second)
{
    const struct site_mail mail = {
        .from = "alice@our.example", .login = "alice@our.example", .to = {first, second}, .text = text};
    site_answers(site, &mail);
}

static bool is_noted(size_t rcpt, const char *needle)
{
    const struct decision *decision = &site->outcome->decisions[rcpt];
    for (size_t i = 0; i < decision->nwhy; i++)
        if (strstr(decision->why[i], needle) != NULL)
            return true;
    return false;
}

START_TEST(where_signing_is_a_wish_it_goes_unsigned_and_encrypted_all_the_same)
{
    submit(broken[_i], "bob@their.example", "carol@their.example");
    ck_assert_msg(site->outcome->verdict == VERDICT_ACCEPT, "%s", site->outcome->reply);
    struct span bob = site_copy_for(site, "bob@their.example");
    struct span carol = site_copy_for(site, "carol@their.example");
    ck_assert(has(bob, "smime-type=enveloped-data") && !has(bob, "ORCHID"));
    ck_assert(has(carol, "ORCHID") && !has(carol, "multipart/signed"));
    ck_assert(is_noted(0, "not signed: ") && is_noted(1, "not signed: "));
}
END_TEST

START_TEST(where_signing_is_required_it_is_refused_and_the_reply_says_why)
{
    submit(broken[_i], "carol@their.example", "office@tax.example");
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
    ck_assert_uint_eq(site->outcome->plan->ncopies, 0);
    ck_assert_msg(
        strncmp(site->outcome->reply, "550 5.6.1 A signature is required, and cannot be made: ", 55) == 0,
        "%s", site->outcome->reply);
    ck_assert_ptr_nonnull(strstr(site->outcome->reply, "office@tax.example"));
    submit(broken[_i], "office@bank.example", NULL);
    ck_assert_ptr_nonnull(strstr(site->outcome->reply, "The bank takes signed mail only."));
}
END_TEST

START_TEST(what_can_travel_as_it_is_is_signed_as_it_is)
{
    submit(HEAD("base64") "T1JDSElE\n-- \na list's footer\n", "office@tax.example", NULL);
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    struct span copy = site_copy_for(site, "office@tax.example");
    ck_assert(has(copy, "multipart/signed"));
    ck_assert(has(copy, "Content-Transfer-Encoding: base64\r\n\r\nT1JDSElE\r\n-- \r\na list's footer\r\n"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/unsignable");
    TCase *t = tcase_create("unsignable");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, where_signing_is_a_wish_it_goes_unsigned_and_encrypted_all_the_same, 0,
                        SEAL_COUNT(broken));
    tcase_add_loop_test(t, where_signing_is_required_it_is_refused_and_the_reply_says_why, 0,
                        SEAL_COUNT(broken));
    tcase_add_test(t, what_can_travel_as_it_is_is_signed_as_it_is);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
