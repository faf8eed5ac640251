"""Mail and gateways as they are met outside: certificates, sign-in, refusals, silence."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import HTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from circulation.notices import carriers as module
from circulation.notices.carriers import HttpGateway, Later, Mail, Outgoing, RefusedForGood, Unsure
from ils.core.config import Config
from tests.certificates import self_signed
from tests.circulation.notices.conftest import Gateway, Post

LETTER = Outgoing(
    "<sen.1@sen.example>",
    "lan@sen.example",
    "Thư viện huyện Bình Sen: phiếu mượn của Nguyễn Hoàng Thị Phương Thảo",
    "Kính gửi bạn đọc,\n.một dòng bắt đầu bằng dấu chấm\n" + "dài " * 400 + "\n",
    sender_name="Thư viện Bình Sen",
    reply_to="thuvien@binhsen.example",
)

Served = Callable[..., tuple[Post, Config]]


def signed(certificate: Path) -> SSLContext:
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def judge(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
    """Let the library in, nobody else."""
    assert isinstance(data, LoginPassword)
    right = (data.login, data.password) == (b"sen", "mật khẩu".encode())
    return AuthResult(success=right, handled=False)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    """Start a mail server that speaks as told; the machine trusts the certificate ``trusted``."""
    running: list[Controller] = []
    monkeypatch.setattr(module, "SECONDS", 5)

    def start(security: str, *, trusted: bool = True, **kwargs: Any) -> tuple[Post, Config]:
        certificate = self_signed(tmp_path, **kwargs.pop("certificate", {}))
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        post = Post()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        speaks = signed(certificate) if kwargs.pop("tls", True) else None
        if security == "tls":
            kwargs |= {"ssl_context": speaks, "auth_require_tls": False}  # it is TLS all along
        elif speaks is not None:
            kwargs |= {"tls_context": speaks, "require_starttls": True}
        server = Controller(
            post, hostname="127.0.0.1", port=port, ready_timeout=20, authenticator=judge, **kwargs
        )
        server.start()
        running.append(server)
        settings = Config(
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security=security,
            smtp_from="thuvien@sen.example",
        )
        return post, settings

    yield start
    for server in running:
        server.stop(no_assert=True)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_encrypted_and_signed_in_and_arrives_as_it_was_written(
    served: Served, security: str
) -> None:
    post, settings = served(security, auth_required=True)
    settings = replace(settings, smtp_user="sen", smtp_password="mật khẩu")
    Mail(settings).send(LETTER)
    [mail] = post.taken
    assert mail.get_content().replace("\r\n", "\n") == LETTER.text
    assert mail["From"].addresses[0].display_name == "Thư viện Bình Sen"
    assert mail["From"].addresses[0].addr_spec == "thuvien@sen.example"
    assert mail["Subject"] == LETTER.subject
    assert mail["Message-ID"] == LETTER.reference
    assert mail["Reply-To"] == LETTER.reply_to


def test_a_wrong_password_is_the_houses_own_fault_and_tried_again(served: Served) -> None:
    post, settings = served("starttls", auth_required=True)
    with pytest.raises(Later, match="535") as fault:
        Mail(replace(settings, smtp_user="sen", smtp_password="sai")).send(LETTER)
    assert fault.value.down
    assert not post.taken


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    "case",
    [
        {"trusted": False},
        {"certificate": {"name": "mail.other.example"}},
        {"certificate": {"days": -1}},
    ],
    ids=["unknown", "of another", "ended"],
)
def test_a_certificate_that_is_not_right_gets_neither_password_nor_mail(
    served: Served, security: str, case: dict[str, Any]
) -> None:
    post, settings = served(security, **case)
    with pytest.raises(Later, match=r"(?i)certificate") as fault:
        Mail(replace(settings, smtp_user="sen", smtp_password="mật khẩu")).send(LETTER)
    assert fault.value.down
    assert not post.taken


def test_a_server_that_cannot_encrypt_gets_nothing_in_the_clear(served: Served) -> None:
    post, settings = served("starttls", tls=False)
    with pytest.raises(Later, match="STARTTLS"):
        Mail(settings).send(LETTER)
    assert not post.taken


@pytest.mark.parametrize(
    ("at", "said", "error", "address"),
    [
        ("at_rcpt", "450 try later", Later, None),
        ("at_rcpt", "550 no such user", RefusedForGood, True),
        ("at_data", "451 try later", Later, None),
        ("at_data", "554 looks like spam", RefusedForGood, False),
        ("at_data", None, Unsure, None),
    ],
)
def test_what_the_server_says_is_understood(
    served: Served, at: str, said: str | None, error: type[Exception], address: bool | None
) -> None:
    post, settings = served("none", tls=False)
    getattr(post, at).append(said)
    with pytest.raises(error) as fault:
        Mail(settings).send(LETTER)
    assert getattr(fault.value, "address", None) == address
    assert not getattr(fault.value, "down", False)


def test_a_server_that_is_not_there_or_says_nothing_is_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = Config(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none")
        with pytest.raises(Later) as fault:
            Mail(settings).send(LETTER)
        assert fault.value.down
    with pytest.raises(Later) as fault:
        Mail(settings).send(LETTER)
    assert fault.value.down


@pytest.mark.parametrize(
    "to", ["lan@", "lan", "a b@c.vn", "lan@sen.example\r\nBcc: x@y.z", "lân@c.vn"]
)
def test_what_is_no_address_never_reaches_a_server(to: str) -> None:
    with pytest.raises(RefusedForGood) as fault:
        Mail(Config(smtp_host="127.0.0.1", smtp_port=1)).send(replace(LETTER, to=to))
    assert fault.value.address


def test_a_text_that_cannot_be_a_mail_is_refused_and_the_address_is_not_to_blame() -> None:
    with pytest.raises(RefusedForGood) as fault:
        Mail(Config(smtp_host="127.0.0.1", smtp_port=1)).send(replace(LETTER, text="\ud800"))
    assert not fault.value.address


# --- gateways --------------------------------------------------------------------------------

SMS = Outgoing("<sen.2@sen.example>", "0600123456", "", "Thu vien: sach qua han")


@pytest.mark.parametrize(
    ("answer", "error", "address"),
    [
        (200, None, None),
        (302, Later, None),
        (400, RefusedForGood, True),
        (401, Later, None),
        (422, RefusedForGood, True),
        (429, Later, None),
        (503, Later, None),
        (0, Unsure, None),
    ],
)
def test_what_a_gateway_answers_is_understood(
    gateway: Gateway, answer: int, error: type[Exception] | None, address: bool | None
) -> None:
    from ils.core.config import config

    carrier = HttpGateway(config().sms_url, "X-Key: k", '{"to": "{to}", "text": "{text}"}')
    gateway.answers = [answer]
    if error is None:
        carrier.send(SMS)
    else:
        with pytest.raises(error) as fault:
            carrier.send(SMS)
        assert getattr(fault.value, "address", None) == address
    assert gateway.posted == [{"to": SMS.to, "text": SMS.text}]
    assert gateway.headers[0]["idempotency-key"] == SMS.reference
    assert gateway.headers[0]["x-key"] == "k"


@pytest.mark.parametrize(
    ("url", "header", "body"),
    [
        ("{url}", "", "no JSON"),
        ("{url}", "X-Key: bí mật ✓", '"{text}"'),
        ("{url}/a b", "", '"{text}"'),
        ("http://127.0.0.1:port/", "", '"{text}"'),
        ("http://127.0.0.1:1/", "", '"{text}"'),
    ],
)
def test_settings_that_cannot_be_are_the_houses_own_fault_and_burn_no_message(
    gateway: Gateway, url: str, header: str, body: str
) -> None:
    there = f"http://127.0.0.1:{gateway.server.server_port}"
    with pytest.raises(Later) as fault:
        HttpGateway(url.replace("{url}", there), header, body).send(SMS)
    assert fault.value.down
    assert not gateway.posted


def test_a_gateway_that_takes_the_text_and_says_nothing_leaves_doubt(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ils.core.config import config

    monkeypatch.setattr(module, "SECONDS", 0.2)
    gateway.answers = [-1]
    with pytest.raises(Unsure):
        HttpGateway(config().sms_url, "", '"{text}"').send(SMS)
    assert gateway.posted == [SMS.text]


def test_a_gateway_with_a_certificate_of_its_own_making_gets_no_text(
    tmp_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    server: HTTPServer = gateway.server
    server.socket = signed(certificate).wrap_socket(server.socket, server_side=True)
    carrier = HttpGateway(f"https://127.0.0.1:{server.server_port}/", "", '"{text}"')
    with pytest.raises(Later, match=r"(?i)certificate") as fault:
        carrier.send(SMS)
    assert fault.value.down
    assert not gateway.posted
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    carrier.send(SMS)
    assert gateway.posted == [SMS.text]
