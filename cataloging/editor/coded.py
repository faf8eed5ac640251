"""Boxes that stand for a code: of field 008, of the leader, of the language."""

from typing import Any

from cataloging.editor.materials import Box
from cataloging.marc.model import Marc, control, fields, subfields
from cataloging.marc.standard import Name, Position, standard

LENGTH = 40


def position_of(box: Box, leader: str) -> Position | None:
    """Return the place a coded box stands for in a record with this leader, if it has it."""
    known = standard()
    if box.kind == "leader":
        return next((one for one in known.leader if one.start == box.at), None)
    kind = known.kind(leader)
    if kind not in box.kinds:
        return None
    found = known.positions_008.get(kind, ())
    return next((one for one in found if one.start == box.at), None)


def choices_of(box: Box, leader: str) -> list[tuple[str, Name]]:
    """Return what a coded box may be set to, with the names; not stated comes first, empty."""
    nothing = ("", ("–", "–"))
    if box.kind == "language":
        return [nothing, *standard().language_names.items()]
    position = position_of(box, leader)
    if position is None:
        return [nothing]
    if box.kind == "leader":
        return [(c, name) for c, name in position.codes.items() if c in box.allowed]
    return [nothing, *((c, name) for c, name in position.codes.items() if c.strip(" |"))]


def read_coded(marc: Marc, box: Box) -> str:
    """Return the code a box shows; '' where the record does not say."""
    if box.kind == "language":
        return _read_language(marc)
    if box.kind == "leader":
        return marc["leader"][box.at : box.at + 1].strip()
    fixed = control(marc, "008")
    position = position_of(box, marc["leader"])
    if len(fixed) != LENGTH or position is None:
        return ""
    code = fixed[box.at]
    return code if code in position.codes and code.strip(" |") else ""


def write_coded(marc: Marc, box: Box, code: str) -> None:
    """Set the code of a box, where the record has a place for it."""
    if box.kind == "language":
        _write_language(marc, code)
    elif box.kind == "leader":
        if len(code) == 1 and len(marc["leader"]) > box.at:
            marc["leader"] = marc["leader"][: box.at] + code + marc["leader"][box.at + 1 :]
    elif (position := position_of(box, marc["leader"])) is not None:
        nothing = next((c for c in " |u" if c in position.codes), "|")
        write_fixed(marc, box.at, code[:1] or nothing)


def write_fixed(marc: Marc, start: int, value: str) -> None:
    """Set characters of a well-formed 008; one of another length is left as it is."""
    for one in marc["fields"]:
        text = one.get("008")
        if isinstance(text, str) and len(text) == LENGTH:
            one["008"] = text[:start] + value + text[start + len(value) :]
            return


def _languages(marc: Marc) -> list[dict[str, Any]]:
    return [field for field in fields(marc, "041") if isinstance(field, dict)]


def _read_language(marc: Marc) -> str:
    for field in _languages(marc):
        for value in subfields(field, "a"):
            return value.strip()[:3]
    code = control(marc, "008")[35:38]
    return code if code.strip(" |") and code != "und" else ""


def _write_language(marc: Marc, code: str) -> None:
    for field in _languages(marc):
        place = next((i for i, sub in enumerate(field["subfields"]) if "a" in sub), None)
        if place is not None:
            rest = field["subfields"][place]["a"][3:]
            field["subfields"][place] = {"a": code + rest}
            break
    write_fixed(marc, 35, f"{code[:3]:<3}" if code else "und")
