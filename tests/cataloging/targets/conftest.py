"""Targets that really answer: Debian's yaz-ztest, and an SRU server of our own for the bad cases.

yaz-ztest lets everybody in, so a gate of ours stands before it where signing in is tried.
"""

import base64
import gzip
import re
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bench.postgres import free_port

RECORD = """<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 a 4500</leader>
<controlfield tag="001">77</controlfield><controlfield tag="003">XX</controlfield>
<datafield tag="020" ind1=" " ind2=" "><subfield code="a">9780131103627</subfield></datafield>
<datafield tag="245" ind1="1" ind2="0"><subfield code="a">Mắt biếc</subfield></datafield>
<datafield tag="852" ind1=" " ind2=" "><subfield code="a">Kho xa</subfield></datafield></record>"""


def isbn(number: int) -> str:
    """Return the ISBN of a book of the shelf: below 100 it is there once, below 200 in two editions,
    below 300 nowhere, from 300 on the record found carries another number."""
    twelve = f"978604{number:06d}"
    return twelve + str(-sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(twelve)) % 10)


def shelf(asked: str) -> bytes:
    """Return what the shelf has for an ISBN."""
    number = int(asked[6:12])
    if 200 <= number < 300:
        return answer("", 0).replace(b"<s:record><s:recordData></s:recordData></s:record>", b"")
    carried = asked if number < 300 else isbn(1)
    editions = ["lần 1", "lần 2"] if 100 <= number < 200 else ["lần 1"]
    made = [
        RECORD.replace("9780131103627", carried)
        .replace(">77<", f">{number}{len(edition)}{n}<")
        .replace("Mắt biếc", f"Sách số {number}, {edition}")
        for n, edition in enumerate(editions)
    ]
    return answer("</s:recordData></s:record><s:record><s:recordData>".join(made), len(made))


def answer(records: str, count: int = 1) -> bytes:
    """Return an SRU 1.2 answer around records."""
    return (
        '<?xml version="1.0"?><s:searchRetrieveResponse xmlns:s="http://www.loc.gov/zing/srw/">'
        f"<s:version>1.2</s:version><s:numberOfRecords>{count}</s:numberOfRecords><s:records>"
        f"<s:record><s:recordData>{records}</s:recordData></s:record></s:records>"
        "</s:searchRetrieveResponse>"
    ).encode()


DIAGNOSTIC = (
    b'<s:searchRetrieveResponse xmlns:s="http://www.loc.gov/zing/srw/"><s:version>1.2</s:version>'
    b'<s:diagnostics><diagnostic xmlns="http://www.loc.gov/zing/srw/diagnostic/">'
    b"<uri>info:srw/diagnostic/1/16</uri><details>bath.isbn</details>"
    b"<message>Unsupported index</message></diagnostic></s:diagnostics>"
    b"</s:searchRetrieveResponse>"
)
UNKNOWN = DIAGNOSTIC.replace(b"/16<", b"/3<").replace(b"Unsupported index", b"Authentication error")
USER, GROUP, PASSWORD = "thu-vien", "huyen", "mật khẩu: 7"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ENTITY = b'<!DOCTYPE x [<!ENTITY a "b">]>' + answer(RECORD)


