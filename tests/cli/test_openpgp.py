"""sealadm cert and key with OpenPGP: other people's keys come from gpg(1), and it reads ours."""
import hashlib
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import unittest

from support import Case, Site, authority, person

ALICE = "alice@ours.example"
BOB = "bob@far.example"
NOTHING = {"certificates": [], "openpgp_keys": []}


class Gpg:
    """Somebody's gpg: a home that ends with the test class."""

    def __init__(self, case):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="seal-gpg-"))
        (self.home / "gpg-agent.conf").write_text("s2k-count 65536\n")  # or it tries for seconds how many take long
        case.addClassCleanup(self.end)

    def end(self):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "gpg-agent"], capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def __call__(self, *arguments, passphrase="", input=None):
        result = subprocess.run(["gpg", "--homedir", self.home, "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback",
                                 "--passphrase", passphrase, "--trust-model", "always", *map(str, arguments)],
                                input=input, capture_output=True, timeout=240)
        if result.returncode != 0:
            raise AssertionError(f"gpg {arguments}: {result.stderr.decode(errors='replace')}")
        return result.stdout

    def make(self, *user_ids, passphrase="", expires="0", algorithm="future-default", clock=None):
        """The fingerprint of a new key, lower case."""
        then = ["--faked-system-time", clock] if clock else []
        said = self(*then, "--status-fd", "1", "--quick-generate-key", user_ids[0], algorithm, "default", expires, passphrase=passphrase)
        fingerprint = said.decode().split("KEY_CREATED")[1].split()[1]
        for user_id in user_ids[1:]:
            self("--quick-add-uid", fingerprint, user_id, passphrase=passphrase)
        return fingerprint.lower()

    def public(self, *fingerprints, armor=True):
        return self(*(["--armor"] if armor else []), "--export", *fingerprints)

    def secret(self, fingerprint, passphrase="", armor=True):
        return self(*(["--armor"] if armor else []), "--export-secret-keys", fingerprint, passphrase=passphrase)

    def revocation(self, fingerprint):
        """The certificate that gpg makes with each key, ready for use."""
        text = (self.home / "openpgp-revocs.d" / f"{fingerprint.upper()}.rev").read_text()
        return text[text.index(":-----BEGIN") + 1:]


def packets(data):
    """Of octets as gpg exports them, (tag, body)."""
    while data:
        octets = 1 << (data[0] & 3)
        end = 1 + octets + int.from_bytes(data[1:1 + octets], "big")
        yield data[0] >> 2 & 15, data[1 + octets:end]
        data = data[end:]


def mpi(octets):
    number = int.from_bytes(octets, "big")
    return number.bit_length().to_bytes(2, "big") + number.to_bytes((number.bit_length() + 7) // 8, "big")


def asking_for_ocb(secret, folder):
    """A secret Ed25519 key without a passphrase as GnuPG 2.3 would have made it: its word on features signed anew (RFC 9580 5.2.4)."""
    found = list(packets(secret))
    (_, key), (_, user_id), (_, signature) = found[:3]
    at = 7 + key[6] + 2 + 33  # behind version, date, algorithm, curve and point
    public, seed = key[:at], key[at + 3:-2].rjust(32, b"\0")
    end = 6 + int.from_bytes(signature[4:6], "big")
    covered = b"\x02\x1e\x07".join(signature[:end].rsplit(b"\x02\x1e\x01", 1))  # behind the fingerprint, which may hold any octets
    unhashed = signature[end:end + 2 + int.from_bytes(signature[end:end + 2], "big")]
    digest = hashlib.new({8: "sha256", 10: "sha512"}[signature[3]], b"\x99" + len(public).to_bytes(2, "big") + public + b"\xb4"
                         + len(user_id).to_bytes(4, "big") + user_id + covered + b"\4\xff" + len(covered).to_bytes(4, "big")).digest()
    (folder / "digest").write_bytes(digest)
    (folder / "seed.der").write_bytes(bytes.fromhex("302e020100300506032b657004220420") + seed)
    made = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-in", folder / "digest", "-keyform", "DER", "-inkey", folder / "seed.der"],
                          capture_output=True, check=True).stdout
    found[2] = 2, covered + unhashed + digest[:2] + mpi(made[:32]) + mpi(made[32:])
    return b"".join(bytes([0x81 | tag << 2]) + len(body).to_bytes(2, "big") + body for tag, body in found)


