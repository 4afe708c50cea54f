"""README's "OpenPGP from nothing in five commands", with the commands as they stand there."""
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from support import SEALADM, TREE, Case, Site

SECTION = re.search(r"(?ms)^## OpenPGP from nothing in five commands\n(.*?)^## ", (TREE / "README.md").read_text())[1]
COMMANDS = re.findall(r"(?m)^    (sealadm .*)$", SECTION)
LATER = re.findall(r"`(sealadm [a-z ]*FINGERPRINT)`", SECTION.replace("\n", " "))
LETTER = "From: alice@example.org\nTo: bob@partner.example\nSubject: hello\n\nORCHID\n"


class FromNothing(Case):
    """The folder has what "Into production" puts there before: settings, and a policy of contrib/policies."""

    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.remove)
        shutil.copy(TREE / "contrib/policies/default.conf", self.site.policy)
        (self.site.dir / "run/spool").mkdir(parents=True)
        self.bob = pathlib.Path(tempfile.mkdtemp(prefix="seal-gpg-"))
        self.addCleanup(shutil.rmtree, self.bob, ignore_errors=True)
        self.addCleanup(subprocess.run, ["gpgconf", "--homedir", self.bob, "--kill", "all"])
        self.gpg("--passphrase", "", "--quick-gen-key", "Bob <bob@partner.example>", "future-default", "default", "never")
        self.file("bob.asc", self.gpg("--armor", "--export"))

    def gpg(self, *arguments, input=None):
        got = subprocess.run(["gpg", "--homedir", self.bob, "--batch", "--trust-model", "always", *arguments], input=input, capture_output=True)
        self.assertEqual(got.returncode, 0, got.stderr)
        return got.stdout

    def shell(self, command, fingerprint=""):
        """A line as a user types it, the comment too; what it prints."""
        start = f'sealadm() {{ {shlex.quote(str(SEALADM))} -c {self.site.conf} "$@"; }}\n'
        got = subprocess.run(["sh", "-euc", start + command.replace("FINGERPRINT", fingerprint)], cwd=self.site.dir, capture_output=True, timeout=240)
        self.assertEqual((got.returncode, got.stderr), (0, b""), command)
        return got.stdout.decode()

    def letter_to_bob(self):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.site.dir))
        self.done("explain", "--from", "alice@example.org", "--login", "alice@example.org", "--to", "bob@partner.example", "--write",
                  folder, self.file("letter", LETTER))
        return (folder / "0.eml").read_bytes()

    def test_what_stands_there_leads_to_encrypted_mail(self):
        self.assertEqual(len(COMMANDS), 5)
        self.assertEqual([command.split()[1:3] for command in LATER], [["cert", "export"], ["cert", "trust"]])
        export, trust = LATER
        said = [self.shell(command) for command in COMMANDS]
        alice, bob = (re.search(r"OpenPGP key ([0-9a-f]{40}) of", text)[1] for text in said[3:])
        self.assertNotIn(b"BEGIN PGP MESSAGE", self.letter_to_bob())
        self.gpg("--import", input=self.shell(export, alice).encode())
        self.shell(trust, bob)
        sealed = self.letter_to_bob()
        self.assertNotIn(b"ORCHID", sealed)
        armor = re.search(rb"(?s)-----BEGIN PGP MESSAGE-----.*-----END PGP MESSAGE-----", sealed)[0]
        self.assertIn(b"ORCHID", self.gpg("--decrypt", input=armor))
        keys = json.loads(self.done("cert", "list", "--json"))["openpgp_keys"]
        self.assertEqual({(key["fingerprint"], key["trust"]) for key in keys}, {(alice, "trusted"), (bob, "trusted")})


if __name__ == "__main__":
    unittest.main()
