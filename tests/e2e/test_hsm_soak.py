"""
Ten minutes of the daemons' own time in signing and opening on a token that is pulled out now and then: every message is there once and
as it should be, and no process grows. SEAL_CPU_SECONDS: so many instead of 600.
"""
import concurrent.futures
import itertools
import os
import pathlib
import re
import socket
import unittest

from harness import message, mime, pki, smtp
from harness.lab import BUILD, wait_for
from harness.sealmilter import POLICY
from harness.site import PostfixCase
from harness.tokensite import BOB, CAROL, DAVE, TokenSite
from harness.unwrap import Opened

SECONDS = float(os.environ.get("SEAL_CPU_SECONDS", "600"))
PARALLEL = 8
ROUND = 8  # of each kind of message for each holder
LETTERS = 10
# One of each kind, and others whose operations take long: so that the token has more to do than the MTA.
KINDS = {CAROL: "rsa2048", DAVE: "p256"} | {f"user{i}@ours.example": "rsa4096" for i in range(8)}
MORE = b"all work and no play makes a long message\r\n" * 1000
# More than there are connections that are kept: one that is lost with each of them shows.
ABSENCES = 12
ROLES = ("sealmilter", "keeper", "supervisor", "worker", "token child")
# As many operations at once as there are lanes to the token child, and the session that keeps the login.
SESSIONS_MAX = 8 + 1
# Heaps move by a megabyte or two; a hundred octets a message, or a session of the module's for each operation, are more in half a run.
GROWTH_MAX = 3 << 20
STATUS = bytes([1, 9])  # version and question, as lib/token/wire.h has them
TICKS = os.sysconf("SC_CLK_TCK")


class Job:
    """A message, and what becomes of it: layers outside of text."""

    def __init__(self, sender, recipients, data, layers, text):
        self.sender, self.recipients, self.data, self.layers, self.text = sender, recipients, data, layers, text
        self.id = re.search(rb"(?m)^Message-ID: (\S+)", data)[1].decode()


class Process:
    """What one has at a moment: memory of its own in octets, open files, threads, and the time that it and its dead children have used."""

    def __init__(self, pid):
        proc = pathlib.Path(f"/proc/{pid}")
        status = (proc / "status").read_text()
        self.pid, self.files = pid, len(os.listdir(proc / "fd"))
        self.threads = int(re.search(r"Threads:\s+(\d+)", status)[1])
        self.memory = sum(int(re.search(rf"{name}:\s+(\d+)", status)[1]) * 1024 for name in ("RssAnon", "RssShmem"))
        self.seconds = sum(map(int, (proc / "stat").read_text().rsplit(")", 1)[1].split()[11:15])) / TICKS

    def __repr__(self):
        return f"{self.memory / 1e6:.1f} MB, {self.files} files, {self.threads} threads"


