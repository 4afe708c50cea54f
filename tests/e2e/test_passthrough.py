"""What is passed keeps its bytes: a thousand odd messages, in place and re-injected. What is encrypted keeps its content."""
import collections
import concurrent.futures
import email
import re
import unittest

from harness import message, mime, mutate, smtp
from harness.lab import wait_for
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase
from harness.unwrap import entity_of

CLIENTS = 4
BOB = "bob@far.example"

POLICY = """\
our domains  ours.example

keyword plain  header X-Command is plain

rule "every octet"
    when to *.verbatim@*
    pass verbatim

rule "closed"
    when to *@sealed.example
    encrypt

rule "the rest"
    pass
"""

# What an MTA reads in a way of its own. None holds more than one header, however it is read.
ODD = [
    b"X-Fold: a\r\n \t\r\nSubject: [secure] forged\r\nX-Sealmilter-Status: forged\r\n\r\nlines of blanks only\r\n",
    b"\t\r\nSubject: x\r\n\r\nbody\r\n",
    b"Subject : x\r\nX-Sealmilter-Status : forged\r\nx-sealmilter-status\t:forged\r\n\r\nblanks before the colon\r\n",
    b"X-A: 1\r\nno field at all\r\nSubject: x\r\n\r\nbody\r\n",
    b"X-A: 1\r\nX Y: z\r\nSubject: x\r\n\r\nbody\r\n",
    b"X-A: 1\r\n: no name\r\nSubject: x\r\n\r\nbody\r\n",
    "X-A: 1\r\nÄ: no ASCII\r\nSubject: x\r\n\r\nbody\r\n".encode(),
    b" Subject: x\r\nX-A: 1\r\n\r\nbody\r\n",
    b"From bob Mon Nov 23 07:02:11 2026\r\nX-Sealmilter-Status: forged\r\n\r\nbody\r\n",
    b">From bob Mon Nov 23 07:02:11 2026\r\nSubject: x\r\n\r\nbody\r\n",
    b"X-A: before\0after\r\nSubject: x\r\n\r\nbody\r\n",
    b"Bcc: carol@else.example\r\nReturn-Path: <x@y.example>\r\nContent-Length: 5\r\n\r\nbody\r\n",
    b"Resent-From: carol@else.example\r\nResent-To: dave@else.example\r\nSubject: x\r\n\r\nbody\r\n",
    b"Subject: only a header\r\n",
    b"\r\nonly a body\r\n",
    b"",
]
BARE = [
    b"X-A: a\rX-Sealmilter-Status: forged\r\nSubject: x\r\n\r\nbare CR\rin the body\r\n",
    b"X-A: a\nX-Sealmilter-Status: forged\nSubject: x\r\n\r\nbare LF\nin the body\r\n",
]


def deliver(client, sender, recipients, data):
    """A message whose last line does not end can only come by BDAT."""
    client.mail(sender, "BODY=8BITMIME")
    for recipient in recipients:
        client.rcpt(recipient)
    if data.endswith(b"\r\n") or not data:
        reply = client.data(data, ok=None)
    else:
        client.send(b"BDAT %d LAST\r\n" % len(data) + data)
        reply = client.reply()
    if reply.code != 250:
        raise smtp.Refused(recipients, reply)


def send_all(port, login, transactions):
    """(sender, recipients, message), over a few connections."""
    def send_some(first):
        with smtp.Client(port) as client:
            if login:
                client.login(login)
            for transaction in transactions[first::CLIENTS]:
                deliver(client, *transaction)
            client.quit()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(send_some, first) for first in range(CLIENTS)]:
            done.result()


def as_sent(got, sent):
    """Without the field that the last hop put on top, and without what it adds for a client that gave none."""
    head = message.fields(got)
    assert message.field_name(head[0]) == b"received", head[0]
    added = message.ADDED - set(map(message.field_name, message.fields(sent)))
    return b"".join(f for f in head[1:] if message.field_name(f).removeprefix(b"resent-") not in added) + got[sum(map(len, head)):]


