"""Whatever breaks while somebody else is to get a copy, a redirected message, a report or a notice: mail waits, and each of them comes once."""
import concurrent.futures
import contextlib
import threading
import time
import unittest

from harness import message, pki, smtp
from harness.disk import Disk
from harness.lab import wait_for
from harness.sealsite import ALICE, SealSite
from harness.sink import Sink
from harness.site import PostfixCase, SendmailCase
from harness.slapd import Slapd, group, person

BOB, MOVED, NEW, CLOSED = "bob@far.example", "moved@far.example", "new@far.example", "closed@far.example"
ARCHIVE, SAFE, GUARD = "archive@ours.example", "safe@ours.example", "guard@ours.example"
RECIPIENTS = (BOB, MOVED, CLOSED)
REPORT, ANSWER = "the report to Alice", "the answer to Alice"
MAIL, NOTICES = {NEW, ARCHIVE, SAFE, REPORT}, {GUARD, ANSWER}
OTHERS = MAIL | NOTICES
PATIENCE, LIMIT = 60, 2  # seconds, of listener and directory; and what the listener has where it hangs

LDIF = person("bob", BOB) + group("partners", "uid=bob,ou=people")

POLICY = """\
our domains  ours.example

rule "forbidden"
    when outbound, to forbidden@far.example
    alert guard@ours.example
    refuse "Not there."

rule "kept"
    when outbound, to group partners
    copy to archive@ours.example
    alert guard@ours.example
    notify sender
    sign
    encrypt
    forward to safe@ours.example

rule "moved"
    when outbound, to moved@far.example
    redirect to new@far.example

rule "closed"
    when outbound, to closed@far.example
    return "This company is closed."

rule "rest"
    pass
"""


