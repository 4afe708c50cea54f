"""sealadm user: add, change, list, show, disable, enable, import."""
import json
import unittest

from support import Case

ALICE, BOB = "alice@ours.example", "bob@ours.example"


class User(Case):
    def user(self, address):
        return self.json("user", "show", address)

    def addresses(self):
        return [u["address"] for u in self.json("user", "list")["users"]]

    def test_added_user_is_enabled_and_has_what_was_given(self):
        said = self.done("user", "add", "Alice@Ours.Example", "--name", "Alice Dö", "--also", "a@ours.example", "--also",
                         "Sales@ours.example")
        self.assertIn(f"user {ALICE} (Alice Dö), also a@ours.example, sales@ours.example is added", said)
        self.assertIn(f"next: sealadm key generate {ALICE}", said)
        record = self.user(ALICE)
        self.assertRegex(record.pop("created"), r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(record, {"address": ALICE, "name": "Alice Dö", "enabled": True,
                                  "also": ["a@ours.example", "sales@ours.example"], "keys": [], "openpgp_keys": []})

    def test_user_is_added_once(self):
        self.done("user", "add", ALICE, "--also", "a@ours.example")
        self.unchanged("user", "add", ALICE, says="is a user already; sealadm user change")
        self.unchanged("user", "add", "a@ours.example", says=f"is an address of {ALICE} already")

    def test_address_belongs_to_one_user(self):
        self.done("user", "add", ALICE, "--also", "a@ours.example")
        self.done("user", "add", BOB)
        self.unchanged("user", "change", BOB, "--also", "a@ours.example", says=ALICE)
        self.unchanged("user", "change", BOB, "--also", ALICE, says=ALICE)

    def test_change_touches_only_what_is_named(self):
        self.done("user", "add", ALICE, "--name", "Alice", "--also", "a@ours.example", "--also", "b@ours.example")
        self.done("user", "change", "a@ours.example", "--also", "c@ours.example", "--not", "a@ours.example")
        self.assertEqual(self.user(ALICE)["also"], ["b@ours.example", "c@ours.example"])
        self.done("user", "change", ALICE, "--name", "")
        self.assertEqual((self.user(ALICE)["name"], self.user(ALICE)["also"]), ("", ["b@ours.example", "c@ours.example"]))
        self.unchanged("user", "change", ALICE, "--not", "x@ours.example", says="x@ours.example is no further address")
        self.unchanged("user", "change", "nobody@ours.example", "--name", "x", says="is no user; sealadm user add")

    def test_disabled_user_stays_known(self):
        self.done("user", "add", ALICE)
        self.assertIn("his mail passes unchanged", self.done("user", "disable", ALICE))
        self.assertFalse(self.user(ALICE)["enabled"])
        self.assertIn("disabled", self.done("user", "list"))
        self.done("user", "enable", ALICE)
        self.assertTrue(self.user(ALICE)["enabled"])

    def test_show_finds_by_any_address_and_lists_the_keys(self):
        self.done("user", "add", ALICE, "--also", "a@ours.example")
        self.done("key", "generate", "a@ours.example", "--type", "p256")
        key, = self.json("key", "list", "a@ours.example")["keys"]
        self.assertEqual(self.user("A@ours.example")["keys"], [key["fingerprint"]])
        said = self.done("user", "show", "a@ours.example")
        self.assertIn(f"address: {ALICE}\n", said)
        self.assertIn(f"key: {key['fingerprint'][:16]} of a@ours.example\n", said)
        self.assertNotIn("next:", said)

    def test_name_cannot_mislead_a_terminal(self):
        self.done("user", "add", ALICE, "--name", "Al\u202eice")
        self.assertNotIn("\u202e", self.done("user", "list") + self.done("user", "show", ALICE))

    # R36: nothing of an address is ever a word of a shell or an option of a program.
    def test_strange_addresses_are_kept_as_they_are(self):
        strange = ["-rf@ours.example", "a|b@ours.example", "`id`@ours.example", "$home@ours.example", '"; id"@ours.example',
                   "a'b@ours.example", "%s%n@ours.example", '"../x"@ours.example', "dö@ours.example"]
        for address in strange:
            self.done("user", "add", "--", address)
            self.assertEqual(json.loads(self.done("user", "show", "--json", "--", address))["address"], address)
        self.assertEqual(sorted(self.addresses()), sorted(strange))

    # ---- import ----

    def test_import_adds_every_line(self):
        self.done("user", "add", BOB, "--name", "Bob")
        said = self.done("user", "import", self.file("users", f"# staff\n\n{ALICE}, Alice Dö \r\n{BOB},Other\ncarol@ours.example"))
        self.assertEqual(said, "2 users added, 1 were users already\n")
        self.assertEqual(self.addresses(), [ALICE, BOB, "carol@ours.example"])
        self.assertEqual((self.user(ALICE)["name"], self.user(BOB)["name"]), ("Alice Dö", "Bob"))

    def test_import_reads_standard_input(self):
        self.done("user", "import", "-", input=f"{ALICE}\n".encode())
        self.assertEqual(self.addresses(), [ALICE])

    def test_mistakes_are_named_by_line_and_nobody_is_added(self):
        file = self.file("users", b"alice@ours.example\nnobody\n\ncarol@ours.example,\xff\xfe\ndave@ours.example,a\x01b\n"
                                  b"eve@ours.example,a\0b\n,Name\n" + b"x" * 100000 + b"@ours.example\n")
        result = self.unchanged("user", "import", file, says=f"{file}: 6 lines are wrong, see above; nobody was added")
        for line in (2, 4, 5, 6, 7, 8):
            self.assertIn(f"{file}:{line}: ", result.text)

    def test_flood_of_mistakes_is_cut(self):
        result = self.unchanged("user", "import", self.file("users", "x\n" * 5000), says="5000 lines are wrong")
        self.assertEqual(result.text.count("\n"), 20)

    def test_address_of_another_user_is_no_new_user(self):
        self.done("user", "add", ALICE, "--also", "a@ours.example")
        self.done("user", "import", self.file("users", "a@ours.example\n"))
        self.assertEqual(self.addresses(), [ALICE])

    def test_wrong_usage(self):
        for words in (["add"], ["add", "nobody"], ["add", "a b@ours.example"], ["add", "<>"], ["add", ALICE, BOB], ["list", ALICE],
                      ["add", ALICE, "--name", "a\nb"], ["add", ALICE, "--name", "x" * 300], ["add", ALICE, "--also", "nobody"],
                      ["change", ALICE], ["show"], ["disable"], ["enable", ALICE, BOB], ["import"]):
            with self.subTest(words):
                self.fails("user", *words, status=2, says="usage: sealadm [-c FILE] user")


if __name__ == "__main__":
    unittest.main()
