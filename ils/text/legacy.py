"""Vietnamese text from before Unicode: TCVN3 (ABC), VNI, VISCII, Windows-1258.

Old lists come as bytes, or as text that some program read as Latin-1 (``Th− viÖn Khoa häc``).
``guess_encoding`` says what they are, ``decode`` reads them, ``repair`` does both where the case
is clear. The guess rests on what Vietnamese can spell: under the right table nearly every word
with marks is a possible syllable, under a wrong one nearly none is; letter frequency decides
between equals.

TCVN3 stores ư as byte 0xAD, the soft hyphen of Latin-1, which programs drop or show as a dash;
a dash inside a word that needs ư to be a syllable is read as ư. Fonts for capitals (.VnTimeH)
stored small letters: their case is lost. Sources: TCVN 5712:1993, RFC 1456 (VISCII); VNI's code
page as its fonts use it. docs/search.md tells how the tables were checked.
"""

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ils.text.alphabet import HOI, HUYEN, NANG, NGA, SAC, TONED
from ils.text.syllables import is_syllable

ENCODINGS: Final = ("tcvn3", "vni", "viscii", "windows-1258")
UTF8_MISREAD: Final = "utf-8-misread"  # UTF-8 bytes that were read as Latin-1
SURE: Final = 0.8

# Bytes 0x80 to 0xFF, sixteen to a line.
_TCVN3: Final = (
    "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨ"
    "ÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ"
    "\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ"
    "\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ"
    "ẮẦẨẪẤỀặầẩẫấậèỂẻẽ"
    "éẹềểễếệìỉỄẾỒĩíịò"
    "Ổỏõóọồổỗốộờởỡớợù"
    "ỖủũúụừửữứựỳỷỹýỵỐ"
)
_VISCII: Final = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐ"
    "ỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"
    "Õắằặấầẩậẽẹếềểễệố"
    "ồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳ"
    "ĐứÒÓÔạỷừửÙÚỹỵÝỡư"
    "àáâãảăữẫèéêẻìíĩỉ"
    "đựòóôõỏọụùúũủýợỮ"
)
_VISCII_LOW: Final = {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}

_TCVN3_TABLE: Final = dict(enumerate(_TCVN3, start=0x80))
_VISCII_TABLE: Final = dict(enumerate(_VISCII, start=0x80)) | _VISCII_LOW

# VNI writes a letter and then its mark: aø is à. Each row: letter under the mark, tone → mark.
_VNI_MARKS: Final = {
    "": {HUYEN: "ø", SAC: "ù", HOI: "û", NGA: "õ", NANG: "ï"},
    "â": {0: "â", HUYEN: "à", SAC: "á", HOI: "å", NGA: "ã", NANG: "ä"},
    "ă": {0: "ê", HUYEN: "è", SAC: "é", HOI: "ú", NGA: "ü", NANG: "ë"},
}
_VNI_SINGLE: Final = {
    "ì": "ì", "í": "í", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "ñ": "đ", "ö": "ư", "ô": "ơ",
}  # fmt: skip


def _vni_table() -> dict[str, str]:
    table = dict(_VNI_SINGLE)
    bases = {"a": "a", "e": "e", "o": "o", "u": "u", "y": "y", "ô": "ơ", "ö": "ư"}
    hatted = {"a": "â", "e": "ê", "o": "ô"}
    for written, vowel in bases.items():
        table |= {written + mark: TONED[vowel, tone] for tone, mark in _VNI_MARKS[""].items()}
    for written, vowel in hatted.items():
        table |= {written + mark: TONED[vowel, tone] for tone, mark in _VNI_MARKS["â"].items()}
    table |= {"a" + mark: TONED["ă", tone] for tone, mark in _VNI_MARKS["ă"].items()}
    return table


_VNI_TABLE: Final = _vni_table()
_VNI_WRITTEN: Final = re.compile(
    "|".join(sorted(map(re.escape, _VNI_TABLE), key=len, reverse=True)), re.IGNORECASE
)