def letter(size=0):
    return message.make(to=", ".join(RECIPIENTS), body=b"The token is ORCHID.\r\n" + b"%s\r\n" % (b"x" * 70) * (size // 72))


def target(m):
    if m.recipients == [ALICE]:
        return REPORT if b"report-type=delivery-status" in m.data else ANSWER
    return m.recipients[0]


class Scenarios(SealSite):
    """Bob's copy stays in place; all else goes to a listener that can be scripted. A directory knows that Bob is a partner."""
    policy = POLICY

    @classmethod
    def set_up_site(cls):
        cls.over = threading.Event()
        cls.addClassCleanup(cls.over.set)
        cls.state_disk = cls.lab.start(Disk(cls.lab, "state-disk", "64m", "nobody"))
        cls.spool_disk = cls.lab.start(Disk(cls.lab, "spool-disk", "16m", "nobody"))
        cls.injector = cls.lab.start(Sink("injector"))
        cls.slapd = cls.lab.start(Slapd(cls.lab, LDIF, pki.Authority(cls.lab.folder("house"), "House CA")))
        cls.seal_settings = {
            "state": cls.state_disk.path / "state", "spool": cls.spool_disk.path / "spool", "spool-memory": "64K",
            "inject": f"127.0.0.1:{cls.injector.port}", "inject-timeout": f"{PATIENCE}s", "notice-rate": "1000",
            "directory": cls.slapd.uri, "directory-base": "dc=example", "directory-ca-file": cls.slapd.ca,
            "directory-timeout": f"{PATIENCE}s", "directory-cache": "0s", "directory-cache-negative": "0s",
            "directory-cache-stale": "0s"}
        super().set_up_site()

    def setUp(self):
        super().setUp()
        self.start_again()

    def start_again(self):
        self.sink.reset()
        self.injector.reset()
        self.mark = len(self.seal.log())

    # ---- steps ----

    def send(self, sent, recipients=RECIPIENTS):
        return self.submit(recipients, sent)

    def assert_refused(self, reply, sent, recipients=RECIPIENTS):
        """Without having waited for what never came, and with nothing in place."""
        start = time.monotonic()
        with self.assertRaises(smtp.Refused) as refused:
            self.send(sent, recipients)
        self.assertLess(time.monotonic() - start, PATIENCE / 2)
        self.assertRegex(str(refused.exception.reply), reply)
        self.mta.wait_empty()
        self.assertEqual(self.sink.messages, [])

    def assert_came(self, others, in_place=(BOB,)):
        """Each of them exactly once, and nothing else."""
        self.mta.wait_empty()
        self.assertEqual([m.recipients for m in self.sink.messages], [[address] for address in in_place])
        self.assertEqual(sorted(map(target, self.injector.messages)), sorted(others))
        for m in self.sink.messages:
            self.assertEqual(self.opened(m).layers, ["encrypted", "signed"])
        for m in self.injector.messages:
            self.assertEqual(b"ORCHID" in m.data, target(m) in (NEW, ARCHIVE), target(m))

    def assert_heals(self, sent):
        """The same message again: all of it has come then."""
        self.send(sent)
        self.assert_came(OTHERS)
        self.start_again()

    @contextlib.contextmanager
    def full(self, disk):
        disk.fill()
        try:
            yield
        finally:
            disk.free()

    # ---- the listener ----

    def test_nothing_fails(self):
        self.assert_heals(letter())

    def test_listener_that_refuses_one_of_them_for_now_defers(self):
        for verb in ("RCPT", "EOM"):
            for address in (NEW, ARCHIVE, SAFE, ALICE, GUARD):
                with self.subTest(verb=verb, address=address):
                    sent = letter()
                    self.injector.on(verb, "452 4.3.1 later", address, times=1)
                    self.assert_refused(r"^451 4\.4\.0 ", sent)
                    self.logged("event=failed error=peer-temp why=.*injection.*452 4.3.1 later")
                    self.assert_heals(sent)

    def test_listener_that_refuses_one_of_them_for_good_defers_and_drops_notices(self):
        for address in (NEW, ARCHIVE, SAFE, ALICE):
            with self.subTest(address=address):
                sent = letter()
                self.injector.on("RCPT", "550 5.1.1 nobody", address, times=1)
                self.assert_refused(r"^451 4\.3\.5 ", sent)
                self.logged("event=failed error=peer-perm why=.*injection.*550 5.1.1 nobody")
                self.assert_heals(sent)
        self.injector.on("RCPT", "550 5.1.1 nobody", GUARD, times=1)
        self.send(letter())
        self.assert_came(OTHERS - {GUARD})
        self.logged(f"event=notice .*{GUARD}.*dropped.*550 5.1.1 nobody")

    def test_listener_that_is_cut_in_the_middle_of_one_of_them_defers(self):
        for address in (NEW, ARCHIVE, SAFE):
            with self.subTest(address=address):
                sent = letter(1000000)
                self.injector.on("BODY", "HANGUP", address, times=1)
                self.assert_refused(r"^451 4\.4\.0 ", sent)
                self.assert_heals(sent)
        for address in (ALICE, GUARD):
            with self.subTest(address=address):
                sent = letter()
                self.injector.on("EOM", "HANGUP", address, times=1)
                self.assert_refused(r"^451 4\.4\.0 ", sent)
                self.assert_heals(sent)

    def test_listener_that_hangs_at_one_of_them_defers(self):
        self.reconfigure(inject_timeout=f"{LIMIT}s")
        for address in (NEW, ARCHIVE, ALICE, GUARD):
            with self.subTest(address=address):
                sent = letter()
                self.injector.on("RCPT", self.hang, address, times=1)
                self.assert_refused(r"^451 4\.4\.0 ", sent)
                self.logged(f"event=failed error=peer-temp why=.*injection.*no answer within {LIMIT} seconds")
                self.assert_heals(sent)

    def hang(self):
        self.over.wait()
        return "HANGUP"

    def test_refusal_stands_whatever_the_listener_does_to_its_alert(self):
        self.reconfigure(inject_timeout=f"{LIMIT}s")
        for verb, reply in (("RCPT", "452 4.3.1 later"), ("RCPT", "550 5.1.1 nobody"), ("RCPT", "HANGUP"), ("RCPT", self.hang)):
            with self.subTest(reply=reply):
                sent = letter()
                self.injector.on(verb, reply, GUARD, times=1)
                self.assert_refused(r"^550 5\.7\.1 .*Not there", sent, ["forbidden@far.example", MOVED, CLOSED])
                self.assert_came((), ())
                self.assert_refused(r"^550 5\.7\.1 .*Not there", sent, ["forbidden@far.example", MOVED, CLOSED])
                self.assert_came([GUARD], ())
                self.start_again()

    # ---- disks ----

    def test_full_store_defers_what_would_have_to_be_noted(self):
        sent = letter()
        with self.full(self.state_disk):
            self.assert_refused(r"^452 4\.3\.1 ", sent)
            self.logged("event=failed error=store-full why=.*journal.*No space left")
            self.assert_came((), ())
            self.assert_refused(r"^550 5\.7\.1 .*Not there", letter(), ["forbidden@far.example"])
            self.logged("event=alert error=store-full")
            self.assert_came((), ())
        self.assert_heals(sent)

    def test_full_spool_disk_defers_before_anything_is_sent(self):
        sent = letter(500000)
        with self.full(self.spool_disk):
            self.assert_refused(r"^452 4\.3\.1 ", sent)
        self.assert_refused(r"^452 4\.3\.1 ", letter(6000000))
        self.logged("event=failed error=disk-full why=.*No space left")
        self.assert_came((), ())
        self.assert_heals(sent)

    # ---- the directory ----

    def test_directory_that_is_gone_between_two_tries_repeats_nothing(self):
        sent = letter()
        self.injector.on("RCPT", "452 4.3.1 later", ALICE, times=1)
        self.assert_refused(r"^451 4\.4\.0 ", sent)
        self.assert_came({NEW, ARCHIVE, SAFE}, ())
        self.slapd.stop()
        try:
            self.assert_refused("^451 4.3.0 .*Could not find out", sent)
            self.assert_came({NEW, ARCHIVE, SAFE}, ())
        finally:
            self.slapd.start()
        self.assert_heals(sent)

    def test_directory_that_dies_while_it_is_asked_defers(self):
        """Twice: what it was before is forgotten."""
        for _ in range(2):
            sent = letter()
            self.slapd.hang()
            try:
                with concurrent.futures.ThreadPoolExecutor(1) as pool:
                    refused = pool.submit(self.assert_refused, "^451 4.3.0 .*Could not find out", sent)
                    wait_for(self.slapd.is_asked, "the directory is asked")
                    self.slapd.die()
                    refused.result()
            finally:
                self.slapd.start()
            self.assert_came((), ())
            self.assert_heals(sent)


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
