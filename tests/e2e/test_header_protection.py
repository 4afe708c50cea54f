"""Header fields inside what is signed and encrypted (RFC 9788), under both MTAs, with S/MIME and OpenPGP: what leaves, and what comes back."""
import email
import email.header
import email.policy
import unittest

from harness import gpg, message, mime, notmuch, pki
from harness.lab import wait_for
from harness.sealmilter import IN_AND_INSIDE
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase

BOB, EVE, KURT, PAUL = "bob@far.example", "eve@far.example", "kurt@hide.example", "paul@pgp.example"
LONG = "Gr\u00fc\u00dfe aus " + " ".join(f"Ort{i} ORCHID" for i in range(60))

POLICY = """\
our domains  ours.example

keyword confidential  subject "[confidential]"
network 127.0.0.1  may sign for alice@ours.example

rule "who reads it with a program of today"
    when outbound, to domain hide.example
    protect headers baseline
    continue

rule "confidential"
    when outbound, keyword confidential
    sign
    encrypt

rule "out"
    when outbound
    sign if possible
    encrypt with openpgp or smime if possible

""" + IN_AND_INSIDE


def encoded(subject):
    return subject if subject.isascii() else email.header.Header(subject, "utf-8").encode(linesep="\r\n")


def inner(subject, intent="cipher", sender=BOB, more=()):
    """An entity that protects its header fields, forged ones among them."""
    fields = [f"Subject: {encoded(subject)}", f"From: {sender}", "To: mallory@evil.example", "Received: from evil by evil",
              "X-Sealmilter-Status: signature=good", "HP-Outer: Subject: [...]", *more,
              f'Content-Type: text/plain; charset=us-ascii; hp="{intent}"']
    return "".join(field + "\r\n" for field in fields).encode() + b"\r\nHello.\r\n"


def fields_of(entity):
    return email.message_from_bytes(entity, policy=email.policy.default)