def cleaned(data, inbound):
    """What hygiene leaves of it."""
    pattern = (rb"(?i)x-sealmilter-|authentication-results:\s*gw\.ours\.example" if inbound else rb"(?i)x-command:\s*plain\s*$")
    head = message.fields(data)
    kept = [f.replace(b": [secure] ", b": ") if inbound else f for f in head if not re.match(pattern, f)]
    return b"".join(kept) + data[sum(map(len, head)):]


def ended(data):
    """A header that is all of a message is re-injected with its empty line: milters do not learn whether it was there."""
    return data if b"\r\n\r\n" in b"\r\n" + data else data + b"\r\n"


def difference(got, wanted):
    at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
    return f"at {at}: {got[max(0, at - 60):at + 60]!r} instead of {wanted[max(0, at - 60):at + 60]!r}"


Expected = collections.namedtuple("Expected", "sent delivered")

# Recipients of one transaction: the first of two groups that are only passed stays in place, the other one is re-injected.
ALONE, PASS_IN_PLACE, PASS_AGAIN = ["alone.pass"], ["first.pass", "second.verbatim"], ["first.verbatim", "second.pass"]


class Scenarios(SealSite):
    policy = POLICY
    without = ()
    seal_settings = {"header-protection": "no"}  # what is encrypted is the content, and nothing of the header

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.mutants = mutate.mutants(cls.count, cls.without)
        cls.seal.adm("cert", "import", cls.bob.cert, "--for", "@sealed.example")

    def wait_for_copies(self, count):
        """What has arrived, by recipient."""
        wait_for(lambda: sum(len(got.recipients) for got in self.sink.messages) >= count, f"{count} copies", 120)
        copies = collections.defaultdict(list)
        for got in self.sink.messages:
            for recipient in got.recipients:
                copies[recipient].append(got.data)
        return copies

    def without_us(self, messages):
        """What the MTA makes of these by itself."""
        send_all(self.mta.inject, None, [(BOB, [f"{n}@ours.example"], sent) for n, sent in enumerate(messages)])
        copies = self.wait_for_copies(len(messages))
        self.sink.reset()
        return [Expected(sent, as_sent(copies[f"{n}@ours.example"][0], sent)) for n, sent in enumerate(messages)]

    def check_passed(self, cases, wanted):
        """cases: number of the message, whether it comes from outside, recipients of one transaction."""
        transactions = {True: [], False: []}
        for n, inbound, ways in cases:
            domain, sender = ("ours.example", BOB) if inbound else ("far.example", ALICE)
            transactions[inbound].append((sender, [f"{n}.{way}@{domain}" for way in ways], wanted[n].sent))
        send_all(self.mta.mx, None, transactions[True])
        send_all(self.mta.submission, ALICE, transactions[False])
        recipients = [(r, inbound) for inbound in (True, False) for _, rcpts, _ in transactions[inbound] for r in rcpts]
        copies = self.wait_for_copies(len(recipients))
        wrong = []
        for recipient, inbound in recipients:
            case = wanted[int(recipient.split(".")[0])]
            self.assertEqual(len(copies[recipient]), 1, recipient)
            got = as_sent(copies[recipient][0], case.sent)
            want = case.delivered if "verbatim" in recipient else cleaned(case.delivered, inbound)
            if got not in (want, ended(want)):
                wrong.append(f"{recipient} {difference(got, want)}")
        self.assertEqual(wrong, [])

    def test_mutated_messages_are_passed_byte_for_byte(self):
        wanted = self.expected(self.mutants)
        cases = []
        for n, sent in enumerate(self.mutants):
            cases += [(n, True, ALONE), (n, True, PASS_AGAIN)]
            if n % 4 == 0:
                cases.append((n, True, PASS_IN_PLACE))
            if cleaned(sent, inbound=False) != sent:  # without a command there is nothing that verbatim would leave
                cases += [(n, False, ALONE), (n, False, PASS_AGAIN)]
        self.check_passed(cases, wanted)

    def test_what_the_mta_changes_is_changed_once_and_no_mark_hides_in_it(self):
        wanted = self.without_us(self.odd)
        self.check_passed([(n, True, ways) for n in range(len(wanted)) for ways in (ALONE, PASS_AGAIN, PASS_IN_PLACE)] +
                          [(n, False, ALONE) for n in range(len(wanted))], wanted)

    def test_what_is_encrypted_keeps_its_content(self):
        chosen = self.mutants[::len(self.mutants) // 100]
        send_all(self.mta.submission, ALICE, [(ALICE, [f"{n}@sealed.example"], sent) for n, sent in enumerate(chosen)])
        copies = self.wait_for_copies(len(chosen))
        found = collections.Counter()
        for n, sent in enumerate(chosen):
            with self.subTest(n=n):
                raw, content = content_of(sent)
                opened = without_version(self.bob.decrypt(mime.cms_of(entity_of(copies[f"{n}@sealed.example"][0]))))
                if is_canonical(content):
                    found["canonical"] += 1
                    self.assertIn(opened, (raw, content))
                elif opened == raw:
                    found["as it is"] += 1  # its structure is ambiguous
                else:
                    found["made canonical"] += 1
                    self.assertTrue(opened.isascii())
                    self.assertLessEqual(max(map(len, opened.split(b"\r\n"))), 998)
                    self.assertEqual(read(opened), read(content))
        self.assertGreater(min(found[way] for way in ("canonical", "as it is", "made canonical")), 10, found)


def content_of(sent):
    """The message as an entity, its last line ended; and so that readers understand it: with a type."""
    raw = entity_of(sent if sent.endswith(b"\r\n") else sent + b"\r\n")
    if re.search(rb"(?im)^content-type:", mime.split(raw)[0]):
        return raw, raw
    text = mime.split(raw)[1]
    charset = b"us-ascii" if text.isascii() else b"utf-8" if is_utf8(text) else b"unknown-8bit"
    return raw, b"Content-Type: text/plain; charset=" + charset + b"\r\n" + raw


def is_utf8(text):
    try:
        return bool(text.decode())
    except UnicodeDecodeError:
        return False


def without_version(entity):
    """MIME-Version may stand in an inner entity."""
    head = message.fields(entity)
    return b"".join(f for f in head if message.field_name(f) != b"mime-version") + entity[sum(map(len, head)):]


def is_canonical(entity):
    lines = entity.split(b"\r\n")
    return (entity.isascii() and b"\0" not in entity and max(map(len, lines)) <= 76 and
            not re.search(rb"(?im)^From |^content-transfer-encoding:\s*(8bit|binary)|=$", entity))


def read(entity):
    """
    What Python's email library finds in it: of each part its fields, but for the encoding, and its decoded content. What stands
    between parts, which nobody reads, counts if it is ASCII.
    """
    parts = []
    for part in email.message_from_bytes(b"MIME-Version: 1.0\r\n" + entity).walk():
        head = [(name.lower(), " ".join(str(value).split())) for name, value in part.items()
                if name.lower() != "content-transfer-encoding" and str(value).isascii()]
        content = None if part.is_multipart() else part.get_payload(decode=True)
        between = [text for text in (part.preamble, part.epilogue) if text and b"?" not in text.encode("ascii", "replace")]
        parts.append((head, content, between))
    return parts


class UnderPostfix(Scenarios, PostfixCase):
    """It changes nothing but a missing end of the last line."""
    count = 1000
    odd = ODD + BARE

    def expected(self, messages):
        return [Expected(sent, sent if sent.endswith(b"\r\n") else sent + b"\r\n") for sent in messages]


class UnderSendmail(Scenarios, SendmailCase):
    """
    It unfolds address fields, breaks lines over 990 octets, and rewrites headers of parts when it thinks that it must recode;
    so its own work, without us, is what is wanted.
    """
    count = 200
    odd = ODD  # it takes no bare CR or LF
    without = [mutate.leave_final_end_out]  # it knows no BDAT

    def expected(self, messages):
        return self.without_us(messages)


if __name__ == "__main__":
    unittest.main()
