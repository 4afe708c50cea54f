"""sealadm key import --token: keys that a token has, made there by another program, with certificates from files."""
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest

from support import BUILD, Case, authority, openssl, person

ALICE, BOB = "alice@ours.example", "bob@far.example"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "PIN-of-the-tests-alone"
# What another program made on the token: label, type, what the key may.
KEYS = {"rsa": ("rsa:2048", "sign", "decrypt"), "ec": ("EC:prime256v1", "sign", "derive"), "signer": ("EC:prime256v1", "sign"),
        "mixed": ("EC:prime256v1", "sign", "derive")}


class Token:
    """Of SoftHSM, with KEYS on it, none of which was ever in a file. public: of each key, PEM."""

    def __init__(self, folder):
        self.folder, self.pin_file = folder, folder / "pin"
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.environment = os.environ | {"SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
        self.run("softhsm2-util", "--init-token", "--free", "--label", "ours", "--so-pin", "87654321", "--pin", PIN)
        self.public = {name: self.generate(name, 16 + number, *how) for number, (name, how) in enumerate(KEYS.items())}
        # The public half beside a private key is that of another one.
        self.tool("--delete-object", "--type", "pubkey", "--label", "mixed")
        self.tool("--write-object", folder / "ec.der", "--type", "pubkey", "--label", "mixed", "--id", f"{16 + list(KEYS).index('mixed')}")
        self.public["mixed"] = self.public["ec"]

    def run(self, *words):
        said = subprocess.run([str(word) for word in words], env=self.environment, capture_output=True, timeout=240)
        if said.returncode != 0:
            raise AssertionError(said)

    def tool(self, *words):
        self.run("pkcs11-tool", "--module", MODULE, "--token-label", "ours", "--login", "--pin", PIN, *words)

    def generate(self, name, number, kind, *usages):
        der, pem = self.folder / f"{name}.der", self.folder / f"{name}.pub"
        self.tool("--keypairgen", "--key-type", kind, "--label", name, "--id", f"{number}", *(f"--usage-{usage}" for usage in usages))
        self.tool("--read-object", "--type", "pubkey", "--label", name, "--output-file", der)
        openssl("pkey", "-pubin", "-inform", "DER", "-in", der, "-out", pem)
        return pem

    def write_pin(self, pin):
        new = self.pin_file.with_suffix(".new")
        new.write_text(pin + "\n")
        new.chmod(0o600)
        new.rename(self.pin_file)


class Enrol(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.root = authority(cls.folder)
        cls.middle = authority(cls.folder, "Middle", cls.root)
        cls.token = Token(cls.folder)
        cls.alice = {name: cls.certificate(name, ALICE) for name in KEYS}

    @classmethod
    def certificate(cls, name, *addresses):
        """As an authority issued it for a key on the token. bundle: the file, with the authority."""
        usage = "digitalSignature," + ("keyEncipherment" if "rsa" in KEYS[name][0] else "keyAgreement")
        made = person(cls.folder, cls.middle, *addresses, usage=usage)
        openssl("x509", "-req", "-in", made.pem.with_suffix(".csr"), "-CA", cls.middle.pem, "-CAkey", cls.middle.key, "-days", 20, "-sha256",
                "-extfile", made.pem.with_suffix(".ext"), "-force_pubkey", cls.token.public[name], "-out", made.pem)
        made.bundle = made.pem.with_suffix(".bundle")
        made.bundle.write_text(cls.middle.pem.read_text() + made.pem.read_text())
        return made

    def setUp(self):
        super().setUp()
        self.site.configure(log="stderr", pkcs11_module=MODULE, pkcs11_pin_files=f"ours {self.token.pin_file}")
        self.token.write_pin(PIN)
        self.done("ca", "add", self.root.pem, "--trust")
        self.done("user", "add", ALICE)

    def start(self):
        """sealkeyd, until the end of the test."""
        log = open(self.site.dir / "log", "wb")
        self.addCleanup(log.close)
        process = subprocess.Popen([BUILD / "keyd/sealkeyd", "-f", "-c", self.site.conf], env=self.token.environment, stderr=log)
        self.addCleanup(self.stop, process)
        end = time.monotonic() + 240
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            while s.connect_ex(str(self.site.state / "sealkeyd.sock")) != 0:
                self.assertIsNone(process.poll(), self.log())
                self.assertLess(time.monotonic(), end)
                time.sleep(0.02)

    def stop(self, process):
        process.terminate()
        self.assertEqual(process.wait(240), 0, self.log())
        self.assertNotIn("Sanitizer", self.log())

    def log(self):
        return (self.site.dir / "log").read_text(errors="replace")

    def words(self, name, *more, key=None):
        """The command for a certificate, and for a key, which is the certificate's own."""
        return ("key", "import", self.alice[name].bundle, "--token", f"pkcs11:token=ours;object={key or name}", *more)

    def copy(self, letter, *how):
        """What comes of a letter."""
        folder = tempfile.mkdtemp(dir=self.site.dir)
        self.done("explain", *how, "--write", folder, self.file("letter", letter))
        return (pathlib.Path(folder) / "0.eml").read_bytes()

    def assert_signs(self):
        letter = f"From: {ALICE}\nTo: {BOB}\nSubject: hello\nMessage-ID: <1@ours.example>\n\nORCHID\n"
        signed = self.copy(letter, "--from", ALICE, "--login", ALICE, "--to", BOB)
        chain = self.file("chain.pem", self.middle.pem.read_text())
        self.assertIn(b"ORCHID", openssl("cms", "-verify", "-CAfile", self.root.pem, "-certfile", chain, input=signed))

    def assert_opens(self, name):
        head = f"From: {BOB}\nTo: {ALICE}\nSubject: hello\nMessage-ID: <2@far.example>\n".encode()
        sealed = openssl("cms", "-encrypt", "-aes256", self.alice[name].pem, input=b"Content-Type: text/plain\n\nORCHID\n")
        self.assertNotIn(b"ORCHID", sealed)
        self.assertIn(b"ORCHID", self.copy(head + sealed, "--from", BOB, "--to", ALICE))

    def test_key_that_another_program_made_signs_and_opens(self):
        self.start()
        self.done("policy", "load")
        for name, text in (("rsa", "RSA 2048"), ("ec", "P-256")):
            with self.subTest(name):
                uri, said = f"pkcs11:token=ours;object={name}", self.done(*self.words(name))
                self.assertIn(f"key {self.alice[name].fingerprint[:16]} of {ALICE}: {text}, valid until ", said)
                self.assertIn("certificate trusted by its chain", said)
                self.assertNotIn("warning", said)
                self.assertEqual([key["fingerprint"] for key in self.json("key", "list", ALICE)["keys"] if key["token"] == uri],
                                 [self.alice[name].fingerprint])
                self.assert_signs()
                self.assert_opens(name)
        self.fails("key", "export", self.alice["rsa"].fingerprint, says="is on a token and does not leave it")

    def test_key_that_signs_only_is_taken_for_that(self):
        self.start()
        self.done("policy", "load")
        self.assertIn("warning: it opens no mail: the key on token ours may not agree on keys (CKA_DERIVE)", self.done(*self.words("signer")))
        self.assert_signs()

    def test_what_is_not_the_certificates_key_is_refused(self):
        self.start()
        with self.nothing_written():
            self.fails(*self.words("rsa", key="none"), says="token ours has no such key")
            self.fails(*self.words("rsa", key="ec"), says="the certificate is of another key than pkcs11:token=ours;object=ec")
            self.fails(*self.words("ec", key="signer"), says="the certificate is of another key")
            self.fails(*self.words("mixed"), says="the token's private key is not that of its public half")
            self.fails("key", "import", self.alice["rsa"].pem, "--token", "pkcs11:token=theirs;object=rsa", says="token theirs is not there")

    def test_file_of_something_else_is_refused(self):
        self.start()
        soft = person(self.folder, self.root, ALICE)
        self.done("key", "generate", ALICE, "--openpgp")
        own, = self.json("key", "list", ALICE)["openpgp_keys"]
        cases = {
            "holds a private key": self.file("soft.pem", soft.key.read_text() + soft.pem.read_text()),
            "holds a private key;": soft.p12("secret"),
            "holds only certification authorities": self.root.pem,
            "holds several certificates": self.file("two.pem", self.alice["rsa"].pem.read_text() + soft.pem.read_text()),
            "OpenPGP keys are in gpg-agent": self.file("key.asc", self.done("cert", "export", own["fingerprint"])),
        }
        with self.nothing_written():
            for says, file in cases.items():
                self.fails("key", "import", file, "--token", "pkcs11:token=ours;object=rsa", says=[says, str(file)],
                           status=2 if "OpenPGP" in says else 1)

    def test_owner_is_who_the_certificate_names_or_who_is_named(self):
        self.start()
        for name, addresses in (("rsa", ()), ("ec", (ALICE, "sales@ours.example"))):
            file = self.certificate(name, *addresses).pem
            command = ("key", "import", file, "--token", f"pkcs11:token=ours;object={name}")
            with self.nothing_written():
                self.fails(*command, status=2, says="--user")
            self.done(*command, "--user", "@ours.example")
        self.assertEqual(len(self.json("key", "list", "@ours.example")["keys"]), 2)

    def test_key_that_is_here_is_not_taken_again(self):
        self.start()
        self.done(*self.words("rsa"))
        soft = person(self.folder, self.root, ALICE)
        self.done("key", "import", self.file("soft.pem", soft.key.read_text() + soft.pem.read_text()))
        with self.nothing_written():
            self.fails(*self.words("rsa"), says=f"is here already, on a token, and belongs to {ALICE}")
            self.fails(*self.words("rsa", "--user", BOB), says=f"belongs to {ALICE}")
            self.fails("key", "import", soft.pem, "--token", "pkcs11:token=ours;object=ec",
                       says=f"belongs to {ALICE}; sealadm key move {soft.fingerprint[:16]}")

    def put_copy(self, usage):
        """A key in the store, and a copy of it on the token that the token's own tool gave no CKA_DERIVE. Its certificate."""
        made = person(self.folder, self.root, ALICE, usage=usage)
        self.done("key", "import", self.file("copied.pem", made.key.read_text() + made.pem.read_text()))
        plain = self.file("copied.key", openssl("pkcs8", "-topk8", "-nocrypt", "-in", made.key).decode())
        self.token.run("softhsm2-util", "--import", plain, "--token", "ours", "--label", made.fingerprint[:8], "--id", made.fingerprint[:8],
                       "--pin", PIN)
        return made

    def test_copy_that_opens_no_mail_takes_no_key_from_the_store(self):
        self.start()
        self.done("policy", "load")
        made = self.put_copy("digitalSignature,keyAgreement")
        self.alice = self.alice | {"copied": made}
        uri = f"pkcs11:token=ours;object={made.fingerprint[:8]}"
        with self.nothing_written():
            self.fails("key", "move", made.fingerprint, "--token", uri, says=["opens no mail there, and stays in the store", "CKA_DERIVE"])
        self.assert_opens("copied")
        signs = self.put_copy("digitalSignature")
        self.done("key", "move", signs.fingerprint, "--token", f"pkcs11:token=ours;object={signs.fingerprint[:8]}")

    def test_key_that_moves_leaves_the_store_under_all_its_certificates(self):
        self.start()
        made = person(self.folder, self.root, ALICE)
        self.done("key", "import", self.file("soft.pem", made.key.read_text() + made.pem.read_text()))
        for name in "renewed", "again":
            renewed = self.folder / f"{name}.crt"
            openssl("x509", "-req", "-in", made.pem.with_suffix(".csr"), "-CA", self.root.pem, "-CAkey", self.root.key, "-days", 20, "-sha256",
                    "-extfile", made.pem.with_suffix(".ext"), "-out", renewed)
            self.assertIn("it is the certificate of the key", self.done("cert", "import", renewed))
        keys = [key["fingerprint"] for key in self.json("key", "list", ALICE)["keys"]]
        self.assertEqual(len(keys), 3)
        uri = "pkcs11:token=ours;object=moved"
        said = self.done("key", "move", keys[1], "--token", uri)
        for fingerprint in keys:
            self.assertIn(f"key {fingerprint[:16]} of {ALICE} is used on the token now, and is in the store no more: {uri}\n", said)
            self.fails("key", "export", fingerprint, says="is on a token and does not leave it")
            self.fails("key", "move", fingerprint, "--token", uri, says="is on a token already")

    def test_key_that_the_store_does_not_take_is_said_to_be_on_the_token(self):
        """sealkeyd has the master key of before: as while another command changes it."""
        master = self.site.state / "master.key"
        old = master.read_bytes()
        self.done("key", "rewrap")
        new = master.read_bytes()
        master.write_bytes(old)
        self.start()
        for name, command, says in (("a", "generate", "another master key\n"), ("b", "generate", "try again"), ("c", "request", "try again")):
            with self.subTest(name):
                words = ("key", command, ALICE, "--type", "p256", "--token", f"pkcs11:token=ours;object=left-{name}")
                said = self.unchanged(*words, says=says).text
                master.write_bytes(new)
                self.assertIn(f"the token made the key, which the store has not taken: {words[-1]}\nnext: destroy it", said)
                again = self.unchanged(*words, says="has an object of this label already; name another, or destroy that")
                self.assertNotIn("the token made", again.text)

    def test_wrong_pin_is_said_and_corrected_without_a_restart(self):
        self.token.write_pin("0000")
        self.start()
        with self.nothing_written():
            self.fails(*self.words("ec"), says="PIN")
        self.token.write_pin(PIN)
        self.done(*self.words("ec"))

    def test_without_a_token_or_who_asks_it(self):
        pem, uri = self.alice["rsa"].pem, "pkcs11:token=ours;object=rsa"
        with self.nothing_written():
            self.fails("key", "import", pem, "--token", uri, says="sealkeyd must run")
            self.fails("key", "import", pem, "--token", uri, "--passphrase-file", self.secret("secret"), status=2, says="needs no passphrase")
            self.fails("key", "import", pem, "--token", uri + "?pin-value=1", status=2, says="--token")
            self.site.settings.pop("pkcs11-module")
            self.site.configure()
            self.start()
            self.fails("key", "import", pem, "--token", uri, says="none is set (pkcs11-module =)")


if __name__ == "__main__":
    unittest.main()
