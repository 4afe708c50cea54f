/* Steps that ask more than one recipient's own keys: a rule's certificate, keys attached, header fields, wordings, notices. */
#include "gate/explain.h"
#include "mime/transfer.h"
#include "support/check.h"
#include "support/has.h"
#include "support/rules.h"
#include "support/site.h"

#include <string.h>

static const char rest[] = "rule \"in\"\n"
                           "    when inbound\n"
                           "    tag opened \"[geheim]\" signed \"[echt]\"\n" OUT_PASSES HOUSE_PASSES;

static struct site *site;
static struct pki_entity *alice;

static void setup(void)
{
    site = site_new("our domains our.example\nrule \"all\"\n    pass\n");
    alice = site_user(site, "alice@our.example", PKI_P256);
}

static void teardown(void)
{
    site_free(&site);
}

static void policy_with(const char *rule)
{
    site_policy(site, arena_printf(site->arena, "our domains our.example\n%s%s", rule, rest));
}

static void send_between(const char *from, const char *addr)
{
    const char *text = arena_printf(site->arena,
                                    "From: %s\nTo: bob@their.example\nSubject: Hi\n"
                                    "Message-Id: <1@c>\n\nThe token is ORCHID.\n",
                                    from);
    int status = site_run(site, &(struct site_mail){.from = from, .login = from, .to = {addr}, .text = text});
    ck_assert_msg(status == 0, "%s", site->err.msg);
}

static void send_to(const char *addr)
{
    send_between("alice@our.example", addr);
}

static void send_from(const char *addr)
{
    send_between(addr, "bob@their.example");
}

/* ---- encrypt to certificate ---- */

enum trouble {
    NONE,
    SELF_SIGNED,
    BY_HAND,
    REJECTED,
    EXPIRED,
    SHORT,
    SIGN_ONLY,
    ABSENT,
};

static const struct {
    enum trouble trouble;
    enum verdict verdict;
} fixed[] = {
    {NONE, VERDICT_ACCEPT},      {SELF_SIGNED, VERDICT_REJECT}, {BY_HAND, VERDICT_ACCEPT},
    {REJECTED, VERDICT_REJECT},  {EXPIRED, VERDICT_REJECT},     {SHORT, VERDICT_REJECT},
    {SIGN_ONLY, VERDICT_REJECT}, {ABSENT, VERDICT_REJECT},
};

static struct pki_entity *make(enum trouble trouble)
{
    struct pki_spec spec = {.email = "gateway@bank.example",
                            .type = trouble == SHORT ? PKI_RSA1024 : PKI_RSA2048};
    if (trouble == EXPIRED)
        spec.not_after = PKI_NOW - PKI_DAY;
    if (trouble == SIGN_ONLY)
        spec.key_usage = "digitalSignature";
    return trouble == SELF_SIGNED || trouble == BY_HAND ? pki_self(site->pki, &spec)
                                                        : pki_leaf(site->pki, site->root, &spec);
}

START_TEST(certificate_of_the_rule_counts_only_while_it_is_good)
{
    enum trouble trouble = fixed[_i].trouble;
    struct pki_entity *bank = make(trouble);
    if (trouble != ABSENT)
        site_add_cert(site, "gateway@bank.example", bank,
                      trouble == REJECTED  ? TRUST_REJECTED
                      : trouble == BY_HAND ? TRUST_TRUSTED
                                           : TRUST_UNTRUSTED,
                      trouble == REJECTED || trouble == BY_HAND);
    policy_with(arena_printf(site->arena,
                             "rule \"bank\"\n"
                             "    when outbound, to domain bank.example\n"
                             "    encrypt with smime to certificate %s, else refuse \"Not now.\"\n",
                             cert_info(bank->cert)->fingerprint));
    send_to("anybody@bank.example");
    ck_assert_int_eq(site->outcome->verdict, fixed[_i].verdict);
    if (fixed[_i].verdict == VERDICT_REJECT)
        return;
    ck_assert(has(site_copy(site, 0), "smime-type=enveloped-data"));
    ck_assert(!has(site_copy(site, 0), "ORCHID"));
    ck_assert_str_eq(site->outcome->plan->copies[0].ops[1].fp[0], cert_info(bank->cert)->fingerprint);
}
END_TEST

/* ---- what is put on ---- */

START_TEST(keys_and_header_fields_go_with_the_message)
{
    policy_with("rule \"keys\"\n"
                "    when outbound, to domain their.example\n"
                "    attach keys smime\n"
                "    sign\n"
                "    add header X-Site \"one\"\n");
    send_to("bob@their.example");
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    struct span copy = site_copy(site, 0);
    size_t is_signed = span_find(copy, "multipart/signed", 16, 0);
    size_t mixed = span_find(copy, "multipart/mixed", 15, 0);
    size_t certs = span_find(copy, "smime-type=certs-only", 21, 0);
    ck_assert(is_signed < mixed && mixed < certs && certs != SIZE_MAX);
    ck_assert_str_eq(site_field(site, copy, "X-Site", 0), "one");
}
END_TEST

