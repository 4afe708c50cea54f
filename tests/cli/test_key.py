"""sealadm key: import, generate, list, export."""
import os
import pathlib
import pty
import select
import signal
import tempfile
import unittest

from support import Case, SEALADM, authority, openssl, person

ALICE = "alice@ours.example"


def converse(terminal, answers):
    """What a terminal showed until its other side was closed; each prompt got the next answer."""
    shown, answers = b"", list(answers)
    while True:
        if not select.select([terminal], [], [], 120)[0]:
            raise AssertionError(f"sealadm waits: {shown}")
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # so Linux says that it is closed
            return shown
        if answers and shown.endswith(b": "):
            os.write(terminal, answers.pop(0))


class Key(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.root = authority(cls.folder)
        cls.middle = authority(cls.folder, "Middle", cls.root)
        cls.alice = person(cls.folder, cls.middle, ALICE)
        cls.two = person(cls.folder, cls.root, "info@ours.example", "sales@ours.example")

    def pem(self, *people):
        return self.file("key.pem", "".join(p.key.read_text() + p.pem.read_text() for p in people))

    def users_keys(self):
        return {k["fingerprint"]: k["owner"] for k in self.json("key", "list")["keys"] if k["owner"] is not None}

    def openssl_reads(self, p12, passphrase):
        """The private key in a PKCS#12 file and its certificates, as openssl understands it."""
        text = openssl("pkcs12", "-in", p12, "-passin", f"pass:{passphrase}", "-nodes").decode()
        return openssl("pkey", "-outform", "DER", input=text.encode()), text.count("BEGIN CERTIFICATE")

    # ---- import ----

    def test_p12_with_chain_gives_key_certificate_and_intermediate(self):
        self.done("ca", "add", self.root.pem, "--trust")
        self.done("user", "add", ALICE)
        said = self.done("key", "import", self.alice.p12("secret", self.middle), "--passphrase-file", self.secret("secret\n"))
        self.assertIn(f"key {self.alice.fingerprint[:16]} of {ALICE}: P-256, valid until ", said)
        self.assertIn("certificate trusted by its chain", said)
        self.assertNotIn("next:", said)
        self.assertEqual(self.users_keys(), {self.alice.fingerprint: ALICE})
        self.assertTrue(self.json("cert", "list", ALICE)["certificates"][0]["private_key"])
        self.assertIn(self.middle.fingerprint, [c["fingerprint"] for c in self.json("ca", "list")["authorities"]])

    def test_pem_needs_no_passphrase(self):
        self.done("key", "import", self.pem(self.alice))
        self.assertEqual(self.users_keys(), {self.alice.fingerprint: ALICE})

    def test_encrypted_pem_key_is_opened_by_the_passphrase(self):
        key = openssl("pkcs8", "-topk8", "-in", self.alice.key, "-passout", "pass:secret", "-v2", "aes-256-cbc").decode()
        file = self.file("key.pem", key + self.alice.pem.read_text())
        self.done("key", "import", file, "--passphrase-file", self.secret("secret"))

    def test_old_p12_with_rc2_and_3des_is_read(self):
        p12 = self.alice.p12("secret", options=["-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES"])
        self.done("key", "import", p12, "--passphrase-file", self.secret("secret"))

    def test_import_makes_no_user_and_says_so(self):
        said = self.done("key", "import", self.pem(self.alice))
        self.assertIn(f"next: sealadm user add {ALICE}\n", said)
        self.assertEqual(self.json("user", "list"), {"users": []})

    def test_of_several_addresses_the_owner_must_be_named(self):
        file = self.pem(self.two)
        self.unchanged("key", "import", file, status=2, says=["--user", "info@ours.example, sales@ours.example"])
        self.done("key", "import", file, "--user", "Sales@ours.example")
        self.assertEqual(self.users_keys(), {self.two.fingerprint: "sales@ours.example"})

    def test_certificate_without_address_wants_an_owner(self):
        nobody = person(self.folder, self.root)
        self.unchanged("key", "import", self.pem(nobody), status=2, says="--user ADDR")
        said = self.done("key", "import", self.pem(nobody), "--user", ALICE)
        self.assertIn(f"warning: the certificate does not hold {ALICE}: it opens mail but signs nothing", said)

    def test_key_of_a_domain_belongs_to_the_domain(self):
        said = self.done("key", "import", self.pem(self.alice), "--user", "@ours.example")
        self.assertNotIn("next:", said)
        self.assertEqual(self.users_keys(), {self.alice.fingerprint: "@ours.example"})

    def test_key_that_is_here_keeps_its_owner(self):
        self.done("key", "import", self.pem(self.two), "--user", "info@ours.example")
        self.unchanged("key", "import", self.pem(self.two), "--user", "sales@ours.example",
                       says="is here already and belongs to info@ours.example")
        self.done("key", "import", self.pem(self.two))
        self.assertEqual(self.users_keys(), {self.two.fingerprint: "info@ours.example"})

    def test_expired_certificate_is_kept_for_old_mail(self):
        old = person(self.folder, self.root, ALICE, days=-1)
        self.assertIn("it opens old mail only", self.done("key", "import", self.pem(old)))

    def test_what_is_no_key_with_certificate_is_refused(self):
        other = person(self.folder, self.root, "other@ours.example")
        cases = {
            "holds no private key": self.alice.pem,
            "holds no certificate": self.alice.key,
            "no certificate in the file belongs to its private key":
                self.file("wrong.pem", self.alice.key.read_text() + other.pem.read_text()),
            "more than one private key": self.pem(self.alice, other),
            "certification authority": self.file("ca.pem", self.root.key.read_text() + self.root.pem.read_text()),
        }
        for says, file in cases.items():
            with self.subTest(says):
                self.unchanged("key", "import", file, says=[says, str(file)])

    def test_hostile_files_are_refused(self):
        p12 = self.alice.p12("secret").read_bytes()
        passphrase = self.secret("secret")
        for content in (b"", b"\0" * 5000, b"\x30\x80" * 3000, b"-----BEGIN PRIVATE KEY-----\n", b"x" * (2 << 20),
                        *[p12[:n] for n in range(1, len(p12), 151)]):
            with self.subTest(content[:16]):
                self.unchanged("key", "import", self.file("bad", content), "--passphrase-file", passphrase, says="bad")
        os.mkfifo(self.site.dir / "pipe")
        self.unchanged("key", "import", self.site.dir / "pipe", says="not a regular file")
        self.unchanged("key", "import", "/nonexistent", says="No such file")

    # ---- passphrases ----

    def test_wrong_or_missing_passphrase_is_said(self):
        p12 = self.alice.p12("secret")
        self.unchanged("key", "import", p12, "--passphrase-file", self.secret("wrong"), says="passphrase")
        self.unchanged("key", "import", p12, "--passphrase-file", self.secret(""), says="the first line is empty")
        self.unchanged("key", "import", p12, "--passphrase-file", "/nonexistent", says="/nonexistent")

    def test_passphrase_file_that_others_may_read_is_refused(self):
        self.unchanged("key", "import", self.alice.p12("secret"), "--passphrase-file", self.file("open", "secret", 0o644),
                       says="that others cannot read (mode is 0644)")

    def test_passphrase_is_the_first_line_and_may_hold_blanks(self):
        p12 = self.alice.p12("two words ")
        self.done("key", "import", p12, "--passphrase-file", self.secret("two words \r\nmore\n"))

    def at_terminal(self, *arguments, answers):
        """(exit status, what the terminal showed) of sealadm with answers typed at its prompts."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(SEALADM, ["sealadm", "-c", str(self.site.conf), *map(str, arguments)])
        try:
            shown = converse(terminal, answers)
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            raise
        finally:
            os.close(terminal)
            status = os.waitpid(pid, 0)[1]
        return os.waitstatus_to_exitcode(status), shown.decode()

    def test_passphrase_is_asked_for_at_the_terminal_and_not_shown(self):
        status, shown = self.at_terminal("key", "import", self.alice.p12("secret"), answers=[b"secret\n"])
        self.assertEqual(status, 0, shown)
        self.assertIn("Passphrase of the file: ", shown)
        self.assertNotIn("secret", shown)
        self.assertEqual(self.users_keys(), {self.alice.fingerprint: ALICE})

    def test_interrupt_at_the_prompt_ends_without_a_key(self):
        status, shown = self.at_terminal("key", "import", self.alice.p12("secret"), answers=[b"sec\x03"])
        self.assertEqual(status, 1, shown)
        self.assertIn("no passphrase was typed", shown)
        self.assertEqual(self.users_keys(), {})

    def test_new_passphrase_is_asked_for_twice(self):
        self.done("key", "import", self.pem(self.alice))
        out = self.site.dir / "out.p12"
        arguments = ("key", "export", self.alice.fingerprint, "--out", out)
        status, shown = self.at_terminal(*arguments, answers=[b"secret\n", b"secrte\n"])
        self.assertEqual((status, out.exists()), (1, False), shown)
        self.assertIn("the two passphrases differ", shown)
        status, shown = self.at_terminal(*arguments, answers=[b"secret\n", b"secret\n"])
        self.assertEqual(status, 0, shown)
        self.openssl_reads(out, "secret")

    # ---- generate ----

    def test_each_type_gives_a_certificate_that_openssl_trusts_through_the_own_ca(self):
        own = [c["fingerprint"] for c in self.json("ca", "list")["authorities"] if c["own"]]
        anchor = self.file("own.pem", self.done("ca", "export", own[0]))
        for name, text in {"rsa2048": "RSA 2048", "p256": "P-256", "p384": "P-384", None: "RSA 3072"}.items():
            with self.subTest(name):
                address = f"{name}@ours.example".lower()
                said = self.done("key", "generate", address, *(["--type", name] if name else []))
                self.assertIn(f"of {address}: {text}, valid until ", said)
                self.assertIn("trusted by its chain", said)
                record = self.json("cert", "list", address)["certificates"][0]
                self.assertEqual((record["key"], record["source"], record["trust"]), (text, "issued", "trusted"))
                pem = self.file("issued.pem", self.done("cert", "export", record["fingerprint"]))
                openssl("verify", "-x509_strict", "-purpose", "smimesign", "-verify_email", address, "-CAfile", anchor, pem)
                if text.startswith("RSA"):  # for elliptic curves OpenSSL wants keyEncipherment, which they cannot do
                    openssl("verify", "-x509_strict", "-purpose", "smimeencrypt", "-CAfile", anchor, pem)

    def test_certificate_bears_the_users_name(self):
        self.done("user", "add", ALICE, "--name", "Alice Dö")
        self.assertNotIn("next:", self.done("key", "generate", ALICE, "--type", "p256"))
        self.assertEqual(self.json("cert", "list", ALICE)["certificates"][0]["subject"], "CN=Alice Dö")

    def test_days_set_the_end(self):
        self.done("key", "generate", ALICE, "--type", "p256", "--days", "10")
        record = self.json("cert", "list", ALICE)["certificates"][0]
        pem = self.file("x.pem", self.done("cert", "export", record["fingerprint"]))
        openssl("x509", "-in", pem, "-noout", "-checkend", 9 * 86400)
        with self.assertRaises(AssertionError):
            openssl("x509", "-in", pem, "-noout", "-checkend", 11 * 86400)

    def test_earlier_keys_stay(self):
        self.done("key", "generate", ALICE, "--type", "p256")
        self.done("key", "generate", ALICE, "--type", "p256")
        self.assertEqual(len(self.json("key", "list", ALICE)["keys"]), 2)

    # R41
    def test_key_is_wrapped_in_the_store(self):
        self.done("key", "import", self.pem(self.alice))
        der = openssl("ec", "-in", self.alice.key, "-outform", "DER")
        store = self.site.store.read_bytes()
        self.assertIn(openssl("x509", "-in", self.alice.pem, "-outform", "DER"), store)
        self.assertNotIn(der[7:39], store)  # the private number, RFC 5915

    # ---- export ----

    def test_export_gives_back_the_imported_key_with_its_chain(self):
        self.done("ca", "add", self.root.pem, "--trust")
        self.done("key", "import", self.alice.p12("one", self.middle), "--passphrase-file", self.secret("one"))
        out = self.site.dir / "out.p12"
        said = self.done("key", "export", self.alice.fingerprint[:16], "--passphrase-file", self.secret("two"), "--out", out)
        self.assertEqual(said, f"key {self.alice.fingerprint[:16]} is in {out}\n")
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.openssl_reads(out, "two"), (openssl("pkey", "-in", self.alice.key, "-outform", "DER"), 3))
        self.fails("key", "export", self.alice.fingerprint, "--passphrase-file", self.secret("two"), "--out", out,
                   says="is there already")

    def test_export_writes_to_standard_output(self):
        self.done("key", "import", self.pem(self.alice))
        result = self.site.run("key", "export", self.alice.fingerprint, "--passphrase-file", self.secret("two"))
        self.assertEqual((result.returncode, result.errors), (0, ""))
        key, certificates = self.openssl_reads(self.file("out.p12", result.stdout), "two")
        self.assertEqual((key, certificates), (openssl("pkey", "-in", self.alice.key, "-outform", "DER"), 1))

    def test_own_authoritys_key_does_not_leave(self):
        own = next(k["fingerprint"] for k in self.json("key", "list")["keys"] if k["owner"] is None)
        self.fails("key", "export", own, "--passphrase-file", self.secret("two"), says="the own CA")

    def test_foreign_master_key_opens_nothing(self):
        self.done("key", "import", self.pem(self.alice))
        self.site.master_key.write_bytes(b"x" * 32)
        passphrase = self.secret("two")
        self.fails("key", "export", self.alice.fingerprint, "--passphrase-file", passphrase, says="master key")
        self.site.master_key.write_bytes(b"x" * 31)
        self.fails("key", "export", self.alice.fingerprint, "--passphrase-file", passphrase, says="31 octets instead of 32")
        self.site.master_key.unlink()
        self.fails("key", "generate", ALICE, says=["master key", "No such file"])

    # ---- delete ----

    def test_deleted_key_is_gone_and_its_certificate_can_go(self):
        self.done("key", "import", self.pem(self.alice))
        self.unchanged("key", "delete", self.alice.fingerprint, says=["--force", "old mail"])
        said = self.done("key", "delete", self.alice.fingerprint[:16], "--force")
        self.assertIn(f"next: sealadm cert delete {self.alice.fingerprint[:16]}", said)
        self.assertEqual(self.users_keys(), {})
        self.done("cert", "delete", self.alice.fingerprint)

    def test_own_authoritys_key_is_not_deleted(self):
        own = next(k["fingerprint"] for k in self.json("key", "list")["keys"] if k["owner"] is None)
        self.unchanged("key", "delete", own, "--force", says="the own CA stays")

    # ---- list ----

    def test_list_of_an_address_shows_its_keys_only(self):
        self.done("key", "import", self.pem(self.alice))
        self.assertEqual([k["fingerprint"] for k in self.json("key", "list", "Alice@Ours.example")["keys"]],
                         [self.alice.fingerprint])
        self.assertEqual(self.json("key", "list", "nobody@ours.example"), {"keys": [], "openpgp_keys": []})
        self.assertIn("(own CA)", self.done("key", "list"))

    def test_wrong_usage(self):
        for words in (["import"], ["import", "a", "b"], ["import", "a", "--passphrase", "secret"], ["generate"],
                      ["generate", "nobody"], ["generate", "<>"], ["generate", ALICE, "--type", "rsa1024"],
                      ["generate", ALICE, "--days", "0"], ["generate", ALICE, "--days", "10x"], ["generate", ALICE, "--days", "-1"],
                      ["generate", ALICE, "--days", "99999999999999999999"], ["list", "nonsense"], ["export"]):
            with self.subTest(words):
                self.fails("key", *words, status=2, says="usage: sealadm [-c FILE] key")

    def test_move_wants_a_token_and_who_asks_it(self):
        self.done("user", "add", ALICE)
        self.done("key", "generate", ALICE, "--type", "p256")
        fingerprint, = self.users_keys()
        self.unchanged("key", "move", fingerprint, says="wants --token URI", status=2)
        self.unchanged("key", "move", fingerprint, "--token", "pkcs11:token=a;object=b?pin-value=1", says="--token", status=2)
        self.unchanged("key", "move", fingerprint, "--token", "pkcs11:token=a;object=b", says="sealkeyd must run")


if __name__ == "__main__":
    unittest.main()
