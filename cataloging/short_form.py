"""The short form: a title page's worth of boxes that read and write a MARC record.

A box shows one thing the record says. Writing touches only what a box changed: everything the form
does not show, and every box left as it was, stays in the record byte for byte. A new record gets
leader, 008 and ISBD marks by itself.
"""

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cataloging.marc.model import Marc, control, data_field, fields, subfields
from ils.core import clock

Values = dict[str, str]

NEW_LEADER = "00000nam a2200000 a 4500"
_MARK_AT_END = re.compile(r"\s*[/:;,=+]$")
_YEAR = re.compile(r"(?<!\d)(1[0-9]\d\d|20\d\d)(?!\d)")
_KEYWORD_BREAK = re.compile(r"[;,\n]")
_NAME_ROLE = re.compile(r"(?P<name>[^()]+?)\s*(?:\((?P<role>[^()]+)\))?")


@dataclass(frozen=True)
class Box:
    """A box that shows one subfield. ``tags``: the first that is there is used, else the first.

    ``fresh`` are the indicators of a field made for it.
    """

    name: str
    tags: tuple[str, ...]
    code: str
    fresh: tuple[str, str] = (" ", " ")


BOXES = (
    Box("title", ("245",), "a", ("1", "0")),
    Box("subtitle", ("245",), "b", ("1", "0")),
    Box("part", ("245",), "n", ("1", "0")),
    Box("part_title", ("245",), "p", ("1", "0")),
    Box("responsibility", ("245",), "c", ("1", "0")),
    Box("edition", ("250",), "a"),
    Box("place", ("264", "260"), "a", (" ", "1")),
    Box("publisher", ("264", "260"), "b", (" ", "1")),
    Box("year", ("264", "260"), "c", (" ", "1")),
    Box("pages", ("300",), "a"),
    Box("illustrations", ("300",), "b"),
    Box("size", ("300",), "c"),
    Box("series", ("490",), "a", ("0", " ")),
    Box("series_number", ("490",), "v", ("0", " ")),
    Box("isbn", ("020",), "a"),
    Box("price", ("020",), "c"),
    Box("print_run", ("020",), "d"),
    Box("class_number", ("082",), "a", ("0", "4")),
    Box("title_code", ("082",), "b", ("0", "4")),
    Box("summary", ("520",), "a"),
)
NAMES = (*(box.name for box in BOXES), "authors", "keywords", "language", "audience")

# Which mark stands before a subfield, in the fields that ISBD punctuates.
_MARKS = {
    "245": {"b": " :", "n": ".", "p": ".", "c": " /"},
    "260": {"b": " :", "c": ","},
    "264": {"b": " :", "c": ","},
    "300": {"b": " :", "c": " ;", "e": " +"},
    "490": {"v": " ;"},
}
# The order in which subfields stand on the card.
_ORDER = {"245": "anpbc", "260": "abc", "264": "abc", "300": "abce", "082": "2ab", "020": "aqcdz"}
_PUNCTUATED = tuple(_MARKS)


def read(marc: Marc) -> Values:
    """Return what the boxes show of a record. A box the record says nothing for is empty."""
    found = {box.name: _read_box(marc, box) for box in BOXES}
    found["authors"] = "\n".join(_author_line(field) for field in _author_fields(marc))
    found["keywords"] = "; ".join(_terms(fields(marc, "653")))
    found["language"] = _read_language(marc)
    found["audience"] = _read_audience(marc)
    return found


def write(marc: Marc | None, values: Mapping[str, str], today: date | None = None) -> Marc:
    """Return the record with the boxes that differ from it written in; None makes a new record.

    Boxes not in ``values`` are left alone. Nothing the form does not show is ever changed.
    """
    result: Marc = copy.deepcopy(marc) if marc is not None else _fresh(today or clock.today())
    shown = read(result)
    changed = {
        name: value.strip()
        for name, value in values.items()
        if name in NAMES and _same_lines(value) != _same_lines(shown[name])
    }
    for box in BOXES:
        if box.name in changed:
            _write_box(result, box, changed[box.name])
    writers: dict[str, Callable[[Marc, str], None]] = {
        "authors": _write_authors,
        "keywords": _write_keywords,
        "language": _write_language,
        "audience": _write_audience,
    }
    for name, writer in writers.items():
        if name in changed:
            writer(result, changed[name])
    if "year" in changed:
        _write_fixed(result, 7, _year_code(changed["year"]))
    if marc is None:
        _finish_new(result)
    return result


def _same_lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


def _fresh(today: date) -> Marc:
    return {
        "leader": NEW_LEADER,
        "fields": [{"008": f"{today:%y%m%d}nuuuu    vm            000 | und d"}],
    }


