"""MARC 21 Bibliographic as data: which fields, subfields, indicators and codes exist.

The fields come from the Avram schema inside the installed `marctable` package; what it leaves out
(indicators, fixed positions, code lists, linking entries, local fields, Vietnamese names) lies as
TOML in `standard/`. Validation, display and help texts all ask here.
"""

import json
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("standard")

Name = tuple[str, str]  # English, Vietnamese


@dataclass(frozen=True, slots=True)
class Subfield:
    """A subfield of a field."""

    code: str
    name: Name
    repeatable: bool
    help: Name = ("", "")  # what is written into it


@dataclass(frozen=True, slots=True)
class Indicator:
    """The values an indicator may take; ``values`` is None where the standard leaves it open.

    ``meanings`` says each value in words; ``lines`` the same for a page, where one line may speak
    for several values (``1-9``).
    """

    values: frozenset[str] | None
    meanings: dict[str, Name] = field(default_factory=dict)
    lines: tuple[tuple[str, Name], ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the format. ``any_subfield`` is set where subfields are left to others."""

    tag: str
    name: Name
    repeatable: bool
    subfields: dict[str, Subfield]
    indicators: tuple[Indicator, Indicator] | None  # None: a control field, or not described
    any_subfield: bool = False
    local: bool = False
    obsolete: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Some characters of a fixed-length field and what they may be."""

    start: int
    length: int
    name: Name
    allowed: frozenset[str] = frozenset()  # empty: see ``check``
    codes: dict[str, Name] = field(default_factory=dict)
    check: str = ""


@dataclass(frozen=True, slots=True)
class PhysicalKind:
    """A category of field 007."""

    code: str
    name: Name
    lengths: tuple[int, ...]

    @property
    def positions(self) -> tuple[Position, ...]:
        """Return what stands after the first character: the kind within the category, and on."""
        return _physical()[self.code]


@dataclass(frozen=True, slots=True)
class Standard:
    """The whole format."""

    fields: dict[str, Field]
    lengths: dict[str, int]
    leader: tuple[Position, ...]
    positions_008: dict[str, tuple[Position, ...]]  # by kind; "all" for those of every kind
    kinds: dict[str, tuple[str, str, Name]]  # kind: leader/06, leader/07, name
    physical: dict[str, PhysicalKind]
    languages: frozenset[str]
    obsolete_languages: frozenset[str]
    countries: frozenset[str]
    obsolete_countries: frozenset[str]
    language_names: dict[str, Name]  # those often met; of all: ``language_of``
    country_names: dict[str, Name]  # those often met; of all: ``place_of``

    def is_local(self, tag: str) -> bool:
        """Tell whether a tag is free for local use: those with a 9 in them, but for a few."""
        known = self.fields.get(tag)
        if known is not None:
            return known.local
        return len(tag) == 3 and "9" in tag

    def kind(self, leader: str) -> str:
        """Return which kind of 008 a leader calls for (BK, CR …), or ''."""
        for kind, (types, levels, _name) in self.kinds.items():
            if leader[6:7] and leader[6:7] in types and (not levels or leader[7:8] in levels):
                return kind
        return ""


@cache
def standard() -> Standard:
    """Return MARC 21 Bibliographic, read once per process."""
    fixed, codes = _toml("fixed"), _toml("codes")
    sets = fixed["sets"]
    return Standard(
        fields=_fields(),
        lengths=fixed["length"],
        leader=tuple(_position(p, sets) for p in fixed["LDR"]),
        positions_008={k: tuple(_position(p, sets) for p in v) for k, v in fixed["008"].items()},
        kinds={
            k: (v["types"], v.get("levels", ""), (v["en"], v["vi"]))
            for k, v in fixed["kinds"].items()
        },
        physical={
            k: PhysicalKind(k, (v["en"], v["vi"]), tuple(v["lengths"]))
            for k, v in fixed["007"].items()
        },
        languages=frozenset(codes["language_codes"].split()),
        obsolete_languages=frozenset(codes["obsolete_language_codes"].split()),
        countries=frozenset(codes["country_codes"].split()),
        obsolete_countries=frozenset(codes["obsolete_country_codes"].split()),
        language_names={k: (en, vi) for k, (en, vi) in codes["languages"].items()},
        country_names={k: (en, vi) for k, (en, vi) in codes["countries"].items()},
    )


@cache
def authority_standard() -> Standard:
    """Return MARC 21 Authority, read once per process. It has no 006, 007 or code lists."""
    data = _toml("authority")
    return Standard(
        fields={tag: _authority_field(tag, data) for tag in data["fields"]},
        lengths=data["lengths"],
        leader=tuple(_position(p, {}) for p in data["LDR"]),
        positions_008={"all": tuple(_position(p, {}) for p in data["008"])},
        kinds={},
        physical={},
        languages=frozenset(),
        obsolete_languages=frozenset(),
        countries=frozenset(),
        obsolete_countries=frozenset(),
        language_names={},
        country_names={},
    )


def _authority_field(tag: str, data: dict[str, Any]) -> Field:
    said = data["fields"][tag]
    like = said.get("like")
    listed = (
        f"{data['fields'][like]['sub']} {data['tracing']['sub']}" if like else said.get("sub", "")
    )
    is_open = listed == "any"
    named = data["named"].get(tag, {}) | data["named"].get(like, {})
    marks = said.get("ind")
    meanings = _meanings()["authority"]
    return Field(
        tag=tag,
        name=(said["en"], said["vi"]),
        repeatable=not said.get("once", False),
        subfields={}
        if is_open
        else {
            code[0]: Subfield(
                code[0],
                _authority_name(tag, code[0], named, data),
                code.endswith("R"),
                _help(None if code[0] in named else data["helps"].get(code[0])),
            )
            for code in listed.split()
        },
        indicators=_indicators(marks, meanings.get(tag, {}), meanings.get(like, {}))
        if marks
        else None,
        any_subfield=is_open,
    )


def _authority_name(tag: str, code: str, named: dict[str, list[str]], data: dict[str, Any]) -> Name:
    """Return what a subfield is called: by its field, else by its code."""
    if tag == "856" and (alike := standard().fields[tag].subfields.get(code)) is not None:
        return alike.name  # the same in both formats
    english, vietnamese = named.get(code) or data["names"][code]
    return english, vietnamese


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))


