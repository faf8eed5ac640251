"""SIP2 on the wire: text with fixed fields, coded fields, a sequence number and a checksum.

    11YN20261127    101500                  AOTVT|AAST000025|ABVN.00012|AC|AY3AZF1B2\\r
    ↑ code, fixed fields by place           ↑ fields by code             ↑ sequence, checksum

Source: 3M Standard Interchange Protocol, version 2.00. Layouts are data (messages.toml).
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from ils.core import clock
from ils.core.errors import IlsError

LONGEST_FIELD = 255  # bytes, says the protocol
RESEND = "96"
_TRAILER = re.compile(rb"(?:AY(\d))?AZ([0-9A-Fa-f]{1,4})$")


class BadMessage(IlsError):
    """What came is no message: a wrong checksum, an unknown code, or cut off."""

    status = 400


@dataclass(frozen=True)
class Layout:
    """The name of a message and its fixed fields with their lengths."""

    name: str
    fixed: tuple[tuple[str, int], ...]


@cache
def layouts() -> dict[str, Layout]:
    """Return the layout of every message by its code, requests and responses."""
    data = _data()
    return {
        code: Layout(one["name"], tuple((name, length) for name, length in one["fixed"]))
        for part in ("requests", "responses")
        for code, one in data[part].items()
    }


@cache
def media_types() -> Mapping[str, str]:
    """Return the protocol's code for each kind of copy."""
    found: dict[str, str] = _data()["media_types"]
    return found


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Message:
    """A message taken apart. ``fields`` may hold a code more than once."""

    code: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[tuple[str, str], ...] = ()
    sequence: str = ""
    checked: bool = False

    @property
    def name(self) -> str:
        """The message's name."""
        return layouts()[self.code].name

    def get(self, code: str) -> str:
        """Return the first field of a code, '' where it is missing."""
        return next((value for key, value in self.fields if key == code), "")

    def all(self, code: str) -> list[str]:
        """Return all fields of a code."""
        return [value for key, value in self.fields if key == code]


def parse(raw: bytes) -> Message:
    """Take a message apart. Raises ``BadMessage`` for a wrong checksum or an unknown code."""
    line = raw.strip(b"\r\n\0 ")
    sequence, checked = "", False
    trailer = _TRAILER.search(line)
    if trailer:
        if not _adds_up(line[: trailer.start(2)], int(trailer[2], 16)):
            raise BadMessage("checksum_wrong")
        sequence = (trailer[1] or b"").decode()
        checked, line = True, line[: trailer.start()]
    text = line.decode("utf-8", "replace")
    code = text[:2]
    layout = layouts().get(code)
    if layout is None:
        raise BadMessage("message_unknown", code=code)
    fixed, at = {}, 2
    for name, length in layout.fixed:
        fixed[name], at = text[at : at + length], at + length
    if at > len(text):
        raise BadMessage("message_short", code=code)
    fields = tuple((part[:2], part[2:]) for part in text[at:].split("|") if len(part) >= 2)
    return Message(code, fixed, fields, sequence, checked)


def _adds_up(summed: bytes, checksum: int) -> bool:
    """Tell whether a checksum is right: of the bytes, or of the letters, as some clients add."""
    letters = summed.decode("utf-8", "replace")
    return any((total + checksum) & 0xFFFF == 0 for total in (sum(summed), sum(map(ord, letters))))


def build(message: Message, *, ascii_only: bool = False) -> bytes:
    """Write a message as it goes over the wire, its checksum included where it is checked.

    ``ascii_only`` takes the marks off, for machines that show no Vietnamese.
    """
    layout = layouts()[message.code]
    parts = [message.code]
    for name, length in layout.fixed:
        parts.append(message.fixed.get(name, "")[:length].ljust(length))
    text = "".join(parts).encode()
    for code, value in message.fields:
        text += code.encode() + _field(value, ascii_only=ascii_only) + b"|"
    if message.sequence:
        text += b"AY" + message.sequence.encode()
    if message.checked:
        text += b"AZ"
        text += f"{-sum(text) & 0xFFFF:04X}".encode()
    return text + b"\r"


def _field(value: str, *, ascii_only: bool) -> bytes:
    clean = re.sub(r"[\r\n\t\0]+", " ", value).replace("|", "/")
    if ascii_only:
        return _unmarked(clean).encode("ascii", "replace")[:LONGEST_FIELD]
    return clean.encode()[:LONGEST_FIELD].decode("utf-8", "ignore").encode()


def _unmarked(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def coded(pairs: Iterable[tuple[str, str | int | None]]) -> tuple[tuple[str, str], ...]:
    """Return fields for a message; what is None is left out."""
    return tuple((code, str(value)) for code, value in pairs if value is not None)


def yes(value: object) -> str:
    """Return Y or N."""
    return "Y" if value else "N"


def stamp(moment: datetime) -> str:
    """Write an instant: YYYYMMDD, four blanks (local time), HHMMSS."""
    return clock.local(moment).strftime("%Y%m%d    %H%M%S")


def last_moment(day: date | str | None) -> str | None:
    """Write a due day: it is free to its last second."""
    if day is None or day == "":
        return None
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{found:%Y%m%d}    235959"


def day_of(text: str) -> date | None:
    """Read the day of a stamp, None where there is none."""
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 — a day has no zone
    except ValueError:
        return None


def moment_of(text: str) -> datetime | None:
    """Read a stamp of local time, None where there is none."""
    try:
        told = datetime.strptime(text[:8] + text[12:18], "%Y%m%d%H%M%S")  # noqa: DTZ007 — zone below
    except ValueError:
        return None
    return told.replace(tzinfo=clock.ZONE)
