"""The daemon killed while it generates a key: the message comes once, signed, and nobody's certificate is without its key."""
import json
import unittest

from harness import smtp
from harness.killing import BODY, LINES, TOKEN, KillLoop
from harness.sealsite import ALICE
from harness.site import PostfixCase, SendmailCase
from harness.unwrap import Opened

BOB, PLAIN = "bob@far.example", "bob@plain.example"
WRITES = ("store-commit", "store-committed", "key-generated")

POLICY = """\
our domains  ours.example

any network  may sign for *@ours.example

rule "as it is"
    when outbound, to domain plain.example
    pass

rule "out"
    when outbound
    generate key
    sign

rule "in"
    when inbound
    pass

rule "inside"
    when internal
    pass
"""


class Scenarios(KillLoop):
    policy = POLICY
    listener = "submission"
    targets = (PLAIN, BOB)
    kept_from = ()

    def hand_over(self, message_id):
        """Each time by somebody else, who has no key yet."""
        self.user = message_id.strip("<>").split("@")[0] + "@ours.example"
        self.seal.adm("user", "add", self.user)
        head = f"From: {self.user}\r\nTo: {PLAIN}, {BOB}\r\nSubject: about it\r\nMessage-ID: {message_id}\r\n\r\n"
        smtp.send(self.upstream.mx, ALICE, self.targets, head.encode() + BODY)

    def assert_got(self, got):
        for m in got[BOB]:
            opened = Opened(m.data, [], self.anchor)
            self.assertEqual((opened.layers, opened.entity.count(TOKEN)), (["signed"], LINES))
        keys = {key["fingerprint"] for key in self.seal.keys_of(self.user)}
        certs = json.loads(self.seal.adm("cert", "list", self.user, "--json").stdout)["certificates"]
        self.assertEqual(len(certs), 1)
        self.assertIn(certs[0]["fingerprint"], keys)

    def test_killed_between_two_writes_nothing_is_lost(self):
        first = self.first_point()
        self.assertIsNone(self.run_until_killed_at(0))
        passed = self.passed()
        chosen = {n: point for n, point in enumerate(passed[:passed.index("key-generated") + 1], 1) if n >= first and point in WRITES}
        for n, point in sorted(chosen.items()):
            self.assertEqual(self.run_until_killed_at(n), point)
        self.assertEqual(sum(point == "store-commit" for point in chosen.values()), 2)  # the key, then its certificate
        print(f"{self.mta.kind}: killed at {len(chosen)} points", flush=True)


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
