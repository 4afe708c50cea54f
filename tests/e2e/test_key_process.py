"""sealkeyd dies, hangs and comes back while mail needs keys: what cannot be served waits, and everybody gets it once."""
import concurrent.futures
import contextlib
import os
import signal
import unittest

from harness import memory, message, mime, pki, smtp
from harness.lab import wait_for
from harness.postfix import Postfix
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase

BOB = "bob@far.example"
BATCH = 12


class Scenarios(SealSite):
    """A real Postfix before the site, which tries again what is deferred."""

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.upstream = cls.lab.start(Postfix(cls.lab, cls.mta.mx, name="upstream", settings={"local_header_rewrite_clients": ""}))
        cls.alice = cls.person(ALICE)

    def key_processes(self):
        """The worker last: it is its supervisor's child."""
        return [pid for pid in self.seal.descendants() if memory.program(pid) == "sealkeyd"]

    def kill(self, which):
        """0: the supervisor, 1: the worker; whoever is there now."""
        for pid in self.key_processes()[which:][:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait_served(self):
        """sealkeyd as it should be: a supervisor and a worker that answers."""
        wait_for(lambda: len(self.key_processes()) >= 2, "sealkeyd runs")

    def arriving(self):
        """Mail for Alice, handed to who tries again."""
        entity = mime.enveloped(mime.cms_of(pki.encrypt(b"Content-Type: text/plain\r\n\r\nORCHID\r\n", self.alice)))
        self.count += 1
        mail = pki.mail(entity, f"Bob <{BOB}>", ALICE)
        smtp.send(self.upstream.mx, BOB, [ALICE], b"Message-ID: <%d@client.example>\r\n" % self.count + mail)

    count = 0

    def assert_all_served(self, n):
        def got():
            return [m for m in self.sink.messages if m.recipients == [ALICE]]
        def has_arrived():
            self.upstream.flush()
            return not self.upstream.queued() and len(got()) >= n
        wait_for(has_arrived, "everybody has his mail", pause=0.05)
        self.mta.wait_empty()
        ids = [m.header("Message-ID")[0] for m in got()]
        self.assertEqual((len(ids), len(set(ids))), (n, n), "once each")
        for m in got():
            self.assertIn(b"ORCHID", m.data)

    def test_supervisor_that_is_killed_is_started_again(self):
        """The whole of it: supervisor and worker."""
        self.wait_served()
        supervisor, *_ = self.key_processes()
        os.kill(supervisor, signal.SIGKILL)
        self.arriving()
        self.assert_all_served(1)
        self.assertFalse(self.seal.process.has_ended())
        self.assertIn("event=sealkeyd-ended by=\"signal 9\"", self.seal.log())

    def test_without_who_starts_it_the_daemon_ends_as_failed(self):
        """Only root could start the key process again: an init system sees the failure, and starts both."""
        keeper, = (pid for pid in memory.children(self.seal.process.pid) if memory.program(pid) == "sealmilter")
        os.kill(keeper, signal.SIGKILL)
        try:
            self.assertEqual(self.seal.process.wait(), 1)
            wait_for(lambda: memory.program(keeper) is None, "it is gone")
        finally:
            self.seal.start()
        self.arriving()
        self.assert_all_served(1)

    def test_worker_that_is_killed_before_a_message_is_no_event(self):
        for _ in range(3):
            self.wait_served()
            os.kill(self.key_processes()[-1], signal.SIGKILL)
            self.arriving()
        self.assert_all_served(3)

    def test_worker_that_hangs_and_dies_in_a_question(self):
        """The message is at its end, the question is asked: the next worker gets it, or the next try."""
        self.wait_served()
        worker = self.key_processes()[-1]
        os.kill(worker, signal.SIGSTOP)
        self.arriving()
        wait_for(lambda: self.upstream.queued("active"), "the message is under way")
        os.kill(worker, signal.SIGKILL)
        self.assert_all_served(1)

    def test_killed_again_and_again_under_load(self):
        """Supervisor or worker, whoever is there, for each message that comes."""
        for i in range(BATCH):
            self.arriving()
            self.kill(i % 2)
        self.assert_all_served(BATCH)

    def test_new_master_key_is_taken_without_a_restart(self):
        """What comes while it changes may wait; what comes after that does not."""
        self.wait_served()
        supervisor, *_ = self.key_processes()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            coming = pool.submit(lambda: [self.arriving() for _ in range(BATCH)])
            said = self.seal.adm("key", "rewrap").stdout
            self.submit(BOB, message.make(to=BOB))
            coming.result()
        self.assertIn(b"sealkeyd has read it", said)
        wait_for(lambda: any(m.recipients == [BOB] for m in self.sink.messages), "what leaves is out")
        self.assertEqual(self.opened(self.sink.one(BOB)).layers, ["encrypted", "signed"])
        self.assert_all_served(BATCH)
        self.assertEqual(self.key_processes()[0], supervisor)

    def test_what_leaves_is_signed_or_refused_for_now(self):
        """Signing is wanted, a key is there: nothing goes without a signature while it cannot be asked."""
        self.wait_served()
        signed = 0
        for i in range(BATCH):
            self.kill(i % 2)
            try:
                self.submit(BOB, message.make(to=BOB))
                signed += 1
            except smtp.Refused as refused:
                self.assertEqual(refused.reply.code // 100, 4)
        self.wait_served()
        wait_for(lambda: len(self.sink.messages) >= signed, "all that was taken is out")
        self.assertEqual([self.opened(m).layers for m in self.sink.messages], [["encrypted", "signed"]] * signed)


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
