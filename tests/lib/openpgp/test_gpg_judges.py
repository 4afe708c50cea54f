"""What comes out of lib/openpgp, in the eyes of gpg and sq: armour and keys that were cut down."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["SEAL_BUILD"])
DATA = pathlib.Path(__file__).resolve().parents[2] / "data/openpgp"
TOOL = BUILD / "tests/lib/openpgp/openpgp_tool"
SESSION, SIGNATURE, MARKER, USER_ID, ATTRIBUTE, SUBKEY, CONTAINER = 1, 2, 10, 13, 17, 14, 18


def tool(verb, data):
    done = subprocess.run([TOOL, verb], input=data, capture_output=True, check=True)
    return done.stdout, done.stderr.decode().splitlines()


def cut(data):
    """The keys, and lines about them."""
    return tool("cut", data)


def packets(data):
    """(tag, octets with the header) of each; lengths as gpg and we write them."""
    at = 0
    while at < len(data):
        first, start = data[at], at
        if first & 0x40:
            tag, size = first & 0x3f, data[at + 1]
            at += 2
            if 192 <= size < 224:
                size, at = ((size - 192) << 8) + data[at] + 192, at + 1
            elif size == 255:
                size, at = int.from_bytes(data[at:at + 4], "big"), at + 4
        else:
            tag, octets = first >> 2 & 15, 1 << (first & 3)
            size, at = int.from_bytes(data[at + 1:at + 1 + octets], "big"), at + 1 + octets
        at += size
        yield tag, data[start:at]


def packet(tag, body):
    return bytes([0xc0 | tag, 0xff]) + len(body).to_bytes(4, "big") + body


class Home:
    """A home of gpg in a temporary folder. Keys have no passphrase."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="pgp")

    def close(self):
        subprocess.run(["gpgconf", "--homedir", self.path, "--kill", "gpg-agent"], capture_output=True)
        while os.path.exists(self.path):  # the agent takes its sockets away at the same time
            shutil.rmtree(self.path, ignore_errors=True)

    def gpg(self, *arguments, data=b"", check=True):
        done = subprocess.run(["gpg", "--homedir", self.path, "--batch", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "",
                               "--trust-model", "always", *arguments], input=data, capture_output=True)
        if check and done.returncode != 0:
            raise AssertionError(done.stderr.decode(errors="replace"))
        return done.stdout

    def key(self, address, algorithm="ed25519", subkey="cv25519", expire="never"):
        self.gpg("--quick-generate-key", f"{address.split('@')[0]} <{address}>", algorithm, "cert,sign", expire)
        fingerprint = self.fingerprints(address)[0]
        self.gpg("--quick-add-key", fingerprint, subkey, "encr", expire)
        return fingerprint

    def listing(self, *who):
        text = self.gpg("--with-colons", "--fixed-list-mode", "--with-subkey-fingerprint", "--list-keys", *who, check=False).decode()
        return [line.split(":") for line in text.splitlines() if not line.startswith("tru:")]

    def fingerprints(self, *who):
        return [fields[9] for fields in self.listing(*who) if fields[0] == "fpr"]

    def properties(self):
        """All but the trust in it."""
        return [fields[:1] + fields[2:8] + fields[9:] for fields in self.listing()]

    def revoked(self, kind):
        """{text or id: whether it is revoked} of the keyring."""
        return {fields[9] or fields[4]: fields[1] == "r" for fields in self.listing() if fields[0] == kind}

    def secret_revocation(self, fingerprint):
        text = pathlib.Path(self.path, "openpgp-revocs.d", fingerprint + ".rev").read_text()
        armour = text[text.index(":-----BEGIN") + 1:]
        return subprocess.run(["gpg", "--dearmor"], input=armour.encode(), capture_output=True, check=True).stdout


