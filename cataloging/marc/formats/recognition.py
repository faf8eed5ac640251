"""What a file is: its format by its content, and the encoding its text seems to have."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cataloging.marc.formats import aleph, marc8, mrk
from cataloging.marc.formats.characters import (
    AUTO,
    ENCODINGS,
    VIETNAMESE,
    Reader,
    Reading,
    is_utf8,
)
from cataloging.marc.formats.found import Repairs
from cataloging.marc.formats.opened import Opened
from ils.text import legacy
from ils.text.normal import cleaned

FORMATS: Final = ("iso2709", "marcxml", "json", "mrk", "aleph")
SAMPLE: Final = 512 << 10
SHOWN: Final = 4  # pieces of text shown in each encoding

_ISO_BEGIN: Final = re.compile(rb"[\s\x00]*[0-9]{5}[ -~]{5}")
_XML: Final = re.compile(
    rb"<(?:[\w.-]{1,40}:)?(?:record|collection|leader|datafield|controlfield)[\s>/]"
)
_BOM: Final = b"\xef\xbb\xbf"
# Signs that no text has and every picture, document or archive is full of.
_NO_TEXT: Final = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x19\x1c\x7f]")
BINARY: Final = 0.02
# Text with letters above ASCII, without the subfield code before it, which would spoil a word.
_RUN: Final = re.compile(rb"(?:[\x1f$|][0-9A-Za-z])?([^\x00-\x1f\"<>$|{}]+)")
_OFFERED: Final = ("utf-8", "marc-8", *VIETNAMESE, "windows-1252")
# A guess below this is not acted upon: the text is read as it stands.
SURE: Final = legacy.SURE


@dataclass(frozen=True)
class Guess:
    """What a file seems to be. ``format`` is '' for one nobody knows."""

    format: str
    compressed: bool
    encoding: str
    reading: Reading
    alternatives: list[tuple[str, str]] = field(default_factory=list)  # encoding, text read in it
    is_mixed: bool = False


def recognize(path: Path) -> Guess:
    """Look at the beginning of a file and say what it is. Never raises for its content."""
    with Opened(path) as stream:
        compressed = stream.compressed
        sample = b""
        while len(sample) < SAMPLE and (block := stream.read(SAMPLE)):
            sample += block
    found = _format_of(sample)
    reading, shown = _reading_of(sample)
    words = _words(sample[:SAMPLE])
    utf8 = sum(1 for word in words if is_utf8(word))
    return Guess(
        found,
        compressed,
        shown,
        reading,
        _alternatives(words),
        is_mixed=bool(utf8) and utf8 < len(words) * 0.98,
    )


def reading_for(path: Path, encoding: str) -> Reading:
    """Return how the text of a file is to be read. Raises ``KeyError`` for an unknown encoding."""
    if encoding == AUTO:
        return recognize(path).reading
    if encoding not in ENCODINGS:
        raise KeyError(encoding)
    return Reading(encoding)


def _format_of(sample: bytes) -> str:
    text = sample.removeprefix(_BOM).lstrip()
    if _ISO_BEGIN.match(sample) and b"\x1e" in sample[:200_000]:
        return "iso2709"
    if text.startswith(b"%PDF") or len(_NO_TEXT.findall(sample)) > len(sample) * BINARY:
        return ""
    if _XML.search(sample if text.startswith(b"<") else text[:4000]):
        return "marcxml"
    if text[:1] in (b"{", b"["):
        return "json"
    for line in text[:20_000].splitlines()[:50]:
        if mrk.FIELD_LINE.match(line):
            return "mrk"
        if aleph.FIELD_LINE.match(line):
            return "aleph"
    return "iso2709" if b"\x1e" in sample and b"\x1f" in sample else ""


def _words(sample: bytes) -> list[bytes]:
    """Return the runs of text with bytes above ASCII in them, without their subfield codes."""
    return [run for run in _RUN.findall(sample) if not run.isascii()]


def _reading_of(sample: bytes) -> tuple[Reading, str]:
    """Return how the text is to be read, and the encoding's name for people."""
    pieces = _words(sample)
    if not pieces:
        return Reading(), "marc-8" if b"\x1b" in sample else "utf-8"
    unicode = [piece for piece in pieces if is_utf8(piece)]
    is_unicode = len(unicode) * 2 > len(pieces)
    if is_unicode:
        read = b" ".join(unicode)[:100_000].decode("utf-8", "ignore")
        misread = legacy.guess_encoding(read)
        is_twice = misread.encoding == legacy.UTF8_MISREAD and misread.confidence >= SURE
        if is_twice and legacy.is_vietnamese(legacy.decode(read, misread.encoding)):
            return Reading(misread=misread.encoding), "utf-8"
        misread = legacy.guess_encoding(cleaned(read).text)
        if misread.encoding in VIETNAMESE and misread.confidence >= SURE:
            return Reading(misread=misread.encoding), misread.encoding
    # A file put together from several: what is no Unicode in it has an encoding of its own.
    text = b" ".join(piece for piece in pieces if not is_utf8(piece))[:100_000]
    guess = legacy.guess_encoding(text)
    if guess.encoding in VIETNAMESE and guess.confidence >= SURE:
        return Reading(guessed=guess.encoding), "utf-8" if is_unicode else guess.encoding
    if is_unicode:
        return Reading(), "utf-8"
    return Reading(), "marc-8" if marc8.looks_like_marc8(text) else "windows-1252"


def _alternatives(words: list[bytes]) -> list[tuple[str, str]]:
    """Return the same pieces of text in each encoding, so that a person can choose."""
    chosen = [word[-80:] if is_utf8(word) else word[:80] for word in words[: SHOWN * 8 : 8]]
    found = []
    for encoding in _OFFERED:
        reader = Reader(encoding, Reading(encoding), Repairs())
        shown = " · ".join(reader.text(word, "").strip() for word in chosen[:SHOWN])
        if shown:
            found.append((encoding, shown))
    return found