class Scenarios(SealSite):
    policy = POLICY

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.kurt = cls.far.issue(KURT)
        cls.people.append(cls.kurt)
        cls.client = cls.far.issue(ALICE)
        cls.seal.adm("cert", "import", cls.kurt.cert)
        cls.seal.adm("key", "generate", ALICE, "--openpgp")
        cls.ours = cls.seal.keys_of(ALICE, "openpgp_keys")[0]["fingerprint"]
        cls.paul = gpg.Person(cls.lab, PAUL)
        cls.addClassCleanup(cls.paul.stop)
        cls.paul.learn(cls.seal.adm("cert", "export", cls.ours).stdout)
        cls.seal.adm("cert", "import", cls.paul.key, "--trust")
        cls.alice = cls.person(ALICE)

    def leaves(self, subject, to, *headers):
        self.sink.reset()
        sent = message.make(subject=encoded(subject), to=to, headers=headers, body=b"Hello.\r\n")
        self.submit(to, sent)
        return sent, self.sink.one(to)

    def arrives(self, entity, subject="[...]", sender=BOB):
        self.sink.reset()
        self.arrive(ALICE, pki.mail(entity, sender, ALICE, subject=subject), sender=sender)
        return self.sink.one(ALICE)

    def assert_hidden(self, got, entity, subject):
        """Nothing of it stands outside; inside it is whole."""
        self.assertEqual(got.header("Subject"), ["[...]"])
        for token in (b"ORCHID", b"Comments", b"Keywords", b"Thread-Topic"):
            self.assertNotIn(token, got.data)
        inside = fields_of(entity)
        self.assertEqual(inside["Subject"], subject)
        self.assertEqual(inside.get_param("hp"), "cipher")
        self.assertIn("Subject: [...]", inside.get_all("HP-Outer"))
        self.assertEqual(inside["To"], got.header("To")[0])
        self.assertIsNone(inside["Received"])

    def test_by_rule_the_subject_is_inside_alone(self):
        more = ["Comments: ORCHID", "Keywords: ORCHID", "Thread-Topic: ORCHID"]
        for subject in ("ORCHID", LONG, "Re: ORCHID"):
            with self.subTest(subject=subject):
                sent, got = self.leaves(subject, KURT, *more)
                opened = self.opened(got)
                self.assertEqual(opened.layers, ["encrypted", "signed"])
                self.assert_hidden(got, opened.entity, subject)
                said = self.assert_explained(sent, ALICE, [KURT], "--login", ALICE, "--client", "127.0.0.1", "--listener", "submission")
                self.assertIn("protect headers baseline", said["copies"][0]["operations"])

    def test_keyword_is_gone_inside_too(self):
        got = self.leaves("[confidential] ORCHID", KURT)[1]
        self.assert_hidden(got, self.opened(got).entity, "ORCHID")

    def test_what_the_users_program_signed_is_a_part_of_it(self):
        self.sink.reset()
        content = b"Content-Type: text/plain\r\n\r\nHello.\r\n"
        self.submit(KURT, pki.mail(self.client.sign(content), ALICE, KURT, subject="ORCHID"))
        got = self.sink.one(KURT)
        opened = self.opened(got)
        self.assertEqual(opened.layers, ["encrypted"])
        self.assert_hidden(got, opened.entity, "ORCHID")
        inner, der = mime.parts_of(opened.entity[opened.entity.index(b"Content-Type: multipart/signed"):])
        self.assertIn(content, pki.verify_detached(der, inner, self.far.cert))

    def test_openpgp_hides_it_by_itself(self):
        got = self.leaves(LONG, PAUL)[1]
        self.assert_hidden(got, self.paul.opens(got.data)[0], LONG)

    def assert_shown(self, home, data, signer):
        """By a reader that opens and verifies by itself."""
        headers, crypto = notmuch.shows(home, data)
        self.assertEqual(headers["Subject"], LONG)
        self.assertEqual(crypto["decrypted"], {"status": "full", "header-mask": {"Subject": "[...]"}})
        self.assertEqual([(by["status"], by["fingerprint"].lower()) for by in crypto["signed"]["status"]], [("good", signer)])
        self.assertIn("Subject", crypto["signed"]["headers"])

    def test_another_reader_shows_it_and_calls_it_hidden_and_signed(self):
        self.assert_shown(self.paul.home, self.leaves(LONG, PAUL)[1].data, self.ours)
        kurt = notmuch.SmimeHome(self.lab, self.kurt, self.far.cert, self.anchor)
        self.addCleanup(kurt.stop)
        self.assert_shown(kurt.dir, self.leaves(LONG, KURT)[1].data, self.alice.fingerprint.lower())

    def test_each_recipient_sees_what_he_can_read(self):
        self.sink.reset()
        self.submit([EVE, KURT, PAUL], message.make(subject="ORCHID", to=f"{EVE}, {KURT}, {PAUL}"))
        self.sink.wait(3)
        self.assertEqual([self.sink.one(to).header("Subject")[0] for to in (EVE, KURT, PAUL)], ["ORCHID", "[...]", "[...]"])
        self.assertEqual(fields_of(self.opened(self.sink.one(EVE)).entity)["Subject"], "ORCHID")

    def test_it_is_hidden_from_whom_a_message_of_his_showed_to_read_it(self):
        self.assertEqual(self.leaves("ORCHID", BOB)[1].header("Subject"), ["ORCHID"])
        got = self.arrives(pki.encrypt(self.bob.sign(inner(LONG)), self.alice))
        self.assertEqual(str(fields_of(got.data)["Subject"]), f"[secure] [signed OK] {LONG}")
        self.assertRegex(got.header("X-Sealmilter-Status")[0], "auth=signature;.*subject=protected")
        self.assertEqual(got.header("From"), [BOB])
        self.assertNotIn("mallory", " ".join(got.header("To")))
        wait_for(lambda: self.leaves("Re: ORCHID", BOB)[1].header("Subject") == ["[...]"], "learned")

    def test_what_nothing_authenticates_is_put_aside(self):
        got = self.arrives(pki.encrypt(inner("ORCHID"), self.alice))
        self.assertEqual(got.header("Subject"), ["[not authenticated] [...]"])
        self.assertEqual(got.header("X-Sealmilter-Subject"), ["ORCHID"])
        self.assertRegex(got.header("X-Sealmilter-Status")[0], "subject=unauthenticated")
        self.assertNotIn(b"evil", got.data)

    def test_subject_of_an_openpgp_message_comes_back(self):
        got = self.arrives(self.paul.encrypted(inner(LONG, sender=PAUL), ALICE), sender=PAUL)
        self.assertEqual(str(fields_of(got.data)["Subject"]), f"[secure] [signed OK] {LONG}")
        self.assertNotIn(b"evil", got.data)

    def test_signed_subject_stands_for_one_that_was_changed(self):
        got = self.arrives(self.bob.sign(inner("ORCHID", "clear")), subject="[list] TULIP")
        self.assertEqual(got.header("Subject"), ["[signed OK] ORCHID"])


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
