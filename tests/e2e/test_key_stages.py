"""A process of sealkeyd is killed at each question that a message asks, before it, in it and after it: everybody gets his mail once."""
import itertools
import os
import signal
import unittest

from harness import keyproxy, message, smtp
from harness.lab import TREE, wait_for
from harness.postfix import Postfix
from harness.sealmilter import KEY_USER
from harness.site import PostfixCase
from harness.tokensite import BOB, CAROL, DAVE, TokenSite

QUESTIONS = 3  # a key is not known any more, is opened, and is operated


class Stages(TokenSite, PostfixCase):
    """Carol's key is RSA, Dave's of a curve; both are on a token, so that each question goes through all processes."""

    @classmethod
    def set_up_site(cls):
        cls.plan = cls.lab.folder("plan", owner=KEY_USER) / "plan"
        cls.key_wrapper = ("env", f"PYTHONPATH={TREE / 'tests/e2e'}", "/usr/bin/python3", "-B", "-m", keyproxy.__name__, cls.plan)
        super().set_up_site()
        cls.upstream = cls.lab.start(Postfix(cls.lab, cls.mta.mx, name="upstream", settings={"local_header_rewrite_clients": ""}))
        cls.numbers = itertools.count(1)

    def hand_over_closed(self, number):
        """To who tries again, until it is there, opened."""
        smtp.send(self.upstream.mx, BOB, [CAROL], self.letter_to(CAROL, number))
        def has_arrived():
            self.upstream.flush()
            return not self.upstream.queued() and self.sink.messages
        wait_for(has_arrived, "mail is opened", pause=0.05)
        self.mta.wait_empty()
        self.assertIn(b"ORCHID", self.sink.one(CAROL).data)

    def is_taken(self, letter):
        try:
            self.submit(BOB, letter, sender=DAVE, login=DAVE)
        except smtp.Refused as refused:
            self.assertEqual(refused.reply.code // 100, 4, refused)
            return False
        return True

    def hand_over_clear(self, _):
        """Until it is there, signed."""
        letter = message.make(sender=DAVE, to=BOB)
        wait_for(lambda: self.is_taken(letter), "mail is taken", pause=0.05)
        wait_for(lambda: self.sink.messages, "mail is signed")
        self.mta.wait_empty()
        self.assertEqual(self.opened(self.sink.one(BOB)).layers, ["encrypted", "signed"])

    def forget_keys(self):
        """By another worker; it also makes the next pause between two starts a short one."""
        self.token_child()
        supervisor, *before = self.key_processes()
        os.kill(supervisor, signal.SIGHUP)
        wait_for(lambda: len(self.key_processes()) == 3 and not set(before) & set(self.key_processes()), "new children are there")

    def kill_at(self, question, moment, victim, hand_over):
        self.sink.reset()
        self.forget_keys()
        plan = f"{next(self.numbers)} {question} {moment} {victim}"
        new = self.plan.with_suffix(".new")
        new.write_text(plan)
        new.rename(self.plan)
        with self.subTest(plan, way=hand_over.__name__):
            hand_over(next(self.numbers))
            self.assertIn(f"keyproxy: {plan}\n", self.seal.log())

    def assert_survived(self, victim):
        for moment in keyproxy.MOMENTS:
            for hand_over in (self.hand_over_closed, self.hand_over_clear):
                for question in range(1, QUESTIONS + 1):
                    self.kill_at(question, moment, victim, hand_over)
            self.seal.stop()  # so that no pause between starts grows long
            self.seal.start()

    def test_supervisor(self):
        self.assert_survived(keyproxy.SUPERVISOR)

    def test_worker(self):
        self.assert_survived(keyproxy.WORKER)

    def test_token_child(self):
        self.assert_survived(keyproxy.TOKEN_CHILD)


if __name__ == "__main__":
    unittest.main()
