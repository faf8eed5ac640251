"""A record for people to read: labeled fields, the ISBD paragraph of a catalog card, MARC lines.

Nothing here needs Flask or the database; the labels come from the standard's data, in English or
Vietnamese.
"""

import re
from dataclasses import dataclass
from typing import Any

from cataloging.marc.fixed import places, said
from cataloging.marc.model import Marc, control, fields, first, pairs, subfields
from cataloging.marc.names import persons
from cataloging.marc.standard import Field, Position, standard
from cataloging.marc.text import write_field


@dataclass(frozen=True)
class Part:
    """One subfield, or one position of a fixed field, with its label."""

    code: str
    label: str
    value: str
    meaning: str = ""  # of a coded value


@dataclass(frozen=True)
class Shown:
    """One field, labeled."""

    tag: str
    label: str
    indicators: str  # "10", with # for a blank; '' for control fields
    parts: tuple[Part, ...]
    line: str  # the field as a line of MARC text

    @property
    def text(self) -> str:
        """The field's values in one string."""
        return " ".join(part.value for part in self.parts if part.value)

    @property
    def coded(self) -> list[str]:
        """What the codes of a fixed field say, without those that say 'none' or 'not stated'."""
        return [p.meaning for p in self.parts if p.meaning and p.value.strip("#0|")]


def labeled(marc: Marc, *, english: bool = False) -> list[Shown]:
    """Return all fields with their labels, in the record's order; the leader first."""
    at = 0 if english else 1
    leader = marc["leader"]
    shown = [
        Shown(
            "LDR",
            ("Leader", "Đầu biểu ghi")[at],
            "",
            tuple(_place(one, leader, at) for one in places(leader, "LDR", leader)),
            f"LDR {leader.replace(' ', '#')}",
        )
    ]
    shown += [_shown(marc, tag, content, at) for tag, content in pairs(marc)]
    return shown


def _shown(marc: Marc, tag: str, content: Any, at: int) -> Shown:
    field = standard().fields.get(tag)
    label = field.name[at] if field else tag
    line = write_field(tag, content)
    if isinstance(content, str):
        parts = _control_parts(marc, tag, content, at)
        return Shown(tag, label, "", tuple(parts), line)
    indicators = (content["ind1"] + content["ind2"]).replace(" ", "#")
    shown = [
        Part(code, _subfield_label(field, code, at), value)
        for sub in content["subfields"]
        for code, value in sub.items()
    ]
    return Shown(tag, label, indicators, tuple(shown), line)


def _subfield_label(field: Field | None, code: str, at: int) -> str:
    known = field.subfields.get(code) if field else None
    return known.name[at] if known else ""


def _control_parts(marc: Marc, tag: str, text: str, at: int) -> list[Part]:
    here = places(marc["leader"], tag, text)
    return [_place(one, text, at) for one in here] or [Part("", "", text)]


def _place(place: Position, text: str, at: int) -> Part:
    value = text[place.start : place.start + place.length]
    code = f"{place.start:02}"
    if place.length > 1:
        code += f"-{place.start + place.length - 1:02}"
    # Blanks behind a code say nothing; blanks alone say that there is nothing.
    wanted = value if len(next(iter(place.codes), "")) > 1 else value.rstrip() or value[:1]
    meaning = ", ".join(name[at] for name in said(place, wanted))
    return Part(code, place.name[at], value.replace(" ", "#"), meaning)


_END_MARKS = " /:;,=.+"
_AREA = ". - "
_SHARE = re.compile(r"\s*;\s+")  # between those who have a share in the work
_PRICE_SPACE = re.compile(r"\s+(?=đ|vn)", re.IGNORECASE)


def isbd(marc: Marc) -> str:
    """Return the description as one paragraph, in the style of the National Library's cards.

    ``TÔ HOÀI. Dế Mèn phiêu lưu ký / Tô Hoài ; Minh hoạ: … . - Tái bản lần thứ 80. - H. : Kim
    Đồng, 2015. - 143tr. : tranh vẽ ; 21cm. - 35000đ. - 3000b``
    """
    areas = [
        _title_area(marc),
        _plain(first(marc, "250", "a"), first(marc, "250", "b"), " / "),
        _publication_area(marc),
        _extent_area(marc),
        _numbers_area(marc),
    ]
    body = ""
    for area in filter(None, areas):
        body += (_AREA if not body.endswith(".") else " - ") + area if body else area
    heading = heading_of(marc)
    return f"{heading}. {body}" if heading else body


