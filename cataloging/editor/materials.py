"""The forms of the editor, read from data: which boxes there are and what each material shows.

A library may change what a material shows (``layouts.py``); what a box means stays the same.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cataloging.marc.model import Marc, control, fields
from cataloging.marc.standard import Name, standard

_OWN_BOX = re.compile(r"([0-9]{3})\$([0-9a-z])")
DEFAULT = "book"


@dataclass(frozen=True)
class Box:
    """A box of a form. ``kind`` is as ``materials.toml`` says; ``fresh`` are the indicators of a
    field made for it and ``besides`` its further subfields."""

    name: str
    kind: str
    label: Name
    tags: tuple[str, ...] = ()
    code: str = ""
    fresh: tuple[str, str] = (" ", " ")
    besides: tuple[tuple[str, str], ...] = ()
    at: int = -1
    kinds: tuple[str, ...] = ()
    allowed: str = ""
    widget: str = "line"
    help: Name = ("", "")
    hint: Name = ("", "")
    words: tuple[str, ...] = ()
    heading: str = ""
    size: str = ""
    input: str = ""


@dataclass(frozen=True)
class Material:
    """A kind of material: what a new record of it begins with, and its boxes by group."""

    code: str
    name: Name
    leader: str
    codes: Mapping[int, str]
    language: str
    item_type: str
    boxes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("materials.toml").read_text("utf-8"))


@cache
def boxes() -> dict[str, Box]:
    """Return every box that is described, by name."""
    return {name: _box(name, one) for name, one in _data()["boxes"].items()}


@cache
def groups() -> dict[str, Name]:
    """Return the groups of boxes with their names, in the order of a form."""
    return {name: (en, vi) for name, (en, vi) in _data()["groups"].items()}


@cache
def materials() -> dict[str, Material]:
    """Return the materials by code, in the order they are offered."""
    return {
        one["code"]: Material(
            code=one["code"],
            name=(one["name"][0], one["name"][1]),
            leader=one["leader"],
            codes={int(at): value for at, value in one.get("codes", {}).items()},
            language=one.get("language", "vie"),
            item_type=one["item_type"],
            boxes={group: tuple(names) for group, names in one["boxes"].items()},
        )
        for one in _data()["material"]
    }


def material(code: str) -> Material:
    """Return a material; a book where there is none of that code."""
    return materials().get(code) or materials()[DEFAULT]


def box(name: str) -> Box | None:
    """Return a box by its name; ``690$a`` names a box for that subfield of that field."""
    found = boxes().get(name)
    if found is not None:
        return found
    own = _OWN_BOX.fullmatch(name)
    return _own_box(name, own.group(1), own.group(2)) if own else None


@cache
def _own_box(name: str, tag: str, code: str) -> Box | None:
    if tag.startswith("00"):
        return None
    known = standard().fields.get(tag)
    sub = known.subfields.get(code) if known else None
    label = (
        (f"{known.name[0]}: {sub.name[0]}", f"{known.name[1]}: {sub.name[1]}")
        if known and sub
        else known.name
        if known
        else (name, name)
    )
    return Box(name, "each", label, tags=(tag,), code=code, widget="area")


def _box(name: str, one: dict[str, Any]) -> Box:
    ind1, ind2 = one.get("ind", "##").replace("#", " ")
    hint = one.get("hint", "")
    return Box(
        name=name,
        kind=one["kind"],
        label=(one["en"], one["vi"]),
        tags=tuple(one.get("tags", ())),
        code=one.get("code", ""),
        fresh=(ind1, ind2),
        besides=tuple(one.get("with", {}).items()),
        at=one.get("at", -1),
        kinds=tuple(one.get("for", ())),
        allowed=one.get("allowed", ""),
        widget=one.get("widget", "line"),
        help=(one.get("help_en", ""), one.get("help_vi", "")),
        hint=(one.get("hint_en", hint), one.get("hint_vi", hint)),
        words=tuple(one.get("list", ())),
        heading=one.get("heading", ""),
        size=one.get("size", ""),
        input=one.get("input", ""),
    )


def material_of(marc: Marc) -> str:
    """Return the material whose form suits a record best, by its codes and fields."""
    kind, level = marc["leader"][6:7], marc["leader"][7:8]
    fixed = control(marc, "008")
    if kind in ("e", "f"):
        return "map"
    if kind and kind in "gijkmor":
        return "av"
    if level in ("a", "b"):
        return "article"
    if level in ("s", "i"):
        return "serial"
    if kind == "t":
        return "hannom"
    if len(fixed) == 40 and "6" in fixed[24:28]:
        return "comic"
    if len(fixed) == 40 and fixed[22] in "abcj":
        return "child"
    return "local" if fields(marc, "690") else DEFAULT
