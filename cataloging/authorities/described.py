"""What an authority record says: its heading, its variants, what else to see. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from cataloging.marc.headings import KINDS, heading_key, kind_of_tracing, tracing
from cataloging.marc.model import Marc, control, data_field, pairs, subfields
from cataloging.marc.names import direct
from ils.core import clock

LEADER: Final = "00000nz  a2200000n  4500"
EARLIER: Final = "nne"  # $w: an earlier form of this heading
MOST_FORMS: Final = 500
# $w/0 of 5XX.
RELATIONS: Final = {"a": "earlier", "b": "later", "g": "broader", "h": "narrower"}
_NOTES: Final = ("678", "680")


@dataclass(frozen=True)
class Form:
    """A form of a heading. ``mark`` is 'earlier' for one the authority had before."""

    key: int
    text: str
    kind: str
    mark: str = ""


@dataclass(frozen=True)
class Described:
    """An authority record as lists and links see it."""

    kind: str
    key: int
    heading: str
    variants: tuple[Form, ...] = ()
    see_also: tuple[Form, ...] = ()
    notes: tuple[str, ...] = ()
    control_number: str = ""
    control_source: str = ""

    @property
    def keys(self) -> frozenset[int]:
        """The keys of all forms."""
        return frozenset((self.key, *(one.key for one in self.variants)))


def describe(marc: Marc) -> Described | None:
    """Return what an authority record says; None when it has no heading of a kind known here."""
    heading: tuple[int, str] | None = None
    kind = ""
    variants: dict[int, Form] = {}
    see_also: dict[int, Form] = {}
    for tag, content in pairs(marc):
        of_kind = kind_of_tracing(tag)
        if of_kind is None or (found := tracing(tag, content)) is None:
            continue
        key, text = found
        control_codes = (subfields(content, "w") or [""])[0]
        if tag[0] == "1":
            heading, kind = heading or found, kind or of_kind.code
        elif tag[0] == "4" and len(variants) < MOST_FORMS:
            mark = "earlier" if control_codes[2:3] in ("a", "e", "o") and control_codes else ""
            variants.setdefault(key, Form(key, text, of_kind.code, mark))
        elif tag[0] == "5" and len(see_also) < MOST_FORMS:
            mark = RELATIONS.get(control_codes[:1], "")
            see_also.setdefault(key, Form(key, text, of_kind.code, mark))
    if heading is None:
        return None
    variants.pop(heading[0], None)
    see_also.pop(heading[0], None)
    return Described(
        kind,
        *heading,
        tuple(variants.values()),
        tuple(see_also.values()),
        tuple(
            " ".join(subfields(content, "a", "b", "i"))
            for tag, content in pairs(marc)
            if tag in _NOTES
        ),
        control(marc, "001").strip()[:80],
        control(marc, "003").strip()[:40],
    )


def in_direct_order(marc: Marc) -> Marc:
    """Return the record with Vietnamese personal names in their own order: 100 1# Nguyễn Nhật Ánh.

    Foreign names stay as they are; so does everything else.
    """
    return {
        "leader": marc["leader"],
        "fields": [
            {tag: _direct(content) if tag in ("100", "400", "500") else content}
            for tag, content in pairs(marc)
        ],
    }


def _direct(content: Any) -> Any:
    if isinstance(content, str):
        return content
    subs = [
        {code: _turned(value) if code == "a" else value}
        for sub in content["subfields"]
        for code, value in sub.items()
    ]
    if subs == content["subfields"]:
        return content
    return {**content, "ind1": "1", "subfields": subs}


def _turned(name: str) -> str:
    """Return a Vietnamese name in its own order, the comma before what follows it kept."""
    bare = name.strip().rstrip(", ")
    turned = direct(bare) if "," in bare else bare
    if turned == bare:
        return name
    return turned + ("," if name.strip().endswith(",") else "")


# Making records.


@dataclass(frozen=True)
class Boxes:
    """An authority as it is typed in boxes: one form a line."""

    kind: str
    name: str
    dates: str = ""
    variants: tuple[str, ...] = ()
    see_also: tuple[str, ...] = ()
    note: str = ""
    source: str = ""


def fixed_008(day: str) -> str:
    """Return a field 008 for a new authority, fully established; ``day`` is yymmdd."""
    return f"{day}n| azznnaabn{' ' * 10}|a aaa{' ' * 5}d"


def new_marc(boxes: Boxes) -> Marc:
    """Return a new authority record."""
    day = clock.today().strftime("%y%m%d")
    return with_boxes({"leader": LEADER, "fields": [{"008": fixed_008(day)}]}, boxes)


def main_field(kind: str, name: str, dates: str = "", lead: str = "1") -> dict[str, Any]:
    """Return a heading as field: ``lead`` 1 for a heading, 4 for a variant, 5 for see also."""
    tag = lead + KINDS[kind].main[0][1:]
    name = direct(name) if kind == "person" else name
    ind1 = {"person": "1", "body": "2"}.get(kind, " ")
    ind2 = "0" if kind == "title" else " "
    if kind == "person" and dates:
        return data_field(tag, ind1, ind2, ("a", f"{name},"), ("d", dates))
    parts = name.split(" - ") if KINDS[kind].below else [name]
    return data_field(tag, ind1, ind2, ("a", parts[0]), *(("x", part) for part in parts[1:]))


def with_boxes(marc: Marc, boxes: Boxes) -> Marc:
    """Return a record with what its boxes say now; all the boxes do not show stays.

    A heading, variant or reference whose words are unchanged keeps its field, subfields and all.
    """
    old = {lead: _by_text(marc, lead) for lead in "145"}
    heading = main_field(boxes.kind, boxes.name, boxes.dates)
    heading = old["1"].get(_text_of(heading), heading)
    traced = {
        lead: _lines(boxes.kind, lead, lines, old[lead])
        for lead, lines in (("4", boxes.variants), ("5", boxes.see_also))
    }
    kept = [f for f in marc["fields"] if not _is_shown(f)]
    made = [heading, *traced["4"], *traced["5"]]
    made += [*_noted(marc, "670", boxes.source), *_noted(marc, "678", boxes.note)]
    return {
        "leader": marc["leader"],
        "fields": sorted([*kept, *made], key=lambda f: next(iter(f))),
    }


def _noted(marc: Marc, tag: str, text: str) -> list[dict[str, Any]]:
    """Return the notes of a tag; a box shows the first of them."""
    there = [f for f in marc["fields"] if tag in f]
    if there and text == _plain(there[0][tag]):
        return there
    return [*([data_field(tag, " ", " ", ("a", text))] if text else []), *there[1:]]


def boxes_of(marc: Marc) -> Boxes | None:
    """Return a record as its boxes show it; None when it has no heading of a kind known here."""
    seen = describe(marc)
    if seen is None:
        return None
    main = next(c for t, c in pairs(marc) if t[0] == "1" and kind_of_tracing(t))
    dates = " ".join(subfields(main, "d")) if seen.kind == "person" else ""
    name = seen.heading.removesuffix(f", {dates}") if dates else seen.heading
    return Boxes(
        seen.kind,
        name,
        dates if name != seen.heading else "",
        tuple(one.text for one in seen.variants),
        tuple(one.text for one in seen.see_also),
        next((_plain(c) for t, c in pairs(marc) if t == "678"), ""),
        next((_plain(c) for t, c in pairs(marc) if t == "670"), ""),
    )


def _plain(content: Any) -> str:
    return " ".join(subfields(content, "a", "b"))


def _text_of(one: dict[str, Any]) -> str:
    for tag, content in one.items():
        found = tracing(tag, content)
        return found[1] if found else ""
    return ""


def _by_text(marc: Marc, lead: str) -> dict[str, dict[str, Any]]:
    return {
        text: one
        for one in marc["fields"]
        for tag in one
        if tag[0] == lead and kind_of_tracing(tag) and (text := _text_of(one))
    }


def _lines(
    kind: str, lead: str, lines: Iterable[str], old: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    found = {}
    for line in lines:
        if text := line.strip():
            made = old.get(text) or main_field(kind, text, lead=lead)
            found[_text_of(made)] = made
    return [made for text, made in found.items() if text]


def _is_shown(one: dict[str, Any]) -> bool:
    return any(
        t in ("670", "678") or (t[0] in "145" and kind_of_tracing(t) is not None) for t in one
    )


def with_variants(marc: Marc, more: Iterable[dict[str, Any]]) -> Marc:
    """Return a record with further fields 4XX, 5XX or others it lacks, in their places.

    A tracing whose form the record has already, as heading, variant or reference, is left out.
    """
    seen = describe(marc)
    there = set(seen.keys) if seen else set()
    also = {one.key for one in seen.see_also} if seen else set()
    fields = list(marc["fields"])
    for one in more:
        for tag, content in one.items():
            found = tracing(tag, content)
            if found is None:
                if one not in fields:
                    fields.append(one)
            elif tag[0] == "4" and found[0] not in there:
                there.add(found[0])
                fields.append(one)
            elif tag[0] == "5" and found[0] not in also and (not seen or found[0] != seen.key):
                also.add(found[0])
                fields.append(one)
    return {"leader": marc["leader"], "fields": sorted(fields, key=lambda f: next(iter(f)))}


def as_variant(one: dict[str, Any], *, earlier: bool = False) -> dict[str, Any]:
    """Return a heading field (1XX) as a variant (4XX)."""
    for tag, content in one.items():
        subs = [s for s in content["subfields"] if "w" not in s]
        return {
            "4" + tag[1:]: {**content, "subfields": [*([{"w": EARLIER}] if earlier else []), *subs]}
        }
    raise ValueError("a field has a tag")


def heading_field(marc: Marc) -> dict[str, Any]:
    """Return the heading of an authority record as field. Raises ``StopIteration`` without one."""
    return next(f for f in marc["fields"] for t in f if t[0] == "1" and kind_of_tracing(t))


def words_key(kind: str, text: str) -> int:
    """Return the key of a heading typed as text, names in their own order."""
    return heading_key(kind, direct(text.strip()) if kind == "person" else text)
