"""What a process asks of the system, seen from outside."""
import re

from .lab import Process, wait_for


class Trace:
    """with Trace(lab, pid) as trace: .. - from here to the end of the block, all threads. calls: (name, line) of what touches files or processes."""

    def __init__(self, lab, pid):
        self._output, self._log, self._pid = lab.dir / "strace.out", lab.dir / "strace.log", pid
        self.calls = []

    def __enter__(self):
        self._output.unlink(missing_ok=True)
        self._log.unlink(missing_ok=True)
        self._process = Process("strace", ["strace", "-f", "-v", "-s", "4096", "-e", "trace=%file,%process", "-e", "signal=none", "-o",
                                           self._output, "-p", self._pid], self._log)
        wait_for(lambda: "attached" in self._process.log() or self._process.has_ended(), "strace is attached")
        if self._process.has_ended():
            raise AssertionError(f"strace: {self._process.log()}")
        return self

    def __exit__(self, *exc):
        """It lets the process go and writes what it has."""
        self._process.stop()
        for line in self._output.read_text(errors="replace").splitlines():
            if call := re.match(r"\d+ +(\w+)\(", line):
                self.calls.append((call[1], line))

    def of(self, *names):
        return [line for name, line in self.calls if name in names]