def _finish_new(marc: Marc) -> None:
    """Set what follows from the rest in a record made here: added entry, type of date."""
    year = control(marc, "008")[7:11]
    _write_fixed(marc, 6, "s" if year.isdigit() else "n")
    if not fields(marc, "100"):
        for field in fields(marc, "245"):
            field["ind1"] = "0"


def _bare(text: str, *, full_stop: bool = False) -> str:
    """Take the ISBD mark that leads to the next subfield off.

    A full stop goes only where it is such a mark too; ellipses and initials stay in any case.
    """
    stripped = text.strip()
    if not full_stop or stripped.endswith("..") or re.search(r"(?:^|[\s.])\w{1,2}\.$", stripped):
        return _MARK_AT_END.sub("", stripped)
    return _MARK_AT_END.sub("", stripped.removesuffix("."))


def _ends_in_full_stop(tag: str, code: str) -> bool:
    return tag == "245" or (tag in ("260", "264") and code == "c")


def _data_fields(marc: Marc, *tags: str) -> list[dict[str, Any]]:
    return [f for f in fields(marc, *tags) if isinstance(f, dict)]


def _field_of(marc: Marc, box: Box) -> dict[str, Any] | None:
    """Return the field a box speaks of: one that has the subfield, else the first of its tag."""
    for tag in box.tags:
        found = _data_fields(marc, tag)
        if tag == "264":
            found = [f for f in found if f["ind2"] == "1"]
        if found:
            return next((f for f in found if subfields(f, box.code)), found[0])
    return None


def _tag_of(marc: Marc, box: Box) -> str:
    for tag in box.tags:
        if tag == "264" and not any(f["ind2"] == "1" for f in _data_fields(marc, tag)):
            continue
        if _data_fields(marc, tag):
            return tag
    return box.tags[0]


def _read_box(marc: Marc, box: Box) -> str:
    field = _field_of(marc, box)
    values = subfields(field, box.code) if field else []
    if not values:
        return ""
    tag = _tag_of(marc, box)
    if tag not in (*_PUNCTUATED, "250"):
        return values[0].strip()
    return _bare(values[0], full_stop=_ends_in_full_stop(tag, box.code))


def _write_box(marc: Marc, box: Box, value: str) -> None:
    field = _field_of(marc, box)
    tag = _tag_of(marc, box)
    if field is None:
        if value:
            _insert(marc, data_field(tag, *box.fresh, (box.code, value)))
        return
    marked = _has_marks(marc, tag, field)
    place = next((i for i, sub in enumerate(field["subfields"]) if box.code in sub), None)
    if place is not None and value:
        mark = _MARK_AT_END.search(field["subfields"][place][box.code].rstrip())
        field["subfields"][place] = {box.code: value + mark.group() if mark and marked else value}
    elif place is not None:
        del field["subfields"][place]
    elif value:
        field["subfields"].insert(_place_for(tag, field, box.code), {box.code: value})
    if not field["subfields"]:
        _remove(marc, field)
    elif marked:
        _punctuate(tag, field)


def _place_for(tag: str, field: dict[str, Any], code: str) -> int:
    """Return where a new subfield goes: before the first that comes after it on the card."""
    order = _ORDER.get(tag, "")
    if code not in order:
        return len(field["subfields"])
    later = order[order.index(code) + 1 :]
    for place, sub in enumerate(field["subfields"]):
        if any(c in later for c in sub):
            return place
    return len(field["subfields"])


def _has_marks(marc: Marc, tag: str, field: dict[str, Any]) -> bool:
    """Tell whether a field carries ISBD marks, which then are kept up."""
    if tag not in _PUNCTUATED:
        return False
    subs = field["subfields"]
    if len(subs) > 1:
        return any(_bare(v) != v.strip() for sub in subs[:-1] for v in sub.values())
    return marc["leader"][18:19] in ("a", "i")


def _punctuate(tag: str, field: dict[str, Any]) -> None:
    """Set the mark of each following subfield at the end of the one before."""
    marks = _MARKS[tag]
    subs = field["subfields"]
    for place, sub in enumerate(subs[:-1]):
        following = next(iter(subs[place + 1]))
        mark = marks.get(following)
        for code, value in sub.items():
            if mark is not None and not (following == "b" and value.rstrip().endswith("=")):
                bare = _bare(value, full_stop=tag == "245")
                sub[code] = bare if mark == "." and bare.endswith(".") else bare + mark
    for code, value in subs[-1].items():
        subs[-1][code] = _MARK_AT_END.sub("", value.rstrip())


def _insert(marc: Marc, field: dict[str, Any]) -> None:
    """Put a new field before the first with a higher tag; local ones may stand out of order."""
    tag = next(iter(field))
    for place, one in enumerate(marc["fields"]):
        other = next(iter(one), "")
        if other.isdigit() and other > tag:
            marc["fields"].insert(place, field)
            return
    marc["fields"].append(field)


