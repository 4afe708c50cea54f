"""Mail that arrives: opened, verified, refused, untouched, under both MTAs, each also through explain."""
import unittest

from harness import message, mime, pki, smtp
from harness.sealmilter import IN_AND_INSIDE
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase
from harness.unwrap import Opened, entity_of

BOB, CAROL = "bob@far.example", "carol@ours.example"
HELLO = b"Content-Type: text/plain\r\n\r\nHello.\r\n"

POLICY = """\
our domains  ours.example
external alias  away@ours.example

rule "out"
    when outbound
    sign if possible
    encrypt if possible

rule "strict"
    when inbound, to strict@ours.example, encrypted
    decrypt, else refuse "This site cannot open it."
    tag

""" + IN_AND_INSIDE


class Scenarios(SealSite):
    policy = POLICY
    users = (ALICE, "strict@ours.example", "away@ours.example")
    aliases = {"away@ours.example": "away@elsewhere.example"}

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.alice = cls.person(ALICE)

    def far_side(self, data):
        return Opened(data)

    def from_bob(self, entity, to=ALICE, **options):
        return pki.mail(entity, f"Bob <{BOB}>", to, **options)

    def explain(self, msg, *recipients):
        return self.assert_explained(msg, BOB, recipients, "--client", "192.0.2.1")

    def status(self, got):
        values = got.header("X-Sealmilter-Status")
        self.assertEqual(len(values), 1, values)
        return values[0]

    def test_encrypted_and_signed_is_opened_and_said_so(self):
        sent = self.from_bob(pki.encrypt(self.bob.sign(HELLO), self.alice), subject="lunch")
        self.arrive(ALICE, sent)
        got = self.sink.one(ALICE)
        self.assertEqual(got.header("Subject"), ["[secure] [signed OK] lunch"])
        self.assertIn(b"Hello.\r\n", got.body)
        self.assertNotIn("enveloped-data", "".join(got.header("Content-Type")))
        self.assertIn("smime=pass", got.header("Authentication-Results")[0])
        self.assertRegex(self.status(got), rf'encryption=opened.*signature=good.*signer="?{BOB}')
        self.explain(sent, ALICE)

    def test_signature_stays_as_it_came(self):
        entity = self.bob.sign(HELLO)
        sent = self.from_bob(entity)
        self.arrive(ALICE, sent)
        got = self.sink.one(ALICE)
        self.assertEqual(got.header("Subject"), ["[signed OK] hello"])
        self.assertEqual(got.body, mime.split(sent)[1])
        content, der = mime.parts_of(entity_of(got.data))
        self.assertEqual(pki.verify_detached(der, content, self.far.cert), HELLO)
        self.explain(sent, ALICE)

    def test_changed_content_gets_the_negative_tag(self):
        sent = self.from_bob(self.bob.sign(HELLO).replace(b"Hello", b"Hallo"))
        self.arrive(ALICE, sent)
        got = self.sink.one(ALICE)
        self.assertEqual(got.header("Subject"), ["[signature invalid] hello"])
        self.assertIn("smime=fail", got.header("Authentication-Results")[0])
        self.explain(sent, ALICE)

    def test_what_is_for_another_key_passes_untouched_with_a_status(self):
        sent = self.from_bob(pki.encrypt(HELLO, self.eve))
        self.arrive(ALICE, sent)
        got = self.sink.one(ALICE)
        self.assertEqual(got.header("Subject"), ["hello"])
        self.assertEqual(got.body, mime.split(sent)[1])
        self.assertIn("encryption=no-key", self.status(got))
        self.explain(sent, ALICE)

    def test_what_is_for_another_key_can_be_refused_by_policy(self):
        sent = self.from_bob(pki.encrypt(HELLO, self.eve))
        with self.assertRaises(smtp.Refused) as refused:
            self.arrive("strict@ours.example", sent)
        self.assertRegex(str(refused.exception.reply), r"^55\d 5\.7\.\d .*This site cannot open it")
        self.assertEqual(self.sink.messages, [])

    def test_only_the_recipient_whose_key_opens_it_reads_it(self):
        sent = self.from_bob(pki.encrypt(HELLO, self.alice), to=f"{ALICE}, {CAROL}")
        self.arrive([ALICE, CAROL], sent)
        self.sink.wait(2)
        self.assertIn(b"Hello.", self.sink.one(ALICE).data)
        self.assertNotIn(b"Hello.", self.sink.one(CAROL).data)
        self.assertEqual(self.sink.one(CAROL).body, mime.split(sent)[1])
        self.explain(sent, ALICE, CAROL)

    def test_forged_marks_are_taken_off(self):
        forged = ["X-Sealmilter-Status: encryption=opened; signature=good", "Authentication-Results: gw.ours.example; smime=pass",
                  "Authentication-Results: other.example; dkim=pass"]
        sent = message.make(BOB, ALICE, "[secure] [si[signed OK]gned OK] news", headers=forged)
        self.arrive(ALICE, sent)
        got = self.sink.one(ALICE)
        self.assertEqual(got.header("Subject"), ["news"])
        self.assertNotIn("signature=good", "".join(got.header("X-Sealmilter-Status")))
        self.assertEqual(got.header("Authentication-Results"), ["other.example; dkim=pass"])
        self.explain(sent, ALICE)

    def test_plain_mail_keeps_its_bytes(self):
        sent = message.make(BOB, ALICE, body=b"plain  \r\n.dot\r\n\x80\xff\r\n" + b"y" * 900 + b"\r\n")
        self.arrive(ALICE, sent, mail=["BODY=8BITMIME"])
        got = self.sink.one(ALICE)
        added = {b"x-sealmilter-status"}
        kept = [f for f in message.fields(message.without_trace(got.data)) if message.field_name(f) not in added]
        self.assertEqual((kept, got.body), (message.fields(sent), mime.split(sent)[1]))
        self.explain(sent, ALICE)

    def test_verified_signer_is_remembered_and_written_to_encrypted(self):
        zed = self.far.issue("zed@far.example")
        self.arrive(ALICE, pki.mail(zed.sign(HELLO), zed.address, ALICE), sender=zed.address)
        self.sink.one(ALICE)
        self.people.append(zed)
        self.submit(zed.address, message.make(to=zed.address))
        self.assertEqual(self.opened(self.sink.one(zed.address)).layers, ["encrypted", "signed"])

    def test_opened_text_does_not_bounce_out(self):
        """R50"""
        self.sink.on("RCPT", "550 5.1.1 moved", "gone@ours.example")
        self.seal.adm("user", "add", "gone@ours.example")
        self.seal.adm("key", "generate", "gone@ours.example")
        gone = self.person("gone@ours.example")
        for recipients in (["gone@ours.example"], ["gone@ours.example", CAROL]):  # in place, and as a copy
            with self.subTest(to=recipients):
                self.arrive(recipients, self.from_bob(pki.encrypt(HELLO, gone), to=gone.address), mail=["RET=FULL"])
                bounce = self.sink.wait(1, BOB)[-1]
                self.assertIn("multipart/report", bounce.header("Content-Type")[0])
                self.assertNotIn(b"Hello.", bounce.data)
                self.mta.wait_empty()  # the other recipient's copy may come after it
                self.sink.reset()
                self.sink.on("RCPT", "550 5.1.1 moved", "gone@ours.example")

    def test_address_that_leaves_the_site_is_not_opened(self):
        """R51"""
        away = self.person("away@ours.example")
        self.arrive(away.address, self.from_bob(pki.encrypt(HELLO, away), to=away.address))
        self.assertNotIn(b"Hello.", self.sink.one("away@elsewhere.example").data)

    def test_null_sender_is_served(self):
        self.arrive(ALICE, self.from_bob(pki.encrypt(HELLO, self.alice)), sender="")
        got = self.sink.one(ALICE)
        self.assertEqual((got.sender, b"Hello." in got.data), ("", True))

    def test_broken_ciphertext_looks_from_outside_like_success(self):
        """R17"""
        der = mime.cms_of(pki.encrypt(self.bob.sign(HELLO), self.alice))
        replies = set()
        for at in (1, 40, 120):  # the last octets: padding, last block, one before
            broken = bytearray(der)
            broken[-at] ^= 1
            replies.add(str(self.arrive(ALICE, self.from_bob(mime.enveloped(bytes(broken)))).code))
        replies.add(str(self.arrive(ALICE, self.from_bob(mime.enveloped(der))).code))
        self.assertEqual(replies, {"250"})
        self.sink.wait(4, ALICE)