class _Target(BaseHTTPRequestHandler):
    """What each path does is its name."""

    def do_GET(self) -> None:
        kind = urlsplit(self.path).path.strip("/")
        asked = parse_qs(urlsplit(self.path).query)
        self.server.asked.append(asked)  # type: ignore[attr-defined]
        bodies: dict[str, bytes] = {
            "good": answer(RECORD),
            "closed": answer(RECORD),
            "unknown": UNKNOWN,
            "escaped": answer(RECORD.replace("&", "&amp;").replace("<", "&lt;")),
            "latin": answer(RECORD.replace("Mắt biếc", "Caf\xe9")).replace("é".encode(), b"\xe9"),
            "diagnostic": DIAGNOSTIC,
            "entity": ENTITY,
            "html": b"<!doctype html><title>x</title>",
            "broken": b'<?xml version="1.0"?><x><y',
            "huge": b" " * (9 << 20),
            "zip": gzip.compress(answer(RECORD)),
            "bomb": gzip.compress(b" " * (9 << 20)),
        }
        if kind == "shelf":
            bodies[kind] = shelf(asked["query"][0].partition('"')[2].rstrip('"'))
        if kind in ("closed", "leaves") and self.headers.get("Authorization") != BASIC:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
            return
        self.server.signed.append((kind, "Authorization" in self.headers))  # type: ignore[attr-defined]
        if kind == "leaves":
            self.send_response(302)
            elsewhere = f"http://localhost:{self.server.server_address[1]}/good"
            self.send_header("Location", elsewhere)
            self.end_headers()
        elif kind in ("loop", "away"):
            self.send_response(302)
            self.send_header("Location", "/loop" if kind == "loop" else "/good")
            self.end_headers()
        elif kind == "dribble":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self._dribble()
        elif kind == "hang":
            self.server.over.wait(20)  # type: ignore[attr-defined]
        elif kind in bodies:
            self.send_response(200)
            if kind in ("zip", "bomb"):
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(bodies[kind])))
            self.end_headers()
            try:
                self.wfile.write(bodies[kind])
            except OSError:
                return
        else:
            self.send_error(404)

    def _dribble(self) -> None:
        for _n in range(1000):
            if self.server.over.wait(0.1):  # type: ignore[attr-defined]
                return
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@dataclass
class OwnSru:
    """Our own SRU server; ``asked`` holds the words of each request, ``signed`` the path of each one
    let in and whether a name and password came with it."""

    url: str
    asked: list[dict[str, list[str]]]
    signed: list[tuple[str, bool]]


@pytest.fixture(scope="session")
def sru() -> Iterator[OwnSru]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Target)
    server.daemon_threads = True
    server.block_on_close = False
    server.asked, server.signed, server.over = [], [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield OwnSru(f"http://127.0.0.1:{server.server_port}", server.asked, server.signed)
    server.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def ztest() -> Iterator[int]:
    """The port of yaz-ztest, which speaks Z39.50 and SRU."""
    program = shutil.which("yaz-ztest")
    if program is None:
        pytest.skip("YAZ is not installed")
    port = free_port()
    process = subprocess.Popen(
        [program, "-S", "-v", "none", f"tcp:127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _turn in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield port
    process.kill()
    process.wait(timeout=10)


class _Gate(socketserver.BaseRequestHandler):
    """Lets a Z39.50 client through to yaz-ztest when its Init holds the group, name and password.

    yaz-ztest answers every Init itself; to the others its answer is handed on with ``result``
    (tag 12, a BOOLEAN) false, as a server that refuses says it.
    """

    def handle(self) -> None:
        init = self.request.recv(1 << 16)
        known = all(one.encode() in init for one in (USER, GROUP, PASSWORD))
        with socket.create_connection(("127.0.0.1", self.server.behind)) as inner:  # type: ignore[attr-defined]
            inner.sendall(init)
            said = inner.recv(1 << 16)
            assert b"\x8c\x01\xff" in said or b"\x8c\x01\x01" in said
            if not known:
                said = re.sub(rb"\x8c\x01[\xff\x01]", b"\x8c\x01\x00", said, count=1)
            self.request.sendall(said)
            back = threading.Thread(target=_pour, args=(inner, self.request), daemon=True)
            back.start()
            _pour(self.request, inner)
            back.join(5)


def _pour(from_here: socket.socket, to_there: socket.socket) -> None:
    try:
        while block := from_here.recv(1 << 16):
            to_there.sendall(block)
        to_there.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture(scope="session")
def closed_ztest(ztest: int) -> Iterator[int]:
    """The port of a Z39.50 server that wants the group, name and password."""
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Gate)
    server.daemon_threads, server.block_on_close, server.behind = True, False, ztest
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
