#include "policy/policy.h"

#include "base/io.h"
#include "support/check.h"

#include <string.h>
#include <time.h>

#define ENDS                                                                                                 \
    "our domains example.org\nrule \"o\"\n  when outbound\n  pass\nrule \"i\"\n  when inbound\n  pass\n"     \
    "rule \"n\"\n  when internal\n  pass\n"

static size_t checked(const char *text, struct buf *out)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    ck_ok(policy_parse("p", span_of(text), NULL, 0, &policy, &err));
    buf_clear(out);
    size_t errors = policy_check(policy, out);
    policy_free(&policy);
    return errors;
}

static const struct {
    const char *text;
    size_t errors;
    const char *says;
} cases[] = {
    {ENDS, 0, ""},
    {"our domains a.example\nrule \"all\"\n  pass\n", 0, ""},
    {"our domains a.example\nrule \"all\"\n  when not transit\n  pass\n", 0, ""},
    {"", 4,
     "error: p: 'our domains' is missing: nothing would be inbound or internal\n"
     "error: p: no final rule for outbound mail: add one whose only condition is 'outbound'\n"
     "error: p: no final rule for internal mail: add one whose only condition is 'internal'\n"
     "error: p: no final rule for inbound mail: add one whose only condition is 'inbound'\n"},
    {"our domains a.example\nrule \"r\"\n  when outbound or internal\n  pass\n"
     "rule \"c\"\n  when inbound\n  tag\n  continue\n",
     1, "error: p: no final rule for inbound mail: add one whose only condition is 'inbound'\n"},
    {"our domains a.example\nrule \"r\"\n  when not inbound\n  pass\n"
     "rule \"c\"\n  when inbound, size over 1M\n  pass\nrule \"d\"\n  when inbound, size under 2M\n  pass\n",
     1, "error: p: no final rule for inbound mail: add one whose only condition is 'inbound'\n"},
    /* keywords */
    {"keyword plain subject [plain]\n" ENDS, 0, "warning: p:1: keyword 'plain' is used by no rule\n"},
    {"keyword plain subject [plain]\nrule \"k\"\n  when outbound, keyword plian\n  pass\n" ENDS, 1,
     "warning: p:1: keyword 'plain' is used by no rule\n"
     "error: p:3: rule \"k\": keyword 'plian' is not defined; did you mean 'plain'?\n"},
    {"rule \"k\"\n  when outbound, not keyword x\n  pass\n" ENDS, 1,
     "error: p:2: rule \"k\": keyword 'x' is not defined\n"},
    {"keyword plain subject [plain]\nkeyword plain header X is plain\n"
     "rule \"k\"\n  when outbound, keyword plain\n  pass\n"
     "rule \"bank\"\n  when outbound, to bank.example\n  encrypt\n" ENDS,
     0,
     "warning: p:3: rule \"k\": its keyword lets mail escape from rule \"bank\", which requires "
     "encryption\n"},
    {"keyword conf subject [conf]\nrule \"k\"\n  when outbound, keyword conf\n  encrypt\n"
     "rule \"bank\"\n  when outbound, to bank.example\n  encrypt\n" ENDS,
     0, ""},
    {"keyword in subject [in]\nrule \"k\"\n  when internal, keyword in\n  pass\n"
     "rule \"bank\"\n  when outbound, to bank.example\n  encrypt\n" ENDS,
     0, ""},
    /* groups */
    {"group Board is directory \"cn=board,dc=x\"\ngroup Sales is directory \"cn=sales,dc=x\"\n"
     "rule \"g\"\n  when outbound, from group Bord or Staff\n  sign\n" ENDS,
     0,
     "warning: p:1: group 'Board' is used by no rule\nwarning: p:2: group 'Sales' is used by no rule\n"
     "warning: p:4: group 'Bord' has no statement, so the directory is asked for it; did you mean "
     "'Board'?\n"},
    {"group Board is directory \"cn=board,dc=x\"\nrule \"g\"\n  when outbound, from group Board or Finance\n "
     " sign\n"
     "rule \"h\"\n  when outbound, to x.example, from group Board\n  sign\n" ENDS,
     0, "warning: p:5: rule \"h\" can never match: rule \"g\" in line 2 takes all its mail\n"},
    /* methods */
    {"rule \"m\"\n  when outbound, to x.example\n  encrypt with pdf or portal\n" ENDS, 2,
     "error: p:3: rule \"m\": pdf is not available in this build, and no other method is named\n"
     "error: p:3: rule \"m\": portal is not available in this build, and no other method is named\n"},
    {"rule \"m\"\n  when outbound, to x.example\n  encrypt with smime or pdf\n" ENDS, 0,
     "warning: p:3: rule \"m\": pdf is not available in this build\n"},
    {"rule \"m\"\n  when outbound, to x.example\n  sign with pdf\n" ENDS, 1,
     "error: p:3: rule \"m\": pdf is not available in this build, and no other method is named\n"},
    /* rules for themselves and among each other */
    {"rule \"o\"\n  when outbound, to x.example\n  sign\n" ENDS, 1,
     "error: p:5: rule \"o\" has the name of the rule in line 1\n"},
    {"rule \"m\"\n  when outbound, to x.example\n  encrypt\n  sign\n" ENDS, 0,
     "warning: p:4: rule \"m\": what stands in this line is done before the step above it: the order is "
     "decrypt, generate key, attach keys, sign, encrypt, tag\n"},
    {"rule \"m\"\n  when outbound, to x.example\n  sign\n  generate key\n" ENDS, 0,
     "warning: p:4: rule \"m\": what stands in this line is done before the step above it: the order is "
     "decrypt, generate key, attach keys, sign, encrypt, tag\n"},
    {"rule \"m\"\n  when outbound, to x.example\n  generate key\n  generate key openpgp\n  attach keys\n  "
     "sign\n" ENDS,
     0, ""},
    {"rule \"m\"\n  when outbound, inbound\n  sign\n" ENDS, 0,
     "warning: p:1: rule \"m\" can never match: no mail goes in all the directions that it names\n"},
    {ENDS "rule \"late\"\n  when outbound, to x.example\n  encrypt\n", 0,
     "warning: p:11: rule \"late\" can never match: rule \"o\" in line 2 takes all its mail\n"},
    {"rule \"wide\"\n  when outbound, to *.bank.example or bank.example\n  sign\n"
     "rule \"narrow\"\n  when outbound, to kurt@mail.bank.example\n  encrypt\n" ENDS,
     0, "warning: p:4: rule \"narrow\" can never match: rule \"wide\" in line 1 takes all its mail\n"},
    {"rule \"wide\"\n  when outbound, size over 1M\n  sign\n"
     "rule \"narrow\"\n  when outbound, to a@b.example, size over 2M\n  encrypt\n" ENDS,
     0, "warning: p:4: rule \"narrow\" can never match: rule \"wide\" in line 1 takes all its mail\n"},
    {"rule \"wide\"\n  when outbound, header X\n  sign\n"
     "rule \"narrow\"\n  when outbound, header x is y\n  encrypt\n" ENDS,
     0, "warning: p:4: rule \"narrow\" can never match: rule \"wide\" in line 1 takes all its mail\n"},
    {"rule \"wide\"\n  when outbound, not to b@a.example\n  sign\n"
     "rule \"narrow\"\n  when outbound, not to a.example\n  encrypt\n" ENDS,
     0, "warning: p:4: rule \"narrow\" can never match: rule \"wide\" in line 1 takes all its mail\n"},
    /* what cannot hold together */
    {"rule \"c\"\n  when outbound, size over 2M, size under 1M\n  sign\n" ENDS, 0,
     "warning: p:1: rule \"c\" can never match: 'size over 2M' and 'size under 1M' exclude each other\n"},
    {"rule \"c\"\n  when outbound, to a.example, to x@b.example or c.example\n  sign\n" ENDS, 0,
     "warning: p:1: rule \"c\" can never match: 'to domain a.example' and 'to x@b.example or c.example' "
     "exclude each "
     "other\n"},
    {"rule \"c\"\n  when outbound, to *.a.example, to *.b.example\n  sign\n" ENDS, 0,
     "warning: p:1: rule \"c\" can never match: 'to domain *.a.example' and 'to domain *.b.example' exclude "
     "each "
     "other\n"},
    {"rule \"c\"\n  when outbound, to sales-*@a.example, to info@a.example\n  sign\n" ENDS, 0,
     "warning: p:1: rule \"c\" can never match: 'to sales-*@a.example' and 'to info@a.example' exclude each "
     "other\n"},
    {"rule \"c\"\n  when outbound, signed, not signed\n  pass\n" ENDS, 0,
     "warning: p:1: rule \"c\" can never match: 'signed' and 'not signed' exclude each other\n"},
    {"rule \"c\"\n  when outbound, not to a.example, to x@a.example\n  pass\n" ENDS, 0,
     "warning: p:1: rule \"c\" can never match: 'not to domain a.example' and 'to x@a.example' exclude each "
     "other\n"},
    {"rule \"c\"\n  when outbound, encrypted with smime, encrypted with openpgp\n  pass\n" ENDS, 0,
     "warning: p:1: rule \"c\" can never match: 'encrypted with smime' and 'encrypted with openpgp' exclude "
     "each "
     "other\n"},
    {"rule \"c\"\n  when inbound, verified good, verified bad or none\n  pass\n" ENDS, 0,
     "warning: p:1: rule \"c\" can never match: 'verified' and 'verified none or bad' exclude each other\n"},
    {"rule \"c\"\n  when outbound, client 10.0.0.0/8, client 10.1.0.0/16\n  pass\n"
     "rule \"d\"\n  when outbound, client 10.0.0.0/8 or 2001:db8::/32, client 192.0.2.0/24\n  pass\n" ENDS,
     0,
     "warning: p:4: rule \"d\" can never match: 'client 10.0.0.0/8 or 2001:db8::/32' and 'client "
     "192.0.2.0/24' "
     "exclude each other\n"},
    {"rule \"wide\"\n  when outbound, client 10.0.0.0/8 or 192.0.2.1\n  sign\n"
     "rule \"narrow\"\n  when outbound, client 10.1.0.0/16\n  encrypt\n"
     "rule \"host\"\n  when outbound, client 192.0.2.1, to a.example\n  encrypt\n"
     "rule \"wider\"\n  when outbound, client 192.0.2.0/24\n  encrypt\n" ENDS,
     0,
     "warning: p:4: rule \"narrow\" can never match: rule \"wide\" in line 1 takes all its mail\n"
     "warning: p:7: rule \"host\" can never match: rule \"wide\" in line 1 takes all its mail\n"},
    /* what mail of its directions never is */
    {"external alias press@example.org\n"
     "rule \"a\"\n  when inbound, to bank.example\n  pass\n"
     "rule \"b\"\n  when inbound or internal, not to example.org\n  pass\n"
     "rule \"c\"\n  when outbound, to alice@example.org or bob@example.org\n  pass\n"
     "rule \"d\"\n  when outbound, to press@example.org\n  pass\n"
     "rule \"e\"\n  when outbound, to alice@example.org or bank.example\n  pass\n"
     "rule \"f\"\n  when internal, to alice@example.org\n  pass\n"
     "rule \"g\"\n  when inbound, to *ce@example.org or bank.example\n  pass\n" ENDS,
     0,
     "warning: p:3: rule \"a\" can never match: 'to domain bank.example' names others alone, and no mail for "
     "them is inbound\n"
     "warning: p:6: rule \"b\" can never match: 'not to domain example.org' names others alone, and no mail "
     "for "
     "them is internal or inbound\n"
     "warning: p:9: rule \"c\" can never match: 'to alice@example.org or bob@example.org' names addresses of "
     "ours alone, and no mail for them is outbound\n"},
    {"keyword k subject [k]\nrule \"a\"\n  when inbound, keyword k\n  pass\n"
     "rule \"b\"\n  when inbound, not keyword k, size over 1M\n  pass\n"
     "rule \"c\"\n  when size over 2M, keyword k\n  pass\n" ENDS,
     0,
     "warning: p:3: rule \"a\" can never match: 'keyword k' holds of submitted mail only, and no inbound "
     "mail "
     "is\n"},
    {"rule \"a\"\n  when inbound or transit, size over 1M\n  generate key openpgp\n"
     "rule \"b\"\n  when inbound or outbound, size over 2M\n  generate key\n" ENDS,
     0,
     "warning: p:3: rule \"a\": 'generate key openpgp' does nothing: who sends mail from outside is given no "
     "key\n"},
    {"rule \"a\"\n  when inbound or transit, size over 1M\n  add autocrypt\n  continue\n"
     "rule \"b\"\n  when inbound or internal, size over 2M\n  add autocrypt mutual\n  continue\n" ENDS,
     0, "warning: p:3: rule \"a\": 'add autocrypt' does nothing: keys go into mail of our own users alone\n"},
    {"rule \"a\"\n  when outbound or internal, size over 1M\n  detach keys\n"
     "rule \"b\"\n  when inbound or internal, size over 2M\n  detach keys\n" ENDS,
     0,
     "warning: p:3: rule \"a\": 'detach keys' does nothing: keys leave only mail from outside that is for "
     "us\n"},
    {"rule \"a\"\n  when inbound, size over 1M\n  attach keys\n  sign\n"
     "rule \"b\"\n  when outbound, size over 1M\n  decrypt\n  sign\n"
     "rule \"c\"\n  when size over 2M\n  decrypt\n  sign\n" ENDS,
     0,
     "warning: p:3: rule \"a\": 'attach keys' does nothing: mail from outside is never signed\n"
     "warning: p:4: rule \"a\": 'sign' does nothing: mail from outside is never signed\n"
     "warning: p:7: rule \"b\": 'decrypt' does nothing: only mail for us is opened\n"},
    /* what can hold together */
    {"rule \"a\"\n  when outbound, size over 1M, size under 2M\n  sign\n"
     "rule \"b\"\n  when outbound, to *.a.example, to *@b.a.example\n  sign\n"
     "rule \"c\"\n  when outbound, to s*@a.example, to ?ales@a.example\n  sign\n"
     "rule \"d\"\n  when outbound, to *@*, to x@e.example\n  sign\n"
     "rule \"e\"\n  when outbound, header X is a, header X is b\n  sign\n"
     "rule \"f\"\n  when outbound, to a*, to *.b.example\n  sign\n"
     "rule \"g\"\n  when outbound, signed, encrypted\n  sign\n" ENDS,
     0, ""},
    /* a keyword lets nothing escape from a rule about other mail */
    {"keyword k subject [k]\nrule \"k\"\n  when outbound, keyword k, to a.example\n  pass\n"
     "rule \"b\"\n  when outbound, to b.example\n  encrypt\nrule \"a\"\n  when outbound, to x@a.example\n  "
     "encrypt\n" ENDS,
     0,
     "warning: p:2: rule \"k\": its keyword lets mail escape from rule \"a\", which requires encryption\n"},
    /* found whatever stands between */
    {"rule \"wide\"\n  when outbound, to a.example or *.b.example or c@c.example\n  sign\n"
     "rule \"x\"\n  when outbound, to x@y.b.example\n  sign\nrule \"y\"\n  when outbound, to c@c.example or "
     "a.example\n  sign\n"
     "rule \"z\"\n  when outbound, to q*@a.example, size over 1M\n  sign\n" ENDS,
     0,
     "warning: p:4: rule \"x\" can never match: rule \"wide\" in line 1 takes all its mail\n"
     "warning: p:7: rule \"y\" can never match: rule \"wide\" in line 1 takes all its mail\n"
     "warning: p:10: rule \"z\" can never match: rule \"wide\" in line 1 takes all its mail\n"},
    {"rule \"w\"\n  when outbound, from *ce@*.a.example\n  sign\n"
     "rule \"x\"\n  when outbound, from alice@b.a.example\n  sign\n" ENDS,
     0, "warning: p:4: rule \"x\" can never match: rule \"w\" in line 1 takes all its mail\n"},
    {"rule \"w\"\n  when outbound, header X is a or b\n  sign\n"
     "rule \"x\"\n  when outbound, header x is b\n  sign\n" ENDS,
     0, "warning: p:4: rule \"x\" can never match: rule \"w\" in line 1 takes all its mail\n"},
    /* no oracle */
    {"rule \"v\"\n  when inbound, verified bad\n  refuse \"Broken.\"\n" ENDS, 1,
     "error: p:3: rule \"v\": 'refuse \"Broken.\"' tells the sender what 'verified' has found inside "
     "encrypted mail: add "
     "'not encrypted' to the conditions\n"},
    {"rule \"v\"\n  when not verified, from x.example\n  notify sender\n  continue\n" ENDS, 1,
     "error: p:3: rule \"v\": 'notify sender' tells the sender what 'verified' has found inside encrypted "
     "mail: add "
     "'not encrypted' to the conditions\n"},
    {"rule \"v\"\n  when inbound, verified, from x.example\n  tag\n"
     "rule \"w\"\n  when inbound, from x.example\n  refuse\n" ENDS,
     1,
     "error: p:6: rule \"w\": 'refuse' answers the sender of encrypted mail, and 'verified' in line 2 (rule "
     "\"v\"), which "
     "looks inside, settles whether it does: put this rule before that one, or add 'not encrypted' to one of "
     "them\n"},
    {"rule \"v\"\n  when inbound, verified, from x.example\n  decrypt\n  continue\n"
     "rule \"w\"\n  when inbound, from x.example\n  decrypt, else refuse\n" ENDS,
     1,
     "error: p:7: rule \"w\": 'decrypt, else refuse' answers the sender of encrypted mail, and 'verified' in "
     "line 2 (rule "
     "\"v\"), which looks inside, settles whether it does: put this rule before that one, or add 'not "
     "encrypted' to one "
     "of them\n"},
    {"rule \"v\"\n  when internal, verified none\n  pass\n"
     "rule \"w\"\n  when internal, to x@example.org\n  sign\n" ENDS,
     1,
     "error: p:6: rule \"w\": 'sign' answers the sender of encrypted mail, and 'verified' in line 2 (rule "
     "\"v\"), which "
     "looks inside, settles whether it does: put this rule before that one, or add 'not encrypted' to one of "
     "them\n"},
    {"rule \"a\"\n  when inbound, not encrypted, verified bad\n  refuse\n" /* asks outside alone */
     "rule \"b\"\n  when inbound, from y.example, encrypted\n  refuse\n"   /* before who asks */
     "rule \"v\"\n  when inbound, from x.example, verified\n  tag\n"
     "rule \"c\"\n  when inbound, from z.example\n  refuse\n"                    /* other mail */
     "rule \"d\"\n  when inbound, from x.example, not encrypted\n  refuse\n"     /* outside alone */
     "rule \"e\"\n  when outbound, to x.example\n  encrypt\n"                    /* not opened */
     "rule \"f\"\n  when inbound, from q.example, verified\n  tag\n  continue\n" /* takes nothing away */
     "rule \"g\"\n  when inbound, from q.example\n  refuse\n" ENDS,
     0, ""},
    {"rule \"v\"\n  when outbound, verified\n  tag\n" ENDS, 0,
     "warning: p:2: rule \"v\": 'verified' is asked of mail that is not for us: nothing of it is opened\n"},
    /* what leaves in clear, and what comes back */
    {"rule \"r\"\n  when to x@a.example\n  return \"No.\"\nrule \"s\"\n  when outbound, to a.example\n  "
     "return\n" ENDS,
     0,
     "warning: p:3: rule \"r\": 'return \"No.\"' of mail from outside writes to senders who may be forged: "
     "refuse it "
     "instead, or let the rule match submitted mail alone\n"},
    {"rule \"r\"\n  when inbound, to x@example.org\n  notify sender \"Thanks.\", \"{subject}\"\n"
     "rule \"s\"\n  when inbound, to y@example.org\n  notify sender subject \"Re: {subject}\"\n"
     "rule \"t\"\n  when inbound, to z@example.org\n  notify sender\n"
     "rule \"u\"\n  when outbound, to a.example\n  notify sender \"{subject}\"\n" ENDS,
     0,
     "warning: p:3: rule \"r\": 'notify sender \"Thanks.\" \"{subject}\"' sends the Subject of mail from "
     "outside "
     "to senders who may be forged, advertisements too: leave {subject} out\n"
     "warning: p:6: rule \"s\": 'notify sender subject \"Re: {subject}\"' sends the Subject of mail from "
     "outside to "
     "senders who may be forged, advertisements too: leave {subject} out\n"},
    {"rule \"r\"\n  when inbound, to x@example.org\n  redirect to x@other.example\n  continue\n"
     "rule \"s\"\n  when inbound, to x@example.org\n  decrypt\n" ENDS,
     0,
     "warning: p:3: rule \"r\": 'redirect to x@other.example' sends what rule \"s\" opens to an address that "
     "is "
     "not ours\n"},
    {"rule \"r\"\n  when inbound, to y@example.org\n  decrypt\n  continue\n"
     "rule \"s\"\n  when inbound, to y@example.org\n  copy to x@other.example\n" ENDS,
     0,
     "warning: p:7: rule \"s\": 'copy to x@other.example' sends what rule \"r\" opens to an address that is "
     "not "
     "ours\n"},
    /* as it came, for another, closed again, for one of ours */
    {"rule \"r\"\n  when inbound, to x@example.org\n  copy to x@other.example\n  continue\n"
     "rule \"s\"\n  when inbound, to x@example.org\n  decrypt\n"
     "rule \"t\"\n  when inbound, to y@example.org\n  forward to x@other.example\n  continue\n"
     "rule \"u\"\n  when inbound, to z@example.org\n  decrypt\n"
     "rule \"v\"\n  when inbound, to y@example.org\n  decrypt\n  encrypt\n  continue\n"
     "rule \"w\"\n  when inbound, to u@example.org\n  decrypt\n  forward to x@example.org\n" ENDS,
     0, ""},
    {"rule \"r\"\n  when outbound, to a.example\n  copy to archive@other.example\n  copy to x@example.org\n  "
     "encrypt\n" ENDS,
     0,
     "warning: p:3: rule \"r\": 'copy to archive@other.example' leaves in clear, to an address that is not "
     "ours, what "
     "must be encrypted: put it below 'encrypt'\n"},
    {"rule \"r\"\n  when outbound, to a.example\n  encrypt\n  copy to archive@other.example\n" ENDS, 0, ""},
    {"rule \"r\"\n  when outbound\n  copy to archive@other.example\n  continue\n"
     "rule \"s\"\n  when outbound, to a.example\n  encrypt\n" ENDS,
     0,
     "warning: p:3: rule \"r\": 'copy to archive@other.example' leaves in clear, to an address that is not "
     "ours, what "
     "rule \"s\" wants encrypted\n"},
    {"rule \"r\"\n  when inbound, to a@example.org\n  decrypt\n  forward to a@other.example\n" ENDS, 0,
     "warning: p:4: rule \"r\": 'forward to a@other.example' sends what was opened to an address that is not "
     "ours\n"},
    {"rule \"r\"\n  when inbound, to a@example.org\n  copy to a@other.example\n  decrypt\n" ENDS, 0, ""},
    {"rule \"r\"\n  when outbound, to a.example\n  encrypt\n  continue\n"
     "rule \"s\"\n  when outbound, size over 10M\n  hold\n" ENDS,
     0,
     "warning: p:7: rule \"s\": 'hold' defers mail that rule \"r\" wants encrypted: what is held is released "
     "in clear\n"},
    /* what is not swallowed */
    {"rule \"a\"\n  when outbound, to *.bank.example\n  sign\n"
     "rule \"b\"\n  when outbound, to bank.example\n  encrypt\n"
     "rule \"c\"\n  when outbound, to ?.x.example\n  sign\n"
     "rule \"d\"\n  when outbound, to *.x.example\n  encrypt\n"
     "rule \"e\"\n  when outbound, size over 2M\n  sign\n"
     "rule \"f\"\n  when outbound, size over 1M\n  encrypt\n"
     "rule \"g\"\n  when outbound, to y.example\n  sign\n  continue\n"
     "rule \"h\"\n  when outbound, to a@y.example\n  encrypt\n"
     "rule \"j\"\n  when outbound, not to z.example\n  sign\n"
     "rule \"k\"\n  when outbound, to z.example\n  encrypt\n" ENDS,
     0, ""},
};

