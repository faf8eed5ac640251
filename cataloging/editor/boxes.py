"""What the boxes of a form read from a MARC record and write into it.

A box shows one thing the record says. Writing touches only what a box changed: everything the form
does not show, and every box left as it was, stays in the record byte for byte. A new record gets
leader, 008 and ISBD marks by itself.
"""

import copy
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from cataloging.editor.coded import read_coded, write_coded, write_fixed
from cataloging.editor.materials import Box, Material, box, boxes, material
from cataloging.marc.model import Marc, control, data_field, fields, subfields
from cataloging.marc.names import dated
from ils.core import clock

Values = dict[str, str]

_MARK_AT_END = re.compile(r"\s*[/:;,=+]$")
_YEAR = re.compile(r"(?<!\d)(1[0-9]\d\d|20\d\d)(?!\d)")
_KEYWORD_BREAK = re.compile(r"[;,\n]")
_NAME_ROLE = re.compile(r"(?P<name>[^()]+?)\s*(?:\((?P<role>[^()]+)\))?")
_BETWEEN = " -- "  # parts of a heading in one line

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

# Characters 18-34 of 008 in a new record, by leader/06 (s: a serial): nothing claimed that nobody
# said. Source: MARC 21 Bibliographic, 008.
_CODES_OF_NEW = {
    "a": "           000 | ",
    "t": "           000 | ",
    "s": " u p       0    0",
    "e": "       a     0   ",
    "g": "|||            ||",
}


def read(marc: Marc, names: Iterable[str] | None = None) -> Values:
    """Return what boxes show of a record, all that are described or those named.

    A box the record says nothing for is empty.
    """
    wanted = [box(name) for name in names] if names is not None else boxes().values()
    return {one.name: _READ[one.kind](marc, one) for one in wanted if one is not None}


def write(
    marc: Marc | None,
    values: Mapping[str, str],
    today: date | None = None,
    kind: Material | None = None,
) -> Marc:
    """Return the record with the boxes that differ from it written in; None makes a new record.

    Boxes not in ``values`` are left alone. Nothing the boxes do not show is ever changed.
    """
    new = marc is None
    result: Marc = fresh(kind or material(""), today) if marc is None else copy.deepcopy(marc)
    shown = read(result, values)
    for name, value in values.items():
        one = box(name)
        if one is None or same_text(value, shown[name]):
            continue
        text = (" " if one.kind in ("sub", "script") else "\n").join(_lines(value))
        _WRITE[one.kind](result, one, text)
        if one.tags[:1] == ("264",) and one.code == "c":
            write_fixed(result, 7, _year_code(text))
    if new:
        finish_new(result)
    return result


def same_text(one: str, other: str) -> bool:
    """Tell whether two texts are the same as far as a box of a form can give them back."""
    return _lines(one) == _lines(other)


def _lines(text: str) -> list[str]:
    cleaned = "".join(
        c if c >= " " or c in "\n\r\t" else " " for c in unicodedata.normalize("NFC", text)
    )
    return [line.strip() for line in cleaned.splitlines() if line.strip()]


def fresh(kind: Material, today: date | None = None) -> Marc:
    """Return an empty record of a material: its leader and 008."""
    day = today or clock.today()
    form = _CODES_OF_NEW["s" if kind.leader[1] == "s" else kind.leader[0]]
    fixed = f"{day:%y%m%d}nuuuu    vm {form}und d"
    made: Marc = {"leader": f"00000n{kind.leader} a2200000 a 4500", "fields": [{"008": fixed}]}
    for at, value in kind.codes.items():
        write_fixed(made, at, value)
    return made


def change_material(marc: Marc, kind: Material, today: date | None = None) -> Marc:
    """Return a new record as one of another material: its leader and codes, all else kept."""
    result = copy.deepcopy(marc)
    result["leader"] = result["leader"][:6] + kind.leader + result["leader"][8:]
    old, new = control(result, "008"), control(fresh(kind, today), "008")
    if len(old) == len(new) == 40:
        write_fixed(result, 18, new[18:35])
        write_fixed(result, 6, new[6] if new[6] == "c" else "s" if old[7:11].isdigit() else "n")
    return result


def finish_new(marc: Marc) -> None:
    """Set what follows from the rest in a record made here: added entry, type of date."""
    fixed = control(marc, "008")
    if fixed[6:7] in ("n", "s"):
        write_fixed(marc, 6, "s" if fixed[7:11].isdigit() else "n")
    if not fields(marc, "100", "110", "111"):
        for field in fields(marc, "245"):
            if isinstance(field, dict) and field["ind1"] == "1":
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


def _read_authors(marc: Marc, _box: Box) -> str:
    return "\n".join(_author_line(field) for field in _author_fields(marc))


