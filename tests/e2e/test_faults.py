"""Whatever breaks: nothing leaves in clear, the client hears why and may try again, the log says what it was, all is well after."""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import signal
import sys
import threading
import time
import unittest

from harness import message, mime, pki, smtp
from harness.disk import Disk
from harness.lab import TIMEOUT, free_port, run, wait_for
from harness.sealmilter import IN_AND_INSIDE
from harness.sealsite import ALICE, SealSite
from harness.sink import Sink
from harness.site import PostfixCase, SendmailCase

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
import client  # noqa: E402

BOB, CAROL, EVE = "bob@far.example", "carol@plain.example", "eve@far.example"
LAYERS = {BOB: ["encrypted", "signed"], CAROL: ["signed"], EVE: ["encrypted", "signed"]}
TOKEN = b"ORCHID-7731"

POLICY = """\
our domains  ours.example

rule "protected"
    when outbound, to domain far.example
    sign
    encrypt, else refuse "No certificate of this recipient is known."

rule "out"
    when outbound
    sign

""" + IN_AND_INSIDE


def letter(size=0, to=f"{BOB}, {CAROL}"):
    return message.make(to=to, body=TOKEN + b"\r\n" + b"%s\r\n" % (b"x" * 70) * (size // 72))


class Scenarios(SealSite):
    """
    Bob's copy stays in place, Carol's and Eve's are injected; further listeners for copies can be scripted. Store and spool have
    small disks of their own.
    """
    policy = POLICY

    @classmethod
    def set_up_site(cls):
        cls.state_disk = cls.lab.start(Disk(cls.lab, "state-disk", "64m", "nobody"))
        cls.spool_disk = cls.lab.start(Disk(cls.lab, "spool-disk", "16m", "nobody"))
        cls.seal_settings = {"state": cls.state_disk.path / "state", "spool": cls.spool_disk.path / "spool",
                             "spool-memory": "64K", "inject-timeout": "100s"}
        super().set_up_site()
        cls.store = cls.state_disk.path / "state/store.mdb"
        cls.injector = cls.lab.start(Sink("injector"))
        cls.inject = cls.seal.settings["inject"]

    def setUp(self):
        super().setUp()
        self.injector.reset()

    # ---- steps ----

    def send(self, sent, recipients=tuple(LAYERS)):
        return self.submit(recipients, sent)

    def assert_deferred(self, sent, reply, log=None, recipients=tuple(LAYERS)):
        with self.assertRaises(smtp.Refused) as refused:
            self.send(sent, recipients)
        self.assertRegex(str(refused.exception.reply), reply)
        if log:
            self.logged(log)
        self.mta.wait_empty()
        self.assertEqual(self.sink.messages, [])

    def assert_arrived(self, *recipients, sink=None):
        """Each of them exactly one message, of his own treatment, and nobody else any."""
        sink = sink or self.sink
        sink.wait(len(recipients))
        self.mta.wait_empty()
        self.assertEqual(sorted(m.recipients for m in sink.messages), sorted([address] for address in recipients))
        for m in sink.messages:
            opened = self.opened(m)
            self.assertEqual(opened.layers, LAYERS[m.recipients[0]])
            self.assertIn(TOKEN, opened.entity)
            self.assertEqual(TOKEN in m.data, "encrypted" not in opened.layers)

    def assert_serves(self, sent=None):
        """The daemon is well: the message, here for the first time or again, reaches everybody once."""
        self.send(sent or letter())
        self.assert_arrived(*LAYERS)

    # ---- keys ----

    def test_expired_certificate_is_none(self):
        late = self.far.issue("late@far.example", days=-1)
        self.seal.adm("cert", "import", late.cert)
        self.assert_deferred(letter(to="late@far.example"), r"^550 5\.7\.\d .*No certificate", "rcpt=late@far.example .*expired",
                             ["late@far.example"])
        self.assert_serves()

    def test_certificate_that_expires_while_the_daemon_knows_it_is_used_until_then(self):
        person = self.far.issue("soon@far.example")
        self.people.append(person)
        end = int(time.time()) + 4
        certify_until(self.far, person, end)
        self.seal.adm("cert", "import", person.cert)
        accepted = 0
        with self.assertRaises(smtp.Refused) as refused:
            while True:
                begun = time.time()
                self.submit("soon@far.example", letter(to="soon@far.example"))
                self.assertLess(begun, end + 1)
                accepted += 1
        self.assertRegex(str(refused.exception.reply), r"^550 5\.7\.\d .*No certificate")
        self.assertGreaterEqual(time.time(), end)
        self.mta.wait_empty()
        self.assertEqual([TOKEN in m.data for m in self.sink.messages], [False] * accepted)

    # ---- store ----

    @contextlib.contextmanager
    def full(self, disk):
        disk.fill()
        try:
            yield
        finally:
            disk.free()

    def test_full_store_defers_what_would_have_to_be_noted(self):
        sent, stranger = letter(), self.far.issue("stranger@far.example")
        with self.full(self.state_disk):
            self.assert_deferred(sent, r"^452 4\.3\.1 ", "event=failed error=store-full why=.*journal.*No space left")
            self.send(letter(), [BOB])
            self.assert_arrived(BOB)
            self.sink.reset()
            signed = stranger.sign(b"Content-Type: text/plain\r\n\r\n" + TOKEN + b"\r\n")
            self.arrive(ALICE, pki.mail(signed, stranger.address, ALICE))
            self.assertRegex(self.sink.one(ALICE).header("Subject")[0], "signed OK")
        self.sink.reset()
        self.assert_serves(sent)

    def test_store_cut_while_the_daemon_runs_defers_everything(self):
        whole = self.store.read_bytes()
        for size in (0, 5000, 12288):
            with self.subTest(size=size):
                os.truncate(self.store, size)
                try:
                    self.assert_deferred(letter(), r"^451 4\.3\.0 ", "error=store-damaged why=.*truncated.*restore it from a backup")
                    with self.assertRaisesRegex(smtp.Refused, "451 4.3.0"):
                        self.arrive(ALICE, message.make(to=ALICE))
                finally:
                    self.store.write_bytes(whole)
                self.assertFalse(self.seal.process.has_ended())
                self.assert_serves()
                self.sink.reset()

    def test_store_cut_before_the_start_starts_nothing(self):
        whole = self.store.read_bytes()
        self.seal.stop()
        self.addCleanup(lambda: self.seal.process.has_ended() and self.seal.start())
        for size in (0, 5000, 12288):
            with self.subTest(size=size):
                os.truncate(self.store, size)
                with self.assertRaisesRegex(AssertionError, "has ended"):
                    self.seal.start()
                self.assertNotEqual(self.seal.process.wait(), 0)
                self.logged("event=start error=store-damaged why=.*restore it from a backup")
                self.assert_deferred(letter(), r"^4\d\d 4\.\d\.\d ")
                self.store.write_bytes(whole)
        self.seal.start()
        self.assert_serves()

    # ---- spool ----

    def test_full_spool_disk_defers(self):
        sent = letter(size=500000)
        with self.full(self.spool_disk):
            self.assert_deferred(sent, r"^452 4\.3\.1 ", "event=failed error=disk-full why=.*No space left")
            self.assert_serves()
            self.sink.reset()
        for size, step in ((20000000, "original"), (6000000, "copies")):
            with self.subTest(step=step):
                self.mark = len(self.seal.log())
                self.assert_deferred(letter(size), r"^452 4\.3\.1 ", "event=failed error=disk-full why=.*No space left")
        self.assert_serves(sent)

    # ---- injection ----

    def assert_retry_heals(self, sent):
        """The same message again: what the listener took before is not sent again."""
        before = [m.recipients[0] for m in self.injector.messages]
        self.send(sent)
        self.assert_arrived(CAROL, EVE, sink=self.injector)
        self.assert_arrived(BOB)
        for address in before:
            self.logged(f"event=served-before rcpt={address}")
        self.sink.reset()
        self.injector.reset()
        self.mark = len(self.seal.log())

    def test_listener_that_refuses_for_good_defers_and_is_an_error(self):
        self.reconfigure(inject=f"127.0.0.1:{self.injector.port}")
        for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "EOM"):
            with self.subTest(verb=verb):
                sent = letter()
                self.injector.on(verb, "550 5.7.1 not from you", times=1)
                self.assert_deferred(sent, r"^451 4\.3\.5 ", "event=failed error=peer-perm why=.*injection.*550 5.7.1 not from you")
                self.assertEqual(self.injector.messages, [])
                self.assert_retry_heals(sent)

    def test_listener_that_dies_half_way_defers(self):
        self.reconfigure(inject=f"127.0.0.1:{self.injector.port}")
        for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY", "EOM"):
            with self.subTest(verb=verb):
                sent = letter(size=1000000 if verb == "BODY" else 0)
                self.injector.on(verb, "HANGUP", times=1)
                self.assert_deferred(sent, r"^451 4\.4\.0 ", "event=failed error=peer-temp why=.*injection.*hung up")
                self.assertEqual(self.injector.messages, [])
                self.assert_retry_heals(sent)

    def test_copy_that_was_accepted_is_not_sent_again_with_the_one_that_was_not(self):
        self.reconfigure(inject=f"127.0.0.1:{self.injector.port}")
        for reply in ("451 4.3.0 later", "550 5.7.1 never", "HANGUP"):
            with self.subTest(reply=reply):
                sent = letter()
                self.injector.on("DATA", None, times=1)
                self.injector.on("DATA", reply, times=1)
                self.assert_deferred(sent, r"^451 4\.", "event=failed error=peer-")
                self.assertEqual(len(self.injector.messages), 1)
                self.assert_retry_heals(sent)

    def test_no_listener_there_defers(self):
        self.reconfigure(inject=f"127.0.0.1:{free_port()}")
        self.assert_deferred(letter(), r"^451 4\.4\.0 ", "event=failed error=peer-temp why=.*injection.*connect to 127.0.0.1:")

    def test_listener_that_shows_us_our_own_mail_is_a_loop(self):
        """R47"""
        sent = letter()
        self.reconfigure(inject=f"127.0.0.1:{self.mta.mx}")
        self.assert_deferred(sent, r"^451 4\.", "event=failed error=loop why=.*take us off its milters")
        self.logged("event=failed error=peer-temp why=.*injection.*451 4.4.6")
        self.reload(inject=self.inject)
        self.assert_serves(sent)

    # ---- settings and policy ----

    def test_policy_with_an_unknown_word_is_not_loaded(self):
        self.seal.policy_file.write_text(POLICY.replace("    encrypt,", "    encript,"))
        said = self.seal.adm("policy", "load", check=False)
        self.assertNotEqual(said.returncode, 0)
        self.assertRegex(said.stderr.decode(), r"policy\.conf:6:5: .*encript")
        self.assert_serves()
        self.assertNotIn("event=reload", self.seal.log()[self.mark:])

    def test_policy_that_is_damaged_in_the_store_leaves_the_old_one_in_use(self):
        good, bad = b"encrypt, else refuse", b"encript, else refuse"
        patch(self.store, good, bad)
        try:
            self.assertRegex(self.reload(), "event=reload error=store-damaged why=.*policy.*the old settings stay")
            self.assert_serves()
            self.sink.reset()
            self.assert_deferred(letter(to="no@far.example"), r"^550 5\.7\.\d .*No certificate", recipients=["no@far.example"])
            self.seal.stop()
            with self.assertRaisesRegex(AssertionError, "has ended"):
                self.seal.start()
            self.logged("event=start error=store-damaged why=.*policy.*restore it from a backup")
        finally:
            patch(self.store, bad, good)
        self.seal.start()
        self.assert_serves()

    def test_settings_with_a_mistake_leave_the_old_ones_in_use(self):
        for name, value in (("spool-memry", "1M"), ("inject", "nowhere"), ("max-messages", "many")):
            with self.subTest(name=name):
                good = self.seal.conf.read_text()
                self.seal.conf.write_text(re.sub(rf"(?m)^{name} = .*\n", "", good) + f"{name} = {value}\n")
                mark = len(self.seal.log())
                self.seal.reload()
                line = wait_for(lambda: re.search("(?m)^event=reload .*$", self.seal.log()[mark:]), "reload in the log")[0]
                self.seal.conf.write_text(good)
                self.assertRegex(line, rf"error=config why=.*sealmilter\.conf:\d+:\d+: .*{name}.*the old settings stay")
                self.assert_serves()
                self.sink.reset()

    # ---- signals ----

    def test_milter_that_is_down_defers(self):
        self.seal.stop()
        sent = letter()
        self.assert_deferred(sent, r"^4\d\d ")
        with self.assertRaisesRegex(smtp.Refused, r": 4\d\d "):
            self.arrive(ALICE, message.make(to=ALICE))
        self.seal.start()
        self.assert_serves(sent)

    def test_reload_within_a_message_drops_nothing(self):
        data = smtp.stuffed(letter(size=100000))
        with smtp.Client(self.mta.submission) as c:
            c.login(ALICE)
            c.mail(ALICE)
            self.reload()
            for address in LAYERS:
                c.rcpt(address)
            self.reload()
            c.command("DATA")
            c.send(data[:50000])
            self.reload()
            c.send(data[50000:])
            self.assertEqual(c.reply().code, 250)
        self.assert_arrived(*LAYERS)

    @contextlib.contextmanager
    def message_held_at_its_end(self, sent):
        """Gives the future reply; the injection listener lets the message go on at the end of the block."""
        begun, go_on = threading.Event(), threading.Event()

        def hold():
            begun.set()
            go_on.wait(TIMEOUT)
        self.injector.on("EOM", hold, times=1)
        self.reconfigure(inject=f"127.0.0.1:{self.injector.port}")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            reply = pool.submit(self.send, sent)
            try:
                self.assertTrue(begun.wait(TIMEOUT))
                yield reply
            finally:
                go_on.set()

    def test_reload_at_the_end_of_a_message_drops_nothing(self):
        with self.message_held_at_its_end(letter()) as reply:
            self.reload(inject=self.inject)
        self.assertEqual(reply.result().code, 250)
        self.assert_arrived(CAROL, EVE, sink=self.injector)
        self.assert_arrived(BOB)

    def test_stop_waits_for_the_message_at_its_end(self):
        process = self.seal.process
        with self.message_held_at_its_end(letter()) as reply:
            os.kill(process.pid, signal.SIGTERM)
            wait_for(lambda: not self.seal.listens(), "sealmilter listens no more")
            with self.assertRaisesRegex(smtp.Refused, r": 4\d\d "):
                self.arrive(ALICE, message.make(to=ALICE))
            self.assertFalse(process.has_ended())
        self.assertEqual(reply.result().code, 250)
        self.assertEqual(process.wait(), 0)
        self.logged("event=stop")
        self.assert_arrived(CAROL, EVE, sink=self.injector)
        self.assert_arrived(BOB)
        self.sink.reset()
        self.seal.configure(inject=self.inject)
        self.seal.start()
        self.assert_serves()

    def test_stop_within_a_message_defers_it(self):
        sent = letter(size=100000)
        data = smtp.stuffed(sent)
        with smtp.Client(self.mta.submission) as c:
            c.login(ALICE)
            c.mail(ALICE)
            for address in LAYERS:
                c.rcpt(address)
            c.command("DATA")
            c.send(data[:50000])
            process = self.seal.process
            self.assertEqual(self.seal.stop(), 0)
            self.assertTrue(process.has_ended())
            c.send(data[50000:])
            self.assertEqual(c.reply().code // 100, 4)
        self.mta.wait_empty()
        self.assertEqual(self.sink.messages, [])
        self.seal.start()
        self.assert_serves(sent)

    # ---- load ----

    def test_two_hundred_at_once_above_the_limit_are_deferred_not_passed(self):
        """R46"""
        self.reconfigure(max_messages="1")
        with self.message_held_at_its_end(letter()) as reply:
            self.reload(max_messages="1")
            answers = self.two_hundred()
            self.assertEqual({answer for _, answer in answers}, {(b"y", b"451 4.3.2 Too much work under way\0")})
            self.assertEqual([edits for edits, _ in answers if edits], [])
            self.logged("error=busy why=.*max-messages")
            with self.assertRaisesRegex(smtp.Refused, "451 4.3.2"):
                self.send(letter(), [BOB])
        self.assertEqual(reply.result().code, 250)
        self.reload(max_messages="200", inject=self.inject)
        answers = self.two_hundred()
        self.assertEqual({answer for _, answer in answers}, {(b"c", b"")})
        bodies = [b"".join(data for command, data in edits if command == b"b") for edits, _ in answers]
        for number in (0, 1, 99, 199):
            der = mime.cms_of(b"Content-Transfer-Encoding: base64\r\n\r\n" + bodies[number])
            self.assertIn(b"number %d." % number, self.bob.decrypt(der))
        self.assertEqual(len(set(bodies)), 200)

    def two_hundred(self):
        """Straight at the socket, each to its end together: (edits, answer) of each."""
        together = threading.Barrier(200, timeout=TIMEOUT)

        def one(number):
            with client.Connection(self.seal.socket) as conn:
                conn.greet()
                conn.say(client.connect(), client.HELO, client.macros(b"M", i=f"Q{number}", **{"{auth_authen}": ALICE}),
                         client.frame(b"M", b"<%s>\0" % ALICE.encode()), client.frame(b"R", b"<%s>\0" % BOB.encode()),
                         client.header(b"From", b" " + ALICE.encode()), client.header(b"To", b" " + BOB.encode()),
                         client.frame(b"B", b"This is number %d.\r\n" % number))
                together.wait()
                conn.say(client.END)
                return conn.verdict()
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            return list(pool.map(one, range(200)))


def certify_until(authority, person, end):
    """openssl 3.0's x509 has no date of the end, ca has."""
    folder = authority.dir / "ca"
    folder.mkdir(exist_ok=True)
    (folder / "index").touch()
    (folder / "serial").write_text("1000\n")
    (folder / "conf").write_text(f"[ca]\ndefault_ca = far\n[far]\ndatabase = {folder}/index\nserial = {folder}/serial\n"
                                 f"new_certs_dir = {folder}\ndefault_md = sha256\npolicy = names\n[names]\ncommonName = supplied\n")
    run("openssl", "ca", "-batch", "-notext", "-config", folder / "conf", "-cert", authority.cert, "-keyfile", authority.key,
        "-in", person.path("csr"), "-extfile", person.path("ext"), "-out", person.cert,
        "-startdate", time.strftime("%Y%m%d%H%M%SZ", time.gmtime(end - 3600)),
        "-enddate", time.strftime("%Y%m%d%H%M%SZ", time.gmtime(end)))


def patch(path, old, new):
    """In place, so that who has the file open sees it."""
    data = path.read_bytes()
    with open(path, "r+b") as f:
        for match in re.finditer(re.escape(old), data):
            f.seek(match.start())
            f.write(new)


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
