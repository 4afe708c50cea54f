"""The daemon at its socket: every state in any order, hostile frames, many connections (R46)."""
import pathlib
import random
import resource
import struct
import sys
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import client  # noqa: E402
from harness.lab import Lab, is_alive, run  # noqa: E402
from harness.sealmilter import Sealmilter  # noqa: E402

SESSIONS = 1000


class Wire(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.seal = Sealmilter(cls.lab)
        cls.seal.init("alice@ours.example")
        cls.lab.start(cls.seal)

    def tearDown(self):
        """Whatever was said: the daemon lives, and serves the next one."""
        self.assertTrue(is_alive(self.seal.process.pid), self.seal.log())
        with client.Connection(self.seal.socket) as conn:
            conn.greet()
            conn.say(client.connect(), client.HELO, *client.MESSAGE)
            self.assertEqual(conn.verdict()[1], (b"c", b""), self.seal.log())
        self.assertNotIn("Sanitizer", self.seal.log())

    def lua(self, script):
        result = run("miltertest", "-w", "-D", f"socket={self.seal.address}", "-s", HERE / script, check=False)
        self.assertEqual(result.returncode, 0, (result.stdout + result.stderr).decode() + self.seal.log())

    def test_message_given_up_at_each_state_leaves_nothing(self):
        self.lua("abort.lua")

    def test_messages_of_one_connection_are_each_their_own(self):
        self.lua("several.lua")

    # miltertest breaks at an answer of more than a few octets, so what has a new body is said here.
    def test_mail_of_a_login_is_signed_in_place(self):
        with client.Connection(self.seal.socket) as conn:
            conn.greet()
            conn.say(client.connect(), client.HELO, client.macros(b"M", i="Q1", **{"{auth_authen}": "alice@ours.example"}),
                     *self.submitted())
            edits, answer = conn.verdict()
        self.assertEqual(answer, (b"c", b""))
        order = [command for command, _ in edits if command != b"p"]
        self.assertNotIn(b"b", order[order.count(b"b"):], "the body goes first, in one run")
        self.assertIn(b"signed;", dict(edits)[b"m"])
        self.assertNotIn(b"-", order)

    def test_refusal_has_code_status_and_text(self):
        with client.Connection(self.seal.socket) as conn:
            conn.greet()
            conn.say(client.connect(), client.HELO, client.MAIL, client.frame(b"R", b"<a@b,c@d>\0"), client.FROM, client.END)
            self.assertEqual(conn.verdict(), ([], (b"y", b"550 5.6.0 Message is malformed\0")))

    @staticmethod
    def submitted():
        return [client.frame(b"M", b"<alice@ours.example>\0"), client.frame(b"R", b"<bob@far.example>\0"),
                client.header(b"From", b" alice@ours.example"), client.header(b"Content-Type", b" text/plain;\n\tcharset=utf-8"),
                client.BODY, client.END]

    def test_no_step_but_the_end_is_answered(self):
        with client.Connection(self.seal.socket) as conn:
            _, actions, steps = conn.greet()
            self.assertTrue(steps & 0x100000, "leading blanks are not asked for")
            no_reply = 0x80 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x80000
            self.assertEqual(steps & no_reply, no_reply)
            self.assertEqual(actions & ~client.ACTIONS, 0)

    def test_mta_without_what_is_needed_is_told_so(self):
        for offer in (client.negotiate(steps=0x7F), client.negotiate(actions=0x1), client.negotiate(version=1)):
            with client.Connection(self.seal.socket) as conn:
                conn.say(offer)
                self.assertIsNone(conn.answer())

    def test_mta_that_insists_on_answers_gets_them(self):
        with client.Connection(self.seal.socket) as conn:
            conn.say(client.negotiate(steps=0x100000 | 0x7F))
            self.assertEqual(conn.answer()[0], b"O")
            for step in (client.connect(), client.HELO, client.MAIL, client.RCPT, client.FROM, client.BODY, client.END):
                conn.say(step)
                self.assertEqual(conn.answer(), (b"c", b""))

    def test_lengths_that_lie_end_the_connection_only(self):
        for length in (0, 0xFFFFFFFF, 0x80000000, 1 << 20, 1 << 30, 3):
            with client.Connection(self.seal.socket, timeout=60) as conn:
                conn.greet()
                conn.say(client.connect(), client.HELO, client.MAIL, struct.pack("!I", length) + b"R<")
                conn._socket.shutdown(1)
                while conn.answer() is not None:
                    pass

    def test_frames_cut_anywhere_do_no_harm(self):
        whole = b"".join([client.negotiate(), client.connect(), client.HELO, *client.MESSAGE])
        for cut in range(len(whole)):
            with client.Connection(self.seal.socket) as conn:
                conn.say(whole[:cut])

    def test_data_that_is_not_what_its_command_says(self):
        for command in b"ABCDEHLMNOQRTUK":
            for data in (b"", b"\0", b"x", b"\0\0\0", b"x" * 70000, b"C", b"4\0\0", b"a\0b", b"\xff" * 9):
                with client.Connection(self.seal.socket) as conn:
                    conn.greet()
                    try:
                        conn.say(client.connect(), client.HELO, client.MAIL, client.RCPT,
                                 client.frame(bytes([command]), data), client.FROM, client.END, client.QUIT)
                    except OSError:
                        pass

    def test_commands_in_any_order_do_no_harm(self):
        steps = [client.connect(), client.HELO, client.ABORT, client.negotiate(), client.frame(b"N"), client.frame(b"T"),
                 client.macros(b"M", i="Q", **{"{auth_authen}": "mallory"}), *client.MESSAGE]
        order = random.Random(1)
        for _ in range(300):
            with client.Connection(self.seal.socket) as conn:
                conn.greet()
                try:
                    conn.say(*order.choices(steps, k=30), client.QUIT)
                    while conn.answer() is not None:
                        pass
                except OSError:
                    pass

    def test_random_bytes_do_no_harm(self):
        noise = random.Random(2)
        for _ in range(300):
            with client.Connection(self.seal.socket) as conn:
                try:
                    conn.greet()
                    conn.say(noise.randbytes(noise.randrange(200)))
                except OSError:
                    pass

    def test_login_of_one_message_is_not_that_of_the_next(self):
        with client.Connection(self.seal.socket) as conn:
            conn.greet()
            conn.say(client.connect(), client.HELO)
            conn.say(client.macros(b"M", **{"{auth_authen}": "alice@ours.example"}), *self.submitted())
            self.assertIn(b"b", [command for command, _ in conn.verdict()[0]])
            conn.say(client.macros(b"M", i="Q2"), *self.submitted())
            self.assertEqual(conn.verdict(), ([], (b"c", b"")))

    def test_thousand_connections_each_get_their_own_answer(self):
        problems = []

        def one(number):
            good = number % 2 == 0
            rcpt = client.RCPT if good else client.frame(b"R", b"<a@b,c@d>\0")
            try:
                with client.Connection(self.seal.socket, timeout=240) as conn:
                    conn.greet()
                    conn.say(client.connect(), client.HELO, client.MAIL, rcpt, client.FROM,
                             client.header(b"X-Number", b" %d" % number))
                    together.wait()
                    conn.say(client.BODY, client.END)
                    answer = conn.verdict()[1]
                    if answer[0] != (b"c" if good else b"y"):
                        problems.append((number, answer))
            except Exception as problem:
                problems.append((number, repr(problem)))
                together.abort()

        together = threading.Barrier(SESSIONS, timeout=240)
        threads = [threading.Thread(target=one, args=(number,)) for number in range(SESSIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        busy = [problem for problem in problems if b"4.3.2" in problem[1][1]] if problems else []
        self.assertEqual([problem for problem in problems if problem not in busy][:5], [])


if __name__ == "__main__":
    unittest.main()
