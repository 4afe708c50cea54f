"""Tokens of SoftHSM, in a folder of the key process's user."""
import os
import re
import shutil
import subprocess

from .sealmilter import KEY_USER

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
SO_PIN = "87654321"


class SoftHSM:
    """environment: what a program needs that uses it; settings: of sealmilter.conf. One token, whose label is LABEL."""
    LABEL, PIN = "seal", "PIN-of-the-tests-alone"

    def __init__(self, lab):
        self.dir = lab.folder("hsm", owner=KEY_USER, mode=0o700)
        self.tokens, self.away = lab.folder("hsm/tokens", owner=KEY_USER, mode=0o700), self.dir / "away"
        self.conf, self.pin_file = self.dir / "softhsm2.conf", self.dir / "pin"
        self.conf.write_text(f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        shutil.chown(self.conf, KEY_USER)
        self.environment = {"SOFTHSM2_CONF": self.conf}
        self.settings = {"pkcs11-module": MODULE, "pkcs11-pin-files": f"{self.LABEL} {self.pin_file}"}
        self.write_pin(self.PIN)
        self.run("--init-token", "--free", "--label", self.LABEL, "--so-pin", SO_PIN, "--pin", self.PIN)

    def run(self, *arguments):
        said = subprocess.run(["softhsm2-util", *arguments], user=KEY_USER, group="nogroup", extra_groups=[], capture_output=True,
                              env=os.environ | {name: str(value) for name, value in self.environment.items()}, timeout=60)
        if said.returncode != 0:
            raise AssertionError(said)
        return said.stdout.decode()

    def write_pin(self, pin):
        """As an administrator changes it: the file appears whole."""
        new = self.pin_file.with_suffix(".new")
        new.write_text(pin + "\n")
        new.chmod(0o600)
        shutil.chown(new, KEY_USER)
        new.rename(self.pin_file)

    def uri(self, name):
        return f"pkcs11:token={self.LABEL};object={name}"

    def take_in(self, pem, name, number):
        """A private key from a file, PKCS#8."""
        shutil.chown(pem, KEY_USER)
        self.run("--import", pem, "--token", self.LABEL, "--label", name, "--id", f"{number:02x}", "--pin", self.PIN)

    MASTER_KEYS = {"rsa": ["--keypairgen", "--key-type", "rsa:2048", "--usage-decrypt"],
                   "aes": ["--keygen", "--key-type", "AES:32", "--sensitive"]}

    def make_master(self, name, kind, id="77"):
        """A key for the master key's work, made as the manual says; its URI."""
        said = subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", self.LABEL, "--login", "--pin", self.PIN,
                               "--label", name, "--id", id, *self.MASTER_KEYS[kind]], user=KEY_USER, group="nogroup",
                              extra_groups=[], capture_output=True, timeout=60,
                              env=os.environ | {key: str(value) for key, value in self.environment.items()})
        if said.returncode != 0:
            raise AssertionError(said)
        return self.uri(name)

    def remove(self):
        """The token is pulled out."""
        token, = self.tokens.iterdir()
        token.rename(self.away)

    def put_back(self):
        self.away.rename(self.tokens / "token")

    def flags(self):
        """What the token says of its PIN; SoftHSM locks none, and counts a wrong one."""
        return re.findall(r"(?m)^\s+(User PIN init\..*)$", self.run("--show-slots"))
