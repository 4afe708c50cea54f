"""A rule generates keys: the first message of a user without one is signed with a new one, and the next with the same."""
import threading
import unittest

from harness import gpg, message
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase

BOB, WISH, PGP = "bob@far.example", "x@wish.example", "x@pgp.example"

POLICY = """\
our domains  ours.example

rule "signed by OpenPGP"
    when outbound, to domain pgp.example
    generate key openpgp
    sign with openpgp

rule "wish"
    when outbound, to domain wish.example
    generate key
    sign if possible

rule "out"
    when outbound
    generate key
    sign

rule "in"
    when inbound
    generate key
    sign if possible

rule "inside"
    when internal
    pass
"""


class Scenarios(SealSite):
    policy = POLICY

    def new_user(self):
        """Registered, without a key; each test has its own."""
        user = f"{self._testMethodName[5:].replace('_', '-')[:40]}@ours.example"
        self.seal.adm("user", "add", user)
        return user

    def writes(self, user, recipient, **options):
        return self.submit(recipient, message.make(sender=user, to=recipient), sender=user, login=user, **options)

    def generated(self, user):
        return [line for line in self.seal.log().splitlines() if "event=generate " in line and f"addr={user} " in line]

    def test_first_message_is_signed_by_a_fresh_certificate_and_the_second_by_the_same(self):
        user = self.new_user()
        self.assertEqual(self.seal.keys_of(user), [])
        self.writes(user, BOB)
        self.assertEqual(self.opened(self.sink.one(BOB)).layers, ["signed"])
        fingerprint = self.seal.key_of(user)
        self.sink.reset()
        self.writes(user, BOB)
        self.assertEqual(self.opened(self.sink.one(BOB)).layers, ["signed"])
        self.assertEqual([key["fingerprint"] for key in self.seal.keys_of(user)], [fingerprint])
        self.assertEqual(len(self.generated(user)), 1)
        self.assertIn(fingerprint, self.generated(user)[0])

    def test_messages_at_once_have_one_key(self):
        user = self.new_user()
        threads = [threading.Thread(target=self.writes, args=(user, BOB)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for got in self.sink.wait(4):
            self.assertEqual(self.opened(got).layers, ["signed"])
        self.assertEqual(len(self.seal.keys_of(user)), 1)

    def test_nobody_else_has_one(self):
        user, stranger = self.new_user(), "stranger@ours.example"
        self.arrive(ALICE, message.make(sender=user, to=ALICE), sender=user)
        self.assertEqual(self.opened(self.sink.one(ALICE)).layers, [])
        self.writes(stranger, BOB)
        self.assertEqual(self.opened(self.sink.one(BOB)).layers, [])
        self.submit(WISH, message.make(sender=user, to=WISH), sender=user, login=ALICE)
        self.assertEqual(self.opened(self.sink.one(WISH)).layers, [])
        self.assertEqual((self.seal.keys_of(user), self.seal.keys_of(stranger)), ([], []))

    def test_explain_generates_nothing(self):
        user = self.new_user()
        said = self.seal.explain(message.make(sender=user), user, [BOB], "--login", user)
        self.assertEqual((said["verdict"], said["generate"]), ("accept", ["smime"]))
        self.assertEqual(said["copies"][0]["operations"], ["sign smime"])
        self.assertEqual(self.seal.keys_of(user), [])

    def test_openpgp_key_signs_what_gpg_verifies(self):
        user = self.new_user()
        self.writes(user, PGP)
        got = self.sink.one(PGP)
        key = self.seal.keys_of(user, "openpgp_keys")[0]["fingerprint"]
        reader = gpg.Person(self.lab, "reader@pgp.example")
        self.addCleanup(reader.stop)
        reader.learn(self.seal.adm("cert", "export", key).stdout)
        self.assertEqual(reader.verifies(got.data)[1], key)
        self.sink.reset()
        self.writes(user, PGP)
        self.sink.one(PGP)
        self.assertEqual(len(self.seal.keys_of(user, "openpgp_keys")), 1)


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
