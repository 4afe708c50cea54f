"""The daemon killed while it stores a key that `detach keys` then leaves out: whenever that is, the key is in the mail or in the store."""
import json
import unittest

from harness import gpg, mime, smtp
from harness.killing import BODY, LINES, OUT, TOKEN, KillLoop
from harness.sealsite import ALICE
from harness.site import PostfixCase, SendmailCase

CAROL, NEW = "carol@ours.example", "new@far.example"

POLICY = """\
our domains  ours.example

rule "as it is"
    when inbound, to carol@ours.example
    pass

rule "in"
    when inbound
    harvest
    detach keys

rule "out"
    when outbound
    pass

rule "inside"
    when internal
    pass
"""


class Scenarios(KillLoop):
    """Carol gets the message as it was sent; that of Alice is without the key of its author, whom nobody knows yet."""
    policy = POLICY
    listener = "mx"
    targets = (CAROL, ALICE)
    kept_from = ()

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.author = gpg.Person(cls.lab, NEW)
        cls.addClassCleanup(cls.author.stop)
        cls.armor = mime.crlf(cls.author.key.read_bytes())

    def known(self):
        keys = json.loads(self.seal.adm("cert", "list", NEW, "--json").stdout)["openpgp_keys"]
        return [(key["fingerprint"], key["source"]) for key in keys]

    def hand_over(self, message_id):
        for fingerprint, _ in self.known():
            self.seal.adm("cert", "delete", fingerprint)
        head = (f"From: {NEW}\r\nTo: {ALICE}, {CAROL}\r\nSubject: try\r\nMessage-ID: {message_id}\r\nMIME-Version: 1.0\r\n"
                "Content-Type: multipart/mixed; boundary=k\r\n\r\n--k\r\n\r\n")
        key = b"--k\r\nContent-Type: application/pgp-keys; name=k.asc\r\n\r\n" + self.armor + b"--k--\r\n"
        smtp.send(self.upstream.mx, NEW, self.targets, head.encode() + BODY + key)

    def assert_got(self, got):
        for target, messages in got.items():
            for m in messages:
                self.assertEqual(m.data.count(TOKEN), LINES)
                self.assertEqual(self.armor in m.data, target == CAROL)
                self.assertEqual(len(m.header("X-Sealmilter-Detached")), target == ALICE)
        self.assertEqual(self.known(), [(self.author.fingerprint, "attached")])

    def test_killed_between_store_and_delivery_the_message_comes_once_and_the_key_is_kept(self):
        """C52, R23"""
        self.run_some(only=("store-commit", "milter-learned", *OUT))


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
