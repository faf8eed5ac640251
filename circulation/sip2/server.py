"""The SIP2 server: a process of its own, a thread for each machine's line, TLS where wanted.

A line that says nothing for ten minutes is closed, one that sends no end of a message within the
longest length too: a machine opens it anew. Nothing a reader types is written to the log.
"""

import logging
import socket
import socketserver
import ssl
import threading
from pathlib import Path
from typing import Any

from flask_babel import force_locale

from circulation.sip2.handlers import reply
from circulation.sip2.session import ENGLISH, Line

LOG = logging.getLogger("sen.sip2")
LONGEST_MESSAGE = 8192
IDLE_SECONDS = 600
MOST_LINES = 100
END = (b"\r", b"\n")


class Lines(socketserver.StreamRequestHandler):
    """One machine's connection."""

    server: "Server"
    timeout = IDLE_SECONDS

    def handle(self) -> None:
        """Answer messages until the machine goes."""
        line = Line(address=str(self.client_address[0]))
        with self.server.app.app_context():
            while (raw := self._next()) is not None:
                if not self._answer(line, raw):
                    return

    def _answer(self, line: Line, raw: bytes) -> bool:
        if raw[:2] in (b"23", b"63"):
            line.language = raw[2:5].decode("ascii", "replace")
        try:
            with force_locale("en" if line.language in ENGLISH else "vi"):
                told = reply(line, raw)
        except Exception:  # the server's loop: one bad message must not end the other lines
            LOG.exception("a message %r could not be answered", raw[:2])
            told = b"96\r"
        if told is None:
            return False
        self.wfile.write(told)
        return True

    def _next(self) -> bytes | None:
        """Return the next message, None at the end of the line."""
        while True:
            try:
                raw = self._until_end()
            except (OSError, ssl.SSLError):
                return None
            if raw is None or raw.strip(b"\r\n\0 "):
                return raw

    def _until_end(self) -> bytes | None:
        read = bytearray()
        while len(read) <= LONGEST_MESSAGE:
            byte = self.rfile.read(1)
            if not byte:
                return None
            if byte in END:
                return bytes(read)
            read += byte
        LOG.warning("a line from %s sent no message within its length", self.client_address[0])
        return None


class Server(socketserver.ThreadingTCPServer):
    """Listens for machines; at most ``MOST_LINES`` at a time."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 32

    def __init__(
        self, app: Any, host: str, port: int, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.app = app
        self.tls = tls
        self._places = threading.BoundedSemaphore(MOST_LINES)
        super().__init__((host, port), Lines)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a line; its handshake is made by its own thread, so that nobody waits for it."""
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is not None:
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a line in its thread, unless there are too many."""
        if not self._places.acquire(blocking=False):
            LOG.warning("too many lines; %s is turned away", client_address[0])
            self.shutdown_request(request)
            return
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note a line that broke; no traceback for every machine that is switched off."""
        LOG.info("the line of %s broke", client_address[0], exc_info=True)


def tls_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """Return what the server shows who asks for TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
