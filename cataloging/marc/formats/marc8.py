"""MARC-8, the encoding of MARC 21 before Unicode, by the code tables that come with pymarc.

Unlike pymarc's own reader this one keeps what it cannot read, and says so.
Source: MARC 21 Specifications for Record Structure, Character Sets: MARC-8 Environment.
"""

import re
import unicodedata
from functools import cache
from typing import Any, Final

_BASIC: Final = 0x42
_ANSEL: Final = 0x45
_EAST_ASIAN: Final = 0x31
_CONTROLS: Final = {0x88: "\u0098", 0x89: "\u009c", 0x8D: "\u200d", 0x8E: "\u200c"}
_ESCAPE: Final = re.compile(rb"\x1b(?:\$,?(1)|[(,]!?([1-5BENQS])|\$?[)\-]!?([1-5BENQS])|([gbps]))")

# In ANSEL a diacritic stands before its letter, a special letter alone.
_IN_PLACE: Final = re.compile(
    rb"[\xe0-\xfe]{1,3}(?=[A-Za-z\xa1-\xc8\x1b])|[\xa1-\xc8\x88\x89\x8d\x8e]"
)
_ABOVE_ASCII: Final = re.compile(rb"[\x80-\xff]")
_MOSTLY: Final = 0.9


@cache
def _tables() -> tuple[dict[int, dict[int, tuple[int, int]]], dict[int, int]]:
    from pymarc import marc8_mapping as mapping

    tables: dict[int, Any] = dict(mapping.CODESETS)
    return tables, dict(mapping.ODD_MAP)


def looks_like_marc8(raw: bytes) -> bool:
    """Tell whether nearly all bytes above ASCII stand where MARC-8 can have them."""
    high = len(_ABOVE_ASCII.findall(raw))
    fitting = sum(len(run) for run in _IN_PLACE.findall(raw))
    return fitting >= high * _MOSTLY


def has_escapes(raw: bytes) -> bool:
    """Tell whether the bytes switch between the character sets of MARC-8."""
    return b"\x1b" in raw and _ESCAPE.search(raw) is not None


def decode(raw: bytes) -> tuple[str, list[int]]:
    """Return the text in NFC and the bytes that no table knows, kept as Windows-1252 letters.

    The sets in force at the start are Basic Latin and ANSEL, as at the start of every subfield.
    """
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii"), []
    return _Decoder(raw).decoded()


class _Decoder:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0
        self.g0, self.g1 = _BASIC, _ANSEL
        self.out: list[str] = []
        self.marks: list[str] = []
        self.bad: list[int] = []
        self.tables, self.odd = _tables()

    def decoded(self) -> tuple[str, list[int]]:
        while self.at < len(self.raw):
            if self.raw[self.at] == 0x1B and self._switch():
                continue
            if self.g0 == _EAST_ASIAN and 0x20 < self.raw[self.at] < 0x7F:
                self._three_bytes()
            else:
                self._one_byte()
        self.out.extend(self.marks)
        return unicodedata.normalize("NFC", "".join(self.out)), self.bad

    def _switch(self) -> bool:
        match = _ESCAPE.match(self.raw, self.at)
        if not match:
            return False
        multi, g0, g1, plain = match.groups()
        if multi:
            self.g0 = _EAST_ASIAN
        elif plain:
            self.g0 = _BASIC if plain == b"s" else plain[0]
        elif g0:
            self.g0 = g0[0]
        else:
            self.g1 = g1[0]
        self.at = match.end()
        return True

    def _three_bytes(self) -> None:
        three = self.raw[self.at : self.at + 3].partition(b"\x1b")[0]
        code = int.from_bytes(three, "big")
        found = self.tables[_EAST_ASIAN].get(code) if len(three) == 3 else None
        if found:
            self._put(chr(found[0]), is_mark=bool(found[1]))
        elif len(three) == 3 and code in self.odd:
            self._put(chr(self.odd[code]), is_mark=False)
        else:
            self._keep(three)
        self.at += len(three)

    def _one_byte(self) -> None:
        code = self.raw[self.at]
        self.at += 1
        if code <= 0x20:
            self._put(chr(code), is_mark=False)
            if code == 0x1B:
                self.bad.append(code)
            return
        if code in _CONTROLS:
            self._put(_CONTROLS[code], is_mark=False)
            return
        table = self.tables.get(self.g1 if code > 0x80 else self.g0, {})
        found = table.get(code)
        if found:
            self._put(chr(found[0]), is_mark=bool(found[1]))
        elif code < 0x7F and self.g0 == _BASIC:
            self._put(chr(code), is_mark=False)
        else:
            self._keep(bytes([code]))

    def _put(self, char: str, *, is_mark: bool) -> None:
        if is_mark:
            self.marks.append(char)
        else:
            self.out.append(char)
            if self.marks:
                self.out.extend(self.marks)
                self.marks = []

    def _keep(self, raw: bytes) -> None:
        self.bad.extend(raw)
        self._put("".join(kept(byte) for byte in raw), is_mark=False)


def kept(byte: int) -> str:
    """Return the letter that stands for a byte nobody can read: Windows-1252, else its number."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)
