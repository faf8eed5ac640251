"""A page of the editor as its template shows it: boxes, rows and codes with their names.

``at`` is 0 for English, 1 for Vietnamese, as everywhere in MARC 21's data.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cataloging.editor.boxes import read
from cataloging.editor.coded import choices_of
from cataloging.editor.layouts import Layout
from cataloging.editor.materials import Box, box, groups
from cataloging.editor.rows import Row, leader_of, rows
from cataloging.marc.field_help import help_of
from cataloging.marc.fixed import NOT_CODED, NOT_SAID, places, said
from cataloging.marc.model import Marc
from cataloging.marc.standard import Field, Position, standard

HEADINGS = {
    "100": "person",
    "600": "person",
    "700": "person",
    "110": "body",
    "610": "body",
    "710": "body",
    "651": "place",
    "650": "subject",
    "130": "title",
    "630": "title",
    "730": "title",
}
# Where $a is a class that the picker finds; a number of another scheme (084, named in $2) is not
# mistaken for one of the DDC while it is typed, so there it opens when it is called.
CLASSES = {"082": "typed", "083": "typed", "084": "on_call"}


@dataclass(frozen=True)
class BoxShown:
    """A box with what stands in it. ``choices`` are code and name, for pick lists."""

    box: Box
    value: str
    label: str
    help: str
    hint: str
    required: bool
    pinned: bool
    choices: tuple[tuple[str, str], ...] = ()
    lines: int = 1
    about: str = ""

    @property
    def widget(self) -> str:
        """Return ``pick``, ``area`` or ``line``."""
        return widget_of(self.box, self.value)


def widget_of(box: Box, value: str) -> str:
    """Return what shows a box: a browser joins the lines of a ``line``, so several need an area."""
    several = box.widget == "line" and any(c in value for c in "\n\r")
    return "area" if several else box.widget


def boxes_shown(
    marc: Marc, layout: Layout, pinned: tuple[str, ...], at: int
) -> list[tuple[str, str, list[BoxShown]]]:
    """Return the groups of a form (code, name) with their boxes."""
    values = read(marc, [one.box for one in layout.placed])
    shown = []
    for group, placed in layout.by_group():
        some = [
            _box_shown(marc, about, values, at, one.required, about.name in pinned)
            for one in placed
            if (about := box(one.box)) is not None
        ]
        shown.append((group, groups()[group][at], some))
    return shown


def _box_shown(
    marc: Marc, about: Box, values: Mapping[str, str], at: int, *flags: bool
) -> BoxShown:
    value = values[about.name]
    choices: tuple[tuple[str, str], ...] = ()
    if about.widget == "pick":
        named = [(code, names[at]) for code, names in choices_of(about, marc["leader"])]
        own = [] if value in dict(named) else [(value, value)]
        choices = (*named, *own)
    required, pinned = flags
    return BoxShown(
        box=about,
        value=value,
        label=about.label[at],
        help=about.help[at],
        hint=about.hint[at],
        required=required,
        pinned=pinned,
        choices=choices,
        about=_about(about, at),
        lines=max(2, min(8, value.count("\n") + 1 + len(value) // 90)),
    )


def _about(box: Box, at: int) -> str:
    """Return what MARC 21's data say is written into a box: of its subfield, else of its field."""
    tag = box.tags[0] if box.tags else ""
    known = standard().fields.get(tag)
    sub = known.subfields.get(box.code) if known else None
    return (sub.help[at] if sub else "") or help_of(tag).said[at]


@dataclass(frozen=True)
class CodeShown:
    """A place in a fixed field: its name and, for each character, what it may be (or a text)."""

    start: int
    length: int
    label: str
    value: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SubShown:
    """A subfield of a row."""

    code: str
    value: str
    label: str
    heading: str = ""
    classes: str = ""


@dataclass(frozen=True)
class RowShown:
    """A row with its names."""

    row: Row
    label: str
    subs: tuple[SubShown, ...] = ()
    codes: tuple[CodeShown, ...] = ()


def rows_shown(marc: Marc, at: int, *, blank: str = "", after: int = -1) -> list[RowShown]:
    """Return the rows of a record; with an empty one (``blank`` is field) behind the row ``after``,
    or an empty subfield in it."""
    shown = [_row_shown(marc, one, at) for one in rows(marc)]
    if blank == "field":
        place = min(after + 1, len(shown))
        shown.insert(place, blank_row(len(shown)))
    elif blank == "subfield" and 0 <= after < len(shown):
        old = shown[after]
        if old.row.line is None and old.row.text is None:
            subs = (*old.subs, SubShown("", "", ""))
            shown[after] = RowShown(old.row, old.label, subs)
    return shown


def blank_row(number: int) -> RowShown:
    """Return an empty row to be filled in."""
    return RowShown(Row(number, "", "#", "#"), "", (SubShown("a", "", ""),))


def _row_shown(marc: Marc, one: Row, at: int) -> RowShown:
    known = standard().fields.get(one.tag)
    label = known.name[at] if known else ""
    if one.line is not None:
        return RowShown(one, label)
    if one.text is not None:
        return RowShown(one, label, codes=tuple(codes_of(marc, one.tag, one.text, at)))
    offered = (HEADINGS.get(one.tag, ""), CLASSES.get(one.tag, ""))
    subs = tuple(
        SubShown(code, value, _name(known, code, at), *(offered if code == "a" else ()))
        for code, value in one.subfields
    )
    return RowShown(one, label, subs)


def _name(known: Field | None, code: str, at: int) -> str:
    sub = known.subfields.get(code) if known else None
    return sub.name[at] if sub else ""


def leader_codes(marc: Marc, at: int) -> list[CodeShown]:
    """Return the places of the leader."""
    return codes_of(marc, "LDR", leader_of(marc), at)


def codes_of(marc: Marc, tag: str, text: str, at: int) -> list[CodeShown]:
    """Return the places of a fixed field whose length is right; none for other control fields."""
    return [_code(p, text, at, fill=tag != "LDR") for p in places(marc["leader"], tag, text)]


def _code(place: Position, text: str, at: int, *, fill: bool) -> CodeShown:
    """A place with its choices by name; numbers and dates have none and are typed.

    Of languages and places of publication those often met are offered, and what stands there.
    """
    value = text[place.start : place.start + place.length]
    known = standard()
    codes, size = place.codes, len(next(iter(place.codes), ""))
    if place.check in ("language", "country"):
        often = known.language_names if place.check == "language" else known.country_names
        size = place.length
        codes = {" " * size: NOT_SAID} | {f"{code:<{size}}": name for code, name in often.items()}
        stands = value.replace("#", " ")
        for name in said(place, stands):
            codes[stands] = name
    if codes and fill:
        codes = codes | {"|" * size: NOT_CODED}
    choices = tuple((code.replace(" ", "#"), name[at]) for code, name in codes.items())
    return CodeShown(place.start, place.length, place.name[at], value, choices)
