"""One GET over HTTP that ends in its time, whatever the other side does.

The standard library's timeouts count from byte to byte, so a server that dribbles would never end;
a timer shuts the socket at the end of the time. Redirects are followed three times, each address
is checked anew, and a name and password go only to the server they were meant for.
"""

import base64
import http.client
import socket
import ssl
import time
import zlib
from threading import Timer
from typing import Final
from urllib.parse import urljoin, urlsplit

from cataloging.targets.addresses import numeric_address
from cataloging.targets.answers import LARGEST, Failed

REDIRECTS: Final = 3


def fetch(
    url: str, *, inside: bool, seconds: float, sign_in: tuple[str, str] | None = None
) -> bytes:
    """Return the body of a successful answer, unpacked. Raises ``Failed``.

    ``sign_in`` is a name and password for HTTP basic authentication (RFC 7617, in UTF-8).
    """
    end = time.monotonic() + seconds
    meant_for = _server(url)
    for _turn in range(REDIRECTS + 1):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Failed("scheme_forbidden", url)
        at_home = sign_in if _server(url) == meant_for else None
        body, elsewhere = _once(url, inside=inside, end=end, sign_in=at_home)
        if not elsewhere:
            return body
        url = urljoin(url, elsewhere)
    raise Failed("too_many_redirects", url)


def _server(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _headers(sign_in: tuple[str, str] | None) -> dict[str, str]:
    headers = {"Accept-Encoding": "gzip", "Accept": "text/xml, application/xml, */*;q=0.1"}
    headers["User-Agent"] = "Sen"
    if sign_in is not None:
        said = base64.b64encode(":".join(sign_in).encode()).decode()
        headers["Authorization"] = f"Basic {said}"
    return headers


def _refused(status: int, sign_in: tuple[str, str] | None) -> Failed:
    if status in (401, 403):
        return Failed("sign_in_refused" if sign_in else "sign_in_needed", str(status))
    return Failed("http_status", str(status))


def _once(
    url: str, *, inside: bool, end: float, sign_in: tuple[str, str] | None
) -> tuple[bytes, str]:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    try:
        port = parts.port or (443 if secure else 80)
    except ValueError as error:
        raise Failed("scheme_forbidden", url) from error
    host = parts.hostname or ""
    address = numeric_address(host, port, inside=inside, seconds=_left(end))
    connection = http.client.HTTPConnection(host, port, timeout=_left(end))
    timer: Timer | None = None
    try:
        plain = socket.create_connection((address, port), timeout=_left(end))
        timer = Timer(_left(end), _shut, [plain])
        timer.daemon = True
        timer.start()
        opened: socket.socket = plain
        if secure:
            opened = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        connection.sock = opened
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers=_headers(sign_in))
        answer = connection.getresponse()
        if answer.status in (301, 302, 303, 307, 308):
            return b"", answer.headers.get("Location", "") or url
        if answer.status != 200:
            raise _refused(answer.status, sign_in)
        return _body(answer, end), ""
    except Failed:
        raise
    except (TimeoutError, http.client.HTTPException, OSError, zlib.error) as error:
        if time.monotonic() >= end - 0.05:
            raise Failed("too_slow", host) from error
        if isinstance(error, ssl.SSLError):
            raise Failed("tls", str(error)) from error
        if isinstance(error, ConnectionRefusedError):
            raise Failed("refused", f"{host}:{port}") from error
        raise Failed("broken", f"{type(error).__name__} {error}") from error
    finally:
        if timer is not None:
            timer.cancel()
        connection.close()


def _body(answer: http.client.HTTPResponse, end: float) -> bytes:
    packed = answer.headers.get("Content-Encoding", "").lower() in ("gzip", "deflate", "x-gzip")
    unpacker = zlib.decompressobj(47) if packed else None
    body = bytearray()
    while block := answer.read1(1 << 16):
        body += unpacker.decompress(block, LARGEST + 1) if unpacker else block
        if len(body) > LARGEST or (unpacker and unpacker.unconsumed_tail):
            raise Failed("too_large")
        if time.monotonic() > end:
            raise Failed("too_slow")
    if answer.length:
        raise Failed("too_slow" if time.monotonic() >= end - 0.05 else "broken")
    return bytes(body)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise Failed("too_slow")
    return left


def _shut(opened: socket.socket) -> None:
    try:
        opened.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