class Judged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.addClassCleanup(cls.home.close)
        cls.alice = cls.home.key("alice@example.org")
        cls.bob = cls.home.key("bob@example.org", "nistp256", "nistp256")

    def fresh(self):
        home = Home()
        self.addCleanup(home.close)
        return home

    def export(self, who, *options):
        return self.home.gpg(*options, "--export", who)

    def test_gpg_and_sq_read_our_armour(self):
        for data in (self.export("alice@example.org"), self.export("bob@example.org"), bytes(range(256)) * 300):
            armour, _ = tool("armor", data)
            self.assertEqual(subprocess.run(["gpg", "--dearmor"], input=armour, capture_output=True, check=True).stdout, data)
            self.assertEqual(tool("dearmor", armour)[0], data)
            self.assertTrue(all(line.endswith(b"\r") for line in armour.split(b"\n")[:-1]))
        armour, _ = tool("armor", self.export("alice@example.org"))
        said = subprocess.run(["sq", "inspect"], input=armour, capture_output=True, check=True).stdout.decode()
        self.assertIn(self.alice, said.replace(" ", ""))

    def test_we_read_the_armour_of_sq(self):
        data = self.export("bob@example.org")
        armour = subprocess.run(["sq", "armor"], input=data, capture_output=True, check=True).stdout
        self.assertEqual(tool("dearmor", armour)[0], data)

    def test_a_key_of_gpg_loses_nothing_that_it_needs(self):
        for algorithm, subkey in (("ed25519", "cv25519"), ("rsa2048", "rsa2048"), ("nistp384", "nistp521"), ("brainpoolP256r1", "brainpoolP384r1"),
                                  ("secp256k1", "secp256k1")):
            maker, judge = self.fresh(), self.fresh()
            fingerprint = maker.key("carol@example.org", algorithm, subkey, "3y")
            maker.gpg("--quick-add-key", fingerprint, "ed25519", "sign", "3y")  # has a signature within its signature
            whole = maker.gpg("--export")
            keys, said = cut(whole)
            self.assertEqual(sorted(packets(keys)), sorted(packets(whole)))
            judge.gpg("--import", data=keys)
            self.assertEqual(judge.properties(), maker.properties())

    def test_what_we_say_of_a_key_is_what_gpg_says(self):
        for address in ("alice@example.org", "bob@example.org"):
            expected, (_, said) = [], cut(self.export(address))
            for fields in self.home.listing(address):
                if fields[0] in ("pub", "sub"):
                    expected.append([{"pub": "key", "sub": "subkey"}[fields[0]], None, fields[4].lower(), fields[16], fields[2], fields[5]])
                elif fields[0] == "fpr":
                    expected[-1][1] = fields[9].lower()
            self.assertEqual([line.split() for line in said if re.match("key|subkey", line)], expected)

    def test_signatures_of_others_and_pictures_go(self):
        maker, judge = self.fresh(), self.fresh()
        fingerprint = maker.key("carol@example.org")
        for n in range(3):
            friend = maker.key(f"friend{n}@example.org")
            maker.gpg("--local-user", friend, "--quick-sign-key", fingerprint)
        before = maker.gpg("--export", fingerprint)
        picture = bytes([0xc0 | ATTRIBUTE, 21]) + bytes([20, 1]) + bytes(19)
        after, said = cut(before + picture + [octets for tag, octets in packets(before) if tag == SIGNATURE][1])
        self.assertEqual([tag for tag, _ in packets(before)].count(SIGNATURE), 5)
        self.assertEqual([tag for tag, _ in packets(after)], [6, USER_ID, SIGNATURE, SUBKEY, SIGNATURE])
        judge.gpg("--import", data=after)
        self.assertEqual(judge.fingerprints(), maker.fingerprints(fingerprint))
        self.assertIn("broken 0 unsupported 0", said[-1])

    def test_what_anybody_can_add_to_a_signature_goes_and_it_stays_good(self):
        whole, judge = self.export("alice@example.org"), self.fresh()
        fat = b""
        for tag, whole_packet in packets(whole):
            if tag == SIGNATURE:
                body = whole_packet[2:]
                at = 6 + int.from_bytes(body[4:6], "big")
                size = int.from_bytes(body[at:at + 2], "big")
                added = b"\xff" + (20001).to_bytes(4, "big") + b"\x14" + bytes(20000)
                body = body[:at] + (size + len(added)).to_bytes(2, "big") + added + body[at + 2:]
                whole_packet = packet(SIGNATURE, body)
            fat += whole_packet
        self.assertGreater(len(fat), 40000)
        keys, _ = cut(fat)
        self.assertEqual(keys, whole)
        judge.gpg("--import", data=keys)
        self.assertEqual(judge.fingerprints(), self.home.fingerprints("alice@example.org"))

    def test_the_newest_signatures_are_those_that_count(self):
        maker, judge = self.fresh(), self.fresh()

        def at(year):
            return "--faked-system-time", f"{year}0101T000000"

        maker.gpg(*at(2010), "--quick-generate-key", "carol <carol@example.org>", "ed25519", "cert,sign", "never")
        fingerprint = maker.fingerprints()[0]
        states = [maker.gpg("--export")]
        for year in range(2011, 2022):  # each makes another self-signature, and gpg forgets the one before
            maker.gpg(*at(year), "--quick-set-expire", fingerprint, f"{year - 1980}y")
            states.append(maker.gpg("--export"))
        keys, _ = cut(b"".join(states[6:] + states[:6]))
        self.assertEqual([tag for tag, _ in packets(keys)].count(SIGNATURE), 5)
        judge.gpg("--import", data=keys)
        self.assertEqual([f[6] for f in judge.listing() if f[0] == "pub"], [f[6] for f in maker.listing() if f[0] == "pub"])

    def test_a_revocation_that_comes_later_is_taken_into_its_key(self):
        judge = self.fresh()
        alone = self.home.secret_revocation(self.alice)
        keys, said = cut(alone)
        self.assertEqual((keys, said[0]), (b"", f"revocation {self.alice[-16:].lower()} {self.alice.lower()}"))
        known, _ = cut(self.export("alice@example.org"))
        revoked, _ = cut(known + alone)
        self.assertLess(len(revoked) - len(known), 200)
        judge.gpg("--import", data=revoked)
        self.assertEqual(judge.revoked("pub"), {self.alice[-16:]: True})

    def test_a_revocation_of_another_key_changes_nothing(self):
        known, _ = cut(self.export("alice@example.org"))
        self.assertEqual(cut(known + self.home.secret_revocation(self.bob))[0], known)

    def test_a_forged_revocation_does_not_convince_gpg(self):
        judge = self.fresh()
        forged = bytearray(self.home.secret_revocation(self.alice))
        forged[-1] ^= 1
        known, _ = cut(self.export("alice@example.org"))
        judge.gpg("--import", data=cut(known + bytes(forged))[0], check=False)
        self.assertEqual(judge.revoked("pub"), {self.alice[-16:]: False})

    def test_two_states_of_a_key_become_one(self):
        maker, judge = self.fresh(), self.fresh()
        fingerprint = maker.key("carol@example.org")
        old, _ = cut(maker.gpg("--export"))
        maker.gpg("--quick-add-uid", fingerprint, "Caroline <caroline@example.org>")
        maker.gpg("--quick-add-key", fingerprint, "cv25519", "encr", "1y")
        maker.gpg("--quick-revoke-uid", fingerprint, "carol <carol@example.org>")
        fresh, _ = cut(maker.gpg("--export"))
        for both in (old + fresh, fresh + old, old + fresh + old):
            merged, said = cut(both)
            self.assertEqual([line.split()[0] for line in said], ["key", "subkey", "subkey", "uid", "uid", "broken"])
            self.assertEqual(sorted(p for _, p in packets(merged)), sorted({p for _, p in packets(old + fresh)}))
        judge.gpg("--import", data=merged)
        self.assertEqual(judge.revoked("uid"), maker.revoked("uid"))
        self.assertEqual(sorted(judge.revoked("uid").values()), [False, True])
        self.assertEqual(sorted(judge.fingerprints()), sorted(maker.fingerprints()))

    def test_a_key_of_sq_is_read_by_both(self):
        judge = self.fresh()
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/frank.pgp"
            subprocess.run(["sq", "key", "generate", "--userid", "Frank <frank@example.org>", "--export", path], capture_output=True, check=True)
            whole = subprocess.run(["sq", "key", "extract-cert", "--binary", path], capture_output=True, check=True).stdout
        keys, said = cut(whole)
        judge.gpg("--import", data=keys)
        self.assertEqual(sorted(judge.fingerprints()), sorted(line.split()[1].upper() for line in said if re.match("key|subkey", line)))
        inspected = subprocess.run(["sq", "inspect"], input=keys, capture_output=True, check=True).stdout.decode()
        self.assertEqual(inspected.count("Fingerprint:"), 1)
        self.assertEqual(inspected.count("Subkey:"), 3)
        self.assertNotIn("invalid", inspected.lower())

    def test_what_we_call_supported_gpg_opens(self):
        judge = self.fresh()
        judge.gpg("--import", str(DATA / "secret-alice.gpg"))
        session, container = (octets[2:] for _, octets in packets((DATA / "message-alice.gpg").read_bytes()))
        foreign = session[:1] + b"stranger" + session[9:]
        session, container = packet(SESSION, session), packet(CONTAINER, container)
        version6, unknown, marker = packet(SESSION, b"\6" + session[7:]), packet(SESSION, b"\3stranger\x63data"), packet(MARKER, b"PGP")
        for name, message in {
                **{name: (DATA / f"message-{name}.gpg").read_bytes() for name in ("alice", "all", "hidden", "also-password", "parts")},
                "a stranger's too": packet(SESSION, foreign) + session + container,
                "unknown algorithm too": unknown + session + container,
                "markers": marker + session + marker + container + marker}.items():
            with self.subTest(name):
                self.assertEqual(tool("look", message)[0], b"encrypted supported: \n")
                self.assertIn(judge.gpg("--decrypt", data=message), (b"Hello, this is for you.", bytes(9000)))
        for name, message in {"version 6 too": version6 + session + container, "version 6 behind": session + version6 + container}.items():
            with self.subTest(name):
                self.assertIn(b"encrypted: ", tool("look", message)[0])
                self.assertRaises(AssertionError, judge.gpg, "--decrypt", data=message)

    def test_gpg_takes_for_a_message_what_we_do_not(self):
        """Why the look is there: gpg says that all went well."""
        judge = self.fresh()
        judge.gpg("--import", str(DATA / "secret-alice.gpg"))
        literal = (DATA / "literal.gpg").read_bytes()
        self.assertEqual(judge.gpg("--decrypt", data=literal), b"Hello, this is for you.")
        self.assertEqual(tool("look", literal)[0], b"no: \n")


if __name__ == "__main__":
    unittest.main()
