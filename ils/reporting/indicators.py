"""Indicators as data: what each figure means, how it is computed, how libraries add up.

An indicator is computed from the event log (``fold``), from others (``total_of``, ``ratio``), from
a source that a package declared beside its own data, or it is typed by hand.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ils.core.errors import NotFound

INDICATORS_DIR = Path(__file__).with_name("data") / "indicators"

# The facts of an event by which half-monthly totals are kept apart.
KEPT_APART = ("age_band", "place", "material", "part")


@dataclass(frozen=True)
class Condition:
    """Which events count: those whose ``field`` is (or is not) among ``values``; '' is 'unsaid'."""

    field: str
    values: tuple[str, ...]
    negated: bool = False

    def holds(self, value: str) -> bool:
        """Tell whether a value passes."""
        return (value in self.values) != self.negated


@dataclass(frozen=True)
class Fold:
    """A sum over the log: events of ``kinds`` count, those of ``minus`` count against.

    ``measure`` is what is added up: ``n`` (events), ``quantity`` or ``amount`` (đồng).
    ``distinct`` names a column of which different values are counted instead.
    """

    kinds: tuple[str, ...]
    minus: tuple[str, ...] = ()
    measure: str = "n"
    distinct: str = ""
    where: tuple[Condition, ...] = ()

    @property
    def all_kinds(self) -> tuple[str, ...]:
        """The kinds this fold looks at."""
        return self.kinds + self.minus


@dataclass(frozen=True)
class Ratio:
    """One figure divided by another; ``under`` may be ``population``."""

    over: str
    under: str
    percent: bool = False


@dataclass(frozen=True)
class Indicator:
    """One figure of the sector's statistics."""

    code: str
    group: str
    vi: str
    en: str
    unit: str
    kind: str  # flow | stock | ratio
    rollup: str  # sum | distinct | recompute | share | list
    source: str  # automatic | manual: where the figure comes from when all is built
    definition: str
    definition_en: str
    breakdowns: tuple[str, ...] = ()
    fold: Fold | None = None
    total_of: tuple[str, ...] = ()
    total_if: tuple[tuple[str, str], ...] = ()  # (setting, code added when it is on)
    ratio: Ratio | None = None

    def name(self, language: str) -> str:
        """Return its name in a language."""
        return self.vi if language == "vi" else self.en

    def meaning(self, language: str) -> str:
        """Return its definition in a language."""
        return self.definition if language == "vi" else self.definition_en


@dataclass(frozen=True)
class Group:
    """A chapter of the list."""

    letter: str
    vi: str
    en: str
    indicators: tuple[Indicator, ...]

    def name(self, language: str) -> str:
        """Return its name in a language."""
        return self.vi if language == "vi" else self.en


@cache
def groups() -> tuple[Group, ...]:
    """Return all chapters in order."""
    return tuple(_group(file) for file in sorted(INDICATORS_DIR.glob("*.toml")))


@cache
def indicators() -> dict[str, Indicator]:
    """Return all indicators by code."""
    return {one.code: one for group in groups() for one in group.indicators}


def indicator(code: str) -> Indicator:
    """Return an indicator. Raises ``NotFound``."""
    found = indicators().get(code)
    if found is None:
        raise NotFound("indicator_unknown", indicator=code)
    return found


def folded_kinds() -> tuple[str, ...]:
    """Return the kinds of events that some additive fold looks at: those totals are kept of."""
    found = {
        kind
        for one in indicators().values()
        if one.fold and not one.fold.distinct
        for kind in one.fold.all_kinds
    }
    return tuple(sorted(found))


def conditions(where: dict[str, Any]) -> tuple[Condition, ...]:
    """Read conditions as the files write them: ``{material = […], part_not = […]}``."""
    return tuple(
        Condition(key.removesuffix("_not"), _words(value), key.endswith("_not"))
        for key, value in where.items()
    )


def _words(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _group(file: Path) -> Group:
    data = tomllib.loads(file.read_text("utf-8"))
    letter = data["letter"]
    listed = tuple(_indicator(letter, values) for values in data["indicator"])
    return Group(letter, data["vi"], data["en"], listed)


def _indicator(letter: str, data: dict[str, Any]) -> Indicator:
    fold, ratio = data.get("fold"), data.get("ratio")
    return Indicator(
        code=data["code"],
        group=letter,
        vi=data["vi"],
        en=data["en"],
        unit=data["unit"],
        kind=data["kind"],
        rollup=data["rollup"],
        source=data["source"],
        definition=data["definition"],
        definition_en=data["definition_en"],
        breakdowns=tuple(data.get("breakdowns", ())),
        fold=_fold(fold) if fold else None,
        total_of=tuple(data.get("sum", ())),
        total_if=tuple(data.get("sum_if", {}).items()),
        ratio=Ratio(**ratio) if ratio else None,
    )


def _fold(data: dict[str, Any]) -> Fold:
    return Fold(
        kinds=tuple(data["kinds"]),
        minus=tuple(data.get("minus", ())),
        measure=data.get("measure", "n"),
        distinct=data.get("distinct", ""),
        where=conditions(data.get("where", {})),
    )
