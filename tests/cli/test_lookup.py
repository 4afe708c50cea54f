"""sealadm cert lookup: against a real HTTPS server with a test CA that is key directory and key server (tests/support/key_host.py)."""
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from support import Certificate, authority
from test_openpgp import BOB, OpenPgp

HOST = pathlib.Path(__file__).resolve().parent.parent / "support/key_host.py"
BOB_HASH = "jycbiujnsxs47xrkethgtj69xuunurok"  # gpg-wks-client --print-wkd-hash


class Lookup(OpenPgp):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="seal-keys-")
        self.addCleanup(folder.cleanup)
        self.host = pathlib.Path(folder.name)
        (self.host / "keys").mkdir()
        root = authority(self.host)
        server = Certificate(self.host, "/CN=localhost", root, "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth")
        (self.host / "server.pem").write_bytes(pathlib.Path(server.pem).read_bytes())
        (self.host / "server.key").write_bytes(pathlib.Path(server.key).read_bytes())
        self.site.configure(openpgp_lookup_ca_file=root.pem, openpgp_lookup_timeout="5s")
        self.start()
        self.ask("wkd")

    def start(self):
        process = subprocess.Popen([sys.executable, "-B", HOST, self.host, "0", "0"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        until = time.monotonic() + 20
        while not (self.host / "ports").exists():
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)
        self.https, self.http = (self.host / "ports").read_text().split()

    def ask(self, scheme, *patterns):
        port = self.http if scheme == "hkp" else self.https
        self.server = f"{scheme}://localhost:{port}"
        self.site.configure(openpgp_lookup=" ".join([self.server, *patterns]))

    def publish(self, key):
        for name in BOB_HASH, BOB:
            (self.host / "keys" / name).write_bytes(key)

    def test_key_of_the_directory_is_trusted_by_its_source(self):
        self.publish(self.far.public(self.bob, armor=False))
        self.assertEqual(self.done("cert", "lookup", BOB), f"{self.server} has OpenPGP key {self.bob} of {BOB}: trusted by source\n")
        key = self.key(self.bob)
        self.assertEqual((key["addresses"], key["trust"], key["by_hand"], key["source"]), ([BOB], "trusted", False, "wkd"))

    def test_key_of_a_key_server_is_not_trusted_unless_it_is_said(self):
        for scheme in "hkps", "hkp":
            self.ask(scheme)
            self.publish(self.bob_key)
            self.assertIn(f"of {BOB}: untrusted\nnext: compare", self.done("cert", "lookup", BOB))
            self.assertEqual((self.key(self.bob)["trust"], self.key(self.bob)["source"]), ("untrusted", "keyserver"))
        self.assertIn(f"of {BOB}: trusted by hand\n", self.done("cert", "lookup", BOB, "--trust"))
        self.assertIs(self.key(self.bob)["by_hand"], True)

    def test_rejected_key_stays_rejected(self):
        self.import_bob()
        self.done("cert", "reject", self.bob)
        self.publish(self.bob_key)
        self.assertIn("rejected", self.done("cert", "lookup", BOB))
        self.assertEqual(self.key(self.bob)["trust"], "rejected")

    def test_no_key_and_no_answer_are_told_apart(self):
        self.fails("cert", "lookup", BOB, says=f"no key of {BOB}: {self.server}: has no key")
        self.publish(b"<html></html>")
        self.fails("cert", "lookup", BOB, says="has no key that can be read")
        self.publish(self.far.public(self.far.make("Mallory <mallory@far.example>")))
        self.fails("cert", "lookup", BOB, says="has no key with this address")
        (self.host / "mode").write_text("503")
        self.fails("cert", "lookup", BOB, says=f"could not find out whether there is a key of {BOB}: {self.server}: the server says 503")

    def test_server_is_asked_for_its_addresses_alone(self):
        self.ask("hkps", "*.far.example", "other.example")
        self.fails("cert", "lookup", BOB, says=f"openpgp-lookup names no server for {BOB}")
        self.assertFalse((self.host / "asked").exists())


if __name__ == "__main__":
    unittest.main()
