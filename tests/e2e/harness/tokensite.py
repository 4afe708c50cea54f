"""A site whose users' keys are on a token."""
import contextlib
import os
import signal

from . import memory, mime, pki
from .lab import wait_for
from .sealsite import SealSite
from .softhsm import SoftHSM

BOB = "bob@far.example"
CAROL, DAVE = "carol@ours.example", "dave@ours.example"
HOLDERS = {CAROL: "rsa2048", DAVE: "p256"}
ENTITY = b"Content-Type: text/plain\r\n\r\nORCHID\r\n"


class TokenSite(SealSite):
    """Carol's RSA key and Dave's of a curve are on the token; nobody has them in a file. hsm: the token."""
    kinds = HOLDERS
    token_settings = {}

    @classmethod
    def set_up_site(cls):
        cls.hsm = SoftHSM(cls.lab)
        cls.seal_settings = cls.hsm.settings | cls.token_settings
        cls.key_environment = cls.hsm.environment
        super().set_up_site()
        cls.holders = {}
        for address, kind in cls.kinds.items():
            cls.seal.adm("user", "add", address)
            cls.seal.adm("key", "generate", address, "--type", kind, "--token", cls.hsm.uri(address.split("@")[0]))
            cls.holders[address] = cls.person(address)

    def key_processes(self):
        """Supervisor, worker, token child."""
        return [pid for pid in self.seal.descendants() if memory.program(pid) == "sealkeyd"]

    def letter_to(self, address, number):
        """From Bob, closed."""
        entity = mime.enveloped(mime.cms_of(pki.encrypt(ENTITY, self.holders[address])))
        return b"Message-ID: <%d@far.example>\r\n" % number + pki.mail(entity, f"Bob <{BOB}>", address)

    def token_child(self):
        """The process that has the token; it is the last that is started."""
        wait_for(lambda: len(self.key_processes()) == 3, "sealkeyd is whole")
        return self.key_processes()[-1]

    def remove_token(self):
        """SoftHSM keeps the keys that it has loaded: only who opens it anew sees that the token is gone."""
        child = self.token_child()
        self.hsm.remove()
        with contextlib.suppress(ProcessLookupError):  # it has noticed
            os.kill(child, signal.SIGKILL)
