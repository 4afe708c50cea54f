"""Twice two thousand messages of every kind by twenty clients: nothing is lost, and the daemon does not grow from the first to the second."""
import collections
import concurrent.futures
import itertools
import os
import pathlib
import random
import re
import unittest

from harness import message, mime, mutate, pki, smtp
from harness.lab import wait_for
from harness.sealmilter import IN_AND_INSIDE, OUT_IF_POSSIBLE
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase

MESSAGES, CONNECTIONS = 2000, 20
# What threads' heaps keep for themselves, once they are as large as they get, moves by a megabyte or two; a leak of 2 KB a message would be 4 MB.
GROWTH_MAX = 3 << 20

HELLO = b"Content-Type: text/plain\r\n\r\nHello.\r\n"
BOB, CAROL, EVE, DAVE = "bob@far.example", "carol@else.example", "eve@far.example", "dave@ours.example"

POLICY = """\
our domains  ours.example

keyword plain  subject "[plain]"

rule "as it is"
    when outbound, keyword plain
    pass

rule "closed"
    when outbound, header Sensitivity is company-confidential
    encrypt, else refuse

""" + OUT_IF_POSSIBLE + IN_AND_INSIDE


class Job:
    """One message. ends: how the client ends it, "sent", "given up" (RSET before the content) or "lost" (it hangs up within it)."""

    def __init__(self, recipients, data, sender=ALICE, ends="sent"):
        self.recipients, self.data, self.sender, self.ends = recipients, data, sender, ends
        self.is_submitted = sender == ALICE

    def run(self, client):
        """How many recipients it was accepted for."""
        client.mail(self.sender, "BODY=8BITMIME")
        for recipient in self.recipients:
            client.rcpt(recipient)
        if self.ends == "given up":
            client.command("RSET")
        elif self.ends == "lost":
            client.command("DATA")
            client.send(self.data[:len(self.data) // 2])
            client.close()
        else:
            return len(self.recipients) if client.data(self.data, ok=(2, 5)).code == 250 else 0
        return 0


class Soak(SealSite, PostfixCase):
    policy = POLICY
    users = (ALICE, DAVE)

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.alice = cls.person(ALICE)

    @staticmethod
    def outbound(*recipients, body=b"Hello.\r\n", ends="sent", **options):
        return Job(recipients, message.make(to=", ".join(recipients), body=body, **options), ends=ends)

    def inbound(self, entity, *recipients, **options):
        return Job(recipients or (ALICE,), pki.mail(entity, BOB, ALICE), sender=BOB, **options)

    def jobs(self):
        """So many of each kind, each with a Message-Id of its own, in a mixed order that is the same in each run."""
        signed = self.bob.sign(HELLO)
        sealed = pki.encrypt(signed, self.alice)
        broken = bytearray(mime.cms_of(sealed))
        broken[-40] ^= 1
        big = b"all work and no play makes a long message\r\n" * 25_000
        far = pki.encrypt(HELLO, self.eve)
        kinds = [
            (200, lambda: self.outbound(BOB)),
            (200, lambda: self.outbound(EVE)),
            (200, lambda: self.outbound(CAROL)),
            (100, lambda: self.outbound(BOB, subject="[plain] hello")),
            (150, lambda: self.outbound(BOB, CAROL, EVE)),
            (50, lambda: self.outbound(CAROL, headers=["Sensitivity: company-confidential"])),
            (25, lambda: self.outbound(BOB, body=big)),
            (50, lambda: self.outbound(BOB, ends="given up")),
            (25, lambda: self.outbound(BOB, body=big, ends="lost")),
            (300, lambda: self.inbound(sealed)),
            (100, lambda: self.inbound(signed)),
            (100, lambda: self.inbound(sealed, ALICE, DAVE)),
            (100, lambda: self.inbound(mime.enveloped(bytes(broken)))),
            (75, lambda: self.inbound(far)),
            (25, lambda: self.inbound(pki.encrypt(b"Content-Type: text/plain\r\n\r\n" + big, self.alice), ends="lost")),
        ]
        made = [make() for count, make in kinds for _ in range(count)]
        made += [Job((ALICE,), mutant, sender=BOB) for mutant in mutate.mutants(MESSAGES - len(made))]
        random.Random(1).shuffle(made)
        return made

    def connect(self, is_submitted):
        client = smtp.Client(self.mta.submission if is_submitted else self.mta.mx)
        if is_submitted:
            client.login(ALICE)
        return client

    def run_batch(self, jobs):
        """On one connection, as long as they go the same way. How many recipients were accepted."""
        accepted = 0
        for is_submitted, group in itertools.groupby(jobs, key=lambda job: job.is_submitted):
            client = None
            for job in group:
                client = client or self.connect(is_submitted)
                accepted += job.run(client)
                client = None if job.ends == "lost" else client
            if client:
                client.quit()
        return accepted

    def send(self, jobs):
        batches = [jobs[at:at + 5] for at in range(0, len(jobs), 5)]
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            accepted = sum(pool.map(self.run_batch, batches))
        self.mta.wait_empty(120)
        delivered = sum(len(got.recipients) for got in self.sink.messages)
        self.assertEqual(delivered, accepted)
        self.sink.reset()
        return accepted

    def state(self):
        """The daemon when nothing goes on: octets of memory of its own (not those of the store's file), open files by kind."""
        proc = pathlib.Path(f"/proc/{self.seal.process.pid}")
        wait_for(lambda: self.files(proc)["socket"] <= self.idle_sockets + CONNECTIONS,
                 "the daemon keeps no connections but those to sealkeyd, one for each message at once")
        status = (proc / "status").read_text()
        memory = sum(int(re.search(rf"{name}:\s+(\d+)", status)[1]) * 1024 for name in ("RssAnon", "RssShmem"))
        files = self.files(proc)
        del files["socket"]
        return memory, files

    @staticmethod
    def files(proc):
        links = []
        for fd in (proc / "fd").iterdir():
            try:
                links.append(os.readlink(fd))
            except FileNotFoundError:
                continue  # closed meanwhile
        return collections.Counter("socket" if link.startswith("socket:") else link for link in links)

    def test_daemon_neither_grows_nor_loses_a_message(self):
        self.idle_sockets = self.files(pathlib.Path(f"/proc/{self.seal.process.pid}"))["socket"]
        states = []
        for _ in range(2):
            jobs = self.jobs()
            self.assertEqual(len(jobs), MESSAGES)
            self.assertGreater(self.send(jobs), MESSAGES)
            states.append(self.state())
        (memory, files), (after, files_after) = states
        print(f"memory of its own after {MESSAGES} messages {memory / 1e6:.1f} MB, after {2 * MESSAGES} {after / 1e6:.1f} MB")
        self.assertEqual(files_after, files)
        self.assertLess(after - memory, GROWTH_MAX)
        self.assertEqual(self.seal.stop(), 0)


if __name__ == "__main__":
    unittest.main()
