"""
harness.keyproxy PLAN SEALKEYD -f -c CONF - stands at the key socket in sealkeyd's place, hands questions and answers on, and kills a process of
sealkeyd at the moment that the file PLAN names: "ID NUMBER MOMENT WHO", where NUMBER counts questions since the file is another one.
"""
import contextlib
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

from .lab import wait_for

STATUS = 9  # a question of no message, as lib/token/wire.h has it
PACKET_MAX = 1 << 17
MOMENTS = ("before", "asked", "answered")
SUPERVISOR, WORKER, TOKEN_CHILD = ("supervisor", "worker", "token child")


class Proxy:
    def __init__(self, plan, program, conf):
        self.plan, self.dir = pathlib.Path(plan), pathlib.Path(tempfile.mkdtemp(prefix="seal-keyproxy-"))
        self.lock, self.planned, self.count = threading.Lock(), "", 0
        self.socket = self.dir / "sock"
        own = self.dir / "conf"
        kept = [line for line in pathlib.Path(conf).read_text().splitlines() if not line.startswith(("user =", "key-socket ="))]
        own.write_text("\n".join([*kept, 'user = ""', f"key-socket = {self.socket}", ""]))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LISTEN_")}
        self.child = subprocess.Popen([program, "-f", "-c", own], env=environment)

    def end(self, status):
        shutil.rmtree(self.dir, ignore_errors=True)
        os._exit(status)

    def on_term(self, *_):
        self.child.terminate()
        self.end(self.child.wait())

    def children(self):
        return list(map(int, pathlib.Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()))

    def find(self, who):
        if who == SUPERVISOR:
            return self.child.pid
        wait_for(lambda: len(self.children()) == 2, "both children are there")
        return self.children()[who == TOKEN_CHILD]

    def kill(self, who, pid):
        """Once: the next proxy finds no plan."""
        self.plan.unlink()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        print(f"keyproxy: {self.planned}", file=sys.stderr, flush=True)
        if who == SUPERVISOR:
            self.child.wait()
            shutil.rmtree(self.dir)
            os.kill(os.getpid(), signal.SIGKILL)  # as the one whose place it has

    def due(self, packet):
        """Moment and victim, when this is the question that is planned for."""
        if packet[1] == STATUS:
            return None, None
        with self.lock, contextlib.suppress(FileNotFoundError):
            plan = self.plan.read_text()
            self.count = self.count + 1 if plan == self.planned else 1
            self.planned = plan
            _, number, moment, who = plan.split(" ", 3)
            if self.count == int(number):
                return moment, who
        return None, None

    def ask(self, packet, upstream):
        """The answer; empty when there is none."""
        moment, who = self.due(packet)
        pid = self.find(who) if moment else None
        if moment == "before":
            self.kill(who, pid)
        elif moment == "asked":
            os.kill(pid, signal.SIGSTOP)
        upstream.send(packet)
        if moment == "asked":
            self.kill(who, pid)
        answer = upstream.recv(PACKET_MAX)
        if moment == "answered":
            self.kill(who, pid)
        return answer

    def serve(self, client):
        with client, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as upstream, contextlib.suppress(ConnectionError):
            upstream.connect(str(self.socket))
            while upstream not in select.select([client, upstream], [], [])[0]:  # between questions: its end
                packet = client.recv(PACKET_MAX)
                answer = self.ask(packet, upstream) if packet else b""
                if not answer:
                    break
                client.send(answer)

    def run(self, listener):
        wait_for(lambda: self.socket.exists() or self.child.poll() is not None, "sealkeyd listens")
        if self.child.poll() is not None:
            self.end(self.child.returncode)
        while True:
            threading.Thread(target=self.serve, args=(listener.accept()[0],), daemon=True).start()


def main():
    plan, program, *_, conf = sys.argv[1:]
    proxy = Proxy(plan, program, conf)
    signal.signal(signal.SIGTERM, proxy.on_term)
    proxy.run(socket.socket(fileno=3))


if __name__ == "__main__":
    main()
