"""sealadm policy test, and the table of expectations beside the policy."""
import json
import os
import re
import unittest

from support import Case

POLICY = """\
our domains ours.example
keyword plain subject "[plain]"
group Board is directory "cn=board,dc=ours,dc=example"
rule "plain"
    when outbound, keyword plain
    pass
rule "no programs"
    when outbound, attachment name *.exe
    refuse "No programs."
rule "none by type"
    when outbound, attachment type application/x-msdownload
    refuse
rule "board"
    when outbound, from group Board
    sign
    encrypt
rule "the office"
    when client 192.0.2.0/24, inbound, header X-Site is a
    discard
rule "out"
    when outbound
    sign if possible
    encrypt if possible
rule "good"
    when inbound, verified
    decrypt
    tag
rule "in"
    when inbound
    decrypt
rule "inside"
    when internal
    pass
"""
TESTS = """\
# What this site promises.
test "on request in clear"
    from alice@ours.example
    to bob@far.example, possible smime
    subject "[plain] hello"
    expect rule "plain", pass

test "else encrypted"
    from alice@ours.example
    to bob@far.example, possible smime
    to carol@far.example
    expect rule "out", sign smime
    expect bob@far.example encrypt smime
    expect carol@far.example not encrypt
"""
OUT = ("--from", "alice@ours.example", "--to", "bob@far.example")
IN = ("--from", "bob@far.example", "--to", "alice@ours.example")


