"""R41: where the secrets of a running site are: master key, private keys, content keys."""
import base64
import pathlib
import re
import subprocess
import unittest

from harness import memory, message, mime, pki
from harness.lab import run
from harness.sealmilter import KEY_USER, USER
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase
from harness.tokensite import HOLDERS, TokenSite

BOB = "bob@far.example"
CAROL = "carol@ours.example"
HELLO = b"Content-Type: text/plain\r\n\r\nHello.\r\n"
NUMBERS = ("privateExponent", "prime1", "prime2", "exponent1", "exponent2", "coefficient")
OPERATIONS = 100
LARGE = HELLO + b"More than is kept in memory.\r\n" * 1000


def assert_sealed(test, key_processes):
    """Neither user looks into the processes that are his own, and the kernel writes no core of them."""
    for user, pid in ((USER, test.seal.process.pid), *((user, pid) for user in (USER, KEY_USER) for pid in key_processes)):
        for file in ("mem", "maps", "environ"):
            said = subprocess.run(["cat", f"/proc/{pid}/{file}"], user=user, group="nogroup", extra_groups=[], capture_output=True)
            test.assertIn(b"Permission denied", said.stderr, memory.program(pid))
    for pid in (test.seal.process.pid, *test.seal.descendants()):
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        test.assertEqual(re.search(r"(?m)^Max core file size +(\S+) +(\S+)", limits).groups(), ("0", "0"), memory.program(pid))