START_TEST(a_careful_colleague_finds_it)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    size_t errors = checked(cases[_i].text, &out);
    ck_assert_str_eq(buf_str(&out), cases[_i].says);
    ck_assert_uint_eq(errors, cases[_i].errors);
}
END_TEST

START_TEST(the_policy_of_a_new_site_is_faultless)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20), out = BUF_INIT(1u << 20);
    ck_ok(io_read_file(TESTS_DIR "/../contrib/policies/default.conf", &text, &err));
    ck_assert_uint_eq(checked(buf_str(&text), &out), 0);
    ck_assert_str_eq(buf_str(&out), "");
}
END_TEST

static void check_quickly(const char *conditions)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(16u << 20), out = BUF_INIT(16u << 20);
    buf_add_str(&text, "our domains a.example\nkeyword k subject [k]\n");
    for (int i = 0; i < 10000; i++) {
        buf_printf(&text, "rule \"r%d\"\n  when outbound, ", i);
        for (const char *c = conditions; *c != '\0'; c++)
            if (*c == '#')
                buf_printf(&text, "%d", i);
            else
                buf_add_char(&text, *c);
        buf_printf(&text, "\n  encrypt\n");
    }
    buf_add_str(&text, "rule \"k\"\n  when keyword k\n  encrypt\nrule \"all\"\n  pass\n");
    struct timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    ck_assert_uint_eq(checked(buf_str(&text), &out), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    ck_assert_str_eq(buf_str(&out), "");
    ck_assert_msg(seconds < 10, "%s: %g s", conditions, seconds); /* comparing all pairs takes minutes */
}

