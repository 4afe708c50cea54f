"""Private keys on a token: signed and opened there, in parallel, and what happens when the token or its PIN is not there."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import tempfile
import unittest

from harness import message, mime, pki, smtp
from harness.lab import wait_for
from harness.postfix import Postfix
from harness.sealmilter import KEY_USER
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase
from harness.softhsm import SoftHSM
from harness.tokensite import BOB, CAROL, DAVE, ENTITY, HOLDERS, TokenSite

PARALLEL, ROUNDS = 8, 5


class Doctor:
    def wait_found(self, severity, *parts):
        """By doctor, who finds other things wrong with such a site; a token child that was just killed says nothing yet."""
        def all_found():
            found = json.loads(self.seal.adm("doctor", "--json", check=False).stdout)["findings"]
            return all(any(f["severity"] == severity and part in f["what"] for f in found) for part in parts)
        wait_for(all_found, f"doctor says as {severity}: {parts}")


class Scenarios(Doctor, TokenSite):
    """And a real Postfix before the site, which tries again what is deferred."""

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.upstream = cls.lab.start(Postfix(cls.lab, cls.mta.mx, name="upstream", settings={"local_header_rewrite_clients": ""}))

    def letter(self, address):
        type(self).count += 1
        return self.letter_to(address, self.count)

    count = 0

    def arrive_signed(self, address):
        """One message that is opened, one that is signed."""
        self.arrive(address, self.letter(address))
        self.submit(BOB, message.make(sender=address, to=BOB), sender=address, login=address)

    def assert_opened(self, n):
        """So many messages for each holder, each once."""
        wait_for(lambda: all(sum(m.recipients == [address] for m in self.sink.messages) >= n for address in HOLDERS), "mail is opened")
        self.mta.wait_empty()
        for address in HOLDERS:
            got = [m for m in self.sink.messages if m.recipients == [address]]
            self.assertEqual(len(got), n, address)
            self.assertEqual(len({m.header("Message-ID")[0] for m in got}), n)
            for m in got:
                self.assertIn(b"ORCHID", m.data)

    def assert_signed(self, n):
        wait_for(lambda: sum(m.recipients == [BOB] for m in self.sink.messages) >= n, "mail is signed")
        self.mta.wait_empty()
        got = [m for m in self.sink.messages if m.recipients == [BOB]]
        self.assertEqual([self.opened(m).layers for m in got], [["encrypted", "signed"]] * n)

    def test_key_is_on_the_token_and_does_not_leave_it(self):
        for address in HOLDERS:
            key, = self.seal.keys_of(address)
            self.assertEqual(key["token"], self.hsm.uri(address.split("@")[0]))
            said = self.seal.adm("key", "export", key["fingerprint"], check=False)
            self.assertEqual(said.returncode, 1)
            self.assertIn(b"is on a token and does not leave it", said.stderr)

    def test_certificate_of_another_authority(self):
        """The token signs the request, the authority's answer is imported; then mail is opened with it."""
        erin, folder = "erin@ours.example", self.lab.folder("erin", owner="nobody")
        self.seal.adm("user", "add", erin)
        request, cert = folder / "request.pem", folder / "answer.pem"
        request.write_bytes(self.seal.adm("key", "request", erin, "--type", "rsa2048", "--token", self.hsm.uri("erin")).stdout)
        self.far.certify(request, cert, 20, f"{pki.USAGE}subjectAltName=email:{erin}\nbasicConstraints=CA:FALSE\n")
        self.assertIn(b"it is the certificate of the key", self.seal.adm("cert", "import", cert).stdout)
        self.holders[erin] = self.person(erin)
        self.arrive(erin, self.letter(erin))
        wait_for(lambda: self.sink.messages, "mail is opened")
        self.assertIn(b"ORCHID", self.sink.one(erin).data)

    def test_key_of_the_store_moves_to_the_token(self):
        fred = "fred@ours.example"
        self.seal.adm("user", "add", fred)
        self.seal.adm("key", "generate", fred, "--type", "rsa2048")
        self.holders[fred], fingerprint, uri = self.person(fred), self.seal.key_of(fred), self.hsm.uri("fred")
        other = self.seal.adm("key", "move", fingerprint, "--token", self.hsm.uri("carol"), check=False)
        self.assertEqual((other.returncode, b"another key" in other.stderr), (1, True), other.stderr)
        self.assertIn(b"in the store no more", self.seal.adm("key", "move", fingerprint, "--token", uri).stdout)
        self.assertEqual([key["token"] for key in self.seal.keys_of(fred)], [uri])
        self.assertEqual(self.seal.adm("key", "export", fingerprint, check=False).returncode, 1)
        self.arrive(fred, self.letter(fred))
        wait_for(lambda: self.sink.messages, "mail is opened")
        self.assertIn(b"ORCHID", self.sink.one(fred).data)
        said = self.seal.adm("key", "delete", fingerprint, "--force").stdout
        self.assertIn(f"the token keeps the key until its own tool destroys it: {uri}\n".encode(), said)

    def test_explain_asks_the_token_too(self):
        for address in HOLDERS:
            _, files = self.explained(self.letter(address), BOB, [address])
            self.assertTrue(any(b"ORCHID" in file for file in files.values()), files)

    def test_doctor_says_how_keys_are_reached(self):
        self.arrive(CAROL, self.letter(CAROL))
        self.wait_found("good", "private keys are operated by soft pkcs11", "PKCS#11 module SoftHSM",
                          f"token {self.hsm.LABEL}: logged in (sessions: 2), rsa rsa-raw pss oaep ecdsa ecdh",
                          f"through {self.hsm.settings['pkcs11-module']}, without an engine or provider")

    def test_pin_in_a_uri_is_refused(self):
        for uri in (self.hsm.uri("eve") + "?pin-value=1234", self.hsm.uri("eve") + "?pin-source=file:/etc/pin"):
            said = self.seal.adm("key", "generate", CAROL, "--token", uri, check=False)
            self.assertEqual(said.returncode, 2, said.stderr)

    def test_pin_and_master_key_as_credentials_of_systemd(self):
        """Root's files, which the key process reads by more than their owner's rights."""
        credentials = pathlib.Path("/run/credentials")
        credentials.mkdir(exist_ok=True)
        folder = pathlib.Path(tempfile.mkdtemp(dir=credentials))
        self.addCleanup(shutil.rmtree, folder)
        folder.chmod(0o755)
        settings = dict(self.seal.settings)
        self.seal.stop()
        try:
            for name, file in (("master.key", self.seal.dir / "state/master.key"), ("seal.pin", self.hsm.pin_file)):
                shutil.copyfile(file, folder / name)
                shutil.chown(folder / name, "root", KEY_USER)
                (folder / name).chmod(0o440)
            self.seal.configure(master_key=folder / "master.key", pkcs11_pin_files=f"{self.hsm.LABEL} {folder / 'seal.pin'}")
            self.seal.start()
            for address in HOLDERS:
                self.arrive_signed(address)
            self.assert_opened(1)
            self.wait_found("good", f"token {self.hsm.LABEL}: logged in", f"{folder / 'master.key'} is private")
        finally:
            self.seal.stop()
            self.seal.settings = settings
            self.seal.configure()
            self.seal.start()

    def test_signed_and_opened_with_each_kind_of_key(self):
        for address in HOLDERS:
            self.arrive_signed(address)
        self.assert_opened(1)
        self.assert_signed(len(HOLDERS))

    def test_many_at_once_without_a_leak(self):
        """The second half of them leaves no more descriptors open than the first, but for a connection that another one met."""
        open_files = []
        for half in (1, 2):
            with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
                list(pool.map(self.arrive_signed, list(HOLDERS) * (PARALLEL * ROUNDS // 2)))
            open_files.append({pid: len(os.listdir(f"/proc/{pid}/fd")) for pid in self.key_processes()})
        self.assert_opened(PARALLEL * ROUNDS)
        self.assert_signed(PARALLEL * ROUNDS * len(HOLDERS))
        first, second = open_files
        self.assertEqual(first.keys(), second.keys())
        self.assertLess(max(second[pid] - first[pid] for pid in first), PARALLEL)

    def hand_over(self, address):
        """To who tries again."""
        smtp.send(self.upstream.mx, BOB, [address], self.letter(address))

    def wait_served(self, n):
        def is_served():
            self.upstream.flush()
            return not self.upstream.queued() and len(self.sink.messages) >= n
        wait_for(is_served, "everybody has his mail", pause=0.05)
        self.mta.wait_empty()

    def test_token_that_is_removed_and_put_back_under_load(self):
        """What came meanwhile waits, and nobody has to do anything."""
        for _ in range(2):
            for address in HOLDERS:
                self.hand_over(address)
        self.remove_token()
        try:
            for address in HOLDERS:
                self.hand_over(address)
            wait_for(lambda: self.upstream.queued("deferred"), "mail waits for the token")
            self.wait_found("error", f"token {self.hsm.LABEL} is not there")
        finally:
            self.hsm.put_back()
        for address in HOLDERS:
            self.hand_over(address)
        self.wait_served(4 * len(HOLDERS))
        self.assert_opened(4)

    def test_wrong_pin_is_tried_once_and_corrected_without_a_restart(self):
        self.hsm.write_pin("0000")
        try:
            os.kill(self.token_child(), signal.SIGKILL)
            for address in HOLDERS:
                self.hand_over(address)
            wait_for(lambda: self.upstream.queued("deferred"), "mail waits for the PIN")
            self.wait_found("error", f"token {self.hsm.LABEL}: login failed")
        finally:
            self.hsm.write_pin(self.hsm.PIN)
        self.wait_served(len(HOLDERS))
        self.assert_opened(1)


class UnderPostfix(Scenarios, PostfixCase):
    pass


class MasterKey(Doctor, SealSite):
    """Keys lie in the store; from a day on, only the token unwraps them."""
    kind = "rsa"

    @classmethod
    def set_up_site(cls):
        cls.hsm = SoftHSM(cls.lab)
        cls.seal_settings = cls.hsm.settings
        cls.key_environment = cls.hsm.environment
        super().set_up_site()


class ChangeUnderPostfix(MasterKey, PostfixCase):
    def assert_served(self):
        person = self.person(ALICE)
        self.arrive(ALICE, pki.mail(mime.enveloped(mime.cms_of(pki.encrypt(ENTITY, person))), f"Bob <{BOB}>", ALICE))
        self.submit(BOB, message.make(to=BOB))
        wait_for(lambda: len(self.sink.messages) == 2, "both are out")
        self.assertIn(b"ORCHID", self.sink.one(ALICE).data)
        self.assertEqual(self.opened(self.sink.one(BOB)).layers, ["encrypted", "signed"])
        self.sink.reset()

    def restart(self):
        self.seal.stop()
        self.seal.start()

    def assert_another_key_is_refused(self, master):
        """It would open nothing; what the first one wrapped stays as it is."""
        old, first = master.read_bytes(), self.hsm.uri("master")
        self.seal.configure(master_key_token=self.hsm.make_master("another", self.kind, id="78"))
        for why in (b"sealkeyd runs with another master-key-token", b"under another token's key"):
            said = self.seal.adm("key", "rewrap", check=False)
            self.assertEqual((said.returncode, why in said.stderr), (1, True), said)
            self.restart()
        self.wait_found("error", f"private keys and passphrases are wrapped for another key than {self.hsm.uri('another')}")
        self.seal.configure(master_key_token='""')
        self.wait_found("error", "are wrapped for a token, and none is set")
        self.seal.configure(master_key_token=first)
        self.restart()
        self.assertEqual(master.read_bytes(), old)
        self.assert_served()
        self.seal.adm("key", "rewrap")

    def assert_wrong_name_is_found(self):
        self.seal.configure(master_key_token=self.hsm.uri("none"))
        self.wait_found("error", "sealkeyd runs with another master-key-token")
        self.restart()
        self.wait_found("error", "has no such key")

    def test_everything_is_wrapped_for_the_token_and_the_old_key_opens_nothing(self):
        self.assert_served()
        master = self.seal.dir / "state/master.key"
        old, fingerprint = master.read_bytes(), self.seal.key_of(ALICE)
        self.assert_wrong_name_is_found()
        self.seal.configure(master_key_token=self.hsm.make_master("master", self.kind))
        self.restart()
        self.wait_found("good", f"{self.hsm.uri('master')}, an {self.kind.upper()} key")
        self.assert_served()
        said = self.seal.adm("key", "rewrap").stdout
        self.assertIn(b"are wrapped under the token's key", said)
        self.assertNotEqual(master.read_bytes(), old)
        self.assert_served()
        self.restart()
        self.assert_served()
        self.assertEqual(self.seal.adm("key", "export", fingerprint, check=False).returncode, 1)
        self.seal.adm("user", "add", DAVE)
        self.seal.adm("key", "generate", DAVE, "--type", "p256")
        self.assertIn(b"are wrapped under the token's key", self.seal.adm("key", "rewrap").stdout)
        self.assert_another_key_is_refused(master)
        backup = self.lab.folder("backup", owner="nobody") / "backup"
        self.seal.adm("backup", backup)
        self.seal.stop()
        self.seal.adm("restore", backup)
        self.seal.start()
        self.assert_served()


class ChangeToAesUnderPostfix(ChangeUnderPostfix):
    kind = "aes"


class ComingUnderPostfix(MasterKey, PostfixCase):
    def export(self, fingerprint, *options):
        return self.seal.adm("key", "export", fingerprint, "--passphrase-file", self.secret, *options, check=False)

    def test_what_comes_in_is_wrapped_for_the_token_at_once(self):
        """Without the token's word for it nothing opens it, and without sealkeyd nothing comes in."""
        folder = self.lab.folder("import", owner="nobody")
        self.secret, p12 = folder / "secret", folder / "dave.p12"
        self.secret.write_text("secret\n")
        self.secret.chmod(0o600)
        self.seal.adm("user", "add", DAVE)
        self.seal.adm("key", "generate", DAVE, "--type", "p256")
        fingerprint = self.seal.key_of(DAVE)
        self.assertEqual(self.export(fingerprint, "--out", p12).returncode, 0)
        self.seal.adm("key", "delete", fingerprint, "--force")
        self.seal.configure(master_key_token=self.hsm.make_master("master", self.kind))
        self.seal.stop()
        said = self.seal.adm("key", "import", p12, "--passphrase-file", self.secret, check=False)
        self.assertEqual((said.returncode, b"systemctl start sealmilter" in said.stderr), (1, True), said.stderr)
        self.seal.start()
        self.seal.adm("key", "import", p12, "--passphrase-file", self.secret)
        self.assertIn(b"wrapped for a token (master-key-token), which alone opens it", self.export(fingerprint).stderr)
        self.submit(BOB, message.make(sender=DAVE, to=BOB), sender=DAVE, login=DAVE)
        wait_for(lambda: self.sink.messages, "it is out")
        self.assertEqual(self.opened(self.sink.one(BOB)).layers, ["encrypted", "signed"])
        self.seal.adm("key", "generate", DAVE, "--openpgp")
        own, = self.seal.keys_of(DAVE, "openpgp_keys")
        self.assertEqual(self.export(own["fingerprint"]).returncode, 0)
        self.seal.configure(master_key_token='""')
        self.assertIn(b"wrapped for a token (master-key-token), which alone opens it", self.export(own["fingerprint"]).stderr)


if __name__ == "__main__":
    unittest.main()
