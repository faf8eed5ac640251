"""From bytes to text: one record's encoding is chosen, its values are read and cleaned.

The leader often lies about the encoding, so the bytes decide: valid UTF-8 is UTF-8; else the file's
Vietnamese legacy encoding if its text reads well in one; else MARC-8 if the bytes stand where
MARC-8 can have them; else Windows-1252, which every other byte can be read as and written back.
A byte that is no text in the chosen encoding is kept and told. All text becomes NFC.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from cataloging.marc.formats import marc8
from cataloging.marc.formats.found import Repairs
from ils.text import legacy
from ils.text.normal import cleaned

AUTO: Final = "auto"
VIETNAMESE: Final = ("tcvn3", "vni", "viscii", "windows-1258")
# What a person may choose. Python's name of each, or None where we read it ourselves.
ENCODINGS: Final[dict[str, str | None]] = {
    "utf-8": "utf-8",
    "marc-8": None,
    "tcvn3": None,
    "vni": None,
    "viscii": None,
    "windows-1258": None,
    "windows-1252": "cp1252",
    "iso-8859-1": "latin-1",
    "iso-8859-2": "iso8859-2",
    "windows-1251": "cp1251",
    "koi8-r": "koi8-r",
    "cp866": "cp866",
    "gb18030": "gb18030",
    "big5": "big5",
    "euc-kr": "euc-kr",
    "shift-jis": "shift_jis",
}
ETHS: Final = "ÐðƉɖ"
# Of a record that came without one: a monograph, lengths left open.
MADE_LEADER: Final = " " * 5 + "nam a22" + " " * 8 + "4500"

_NORDIC: Final = re.compile("[þÞæÆ]")
_FORBIDDEN: Final = re.compile("[\x00\x1d\x1e\x1f]")
_SEQUENCE: Final = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_ABOVE_ASCII: Final = re.compile(rb"[\x80-\xff]+")
# MARC-8 writes letters it lacks this way. Source: MARC 21 Specifications, lossless technique.
_REFERENCE: Final = re.compile(r"&#x([0-9A-Fa-f]{2,6});|&#([0-9]{2,7});")


@dataclass(frozen=True)
class Reading:
    """How the text of a file is to be read.

    ``chosen`` is what a person chose, or ``auto``; ``guessed`` the file's legacy encoding, if the
    sample had one; ``misread`` the encoding that its Unicode text had been misread from, if any.
    """

    chosen: str = AUTO
    guessed: str = ""
    misread: str = ""

    @property
    def is_plain(self) -> bool:
        """Tell whether valid UTF-8 is taken as it is, which the quick path needs."""
        return self.chosen in (AUTO, "utf-8") and not self.misread

    def encoding_of(self, raw: bytes, *, says_unicode: bool) -> str:
        """Choose the encoding of one record from all its bytes and what its leader says."""
        if self.chosen != AUTO:
            return self.chosen
        if marc8.has_escapes(raw) and not (says_unicode and not raw.isascii() and is_utf8(raw)):
            return "marc-8"
        if raw.isascii() or is_utf8(raw):
            return "utf-8"
        good = len(_SEQUENCE.findall(raw))
        bad = len(_ABOVE_ASCII.findall(_SEQUENCE.sub(b"", raw)))
        if good and good >= bad:
            return "utf-8"
        if self.guessed:
            return self.guessed
        if marc8.looks_like_marc8(raw):
            return "marc-8"
        return "utf-8" if says_unicode else "windows-1252"


def is_utf8(raw: bytes) -> bool:
    """Tell whether bytes are valid UTF-8."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Reader:
    """Reads the values of one record in one encoding and notes what it had to repair."""

    def __init__(
        self, encoding: str, reading: Reading, repairs: Repairs, *, has_references: bool = False
    ) -> None:
        self.encoding = encoding
        self.repairs = repairs
        self._has_references = has_references or encoding == "marc-8"
        self._misread = reading.misread
        # Letters that only stand for unknown bytes prove nothing.
        self._mends_eth = encoding != "windows-1252"
        self._chosen = reading.chosen

    def text(self, raw: bytes, tag: str) -> str:
        """Return a value as NFC text."""
        if raw.isascii() and b"\x1b" not in raw:
            return self.clean(raw.decode("ascii"), tag)
        return self.clean(self._decoded(raw, tag), tag)

    def decode(self, raw: bytes, tag: str) -> str:
        """Return bytes as text without cleaning it, for a reader that still has markup to read."""
        return (
            raw.decode("ascii") if raw.isascii() and b"\x1b" not in raw else self._decoded(raw, tag)
        )

    def _decoded(self, raw: bytes, tag: str) -> str:
        if self.encoding == "utf-8":
            return self._utf8(raw, tag)
        if self._chosen == self.encoding and self.encoding in VIETNAMESE and is_utf8(raw):
            # The file is UTF-8, but was made from misread text.
            self.repairs.add("mojibake", tag, self.encoding)
            return legacy.decode(raw.decode("utf-8"), self.encoding)
        self.repairs.add("transcoded", tag, self.encoding)
        if self.encoding == "marc-8":
            text, bad = marc8.decode(raw)
            if bad:
                self.repairs.add("bad_bytes", tag, bytes(bad[:20]).hex(" "))
            return text
        if self.encoding in VIETNAMESE:
            return legacy.decode(raw, self.encoding)
        return self._by_table(raw, tag)

    def _utf8(self, raw: bytes, tag: str) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            pass
        text, bad = _keep_bad(raw, "utf-8")
        self.repairs.add("bad_bytes", tag, bad)
        return text

    def _by_table(self, raw: bytes, tag: str) -> str:
        name = ENCODINGS.get(self.encoding) or self.encoding
        try:
            return raw.decode(name)
        except UnicodeDecodeError:
            pass
        text, bad = _keep_bad(raw, name)
        if self.encoding != "windows-1252":
            self.repairs.add("bad_bytes", tag, bad)
        return text

    def clean(self, text: str, tag: str) -> str:
        """Return decoded text in NFC, with Đ for Ð, without what no exchange format can hold."""
        if text.isascii() and text.isprintable() and "&#" not in text:
            return text
        if _FORBIDDEN.search(text):
            bad = sorted({f"{ord(c):02x}" for c in _FORBIDDEN.findall(text)})
            self.repairs.add("control_characters", tag, " ".join(bad))
            text = _FORBIDDEN.sub("", text)
        if "&#" in text and self._has_references:
            text = self._without_references(text, tag)
        if self._misread:
            repaired = legacy.repair(text, expected=self._misread)
            if repaired.encoding:
                self.repairs.add("mojibake", tag, repaired.encoding)
                text = repaired.text
        return self._normal(text, tag)

    def _without_references(self, text: str, tag: str) -> str:
        written = _REFERENCE.sub(_character, text)
        if written != text:
            self.repairs.add("character_references", tag)
        return written

    def _normal(self, text: str, tag: str) -> str:
        if not unicodedata.is_normalized("NFC", text):
            self.repairs.add("nfc", tag)
            text = unicodedata.normalize("NFC", text)
        if self._mends_eth and any(char in text for char in ETHS):
            better = cleaned(text)
            if "eth" in better.repairs and not _NORDIC.search(text):
                for code in better.repairs:
                    self.repairs.add(code, tag)
                return better.text
        return text