def _position(
    data: dict[str, Any], sets: dict[str, Any], usual: dict[str, Any] | None = None
) -> Position:
    shared = sets.get(data.get("set", ""), {})
    said = data.get("codes", {}) | {code: shared[code] for code in data.get("take", shared)}
    said |= {code: (usual or {})[code] for code in data.get("usual", "")}
    codes = {k.replace("#", " "): (en, vi) for k, (en, vi) in said.items()}
    start, length = data["at"]
    name = (data["en"], data["vi"])
    return Position(start, length, name, frozenset(codes), codes, data.get("check", ""))


@cache
def _physical() -> dict[str, tuple[Position, ...]]:
    """Return the positions of 007 by category; read when a 007 is met, which is seldom."""
    data = _toml("physical")
    kinds = data.keys() - {"sets", "usual"}
    return {k: tuple(_position(p, data["sets"], data["usual"]) for p in data[k]) for k in kinds}


def _fields() -> dict[str, Field]:
    # The package is never imported: its own code wants pandas, of which we have no need.
    schema_file = Path(str(distribution("marctable").locate_file("marctable/marc.json")))
    schema = json.loads(schema_file.read_text("utf-8"))["fields"]
    additions = _toml("additions")["fields"]
    vietnamese, indicators = _toml("vietnamese"), _toml("indicators")["ind"]
    labels = _toml("labels") | {"common": vietnamese["common"]["sub"]}
    helps = _toml("help")
    labels["common_help"] = helps["common"]
    return {
        tag: _field(
            tag,
            schema.get(tag, {}),
            additions.get(tag, {}),
            vietnamese.get(tag, {}),
            indicators.get(tag),
            labels,
            helps.get(tag, {}),
        )
        for tag in sorted({*schema, *additions})
    }


