"""R17: from outside nobody sees what became of ciphertext that he has changed: reply, deliveries and time are those of the good message."""
import bisect
import os
import random
import re
import statistics
import time
import unittest

from harness import mime, pki, smtp
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase

BOB, MALLORY = "bob@far.example", "mallory@far.example"
HELLO = b"Content-Type: text/plain\r\n\r\nHello, hello, hello.\r\n"
AMBIGUOUS = b"Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\nHello.\r\n--a--\r\n"
BLOCK = 16
RSA_OCTETS = 384
# Two samples of 200 of the same times are further apart than this once in ten million runs. Who tells good from bad by a threshold on
# one time is then right in at most 65 of 100 cases. Answered without delay, the distance is above 0.5.
DISTANCE_MAX = 0.3


def distance(a, b):
    """Kolmogorov and Smirnov's: the greatest difference between the shares of both that lie below a threshold."""
    a, b = sorted(a), sorted(b)
    return max(abs(bisect.bisect_right(a, x) / len(a) - bisect.bisect_right(b, x) / len(b)) for x in a + b)


class Variants:
    """One good message as DER, and what an attacker makes of it."""

    def __init__(self, site):
        self.alice, self.signed = site.person(ALICE), site.bob.sign(HELLO)
        self.good = mime.cms_of(pki.encrypt(self.signed, self.alice))
        self.key_at = self.good.index(b"\x04\x82" + RSA_OCTETS.to_bytes(2, "big")) + 4
        stranger = site.far.issue(MALLORY, f"rsa:{RSA_OCTETS * 8}")
        padding = BLOCK - len(self.signed) % BLOCK
        self.all = {
            "good": self.good,
            "padding": self.changed({-BLOCK - 1: padding}),  # the last octet of the content becomes 0
            "key of another": self.with_key(pki.transport(stranger.cert, os.urandom(32))),
            "length of the key": self.with_key(pki.transport(self.alice.cert, os.urandom(16))),
            "ciphertext": self.changed({-at: 0x55 for at in range(2 * BLOCK + 1, 200)}),
            "MIME inside": mime.cms_of(pki.encrypt(AMBIGUOUS, self.alice)),
            "signature inside": mime.cms_of(pki.encrypt(self.signed.replace(b"Hello, hello", b"Hallo, hello"), self.alice)),
        }

    def changed(self, bits):
        der = bytearray(self.good)
        for at, value in bits.items():
            der[at] ^= value
        return bytes(der)

    def with_key(self, wrapped):
        assert len(wrapped) == RSA_OCTETS
        return self.good[:self.key_at] + wrapped + self.good[self.key_at + RSA_OCTETS:]


class Scenarios(SealSite):
    runs = 200

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.mails = {name: pki.mail(mime.enveloped(der), f"Bob <{BOB}>", ALICE, headers=[f"X-Variant: {name}"])
                     for name, der in Variants(cls).all.items()}

    def one_run(self, client):
        """All variants in an order that is new each time."""
        for name in random.sample(list(self.mails), len(self.mails)):
            client.mail(BOB)
            client.rcpt(ALICE)
            client.command("DATA")
            begun = time.perf_counter()
            reply = client.command(smtp.stuffed(self.mails[name])[:-2], ok=())
            self.times[name].append(time.perf_counter() - begun)
            # the queue id is new each time
            self.replies[name].add((reply.code, re.sub(r"\b(queued as )?[0-9A-Za-z]{8,}\b", "ID", reply.text)))

    def run_all(self):
        """One after the other: several at a time would hide in each other's work what a patient attacker sees."""
        self.times, self.replies = ({name: kind() for name in self.mails} for kind in (list, set))
        with smtp.Client(self.mta.mx) as client:
            for _ in range(self.runs):
                self.one_run(client)
            client.quit()
        self.mta.wait_empty()

    def test_what_became_of_changed_ciphertext_is_not_seen_from_outside(self):
        self.run_all()
        got = self.sink.wait(self.runs * len(self.mails))
        self.assertEqual({(m.sender, *m.recipients) for m in got}, {(BOB, ALICE)})  # neither bounce nor notice
        self.assertEqual(len(set().union(*self.replies.values())), 1, self.replies)
        self.assertEqual(self.replies["good"].copy().pop()[0], 250)
        for name in self.mails:
            with self.subTest(variant=name):
                delivered = [m for m in got if m.header("X-Variant") == [name]]
                self.assertEqual(len(delivered), self.runs)
                opened = {"encryption=opened" in m.header("X-Sealmilter-Status")[0] for m in delivered}
                self.assertEqual(opened, {name == "good"})
                self.assert_takes_as_long(name)

    def assert_takes_as_long(self, name):
        good, bad = self.times["good"], self.times[name]
        medians = ", ".join(f"{statistics.median(times) * 1000:.2f} ms" for times in (good, bad))
        self.assertLess(distance(good, bad), DISTANCE_MAX, f"medians {medians}")


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    """Few runs: the daemon is the same, a fork for each delivery is slow. Times are compared under Postfix."""
    runs = 10

    def assert_takes_as_long(self, name):
        pass


if __name__ == "__main__":
    unittest.main()
