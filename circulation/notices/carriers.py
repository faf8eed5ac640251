"""What carries a message: SMTP for mail, a provider's HTTP gateway for SMS and Zalo.

A carrier says one of four things: it went (no error), try later, refused for good, or nobody can
know. The last happens when the line breaks after the text was handed over: such a message is not
sent again by itself, for a reader told twice trusts no message.
"""

import http.client
import re
import smtplib
import ssl
from base64 import b64encode
from dataclasses import dataclass
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

import orjson

from ils.core import clock
from ils.core.config import Config

SECONDS = 20
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")


class Later(Exception):
    """A temporary fault: the message was not taken, try again. ``down`` tells that the server itself
    could not be used, so that no other message needs to be tried now."""

    def __init__(self, why: str, *, down: bool = False) -> None:
        super().__init__(why)
        self.down = down


class RefusedForGood(Exception):
    """The message will never be taken; ``address`` tells that the address is the reason."""

    def __init__(self, why: str, *, address: bool) -> None:
        super().__init__(why)
        self.address = address


class Unsure(Exception):
    """The message was handed over and no answer came: it may have gone."""


@dataclass(frozen=True)
class Outgoing:
    """A message on its way. ``reference`` is the same at every try."""

    reference: str
    to: str
    subject: str
    text: str
    sender_name: str = ""
    reply_to: str = ""
    file_name: str = ""  # of a PDF that goes along
    content: bytes = b""


class Carrier(Protocol):
    """Carries one message. Raises ``Later``, ``RefusedForGood`` or ``Unsure``."""

    def send(self, message: Outgoing) -> None:
        """Carry it."""


class Mail:
    """Mail through the server of the settings."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def send(self, message: Outgoing) -> None:
        """Mail one message; the server is left politely whatever happened."""
        if not message.to.isascii() or not _ADDRESS.fullmatch(message.to):
            raise RefusedForGood("not an address", address=True)
        try:
            content = self._written(message).as_bytes(policy=compat32.clone(linesep="\r\n"))
        except ValueError as error:  # a line break in a name, half a letter
            raise RefusedForGood(_words(error), address=False) from error
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise Later(_words(error), down=True) from error
        try:
            self._hand_over(server, message.to, content)
        finally:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    @property
    def sender(self) -> str:
        """Return the address mail comes from."""
        return self.config.smtp_from or self.config.smtp_user or "sen@localhost"

    def _written(self, message: Outgoing) -> MIMEBase:
        # The older way of email: the newer one loses spaces where it folds what is not ASCII.
        mail: MIMEBase = MIMEText(message.text, "plain", "utf-8")
        if message.content:
            paper = MIMEApplication(message.content, "pdf")
            paper.add_header("Content-Disposition", "attachment", filename=message.file_name)
            mail = MIMEMultipart("mixed", _subparts=[mail, paper])
        sender = " ".join(message.sender_name.split())
        if sender.isascii():
            mail["From"] = formataddr((sender, self.sender))
        else:
            named = Header(sender, "utf-8", header_name="From")
            named.append(f"<{self.sender}>", "us-ascii")
            mail["From"] = named  # type: ignore[assignment]
        mail["To"] = message.to
        subject = " ".join(message.subject.split())
        mail["Subject"] = Header(subject, "utf-8", header_name="Subject")  # type: ignore[assignment]
        mail["Date"] = format_datetime(clock.now())
        mail["Message-ID"] = message.reference
        mail["Auto-Submitted"] = "auto-generated"
        if _ADDRESS.fullmatch(message.reply_to):
            mail["Reply-To"] = message.reply_to
        if _ADDRESS.fullmatch(message.reply_to) and not message.content:
            mail["List-Unsubscribe"] = f"<mailto:{message.reply_to}?subject=unsubscribe>"
        return mail

    def _connected(self) -> smtplib.SMTP:
        host, port = self.config.smtp_host, self.config.smtp_port
        secure = ssl.create_default_context()
        if self.config.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=secure)
        else:
            server = smtplib.SMTP(host, port, timeout=SECONDS)
        try:
            server.ehlo_or_helo_if_needed()
            if self.config.smtp_security == "starttls":
                server.starttls(context=secure)
                server.ehlo()
            if self.config.smtp_user:
                self._sign_in(server)
        except BaseException:
            server.close()
            raise
        return server

    def _sign_in(self, server: smtplib.SMTP) -> None:
        user, password = self.config.smtp_user, self.config.smtp_password
        if (user + password).isascii():
            server.login(user, password)
            return
        proof = b64encode(f"\0{user}\0{password}".encode()).decode()  # smtplib knows ASCII only
        code, said = server.docmd("AUTH", f"PLAIN {proof}")
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, said)

    def _hand_over(self, server: smtplib.SMTP, to: str, content: bytes) -> None:
        try:
            _expect(server.mail(self.sender), address=None)
            _expect(server.rcpt(to), address=True)
            _expect(server.docmd("DATA"), address=False, good=3)
        except (OSError, smtplib.SMTPException) as error:
            raise Later(_words(error)) from error
        body = re.sub(rb"(?m)^\.", b"..", content)
        try:
            server.send(body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            answer = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Unsure(_words(error)) from error
        if answer[0] == -1:
            raise Unsure("no answer")
        _expect(answer, address=False)


def _expect(answer: tuple[int, bytes], *, address: bool | None, good: int = 2) -> None:
    """Judge an answer. A refusal of the sender (``address`` None) is the house's own fault: it is
    put right and tried again, and no reader's address suffers."""
    code, said = answer
    if code // 100 == good:
        return
    words = f"{code} {said.decode('utf-8', 'replace')}"[:280]
    if code // 100 == 5 and address is not None:
        raise RefusedForGood(words, address=address)
    raise Later(words)


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:280]