def _remove(marc: Marc, content: dict[str, Any]) -> None:
    marc["fields"][:] = [f for f in marc["fields"] if not any(one is content for one in f.values())]


# --- authors: one on each line, the role in brackets -------------------------------------------


def _author_fields(marc: Marc) -> list[dict[str, Any]]:
    """Return the personal names of those who made the work; names of other works stay out."""
    return [f for f in _data_fields(marc, "100", "700") if not subfields(f, "t")]


def _author_line(field: dict[str, Any]) -> str:
    name = " ".join(v.strip(" ,") for v in subfields(field, "a"))
    role = ", ".join(v.strip(" ,.") for v in subfields(field, "e") if v.strip(" ,."))
    return f"{name} ({role})" if role else name


def _write_authors(marc: Marc, text: str) -> None:
    """Keep the fields of names that stay, drop those struck out, add the new ones in their place."""
    old = _author_fields(marc)
    kept = {_author_line(field): field for field in reversed(old)}
    has_other_main = bool(fields(marc, "110", "111", "130"))
    lines = list(dict.fromkeys(_same_lines(text)))
    wanted = [kept.get(line) or _author_field(line) for line in lines]
    marc["fields"][:] = [
        f
        for f in marc["fields"]
        if not any(content is one for one in old for content in f.values())
    ]
    for place, field in enumerate(wanted):
        main = place == 0 and not has_other_main
        _insert(marc, {"100" if main else "700": field})


def _author_field(line: str) -> dict[str, Any]:
    match = _NAME_ROLE.fullmatch(line)
    name = match.group("name").strip() if match else line
    role = (match.group("role") or "").strip() if match else ""
    subs = [("a", name), ("e", role)] if role else [("a", name)]
    content: dict[str, Any] = data_field("100", "1", " ", *subs)["100"]
    return content


# --- keywords ------------------------------------------------------------------------------------


def _terms(found: list[Any]) -> list[str]:
    return [
        term.strip()
        for field in found
        for value in subfields(field, "a")
        for term in _KEYWORD_BREAK.split(value)
        if term.strip()
    ]


def _write_keywords(marc: Marc, text: str) -> None:
    """Leave fields whose terms all stay; take struck terms out; give each new term a field."""
    wanted = list(dict.fromkeys(t.strip() for t in _KEYWORD_BREAK.split(text) if t.strip()))
    there: set[str] = set()
    for field in _data_fields(marc, "653"):
        terms = _terms([field])
        stay = [t for t in terms if t in wanted]
        there.update(stay)
        if stay == terms:
            continue
        others = [sub for sub in field["subfields"] if "a" not in sub]
        field["subfields"] = [*({"a": t} for t in stay), *others]
        if not stay:
            _remove(marc, field)
    for term in wanted:
        if term not in there:
            _insert(marc, data_field("653", " ", " ", ("a", term)))


# --- coded values --------------------------------------------------------------------------------


def _write_fixed(marc: Marc, start: int, value: str) -> None:
    """Set characters of a well-formed 008; one of another length is left as it is."""
    for one in marc["fields"]:
        text = one.get("008")
        if isinstance(text, str) and len(text) == 40:
            one["008"] = text[:start] + value + text[start + len(value) :]
            return


def _year_code(year: str) -> str:
    match = _YEAR.search(year)
    return match.group() if match else "uuuu"


def _read_language(marc: Marc) -> str:
    for field in _data_fields(marc, "041"):
        for value in subfields(field, "a"):
            return value.strip()[:3]
    code = control(marc, "008")[35:38]
    return code if code.strip(" |") and code != "und" else ""


def _write_language(marc: Marc, code: str) -> None:
    for field in _data_fields(marc, "041"):
        place = next((i for i, sub in enumerate(field["subfields"]) if "a" in sub), None)
        if place is not None:
            rest = field["subfields"][place]["a"][3:]
            field["subfields"][place] = {"a": code + rest}
            break
    _write_fixed(marc, 35, code[:3] if code else "und")


def _is_language_material(marc: Marc) -> bool:
    return marc["leader"][6:7] in ("a", "t", "c", "d", "g", "i", "j", "k", "m", "o", "r")


def _read_audience(marc: Marc) -> str:
    fixed = control(marc, "008")
    if len(fixed) != 40 or not _is_language_material(marc) or marc["leader"][7:8] in "bis":
        return ""
    return fixed[22] if fixed[22] in "abcdefgj" else ""


def _write_audience(marc: Marc, code: str) -> None:
    if _is_language_material(marc) and marc["leader"][7:8] not in "bis":
        _write_fixed(marc, 22, code[:1] or " ")
