"""Whose figures: a province, a library or a branch, and which unit belonged where on a day.

Events remember the unit and library where they happened. A report is attributed by the tree as it
stood on the last day of its period, so a branch that changed hands brings its year along.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ils.core.events import EventRow
from ils.org.models import OrgUnit, OrgUnitVersion
from ils.org.units import unit
from ils.reporting.folds import Tally


@dataclass(frozen=True)
class Tree:
    """Which library each unit belongs to on a day. ``moved``: some unit was elsewhere once."""

    library_of: dict[int, int]
    moved: bool

    def library(self, tally: Tally) -> int:
        """Return the library a tally counts for."""
        return self.home(tally.unit_id, tally.library_id)

    def home(self, unit_id: int | None, library_id: int | None) -> int:
        """Return the library something done at a unit counts for."""
        known = self.library_of
        if unit_id and unit_id in known:
            return known[unit_id]
        return known.get(library_id or 0, library_id or 0)

    def units_of(self, libraries: Iterable[int]) -> list[int]:
        """Return all units that belong to some libraries, those themselves included."""
        wanted = set(libraries)
        return sorted(uid for uid, library in self.library_of.items() if library in wanted)


@dataclass(frozen=True)
class Scope:
    """The libraries looked at; ``branch_id`` narrows them to one branch."""

    unit_id: int
    path: str
    kind: str
    libraries: tuple[int, ...]
    branch_id: int | None = None

    def holds(self, tally: Tally, tree: Tree) -> bool:
        """Tell whether a tally belongs here."""
        if self.branch_id is not None:
            return tally.unit_id == self.branch_id
        return tree.library(tally) in self.libraries

    def condition(self, tree: Tree) -> ColumnElement[bool]:
        """SQL: events that belong here."""
        if self.branch_id is not None:
            return EventRow.unit_id == self.branch_id
        if tree.moved:
            return EventRow.unit_id.in_(tree.units_of(self.libraries))
        return EventRow.library_id.in_(self.libraries)


def tree_on(session: Session, day: date) -> Tree:
    """Return the tree as it stood on a day."""
    kinds = dict(session.execute(select(OrgUnit.id, OrgUnit.kind)).all())
    parents: dict[int, int | None] = {}
    ever: dict[int, set[int | None]] = {}
    rows = session.execute(
        select(
            OrgUnitVersion.unit_id, OrgUnitVersion.valid_from, OrgUnitVersion.parent_id
        ).order_by(OrgUnitVersion.valid_from, OrgUnitVersion.id)
    )
    for unit_id, valid_from, parent_id in rows:
        if valid_from <= day or unit_id not in parents:
            parents[unit_id] = parent_id
        ever.setdefault(unit_id, set()).add(parent_id)
    moved = any(
        len(found) > 1 for uid, found in ever.items() if kinds.get(uid) in ("branch", "point")
    ) or any(
        kinds.get(parent or 0) == "library"
        for uid, found in ever.items()
        if kinds.get(uid) == "library"
        for parent in found
    )
    return Tree({uid: _climb(uid, kinds, parents) for uid in kinds}, moved)


def _climb(unit_id: int, kinds: dict[int, str], parents: dict[int, int | None]) -> int:
    """Return the highest library at or above a unit; a merged library lies below its heir."""
    found, step, seen = unit_id, unit_id, {unit_id}
    while True:
        if kinds.get(step) == "library":
            found = step
        above = parents.get(step)
        if above is None or above in seen:
            return found
        seen.add(above)
        step = above


def scope_of(session: Session, unit_id: int) -> Scope:
    """Return what is looked at from a unit: all libraries of a province, one, or one branch."""
    found = unit(session, unit_id)
    if found.kind == "province":
        query = select(OrgUnit.id).where(
            OrgUnit.kind == "library", OrgUnit.active, OrgUnit.path.startswith(found.path)
        )
        return Scope(found.id, found.path, found.kind, tuple(session.scalars(query)))
    if found.kind == "library":
        return Scope(found.id, found.path, found.kind, (found.id,))
    library = tree_on(session, date.max).library_of[found.id]
    return Scope(found.id, found.path, found.kind, (library,), found.id)