class PolicyTest(Case):
    def setUp(self):
        super().setUp()
        self.site.policy.write_text(POLICY)

    def recipient(self, *options):
        return json.loads(self.done("policy", "test", "--json", *options))["recipients"][0]

    def test_each_option_says_something(self):
        for options, rule in ((OUT, "out"), ((*OUT, "--subject", "[plain] hi"), "plain"), ((*OUT, "--keyword", "plain"), "plain"),
                              ((*OUT, "--header", "Subject: [plain] \"x\""), "plain"), ((*OUT, "--attachment", "run.exe"), "no programs"),
                              ((*OUT, "--attachment", "run.txt:application/x-msdownload"), "none by type"),
                              ((*OUT, "--attachment", ":application/x-msdownload"), "none by type"), ((*OUT, "--attachment", "a.txt"), "out"),
                              ((*OUT, "--from-group", "Board"), "board"), ((*OUT, "--fact", "unknown from group Board"), None),
                              ((*IN, "--client", "192.0.2.7", "--header", "X-Site: a"), "the office"), (IN, "in"),
                              ((*IN, "--client", "192.0.2.7"), "in"), ((*IN, "--signed"), "good"),
                              ((*IN, "--signed", "--verified", "bad"), "in"), ((*IN, "--encrypted", "--verified", "good"), "good"),
                              ((*IN, "--login", "bob"), "inside"), ((*IN, "--local"), "inside")):
            with self.subTest(options):
                self.assertEqual(self.recipient(*options)["rules"], [rule] if rule else [])

    def test_what_is_possible_is_stated(self):
        self.assertEqual(self.recipient(*OUT)["decision"], ["sign smime"])
        self.assertEqual(self.recipient(*OUT, "--possible", "smime")["decision"], ["protect headers plain", "sign smime", "encrypt smime aes256-cbc rsa"])
        said = self.recipient(*OUT, "--from-group", "Board")
        self.assertEqual((said["disposition"], said["decision"]), ("refuse", []))
        self.assertEqual(self.recipient(*OUT, "--from-group", "Board", "--fact", "unknown possible smime")["disposition"], "tempfail")

    def test_what_is_not_opened_says_why(self):
        self.assertIn("not opened: no key of the recipient", self.recipient(*IN, "--encrypted", "--fact", "not opened")["why"])

    def test_each_rule_tried_is_named_with_the_condition_that_failed(self):
        said = self.done("policy", "test", *OUT, "--possible", "smime")
        self.assertIn('    tried    "plain"         no   keyword plain\n', said)
        self.assertIn('             "board"         no   from group Board\n', said)
        self.assertIn('             "out"           yes\n', said)
        self.assertIn("    decided  protect headers plain, sign smime, encrypt smime", said)
        tried = self.recipient(*OUT)["tried"]
        self.assertEqual([(line["rule"], line["matched"]) for line in tried],
                         [("plain", "no"), ("no programs", "no"), ("none by type", "no"), ("board", "no"), ("the office", "no"), ("out", "yes")])

    def test_lines_are_cut_to_fit(self):
        names = " or ".join(f"person{i}@some.where.example" for i in range(50))
        self.site.policy.write_text(POLICY.replace('rule "plain"', f'rule "{"x" * 60}"\n    when outbound, to {names}\n    pass\nrule "plain"'))
        self.assertLessEqual(max(map(len, self.done("policy", "test", *OUT).splitlines())), 100)

    def test_wrong_facts_are_errors(self):
        self.fails("policy", "test", *OUT, "--from-group", "Bord", says="no rule of the policy asks for this group")
        self.fails("policy", "test", *OUT, "--possible", "smine", says="did you mean 'smime'?")
        self.fails("policy", "test", *OUT, "--size", "big", says="expected a size")
        self.fails("policy", "test", "--from", "nobody", "--to", "bob@far.example", says="from")
        for words in (("--from", "a@b.example"), ("--to", "a@b.example"), (*OUT, "table"), (*OUT, "--header", "x"), ("a", "b")):
            with self.subTest(words):
                self.fails("policy", "test", *words, status=2, says="usage")

    def test_the_table_beside_the_policy_is_run(self):
        self.fails("policy", "test", says="policy.tests: there is no table")
        self.file("policy.tests", TESTS)
        self.assertIn("policy.tests: 2 tests, all as expected", self.done("policy", "test"))
        self.assertIn("policy.tests: 2 tests, all as expected", self.done("policy", "check"))
        other = self.file("other", TESTS.replace("not encrypt", "encrypt"))
        result = self.fails("policy", "test", other, says="1 expectations of 2 tests fail")
        self.assertRegex(result.text, r'error: .*/other:14:30: test "else encrypted", carol@far.example: expected encrypt, found serve; '
                         r'rules: "out"; operations: sign smime\n')

    def test_load_refuses_what_fails_unless_forced(self):
        self.done("policy", "load")
        self.file("policy.tests", TESTS)
        self.site.policy.write_text(POLICY.replace("keyword plain\n    pass", "keyword plain\n    sign"))
        self.unchanged("policy", "load", says="1 expectations of 2 tests fail")
        self.fails("policy", "check", says="1 expectations of 2 tests fail")
        self.assertIn("with --force it is put into use all the same", self.fails("policy", "load", says="fail").text)
        self.assertIn("put into use by force", self.done("policy", "load", "--force"))
        self.assertEqual([line["version"] for line in self.json("policy", "log")["policies"]], [1, 2])
        self.file("policy.tests", "tset\n")
        self.fails("policy", "check", says="policy.tests:1:1: found 'tset', expected test")
        self.site.policy.write_text("rule")
        self.unchanged("policy", "load", "--force", says="the rule's name")

    def test_rollback_refuses_what_fails_unless_forced(self):
        self.site.policy.write_text(POLICY.replace("keyword plain\n    pass", "keyword plain\n    sign"))
        self.done("policy", "load")
        self.site.policy.write_text(POLICY)
        self.file("policy.tests", TESTS)
        self.done("policy", "load")
        refused = self.unchanged("policy", "rollback", says="1 expectations of 2 tests fail")
        self.assertIn("with --force it is put into use all the same", refused.text)
        self.assertRegex(refused.text, 'error: .*policy.tests:6:.* expected pass, found serve')
        said = self.done("policy", "rollback", "--force")
        self.assertIn("put into use by force", said)
        self.assertIn("policy version 3 (version 1 again", said)
        self.assertIn("2 tests, all as expected", self.done("policy", "rollback", "2"))

    def test_rollback_to_before_a_rule_that_the_table_names_is_forced(self):
        older = POLICY.replace('rule "no programs"', 'rule "programs"')
        self.site.policy.write_text(older)
        self.done("policy", "load")
        self.site.policy.write_text(POLICY)
        self.file("policy.tests", TESTS + 'test "programs"\n    from alice@ours.example, attachment name a.exe\n    to bob@far.example\n'
                  '    expect rule "no programs"\n')
        self.done("policy", "load")
        self.unchanged("policy", "rollback", says='the policy has no rule "no programs"')
        self.done("policy", "rollback", "--force")
        self.assertEqual(self.done("policy", "show"), older)

    def test_table_that_is_no_file_is_refused_and_not_waited_for(self):
        table = self.site.policy.with_suffix(".tests")
        os.mkfifo(table)
        self.fails("policy", "check", says="policy.tests: not a regular file")
        self.fails("policy", "test", says="policy.tests: not a regular file")
        self.fails("policy", "load", says="policy.tests: not a regular file")
        table.unlink()
        table.mkdir()
        self.fails("policy", "check", says="policy.tests: not a regular file")

    def test_messages_of_its_own_want_inject(self):
        text = POLICY.replace('rule "out"', 'rule "archive"\n    when outbound\n    copy to archive@ours.example\n    continue\nrule "out"')
        self.site.policy.write_text(text)
        self.assertIn("rule \"archive\" sends messages of its own, and the settings have no 'inject'", self.done("policy", "check"))
        self.site.configure(inject="127.0.0.1:10026")
        self.assertNotIn("inject", self.done("policy", "check"))