class OpenPgp(Case):
    @classmethod
    def setUpClass(cls):
        cls.far = Gpg(cls)
        cls.bob = cls.far.make(f"Bob <{BOB}>")
        cls.bob_key = cls.far.public(cls.bob)

    def key(self, fingerprint):
        found = self.json("cert", "show", fingerprint)
        self.assertEqual(found["certificates"], [])
        return found["openpgp_keys"][0]

    def import_bob(self, *options):
        return self.done("cert", "import", self.file("bob.asc", self.bob_key), *options)

    def own_keys(self, *words):
        return self.json("key", "list", *words)["openpgp_keys"]

    def parts(self):
        """The agent's files of secret keys."""
        folder = self.site.state / "gnupg/private-keys-v1.d"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


class Others(OpenPgp):
    # ---- import ----

    def test_imported_key_is_known_and_not_trusted(self):
        said = self.import_bob()
        self.assertIn(f"OpenPGP key {self.bob} of {BOB}: untrusted\n", said)
        self.assertIn(f"next: compare the fingerprint with its owner, then sealadm cert trust {self.bob[:16]}\n", said)
        key = self.key(self.bob)
        self.assertEqual((key["addresses"], key["user_ids"], key["trust"], key["by_hand"], key["source"]),
                         ([BOB], [f"Bob <{BOB}>"], "untrusted", False, "imported"))
        self.assertEqual((key["key"], key["may_sign"], key["may_encrypt"], key["revoked"], key["expires"], key["secret_key"]),
                         ("ed25519", True, True, False, None, False))
        self.assertIn(self.bob[-16:], key["key_ids"])

    def test_binary_and_armoured_are_the_same_key(self):
        self.done("cert", "import", self.file("bob.gpg", self.far.public(self.bob, armor=False)))
        before = self.done("cert", "export", self.bob)
        self.import_bob()
        self.assertEqual(self.done("cert", "export", self.bob), before)

    def test_trust_is_given_on_import(self):
        self.assertIn(f"{BOB}: trusted by hand\n", self.import_bob("--trust"))
        self.assertEqual((self.key(self.bob)["trust"], self.key(self.bob)["by_hand"]), ("trusted", True))

    def test_keys_and_certificates_come_in_one_go(self):
        carol = self.far.make("carol@far.example")
        dora = person(self.site.dir, authority(self.site.dir), "dora@far.example")
        both = self.file("both.asc", self.far.public(self.bob, carol))
        self.assertIn("2 OpenPGP keys are in the store\n", self.done("cert", "import", both, dora.pem))
        listed = self.json("cert", "list")
        self.assertEqual({k["fingerprint"] for k in listed["openpgp_keys"]}, {self.bob, carol})
        self.assertEqual([c["fingerprint"] for c in listed["certificates"]], [dora.fingerprint])
        self.assertEqual(self.json("cert", "list", BOB)["openpgp_keys"][0]["fingerprint"], self.bob)
        self.assertEqual(self.json("cert", "list", "nobody@far.example"), NOTHING)

    def test_key_that_is_wrong_keeps_no_other_of_a_keyring_out(self):
        nobody = self.far.make("Nobody without an address")
        keyring = self.file("keyring", self.far.public(nobody, armor=False) + self.far.public(self.bob, armor=False))
        said = self.fails("cert", "import", keyring, says="1 of 2 OpenPGP keys not imported").text
        self.assertIn(f"not imported: OpenPGP key {nobody} names no address", said)
        self.assertIn("1 OpenPGP keys are in the store", said)
        self.assertEqual(self.key(self.bob)["addresses"], [BOB])

    def test_for_gives_one_address_and_what_else_the_key_names_is_not_used(self):
        liar = self.far.make("Liar <liar@far.example>", "Director <director@bank.example>")
        file = self.file("liar.asc", self.far.public(liar))
        self.done("cert", "import", file, "--for", "liar@far.example")
        self.assertEqual(self.key(liar)["addresses"], ["liar@far.example"])
        self.assertEqual(self.json("cert", "list", "director@bank.example"), NOTHING)
        self.done("cert", "import", file)
        self.assertEqual(self.key(liar)["addresses"], ["liar@far.example"])

    def test_key_of_a_domain(self):
        self.import_bob("--for", "@far.example")
        self.assertEqual(self.key(self.bob)["addresses"], ["@far.example"])
        self.assertEqual(self.json("cert", "list", "@far.example")["openpgp_keys"][0]["trust"], "trusted")

    def test_for_wants_one_key(self):
        carol = self.far.make("carol@far.example")
        self.unchanged("cert", "import", self.file("two.asc", self.far.public(self.bob, carol)), "--for", BOB,
                       says="holds 2 OpenPGP keys")

    def test_key_without_address_needs_one(self):
        nobody = self.far.make("Nobody in particular")
        file = self.file("nobody.asc", self.far.public(nobody))
        self.unchanged("cert", "import", file, says=["names no address", "--for ADDR"])
        self.done("cert", "import", file, "--for", "nobody@far.example")

    def test_newer_state_is_merged(self):
        other = Gpg(type(self))
        fingerprint = other.make("dan@far.example")
        self.done("cert", "import", self.file("dan.asc", other.public(fingerprint)))
        other("--quick-add-uid", fingerprint, "dan@near.example")
        other("--quick-set-expire", fingerprint, "1y")
        self.done("cert", "import", self.file("dan.asc", other.public(fingerprint)))
        key = self.key(fingerprint)
        self.assertEqual(sorted(key["addresses"]), ["dan@far.example", "dan@near.example"])
        self.assertIsNotNone(key["expires"])

    def test_trusted_key_gets_no_address_by_a_newer_state(self):
        other = Gpg(type(self))
        fingerprint = other.make("dan@far.example")
        self.done("cert", "import", self.file("dan.asc", other.public(fingerprint)), "--trust")
        other("--quick-add-uid", fingerprint, "dan@near.example")
        self.done("cert", "import", self.file("dan.asc", other.public(fingerprint)))
        self.assertEqual(self.key(fingerprint)["addresses"], ["dan@far.example"])
        self.assertEqual(self.key(fingerprint)["trust"], "trusted")

    def test_certificate_of_revocation_ends_a_key_for_ever(self):
        fingerprint = self.far.make("eve@far.example")
        key = self.file("eve.asc", self.far.public(fingerprint))
        self.done("cert", "import", key, "--trust")
        said = self.done("cert", "import", self.file("eve.rev", self.far.revocation(fingerprint)))
        self.assertIn(f"OpenPGP key {fingerprint} of eve@far.example is revoked\n", said)
        self.done("cert", "import", key)
        found = self.key(fingerprint)
        self.assertEqual((found["revoked"], found["may_encrypt"], found["addresses"]), (True, False, ["eve@far.example"]))

    def test_expired_key_is_kept_and_said(self):
        fingerprint = self.far.make("old@far.example", expires="1y", clock="20200101T000000")
        key = self.file("old.asc", self.far.public(fingerprint))
        self.assertIn("warning: one cannot encrypt to it (until 2020-12-31 (expired))", self.done("cert", "import", key))
        self.assertEqual((self.key(fingerprint)["addresses"], self.key(fingerprint)["may_encrypt"]), (["old@far.example"], False))

    def test_certificate_of_revocation_of_another_key_revokes_nothing(self):
        self.import_bob()
        stranger = self.far.make("stranger@far.example")
        self.unchanged("cert", "import", self.file("x.rev", self.far.revocation(stranger)), says="there is no OpenPGP key")

    def test_what_is_no_public_key_is_refused(self):
        cases = {"use sealadm key import": self.far.secret(self.bob),
                 "bad": b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"}
        for says, content in cases.items():
            with self.subTest(says):
                self.unchanged("cert", "import", self.file("bad", content), says=[says, "bad"])

    def test_key_of_version_6_is_left_out_and_said(self):
        key = self.far.public(self.far.make("six@far.example"), armor=False)
        self.assertEqual((key[0], key[2]), (0x98, 4))
        six = key[:2] + b"\6" + key[3:]
        self.unchanged("cert", "import", self.file("six", six), says="a key of a version or algorithm that gpg does not know")
        said = self.done("cert", "import", self.file("both", six + self.far.public(self.bob, armor=False)))
        self.assertIn(f"OpenPGP key {self.bob} of {BOB}: untrusted\n", said)
        self.assertIn("warning: 1 more cannot be read\n", said)

    def test_hostile_files_are_refused(self):
        key = self.far.public(self.bob, armor=False)
        for content in (b"\x99", b"\x99\xff\xff", b"\xc6\xff\xff\xff\xff\xff", b"\x99\x01\x0d" * 1000, key[:100], bytes(reversed(key)),
                        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n" * 100):
            with self.subTest(content[:16]):
                self.unchanged("cert", "import", self.file("bad", content), says="bad")

    # ---- one of them ----

    def test_key_is_named_as_others_print_it(self):
        self.import_bob()
        upper = self.bob.upper()
        for name in (self.bob, self.bob[:8], upper, "0x" + upper, " ".join(upper[i:i + 4] for i in range(0, 40, 4)),
                     self.bob[-16:], "0x" + upper[-16:]):
            with self.subTest(name):
                self.assertEqual(self.key(name)["fingerprint"], self.bob)
        self.fails("cert", "show", self.bob[-15:], says="no certificate or OpenPGP key")

    def test_trust_reject_and_delete(self):
        self.import_bob()
        self.assertEqual(self.done("cert", "trust", self.bob[:16]), f"OpenPGP key {self.bob} is trusted by hand\n")
        self.assertEqual(self.key(self.bob)["trust"], "trusted")
        self.done("cert", "reject", self.bob)
        self.assertEqual(self.key(self.bob)["trust"], "rejected")
        self.import_bob()
        self.assertEqual(self.key(self.bob)["trust"], "rejected")
        self.assertEqual(self.done("cert", "delete", self.bob), f"OpenPGP key {self.bob} is deleted\n")
        self.assertEqual(self.json("cert", "list"), NOTHING)

    def test_exported_key_is_what_gpg_imports(self):
        self.import_bob()
        other = Gpg(type(self))
        other("--import", input=self.done("cert", "export", self.bob).encode())
        self.assertIn(self.bob.upper().encode(), other("--with-colons", "--list-keys"))

    def test_text_for_people(self):
        self.import_bob("--trust")
        self.assertRegex(self.done("cert", "list"), f"{self.bob}  trusted by hand    for ever  OpenPGP ed25519  {BOB}\n")
        shown = self.done("cert", "show", self.bob)
        for line in (f"OpenPGP key: {self.bob}", f"User-ID: Bob <{BOB}>", "encrypted to: cv25519, for ever", "source: imported"):
            self.assertIn(line + "\n", shown)

    def test_user_id_cannot_write_on_the_terminal(self):
        fingerprint = self.far.make("Ev\x1b[31mil \u202e <evil@far.example>")
        self.done("cert", "import", self.file("evil.asc", self.far.public(fingerprint)), "--for", "evil@far.example")
        shown = self.done("cert", "show", fingerprint)
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\u202e", shown)

    def test_without_gpg_it_says_so(self):
        self.site.configure(openpgp_gpg='""')
        self.fails("cert", "import", self.file("bob.asc", self.bob_key), says="openpgp-gpg")
        self.site.configure(openpgp_gpg="/nonexistent/gpg")
        self.fails("cert", "import", self.file("bob.asc", self.bob_key), says="/nonexistent/gpg")


class Ours(OpenPgp):
    def generate(self, *options):
        self.done("user", "add", ALICE, "--name", "Alice Dö")
        return self.done("key", "generate", ALICE, "--openpgp", *options)

    def take_out(self, fingerprint, passphrase="new"):
        """Into a gpg elsewhere, as a recovery would."""
        out = self.site.dir / "out.asc"
        self.done("key", "export", fingerprint, "--out", out, "--passphrase-file", self.secret(passphrase, "new"))
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        elsewhere = Gpg(type(self))
        elsewhere("--import", out, passphrase=passphrase)
        return elsewhere

    def check_opens(self, fingerprint, elsewhere, passphrase="new"):
        """What somebody encrypts to the public key that we give out, the secret key opens."""
        self.far("--import", input=self.done("cert", "export", fingerprint).encode())
        message = self.far("--encrypt", "--recipient", fingerprint, input=b"for your eyes only")
        self.assertEqual(elsewhere("--decrypt", input=message, passphrase=passphrase), b"for your eyes only")

    # ---- generate ----

    def test_key_of_a_domain_opens_mail_to_users_there(self):
        self.assertIn("of @ours.example: ed25519", self.done("key", "generate", "@Ours.example", "--openpgp"))
        own, = self.own_keys("@ours.example")
        key = self.key(own["fingerprint"])
        self.assertEqual((key["user_ids"], key["addresses"], key["trust"]), (["ours.example"], ["@ours.example"], "trusted"))
        self.done("policy", "load")
        self.done("user", "add", "carol@ours.example")
        self.far("--import", input=self.done("cert", "export", own["fingerprint"]).encode())
        sealed = self.far("--armor", "--encrypt", "--recipient", own["fingerprint"], input=b"Content-Type: text/plain\n\nORCHID\n").decode()
        letter = (f"From: {BOB}\nTo: carol@ours.example\nMIME-Version: 1.0\n"
                  "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\n\n"
                  "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
                  f"--b\nContent-Type: application/octet-stream\n\n{sealed}\n--b--\n")
        self.done("explain", "--from", BOB, "--to", "carol@ours.example", "--write", self.site.dir / "copies", self.file("letter", letter))
        self.assertIn(b"ORCHID", (self.site.dir / "copies/0.eml").read_bytes())

    def test_own_authority_certifies_no_domain(self):
        self.unchanged("key", "generate", "@ours.example", says="for a domain: --openpgp", status=2)

    def test_generated_key_names_its_user_and_is_trusted(self):
        said = self.generate()
        own = self.own_keys()[0]
        self.assertEqual((own["owner"], own["missing"], own["revoked"]), (ALICE, False, False))
        self.assertRegex(said, f"^OpenPGP key {own['fingerprint']} of {ALICE}: ed25519, until 20")
        key = self.key(own["fingerprint"])
        self.assertEqual((key["user_ids"], key["addresses"], key["trust"], key["source"], key["secret_key"]),
                         ([f"Alice Dö <{ALICE}>"], [ALICE], "trusted", "own", True))
        self.assertEqual(len(self.parts()), 2)
        self.assertIn(f"OpenPGP key: {own['fingerprint']} of {ALICE}\n", self.done("user", "show", ALICE))
        self.assertEqual(self.json("user", "show", ALICE)["openpgp_keys"], [own["fingerprint"]])
        self.assertIn(f"{own['fingerprint']}  {ALICE}  since", self.done("key", "list", ALICE))

    def test_generated_key_opens_what_others_encrypt_to_it(self):
        self.generate("--type", "rsa3072", "--days", "10")
        own = self.own_keys()[0]["fingerprint"]
        self.assertEqual(self.key(own)["key"], "rsa 3072")
        self.check_opens(own, self.take_out(own))

    def test_key_with_its_secret_key_here_is_not_deleted(self):
        self.generate()
        self.unchanged("cert", "delete", self.own_keys()[0]["fingerprint"], says="would be lost for old mail")

    def test_deleted_key_is_gone_from_agent_and_store(self):
        self.generate()
        own = self.own_keys()[0]["fingerprint"]
        self.unchanged("key", "delete", own, says="--force")
        self.done("key", "delete", own, "--force")
        self.assertEqual((self.own_keys(), self.parts()), ([], []))
        self.assertFalse(self.key(own)["secret_key"])
        self.done("cert", "delete", own)
        self.assertNotIn("made", self.done("init"))

    def test_key_that_the_agent_lost_can_be_deleted(self):
        self.generate()
        shutil.rmtree(self.site.state / "gnupg")
        self.done("key", "delete", self.own_keys()[0]["fingerprint"], "--force")
        self.assertEqual(self.own_keys(), [])

    def test_types_of_the_other_method_are_wrong_usage(self):
        self.fails("key", "generate", ALICE, "--openpgp", "--type", "p256", status=2, says="ed25519, rsa3072 or rsa4096")
        self.fails("key", "generate", ALICE, "--type", "ed25519", status=2, says="rsa2048")

    # ---- import and export ----

    def test_secret_key_without_passphrase(self):
        near = Gpg(type(self))
        fingerprint = near.make(f"Alice <{ALICE}>")
        said = self.done("key", "import", self.file("alice.asc", near.secret(fingerprint)))
        self.assertIn(f"OpenPGP key {fingerprint} of {ALICE}: ed25519, for ever\n", said)
        self.assertIn(f"next: sealadm user add {ALICE}\n", said)
        self.check_opens(fingerprint, self.take_out(fingerprint))

    def test_secret_key_under_a_passphrase(self):
        near = Gpg(type(self))
        fingerprint = near.make(f"Alice <{ALICE}>", passphrase="open sesame")
        file = self.file("alice.gpg", near.secret(fingerprint, "open sesame", armor=False))
        self.unchanged("key", "import", file, "--passphrase-file", self.secret("wrong"), says="passphrase")
        self.assertEqual(self.parts(), [])
        self.done("key", "import", file, "--passphrase-file", self.secret("open sesame"))
        self.check_opens(fingerprint, self.take_out(fingerprint))

    def test_key_that_asks_for_what_is_not_opened_here_is_warned_of(self):
        near = Gpg(type(self))
        secret = near.secret(near.make(f"Alice <{ALICE}>"), armor=False)
        for file, warned in (("alice.gpg", secret), False), (("asking.gpg", asking_for_ocb(secret, near.home)), True):
            for _ in "new", "known":
                said = self.done("key", "import", self.file(*file))
                self.assertEqual("warning: it asks others for OCB, which is not opened here" in said, warned, said)
            self.done("key", "delete", self.own_keys()[0]["fingerprint"], "--force")

    def test_of_several_addresses_the_owner_must_be_named(self):
        near = Gpg(type(self))
        fingerprint = near.make("info@ours.example", "sales@ours.example")
        file = self.file("two.asc", near.secret(fingerprint))
        self.unchanged("key", "import", file, status=2, says=["--user ADDR", "info@ours.example", "sales@ours.example"])
        self.assertEqual(self.parts(), [])
        self.done("key", "import", file, "--user", "Sales@ours.example")
        self.assertEqual([k["owner"] for k in self.own_keys()], ["sales@ours.example"])

    def test_key_of_a_domain_belongs_to_the_domain(self):
        near = Gpg(type(self))
        fingerprint = near.make("gateway@ours.example")
        self.done("key", "import", self.file("domain.asc", near.secret(fingerprint)), "--user", "@ours.example")
        self.assertEqual([k["fingerprint"] for k in self.own_keys("@ours.example")], [fingerprint])

    def test_key_that_is_here_keeps_owner_and_opens_as_before(self):
        near = Gpg(type(self))
        fingerprint = near.make(f"Alice <{ALICE}>")
        file = self.file("alice.asc", near.secret(fingerprint))
        self.done("key", "import", file)
        self.unchanged("key", "import", file, "--user", "other@ours.example", says=f"is here already and belongs to {ALICE}")
        self.done("key", "import", file)
        self.assertEqual(len(self.own_keys()), 1)
        self.check_opens(fingerprint, self.take_out(fingerprint))

    def test_what_is_no_secret_key_is_refused(self):
        self.unchanged("key", "import", self.file("bob.asc", self.bob_key), says="holds no private key; for public keys use sealadm cert import")
        secret = self.far.secret(self.bob, armor=False)
        for content in (secret[:60], b"\x95" * 500, b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n"):
            with self.subTest(content[:16]):
                self.unchanged("key", "import", self.file("bad", content), "--passphrase-file", self.secret("x"), says="bad")
        self.assertEqual(self.parts(), [])

    def test_nothing_is_left_over(self):
        self.generate()
        own = self.own_keys()[0]["fingerprint"]
        self.take_out(own)
        names = {path.name for path in self.site.state.iterdir()}
        self.assertEqual(names, {"store.mdb", "store.mdb-lock", "master.key", "gnupg"})
        self.assertEqual(list((self.site.dir / "run/spool").iterdir()), [])
        self.assertEqual([p.name for p in (self.site.state / "gnupg").iterdir() if p.name.startswith("S.")], [])

    def test_foreign_master_key_opens_nothing(self):
        self.generate()
        own = self.own_keys()[0]["fingerprint"]
        self.site.master_key.write_bytes(b"x" * 32)
        self.fails("key", "export", own, "--passphrase-file", self.secret("new"), "--out", self.site.dir / "x", says="master key")
        self.assertFalse((self.site.dir / "x").exists())

    # ---- the agent's home ----

    def findings(self):
        result = self.site.run("doctor", "--json")
        return [(f["severity"], f["what"]) for f in json.loads(result.text)["findings"]]

    def doctor_says(self, severity, part):
        return any(s == severity and part in what for s, what in self.findings())

    def test_lost_secret_keys_come_back_from_the_store(self):
        self.generate()
        own, parts = self.own_keys()[0]["fingerprint"], self.parts()
        shutil.rmtree(self.site.state / "gnupg")
        self.assertTrue(self.own_keys()[0]["missing"])
        self.assertIn("its secret key is missing: sealadm init", self.done("key", "list"))
        (self.site.state / "gnupg").mkdir(mode=0o700)
        self.assertTrue(self.doctor_says("error", f"the OpenPGP secret key {own} of {ALICE} is not in"))
        self.assertRegex(self.done("init"), "made +OpenPGP secret keys from the store: 1")
        self.assertEqual(self.parts(), parts)
        self.assertFalse(self.own_keys()[0]["missing"])
        self.assertNotIn("made", self.done("init"))

    def test_backup_holds_the_secret_keys(self):
        self.generate()
        parts, backup = self.parts(), self.site.dir / "backup"
        self.done("backup", backup)
        shutil.rmtree(self.site.state / "gnupg")
        self.site.store.unlink()
        self.done("init")
        self.assertIn("next: sealadm init, which gives 1 OpenPGP secret keys back to the agent", self.done("restore", backup))
        self.done("init")
        self.assertEqual(self.parts(), parts)

    def test_secret_key_that_the_store_does_not_know(self):
        self.generate()
        stray = self.site.state / "gnupg/private-keys-v1.d" / ("0" * 40 + ".key")
        stray.write_bytes(b"x")
        self.assertTrue(self.doctor_says("warning", f"{stray} is an OpenPGP secret key that the store does not know"))

    def test_home_that_others_may_enter(self):
        (self.site.state / "gnupg").chmod(0o750)
        self.assertTrue(self.doctor_says("error", "gnupg has mode 0750"))

    def test_missing_gpg_is_grave_where_keys_are(self):
        self.site.configure(openpgp_gpg="/nonexistent/gpg")
        self.assertTrue(self.doctor_says("warning", "/nonexistent/gpg"))
        self.site.configure(openpgp_gpg="/usr/bin/gpg")
        self.generate()
        self.site.configure(openpgp_gpg="/nonexistent/gpg")
        self.assertTrue(self.doctor_says("error", "/nonexistent/gpg"))
        self.site.configure(openpgp_gpg='""')
        self.assertTrue(self.doctor_says("good", "OpenPGP is switched off"))

    def test_old_gpg_is_named(self):
        old = self.file("gpg", "#!/bin/sh\necho 'gpg (GnuPG) 2.1.99'\n", 0o755)
        self.site.configure(openpgp_gpg=old)
        self.assertTrue(self.doctor_says("warning", "is too old"))

    @unittest.skipUnless(os.geteuid() == 0, "puts a folder in the place of another")
    def test_settings_for_every_gpg_of_the_host_are_named(self):
        etc = self.site.dir / "etc"
        shutil.copytree("/etc", etc, symlinks=True)
        (etc / "gnupg").mkdir(exist_ok=True)
        for name in "gpg.conf", "gpg-agent.conf":
            (etc / "gnupg" / name).write_text("")
            result = self.site.run("doctor", "--json", "--sendmail", self.file("sendmail.cf", "\n"),
                                   starter=("unshare", "--mount", "sh", "-c", f'mount --bind {etc} /etc && exec "$@"', "sh"))
            self.assertIn(f"/etc/gnupg/{name} is read by every gpg of this host", result.text)

    def test_key_about_to_expire(self):
        self.generate("--days", "10")
        self.assertTrue(self.doctor_says("warning", f"the OpenPGP key of {ALICE} expires"))


@unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
class AsRoot(OpenPgp):
    USER = "nobody"

    def setUp(self):
        self.site = Site(user=self.USER)
        self.addCleanup(self.site.remove)
        self.mine = self.site.dir / "mine"  # root's alone
        self.mine.mkdir(mode=0o700)
        self.done("init")

    def test_secret_keys_belong_to_the_user_and_go_where_only_the_caller_may_write(self):
        self.done("key", "generate", ALICE, "--openpgp")
        passphrase, out = self.mine / "passphrase", self.mine / "out.asc"
        passphrase.write_text("new")
        passphrase.chmod(0o600)
        self.done("key", "export", self.own_keys()[0]["fingerprint"], "--passphrase-file", passphrase, "--out", out)
        self.assertEqual((pwd.getpwuid(out.stat().st_uid).pw_name, out.stat().st_mode & 0o777), ("root", 0o600))
        self.assertIn("BEGIN PGP PRIVATE KEY BLOCK", out.read_text())
        for path in (self.site.state, *self.site.state.rglob("*")):
            self.assertEqual((pwd.getpwuid(path.stat().st_uid).pw_name, path.stat().st_mode & 0o077), (self.USER, 0), path)


if __name__ == "__main__":
    unittest.main()
