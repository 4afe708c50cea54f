"""
messages/s through Postfix with sealmilter, as ratios to milters that do nothing, and to milters that replace the body.

    python3 tests/bench/bench.py [--fast] [--type p256]

All in one run, rounds interleaved: compare inside one table only. The next hop discards. "replace" puts a body of the same size in the
body's place; "of same" is the ratio to a milter that puts there a body of the size that our result has, so that what a larger
message costs the MTA does not count for us. "cpu ms" is what the milter itself used for a message.
"""
import argparse
import os
import pathlib
import re
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import message, pki
from harness.lab import BUILD, Lab, Process, run, wait_for
from harness.postfix import Postfix
from harness.sealmilter import Sealmilter

ALICE, BOB = "alice@ours.example", "bob@far.example"
SIZES = {"10 KB": (10_000, 600), "100 KB": (100_000, 200), "1 MB": (1_000_000, 40)}
CONNECTIONS, ROUNDS = 8, 3
OURS = ("pass", "sign", "sign+encrypt", "open+verify")

POLICY = f"""\
our domains  ours.example
network 127.0.0.1  may sign for {ALICE}

rule "pass"
    when outbound, to domain pass.example
    pass

rule "sign"
    when outbound, to domain sign.example
    sign

rule "out"
    when outbound
    sign
    encrypt

rule "in"
    when inbound
    decrypt
    tag

rule "inside"
    when internal
    pass
"""


class Peer:
    """A milter of the same callbacks that does nothing (0), or replaces the body by one of a percentage of its size."""

    def __init__(self, lab, name, percent):
        self.name, self.percent = f"peer-{name}", percent
        self.dir = lab.folder(self.name)
        self.address = f"unix:{self.dir}/sock"

    def start(self):
        (self.dir / "sock").unlink(missing_ok=True)
        self.process = Process(self.name, [BUILD / "tests/bench/bench_peer", self.address, self.percent], self.dir / "log")
        wait_for((self.dir / "sock").exists, f"{self.name} listens")

    def stop(self):
        self.process.kill()


