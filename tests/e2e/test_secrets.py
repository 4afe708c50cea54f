"""R41: where the secrets of a running daemon are: master key, private keys, content keys."""
import base64
import re
import subprocess
import unittest

from harness import memory, message, mime, pki
from harness.lab import run
from harness.sealmilter import USER
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase

BOB = "bob@far.example"
HELLO = b"Content-Type: text/plain\r\n\r\nHello.\r\n"
NUMBERS = ("privateExponent", "prime1", "prime2", "exponent1", "exponent2", "coefficient")
LARGE = HELLO + b"More than is kept in memory.\r\n" * 1000


class Scenarios(SealSite):
    """
    The daemon has opened mail with a soft key and signed with it. It keeps the key for the next message, as numbers in OpenSSL's own form
    (machine words, least first); nothing else of it, and nothing of a content key, is there once the message is done.
    """
    seal_settings = {"spool-memory": "4K"}

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.alice = cls.person(ALICE)
        cls.key = cls.private_key()

    @classmethod
    def private_key(cls):
        """Alice's key as an administrator exports it, in a file of the test's."""
        folder = cls.lab.folder("export", owner=USER, mode=0o700)
        secret, p12, pem = folder / "passphrase", folder / "alice.p12", folder / "alice.pem"
        secret.write_text("secret\n")
        secret.chmod(0o600)
        cls.seal.adm("key", "export", cls.seal.key_of(ALICE), "--passphrase-file", secret, "--out", p12)
        run("openssl", "pkcs12", "-in", p12, "-passin", "pass:secret", "-nocerts", "-nodes", "-out", pem)
        return pem

    @classmethod
    def numbers(cls):
        """The private numbers, most significant octet first as files have them."""
        said = run("openssl", "pkey", "-in", cls.key, "-noout", "-text").stdout.decode()
        found = {name: re.search(rf"(?m)^{name}:\n((?:    \S+\n)+)", said)[1] for name in NUMBERS}
        return {name: bytes.fromhex(re.sub(r"[:\s]", "", digits)).lstrip(b"\0") for name, digits in found.items()}

    @classmethod
    def master_key(cls):
        return (cls.seal.dir / "state/master.key").read_bytes()

    def serve(self):
        """Opens and signs; the content key of what was opened."""
        der = mime.cms_of(pki.encrypt(LARGE, self.alice))
        self.arrive(ALICE, pki.mail(mime.enveloped(der), f"Bob <{BOB}>", ALICE))
        self.assertIn("encryption=unauthenticated", self.sink.one(ALICE).header("X-Sealmilter-Status")[0])
        self.submit(BOB, message.make(to=BOB))
        self.assertEqual(self.opened(self.sink.one(BOB)).layers, ["encrypted", "signed"])
        at = der.index(b"\x04\x82\x01\x80") + 4
        return run("openssl", "pkeyutl", "-decrypt", "-inkey", self.key, input=der[at:at + 384]).stdout

    def test_memory_holds_no_private_key_in_a_readable_form_and_no_content_key(self):
        secrets = {"content key": self.serve(), "PKCS#8": run("openssl", "pkey", "-in", self.key, "-outform", "DER").stdout} | self.numbers()
        self.assertEqual(memory.find(self.seal.process.pid, secrets), [])

    def test_search_finds_what_is_there(self):
        """The cached key in its own form, and the master key."""
        self.serve()
        there = {"master key": self.master_key(), "prime": self.numbers()["prime1"][::-1]}
        self.assertEqual({name for name, _ in memory.find(self.seal.process.pid, there)}, set(there))

    def test_master_key_is_in_locked_memory_alone(self):
        self.serve()
        places = [mapping for _, mapping in memory.find(self.seal.process.pid, {"master key": self.master_key()})]
        self.assertEqual([(place, {"lo", "dd"} - set(place.flags)) for place in places], [(place, set()) for place in places])
        self.assertEqual(len(places), 1)

    def test_user_of_the_daemon_reads_no_memory(self):
        """A hijacked program of the same user learns nothing, whether root started the daemon or that user, as systemd does."""
        self.assert_unreadable()
        self.seal.stop()
        self.seal.start("setpriv", f"--reuid={USER}", "--regid=nogroup", "--clear-groups")
        self.assert_unreadable()

    def assert_unreadable(self):
        for file in ("mem", "maps", "environ"):
            said = subprocess.run(["cat", f"/proc/{self.seal.process.pid}/{file}"], user=USER, group="nogroup", extra_groups=[],
                                  capture_output=True)
            self.assertIn(b"Permission denied", said.stderr)

    def test_no_file_holds_a_private_key(self):
        """State, spool, log, the MTA's queue and log, while the daemon runs and when it has ended."""
        content_key = self.serve()
        pkcs8 = run("openssl", "pkey", "-in", self.key, "-outform", "DER").stdout
        secrets = {"content key": content_key, "PKCS#8": pkcs8, "PEM": base64.b64encode(pkcs8)[:64]} | self.numbers()
        self.assert_no_file_holds(secrets)
        self.seal.stop()
        try:
            self.assert_no_file_holds(secrets)
        finally:
            self.seal.start()

    def assert_no_file_holds(self, secrets):
        files = [path for path in self.lab.dir.rglob("*") if path.is_file() and self.key.parent not in path.parents]
        self.assertIn(self.seal.dir / "state/store.mdb", files)
        for path in files:
            data = path.read_bytes()
            self.assertEqual([(path, name) for name, octets in secrets.items() if octets in data or octets.hex().encode() in data], [])
            if path != self.seal.dir / "state/master.key":
                self.assertNotIn(self.master_key(), data, path)

    def test_files_of_keys_are_the_daemons_alone(self):
        for name in ("master.key", "store.mdb"):
            status = (self.seal.dir / "state" / name).stat()
            self.assertEqual((status.st_mode & 0o077, status.st_uid), (0, self.seal.dir.stat().st_uid), name)


class UnderPostfix(Scenarios, PostfixCase):
    pass


if __name__ == "__main__":
    unittest.main()