def apply(before, patch):
    """The text that a unified diff makes of before; fails where it does not fit."""
    lines, out, at = before.splitlines(keepends=True), [], 0
    for line in patch.splitlines(keepends=True)[2:]:
        found = re.match(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@", line)
        if found:
            start = int(found[1]) - (1 if int(found[2]) else 0)
            out += lines[at:start]
            at = start
        elif line[0] == "+":
            out.append(line[1:])
        else:
            assert lines[at] == line[1:], (lines[at], line)
            at += 1
            out += [line[1:]] if line[0] == " " else []
    return "".join(out + lines[at:])


class PolicyDiff(Case):
    def rules(self, names):
        return "our domains ours.example\n" + "".join(f'rule "{name}"\n    when outbound, to {name}.example\n    pass\n' for name in names) \
            + 'rule "all"\n    pass\n'

    def load(self, text):
        self.site.policy.write_text(text)
        self.done("policy", "load")

    def test_what_differs_is_shown_line_by_line(self):
        self.load(self.rules("abcdefgh"))
        self.load(self.rules("abcxefgh"))
        said = self.done("policy", "diff", "1")
        self.assertRegex(said, r"\A--- version 1, loaded \S+ by \S+\n\+\+\+ version 2, loaded")
        self.assertIn('-rule "d"\n-    when outbound, to d.example\n+rule "x"\n+    when outbound, to x.example\n     pass\n', said)
        self.assertNotIn('"b"', said)
        self.assertIn("are the same", self.done("policy", "diff", "2", "2"))

    def test_without_operand_the_file_is_compared_with_what_is_in_use(self):
        self.load(self.rules("ab"))
        self.site.policy.write_text(self.rules("abc"))
        said = self.done("policy", "diff")
        self.assertRegex(said, r"\+\+\+ \S+/policy.conf\n")
        self.assertIn('+rule "c"\n', said)

    def test_a_diff_leads_from_one_text_to_the_other(self):
        texts = [self.rules(names) for names in ("", "abc", "xabc", "abcdefghijklmnop", "bdfhjlnp", "ponmlkjihgfedcba", "apbocndmelfk", "efgabc")]
        texts.append(self.rules(f"r{i}" for i in range(2000)))
        texts.append(texts[1] + "# no end of line")
        for text in texts:
            self.load(text)
        for i in range(len(texts) - 1):
            for k in range(len(texts) - 1):
                said = self.done("policy", "diff", i + 1, k + 1)
                self.assertEqual(texts[i] if i == k else apply(texts[i], said), texts[k], (i, k))
        self.assertIn("\\ No newline at end of file", self.done("policy", "diff", 2, len(texts)))

    def test_wrong_usage(self):
        self.fails("policy", "diff", says="next: sealadm policy load")
        self.load(self.rules("a"))
        self.fails("policy", "diff", "7", says="there is no policy version 7")
        for words in (("x",), ("1", "2", "3"), ("0",)):
            self.fails("policy", "diff", *words, status=2, says="usage")


if __name__ == "__main__":
    unittest.main()
