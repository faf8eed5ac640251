"""A library that sends, and servers on loopback that take what it sends."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from circulation.notices.carriers import carriers
from circulation.notices.models import Notice, NoticeMessage
from circulation.notices.planning import plan_day
from circulation.notices.sending import form_messages, send_due
from circulation.rules.consent import LENDING, MESSAGES
from ils.core import clock
from ils.core.config import config, use
from tests.circulation.conftest import Library


class Post:
    """A mail server: what it took, and what it says at each point (``None``: it breaks the line).

    ``then`` is called with a text taken and not yet answered; ``two`` lets the first answer wait
    until a second sender has handed a text over too.
    """

    def __init__(self) -> None:
        self.then: Callable[[], None] | None = None
        self.two = False
        self.second: asyncio.Event | None = None
        self.taken: list[EmailMessage] = []
        self.to: list[str] = []
        self.at_rcpt: list[str] = []
        self.at_data: list[str | None] = []

    async def handle_RCPT(self, _server: Any, _s: Any, envelope: Any, address: str, _o: Any) -> str:
        said = self.at_rcpt.pop(0) if self.at_rcpt else "250 OK"
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        said = self.at_data.pop(0) if self.at_data else "250 taken"
        if said is None or said.startswith("250"):
            made = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(made, EmailMessage)
            self.taken.append(made)
            self.to += envelope.rcpt_tos
        if self.then is not None:
            self.then()
        if self.two and self.second is None:
            self.second = asyncio.Event()
            await asyncio.wait_for(self.second.wait(), 20)
        elif self.second is not None:
            self.second.set()
        if said is None:
            server.transport.abort()
            await asyncio.sleep(0)
            return "421 gone"
        return said


@pytest.fixture
def post() -> Iterator[Post]:
    """A mail server on loopback, named in the settings of the process."""
    mails = Post()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(mails, hostname="127.0.0.1", port=port, ready_timeout=20)
    server.start()
    before = config()
    use(
        replace(
            before,
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security="none",
            smtp_from="thuvien@sen.example",
        )
    )
    yield mails
    use(before)
    server.stop(no_assert=True)


class Gateway:
    """A provider's HTTP gateway: what was posted, and what it answers: a status, 0 to break the line
    or -1 to say nothing."""

    def __init__(self) -> None:
        self.posted: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[int] = []
        self.over = threading.Event()
        self.server: Any = None


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway on loopback, named in the settings as the one for SMS."""
    found = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.posted.append(json.loads(body))
            found.headers.append({k.lower(): v for k, v in self.headers.items()})
            answer = found.answers.pop(0) if found.answers else 200
            if answer == 0:
                self.connection.close()
                return
            if answer == -1:
                found.over.wait(5)
                return
            self.send_response(answer)
            self.end_headers()
            self.wfile.write(b'{"answer": "so"}')

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = found.server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    before = config()
    use(
        replace(
            before,
            sms_url=f"http://127.0.0.1:{server.server_port}/send?v=1",
            sms_header="Authorization: Bearer bí-mật".encode().decode("ascii", "ignore"),
            sms_body='{"phone": "{to}", "message": "{text}", "meta": {"ref": "{id}"}}',
        )
    )
    yield found
    use(before)
    found.over.set()
    server.shutdown()
    server.server_close()


class Desk:
    """The clockwork of notices at a library, wound by hand."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def plan(self) -> int:
        with self.library.writing() as session:
            return plan_day(session)

    def send(self) -> int:
        """Form messages and send what may go at the library's present moment."""
        with clock.at(self.library.now):
            form_messages()
            return send_due(carriers(config()))

    def day(self) -> int:
        """Plan and send, as on a morning."""
        self.plan()
        return self.send()

    def notices(self) -> list[Notice]:
        return self.library.all(Notice)

    def messages(self) -> list[NoticeMessage]:
        return self.library.all(NoticeMessage)

    def states(self) -> list[tuple[str, str, str]]:
        return [(one.what, one.state, one.reason) for one in self.notices()]


@pytest.fixture
def desk(library: Library) -> Desk:
    return Desk(library)


@pytest.fixture
def reader(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Register a reader who agreed to messages and has an e-mail address and a telephone."""
    name_of = "lite" if "lite" in request.fixturenames else "library"
    library: Library = request.getfixturevalue(name_of)

    def made(name: str = "Nguyễn Thị Lan", **more: Any) -> Any:
        facts = {
            "email": "lan@sen.example",
            "phone": "0600123456",
            "commune": "Xã Bình Sen",
            "address": "Ấp 2",
            "consent": True,
            "purposes": (LENDING, MESSAGES),
            **more,
        }
        return library.patron(name, **facts)

    return made
