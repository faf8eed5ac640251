"""What a reader gives for each stretch of a file: a record, or why there is none.

The stretches of a file touch each other: ``byte_end`` of one is ``byte_start`` of the next, so that
every byte belongs to a record, to a stretch that is listed as unreadable, or to the packing between
records (an XML declaration, brackets, line ends). Of a compressed file the unpacked bytes count.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from cataloging.marc.model import Marc, control

# What a reader may change, and must say. The wording is in cataloging/imports/wording.py.
REPAIRS: Final = (
    "nfc",  # decomposed letters composed
    "eth",  # Đ for the Icelandic Ð
    "invisible",  # zero-width characters dropped, with eth
    "space",  # odd spaces made plain, with eth
    "transcoded",  # from another encoding; detail names it
    "mojibake",  # text that had been read in a wrong encoding; detail names the right one
    "bad_bytes",  # bytes that are no text in the encoding, kept as the letters of Windows-1252
    "control_characters",  # characters that separate fields or end strings, taken out of a value
    "character_references",  # &#x1EC7; written out
    "leader_coding",  # leader 09 says Unicode now
    "leader_structure",  # leader 10, 11, 20 to 23
    "leader_size",  # leader cut or filled to 24 characters
    "leader_blanks",  # other signs for a blank
    "leader_missing",
    "length",  # wrong record length
    "terminator",  # missing end of record
    "base_address",
    "directory",  # entries that do not fit the fields
    "stray_bytes",  # signs between records
    "tag",  # a tag that is not three characters
    "indicators",  # missing, or more than two
    "no_subfield",  # text before or without a first subfield sign
    "empty_subfield",  # a subfield sign with nothing behind it
    "subfield_code",  # a code that is a control sign, or none; written ?
    "line_breaks",  # a line that goes on the one before
    "unassigned",  # text of a field that no tag was found for; detail holds it
    "xml",  # markup mended
    "json",  # JSON mended
    "members",  # parts of a JSON object that are no part of a record
    "control_number",  # 001 taken from the system number beside each line
)

PROBLEMS: Final = (
    "no_record",  # bytes that are no record
    "truncated",  # the file ends within the record
    "unreadable",  # nothing fits: leader, directory and fields
    "too_long",  # no end within a size no record has
    "empty",  # a leader and nothing else
    "xml_damaged",
    "json_damaged",
    "deleted_at_source",  # an OAI record that only says it was deleted
    "compression_damaged",
    "unknown_format",
)


@dataclass(frozen=True, slots=True)
class Repair:
    """A change made while reading. ``where`` lists tags (``245 700``), ``LDR`` for the leader."""

    code: str
    where: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a stretch gave no record."""

    code: str
    detail: str = ""


@dataclass(slots=True)
class Found:
    """One stretch of a file.

    ``position`` counts records and unreadable stretches from 1; it is 0 for packing, which has
    neither ``marc`` nor ``problem``.
    """

    position: int
    byte_start: int
    byte_end: int
    marc: Marc | None = None
    repairs: list[Repair] = field(default_factory=list)
    problem: Problem | None = None
    control_number: str = ""

    @property
    def is_packing(self) -> bool:
        """Tell whether the stretch only holds records apart."""
        return self.position == 0


def record(
    position: int, start: int, end: int, marc: Marc, repairs: list[Repair] | None = None
) -> Found:
    """Make the stretch of a record; one that has no field at all is listed as empty."""
    if not marc["fields"]:
        return Found(position, start, end, None, repairs or [], Problem("empty", marc["leader"]))
    return Found(position, start, end, marc, repairs or [], None, control(marc, "001")[:80])


def packing(start: int, end: int) -> Found:
    """Make a stretch that only holds records apart."""
    return Found(0, start, end)


class Repairs:
    """Collects the repairs of one record: one line for each kind, with the tags it happened in."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}

    def add(self, code: str, where: str = "", detail: str = "") -> None:
        """Note a repair."""
        tags, details = self._found.setdefault(code, ({}, {}))
        if where:
            tags[where] = None
        if detail:
            details[detail] = None

    def list(self) -> list[Repair]:
        """Return them in the order of ``REPAIRS``."""
        return [
            Repair(code, " ".join(tags), "; ".join(details)[:400])
            for code, (tags, details) in sorted(
                self._found.items(), key=lambda pair: REPAIRS.index(pair[0])
            )
        ]

    def __bool__(self) -> bool:
        return bool(self._found)


def as_facts(repairs: list[Repair]) -> list[dict[str, Any]]:
    """Return repairs as they are kept with a line of an import."""
    return [
        {k: v for k, v in (("code", r.code), ("where", r.where), ("detail", r.detail)) if v}
        for r in repairs
    ]