# What programs show for bytes 0x80–0x9F when they take them for Windows-1252.
_CP1252_TO_BYTE: Final = {
    ord(bytes([code]).decode("cp1252", "replace")): code
    for code in range(0x80, 0xA0)
    if bytes([code]).decode("cp1252", "replace") != "\ufffd"
}
_DASHES: Final = "-\u2010\u2011\u2212"
_RUN: Final = re.compile(r"[^\s!-/:-@\[-`{-~]+")
_DASHED_RUN: Final = re.compile(rf"[^\s!-,./:-@\[-`{{-~]*[{_DASHES}][^\s!-,./:-@\[-`{{-~]*")


@dataclass(frozen=True)
class Guess:
    """An encoding and how sure that is, 0 to 1. From ``SURE`` on nobody needs to be asked."""

    encoding: str
    confidence: float


@dataclass(frozen=True)
class Repaired:
    """Text as it was meant; ``encoding`` names what it was in, None when it was in order."""

    text: str
    encoding: str | None = None


def decode(data: bytes | str, encoding: str) -> str:
    """Read bytes, or text that was misread as Latin-1 or Windows-1252, from a legacy encoding.

    Characters outside the encoding stay as they are. The result is NFC. Raises ``LookupError`` for
    an unknown encoding.
    """
    if encoding == UTF8_MISREAD:
        raw = _as_bytes(data)
        return unicodedata.normalize("NFC", raw.decode("utf-8")) if raw else str(data)
    reader = _READERS.get(encoding)
    if reader is None:
        raise LookupError(encoding)
    misread = data.decode("latin-1") if isinstance(data, bytes) else data
    return unicodedata.normalize("NFC", reader(misread.translate(_CP1252_TO_BYTE)))


def _as_bytes(data: bytes | str) -> bytes | None:
    if isinstance(data, bytes):
        return data
    try:
        return data.translate(_CP1252_TO_BYTE).encode("latin-1")
    except UnicodeEncodeError:
        return None


def _read_tcvn3(misread: str) -> str:
    return _DASHED_RUN.sub(_restore_u_horn, misread).translate(_TCVN3_TABLE)


def _restore_u_horn(match: re.Match[str]) -> str:
    """Put ư (0xAD) where a dash stands for it: only if that makes the word a syllable."""
    run = match.group()
    restored = re.sub(f"[{_DASHES}]", "\u00ad", run)
    letters = unicodedata.normalize("NFC", restored.translate(_TCVN3_TABLE)).lower()
    return restored if len(run) > 1 and is_syllable(letters) else run


def _read_viscii(misread: str) -> str:
    return misread.translate(_VISCII_TABLE)


def _read_vni(misread: str) -> str:
    return _VNI_WRITTEN.sub(_read_vni_letter, misread)


def _read_vni_letter(match: re.Match[str]) -> str:
    written = match.group()
    letter = _VNI_TABLE[written.lower()]
    return letter.upper() if written[0].isupper() else letter


def _read_1258(misread: str) -> str:
    raw = "".join(char if ord(char) < 256 else " " for char in misread).encode("latin-1")
    read = raw.decode("cp1258", "replace")
    return "".join(
        old if ord(old) > 255 or new == "\ufffd" else new
        for old, new in zip(misread, read, strict=True)
    )


_READERS: Final[dict[str, Callable[[str], str]]] = {
    "tcvn3": _read_tcvn3,
    "vni": _read_vni,
    "viscii": _read_viscii,
    "windows-1258": _read_1258,
}


def guess_encoding(data: bytes | str) -> Guess:
    """Say how a Vietnamese text is encoded.

    Bytes: ``ascii``, ``utf-8``, one of ``ENCODINGS``, or ``windows-1252`` as the last resort.
    Text: ``unicode`` when it reads well as it is, one of ``ENCODINGS`` or ``UTF8_MISREAD`` when it
    was misread. Give enough text: a single short word is never sure.
    """
    if isinstance(data, bytes):
        if data.isascii() and not _VISCII_LOW.keys() & set(data):
            return Guess("ascii", 1.0)
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return _guess_legacy(data.decode("latin-1"), otherwise="windows-1252")
        return Guess("utf-8", 1.0)
    if data.isascii():
        return Guess("unicode", 1.0)
    return _guess_misread(data)


