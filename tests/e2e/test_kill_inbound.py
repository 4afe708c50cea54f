"""The daemon killed at each point of an arriving message's way. Nothing opened for others, never lost, nothing twice; what it taught is kept."""
import json
import unittest

from harness import mime, pki, smtp
from harness.killing import BODY, LINES, TOKEN, KillLoop
from harness.sealsite import ALICE
from harness.site import PostfixCase, SendmailCase

CAROL, FRANK = "carol@ours.example", "frank@far.example"


class Scenarios(KillLoop):
    """Encrypted to Alice's key, signed by Frank, whom nobody knows yet. Carol, who has no key, gets what was sent."""
    listener = "mx"
    kept_from = (CAROL,)
    points = 50

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.frank = cls.far.issue(FRANK, "ec:P-256")
        alice = cls.person(ALICE)
        cls.entity = pki.encrypt(cls.frank.sign(b"Content-Type: text/plain\r\n\r\n" + BODY), alice)

    def known(self):
        return json.loads(self.seal.adm("cert", "list", FRANK, "--json").stdout)["certificates"]

    def hand_over(self, message_id):
        for certificate in self.known():
            self.seal.adm("cert", "delete", certificate["fingerprint"])
        head = f"From: Frank <{FRANK}>\r\nTo: {ALICE}, {CAROL}\r\nSubject: try\r\nMessage-ID: {message_id}\r\nMIME-Version: 1.0\r\n"
        smtp.send(self.upstream.mx, FRANK, [ALICE, CAROL], head.encode() + self.entity)

    def assert_got(self, got):
        for m in got[ALICE]:
            self.assertEqual((m.header("Subject"), m.data.count(TOKEN)), (["[secure] [signed OK] try"], LINES))
        for m in got[CAROL]:
            self.assertEqual((m.header("Subject"), m.body), (["try"], mime.split(self.entity)[1]))
        self.assertEqual([(c["source"], c["trust"]) for c in self.known()], [("harvested", "trusted")])

    def test_killed_at_any_point_each_recipient_gets_it_once_and_the_certificate_is_kept(self):
        """R20, R23, R28"""
        self.run_all()


class UnderPostfix(Scenarios, PostfixCase):
    """The opened copy is injected."""
    targets = (CAROL, ALICE)


class UnderSendmail(Scenarios, SendmailCase):
    """The opened copy stays in place: Carol is a user, so that her copy has its status."""
    targets = (ALICE, CAROL)

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.seal.adm("user", "add", CAROL)


if __name__ == "__main__":
    unittest.main()
