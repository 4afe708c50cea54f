"""sealadm ca: add, list, export, remove."""
import pathlib
import tempfile
import unittest

from support import Case, authority, openssl, person


class Authority(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.root = authority(cls.folder)
        cls.middle = authority(cls.folder, "Middle", cls.root)
        cls.bob = person(cls.folder, cls.middle, "bob@far.example")

    def authorities(self):
        return {c["fingerprint"]: c for c in self.json("ca", "list")["authorities"]}

    def own(self):
        return next(c["fingerprint"] for c in self.authorities().values() if c["own"])

    def test_only_a_trusted_authority_is_an_anchor(self):
        said = self.done("ca", "add", self.root.pem)
        self.assertIn(f"authority {self.root.fingerprint[:16]} (CN=Root): known, not trusted", said)
        self.assertIn("next: a root does nothing until it is trusted", said)
        self.assertFalse(self.authorities()[self.root.fingerprint]["trusted"])
        self.assertIn("trusted", self.done("ca", "add", self.root.pem, "--trust"))
        self.assertTrue(self.authorities()[self.root.fingerprint]["trusted"])

    def test_adding_without_trust_takes_no_trust_away(self):
        self.done("ca", "add", self.root.pem, "--trust")
        self.done("ca", "add", self.root.pem)
        self.assertTrue(self.authorities()[self.root.fingerprint]["trusted"])

    def test_known_intermediate_completes_chains(self):
        self.done("ca", "add", self.root.pem, "--trust")
        self.assertIn("untrusted", self.done("cert", "import", self.bob.pem))
        said = self.done("ca", "add", self.middle.pem)
        self.assertIn("certificates trusted by their chain now: 1", said)
        self.assertNotIn("next:", said)

    def test_bundle_adds_all_of_it(self):
        bundle = self.file("bundle.pem", self.root.pem.read_text() + self.middle.pem.read_text())
        self.done("ca", "add", bundle, "--trust")
        self.assertLessEqual({self.root.fingerprint, self.middle.fingerprint}, set(self.authorities()))

    def test_list_says_what_each_is(self):
        self.done("ca", "add", self.root.pem, "--trust")
        self.done("ca", "add", self.middle.pem)
        words = {line.split()[0]: line.split()[1] for line in self.done("ca", "list").splitlines()}
        self.assertEqual(words, {self.own()[:16]: "own", self.root.fingerprint[:16]: "trusted", self.middle.fingerprint[:16]: "known"})

    def test_export_prints_the_same_certificate(self):
        self.done("ca", "add", self.root.pem)
        pem = self.done("ca", "export", self.root.fingerprint[:12]).encode()
        self.assertEqual(openssl("x509", "-outform", "DER", input=pem), openssl("x509", "-in", self.root.pem, "-outform", "DER"))

    def test_removed_authority_is_gone(self):
        self.done("ca", "add", self.root.pem, "--trust")
        self.done("ca", "remove", self.root.fingerprint)
        self.assertNotIn(self.root.fingerprint, self.authorities())
        self.fails("ca", "remove", self.root.fingerprint, says=["no certification authority", "sealadm ca list"])

    def test_own_authority_stays_and_stays_its_own(self):
        self.unchanged("ca", "remove", self.own(), says="it stays")
        pem = self.file("own.pem", self.done("ca", "export", self.own()))
        self.done("ca", "add", pem)
        self.assertTrue(self.authorities()[self.own()]["trusted"])

    def test_what_is_no_authority_is_refused(self):
        self.unchanged("ca", "add", self.bob.pem, "--trust", says="is no certification authority; use sealadm cert import")
        key_too = self.file("key.pem", self.root.pem.read_text() + self.root.key.read_text())
        self.unchanged("ca", "add", key_too, "--trust", says="holds a private key")
        both = self.file("both.pem", self.root.pem.read_text() + self.bob.pem.read_text())
        self.unchanged("ca", "add", both, says="is no certification authority")
        for content in (b"", b"nonsense", b"\x30\x80" * 3000):
            with self.subTest(content[:8]):
                self.unchanged("ca", "add", self.file("bad", content), "--trust", says=f"{self.site.dir}/bad")

    # R38
    def test_names_of_strangers_cannot_mislead_a_terminal(self):
        evil = authority(self.folder, "\x1b[31mred\u202e")
        said = self.done("ca", "add", evil.pem) + self.done("ca", "list") + self.done("ca", "list", "--json")
        self.assertNotIn("\x1b", said)
        self.assertNotIn("\u202e", said)

    def test_wrong_usage(self):
        for words in (["add"], ["add", "a", "b"], ["add", "--trusted", "a"], ["list", "a"], ["export"], ["remove"], ["remove", "xyz"]):
            with self.subTest(words):
                self.fails("ca", *words, status=2, says="usage: sealadm [-c FILE] ca")


if __name__ == "__main__":
    unittest.main()