class UnderPostfix(Scenarios, PostfixCase):
    def test_postmaster_without_a_domain_is_served(self):
        """RFC 5321 4.5.1"""
        self.arrive("postmaster", message.make(BOB, "postmaster"))
        self.sink.one()


class UnderSendmail(Scenarios, SendmailCase):
    pass


class BareCr(SealSite, PostfixCase):
    """Postfix before 3.7.10 left a CR without LF as it is; later ones can be told to. Sendmail takes none."""
    mta_options = {"settings": {"cleanup_replace_stray_cr_lf": "no"}}
    odd = ["X-Odd: 1\rX-Sealmilter-Status: signature=good", "X-More: 2\rtwo", "Comments: 3\rSubject: [signed OK] forged"]

    def test_marks_behind_it_are_taken_off(self):
        sent = message.make(BOB, ALICE, "[secure] news", headers=self.odd)
        self.arrive(ALICE, sent)
        got = self.sink.one(ALICE)
        self.assertNotIn(b"Sealmilter", got.data)
        self.assertEqual((got.header("X-Odd"), got.header("X-More"), got.header("Comments")), (["1"], ["2 two"], ["3"]))
        self.assertEqual((sorted(got.header("Subject")), got.body), (["forged", "news"], mime.split(sent)[1]))
        self.assert_explained(sent, BOB, [ALICE], "--client", "192.0.2.1")

    def test_it_is_no_reason_not_to_encrypt(self):
        self.submit(BOB, message.make(to=BOB, headers=self.odd))
        got = self.sink.one(BOB)
        self.assertEqual((self.opened(got).layers[0], b"Hello." in got.data, got.header("X-More")), ("encrypted", False, ["2 two"]))

    def test_what_is_not_changed_keeps_it(self):
        self.arrive(ALICE, message.make(BOB, ALICE, headers=["X-More: 2\rtwo"]))
        self.assertIn(b"\r\nX-More: 2\rtwo\r\n", self.sink.one(ALICE).data)


if __name__ == "__main__":
    unittest.main()
