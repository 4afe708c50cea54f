"""What the far side makes of a message: its layers opened by openssl, and two runs of the same treatment compared."""
import re

from . import message, mime, pki


class Opened:
    """
    layers: "encrypted" and "signed" from outside in; entity: the innermost one's bytes; head: the message's own fields.

    Without an anchor nothing is opened.
    """

    def __init__(self, data, people=(), anchor=None):
        self.head, entity = mime.split(data)
        self.layers, self.entity = [], entity_of(data)
        while anchor and self._open(people, anchor):
            pass

    def _open(self, people, anchor):
        kind = content_type(self.entity)
        if kind == "multipart/signed":
            content, der = mime.parts_of(self.entity)
            assert pki.verify_detached(der, content, anchor) == content
            self.layers.append("signed")
            self.entity = content
        elif kind == "application/pkcs7-mime":
            der = mime.cms_of(self.entity)
            person = next((p for p in people if pki.is_for(der, p)), None)
            assert person, "encrypted, and for nobody whose key is here"
            self.layers.append("encrypted")
            self.entity = person.decrypt(der)
        else:
            return False
        return True

    def comparable(self):
        """All of it but what is new in each run: keys, initial vectors, signatures, boundaries of ours, trace, DKIM."""
        fields = [f for f in message.fields(message.without_trace(self.head)) if message.field_name(f) != b"dkim-signature"]
        fields = [re.sub(rb'boundary="?[^\s";]+"?', b"boundary=X", f) for f in fields]
        return fields, self.layers, self.entity


def content_type(entity):
    head, _ = mime.split(entity)
    match = re.search(rb"(?im)^content-type:\s*([^\s;]+)", head)
    return match[1].decode().lower() if match else "text/plain"


def entity_of(data):
    """A message as a MIME entity: its content fields and its body."""
    head, body = mime.split(data)
    fields = [f for f in message.fields(head) if message.field_name(f).startswith(b"content-")]
    return b"".join(fields) + b"\r\n" + body