class Scenarios(SealSite):
    """
    The daemon has opened mail and signed, with an RSA key and one of a curve. The keys are in sealkeyd's worker, as numbers in OpenSSL's own
    form (machine words, least first); the daemon has none of them in any form, nor the master key. Nothing of a content key is anywhere once
    the message is done.
    """
    users = (ALICE, CAROL)
    seal_settings = {"spool-memory": "4K"}

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        first = cls.seal.key_of(CAROL)
        cls.seal.adm("key", "generate", CAROL, "--type", "p256")
        cls.alice = cls.person(ALICE)
        cls.key = cls.private_key(cls.seal.key_of(ALICE))
        curve, = (key["fingerprint"] for key in cls.seal.keys_of(CAROL) if key["fingerprint"] != first)
        cls.curve_key = cls.private_key(curve)

    @classmethod
    def private_key(cls, fingerprint):
        """A key as an administrator exports it, in a file of the test's."""
        folder = cls.lab.folder("export", owner=USER, mode=0o700)
        secret, p12, pem = folder / "passphrase", folder / f"{fingerprint}.p12", folder / f"{fingerprint}.pem"
        secret.write_text("secret\n")
        secret.chmod(0o600)
        cls.seal.adm("key", "export", fingerprint, "--passphrase-file", secret, "--out", p12)
        shown = run("openssl", "pkcs12", "-in", p12, "-passin", "pass:secret", "-nocerts", "-nodes").stdout
        pem.write_bytes(run("openssl", "pkey", input=shown).stdout)  # without the attributes of a PKCS#12
        return pem

    @staticmethod
    def pkcs8(key):
        return run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER").stdout

    @staticmethod
    def octets(name, said):
        return bytes.fromhex(re.sub(r"[:\s]", "", re.search(rf"(?m)^{name}:\n((?:    \S+\n)+)", said)[1])).lstrip(b"\0")

    @classmethod
    def numbers(cls):
        """The private numbers, most significant octet first as files have them."""
        rsa = run("openssl", "pkey", "-in", cls.key, "-noout", "-text").stdout.decode()
        curve = run("openssl", "pkey", "-in", cls.curve_key, "-noout", "-text").stdout.decode()
        return {name: cls.octets(name, rsa) for name in NUMBERS} | {"scalar": cls.octets("priv", curve)}

    @classmethod
    def both_ways(cls):
        """And least significant first, as OpenSSL has them in memory."""
        numbers = cls.numbers()
        return numbers | {f"{name}, reversed": octets[::-1] for name, octets in numbers.items()}

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

    def serve_many(self):
        """So many operations, with both keys."""
        letter = pki.mail(mime.enveloped(mime.cms_of(pki.encrypt(HELLO, self.alice))), f"Bob <{BOB}>", ALICE)
        for _ in range(OPERATIONS // 4):
            self.arrive(ALICE, letter)
            self.submit(BOB, message.make(to=BOB))
            for _ in range(2):
                self.submit(BOB, message.make(sender=CAROL, to=BOB), sender=CAROL, login=CAROL)

    def key_processes(self):
        """sealkeyd's, all of them."""
        return [pid for pid in self.seal.descendants() if memory.program(pid) == "sealkeyd"]

    def test_daemon_holds_no_private_key_and_no_master_key(self):
        """After a hundred operations, in no form; the processes between it and sealkeyd neither."""
        content_key = self.serve()
        self.serve_many()
        pkcs8 = {"PKCS#8 of " + key.stem: self.pkcs8(key) for key in (self.key, self.curve_key)}
        secrets = {"content key": content_key, "master key": self.master_key()} | pkcs8 | self.both_ways()
        others = [pid for pid in self.seal.descendants() if pid not in self.key_processes()]
        for pid in (self.seal.process.pid, *others):
            self.assertEqual(memory.find(pid, secrets), [], memory.program(pid))

    def test_search_finds_what_is_there(self):
        """The keys in their own form, and the master key, in one process of sealkeyd's: its worker."""
        self.serve()
        self.serve_many()
        there = {"master key": self.master_key()} | {name: octets for name, octets in self.both_ways().items()
                                                     if name in ("prime1, reversed", "scalar, reversed")}
        found = {pid: {name for name, _ in memory.find(pid, there)} for pid in self.key_processes()}
        self.assertEqual([names for names in found.values() if names], [set(there)])

    def test_key_process_holds_no_readable_form_and_no_content_key(self):
        content_key = self.serve()
        secrets = {"content key": content_key, "PKCS#8": self.pkcs8(self.key)} | self.numbers()
        for pid in self.key_processes():
            self.assertEqual(memory.find(pid, secrets), [])

    def test_master_key_is_in_locked_memory_alone(self):
        self.serve()
        places = [mapping for pid in self.key_processes() for _, mapping in memory.find(pid, {"master key": self.master_key()})]
        self.assertEqual([(place, {"lo", "dd"} - set(place.flags)) for place in places], [(place, set()) for place in places])
        self.assertEqual(len(places), 1)

    def test_user_of_the_daemon_reads_no_memory(self):
        """A hijacked program of the same user learns nothing."""
        self.serve()
        assert_sealed(self, self.key_processes())

    def test_daemon_cannot_read_the_master_key(self):
        said = subprocess.run(["cat", self.seal.dir / "state/master.key"], user=USER, group="nogroup", extra_groups=[], capture_output=True)
        self.assertIn(b"Permission denied", said.stderr)

    def test_no_file_holds_a_private_key(self):
        """State, spool, log, backup, the MTA's queue and log, while the daemon runs and when it has ended; but those that are made to."""
        secrets = {"content key": self.serve(), "master key": self.master_key()} | self.both_ways()
        known = {(self.seal.dir / "state/master.key", "master key")}
        for key, numbers in ((self.key, NUMBERS), (self.curve_key, ("scalar",))):
            pkcs8, der = self.pkcs8(key), key.with_suffix(".der")
            der.write_bytes(pkcs8)
            secrets |= {f"{key.stem} in DER": pkcs8, f"{key.stem} in PEM": base64.b64encode(pkcs8)[:64]}
            known |= {(key, f"{key.stem} in PEM"), (der, f"{key.stem} in DER"), *((der, name) for name in numbers)}
        backup = self.lab.folder("backup") / "backup"
        self.seal.adm("backup", backup)
        self.assertEqual(self.files_with(secrets, backup, self.seal.dir / "log"), known)
        self.seal.stop()
        try:
            self.assertEqual(self.files_with(secrets, backup, self.seal.dir / "log"), known)
        finally:
            self.seal.start()

    def files_with(self, secrets, *looked_at):
        """Which file holds what, as it is or in hexadecimal digits."""
        found, files = set(), [path for path in self.lab.dir.rglob("*") if path.is_file()]
        self.assertLessEqual({self.seal.dir / "state/store.mdb", *looked_at}, set(files))
        for path in files:
            data = path.read_bytes()
            found |= {(path, name) for name, octets in secrets.items() if octets in data or octets.hex().encode() in data}
        return found

    def test_files_of_keys_are_one_users_each(self):
        for name, user in (("master.key", KEY_USER), ("store.mdb", USER)):
            path = self.seal.dir / "state" / name
            self.assertEqual((path.stat().st_mode & 0o077, path.owner()), (0, user), name)


class UnderPostfix(Scenarios, PostfixCase):
    pass


class PinUnderPostfix(TokenSite, PostfixCase):
    def test_pin_is_in_its_file_and_the_token_child_alone(self):
        """Not in memory, command line or environment of any other process, not in state, logs or a backup."""
        for number, address in enumerate(HOLDERS):
            self.arrive(address, self.letter_to(address, number))
            self.submit(BOB, message.make(sender=address, to=BOB), sender=address, login=address)
        self.sink.wait(2 * len(HOLDERS))
        child, pin = self.token_child(), self.hsm.PIN.encode()
        others = [pid for pid in (self.seal.process.pid, *self.seal.descendants()) if pid != child]
        self.assertEqual([found for pid in others for found in memory.find(pid, {"PIN": pin})], [])
        assert_sealed(self, self.key_processes())
        for pid in (child, *others):
            for file in ("cmdline", "environ"):
                self.assertNotIn(pin, pathlib.Path(f"/proc/{pid}/{file}").read_bytes())
        self.seal.adm("backup", self.lab.folder("backup") / "backup")
        holding = [path for path in self.lab.dir.rglob("*") if path.is_file() and pin in path.read_bytes()]
        self.assertEqual(holding, [self.hsm.pin_file])


if __name__ == "__main__":
    unittest.main()
