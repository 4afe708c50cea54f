"""The MTA's side of the milter protocol, version 6, byte by byte, for what no MTA would say. Standard library only."""
import socket
import struct

ACTIONS = 0x1FF
STEPS = 0x1FFFFF
VERSION = 6


def frame(command, data=b""):
    return struct.pack("!I", 1 + len(data)) + command + data


def negotiate(actions=ACTIONS, steps=STEPS, version=VERSION):
    return frame(b"O", struct.pack("!III", version, actions, steps))


def macros(stage, **values):
    return frame(b"D", stage + b"".join(name.encode() + b"\0" + value.encode() + b"\0" for name, value in values.items()))


def connect(name=b"client.example", port=1234, address=b"192.0.2.1"):
    return frame(b"C", name + b"\0" + b"4" + struct.pack("!H", port) + address + b"\0")


def header(name, value):
    return frame(b"L", name + b"\0" + value + b"\0")


HELO = frame(b"H", b"client.example\0")
MAIL = frame(b"M", b"<bob@far.example>\0")
RCPT = frame(b"R", b"<alice@ours.example>\0")
FROM = header(b"From", b" bob@far.example")
BODY = frame(b"B", b"Hello.\r\n")
END = frame(b"E")
ABORT = frame(b"A")
QUIT = frame(b"Q")
MESSAGE = [MAIL, RCPT, FROM, BODY, END]


class Connection:
    """No step but the end is answered, because the milter asks for that and we offer it."""

    def __init__(self, path, timeout=120):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        self._socket.connect(str(path))
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self._socket.close()

    def say(self, *frames):
        self._socket.sendall(b"".join(frames))

    def _exactly(self, n):
        while len(self._buffer) < n:
            more = self._socket.recv(65536)
            if not more:
                return None
            self._buffer += more
        taken, self._buffer = self._buffer[:n], self._buffer[n:]
        return taken

    def answer(self):
        """(command, data) of the next answer; None when the milter has hung up."""
        try:
            length = self._exactly(4)
            whole = length and self._exactly(struct.unpack("!I", length)[0])
        except ConnectionResetError:
            return None
        return whole and (whole[:1], whole[1:])

    def greet(self):
        self.say(negotiate())
        answer = self.answer()
        assert answer is not None and answer[0] == b"O", answer
        return struct.unpack("!III", answer[1][:12])

    def verdict(self):
        """The edits asked for, and the last answer to an end of message."""
        edits = []
        while True:
            answer = self.answer()
            if answer is None or answer[0] in b"acrtdy":
                return edits, answer
            edits.append(answer)
