"""sealadm cert: import, list, show, trust, reject, export, delete."""
import json
import pathlib
import tempfile
import unittest

from support import Case, authority, openssl, person

BOB = "bob@far.example"
NOTHING = {"certificates": [], "openpgp_keys": []}


class Cert(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.root = authority(cls.folder)
        cls.middle = authority(cls.folder, "Middle", cls.root)
        cls.bob = person(cls.folder, cls.root, BOB)
        cls.carol = person(cls.folder, cls.middle, "carol@far.example")
        cls.alone = person(cls.folder, None, "alone@far.example")

    def trust_root(self):
        self.done("ca", "add", self.root.pem, "--trust")

    def certificate(self, fingerprint):
        return self.json("cert", "show", fingerprint)["certificates"][0]

    # ---- import ----

    def test_certificate_of_a_trusted_authority_is_trusted(self):
        self.trust_root()
        said = self.done("cert", "import", self.bob.pem)
        self.assertEqual(said, f"certificate {self.bob.fingerprint[:16]} of {BOB}: trusted by its chain\n")
        listed = self.json("cert", "list")["certificates"]
        self.assertEqual([c["fingerprint"] for c in listed], [self.bob.fingerprint])
        expected = {"addresses": [BOB], "trust": "trusted", "by_hand": False, "chain_ok": True, "source": "imported",
                    "key": "P-256", "may_sign": True, "may_encrypt": True, "private_key": False, "subject": "CN=Somebody",
                    "issuer": "CN=Root"}
        self.assertEqual({key: listed[0][key] for key in expected}, expected)

    def test_certificate_of_an_unknown_authority_is_untrusted_and_says_what_is_next(self):
        said = self.done("cert", "import", self.bob.pem)
        self.assertIn("untrusted: ", said)
        self.assertIn("next: sealadm ca add FILE --trust", said)
        self.assertEqual(self.certificate(self.bob.fingerprint)["trust"], "untrusted")

    def test_trust_follows_when_the_authority_comes_later_and_goes_with_it(self):
        self.done("cert", "import", self.bob.pem)
        self.assertIn("certificates trusted by their chain now: 1", self.done("ca", "add", self.root.pem, "--trust"))
        self.assertEqual(self.certificate(self.bob.fingerprint)["trust"], "trusted")
        self.assertIn("certificates not trusted any more: 1", self.done("ca", "remove", self.root.fingerprint))
        self.assertEqual(self.certificate(self.bob.fingerprint)["trust"], "untrusted")

    def test_intermediate_in_the_file_becomes_known_and_completes_the_chain(self):
        self.trust_root()
        self.assertIn("untrusted", self.done("cert", "import", self.carol.pem))
        both = self.file("both.pem", self.carol.pem.read_text() + self.middle.pem.read_text())
        said = self.done("cert", "import", both)
        self.assertIn(f"intermediate authority {self.middle.fingerprint[:16]} (CN=Middle) is known now", said)
        self.assertIn("carol@far.example: trusted by its chain", said)
        known = {c["fingerprint"]: c["trusted"] for c in self.json("ca", "list")["authorities"]}
        self.assertIs(known[self.middle.fingerprint], False)

    def test_root_in_the_file_lends_no_trust_and_is_not_kept(self):
        both = self.file("both.pem", self.bob.pem.read_text() + self.root.pem.read_text())
        self.assertIn("untrusted", self.done("cert", "import", both))
        self.assertNotIn(self.root.fingerprint, [c["fingerprint"] for c in self.json("ca", "list")["authorities"]])

    def test_der_and_pkcs7_are_read_too(self):
        der = self.file("bob.der", openssl("x509", "-in", self.bob.pem, "-outform", "DER"))
        p7 = self.file("both.p7b", openssl("crl2pkcs7", "-nocrl", "-certfile", self.carol.pem, "-certfile", self.middle.pem,
                                           "-outform", "DER"))
        self.done("cert", "import", der, p7)
        self.assertEqual({a for c in self.json("cert", "list")["certificates"] for a in c["addresses"]},
                         {BOB, "carol@far.example"})

    def test_for_gives_an_address_and_trust_by_hand(self):
        said = self.done("cert", "import", self.bob.pem, "--for", "Robert@Other.Example")
        self.assertIn("trusted by hand", said)
        record = self.certificate(self.bob.fingerprint)
        self.assertEqual((record["addresses"], record["trust"], record["by_hand"]),
                         ([BOB, "robert@other.example"], "trusted", True))

    def test_for_a_domain_is_found_under_the_domain(self):
        self.done("cert", "import", self.bob.pem, "--for", "@Far.example")
        self.assertEqual(len(self.json("cert", "list", "@far.example")["certificates"]), 1)

    def test_certificate_without_address_needs_for(self):
        nobody = person(self.folder, self.root, subject="/CN=Nobody")
        self.unchanged("cert", "import", nobody.pem, says=["names no address", "--for ADDR"])
        self.done("cert", "import", nobody.pem, "--for", "x@far.example")

    def test_for_wants_one_certificate_in_a_file(self):
        both = self.file("both.pem", self.bob.pem.read_text() + self.carol.pem.read_text())
        self.unchanged("cert", "import", both, "--for", "x@far.example", says="holds 2 certificates")

    def test_importing_again_changes_nothing_that_was_said_by_hand(self):
        self.trust_root()
        self.done("cert", "import", self.bob.pem, "--for", "robert@other.example")
        self.done("cert", "reject", self.bob.fingerprint)
        before = self.certificate(self.bob.fingerprint)
        self.assertIn("rejected by hand", self.done("cert", "import", self.bob.pem))
        after = self.certificate(self.bob.fingerprint)
        for record in (before, after):
            del record["last_seen"]
        self.assertEqual(after, before)

    def test_what_is_no_correspondents_certificate_is_sent_to_its_command(self):
        key_too = self.file("key.pem", self.bob.pem.read_text() + self.bob.key.read_text())
        self.unchanged("cert", "import", key_too, says="use sealadm key import")
        self.unchanged("cert", "import", self.bob.p12("secret"), says="use sealadm key import")
        self.unchanged("cert", "import", self.root.pem, says="use sealadm ca add")

    def test_certificate_that_is_not_for_mail_is_refused(self):
        other = person(self.folder, self.root, "x@far.example", usage="keyCertSign")
        self.unchanged("cert", "import", other.pem, says="not made for e-mail")

    def test_a_wrong_file_does_not_keep_the_others_out(self):
        bad = self.file("bad.pem", "nonsense")
        result = self.fails("cert", "import", bad, self.bob.pem, says="1 of 2 files not imported")
        self.assertIn(f"not imported: {bad}: ", result.text)
        self.assertEqual(len(self.json("cert", "list")["certificates"]), 1)

    def test_hostile_files_are_refused(self):
        der = openssl("x509", "-in", self.bob.pem, "-outform", "DER")
        pem = self.bob.pem.read_bytes()
        files = [b"", b"\0" * 1000, b"-----BEGIN CERTIFICATE-----\n" * 1000, pem[:-40], b"\x30\x84\xff\xff\xff\xff" + der,
                 b"\x30\x80" * 5000, b"A" * (9 << 20), *[der[:n] for n in range(1, len(der), 97)]]
        for content in files:
            with self.subTest(content[:20]):
                self.unchanged("cert", "import", self.file("bad", content), says=f"{self.site.dir}/bad")
        self.unchanged("cert", "import", "/nonexistent", says="/nonexistent: No such file")
        self.unchanged("cert", "import", self.site.dir, says="Is a directory")

    # R38
    def test_names_of_strangers_cannot_mislead_a_terminal(self):
        evil = person(self.folder, self.root, "evil@far.example", subject="/CN=\x1b[31mred\u202etxt.exe\u200b")
        said = self.done("cert", "import", evil.pem) + self.done("cert", "show", evil.fingerprint) \
            + self.done("cert", "list") + self.done("cert", "show", evil.fingerprint, "--json")
        for character in ("\x1b", "\u202e", "\u200b"):
            self.assertNotIn(character, said)
        self.assertIn("red", said)

    # ---- list and show ----

    def test_list_of_an_address_shows_its_certificates_only(self):
        self.done("cert", "import", self.bob.pem, self.carol.pem)
        self.assertEqual([c["fingerprint"] for c in self.json("cert", "list", "BOB@far.example")["certificates"]],
                         [self.bob.fingerprint])
        self.assertEqual(self.json("cert", "list", "nobody@far.example"), NOTHING)
        self.assertEqual(self.done("cert", "list").count("\n"), 2)

    def test_expired_certificate_is_listed_as_expired(self):
        old = person(self.folder, self.root, "old@far.example", days=-1)
        self.trust_root()
        self.assertIn("untrusted: ", self.done("cert", "import", old.pem))
        self.assertIn("(expired)", self.done("cert", "list"))

    def test_show_prints_the_certificate_and_what_is_known_of_it(self):
        self.done("cert", "import", self.bob.pem)
        said = self.done("cert", "show", self.bob.fingerprint)
        for line in (f"fingerprint: {self.bob.fingerprint}", "key: P-256", "trust: untrusted", f"used for: {BOB}"):
            self.assertIn(line + "\n", said)

    # ---- fingerprints ----

    def test_fingerprint_may_be_shortened_and_written_as_openssl_does(self):
        self.done("cert", "import", self.bob.pem, self.carol.pem)
        for text in (self.bob.fingerprint[:12], self.bob.fingerprint.upper(),
                     ":".join(self.bob.fingerprint[i:i + 2] for i in range(0, 64, 2)).upper()):
            self.assertEqual(self.certificate(text)["fingerprint"], self.bob.fingerprint)

    def test_fingerprint_that_fits_several_is_refused(self):
        prints = set()
        while len({p[0] for p in prints}) == len(prints):  # until two begin with the same digit
            one = person(self.folder, self.root, "x@far.example")
            self.done("cert", "import", one.pem)
            prints.add(one.fingerprint)
        first = next(p[0] for p in prints if sum(q[0] == p[0] for q in prints) > 1)
        self.unchanged("cert", "reject", first, says="several fingerprints begin with " + first)

    def test_what_is_no_fingerprint_is_wrong_usage(self):
        for text in ("xyz", "", "a" * 65, "../../etc/passwd"):
            self.fails("cert", "show", text, status=2, says="fingerprint")
        self.fails("cert", "show", "0123", says=["no certificate or OpenPGP key has a fingerprint that begins with 0123", "sealadm cert list"])

    # ---- trust, reject, export, delete ----

    def test_trust_and_reject_are_by_hand_and_outlive_authorities(self):
        self.done("cert", "import", self.bob.pem, self.alone.pem)
        self.assertEqual(self.done("cert", "trust", self.alone.fingerprint),
                         f"certificate {self.alone.fingerprint[:16]} is trusted by hand\n")
        self.done("cert", "reject", self.bob.fingerprint)
        self.trust_root()
        self.assertEqual([(r["trust"], r["by_hand"]) for r in map(self.certificate, (self.alone.fingerprint, self.bob.fingerprint))],
                         [("trusted", True), ("rejected", True)])

    def test_export_prints_the_same_certificate(self):
        self.done("cert", "import", self.bob.pem)
        pem = self.done("cert", "export", self.bob.fingerprint[:20])
        self.assertEqual(openssl("x509", "-outform", "DER", input=pem.encode()),
                         openssl("x509", "-in", self.bob.pem, "-outform", "DER"))

    def test_delete_forgets_but_not_while_the_key_is_here(self):
        self.done("cert", "import", self.bob.pem)
        self.done("cert", "delete", self.bob.fingerprint)
        self.assertEqual(self.json("cert", "list"), NOTHING)
        self.fails("cert", "delete", self.bob.fingerprint, says="no certificate or OpenPGP key has a fingerprint")
        self.done("key", "generate", "alice@ours.example", "--type", "p256")
        own = self.json("cert", "list")["certificates"][0]["fingerprint"]
        self.unchanged("cert", "delete", own, says="its private key is here")

    def test_wrong_usage(self):
        for words in (["import"], ["import", "--for"], ["import", self.bob.pem, "--for", "nobody"], ["list", "a@b.example", "c"],
                      ["list", "nonsense"], ["show"], ["trust"], ["reject", "12", "34"], ["export"], ["delete"],
                      ["trust", "--json", "12"]):
            with self.subTest(words):
                self.fails("cert", *words, status=2, says="usage: sealadm [-c FILE] cert")


if __name__ == "__main__":
    unittest.main()
