"""The daemon killed at each point of a leaving message's way. Never clear, never lost, nothing twice."""
import unittest

from harness import smtp
from harness.killing import BODY, LINES, TOKEN, KillLoop
from harness.lab import wait_for
from harness.sealsite import ALICE
from harness.site import PostfixCase, SendmailCase
from harness.unwrap import Opened

BOB, CAROL, DAVE = "bob@far.example", "carol@plain.example", "dave@far.example"
LAYERS = {BOB: ["encrypted", "signed"], CAROL: ["signed"], DAVE: ["encrypted", "signed"]}

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


class Scenarios(KillLoop):
    """Bob's copy stays in place, Carol's is signed and injected, Dave's is encrypted, hidden and injected."""
    policy = POLICY
    listener = "submission"
    targets = (BOB, CAROL, DAVE)
    kept_from = (BOB, DAVE)

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        dave = cls.far.issue(DAVE)
        cls.seal.adm("cert", "import", dave.cert)
        cls.key_of = {BOB: [cls.bob], CAROL: [], DAVE: [dave]}

    def hand_over(self, message_id):
        head = f"From: Alice <{ALICE}>\r\nTo: {BOB}, {CAROL}\r\nSubject: try\r\nMessage-ID: {message_id}\r\n\r\n"
        smtp.send(self.upstream.mx, ALICE, self.targets, head.encode() + BODY)

    def assert_got(self, got):
        for address, messages in got.items():
            for m in messages:
                opened = Opened(m.data, self.key_of[address], self.anchor)
                self.assertEqual(opened.layers, LAYERS[address])
                self.assertEqual((opened.entity.count(TOKEN), TOKEN in m.data), (LINES, address == CAROL))

    def test_killed_at_any_point_each_recipient_gets_it_once_and_as_decided(self):
        """R23"""
        self.run_all()

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
