"""sealadm doctor: files, store, keys, policy. What MTAs say is in test_doctor_postfix.py and test_doctor_sendmail.py."""
import json
import os
import pathlib
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import unittest

from support import BUILD, Case, Site, authority, person

ALICE = "alice@ours.example"
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.said = []
        self.wfile.write(b"220 mx\r\n")
        while line := self.rfile.readline():
            self.server.said.append(line.strip())
            words = ["mx", *self.server.offers] if line.startswith(b"EHLO") else ["bye"]
            for i, word in enumerate(words):
                self.wfile.write(f"250{' ' if i == len(words) - 1 else '-'}{word}\r\n".encode())


class Listener(socketserver.TCPServer):
    """An SMTP server as far as EHLO."""

    def __init__(self, offers):
        super().__init__(("127.0.0.1", 0), Session)
        self.offers, self.port = offers, self.server_address[1]

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Doctor(Case):
    """Without the MTA: a sendmail.cf that has nothing is named, and what it lacks left out."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.root = authority(cls.folder, days=400)

    def setUp(self):
        super().setUp()
        self.cf = self.file("sendmail.cf", "\n")
        self.done("policy", "load")

    def examine(self):
        result = self.site.run("doctor", "--json", "--sendmail", self.cf)
        self.assertEqual(result.returncode, 1)  # of the filter that sendmail.cf lacks
        findings = json.loads(result.text)["findings"]
        for finding in findings:
            self.assertEqual(finding["todo"] is None, finding["severity"] == "good", finding)
        return [(f["severity"], f["what"], f["todo"]) for f in findings if "sendmail.cf" not in f["what"]]

    def found(self, severity, part):
        return any(s == severity and part in what for s, what, _ in self.examine())

    def import_key(self, days):
        one = person(self.folder, self.root, ALICE, days=days)
        self.done("key", "import", self.file("key.pem", one.key.read_text() + one.pem.read_text()))

    def test_sound_site_has_nothing_but_good_findings(self):
        self.done("user", "add", ALICE)
        self.done("key", "generate", ALICE, "--type", "p256")
        self.assertEqual({severity for severity, *_ in self.examine()}, {"good"})

    def test_text_and_exit_status(self):
        result = self.fails("doctor", "--sendmail", self.cf, says="1 errors found")
        self.assertIn("error    ", result.text)
        self.assertIn("\n         -> ", result.text)

    # ---- files ----

    def test_modes_that_let_others_in(self):
        self.site.master_key.chmod(0o640)
        self.assertTrue(self.found("error", f"{self.site.master_key} has mode 0640"))
        self.site.master_key.chmod(0o600)
        self.site.state.chmod(0o750)
        self.assertTrue(self.found("error", f"{self.site.state} has mode 0750"))
        self.site.state.chmod(0o700)
        self.assertFalse(self.found("error", "has mode"))

    @unittest.skipUnless(os.access("/run", os.W_OK), "needs root")
    def test_master_key_as_a_credential_of_systemd(self):
        message = self.file("message", "From: alice@ours.example\n\nHi\n")
        explain = ("explain", "--from", ALICE, "--to", "bob@far.example", message)
        self.site.master_key.chmod(0o440)
        self.fails(*explain, says="mode is 0440")
        pathlib.Path("/run/credentials").mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir="/run/credentials") as folder:
            credential = pathlib.Path(shutil.copy(self.site.master_key, folder))
            self.site.configure(master_key=credential)
            self.done(*explain)
            self.assertTrue(self.found("good", f"{credential} is private"))
            credential.chmod(0o444)
            self.fails(*explain, says="mode is 0444")
            self.assertTrue(self.found("error", f"{credential} has mode 0444"))

    def test_missing_user_of_the_key_process(self):
        self.site.configure(key_user="nosuchuser")
        self.assertIn(("error", "user nosuchuser is not known here (key-user)", "adduser --system --group nosuchuser"), self.examine())

    @unittest.skipUnless(os.geteuid() == 0, "only root has users of others")
    def test_master_key_that_the_daemon_may_read(self):
        """It belongs to the key process's user, who comes to it."""
        self.site.configure(user="nobody", key_user="daemon")
        wrong = f"{self.site.master_key} belongs to another user than sealkeyd's: daemon"
        for path in (self.site.state, *self.site.state.iterdir()):
            shutil.chown(path, "nobody")
        self.assertIn(("error", wrong, f"chown daemon {self.site.master_key}"), self.examine())
        shutil.chown(self.site.master_key, "daemon")
        self.assertIn(("error", f"user daemon (key-user) does not come to {self.site.master_key}", f"chmod 0711 {self.site.state}"),
                      self.examine())
        self.site.state.chmod(0o711)
        self.assertEqual([what for severity, what, _ in self.examine() if severity != "good" and str(self.site.master_key) in what], [])
        own = self.site.dir / "own"
        own.mkdir(mode=0o500)
        moved = pathlib.Path(shutil.move(self.site.master_key, own))
        shutil.chown(own, "daemon")
        self.site.configure(master_key=moved)
        self.assertEqual([s for s, what, _ in self.examine() if str(moved) in what], ["good"])
        own.chmod(0o555)
        moved.unlink()
        self.assertTrue(self.found("error", f"{moved}: No such file"))

    @unittest.skipUnless(os.geteuid() == 0, "only root has users of others")
    def test_key_process_without_a_user_of_its_own(self):
        self.site.configure(user="nobody", key_user='""')
        for path in (self.site.state, *self.site.state.iterdir()):
            shutil.chown(path, "nobody")
        self.assertTrue(self.found("warning", "the user of the daemon, which reads everybody's mail, may read"))

    # ---- the key process ----

    def test_key_process_that_is_missing_or_does_not_answer(self):
        self.assertTrue(self.found("good", "sealkeyd does not run: the daemon starts it"))
        self.site.configure(key_process="running")
        self.assertTrue(self.found("error", "sealkeyd does not answer, and mail that needs a key is deferred"))
        self.site.configure(key_process="start", key_program="/nonexistent/sealkeyd")
        self.assertTrue(self.found("error", "/nonexistent/sealkeyd: No such file"))

    def test_daemon_that_runs_without_the_key_process(self):
        (self.site.dir / "run").mkdir(exist_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.site.dir / "run/milter.sock"))
            listener.listen()
            self.assertTrue(self.found("error", "sealkeyd does not answer"))

    def test_daemon_on_the_network_that_runs_without_the_key_process(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.site.configure(socket=f"inet:{listener.getsockname()[1]}@127.0.0.1")
            self.assertTrue(self.found("error", "sealkeyd does not answer"))
        self.assertTrue(self.found("good", "sealkeyd does not run: the daemon starts it"))

    def await_found(self, severity, part, **environment):
        """While sealkeyd runs."""
        program = subprocess.Popen([BUILD / "keyd/sealkeyd", "-f", "-c", self.site.conf], stderr=subprocess.DEVNULL,
                                   env=os.environ | environment)
        try:
            end = time.monotonic() + 120
            while not self.found(severity, part) and time.monotonic() < end:
                self.assertIsNone(program.poll())
            return self.examine()
        finally:
            program.terminate()
            program.wait()

    def test_key_process_that_answers(self):
        said = "sealkeyd answers: keys-open 0,"
        self.assertTrue(any(said in what for _, what, _ in self.await_found("good", said)))

    def test_module_that_cannot_be_started(self):
        """Beside one that can; the token may be its own."""
        away = BUILD / "tests/lib/token/libp11_away.so"
        conf = self.file("softhsm2.conf", f"directories.tokendir = {self.site.dir}\nobjectstore.backend = file\n")
        pin = self.file("pin", "1234\n", 0o600)
        self.site.configure(pkcs11_module=f"{away} {SOFTHSM}", pkcs11_pin_files=f"mail {pin}")
        findings = self.await_found("good", "PKCS#11 module SoftHSM", SOFTHSM2_CONF=str(conf), AWAY_SINCE="start")
        errors = [(what, todo) for severity, what, todo in findings if severity == "error"]
        self.assertTrue(any(f"is deferred: {away}: the PKCS#11 module cannot be started" in what for what, _ in errors), findings)
        self.assertIn(("token mail is not there", "it may be a token of the PKCS#11 module that is not started"), errors)

    def test_what_tokens_need(self):
        pin = self.file("pin", "1234\n", 0o600)
        self.site.configure(pkcs11_module="/nonexistent/module.so", pkcs11_pin_files=f"mail {self.site.dir}/no-pin")
        self.assertTrue(self.found("error", "/nonexistent/module.so: No such file"))
        self.assertTrue(self.found("error", f"token mail: {self.site.dir}/no-pin: No such file"))
        self.site.configure(pkcs11_pin_files=f"mail {pin}", key_user="nobody")
        if os.geteuid() == 0:
            shutil.chown(pin, "daemon")
            self.assertTrue(self.found("error", f"token mail: {pin} belongs to another user than sealkeyd's"))

    def test_missing_master_key(self):
        self.site.master_key.unlink()
        self.assertTrue(self.found("error", f"{self.site.master_key}: No such file"))

    def test_spool_folder_without_room_or_missing(self):
        self.assertFalse(self.found("warning", "spool folder"))
        self.site.configure(spool="/nonexistent")
        self.assertTrue(self.found("warning", "spool folder /nonexistent: No such file"))

    def test_no_store_is_a_finding_and_the_rest_is_still_examined(self):
        self.site.store.unlink()
        findings = self.examine()
        self.assertTrue(any(s == "error" and "there is no store" in what for s, what, _ in findings))
        self.assertTrue(any("is private" in what for _, what, _ in findings))

    def test_truncated_store_is_a_finding(self):
        os.truncate(self.site.store, 3 * 4096)
        self.assertTrue(self.found("error", "the file was truncated"))

    def test_before_init_it_says_so(self):
        site = Site()
        self.addCleanup(site.remove)
        result = site.run("doctor", "--sendmail", self.cf)
        self.assertEqual(result.returncode, 1)
        self.assertIn("sealadm init", result.text)

    # ---- users, keys, authorities, policy ----

    def test_no_users(self):
        self.assertTrue(self.found("warning", "no user is registered"))
        self.done("user", "add", ALICE)
        self.assertFalse(self.found("warning", "no user is registered"))

    def test_user_without_key(self):
        self.done("user", "add", ALICE, "--also", "a@ours.example")
        self.assertTrue(self.found("warning", f"user {ALICE} has no key"))
        self.done("user", "disable", ALICE)
        self.assertFalse(self.found("warning", "has no key"))
        self.done("user", "enable", ALICE)
        self.done("key", "generate", "a@ours.example", "--type", "p256")
        self.assertFalse(self.found("warning", "has no key"))

    def test_certificate_that_expires_soon_or_has_expired(self):
        self.done("user", "add", ALICE)
        self.import_key(-1)
        self.assertTrue(self.found("error", f"the certificate of {ALICE} expired"))
        self.import_key(10)
        self.assertTrue(self.found("warning", f"the certificate of {ALICE} expires"))
        self.import_key(60)
        self.assertFalse(any(ALICE in what for _, what, _ in self.examine()))

    def test_authority_that_expires_soon(self):
        self.done("ca", "add", self.root.pem, "--trust")
        short = authority(self.folder, "Short", days=10)
        self.done("ca", "add", short.pem)
        self.assertFalse(self.found("warning", "the authority"))
        self.done("ca", "add", short.pem, "--trust")
        self.assertTrue(self.found("warning", f"the authority {short.fingerprint[:16]} (CN=Short) expires"))

    def test_no_policy(self):
        self.assertFalse(self.found("error", "no policy is loaded"))
        site = Site()
        self.addCleanup(site.remove)
        site.run("init")
        self.assertIn("no policy is loaded", site.run("doctor", "--sendmail", self.cf).text)

    def test_injection_listener_is_asked_what_it_offers(self):
        offers = ["PIPELINING", "8BITMIME", "DSN"]
        with Listener(offers) as listener:
            self.site.configure(inject=f"127.0.0.1:{listener.port}")
            self.assertTrue(self.found("good", f"the injection listener 127.0.0.1:{listener.port} offers what copies need"))
            self.assertEqual(listener.said, [b"EHLO gw.ours.example", b"QUIT"])
            for word, severity in (("DSN", "error"), ("8BITMIME", "warning")):
                listener.offers = [offer for offer in offers if offer != word]
                self.assertTrue(self.found(severity, f"does not offer {word}: "))
                self.assertFalse(self.found("good", "the injection listener"))
        self.assertTrue(self.found("warning", f"the injection listener 127.0.0.1:{listener.port} does not answer"))

    def test_wrong_usage(self):
        for words in (["now"], ["--postfix"], ["--sendmail"], ["--exim", "/etc"]):
            with self.subTest(words):
                self.fails("doctor", *words, status=2, says="usage: sealadm [-c FILE] doctor")
        self.fails("doctor", "--sendmail", "/nonexistent", says="/nonexistent")


if __name__ == "__main__":
    unittest.main()