def _write_authors(marc: Marc, _box: Box, text: str) -> None:
    """Keep the fields of names that stay, drop those struck out, add the new ones in their place."""
    old = _author_fields(marc)
    kept: dict[str, list[dict[str, Any]]] = {}
    for field in old:
        kept.setdefault(_lines(_author_line(field))[0] if _author_line(field) else "", []).append(
            field
        )
    has_other_main = bool(fields(marc, "110", "111", "130"))
    lines = list(dict.fromkeys(_lines(text)))
    wanted = [field for line in lines for field in kept.get(line) or [_author_field(line)]]
    marc["fields"][:] = [
        f
        for f in marc["fields"]
        if not any(content is one for one in old for content in f.values())
    ]
    for place, field in enumerate(wanted):
        main = place == 0 and not has_other_main
        _insert(marc, {"100" if main else "700": field})


def person_subfields(heading: str) -> list[tuple[str, str]]:
    """Return name ($a) and years ($d) of a person's heading as it is offered while typing."""
    name, dates = dated(heading)
    return [("a", f"{name},"), ("d", dates)] if dates else [("a", name)]


def _author_field(line: str) -> dict[str, Any]:
    match = _NAME_ROLE.fullmatch(line)
    name = match.group("name").strip() if match else line
    role = (match.group("role") or "").strip() if match else ""
    subs = [*person_subfields(name), *([("e", role)] if role else [])]
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


def _read_keywords(marc: Marc, _box: Box) -> str:
    return "; ".join(_terms(fields(marc, "653")))


def _write_keywords(marc: Marc, _box: Box, text: str) -> None:
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


# --- one line for each field -----------------------------------------------------------------


def _each_of(marc: Marc, box: Box) -> list[dict[str, Any]]:
    return [field for field in _data_fields(marc, *box.tags) if subfields(field, box.code)]


def _each_line(box: Box, field: dict[str, Any]) -> str:
    """Show a field in a line: its subfield, and the subdivisions of a subject behind it."""
    parts = subfields(field, box.code)[:1]
    if box.tags[0] in ("600", "650", "651"):
        parts += subfields(field, "x", "y", "z", "v")
    return " ".join(_BETWEEN.join(part.strip(" ,") for part in parts).split())


def _read_each(marc: Marc, box: Box) -> str:
    return "\n".join(_each_line(box, field) for field in _each_of(marc, box))


def _write_each(marc: Marc, box: Box, text: str) -> None:
    """Keep the fields of lines that stay, drop those struck out, add the new ones behind."""
    wanted = list(dict.fromkeys(" ".join(line.split()) for line in _lines(text)))
    there = set()
    for field in _each_of(marc, box):
        line = "".join(_lines(_each_line(box, field)))
        if line in wanted:
            there.add(line)
        else:
            _remove(marc, field)
    for line in wanted:
        if line not in there:
            head, *rest = line.split(_BETWEEN) if box.tags[0].startswith("6") else [line]
            main = person_subfields(head) if box.heading == "person" else [(box.code, head)]
            subs = [*main, *(("x", part) for part in rest), *box.besides]
            _insert(marc, data_field(box.tags[0], *box.fresh, *subs))


# --- a title in another script -------------------------------------------------------------------


def _script_field(marc: Marc) -> dict[str, Any] | None:
    for field in _data_fields(marc, "880"):
        if any(value.startswith("245") for value in subfields(field, "6")):
            return field
    return None


def _read_script(marc: Marc, box: Box) -> str:
    field = _script_field(marc)
    return " ".join(subfields(field, box.code)[:1]).strip() if field else ""


def _write_script(marc: Marc, box: Box, text: str) -> None:
    """Write 880 linked with 245; the link stays in both or goes from both.

    Source: MARC 21 Bibliographic, appendix A (subfield 6), script code $1 for CJK.
    """
    field = _script_field(marc)
    title = next(iter(_data_fields(marc, "245")), None)
    if field is not None and text:
        place = next((i for i, sub in enumerate(field["subfields"]) if box.code in sub), None)
        new = {box.code: text}
        if place is None:
            field["subfields"].append(new)
        else:
            field["subfields"][place] = new
    elif field is not None:
        _remove(marc, field)
        if title is not None and not _script_field(marc):
            title["subfields"][:] = [
                sub for sub in title["subfields"] if not sub.get("6", "").startswith("880")
            ]
    elif text:
        taken = [value[4:6] for one in _data_fields(marc, "880") for value in subfields(one, "6")]
        number = next(f"{n:02}" for n in range(1, 100) if f"{n:02}" not in taken)
        marks = (title["ind1"], title["ind2"]) if title is not None else ("1", "0")
        _insert(marc, data_field("880", *marks, ("6", f"245-{number}/$1"), (box.code, text)))
        if title is not None:
            title["subfields"].insert(0, {"6": f"880-{number}"})


def _year_code(year: str) -> str:
    match = _YEAR.search(year)
    return match.group() if match else "uuuu"


_READ: dict[str, Callable[[Marc, Box], str]] = {
    "sub": _read_box,
    "each": _read_each,
    "names": _read_authors,
    "terms": _read_keywords,
    "script": _read_script,
    "fixed": read_coded,
    "leader": read_coded,
    "language": read_coded,
}
_WRITE: dict[str, Callable[[Marc, Box, str], None]] = {
    "sub": _write_box,
    "each": _write_each,
    "names": _write_authors,
    "terms": _write_keywords,
    "script": _write_script,
    "fixed": write_coded,
    "leader": write_coded,
    "language": write_coded,
}
