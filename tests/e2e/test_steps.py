"""What rules do beside signing, encrypting and opening: who else gets a message, who is told of it, and what stays behind."""
import email.parser
import email.policy
import unittest

from harness import mime, pki, smtp
from harness.lab import run, wait_for
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase

BOB, GUARD, ARCHIVE, OPENED = "bob@far.example", "guard@ours.example", "archive@ours.example", "opened@ours.example"
WORDS = "words@ours.example"
HELLO = b"Content-Type: text/plain\r\n\r\nThe token is ORCHID.\r\n"

POLICY = """\
our domains  ours.example

rule "closed"
    when outbound, to closed@far.example
    return "This company is closed."

rule "nowhere"
    when outbound, to nowhere@far.example
    discard

rule "odd"
    when outbound, to odd@far.example
    hold "to be looked at"

rule "kept"
    when outbound, to kept@far.example
    copy to archive@ours.example
    sign
    forward to opened@ours.example

rule "moved"
    when outbound, to moved@far.example
    redirect to new@far.example

rule "fields"
    when outbound, to fields@far.example
    add header X-Site "Grüße"
    replace header X-Old "new"
    delete header X-Gone

rule "noted"
    when outbound, to noted@far.example
    notify sender subject "We have {subject}" "For {recipients}, {queue-id}."

rule "forbidden"
    when outbound, to forbidden@far.example
    alert guard@ours.example
    refuse "Not there."

rule "keys"
    when outbound, to keys@far.example
    attach keys smime
    sign

rule "gateway's certificate"
    when outbound, to *@gate.example
    add header X-Way "gateway"
    continue

rule "to the gateway"
    when outbound, to *@gate.example
    copy to archive@ours.example
    encrypt to certificate GATEWAY, else return
    forward to opened@ours.example

rule "given twice"
    when outbound, to twice@far.example or bob@far.example, header X-Twice
    forward to bob@far.example

rule "in, for those of their own words"
    when inbound, encrypted, to words@ours.example
    decrypt, else return "No key here opens this."
    tag opened "[offen]" signed "[echt]"

rule "in, sealed"
    when inbound, encrypted
    copy to archive@ours.example
    decrypt
    tag
    forward to opened@ours.example

rule "in"
    when inbound
    alert guard@ours.example

rule "out"
    when outbound
    pass

rule "inside"
    when internal
    pass
"""


def parsed(got):
    mail = email.parser.BytesParser(policy=email.policy.default).parsebytes(got.data)
    defects = [part.defects for part in mail.walk() if part.defects]
    assert not defects, defects
    return mail


