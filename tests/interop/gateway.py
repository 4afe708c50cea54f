"""Our side: `sealadm explain`, which is the daemon's own pipeline, with keys of every type that we make."""
import json
import pathlib
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "wire")]

import client  # noqa: E402
from harness import message, pki  # noqa: E402
from harness.sealmilter import Sealmilter  # noqa: E402
from harness.unwrap import entity_of  # noqa: E402

TEXT = ("Grüße.\r\n.dot\r\nlong " + "x" * 900 + "\r\nthe end\r\n").encode()
IN_UTF8 = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]

# A form is asked for by a keyword; without one, mail is signed and encrypted.
POLICY = """\
our domains  ours.example

keyword signed     subject "[signed]"
keyword opaque     subject "[opaque]"
keyword encrypted  subject "[encrypted]"
keyword both       subject "[opaque encrypted]"
keyword gcm        subject "[gcm]"

rule "signed"
    when outbound, keyword signed
    sign

rule "opaque"
    when outbound, keyword opaque
    sign opaque

rule "encrypted"
    when outbound, keyword encrypted
    encrypt

rule "opaque and encrypted"
    when outbound, keyword both
    sign opaque
    encrypt

rule "as the site wants it"
    when outbound, keyword gcm
    encrypt using aes256-gcm

rule "out"
    when outbound
    sign
    encrypt

rule "in"
    when inbound
    decrypt
    harvest
    tag

rule "inside"
    when internal
    pass
"""


class Received:
    def __init__(self, said, data):
        self.decryption, self.signature = said["decryption"]["status"], said["signature"]["status"]
        self.signer, self.entity = said["signature"].get("signer"), entity_of(data)
        self.why = [said["decryption"].get("why"), said["signature"].get("why")]


class Gateway(Sealmilter):
    def __init__(self, lab):
        super().__init__(lab, policy=POLICY)
        self._lab, self._runs = lab, 0

    def explained(self, msg, sender, recipients, *how):
        """For each recipient who is served what explain says of him, and his copy."""
        self._runs += 1
        said, files = self.explain(msg, sender, recipients, *how, write=self._lab.dir / f"explained-{self._runs}")
        in_place = {copy["index"]: copy["in_place"] for copy in said["copies"]}
        return {r["address"]: (r, files[0 if in_place[r["copy"]] else r["copy"]]) for r in said["recipients"] if r["copy"] is not None}

    def send(self, sender, *recipients, form=""):
        """The entity that each recipient gets, and the operations that made it."""
        msg = message.make(sender, ", ".join(recipients), f"[{form}] hello" if form else "hello", TEXT, IN_UTF8)
        got = self.explained(msg, sender, recipients, "--login", sender, "--client", "127.0.0.1")
        return {address: (entity_of(data), said["decision"]) for address, (said, data) in got.items()}

    def receive(self, entity, sender, recipient):
        got = self.explained(pki.mail(entity, sender, recipient), sender, [recipient])
        return Received(*got[recipient])

    def learn(self, entity, sender, recipient):
        """The daemon itself gets the mail, since explain changes nothing; its verdict."""
        mail = pki.mail(entity, sender, recipient)
        fields = [field.rstrip(b"\r\n").replace(b"\r\n", b"\n").partition(b":") for field in message.fields(mail)]
        with client.Connection(self.socket) as conn:
            conn.greet()
            conn.say(client.connect(), client.HELO, client.frame(b"M", f"<{sender}>\0".encode()),
                     client.frame(b"R", f"<{recipient}>\0".encode()), *[client.header(name, value) for name, _, value in fields],
                     client.frame(b"B", mail.partition(b"\r\n\r\n")[2]), client.frame(b"E"))
            return conn.verdict()[1]

    def person(self, address):
        """A user of ours, as a correspondent knows him: by his certificate."""
        person = pki.Person(None, address, self._lab.folder("ours") / address)
        person.cert.write_bytes(self.adm("cert", "export", self.key_of(address)).stdout)
        return person

    def authority(self):
        """Our own CA, as a correspondent knows it."""
        listed = json.loads(self.adm("ca", "list", "--json").stdout)["authorities"]
        cert = self._lab.folder("ours") / "ca.pem"
        cert.write_bytes(self.adm("ca", "export", next(ca["fingerprint"] for ca in listed if ca["own"])).stdout)
        return types.SimpleNamespace(cert=cert)