START_TEST(ten_thousand_rules_are_checked_while_one_waits)
{
    static const char *const conditions[] = {"to d#.example",
                                             "to *.d#.example",
                                             "from u#@a.example, to bank.example",
                                             "to bank.example, header X is v#",
                                             "to group G#",
                                             "attachment name a#"};
    check_quickly(conditions[_i]);
}
END_TEST

/* Each keyword's rule and each partner's are about other addresses: nothing escapes, and comparing all pairs would find that out only at the end. */
static size_t check_many(unsigned n, struct buf *out)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(8u << 20);
    struct policy *policy = NULL;
    buf_add_str(&text, "our domains example.org\nkeyword k subject [k]\n");
    for (unsigned i = 0; i < n; i++)
        buf_printf(&text, "rule \"k%u\"\n  when outbound, keyword k, to k%u.example\n  pass\n", i, i);
    for (unsigned i = 0; i < n; i++)
        buf_printf(&text, "rule \"p%u\"\n  when outbound, to p%u.example\n  encrypt\n", i, i);
    buf_add_str(&text, "rule \"o\"\n  when outbound\n  sign\nrule \"i\"\n  when inbound\n  tag\n"
                       "rule \"h\"\n  when internal\n  pass\n");
    ck_ok(policy_parse("p", buf_span(&text), NULL, 0, &policy, &err));
    size_t errors = policy_check(policy, out);
    policy_free(&policy);
    return errors;
}

START_TEST(thousands_of_rules_are_compared_with_a_share_and_that_is_said)
{
    SEAL_CLEANUP(buf_fini) struct buf few = BUF_INIT(1u << 20), many = BUF_INIT(1u << 20);
    ck_assert_uint_eq(check_many(600, &few), 0);
    ck_assert_str_eq(buf_str(&few), "");
    ck_assert_uint_eq(check_many(3000, &many), 0);
    ck_assert_str_eq(
        buf_str(&many),
        "warning: p:3: rule \"k0\": 3000 rules from here on were not compared with all others: whether "
        "mail escapes from them, leaves in clear, or tells what is inside ciphertext, is not known of "
        "each pair\n");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/check");
    TCase *t = tcase_create("check");
    tcase_add_test(t, thousands_of_rules_are_compared_with_a_share_and_that_is_said);
    tcase_add_loop_test(t, a_careful_colleague_finds_it, 0, SEAL_COUNT(cases));
    tcase_add_test(t, the_policy_of_a_new_site_is_faultless);
    tcase_add_loop_test(t, ten_thousand_rules_are_checked_while_one_waits, 0, 6);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
