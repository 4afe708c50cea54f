"""An SMTP client that sends exactly the bytes that it is told to."""
import base64
import re
import socket
import ssl

from .lab import TIMEOUT


class Reply:
    def __init__(self, lines):
        self.lines = lines
        self.code = int(lines[-1][:3])
        self.text = "\n".join(line[4:] for line in lines)

    def __repr__(self):
        return f"{self.code} {self.text}"


class Refused(AssertionError):
    def __init__(self, command, reply):
        super().__init__(f"{command}: {reply}")
        self.reply = reply


def stuffed(data):
    """The bytes of a message as they go after DATA: dots doubled, CRLF at the end, nothing else touched."""
    data = re.sub(rb"(^|\r\n)\.", rb"\1..", data)
    return data + (b"" if data.endswith(b"\r\n") or not data else b"\r\n") + b".\r\n"


class Client:
    def __init__(self, port, host="127.0.0.1", helo="client.example", source=None):
        self._socket = socket.create_connection((host, port), timeout=TIMEOUT,
                                                source_address=(source, 0) if source else None)
        self._file = self._socket.makefile("rb")
        self.greeting = self.reply()
        if self.greeting.code != 220:
            raise Refused("connect", self.greeting)
        self._helo = helo
        self._ehlo()

    def _ehlo(self):
        self.extensions = {}
        for line in self.command(f"EHLO {self._helo}").lines[1:]:
            word, *rest = line[4:].split()
            self.extensions[word.upper()] = rest

    def starttls(self, person=None):
        """From here on TLS, with a person's certificate if one is given."""
        self.command("STARTTLS")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if person:
            context.load_cert_chain(person.cert, person.key)
        self._file.close()
        self._socket = context.wrap_socket(self._socket)
        self._file = self._socket.makefile("rb")
        self._ehlo()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self._file.close()
        self._socket.close()

    def send(self, data):
        self._socket.sendall(data)

    def reply(self):
        lines = []
        while True:
            line = self._file.readline()
            if not line:
                raise ConnectionError("connection lost while waiting for a reply")
            lines.append(line.decode(errors="replace").rstrip("\r\n"))
            if line[3:4] != b"-":
                return Reply(lines)

    def command(self, text, ok=(2, 3)):
        """A command and its reply; a refusal is an exception unless ok says otherwise."""
        self.send((text if isinstance(text, bytes) else text.encode()) + b"\r\n")
        reply = self.reply()
        if ok and reply.code // 100 not in ok:
            raise Refused(text, reply)
        return reply

    def login(self, user, password="password"):
        token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        return self.command(f"AUTH PLAIN {token}")

    def mail(self, sender, *parameters, **options):
        return self.command(" ".join([f"MAIL FROM:<{sender}>", *parameters]), **options)

    def rcpt(self, address, *parameters, **options):
        return self.command(" ".join([f"RCPT TO:<{address}>", *parameters]), **options)

    def data(self, message, **options):
        self.command("DATA")
        return self.command(stuffed(message)[:-2], **options)

    def quit(self):
        reply = self.command("QUIT")
        self.close()
        return reply

    def message(self, sender, recipients, message, mail=(), rcpt=()):
        """One transaction; the reply to its end of data."""
        self.mail(sender, *mail)
        for recipient in [recipients] if isinstance(recipients, str) else recipients:
            self.rcpt(recipient, *rcpt)
        return self.data(message)


def send(port, sender, recipients, message, login=None, mail=(), rcpt=(), tls=None, **client):
    """One message on a connection of its own; the reply to its end of data. tls: True, or the person whose certificate is shown."""
    with Client(port, **client) as c:
        if tls:
            c.starttls(None if tls is True else tls)
        if login:
            c.login(login)
        reply = c.message(sender, recipients, message, mail, rcpt)
        c.quit()
        return reply