/* The certificates that are attached; NULL in ptr: there are none. */
static struct span attached(void)
{
    static const char part[] = "filename=\"smime.p7c\"\r\n\r\n";
    struct span copy = site_copy(site, 0);
    size_t begin = span_find(copy, part, strlen(part), 0);
    if (begin == SIZE_MAX)
        return (struct span){NULL, 0};
    begin += strlen(part);
    size_t end = span_find(copy, "\r\n--", 4, begin);
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free)
    struct spool *der =
        spool_new(&(struct spool_conf){.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 20});
    ck_ok(base64_decode(span_sub(copy, begin, end - begin), der, &err));
    ck_ok(spool_seal(der, &err));
    struct span octets = spool_all(der);
    return (struct span){arena_memdup(site->arena, octets.ptr, octets.len), octets.len};
}

static bool gives(const struct pki_entity *entity)
{
    return span_find(attached(), entity->der.ptr, entity->der.len, 0) != SIZE_MAX;
}

static struct pki_entity *of_ours(const char *owner, const struct pki_spec *spec)
{
    struct pki_entity *entity = pki_leaf(site->pki, site->root, spec);
    site_add_cert(site, owner, entity, TRUST_TRUSTED, false);
    site_add_key(site, owner, entity);
    return entity;
}

#define HOUSE "@our.example"
static const struct pki_spec of_house = {.email = "gateway@our.example"};

START_TEST(all_certificates_of_sender_and_house_are_attached_with_their_issuers)
{
    struct pki_entity *encrypts = of_ours(
        "alice@our.example", &(struct pki_spec){.email = "alice@our.example", .key_usage = "keyAgreement"});
    struct pki_entity *house = of_ours(HOUSE, &of_house);
    struct pki_entity *colleague = site_user(site, "carla@our.example", PKI_P256);
    policy_with("rule \"keys\"\n    when outbound\n    attach keys smime\n");
    send_to("bob@their.example");
    ck_assert(gives(alice) && gives(encrypts) && gives(house) && gives(site->root));
    ck_assert(!gives(colleague));
    ck_assert(!has(attached(), "PRIVATE"));
    ck_assert(span_find(attached(), alice->pkcs8.ptr, alice->pkcs8.len, 0) == SIZE_MAX);
}
END_TEST

START_TEST(ended_and_rejected_certificates_are_not_attached)
{
    struct pki_spec ended = of_house;
    ended.not_after = PKI_NOW - PKI_DAY;
    struct pki_entity *old = of_ours(HOUSE, &ended), *bad = of_ours(HOUSE, &of_house);
    site_add_cert(site, HOUSE, bad, TRUST_REJECTED, true);
    policy_with("rule \"keys\"\n    when outbound\n    attach keys smime\n");
    send_to("bob@their.example");
    ck_assert(gives(alice) && !gives(old) && !gives(bad));
    site_known(site, "carla@our.example", "Carla");
    send_from("carla@our.example");
    ck_assert_ptr_null(attached().ptr);
}
END_TEST

START_TEST(certificate_of_the_house_goes_alone_where_the_sender_has_none)
{
    struct pki_entity *house = of_ours(HOUSE, &of_house);
    site_known(site, "carla@our.example", "Carla");
    policy_with("rule \"keys\"\n    when outbound\n    attach keys smime\n");
    send_from("carla@our.example");
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    ck_assert(gives(house) && gives(site->root) && !gives(alice));
}
END_TEST

START_TEST(wording_of_a_rule_is_written_by_us_alone)
{
    policy_with("");
    const char *text =
        "From: bob@their.example\nTo: alice@our.example\nSubject: [ge\xc2\xadheim] [EcHt] Hi\n\nx\n";
    ck_assert_int_eq(
        site_run(site,
                 &(struct site_mail){.from = "bob@their.example", .to = {"alice@our.example"}, .text = text}),
        0);
    ck_assert_str_eq(site_field(site, site_copy(site, 0), "Subject", 0), "Hi");
    struct span entity = site_crlf(site, "Content-Type: text/plain\n\nORCHID\n");
    struct span sealed =
        site_enveloped(site, "From: bob@their.example\nTo: alice@our.example\nSubject: Hi\n", entity, alice);
    policy_with("rule \"open\"\n"
                "    when inbound\n"
                "    decrypt\n"
                "    tag opened \"[geheim]\" unauthenticated \"[geheim?]\"\n");
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "bob@their.example",
                                                        .to = {"alice@our.example"},
                                                        .bytes = sealed}),
                     0);
    ck_assert(has(site_copy(site, 0), "ORCHID"));
    ck_assert_int_eq(strncmp(site_field(site, site_copy(site, 0), "Subject", 0), "[geheim", 7), 0);
}
END_TEST

