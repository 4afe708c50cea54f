"""Milters that stand beside sealmilter: one adds a field that is new each time, one fails when it is told to."""
import os
import socketserver
import struct
import threading

VERSION = 6
ADD_HEADERS = 0x01
# Shown: the client (for its macros) and the end of message; neither mail, recipients, header nor body; no answer to the client.
STEPS = 0x0002 | 0x0004 | 0x0008 | 0x0010 | 0x0020 | 0x0040 | 0x0100 | 0x0200 | 0x1000


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.listener = ""
        while (packet := self.packet()) and packet[:1] != b"Q":
            action = self.ACTIONS.get(packet[:1])
            if action:
                action(self, packet[1:])

    def packet(self):
        size = self.rfile.read(4)
        return self.rfile.read(struct.unpack(">I", size)[0]) if len(size) == 4 else b""

    def say(self, code, data=b""):
        self.wfile.write(struct.pack(">I", 1 + len(data)) + code + data)

    def negotiate(self, offer):
        self.say(b"O", struct.pack(">III", VERSION, ADD_HEADERS, STEPS & struct.unpack(">III", offer)[2]))

    def macros(self, data):
        words = data[1:].split(b"\0")
        names = dict(zip(words[::2], words[1::2]))
        self.listener = names.get(b"{daemon_name}", self.listener.encode()).decode()

    def end(self, data):
        milter = self.server.milter
        if milter.fails(self.listener):
            return self.say(b"t")
        if milter.field:
            self.say(b"h", f"{milter.field}\0try {milter.count()}\0".encode())
        self.say(b"c")

    ACTIONS = {b"O": negotiate, b"D": macros, b"E": end}


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


class Milter:
    """field: the name of the field that each message gets on top of what it has."""

    def __init__(self, lab, name, field=None):
        self.name, self.field = name, field
        self._socket = lab.folder(name) / "sock"
        self.address = f"unix:{self._socket}"
        self._lock, self._seen, self._failures = threading.Lock(), 0, {}

    def start(self):
        self._server = Server(str(self._socket), Session)
        self._server.milter = self
        os.chmod(self._socket, 0o666)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def fail(self, listener, times=1):
        """Answer the next messages of this listener by 4xx."""
        with self._lock:
            self._failures[listener] = times

    def fails(self, listener):
        with self._lock:
            left = self._failures.get(listener, 0)
            self._failures[listener] = max(0, left - 1)
            return left > 0

    def count(self):
        with self._lock:
            self._seen += 1
            return self._seen
