"""A directory: OpenLDAP's slapd in the lab's folder, and a line to it that can be slow."""
import base64
import contextlib
import os
import pathlib
import signal
import socket
import threading

from . import pki
from .lab import Process, free_port, listens, run, wait_for

BASE = """\
dn: dc=example
objectClass: domain
dc: example

dn: ou=people,dc=example
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example
objectClass: organizationalUnit
ou: groups

"""


def person(uid, mail, **attributes):
    more = "".join(f"{name}: {value}\n" for name, value in attributes.items())
    return (f"dn: uid={uid},ou=people,dc=example\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: x\n"
            f"mail: {mail}\n{more}\n")


def group(name, *members):
    """Members: "uid=alice,ou=people", "cn=team,ou=groups"."""
    return (f"dn: cn={name},ou=groups,dc=example\nobjectClass: groupOfNames\ncn: {name}\n" +
            "".join(f"member: {member},dc=example\n" for member in members) + "\n")


def pgp_key(address, armor):
    """An entry below ou=people, as sites that give their people a class with pgpKey have it."""
    uid = address.split("@")[0]
    return (f"dn: uid={uid},ou=people,dc=example\nobjectClass: inetOrgPerson\nobjectClass: keyHolder\nuid: {uid}\ncn: {uid}\nsn: x\n"
            f"mail: {address}\npgpKey:: {base64.b64encode(armor).decode()}\n\n")


class Slapd:
    """authority: who certifies it, for 127.0.0.1; ca: that one's certificate; schemas: further files."""
    name = "slapd"

    def __init__(self, lab, ldif, authority, schemas=()):
        self.dir, self.port, self.tls_port = lab.folder("slapd"), free_port(), free_port()
        lab.folder("slapd/db")
        self.uri, self.ldaps = f"ldap://127.0.0.1:{self.port}", f"ldaps://127.0.0.1:{self.tls_port}"
        self.ca = authority.cert
        key = self.certify(authority)
        (self.dir / "conf").write_text(
            "".join(f"include /etc/ldap/schema/{schema}.schema\n" for schema in ("core", "cosine", "inetorgperson")) +
            "".join(f"include {schema}\n" for schema in schemas) +
            f"modulepath /usr/lib/ldap\nmoduleload back_mdb\nTLSCACertificateFile {self.ca}\n"
            f"TLSCertificateFile {self.dir}/server.pem\nTLSCertificateKeyFile {key}\n"
            f"database mdb\nmaxsize 100000000\nsuffix dc=example\ndbnosync\ndirectory {self.dir}/db\n")
        (self.dir / "ldif").write_text(BASE + ldif)
        run("/usr/sbin/slapadd", "-q", "-f", self.dir / "conf", "-l", self.dir / "ldif")
        self._process = None

    def certify(self, authority):
        key, request = self.dir / "server.key", self.dir / "server.csr"
        pki.make_request("rsa:2048", key, "directory", request)
        authority.certify(request, self.dir / "server.pem", 20, "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        return key

    def start(self):
        self._process = Process(self.name, ["/usr/sbin/slapd", "-d", "0", "-f", self.dir / "conf", "-h",
                                            f"{self.uri} {self.ldaps}"], self.dir / "log")
        wait_for(lambda: self._process.has_ended() or listens(self.port), "slapd listens")

    def stop(self):
        if self._process is not None:
            self.go_on()
            self._process.kill()
            self._process = None

    def hang(self):
        """The kernel goes on taking connections for it."""
        os.kill(self._process.pid, signal.SIGSTOP)
        wait_for(lambda: all(" T " in stat.read_text() for stat in pathlib.Path(f"/proc/{self._process.pid}/task").glob("*/stat")),
                 "slapd hangs")

    def is_asked(self, port=None):
        """Whether a question waits that it has not read: while it hangs. port: the other one."""
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, _, _, queues, *_ = line.split()
            if int(local.split(":")[1], 16) == (port or self.port) and int(queues.split(":")[1], 16) > 0:
                return True
        return False

    def die(self):
        """Whoever waits for an answer hears at once that there will be none."""
        self._process.kill()
        self._process = None

    def go_on(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGCONT)

    def log(self):
        path = self.dir / "log"
        return path.read_text(errors="replace") if path.exists() else ""


class SlowLine:
    """A port in front of another; what comes back from there waits `delay` seconds each time."""
    name = "slow line"

    def __init__(self, port):
        self.delay, self._target, self._ended = 0, port, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def start(self):
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def stop(self):
        """Closed once nobody waits there any more: else it would be somebody else's connection that came in by its number."""
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for source, sink, slow in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._carry, args=(source, sink, slow), daemon=True).start()

    def _carry(self, source, sink, slow):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if slow:
                    self._ended.wait(self.delay)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