class HttpGateway:
    """Any provider that takes JSON by POST: an address, a header, and what is posted, as settings.

    200 to 299 went; 429 and 500 to 599 later; 400 and 422 the number is refused; 401, 403 and 404
    are the house's own fault and tried again once put right.
    """

    def __init__(self, url: str, header: str, body: str) -> None:
        self.url = url
        self.header = header
        self.body = body

    def send(self, message: Outgoing) -> None:
        """Post one message. The reference goes along, so that a provider can drop a second one."""
        values = {"to": message.to, "text": message.text, "id": message.reference}
        name, _, value = self.header.partition(":")
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.reference}
        if name.strip():
            headers[name.strip()] = value.strip()
        try:
            content = orjson.dumps(_filled(orjson.loads(self.body), values))
            parts = urlsplit(self.url)
            status, said = self._posted(parts, parts.port, content, headers)
        except (ValueError, http.client.InvalidURL) as error:  # settings that cannot be
            raise Later(_words(error), down=True) from error
        if 200 <= status < 300:
            return
        words = f"{status} {said}"[:280]
        if status in (400, 422):
            raise RefusedForGood(words, address=True)
        raise Later(words)

    def _posted(
        self, parts: SplitResult, port: int | None, content: bytes, headers: dict[str, str]
    ) -> tuple[int, str]:
        """Post, telling what failed before the text was handed over from what failed after."""
        made = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        line = made(parts.hostname or "", port, timeout=SECONDS)
        try:
            try:
                line.connect()
            except (OSError, http.client.HTTPException) as error:
                raise Later(_words(error), down=True) from error
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            try:
                line.request("POST", path, body=content, headers=headers)
                answer = line.getresponse()
                return answer.status, answer.read(2000).decode("utf-8", "replace")
            except http.client.InvalidURL:
                raise
            except (OSError, http.client.HTTPException) as error:
                raise Unsure(_words(error)) from error
        finally:
            line.close()


def _filled(value: Any, values: dict[str, str]) -> Any:
    """Put values into the strings of a JSON value; quotes in a text cannot break it."""
    if isinstance(value, str):
        for name, text in values.items():
            if value == "{" + name + "}":
                return text
        return re.sub(r"\{(to|text|id)\}", lambda found: values[found[1]], value)
    if isinstance(value, dict):
        return {key: _filled(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    return value


def carriers(config: Config) -> dict[str, Carrier]:
    """Return what the settings of the process offer, by way."""
    found: dict[str, Carrier] = {}
    if config.smtp_host:
        found["email"] = Mail(config)
    if config.sms_url:
        found["sms"] = HttpGateway(config.sms_url, config.sms_header, config.sms_body)
    if config.zalo_url:
        found["zalo"] = HttpGateway(config.zalo_url, config.zalo_header, config.zalo_body)
    return found
