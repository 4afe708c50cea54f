#include "policy/policy.h"

#include "base/io.h"
#include "support/check.h"

static void print(const char *text, struct buf *out)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    static const struct policy_file files[] = {{"/lists/a", SPAN_LIT("a.example\n")},
                                               {"/lists/b c", SPAN_LIT("")}};
    ck_assert_msg(policy_parse("p", span_of(text), files, SEAL_COUNT(files), &policy, &err) == 0, "%s\n%s",
                  err.msg, text);
    buf_clear(out);
    policy_print(policy, out);
    policy_free(&policy);
}

static const char everything[] = "our domains example.org, *.example.net\n"
                                 "external alias press@example.org, \"\\\"a b\\\"@example.org\"\n"
                                 "keyword plain subject \"[plain]\"\n"
                                 "keyword conf header Sensitivity is company-confidential\n"
                                 "keyword conf header X-Flag is \"two words\"\n"
                                 "login \"alice\" may sign for alice@example.org, example.net\n"
                                 "tls \"CN=app, O=x\" may sign for app@example.org\n"
                                 "network \"2001:db8::/32\" may sign for *@example.org\n"
                                 "local may sign for root@example.org\n"
                                 "any login may sign for info@example.org\n"
                                 "any network may sign for scan@example.org\n"
                                 "group Board is directory \"cn=board,o=x\"\n"
                                 "group \"two words\" is file \"/lists/a\"\n"
                                 "\n"
                                 "rule \"all \\\"conditions\\\"\"\n"
                                 "    when outbound or internal, not inbound, from domain example.org or "
                                 "\"address\", to a@b.example or c.example, "
                                 "keyword plain or \"or\", not signed, signed with smime, encrypted with "
                                 "openpgp, not encrypted, size over 10M, "
                                 "size under 1048577, header X-A, header X-B is a or \"b, c\", header \"is\" "
                                 "contains \"#x\", header X-C like *.exe, "
                                 "registered sender or recipient, "
                                 "from group Board or \"two words\" or Undeclared, to group \"group\", "
                                 "from file /lists/a or \"/lists/b c\", to file /lists/a, from attribute ou, "
                                 "to attribute ou is a or \"b c\", to attribute mail like *@x, "
                                 "client 10.0.0.0/8 or 2001:db8::1, client name *.example.org or \"name\", "
                                 "listener 587 or 192.0.2.1:25 or submission, login, login alice or b*, tls, "
                                 "not tls \"CN=a, O=b\", subject is a, subject contains \"b c\", "
                                 "header Subject, attachment, attachment name *.exe or \"is\", "
                                 "attachment name is a.exe type image/* or application/pdf, "
                                 "attachment name contains a, attachment type text/html, "
                                 "priority high or low, sensitivity private or company-confidential, "
                                 "calendar or tnef, list, automatic or report, "
                                 "possible smime or openpgp, not possible portal, verified, "
                                 "verified none or good\n"
                                 "    sign with smime opaque, else refuse \"No.\"\n"
                                 "    encrypt with smime or openpgp using aes256-gcm if possible\n"
                                 "    harvest\n"
                                 "    tag\n"
                                 "    continue\n"
                                 "\n"
                                 "rule \"more\"\n"
                                 "    sign if possible\n"
                                 "    encrypt, else refuse \"No.\"\n"
                                 "    decrypt, else refuse\n"
                                 "\n"
                                 "rule \"verbatim\"\n"
                                 "    pass verbatim\n"
                                 "\n"
                                 "rule \"pass\"\n"
                                 "    pass\n"
                                 "\n"
                                 "rule \"bare\"\n"
                                 "    sign\n"
                                 "    encrypt\n"
                                 "    decrypt\n"
                                 "\n"
                                 "rule \"refuse\"\n"
                                 "    refuse \"No.\"\n"
                                 "\n"
                                 "rule \"refuse bare\"\n"
                                 "    refuse\n";

START_TEST(everything_in_canonical_layout_prints_as_it_stands)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    print(everything, &out);
    ck_assert_str_eq(buf_str(&out), everything);
}
END_TEST

START_TEST(another_way_to_write_it_prints_alike)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    print(
        "our   domains Example.ORG # ours\r\n"
        "rule \"r\"\r\n\twhen internal or outbound,\r\n\tto address A@B.example\r\n\twhen size over 1024K\r\n"
        "\tsign detached\r\n\tencrypt, else clear\r\n",
        &out);
    ck_assert_str_eq(buf_str(&out), "our domains example.org\n\nrule \"r\"\n"
                                    "    when outbound or internal, to a@b.example, size over 1M\n"
                                    "    sign\n    encrypt if possible\n");
}
END_TEST

START_TEST(the_policy_of_a_new_site_prints_to_itself)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini)
    struct buf text = BUF_INIT(1u << 20), once = BUF_INIT(1u << 20), twice = BUF_INIT(1u << 20);
    ck_ok(io_read_file(TESTS_DIR "/../contrib/policies/default.conf", &text, &err));
    print(buf_str(&text), &once);
    print(buf_str(&once), &twice);
    ck_assert_str_eq(buf_str(&twice), buf_str(&once));
    ck_assert_uint_gt(once.len, 500);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/print");
    TCase *t = tcase_create("print");
    tcase_add_test(t, everything_in_canonical_layout_prints_as_it_stands);
    tcase_add_test(t, another_way_to_write_it_prints_alike);
    tcase_add_test(t, the_policy_of_a_new_site_prints_to_itself);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
