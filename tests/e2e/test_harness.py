"""The harness and the MTAs without any milter: what they do by themselves, so that later tests know what we did."""
import unittest

from harness import message, smtp
from harness.lab import wait_for
from harness.site import PostfixCase, SendmailCase

ODD = (b"Subject:  two spaces\r\nX-Tab:\ttab\r\nX-Folded: one\r\n two\r\n\tthree\r\nx-CaSe: kept   \r\nX-Empty:\r\n"
       b"From: a@from.example\r\nDate: Mon, 02 Feb 2026 12:00:00 +0000\r\nMessage-Id: <odd@client.example>\r\n\r\n"
       b"\r\n.a dot\r\n..two dots\r\n.\r\n\x80\xff 8 bit\r\ntrailing blanks  \r\n" + b"x" * 900 + b"\r\n\r\n\r\n")


class Scenarios:
    aliases = {"alias@ours.example": "target@far.example"}

    def test_message_passes_byte_for_byte(self):
        smtp.send(self.mta.mx, "a@from.example", "b@far.example", ODD, mail=["BODY=8BITMIME"])
        got = self.sink.one()
        self.assertEqual(message.without_trace(got.data, ODD), ODD)
        self.assertEqual((got.sender, got.recipients), ("a@from.example", ["b@far.example"]))

    def test_comparison_sees_one_changed_byte(self):
        smtp.send(self.mta.mx, "a@from.example", "b@far.example", ODD, mail=["BODY=8BITMIME"])
        self.assertNotEqual(message.without_trace(self.sink.one().data, ODD), ODD.replace(b"8 bit", b"8 Bit"))

    def test_esmtp_parameters_pass(self):
        smtp.send(self.mta.mx, "a@from.example", "b@far.example", message.make(body=b"\xe4\r\n"),
                  mail=["BODY=8BITMIME", "RET=HDRS", "ENVID=abc"], rcpt=["NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;o@p.example"])
        got = self.sink.one()
        self.assertLessEqual({"BODY=8BITMIME", "RET=HDRS", "ENVID=abc"}, set(got.mail_parameters))
        self.assertIn("NOTIFY=FAILURE,DELAY", got.rcpt_parameters[0])
        self.assertIn("ORCPT=rfc822;o@p.example", got.rcpt_parameters[0])

    def comes_again(self):
        def is_kept():
            if hasattr(self.mta, "flush"):  # Postfix may have skipped the message while its delivery was still ending
                self.mta.flush()
            return self.sink.messages

        wait_for(is_kept, "the message comes again", pause=0.1)
        self.mta.wait_empty()

    def test_next_hop_that_defers_gets_the_message_again(self):
        self.sink.on("EOM", "451 4.3.0 later", times=2)
        smtp.send(self.mta.mx, "a@from.example", "b@far.example", message.make())
        self.comes_again()

    def test_next_hop_that_refuses_makes_a_bounce(self):
        self.sink.on("RCPT", "550 5.1.1 nobody", "b@far.example")
        smtp.send(self.mta.mx, "a@from.example", "b@far.example", message.make())
        bounce = self.sink.one("a@from.example")
        self.assertEqual(bounce.sender, "")
        self.assertIn("multipart/report", bounce.header("Content-Type")[0])

    def test_next_hop_that_hangs_up_loses_nothing(self):
        self.sink.on("EOM", "HANGUP", times=1)
        smtp.send(self.mta.mx, "a@from.example", "b@far.example", message.make())
        self.comes_again()

    def test_login_is_asked_for_the_password(self):
        smtp.send(self.mta.submission, "a@ours.example", "b@far.example", message.make(), login="alice@ours.example")
        self.sink.one()
        with smtp.Client(self.mta.submission) as client:
            with self.assertRaisesRegex(smtp.Refused, "535"):
                client.login("alice@ours.example", "wrong")

    def test_virtual_alias_is_followed(self):
        smtp.send(self.mta.mx, "a@from.example", "alias@ours.example", message.make())
        self.assertEqual(self.sink.one().recipients, ["target@far.example"])

    def test_message_of_the_local_machine(self):
        self.mta.sendmail(["-f", "me@ours.example", "b@far.example"], b"Subject: local\n\nhi\n")
        got = self.sink.one("b@far.example")
        self.assertEqual((got.sender, got.header("Subject"), got.body), ("me@ours.example", ["local"], b"hi\r\n"))

    def test_several_messages_on_a_connection(self):
        with smtp.Client(self.mta.mx) as client:
            for i in range(3):
                client.message(f"a{i}@from.example", f"b{i}@far.example", message.make(subject=f"number {i}"))
            client.quit()
        self.sink.wait(3)
        for i in range(3):
            self.assertEqual(self.sink.one(f"b{i}@far.example").header("Subject"), [f"number {i}"])


class UnderPostfix(Scenarios, PostfixCase):
    def test_utf8_addresses_pass(self):
        smtp.send(self.mta.mx, "jürgen@from.example", "zoë@far.example", message.make(subject="grüße"), mail=["SMTPUTF8", "BODY=8BITMIME"])
        self.assertIn("SMTPUTF8", self.sink.one().mail_parameters)


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
