# SPDX-License-Identifier: Apache-2.0
"""A web server that does its worst to `reff fetch`.

It answers every request in a drawn way: too long, too short, of another length than it says, slow, without an end, packed,
redirected for ever or to other protocols, with headers without end, with escape sequences. The program ends; it has the
right file, or a message and nothing of it but what a later call may go on from.
"""
import gzip
import hashlib
import http.server
import itertools
import threading
import time

SHARE = 1
PATIENCE = 60  # seconds for a call that may wait --patience 1 a few times
FILE = hashlib.sha256(b"attack").digest() * 4000  # 128,000 bytes
BOMB = gzip.compress(bytes(64 << 20), 9)


def _part(answer, status, sent, length=None, headers=()):
    """An answer of `sent` bytes that says it has `length`; None: as many."""
    answer.send_response(status)
    for name, value in headers:
        answer.send_header(name, value)
    answer.send_header("Content-Length", str(len(sent) if length is None else length))
    answer.end_headers()
    answer.wfile.write(sent)


def _redirect(answer, to, body=b""):
    _part(answer, 302, body, headers=[("Location", to)])


def _trickle(answer, data, pause, step):
    answer.send_response(200)
    answer.send_header("Content-Length", str(len(data)))
    answer.end_headers()
    for at in range(0, len(data), step):
        answer.wfile.write(data[at:at + step])
        time.sleep(pause)


def _endless(answer, head, piece, most):
    """Pieces until the client goes, or so many."""
    answer.wfile.write(head)
    for _ in range(most):
        answer.wfile.write(piece)


def _split(answer):
    """A range other than the one that was asked for."""
    _part(answer, 206, FILE[100:], headers=[("Content-Range", f"bytes 100-{len(FILE) - 1}/{len(FILE)}")])


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WAYS = {
    "right": lambda a: _part(a, 200, FILE),
    "long": lambda a: _part(a, 200, FILE + b"x" * 5000),
    "short": lambda a: _part(a, 200, FILE[:-1]),
    "empty": lambda a: _part(a, 200, b""),
    "other": lambda a: _part(a, 200, FILE[:-1] + b"?"),
    "says more": lambda a: _part(a, 200, FILE, len(FILE) + 1000),
    "says less": lambda a: _part(a, 200, FILE, len(FILE) - 1000),
    "says nonsense": lambda a: _part(a, 200, FILE, "-1e99"),
    "says exabytes": lambda a: _part(a, 200, FILE, 1 << 60),
    "cut": lambda a: _part(a, 200, FILE[:50000], len(FILE)),
    "round": lambda a: _redirect(a, a.path),
    "further": lambda a: _redirect(a, a.path + "x"),
    "to a file": lambda a: _redirect(a, "file:///etc/passwd"),
    "to nowhere": lambda a: _redirect(a, "gopher://127.0.0.1:1/"),
    "to escapes": lambda a: _redirect(a, "http://127.0.0.1:1/\x1b[31m%1b[2J"),
    "redirected, large": lambda a: _redirect(a, "/right", b"x" * (4 << 20)),
    "slow": lambda a: _trickle(a, FILE, 0.3, 100),
    "endless": lambda a: _endless(a, OK + b"\r\n", b"x" * 65536, 2000),
    "endless chunks": lambda a: _endless(a, CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n", 2000),
    "broken chunks": lambda a: _endless(a, CHUNKED, b"zz\r\nxx\r\n", 1),
    "endless headers": lambda a: _endless(a, OK, b"X-Filler: " + b"y" * 5000 + b"\r\n", 4000),
    "one long header": lambda a: _endless(a, OK + b"X: ", b"y" * 65536, 500),
    "endless 100": lambda a: _endless(a, b"", b"HTTP/1.1 100 Continue\r\n\r\n", 100000),
    "a packed bomb": lambda a: _part(a, 200, BOMB, headers=[("Content-Encoding", "gzip")]),
    "packed": lambda a: _part(a, 200, gzip.compress(FILE), headers=[("Content-Encoding", "gzip")]),
    "another range": _split,
    "no such range": lambda a: _part(a, 416, b""),
    "a page": lambda a: _part(a, 200, b"<html>sign in</html>"),
    "escapes": lambda a: _endless(a, b"HTTP/1.1 500 \x1b]0;x\x07\x1b[2J\r\nETag: \"\x1b[31m\"\r\n\r\n", b"", 1),
    "no HTTP": lambda a: _endless(a, b"\x00\xff\x1b[2J" * 100, b"", 1),
    "nothing": lambda a: None,
}


class Server(http.server.ThreadingHTTPServer):
    """Answers the requests of a try in the ways that are drawn for it, the last one again and again."""

    daemon_threads = True
    ways = ["right"]

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that has gone


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802: as http.server calls it
        self.close_connection = True
        ways = self.server.ways
        WAYS[ways.pop(0) if len(ways) > 1 else ways[0]](self)

    def log_message(self, *words):
        pass


def _wrong(result, target):
    if result.status is None:
        return f"did not end within {PATIENCE} seconds"
    if any(byte in result.out + result.err for byte in b"\x1b\x07\r\x00"):
        return "control characters reach the terminal"
    there = target.read_bytes() if target.exists() else None
    if there is not None and there != FILE:
        return f"another file of {len(there)} bytes in its place"
    if result.status == 0:
        return "" if there else "exit status 0 without the file"
    if there:
        return "exit status 1 with the file in its place"
    if not result.is_told():
        return f"exit status {result.status} without a message: {result.err[-200:]!r}"
    left = sorted(path.name for path in target.parent.glob("*") if path.name not in ("file.fetching", "file.fetching.json"))
    return f"left {left[0]} behind" if left else ""


def attack(a):
    server = Server()
    address = f"http://127.0.0.1:{server.server_port}/"
    known = {"digest": f"sha256 = {hashlib.sha256(FILE).hexdigest()}\n", "size": f"bytes = {len(FILE)}\n",
             "both": f"sha256 = {hashlib.sha256(FILE).hexdigest()}\nbytes = {len(FILE)}\n"}
    a.start()
    tries = [(first, then, what) for first, then, what in itertools.product(WAYS, ["", *WAYS], known)]
    a.random.shuffle(tries)
    tries.sort(key=lambda each: bool(each[1]))  # one way alone first
    for first, then, what in tries:
        if a.time_is_up():
            break
        folder = a.fresh("work")
        (folder / "sources.ini").write_text(f"[it]\npath = it/file\nset = it\nurl = {address}file\n{known[what]}"
                                            "licence = none\nuse = none\n")
        server.ways = [way for way in (first, then, "right" if then else first) if way]
        result = a.run("fetch", "--sources", "sources.ini", "--data", "data", "--patience", "1", "--tries", "2", "--maximum",
                       "1000000", folder=folder, timeout=PATIENCE)
        target = folder / "data/it/file"
        # Without a digest a whole answer of the right size is believed.
        believed = what == "size" and target.exists() and target.stat().st_size == len(FILE)
        wrong = "" if believed else _wrong(result, target)
        row = "two answers" if then else first
        if wrong:
            a.found(row, what, wrong, f"the server's answers: {first}, {then or first}; known: {what}")
        else:
            (a.told if result.status else a.same)(row, what)
    server.shutdown()
