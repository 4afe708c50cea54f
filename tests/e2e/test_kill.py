"""The daemon killed at each point of a message's way; a real Postfix before it tries again. Never clear, never lost, nothing twice."""
import unittest

from harness import smtp
from harness.lab import wait_for
from harness.milter import Milter
from harness.postfix import Postfix
from harness.sealmilter import faults_build
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase

BOB, CAROL, DAVE = "bob@far.example", "carol@plain.example", "dave@far.example"
LAYERS = {BOB: ["encrypted", "signed"], CAROL: ["signed"], DAVE: ["encrypted", "signed"]}
PROTECTED = {BOB, DAVE}
TOKEN = b"ORCHID-7731"
LINES = 300

POLICY = """\
our domains  ours.example

network 127.0.0.1  may sign for alice@ours.example

rule "protected"
    when outbound, to domain far.example
    sign
    encrypt

rule "out"
    when outbound
    sign

rule "in"
    when inbound
    tag

rule "inside"
    when internal
    pass
"""


def changing(lab):
    return Milter(lab, "changing", field="X-Seen")


def failing(lab):
    return Milter(lab, "failing")


class Scenarios(SealSite):
    """
    Bob's copy stays in place, Carol's is signed and injected, Dave's is encrypted, hidden and injected. The client gives a Message-Id
    and no Date: that is new with each try, as is the field of the milter before ours. The milter after ours fails the first
    try that comes so far. Message and copies are larger than the memory of a spool.
    """
    policy = POLICY
    build = faults_build()
    before = (changing,)
    after = (failing,)
    seal_settings = {"spool-memory": "4K"}

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        dave = cls.far.issue(DAVE)
        cls.people.append(dave)
        cls.seal.adm("cert", "import", dave.cert)
        cls.upstream = cls.lab.start(Postfix(cls.lab, cls.mta.submission, name="upstream",
                                             settings={"local_header_rewrite_clients": ""}))
        cls.steps = cls.seal.dir / "steps"
        cls.seal.stop()

    def start_daemon(self, kill_at=0):
        self.steps.write_bytes(b"")
        self.steps.chmod(0o666)  # the daemon changes its user
        self.seal.start(SEAL_KILL_AT=kill_at, SEAL_FAULT_LOG=self.steps)
        self.addCleanup(self.seal.process.kill)

    def passed(self):
        """The names of the points that the daemon passed since its start; the last one is where it was killed."""
        return [line.split()[1] for line in self.steps.read_text().splitlines()]

    def hand_over(self, name):
        self.message_id = f"<{name}@client.example>"
        self.after_milters["failing"].fail("submission")
        head = f"From: Alice <{ALICE}>\r\nTo: {BOB}, {CAROL}\r\nSubject: try\r\nMessage-ID: {self.message_id}\r\n\r\n"
        body = b"".join(b"%s is the secret of line %d\r\n" % (TOKEN, i) for i in range(LINES))
        smtp.send(self.upstream.mx, ALICE, [BOB, CAROL, DAVE], head.encode() + body)

    def has_arrived(self):
        return not self.upstream.queued() and {r for m in self.sink.messages for r in m.recipients} == set(LAYERS)

    def see_through(self):
        """Until everybody has the message, or the daemon is dead. Whether it is alive."""
        def is_over():
            for address in PROTECTED:
                self.assertFalse(self.mta.waits_for(address, TOKEN), f"clear text waits for {address}")
            if self.seal.process.has_ended() or self.has_arrived():
                return True
            if self.upstream.queued("incoming", "deferred"):
                self.upstream.flush()
            return False
        wait_for(is_over, "everybody has the message or the daemon is dead", pause=0.03)
        return not self.seal.process.has_ended()

    def is_in_doubt(self):
        """
        Whether the daemon died after the listener had accepted a copy, and before it could note that. Nobody can tell then (RFC 1047):
        this copy comes twice rather than never.
        """
        return self.passed().count("inject-accepted") > self.passed().count("store-committed")

    def assert_served(self, in_doubt):
        self.mta.wait_empty()
        got = {address: [m for m in self.sink.messages if m.recipients == [address]] for address in LAYERS}
        self.assertEqual(sum(map(len, got.values())), len(self.sink.messages), self.sink.messages)
        self.assertEqual(len(got[BOB]), 1, got)
        self.assertEqual(sorted([len(got[CAROL]), len(got[DAVE])]), [1, 2] if in_doubt else [1, 1], got)
        for m in self.sink.messages:
            opened = self.opened(m)
            self.assertEqual((m.header("Message-ID"), opened.layers), ([self.message_id], LAYERS[m.recipients[0]]))
            self.assertEqual((opened.entity.count(TOKEN), TOKEN in m.data), (LINES, m.recipients[0] not in PROTECTED))

    def run_until_killed_at(self, n):
        """Returns whether the message passed without a kill."""
        self.sink.reset()
        self.start_daemon(kill_at=n)
        self.hand_over(f"{n}.{self.mta.kind}")
        alive, doubt = self.see_through(), self.is_in_doubt()
        with self.subTest(n=n, point=self.passed()[-1]):
            if not alive:
                self.start_daemon()
                self.assertTrue(self.see_through())
            self.assert_served(doubt)
        self.doCleanups()
        return alive

    def test_killed_at_any_point_each_recipient_gets_it_once_and_as_decided(self):
        """R23"""
        self.start_daemon()
        first = n = len(self.passed()) + 1
        self.doCleanups()
        while not self.run_until_killed_at(n):
            n += 1
        print(f"{self.mta.kind}: killed at {n - first} points", flush=True)
        self.assertGreater(n - first, 100)

    def test_clear_text_that_waits_is_seen(self):
        """The eye of the other test."""
        self.sink.on("EOM", "451 4.3.0 later")
        smtp.send(self.mta.inject, ALICE, [BOB, CAROL], b"Subject: x\r\n\r\n" + TOKEN + b"\r\n")
        wait_for(lambda: self.mta.waits_for(BOB, TOKEN) and self.mta.waits_for(CAROL, TOKEN), "the message waits")
        self.assertFalse(self.mta.waits_for(DAVE, TOKEN))
        self.assertFalse(self.mta.waits_for(BOB, TOKEN + b"?"))
        self.sink.reset()
        self.mta.wait_empty()


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
