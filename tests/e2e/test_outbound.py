"""Mail that leaves: clear, signed, encrypted and mixed, under both MTAs, each also through explain."""
import pathlib
import unittest

from harness import message, mime, pki, smtp
from harness.dkim import Dkim
from harness.sealmilter import IN_AND_INSIDE, OUT_IF_POSSIBLE
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase
from harness.unwrap import entity_of

BOB, EVE, CAROL = "bob@far.example", "eve@far.example", "carol@else.example"
DIRECTOR = "director@ours.example"
EIGHT_BIT = b"Gr\xc3\xbc\xc3\x9fe, 8 bit.\r\n.dot\r\nlong " + b"x" * 900 + b"\r\n"
UTF8_TEXT = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]

POLICY = """\
our domains  ours.example

keyword confidential  subject "[confidential]"
keyword plain         subject "[plain]"

network 127.0.0.1  may sign for alice@ours.example
local              may sign for alice@ours.example

rule "confidential"
    when outbound, keyword confidential
    sign
    encrypt, else refuse "No certificate of this recipient is known."

rule "as it is"
    when outbound, keyword plain
    pass

""" + OUT_IF_POSSIBLE + IN_AND_INSIDE


class Scenarios(SealSite):
    policy = POLICY
    users = (ALICE, DIRECTOR)
    after = (Dkim,)
    aliases = {"team@far.example": "target@far.example"}

    def assert_treated(self, address, *layers, inner=None):
        got = self.sink.one(address)
        opened = self.opened(got)
        self.assertEqual(opened.layers, list(layers))
        if inner is not None:
            self.assertEqual(opened.entity, inner)
        self.assertTrue(self.after_milters["dkim"].verifies(got.data), "DKIM signature at the far side")
        return got

    def explain(self, msg, *recipients):
        return self.assert_explained(msg, ALICE, recipients, "--login", ALICE, "--client", "127.0.0.1", "--listener", "submission")

    def test_mail_of_nobody_who_is_registered_passes_byte_for_byte(self):
        sent = message.make(sender="stranger@ours.example", body=EIGHT_BIT, headers=UTF8_TEXT)
        self.submit(BOB, sent, sender="stranger@ours.example", login="stranger@ours.example", mail=["BODY=8BITMIME"])
        got = self.sink.one(BOB)
        self.assertEqual(message.without_trace(got.data, sent).split(b"\r\nFrom:")[1], sent.split(b"From:")[1])

    def test_keyword_plain_sends_clear_and_is_removed(self):
        sent = message.make(subject="[plain] lunch", to=BOB)
        self.submit(BOB, sent)
        got = self.assert_treated(BOB)
        self.assertEqual(got.header("Subject"), ["lunch"])
        self.explain(sent, BOB)

    def test_without_certificate_it_is_signed(self):
        sent = message.make(to=CAROL)
        self.submit(CAROL, sent)
        self.assert_treated(CAROL, "signed", inner=b"Content-Type: text/plain; charset=us-ascii\r\n\r\nHello.\r\n")
        self.explain(sent, CAROL)

    def test_with_certificate_it_is_signed_and_encrypted(self):
        for address in (BOB, EVE):
            with self.subTest(to=address):
                self.sink.reset()
                sent = message.make(to=address)
                self.submit(address, sent)
                self.assert_treated(address, "encrypted", "signed")
                self.explain(sent, address)

    def test_log_says_what_was_decided_and_nothing_that_was_written(self):
        self.submit(BOB, message.make(subject="TULIP", to=BOB, body=b"ORCHID.\r\n"))
        self.sink.one(BOB)
        log = self.seal.log()
        self.assertRegex(log, rf"event=recipient rcpt={BOB} direction=outbound .*operations=.*encrypt smime")
        self.assertNotRegex(log, "TULIP|ORCHID")

    def test_core_of_the_daemon_cannot_be_taken(self):
        """Nobody but root could read its memory, and a crash leaves none behind (R41)."""
        pid = self.seal.process.pid
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        self.assertRegex(limits, r"(?m)^Max core file size +0 +0 ")
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        self.assertRegex(status, r"(?m)^NoNewPrivs:\t1$")

    def test_each_of_three_recipients_gets_his_own_treatment(self):
        sent = message.make(to=f"{BOB}, {CAROL}")
        self.submit([BOB, CAROL, EVE], sent)
        self.sink.wait(3)
        self.assert_treated(BOB, "encrypted", "signed")
        self.assert_treated(CAROL, "signed")
        self.assert_treated(EVE, "encrypted", "signed")
        said = self.explain(sent, BOB, CAROL, EVE)
        self.assertEqual(len(said["copies"]), 3)

    def test_recipient_given_with_a_source_route_gets_his_copy_only(self):
        self.submit([CAROL, f"@relay.example:{BOB}"], message.make(to=f"{CAROL}, {BOB}"))
        self.mta.wait_empty()
        self.assertEqual(sorted((got.recipients, self.opened(got).layers) for got in self.sink.wait(2)),
                         [([BOB], ["encrypted", "signed"]), ([CAROL], ["signed"])])

    def test_hidden_recipient_is_named_in_no_other_copy(self):
        hidden = "hidden@far.example"
        person = self.far.issue(hidden)
        self.people.append(person)
        self.seal.adm("cert", "import", person.cert)
        sent = message.make(to=BOB)
        self.submit([BOB, hidden], sent)
        for got in self.sink.wait(2):
            self.assertEqual(len(got.recipients), 1)
            der = mime.cms_of(entity_of(got.data))
            self.assertEqual([pki.is_for(der, p) for p in (self.bob, person)],
                             [got.recipients == [BOB], got.recipients == [hidden]])
            if got.recipients == [BOB]:
                self.assertNotIn(b"hidden", got.data)
        self.explain(sent, BOB, hidden)

    def test_what_must_be_encrypted_is_refused_where_it_cannot(self):
        sent = message.make(subject="[confidential] figures", to=f"{BOB}, {CAROL}")
        with self.assertRaises(smtp.Refused) as refused:
            self.submit([BOB, CAROL], sent)
        self.assertRegex(str(refused.exception.reply), r"^55\d 5\.7\.\d .*carol@else\.example")
        self.assertEqual(self.sink.messages, [])
        self.mta.wait_empty()
        self.assertEqual(self.sink.messages, [])
        said, files = self.explained(sent, ALICE, [BOB, CAROL], "--login", ALICE)
        self.assertEqual((said["verdict"], files), ("reject", {}))

    def test_three_messages_on_a_connection_with_a_reset_between(self):
        with smtp.Client(self.mta.submission) as client:
            client.login(ALICE)
            client.message(ALICE, BOB, message.make(to=BOB, subject="one"))
            client.mail(ALICE)
            client.rcpt(CAROL)
            client.command("RSET")
            client.message(ALICE, [CAROL, BOB], message.make(to=CAROL, subject="two"))
            client.message("stranger@ours.example", CAROL, message.make(sender="stranger@ours.example", subject="three"))
            client.quit()
        self.sink.wait(4)
        treated = sorted((m.header("Subject")[0], m.recipients[0], self.opened(m).layers) for m in self.sink.messages)
        self.assertEqual(treated, [("one", BOB, ["encrypted", "signed"]), ("three", CAROL, []),
                                   ("two", BOB, ["encrypted", "signed"]), ("two", CAROL, ["signed"])])

    def test_eight_bit_mail_leaves_in_seven(self):
        sent = message.make(to=CAROL, body=EIGHT_BIT, headers=UTF8_TEXT)
        self.submit([CAROL, BOB], sent, mail=["BODY=8BITMIME"])
        for got in self.sink.wait(2):
            self.assertTrue(all(byte < 128 for byte in got.data))
            self.assertLessEqual(max(map(len, got.body.split(b"\r\n"))), 76)
        self.assert_treated(CAROL, "signed")
        self.assert_treated(BOB, "encrypted", "signed")
        self.explain(sent, CAROL, BOB)

    def test_eight_bit_copy_keeps_its_body_parameter(self):
        sent = message.make(sender="stranger@ours.example", to=BOB, body=EIGHT_BIT, headers=UTF8_TEXT)
        self.submit([BOB], sent, sender="stranger@ours.example", login="stranger@ours.example", mail=["BODY=8BITMIME"])
        self.assertIn("BODY=8BITMIME", self.sink.one(BOB).mail_parameters)

    def test_dsn_parameters_are_kept_on_every_copy(self):
        sent = message.make(to=f"{BOB}, {CAROL}")
        with smtp.Client(self.mta.submission) as client:
            client.login(ALICE)
            client.mail(ALICE, "RET=FULL", "ENVID=abc+2B1")
            client.rcpt(BOB, "NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;b+2Bb@far.example")
            client.rcpt(CAROL, "NOTIFY=NEVER")
            client.data(sent)
        self.sink.wait(2)
        for address, parameters in ((BOB, {"NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;b+2Bb@far.example"}), (CAROL, {"NOTIFY=NEVER"})):
            got = self.sink.one(address)
            self.assertLessEqual({"RET=FULL", "ENVID=abc+2B1"}, set(got.mail_parameters))
            self.assertLessEqual(parameters, set(got.rcpt_parameters[0]))

    def test_virtual_alias_as_recipient_of_a_copy_is_followed(self):
        sent = message.make(to=f"{BOB}, team@far.example")
        self.submit([BOB, "team@far.example"], sent)
        self.sink.wait(2)
        self.assert_treated("target@far.example", "signed")
        self.assert_treated(BOB, "encrypted", "signed")

    def test_recipient_that_the_mta_rejects_gets_nothing_and_disturbs_nobody(self):
        with smtp.Client(self.mta.submission) as client:
            client.login(ALICE)
            client.mail(ALICE)
            client.rcpt(BOB)
            self.assertEqual(client.rcpt("gone@far.example", ok=()).code // 100, 5)
            client.rcpt(CAROL)
            client.data(message.make(to=f"{BOB}, {CAROL}"))
        self.sink.wait(2)
        self.assert_treated(BOB, "encrypted", "signed")
        self.assert_treated(CAROL, "signed")
        self.assertEqual(len(self.sink.messages), 2)

    def test_mail_of_the_local_machine_is_treated(self):
        sent = message.make(to=CAROL).replace(b"\r\n", b"\n")
        self.mta.sendmail(["-f", ALICE, CAROL], sent)
        self.assert_treated(CAROL, "signed")

    def test_nobody_signs_in_the_name_of_another(self):
        """R49"""
        sent = message.make(sender=DIRECTOR, to=CAROL)
        self.submit(CAROL, sent)
        self.assert_treated(CAROL)
        self.sink.reset()
        self.mta.sendmail(["-f", ALICE, CAROL], sent.replace(b"\r\n", b"\n"))
        self.assert_treated(CAROL)
        self.sink.reset()
        self.submit(CAROL, sent, login=DIRECTOR, sender=DIRECTOR)
        self.assert_treated(CAROL, "signed")

    def test_result_that_the_mta_would_not_take_is_refused_before_anything_is_sent(self):
        body = b"%s\r\n" % (b"x" * 70) * (self.size_limit * 3 // 4 // 72)
        with self.assertRaises(smtp.Refused) as refused:
            self.submit([CAROL, BOB], message.make(to=BOB, body=body))
        self.assertRegex(str(refused.exception.reply), r"^55\d 5\.3\.4")
        self.mta.wait_empty()
        self.assertEqual(self.sink.messages, [])

    size_limit = 200000
    seal_settings = {"message-size-limit": "200000"}


class UnderPostfix(Scenarios, PostfixCase):
    mta_options = {"settings": {"message_size_limit": 200000, "smtpd_recipient_restrictions":
                                "check_recipient_access inline:{{gone@far.example = REJECT}}"}}

    def test_utf8_addresses_are_kept_on_every_copy(self):
        sent = message.make(to=f"{BOB}, zoë@else.example", subject="grüße")
        self.submit([BOB, "zoë@else.example"], sent, mail=["SMTPUTF8", "BODY=8BITMIME"])
        self.sink.wait(2)
        self.assertIn("SMTPUTF8", self.sink.one("zoë@else.example").mail_parameters)
        self.assert_treated("zoë@else.example", "signed")
        self.assert_treated(BOB, "encrypted", "signed")


class UnderSendmail(Scenarios, SendmailCase):
    mta_options = {"size": 200000, "rejects": ["gone@far.example"]}


if __name__ == "__main__":
    unittest.main()
