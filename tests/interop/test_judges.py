"""The judges judge each other: only one that opens good messages of others and refuses bad ones can say something of ours."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import judges
from harness import pki
from harness.lab import Lab

CONTENT = b"Content-Type: text/plain\r\n\r\nHello, \xe4 world.\r\n"


class Judges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.ca = pki.Authority(cls.lab.folder("far"))
        cls.people = {"rsa": cls.ca.issue("bob@far.example", "rsa:2048"), "ec": cls.ca.issue("eve@far.example", "ec:P-256")}
        cls.other = pki.Authority(cls.lab.folder("other"), "Other CA").issue("bob@far.example", "rsa:2048")
        cls.judges = [cls.lab.start(judge(cls.lab)) for judge in judges.ALL]
        for judge in cls.judges:
            judge.trust(cls.ca)
            for kind in judge.kinds:
                judge.know(cls.people[kind])

    def for_all_pairs(self, check):
        """openssl with each of the others, both ways."""
        openssl, *others = self.judges
        for one, other in [(openssl, o) for o in others] + [(o, openssl) for o in others]:
            for kind in sorted(set(one.kinds) & set(other.kinds)):
                with self.subTest(by=one.name, judged_by=other.name, key=kind):
                    check(one, other, self.people[kind])

    def test_each_opens_what_the_others_encrypt(self):
        self.for_all_pairs(lambda one, other, person:
                           self.assertEqual(other.open(person, one.encrypt([person], CONTENT)), CONTENT))

    def test_each_that_knows_gcm_opens_what_the_others_encrypt_so(self):
        person = self.people["rsa"]
        able = [judge for judge in self.judges if "aes-256-gcm" in judge.ciphers]
        for one, other in zip(able, able[::-1]):
            with self.subTest(by=one.name, judged_by=other.name):
                self.assertEqual(other.open(person, one.encrypt([person], CONTENT, cipher="aes-256-gcm")), CONTENT)

    def test_each_verifies_what_the_others_sign(self):
        self.for_all_pairs(lambda one, other, person:
                           self.assertEqual(other.verify(one.sign(person, CONTENT), CONTENT), CONTENT))

    def test_each_verifies_what_the_others_sign_opaquely(self):
        self.for_all_pairs(lambda one, other, person:
                           self.assertEqual(other.verify(one.sign(person, CONTENT, detached=False)), CONTENT))

    def test_each_refuses_changed_content(self):
        signature = self.judges[0].sign(self.people["rsa"], CONTENT)
        for judge in self.judges:
            with self.subTest(judge=judge.name), self.assertRaises(AssertionError):
                judge.verify(signature, CONTENT.replace(b"Hello", b"Hallo"))

    def test_each_refuses_a_stranger(self):
        signature = self.judges[0].sign(self.other, CONTENT)
        for judge in self.judges:
            with self.subTest(judge=judge.name), self.assertRaises(AssertionError):
                judge.verify(signature, CONTENT)

    def test_each_refuses_what_is_for_another(self):
        message = self.judges[0].encrypt([self.other], CONTENT)
        for judge in self.judges:
            with self.subTest(judge=judge.name), self.assertRaises(AssertionError):
                judge.open(self.people["rsa"], message)


if __name__ == "__main__":
    unittest.main()
