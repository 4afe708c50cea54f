"""sealadm cert lookup: against a real HTTPS server with a test CA that is key directory and key server (tests/support/key_host.py)."""
import base64
import concurrent.futures
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from support import Certificate, authority
from test_openpgp import BOB, OpenPgp

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness.lab import free_port  # noqa: E402

HOST = pathlib.Path(__file__).resolve().parent.parent / "support/key_host.py"
BOB_HASH = "jycbiujnsxs47xrkethgtj69xuunurok"  # gpg-wks-client --print-wkd-hash

NAME_SERVER = "127.77.53.1"

HOSTS = "openpgpkey.advanced.example", "advanced.example", "direct.example"
OUTSIDE = "11.0.0.1"  # an address that is nowhere inside (lib/fetch/inside.c); it never leaves the test
CLONE_NEWNET, IFF_UP, SIOCSIFFLAGS, SIOCSIFADDR = 0x40000000, 1, 0x8914, 0x8916


def enter_network():
    """For this thread, and what it starts: a network in which the host is alone, and has the address OUTSIDE."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP))
        fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack("16sHH4s16x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(OUTSIDE)))


def deny_names(server):
    """No name exists; an empty question ends it."""
    while True:
        packet, peer = server.recvfrom(512)
        if not packet:
            return
        end = packet.index(0, 12) + 5
        server.sendto(packet[:2] + b"\x81\x83\0\1" + bytes(6) + packet[12:end], peer)


LDIF = """\
dn: dc=example
objectClass: domain
dc: example

dn: ou=keys,dc=example
objectClass: organizationalUnit
ou: keys

dn: cn=pgpServerInfo,dc=example
objectClass: pgpServerInfo
cn: pgpServerInfo
pgpBaseKeySpaceDN: ou=keys,dc=example