class Scenarios(SealSite):
    policy = POLICY
    users = (ALICE, WORDS)
    seal_settings = {"notice-rate": "3"}
    count = 0

    @classmethod
    def set_up_site(cls):
        cls.gate = pki.Authority(cls.lab.folder("gate")).issue("nobody@gateway.example")
        cls.policy = POLICY.replace("GATEWAY", cls.gate.sha256)
        super().set_up_site()
        cls.seal.adm("cert", "import", cls.gate.cert)
        cls.seal.adm("cert", "trust", cls.gate.sha256)
        cls.alice, cls.words = cls.person(ALICE), cls.person(WORDS)

    def mail(self, *headers, to=BOB, sender=ALICE):
        Scenarios.count += 1
        head = [f"From: {sender}", f"To: {to}", "Subject: hello", *headers, "Date: Mon, 23 Nov 2026 07:02:11 +0100",
                f"Message-ID: <steps-{self.count}@client.example>", "MIME-Version: 1.0"]
        return "".join(line + "\r\n" for line in head).encode() + HELLO

    def send(self, *recipients, headers=(), **options):
        self.submit(list(recipients), self.mail(*headers), **options)

    def nothing_more(self, n):
        """What the MTA has taken is out, and no more than n messages have come."""
        self.mta.wait_empty()
        self.assertEqual(len(self.sink.messages), n, self.sink.messages)

    def held(self):
        return self.mta.queued("hold") if isinstance(self, PostfixCase) else [path.name for path in self.mta.queue.glob("hf*")]

    # ---- return, discard, hold ----

    def test_returned_recipient_is_reported_and_others_are_served(self):
        self.send("closed@far.example", BOB, mail=["ENVID=e+2B1"], rcpt=["ORCPT=rfc822;old@far.example"])
        self.assertIn(b"ORCHID", self.sink.one(to=BOB).data)
        got = self.sink.one(to=ALICE)
        report = parsed(got)
        self.assertEqual(got.sender, "")
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(report["Auto-Submitted"], "auto-replied")
        people, status, header = report.iter_parts()
        about_message, about_closed = status.get_payload()
        self.assertEqual(about_message["Reporting-MTA"], "dns; gw.ours.example")
        self.assertEqual(about_message["Original-Envelope-Id"], "e+1")
        self.assertEqual(about_closed["Final-Recipient"], "rfc822; closed@far.example")
        self.assertEqual(about_closed["Original-Recipient"], "rfc822;old@far.example")
        self.assertEqual((about_closed["Action"], about_closed["Status"]), ("failed", "5.7.1"))
        self.assertIn("This company is closed.", people.get_content())
        self.assertIn("Subject: hello", header.get_payload())
        self.assertNotIn(b"ORCHID", got.data)
        self.nothing_more(2)

    def test_message_returned_for_all_is_delivered_to_nobody(self):
        self.send("closed@far.example")
        self.sink.one(to=ALICE)
        self.nothing_more(1)

    def test_no_report_to_who_wants_none(self):
        self.send("closed@far.example", rcpt=["NOTIFY=NEVER"])
        self.send("closed@far.example", sender="")
        self.nothing_more(0)

    def test_discarded_message_is_delivered_to_nobody_and_nobody_is_told(self):
        self.send("nowhere@far.example")
        self.nothing_more(0)
        self.send("nowhere@far.example", BOB)
        self.sink.one(to=BOB)
        self.nothing_more(1)

    def test_held_message_waits_in_the_mta(self):
        before = set(self.held())
        self.send("odd@far.example")
        new = wait_for(lambda: set(self.held()) - before, "held")
        self.assertEqual(self.sink.messages, [])
        for name in new:
            for path in self.mta.queue.rglob("?f" + name[2:] if isinstance(self, SendmailCase) else name):
                path.unlink(missing_ok=True)

    # ---- others ----

    def test_copy_is_from_before_the_signature_and_forwarding_from_behind_it(self):
        self.send("kept@far.example")
        self.assertIn(b"multipart/signed", self.sink.one(to="kept@far.example").data)
        copy, forwarded = self.sink.one(to=ARCHIVE), self.sink.one(to=OPENED)
        self.assertNotIn(b"multipart/signed", copy.data)
        self.assertIn(b"multipart/signed", forwarded.data)
        self.assertEqual((copy.sender, forwarded.sender), ("", ""))
        self.nothing_more(3)

    def test_copy_is_from_before_opening_and_forwarding_from_behind_it(self):
        self.arrive(ALICE, pki.mail(pki.encrypt(HELLO, self.alice), BOB, ALICE))
        self.assertIn(b"ORCHID", self.sink.one(to=ALICE).data)
        self.assertNotIn(b"ORCHID", self.sink.one(to=ARCHIVE).data)
        forwarded = self.sink.one(to=OPENED)
        self.assertIn(b"ORCHID", forwarded.data)
        self.assertEqual(forwarded.sender, "")
        self.nothing_more(3)

    def test_redirected_message_keeps_its_sender(self):
        self.send("moved@far.example", BOB)
        got = self.sink.one(to="new@far.example")
        self.assertEqual(got.sender, ALICE)
        self.assertIn(b"ORCHID", got.data)
        self.sink.one(to=BOB)
        self.nothing_more(2)

    def test_address_that_gets_the_same_as_a_recipient_gets_it_once(self):
        self.send("twice@far.example", headers=["X-Twice: 1"])
        self.assertEqual(sorted(rcpt for got in self.sink.wait(2) for rcpt in got.recipients), [BOB, "twice@far.example"])
        self.sink.reset()
        self.send("twice@far.example", BOB, headers=["X-Twice: 1"])
        self.mta.wait_empty()
        self.assertEqual(sorted(rcpt for got in self.sink.messages for rcpt in got.recipients), [BOB, "twice@far.example"])

    def test_what_the_client_encrypted_is_signed_around_and_not_encrypted_again(self):
        self.submit("kept@far.example", pki.mail(pki.encrypt(HELLO, self.bob), ALICE, "kept@far.example"))
        self.assertEqual(self.opened(self.sink.one(to="kept@far.example")).layers, ["signed", "encrypted"])

    # ---- chains ----

    def test_certificate_of_a_rule_stands_for_those_of_all_and_each_copy_is_what_stands_above_it(self):
        self.submit(["a@gate.example", "b@gate.example"], self.mail(to="a@gate.example, b@gate.example"))
        self.mta.wait_empty()
        served = [got for got in self.sink.messages if set(got.recipients) & {"a@gate.example", "b@gate.example"}]
        self.assertEqual(sorted(rcpt for got in served for rcpt in got.recipients), ["a@gate.example", "b@gate.example"])
        for got in [*served, self.sink.one(to=OPENED)]:
            self.assertNotIn(b"ORCHID", got.data)
            self.assertIn(b"ORCHID", self.gate.decrypt(mime.cms_of(got.data)))
            self.assertEqual(got.header("X-Way"), ["gateway"])
        archived = self.sink.one(to=ARCHIVE)
        self.assertIn(b"ORCHID", archived.data)
        self.assertEqual(archived.header("X-Way"), ["gateway"])

    def test_opened_message_is_tagged_in_the_words_of_its_rule(self):
        self.arrive(WORDS, pki.mail(pki.encrypt(self.bob.sign(HELLO), self.words), BOB, WORDS))
        self.assertEqual(self.sink.one(to=WORDS).header("Subject"), ["[offen] [echt] hello"])

    def test_message_that_no_key_here_opens_goes_back(self):
        self.arrive([WORDS, ALICE], pki.mail(pki.encrypt(HELLO, self.alice), BOB, WORDS))
        self.assertIn(b"ORCHID", self.sink.one(to=ALICE).data)
        report = self.sink.one(to=BOB)
        self.assertIn(b"No key here opens this.", report.data)
        self.assertNotIn(b"ORCHID", report.data)

    # ---- what is put on ----

    def test_header_fields_are_added_replaced_and_deleted(self):
        self.send("fields@far.example", headers=["X-Old: 1", "X-Gone: 1", "X-Old: 2", "X-Gone: 2", "X-Kept: 1"])
        got = parsed(self.sink.one())
        self.assertEqual([got.get_all(name) for name in ("X-Site", "X-Old", "X-Gone", "X-Kept")], [["Grüße"], ["new"], None, ["1"]])

    def test_keys_of_sender_and_house_are_a_part_that_openssl_reads(self):
        house = pki.Authority(self.lab.folder("house")).issue("gateway@ours.example")
        both = house.path("both")
        both.write_bytes(house.key.read_bytes() + house.cert.read_bytes())
        self.seal.adm("key", "import", both, "--user", "@ours.example")
        self.addCleanup(self.seal.adm, "key", "delete", house.sha256, "--force")
        self.send("keys@far.example")
        got = self.sink.one()
        mixed, _ = parsed(got).iter_parts()
        text, keys = mixed.iter_parts()
        self.assertIn("ORCHID", text.get_content())
        self.assertEqual((keys.get_content_type(), keys.get_filename()), ("application/pkcs7-mime", "smime.p7c"))
        said = run("openssl", "pkcs7", "-inform", "DER", "-print_certs", "-noout", input=keys.get_payload(decode=True)).stdout
        self.assertEqual(said.count(b"subject="), 3)
        self.assertIn(b"CN = gateway", said)
        self.assertEqual(self.opened(got).layers, ["signed"])

    # ---- notices ----

    def test_sender_is_answered_but_no_machine(self):
        self.send("noted@far.example")
        answer = parsed(self.sink.one(to=ALICE))
        self.assertEqual(answer["Subject"], "We have hello")
        self.assertRegex(answer.get_content(), r"^For noted@far\.example, \w+\.")
        self.assertEqual(answer["From"], "Mail gateway <postmaster@gw.ours.example>")
        self.send("noted@far.example", headers=["Auto-Submitted: auto-generated"])
        self.send("noted@far.example", headers=["List-Id: <a.ours.example>"])
        self.send("noted@far.example", sender="")
        self.nothing_more(5)

    def test_answers_above_the_rate_are_dropped(self):
        sender = "rate@ours.example"
        for _ in range(5):
            self.send("noted@far.example", sender=sender)
        self.nothing_more(5 + 3)
        self.assertEqual(len([got for got in self.sink.messages if got.recipients == [sender]]), 3)

    def test_refused_message_is_alerted(self):
        with self.assertRaises(smtp.Refused) as refused:
            self.send("forbidden@far.example", BOB)
        self.assertRegex(str(refused.exception.reply), r"^550 5\.7\.1 .*Not there\.")
        alert = parsed(self.sink.one(to=GUARD))
        self.assertEqual(alert["Auto-Submitted"], "auto-generated")
        self.assertIn("forbidden@far.example", alert.get_content())
        self.nothing_more(1)

    def test_alert_that_comes_back_gives_no_alert(self):
        self.arrive(ALICE, self.mail(sender=BOB, to=ALICE))
        alert = self.sink.one(to=GUARD)
        self.nothing_more(2)
        self.arrive(ALICE, alert.data, sender="")
        self.nothing_more(3)

    def test_explain_writes_copies_and_notices(self):
        mail = self.mail()
        folder = self.lab.folder("written", owner="nobody", mode=0o700)
        said, _ = self.seal.explain(mail, ALICE, ["kept@far.example", "closed@far.example"], "--login", ALICE, write=folder)
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["0.eml", "1.eml", "2.eml", "notice-0.eml"])
        self.assertEqual([copy["to"] for copy in said["copies"]], [None, ARCHIVE, OPENED])
        self.assertEqual([r["outcome"] for r in said["recipients"]], ["served", "returned"])
        self.nothing_more(0)


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
