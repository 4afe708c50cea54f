"""The folder, the ports and the processes of one test class; everything ends with it."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TREE = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("SEAL_BUILD", TREE / "build")).resolve()
TIMEOUT = float(os.environ.get("SEAL_TEST_TIMEOUT", "120"))
# Not /tmp: Sendmail takes no socket and no map below a folder that everybody may write.
PARENT = os.environ.get("SEAL_TEST_DIR", "/run")


class NotInTime(AssertionError):
    pass


def wait_for(condition, what, timeout=TIMEOUT, pause=0.002):
    """The first true value of condition(); looks often at first, then less."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise NotInTime(f"{what}: not within {timeout:g} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


_ports = iter(20000 + (os.getpid() * 97 + i) % 12000 for i in range(12000))
_reserved = []


def free_port():
    """
    A port that could be bound just now, not one of those that the system hands out to clients by itself. No other test takes it while this
    program runs: it has a socket of that name, as tests/support/port.c does.
    """
    for port in _ports:
        name = socket.socket(socket.AF_UNIX)
        with socket.socket() as s, contextlib.suppress(OSError):
            name.bind(f"\0seal-test-port-{port}")
            _reserved.append(name)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def is_alive(pid):
    """A zombie is not alive: not every PID 1 reaps."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def run(*command, input=None, check=True, timeout=TIMEOUT, env=None):
    """A command with a time limit; its output as bytes. A failure shows both."""
    result = subprocess.run([str(part) for part in command], input=input, capture_output=True, timeout=timeout, env=env)
    if check and result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit status {result.returncode}\n"
                             f"{result.stdout.decode(errors='replace')}{result.stderr.decode(errors='replace')}")
    return result


class Lab:
    """with Lab() as lab: .. - lab.dir is the folder; whatever has start() and stop() ends in the reverse order."""

    def __init__(self):
        if os.geteuid() != 0:
            raise RuntimeError("these tests start MTAs of their own: run them as root")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="seal-", dir=PARENT))
        self.dir.chmod(0o755)
        self._parts = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def start(self, part):
        self._parts.append(part)
        part.start()
        return part

    def folder(self, name, owner=None, mode=0o755):
        path = self.dir / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        if owner:
            user = pwd.getpwnam(owner)
            os.chown(path, user.pw_uid, user.pw_gid)
        return path

    def logs(self):
        """What every part has logged, for the message of a failed test."""
        return "".join(f"---- {part.name}\n{part.log()}" for part in self._parts if hasattr(part, "log"))

    def close(self):
        problems = []
        while self._parts:
            part = self._parts.pop()
            try:
                part.stop()
            except Exception as problem:  # the others must be stopped all the same
                problems.append(problem)
        if os.environ.get("SEAL_KEEP"):
            print(f"kept: {self.dir}", file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        if problems:
            raise problems[0]


class Process:
    """A child of this program in a session of its own, output in a file."""

    def __init__(self, name, command, output, env=None, cwd=None):
        self.name, self._output = name, output
        with open(output, "ab") as f:
            self._child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                           env=env, cwd=cwd, start_new_session=True)
        self.pid = self._child.pid

    def log(self):
        return pathlib.Path(self._output).read_text(errors="replace")

    def has_ended(self):
        return self._child.poll() is not None

    def wait(self, timeout=TIMEOUT):
        """The exit status; negative: the signal."""
        return self._child.wait(timeout)

    def kill(self):
        kill_group(self.pid)
        return self._child.wait(TIMEOUT)

    def stop(self, timeout=10):
        """SIGTERM, then SIGKILL to what is left of the session. The exit status."""
        if not self.has_ended():
            self._child.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout)
        kill_group(self.pid)
        return self._child.wait(timeout)


def kill_group(pgid):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pgid, signal.SIGKILL)
