"""A site whose daemon is killed at each point of a message's way, and started again; a real Postfix before it tries until it is served."""
from .lab import wait_for
from .milter import Milter
from .postfix import Postfix
from .sealmilter import faults_build
from .sealsite import SealSite

TOKEN = b"ORCHID-7731"
LINES = 300
BODY = b"".join(b"%s is the secret of line %d\r\n" % (TOKEN, i) for i in range(LINES))


def changing(lab):
    return Milter(lab, "changing", field="X-Seen")


def failing(lab):
    return Milter(lab, "failing")


class KillLoop(SealSite):
    """
    The client gives a Message-Id and no Date: that is new with each try, as is the field of the milter before ours. The milter after ours
    fails the first try that comes so far. Message and copies are larger than the memory of a spool.

    A subclass has: listener ("mx", "submission"), recipients, kept_from (who may never have TOKEN in clear), hand_over(message_id)
    and assert_got(message_id, got), got being the messages of each recipient.
    """
    build = faults_build()
    before = (changing,)
    after = (failing,)
    seal_settings = {"spool-memory": "4K"}
    points = 100

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.upstream = cls.lab.start(Postfix(cls.lab, getattr(cls.mta, cls.listener), name="upstream",
                                             settings={"local_header_rewrite_clients": ""}))
        cls.steps = cls.seal.dir / "steps"
        cls.seal.stop()

    def start_daemon(self, kill_at=0):
        self.steps.write_bytes(b"")
        self.steps.chmod(0o666)  # the daemon changes its user
        self.seal.start(SEAL_KILL_AT=kill_at, SEAL_FAULT_LOG=self.steps)
        self.addCleanup(self.seal.process.kill)

    def passed(self):
        """The names of the points that the daemon passed since its start; the last one is where it was killed."""
        return [line.split()[1] for line in self.steps.read_text().splitlines()]

    def has_arrived(self):
        return not self.upstream.queued() and {r for m in self.sink.messages for r in m.recipients} == set(self.recipients)

    def see_through(self):
        """Until everybody has the message, or the daemon is dead. Whether it is alive."""
        def is_over():
            for address in self.kept_from:
                self.assertFalse(self.mta.waits_for(address, TOKEN), f"clear text waits for {address}")
            if self.seal.process.has_ended() or self.has_arrived():
                return True
            if self.upstream.queued("incoming", "deferred"):
                self.upstream.flush()
            return False
        wait_for(is_over, "everybody has the message or the daemon is dead", pause=0.01)
        return not self.seal.process.has_ended()

    def is_in_doubt(self):
        """
        Whether the daemon died after the listener had accepted a copy, and before it could note that. Nobody can tell then (RFC 1047):
        this copy comes twice rather than never.
        """
        return self.passed().count("inject-accepted") > self.passed().count("store-committed")

    def assert_served(self, message_id, in_doubt):
        """Each recipient alone, once; of a copy in doubt one may come twice."""
        self.mta.wait_empty()
        got = {address: [m for m in self.sink.messages if m.recipients == [address]] for address in self.recipients}
        self.assertEqual(sum(map(len, got.values())), len(self.sink.messages), self.sink.messages)
        in_place, injected = got[self.recipients[0]], [len(got[address]) for address in self.recipients[1:]]
        self.assertEqual(len(in_place), 1, got)
        self.assertEqual(sorted(injected), [1] * (len(injected) - 1) + [2 if in_doubt else 1], got)
        for m in self.sink.messages:
            self.assertEqual(m.header("Message-ID"), [message_id])
        self.assert_got(got)

    def run_until_killed_at(self, n):
        """Returns whether the message passed without a kill."""
        message_id = f"<{n}.{self.mta.kind}@client.example>"
        self.sink.reset()
        self.start_daemon(kill_at=n)
        self.after_milters["failing"].fail(self.listener)
        self.hand_over(message_id)
        alive, doubt = self.see_through(), self.is_in_doubt()
        with self.subTest(n=n, point=self.passed()[-1]):
            if not alive:
                self.start_daemon()
                self.assertTrue(self.see_through())
            self.assert_served(message_id, doubt)
        self.doCleanups()
        return alive

    def run_all(self):
        self.start_daemon()
        first = n = len(self.passed()) + 1
        self.doCleanups()
        while not self.run_until_killed_at(n):
            n += 1
        print(f"{self.mta.kind}: killed at {n - first} points", flush=True)
        self.assertGreater(n - first, self.points)
