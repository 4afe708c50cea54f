"""sealadm policy: check, load, show, log, rollback."""
import contextlib
import os
import re
import subprocess
import time
import unittest

from support import POLICY, SEALADM, Case

OTHER = POLICY.replace("sign if possible", "sign")
THIRD = POLICY + "# third\n"
# No rule for outbound, inbound and internal mail: reads well, cannot be used.
GAPS = 'our domains ours.example\nrule "in"\n    when inbound\n    decrypt\n'
# The keyword's rule stands before one that requires encryption.
RISKY = POLICY.replace('rule "out"', 'keyword plain subject "[plain]"\nrule "plain"\n    when outbound, keyword plain\n    pass\n'
                       'rule "must"\n    when outbound, to domain bank.example\n    encrypt with smime\nrule "out"')


class Policy(Case):
    def load(self, text):
        return self.done("policy", "load", self.file("policy", text))

    def versions(self):
        return [p["version"] for p in self.json("policy", "log")["policies"]]

    # ---- check and load ----

    def test_check_stores_nothing(self):
        self.assertIn("can be used; next: sealadm policy load", self.done("policy", "check"))
        self.assertEqual(self.versions(), [])

    def test_check_needs_no_store(self):
        self.site.store.unlink()
        self.done("policy", "check")

    def test_loaded_policy_is_the_one_in_use(self):
        self.assertIn("policy version 1 ", self.done("policy", "load"))
        self.assertEqual(self.done("policy", "show"), POLICY)
        shown = self.json("policy", "show")
        self.assertEqual((shown["version"], shown["text"]), (1, POLICY))
        self.assertRegex(shown["loaded"], r"^20\d\d-")
        self.assertTrue(shown["by"])

    def test_file_and_standard_input_are_read(self):
        self.load(OTHER)
        self.assertIn("(-)", self.done("policy", "load", "-", input=THIRD.encode()))
        self.assertEqual(self.done("policy", "show"), THIRD)

    def test_same_policy_again_makes_no_version(self):
        self.load(POLICY)
        self.assertIn("is the same already", self.load(POLICY))
        self.assertEqual(self.versions(), [1])

    def test_large_policy_is_in_use_when_the_command_ends(self):
        begun = time.monotonic()
        self.load(POLICY + 3000 * "# as large as the policy of thousands\n")
        self.assertGreaterEqual(time.monotonic() - begun, 1)

    def test_mistake_is_named_by_line_and_column_and_the_old_policy_stays(self):
        self.load(POLICY)
        bad = self.file("bad", POLICY.replace("decrypt", "decrpyt"))
        for command in ("check", "load"):
            self.unchanged("policy", command, bad, says=[f"{bad}:8:5: ", "decrpyt", "decrypt"])
        self.assertEqual(self.done("policy", "show"), POLICY)

    def test_policy_with_gaps_is_refused(self):
        for command in ("check", "load"):
            result = self.unchanged("policy", command, self.file("gaps", GAPS), says="errors, see above")
            self.assertRegex(result.text, r"(?m)^error: .*outbound")

    def test_warning_is_printed_and_does_not_hinder(self):
        said = self.load(RISKY)
        self.assertRegex(said, r"(?m)^warning: ")
        self.assertEqual(self.versions(), [1])

    def test_hostile_texts_are_refused(self):
        for content in (b"", b"\0", POLICY.encode() + b"\0", b"\xff\xfe", b"our domains x.example\n" * 60000, b'rule "' + b"x" * 5000):
            with self.subTest(content[:10]):
                self.unchanged("policy", "load", self.file("bad", content), says="")
        self.unchanged("policy", "load", "/nonexistent", says="/nonexistent: No such file")

    # ---- files of addresses ----

    def with_list(self, content):
        """A policy that names a list with this content."""
        path = self.file("list", content)
        return path, POLICY.replace('rule "out"', f'rule "friends"\n    when outbound, to file {path}\n    sign\nrule "out"')

    def test_file_of_addresses_is_kept_with_its_version(self):
        path, text = self.with_list("kim@their.example\n")
        self.load(text)
        shown = self.json("policy", "show")["files"]
        self.assertEqual([f["path"] for f in shown], [str(path)])
        self.assertRegex(shown[0]["sha256"], r"^[0-9a-f]{64}$")
        self.assertIn("is the same already", self.load(text))
        path.write_text("pat@their.example\n")
        self.load(text)
        self.assertEqual(self.versions(), [1, 2])
        self.assertEqual(self.done("policy", "show", "1", "--file", path), "kim@their.example\n")
        self.assertEqual(self.done("policy", "show", "--file", path), "pat@their.example\n")
        self.done("policy", "rollback")
        self.assertEqual(self.done("policy", "show", "--file", path), "kim@their.example\n")
        self.fails("policy", "show", "--file", "/other", says="names no file /other")

    def test_list_in_use_is_that_of_the_version_not_that_of_the_disk(self):
        path, text = self.with_list("kim@their.example\n")
        self.load(text)
        path.unlink()
        message = self.file("message", "From: a@ours.example\nTo: kim@their.example\n\nHi\n")
        rules = lambda to: self.json("explain", "--from", "a@ours.example", "--login", "a@ours.example", "--to", to,
                                     message)["recipients"][0]["rules"]
        self.assertEqual(rules("kim@their.example"), ["friends"])
        self.assertEqual(rules("pat@their.example"), ["out"])
        self.assertIn("policy version 1 is loaded", self.site.run("doctor").text)

    def test_mistakes_in_and_around_files_are_told(self):
        path, text = self.with_list("kim@their.example\nkim@@their.example\n")
        for command in ("check", "load"):
            self.unchanged("policy", command, self.file("policy", text), says=f"{path}:2: found 'kim@@their.example'")
        path.unlink()
        self.unchanged("policy", "load", self.file("policy", text), says=f"{path}: No such file")
        for what, says in ((self.site.dir, "not a regular file"), ("/dev/zero", "not a regular file"), ("list", "from the root")):
            self.unchanged("policy", "load", self.file("policy", text.replace(str(path), str(what))), says=says)

    def test_pipe_in_place_of_a_file_is_not_waited_for(self):
        pipe = self.site.dir / "pipe"
        os.mkfifo(pipe)
        _, text = self.with_list("")
        self.unchanged("policy", "load", self.file("policy", text.replace(str(_), str(pipe))), says="not a regular file")

    def test_files_have_a_limit_in_all(self):
        path, text = self.with_list("#" * (9 << 20))
        other = self.file("other", "#" * (9 << 20))
        self.load(text)
        path.write_text("")
        self.load(text)
        path.write_text("#" * (9 << 20))
        self.unchanged("policy", "load", self.file("policy", text.replace(str(path), f"{path} or {other}")), says=f"{other}: ")

    def test_what_is_shown_on_a_terminal_commands_it_nothing(self):
        path, text = self.with_list("kim@their.example # \x1b]0;owned\x07\tK\u00fc\u009b31m\u202e\n")
        self.load(text.replace("our domains", "# \u009b31m\r\nour domains", 1))
        for command, wanted in ((("show", "--file", path), "kim@their.example # ?]0;owned?\tK\u00fc?31m\r\n"),
                                (("show",), "# ?31m\r\nour domains"), (("diff",), "-# ?31m\r\n")):
            with self.subTest(command):
                main, terminal = os.openpty()
                subprocess.run([SEALADM, "-c", self.site.conf, "policy", *command], stdout=terminal, check=True, timeout=240)
                os.close(terminal)
                said = b""
                with contextlib.suppress(OSError):  # so Linux says that the other side is closed
                    while chunk := os.read(main, 65536):
                        said += chunk
                os.close(main)
                said = said.decode()
                self.assertIn(wanted, said)
                self.assertNotRegex(said, "[\x1b\x07\u009b\u202e]")
        self.assertIn("\x1b]0;owned", self.done("policy", "show", "--file", path))

    # ---- show, log, rollback ----

    def test_every_version_is_kept_with_who_and_when(self):
        self.load(POLICY)
        self.load(OTHER)
        self.assertEqual(self.done("policy", "show", "1"), POLICY)
        self.assertEqual(self.versions(), [1, 2])
        lines = self.done("policy", "log").splitlines()
        self.assertEqual(len(lines), 2)
        self.assertTrue(all(re.fullmatch(r" +\d  20\d\d-\d\d-\d\dT\S+Z  \S.*", line) for line in lines), lines)

    def test_rollback_brings_the_version_before_back_as_a_new_one(self):
        self.load(POLICY)
        self.load(OTHER)
        said = self.done("policy", "rollback")
        self.assertRegex(said, r"^policy version 3 \(version 1 again, loaded 20\S+Z by \S.*\) is in use")
        self.assertIn(f"next: correct {self.site.policy}", said)
        self.assertEqual((self.done("policy", "show"), self.versions()), (POLICY, [1, 2, 3]))

    def test_rollback_again_goes_further_back(self):
        for text in (POLICY, OTHER, THIRD):
            self.load(text)
        for text in (OTHER, POLICY):
            self.done("policy", "rollback")
            self.assertEqual(self.done("policy", "show"), text)
        self.unchanged("policy", "rollback", says="version 1 is in use, and none was before it")
        self.assertEqual([p.get("again") for p in self.json("policy", "log")["policies"]], [None, None, None, 2, 1])
        self.assertRegex(self.done("policy", "log").splitlines()[3], r"  \(version 2 again\)$")

    def test_rollback_brings_what_was_in_use_before(self):
        for text in (POLICY, OTHER):
            self.load(text)
        self.done("policy", "rollback")
        self.load(THIRD)
        self.done("policy", "rollback")
        self.assertEqual(self.done("policy", "show"), POLICY)
        self.load(POLICY + "# same again\n")
        self.load(POLICY)
        self.done("policy", "rollback")
        self.assertEqual(self.done("policy", "show"), POLICY + "# same again\n")

    def test_rollback_to_any_version(self):
        for text in (POLICY, OTHER, THIRD):
            self.load(text)
        self.done("policy", "rollback", "1")
        self.assertEqual(self.done("policy", "show"), POLICY)
        self.unchanged("policy", "rollback", "9", says="there is no policy version 9")

    def test_without_policy_the_next_step_is_said(self):
        self.fails("policy", "show", says="next: sealadm policy load")
        self.fails("policy", "rollback", says="next: sealadm policy load")
        self.load(POLICY)
        self.unchanged("policy", "rollback", says="version 1 is in use, and none was before it")

    def test_wrong_usage(self):
        for words in (["check", "a", "b"], ["load", "a", "b"], ["show", "x"], ["show", "0"], ["show", "-1"], ["show", "1x"], ["log", "1"],
                      ["rollback", "+1"], ["rollback", "1", "2"], ["rollback", "--json"], ["load", "--json"]):
            with self.subTest(words):
                self.fails("policy", *words, status=2, says="usage: sealadm [-c FILE] policy")


if __name__ == "__main__":
    unittest.main()