def _character(match: re.Match[str]) -> str:
    """Write out a reference to a letter; one to a control sign or to nothing stays as it is."""
    number = int(match.group(1), 16) if match.group(1) else int(match.group(2))
    if number < 0xA0 or 0xD800 <= number < 0xE000 or number > 0x10FFFF:
        return match.group()
    return chr(number)


def _keep_bad(raw: bytes, encoding: str) -> tuple[str, str]:
    """Decode, keeping each bad byte as the letter Windows-1252 has for it."""
    out: list[str] = []
    bad: list[str] = []
    at = 0
    while at < len(raw):
        try:
            out.append(raw[at:].decode(encoding))
            break
        except UnicodeDecodeError as error:
            out.append(raw[at : at + error.start].decode(encoding))
            wrong = raw[at + error.start : at + error.end]
            out.extend(marc8.kept(byte) for byte in wrong)
            bad.append(wrong.hex(" "))
            at += error.end
    return "".join(out), " ".join(bad[:20])


def tidy_leader(leader: str, repairs: Repairs) -> str:
    """Return the leader as this program keeps it: 24 characters, Unicode, the lengths MARC 21 fixes.

    Positions 00-04 and 12-16 (lengths of ISO 2709) stay as read; they are computed on export.
    """
    if leader[9:12] == "a22" and leader[20:] == "4500":
        return leader
    whole = leader
    if len(leader) != 24:
        stripped = leader.strip()
        whole = stripped if len(stripped) == 24 else leader
        if len(whole) != 24:
            whole = whole[:24].ljust(24)
        repairs.add("leader_size", "LDR", leader[:60])
    if whole[9] != "a":
        repairs.add("leader_coding", "LDR", whole[9])
    if whole[10:12] != "22" or whole[20:24] != "4500":
        repairs.add("leader_structure", "LDR", f"{whole[10:12]} {whole[20:24]}")
    return f"{whole[:9]}a22{whole[12:20]}4500"
