"""Lists of school classes brought in: who is new is registered, who is known gets the new class.

A pupil is known by card number, student code, or name and date of birth; so the same list again
changes nobody and adds nobody. A row that cannot be taken is given back with its reason. The whole
list is one act (``class_runs``) that can be taken back (``batches``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.journal import plain
from circulation.patrons.batch_models import PatronBatchRow
from circulation.patrons.batches import Batch
from circulation.patrons.cards import card_number_key, issue_card
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.patrons import (
    EDIT,
    PatronFacts,
    normal_phone,
    patron_for,
    register_patron,
)
from circulation.patrons.spreadsheet import born_cell, sex_cell, shown
from circulation.rules.school_year import school_year_on
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import IlsError, Invalid
from ils.text.normal import clean, fold

BOXES = (
    *("name", "student_code", "born", "sex", "school_class", "school_year", "school", "card"),
    *("guardian_name", "guardian_phone", "phone", "email", "ethnicity", "commune", "address"),
)
_UPDATED = (
    *("student_code", "school_class", "school_year", "school", "guardian_name", "guardian_phone"),
    *("phone", "email", "ethnicity", "commune", "address"),
)
ADDED, CHANGED, SAME, WRONG = "added", "changed", "same", "wrong"


@dataclass(frozen=True)
class ListFacts:
    """What holds for every row of a list that does not say otherwise."""

    branch_id: int
    category: str
    school: str = ""
    school_class: str = ""
    school_year: str = ""
    consent: bool = False
    photos_agreed: bool = False
    replace_photos: bool = False
    charges: bool = False


@dataclass(frozen=True)
class RowDone:
    """What is done with a row: added, changed (which boxes), the same; or why it is not taken."""

    number: int
    what: str
    name: str = ""
    patron_id: int | None = None
    boxes: tuple[str, ...] = ()
    error: IlsError | None = None

    def stored(self, batch_id: int) -> PatronBatchRow:
        """Return the row as it is stored."""
        facts: dict[str, Any] = {"boxes": list(self.boxes)} if self.boxes else {}
        if self.error is not None:
            facts = {name: plain(value) for name, value in self.error.facts.items()}
        return PatronBatchRow(
            batch_id=batch_id,
            number=self.number,
            patron_id=self.patron_id,
            what=self.what,
            name=self.name[:250],
            code=self.error.code if self.error is not None else "",
            facts=facts,
        )


@dataclass
class Seen:
    """Who was on a list so far: patrons, and those whom a mere look would have registered."""

    patrons: set[int] = field(default_factory=set)
    pupils: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    def remember(self, told: Mapping[str, Any]) -> None:
        """Keep in mind a pupil who would have been registered."""
        for key in _keys(told):
            self.pupils.setdefault(key, []).append(told)

    def require_new(self, told: Mapping[str, Any]) -> None:
        """Refuse a row about a pupil whom a row before it would have registered."""
        for key in _keys(told):
            for other in self.pupils.get(key, ()):
                same_name = fold(other["name"])[:120] == fold(told["name"])[:120]
                if key[0] in "cs" and not same_name:
                    raise Invalid("row_other_person", name=other["name"])
                if key[0] in "cs" or _alike(other, told):
                    raise Invalid("row_twice", name=other["name"])


def _keys(told: Mapping[str, Any]) -> list[str]:
    named = {"c": told["card"], "s": told.get("student_code", "").upper()}
    named["n"] = fold(told["name"])[:120]
    return [f"{kind}:{word}" for kind, word in named.items() if word]


def _alike(other: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    codes = {one["student_code"].upper() for one in (other, told) if one.get("student_code")}
    years = [one["born_on"].year if one["born_on"] else one["born_year"] for one in (other, told)]
    days = {one["born_on"] for one in (other, told) if one["born_on"]}
    return len(codes) < 2 and len(days) < 2 and years[0] == years[1]


class Taking:
    """Rows of a list being brought in."""

    def __init__(self, batch: Batch, facts: ListFacts, seen: Seen) -> None:
        self.session, self.actor, self.batch = batch.session, batch.actor, batch
        self.facts, self.library_id, self.seen = facts, batch.row.library_id, seen
        self.new: list[tuple[Patron, Mapping[str, Any]]] = []
        self.codes: dict[str, int] = {}  # student code → whose it is

    def expect(self, codes: Iterable[Any]) -> None:
        """Look up whose the student codes of the coming rows are, all at once."""
        wanted = {clean(shown(code)).strip().upper() for code in codes} - {""}
        query = select(func.upper(Patron.student_code), Patron.id).where(
            Patron.library_id == self.library_id,
            Patron.deleted_at.is_(None),
            func.upper(Patron.student_code).in_(wanted),
        )
        self.codes = dict(self.session.execute(query.order_by(Patron.id.desc())).all())

    def row(self, number: int, cells: Mapping[str, Any]) -> RowDone:
        """Bring one row in, or say why it is not taken; then nothing of it is left."""
        try:
            with self.session.begin_nested():
                patron, what, boxes = self._take(cells)
        except IlsError as error:
            return RowDone(number, WRONG, shown(cells.get("name")), error=error)
        return RowDone(number, what, patron.name, patron.id, boxes)

    def remember(self) -> None:
        """Note those registered as they are now, with their cards."""
        for patron, _told in self.new:
            self.batch.registered(patron)

    def take_back(self) -> None:
        """Forget those registered, whose records are taken back, but that they are on the list."""
        for patron, told in self.new:
            self.seen.patrons.discard(patron.id)
            self.seen.remember(told)

    def _take(self, cells: Mapping[str, Any]) -> tuple[Patron, str, tuple[str, ...]]:
        told = self.told(cells)
        patron = self._known(told)
        if patron is None:
            self.seen.require_new(told)
            return self._register(told), ADDED, ()
        if patron.id in self.seen.patrons:
            raise Invalid("row_twice", name=patron.name)
        boxes = self._update(patron, told)
        self._note(patron)
        return patron, CHANGED if boxes else SAME, boxes

    def told(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a row says, each box as it is kept. Raises ``Invalid``."""
        told: dict[str, Any] = {box: clean(shown(cell)).strip() for box, cell in cells.items()}
        told["born_on"], told["born_year"] = born_cell(cells.get("born"))
        told["sex"] = sex_cell(told.get("sex", ""))
        told["phone"] = normal_phone(told.get("phone", ""))
        told["guardian_phone"] = normal_phone(told.get("guardian_phone", ""))
        for box in ("school", "school_class", "school_year"):
            told[box] = told.get(box) or getattr(self.facts, box)
        told["school_class"] = told["school_class"].upper()
        told["card"] = card_number_key(told.get("card", ""))
        if not told.get("name"):
            raise Invalid("name_missing", field="name")
        if len(told.get("student_code", "")) > 30 or len(told["school_class"]) > 30:
            raise Invalid("cell_too_long", field="student_code")
        return told

    def _known(self, told: Mapping[str, Any]) -> Patron | None:
        """Return who the row is about: by card, by student code, by name and birth."""
        mine = select(Patron).where(
            Patron.library_id == self.library_id, Patron.deleted_at.is_(None)
        )
        if told["card"]:
            holder = self.session.scalar(
                mine.join(PatronCard, PatronCard.patron_id == Patron.id).where(
                    PatronCard.number == told["card"]
                )
            )
            if holder is not None:
                return self._same_person(holder, told)
        code = told.get("student_code", "")
        if code:
            holder = self.session.get(Patron, self.codes.get(code.upper(), 0))
            if holder is not None:
                return self._same_person(holder, told)
        return self._by_name(mine, told, code)

    def _same_person(self, holder: Patron, told: Mapping[str, Any]) -> Patron:
        """Refuse a card or code that somebody else of another name has."""
        if holder.name_folded != fold(told["name"])[:120]:
            raise Invalid("row_other_person", name=holder.name)
        return patron_for(self.session, self.actor, holder.id, EDIT)

    def _by_name(self, mine: Any, told: Mapping[str, Any], code: str) -> Patron | None:
        born_on, born_year = told["born_on"], told["born_year"]
        query = mine.where(Patron.name_folded == fold(told["name"])[:120])
        if born_on:
            unknown = Patron.born_on.is_(None) & (Patron.born_year == born_on.year)
            query = query.where((Patron.born_on == born_on) | unknown)
        elif born_year:
            query = query.where(Patron.born_year == born_year)
            if told["school"]:
                query = query.where(Patron.school.in_((told["school"], "")))
        else:
            query = query.where(
                Patron.school_class == told["school_class"], Patron.school == told["school"]
            )
        if code:  # somebody with another code is somebody else
            same = func.upper(Patron.student_code) == code.upper()
            query = query.where((Patron.student_code == "") | same)
        found = list(self.session.scalars(query.limit(3)))
        exact = [one for one in found if one.name.casefold() == told["name"].casefold()]
        found = exact if len(exact) == 1 else found
        if len(found) > 1:
            raise Invalid("row_several", name=told["name"])
        return patron_for(self.session, self.actor, found[0].id, EDIT) if found else None

    def _register(self, told: Mapping[str, Any]) -> Patron:
        if not told["born_on"] and not told["born_year"]:
            raise Invalid("birth_missing", field="born")
        plain = {box: told.get(box, "") for box in _UPDATED}
        facts = PatronFacts(
            name=told["name"],
            category=self.facts.category,
            branch_id=self.facts.branch_id,
            born_on=told["born_on"],
            born_year=told["born_year"],
            sex=told["sex"],
            consent=self.facts.consent,
            **plain,
        )
        patron = register_patron(self.session, self.actor, facts)
        self.batch.begin_money(patron)
        issue_card(
            self.session, self.actor, patron.id, number=told["card"], charges=self.facts.charges
        )
        self.batch.end_money(patron)
        self.new.append((patron, told))
        self._note(patron)
        return patron

    def _note(self, patron: Patron) -> None:
        self.seen.patrons.add(patron.id)
        if patron.student_code:
            self.codes[patron.student_code.upper()] = patron.id

    def _update(self, patron: Patron, told: Mapping[str, Any]) -> tuple[str, ...]:
        wanted = {box: told[box] for box in _UPDATED if told.get(box)}
        if told["sex"]:
            wanted["sex"] = told["sex"]
        if told["born_on"] and patron.born_on is None:
            wanted |= {"born_on": told["born_on"], "born_year": told["born_on"].year}
        changed = {box: value for box, value in wanted.items() if getattr(patron, box) != value}
        if changed:
            self.batch.change(patron, patron, **changed)
        return tuple(sorted(changed))


@dataclass(frozen=True)
class ClassFigures:
    """A class that has readers: how many, of which school year, how many without a photo."""

    school: str
    name: str
    year: str
    readers: int
    photos: int


def classes_with_figures(session: Session, actor: Actor) -> list[ClassFigures]:
    """Return the classes of the library the actor works for, by school and name."""
    query = (
        select(
            Patron.school,
            Patron.school_class,
            Patron.school_year,
            func.count(),
            func.count(Patron.photo_id),
        )
        .where(Patron.library_id == actor.library_id, Patron.school_class != "")
        .where(Patron.deleted_at.is_(None))
        .group_by(Patron.school, Patron.school_class, Patron.school_year)
    )
    rows = [ClassFigures(*row) for row in session.execute(query)]
    return sorted(rows, key=lambda one: (one.school, _natural(one.name), one.year))


def _natural(name: str) -> tuple[int, str]:
    digits = "".join(c for c in name if c.isdigit())
    return (int(digits[:3]) if digits else 0, name)


def this_school_year() -> str:
    """Return the school year of today."""
    return school_year_on(clock.today())
