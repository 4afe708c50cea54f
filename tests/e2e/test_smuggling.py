"""R22: what would end a message early for one server and not for the next leaves no opened ciphertext."""
import email
import re
import unittest

from harness import message, mime, pki
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase
from harness.sink import Sink

BOB = "bob@far.example"
ENDS = {
    "LF . LF": b"\n.\n", "LF . CRLF": b"\n.\r\n", "CRLF . LF": b"\r\n.\n", "CR . CR": b"\r.\r", "CRLF . CR": b"\r\n.\r",
    "CR . CRLF": b"\r.\r\n", "LF . CR": b"\n.\r", "CRLF NUL . CRLF": b"\r\n\0.\r\n", "CRLF . NUL CRLF": b"\r\n.\0\r\n",
    "CRLF . CRLF": b"\r\n.\r\n", "CR LF alone": b"\r\n \r \n", "long line": b"\r\n" + b"x" * 3000 + b"\n.\n",
}
SECOND = b"MAIL FROM:<smuggler@evil.example>\r\nRCPT TO:<carol@ours.example>\r\nDATA\r\nSubject: second\r\n\r\nsmuggled\r\n.\r\n"


def plain(content):
    return b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + content


def binary(content):
    return b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n" + content


def multipart(content):
    return (b"Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble" + content + b"\r\n--b\r\n" + plain(content) +
            b"\r\n--b\r\n" + binary(content) + b"\r\n--b--\r\nepilogue" + content)


def part_header(content):
    return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Description: x" + content + b"\r\n--b--\r\n"


SHAPES = (plain, binary, multipart, part_header)


class StrictSink(Sink):
    """Remembers each command and refuses a message that holds what RFC 5321 2.3.8 and 4.5.3.1.6 forbid."""

    def __init__(self):
        super().__init__()
        self.commands = []

    def scripted(self, verb, argument):
        self.commands.append((verb, argument))
        return super().scripted(verb, argument)

    def reset(self):
        super().reset()
        self.commands.clear()


def faults(data):
    return [what for what, pattern in (("bare LF", rb"(?<!\r)\n"), ("bare CR", rb"\r(?!\n)"), ("NUL", rb"\0"),
                                       ("long line", rb"[^\r\n]{999}")) if re.search(pattern, data)]


class Scenarios(SealSite):
    sink_class = StrictSink

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.alice = cls.person(ALICE)

    def pass_on(self, entity, *parameters):
        """The only message that the next hop gets of this one, which holds no second one."""
        self.sink.reset()
        self.arrive(ALICE, pki.mail(pki.encrypt(entity, self.alice), f"Bob <{BOB}>", ALICE), mail=parameters)
        self.sink.wait(1)
        self.mta.wait_empty()
        got = self.sink.one()
        verbs = [verb for verb, _ in self.sink.commands]
        self.assertEqual([verbs.count(verb) for verb in ("MAIL", "RCPT", "DATA")], [1, 1, 1])
        self.assertNotIn("smuggler", str(self.sink.commands))
        self.assertEqual(faults(got.data), [])
        self.assertEqual(got.recipients, [ALICE])
        return got

    def test_sequence_in_the_ciphertext_makes_no_second_message(self):
        for name, sequence in ENDS.items():
            for shape in SHAPES:
                with self.subTest(sequence=name, shape=shape.__name__):
                    self.pass_on(shape(b"before" + sequence + SECOND), "BODY=8BITMIME")

    def test_octets_of_opened_content_arrive_as_they_were_written(self):
        for name, sequence in ENDS.items():
            with self.subTest(sequence=name):
                content = b"before" + sequence + SECOND
                got = self.pass_on(binary(content))
                self.assertIn("encryption=unauthenticated", got.header("X-Sealmilter-Status")[0])
                self.assertEqual(email.message_from_bytes(got.data).get_payload(decode=True), content)

    def test_signed_content_is_changed_in_no_case(self):
        """What cannot travel as it was signed stays encrypted."""
        for name, sequence in ENDS.items():
            with self.subTest(sequence=name):
                self.pass_on(self.signed_as_it_is(plain(b"before" + sequence + SECOND)))

    def signed_as_it_is(self, entity):
        der = pki.run("openssl", "cms", "-sign", "-binary", "-signer", self.bob.cert, "-inkey", self.bob.key, "-outform", "DER",
                      input=entity).stdout
        return mime.signed(entity, der)

    def test_judge_sees_each_fault(self):
        self.assertEqual(faults(b"a\r\n\n\r\0" + b"x" * 999), ["bare LF", "bare CR", "NUL", "long line"])
        self.assertEqual(faults(message.make(body=b"x" * 998 + b"\r\n")), [])


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
