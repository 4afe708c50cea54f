/* The sender's certificates as a further part: what Python's mail reader and openssl make of it. */
#include "support/check.h"
#include "support/tool.h"
#include "support/transform.h"

#include <string.h>

static struct transform *t;
static struct tool *tool;
static struct pki_entity *root, *ca, *alice;
static struct err err;
static int key;

static void set_up(void)
{
    t = transform_new();
    tool = tool_new();
    root = pki_root(t->pki, &(struct pki_spec){.name = "Root"});
    ca = pki_ca(t->pki, root, &(struct pki_spec){.name = "Middle"});
    alice = pki_leaf(t->pki, ca, &(struct pki_spec){.email = "alice@our.example"});
    key = transform_key(t, alice, ca);
}

static void tear_down(void)
{
    tool_free(&tool);
    transform_free(&t);
}

/* The parts by Python's reader, a file for each leaf; the structure goes to "said". */
static const char reader[] =
    "import email.policy, email.parser, sys\n"
    "m = email.parser.BytesParser(policy=email.policy.default).parsebytes(open('m', 'rb').read())\n"
    "print([p.get_content_type() for p in m.walk()], m['MIME-Version'], m['Subject'])\n"
    "assert not any(p.defects for p in m.walk()), [p.defects for p in m.walk()]\n"
    "leaves = [p for p in m.walk() if not p.is_multipart()]\n"
    "for i, p in enumerate(leaves): open('leaf%d' % i, 'wb').write(p.get_payload(decode=True))\n"
    "print(leaves[-1].get_filename(), leaves[-1].get_param('smime-type'))\n"
    "print(leaves[0]['Content-Type'], leaves[0]['Content-Transfer-Encoding'])\n";

static const char *read_by_python(void)
{
    tool_write(tool, "m", span_of(t->out));
    int status = tool_run(tool, "python3", "-c", reader, NULL);
    struct span said = tool_read(tool, "said");
    ck_assert_msg(status == 0, "%.*s", SPAN_ARG(said));
    return arena_spandup(t->arena, said);
}

static struct op attach(void)
{
    return (struct op){.kind = OP_ATTACH, .method = METHOD_SMIME, .keys = &key, .nkeys = 1};
}

START_TEST(original_is_the_first_part_and_the_certificates_the_second)
{
    const struct op op = attach();
    ck_ok(transform_run(t,
                        "From: alice@our.example\nSubject: Hi\nMIME-Version: 1.0\n"
                        "Content-Type: text/html; charset=iso-8859-1\n"
                        "Content-Transfer-Encoding: quoted-printable\n\n<p>=FC</p>\n",
                        &op, 1, &err));
    const char *said = read_by_python();
    ck_assert_msg(strstr(said, "['multipart/mixed', 'text/html', 'application/pkcs7-mime'] 1.0 Hi") != NULL,
                  "%s", said);
    ck_assert_ptr_nonnull(strstr(said, "smime.p7c certs-only"));
    ck_assert_ptr_nonnull(strstr(said, "text/html; charset=\"iso-8859-1\" quoted-printable"));
    ck_assert(span_is(tool_read(tool, "leaf0"), "<p>\xfc</p>\r\n") ||
              span_is(tool_read(tool, "leaf0"), "<p>\xfc</p>"));
}
END_TEST

START_TEST(openssl_reads_certificate_and_chain)
{
    const struct op op = attach();
    ck_ok(transform_run(t, "From: alice@our.example\nSubject: Hi\n\nHi\n", &op, 1, &err));
    (void)read_by_python();
    ck_assert_int_eq(
        tool_run(tool, "openssl", "pkcs7", "-inform", "DER", "-in", "leaf1", "-print_certs", "-noout", NULL),
        0);
    struct span said = tool_read(tool, "said");
    ck_assert_uint_ne(span_find(said, "alice@our.example", 17, 0), SIZE_MAX);
    ck_assert_uint_ne(span_find(said, "Middle", 6, 0), SIZE_MAX);
    ck_assert_int_eq(
        tool_run(tool, "openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", "leaf1", NULL), 0);
    said = tool_read(tool, "said");
    ck_assert_uint_ne(span_find(said, "eContent: <ABSENT>", 18, 0), SIZE_MAX);
}
END_TEST

START_TEST(multipart_is_wrapped_whole)
{
    const struct op op = attach();
    ck_ok(transform_run(t,
                        "From: alice@our.example\nMIME-Version: 1.0\n"
                        "Content-Type: multipart/alternative; boundary=b\n\n"
                        "--b\nContent-Type: text/plain\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n",
                        &op, 1, &err));
    ck_assert_ptr_nonnull(strstr(
        read_by_python(),
        "['multipart/mixed', 'multipart/alternative', 'text/plain', 'text/html', 'application/pkcs7-mime']"));
}
END_TEST

START_TEST(certificates_stand_inside_the_signature)
{
    const struct op ops[] = {attach(), {.kind = OP_SIGN, .method = METHOD_SMIME, .keys = &key, .nkeys = 1}};
    ck_ok(transform_run(t, "From: alice@our.example\nSubject: Hi\n\nHi\n", ops, 2, &err));
    ck_assert_ptr_nonnull(strstr(read_by_python(),
                                 "['multipart/signed', 'multipart/mixed', 'text/plain', "
                                 "'application/pkcs7-mime', 'application/pkcs7-signature']"));
    tool_entity(tool, "root", root);
    ck_assert_int_eq(
        tool_run(tool, "openssl", "cms", "-verify", "-in", "m", "-CAfile", "root.pem", "-out", "plain", NULL),
        0);
}
END_TEST

START_TEST(eight_bit_text_that_may_not_be_touched_is_declared)
{
    const struct op op = attach();
    ck_ok(
        transform_run(t,
                      "From: alice@our.example\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                      "Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\n\xc3\xa4\n",
                      &op, 1, &err));
    ck_assert_ptr_nonnull(strstr(t->out, "\r\nContent-Transfer-Encoding: 8bit\r\n"));
    ck_assert_ptr_nonnull(strstr(t->out, "\xc3\xa4"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/xform/attach");
    TCase *tc = tcase_create("attach");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, original_is_the_first_part_and_the_certificates_the_second);
    tcase_add_test(tc, openssl_reads_certificate_and_chain);
    tcase_add_test(tc, multipart_is_wrapped_whole);
    tcase_add_test(tc, certificates_stand_inside_the_signature);
    tcase_add_test(tc, eight_bit_text_that_may_not_be_touched_is_declared);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
