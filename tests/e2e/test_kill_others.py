"""The daemon killed while copies, redirected messages, reports and notices are on their way. Each of them comes, and comes once."""
import unittest

from harness import smtp
from harness.killing import BODY, LINES, TOKEN, KillLoop
from harness.sealsite import ALICE
from harness.site import PostfixCase, SendmailCase
from harness.unwrap import Opened

BOB, MOVED, NEW, CLOSED = "bob@far.example", "moved@far.example", "new@far.example", "closed@far.example"
ARCHIVE, SAFE, GUARD = "archive@ours.example", "safe@ours.example", "guard@ours.example"
REPORT, ANSWER = "the report to Alice", "the answer to Alice"
LAYERS = {BOB: ["encrypted", "signed"], SAFE: ["encrypted", "signed"], NEW: ["signed"], ARCHIVE: []}

POLICY = """\
our domains  ours.example

network 127.0.0.1  may sign for alice@ours.example

rule "kept"
    when outbound, to bob@far.example
    copy to archive@ours.example
    alert guard@ours.example subject "For {recipients}: {subject}"
    notify sender
    sign
    encrypt
    forward to safe@ours.example

rule "moved"
    when outbound, to moved@far.example
    sign
    redirect to new@far.example

rule "closed"
    when outbound, to closed@far.example
    return "This company is closed."

rule "out"
    when outbound
    pass

rule "in"
    when inbound
    pass

rule "inside"
    when internal
    pass
"""


class Scenarios(KillLoop):
    """Bob's copy stays in place; all else is injected."""
    policy = POLICY
    listener = "submission"
    targets = (BOB, NEW, ARCHIVE, SAFE, GUARD, REPORT, ANSWER)
    kept_from = (BOB, SAFE, GUARD, ALICE)

    def hand_over(self, message_id):
        head = f"From: Alice <{ALICE}>\r\nTo: {BOB}, {MOVED}, {CLOSED}\r\nSubject: about {message_id}\r\nMessage-ID: {message_id}\r\n\r\n"
        smtp.send(self.upstream.mx, ALICE, [BOB, MOVED, CLOSED], head.encode() + BODY)

    def target(self, message):
        if message.recipients != [ALICE]:
            return super().target(message)
        return REPORT if b"report-type=delivery-status" in message.data else ANSWER

    def message_id(self, message):
        if message.recipients == [GUARD]:
            return [subject.removeprefix(f"For {BOB}: about ") for subject in message.header("Subject")]
        return message.header("In-Reply-To" if message.recipients == [ALICE] else "Message-ID")

    def assert_got(self, got):
        for address, layers in LAYERS.items():
            for m in got[address]:
                opened = Opened(m.data, [self.bob], self.anchor)
                self.assertEqual((opened.layers, opened.entity.count(TOKEN)), (layers, LINES))
        for target, messages in got.items():
            for m in messages:
                self.assertEqual(m.sender, ALICE if target in (BOB, NEW) else "", target)
                self.assertEqual(TOKEN in m.data, target in (NEW, ARCHIVE), target)
        for m in got[REPORT]:
            self.assertEqual(m.data.count(b"Final-Recipient:"), 1)
            self.assertIn(b"Final-Recipient: rfc822; %s\r\n" % CLOSED.encode(), m.data)

    def test_killed_where_something_is_out_everybody_gets_it_once_and_is_told_once(self):
        """R23"""
        self.run_some()

    def test_killed_at_any_point_everybody_gets_it_once_and_is_told_once(self):
        """R23, at length."""
        self.run_all()


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
