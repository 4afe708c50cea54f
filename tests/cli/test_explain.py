"""sealadm explain: the daemon's own work on a file. What it decides is tests/gate's matter; here it is the command."""
import json
import pathlib
import tempfile
import unittest

from support import Case, authority, openssl, person

ALICE, BOB, CAROL = "alice@ours.example", "bob@far.example", "carol@far.example"
MESSAGE = f"From: Alice <{ALICE}>\nTo: {BOB}, {CAROL}\nSubject: hi\nMessage-Id: <1@ours.example>\n\nthe plaintext token is ORCHID\n"
OUT = ("--from", ALICE, "--login", ALICE)


class Explain(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.root = authority(cls.folder)
        cls.bob = person(cls.folder, cls.root, BOB)

    def setUp(self):
        super().setUp()
        self.done("policy", "load")
        self.done("user", "add", ALICE)
        self.done("key", "generate", ALICE, "--type", "p256")
        self.done("ca", "add", self.root.pem, "--trust")
        self.done("cert", "import", self.bob.pem)
        self.message = self.file("message", MESSAGE)

    def explain(self, *arguments, message=None):
        said = json.loads(self.done("explain", "--json", *arguments, message or self.message))
        self.assertEqual(said["version"], 1)
        return said

    def recipient(self, *arguments):
        return self.explain(*arguments)["recipients"][0]

    def test_json_holds_what_the_contract_names(self):
        said = self.explain(*OUT, "--to", BOB, "--to", CAROL)
        self.assertLessEqual({"verdict", "reply", "recipients", "copies", "effects"}, set(said))
        bob, carol = said["recipients"]
        self.assertLessEqual({"address", "direction", "rules", "outcome", "copy", "decision", "why", "signature", "decryption"}, set(bob))
        self.assertEqual((said["verdict"], bob["direction"], bob["rules"], bob["outcome"]), ("accept", "outbound", ["out"], "served"))
        self.assertTrue(any(text.startswith("encrypt smime") for text in bob["decision"]))
        self.assertEqual(carol["decision"], ["sign smime"])
        for copy in said["copies"]:
            self.assertLessEqual({"index", "in_place", "recipients", "operations", "keys"}, set(copy))
        self.assertIn(self.bob.fingerprint, said["copies"][bob["copy"]]["keys"])

    def test_text_names_rule_decision_and_reason(self):
        said = self.done("explain", *OUT, "--to", BOB, self.message)
        for text in (BOB, '"out"', "encrypt smime", "trusted by its chain"):
            self.assertIn(text, said)

    def test_each_rule_tried_is_named_with_the_condition_that_failed(self):
        said = self.done("explain", "--from", BOB, "--to", ALICE, self.message)
        self.assertIn('    tried    "out"  no   outbound\n             "in"   yes\n', said)
        tried = self.recipient("--from", BOB, "--to", ALICE)["tried"]
        self.assertEqual([(line["rule"], line["matched"], line["condition"]) for line in tried], [("out", "no", "outbound"), ("in", "yes", None)])

    def test_written_copies_are_whole_and_numbered_by_index(self):
        folder = self.site.dir / "copies"
        said = self.explain(*OUT, "--to", BOB, "--to", CAROL, "--write", folder)
        self.assertEqual({path.name for path in folder.iterdir()}, {f"{copy['index']}.eml" for copy in said["copies"]})
        self.assertTrue(said["copies"][0]["in_place"])
        files = {r["address"]: (folder / f"{r['copy']}.eml").read_bytes() for r in said["recipients"]}
        self.assertNotIn(b"ORCHID", files[BOB])
        self.assertIn(b"ORCHID", files[CAROL])
        self.assertIn(b"Subject: hi\r\n", files[BOB])
        opened = openssl("cms", "-decrypt", "-recip", self.bob.pem, "-inkey", self.bob.key, input=files[BOB])
        self.assertIn(b"ORCHID", opened)

    def test_lines_may_end_in_lf_or_crlf(self):
        copies = []
        for name, text in (("lf", MESSAGE), ("crlf", MESSAGE.replace("\n", "\r\n"))):
            folder = self.site.dir / name
            self.explain("--from", BOB, "--to", BOB, "--write", folder, message=self.file("in", text))
            copies.append((folder / "0.eml").read_bytes())
        self.assertEqual(copies, [MESSAGE.replace("\n", "\r\n").encode()] * 2)

    def test_message_comes_from_standard_input(self):
        said = json.loads(self.done("explain", "--json", *OUT, "--to", BOB, "-", input=MESSAGE.encode()))
        self.assertEqual(said["recipients"][0]["address"], BOB)

    def test_how_it_comes_in_decides_the_direction(self):
        self.site.configure(trusted_networks="10.0.0.0/8", submission_listeners="587, inside")
        for options, direction in (((), "transit"), (("--login", ALICE), "outbound"), (("--local",), "outbound"),
                                   (("--client", "10.1.2.3"), "outbound"), (("--client", "192.0.2.1"), "transit"),
                                   (("--listener", "587"), "outbound"), (("--listener", "25"), "transit"),
                                   (("--listener", "192.0.2.9:587"), "outbound"), (("--listener", "inside"), "outbound"),
                                   (("--listener", "outside"), "transit")):
            with self.subTest(options):
                self.assertEqual(self.recipient("--from", ALICE, "--to", BOB, *options)["direction"], direction)
        self.assertEqual(self.recipient("--from", BOB, "--to", ALICE)["direction"], "inbound")

    def test_at_judges_as_of_that_time(self):
        def encrypts(*options):
            return any("encrypt" in text for text in self.recipient(*OUT, "--to", BOB, *options)["decision"])
        self.assertTrue(encrypts())
        for time in ("2040-01-01", "2040-01-01T07:30:00", "2208988800"):
            self.assertFalse(encrypts("--at", time), time)

    def test_null_sender_is_written_as_angle_brackets(self):
        self.assertEqual(self.recipient("--from", "<>", "--to", ALICE)["direction"], "inbound")

    def test_nothing_is_learned_or_delivered(self):
        before = self.everything()
        self.explain(*OUT, "--to", BOB)
        self.assertEqual(self.everything(), before)

    def test_what_cannot_be_explained_is_an_error(self):
        self.fails("explain", *OUT, "--to", BOB, "/nonexistent", says="/nonexistent")
        self.fails("explain", *OUT, "--to", BOB, "--write", self.message, self.message, says=str(self.message))
        self.fails("explain", "--from", "nobody", "--to", BOB, self.message, says="nobody")
        self.fails("explain", "--from", ALICE, "--to", "nobody", self.message, says="nobody")

    def test_hostile_messages_are_explained_or_refused(self):
        for content in (b"", b"\0" * 1000, b"\r\n" * 5000, b"From: " + b"x" * 100000, b"\xff" * 5000 + b"\n\n",
                        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n" * 5000):
            result = self.site.run("explain", "--json", *OUT, "--to", BOB, self.file("bad", content))
            self.assertIn(result.returncode, (0, 1), result.errors)
            if result.returncode == 0:
                json.loads(result.text)

    def test_wrong_usage(self):
        for words in ([], [self.message], ["--from", ALICE, self.message], ["--to", BOB, self.message], [*OUT, "--to", BOB],
                      [*OUT, "--to", BOB, "a", "b"], [*OUT, "--to", BOB, "--client", "10.0.0.0/8", self.message],
                      [*OUT, "--to", BOB, "--listener", "1x:y:z", self.message], [*OUT, "--to", BOB, "--at", "tomorrow", self.message]):
            with self.subTest(words):
                self.fails("explain", *words, status=2, says="usage: sealadm [-c FILE] explain")


if __name__ == "__main__":
    unittest.main()