def _guess_misread(text: str) -> Guess:
    raw = _as_bytes(text)
    if raw is not None:
        try:
            meant = raw.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return Guess(UTF8_MISREAD, 1.0 if len(meant) < len(text) else 0.0)
    if sum(1 for char in text if ord(char) > 0x17F) > len(text) * 0.02 and not _looks_misread(text):
        return Guess("unicode", 1.0)
    return _guess_legacy(text, otherwise="unicode")


def _looks_misread(text: str) -> bool:
    """Tell whether signs of mojibake stand inside words: ViÖt, B¶n."""
    return any(_is_odd(run) for run in _RUN.findall(text))


def _is_odd(run: str) -> bool:
    inner = run[1:]
    return (
        any(
            char in "µ¶¸¹º»¼½¾¿®©¬\u00ad¨§¦×÷Þþ" or (char.isupper() and not char.isascii())
            for char in inner
        )
        and not run.isupper()
    )


def _guess_legacy(text: str, otherwise: str) -> Guess:
    as_is = _fit(text)
    best, best_fit = otherwise, as_is
    for encoding in ENCODINGS:
        fit = _fit(decode(text, encoding))
        if fit.worth > best_fit.worth + (0.15 if best == otherwise else 0.0):
            best, best_fit = encoding, fit
    if best == otherwise or best_fit.share < 0.5:
        return Guess(otherwise, as_is.share if as_is.words else 0.5)
    evidence = best_fit.good + sum(map(_is_odd, _RUN.findall(text)))
    return Guess(best, round(best_fit.share * (1 - 0.5**evidence), 3))


@dataclass(frozen=True)
class _Fit:
    words: int  # words with marks
    good: int  # of these, possible syllables
    frequency: float  # mean commonness of the marked letters, 0 to 1

    @property
    def share(self) -> float:
        return self.good / self.words if self.words else 0.0

    @property
    def worth(self) -> float:
        return self.share + 0.2 * self.frequency


# Marked letters from the commonest to the rarest in running text.
_COMMON: Final = "đàáưâôêạảóộếượốớờìíủấềệơịồăọợứậúầựổãắừùặữỏểụởũòẩằéửẻĩẹễỗẽẫõỉýỹỷẳỳỡẵỵèẫ"
_RANK: Final = {letter: 1 - math.log1p(at) / math.log(80) for at, letter in enumerate(_COMMON)}


def _fit(decoded: str) -> _Fit:
    """Measure how well a reading makes Vietnamese of the words that had bytes above ASCII."""
    words = good = letters = 0
    commonness = 0.0
    for run in _RUN.findall(decoded[:20000].lower()):
        if run.isascii() or len(run) == 1:  # a lone letter proves nothing
            continue
        words += 1
        good += is_syllable(run)
        for char in run:
            if not char.isascii():
                letters += 1
                commonness += _RANK.get(char, 0.0)
    return _Fit(words, good, commonness / letters if letters else 0.0)


def is_vietnamese(text: str) -> bool:
    """Tell whether nearly every word with marks is a Vietnamese syllable."""
    return _fit(text).share >= SURE


def repair(text: str, expected: str = "") -> Repaired:
    """Return text as it was meant when it surely is mojibake, else the text itself.

    ``expected`` is the encoding the text around it had been in: then a single word will do, if it
    is Vietnamese in that encoding and not as it stands (``NguyÔn``).
    """
    if text.isascii():
        return Repaired(text)
    guess = guess_encoding(text)
    if guess.encoding != "unicode" and guess.confidence >= SURE:
        return Repaired(decode(text, guess.encoding), guess.encoding)
    if expected in ENCODINGS and _fit(text).good == 0:
        meant = decode(text, expected)
        if (fit := _fit(meant)).words and fit.good == fit.words:
            return Repaired(meant, expected)
    return Repaired(text)
