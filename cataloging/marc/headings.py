"""The controlled headings of a record, each with the key by which equal forms meet. Pure.

Case, punctuation and the order in which a Vietnamese name was written do not matter for the key,
marks do: *Nguyễn, Nhật Ánh* is *Nguyễn Nhật Ánh*, *Nguyên* is somebody else. Which fields hold which
kind of heading lies as data in `standard/authority.toml`. Runs for every imported record.
"""

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple

from cataloging.marc.model import Marc
from cataloging.marc.names import persons
from ils.text.words import exact_words

LONGEST: Final = 300  # characters of a heading that are kept

_FILE: Final = Path(__file__).with_name("standard") / "authority.toml"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of heading: its fields in authority records and in bibliographic ones."""

    code: str
    name: tuple[str, str]  # English, Vietnamese
    main: tuple[str, ...]  # 1XX of an authority record
    tags: tuple[str, ...]  # of a bibliographic record
    codes: str
    below: str = ""

    def codes_in(self, tag: str) -> str:
        """Return the subfields of a field that are the heading.

        $e is a role, but in the fields of meetings (X11), where it is a part of the body.
        """
        return self.codes if tag[1:] == "11" else self.codes.replace("e", "")


class HeadingFound(NamedTuple):
    """A heading in a record: the field's place among its fields (from 0), tag, key, text."""

    place: int
    tag: str
    key: int
    text: str


@cache
def authority_data() -> dict[str, Any]:
    """Return the authority format as it lies in its file."""
    return tomllib.loads(_FILE.read_text("utf-8"))


def _kinds() -> dict[str, Kind]:
    return {
        code: Kind(
            code,
            (one["en"], one["vi"]),
            tuple(one["main"]),
            tuple(one["tags"]),
            one["codes"],
            one.get("below", ""),
        )
        for code, one in authority_data()["kinds"].items()
    }


KINDS: Final = _kinds()
OF_RECORDS: Final = {tag: kind for kind in KINDS.values() for tag in kind.tags}
_MAIN: Final = {tag: kind for kind in KINDS.values() for tag in kind.main}
_OF_TRACINGS: Final = {lead + tag[1:]: kind for tag, kind in _MAIN.items() for lead in "145"}


def kind_of_tracing(tag: str) -> Kind | None:
    """Return the kind of heading in a field 1XX, 4XX or 5XX of an authority record."""
    return _OF_TRACINGS.get(tag)


def headings_in(marc: Marc) -> tuple[HeadingFound, ...]:
    """Return the controlled headings of a bibliographic record, in its order."""
    fields = [
        (place, tag, [p for sub in content["subfields"] for p in sub.items()])
        for place, field in enumerate(marc["fields"])
        for tag, content in field.items()
        if tag in OF_RECORDS and content.__class__ is not str
    ]
    return tuple(HeadingFound(*one) for one in read_headings(fields))


def read_headings(
    fields: list[tuple[int, str, list[tuple[str, str]]]],
) -> tuple[tuple[int, str, int, str], ...]:
    """Return the headings in controlled fields, given as place, tag and pairs of subfields.

    As plain tuples like ``HeadingFound``, which cost less between processes.
    """
    return tuple(
        [
            (place, tag, *read)
            for place, tag, parts in fields
            if (read := _read(tag, tuple(parts))) is not None
        ]
    )


def tracing(tag: str, content: Any) -> tuple[int, str] | None:
    """Return key and text of a field 1XX, 4XX or 5XX of an authority, subdivisions and all."""
    kind = kind_of_tracing(tag)
    if kind is None or isinstance(content, str):
        return None
    parts = tuple([p for sub in content["subfields"] for p in sub.items()])
    read = _read(tag, parts)
    below = [v.strip(" .") for c, v in parts if c in kind.below and v.strip(" .")]
    if read is None or not below:
        return read
    text = " - ".join((read[1], *below))[:LONGEST]
    return heading_key(kind.code, text), text


@lru_cache(maxsize=60_000)
def _read(tag: str, parts: tuple[tuple[str, str], ...]) -> tuple[int, str] | None:
    """Return key and text of a heading; None where a field has none, or several names in one."""
    kind = OF_RECORDS.get(tag) or _OF_TRACINGS[tag]
    code = kind.code
    codes = kind.codes_in(tag)
    values = [(c, v) for c, v in parts if c in codes and v]
    if code == "person":
        text = _person(values)
    elif code == "body" and tag[1:] == "11":
        text = ", ".join(t for _, v in values if (t := _trimmed(v)))
    else:
        between = ". " if code in ("body", "title") else " "
        text = between.join(t for _, v in values if (t := _trimmed(v)))
    text = text[:LONGEST].strip()
    words = exact_words(text)
    return (_digest(code, words), text) if words else None


def _person(values: list[tuple[str, str]]) -> str:
    names = persons(next((v for c, v in values if c == "a"), ""))
    if len(names) != 1:
        return ""
    numeral = " ".join(v.strip(" ,.") for c, v in values if c == "b")
    rest = [t for code in "cqd" for c, v in values if c == code and (t := _trimmed(v))]
    return ", ".join((f"{names[0]} {numeral}".rstrip(), *rest))


def _trimmed(text: str) -> str:
    text = text.strip(" ,;:/=")
    if text.endswith(".") and not text.endswith("..") and len(text) > 3 and text[-3] not in " .-":
        text = text[:-1].rstrip(" ,")
    return text


def heading_key(kind: str, text: str) -> int:
    """Return the key of a heading written as text."""
    return _digest(kind, exact_words(text))


def _digest(kind: str, words: str) -> int:
    digest = blake2b(f"{kind}|{words}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
