"""What is wrong with a record by the rules of MARC 21, as data for the page to word.

An *error* should not be saved: the record would be no MARC record, or have no title. A *warning*
is told and may stay: much of what is odd came with the book or with an old catalog. An error that
the record already had before the edit is only a warning, so that nobody has to mend the whole of
an imported record in order to correct one word.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from cataloging.marc.headings import kind_of_tracing, tracing
from cataloging.marc.model import Marc, pairs, subfields
from cataloging.marc.numbers import isbn13, issn
from cataloging.marc.standard import Field, Position, Standard, authority_standard, standard

ERROR, WARNING = "error", "warning"

_TAG = re.compile(r"[0-9A-Za-z]{3}")
_CODE = re.compile(r"[!-~]")
_YEAR = re.compile(r"[0-9u]{4}|[ |]{4}|\|{4}")
_DATE = re.compile(r"[0-9]{6}|\|{6}| {6}")
_MINUTES = re.compile(r"[0-9]{3}|nnn|---|\|{3}| {3}")
_MAIN_ENTRIES = ("100", "110", "111", "130")


@dataclass(frozen=True)
class Finding:
    """One thing found. ``index`` is the field's place in the record (-1: leader or whole record);
    ``rule`` is worded by the page; ``position`` counts characters from 0."""

    level: str
    rule: str
    tag: str
    index: int = -1
    subfield: str = ""
    position: int | None = None
    value: str = ""
    allowed: str = ""


def validate(marc: Marc, before: Marc | None = None) -> list[Finding]:
    """Return what is wrong with a record, errors first, then in the record's order.

    ``before`` is the record as stored: errors it already had come as warnings.
    """
    return _judged(standard(), _whole, marc, before)


def validate_authority(marc: Marc, before: Marc | None = None) -> list[Finding]:
    """Return what is wrong with an authority record, as ``validate`` does."""
    return _judged(authority_standard(), _whole_authority, marc, before)


def _judged(
    known: Standard,
    whole: Callable[[Marc], Iterator[Finding]],
    marc: Marc,
    before: Marc | None,
) -> list[Finding]:
    found = [
        *whole(marc),
        *_repeated(known, marc),
        *_leader(known, marc),
        *_each_field(known, marc),
    ]
    if before is not None and any(finding.level == ERROR for finding in found):
        stored = _judged(known, whole, before, None)
        there = Counter(_identity(before, f) for f in stored if f.level == ERROR)
        for place, finding in enumerate(found):
            same = _identity(marc, finding)
            if finding.level == ERROR and there[same]:
                there[same] -= 1
                found[place] = replace(finding, level=WARNING)
    return sorted(found, key=lambda f: (f.level != ERROR, f.index))


def _identity(marc: Marc, finding: Finding) -> tuple[str, ...]:
    """Tell the same mistake apart from a new one of its kind: by what stands there."""
    where = str(marc["fields"][finding.index]) if finding.index >= 0 else marc["leader"]
    if finding.rule in {"missing_title", "missing_field"}:
        where = ""
    return finding.rule, finding.tag, finding.subfield, finding.value, where


def _whole(marc: Marc) -> Iterator[Finding]:
    tags = Counter(tag for tag, _ in pairs(marc))
    if not tags["245"]:
        yield Finding(ERROR, "missing_field", "245")
    mains = [tag for tag in _MAIN_ENTRIES if tags[tag]]
    if len(mains) > 1:
        yield Finding(ERROR, "two_main_entries", mains[1], value=", ".join(mains))
    if not tags["008"]:
        yield Finding(WARNING, "missing_field", "008")


def _whole_authority(marc: Marc) -> Iterator[Finding]:
    """One heading, which has words; what is traced has words too."""
    headings = [tag for tag, _ in pairs(marc) if tag.startswith("1") and kind_of_tracing(tag)]
    if not headings:
        yield Finding(ERROR, "missing_field", "1XX")
    elif len(headings) > 1:
        yield Finding(ERROR, "two_main_entries", headings[1], value=", ".join(headings))
    for index, (tag, content) in enumerate(pairs(marc)):
        if kind_of_tracing(tag) and not isinstance(content, str) and tracing(tag, content) is None:
            yield Finding(ERROR, "empty_heading", tag, index, "a")


def _repeated(known: Standard, marc: Marc) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for index, (tag, _) in enumerate(pairs(marc)):
        seen[tag] += 1
        if seen[tag] > 1 and tag in known.fields and not known.fields[tag].repeatable:
            yield Finding(ERROR, "field_repeated", tag, index)


def _leader(known: Standard, marc: Marc) -> Iterator[Finding]:
    leader = marc["leader"]
    if len(leader) != 24:
        yield Finding(ERROR, "length", "LDR", value=str(len(leader)), allowed="24")
        return
    for position in known.leader:
        yield from _code_at(position, leader, "LDR", -1)


def _each_field(known: Standard, marc: Marc) -> Iterator[Finding]:
    for index, (tag, content) in enumerate(pairs(marc)):
        if not _TAG.fullmatch(tag):
            yield Finding(ERROR, "bad_tag", tag, index, value=tag)
        elif isinstance(content, str) != tag.startswith("00"):
            yield Finding(ERROR, "wrong_kind", tag, index)
        elif isinstance(content, str):
            yield from _control_field(known, marc, tag, content, index)
        else:
            yield from _data_field(known, tag, content, index)


def _control_field(
    known: Standard, marc: Marc, tag: str, text: str, index: int
) -> Iterator[Finding]:
    length = known.lengths.get(tag)
    if length and len(text) != length:
        level = ERROR if tag == "008" else WARNING
        yield Finding(level, "length", tag, index, value=str(len(text)), allowed=str(length))
    elif tag == "008":
        kind = known.kind(marc["leader"])
        for position in (*known.positions_008["all"], *known.positions_008.get(kind, ())):
            yield from _code_at(position, text, tag, index)
    elif tag == "006":
        yield from _additional(known, text, index)
    elif tag == "007":
        yield from _physical(known, text, index)
    elif tag not in known.fields:
        yield Finding(WARNING, "unknown_field", tag, index)


def _additional(known: Standard, text: str, index: int) -> Iterator[Finding]:
    """Check 006: from position 1 on it is 008 from position 18 on."""
    kind = next((k for k, (types, *_) in known.kinds.items() if text[0] in types), "") or (
        "CR" if text[0] == "s" else ""
    )
    if not kind:
        yield Finding(WARNING, "bad_code", "006", index, position=0, value=text[0])
        return
    for position in known.positions_008.get(kind, ()):
        yield from _code_at(replace(position, start=position.start - 17), text, "006", index)


def _physical(known: Standard, text: str, index: int) -> Iterator[Finding]:
    kind = known.physical.get(text[:1])
    if kind is None:
        yield Finding(WARNING, "bad_code", "007", index, position=0, value=text[:1])
        return
    if len(text) not in kind.lengths:
        allowed = ", ".join(map(str, kind.lengths))
        yield Finding(WARNING, "length", "007", index, value=str(len(text)), allowed=allowed)
    if text[1:2] not in kind.positions[0].codes and text[1:2] != "|":
        yield Finding(WARNING, "bad_code", "007", index, position=1, value=text[1:2])


def _code_at(position: Position, text: str, tag: str, index: int) -> Iterator[Finding]:
    value = text[position.start : position.start + position.length]
    wrong = _wrong(position, value, fill=tag != "LDR")
    if wrong:
        allowed = "".join(sorted(position.allowed)).replace(" ", "#")
        yield Finding(
            WARNING, wrong, tag, index, position=position.start, value=value, allowed=allowed
        )


def _wrong(position: Position, value: str, *, fill: bool) -> str:
    """Return the rule a value breaks, or ''."""
    if fill and not value.strip("|"):
        return ""
    known = standard()
    if position.check == "language":
        return _in_list(value, known.languages, known.obsolete_languages, "language")
    if position.check == "country":
        return _in_list(value.rstrip(), known.countries, known.obsolete_countries, "country")
    if position.check:
        shape = {"year": _YEAR, "date": _DATE, "minutes": _MINUTES}.get(position.check)
        return "" if shape is None or shape.fullmatch(value) else f"bad_{position.check}"
    return "" if all(c in position.allowed for c in value) else "bad_code"


def _in_list(value: str, valid: frozenset[str], obsolete: frozenset[str], name: str) -> str:
    if value in valid or not value.strip():
        return ""
    return f"obsolete_{name}" if value in obsolete else f"unknown_{name}"


def _data_field(
    known: Standard, tag: str, content: dict[str, Any], index: int
) -> Iterator[Finding]:
    for mark in (content["ind1"], content["ind2"]):
        if len(mark) != 1:
            yield Finding(ERROR, "bad_indicator", tag, index, value=mark)
    for sub in content["subfields"]:
        for code in sub:
            if not _CODE.fullmatch(code):
                yield Finding(ERROR, "bad_subfield", tag, index, subfield=code)
    if not content["subfields"]:
        yield Finding(WARNING, "empty_field", tag, index)
    field = known.fields.get(tag)
    if tag == "880":  # another script of a field: its indicators and subfields are that field's
        written = next(iter(subfields(content, "6")), "")[:3]
        field = replace(known.fields.get(written) or known.fields[tag], tag=tag)
    if field is None:
        if not known.is_local(tag):
            yield Finding(WARNING, "unknown_field", tag, index)
        return
    if field.obsolete:
        yield Finding(WARNING, "obsolete_field", tag, index)
    yield from _indicators(field, content, index)
    yield from _subfields(field, content, index)
    yield from _content(tag, content, index)


def _indicators(field: Field, content: dict[str, Any], index: int) -> Iterator[Finding]:
    if field.indicators is None or field.local:
        return
    for number, indicator in enumerate(field.indicators, 1):
        value = content[f"ind{number}"]
        if indicator.values is not None and len(value) == 1 and value not in indicator.values:
            allowed = "".join(sorted(indicator.values)).replace(" ", "#")
            yield Finding(
                WARNING,
                f"indicator{number}",
                field.tag,
                index,
                value=value.replace(" ", "#"),
                allowed=allowed,
            )


def _subfields(field: Field, content: dict[str, Any], index: int) -> Iterator[Finding]:
    counts = Counter(code for sub in content["subfields"] for code in sub)
    for code, count in counts.items():
        if field.any_subfield or not _CODE.fullmatch(code):
            continue
        known = field.subfields.get(code)
        if known is None:
            if code != "9":  # left free by the standard in every field
                yield Finding(WARNING, "unknown_subfield", field.tag, index, code)
        elif count > 1 and not known.repeatable:
            yield Finding(WARNING, "subfield_repeated", field.tag, index, code)


def _content(tag: str, content: dict[str, Any], index: int) -> Iterator[Finding]:
    """Check what a few fields say: the title, the standard numbers, the language codes."""
    if tag == "245" and not any(v.strip() for v in subfields(content, "a")):
        yield Finding(ERROR, "missing_title", tag, index, "a")
    elif tag == "020":
        for value in subfields(content, "a"):
            if not isbn13(value):
                yield Finding(WARNING, "bad_isbn", tag, index, "a", value=value)
    elif tag == "022":
        for value in subfields(content, "a"):
            if not issn(value):
                yield Finding(WARNING, "bad_issn", tag, index, "a", value=value)
    elif tag == "041" and content["ind2"] != "7":
        yield from _languages(content, index)


def _languages(content: dict[str, Any], index: int) -> Iterator[Finding]:
    """Check codes of MARC's own list, several of them in one subfield as well."""
    known = standard()
    for value in subfields(content, "a", "b", "d", "h", "j"):
        for code in (value[i : i + 3] for i in range(0, len(value), 3)):
            wrong = _in_list(code, known.languages, known.obsolete_languages, "language")
            if len(code) != 3:  # "fin " is no code and a blank
                wrong = "unknown_language"
            if wrong:
                yield Finding(WARNING, wrong, "041", index, value=code)
