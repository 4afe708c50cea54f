"""OpenPGP on the running daemon while gpg, its agent and the disks fail: mail waits, nothing leaves in clear, all is well after."""
import concurrent.futures
import contextlib
import fcntl
import itertools
import os
import pathlib
import re
import signal
import threading
import time
import unittest

from harness import gpg, message, smtp
from harness.disk import Disk
from harness.lab import TIMEOUT, is_alive, run, wait_for
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase

BOB, PAUL, DAVE = "bob@far.example", "paul@pgp.example", "dave@ours.example"
TOKEN = b"ORCHID-7731"
ENTITY = b"Content-Type: text/plain\r\n\r\n" + TOKEN + b"\r\n"
PROCESSES = 4
KILLS = 30
TEMPORARY = r"^45[12] 4\.3\.[0-2] "

POLICY = """\
our domains  ours.example

rule "out"
    when outbound
    sign if possible
    encrypt with openpgp or smime

rule "in"
    when inbound
    decrypt
    tag

rule "inside"
    when internal
    pass
"""


def numbered(sent, number):
    """The same content as a message of its own."""
    return sent.replace(b"Message-ID: <", b"Message-ID: <%s." % number, 1)


class Scenarios(SealSite):
    """
    Paul has an OpenPGP key, Bob a certificate. Secret keys and gpg's homes have small disks of their own. The daemon's gpg waits for a
    lock, so that a test can hold it: it hangs then.
    """
    policy = POLICY

    @classmethod
    def set_up_site(cls):
        cls.home_disk = cls.lab.start(Disk(cls.lab, "home-disk", "16m", "nobody"))
        cls.scratch_disk = cls.lab.start(Disk(cls.lab, "scratch-disk", "16m", "nobody"))
        cls.home = cls.home_disk.path / "gnupg"
        cls.lock = cls.lab.dir / "lock"
        cls.lock.touch()
        cls.starts = cls.lab.dir / "starts"
        cls.starts.touch()
        cls.starts.chmod(0o666)
        program = cls.lab.dir / "gpg"
        program.write_text(f'#!/bin/sh\necho "$1" >>{cls.starts}\nexec flock --shared --no-fork {cls.lock} /usr/bin/gpg "$@"\n')
        program.chmod(0o755)
        cls.seal_settings = {"openpgp-gpg": program, "openpgp-home": cls.home, "openpgp-scratch": cls.scratch_disk.path,
                             "openpgp-processes": PROCESSES, "inject-timeout": "100s"}
        super().set_up_site()
        cls.seal.adm("key", "generate", ALICE, "--openpgp")
        cls.ours = cls.seal.keys_of(ALICE, "openpgp_keys")[0]["fingerprint"]
        cls.paul = gpg.Person(cls.lab, PAUL)
        cls.addClassCleanup(cls.paul.stop)
        cls.paul.learn(cls.seal.adm("cert", "export", cls.ours).stdout)
        cls.seal.adm("cert", "import", cls.paul.key, "--trust")

    def setUp(self):
        super().setUp()
        self.mark = len(self.seal.log())

    # ---- mail ----

    def letter(self):
        return message.make(to=f"{PAUL}, {BOB}", body=TOKEN + b"\r\n")

    def send(self, sent):
        return self.submit([PAUL, BOB], sent)

    def reply(self):
        """A message of Paul's for Alice."""
        return message.make(sender=PAUL, to=ALICE, subject="hello", headers=["MIME-Version: 1.0"], body=b"").removesuffix(b"\r\n") + \
            self.paul.encrypted(ENTITY, ALICE)

    def receive(self, sent):
        return self.arrive(ALICE, sent, sender=PAUL)

    def until_accepted(self, act, sent):
        """As a client does it: again for as long as it is told to come back. How often it was."""
        refused = 0
        while True:
            try:
                act(sent)
                return refused
            except smtp.Refused as told:
                self.assertRegex(str(told.reply), TEMPORARY)
                refused += 1

    def assert_sealed(self, got):
        self.assertNotIn(TOKEN, got.data)
        if got.recipients == [BOB]:
            inside = self.opened(got)
            self.assertEqual(inside.layers, ["encrypted", "signed"])
            return self.assertIn(TOKEN, inside.entity)
        inside, signer = self.paul.opens(got.data)
        self.assertIn(TOKEN, inside)
        self.assertEqual(signer, self.ours)

    def assert_opened(self, got):
        self.assertEqual(got.header("Subject"), ["[secure] [signed OK] hello"])
        self.assertIn(TOKEN, got.data)

    def assert_opened_or_closed(self, got):
        """A gpg that ended while it decrypted is no reason to try again: what the content does to it stays one answer (R17)."""
        if got.header("Subject") != ["hello"]:
            return self.assert_opened(got)
        self.assertIn(b"-----BEGIN PGP MESSAGE-----", got.data)
        return self.assertIn("encryption=failed", got.header("X-Sealmilter-Status")[0])

    def assert_arrived(self, letters=1, replies=1, came=assert_opened):
        """Each message exactly once to each: what leaves sealed, what came opened."""
        self.sink.wait(2 * letters + replies)
        self.mta.wait_empty()
        expected = [[PAUL], [BOB]] * letters + [[ALICE]] * replies
        self.assertEqual(sorted(m.recipients for m in self.sink.messages), sorted(expected))
        self.assertEqual(len({tuple(m.header("Message-ID") + m.recipients) for m in self.sink.messages}), len(expected))
        for got in self.sink.messages:
            if got.recipients == [ALICE]:
                came(self, got)
            else:
                self.assert_sealed(got)
        self.sink.reset()

    def assert_serves(self, letter=None, reply=None):
        """Both ways. On a machine with much to do, what takes long is told to come back."""
        self.until_accepted(self.send, letter or self.letter())
        self.until_accepted(self.receive, reply or self.reply())
        self.assert_arrived()

    def assert_deferred(self, letter, reply, told, why):
        for act, sent in ((self.send, letter), (self.receive, reply)):
            with self.subTest(act=act.__name__):
                mark = len(self.seal.log())
                with self.assertRaises(smtp.Refused) as refused:
                    act(sent)
                self.assertRegex(str(refused.exception.reply), told)
                wait_for(lambda: re.search(f"(?m)^.*event=failed {why}", self.seal.log()[mark:]), f"{why} in the log")
        self.mta.wait_empty()
        self.assertEqual(self.sink.messages, [])

    # ---- processes ----

    @staticmethod
    def processes(*words):
        """Those with all of these in their command line."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                line = path.read_bytes().decode(errors="replace")
                if all(str(word) in line for word in words):
                    found.append(int(path.parent.name))
        return found

    def agents(self):
        return self.processes("gpg-agent", self.home)

    def gpgs(self):
        """Of the daemon: their homes lie there."""
        return self.processes(f"{self.scratch_disk.path}/pgp-")

    @staticmethod
    def kill(pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def end_agent(self):
        agents = self.agents()
        self.assertTrue(agents)
        self.kill(agents)
        wait_for(lambda: not any(map(is_alive, agents)), "gpg-agent has ended")

    @contextlib.contextmanager
    def gpg_held(self):
        with open(self.lock) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # ---- the agent ----

    def test_agent_killed_between_messages_costs_none_of_them(self):
        self.assert_serves()
        for act, sent in ((self.send, self.letter()), (self.receive, self.reply())):
            before = self.agents()
            self.end_agent()
            self.assertEqual(act(sent).code, 250)
            self.assertFalse(set(before) & set(self.agents()))
        self.assert_arrived()

    def test_agent_and_gpg_killed_during_messages_lose_none_and_send_none_twice(self):
        over = threading.Event()

        def keep_on(act, sent, name):
            """One message after the other for as long as something is killed: how many, and how often one was told to come back."""
            counts, refused = itertools.count(), 0
            while not over.is_set():
                refused += self.until_accepted(act, numbered(sent, b"%s.%d" % (name, next(counts))))
            return next(counts), refused

        def kill():
            for n in range(1000):
                found = (self.agents if n % 2 else self.gpgs)()
                self.kill(found)
                killed.extend(found)
                if len(killed) >= KILLS:
                    return
                time.sleep(0.02)  # so that something is at work again
        killed = []
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            letters, replies = ([pool.submit(keep_on, act, sent, b"%d" % n) for n in range(3)]
                                for act, sent in ((self.send, self.letter()), (self.receive, self.reply())))
            try:
                kill()
            finally:
                over.set()
        self.assertGreaterEqual(len(killed), KILLS)
        refused = sum(future.result()[1] for future in letters + replies)
        self.assertEqual(self.seal.log()[self.mark:].count("event=failed"), refused)
        self.assert_arrived(*(sum(future.result()[0] for future in way) for way in (letters, replies)),
                            came=Scenarios.assert_opened_or_closed)
        self.assert_serves()

    # ---- disks ----

    def assert_no_key_is_made(self):
        said = self.seal.adm("key", "generate", DAVE, "--openpgp", check=False)
        self.assertNotEqual(said.returncode, 0)
        self.assertRegex(said.stderr.decode(), f"^sealadm: key generate: .*{self.home}")
        self.assertEqual(self.seal.keys_of(DAVE, "openpgp_keys"), [])

    def assert_key_is_made(self):
        self.seal.adm("key", "generate", DAVE, "--openpgp")
        keys = self.seal.keys_of(DAVE, "openpgp_keys")
        self.assertEqual(len(keys), 1)
        self.seal.adm("key", "delete", keys[0]["fingerprint"], "--force")

    @contextlib.contextmanager
    def read_only_home(self):
        """For root too: its mount is read-only."""
        run("mount", "-o", "remount,bind,ro", self.home_disk.path)
        try:
            yield
        finally:
            run("mount", "-o", "remount,bind,rw", self.home_disk.path)

    def test_home_that_is_read_only_defers_once_the_agent_is_gone(self):
        self.assert_serves()
        letter, reply = self.letter(), self.reply()
        with self.read_only_home():
            with self.assertRaises(OSError):
                (self.home / "file").touch()
            self.assert_serves()
            self.assert_no_key_is_made()
            self.end_agent()
            self.assert_deferred(letter, reply, r"^451 4\.3\.2 ", f"error=busy why=.*gpg-agent in {self.home} does not answer")
            self.assert_no_key_is_made()
        self.assert_serves(letter, reply)
        self.assert_key_is_made()

    def test_full_home_makes_no_key_and_defers_nothing(self):
        self.assert_serves()
        self.home_disk.fill()
        try:
            self.end_agent()
            self.assert_serves()
            self.assert_no_key_is_made()
        finally:
            self.home_disk.free()
        self.assert_key_is_made()

    def test_full_scratch_disk_defers(self):
        """A daemon that has just started: what was there before makes room when it is written anew."""
        letter, reply = self.letter(), self.reply()
        self.restart()
        self.scratch_disk.fill()
        try:
            self.assert_deferred(letter, reply, r"^452 4\.3\.1 ", "error=disk-full why=.*No space left")
        finally:
            self.scratch_disk.free()
        self.assert_serves(letter, reply)

    # ---- gpg ----

    @contextlib.contextmanager
    def restarted(self, **settings):
        good = dict(self.seal.settings)
        self.restart(**settings)
        try:
            yield
        finally:
            self.seal.settings = good
            self.restart()

    def restart(self, **settings):
        self.seal.stop()
        self.seal.configure(**settings)
        self.seal.start()

    def assert_all_deferred(self, told):
        """A few each way at once, which come through as soon as gpg works again. How many gpg were started before."""
        self.starts.write_bytes(b"")
        letters, replies = [self.letter() for _ in range(PROCESSES)], [self.reply() for _ in range(PROCESSES)]
        with self.gpg_held(), concurrent.futures.ThreadPoolExecutor(2 * PROCESSES) as pool:
            for future in [pool.submit(self.send, m) for m in letters] + [pool.submit(self.receive, m) for m in replies]:
                with self.assertRaises(smtp.Refused) as refused:
                    future.result()
                self.assertRegex(str(refused.exception.reply), told)
            wait_for(lambda: not self.gpgs(), "no gpg is left")
            self.mta.wait_empty()
            self.assertEqual(self.sink.messages, [])
            self.submit(BOB, message.make(to=BOB, body=TOKEN + b"\r\n"))
            self.assert_sealed(self.sink.one(BOB))
            started = len(self.starts.read_bytes().splitlines())
        self.sink.reset()
        for letter, reply in zip(letters, replies):
            self.assert_serves(letter, reply)
        return started

    def test_gpg_that_hangs_is_ended_and_mail_deferred(self):
        with self.restarted(openpgp_timeout="3s"):
            self.assert_serves()
            self.assert_all_deferred(r"^451 4\.3\.2 ")

    def test_gpg_that_hangs_from_the_start_is_tried_by_one_for_all_that_wait(self):
        with self.restarted(openpgp_timeout="3s"):
            self.assertLess(self.assert_all_deferred(r"^451 4\.3\.5 "), PROCESSES)

    # ---- many ----

    def sessions(self):
        """Connections that the daemon has with the MTA."""
        lines = pathlib.Path("/proc/net/unix").read_text().splitlines()
        return sum(line.endswith(f" {self.seal.socket}") and line.split()[5] == "03" for line in lines)

    def threads(self):
        return len(os.listdir(f"/proc/{self.seal.process.pid}/task"))

    def peak(self):
        """KB, since the start."""
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{self.seal.process.pid}/status").read_text())[1])

    def two_hundred(self, held):
        """Half of them leave, half of them come; none gets through gpg before all are there and so many gpg. The most that there were."""
        reply, seen, over = self.reply(), [], threading.Event()
        acts = [(self.send, self.letter()) for _ in range(100)] + [(self.receive, numbered(reply, b"%d" % n)) for n in range(100)]

        def watch():
            while not over.wait(0.005):
                seen.append(len(self.gpgs()))
        with concurrent.futures.ThreadPoolExecutor(len(acts) + 1) as pool:
            with self.gpg_held():
                sent = [pool.submit(self.until_accepted, act, m) for act, m in acts]
                wait_for(lambda: self.sessions() == len(acts), "all are there")
                wait_for(lambda: len(self.gpgs()) == held, f"{held} gpg")
                watcher = pool.submit(watch)
            try:
                self.assertEqual([future.result(TIMEOUT) for future in sent], [0] * len(acts))
            finally:
                over.set()
            watcher.result(TIMEOUT)
        self.assert_arrived(100, 100)
        return max(seen, default=held)

    def test_two_hundred_at_once_are_done_by_four(self):
        """GPGME tries gpg for each new context, one at a time: the four are there only once they have worked."""
        with self.restarted(openpgp_timeout="10m"):
            self.assert_serves()
            wait_for(lambda: self.sessions() == 0, "no session is left")
            idle = self.threads()
            self.assertLessEqual(self.two_hundred(1), PROCESSES)
            first = self.peak()
            self.assertLessEqual(self.two_hundred(PROCESSES), PROCESSES)
            self.assertLess(self.peak(), 1.2 * first)
            wait_for(lambda: self.threads() <= idle, "no thread is left")


class UnderPostfix(Scenarios, PostfixCase):
    mta_options = {"settings": {"default_process_limit": "110"}}


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
