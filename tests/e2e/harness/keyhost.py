"""A key directory (WKD) and key server (HKP) on loopback: tests/support/key_host.py, behind a certificate of a CA of the test's."""
import hashlib
import sys

from . import pki
from .lab import TREE, Process, free_port, wait_for

USAGE = "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost\n"


class KeyHost:
    name = "key host"

    def __init__(self, lab):
        self.dir, self.lab = lab.folder("keyhost"), lab
        self.keys = lab.folder("keyhost/keys")
        self.https, self.http = free_port(), free_port()
        self.authority = authority = pki.Authority(lab.folder("keyhost/ca"), "Web CA")
        self.ca = authority.cert
        key, request = self.dir / "server.key", self.dir / "server.csr"
        pki.make_request("ec:P-256", key, "localhost", request)
        authority.certify(request, self.dir / "server.pem", 20, USAGE)

    def url(self, scheme):
        return f"{scheme}://localhost:{self.http if scheme == 'hkp' else self.https}"

    def start(self):
        ready = self.dir / "ports"
        ready.unlink(missing_ok=True)
        self._process = Process(self.name, [sys.executable, "-B", TREE / "tests/support/key_host.py", self.dir, self.https, self.http],
                                self.dir / "log")
        wait_for(lambda: ready.exists() or self._process.has_ended(), "the key host listens")
        assert not self._process.has_ended(), self.log()

    def stop(self):
        self._process.kill()

    def log(self):
        return self._process.log()

    def publish(self, address, octets):
        """In the directory by its hash, on the server by the address."""
        for name in (wkd_hash(address.split("@")[0]), address):
            (self.keys / name).write_bytes(octets)

    def mode(self, *words):
        """What is wrong from now on: see key_host.py; nothing: nothing."""
        new = self.dir / "mode.new"
        new.write_text(" ".join(words))
        new.rename(self.dir / "mode")

    def asked(self):
        """The paths that were asked for so far."""
        path = self.dir / "asked"
        return path.read_text().splitlines() if path.exists() else []


def wkd_hash(local):
    """Z-Base-32 of SHA-1, as draft-koch-openpgp-webkey-service has it."""
    number = int.from_bytes(hashlib.sha1(local.lower().encode()).digest(), "big")
    return "".join("ybndrfg8ejkmcpqxot1uwisza345h769"[number >> shift & 31] for shift in range(155, -1, -5))