class Soak(TokenSite, PostfixCase):
    policy = POLICY.replace("when internal\n    pass", "when internal\n    decrypt\n    sign")
    kinds = KINDS
    token_settings = {"pkcs11-module": BUILD / "tests/lib/token/libp11_spy.so"}  # SoftHSM does not tell how many sessions are open

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        people = cls.holders.values()
        cls.letters = [mime.enveloped(mime.cms_of(pki.encrypt(b"Content-Type: text/plain\r\n\r\n" + cls.text(i), *people)))
                       for i in range(LETTERS)]
        cls.numbers = itertools.count()

    @staticmethod
    def text(number):
        return b"ORCHID %d.\r\n" % number

    def closed(self, sender, layers):
        """One that the token opens, for each holder but the sender."""
        number = next(self.numbers)
        data = b"Message-ID: <%d@test.example>\r\n" % number + pki.mail(self.letters[number % LETTERS], sender, "all@ours.example")
        return Job(sender, [holder for holder in KINDS if holder != sender], data, layers, self.text(number % LETTERS))

    def clear(self, sender, recipient, layers):
        """One that the token signs."""
        text = self.text(next(self.numbers))
        return Job(sender, [recipient], message.make(sender=sender, to=recipient, body=text + MORE), layers, text)

    def jobs(self):
        """Opened, signed, signed and encrypted, opened with some keys and signed with another."""
        made = [job for _ in range(ROUND) for holder in KINDS for job in (
            self.closed(BOB, []), self.clear(holder, "carol@else.example", ["signed"]), self.clear(holder, BOB, ["encrypted", "signed"]),
            self.closed(holder, ["signed"]))]
        return {job.id: job for job in made}

    def is_taken(self, job):
        try:
            if job.sender == BOB:
                self.arrive(job.recipients, job.data)
            else:
                self.submit(job.recipients, job.data, sender=job.sender, login=job.sender)
        except smtp.Refused as refused:
            self.assertEqual(refused.reply.code // 100, 4, refused)
            self.deferred.append(job.id)
            return False
        self.taken.append(job.id)
        return True

    def hand_over(self, job):
        """As a client does it that tries again."""
        wait_for(lambda: self.is_taken(job), f"{job.id} is taken", pause=0.1)

    def miss_token(self):
        """Until somebody has noticed."""
        wait_for(lambda: len(self.taken) > PARALLEL, "all are at work")
        deferred = len(self.deferred)
        self.remove_token()
        try:
            wait_for(lambda: len(self.deferred) > deferred + PARALLEL, "mail waits for the token")
        finally:
            self.hsm.put_back()

    def run_round(self, is_missed):
        jobs = self.jobs()
        self.taken = []
        with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
            handed = pool.map(self.hand_over, jobs.values())
            if is_missed:
                self.miss_token()
            list(handed)
            self.mta.wait_empty()
            self.assertEqual(sorted(got.header("Message-ID")[0] for got in self.sink.messages), sorted(jobs))
            list(pool.map(lambda got: self.check(got, jobs[got.header("Message-ID")[0]]), self.sink.messages))
        self.sink.reset()
        return len(jobs)

    def check(self, got, job):
        opened = Opened(got.data, self.people, self.anchor)
        self.assertEqual((got.recipients, opened.layers), (job.recipients, job.layers), job.id)
        self.assertIn(job.text, opened.entity)

    def state(self):
        """The processes when nothing goes on."""
        wait_for(lambda: len(self.seal.descendants()) == len(ROLES) - 1, "all processes are there")
        pids = [self.seal.process.pid, *self.seal.descendants()]
        wait_for(lambda: len(os.listdir(f"/proc/{pids[0]}/fd")) <= self.idle_files + PARALLEL, "connections of the MTA are closed")
        return dict(zip(ROLES, map(Process, pids)))

    def sessions(self):
        """As the token counts them."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.connect(str(self.seal.dir / "state/sealkeyd.sock"))
            s.send(STATUS)
            return int(re.search(rb"logged in \(sessions: (\d+)\)", s.recv(1 << 16))[1])

    def test_nothing_grows_and_nothing_is_lost(self):
        self.idle_files = len(os.listdir(f"/proc/{self.seal.process.pid}/fd"))
        self.deferred, states, sessions, messages, missed, used = [], [], [], 0, 0, 0.0
        while used < SECONDS or missed < ABSENCES:
            is_missed = used >= missed * SECONDS / ABSENCES and states != []
            missed += is_missed
            messages += self.run_round(is_missed)
            states.append(self.state())
            sessions.append(self.sessions())
            used = sum(process.seconds for process in states[-1].values())
            print(f"{messages} messages, {used:.0f} s, {missed} absences, {len(self.deferred)} deferrals, {sessions[-1]} sessions; "
                  + "; ".join(f"{role}: {process}" for role, process in states[-1].items()), flush=True)
        self.assertLessEqual(max(sessions), SESSIONS_MAX)
        self.assert_steady(states)
        self.assertEqual(self.seal.stop(), 0)

    def assert_steady(self, states):
        """
        From the first to the last, but for connections that are kept, one for each message at once; memory once heaps are as large as
        they get. A token child is another one behind each absence.
        """
        for role in ROLES:
            first, early, last = (states[at][role] for at in (0, len(states) // 4, -1))
            self.assertLessEqual(last.files - first.files, PARALLEL, role)
            self.assertLessEqual(last.threads - first.threads, PARALLEL, role)
            if role != "token child":
                self.assertEqual(last.pid, first.pid, role)
                self.assertLess(last.memory - early.memory, GROWTH_MAX, role)
        for _, life in itertools.groupby((state["token child"] for state in states), key=lambda process: process.pid):
            life = list(life)
            self.assertLess(life[-1].memory - life[len(life) // 4].memory, GROWTH_MAX, "token child")


if __name__ == "__main__":
    unittest.main()