def _field(
    tag: str,
    schema: dict[str, Any],
    added: dict[str, Any],
    vietnamese: dict[str, Any],
    indicators: list[str] | None,
    labels: dict[str, Any],
    helps: dict[str, list[str]],
) -> Field:
    label = schema.get("label") or added.get("label", tag)
    names = vietnamese.get("sub", {})
    found = {
        code: (sub["label"], sub["repeatable"]) for code, sub in schema.get("subfields", {}).items()
    }
    open_ended = added.get("sub") == "any"
    for code in () if open_ended else added.get("sub", "").split():
        english = found.get(code[0], (names.get(code[0], code[0]), False))[0]
        found[code[0]] = (english, code.endswith("R"))
    for code, name in names.items():
        if open_ended:
            found.setdefault(code, (name, True))
    subfields = {}
    for code, (english, repeatable) in found.items():
        name = _subfield_name(tag, code, english, names, labels)
        means_same = name[1] == labels["common"].get(code)
        said = helps.get(code) or (labels["common_help"].get(code) if means_same else None)
        subfields[code] = Subfield(code, name, repeatable, _help(said))
    return Field(
        tag=tag,
        name=(label, vietnamese.get("label") or labels["names"].get(label, label)),
        repeatable=schema.get("repeatable", added.get("repeatable", True)),
        subfields=subfields,
        indicators=None
        if indicators is None
        else _indicators(indicators, _meanings().get(tag, {})),
        any_subfield=open_ended,
        local=added.get("local", False),
        obsolete=added.get("obsolete", False),
        url=schema.get("url", ""),
    )


def _help(said: list[str] | None) -> Name:
    return (said[0], said[1]) if said else ("", "")


def _subfield_name(
    tag: str, code: str, english: str, names: dict[str, str], labels: dict[str, Any]
) -> Name:
    """Return what a subfield is called: by its field, else by its code, else by its label."""
    if english == code and "760" <= tag <= "788" and code in labels["linking"]:
        english, vietnamese = labels["linking"][code]
        return english, names.get(code) or vietnamese
    said = names.get(code) or labels["common"].get(code) or labels["names"].get(english, english)
    if english == code:  # nameless in the schema: the English of what we call it
        english = said
    return labels["english"].get(english, english), said


def _indicators(values: list[str], *meanings: dict[str, Any]) -> tuple[Indicator, Indicator]:
    """Return both indicators of a field; what the first of ``meanings`` leaves out, the next says."""
    first, second = (
        _indicator(allowed, next((m[n] for m in meanings if n in m), {}))
        for n, allowed in zip("12", values, strict=True)
    )
    return first, second


def _indicator(values: str, meanings: dict[str, list[str]] | str) -> Indicator:
    if values == "any":
        return Indicator(None)
    allowed = _expanded(values)
    said = _meanings()["sets"][meanings] if isinstance(meanings, str) else meanings
    named: dict[str, Name] = {}
    lines = []
    for key, (en, vi) in said.items():
        some = _expanded(key) & allowed
        named |= {v: (en.replace("{n}", v), vi.replace("{n}", v)) for v in sorted(some)}
        if some:
            lines.append((key, (en.replace("{n}", key), vi.replace("{n}", key))))
    return Indicator(allowed, named, tuple(lines))


def _expanded(values: str) -> frozenset[str]:
    """Return each value of a list like ``#0-8``, the blank as a blank."""
    expanded: set[str] = set()
    rest = values.replace("#", " ")
    while rest:
        if rest[1:2] == "-":
            expanded |= {str(n) for n in range(int(rest[0]), int(rest[2]) + 1)}
            rest = rest[3:]
        else:
            expanded.add(rest[0])
            rest = rest[1:]
    return frozenset(expanded)


@cache
def _meanings() -> dict[str, Any]:
    return _toml("meanings")


def language_of(code: str) -> Name | None:
    """Return the name of a language code in both languages, if MARC has it."""
    return standard().language_names.get(code) or _rarer()["languages"].get(code)


def place_of(code: str) -> Name | None:
    """Return the name of a code of a place of publication in both languages, if MARC has it."""
    return standard().country_names.get(code) or _rarer()["countries"].get(code)


def language_name(code: str, *, english: bool = False) -> str:
    """Return the name of a MARC language code; the code itself where it has none."""
    names = language_of(code)
    return code if names is None else names[0 if english else 1]


@cache
def _rarer() -> dict[str, dict[str, Name]]:
    """Return the names of the languages and places that no list to choose from begins with."""
    found = _toml("rarer_codes")
    return {of: {code: (en, vi) for code, (en, vi) in found[of].items()} for of in found}
