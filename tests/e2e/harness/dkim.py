"""opendkim: the milter that stands after sealmilter and signs for our domain, and the judge of its signatures at the far side."""
import socket

from . import pki
from .lab import Process, run, wait_for


class Dkim:
    name = "dkim"

    def __init__(self, lab, domain="ours.example"):
        self._dir, self._domain = lab.folder("dkim", owner="nobody"), domain
        self._socket = self._dir / "sock"
        self.address = f"unix:{self._socket}"

    def start(self):
        key = self._dir / "key.pem"
        pki.make_key("rsa:2048", key)
        key.chmod(0o644)
        der = run("openssl", "rsa", "-in", key, "-pubout", "-outform", "DER").stdout
        public = run("base64", "-w0", input=der).stdout.decode()
        (self._dir / "public").write_text(f"sel._domainkey.{self._domain} v=DKIM1; k=rsa; p={public}\n")
        (self._dir / "sign.conf").write_text(
            f"Mode s\nDomain {self._domain}\nSelector sel\nKeyFile {key}\nCanonicalization simple/simple\n"
            f"Socket local:{self._socket}\nRequireSafeKeys no\nInternalHosts 0.0.0.0/0\nSyslog no\nUserID nobody\nUMask 000\n")
        (self._dir / "verify.conf").write_text(f"Mode v\nTestPublicKeys {self._dir}/public\nSyslog no\nAuthservID far\n")
        self._process = Process(self.name, ["opendkim", "-f", "-x", self._dir / "sign.conf"], self._dir / "log")
        wait_for(self._listens, "opendkim listens")

    def _listens(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(str(self._socket)) == 0

    def stop(self):
        self._process.kill()  # libmilter takes five seconds to end by itself

    def log(self):
        return (self._dir / "log").read_text(errors="replace")

    def verifies(self, data):
        """Whether the message's DKIM signature is good at the far side."""
        path = self._dir / "judged.eml"
        path.write_bytes(data)
        said = run("opendkim", "-x", self._dir / "verify.conf", "-t", path, "-v", check=False)
        return b"verification" in said.stdout and b"succeeded" in said.stdout and b"failed" not in said.stdout
