"""A site whose daemon is killed at each point of a message's way, and started again; a real Postfix before it tries until it is served."""
from .lab import wait_for
from .milter import Milter
from .postfix import Postfix
from .sealmilter import faults_build
from .sealsite import SealSite

TOKEN = b"ORCHID-7731"
LINES = 300
OUT = ("inject-accepted", "store-committed", "milter-answer")
BODY = b"".join(b"%s is the secret of line %d\r\n" % (TOKEN, i) for i in range(LINES))


def changing(lab):
    return Milter(lab, "changing", field="X-Seen")


def failing(lab):
    return Milter(lab, "failing")


class KillLoop(SealSite):
    """
    The client gives a Message-Id and no Date: that is new with each try, as is the field of the milter before ours. The milter after ours
    fails the first try that comes so far. Message and copies are larger than the memory of a spool.

    A subclass has: listener ("mx", "submission"), targets (who gets something, the one in place first), kept_from (who may never have
    TOKEN in clear), hand_over(message_id) and assert_got(got), got being the messages of each target.
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

    def target(self, message):
        """Whose message this is."""
        self.assertEqual(len(message.recipients), 1, message)
        return message.recipients[0]

    def message_id(self, message):
        """Of the message that was handed over."""
        return message.header("Message-ID")

    def has_arrived(self):
        return not self.upstream.queued() and {self.target(m) for m in self.sink.messages} == set(self.targets)

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
        passed = self.passed()
        since = passed[passed.index("inject-accepted"):] if "inject-accepted" in passed else []
        return since.count("inject-accepted") > since.count("store-committed")

    def assert_served(self, message_id, in_doubt):
        """Each target alone, once; of what is in doubt one comes twice."""
        self.mta.wait_empty()
        got = {target: [m for m in self.sink.messages if self.target(m) == target] for target in self.targets}
        self.assertEqual(sum(map(len, got.values())), len(self.sink.messages), self.sink.messages)
        in_place, injected = got[self.targets[0]], [len(got[target]) for target in self.targets[1:]]
        self.assertEqual(len(in_place), 1, got)
        self.assertEqual(sorted(injected), [1] * (len(injected) - 1) + [2 if in_doubt else 1], got)
        for m in self.sink.messages:
            self.assertEqual(self.message_id(m), [message_id])
        self.assert_got(got)

    def run_until_killed_at(self, n):
        """Returns the name of the point; None when the message passed without a kill."""
        message_id = f"<{n}.{self.mta.kind}@client.example>"
        self.sink.reset()
        self.start_daemon(kill_at=n)
        self.after_milters["failing"].fail(self.listener)
        self.hand_over(message_id)
        alive, doubt, point = self.see_through(), self.is_in_doubt(), self.passed()[-1]
        with self.subTest(n=n, point=point):
            if not alive:
                self.start_daemon()
                self.assertTrue(self.see_through())
            self.assert_served(message_id, doubt)
        self.doCleanups()
        return None if alive else point

    def first_point(self):
        """The first one behind the start."""
        self.start_daemon()
        first = len(self.passed()) + 1
        self.doCleanups()
        return first

    def run_all(self):
        first = n = self.first_point()
        while self.run_until_killed_at(n):
            n += 1
        print(f"{self.mta.kind}: killed at {n - first} points", flush=True)
        self.assertGreater(n - first, self.points)

    def run_some(self, only=()):
        """At every point where something is out, or noted; of the others where those of a name begin, and where they end. only: names, of all."""
        first = self.first_point()
        self.assertIsNone(self.run_until_killed_at(0))
        places = {}
        for n, point in enumerate(self.passed()[first - 1:], first):
            places.setdefault(point, []).append(n)
        chosen = {n: point for point, at in places.items() for n in (at if point in OUT else (at[0], at[-1]))
                  if not only or point in only}
        for n, point in sorted(chosen.items()):
            self.assertEqual(self.run_until_killed_at(n), point)
        print(f"{self.mta.kind}: killed at {len(chosen)} points", flush=True)
        self.assertGreater(len(places["inject-accepted"]), len(self.targets) - 2)
        self.assertLessEqual(set(only), set(places))