dn: pgpCertID=A,ou=keys,dc=example
objectClass: pgpKeyInfo
pgpCertID: A
pgpUserID: Bob <%s>
pgpKey:: %s
"""


needs_names = unittest.skipUnless(os.geteuid() == 0 and all(pathlib.Path(f"/etc/{name}").exists() for name in ("hosts", "resolv.conf")),
                                  "is a name server in the place of the host's")


class Slapd:
    """A key server of LDAP, without TLS."""

    def __init__(self, case, folder, key):
        self.folder, self.uri = folder, f"ldap://127.0.0.1:{free_port()}"
        (folder / "db").mkdir()
        (folder / "ldif").write_text(LDIF % (BOB, base64.b64encode(key).decode()))
        (folder / "conf").write_text(
            f"include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\ninclude {HOST.parent}/pgp.schema\n"
            f"modulepath /usr/lib/ldap\nmoduleload back_mdb\ndatabase mdb\nmaxsize 10000000\nsuffix dc=example\ndbnosync\n"
            f"directory {folder}/db\n")
        subprocess.run(["/usr/sbin/slapadd", "-q", "-f", folder / "conf", "-l", folder / "ldif"], check=True)
        self.process = subprocess.Popen(["/usr/sbin/slapd", "-d", "0", "-f", folder / "conf", "-h", self.uri], stderr=subprocess.DEVNULL)
        case.addCleanup(self.end)
        until = time.monotonic() + 120
        while not self.listens():
            case.assertIsNone(self.process.poll())
            case.assertLess(time.monotonic(), until)
            time.sleep(0.01)

    def listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", int(self.uri.split(":")[2]))) == 0

    def end(self):
        self.process.kill()
        self.process.wait()


class Lookup(OpenPgp):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="seal-keys-")
        self.addCleanup(folder.cleanup)
        self.host = pathlib.Path(folder.name)
        (self.host / "keys").mkdir()
        root = authority(self.host)
        names = ",".join(f"DNS:{name}" for name in ("localhost", *HOSTS))
        server = Certificate(self.host, "/CN=localhost", root, f"subjectAltName={names}\nextendedKeyUsage=serverAuth")
        (self.host / "server.pem").write_bytes(pathlib.Path(server.pem).read_bytes())
        (self.host / "server.key").write_bytes(pathlib.Path(server.key).read_bytes())
        self.site.configure(openpgp_lookup_ca_file=root.pem, openpgp_lookup_timeout="60s")
        self.start()
        self.ask("wkd")

    def start(self, https="0", address="127.0.0.1"):
        (self.host / "ports").unlink(missing_ok=True)
        process = subprocess.Popen([sys.executable, "-B", HOST, self.host, https, "0", address])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        until = time.monotonic() + 120
        while not (self.host / "ports").exists():
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)
        self.https, self.http = (self.host / "ports").read_text().split()

    def ask(self, scheme, *patterns):
        port = self.http if scheme == "hkp" else self.https
        self.server = f"{scheme}://localhost:{port}"
        self.site.configure(openpgp_lookup=" ".join([self.server, *patterns]))

    def asked(self):
        return (self.host / "asked").read_text().splitlines()

    def publish(self, key):
        for name in BOB_HASH, BOB:
            (self.host / "keys" / name).write_bytes(key)

    def test_key_of_the_directory_is_trusted_by_its_source(self):
        self.publish(self.far.public(self.bob, armor=False))
        self.assertEqual(self.done("cert", "lookup", BOB), f"{self.server} has OpenPGP key {self.bob} of {BOB}: trusted by source\n")
        key = self.key(self.bob)
        self.assertEqual((key["addresses"], key["trust"], key["by_hand"], key["source"]), ([BOB], "trusted", False, "wkd"))

    @contextlib.contextmanager
    def names(self, *lines):
        """A command that starts another where these lines of /etc/hosts are all the names that there are."""
        hosts = self.file("hosts", "".join(line + "\n" for line in lines))
        resolver = self.file("resolv.conf", f"nameserver {NAME_SERVER}\n")
        mounts = f'mount --bind {hosts} /etc/hosts && mount --bind {resolver} /etc/resolv.conf && exec "$@"'
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind((NAME_SERVER, 53))
            answers = threading.Thread(target=deny_names, args=(server,))
            answers.start()
            try:
                yield "unshare", "--mount", "sh", "-c", mounts, "sh"
            finally:
                server.sendto(b"", (NAME_SERVER, 53))
                answers.join()

    def look_up_outside(self):
        """As it is for a domain of strangers: its directory at its own host, or at the domain where that host is not; never both."""
        enter_network()
        self.start("443", OUTSIDE)
        place = "/.well-known/openpgpkey"
        with self.names(*(f"{OUTSIDE} {host}" for host in HOSTS)) as starter:
            for addr, path in (("bob@advanced.example", f"{place}/advanced.example/hu/{BOB_HASH}?l=bob"),
                               ("bob@direct.example", f"{place}/hu/{BOB_HASH}?l=bob")):
                said = self.site.run("cert", "lookup", addr, starter=starter)
                self.assertTrue(said.text.endswith(f"{addr}: trusted by source\n"), said.errors)
                self.assertEqual(self.asked()[-1], path)
            self.assertIn("has no key", self.site.run("cert", "lookup", "nobody@advanced.example", starter=starter).errors)
        self.assertEqual(len(self.asked()), 3)

    @needs_names
    def test_directory_of_a_domain_is_at_its_own_host_or_at_the_domain(self):
        self.publish(self.far.public(self.far.make("Bob <bob@advanced.example>", "Bob <bob@direct.example>")))
        self.site.configure(openpgp_lookup="wkd advanced.example direct.example")
        with concurrent.futures.ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(self.look_up_outside).result()

    def test_key_is_for_the_address_alone_for_which_it_was_asked(self):
        """R28"""
        key = self.far.make(f"Bob <{BOB}>", "Victim <victim@far.example>")
        for scheme in "wkd", "hkps", "hkp":
            self.ask(scheme)
            self.publish(self.far.public(key))
            self.done("cert", "lookup", BOB, "--trust")
            self.assertEqual(self.key(key)["addresses"], [BOB])
            self.done("cert", "delete", key)

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

    def test_key_of_an_ldap_server(self):
        slapd = Slapd(self, self.host, self.bob_key)
        self.site.configure(openpgp_lookup=f"{slapd.uri} far.example", openpgp_lookup_starttls="no")
        self.assertIn(f"{slapd.uri} has OpenPGP key {self.bob} of {BOB}: untrusted\n", self.done("cert", "lookup", BOB))
        self.assertEqual(self.key(self.bob)["source"], "keyserver")
        self.fails("cert", "lookup", "dora@far.example", says=f"no key of dora@far.example: {slapd.uri}: has no key")
        self.fails("cert", "lookup", "dora@ours.example", says="openpgp-lookup names no server")
        self.assertEqual([(f["what"], f["severity"]) for f in self.findings().values()],
                         [(f"openpgp-lookup: {slapd.uri} can be asked: {slapd.uri}: has no key", "good"),
                          (f"openpgp-lookup: {slapd.uri} is asked without TLS: whoever is on the line can answer for it", "warning")])
        self.site.configure(openpgp_lookup_starttls="yes")
        self.fails("cert", "lookup", BOB, says="StartTLS")
        slapd.end()
        (finding,) = self.findings().values()
        self.assertEqual(finding["severity"], "error")
        self.assertIn("Connection refused", finding["what"])

    # ---- what doctor and policy check say of them ----

    def findings(self, *starter):
        result = self.site.run("doctor", "--json", "--sendmail", self.file("sendmail.cf", "\n"), starter=starter)
        return {f["what"]: f for f in json.loads(result.text)["findings"] if "openpgp-lookup" in f["what"] or "the unit" in f["what"]}

    def test_doctor_asks_each_server_and_says_which_proves_nothing(self):
        for scheme in "wkd", "hkps", "hkp":
            self.ask(scheme, "far.example")
            exposed = [(f"openpgp-lookup: {self.server} is asked without TLS: whoever is on the line can answer for it", "warning")]
            self.assertEqual([(f["what"], f["severity"]) for f in self.findings().values()],
                             [(f"openpgp-lookup: {self.server} can be asked: {self.server}: has no key", "good"), *exposed[:scheme == "hkp"]])
        self.ask("hkps", "far.example")
        (self.host / "mode").write_text("503")
        (finding,) = self.findings().values()
        self.assertEqual((finding["what"], finding["severity"]),
                         (f"openpgp-lookup: {self.server} cannot be asked: {self.server}: the server says 503", "error"))
        self.assertIn("take it out of openpgp-lookup", finding["todo"])

    def test_doctor_asks_the_directory_of_each_domain_that_is_named(self):
        self.site.configure(openpgp_lookup="wkd a.localhost *.far.example *@b.localhost")
        self.assertEqual([(f["what"], f["severity"]) for f in self.findings().values()],
                         [(f"openpgp-lookup: wkd {domain} cannot be asked: openpgpkey.{domain}: the server's address is inside, "
                           "and the settings do not name it", "error") for domain in ("a.localhost", "b.localhost")])

    @needs_names
    def test_doctor_warns_of_a_domain_without_any_host(self):
        self.site.configure(openpgp_lookup="wkd nowhere.invalid")
        with self.names() as starter:
            found = self.findings(*starter)
        self.assertEqual([(f["what"], f["severity"]) for what, f in found.items() if "unit" not in what],
                         [("openpgp-lookup: wkd nowhere.invalid: no such host: nothing will be found", "warning")])

    def test_doctor_misses_who_could_vouch_for_the_servers(self):
        self.site.configure(openpgp_lookup_ca_file="/nonexistent.pem")
        self.assertEqual({f["severity"] for f in self.findings().values()}, {"error"})
        self.assertTrue(any("cannot be asked" in what for what in self.findings()))

    def test_directories_of_all_domains_are_warned_of(self):
        for words, warned in (("wkd far.example", False), ("hkps://localhost, wkd", True)):
            self.site.configure(openpgp_lookup=words)
            self.assertEqual("warning: " in self.done("policy", "check"), warned)
        self.assertIn("openpgp-lookup: 'wkd' without address patterns", self.done("policy", "check"))
        self.assertTrue(any("wkd without address patterns" in what for what in self.findings()))

    @unittest.skipUnless(os.geteuid() == 0, "puts a program in the place of another")
    def test_unit_that_keeps_the_daemon_on_this_host(self):
        for servers, allowed, kept in (("wkd", "127.0.0.0/8 ::1/128", True), ("hkps://keys.invalid", "", True), ("wkd", "::/0 0.0.0.0/0", False),
                                       ("hkps://keys.invalid", "127.0.0.0/8 192.0.2.0/24", False), ("hkps://localhost", "127.0.0.0/8", False)):
            with self.subTest(servers=servers, allowed=allowed):
                self.site.configure(openpgp_lookup=servers, openpgp_lookup_timeout="1s")
                folder = self.site.dir / "sbin"
                folder.mkdir(exist_ok=True)
                self.file("sbin/systemctl", f"#!/bin/sh\necho IPAddressAllow={allowed}\necho IPAddressDeny=::/0 0.0.0.0/0\n", 0o755)
                # The first folder in which sealadm looks for programs; a host without systemd has none to put it over.
                found = self.findings("unshare", "--mount", "sh", "-c", f'mount --bind {folder} /usr/sbin && exec "$@"', "sh")
                self.assertEqual([f["severity"] for what, f in found.items() if "the unit" in what], ["error"] if kept else [])


if __name__ == "__main__":
    unittest.main()
