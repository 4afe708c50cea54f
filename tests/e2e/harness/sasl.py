"""What saslauthd says to Cyrus SASL: every user's password is "password"."""
import os
import socketserver
import struct
import threading


class Session(socketserver.StreamRequestHandler):
    def field(self):
        size = struct.unpack(">H", self.rfile.read(2))[0]
        return self.rfile.read(size)

    def handle(self):
        user, password, service, realm = (self.field() for _ in range(4))
        answer = b"OK" if user and password == b"password" else b"NO"
        self.wfile.write(struct.pack(">H", len(answer)) + answer)


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class Saslauthd:
    """conf_dir holds the configuration under the names that the MTAs ask for."""
    name = "saslauthd"

    def __init__(self, lab):
        self.conf_dir = lab.folder("sasl")
        self._socket = self.conf_dir / "mux"
        for application in ("smtpd.conf", "Sendmail.conf"):
            (self.conf_dir / application).write_text("pwcheck_method: saslauthd\nmech_list: PLAIN\n"
                                                     f"saslauthd_path: {self._socket}\n")

    def start(self):
        self._server = Server(str(self._socket), Session)
        os.chmod(self._socket, 0o777)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
