"""A key directory (WKD) and a key server (HKP) for tests: HTTPS with server.pem and server.key of the folder, and HTTP, on two ports.

    key_host.py FOLDER HTTPS_PORT HTTP_PORT [ADDRESS]     ports 0: any; those that were taken stand in the file "ports" once both listen

What is asked for is the last word of the path, or what the query searches, and is answered with the file of that name in the folder; 404 without it.
The file "mode" changes that for all: a status, "slow", "huge", "endless", "fields", "redirect URL". Every question is a line of the file "asked".
"""
import http.server
import os
import pathlib
import socketserver
import ssl
import sys
import threading
import urllib.parse

FOLDER = pathlib.Path(sys.argv[1])
ADDRESS = sys.argv[4] if len(sys.argv) > 4 else "127.0.0.1"
NEVER = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    def wanted(self):
        url = urllib.parse.urlsplit(self.path)
        search = urllib.parse.parse_qs(url.query).get("search")
        return search[0] if search else url.path.rsplit("/", 1)[1]

    def mode(self):
        path = FOLDER / "mode"
        return path.read_text().split() if path.exists() else []

    def head(self, status, *fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()

    def pour(self):
        while True:
            self.wfile.write(b"x" * 65536)

    def give(self):
        path = FOLDER / "keys" / self.wanted()
        if not path.is_file():
            return self.head(404)
        body = path.read_bytes()
        self.head(200, ("Content-Length", str(len(body))))
        self.wfile.write(body)

    def do_GET(self):
        with open(FOLDER / "asked", "a", encoding="ascii") as out:
            out.write(f"{self.path}\n")
        word, *rest = self.mode() or ["give"]
        if word.isdigit():
            self.head(int(word))
        elif word == "slow":
            NEVER.wait()
        elif word == "huge":
            self.head(200, ("Content-Length", "2000000000"))
            self.pour()
        elif word == "endless":
            self.head(200)
            self.pour()
        elif word == "fields":
            self.head(200, *((f"X-{i}", "y" * 1000) for i in range(200)))
        elif word == "redirect":
            self.head(302, ("Location", rest[0]))
        else:
            self.give()

    def log_message(self, *words):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # clients hang up on what is too much


def serve(port, context=None):
    server = Server((ADDRESS, port), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    ports = serve(int(sys.argv[2]), context), serve(int(sys.argv[3]))
    (FOLDER / "ports.new").write_text("%d %d\n" % ports)
    os.rename(FOLDER / "ports.new", FOLDER / "ports")
    NEVER.wait()


main()