def trimmed(text: str) -> str:
    """Take the mark of the next area off, but leave the point of an abbreviation."""
    stripped = text.strip().rstrip(" /:;,=+")
    shorter = stripped.rstrip(".")
    if stripped.endswith(".") and (len(shorter.rsplit(" ", 1)[-1]) > 3 or shorter[-1:] == ")"):
        return shorter
    return stripped


def heading_of(marc: Marc) -> str:
    """Return the main entry as cards begin with it: an author in capitals, or nothing."""
    for tag in ("100", "110", "111"):
        for field in fields(marc, tag):
            values = subfields(field, "a")
            if values:
                names = persons(values[0]) if tag == "100" else (trimmed(values[0]),)
                return ", ".join(names).upper().rstrip(".")
    return ""


def _title_area(marc: Marc) -> str:
    found = fields(marc, "245")
    if not found or isinstance(found[0], str):
        return ""
    before = {"b": " : ", "n": ". ", "p": ". ", "c": " / ", "h": " "}
    text = ""
    previous = ""
    for sub in found[0]["subfields"]:
        for code, value in sub.items():
            if code not in "abnpch" or not trimmed(value):
                continue
            mark = before.get(code, " ; ")
            if code == "b" and previous.rstrip().endswith("="):
                mark = " = "
            if code == "p" and previous.rstrip().endswith(","):
                mark = ", "
            said = _SHARE.sub(" ; ", trimmed(value)) if code == "c" else trimmed(value)
            text = f"{text}{mark}{said}" if text else said
            previous = value
    return text


def _plain(one: str, other: str, between: str) -> str:
    return between.join(trimmed(part) for part in (one, other) if part.strip())


def _publication_area(marc: Marc) -> str:
    published = [f for f in fields(marc, "264") if not isinstance(f, str) and f["ind2"] == "1"]
    for field in published or fields(marc, "260", "264"):
        text = ""
        for sub in field["subfields"] if not isinstance(field, str) else ():
            for code, value in sub.items():
                cleaned = value.strip().rstrip(" :;,")
                if code in "abc" and cleaned:
                    mark = {"a": " ; ", "b": " : ", "c": ", "}[code]
                    text = f"{text}{mark}{cleaned}" if text else cleaned
        if text:
            return text
    return ""


def _extent_area(marc: Marc) -> str:
    extents = []
    for field in fields(marc, "300"):
        text = ""
        for sub in field["subfields"] if not isinstance(field, str) else ():
            for code, value in sub.items():
                cleaned = value.strip().rstrip(" :;,+")
                if code in "abce" and cleaned:
                    mark = {"a": ", ", "b": " : ", "c": " ; ", "e": " + "}[code]
                    text = f"{text}{mark}{cleaned}" if text else cleaned
        extents.append(text)
    area = "; ".join(filter(None, extents))
    series = [
        " ; ".join(trimmed(v) for v in subfields(f, "a", "v") if v.strip())
        for f in fields(marc, "490", "440")
    ]
    named = " ".join(f"({one})" for one in series if one)
    return _AREA.join(filter(None, (area, named)))


def _numbers_area(marc: Marc) -> str:
    found = []
    for field in fields(marc, "020", "022"):
        found += [trimmed(v) for v in subfields(field, "c", "d") if v.strip()]
    prices = [_PRICE_SPACE.sub("", one) for one in dict.fromkeys(found)]
    return _AREA.join(prices)


def notes(marc: Marc) -> list[str]:
    """Return the notes, contents and summary, each as one paragraph, in the record's order."""
    return [
        " ".join(v.strip() for v in subfields(content) if v.strip())
        for tag, content in pairs(marc)
        if tag.startswith("5") and not isinstance(content, str)
    ]


def title_of(marc: Marc) -> str:
    """Return a short name for a record, for lists of differences and errors."""
    return trimmed(first(marc, "245", "a")) or control(marc, "001")