/* ---- notices ---- */

static const char *notice(size_t i)
{
    ck_assert_uint_gt(site->outcome->plan->nnotices, i);
    ck_assert_ptr_nonnull(site->outcome->notices[i]);
    return arena_spandup(site->arena, spool_all(site->outcome->notices[i]));
}

static const char *explained(void)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    explain_text(site->outcome, &site->envelope, &site->trace, &out);
    explain_json(site->outcome, &site->envelope, &site->trace, &out);
    return arena_strdup(site->arena, buf_str(&out));
}

START_TEST(notices_are_whole_messages_that_explain_names)
{
    policy_with("rule \"all kinds\"\n"
                "    when outbound, to domain their.example\n"
                "    copy to archive@our.example\n"
                "    notify sender subject \"Got it\" \"To {recipients}: {subject}\"\n"
                "    alert guard@our.example\n"
                "    return \"Closed.\"\n");
    send_to("bob@their.example");
    ck_assert_int_eq(site->outcome->verdict, VERDICT_DISCARD);
    ck_assert_uint_eq(site->outcome->plan->nnotices, 3);
    ck_assert_ptr_nonnull(strstr(notice(0), "report-type=delivery-status"));
    ck_assert_ptr_nonnull(strstr(notice(1), "\r\nSubject: Got it\r\n"));
    ck_assert_ptr_nonnull(strstr(notice(1), "\r\n\r\nTo bob@their.example: Hi\r\n"));
    ck_assert_ptr_nonnull(strstr(notice(2), "\r\nTo: <guard@our.example>\r\n"));
    ck_assert(has(site_copy(site, 0), "ORCHID"));
    const char *said = explained();
    ck_assert_ptr_nonnull(strstr(said, "bob@their.example  (outbound)  returned\n"));
    ck_assert_ptr_nonnull(strstr(said, "    decided  return: 5.7.1 Closed.\n"));
    ck_assert_ptr_nonnull(strstr(said, "\"disposition\": \"return\""));
    ck_assert_ptr_nonnull(strstr(said, "\"text\": \"Closed.\""));
    ck_assert_ptr_nonnull(
        strstr(said, "copy 0, further, to archive@our.example, on account of bob@their.example\n"));
    ck_assert_ptr_nonnull(strstr(said, "notice 0, return, to alice@our.example\n"));
    ck_assert_ptr_nonnull(strstr(said, "notice 2, alert, to guard@our.example, by \"all kinds\"\n"));
    ck_assert_ptr_nonnull(strstr(said, "\"outcome\": \"returned\""));
}
END_TEST

START_TEST(notice_that_must_not_be_sent_is_explained)
{
    policy_with("rule \"noted\"\n"
                "    when outbound, to domain their.example\n"
                "    notify sender\n");
    static const char text[] = "From: alice@our.example\nAuto-Submitted: auto-replied\n\nx\n";
    ck_assert_int_eq(site_run(site, &(struct site_mail){.from = "alice@our.example",
                                                        .login = "alice@our.example",
                                                        .to = {"bob@their.example"},
                                                        .text = text}),
                     0);
    ck_assert_ptr_null(site->outcome->notices[0]);
    ck_assert_ptr_nonnull(strstr(explained(),
                                 "notice 0, notify sender, to alice@our.example, by \"noted\"; not "
                                 "sent: automatic mail is not answered\n"));
}
END_TEST

START_TEST(id_of_a_notice_is_new_each_time)
{
    policy_with("rule \"noted\"\n"
                "    when outbound, to domain their.example\n"
                "    alert a@our.example\n"
                "    alert b@our.example\n");
    send_to("bob@their.example");
    const char *a = strstr(notice(0), "Message-ID: "), *b = strstr(notice(1), "Message-ID: ");
    ck_assert_int_ne(strncmp(a, b, 50), 0);
    send_to("carol@their.example");
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/steps");
    TCase *tc = tcase_create("steps");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, certificate_of_the_rule_counts_only_while_it_is_good, 0, SEAL_COUNT(fixed));
    tcase_add_test(tc, keys_and_header_fields_go_with_the_message);
    tcase_add_test(tc, all_certificates_of_sender_and_house_are_attached_with_their_issuers);
    tcase_add_test(tc, ended_and_rejected_certificates_are_not_attached);
    tcase_add_test(tc, certificate_of_the_house_goes_alone_where_the_sender_has_none);
    tcase_add_test(tc, wording_of_a_rule_is_written_by_us_alone);
    tcase_add_test(tc, notices_are_whole_messages_that_explain_names);
    tcase_add_test(tc, notice_that_must_not_be_sent_is_explained);
    tcase_add_test(tc, id_of_a_notice_is_new_each_time);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