class Bench:
    def __init__(self, lab, key_type):
        self.lab = lab
        self.peers = {name: lab.start(Peer(lab, name, 100)) for name in ("null", "replace", *OURS)}
        self.seal = Sealmilter(lab, policy=POLICY)
        self.postfix = Postfix(lab, next_hop=9, settings={"default_transport": "discard:", "relay_transport": "discard:"},
                               listeners={"none": [], "out": [self.seal], "in": [self.seal]} |
                                         {f"peer-{name}": [peer] for name, peer in self.peers.items()})
        self.seal.settings |= {"inject": f"127.0.0.1:{self.postfix.inject}", "submission-listeners": "out",
                               "inbound-listeners": "in", "log-level": "warning"}
        self.seal.init()
        self.seal.adm("user", "add", ALICE)
        self.seal.adm("key", "generate", ALICE, "--type", key_type)
        far = pki.Authority(lab.folder("far"))
        self.bob = far.issue(BOB, "ec:P-256" if key_type == "p256" else "rsa:2048")
        self.seal.adm("ca", "add", far.cert, "--trust")
        self.seal.adm("cert", "import", self.bob.cert)
        self.alice = self.alice_certificate()
        lab.start(self.seal)
        lab.start(self.postfix)

    def alice_certificate(self):
        person = pki.Person(None, ALICE, self.lab.folder("alice") / "alice")
        person.cert.write_bytes(self.seal.adm("cert", "export", self.seal.key_of(ALICE)).stdout)
        return person

    # what, listener, sender, recipient, message
    def operations(self, size):
        text = message.make(sender=ALICE, to="x@y.example", body=b"%s\r\n" % (b"x" * 70) * (size // 72))
        entity = b"Content-Type: text/plain\r\n\r\n" + b"%s\r\n" % (b"x" * 70) * (size // 72)
        opened = pki.mail(pki.encrypt(self.bob.sign(entity), self.alice), BOB, ALICE)
        return [("pass", "out", ALICE, "x@pass.example", text), ("sign", "out", ALICE, "x@sign.example", text),
                ("sign+encrypt", "out", ALICE, BOB, text), ("open+verify", "in", BOB, ALICE, opened)]

    def references(self, operations):
        """The same messages through nothing, and through the milters that only replace."""
        what, _, *plain = operations[0]
        return [("no milter", "none", *plain), ("null", "peer-null", *plain), ("replace", "peer-replace", *plain)] + \
               [(f"as {what}", f"peer-{what}", *rest) for what, _, *rest in operations]

    def percent_of(self, what, listener, sender, recipient, text):
        """How large our result is, compared with the message."""
        folder = self.lab.dir / f"result-{what}-{len(text)}"
        login = () if listener == "in" else ("--login", sender)
        copies = self.seal.explain(text, sender, [recipient], *login, write=folder)[1]
        return round(100 * len(copies[0]) / len(text))

    def fit_peers(self, operations):
        for name, percent in [("null", 0), ("replace", 100)] + [(o[0], self.percent_of(*o)) for o in operations]:
            self.peers[name].stop()
            self.peers[name].percent = percent
            self.peers[name].start()

    def send(self, listener, sender, recipient, text, count, connections=CONNECTIONS):
        """Seconds for count messages to be accepted."""
        file = self.lab.dir / "message"
        file.write_bytes(text.replace(b"\r\n", b"\n"))
        begin = time.monotonic()
        run("smtp-source", "-s", min(connections, count), "-m", count, "-M", "client.example", "-f", sender, "-t", recipient,
            "-F", file, f"127.0.0.1:{self.postfix.ports[listener]}", timeout=300)
        took = time.monotonic() - begin
        self.postfix.wait_empty(120)
        return took

    def milter(self, listener):
        """The process that works for a listener; None: there is none."""
        if listener in ("out", "in"):
            return self.seal.process
        return self.peers[listener.removeprefix("peer-")].process if listener != "none" else None

    def measure(self, operation, count):
        """Messages a second, and what each cost the milter in ms of a core."""
        process = self.milter(operation[1])
        before = cpu_seconds(process)
        took = self.send(*operation[1:], count)
        return count / took, 1000 * (cpu_seconds(process) - before) / count

    def speed(self, rounds, scale):
        for name, (size, count) in SIZES.items():
            count = max(CONNECTIONS, int(count * scale))
            operations = self.operations(size)
            self.fit_peers(operations)
            every = self.references(operations) + operations
            figures = {what: [] for what, *_ in every}
            for _ in range(rounds):
                for operation in every:
                    figures[operation[0]].append(self.measure(operation, count))
            self.print_table(name, figures)

    @staticmethod
    def print_table(name, figures):
        rate = {what: statistics.median(rate for rate, _ in values) for what, values in figures.items()}
        print(f"\n{name:16} {'msg/s':>6} {'min-max':>12} {'of null':>8} {'of replace':>10} {'of same':>8} {'cpu ms':>7}")
        for what, values in figures.items():
            low, high = min(rate for rate, _ in values), max(rate for rate, _ in values)
            same = f"{rate[what] / rate['as ' + what]:8.2f}" if what in OURS else f"{'':8}"
            print(f"{what:16} {rate[what]:6.0f} {low:6.0f}-{high:<5.0f} {rate[what] / rate['null']:8.2f} "
                  f"{rate[what] / rate['replace']:10.2f} {same} {statistics.median(cpu for _, cpu in values):7.2f}", flush=True)

    def memory(self):
        print(f"\n{'peak memory, MB':38} {'resident':>8} {'spool':>6}")
        for what, size, count, connections in (("50 connections, 10 KB, sign+encrypt", 10_000, 300, 50),
                                               ("50 connections, 1 MB, sign+encrypt", 1_000_000, 50, 50),
                                               ("one message of 10 MB, sign+encrypt", 10_000_000, 1, 1),
                                               ("one message of 10 MB, open+verify", 10_000_000, 1, 1)):
            self.seal.stop()
            self.seal.start()
            operation = next(o for o in self.operations(size) if o[0] == what.split(", ")[-1])
            watch = Watch(self.seal.process.pid, self.seal.settings["spool"])
            self.send(*operation[1:], count, connections)
            resident, spool = watch.end()
            print(f"{what:38} {resident / 1e6:8.1f} {spool / 1e6:6.1f}", flush=True)


def cpu_seconds(process):
    if process is None:
        return 0
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Watch(threading.Thread):
    """Samples what a process has in spool files; the kernel itself keeps the peak of what is resident."""

    def __init__(self, pid, spool):
        super().__init__(daemon=True)
        self._pid, self._spool, self._peak, self._ended = pid, str(spool), 0, threading.Event()
        self.start()

    def run(self):
        while not self._ended.wait(0.002):
            self._peak = max(self._peak, self._in_spool())

    def _in_spool(self):
        """Files without a name: open ones, and mapped ones. A mapping of an open file is not counted twice."""
        sizes = {}
        for link in pathlib.Path(f"/proc/{self._pid}/fd").iterdir():
            try:
                if os.readlink(link).startswith(self._spool):
                    stat = os.stat(link)
                    sizes[stat.st_ino] = stat.st_size
            except OSError:
                continue  # closed meanwhile
        for line in pathlib.Path(f"/proc/{self._pid}/maps").read_text().split("\n"):
            match = re.match(r"(\w+)-(\w+) \S+ \S+ \S+ (\d+)\s+(\S+)", line)
            if match and match[4].startswith(self._spool):
                sizes.setdefault(int(match[3]), int(match[2], 16) - int(match[1], 16))
        return sum(sizes.values())

    def end(self):
        self._ended.set()
        self.join()
        status = pathlib.Path(f"/proc/{self._pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024, self._peak


def main():
    options = argparse.ArgumentParser(description="messages/s and memory of sealmilter in Postfix")
    options.add_argument("--fast", action="store_true", help="one short round")
    options.add_argument("--type", default="rsa2048", help="of our key: rsa2048 (what the targets mean), rsa3072, p256")
    chosen = options.parse_args()
    with Lab() as lab:
        bench = Bench(lab, chosen.type)
        print(f"Our key: {chosen.type}")
        bench.speed(1 if chosen.fast else ROUNDS, 0.1 if chosen.fast else 1)
        bench.memory()


if __name__ == "__main__":
    main()
