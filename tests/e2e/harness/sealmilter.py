"""sealmilter itself, set up by its command line as an administrator does it, running as a user without rights."""
import json
import os
import pathlib
import re
import signal
import socket

from . import keptstate, memory
from .lab import BUILD, TREE, Process, run, wait_for

USER = "nobody"
KEY_USER = "daemon"  # another one that is there everywhere

# The rules that most policies end with.
OUT_IF_POSSIBLE = """\
rule "out"
    when outbound
    sign if possible
    encrypt if possible

"""
IN_AND_INSIDE = """\
rule "in"
    when inbound
    decrypt
    harvest
    tag

rule "inside"
    when internal
    pass
"""
POLICY = "our domains  ours.example\n\n" + OUT_IF_POSSIBLE + IN_AND_INSIDE


def faults_build():
    """The build that reads SEAL_KILL_AT and SEAL_FAULT_AT."""
    for build in (BUILD, TREE / "build-faults"):
        cache = build / "CMakeCache.txt"
        if cache.exists() and "SEAL_FAULTS:BOOL=ON" in cache.read_text():
            return build
    raise RuntimeError("no build with faults: cmake --preset faults && cmake --build --preset faults")


class Sealmilter:
    """Milter for an MTA's list: name and address. build: BUILD, or faults_build()."""
    name = "sealmilter"

    def __init__(self, lab, policy=POLICY, build=BUILD, **settings):
        self.build, self.dir = pathlib.Path(build), lab.folder("seal", owner=USER)
        self.socket = self.dir / "run/milter.sock"
        self.address = f"unix:{self.socket}"
        lab.folder("seal/run", owner=USER)
        lab.folder("seal/run/spool", owner=USER, mode=0o700)
        self.conf, self.policy_file = self.dir / "sealmilter.conf", self.dir / "policy.conf"
        self.settings = {
            "state": self.dir / "state",
            "policy": self.policy_file,
            "socket": self.address,
            "socket-mode": "0666",
            "user": USER,
            "spool": self.dir / "run/spool",
            "hostname": "gw.ours.example",
            "authserv-id": "gw.ours.example",
            "log": "stderr",
            "key-program": self.dir / "sealkeyd",
            "key-user": KEY_USER,
            "openpgp-limiter": self.build / "lib/openpgp/seal-limit",
        } | {key.replace("_", "-"): value for key, value in settings.items()}
        self.policy = policy
        self.key_environment = {}
        self.key_wrapper = ()
        self._process = None

    def write_key_program(self):
        """sealkeyd in its own environment, behind what wraps it, without the faults that are meant for sealmilter."""
        exports = "".join(f"export {name}={value}\n" for name, value in self.key_environment.items())
        program, command = self.settings["key-program"], " ".join(map(str, (*self.key_wrapper, self.build / "keyd/sealkeyd")))
        program.write_text(f'#!/bin/sh\nunset SEAL_KILL_AT SEAL_FAULT_AT SEAL_FAULT_LOG\n{exports}exec {command} "$@"\n')
        program.chmod(0o755)

    def configure(self, **settings):
        self.settings |= {key.replace("_", "-"): value for key, value in settings.items()}
        self.conf.write_text("".join(f"{key} = {value}\n" for key, value in self.settings.items()))
        self.policy_file.write_text(self.policy)
        self.write_key_program()

    def adm(self, *arguments, check=True, input=None):
        """sealadm, as root: it becomes the state folder's owner by itself."""
        return run(self.build / "cli/sealadm", "-c", self.conf, *arguments, check=check, input=input)

    def init(self, *users):
        """A store with a CA, a policy, and users with keys: those that another site of such users got, if there was one."""
        self.configure()
        state, kept = self.settings["state"], keptstate.place(self.build, users)
        is_kept = kept.exists()
        if is_kept:
            keptstate.take(kept, state, USER)
        self.adm("init")
        if not is_kept:
            self.make_users(users)
            keptstate.keep(state, kept)
        self.adm("policy", "load")

    def make_users(self, users):
        for user in users:
            self.adm("user", "add", user)
            self.adm("key", "generate", user)

    def keys_of(self, address, kind="keys"):
        return json.loads(self.adm("key", "list", address, "--json").stdout)[kind]

    def key_of(self, address):
        """The fingerprint of the user's key."""
        return self.keys_of(address)[0]["fingerprint"]

    def start(self, *starter, **environment):
        """starter: a command that starts it, such as setpriv ..; environment: SEAL_KILL_AT and the like."""
        environment = {key: str(value) for key, value in environment.items()}
        self._process = Process(self.name, [*starter, self.build / "milter/sealmilter", "-f", "-c", self.conf], self.dir / "log",
                                env=os.environ | environment)
        wait_for(lambda: self._process.has_ended() or self.listens(), "sealmilter listens")
        if self._process.has_ended():
            raise AssertionError(f"sealmilter has ended:\n{self.log()}")

    def listens(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(str(self.socket)) == 0

    @property
    def process(self):
        return self._process

    def descendants(self):
        """The processes that the daemon has started."""
        return memory.children(self._process.pid)

    def stop(self):
        """The exit status. What a sanitizer found is an error of whatever test came across it."""
        if self._process is None:
            return 0
        status = self._process.stop()
        self._process = None
        if re.search(r"(?m)Sanitizer:|: runtime error: ", self.log()):
            raise AssertionError(self.log())
        return status

    def reload(self):
        os.kill(self._process.pid, signal.SIGHUP)

    def log(self):
        path = self.dir / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def explain(self, message, sender, recipients, *options, write=None):
        """What `sealadm explain` says of a message, as JSON; with write the copies, by number; notices stay in the folder."""
        arguments = ["--json", "--from", sender, *(word for to in recipients for word in ("--to", to)), *options]
        if write is not None:
            arguments += ["--write", write]
        said = json.loads(self.adm("explain", *arguments, "-", input=message).stdout)
        if write is None:
            return said
        return said, {int(path.stem): path.read_bytes() for path in write.glob("[0-9]*.eml")}
