"""The next hop: an SMTP server that keeps every message byte by byte, with its envelope and ESMTP parameters."""
import contextlib
import re
import socketserver
import threading
import time

from .lab import TIMEOUT, NotInTime, free_port


class Message:
    """data: what came after DATA, dots unstuffed, without the final dot's line."""

    def __init__(self, helo, sender, mail_parameters):
        self.helo, self.sender, self.mail_parameters = helo, sender, mail_parameters
        self.recipients, self.rcpt_parameters, self.data = [], [], b""

    def header(self, name):
        """The values of all fields of this name, unfolded."""
        head = self.data.split(b"\r\n\r\n", 1)[0] + b"\r\n"
        values = re.findall(rb"(?im)^" + re.escape(name.encode()) + rb"[ \t]*:(.*(?:\r\n[ \t].*)*)\r\n", head)
        return [re.sub(rb"\r\n([ \t])", rb"\1", value).decode(errors="surrogateescape").strip() for value in values]

    @property
    def body(self):
        return self.data.split(b"\r\n\r\n", 1)[1]

    def __repr__(self):
        return f"<message from <{self.sender}> to {self.recipients}, {len(self.data)} octets>"


class Session(socketserver.StreamRequestHandler):
    timeout = TIMEOUT

    def handle(self):
        self.message, self.helo = None, ""
        with contextlib.suppress(OSError):
            self.say(self.server.sink.scripted("CONNECT", "") or "220 sink.example ESMTP")
            while (line := self.rfile.readline(70000)).endswith(b"\n"):
                verb, _, rest = line.rstrip(b"\r\n").decode(errors="surrogateescape").partition(" ")
                if verb.upper() == "QUIT":
                    self.say("221 2.0.0 bye")
                    return
                self.command(verb.upper(), rest)

    def say(self, reply):
        if reply == "HANGUP":
            raise OSError("as scripted")
        self.wfile.write(reply.encode() + b"\r\n")

    def command(self, verb, rest):
        action = getattr(self, "do_" + verb.lower(), None)
        if action is None:
            self.say("502 5.5.1 unknown command")
        elif reply := self.server.sink.scripted(verb, rest):
            self.say(reply)
        else:
            action(rest)

    def do_ehlo(self, rest):
        self.helo = rest
        self.say("\r\n".join(f"250-{word}" for word in ["sink.example", *self.server.sink.extensions]) + "\r\n250 HELP")

    def do_helo(self, rest):
        self.helo = rest
        self.say("250 sink.example")

    def do_mail(self, rest):
        address, parameters = self.path(rest)
        self.message = Message(self.helo, address, parameters)
        self.say("250 2.1.0 ok")

    def do_rcpt(self, rest):
        if self.message is None:
            return self.say("503 5.5.1 MAIL first")
        address, parameters = self.path(rest)
        self.message.recipients.append(address)
        self.message.rcpt_parameters.append(parameters)
        self.say("250 2.1.5 ok")

    def do_data(self, rest):
        if self.message is None or not self.message.recipients:
            return self.say("503 5.5.1 RCPT first")
        self.say("354 go on")
        message, self.message = self.message, None
        if reply := self.server.sink.scripted("BODY", " ".join(message.recipients)):
            return self.say(reply)
        message.data = self.read_data()
        reply = self.server.sink.scripted("EOM", " ".join(message.recipients))
        if not reply:
            self.server.sink.keep(message)
        self.say(reply or "250 2.0.0 kept")

    def read_data(self):
        """Strict: only CRLF ends a line, so what smuggles an end of data with bare LF or CR is content here."""
        data = bytearray()
        while not (data == b".\r\n" or data.endswith(b"\r\n.\r\n")):
            line = self.rfile.readline(1 << 20)
            if not line:
                raise OSError("connection lost in DATA")
            data += line
        return re.sub(rb"(^|\r\n)\.", rb"\1", bytes(data[:-3]))

    def do_rset(self, rest):
        self.message = None
        self.say("250 2.0.0 ok")

    def do_noop(self, rest):
        self.say("250 2.0.0 ok")

    @staticmethod
    def path(rest):
        match = re.fullmatch(r"(?i)(?:FROM|TO):\s*<(.*?)>\s*(.*)", rest)
        return (match[1], match[2].split()) if match else (rest, [])


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class Sink:
    EXTENSIONS = ("PIPELINING", "SIZE 104857600", "ETRN", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8")

    def __init__(self, name="sink", extensions=EXTENSIONS):
        self.name, self.extensions, self.port = name, extensions, free_port()
        self._messages, self._taken, self._script = [], 0, []
        self._changed = threading.Condition()

    def start(self):
        self._server = Server(("127.0.0.1", self.port), Session)
        self._server.sink = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def keep(self, message):
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()

    def on(self, verb, reply, argument="", times=1 << 30):
        """
        Answer the next commands of this verb (CONNECT, EHLO, MAIL, RCPT, DATA, BODY, EOM) whose argument holds this text by reply.

        BODY comes before the first octet of a message is read, EOM behind the last. HANGUP ends the connection without a word. A
        function is called, and may wait before it says what to answer; None is the usual answer.
        """
        with self._changed:
            self._script.append([verb, argument, reply, times])

    def scripted(self, verb, argument):
        with self._changed:
            entry = next((e for e in self._script if e[0] == verb and e[1] in argument and e[3] > 0), None)
            if entry is None:
                return None
            entry[3] -= 1
        return entry[2]() if callable(entry[2]) else entry[2]

    def reset(self):
        """Forget messages and script: the start of a test."""
        with self._changed:
            self._messages.clear()
            self._script.clear()
            self._taken = 0

    @property
    def messages(self):
        with self._changed:
            return list(self._messages)

    def wait(self, n=1, to=None, timeout=TIMEOUT):
        """The messages (to this recipient) as soon as there are n of them."""
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                found = [m for m in self._messages if to is None or to in m.recipients]
                if len(found) >= n:
                    return found
                if not self._changed.wait(end - time.monotonic()):
                    raise NotInTime(f"{n} message(s) to {to or 'anyone'}: only {self._messages} within {timeout:g} s")

    def one(self, to=None, timeout=TIMEOUT):
        """The only message (to this recipient)."""
        found = self.wait(1, to, timeout)
        assert len(found) == 1, f"{len(found)} messages to {to}: {found}"
        return found[0]
